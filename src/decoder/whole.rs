//! The direct path: a message that lies whole in the input, while nothing is under way. Most messages take it.

use super::{Decoder, End, Kind};
use crate::input::Input;
use crate::mask;

impl Decoder {
    /// The direct path: an unfragmented message of less than 64 KiB that lies whole in the input, while nothing is under way. `None`: anything else,
    /// errors too; [`next`](Self::next) has it.
    ///
    /// It is small and meant to be inlined into the caller's loop.
    ///
    /// ```
    /// use sockless::Input;
    /// use sockless::decoder::{Decoder, End, Kind, Limits};
    ///
    /// let mut decoder = Decoder::new(End::Client, Limits::default());
    /// let mut read = *b"\x82\x02hi\x89\x00";
    /// let mut input = Input::new(&mut read);
    /// assert_eq!(decoder.take_whole(&mut input), Some((Kind::Binary, &b"hi"[..])));
    /// assert_eq!(decoder.take_whole(&mut input), None, "a ping");
    /// assert!(decoder.next(&mut input).is_some());
    /// ```
    #[inline(always)]
    pub fn take_whole<'b>(&mut self, input: &mut Input<'b>) -> Option<(Kind, &'b [u8])> {
        if !self.idle {
            return None;
        }
        // Each arm has a header of constant size: lengths and offsets are known to the compiler.
        let (kind, len, header) = match (self.end, input.peek()) {
            (End::Server, [first, len @ 0x80..=0xfd, _, _, _, _, ..]) => (whole_kind(*first)?, usize::from(*len & 0x7f), 6),
            (End::Server, [first, 0xfe, a, b, _, _, _, _, ..]) => (whole_kind(*first)?, long(*a, *b)?, 8),
            (End::Client, [first, len @ 0..=0x7d, ..]) => (whole_kind(*first)?, usize::from(*len), 2),
            (End::Client, [first, 0x7e, a, b, ..]) => (whole_kind(*first)?, long(*a, *b)?, 4),
            _ => return None,
        };
        if header + len > input.len() || len as u64 > self.limits.max_frame || len as u64 > self.limits.max_message {
            return None;
        }
        let (header, payload) = input.take(header + len).split_at_mut(header);
        if let End::Server = self.end {
            mask::apply(payload, *header.last_chunk()?);
        }
        Some((kind, payload))
    }
}

/// The message that a first byte announces if it is one with FIN and no reserved bits.
#[inline(always)]
fn whole_kind(first: u8) -> Option<Kind> {
    match first {
        0x81 => Some(Kind::Text),
        0x82 => Some(Kind::Binary),
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
    fn the_direct_path_takes_whole_messages_only() {
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
            let mut decoder = Decoder::new(End::Client, Limits::default());
            assert_eq!(decoder.take_whole(&mut input).is_some(), expected, "{wire:02x?}");
            assert_eq!(input.is_empty(), expected || wire.is_empty());
        }
    }

    /// Of 125 bytes the 16-bit length is not the shortest; of 126 it is.
    #[test]
    fn lengths_are_in_their_shortest_form() {
        for end in [End::Client, End::Server] {
            for (len, expected) in [(0, false), (1, false), (125, false), (126, true), (127, true), (0xffff, true)] {
                let [a, b] = (len as u16).to_be_bytes();
                let mut wire = match end {
                    End::Client => alloc::vec![0x82, 0x7e, a, b],
                    End::Server => alloc::vec![0x82, 0xfe, a, b, 1, 2, 3, 4],
                };
                wire.resize(wire.len() + len, 0);
                let taken = Decoder::new(end, Limits::default()).take_whole(&mut Input::new(&mut wire)).is_some();
                assert_eq!(taken, expected, "{end:?}, {len}");
            }
        }
    }
}
