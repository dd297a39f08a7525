//! A task a connection on one thread of tokio.
//!
//! Batched, a task takes all messages that are there, at most [`MOST`], feeds their echoes and
//! flushes once.

use super::BATCH;
use crate::shake;
use fastwebsockets::Frame;
use futures::{SinkExt, Stream, StreamExt, poll};
use std::io;
use std::net::TcpListener;
use std::task::Poll;
use tokio::io::BufWriter;
use tokio::net::TcpStream;

/// The most messages that wait for a flush.
const MOST: usize = 128;

pub(crate) fn run<F>(listener: TcpListener, talk: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    listener.set_nonblocking(true)?;
    tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?.block_on(
        async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let (mut socket, _) = listener.accept().await?;
                shake::server_async(&mut socket).await?;
                tokio::spawn(talk(socket));
            }
        },
    )
}

/// Echoes by a `Stream` that is a `Sink`.
async fn echo<S, T, E>(mut socket: S, batched: bool) -> io::Result<()>
where
    S: Stream<Item = Result<T, E>> + SinkExt<T, Error = E> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    let mut waiting = Vec::new();
    while let Some(message) = socket.next().await {
        let message = message.map_err(io::Error::other)?;
        if !batched {
            socket.send(message).await.map_err(io::Error::other)?;
            continue;
        }
        waiting.push(message);
        while waiting.len() < MOST
            && let Poll::Ready(Some(message)) = poll!(socket.next())
        {
            waiting.push(message.map_err(io::Error::other)?);
        }
        for message in waiting.drain(..) {
            socket.feed(message).await.map_err(io::Error::other)?;
        }
        socket.flush().await.map_err(io::Error::other)?;
    }
    Ok(())
}

pub(crate) async fn tokio_websockets(socket: TcpStream, batched: bool) -> io::Result<()> {
    let config = tokio_websockets::Config::default().flush_threshold(BATCH);
    echo(tokio_websockets::ServerBuilder::new().config(config).serve(socket), batched).await
}

pub(crate) async fn sockudo(socket: TcpStream, batched: bool) -> io::Result<()> {
    let config = sockudo_ws::Config::builder().idle_timeout(0).auto_ping(false).build();
    let mut socket = sockudo_ws::WebSocketStream::server(socket, config);
    socket.set_high_water_mark(BATCH);
    echo(socket, batched).await
}

pub(crate) async fn yawc(socket: TcpStream, batched: bool) -> io::Result<()> {
    let options = yawc::Options::default()
        .without_compression()
        .with_limits(16 << 20, 32 << 20)
        .with_utf8()
        .with_read_buffer_capacity(64 << 10)
        .with_write_buffer_capacity(64 << 10)
        .with_backpressure_boundary(BATCH);
    let mut socket = yawc::WebSocket::from_stream(socket, yawc::Role::Server, options)
        .map_err(io::Error::other)?;
    // Its `Stream` swallows errors, and has another item than its `Sink`: the same loop as above.
    let mut waiting = Vec::new();
    while let Some(frame) = socket.next().await {
        if !batched {
            socket.send(frame).await.map_err(io::Error::other)?;
            continue;
        }
        waiting.push(frame);
        while waiting.len() < MOST
            && let Poll::Ready(Some(frame)) = poll!(socket.next())
        {
            waiting.push(frame);
        }
        for frame in waiting.drain(..) {
            socket.feed(frame).await.map_err(io::Error::other)?;
        }
        socket.flush().await.map_err(io::Error::other)?;
    }
    Ok(())
}

pub(crate) async fn fastwebsockets_each(socket: TcpStream) -> io::Result<()> {
    let mut socket =
        fastwebsockets::WebSocket::after_handshake(socket, fastwebsockets::Role::Server);
    socket.set_writev(true);
    loop {
        let frame = socket.read_frame().await.map_err(io::Error::other)?;
        socket.write_frame(unmasked(frame)).await.map_err(io::Error::other)?;
    }
}

/// A frame that was read keeps the client's key, and would be sent with it, though its payload is
/// unmasked.
fn unmasked(frame: Frame<'_>) -> Frame<'_> {
    Frame::new(frame.fin, frame.opcode, None, frame.payload)
}

/// Its reads cannot be left half-way: read and written by halves, a flush comes where a read has to
/// wait.
pub(crate) async fn fastwebsockets_batch(socket: TcpStream) -> io::Result<()> {
    let (read, write) = socket.into_split();
    let write = BufWriter::with_capacity(BATCH.min(64 << 10), write);
    let (mut read, mut write) =
        fastwebsockets::after_handshake_split(read, write, fastwebsockets::Role::Server);
    write.set_writev(true);
    loop {
        let frame = {
            let mut control = |_| async { Ok::<_, io::Error>(()) };
            let mut next = std::pin::pin!(read.read_frame(&mut control));
            match poll!(next.as_mut()) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    write.flush().await.map_err(io::Error::other)?;
                    next.await
                }
            }
        };
        write
            .write_frame(unmasked(frame.map_err(io::Error::other)?))
            .await
            .map_err(io::Error::other)?;
    }
}
