//! What is queued and does not lie in the tail: payloads by reference, and pings and pongs that
//! wait. Each send asks how many bytes these are, so their sum is kept. Only this file changes the
//! sum, and all changes of the parts go through it.

use super::large::{Large, Piece};
use super::waiting::Waiting;
use crate::frame::OpCode;
use alloc::boxed::Box;
use bytes::Bytes;

/// Payloads by reference, and control frames that leave at the next end of a frame.
#[derive(Debug, Default)]
pub(super) struct Beside {
    large: Large,
    waiting: Option<Box<Waiting>>,
    /// The bytes of both that were not sent. Payloads by reference are in memory once and here as
    /// often as they are sent: more than a `usize` may hold.
    len: u64,
}

impl Beside {
    /// Queues a payload that stands at this place of the tail.
    pub(super) fn push_payload(&mut self, at: usize, payload: Bytes, mask: Option<[u8; 4]>) {
        self.large.push(at, payload, mask);
        self.count();
    }

    /// Queues a ping or a pong.
    pub(super) fn push_control(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
        self.waiting.get_or_insert_default().push(opcode, payload, mask);
        self.count();
    }

    /// Drops a pong that waits if one with `len` bytes would be too much beside it.
    pub(super) fn make_way(&mut self, len: usize) {
        if let Some(waiting) = &mut self.waiting {
            waiting.make_way(len);
            self.count();
        }
    }

    /// Moves on inside the first payload, by at most `n` bytes and at least by one; tells by how
    /// many.
    pub(super) fn advance_payload(&mut self, n: usize) -> usize {
        let step = self.large.advance(n);
        self.count();
        step
    }

    /// Moves on inside the pings and pongs likewise. 0: none waits.
    pub(super) fn advance_waiting(&mut self, n: usize) -> usize {
        let Some(waiting) = &mut self.waiting else { return 0 };
        let step = waiting.advance(n);
        if waiting.len() == 0 {
            self.waiting = None;
        }
        self.count();
        step
    }

    /// Drops the payloads behind the first `n`, and their buffer too unless it is to be kept.
    pub(super) fn truncate(&mut self, n: usize, keep: bool) {
        self.large.truncate(n, keep);
        self.count();
    }

    /// Drops all, and the buffer for masking too unless it is to be kept.
    #[inline]
    pub(super) fn clear(&mut self, keep: bool) {
        if self.len > 0 || self.large.has_piece() {
            self.drop_all(keep);
        }
    }

    #[inline(never)]
    fn drop_all(&mut self, keep: bool) {
        self.large.clear(keep);
        self.waiting = None;
        self.count();
    }

    /// The tail lost `n` bytes at its front.
    pub(super) fn shift(&mut self, n: usize) {
        self.large.shift(n);
    }

    /// Masks the next piece of the first payload, so that there is something to show of it.
    pub(super) fn mask_ahead(&mut self) {
        self.large.mask_ahead();
    }

    /// Lends it the buffer for masking.
    #[inline]
    pub(super) fn lend(&mut self, spare: &mut Option<Box<Piece>>) {
        self.large.lend(spare);
    }

    /// Takes the buffer for masking back, unless it is in use.
    #[inline]
    pub(super) fn take_back(&mut self, spare: &mut Option<Box<Piece>>) {
        self.large.take_back(spare);
    }

    /// How many bytes were not sent.
    #[inline(always)]
    pub(super) fn len(&self) -> u64 {
        debug_assert_eq!(self.len, self.counted());
        self.len
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The payloads by reference.
    #[inline]
    pub(super) fn large(&self) -> &Large {
        &self.large
    }

    /// The pings and pongs that wait.
    #[inline]
    pub(super) fn waiting(&self) -> &[u8] {
        self.waiting.as_ref().map_or(&[], |waiting| waiting.rest())
    }

    /// Whether pings or pongs wait.
    #[inline]
    pub(super) fn has_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    fn count(&mut self) {
        self.len = self.counted();
    }

    fn counted(&self) -> u64 {
        self.large.len() + self.waiting().len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// What a client and a server queue.
    const KEYS: [Option<[u8; 4]>; 2] = [None, Some([1, 2, 3, 4])];

    #[test]
    fn its_length_is_what_was_queued_and_has_not_left() {
        for key in KEYS {
            let header = if key.is_some() { 6 } else { 2 };
            let (mut beside, mut expected) = (Beside::default(), 0);
            for (i, len) in [100_000, 70_000, 80_000].into_iter().enumerate() {
                beside.push_payload(i, Bytes::from(vec![7; len]), key);
                beside.push_control(OpCode::Pong, b"pong", key);
                expected += len as u64 + header + 4;
                assert_eq!(beside.len(), expected);
            }
            for n in [1, 40_000, 1, 33_000] {
                let (payload, control) = (beside.advance_payload(n), beside.advance_waiting(1));
                expected -= (payload + control) as u64;
                assert!(payload > 0 && control == 1);
                assert_eq!(beside.len(), expected);
            }
            expected -= 80_000;
            beside.truncate(2, false);
            assert_eq!(beside.len(), expected);
            while beside.has_waiting() {
                expected -= beside.advance_waiting(7) as u64;
                assert_eq!(beside.len(), expected);
            }
            while expected > 0 {
                expected -= beside.advance_payload(usize::MAX) as u64;
                assert_eq!(beside.len(), expected);
            }
            assert!(beside.is_empty() && beside.large().place(0).is_none());
        }
    }

    #[test]
    fn a_pong_that_makes_way_is_not_counted() {
        let mut beside = Beside::default();
        for _ in 0..41 {
            beside.make_way(98);
            beside.push_control(OpCode::Pong, &[7; 98], None);
        }
        assert_eq!(beside.len(), 4000);
        beside.make_way(98);
        assert_eq!(beside.len(), 3900);
    }

    #[test]
    fn nothing_is_left_of_what_was_dropped() {
        for key in KEYS {
            let mut beside = Beside::default();
            beside.push_payload(0, Bytes::from(vec![7; 100_000]), key);
            beside.push_control(OpCode::Ping, b"ping", key);
            beside.mask_ahead();
            beside.clear(true);
            assert!(beside.is_empty() && !beside.has_waiting());
            assert_eq!(beside.large().has_piece(), key.is_some());
            beside.clear(false);
            assert!(!beside.large().has_piece());
        }
    }
}
