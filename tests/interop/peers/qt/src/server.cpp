#include "server.h"
#include "visitor.h"

#include <QCoreApplication>
#include <QSocketNotifier>
#include <QTextStream>
#include <QWebSocketCorsAuthenticator>
#include <unistd.h>

Server::Server()
    : m_server("interop", QWebSocketServer::NonSecureMode)
{
    m_server.setSupportedSubprotocols({"chat.v2", "chat.v1"});
    connect(&m_server, &QWebSocketServer::originAuthenticationRequired, this, [](QWebSocketCorsAuthenticator *asked) {
        asked->setAllowed(asked->origin().isEmpty() || asked->origin() == QLatin1String("http://127.0.0.1"));
    });
    connect(&m_server, &QWebSocketServer::newConnection, this, [this] {
        while (QWebSocket *socket = m_server.nextPendingConnection())
            new Visitor(socket, *this);
    });
}

void Server::closed(const QString &id, const QJsonObject &closeEvent)
{
    m_closeEvents.insert(id, closeEvent);
    const auto asking = m_asking.values(id);
    m_asking.remove(id);
    for (const auto &tell : asking)
        tell(closeEvent);
}

void Server::whenClosed(const QString &id, const std::function<void(const QJsonObject &)> &tell)
{
    const auto closeEvent = m_closeEvents.constFind(id);
    if (closeEvent != m_closeEvents.constEnd())
        tell(*closeEvent);
    else
        m_asking.insert(id, tell);
}

int runServer()
{
    Server server;
    if (!server.listen()) {
        QTextStream(stderr) << server.accepting().errorString() << Qt::endl;
        return 1;
    }
    QTextStream(stdout) << "listening " << server.port() << Qt::endl;
    QSocketNotifier input(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(&input, &QSocketNotifier::activated, [] {
        char byte;
        if (read(STDIN_FILENO, &byte, 1) <= 0)
            QCoreApplication::quit();
    });
    return QCoreApplication::exec();
}
