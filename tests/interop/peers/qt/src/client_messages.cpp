// Messages, frames, pings: what QWebSocket sends and what it tells of what we send.

#include "client.h"
#include "payloads.h"
#include "session.h"

#include <QMaskGenerator>

namespace {

const QList<qsizetype> SIZES = {0, 1, 125, 126, 127, 65'535, 65'536, 1 << 20, 16 << 20};

// Whether both come back as they were sent.
void echoed(Check &check, Session &session, const QString &text, const QByteArray &data)
{
    check.equal(session.socket.sendTextMessage(text), qint64(text.toUtf8().size()), "sendTextMessage()");
    check.equal(session.socket.sendBinaryMessage(data), qint64(data.size()), "sendBinaryMessage()");
    check.holds(session.untilText(1) && session.texts.takeFirst() == text, "the text");
    check.holds(session.untilBinary(1) && session.binaries.takeFirst() == data, "the binary");
}

void echoes(Checks &checks, const QString &url)
{
    checks.about("echoes");
    Session session;
    session.open(url + "/echo");
    for (qsizetype size : SIZES) {
        Check check(checks, QString("text and binary of %1 B").arg(size));
        echoed(check, session, textOf(size), binaryOf(size));
    }
    session.socket.close();
}

// Qt cuts what it sends into frames of this size, text in the middle of a character too: legal, §5.6. What comes back in parts, as it came, must not be cut
// so: Qt takes such text for no UTF-8.
void outgoingFrames(Checks &checks, const QString &url)
{
    checks.about("frames sent");
    for (const QString path : {"/echo", "/echo-chunks"}) {
        for (quint64 frame : {1, 2, 3, 7, 125, 126, 1000, 65'536}) {
            Check check(checks, QString("setOutgoingFrameSize(%1), %2").arg(frame).arg(path));
            Session session;
            session.socket.setOutgoingFrameSize(frame);
            check.equal(session.socket.outgoingFrameSize(), frame, "outgoingFrameSize()");
            check.holds(session.open(url + path), "opens", session.socket.errorString());
            const qsizetype size = frame < 100 ? 5'000 : 500'000;
            echoed(check, session, textOf(size), binaryOf(size));
            session.socket.close();
        }
    }
}

void incomingFrames(Checks &checks, const QString &url)
{
    checks.about("frames received");
    for (const QString kind : {"text", "binary"}) {
        for (const auto &[size, count] : {std::pair(0, 1), {1, 4}, {125, 3}, {126, 3}, {70'000, 5}}) {
            Check check(checks, QString("%1 of %2 times %3 B").arg(kind).arg(count).arg(size));
            Session session;
            check.holds(session.open(url + QString("/parts?size=%1&count=%2&kind=%3").arg(size).arg(count).arg(kind)), "opens");
            if (!check.holds(session.until([&] { return !session.texts.isEmpty() || !session.binaries.isEmpty(); }), "comes"))
                continue;
            QByteArray joined;
            int lasts = 0, right = 0;
            for (const Frame &frame : session.frames) {
                joined += frame.data;
                lasts += frame.last;
                right += frame.text == (kind == QLatin1String("text"));
            }
            check.equal(right, int(session.frames.size()), "frames of the right kind");
            check.holds(session.frames.size() >= count, "a frame each", QString::number(session.frames.size()));
            check.holds(lasts == 1 && session.frames.last().last, "the last is the last");
            check.holds(joined == (kind == QLatin1String("text") ? textOf(size * count).toUtf8() : binaryOf(size * count)), "the frames");
            check.holds(joined == (session.texts.isEmpty() ? session.binaries[0] : session.texts[0].toUtf8()), "the message");
            session.socket.close();
        }
    }
}

void pings(Checks &checks, const QString &url)
{
    checks.about("pings");
    Session session;
    session.open(url + "/echo");
    // What does not fit into a control frame, Qt cuts off.
    for (const auto &[size, sent] : {std::pair(0, 0), {1, 1}, {125, 125}, {200, 125}}) {
        Check check(checks, QString("a payload of %1 B").arg(size));
        session.socket.ping(binaryOf(size));
        check.holds(session.until([&] { return !session.pongs.isEmpty(); }), "is answered");
        const Pong pong = session.pongs.isEmpty() ? Pong{} : session.pongs.takeFirst();
        check.equal(pong.payload, binaryOf(sent), "the pong's payload");
        check.holds(pong.elapsed < 30'000, "the time that it took", QString::number(pong.elapsed));
    }
    {
        Check check(checks, "ten in a row are answered in order");
        for (char i = 'a'; i < 'k'; i++)
            session.socket.ping(QByteArray(1, i));
        check.holds(session.until([&] { return session.pongs.size() == 10; }), "ten pongs");
        QByteArray order;
        for (const Pong &pong : session.pongs)
            order += pong.payload;
        check.equal(order, QByteArray("abcdefghij"), "their payloads");
    }
    session.socket.close();

    for (const QString data : {"", "x", "hello"}) {
        Check check(checks, "the server's, with '" + data + "', is answered");
        Session pinged;
        check.holds(pinged.open(url + "/ping?data=" + data), "opens", pinged.socket.errorString());
        check.holds(pinged.untilText(1), "the server tells");
        check.equal(pinged.texts.value(0), data, "the pong's payload");
        pinged.socket.close();
    }
}

void buffers(Checks &checks, const QString &url)
{
    checks.about("buffers");
    Check check(checks, "bytesToWrite() and bytesWritten of 16 MiB");
    Session session;
    check.holds(session.open(url + "/echo"), "opens", session.socket.errorString());
    session.written = 0;
    const QByteArray data = binaryOf(16 << 20);
    session.socket.sendBinaryMessage(data);
    check.holds(session.socket.bytesToWrite() > 0, "bytesToWrite() at first");
    check.holds(session.until([&] { return session.socket.bytesToWrite() == 0; }), "bytesToWrite() comes to 0");
    check.holds(session.written >= data.size(), "bytesWritten adds up", QString::number(session.written));
    check.holds(session.untilBinary(1) && session.binaries[0] == data, "the echo");
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
        Check check(checks, QString("of 0x%1").arg(mask, 8, 16, QChar('0')));
        const OneMask generator(mask);
        Session session;
        session.socket.setMaskGenerator(&generator);
        check.holds(session.open(url + "/echo"), "opens", session.socket.errorString());
        echoed(check, session, textOf(1000), binaryOf(1001));
        session.socket.close();
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
