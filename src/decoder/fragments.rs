//! Fragments that lie whole in the input, RFC 6455 §5.4, without a piece for each.
//!
//! If all of a message's are there they are joined in place: what follows the first moves down over the headers between them. The message is borrowed as if it had
//! come in one frame, and a text is checked once.
//!
//! ```text
//!   ┌ header ┬ payload ┬ header ┬ payload ┬ header ┬ payload ┐         ┌────────┬ payload ┬ payload ┬ payload ┬────────────────┐
//!   │        │    1    │   ▒    │    2    │   ▒    │    3    │   ───►  │        │    1    │    2    │    3    │       ▒        │
//!   └────────┴─────────┴────────┴─────────┴────────┴─────────┘         └────────┴─────────┴─────────┴─────────┴────────────────┘
//! ```
//!
//! Whatever is not as it should be is left to [`next`](Decoder::next), and so is what may yet turn out not to be.

use super::whole::Short;
use super::{Decoder, End, Kind, Limits, Message, State};
use crate::frame::FIN;
use crate::input::Input;
use crate::mask;

impl Decoder {
    /// A message in fragments that all lie whole in the input, joined, while nothing is under way. `None`: anything else.
    pub(crate) fn take_joined<'b>(&mut self, input: &mut Input<'b>) -> Option<(Kind, &'b [u8])> {
        let kind = match input.peek().first() {
            Some(1) if self.is_idle() => Kind::Text,
            Some(2) if self.is_idle() => Kind::Binary,
            _ => return None,
        };
        let data = match self.end {
            End::Server => self.join::<true>(kind, input),
            End::Client => self.join::<false>(kind, input),
        }?;
        Some((kind, data))
    }

    fn join<'b, const MASKED: bool>(&self, kind: Kind, input: &mut Input<'b>) -> Option<&'b [u8]> {
        // A look at all headers comes first: nothing is touched of a message whose end is not there.
        let mut message = Message { kind, rsv: 0, begun: true, fragments: 0, len: 0 };
        let mut len = 0;
        loop {
            let short = fragment::<MASKED>(self.limits, &mut message, input.peek().get(len..)?)?;
            len += short.header + short.len;
            if short.first & FIN != 0 {
                break;
            }
        }
        let (bytes, mut at, mut joined) = (input.take(len), 0, 0..0);
        while let Some(short) = Short::look::<MASKED>(bytes.get(at..)?) {
            let payload = at + short.header..at + short.header + short.len;
            if MASKED {
                mask::apply(bytes.get_mut(payload.clone())?, short.key);
            }
            if at == 0 {
                joined = payload.clone();
            } else {
                bytes.get_mut(joined.end..payload.end)?.copy_within(payload.start - joined.end.., 0);
                joined.end += short.len;
            }
            at = payload.end;
        }
        bytes.get(joined)
    }

    /// The next fragment of the message under way, and whether it is the last. `None`: there is none, or the input begins with something else.
    #[inline(always)]
    pub(crate) fn take_fragment<'b>(&mut self, input: &mut Input<'b>) -> Option<(Kind, bool, &'b [u8])> {
        let (State::Header { len: 0, .. }, Some(message @ Message { rsv: 0, .. })) = (&self.state, &mut self.message) else { return None };
        let kind = message.kind;
        let (first, data) = match self.end {
            End::Server => fragment::<true>(self.limits, message, input.peek()).map(|short| (short.first, short.take::<true>(input))),
            End::Client => fragment::<false>(self.limits, message, input.peek()).map(|short| (short.first, short.take::<false>(input))),
        }?;
        let last = first & FIN != 0;
        if last {
            (self.message, self.direct_below) = (None, self.idle_below);
        }
        Some((kind, last, data))
    }
}

/// A fragment of the message that lies whole in front of these bytes, is shorter than 64 KiB, carries no reserved bits and keeps the limits. It then counts.
#[inline(always)]
fn fragment<const MASKED: bool>(limits: Limits, message: &mut Message, bytes: &[u8]) -> Option<Short> {
    let short = Short::look::<MASKED>(bytes)?;
    let (len, fragments) = (message.len.saturating_add(short.len as u64), message.fragments.saturating_add(1));
    // Those that follow the first have the opcode 0, and the first one is not the last, §5.4.
    let fits = if message.fragments > 0 { short.first & !FIN == 0 } else { short.first & FIN == 0 };
    if !fits || short.header + short.len > bytes.len() || limits.check(false, short.len as u64, len, fragments).is_err() {
        return None;
    }
    (message.len, message.fragments) = (len, fragments);
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// What is joined of `wire`, for a client that keeps to these limits; the input is untouched if nothing is.
    fn joined(wire: &[u8], limits: Limits) -> Option<(Kind, Vec<u8>)> {
        let mut bytes = wire.to_vec();
        let mut input = Input::new(&mut bytes);
        let mut decoder = Decoder::new(End::Client, limits);
        let joined = decoder.take_joined(&mut input).map(|(kind, data)| (kind, data.to_vec()));
        assert!(decoder.is_idle());
        assert_eq!(input.into_rest(), if joined.is_some() { b"\x82" } else { wire });
        joined
    }

    #[test]
    fn a_message_whose_fragments_all_lie_there_is_joined() {
        let long = [&b"\x02\x02ab\x00\x7e\x01\x2c"[..], &[b'x'; 300], b"\x00\x00\x80\x01z\x82"].concat();
        let whole = [&b"ab"[..], &[b'x'; 300], b"z"].concat();
        assert_eq!(joined(&long, Limits::default()), Some((Kind::Binary, whole)));
        assert_eq!(joined(b"\x01\x00\x80\x00\x82", Limits::default()), Some((Kind::Text, Vec::new())));
        for cut in 0..long.len() - 1 {
            assert_eq!(joined(&long[..cut], Limits::default()), None, "{cut}");
        }
    }

    #[test]
    fn a_message_with_anything_else_in_it_is_not_joined() {
        for other in [&b"\x89\x00"[..], b"\x01\x01b", b"\x40\x01b", b"\x00\x81key_b", b"\x00\x7e\x00\x01b", b"\x88\x00"] {
            assert_eq!(joined(&[b"\x01\x01a", other, b"\x80\x01c\x82"].concat(), Limits::default()), None, "{other:02x?}");
        }
        for first in [0x00, 0x03, 0x09, 0x11, 0x41, 0x81] {
            assert_eq!(joined(&[first, 1, b'a', 0x80, 1, b'b', 0x82], Limits::default()), None, "{first:02x}");
        }
    }

    #[test]
    fn a_message_beyond_the_limits_is_not_joined() {
        let wire = b"\x01\x01a\x00\x02bc\x80\x01d\x82";
        let limits = |max_frame, max_message, max_fragments| Limits { max_frame, max_message, max_fragments };
        assert!(joined(wire, limits(2, 4, 3)).is_some());
        for limits in [limits(1, 4, 3), limits(2, 3, 3), limits(2, 4, 2)] {
            assert_eq!(joined(wire, limits), None, "{limits:?}");
        }
    }

    #[test]
    fn masked_fragments_are_unmasked_where_they_come_to_lie() {
        let mut bytes = b"\x02\x83\x01\x02\x03\x04".to_vec();
        bytes.extend([b'a' ^ 1, b'b' ^ 2, b'c' ^ 3]);
        bytes.extend(b"\x80\x82\x05\x06\x07\x08");
        bytes.extend([b'd' ^ 5, b'e' ^ 6]);
        let mut decoder = Decoder::new(End::Server, Limits::default());
        assert_eq!(decoder.take_joined(&mut Input::new(&mut bytes)), Some((Kind::Binary, &b"abcde"[..])));
    }

    #[test]
    fn fragments_that_lie_whole_are_taken_and_the_direct_path_follows() {
        let mut bytes = *b"\x01\x01a\x00\x01b\x89\x00\x80\x01c\x82\x01d";
        let mut input = Input::new(&mut bytes);
        let mut decoder = Decoder::new(End::Client, Limits::default());
        assert!(decoder.take_fragment(&mut input).is_none(), "no message is under way");
        assert!(decoder.next(&mut input).is_some());
        assert_eq!(decoder.take_fragment(&mut input), Some((Kind::Text, false, &b"b"[..])));
        assert!(decoder.take_fragment(&mut input).is_none(), "a ping");
        assert!(decoder.next(&mut input).is_some());
        assert_eq!(decoder.take_fragment(&mut input), Some((Kind::Text, true, &b"c"[..])));
        assert_eq!(decoder.take_whole(&mut input), Some((Kind::Binary, &b"d"[..])));
    }

    /// In the middle of a frame no other is taken.
    #[test]
    fn fragments_of_which_a_part_came_are_not_taken() {
        let mut decoder = Decoder::new(End::Client, Limits::default());
        assert!(decoder.next(&mut Input::new(&mut [1, 3, b'a'])).is_some());
        let mut bytes = *b"\x00\x00\x80\x00";
        assert!(decoder.take_fragment(&mut Input::new(&mut bytes)).is_none());
    }
}
