#include "close_event.h"

#include <QEventLoop>
#include <QJsonDocument>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QUrl>

namespace {

// The server answers once the connection is over.
constexpr int PATIENCE_MS = 30'000;

} // namespace

QJsonObject closeEventOf(const QString &url, const QString &id)
{
    QUrl target(url + "/close_event?id=" + id);
    target.setScheme("http");
    QNetworkRequest request(target);
    request.setTransferTimeout(PATIENCE_MS);
    QNetworkAccessManager manager;
    QNetworkReply *reply = manager.get(request);
    QEventLoop loop;
    QObject::connect(reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
    loop.exec();
    return QJsonDocument::fromJson(reply->readAll()).object();
}
