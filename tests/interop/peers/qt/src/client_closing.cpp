// Endings: close codes and reasons both ways, limits, and a QWebSocket that is not closed in good order. What our server saw is asked of it afterwards.
//
// Qt's close() sends its Close frame and shuts the socket at once, without waiting for ours: the server must have seen a clean end all the same.

#include "client.h"
#include "closure.h"
#include "payloads.h"

#include <QJsonDocument>
#include <QMaskGenerator>
#include <QUrl>
#include <memory>

namespace {

struct End
{
    int code;
    QString reason;
    bool clean;
    QString cause;
};

// A name for a connection that no other has.
QString newId()
{
    static int count = 0;
    count += 1;
    return QString("qt-%1").arg(count);
}

void serverSaw(Checks &checks, const QString &url, const QString &id, const End &end, const QString &of)
{
    const QJsonObject seen = closureOf(url, id);
    const QJsonObject expected = {{"code", end.code}, {"reason", end.reason}, {"clean", end.clean}, {"cause", end.cause}};
    checks.equal(QString::fromUtf8(QJsonDocument(seen).toJson(QJsonDocument::Compact)),
                 QString::fromUtf8(QJsonDocument(expected).toJson(QJsonDocument::Compact)), of + ", what the server saw");
}

void qtCloses(Checks &checks, const QString &url)
{
    checks.about("Qt closes");
    const QString longest = QString::fromUtf8("é").repeated(61) + "x";
    const QList<std::pair<int, QString>> ends = {
        {1000, ""}, {1000, "bye"}, {1001, "going"}, {1002, ""}, {1003, "x"}, {1007, ""}, {1008, "rule"}, {1009, ""},
        {1010, ""}, {1011, QString::fromUtf8("naïve 日本語 😀")}, {1012, ""}, {1014, "gate"}, {3000, longest}, {4999, ""},
    };
    for (const auto &[code, reason] : ends) {
        const QString id = newId(), of = QString("%1 with %2 B").arg(code).arg(reason.toUtf8().size());
        Session session;
        checks.holds(session.open(url + "/echo?id=" + id), of + ", opens", session.socket.errorString());
        session.socket.close(QWebSocketProtocol::CloseCode(code), reason);
        checks.holds(session.untilOver(), of + ", disconnected");
        serverSaw(checks, url, id, {code, reason, true, "Peer"}, of);
    }
}

// Everything that went before its Close frame must have come, however much it was.
void qtClosesBehindMessages(Checks &checks, const QString &url)
{
    checks.about("Qt closes behind messages");
    for (qsizetype size : {1'000, 1 << 20, 16 << 20}) {
        const QString id = newId(), of = QString("of %1 B").arg(size);
        Session session;
        checks.holds(session.open(url + "/echo?id=" + id), of + ", opens", session.socket.errorString());
        session.socket.sendBinaryMessage(binaryOf(size));
        session.socket.close(QWebSocketProtocol::CloseCodeNormal, "last");
        checks.holds(session.untilOver(), of + ", disconnected");
        serverSaw(checks, url, id, {1000, "last", true, "Peer"}, of);
    }
}

void weClose(Checks &checks, const QString &url)
{
    checks.about("we close");
    const QString longest = QString::fromUtf8("é").repeated(61) + "x";
    const QList<std::pair<int, QString>> ends = {
        {1000, ""}, {1000, "bye"}, {1001, "going"}, {1002, ""}, {1003, ""}, {1007, ""}, {1008, "rule"}, {1009, ""},
        {1010, ""}, {1011, QString::fromUtf8("naïve 日本語 😀")}, {3000, longest}, {4999, ""},
    };
    for (const auto &[code, reason] : ends) {
        const QString id = newId(), of = QString("%1 with %2 B").arg(code).arg(reason.toUtf8().size());
        Session session;
        const QString escaped = QString::fromUtf8(QUrl::toPercentEncoding(reason));
        session.open(url + QString("/close?code=%1&reason=%2&id=%3").arg(code).arg(escaped, id));
        checks.holds(session.untilOver(), of + ", disconnected");
        checks.equal(int(session.socket.closeCode()), code, of + ", closeCode()");
        checks.equal(session.socket.closeReason(), reason, of + ", closeReason()");
        serverSaw(checks, url, id, {code, reason, true, "Local"}, of);
    }
    {
        // Qt has no word for a Close without a code.
        const QString id = newId();
        Session session;
        session.open(url + "/close?id=" + id);
        checks.holds(session.untilOver(), "an empty Close, disconnected");
        checks.equal(int(session.socket.closeCode()), 1000, "an empty Close, closeCode()");
        serverSaw(checks, url, id, {1000, "", true, "Local"}, "an empty Close");
    }
    // Registered at IANA after RFC 6455, and unknown to Qt, which answers that they break the protocol.
    for (int code : {1012, 1013, 1014}) {
        const QString id = newId(), of = QString::number(code);
        Session session;
        session.open(url + QString("/close?code=%1&id=%2").arg(code).arg(id));
        checks.holds(session.untilOver(), of + ", disconnected");
        checks.equal(int(session.socket.closeCode()), 1002, of + ", closeCode()");
        const QJsonObject seen = closureOf(url, id);
        checks.equal(seen["code"].toInt(), 1002, of + ", the code that the server saw");
        checks.equal(seen["clean"].toBool(), true, of + ", the server saw a clean end");
    }
}

void incomingLimits(Checks &checks, const QString &url)
{
    checks.about("an incoming limit");
    struct Case
    {
        quint64 frame, message;
        int size, count;
        bool fits;
    };
    const QList<Case> cases = {
        {1000, 1'000'000, 1000, 1, true},  {1000, 1'000'000, 1001, 1, false}, {1000, 1'000'000, 1000, 9, true},
        {1'000'000, 5000, 5000, 1, true},  {1'000'000, 5000, 5001, 1, false}, {1'000'000, 5000, 1000, 5, true},
        {1'000'000, 5000, 1250, 5, false},
    };
    for (const Case &c : cases) {
        const QString id = newId();
        const QString of = QString("frames %1, messages %2, %3 times %4 B").arg(c.frame).arg(c.message).arg(c.count).arg(c.size);
        Session session;
        session.socket.setMaxAllowedIncomingFrameSize(c.frame);
        session.socket.setMaxAllowedIncomingMessageSize(c.message);
        checks.equal(session.socket.maxAllowedIncomingFrameSize(), c.frame, of + ", maxAllowedIncomingFrameSize()");
        checks.equal(session.socket.maxAllowedIncomingMessageSize(), c.message, of + ", maxAllowedIncomingMessageSize()");
        session.open(url + QString("/parts?kind=binary&size=%1&count=%2&id=%3").arg(c.size).arg(c.count).arg(id));
        session.until([&] { return !session.binaries.isEmpty() || session.disconnections > 0; });
        checks.equal(session.binaries.size(), qsizetype(c.fits), of + ", messages that came");
        if (c.fits)
            session.socket.close();
        checks.holds(session.untilOver(), of + ", disconnected");
        const int code = c.fits ? 1000 : 1009;
        checks.equal(int(session.socket.closeCode()), code, of + ", closeCode()");
        const QJsonObject seen = closureOf(url, id);
        checks.equal(seen["code"].toInt(), code, of + ", the code that the server saw");
        checks.equal(seen["clean"].toBool(), true, of + ", the server saw a clean end");
    }
}

// The other way round: what we do not take.
void ourLimits(Checks &checks, const QString &url)
{
    checks.about("our limit");
    for (quint64 frame : {1 << 20, 100}) {
        for (int size : {5000, 5001}) {
            const QString id = newId(), of = QString("of 5000 B, %1 B in frames of %2 B").arg(size).arg(frame);
            Session session;
            session.socket.setOutgoingFrameSize(frame);
            checks.holds(session.open(url + "/limit?bytes=5000&id=" + id), of + ", opens", session.socket.errorString());
            session.socket.sendBinaryMessage(binaryOf(size));
            session.until([&] { return !session.binaries.isEmpty() || session.disconnections > 0; });
            if (size == 5000) {
                checks.holds(session.binaries.value(0) == binaryOf(size), of + ", the echo");
                session.socket.close();
            } else {
                checks.equal(int(session.socket.closeCode()), 1009, of + ", closeCode()");
                checks.equal(closureOf(url, id)["cause"].toString(), QString("Violation(MessageTooBig)"), of + ", what the server saw");
            }
        }
    }
}

class NoMask : public QMaskGenerator
{
public:
    bool seed() noexcept override { return true; }
    quint32 nextMask() noexcept override { return 0; }
};

void notInGoodOrder(Checks &checks, const QString &url)
{
    checks.about("no good order");
    {
        const QString id = newId();
        Session session;
        checks.holds(session.open(url + "/echo?id=" + id), "abort() opens", session.socket.errorString());
        session.socket.abort();
        checks.holds(session.untilOver(), "abort(), disconnected");
        serverSaw(checks, url, id, {1006, "", false, "Eof"}, "abort()");
    }
    {
        const QString id = newId();
        auto session = std::make_unique<Session>();
        checks.holds(session->open(url + "/echo?id=" + id), "a QWebSocket that is deleted opens", session->socket.errorString());
        session.reset();
        serverSaw(checks, url, id, {1001, "Connection closed", true, "Peer"}, "a QWebSocket that is deleted");
    }
    {
        // Qt cuts what does not fit into a control frame, and where it cuts may be the middle of a character.
        const QString id = newId();
        Session session;
        checks.holds(session.open(url + "/echo?id=" + id), "a reason of 200 B opens", session.socket.errorString());
        session.socket.close(QWebSocketProtocol::CloseCodeNormal, QString(200, 'x'));
        checks.holds(session.untilOver(), "a reason of 200 B, disconnected");
        serverSaw(checks, url, id, {1000, QString(123, 'x'), true, "Peer"}, "a reason of 200 B");
    }
    {
        const QString id = newId();
        Session session;
        checks.holds(session.open(url + "/echo?id=" + id), "a reason cut in a character opens", session.socket.errorString());
        session.socket.close(QWebSocketProtocol::CloseCodeNormal, QString(100, QChar(0xe9)));
        checks.holds(session.untilOver(), "a reason cut in a character, disconnected");
        serverSaw(checks, url, id, {1006, "", false, "Violation(InvalidCloseReason)"}, "a reason cut in a character");
    }
    {
        // Qt takes a key of 0 for no mask.
        const QString id = newId();
        const NoMask generator;
        Session session;
        session.socket.setMaskGenerator(&generator);
        checks.holds(session.open(url + "/echo?id=" + id), "frames without a mask, opens", session.socket.errorString());
        session.socket.sendTextMessage("bare");
        checks.holds(session.untilOver(), "frames without a mask, disconnected");
        checks.equal(int(session.socket.closeCode()), 1002, "frames without a mask, closeCode()");
        serverSaw(checks, url, id, {1006, "", false, "Violation(UnmaskedFrame)"}, "frames without a mask");
    }
}

} // namespace

void checkClosing(Checks &checks, const QString &url)
{
    qtCloses(checks, url);
    qtClosesBehindMessages(checks, url);
    weClose(checks, url);
    incomingLimits(checks, url);
    ourLimits(checks, url);
    notInGoodOrder(checks, url);
}
