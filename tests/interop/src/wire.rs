//! The loop of `examples/echo.rs` over a blocking socket, with an end to its patience: past that moment the transport counts as failed.

use bytes::Buf;
use sockless::{Input, LifeCycle};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    until: Instant,
    /// A write failed.
    mute: bool,
}

impl Wire {
    /// Everything that is said on it has to be said within `patience`.
    pub(crate) fn new(stream: TcpStream, patience: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, until: Instant::now() + patience, mute: false })
    }

    /// Whether it took too long.
    pub(crate) fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// One turn, the same for everything that talks: write, shut down, read.
    pub(crate) fn turn<'b>(&mut self, side: &mut dyn LifeCycle, scratch: &'b mut [u8]) -> Input<'b> {
        self.write(side);
        if side.wants_shutdown() {
            let _ = self.stream.shutdown(Shutdown::Write); // If it fails, reading tells why.
            side.shutdown_done();
        }
        if side.wants_read() {
            match self.left().and_then(|left| self.stream.set_read_timeout(Some(left))).and_then(|()| self.stream.read(scratch)) {
                Ok(0) => side.handle_eof(),
                Ok(n) => return Input::new(&mut scratch[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => side.handle_error(),
            }
        }
        Input::empty()
    }

    /// Writes all that is queued. Where that fails, it is thrown away and reading goes on, to the end that shows there: a peer that closed its socket
    /// right behind its Close frame takes nothing any more, and the Close frame is still to be read.
    pub(crate) fn write(&mut self, side: &mut dyn LifeCycle) {
        while side.wants_write() {
            let mut out = side.transmit();
            if self.mute {
                out.advance(out.remaining());
                continue;
            }
            let mut slices = [IoSlice::new(&[]); 16];
            let count = out.chunks_vectored(&mut slices);
            let written = self.left().and_then(|left| self.stream.set_write_timeout(Some(left)));
            match written.and_then(|()| self.stream.write_vectored(&slices[..count])) {
                Ok(n @ 1..) => out.advance(n),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => self.mute = true,
            }
        }
    }

    fn left(&self) -> io::Result<Duration> {
        match self.until.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }
}
