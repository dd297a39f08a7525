//! The opening handshake, as short as it can be: it is not what is measured, and some of the crates
//! have none of their own.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

const ANSWER: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

const PATIENCE: Duration = Duration::from_secs(10);

/// As the client. Nothing follows the answer before a message is sent.
pub(crate) fn client(mut socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(REQUEST)?;
    let mut answer = [0; ANSWER.len()];
    socket.read_exact(&mut answer)?;
    if answer != ANSWER { Err(ErrorKind::InvalidData.into()) } else { Ok(()) }
}

/// As a server, waiting.
pub(crate) fn server(mut socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut request = [0; REQUEST.len()];
    socket.read_exact(&mut request)?;
    if request != REQUEST {
        return Err(ErrorKind::InvalidData.into());
    }
    socket.write_all(ANSWER)
}

/// As a server on tokio.
pub(crate) async fn server_async(socket: &mut tokio::net::TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut request = [0; REQUEST.len()];
    socket.read_exact(&mut request).await?;
    if request != REQUEST {
        return Err(ErrorKind::InvalidData.into());
    }
    socket.write_all(ANSWER).await
}
