//! Received bytes on their way in.
//!
//! `Input` lends the caller's scratch buffer to the protocol. What is taken comes off the front,
//! and it keeps the scratch's lifetime, not the `Input`'s: an event can outlive the loop that
//! produced it for as long as the scratch does.

use core::fmt;
use core::mem;

/// Received bytes, borrowed from the caller's scratch buffer and consumed from the front.
///
/// Payloads are unmasked in place, so the bytes are borrowed mutably. Whoever drops an `Input` that
/// is not empty loses the bytes that are still in it: call `poll` or `poll` until it gives
/// `None`, or keep [`into_rest`](Input::into_rest) and feed it again later.
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
#[derive(Default)]
pub struct Input<'b> {
    bytes: &'b mut [u8],
    /// The longest frame, header and payload, of which a part is left in the input; 0: of none.
    max_kept: usize,
}

impl<'b> Input<'b> {
    /// Wraps what was just read.
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, max_kept: 0 }
    }

    /// The same for a caller that keeps what is left and gives it again, in front of what comes
    /// next. A frame of at most `max_kept` bytes, header and payload, of which only a part has
    /// come, is left in it and not copied: `poll` gives `None` though the input is not
    /// [empty](Self::is_empty). When it is whole, the frame is unmasked in place and borrowed, as
    /// one that a single read has brought. [`Scratch`](crate::Scratch) does the keeping.
    ///
    /// - A header that breaks a rule or a limit is answered as ever, as soon as the byte is there
    ///   that breaks it (RFC 6455 §5.2, §5.4, §5.5, §10.4). What is wrong with a payload, text that
    ///   is not UTF-8 above all (§8.1), is found when its frame is whole.
    /// - Larger frames are consumed as they come, and so is the rest of a frame of which a part was
    ///   consumed. So are messages that are compressed (RFC 7692): of their bytes nothing can be
    ///   borrowed, and what waited would be in memory twice, once as it came and once inflated. And
    ///   so are those that are delivered in [chunks](crate::Delivery::Chunks).
    /// - Let `max_kept` be no more than your buffer can hold of one frame. A larger one would wait
    ///   in a buffer that is full, and a read into no room gives no bytes, as the end of the stream
    ///   does.
    /// - What is left can be given with [`new`](Self::new) at any time: then all of it is consumed.
    ///   Do so before `handle_eof` and its like.
    ///
    /// ```
    /// use sockless::decoder::{Decoder, Role, MessageKind, Limits};
    /// use sockless::Input;
    ///
    /// let mut decoder = Decoder::new(Role::Client, Limits::default());
    /// let mut scratch = *b"\x82\x05Hello";
    /// let mut input = Input::keeping(&mut scratch[..4], 1024);
    /// assert!(decoder.next(&mut input).is_none() && input.len() == 4);
    /// assert_eq!(decoder.take_whole_message(&mut Input::keeping(&mut scratch, 1024)), Some((MessageKind::Binary, &b"Hello"[..])));
    /// ```
    pub fn keeping(bytes: &'b mut [u8], max_kept: usize) -> Self {
        Self { bytes, max_kept }
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

    /// The bytes that were not consumed: still masked, exactly as they came. A copy of them, fed
    /// later, continues where this stopped.
    pub fn into_rest(self) -> &'b mut [u8] {
        self.bytes
    }

    /// A look at what comes next.
    #[inline]
    pub(crate) fn peek(&self) -> &[u8] {
        self.bytes
    }

    /// The same, to be changed.
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

    /// Takes all.
    #[inline]
    pub(crate) fn take_all(&mut self) -> &'b mut [u8] {
        mem::take(&mut self.bytes)
    }

    /// The longest frame of which a part is left; 0: of none.
    #[inline]
    pub(crate) fn max_kept(&self) -> usize {
        self.max_kept
    }
}

/// Its length, for what peers send is nothing for a log.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("len", &self.len()).field("max_kept", &self.max_kept).finish()
    }
}
