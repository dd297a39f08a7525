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

    /// The loop, the same for everything that talks: up to where there is something to poll, with so
    /// many bytes that were read. `None`: it is over.
    pub(crate) fn next_poll<E: Endpoint + ?Sized>(
        &mut self,
        turn: &mut Turn<'_, E>,
    ) -> Option<usize> {
        loop {
            match turn.step(true) {
                Step::Write => {
                    let written = turn.write_with(|slices| self.write_some(slices));
                    if has_failed(&written) {
                        turn.endpoint().handle_write_error();
                    }
                }
                Step::Poll => return Some(0),
                Step::Shutdown => {
                    let _ = self.transport.shut_down(); // If it fails, reading tells why.
                    turn.endpoint().shutdown_done();
                }
                Step::Read => match self.read_some(turn.read_buf()) {
                    Ok(n @ 1..) => return Some(n),
                    Ok(_) => {
                        self.ended = true;
                        turn.endpoint().handle_eof();
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => turn.endpoint().handle_error(),
                },
                Step::Wait | Step::Done => return None,
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
        read
    }

    fn write_some(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.be_patient().and_then(|()| self.transport.write_vectored(slices));
        self.carried.written += written.as_ref().map_or(0, |n| *n);
        written
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
