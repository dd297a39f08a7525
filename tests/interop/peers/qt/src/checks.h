// What is claimed of connections: for each check one line of output, `ok NAME` or `not ok NAME: WHY`.

#pragma once

#include <QDebug>
#include <QString>
#include <QStringList>

class Checks
{
public:
    // Begins the names of the checks that follow. No name has a colon and a blank in it.
    void about(const QString &subject) { m_subject = subject; }

    // The last line.
    void finish() const;

private:
    friend class Check;
    QString m_subject;
    int m_count = 0;
};

// One check: all that is claimed until it goes out of scope has to hold.
class Check
{
public:
    Check(Checks &checks, const QString &name);
    ~Check();
    Q_DISABLE_COPY_MOVE(Check)

    // Whether it held. `claim` says what should be.
    bool holds(bool held, const QString &claim, const QString &why = {});

    template <typename T>
    bool equal(const T &seen, const T &expected, const QString &claim)
    {
        QString why;
        if (!(seen == expected))
            QDebug(&why).nospace() << "saw " << seen << ", expected " << expected;
        return holds(seen == expected, claim, why);
    }

private:
    const QString m_name;
    QStringList m_failures;
};
