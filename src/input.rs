//! Received bytes on their way in.
//!
//! An `Input` lends the bytes that were read to the protocol, which takes them off the front. What
//! is taken keeps the lifetime of the buffer, not that of the `Input`: events can be held while
//! more is polled.
//!
//! ```text
//!   ┌ taken ──────────────┬ left ─────┐
//!   │ lent to the events  │ untouched │ ──drop──► Left: the turn gives it again
//!   └─────────────────────┴───────────┘
//! ```

use core::fmt;
use core::mem;

/// Received bytes, borrowed from the buffer that they were read into and consumed from the front.
///
/// Payloads are unmasked in place, so the bytes are borrowed mutably. Call `poll` until it gives
/// `None`. You may also stop earlier:
///
/// - Bytes that are left of a [`Turn`](crate::Turn)'s input are kept: they come first in its next
///   input.
/// - Bytes that are left of an input made by [`new`](Self::new) are lost when it is dropped. To
///   keep them, call [`into_rest`](Self::into_rest) and pass them again later, in front of what
///   comes then.
///
/// ```
/// use sockless::Input;
///
/// let mut read = *b"\x81\x02hi";
/// let input = Input::new(&mut read);
/// assert_eq!(input.len(), 4);
/// assert_eq!(input.into_rest(), b"\x81\x02hi");
/// assert!(Input::empty().is_empty());
/// ```
#[must_use = "bytes that are not consumed are lost"]
#[derive(Default)]
pub struct Input<'b> {
    bytes: &'b mut [u8],
    /// Is told, on drop, how much is left.
    left: Option<&'b mut Left>,
}

/// What is left of an input, for the turn that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// How many bytes, at the end of those that were lent. 0 if the input is never dropped.
    pub(crate) len: usize,
    /// They are a part of a frame: to poll them again without more gives nothing.
    #[cfg(feature = "alloc")]
    pub(crate) is_cut_frame: bool,
    /// A part of a frame is left only if the frame, with its header, is at most this long.
    pub(crate) max_frame: usize,
}

impl<'b> Input<'b> {
    /// Wraps what was just read.
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, left: None }
    }

    /// An input of a turn, which keeps what is left and passes it again in front of what comes
    /// next. A frame of at most `left.max_frame` bytes of which only a part has come is left as it
    /// is.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn with_left(bytes: &'b mut [u8], left: &'b mut Left) -> Self {
        (left.len, left.is_cut_frame) = (0, false);
        Self { bytes, left: Some(left) }
    }

    /// No bytes: for a poll after an end of stream, an error or a time-out.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Whether all bytes were consumed.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes were not consumed yet.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes that were not consumed: still masked, exactly as they came. They, or a copy,
    /// continue the stream when they are passed in a later input. A [`Turn`](crate::Turn) does not
    /// pass them again.
    #[must_use = "no turn gives these bytes again"]
    pub fn into_rest(mut self) -> &'b mut [u8] {
        self.take_all()
    }

    /// The bytes that are left, without taking them.
    #[inline]
    pub(crate) fn peek(&self) -> &[u8] {
        self.bytes
    }

    /// The bytes that are left, to be changed in place.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn peek_mut(&mut self) -> &mut [u8] {
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

    /// Takes all bytes.
    #[inline]
    pub(crate) fn take_all(&mut self) -> &'b mut [u8] {
        mem::take(&mut self.bytes)
    }

    /// How long a frame may be of which a part is left.
    #[inline]
    pub(crate) fn max_kept(&self) -> usize {
        self.left.as_ref().map_or(0, |left| left.max_frame)
    }

    /// Notes that what is left is a part of a frame.
    #[cfg(feature = "alloc")]
    pub(crate) fn leave_cut_frame(&mut self) {
        if let Some(left) = &mut self.left {
            left.is_cut_frame = true;
        }
    }
}

impl Drop for Input<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(left) = &mut self.left {
            left.len = self.bytes.len();
        }
    }
}

/// Shows the length alone: what peers send does not belong in a log.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("len", &self.len()).finish_non_exhaustive()
    }
}
