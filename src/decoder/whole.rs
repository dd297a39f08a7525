//! The fast path, for most messages: a message that lies whole in the input, in one frame, with no
//! other begun before it.

use super::{Decoder, Limits, MessageKind, Role};
use crate::input::Input;
use crate::mask;

impl Decoder {
    /// The fast path: an unfragmented message of fewer than 65,535 bytes that lies whole in the
    /// input, while nothing is under way. `None`: anything else, errors too; [`next`](Self::next)
    /// has it.
    ///
    /// It is small and meant to be inlined into the caller's loop.
    ///
    /// ```
    /// use sockless::decoder::Decoder;
    /// use sockless::{Input, Limits, MessageKind, Role};
    ///
    /// let mut decoder = Decoder::new(Role::Client, Limits::default());
    /// let mut read = *b"\x82\x02hi\x89\x00";
    /// let mut input = Input::new(&mut read);
    /// assert_eq!(decoder.take_whole_message(&mut input), Some((MessageKind::Binary, &b"hi"[..])));
    /// assert_eq!(decoder.take_whole_message(&mut input), None, "a ping");
    /// assert!(decoder.next(&mut input).is_some());
    /// ```
    #[inline(always)]
    pub fn take_whole_message<'b>(
        &mut self,
        input: &mut Input<'b>,
    ) -> Option<(MessageKind, &'b [u8])> {
        // Each end has its own copy of what follows, without a question about masks.
        match self.place.end {
            Role::Server => self.take_whole_from::<true>(input),
            Role::Client => self.take_whole_from::<false>(input),
        }
    }

    #[inline(always)]
    fn take_whole_from<'b, const MASKED: bool>(
        &mut self,
        input: &mut Input<'b>,
    ) -> Option<(MessageKind, &'b [u8])> {
        let header = CompactHeader::look::<MASKED>(input.peek())?;
        let kind = whole_kind(header.first)?;
        if header.payload_len >= usize::from(self.place.fast_below())
            || header.used + header.payload_len > input.len()
        {
            return None;
        }
        Some((kind, header.take::<MASKED>(input)))
    }
}

/// Whole messages with fewer bytes than this keep all limits, and have a 16-bit length.
pub(super) fn below(limits: Limits) -> u16 {
    match limits.max_fragments {
        0 => 0,
        _ => limits.max_frame.min(limits.max_message).min(u64::from(u16::MAX) - 1) as u16 + 1,
    }
}

/// The header of a frame of less than 64 KiB.
pub(super) struct CompactHeader {
    pub(super) first: u8,
    pub(super) payload_len: usize,
    /// Its own length.
    pub(super) used: usize,
    /// The masking key, if there is one.
    pub(super) key: [u8; 4],
}

impl CompactHeader {
    /// A header that is masked as it must be, with a length in its shortest form. Each arm has a
    /// header of constant size: lengths and offsets are known to the compiler.
    #[inline(always)]
    pub(super) fn look<const MASKED: bool>(bytes: &[u8]) -> Option<Self> {
        let (first, payload_len, used, key) = match bytes {
            [first, len @ 0x80..=0xfd, rest @ ..] if MASKED => {
                (*first, usize::from(len & 0x7f), 6, *rest.first_chunk()?)
            }
            [first, 0xfe, a, b, rest @ ..] if MASKED => {
                (*first, long(*a, *b)?, 8, *rest.first_chunk()?)
            }
            [first, len @ 0..=0x7d, ..] if !MASKED => (*first, usize::from(*len), 2, [0; 4]),
            [first, 0x7e, a, b, ..] if !MASKED => (*first, long(*a, *b)?, 4, [0; 4]),
            _ => return None,
        };
        Some(Self { first, payload_len, used, key })
    }

    /// Takes the frame, which lies whole in the input: its payload.
    #[inline(always)]
    pub(super) fn take<'b, const MASKED: bool>(&self, input: &mut Input<'b>) -> &'b [u8] {
        let (_, payload) = input.take(self.used + self.payload_len).split_at_mut(self.used);
        if MASKED {
            mask::apply(payload, self.key);
        }
        payload
    }
}

/// The message that a first byte announces if it is one with FIN and no reserved bits.
#[inline(always)]
fn whole_kind(first: u8) -> Option<MessageKind> {
    match first {
        0x81 => Some(MessageKind::Text),
        0x82 => Some(MessageKind::Binary),
        _ => None,
    }
}

/// A 16-bit length, if it is in its shortest form.
#[inline(always)]
fn long(a: u8, b: u8) -> Option<usize> {
    let len = u16::from_be_bytes([a, b]);
    (len >= 126).then_some(usize::from(len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::Limits;

    #[test]
    fn the_fast_path_takes_whole_messages_only() {
        for (wire, expected) in [
            (&b"\x82\x03abc"[..], true),
            (b"\x82\x00", true),
            (b"\x81\x03ab", false),
            (b"\x02\x03abc", false),
            (b"\x89\x03abc", false),
            (b"\x82\x83abcdefg", false),
            (b"\x82\x7e\x00\x03abc", false),
            (b"\xc2\x03abc", false),
            (b"", false),
        ] {
            let mut bytes = wire.to_vec();
            let mut input = Input::new(&mut bytes);
            let mut decoder = Decoder::new(Role::Client, Limits::default());
            assert_eq!(decoder.take_whole_message(&mut input).is_some(), expected, "{wire:02x?}");
            assert_eq!(input.is_empty(), expected || wire.is_empty());
        }
    }

    /// What a limit refuses is left to `next`, which says why.
    #[test]
    fn the_fast_path_keeps_the_limits() {
        let limits = |max_frame, max_message, max_fragments| Limits {
            max_frame,
            max_message,
            max_fragments,
        };
        for limits in [
            limits(3, 9, 1),
            limits(9, 3, 1),
            limits(0, 0, 1),
            limits(9, 9, 0),
            limits(u64::MAX, u64::MAX, u32::MAX),
        ] {
            for len in 0..9 {
                let mut wire = alloc::vec![0x82, len];
                wire.resize(2 + usize::from(len), b'x');
                let allowed = matches!(
                    Decoder::new(Role::Client, limits).next(&mut Input::new(&mut wire)),
                    Some(Ok(_))
                );
                let taken = Decoder::new(Role::Client, limits)
                    .take_whole_message(&mut Input::new(&mut wire))
                    .is_some();
                assert_eq!(taken, allowed, "{len} under {limits:?}");
            }
        }
    }

    /// Of 125 bytes the 16-bit length is not the shortest; of 126 it is.
    #[test]
    fn lengths_are_in_their_shortest_form() {
        for end in [Role::Client, Role::Server] {
            for (len, expected) in
                [(0, false), (1, false), (125, false), (126, true), (127, true), (0xfffe, true)]
            {
                let [a, b] = (len as u16).to_be_bytes();
                let mut wire = match end {
                    Role::Client => alloc::vec![0x82, 0x7e, a, b],
                    Role::Server => alloc::vec![0x82, 0xfe, a, b, 1, 2, 3, 4],
                };
                wire.resize(wire.len() + len, 0);
                let taken = Decoder::new(end, Limits::default())
                    .take_whole_message(&mut Input::new(&mut wire))
                    .is_some();
                assert_eq!(taken, expected, "{end:?}, {len}");
            }
        }
    }
}
