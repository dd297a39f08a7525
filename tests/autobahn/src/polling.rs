//! The loop of `examples/chat`, over sockets that do not block, with reads and writes as small as
//! one asks for.
//!
//! mio tells a change of readiness once; a [`Link`] remembers it until the socket says "would
//! block".

use crate::talk::{Line, Pace, Pumped, Talk};
use mio::event::Event;
use mio::net::TcpStream;
use sockless::{Endpoint, Step, Turn, Workspace};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
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
                    drop(turn.write(|slices| self.write(slices)));
                }
                Step::Poll => return Pumped::Poll,
                // Where this fails, the next read tells why.
                Step::Shutdown => drop(turn.shutdown(|| self.socket.shutdown(Shutdown::Write))),
                Step::Read => match turn.read(|to| self.read(to)) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Pumped::Blocked,
                    _ => {}
                },
                Step::Wait => return Pumped::Blocked,
                Step::Done => return Pumped::Done,
            }
        }
    }
}

impl Polled {
    /// Writes once. Where the socket blocks, it is not writable until it says so.
    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = match self.write {
            usize::MAX => self.socket.write_vectored(slices),
            most => self.socket.write(&slices[0][..slices[0].len().min(most)]),
        };
        if let Err(error) = &written {
            self.writable &= error.kind() != ErrorKind::WouldBlock;
        }
        written
    }

    /// Reads once, if the socket may have something.
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if !self.readable {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = to.len().min(self.read);
        let read = self.socket.read(&mut to[..most]);
        if let Err(error) = &read {
            self.readable &= error.kind() != ErrorKind::WouldBlock;
        }
        read
    }
}
