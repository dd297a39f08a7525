// What is claimed of a connection, one line of output each: `ok NAME` or `not ok NAME: WHY`; a name has no colon and blank in it.

#pragma once

#include <QDebug>
#include <QString>

class Checks
{
public:
    // Opens the claims that follow: their names begin with this.
    void about(const QString &subject) { m_subject = subject; }

    void holds(bool held, const QString &name, const QString &why = {});

    template <typename T>
    void equal(const T &seen, const T &expected, const QString &name)
    {
        QString why;
        if (!(seen == expected))
            QDebug(&why).nospace() << "saw " << seen << ", expected " << expected;
        holds(seen == expected, name, why);
    }

    // The last line.
    void finish() const;

private:
    QString m_subject;
    int m_count = 0;
};
