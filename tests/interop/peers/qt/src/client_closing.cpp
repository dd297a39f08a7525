// Endings: close codes and reasons both ways, limits, and a QWebSocket that is not closed in good order. What our server saw is asked of it afterwards.
//
// Qt's close() sends its Close frame and shuts the socket at once, without waiting for ours: the server must have seen a clean end all the same.

#include "client.h"
#include "close_event.h"
#include "payloads.h"

#include <QJsonDocument>
#include <QMaskGenerator>
#include <QUrl>
#include <memory>
#include <optional>

namespace {

struct End
{
    int code;
    QString reason;
    // None: it may be either.
    std::optional<bool> clean;
    QString cause;
};

// A name for a connection that no other has.
QString newId()
{
    static int count = 0;
    count += 1;
    return QString("qt-%1").arg(count);
}

QString toText(const QJsonObject &object)
{
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

void serverSaw(Check &check, const QString &url, const QString &id, const End &end)
{
    const QJsonObject seen = closeEventOf(url, id);
    const QJsonValue clean = end.clean ? QJsonValue(*end.clean) : QJsonValue(seen["clean"].toBool());
    const QJsonObject expected = {{"code", end.code}, {"reason", end.reason}, {"clean", clean}, {"cause", end.cause}};
    check.equal(toText(seen), toText(expected), "what the server saw");
}

// The longest that fits, not all of it ASCII.
QString longestReason()
{
    return QString(61, QChar(0xe9)) + "x";
}

const QList<std::pair<int, QString>> ENDS = {
    {1000, ""}, {1000, "bye"}, {1001, "going"}, {1002, ""}, {1003, "x"}, {1007, ""}, {1008, "rule"}, {1009, ""},
    {1010, ""}, {1011, QString::fromUtf8("naïve 日本語 😀")}, {3000, longestReason()}, {4999, ""},
};

void qtCloses(Checks &checks, const QString &url)
{
    checks.about("Qt closes");
    // It does not know these, and sends them all the same.
    const QList<std::pair<int, QString>> unknown = {{1012, ""}, {1014, "gate"}};
    for (const auto &[code, reason] : ENDS + unknown) {
        Check check(checks, QString("%1 with a reason of %2 B").arg(code).arg(reason.toUtf8().size()));
        const QString id = newId();
        Session session;
        check.holds(session.open(url + "/echo?id=" + id), "opens", session.socket.errorString());
        session.socket.close(QWebSocketProtocol::CloseCode(code), reason);
        check.holds(session.untilOver(), "disconnected");
        serverSaw(check, url, id, {code, reason, true, "Peer"});
    }
    // The server echoes into a socket that nobody reads any more, while the Close frame waits to be read. A small echo leaves in one write with the answer
    // to the Close frame. A large one does not: the write may fail before the Close frame is read, so that no answer can be sent, and that end is not clean.
    for (qsizetype size : {1'000, 1 << 20, 16 << 20}) {
        Check check(checks, QString("right behind a message of %1 B").arg(size));
        const QString id = newId();
        Session session;
        check.holds(session.open(url + "/echo?id=" + id), "opens", session.socket.errorString());
        session.socket.sendBinaryMessage(binaryOf(size));
        session.socket.close(QWebSocketProtocol::CloseCodeNormal, "last");
        check.holds(session.untilOver(), "disconnected");
        serverSaw(check, url, id, {1000, "last", size > 1'000 ? std::nullopt : std::optional(true), "Peer"});
    }
}

void weClose(Checks &checks, const QString &url)
{
    checks.about("we close");
    for (const auto &[code, reason] : ENDS) {
        Check check(checks, QString("%1 with a reason of %2 B").arg(code).arg(reason.toUtf8().size()));
        const QString id = newId();
        Session session;
        const QString escaped = QString::fromUtf8(QUrl::toPercentEncoding(reason));
        session.open(url + QString("/close?code=%1&reason=%2&id=%3").arg(code).arg(escaped, id));
        check.holds(session.untilOver(), "disconnected");
        check.equal(int(session.socket.closeCode()), code, "closeCode()");
        check.equal(session.socket.closeReason(), reason, "closeReason()");
        serverSaw(check, url, id, {code, reason, true, "Local"});
    }
    {
        Check check(checks, "an empty Close, of which Qt makes 1000");
        const QString id = newId();
        Session session;
        session.open(url + "/close?id=" + id);
        check.holds(session.untilOver(), "disconnected");
        check.equal(int(session.socket.closeCode()), 1000, "closeCode()");
        serverSaw(check, url, id, {1000, "", true, "Local"});
    }
    // Registered at IANA after RFC 6455.
    for (int code : {1012, 1013, 1014}) {
        Check check(checks, QString("%1, which Qt does not know, and answers with 1002").arg(code));
        const QString id = newId();
        Session session;
        session.open(url + QString("/close?code=%1&id=%2").arg(code).arg(id));
        check.holds(session.untilOver(), "disconnected");
        check.equal(int(session.socket.closeCode()), 1002, "closeCode()");
        // The reason is in Qt's own words.
        serverSaw(check, url, id, {1002, session.socket.closeReason(), true, "Local"});
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
        Check check(checks, QString("frames %1, messages %2, %3 times %4 B").arg(c.frame).arg(c.message).arg(c.count).arg(c.size));
        const QString id = newId();
        Session session;
        session.socket.setMaxAllowedIncomingFrameSize(c.frame);
        session.socket.setMaxAllowedIncomingMessageSize(c.message);
        check.equal(session.socket.maxAllowedIncomingFrameSize(), c.frame, "maxAllowedIncomingFrameSize()");
        check.equal(session.socket.maxAllowedIncomingMessageSize(), c.message, "maxAllowedIncomingMessageSize()");
        session.open(url + QString("/parts?kind=binary&size=%1&count=%2&id=%3").arg(c.size).arg(c.count).arg(id));
        session.until([&] { return !session.binaries.isEmpty() || session.disconnections > 0; });
        check.equal(session.binaries.size(), qsizetype(c.fits), "messages that came");
        if (c.fits)
            session.socket.close();
        check.holds(session.untilOver(), "disconnected");
        const int code = c.fits ? 1000 : 1009;
        check.equal(int(session.socket.closeCode()), code, "closeCode()");
        serverSaw(check, url, id, {code, session.socket.closeReason(), true, "Peer"});
    }
}

// The other way round: what we do not take.
void ourLimits(Checks &checks, const QString &url)
{
    checks.about("our limit of 5000 B");
    for (quint64 frame : {1 << 20, 100}) {
        for (int size : {5000, 5001}) {
            Check check(checks, QString("%1 B in frames of %2 B").arg(size).arg(frame));
            const QString id = newId();
            Session session;
            session.socket.setOutgoingFrameSize(frame);
            check.holds(session.open(url + "/limit?bytes=5000&id=" + id), "opens", session.socket.errorString());
            session.socket.sendBinaryMessage(binaryOf(size));
            session.until([&] { return !session.binaries.isEmpty() || session.disconnections > 0; });
            if (size == 5000) {
                check.holds(session.binaries.value(0) == binaryOf(size), "the echo");
                session.socket.close();
            } else {
                check.equal(int(session.socket.closeCode()), 1009, "closeCode()");
                serverSaw(check, url, id, {1006, "", false, "Violation(MessageTooBig)"});
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
        Check check(checks, "abort()");
        const QString id = newId();
        Session session;
        check.holds(session.open(url + "/echo?id=" + id), "opens", session.socket.errorString());
        session.socket.abort();
        check.holds(session.untilOver(), "disconnected");
        serverSaw(check, url, id, {1006, "", false, "Eof"});
    }
    {
        Check check(checks, "a QWebSocket that is deleted says 1001");
        const QString id = newId();
        auto session = std::make_unique<Session>();
        check.holds(session->open(url + "/echo?id=" + id), "opens", session->socket.errorString());
        session.reset();
        serverSaw(check, url, id, {1001, "Connection closed", true, "Peer"});
    }
    {
        Check check(checks, "a reason that does not fit is cut");
        const QString id = newId();
        Session session;
        check.holds(session.open(url + "/echo?id=" + id), "opens", session.socket.errorString());
        session.socket.close(QWebSocketProtocol::CloseCodeNormal, QString(200, 'x'));
        check.holds(session.untilOver(), "disconnected");
        serverSaw(check, url, id, {1000, QString(123, 'x'), true, "Peer"});
    }
    {
        Check check(checks, "a reason that is cut in a character is no UTF-8");
        const QString id = newId();
        Session session;
        check.holds(session.open(url + "/echo?id=" + id), "opens", session.socket.errorString());
        session.socket.close(QWebSocketProtocol::CloseCodeNormal, QString(100, QChar(0xe9)));
        check.holds(session.untilOver(), "disconnected");
        serverSaw(check, url, id, {1006, "", false, "Violation(InvalidCloseReason)"});
    }
    {
        Check check(checks, "a mask of 0, which Qt takes for none");
        const QString id = newId();
        const NoMask generator;
        Session session;
        session.socket.setMaskGenerator(&generator);
        check.holds(session.open(url + "/echo?id=" + id), "opens", session.socket.errorString());
        session.socket.sendTextMessage("bare");
        check.holds(session.untilOver(), "disconnected");
        check.equal(int(session.socket.closeCode()), 1002, "closeCode()");
        serverSaw(check, url, id, {1006, "", false, "Violation(UnmaskedFrame)"});
    }
}

} // namespace

void checkClosing(Checks &checks, const QString &url)
{
    qtCloses(checks, url);
    weClose(checks, url);
    incomingLimits(checks, url);
    ourLimits(checks, url);
    notInGoodOrder(checks, url);
}
