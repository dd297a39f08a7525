//! The loop of `examples/chat`, over sockets that do not block, with reads and writes as small as
//! one asks for.
//!
//! mio tells a change of readiness once; a [`Link`] remembers it until the socket says "would
//! block".

use crate::talk::{Line, Pace, Pumped, Talk};
use mio::event::Event;
use mio::net::TcpStream;
use sockless::{Endpoint, Step, Turn, Workspace};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

/// A socket, and what is said on it.
pub(crate) struct Link<T> {
    pub(crate) talk: T,
    pub(crate) line: Polled,
}

/// A socket, and what is known of its readiness.
pub(crate) struct Polled {
    pub(crate) socket: TcpStream,
    /// The most bytes of one read …
    read: usize,
    /// … and of one write.
    write: usize,
    readable: bool,
    writable: bool,
}

impl<T: Talk> Link<T> {
    pub(crate) fn new(socket: TcpStream, talk: T, pace: &Pace) -> Self {
        let _ = socket.set_nodelay(pace.write == usize::MAX); // Where this fails, it is only slower.
        let (read, write) = (pace.read, pace.write);
        Self { talk, line: Polled { socket, read, write, readable: false, writable: false } }
    }

    /// Remembers what an event says. After an error both directions are worth a try: that is how
    /// the error shows.
    pub(crate) fn ready(&mut self, event: &Event) {
        self.line.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.line.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
    }

    /// Goes on until the socket blocks or it is over: whether it is. Then drop the socket.
    pub(crate) fn turn(&mut self, workspace: &mut Workspace) -> bool {
        self.talk.go_on(&mut self.line, workspace)
    }
}

impl Line for Polled {
    fn pump<E: Endpoint + ?Sized>(&mut self, turn: &mut Turn<'_, E>) -> Pumped {
        let mut wrote = false;
        loop {
            let step = turn.step(self.writable);
            if wrote && step != Step::Write && self.write < usize::MAX {
                // The kernel would hold the last of many small writes back; where this fails, it is
                // only slower.
                let _ = self.socket.set_nodelay(true);
                let _ = self.socket.set_nodelay(false);
                wrote = false;
            }
            match step {
                Step::Write => {
                    wrote = true;
                    self.write(turn);
                }
                Step::Poll => return Pumped::Poll(0),
                Step::Shutdown => {
                    // Where this fails, the next read tells why.
                    let _ = self.socket.shutdown(Shutdown::Write);
                    turn.endpoint().shutdown_done();
                }
                Step::Read => match self.read(turn.read_buf()) {
                    Ok(Some(0)) => turn.endpoint().handle_eof(),
                    Ok(Some(n)) => return Pumped::Poll(n),
                    Ok(None) => return Pumped::Blocked,
                    Err(_) => turn.endpoint().handle_error(),
                },
                Step::Wait => return Pumped::Blocked,
                Step::Done => return Pumped::Done,
            }
        }
    }
}

impl Polled {
    /// Writes once.
    fn write<E: Endpoint + ?Sized>(&mut self, turn: &mut Turn<'_, E>) {
        let written = match self.write {
            usize::MAX => turn.write_with(|slices| self.socket.write_vectored(slices)),
            most => {
                turn.write_slice_with(|slice| self.socket.write(&slice[..slice.len().min(most)]))
            }
        };
        match written {
            Ok(1..) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => turn.endpoint().handle_write_error(),
        }
    }

    /// Reads once; `None` where the socket blocks.
    fn read(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        let most = room.len().min(self.read);
        while self.readable {
            match self.socket.read(&mut room[..most]) {
                Ok(n) => return Ok(Some(n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
