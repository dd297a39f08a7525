//! Pings and pongs that wait to leave. They pass the queue, so that a round trip measures the
//! connection and not the queue.
//!
//! §5.5.2 wants each ping answered; §5.5.3 allows to answer only the last. While few bytes wait,
//! each ping is answered, so that correct peers get all pongs. If a peer pings and does not read,
//! each new pong replaces the last one.

use super::small::append_small;
use crate::frame::{Header, OpCode};
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::ops::Range;

/// Control frames, encoded, in the order in which they leave.
#[derive(Default)]
pub(super) struct Waiting {
    frames: Vec<u8>,
    sent: usize,
    /// Where in `frames` the last pong lies.
    last_pong: Range<usize>,
}

/// How many bytes may wait before a pong replaces the last one.
const MOST: usize = 4096;

impl Waiting {
    /// Adds a frame.
    pub(super) fn push(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
        if self.sent >= MOST {
            // A peer that takes as much as comes would let it grow for ever.
            self.frames.drain(..self.sent);
            self.last_pong = match mem::take(&mut self.last_pong) {
                // Begun, it cannot be replaced any more.
                Range { start, .. } if start < self.sent => 0..0,
                Range { start, end } => start - self.sent..end - self.sent,
            };
            self.sent = 0;
        }
        let header =
            Header { fin: true, rsv: 0, opcode, mask, payload_len: payload.len() as u64 }.encode();
        let start = self.frames.len();
        self.frames.extend_from_slice(header.as_ref());
        append_small(&mut self.frames, payload, mask);
        if opcode == OpCode::Pong {
            self.last_pong = start..self.frames.len();
        }
    }

    /// Takes the last pong out, if one of `len` bytes would be too much beside it and it has not
    /// begun to leave.
    pub(super) fn make_way(&mut self, len: usize) {
        if self.len() + len > MOST && self.last_pong.start >= self.sent {
            self.frames.drain(mem::take(&mut self.last_pong));
        }
    }

    /// How many bytes were not sent.
    pub(super) fn len(&self) -> usize {
        self.frames.len() - self.sent
    }

    /// What was not sent yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.frames.get(self.sent..).unwrap_or_default()
    }

    /// Counts at most `n` bytes as sent; tells how many.
    pub(super) fn advance(&mut self, n: usize) -> usize {
        let step = n.min(self.len());
        self.sent += step;
        step
    }
}

/// Their lengths, for what is sent is nothing for a log.
impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("frames", &self.frames.len())
            .field("sent", &self.sent)
            .field("last_pong", &self.last_pong)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The payloads of what waits, of one byte each.
    fn payloads(waiting: &Waiting) -> Vec<u8> {
        waiting.rest().chunks(3).map(|frame| frame[2]).collect()
    }

    #[test]
    fn its_length_is_that_of_the_frames_less_what_was_sent() {
        let mut waiting = Waiting::default();
        waiting.push(OpCode::Ping, b"ab", None);
        waiting.push(OpCode::Pong, b"", Some([1, 2, 3, 4]));
        assert_eq!((waiting.len(), waiting.advance(3)), (4 + 6, 3));
        assert_eq!((waiting.len(), waiting.rest().len()), (7, 7));
        assert_eq!((waiting.advance(99), waiting.len()), (7, 0));
    }

    #[test]
    fn the_last_pong_makes_way_where_many_bytes_wait_unless_it_has_begun() {
        let mut waiting = Waiting::default();
        waiting.push(OpCode::Pong, b"a", None);
        waiting.push(OpCode::Pong, b"b", None);
        waiting.push(OpCode::Ping, b"c", None);
        waiting.make_way(MOST - 9);
        assert_eq!(payloads(&waiting), b"abc");
        waiting.make_way(MOST - 8);
        assert_eq!(payloads(&waiting), b"ac");
        // It was the last, and no ping is one.
        waiting.make_way(MOST);
        assert_eq!(payloads(&waiting), b"ac");

        waiting.push(OpCode::Pong, b"d", None);
        waiting.advance(6);
        waiting.make_way(MOST);
        assert_eq!(payloads(&waiting), b"", "it was the next to leave, and had not begun");

        waiting.push(OpCode::Pong, b"d", None);
        waiting.advance(1);
        waiting.make_way(MOST);
        assert_eq!(waiting.rest(), b"\x01d", "it has begun");
    }

    #[test]
    fn what_was_sent_does_not_pile_up_behind_a_peer_that_takes_as_much_as_comes() {
        let mut waiting = Waiting::default();
        for _ in 0..10_000 {
            waiting.push(OpCode::Pong, b"abc", None);
            waiting.push(OpCode::Ping, b"", None);
            assert!(waiting.len() <= 14 && waiting.frames.len() <= MOST + 21);
            waiting.advance(7);
        }
    }
}
