//! sockless: one write for all that a read brought, with buffers that the loop lends, and the rest of a large message read into its place.

use super::mio;
use crate::servers::BATCH;
use ::mio::net::TcpStream;
use ::tokio::io::AsyncWriteExt;
use bytes::Buf;
use sockless::{Agreement, Buffers, Config, Connection, Event, Input, Lent, LifeCycle, Role};
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

/// What is read directly at once, in bytes: a socket of the standard library fills what is initialised, and more of that would be for nothing.
const AHEAD: usize = 64 << 10;

pub(crate) struct Talk {
    socket: TcpStream,
    connection: Connection,
}

fn open() -> Connection {
    Connection::new(Role::Server, Agreement::default(), Config::default())
}

/// Answers what was read.
fn echo(connection: &mut Lent<'_>, mut input: Input<'_>) -> io::Result<()> {
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

/// Whether all is written.
fn write(mut socket: &TcpStream, connection: &mut Connection) -> io::Result<bool> {
    while connection.wants_write() {
        let mut out = connection.transmit();
        let mut slices = [IoSlice::new(&[]); 16];
        let count = out.chunks_vectored(&mut slices);
        match socket.write_vectored(&slices[..count]) {
            Ok(n) => out.advance(n),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// One read, and the answer to it. Whether there may be more to read.
fn read(mut socket: &TcpStream, connection: &mut Lent<'_>, scratch: &mut [u8]) -> io::Result<bool> {
    if let (Some(into), _) = connection.io() {
        let room = into.limit().min(AHEAD);
        let into = into.into_inner();
        let before = into.len();
        into.resize(before + room, 0);
        let read = socket.read(&mut into[before..]);
        into.truncate(before + *read.as_ref().unwrap_or(&0));
        echo(connection, Input::empty())?;
        return match read {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => Ok(n == room),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        };
    }
    match socket.read(scratch) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(n) => {
            echo(connection, Input::new(&mut scratch[..n]))?;
            // A short read has emptied the socket.
            Ok(n == scratch.len())
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
        Err(error) => Err(error),
    }
}

impl Talk {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, connection: open() }
    }
}

impl mio::Talk for Talk {
    fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    fn turn(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        BUFFERS.with_borrow_mut(|buffers| {
            let mut connection = buffers.lend(&mut self.connection);
            loop {
                // Who takes too little is not read from; the event of a writable socket comes back here.
                if !write(&self.socket, &mut connection)? && connection.queued() > BATCH {
                    return Ok(());
                }
                if !read(&self.socket, &mut connection, scratch)? {
                    return write(&self.socket, &mut connection).map(drop);
                }
            }
        })
    }
}

thread_local! {
    /// Of all connections of the thread.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 << 10]);
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers::new(4 << 20));
}

/// The same on tokio.
pub(crate) async fn talk(mut socket: ::tokio::net::TcpStream) -> io::Result<()> {
    let mut connection = open();
    loop {
        socket.readable().await?;
        let again = |error: io::Error| if error.kind() == ErrorKind::WouldBlock { Ok(usize::MAX) } else { Err(error) };
        BUFFERS.with_borrow_mut(|buffers| {
            let mut connection = buffers.lend(&mut connection);
            if let (Some(mut into), _) = connection.io() {
                if socket.try_read_buf(&mut into).or_else(again)? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                echo(&mut connection, Input::empty())?;
            } else {
                SCRATCH.with_borrow_mut(|scratch| match socket.try_read(scratch).or_else(again)? {
                    0 => Err(io::Error::from(ErrorKind::UnexpectedEof)),
                    usize::MAX => Ok(()),
                    n => echo(&mut connection, Input::new(&mut scratch[..n])),
                })?;
            }
            // What the socket takes at once: then the buffers go back empty.
            let mut out = connection.transmit();
            while out.has_remaining() {
                let mut slices = [IoSlice::new(&[]); 16];
                let count = out.chunks_vectored(&mut slices);
                match socket.try_write_vectored(&slices[..count]) {
                    Ok(n) => out.advance(n),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })?;
        while connection.wants_write() {
            let mut out = connection.transmit();
            let mut slices = [IoSlice::new(&[]); 16];
            let count = out.chunks_vectored(&mut slices);
            let written = socket.write_vectored(&slices[..count]).await?;
            out.advance(written);
        }
    }
}
