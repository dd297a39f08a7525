//! The life cycle of everything that sockless talks with, over a socket that does not block: the
//! whole of what an I/O loop must do.
//!
//! mio tells a change of readiness once. A [`Link`] remembers it until the socket says "would
//! block", so that a turn may stop early, for fairness, and nothing is lost: whoever is not
//! [`Pumped::Blocked`] gets another turn.

use bytes::Buf;
use mio::event::Event;
use mio::net::TcpStream;
use sockless::{Endpoint, Step};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::ops::AddAssign;

/// How a turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// So many bytes were read: poll with them until `None`.
    Read(usize),
    /// The peer's end of stream came, or the socket failed: poll without bytes until `None`.
    Ended,
    /// Nothing to do until the socket becomes ready.
    Blocked,
    /// Drop the socket.
    Done,
}

/// One turn: all that can be written, and at most one read.
pub(crate) fn pump(side: &mut dyn Endpoint, link: &mut Link, scratch: &mut [u8]) -> Pumped {
    loop {
        match side.step(link.writable) {
            Step::Write => {
                if link.write(side).is_err() {
                    // What the peer said before it left can still be read.
                    side.handle_write_error();
                }
            }
            Step::Shutdown => {
                // Where this fails, the next read tells why.
                let _ = link.socket.shutdown(Shutdown::Write);
                side.shutdown_done();
            }
            Step::Read => {
                match link.read(scratch) {
                    Ok(Some(0)) => side.handle_eof(),
                    Ok(Some(n)) => return Pumped::Read(n),
                    Ok(None) => return Pumped::Blocked,
                    Err(_) => side.handle_error(),
                }
                return Pumped::Ended;
            }
            Step::Wait => return Pumped::Blocked,
            Step::Done => return Pumped::Done,
        }
    }
}

/// Whether the next turn does something though no event comes: output was queued since the last
/// one, or a time-out has ended the connection. Ask this behind a timer, and do not guess what it
/// did.
#[allow(dead_code)] // A loop without timers does not ask.
pub(crate) fn is_pending(side: &dyn Endpoint, link: &Link) -> bool {
    !matches!(side.step(link.writable), Step::Read | Step::Wait)
}

/// A socket and what is known of its readiness.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) socket: TcpStream,
    pub(crate) traffic: Traffic,
    readable: bool,
    writable: bool,
}

/// Bytes of a socket, or of many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) read: u64,
    pub(crate) written: u64,
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.written += other.written;
    }
}

impl Link {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, traffic: Traffic::default(), readable: false, writable: false }
    }

    /// Remembers what an event says. After an error both directions are worth a try: that is how
    /// the error shows.
    pub(crate) fn ready(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
    }

    /// Writes until all is out or the socket blocks.
    pub(crate) fn write(&mut self, side: &mut dyn Endpoint) -> io::Result<()> {
        while self.writable && side.wants_write() {
            let mut out = side.transmit();
            let mut slices = [IoSlice::new(&[]); 16];
            let filled = out.chunks_vectored(&mut slices);
            match self.socket.write_vectored(slices.get(..filled).unwrap_or_default()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => {
                    out.advance(n);
                    self.traffic.written += n as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once; `None` where the socket blocks.
    fn read(&mut self, scratch: &mut [u8]) -> io::Result<Option<usize>> {
        while self.readable {
            match self.socket.read(scratch) {
                Ok(n) => {
                    self.traffic.read += n as u64;
                    return Ok(Some(n));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
