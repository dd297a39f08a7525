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

void Checks::holds(bool held, const QString &name, const QString &why)
{
    m_count += 1;
    QTextStream out(stdout);
    out << (held ? "ok " : "not ok ") << m_subject << ", " << name;
    if (!held && !why.isEmpty())
        out << ": " << shortened(why);
    out << Qt::endl;
}

void Checks::finish() const
{
    QTextStream(stdout) << "done " << m_count << Qt::endl;
}
