//! The loop of `examples/chat`, over sockets that do not block, with reads and writes as small as
//! one asks for.
//!
//! mio tells a change of readiness once; a [`Link`] remembers it until the socket says "would
//! block".

use crate::talk::{Pace, Talk};
use bytes::Buf;
use mio::event::Event;
use mio::net::TcpStream;
use sockless::Input;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::ops::Range;

/// A socket, what is known of its readiness, and what is said on it.
pub(crate) struct Link<T> {
    pub(crate) socket: TcpStream,
    pub(crate) talk: T,
    /// The most bytes of one write.
    most: usize,
    readable: bool,
    writable: bool,
    scratch: Vec<u8>,
    /// The part of the scratch that waits for the peer to take what was answered so far.
    unheard: Range<usize>,
}

/// How a turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing to do until the socket becomes ready.
    Blocked,
    /// Drop the socket.
    Done,
}

impl<T: Talk> Link<T> {
    pub(crate) fn new(socket: TcpStream, talk: T, pace: &Pace) -> Self {
        let _ = socket.set_nodelay(pace.write == usize::MAX); // Where this fails, it is only slower.
        Self {
            socket,
            talk,
            most: pace.write,
            readable: false,
            writable: false,
            scratch: vec![0; pace.read],
            unheard: 0..0,
        }
    }

    /// Remembers what an event says. After an error both directions are worth a try: that is how
    /// the error shows.
    pub(crate) fn ready(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
    }

    /// Writes, reads and listens until the socket blocks or it is over.
    pub(crate) fn turn(&mut self) -> Turn {
        loop {
            if self.write().is_err() {
                self.talk.side().handle_write_error();
            }
            if self.talk.side().wants_shutdown() {
                // Where this fails, the next read tells why.
                let _ = self.socket.shutdown(Shutdown::Write);
                self.talk.side().shutdown_done();
            }
            if self.talk.side().is_done() {
                return Turn::Done;
            }
            if self.unheard.is_empty() {
                if !self.talk.side().wants_read() {
                    return Turn::Blocked;
                }
                match self.read() {
                    Ok(Some(0)) => self.talk.side().handle_eof(),
                    Ok(Some(n)) => self.unheard = 0..n,
                    Ok(None) => return Turn::Blocked,
                    Err(_) => self.talk.side().handle_error(),
                }
            } else if self.talk.side().wants_write() {
                return Turn::Blocked;
            }
            let rest = self.talk.hear(Input::new(&mut self.scratch[self.unheard.clone()])).len();
            self.unheard.start = self.unheard.end - rest;
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let wanted = self.talk.side().wants_write();
        while self.writable && self.talk.side().wants_write() {
            let mut out = self.talk.side().transmit();
            let written = if self.most == usize::MAX {
                let mut slices = [IoSlice::new(&[]); 16];
                let filled = out.chunks_vectored(&mut slices);
                self.socket.write_vectored(&slices[..filled])
            } else {
                let chunk = out.chunk();
                self.socket.write(&chunk[..chunk.len().min(self.most)])
            };
            match written {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => out.advance(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if wanted && self.most < usize::MAX {
            // The kernel would hold the last of many small writes back; where this fails, it is
            // only slower.
            let _ = self.socket.set_nodelay(true);
            let _ = self.socket.set_nodelay(false);
        }
        Ok(())
    }

    /// Reads once; `None` where the socket blocks.
    fn read(&mut self) -> io::Result<Option<usize>> {
        while self.readable {
            match self.socket.read(&mut self.scratch) {
                Ok(n) => return Ok(Some(n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
