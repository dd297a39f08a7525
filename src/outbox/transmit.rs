//! The queue as an I/O loop sees it: bytes to write, and how many of them were written.

use super::Outbox;
use bytes::Bytes;
#[cfg(feature = "std")]
use std::io::IoSlice;

/// The bytes to send: see [`Endpoint::transmit`](crate::Endpoint::transmit).
///
/// Write with [`write_with`](Self::write_with), which counts what was written. If a write completes
/// later, take owned buffers with [`pop`](Self::pop) instead. Dropping a `Transmit` takes nothing.
///
/// A header and its payload may be two slices. Write them in one vectored write, or set
/// TCP_NODELAY: otherwise the second may wait for the peer's delayed acknowledgement.
#[must_use = "dropping it takes nothing"]
#[derive(Debug)]
pub struct Transmit<'a> {
    outbox: &'a mut Outbox,
}

impl<'a> Transmit<'a> {
    #[inline]
    pub(crate) fn new(outbox: &'a mut Outbox) -> Self {
        if !outbox.beside.is_empty() {
            outbox.beside.mask_ahead();
        }
        Self { outbox }
    }

    /// Takes the next buffer out of the queue, for I/O that owns what it writes. `None`: nothing is
    /// left.
    ///
    /// A popped buffer counts as sent: write all of it before you pop again, and before you ask
    /// `wants_shutdown` or `is_done`. It has at most 64 KiB, so that a heartbeat sees a slow
    /// transport move. The heartbeat does not see a write that never completes: end it after a time
    /// of your own, with [`handle_write_error`](crate::Endpoint::handle_write_error).
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Endpoint};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_binary(vec![7; 60_000])?;
    /// let header = connection.transmit().pop().expect("a header");
    /// assert_eq!(header, [0x82, 126, 0xea, 0x60][..]);
    /// let payload = connection.transmit().pop().expect("the vector itself, not a copy of it");
    /// assert_eq!(payload.len(), 60_000);
    /// assert!(connection.transmit().pop().is_none() && !connection.wants_write());
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[must_use = "what was popped counts as sent"]
    pub fn pop(&mut self) -> Option<Bytes> {
        self.outbox.pop()
    }

    /// Writes once, as [`Turn::write_with`](crate::Turn::write_with) does.
    ///
    /// # Errors
    /// Those of `write`.
    ///
    /// ```
    /// use sockless::{Config, Connection, Endpoint, Extensions};
    /// use std::io::Write;
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text("hi")?;
    /// let mut stream = Vec::new();
    /// let taken = connection.transmit().write_with(|slices| stream.write_vectored(slices));
    /// assert_eq!((taken.ok(), &stream[..]), (Some(4), &b"\x81\x02hi"[..]));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn write_with<Error>(
        &mut self,
        write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, Error>,
    ) -> Result<usize, Error> {
        let (shown, result) = match self.outbox.only_slice() {
            Some([]) => return Ok(0),
            Some(only) => (only.len(), write(&[IoSlice::new(only)])),
            None => self.outbox.write_many(write),
        };
        self.written(shown, result)
    }

    /// Writes once, as [`Turn::write_slice_with`](crate::Turn::write_slice_with) does.
    ///
    /// # Errors
    /// Those of `write`.
    ///
    /// ```
    /// use sockless::{Config, Connection, Endpoint, Extensions};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text("hi")?;
    /// let mut uart = Vec::new();
    /// let taken = connection.transmit().write_slice_with(|bytes| {
    ///     uart.push(bytes[0]);
    ///     Ok::<_, ()>(1)
    /// });
    /// assert_eq!((taken, connection.queued()), (Ok(1), 3));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[inline]
    pub fn write_slice_with<Error>(
        &mut self,
        write: impl FnOnce(&[u8]) -> Result<usize, Error>,
    ) -> Result<usize, Error> {
        let slice = self.outbox.first_slice();
        if slice.is_empty() {
            return Ok(0);
        }
        let (shown, result) = (slice.len(), write(slice));
        self.written(shown, result)
    }

    /// Counts what was written of what was shown; more counts as all of that.
    #[inline]
    fn written<Error>(
        &mut self,
        shown: usize,
        result: Result<usize, Error>,
    ) -> Result<usize, Error> {
        let taken = result.as_ref().map_or(0, |taken| shown.min(*taken));
        self.outbox.advance(taken, taken < shown);
        result.map(|_| taken)
    }
}
