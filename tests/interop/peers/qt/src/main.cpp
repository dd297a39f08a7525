// Qt's WebSockets as the other end of sockless, without a window or a platform.
//
//     interop-qt client URL OTHER    goes through its checks against our server at URL: a line each, `done N` at the end
//     interop-qt server              prints `listening PORT`, serves until its standard input is closed
//     interop-qt version             prints Qt's version

#include "client.h"
#include "server.h"

#include <QCoreApplication>
#include <QTextStream>

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    QStringList args = app.arguments().mid(1);
    // Qt knows no compression, on or off.
    args.removeAll("compression=off");
    if (args.size() == 3 && args[0] == QLatin1String("client"))
        return runClient(args[1]);
    if (args.size() == 1 && args[0] == QLatin1String("server"))
        return runServer();
    if (args.size() == 1 && args[0] == QLatin1String("version")) {
        QTextStream(stdout) << qVersion() << Qt::endl;
        return 0;
    }
    QTextStream(stderr) << "usage: interop-qt client URL OTHER | server | version" << Qt::endl;
    return 2;
}
