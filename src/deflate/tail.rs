//! The end of a message: what the sender has cut off there, and how to make sure that nothing else
//! is missing. RFC 7692 §7.2.2.
//!
//! ```text
//!   a message   ┌ … │ an empty block's header ┐ 00 00 ff ff │ 00 00 00 ff ff
//!                                              its lengths:   an empty block, and nothing else,
//!                                              the tail       if a block may begin here
//! ```
//!
//! A message that was cut off would be taken for a whole one, and would spoil the next. A message
//! is whole if, with the tail behind it, a block has ended and another may begin. zlib can be told
//! to stop where a block ends. If it has room for output and input left, it stops nowhere else,
//! except for an error. So a byte is added behind the tail, and zlib must not take it.
//!
//! # Step by step
//!
//! 1. **A block has to end exactly behind the tail, which says nothing.** Inside a stored block the
//!    tail is data, inside its lengths it makes others: they contradict each other, or announce 255
//!    bytes and more. Inside a symbol, or between two, its zeros hold the end of the symbol, which
//!    is data or the end of the block, two bytes too early. Where a block may begin, or in its
//!    first bits, the tail makes a stored one of 65,280 bytes, or an empty one of the fixed codes,
//!    which also ends too early.
//! 2. **Then an empty block has to be taken, and not as a final one.** For one case is left: a
//!    table of codes that the tail completes, and in its last byte the code of that block's end. If
//!    bits of the byte are left, they are ones, and what begins with them is a final block (one
//!    bit, or two) or of the reserved type. If none is left, a block may begin: nobody writes such
//!    a message, but it is whole.
//!
//! If the block that ended was a final one, zlib says so when it is to go on. What then was left of
//! a byte has no meaning: if it was the tail that completed its table, it was cut for all that we
//! know of senders, but it is whole by §7.2.2, which asks for no more than that it inflates.
//!
//! # A final block at the end
//!
//! §7.2.3.4 wants an empty block behind a final one, which the tail completes. Some senders leave
//! it out: their last byte is the one in which the final block ends. **Such a message is whole as
//! it is, and no tail is fed.** zlib has said that the block ended, with no byte left; a block that
//! is cut does not end. No message is whole both ways, for where a block may begin the tail makes a
//! stored one of 65,280 bytes: the same bytes say one thing. What was cut off behind a final block
//! does not show, if it was whole blocks; but no block is left half-way to spoil what is said next,
//! and the decompressor begins the next message anew, primed with the window.
//!
//! # At once
//!
//! What most senders send is known to be whole with one call less, where the message is there from
//! its beginning: **the last block begins in the message's last byte or behind it, and ends exactly
//! behind the tail.** It has at most 47 bits then, too few for a table of codes; and the fixed code
//! of a block's end is zeros, which a tail does not end in. So it is a stored one, and the tail is
//! its lengths. Whether it was a final one shows when zlib is to go on, with the next message.
//!
//! If it is not so, the message may be whole all the same; but what it said, and what the tail
//! added, cannot be told apart. It is gone through again, step by step.
//!
//! Tests try all that can follow a symbol, and ask the other way: with a final block behind the
//! tail. That ends the stream, and with it the use of the window.

use super::decompressor::{Corrupt, Decompressor};

/// §7.2.2: what every message ends with, and no sender sends.
pub(super) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The tail, and a byte that whatever goes on takes.
const TAIL_AND_MORE: [u8; 5] = [0, 0, 0xff, 0xff, 0];

/// An empty block.
const EMPTY: [u8; 5] = [0, 0, 0, 0xff, 0xff];

/// Feeds what the sender cut off, and makes sure that with it the message is whole. All of the
/// message was fed, and is inflated.
pub(super) fn finish(decompressor: &mut Decompressor) -> Result<(), Corrupt> {
    if decompressor.probe_block(&TAIL_AND_MORE)? != TAIL.len() {
        return Err(Corrupt);
    }
    match decompressor.probe(&EMPTY)? {
        (taken, false) if taken == EMPTY.len() => Ok(()),
        (0, true) => Ok(()),
        _ => Err(Corrupt),
    }
}

/// Inflates a message along with what the sender cut off, from where a block may begin. Whether it
/// is known to be whole; if not, it is not known what it says either.
pub(super) fn at_once(decompressor: &mut Decompressor, message: &[u8]) -> bool {
    let end = message.len() + TAIL.len();
    let whole = decompressor.blocks(message, &TAIL_AND_MORE, |begin, at| {
        // Those before it may end anywhere in the message.
        (at > message.len()).then_some(begin + 1 >= message.len() && at == end)
    });
    whole == Some(true)
}

#[cfg(test)]
mod tests {
    use super::super::decompressor::Stop;
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    /// The tail, and an empty block that is the last.
    const TAIL_AND_FINAL: [u8; 9] = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];

    /// How often which way told what.
    #[derive(Debug, Default)]
    struct Told {
        whole: u32,
        at_once: u32,
        cut: u32,
    }

    /// Feeds a message, behind each final block in it anew. `None`: it is corrupt, which is found
    /// before its end.
    fn feed(decompressor: &mut Decompressor, mut message: &[u8]) -> Option<()> {
        decompressor.begin(None).unwrap();
        while decompressor.step(&mut message).ok()? == Stop::End {
            decompressor.restart(None).unwrap();
        }
        Some(())
    }

    /// Whether a message is whole, told with a final block behind its tail: it ends the stream
    /// there, and nowhere else.
    fn is_whole(decompressor: &mut Decompressor, message: &[u8]) -> Option<bool> {
        feed(decompressor, message)?;
        let said = decompressor.out().len();
        let mut behind = &TAIL_AND_FINAL[..];
        let ended = decompressor.step(&mut behind) == Ok(Stop::End);
        // All of it was taken; or only the tail, if the block that it belongs to was itself a final
        // one.
        Some(
            ended
                && decompressor.out().len() == said
                && [0, TAIL_AND_FINAL.len() - TAIL.len()].contains(&behind.len()),
        )
    }

    /// Asks all ways about a message.
    fn compare(decompressor: &mut Decompressor, message: &[u8], told: &mut Told) {
        let Some(exact) = is_whole(decompressor, message) else { return };
        feed(decompressor, message).unwrap();
        let said = decompressor.out().to_vec();
        assert_eq!(finish(decompressor).is_ok(), exact, "{message:02x?}");
        assert_eq!(decompressor.out(), said, "{message:02x?}");
        *(if exact { &mut told.whole } else { &mut told.cut }) += 1;
        decompressor.begin(None).unwrap();
        if at_once(decompressor, message) {
            assert!(exact && decompressor.out() == said, "{message:02x?}");
            told.at_once += 1;
        }
    }

    /// A literal in a block with the fixed codes, and then all that can follow in four bytes.
    #[test]
    fn the_probes_tell_as_much_as_a_final_one() {
        let mut decompressor = Decompressor::new();
        let mut told = Told::default();
        for rest in 0..1_u32 << 21 {
            let message = 0b010 | (0b0000_1100 << 3) | (rest << 11);
            compare(&mut decompressor, &message.to_le_bytes(), &mut told);
        }
        assert!(told.whole > 1000 && told.at_once > 1000 && told.cut > 100_000, "{told:?}");
    }

    /// The same behind a block whose end is one bit long, which leaves the most of three bytes to
    /// what follows.
    #[test]
    fn the_probes_tell_as_much_behind_short_codes() {
        // A table of two codes of one bit: 0 for "a", 1 for the end of the block. What has more
        // than one bit is written from its last.
        let mut prefix = Bits::default();
        prefix.push(0b100, 3); // Not the last block; its codes are in it.
        prefix.push(0, 5).push(0, 5).push(14, 4); // 257 + 1 codes; lengths for 18 of them:
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            let len = match symbol {
                18 => 1,
                0 | 1 => 2,
                _ => 0,
            };
            prefix.push(len, 3);
        }
        let (zeros, zero, one) = ((0, 1), (0b01, 2), (0b11, 2));
        for (code, extra) in [
            (zeros, Some(86)),
            (one, None),
            (zeros, Some(127)),
            (zeros, Some(9)),
            (one, None),
            (zero, None),
        ] {
            prefix.push(code.0, code.1);
            if let Some(extra) = extra {
                prefix.push(extra, 7);
            }
        }
        // "a" until one bit of a byte is used.
        while prefix.len % 8 != 1 {
            prefix.push(0, 1);
        }
        let mut decompressor = Decompressor::new();
        let mut told = Told::default();
        for rest in (0..1_u32 << 23).step_by(if cfg!(debug_assertions) { 11 } else { 1 }) {
            let mut message = Bits { bytes: prefix.bytes.clone(), len: prefix.len };
            message.push(rest, 23);
            compare(&mut decompressor, &message.bytes, &mut told);
        }
        assert!(told.whole > 100 && told.at_once > 100 && told.cut > 100_000, "{told:?}");
    }

    /// Nothing that zlib makes of a short message is gone through twice, wherever in a byte its
    /// last block begins.
    #[test]
    fn most_messages_are_whole_at_once() {
        let mut decompressor = Decompressor::new();
        for level in [0, 1, 6] {
            for len in 0..300_u32 {
                let said: std::vec::Vec<u8> =
                    (0..len).map(|i| ((i * i * len) >> 5) as u8).collect();
                let mut message = std::vec::Vec::with_capacity(1000);
                Compress::new(Compression::new(level), false)
                    .compress_vec(&said, &mut message, FlushCompress::Sync)
                    .unwrap();
                message.truncate(message.len() - TAIL.len());
                decompressor.begin(None).unwrap();
                assert!(
                    at_once(&mut decompressor, &message) && decompressor.out() == said,
                    "{level} {len}"
                );
            }
        }
    }

    /// A table that the tail completes, with its zeros and two repetitions of six; the block's end
    /// is as many ones as it is long, and leaves of the last byte what is left of four.
    #[test]
    fn a_table_that_the_tail_completes_is_cut_unless_a_block_may_begin() {
        for (end, is_whole) in [(1, false), (2, false), (3, false), (4, true)] {
            let message = table_without_its_end(0, end);
            let mut decompressor = Decompressor::new();
            feed(&mut decompressor, &message).unwrap();
            assert_eq!(decompressor.probe_block(&TAIL_AND_MORE), Ok(TAIL.len()), "{end}");
            let mut told = Told::default();
            compare(&mut decompressor, &message, &mut told);
            assert_eq!((told.whole, told.at_once), (is_whole.into(), 0), "{end}");
            // Of a final one, the end of the stream is its end.
            compare(&mut decompressor, &table_without_its_end(1, end), &mut told);
            assert_eq!((told.whole, told.at_once), (u32::from(is_whole) + 1, 0), "{end}");
        }
    }

    /// A block's table up to the lengths of codes that nothing has, 28 of which are missing. The
    /// codes of "a", "b" … are 0, 10 …, and the block's end is `end` ones.
    fn table_without_its_end(last: u32, end: u32) -> std::vec::Vec<u8> {
        let mut lengths = Bits::default();
        for symbol in 0..257 {
            match symbol {
                256 => lengths.code(7 + end, 4),
                97.. if symbol < 97 + end => lengths.code(7 + symbol - 96, 4),
                _ => lengths.push(0, 1),
            };
        }
        let before = 3 + 5 + 5 + 4 + 18 * 3;
        let padding = (8 - (before + lengths.len) % 8) % 8;
        let mut message = Bits::default();
        message.push(0b100 | last, 3);
        // 10 of the 28 are those of distances.
        message.push(18 + padding as u32, 5).push(9, 5).push(14, 4);
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            let len = match symbol {
                0 => 1,
                1..=7 | 16 => 4,
                _ => 0,
            };
            message.push(len, 3);
        }
        assert_eq!(message.len, before);
        for i in 0..lengths.len {
            message.push(u32::from(lengths.bytes[i / 8] >> (i % 8) & 1), 1);
        }
        message.push(0, padding);
        assert_eq!(message.len % 8, 0);
        message.bytes
    }

    /// Bits as DEFLATE writes them, the lowest first.
    #[derive(Default)]
    struct Bits {
        bytes: std::vec::Vec<u8>,
        len: usize,
    }

    impl Bits {
        /// A code, which is written from its highest bit.
        fn code(&mut self, code: u32, len: usize) -> &mut Self {
            (0..len).rev().fold(self, |bits, i| bits.push(code >> i & 1, 1))
        }

        fn push(&mut self, bits: u32, len: usize) -> &mut Self {
            for i in 0..len {
                if self.len % 8 == 0 {
                    self.bytes.push(0);
                }
                let last = self.bytes.len() - 1;
                self.bytes[last] |= ((bits >> i & 1) as u8) << (self.len % 8);
                self.len += 1;
            }
            self
        }
    }
}
