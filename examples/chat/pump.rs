//! The loop of an endpoint over a socket that does not block: all that an I/O loop must do.
//!
//! mio tells a change of readiness once. A [`Link`] remembers it until the socket says "would
//! block", so that a turn may stop early, for fairness, and nothing is lost: whoever is not
//! [`Pumped::Blocked`] gets another turn.

use mio::event::Event;
use mio::net::TcpStream;
use sockless::{Endpoint, Step, Turn};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::ops::AddAssign;

/// How far a turn went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// Poll until `None`.
    Poll,
    /// Nothing to do until the socket becomes ready.
    Blocked,
    /// Drop the socket.
    Done,
}

/// Writes all that can be written and reads at most once, up to where there is something to poll.
pub(crate) fn pump<E: Endpoint + ?Sized>(turn: &mut Turn<'_, E>, link: &mut Link) -> Pumped {
    loop {
        match turn.step(link.writable) {
            Step::Write => drop(turn.write(|slices| link.write(slices))),
            Step::Poll => return Pumped::Poll,
            // Where this fails, the next read tells why.
            Step::Shutdown => drop(turn.shutdown(|| link.socket.shutdown(Shutdown::Write))),
            Step::Read => match turn.read(|to| link.read(to)) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Pumped::Blocked,
                _ => {}
            },
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

    /// Writes once. Where the socket blocks, it is not writable until it says so.
    pub(crate) fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.socket.write_vectored(slices);
        match &written {
            Ok(n) => self.traffic.written += *n as u64,
            Err(error) => self.writable &= error.kind() != ErrorKind::WouldBlock,
        }
        written
    }

    /// Writes what an endpoint has, outside of its turn, until all is out or the socket blocks. If
    /// it fails, the next turn sees it.
    #[allow(dead_code)] // A loop that only answers has no need of it.
    pub(crate) fn flush(&mut self, side: &mut dyn Endpoint) {
        while self.writable && side.wants_write() {
            match side.transmit().write_with(|slices| self.write(slices)) {
                Ok(0) => return,
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                _ => {}
            }
        }
    }

    /// Reads once, if the socket may have something.
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if !self.readable {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = self.socket.read(to);
        match &read {
            Ok(n) => self.traffic.read += *n as u64,
            Err(error) => self.readable &= error.kind() != ErrorKind::WouldBlock,
        }
        read
    }
}
