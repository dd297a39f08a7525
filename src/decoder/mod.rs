//! Frames to pieces: every rule about which bytes may follow which, RFC 6455 §5.1, §5.2, §5.4 and
//! §5.5.
//!
//! ```text
//!              ┌──────────────────────────────┐
//!   bytes ──►  │ Header ──► Payload ──┐       │ ──► Piece, unmasked in place; of a Close frame
//!              │   ▲                  │       │     the last; then Stopped
//!              │   └──────────────────┘       │ ──► ProtocolError, once; then Stopped
//!              └──────────────────────────────┘
//! ```
//!
//! The rules are checked in the order of the bytes that break them, each as soon as its byte is
//! there, or its length is whole. So the answer to bad input is the same however a transport cuts
//! it. The state of the message is kept apart from the state of the frame, because control frames
//! come between fragments.
//!
//! No allocator is needed: a piece is what one read has brought of a frame. The
//! [`Connection`](crate::Connection) puts pieces together, and checks what they mean: UTF-8, and
//! the body of a close frame.

#[cfg(feature = "alloc")]
mod fragments;
mod header;
pub(crate) mod limits;
mod payload;
pub(crate) mod piece;
mod place;
pub(crate) mod role;
mod whole;

use crate::error::ProtocolError;
use crate::input::Input;

#[cfg(feature = "alloc")]
pub(crate) use fragments::Fragments;
use header::Message;
pub(crate) use limits::Limits;
pub(crate) use piece::MessageKind;
use place::{Place, State};
pub(crate) use role::Role;

pub use piece::{Control, Piece};

/// Turns received bytes into [`Piece`]s.
///
/// ```
/// use sockless::decoder::{Decoder, Piece};
/// use sockless::{Input, Limits, MessageKind, Role};
///
/// let mut decoder = Decoder::new(Role::Client, Limits::default());
/// // The first of two reads ends inside the frame.
/// let (mut read, mut next) = (*b"\x82\x05He", *b"llo");
/// let mut input = Input::new(&mut read);
/// let piece = decoder.next(&mut input).expect("a piece")?;
/// assert_eq!(piece, Piece::Message { kind: MessageKind::Binary, first: true, last: false, rsv: 0, rest: 3, data: b"He" });
/// assert!(decoder.next(&mut input).is_none());
///
/// let piece = decoder.next(&mut Input::new(&mut next)).expect("a piece")?;
/// assert_eq!(piece, Piece::Message { kind: MessageKind::Binary, first: false, last: true, rsv: 0, rest: 0, data: b"llo" });
/// # Ok::<(), sockless::ProtocolError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    place: Place,
    limits: Limits,
}

impl Decoder {
    /// A decoder for the frames that this end receives.
    #[must_use]
    pub fn new(end: Role, limits: Limits) -> Self {
        Self { place: Place::start(end, whole::below(limits)), limits }
    }

    /// Accepts these reserved bits in the first frame of a message, for an extension that gives
    /// them a meaning. RSV1 is 4, RSV2 is 2 and RSV3 is 1. RFC 6455 §9.
    ///
    /// For a message with such a bit, the limits are about what the extension makes of it, and the
    /// extension has to check them. On the wire, the message may be longer: by an eighth and 1 KiB,
    /// and by 16 bytes for each of its frames.
    ///
    /// ```
    /// use sockless::decoder::{Decoder, Piece};
    /// use sockless::{Input, Limits, MessageKind, Role};
    ///
    /// let mut decoder = Decoder::new(Role::Client, Limits::default()).with_extension(0b100);
    /// let mut read = *b"\xc1\x02hi";
    /// let piece = decoder.next(&mut Input::new(&mut read)).expect("a piece")?;
    /// assert_eq!(piece, Piece::Message { kind: MessageKind::Text, first: true, last: true, rsv: 0b100, rest: 0, data: b"hi" });
    /// # Ok::<(), sockless::ProtocolError>(())
    /// ```
    #[must_use]
    pub fn with_extension(mut self, rsv: u8) -> Self {
        self.place.rsv = rsv;
        self
    }

    /// Leaves all messages to [`next`](Self::next).
    #[cfg(feature = "alloc")]
    pub(crate) fn close_fast_path(&mut self) {
        self.place.set_fast_path(0);
    }

    /// Opens the fast path again.
    #[cfg(feature = "alloc")]
    pub(crate) fn open_fast_path(&mut self) {
        self.place.set_fast_path(whole::below(self.limits));
    }

    /// Whether the fast path is open: no frame or message has begun, and input is wanted.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        self.place.fast_below() != 0
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes bytes off the front of `input` and gives the next piece. `None`: all bytes were
    /// consumed; call it again when there are more.
    ///
    /// # Errors
    /// The peer broke a rule or a limit. The error is given once; after it, all input is consumed
    /// and thrown away. The same holds after a Close frame, which is the last one that counts (RFC
    /// 6455 §1.4).
    #[allow(clippy::should_implement_trait)] // Not an iterator: each call borrows from another input.
    #[must_use = "a piece that is dropped is lost"]
    pub fn next<'b>(&mut self, input: &mut Input<'b>) -> Option<Result<Piece<'b>, ProtocolError>> {
        self.next_up_to(usize::MAX, usize::MAX, input)
    }

    /// The same, with limits on pieces: a piece of a message has at most `most` bytes, and one of a
    /// message with reserved bits at most `most_extended`. Neither may be 0.
    pub(crate) fn next_up_to<'b>(
        &mut self,
        most: usize,
        most_extended: usize,
        input: &mut Input<'b>,
    ) -> Option<Result<Piece<'b>, ProtocolError>> {
        loop {
            let step = match *self.place.state() {
                State::Header { len: 0, .. } if input.max_kept() > 0 && self.leaves(input) => {
                    return None;
                }
                State::Header { len: 0, .. } => self.header(input),
                State::Header { bytes, len } => self.gather(bytes, len, input),
                State::Payload { opcode, fin, mask, rest } => {
                    let most = match self.place.message() {
                        _ if opcode.is_control() => usize::MAX,
                        Some(Message { rsv: 1.., .. }) => most_extended,
                        _ => most,
                    };
                    return self.payload(opcode, fin, mask, rest, most, input).map(Ok);
                }
                State::Stopped => {
                    input.take_all();
                    return None;
                }
            };
            match step {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.stop();
                    input.take_all();
                    return Some(Err(error));
                }
            }
        }
    }

    /// Throws away all input from now on.
    ///
    /// ```
    /// use sockless::decoder::Decoder;
    /// use sockless::{Input, Limits, Role};
    ///
    /// let mut decoder = Decoder::new(Role::Client, Limits::default());
    /// decoder.stop();
    /// let mut read = *b"\x82\x00";
    /// let mut input = Input::new(&mut read);
    /// assert!(decoder.next(&mut input).is_none() && input.is_empty());
    /// ```
    pub fn stop(&mut self) {
        self.place.go_to(State::Stopped, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The pieces that come of `bytes`, owned: what kind, its bytes, where it stands.
    fn pieces(decoder: &mut Decoder, bytes: &[u8]) -> Vec<(&'static str, Vec<u8>, bool, bool)> {
        let mut bytes = bytes.to_vec();
        let mut input = Input::new(&mut bytes);
        let mut all = Vec::new();
        while let Some(piece) = decoder.next(&mut input) {
            all.push(match piece.unwrap() {
                Piece::Message { kind: MessageKind::Text, first, last, data, .. } => {
                    ("text", data.to_vec(), first, last)
                }
                Piece::Message { kind: MessageKind::Binary, first, last, data, .. } => {
                    ("binary", data.to_vec(), first, last)
                }
                Piece::Control { data, last, .. } => ("control", data.to_vec(), true, last),
            });
        }
        assert!(input.is_empty());
        all
    }

    #[test]
    fn control_frames_stand_between_fragments() {
        let mut decoder = Decoder::new(Role::Client, Limits::default());
        let all = pieces(&mut decoder, b"\x01\x01a\x89\x01p\x00\x00\x80\x01b");
        let expected = [
            ("text", b"a".to_vec(), true, false),
            ("control", b"p".to_vec(), true, true),
            ("text", Vec::new(), false, false),
            ("text", b"b".to_vec(), false, true),
        ];
        assert_eq!(all, expected);
        assert!(decoder.place.fast_below() > 0);
    }

    /// Whatever is under way, and however the reads cut it.
    #[test]
    fn what_follows_a_close_frame_is_thrown_away() {
        for before in [&b""[..], b"\x01\x01a", b"\x82\x01a"] {
            for close in [&b"\x88\x00"[..], b"\x88\x02\x03\xe8"] {
                let wire = [before, close, b"\x82\x01x\x80\x01x\x88\x00\xff"].concat();
                for cut in 0..wire.len() {
                    let mut decoder = Decoder::new(Role::Client, Limits::default());
                    let mut all = pieces(&mut decoder, &wire[..cut]);
                    all.extend(pieces(&mut decoder, &wire[cut..]));
                    assert_eq!(
                        all.pop().map(|(what, _, _, last)| (what, last)),
                        Some(("control", true)),
                        "{cut}"
                    );
                    assert!(all.iter().all(|(_, bytes, ..)| !bytes.contains(&b'x')), "{cut}");
                    let mut message = *b"\x82\x01x";
                    let mut input = Input::new(&mut message);
                    assert_eq!(
                        (decoder.take_whole_message(&mut input), decoder.next(&mut input)),
                        (None, None)
                    );
                }
            }
        }
    }

    #[test]
    fn an_error_is_told_once_and_the_rest_thrown_away() {
        let mut decoder = Decoder::new(Role::Client, Limits::default());
        let mut bytes = *b"\x80\x00\x82\x01x";
        let mut input = Input::new(&mut bytes);
        assert_eq!(decoder.next(&mut input), Some(Err(ProtocolError::UnexpectedContinuation)));
        assert_eq!((decoder.next(&mut input), input.is_empty()), (None, true));
        assert_eq!(pieces(&mut decoder, b"\x82\x01x"), []);
    }
}
