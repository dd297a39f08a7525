//! sockless: one write for all that a read brought, with buffers that the loop lends, and a
//! `Scratch` in which the message stays that a read has cut.

use super::mio;
use crate::servers::BATCH;
use ::mio::net::TcpStream;
use ::tokio::io::AsyncWriteExt;
use bytes::Buf;
use sockless::{Buffers, Config, Connection, Endpoint, Event, Extensions, Input, Lent, Scratch};
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

pub(crate) struct Talk {
    socket: TcpStream,
    connection: Connection,
}

fn open() -> Connection {
    Connection::server(Extensions::default(), Config::default())
}

/// Answers what was read; tells how much of it is left.
fn echo(connection: &mut Lent<'_>, mut input: Input<'_>) -> io::Result<usize> {
    while let Some(event) = connection.poll(&mut input) {
        let sent = match event {
            Event::Text(text) => connection.send_text(text),
            Event::Binary(data) => connection.send_binary(data),
            Event::Closed(_) => return Err(ErrorKind::ConnectionAborted.into()),
            _ => Ok(()),
        };
        sent.map_err(io::Error::other)?;
    }
    Ok(input.len())
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
fn read(
    mut socket: &TcpStream,
    connection: &mut Lent<'_>,
    scratch: &mut Scratch,
) -> io::Result<bool> {
    let room = scratch.room();
    let all = room.len();
    match socket.read(room) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(n) => {
            let rest = echo(connection, scratch.input(n))?;
            scratch.keep(rest);
            // A short read has emptied the socket.
            Ok(n == all)
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

    fn turn(&mut self) -> io::Result<()> {
        let Self { socket, connection } = self;
        BUFFERS.with_borrow_mut(|buffers| {
            let mut connection = buffers.lend(connection);
            SCRATCH.with_borrow_mut(|scratch| {
                let mut turn = scratch.turn();
                talk_on(socket, &mut connection, &mut turn)?;
                // The next turn is another connection's.
                echo(&mut connection, turn.rest()).map(drop)
            })
        })
    }
}

/// As long as there is something to read.
fn talk_on(socket: &TcpStream, connection: &mut Lent<'_>, scratch: &mut Scratch) -> io::Result<()> {
    loop {
        // Who takes too little is not read from; the event of a writable socket comes back here.
        if !write(socket, connection)? && connection.queued() > BATCH {
            return Ok(());
        }
        if !read(socket, connection, scratch)? {
            return write(socket, connection).map(drop);
        }
    }
}

thread_local! {
    /// Of all connections of the thread.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new(128 << 10, 4 << 20));
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers::new(4 << 20));
}

/// The same on tokio.
pub(crate) async fn talk(mut socket: ::tokio::net::TcpStream) -> io::Result<()> {
    let mut connection = open();
    loop {
        socket.readable().await?;
        let again = |error: io::Error| {
            if error.kind() == ErrorKind::WouldBlock { Ok(usize::MAX) } else { Err(error) }
        };
        BUFFERS.with_borrow_mut(|buffers| {
            let mut connection = buffers.lend(&mut connection);
            SCRATCH.with_borrow_mut(|scratch| {
                let mut turn = scratch.turn();
                match socket.try_read(turn.room()).or_else(again)? {
                    0 => Err(io::Error::from(ErrorKind::UnexpectedEof)),
                    usize::MAX => Ok(()),
                    n => {
                        let rest = echo(&mut connection, turn.input(n))?;
                        turn.keep(rest);
                        echo(&mut connection, turn.rest()).map(drop)
                    }
                }
            })?;
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
