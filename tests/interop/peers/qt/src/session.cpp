#include "session.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QTimer>

namespace {

// Far more than any of it takes: who waits so long is stuck.
constexpr int PATIENCE_MS = 30'000;

} // namespace

Session::Session(const QString &origin)
    : socket(origin, QWebSocketProtocol::VersionLatest)
{
    connect(&socket, &QWebSocket::connected, this, [this] { connections += 1; });
    connect(&socket, &QWebSocket::disconnected, this, [this] { disconnections += 1; });
    connect(&socket, &QWebSocket::textMessageReceived, this, [this](const QString &text) { texts.append(text); });
    connect(&socket, &QWebSocket::binaryMessageReceived, this, [this](const QByteArray &data) { binaries.append(data); });
    connect(&socket, &QWebSocket::textFrameReceived, this,
            [this](const QString &frame, bool last) { frames.append({true, frame.toUtf8(), last}); });
    connect(&socket, &QWebSocket::binaryFrameReceived, this,
            [this](const QByteArray &frame, bool last) { frames.append({false, frame, last}); });
    connect(&socket, &QWebSocket::pong, this, [this](quint64 elapsed, const QByteArray &payload) { pongs.append({elapsed, payload}); });
    connect(&socket, &QWebSocket::bytesWritten, this, [this](qint64 bytes) { written += bytes; });
    // `error` is the getter too; the signal is called errorOccurred from Qt 6.5 on.
    connect(&socket, QOverload<QAbstractSocket::SocketError>::of(&QWebSocket::error), this,
            [this](QAbstractSocket::SocketError error) { errors.append(error); });
}

bool Session::open(const QNetworkRequest &request, const QStringList &subprotocols)
{
    QWebSocketHandshakeOptions options;
    options.setSubprotocols(subprotocols);
    socket.open(request, options);
    until([this] { return connections > 0 || !errors.isEmpty(); });
    return connections > 0;
}

bool Session::until(const std::function<bool()> &condition)
{
    QDeadlineTimer deadline(PATIENCE_MS);
    // Wakes the loop up, that the deadline is seen.
    QTimer tick;
    tick.start(100);
    while (!condition()) {
        if (deadline.hasExpired())
            return false;
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    return true;
}
