// QWebSocketServer for our client.
//
// | path | |
// |---|---|
// | `/echo?frame=N` | echoes, in frames of at most N bytes if N is said |
// | `/frames` | tells of each message, as a text, in which frames it came: `kind size` joined by commas, `last` behind the last |
// | `/close?code=C&reason=R` | closes as soon as it is open; without a code as Qt does by itself |
// | `/ping?data=D` | pings as soon as it is open, and tells the pong's payload as a text, then the milliseconds that it took as another |
// | `/parts?kind=text\|binary&size=S&count=N` | one message in N frames of S bytes, text cut in the middle of characters too |
// | `/limit?frame=N&bytes=M` | echoes frames of at most N bytes and messages of at most M; either may be left out |
// | `/request` | tells what QWebSocket knows of the request, as a JSON text |
// | `/abort` | drops the transport as soon as it is open |
// | `/drain?bytes=N` | sends a binary message of N bytes, then as a text what `bytesToWrite()` was, once it has come to 0 |
// | `/pause` | accepts nobody from when it says `paused` until it is told anything |
// | `/full` | turns everybody away from when it says `full` until it is told anything |
// | `/close_event?id=ID` | tells how the connection whose address had `id=ID` ended, once it is over, as a JSON text: `code`, `reason` |
//
// It speaks `chat.v2` and `chat.v1`. Of web pages, those of `http://127.0.0.1` may connect.

#pragma once

#include <QHash>
#include <QJsonObject>
#include <QObject>
#include <QWebSocketServer>
#include <functional>

class Server : public QObject
{
public:
    Server();

    bool listen() { return m_server.listen(QHostAddress::LocalHost); }
    quint16 port() const { return m_server.serverPort(); }
    QWebSocketServer &accepting() { return m_server; }

    // A connection is over.
    void closed(const QString &id, const QJsonObject &closeEvent);
    // Calls once the connection of this name is over.
    void whenClosed(const QString &id, const std::function<void(const QJsonObject &)> &tell);

private:
    QWebSocketServer m_server;
    QHash<QString, QJsonObject> m_closeEvents;
    QMultiHash<QString, std::function<void(const QJsonObject &)>> m_asking;
};

int runServer();
