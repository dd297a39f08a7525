// One QWebSocket to our server, and all that it tells, kept in the order in which it was told.

#pragma once

#include <QAbstractSocket>
#include <QList>
#include <QNetworkRequest>
#include <QObject>
#include <QWebSocket>
#include <QWebSocketHandshakeOptions>
#include <functional>

// What textFrameReceived and binaryFrameReceived tell.
struct Frame
{
    bool text;
    QByteArray data;
    bool last;
};

struct Pong
{
    quint64 elapsed;
    QByteArray payload;
};

class Session : public QObject
{
public:
    explicit Session(const QString &origin = {});

    // Waits for the handshake: whether it succeeded.
    bool open(const QNetworkRequest &request, const QStringList &subprotocols = {});
    bool open(const QString &url, const QStringList &subprotocols = {}) { return open(QNetworkRequest(QUrl(url)), subprotocols); }

    // Runs the event loop until this holds: whether it did, within the time that every wait has.
    bool until(const std::function<bool()> &condition);
    bool untilText(qsizetype count) { return until([=] { return texts.size() >= count; }); }
    bool untilBinary(qsizetype count) { return until([=] { return binaries.size() >= count; }); }
    bool untilOver() { return until([=] { return disconnections > 0; }); }

    QWebSocket socket;
    QStringList texts;
    QList<QByteArray> binaries;
    QList<Frame> frames;
    QList<Pong> pongs;
    QList<QAbstractSocket::SocketError> errors;
    qint64 written = 0;
    int connections = 0;
    int disconnections = 0;
};
