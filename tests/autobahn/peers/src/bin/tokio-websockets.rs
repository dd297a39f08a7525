//! tokio-websockets, a task a connection.

use futures_util::{SinkExt, StreamExt};
use sockless_autobahn_peers::Task;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_websockets::{ClientBuilder, Connector, Error, ServerBuilder, WebSocketStream};

#[tokio::main]
async fn main() {
    match Task::from_args() {
        Task::Server { address } => {
            let listener = TcpListener::bind(address).await.expect("a free port");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (_, socket) = ServerBuilder::new().accept(stream).await?;
                    echo(socket).await
                });
            }
        }
        Task::Client { urls } => {
            for url in urls {
                let uri = url.parse().expect("a URL");
                match ClientBuilder::from_uri(uri).connector(&Connector::Plain).connect().await {
                    Ok((socket, _)) => drop(echo(socket).await),
                    Err(error) => eprintln!("{url}: {error}"),
                }
            }
        }
    }
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
) -> Result<(), Error> {
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
