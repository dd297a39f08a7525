//! sockless: one write for all that a read brought, in turns of a workspace that all connections of
//! the thread share.

use super::mio;
use crate::servers::BATCH;
use ::mio::net::TcpStream;
use sockless::{Config, Connection, Event, Extensions, Turn, Workspace};
use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};

pub(crate) struct Talk {
    socket: TcpStream,
    connection: Connection,
}

fn open() -> Connection {
    Connection::server(Extensions::default(), Config::default())
}

/// Answers what was read.
fn echo(turn: &mut Turn<'_, Connection>, read: usize) -> io::Result<()> {
    let (connection, mut input) = turn.received(read);
    while let Some(event) = connection.poll(&mut input) {
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
fn write(mut socket: &TcpStream, turn: &mut Turn<'_, Connection>) -> io::Result<bool> {
    while turn.endpoint().wants_write() {
        match turn.write_with(|slices| socket.write_vectored(slices)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// One read, and the answer to it. Whether there may be more to read.
fn read(mut socket: &TcpStream, turn: &mut Turn<'_, Connection>) -> io::Result<bool> {
    let room = turn.read_buf();
    let all = room.len();
    match socket.read(room) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        // A short read has emptied the socket.
        Ok(n) => echo(turn, n).map(|()| n == all),
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
        WORKSPACE.with_borrow_mut(|workspace| talk_on(socket, &mut workspace.turn(connection)))
    }
}

/// As long as there is something to read.
fn talk_on(socket: &TcpStream, turn: &mut Turn<'_, Connection>) -> io::Result<()> {
    loop {
        // Who takes too little is not read from; the event of a writable socket comes back here.
        if !write(socket, turn)? && turn.endpoint().queued() > BATCH {
            return Ok(());
        }
        if !read(socket, turn)? {
            return write(socket, turn).map(drop);
        }
    }
}

thread_local! {
    /// Of all connections of the thread.
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::new(128 << 10, 4 << 20));
}

/// The same on tokio.
pub(crate) async fn talk(socket: ::tokio::net::TcpStream) -> io::Result<()> {
    let mut connection = open();
    let would_block = |error: &io::Error| error.kind() == ErrorKind::WouldBlock;
    loop {
        socket.readable().await?;
        WORKSPACE.with_borrow_mut(|workspace| {
            let mut turn = workspace.turn(&mut connection);
            match socket.try_read(turn.read_buf()) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => echo(&mut turn, n)?,
                Err(error) if would_block(&error) => {}
                Err(error) => return Err(error),
            }
            // What the socket takes at once: then the buffers go back empty.
            while turn.endpoint().wants_write() {
                match turn.write_with(|slices| socket.try_write_vectored(slices)) {
                    Ok(_) => {}
                    Err(error) if would_block(&error) => break,
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })?;
        while connection.wants_write() {
            socket.writable().await?;
            match connection.transmit().write_with(|slices| socket.try_write_vectored(slices)) {
                Ok(_) => {}
                Err(error) if would_block(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
