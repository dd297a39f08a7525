//! Received bytes on their way in.
//!
//! `Input` lends the caller's scratch buffer to the protocol. What is taken comes off the front, and it keeps the scratch's lifetime, not the
//! `Input`'s: an event can outlive the loop that produced it for as long as the scratch does.

use core::mem;

/// Received bytes, borrowed from the caller's scratch buffer and consumed from the front.
///
/// Payloads are unmasked in place, so the bytes are borrowed mutably. Whoever drops an `Input` that is not empty loses the bytes that
/// are still in it: call `poll` or `poll_event` until it gives `None`, or keep [`into_rest`](Input::into_rest) and feed it again later.
///
/// ```
/// use sockless::Input;
///
/// let mut scratch = *b"\x81\x02hi";
/// let input = Input::new(&mut scratch);
/// assert_eq!(input.len(), 4);
/// assert_eq!(input.into_rest(), b"\x81\x02hi");
/// assert!(Input::empty().is_empty());
/// ```
#[must_use = "bytes that are not consumed are lost"]
#[derive(Debug, Default)]
pub struct Input<'b> {
    bytes: &'b mut [u8],
}

impl<'b> Input<'b> {
    /// Wraps what was just read.
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes }
    }

    /// No bytes: for a poll after an end of stream, an error or a time-out.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Whether all bytes were consumed.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes were not consumed yet.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes that were not consumed: still masked, exactly as they came. A copy of them, fed later, continues where this stopped.
    pub fn into_rest(self) -> &'b mut [u8] {
        self.bytes
    }

    /// A look at what comes next.
    #[inline]
    pub(crate) fn peek(&self) -> &[u8] {
        self.bytes
    }

    /// Takes `n` bytes off the front, or all when there are fewer.
    #[inline]
    pub(crate) fn take(&mut self, n: usize) -> &'b mut [u8] {
        let bytes = mem::take(&mut self.bytes);
        let (taken, rest) = bytes.split_at_mut(n.min(bytes.len()));
        self.bytes = rest;
        taken
    }

    /// Takes all.
    #[inline]
    pub(crate) fn take_all(&mut self) -> &'b mut [u8] {
        mem::take(&mut self.bytes)
    }
}
