//! The buffers of a loop, for all its endpoints: for bytes that were read and bytes to be written.
//!
//! ```text
//!   Workspace ──turn(&mut endpoint)──► Turn ──drop──► the buffers come back; what was not taken
//!                                       │             goes to the endpoint ([`Held`])
//!                                       ├─ read_buf() ─► a read ─► received(n) ─► Input ─► polls
//!                                       └─ write_with(|slices| a write)
//! ```
//!
//! An idle endpoint holds no heap. With buffers of its own it would allocate for each batch that it
//! sends, and copy each message that a read had cut. A loop is busy with one endpoint at a time, so
//! one set of buffers serves all.

mod buffer;
mod turn;

use crate::endpoint::Endpoint;
use crate::held::Held;
use crate::outbox::Spare;
use buffer::ReadBuffer;
use core::fmt;
use core::num::NonZeroU32;

pub use turn::Turn;

/// The buffers of an event loop: what is read goes into them, and what is sent comes out of them.
///
/// One workspace serves all endpoints of a loop, or of a thread: each has a [`turn`](Self::turn)
/// with it. A message that one read has brought whole, or that the next read of the same turn
/// completes, is unmasked in place and borrowed. Output is not allocated, as long as all of it
/// leaves within the turn.
///
/// ```
/// use sockless::{Config, Connection, Event, Extensions, Workspace};
/// use std::io::{Read, Write};
///
/// let mut workspace = Workspace::default();
/// let mut connection = Connection::server(Extensions::default(), Config::default());
///
/// // A transport: what comes is "Hello", masked (RFC 6455 §5.7).
/// let mut incoming = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58][..];
/// let mut outgoing = Vec::new();
///
/// let mut turn = workspace.turn(&mut connection);
/// let n = incoming.read(turn.read_buf())?;
/// {
///     let (connection, mut input) = turn.received(n);
///     while let Some(event) = connection.poll(&mut input) {
///         if let Event::Text(text) = event {
///             connection.send_text(text).expect("it is open");
///         }
///     }
/// }
/// turn.write_with(|slices| outgoing.write_vectored(slices))?;
/// assert_eq!(outgoing, b"\x81\x05Hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Workspace {
    buffer: ReadBuffer,
    spare: Spare,
    /// How many turns there have been.
    turns: u32,
}

impl Workspace {
    /// Buffers for reads of `read` bytes, at least 32. [`Default`] has reads of 64 KiB and a
    /// `max_frame` of 1 MiB. For small messages 16 KiB do as well; for messages of 16 KiB and more,
    /// 64 or 128 KiB cost fewer system calls.
    ///
    /// A frame of at most `max_frame` bytes, header and payload, stays in the buffer until it is
    /// whole. Then it is unmasked in place, its text is checked, and it is borrowed. Larger frames
    /// are consumed as they come, and copied. So are compressed ones (RFC 7692), and those that are
    /// delivered in [chunks](crate::Delivery::Chunks).
    ///
    /// A frame larger than `read` makes the buffer grow, up to `max_frame` and half of `read`. It
    /// doubles as the frame's bytes come, and never because of the length that the frame declares.
    /// It keeps its size until [`shrink`](Self::shrink).
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Workspace};
    ///
    /// let mut workspace = Workspace::new(128 << 10, 8 << 20);
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// assert_eq!(workspace.turn(&mut connection).read_buf().len(), 128 << 10);
    /// ```
    #[must_use]
    pub fn new(read: usize, max_frame: usize) -> Self {
        Self { buffer: ReadBuffer::new(read, max_frame), spare: Spare::default(), turns: 0 }
    }

    /// Begins a turn of one endpoint. It ends when it is dropped.
    ///
    /// ```
    /// use sockless::{Config, Connection, Event, Extensions, Workspace};
    ///
    /// let mut workspace = Workspace::default();
    /// let mut open = || Connection::server(Extensions::default(), Config::default());
    /// let (mut one, mut other) = (open(), open());
    ///
    /// // The first half of a message for one,
    /// let mut turn = workspace.turn(&mut one);
    /// turn.read_buf()[..7].copy_from_slice(b"\x81\x82\0\0\0\0h");
    /// let _ = turn.received(7);
    /// drop(turn);
    ///
    /// // which the other gets nothing of.
    /// let mut turn = workspace.turn(&mut other);
    /// let (connection, mut input) = turn.received(0);
    /// assert!(input.is_empty() && connection.poll(&mut input).is_none());
    /// drop(input);
    /// drop(turn);
    ///
    /// let mut turn = workspace.turn(&mut one);
    /// turn.read_buf()[..1].copy_from_slice(b"i");
    /// let (connection, mut input) = turn.received(1);
    /// assert_eq!(connection.poll(&mut input), Some(Event::Text("hi".into())));
    /// ```
    #[inline]
    pub fn turn<'a, E: Endpoint + ?Sized>(&'a mut self, endpoint: &'a mut E) -> Turn<'a, E> {
        Turn::begin(self, endpoint)
    }

    /// A number for the next turn, different from those of turns before and of other workspaces. By
    /// it, an endpoint that is swapped out of a turn is known not to be in it any more.
    #[inline]
    fn next_turn(&mut self) -> NonZeroU32 {
        self.turns = self.turns.wrapping_add(1);
        // No other workspace has its buffer there.
        let place = self.buffer.place() as u64;
        // Two different values also differ in the upper half, except by a chance of one in four
        // billion.
        let mixed = (place ^ u64::from(self.turns) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        NonZeroU32::MIN.saturating_add((mixed >> 32) as u32)
    }

    /// Frees the memory by which large messages have made the buffers grow. Call it when nothing
    /// was to do for a while, and not after each large message: to allocate again costs the next
    /// one as much as everything else.
    ///
    /// ```
    /// let mut workspace = sockless::Workspace::default();
    /// workspace.shrink();
    /// ```
    pub fn shrink(&mut self) {
        self.buffer.shrink();
        self.spare = Spare::default();
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new(64 << 10, 1 << 20)
    }
}

/// Shows the length alone: what peers send does not belong in a log.
impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("len", &self.buffer.len()).finish_non_exhaustive()
    }
}
