//! The loop of `examples/echo.rs` over a blocking transport, with an end to its patience: past that
//! moment the transport counts as failed.

use crate::transport::Transport;
use serde::{Deserialize, Serialize};
use sockless::{Endpoint, Step, Turn};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Wire {
    transport: Transport,
    until: Instant,
    /// The peer's end of stream came in good order; with TLS by close_notify.
    ended: bool,
    carried: Carried,
}

/// How many bytes went over a transport; below TLS, if there is any, more did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carried {
    pub(crate) read: usize,
    pub(crate) written: usize,
}

impl Wire {
    /// Everything that is said on it has to be said within `patience`.
    pub(crate) fn new(transport: Transport, patience: Duration) -> io::Result<Self> {
        transport.socket().set_nodelay(true)?;
        Ok(Self {
            transport,
            until: Instant::now() + patience,
            ended: false,
            carried: Carried::default(),
        })
    }

    /// Whether it took too long.
    pub(crate) fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Whether the peer ended its stream in good order, and did not merely drop it.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn carried(&self) -> Carried {
        self.carried
    }

    /// The loop, the same for everything that talks, up to where there is something to poll.
    /// `false`: it is over.
    pub(crate) fn goes_on<E: Endpoint + ?Sized>(&mut self, turn: &mut Turn<'_, E>) -> bool {
        loop {
            match turn.step(true) {
                Step::Write => drop(turn.write(|slices| self.write_some(slices))),
                Step::Poll => return true,
                // If it fails, reading tells why.
                Step::Shutdown => drop(turn.shutdown(|| self.transport.shut_down())),
                Step::Read => drop(turn.read(|to| self.read_some(to))),
                Step::Wait | Step::Done => return false,
            }
        }
    }

    /// Writes all that is queued.
    pub(crate) fn write(&mut self, side: &mut dyn Endpoint) {
        while side.wants_write() {
            let written = side.transmit().write_with(|slices| self.write_some(slices));
            if has_failed(&written) {
                side.handle_write_error();
            }
        }
    }

    fn read_some(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.be_patient().and_then(|()| self.transport.read(room));
        self.carried.read += read.as_ref().map_or(0, |n| *n);
        self.ended |= matches!(read, Ok(0));
        read.map_err(no_more_patience)
    }

    fn write_some(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.be_patient().and_then(|()| self.transport.write_vectored(slices));
        self.carried.written += written.as_ref().map_or(0, |n| *n);
        written.map_err(no_more_patience)
    }

    /// Reads and writes take no longer than what is left.
    fn be_patient(&self) -> io::Result<()> {
        match self.until.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(ErrorKind::TimedOut.into()),
            left => self.transport.patience(left),
        }
    }
}

fn has_failed(written: &io::Result<usize>) -> bool {
    match written {
        Ok(n) => *n == 0,
        Err(error) => error.kind() != ErrorKind::Interrupted,
    }
}

/// "Would block" and "timed out" mean here that it took too long, and that is a failure.
fn no_more_patience(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => io::Error::other(error),
        _ => error,
    }
}
