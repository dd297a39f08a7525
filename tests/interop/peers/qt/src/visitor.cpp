#include "visitor.h"
#include "payloads.h"
#include "server.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QNetworkRequest>
#include <QPointer>
#include <QUrl>

namespace {

QString toText(const QJsonObject &object)
{
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

} // namespace

Visitor::Visitor(QWebSocket *socket, Server &server)
    : QObject(socket)
    , m_socket(socket)
    , m_server(server)
{
    m_query = QUrlQuery(socket->requestUrl());
    connect(socket, &QWebSocket::disconnected, this, [this] {
        if (m_query.hasQueryItem("id"))
            m_server.closed(parameter("id"), {{"code", int(m_socket->closeCode())}, {"reason", m_socket->closeReason()}});
        m_socket->deleteLater();
    });
    serve(socket->requestUrl().path());
}

void Visitor::serve(const QString &path)
{
    if (path == "/echo") {
        if (m_query.hasQueryItem("frame"))
            m_socket->setOutgoingFrameSize(parameter("frame").toULongLong());
        echo();
    } else if (path == "/limit") {
        if (m_query.hasQueryItem("frame"))
            m_socket->setMaxAllowedIncomingFrameSize(parameter("frame").toULongLong());
        if (m_query.hasQueryItem("bytes"))
            m_socket->setMaxAllowedIncomingMessageSize(parameter("bytes").toULongLong());
        echo();
    } else if (path == "/frames") {
        tellFrames();
    } else if (path == "/close") {
        close();
    } else if (path == "/ping") {
        ping();
    } else if (path == "/parts") {
        sendParts();
    } else if (path == "/request") {
        tellRequest();
    } else if (path == "/abort") {
        // Only once the 101 has left.
        m_socket->flush();
        m_socket->abort();
    } else if (path == "/drain") {
        drain();
    } else if (path == "/pause") {
        pauseAccepting();
    } else if (path == "/full") {
        beFull();
    } else if (path == "/close_event") {
        tellClosure();
    } else {
        m_socket->close(QWebSocketProtocol::CloseCodePolicyViolated, "no such path");
    }
}

void Visitor::echo()
{
    connect(m_socket, &QWebSocket::textMessageReceived, m_socket, &QWebSocket::sendTextMessage);
    connect(m_socket, &QWebSocket::binaryMessageReceived, m_socket, &QWebSocket::sendBinaryMessage);
}

void Visitor::tellFrames()
{
    const auto frame = [this](const QString &kind, qsizetype size, bool last) {
        m_frames += QString("%1 %2%3").arg(kind).arg(size).arg(last ? " last" : "");
        if (last) {
            m_socket->sendTextMessage(m_frames.join(", "));
            m_frames.clear();
        }
    };
    connect(m_socket, &QWebSocket::textFrameReceived, this,
            [=](const QString &text, bool last) { frame("text", text.toUtf8().size(), last); });
    connect(m_socket, &QWebSocket::binaryFrameReceived, this,
            [=](const QByteArray &data, bool last) { frame("binary", data.size(), last); });
}

void Visitor::close()
{
    if (m_query.hasQueryItem("code"))
        m_socket->close(QWebSocketProtocol::CloseCode(parameter("code").toInt()), parameter("reason"));
    else
        m_socket->close();
}

void Visitor::ping()
{
    connect(m_socket, &QWebSocket::pong, this, [this](quint64 elapsed, const QByteArray &payload) {
        m_socket->sendTextMessage(QString::fromUtf8(payload));
        m_socket->sendTextMessage(QString::number(elapsed));
    });
    m_socket->ping(parameter("data").toUtf8());
}

void Visitor::sendParts()
{
    const qsizetype size = parameter("size").toLongLong();
    const qsizetype whole = size * parameter("count").toLongLong();
    m_socket->setOutgoingFrameSize(quint64(size));
    if (parameter("kind") == "text")
        m_socket->sendTextMessage(textOf(whole));
    else
        m_socket->sendBinaryMessage(binaryOf(whole));
}

void Visitor::tellRequest()
{
    QJsonArray headers;
    const QNetworkRequest request = m_socket->request();
    for (const QByteArray &name : request.rawHeaderList())
        headers += QJsonArray{QString::fromUtf8(name), QString::fromUtf8(request.rawHeader(name))};
    m_socket->sendTextMessage(toText({
        {"target", m_socket->requestUrl().toString(QUrl::FullyEncoded | QUrl::RemoveScheme | QUrl::RemoveAuthority)},
        {"origin", m_socket->origin()},
        {"protocol", m_socket->subprotocol()},
        {"version", int(m_socket->version())},
        {"peer", m_socket->peerAddress().toString()},
        {"port", m_socket->peerPort()},
        {"headers", headers},
    }));
}

void Visitor::drain()
{
    m_socket->sendBinaryMessage(binaryOf(parameter("bytes").toLongLong()));
    const qint64 most = m_socket->bytesToWrite();
    // Once: what it tells makes bytes to write again.
    auto *told = new QObject(this);
    connect(m_socket, &QWebSocket::bytesWritten, told, [this, told, most] {
        if (m_socket->bytesToWrite() > 0)
            return;
        delete told;
        m_socket->sendTextMessage(QString::number(most));
    });
}

void Visitor::pauseAccepting()
{
    m_server.accepting().pauseAccepting();
    m_socket->sendTextMessage("paused");
    whenTold([this] { m_server.accepting().resumeAccepting(); });
}

void Visitor::beFull()
{
    const int before = m_server.accepting().maxPendingConnections();
    m_server.accepting().setMaxPendingConnections(0);
    m_socket->sendTextMessage("full");
    whenTold([this, before] {
        m_server.accepting().setMaxPendingConnections(before);
        m_socket->sendTextMessage("open");
    });
}

void Visitor::tellClosure()
{
    m_server.whenClosed(parameter("id"), [socket = QPointer<QWebSocket>(m_socket)](const QJsonObject &closeEvent) {
        if (socket)
            socket->sendTextMessage(toText(closeEvent));
    });
}

void Visitor::whenTold(const std::function<void()> &call)
{
    connect(m_socket, &QWebSocket::textMessageReceived, this, call);
    connect(m_socket, &QWebSocket::binaryMessageReceived, this, call);
}
