//! The buffer that a loop reads into, where the bytes of a frame stay that a read has cut.
//!
//! ```text
//!               from      to
//!   ┌──────────┬─────────┬───────────────┐
//!   │ consumed │ kept    │ room()        │      room(), a read, input(), polls, keep()
//!   └──────────┴─────────┴───────────────┘
//!   ┌─────────┬──────────────────────────┐
//!   │ kept    │ room()                   │      moved to the front where the rest would not fit
//!   └─────────┴──────────────────────────┘
//! ```
//!
//! A large frame is moved when little of it has come, and what is read behind it ends where it
//! ends: the next one then begins at the front and is not moved at all. The counts that a caller
//! gives are cut to what there is: a wrong one loses bytes of the peer's, or repeats some, but
//! nothing panics.

use crate::frame::Header;
use crate::input::Input;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::ops::{Deref, DerefMut};

/// A loop's buffer to read into, which keeps what a read has cut of a frame until the rest has
/// come. RFC 6455 §5.2.
///
/// The next read overwrites an ordinary buffer, so a connection copies what a read has cut. Here
/// the frame stays where it was read to; when it is whole it is unmasked in place, its text is
/// checked once, and the message is borrowed: see [`Input::keeping`]. That pays for messages from
/// 64 KiB on, of text above all, which is never [read directly](crate::Endpoint::io) into its
/// place; for binary ones of several MiB that is as fast.
///
/// One serves all connections of a loop, for a [`turn`](Self::turn) each, in which the loop reads
/// as long as there is more. **A turn ends with [`rest`](Self::rest), polled**: the connection
/// takes over what is kept. Where there is but one connection no turn has to end, but before
/// [`handle_eof`](crate::Endpoint::handle_eof).
///
/// Who stops polling before `None`, because the peer takes too little, keeps what is left all the
/// same, and polls it with [`input(0)`](Self::input) before it reads on; if the turn ends first,
/// `rest().into_rest()` is what to set aside for that connection.
///
/// ```
/// use sockless::{Extensions, Config, Connection, Event, Scratch, Seed};
/// use std::borrow::Cow;
/// use std::io::Read;
///
/// let mut connection = Connection::client(Seed::new([7; 32]), Extensions::default(), Config::default());
/// let mut scratch = Scratch::new(16 << 10, 1 << 20);
/// let wire = [&[0x81, 127][..], &100_000_u64.to_be_bytes(), &[b'a'; 100_000], b"\x81\x05Hel"].concat();
/// let mut stream = &wire[..];
///
/// let mut texts = Vec::new();
/// let mut turn = scratch.turn();
/// loop {
///     let read = stream.read(turn.room())?;
///     if read == 0 {
///         break; // Or: there is no more now.
///     }
///     let mut input = turn.input(read);
///     while let Some(event) = connection.poll(&mut input) {
///         let Event::Text(Cow::Borrowed(text)) = event else { panic!("{event:?}") };
///         texts.push(text.len());
///     }
///     let rest = input.len();
///     turn.keep(rest);
/// }
/// assert_eq!(texts, [100_000]);
///
/// // The end of the turn.
/// let mut input = turn.rest();
/// assert_eq!(input.len(), 5);
/// assert!(connection.poll(&mut input).is_none() && input.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Scratch {
    bytes: Vec<u8>,
    /// What is kept lies between these two.
    from: usize,
    to: usize,
    /// Where the last input began.
    start: usize,
    size: usize,
    max_kept: usize,
}

impl Scratch {
    /// A buffer of `size` bytes, at least 32, that keeps frames of at most `max_kept` bytes, header
    /// and payload. Larger ones are consumed as they come.
    ///
    /// A frame that is larger than `size` makes it grow, to twice its length at a time as the frame
    /// comes and never because the frame declares so much: up to `max_kept` and half of `size`. It
    /// stays so until [`shrink`](Self::shrink).
    ///
    /// ```
    /// let mut scratch = sockless::Scratch::new(128 << 10, 8 << 20);
    /// assert_eq!(scratch.room().len(), 128 << 10);
    /// ```
    pub fn new(size: usize, max_kept: usize) -> Self {
        let size = size.max(2 * Header::MAX_LEN.next_power_of_two());
        Self { bytes: alloc::vec![0; size], from: 0, to: 0, start: 0, size, max_kept }
    }

    /// A turn of one connection. What it keeps at its end, without [`rest`](Self::rest), as behind
    /// a `?`, is dropped: the next connection never gets it.
    ///
    /// ```
    /// let mut scratch = sockless::Scratch::new(4096, 1 << 20);
    /// {
    ///     let mut turn = scratch.turn();
    ///     turn.room()[..3].copy_from_slice(b"\x82\x05H");
    ///     let _ = turn.input(3);
    ///     turn.keep(3);
    /// } // Its connection has failed.
    /// assert!(scratch.turn().rest().is_empty());
    /// ```
    #[inline]
    pub fn turn(&mut self) -> Turn<'_> {
        Turn { scratch: self }
    }

    /// Where to read to, behind what is kept: `size` bytes if that is nothing, the rest of a frame
    /// that is larger, and otherwise at least half of `size`, as far as there is memory for it.
    /// Tell [`input`](Self::input) how many came.
    ///
    /// It is empty only if polls were left out until all was full.
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        let end = if self.from == self.to {
            (self.from, self.to, self.start) = (0, 0, 0);
            self.size
        } else {
            self.room_behind()
        };
        self.bytes.get_mut(self.to..end).unwrap_or_default()
    }

    /// What is kept, and behind it the `read` bytes that a read has brought. Poll until `None`;
    /// then [`keep`](Self::keep) what is left.
    ///
    /// With 0 it is what is kept alone: for who did not poll until `None`.
    #[inline]
    pub fn input(&mut self, read: usize) -> Input<'_> {
        self.to = self.to.saturating_add(read).min(self.bytes.len());
        // Where there is no memory to read the rest to, the connection takes the frame over.
        let stuck = self.to == self.bytes.len() && self.is_stuck();
        self.start = mem::replace(&mut self.from, self.to);
        Input::keeping(
            self.bytes.get_mut(self.start..self.to).unwrap_or_default(),
            if stuck { 0 } else { self.max_kept },
        )
    }

    /// Keeps the last `rest` bytes of the input for the next one: its [`len`](Input::len) after the
    /// polls. Without this call nothing of it is kept.
    #[inline]
    pub fn keep(&mut self, rest: usize) {
        self.from = self.to.saturating_sub(rest).max(self.start);
    }

    /// What is kept, as an ordinary input: the end of a turn. Poll until `None`, and the connection
    /// has taken it over.
    #[inline]
    #[must_use = "what is kept is lost if it is not polled"]
    pub fn rest(&mut self) -> Input<'_> {
        let (from, to) = (self.from, self.to);
        self.forget();
        Input::new(self.bytes.get_mut(from..to).unwrap_or_default())
    }

    #[inline]
    fn forget(&mut self) {
        (self.from, self.to, self.start) = (0, 0, 0);
    }

    /// Frees the room for large frames, down to `size` bytes, or to what is kept. Do so when there
    /// has been nothing to do for a while, and not after each large message: new memory costs the
    /// next one as much as all else.
    pub fn shrink(&mut self) {
        self.move_to(0);
        let len = self.size.max(self.to);
        self.bytes.truncate(len);
        self.bytes.shrink_to_fit();
    }

    /// Makes room behind what is kept, and tells where it ends.
    #[inline(never)]
    fn room_behind(&mut self) -> usize {
        // To the end of a large frame; or else as much as there was at first, and at the front,
        // which the caches remember, however large the buffer has become.
        let (mut end, most) = match self.cut() {
            Some(end) if end - self.from > self.size => (end, self.bytes.len()),
            _ => ((self.from + self.size).max(self.to + self.size / 2), self.size),
        };
        let line = self.line();
        if end > most
            && self.from >= line
            && (end - self.from <= self.bytes.len() || self.is_short())
        {
            let kept = self.to - self.from;
            let front = (self.bytes.as_ptr().addr() + kept).wrapping_neg() % line;
            end = end - self.from + front;
            self.move_to(front);
        }
        if end > self.bytes.len() && self.is_short() && !self.grow() && self.to == self.bytes.len()
        {
            // A read of no bytes would be taken for the end of the stream. When this room is full,
            // too, the connection takes the frame over.
            self.move_to(0);
            end = self.bytes.len();
        }
        end.min(self.bytes.len())
    }

    /// Moves what is kept, towards the front.
    fn move_to(&mut self, front: usize) {
        self.bytes.copy_within(self.from..self.to, front);
        (self.from, self.to, self.start) = (front, front + (self.to - self.from), front);
    }

    /// Where the frame ends that is kept, if its header is there, it is not whole, and is to be.
    fn cut(&self) -> Option<usize> {
        let (header, len) = Header::decode(self.bytes.get(self.from..self.to)?).ok()??;
        let len = usize::try_from(header.payload_len)
            .ok()?
            .checked_add(len)
            .filter(|len| *len <= self.max_kept)?;
        self.from.checked_add(len).filter(|end| *end > self.to)
    }

    /// What is read is laid at the beginning of a cache line, for elsewhere a copy can take three
    /// times as long; unless that were much for a small buffer.
    fn line(&self) -> usize {
        if self.size < 1024 { 1 } else { 64 }
    }

    /// Whether there is too little room behind what is kept for a read.
    fn is_short(&self) -> bool {
        self.bytes.len() - self.to < self.size / 2
    }

    /// The buffer is full: whether the frame that is kept is to have more, and there is no memory
    /// for it.
    #[inline(never)]
    fn is_stuck(&mut self) -> bool {
        self.cut().is_some() && !self.grow()
    }

    /// Twice the length, if there is memory for it and it may be so much.
    fn grow(&mut self) -> bool {
        let len =
            self.bytes.len().saturating_mul(2).min(self.max_kept.saturating_add(self.size / 2));
        let grows =
            len > self.bytes.len() && self.bytes.try_reserve_exact(len - self.bytes.len()).is_ok();
        if grows {
            self.bytes.resize(len, 0);
        }
        grows
    }
}

/// Its lengths, for what peers send is nothing for a log.
impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch")
            .field("len", &self.bytes.len())
            .field("kept", &(self.to - self.from))
            .field("max_kept", &self.max_kept)
            .finish_non_exhaustive()
    }
}

/// A [`Scratch`] in the hands of one connection: see [`Scratch::turn`].
#[derive(Debug)]
pub struct Turn<'a> {
    scratch: &'a mut Scratch,
}

impl Deref for Turn<'_> {
    type Target = Scratch;

    #[inline]
    fn deref(&self) -> &Scratch {
        self.scratch
    }
}

impl DerefMut for Turn<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Scratch {
        self.scratch
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.scratch.forget();
    }
}
