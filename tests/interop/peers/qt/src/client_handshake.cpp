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
    Session session;
    const QString target = "/echo?id=facts&x=%20y";
    checks.holds(!session.socket.isValid(), "is not valid before");
    checks.holds(session.open(url + target), "opens", session.socket.errorString());
    checks.holds(session.socket.isValid(), "isValid()");
    checks.equal(session.socket.state(), QAbstractSocket::ConnectedState, "state()");
    checks.equal(int(session.socket.version()), 13, "version()");
    checks.equal(session.socket.peerName(), QUrl(url).host(), "peerName()");
    checks.equal(int(session.socket.peerPort()), QUrl(url).port(), "peerPort()");
    checks.equal(session.socket.resourceName(), target, "resourceName()");
    checks.equal(session.socket.subprotocol(), QString(), "subprotocol()");
    checks.equal(session.socket.origin(), QString(), "origin()");
    session.socket.close();
    checks.holds(session.untilOver(), "ends");
    checks.holds(!session.socket.isValid(), "is not valid after");
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
        Session session;
        const QString offered = "of [" + offer.join(", ") + "]";
        checks.holds(session.open(url + "/echo", offer), offered + " it opens", session.socket.errorString());
        checks.equal(session.socket.subprotocol(), chosen, offered);
        session.socket.close();
    }
}

void headers(Checks &checks, const QString &url)
{
    checks.about("a QNetworkRequest's headers");
    QNetworkRequest request(QUrl(url + "/request?x=%20y"));
    const QList<std::pair<QByteArray, QByteArray>> lines = {
        {"X-Interop", "one, two"}, {"Cookie", "a=b; c=d"}, {"User-Agent", "interop/1 (Qt)"}, {"Authorization", "Basic dXNlcjpwYXNz"},
    };
    for (const auto &[name, value] : lines)
        request.setRawHeader(name, value);
    Session session("http://" + QUrl(url).authority());
    checks.holds(session.open(request, {"one", "two"}), "it opens", session.socket.errorString());
    checks.holds(session.untilText(1), "the server tells them");
    const QJsonObject told = QJsonDocument::fromJson(session.texts.value(0).toUtf8()).object();
    for (const auto &[name, value] : lines) {
        QStringList values;
        for (const QJsonValue pair : told["headers"].toArray()) {
            if (pair[0].toString().compare(QString::fromUtf8(name), Qt::CaseInsensitive) == 0)
                values += pair[1].toString();
        }
        checks.equal(values, QStringList(QString::fromUtf8(value)), QString::fromUtf8(name));
    }
    checks.equal(told["target"].toString(), QString("/request?x=%20y"), "the target");
    checks.equal(told["origin"].toString(), session.socket.origin(), "the origin");
    checks.equal(told["protocols"].toVariant().toStringList(), QStringList({"one", "two"}), "the subprotocols");
    session.socket.close();
}

void refusals(Checks &checks, const QString &url)
{
    checks.about("a refusal");
    for (const QString status : {"302", "401", "403", "404", "503"}) {
        Session session;
        checks.holds(!session.open(url + "/refuse?status=" + status), status + " does not open");
        checks.equal(int(session.errors.size()), 1, status + " is an error");
        checks.holds(session.socket.errorString().contains(status), status + " is in its text", session.socket.errorString());
        checks.holds(!session.socket.isValid(), status + " leaves it not valid");
    }
}

void origins(Checks &checks, const QString &url)
{
    checks.about("an origin");
    const QString host = QUrl(url).authority();
    for (const QString &origin : {"http://" + host, "https://" + host, "ws://" + host}) {
        Session session(origin);
        checks.equal(session.socket.origin(), origin, "origin() " + origin);
        checks.holds(session.open(url + "/echo"), origin + " may connect", session.socket.errorString());
        session.socket.close();
    }
    for (const QString origin : {"http://127.0.0.1", "http://127.0.0.1:1", "http://localhost", "http://evil.example", "null"}) {
        Session session(origin);
        checks.holds(!session.open(url + "/echo"), origin + " may not");
        checks.holds(session.socket.errorString().contains("403"), origin + " is told 403", session.socket.errorString());
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
