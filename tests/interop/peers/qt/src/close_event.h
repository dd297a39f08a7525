// What our server saw of the end of a connection: `GET /close_event?id=ID`.

#pragma once

#include "session.h"

#include <QJsonObject>

// `url` is the server's WebSocket address, without a path. An empty object: it told nothing in time.
QJsonObject closeEventOf(const QString &url, const QString &id);
