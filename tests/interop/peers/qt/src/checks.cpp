#include "checks.h"

#include <QTextStream>

namespace {

// A line stays a line, and a message of 16 MiB does not become one.
QString shortened(QString text)
{
    text.replace(QLatin1Char('\n'), QLatin1Char(' '));
    return text.size() <= 300 ? text : text.left(300) + QStringLiteral("…");
}

} // namespace

void Checks::finish() const
{
    QTextStream(stdout) << "done " << m_count << Qt::endl;
}

Check::Check(Checks &checks, const QString &name)
    : m_name(checks.m_subject + QStringLiteral(", ") + name)
{
    checks.m_count += 1;
}

Check::~Check()
{
    QTextStream out(stdout);
    if (m_failures.isEmpty())
        out << "ok " << m_name << Qt::endl;
    else
        out << "not ok " << m_name << ": " << m_failures.join(QStringLiteral("; ")) << Qt::endl;
}

bool Check::holds(bool held, const QString &claim, const QString &why)
{
    if (!held)
        m_failures += claim + QStringLiteral(" (") + shortened(why) + QStringLiteral(")");
    return held;
}
