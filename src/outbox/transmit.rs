//! The queue as an I/O loop sees it: bytes to write, and how many of them were written.

use super::Outbox;
use bytes::{Buf, Bytes};

/// The bytes to send. See [`Endpoint::transmit`](crate::Endpoint::transmit).
///
/// Use it as a [`Buf`], or take owned buffers with [`pop`](Self::pop). Dropping it takes nothing:
/// what was not advanced over comes again.
///
/// **Between a look and its `advance`, call nothing else on the connection**: a pong that is queued
/// meanwhile goes in front of what was shown, and the advance would count against it. Where a write
/// completes later, as in an async loop that shares the connection, use `pop`.
///
/// A header and its payload may be two slices: write them in one vectored write, or set
/// TCP_NODELAY, or the peer's delayed acknowledgement makes the second wait.
#[derive(Debug)]
pub struct Transmit<'a> {
    outbox: &'a mut Outbox,
}

impl<'a> Transmit<'a> {
    #[inline]
    pub(crate) fn new(outbox: &'a mut Outbox) -> Self {
        if !outbox.large.is_empty() {
            outbox.large.mask_ahead();
        }
        Self { outbox }
    }

    /// Takes the next buffer out of the queue, for I/O that owns what it writes. `None`: nothing is
    /// left.
    ///
    /// What was popped counts as sent: write it fully before you pop again, and before you look at
    /// `wants_shutdown` or `is_done`. A buffer has at most 64 KiB, so that a heartbeat sees a slow
    /// transport move. A write that does not end is yours to give up: after a time of your own, by
    /// [`handle_write_error`](crate::Endpoint::handle_write_error).
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
}

impl Buf for Transmit<'_> {
    #[inline]
    fn remaining(&self) -> usize {
        self.outbox.remaining()
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        self.outbox.first_slice()
    }

    #[cfg(feature = "std")]
    #[inline]
    fn chunks_vectored<'b>(&'b self, dst: &mut [std::io::IoSlice<'b>]) -> usize {
        if let (Some(slot), Some(only)) = (dst.first_mut(), self.outbox.only_slice()) {
            *slot = std::io::IoSlice::new(only);
            return usize::from(!only.is_empty());
        }
        self.outbox.show(dst)
    }

    /// Counts `n` bytes as sent; more than there are count as all. 0: the transport has refused
    /// them ("would block"). A loop need not say so, but where it does, a
    /// [`Heartbeat`](crate::Heartbeat) knows that the transport is full also when no write was cut
    /// off in the middle of a slice.
    #[inline]
    fn advance(&mut self, n: usize) {
        self.outbox.advance(n);
    }
}
