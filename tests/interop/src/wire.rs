//! The loop of `examples/echo.rs` over a blocking transport, with an end to its patience: past that
//! moment the transport counts as failed.

use crate::transport::Transport;
use bytes::Buf;
use serde::{Deserialize, Serialize};
use sockless::{Endpoint, Input};
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

    /// One turn, the same for everything that talks: write, shut down, read.
    pub(crate) fn turn<'b>(&mut self, side: &mut dyn Endpoint, scratch: &'b mut [u8]) -> Input<'b> {
        self.write(side);
        if side.wants_shutdown() {
            let _ = self.transport.shut_down(); // If it fails, reading tells why.
            side.shutdown_done();
        }
        if side.wants_read() {
            match self.be_patient().and_then(|()| self.transport.read(scratch)) {
                Ok(0) => {
                    self.ended = true;
                    side.handle_eof();
                }
                Ok(n) => {
                    self.carried.read += n;
                    return Input::new(&mut scratch[..n]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => side.handle_error(),
            }
        }
        Input::empty()
    }

    /// Writes all that is queued.
    pub(crate) fn write(&mut self, side: &mut dyn Endpoint) {
        while side.wants_write() {
            let mut out = side.transmit();
            let mut slices = [IoSlice::new(&[]); 16];
            let count = out.chunks_vectored(&mut slices);
            match self.be_patient().and_then(|()| self.transport.write_vectored(&slices[..count])) {
                Ok(n @ 1..) => {
                    out.advance(n);
                    self.carried.written += n;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => side.handle_write_error(),
            }
        }
    }

    /// Reads and writes take no longer than what is left.
    fn be_patient(&self) -> io::Result<()> {
        match self.until.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(ErrorKind::TimedOut.into()),
            left => self.transport.patience(left),
        }
    }
}
