#include "client.h"

int runClient(const QString &url)
{
    Checks checks;
    checkHandshake(checks, url);
    checkMessages(checks, url);
    checkClosing(checks, url);
    checks.finish();
    return 0;
}
