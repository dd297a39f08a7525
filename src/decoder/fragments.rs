//! A fast path for fragments that lie whole in the input, RFC 6455 §5.4: one piece for several of
//! them.
//!
//! Fragments that lie one behind the other are joined in place: each payload moves down over the
//! header before it. If all fragments of a message are there, it is borrowed as if it had come in
//! one frame. A text is then checked at once, and not in parts that may end in the middle of a
//! character.
//!
//! ```text
//!   ┌ header ┬ payload ┬ header ┬ payload ┬ header ┬ payload ┐
//!   │        │    1    │   ▒    │    2    │   ▒    │    3    │
//!   └────────┴─────────┴────────┴─────────┴────────┴─────────┘
//!   ┌────────┬ payload ┬ payload ┬ payload ┬─────────────────┐
//!   │        │    1    │    2    │    3    │        ▒        │
//!   └────────┴─────────┴─────────┴─────────┴─────────────────┘
//! ```
//!
//! A frame that is anything else, or breaks a rule, is left to [`next`](Decoder::next).
//!
//! This file states some rules of `header` a second time, because it pays. Measured over a loopback
//! socket, a server needs two thirds of the CPU time for 16 KiB in fragments of 512 bytes, half for
//! 1 KiB in 256, and nine tenths for 1 MiB in 1 KiB. And a fragment of few bytes would need twice
//! the instructions if it asked `header` instead.

use super::whole::CompactHeader;
use super::{Decoder, Limits, Message, MessageKind, Role};
use crate::frame::FIN;
use crate::input::Input;
use crate::mask;

/// Fragments of a message, one behind the other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fragments<'b> {
    pub(crate) kind: MessageKind,
    /// Whether the message begins with them.
    pub(crate) first: bool,
    /// Whether it ends with them.
    pub(crate) last: bool,
    pub(crate) data: &'b [u8],
}

/// Longer fragments, in bytes, are not joined with others: to move one costs more than to take it
/// by itself.
const LONG: usize = 2048;

impl Decoder {
    /// The next fragments of the message under way, or the first of one. `None`: the input begins
    /// with something else.
    #[inline(always)]
    pub(crate) fn take_fragments<'b>(&mut self, input: &mut Input<'b>) -> Option<Fragments<'b>> {
        let message = match (self.place.message(), input.peek().first()?) {
            (Some(message @ Message { rsv: 0, .. }), _) if self.place.is_between_frames() => {
                *message
            }
            (None, 1) if self.is_idle() => {
                Message { kind: MessageKind::Text, rsv: 0, begun: true, fragments: 0, len: 0 }
            }
            (None, 2) if self.is_idle() => {
                Message { kind: MessageKind::Binary, rsv: 0, begun: true, fragments: 0, len: 0 }
            }
            _ => return None,
        };
        match self.place.end {
            Role::Server => self.join::<true>(message, input),
            Role::Client => self.join::<false>(message, input),
        }
    }

    fn join<'b, const MASKED: bool>(
        &mut self,
        mut message: Message,
        input: &mut Input<'b>,
    ) -> Option<Fragments<'b>> {
        let (kind, first) = (message.kind, message.fragments == 0);
        let bytes = input.peek_mut();
        let (mut last, mut at, mut joined) = (false, 0, 0..0);
        while !last {
            let most = if at == 0 { usize::MAX } else { LONG };
            let Some(header) =
                fragment::<MASKED>(self.limits, &mut message, most, bytes.get(at..)?)
            else {
                break;
            };
            let payload = at + header.used..at + header.used + header.payload_len;
            if MASKED {
                mask::apply(bytes.get_mut(payload.clone())?, header.key);
            }
            if at == 0 {
                joined = payload.clone();
            } else {
                bytes
                    .get_mut(joined.end..payload.end)?
                    .copy_within(payload.start - joined.end.., 0);
                joined.end += header.payload_len;
            }
            (last, at) = (header.first & FIN != 0, payload.end);
            if header.payload_len > LONG {
                break;
            }
        }
        if at == 0 {
            return None;
        }
        self.place.go_on_between_frames((!last).then_some(message));
        Some(Fragments { kind, first, last, data: input.take(at).get(joined)? })
    }
}

/// A fragment of the message that lies whole in front of these bytes, is shorter than 64 KiB and
/// not longer than `most`, carries no reserved bits and keeps the limits. It then counts.
#[inline(always)]
fn fragment<const MASKED: bool>(
    limits: Limits,
    message: &mut Message,
    most: usize,
    bytes: &[u8],
) -> Option<CompactHeader> {
    let header = CompactHeader::look::<MASKED>(bytes)?;
    // §5.4: those that follow the first have the opcode 0. The first's byte is known.
    let fits = message.fragments == 0 || header.first & !FIN == 0;
    let mut counted = *message;
    if !fits
        || header.payload_len > most
        || header.used + header.payload_len > bytes.len()
        || counted.add(header.payload_len as u64, limits).is_err()
    {
        return None;
    }
    *message = counted;
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::Piece;
    use alloc::vec::Vec;

    /// What is taken of `wire` at once by a client that keeps to these limits, and how much of it
    /// is left.
    fn taken(wire: &[u8], limits: Limits) -> Option<(MessageKind, bool, Vec<u8>, usize)> {
        let mut bytes = wire.to_vec();
        let mut input = Input::new(&mut bytes);
        let mut decoder = Decoder::new(Role::Client, limits);
        let fragments = decoder.take_fragments(&mut input);
        assert!(wire.ends_with(input.peek()), "what is left is untouched");
        let fragments = fragments.map(|Fragments { kind, first, last, data }| {
            assert!(first);
            (kind, last, data.to_vec(), input.len())
        });
        assert_eq!(decoder.is_idle(), !matches!(fragments, Some((_, false, ..))));
        fragments
    }

    #[test]
    fn a_message_whose_fragments_all_lie_there_is_joined() {
        let long =
            [&b"\x02\x02ab\x00\x7e\x01\x2c"[..], &[b'x'; 300], b"\x00\x00\x80\x01z\x82"].concat();
        let whole = [&b"ab"[..], &[b'x'; 300], b"z"].concat();
        assert_eq!(
            taken(&long, Limits::default()),
            Some((MessageKind::Binary, true, whole.clone(), 1))
        );
        assert_eq!(
            taken(b"\x01\x00\x80\x00\x82", Limits::default()),
            Some((MessageKind::Text, true, Vec::new(), 1))
        );
        for cut in 0..long.len() - 1 {
            // The ends of the fragments.
            let ends = [4, 308, 310].into_iter().filter(|end| *end <= cut).max();
            let expected = ends.map(|end| {
                (
                    MessageKind::Binary,
                    false,
                    whole[..[2, 302][usize::from(end > 4)]].to_vec(),
                    cut - end,
                )
            });
            assert_eq!(taken(&long[..cut], Limits::default()), expected, "{cut}");
        }
    }

    #[test]
    fn what_else_is_between_fragments_is_left() {
        for other in [
            &b"\x89\x00"[..],
            b"\x01\x01b",
            b"\x40\x01b",
            b"\x00\x81key_b",
            b"\x00\x7e\x00\x01b",
            b"\x88\x00",
        ] {
            let wire = [b"\x01\x01a\x00\x01b", other, b"\x80\x01c\x82"].concat();
            assert_eq!(
                taken(&wire, Limits::default()),
                Some((MessageKind::Text, false, b"ab".to_vec(), wire.len() - 6)),
                "{other:02x?}"
            );
        }
        for first in [0x00, 0x03, 0x09, 0x11, 0x41, 0x80, 0x81] {
            assert_eq!(
                taken(&[first, 1, b'a', 0x80, 1, b'b', 0x82], Limits::default()),
                None,
                "{first:02x}"
            );
        }
    }

    /// The first fragment that a decoder takes of these bytes, here or by `next`: its kind, whether
    /// the message begins and ends with it, its payload, and how much of the bytes is left.
    type Taken = Option<(MessageKind, bool, bool, Vec<u8>, usize)>;

    fn taken_here(decoder: &mut Decoder, bytes: &[u8]) -> Taken {
        let mut bytes = bytes.to_vec();
        let mut input = Input::new(&mut bytes);
        let Fragments { kind, first, last, data } = decoder.take_fragments(&mut input)?;
        Some((kind, first, last, data.to_vec(), input.len()))
    }

    fn taken_by_next(decoder: &mut Decoder, bytes: &[u8]) -> Taken {
        let mut bytes = bytes.to_vec();
        let mut input = Input::new(&mut bytes);
        match decoder.next(&mut input)? {
            Ok(Piece::Message { kind, first, last, rsv: 0, rest: 0, data }) if !(first && last) => {
                Some((kind, first, last, data.to_vec(), input.len()))
            }
            _ => None,
        }
    }

    /// The rules that are stated here are those of `header`: of each header, in both roles, in a
    /// message and outside of one.
    #[test]
    fn a_fragment_is_taken_if_and_only_if_next_takes_it_whole() {
        let mut fragments = 0;
        for (role, under_way, limits, first, second) in all_headers() {
            // What is behind it is no frame.
            let longer: &[&[u8]] =
                if second & 0x7f < 126 { &[&[]] } else { &[&[0, 125], &[0, 126], &[1, 0]] };
            for len in longer {
                let bytes = [&[first, second][..], len, &[0xff; 270]].concat();
                let decoder = || {
                    let mut decoder = Decoder::new(role, limits);
                    if under_way {
                        let mask = if role == Role::Server { 0x80 } else { 0 };
                        let mut opening = [0x01, mask, 0, 0, 0, 0];
                        let len = if role == Role::Server { 6 } else { 2 };
                        assert!(decoder.next(&mut Input::new(&mut opening[..len])).is_some());
                    }
                    decoder
                };
                let expected = taken_by_next(&mut decoder(), &bytes);
                fragments += usize::from(expected.is_some());
                assert_eq!(taken_here(&mut decoder(), &bytes), expected, "{bytes:02x?}");
            }
        }
        assert_eq!(fragments, 40 + 16, "what keeps both limits, and what keeps the small ones");
    }

    fn all_headers() -> impl Iterator<Item = (Role, bool, Limits, u8, u8)> {
        let small = Limits { max_frame: 200, max_message: 126, max_fragments: 1 };
        let seconds = [0, 1, 125, 126, 127].into_iter().flat_map(|len| [len, 0x80 | len]);
        let all = seconds.flat_map(|second| (0..=255).map(move |first| (first, second)));
        [Role::Server, Role::Client].into_iter().flat_map(move |role| {
            let all = all.clone();
            [false, true].into_iter().flat_map(move |under_way| {
                let all = all.clone();
                [Limits::default(), small].into_iter().flat_map(move |limits| {
                    all.clone().map(move |(first, second)| (role, under_way, limits, first, second))
                })
            })
        })
    }

    #[test]
    fn what_is_beyond_the_limits_is_left() {
        let wire = b"\x01\x01a\x00\x02bc\x80\x01d\x82";
        let limits = |max_frame, max_message, max_fragments| Limits {
            max_frame,
            max_message,
            max_fragments,
        };
        let left = |limits| taken(wire, limits).map(|(.., left)| left);
        assert_eq!(left(limits(2, 4, 3)), Some(1));
        assert_eq!(left(limits(1, 4, 3)), Some(8));
        assert_eq!(left(limits(2, 3, 3)), Some(4));
        assert_eq!(left(limits(2, 4, 2)), Some(4));
        assert_eq!(left(limits(0, 4, 3)), None);
    }

    #[test]
    fn masked_fragments_are_unmasked_where_they_come_to_lie() {
        let mut bytes = b"\x02\x83\x01\x02\x03\x04".to_vec();
        bytes.extend([b'a' ^ 1, b'b' ^ 2, b'c' ^ 3]);
        bytes.extend(b"\x80\x82\x05\x06\x07\x08");
        bytes.extend([b'd' ^ 5, b'e' ^ 6]);
        let mut decoder = Decoder::new(Role::Server, Limits::default());
        let expected =
            Fragments { kind: MessageKind::Binary, first: true, last: true, data: b"abcde" };
        assert_eq!(decoder.take_fragments(&mut Input::new(&mut bytes)), Some(expected));
    }

    #[test]
    fn a_long_fragment_is_taken_by_itself() {
        let long = [&b"\x00\x7e\x08\x01"[..], &[b'x'; LONG + 1]].concat();
        let mut bytes = [b"\x02\x01a", &long[..], &long, b"\x00\x01b\x80\x01c"].concat();
        let mut input = Input::new(&mut bytes);
        let mut decoder = Decoder::new(Role::Client, Limits::default());
        let mut next = || {
            decoder
                .take_fragments(&mut input)
                .map(|taken| (taken.first, taken.last, taken.data.len()))
        };
        assert_eq!(
            [next(), next(), next()],
            [
                Some((true, false, 1)),
                Some((false, false, LONG + 1)),
                Some((false, false, LONG + 1))
            ]
        );
        assert_eq!([next(), next()], [Some((false, true, 2)), None]);
    }

    #[test]
    fn fragments_of_a_message_under_way_are_taken_and_the_fast_path_follows() {
        let mut bytes = *b"\x01\x01a\x00\x01b\x89\x00\x00\x01c\x80\x01d\x82\x01e";
        let mut input = Input::new(&mut bytes);
        let mut decoder = Decoder::new(Role::Client, Limits::default());
        assert!(decoder.next(&mut input).is_some());
        let fragments =
            |last, data| Some(Fragments { kind: MessageKind::Text, first: false, last, data });
        assert_eq!(decoder.take_fragments(&mut input), fragments(false, b"b"));
        assert_eq!(decoder.take_fragments(&mut input), None, "a ping");
        assert!(decoder.next(&mut input).is_some());
        assert_eq!(decoder.take_fragments(&mut input), fragments(true, b"cd"));
        assert_eq!(decoder.take_whole_message(&mut input), Some((MessageKind::Binary, &b"e"[..])));
    }

    /// In the middle of a frame no other is taken.
    #[test]
    fn fragments_of_which_a_part_came_are_not_taken() {
        let mut decoder = Decoder::new(Role::Client, Limits::default());
        assert!(decoder.next(&mut Input::new(&mut [1, 3, b'a'])).is_some());
        let mut bytes = *b"\x00\x00\x80\x00";
        assert!(decoder.take_fragments(&mut Input::new(&mut bytes)).is_none());
    }
}
