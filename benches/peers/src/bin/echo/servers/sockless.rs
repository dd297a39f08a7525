//! sockless: one write for all that a read brought.

use super::mio;
use crate::servers::BATCH;
use ::mio::net::TcpStream;
use ::tokio::io::AsyncWriteExt;
use bytes::Buf;
use sockless::{Agreement, Config, Connection, Event, Input, LifeCycle, Role};
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

pub(crate) struct Talk {
    socket: TcpStream,
    connection: Connection,
}

fn open() -> Connection {
    Connection::new(Role::Server, Agreement::default(), Config::default())
}

/// Answers what was read.
fn echo(connection: &mut Connection, read: &mut [u8]) -> io::Result<()> {
    let mut input = Input::new(read);
    while let Some(event) = connection.poll_event(&mut input) {
        let sent = match event {
            Event::Text(text) => connection.send_text(text),
            Event::Binary(data) => connection.send_binary(data),
            Event::Closed(_) => return Err(ErrorKind::ConnectionAborted.into()),
            _ => Ok(()),
        };
        sent.map_err(io::Error::other)?;
    }
    Ok(())
}

impl Talk {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, connection: open() }
    }

    /// Whether all is written.
    fn write(&mut self) -> io::Result<bool> {
        while self.connection.wants_write() {
            let mut out = self.connection.transmit();
            let mut slices = [IoSlice::new(&[]); 16];
            let count = out.chunks_vectored(&mut slices);
            match self.socket.write_vectored(&slices[..count]) {
                Ok(n) => out.advance(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

impl mio::Talk for Talk {
    fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    fn turn(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        loop {
            // Who takes too little is not read from; the event of a writable socket comes back here.
            if !self.write()? && self.connection.queued() > BATCH {
                return Ok(());
            }
            match self.socket.read(scratch) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    echo(&mut self.connection, &mut scratch[..n])?;
                    // A short read has emptied the socket.
                    if n < scratch.len() {
                        return self.write().map(drop);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

thread_local! {
    /// Of all connections of the thread.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 << 10]);
}

/// The same on tokio.
pub(crate) async fn talk(mut socket: ::tokio::net::TcpStream) -> io::Result<()> {
    let mut connection = open();
    loop {
        socket.readable().await?;
        let read = SCRATCH.with_borrow_mut(|scratch| match socket.try_read(scratch) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => echo(&mut connection, &mut scratch[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        });
        read?;
        while connection.wants_write() {
            let mut out = connection.transmit();
            let mut slices = [IoSlice::new(&[]); 16];
            let count = out.chunks_vectored(&mut slices);
            let written = socket.write_vectored(&slices[..count]).await?;
            out.advance(written);
        }
    }
}
