// QWebSocket against our server.

#pragma once

#include "checks.h"

#include <QString>

int runClient(const QString &url);

// The parts, each in a file of its own. `url` is the server's, without a path.
void checkHandshake(Checks &checks, const QString &url);
void checkMessages(Checks &checks, const QString &url);
void checkClosing(Checks &checks, const QString &url);
