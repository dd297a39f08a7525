//! fastwebsockets over hyper, a task a connection.

use fastwebsockets::{FragmentCollector, Frame, OpCode, WebSocketError, handshake, upgrade};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HOST, UPGRADE};
use hyper::rt::Executor;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sockless_autobahn_peers::Task;
use std::error::Error;
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() {
    match Task::from_args() {
        Task::Server { address } => {
            let listener = TcpListener::bind(address).await.expect("a free port");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(
                    http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(answer))
                        .with_upgrades(),
                );
            }
        }
        Task::Client { urls } => {
            for url in urls {
                match connect(&url).await {
                    Ok(socket) => {
                        let mut socket = FragmentCollector::new(socket);
                        if echo(&mut socket).await.is_err() {
                            // As the library's own driver does.
                            let _ = socket.write_frame(Frame::close_raw(vec![].into())).await;
                        }
                    }
                    Err(error) => eprintln!("{url}: {error}"),
                }
            }
        }
    }
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    tokio::spawn(async move { echo(&mut FragmentCollector::new(upgraded.await?)).await });
    Ok(response)
}

async fn connect(
    url: &str,
) -> Result<fastwebsockets::WebSocket<TokioIo<Upgraded>>, Box<dyn Error>> {
    let (host, target) =
        url.trim_start_matches("ws://").split_once('/').ok_or("a URL without a target")?;
    let request = Request::get(format!("/{target}"))
        .header(HOST, host)
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "upgrade")
        .header("Sec-WebSocket-Key", handshake::generate_key())
        .header("Sec-WebSocket-Version", "13")
        .body(Empty::<Bytes>::new())?;
    Ok(handshake::client(&Spawn, request, TcpStream::connect(host).await?).await?.0)
}

async fn echo(socket: &mut FragmentCollector<TokioIo<Upgraded>>) -> Result<(), WebSocketError> {
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => {
                socket.write_frame(Frame::new(true, frame.opcode, None, frame.payload)).await?
            }
            _ => {}
        }
    }
}

struct Spawn;

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Spawn {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}
