//! tungstenite over a socket that does not block. It reads until it would block, for it does not
//! tell when a read was short.

use super::mio;
use crate::server::Load;
use ::mio::net::TcpStream;
use std::io::{self, ErrorKind};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, WebSocket};

pub(crate) struct Talk {
    socket: WebSocket<TcpStream>,
    batched: bool,
}

impl Talk {
    pub(crate) fn new(socket: TcpStream, load: Load, batched: bool) -> Self {
        // It zeroes its read buffer again and again: no larger than what comes, and no larger than
        // its default.
        let buffer = (2 * load.len * load.in_flight).clamp(4 << 10, 128 << 10);
        let config = WebSocketConfig::default().read_buffer_size(buffer);
        Self { socket: WebSocket::from_raw_socket(socket, Role::Server, Some(config)), batched }
    }
}

/// What could not be written stays in its buffer, and leaves with the next event.
fn later(outcome: tungstenite::Result<()>) -> io::Result<()> {
    match outcome {
        Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        outcome => outcome.map_err(io::Error::other),
    }
}

impl mio::Talk for Talk {
    fn socket(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    fn turn(&mut self) -> io::Result<()> {
        loop {
            match self.socket.read() {
                Ok(message) if self.batched => later(self.socket.write(message))?,
                Ok(message) => later(self.socket.send(message))?,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    return later(self.socket.flush());
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}
