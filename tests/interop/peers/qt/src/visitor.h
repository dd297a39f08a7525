// One connection of the server: what it does, by its path. It goes with its socket.

#pragma once

#include <QObject>
#include <QStringList>
#include <QUrlQuery>
#include <QWebSocket>

class Server;

class Visitor : public QObject
{
public:
    // Takes the socket over.
    Visitor(QWebSocket *socket, Server &server);

private:
    void serve(const QString &path);
    void echo();
    void tellFrames();
    void close();
    void ping();
    void sendParts();
    void tellRequest();
    void drain();
    void pauseAccepting();
    void beFull();
    void tellClosure();

    // Calls with the first message, whatever it is.
    void whenTold(const std::function<void()> &call);
    QString parameter(const QString &name) const { return m_query.queryItemValue(name, QUrl::FullyDecoded); }

    QWebSocket *m_socket;
    Server &m_server;
    QUrlQuery m_query;
    // The frames of the message that comes.
    QStringList m_frames;
};
