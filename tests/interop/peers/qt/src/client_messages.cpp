// Messages, frames, pings: what QWebSocket sends and what it tells of what we send.

#include "client.h"
#include "payloads.h"
#include "session.h"

#include <QMaskGenerator>

namespace {

const QList<qsizetype> SIZES = {0, 1, 125, 126, 127, 65'535, 65'536, 1 << 20, 16 << 20};

void echoes(Checks &checks, const QString &url)
{
    checks.about("an echo");
    Session session;
    checks.holds(session.open(url + "/echo"), "opens", session.socket.errorString());
    for (qsizetype size : SIZES) {
        const QString text = textOf(size);
        checks.equal(qsizetype(session.socket.sendTextMessage(text)), size, QString("text of %1 B is sent").arg(size));
        const bool came = session.untilText(1);
        checks.holds(came && session.texts.takeFirst() == text, QString("text of %1 B").arg(size));

        const QByteArray data = binaryOf(size);
        checks.equal(qsizetype(session.socket.sendBinaryMessage(data)), size, QString("binary of %1 B is sent").arg(size));
        const bool binaryCame = session.untilBinary(1);
        checks.holds(binaryCame && session.binaries.takeFirst() == data, QString("binary of %1 B").arg(size));
    }
    session.socket.close();
}

// Qt cuts what it sends into frames of this size, text in the middle of a character too: legal, §5.6.
void outgoingFrames(Checks &checks, const QString &url)
{
    checks.about("frames sent");
    for (quint64 frame : {1, 2, 3, 7, 125, 126, 1000, 65'536}) {
        Session session;
        session.socket.setOutgoingFrameSize(frame);
        const QString of = QString(" in frames of %1 B").arg(frame);
        checks.equal(session.socket.outgoingFrameSize(), frame, "outgoingFrameSize()" + of);
        checks.holds(session.open(url + "/echo"), "opens", session.socket.errorString());
        const qsizetype size = frame < 100 ? 5'000 : 500'000;
        const QString text = textOf(size);
        const QByteArray data = binaryOf(size);
        session.socket.sendTextMessage(text);
        session.socket.sendBinaryMessage(data);
        checks.holds(session.untilText(1) && session.texts[0] == text, "text" + of);
        checks.holds(session.untilBinary(1) && session.binaries[0] == data, "binary" + of);
        session.socket.close();
    }
}

void incomingFrames(Checks &checks, const QString &url)
{
    checks.about("frames received");
    for (const QString kind : {"text", "binary"}) {
        for (const auto &[size, count] : {std::pair(0, 1), {1, 4}, {125, 3}, {126, 3}, {70'000, 5}}) {
            Session session;
            const QString of = QString("%1 of %2 times %3 B").arg(kind).arg(count).arg(size);
            checks.holds(session.open(url + QString("/parts?size=%1&count=%2&kind=%3").arg(size).arg(count).arg(kind)), of + " opens");
            checks.holds(session.until([&] { return !session.texts.isEmpty() || !session.binaries.isEmpty(); }), of + " comes");
            QByteArray joined;
            int lasts = 0;
            for (const Frame &frame : session.frames) {
                joined += frame.data;
                lasts += frame.last;
                checks.equal(frame.text, kind == QLatin1String("text"), of + ", its kind");
            }
            checks.holds(session.frames.size() >= count, of + ", a frame each", QString::number(session.frames.size()));
            checks.holds(lasts == 1 && session.frames.last().last, of + ", the last is the last");
            checks.equal(joined.size(), qsizetype(size) * count, of + ", their bytes");
            const QByteArray message = session.texts.isEmpty() ? session.binaries[0] : session.texts[0].toUtf8();
            checks.holds(joined == message, of + ", joined they are the message");
            session.socket.close();
        }
    }
}

void pings(Checks &checks, const QString &url)
{
    checks.about("a ping");
    Session session;
    checks.holds(session.open(url + "/echo"), "opens", session.socket.errorString());
    for (qsizetype size : {0, 1, 125}) {
        const QByteArray payload = binaryOf(size);
        session.socket.ping(payload);
        checks.holds(session.until([&] { return !session.pongs.isEmpty(); }), QString("of %1 B is answered").arg(size));
        const Pong pong = session.pongs.isEmpty() ? Pong{} : session.pongs.takeFirst();
        checks.equal(pong.payload, payload, QString("of %1 B, the pong's payload").arg(size));
        checks.holds(pong.elapsed < 30'000, QString("of %1 B, the time that it took").arg(size), QString::number(pong.elapsed));
    }
    // Qt cuts what does not fit.
    session.socket.ping(binaryOf(200));
    checks.holds(session.until([&] { return !session.pongs.isEmpty(); }), "of 200 B is answered");
    checks.equal(session.pongs.value(0).payload, binaryOf(125), "of 200 B leaves as 125 B");
    session.pongs.clear();
    // In a row, before any is answered: each has its own pong, in order.
    for (char i = 'a'; i < 'k'; i++)
        session.socket.ping(QByteArray(1, i));
    checks.holds(session.until([&] { return session.pongs.size() == 10; }), "ten in a row are answered");
    QByteArray order;
    for (const Pong &pong : session.pongs)
        order += pong.payload;
    checks.equal(order, QByteArray("abcdefghij"), "ten in a row are answered in order");
    session.socket.close();

    checks.about("our ping");
    for (const QString data : {"", "x", "hello"}) {
        Session pinged;
        checks.holds(pinged.open(url + "/ping?data=" + data), "opens", pinged.socket.errorString());
        checks.holds(pinged.untilText(1), "with '" + data + "' is answered");
        checks.equal(pinged.texts.value(0), data, "with '" + data + "': what the server says of the pong");
        pinged.socket.close();
    }
}

void buffers(Checks &checks, const QString &url)
{
    checks.about("buffers");
    Session session;
    checks.holds(session.open(url + "/echo"), "opens", session.socket.errorString());
    session.written = 0;
    const QByteArray data = binaryOf(16 << 20);
    session.socket.sendBinaryMessage(data);
    checks.holds(session.socket.bytesToWrite() > 0, "bytesToWrite() of a large message");
    checks.holds(session.until([&] { return session.socket.bytesToWrite() == 0; }), "bytesToWrite() comes to 0");
    checks.holds(session.written >= data.size(), "bytesWritten adds up", QString::number(session.written));
    checks.holds(session.untilBinary(1) && session.binaries[0] == data, "the echo");
    session.socket.close();
}

// Masks that are legal, and look odd: keys need not differ. §5.3.
class OneMask : public QMaskGenerator
{
public:
    explicit OneMask(quint32 mask) : m_mask(mask) { }
    bool seed() noexcept override { return true; }
    quint32 nextMask() noexcept override { return m_mask; }

private:
    quint32 m_mask;
};

void masks(Checks &checks, const QString &url)
{
    checks.about("a mask generator");
    for (quint32 mask : {0xffffffffU, 0x00000001U, 0x01000000U, 0x12345678U}) {
        const OneMask generator(mask);
        Session session;
        session.socket.setMaskGenerator(&generator);
        const QString of = QString("of 0x%1").arg(mask, 8, 16, QChar('0'));
        checks.holds(session.open(url + "/echo"), of + " opens", session.socket.errorString());
        session.socket.sendTextMessage(textOf(1000));
        session.socket.sendBinaryMessage(binaryOf(1001));
        checks.holds(session.untilText(1) && session.texts[0] == textOf(1000), of + ", text");
        checks.holds(session.untilBinary(1) && session.binaries[0] == binaryOf(1001), of + ", binary");
        session.socket.close();
        session.untilOver();
    }
}

} // namespace

void checkMessages(Checks &checks, const QString &url)
{
    echoes(checks, url);
    outgoingFrames(checks, url);
    incomingFrames(checks, url);
    pings(checks, url);
    buffers(checks, url);
    masks(checks, url);
}
