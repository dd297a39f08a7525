// Payloads that both ends can make from a length alone: the same as in `src/sample.rs`.

#pragma once

#include <QByteArray>
#include <QString>

// Byte i is i + i/256 + i/65536.
inline QByteArray binaryOf(qsizetype size)
{
    QByteArray data(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; i++)
        data[i] = char(i + (i >> 8) + (i >> 16));
    return data;
}

// Text of so many bytes in UTF-8: characters of one, two, three and four bytes as often as they fit, then `x`.
inline QString textOf(qsizetype size)
{
    static const QString characters = QString::fromUtf8("aé€😀");
    constexpr qsizetype BYTES = 10;
    return characters.repeated(size / BYTES) + QString(size % BYTES, 'x');
}
