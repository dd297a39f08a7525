// The opening handshake: what QWebSocket tells of an open connection, and of one that it does not get.

#include "client.h"
#include "session.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUrl>

namespace {

void openConnection(Checks &checks, const QString &url)
{
    checks.about("an open connection");
    const QString target = "/echo?id=facts&x=%20y";
    Session session;
    {
        Check check(checks, "isValid() while it is open, and only then");
        check.holds(!session.socket.isValid(), "not before");
        check.holds(session.open(url + target), "opens", session.socket.errorString());
        check.holds(session.socket.isValid(), "while");
    }
    {
        Check check(checks, "what it tells of itself");
        check.equal(session.socket.state(), QAbstractSocket::ConnectedState, "state()");
        check.equal(int(session.socket.version()), 13, "version()");
        check.equal(session.socket.peerName(), QUrl(url).host(), "peerName()");
        check.equal(int(session.socket.peerPort()), QUrl(url).port(), "peerPort()");
        check.equal(session.socket.resourceName(), target, "resourceName()");
        check.equal(session.socket.subprotocol(), QString(), "subprotocol()");
        check.equal(session.socket.origin(), QString(), "origin()");
    }
    {
        Check check(checks, "once it is closed it is not valid");
        session.socket.close();
        check.holds(session.untilOver(), "disconnected");
        check.holds(!session.socket.isValid(), "isValid()");
    }
}

// The server speaks chat.v2 and chat.v1, and likes chat.v2 better.
void subprotocols(Checks &checks, const QString &url)
{
    checks.about("subprotocols");
    const QList<std::pair<QStringList, QString>> offers = {
        {{}, ""},
        {{"chat.v1"}, "chat.v1"},
        {{"chat.v2"}, "chat.v2"},
        {{"chat.v1", "chat.v2"}, "chat.v2"},
        {{"other", "chat.v1", "another"}, "chat.v1"},
        {{"other"}, ""},
    };
    for (const auto &[offer, chosen] : offers) {
        Check check(checks, "[" + offer.join(", ") + "]");
        Session session;
        check.holds(session.open(url + "/echo", offer), "opens", session.socket.errorString());
        check.equal(session.socket.subprotocol(), chosen, "subprotocol()");
        session.socket.close();
    }
}

void headers(Checks &checks, const QString &url)
{
    Session session("http://" + QUrl(url).authority());
    checks.about("a QNetworkRequest");
    QNetworkRequest request(QUrl(url + "/request?x=%20y"));
    const QList<std::pair<QByteArray, QByteArray>> lines = {
        {"X-Interop", "one, two"}, {"Cookie", "a=b; c=d"}, {"User-Agent", "interop/1 (Qt)"}, {"Authorization", "Basic dXNlcjpwYXNz"},
    };
    for (const auto &[name, value] : lines)
        request.setRawHeader(name, value);

    Check check(checks, "what the server had of it");
    check.holds(session.open(request, {"one", "two"}), "opens", session.socket.errorString());
    check.holds(session.untilText(1), "the server tells");
    const QJsonObject told = QJsonDocument::fromJson(session.texts.value(0).toUtf8()).object();
    for (const auto &[name, value] : lines) {
        QStringList values;
        for (const QJsonValue pair : told["headers"].toArray()) {
            if (pair[0].toString().compare(QString::fromUtf8(name), Qt::CaseInsensitive) == 0)
                values += pair[1].toString();
        }
        check.equal(values, QStringList(QString::fromUtf8(value)), QString::fromUtf8(name));
    }
    check.equal(told["target"].toString(), QString("/request?x=%20y"), "the target");
    check.equal(told["origin"].toString(), session.socket.origin(), "the origin");
    check.equal(told["protocols"].toVariant().toStringList(), QStringList({"one", "two"}), "the subprotocols");
    session.socket.close();
}

void refusals(Checks &checks, const QString &url)
{
    checks.about("a refusal");
    for (const QString status : {"302", "401", "403", "404", "503"}) {
        Check check(checks, status);
        Session session;
        check.holds(!session.open(url + "/refuse?status=" + status), "does not open");
        check.equal(int(session.errors.size()), 1, "an error");
        check.holds(session.socket.errorString().contains(status), "the status is in its text", session.socket.errorString());
        check.holds(!session.socket.isValid(), "isValid()");
    }
}

void origins(Checks &checks, const QString &url)
{
    checks.about("a page of");
    const QString host = QUrl(url).authority();
    for (const QString &origin : {"http://" + host, "https://" + host, "ws://" + host}) {
        Check check(checks, origin + " may connect");
        Session session(origin);
        check.equal(session.socket.origin(), origin, "origin()");
        check.holds(session.open(url + "/echo"), "opens", session.socket.errorString());
        session.socket.close();
    }
    for (const QString origin : {"http://127.0.0.1", "http://127.0.0.1:1", "http://localhost", "http://evil.example", "null"}) {
        Check check(checks, origin + " may not");
        Session session(origin);
        check.holds(!session.open(url + "/echo"), "does not open");
        check.holds(session.socket.errorString().contains("403"), "403 is in its text", session.socket.errorString());
    }
}

} // namespace

void checkHandshake(Checks &checks, const QString &url)
{
    openConnection(checks, url);
    subprotocols(checks, url);
    headers(checks, url);
    refusals(checks, url);
    origins(checks, url);
}
