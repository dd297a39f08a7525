//! The output of a decompressor, until it is given out. The end of it is kept after that, because
//! the decompressor forgets it at a final block.
//!
//! ```text
//!   ┌ newest ┬ to give out ┬ room ─────┬ oldest, … ┐    a ring, once as much as it holds was given out
//!   0        given         len         │           OUT
//!                                      └ the last REACH bytes begin here, at the latest
//! ```
//!
//! DEFLATE refers back by at most half of the ring. So the bytes before `given` are there when they
//! are needed, without a copy, although the decompressor may write anywhere in the room.

use alloc::vec;
use alloc::vec::Vec;

/// A ring of bytes, which grows with what comes of one message.
pub(super) struct Output {
    bytes: Vec<u8>,
    /// Up to where it was given out …
    given: usize,
    /// … and up to where there is something.
    len: usize,
    /// Whether it was full, and began anew: then what is behind `len` is older than what is before
    /// it.
    wrapped: bool,
}

/// How much is inflated before it is given out, in bytes. Limits are counted and text is checked on
/// each part, so a bomb costs what its limit allows and one part more.
const OUT: usize = 64 << 10;

/// With room for how much it begins, in bytes: most messages are short.
const FIRST: usize = 4 << 10;

/// The farthest that DEFLATE can refer back, whatever was agreed on. A sender with a smaller window
/// does not, and one that does finds what it refers to or nothing.
const REACH: usize = 32 << 10;

impl Output {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; FIRST], given: 0, len: 0, wrapped: false }
    }

    /// Forgets all, but not its room.
    pub(super) fn clear(&mut self) {
        (self.given, self.len, self.wrapped) = (0, 0, false);
    }

    /// Where more can be written; never nothing, once all was given out.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.len..).unwrap_or_default()
    }

    /// This many bytes were written at the beginning of the room. Whether all of it was used up:
    /// then more may be to come.
    pub(super) fn wrote(&mut self, n: usize) -> bool {
        self.len = (self.len + n).min(self.bytes.len());
        let used_up = self.len == self.bytes.len();
        if used_up && self.len < OUT {
            self.bytes.resize(OUT, 0);
        }
        used_up
    }

    /// Whether there is no room before the rest is given out.
    pub(super) fn is_full(&self) -> bool {
        self.len == OUT
    }

    /// What was written and not given out.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.given..self.len).unwrap_or_default()
    }

    /// The rest was given out.
    pub(super) fn gave_out(&mut self) {
        self.given = self.len;
        if self.is_full() {
            (self.given, self.len, self.wrapped) = (0, 0, true);
        }
    }

    /// The last bytes written since it was empty, as far back as DEFLATE can refer, in order.
    pub(super) fn reach(&self) -> [&[u8]; 2] {
        let newer = self.bytes.get(self.len.saturating_sub(REACH)..self.len).unwrap_or_default();
        let missing = if self.wrapped { REACH - newer.len() } else { 0 };
        [self.bytes.get(self.bytes.len() - missing..).unwrap_or_default(), newer]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reaches_back_however_much_came() {
        let said: Vec<u8> =
            (0..300_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for step in [1000, 4096, 30_000, 32 << 10, 64 << 10] {
            for give in [1, 3] {
                let mut output = Output::new();
                let (mut end, mut given) = (0, Vec::new());
                for i in 0.. {
                    let room = output.room();
                    let n = step.min(room.len()).min(said.len() - end);
                    assert!(n > 0 || end == said.len());
                    room[..n].copy_from_slice(&said[end..end + n]);
                    // A decompressor may write behind what it says that it wrote.
                    let behind = 300.min(room.len() - n);
                    room[n..n + behind].fill(0);
                    end += n;
                    output.wrote(n);
                    if output.is_full() || i % give == 0 || end == said.len() {
                        given.extend_from_slice(output.rest());
                        output.gave_out();
                        assert_eq!(given, said[..end]);
                        assert!(
                            output.reach().concat() == said[end.saturating_sub(REACH)..end],
                            "{step} {give} {end}"
                        );
                    }
                    if end == said.len() {
                        break;
                    }
                }
                output.clear();
                assert!(output.rest().is_empty() && output.reach().concat().is_empty());
            }
        }
    }
}
