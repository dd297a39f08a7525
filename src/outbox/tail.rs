//! The tail: one buffer for all that is copied: handshake bytes, frame headers and small payloads.
//!
//! ```text
//!   before      ┌ sent ────────────────┬ rest ───────┬ room ─┐
//!               │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│             │       │
//!               ├ rest ───────┬ room ──┴─────────────┴───────┤
//!   close_up()  │             │                              │
//!               └─────────────┴──────────────────────────────┘
//! ```
//!
//! No byte moves when bytes leave. The tail is closed up only when at least half of it was sent, so
//! that never more bytes move than were sent.
//!
//! A place in the tail is counted from the front of the buffer. `close_up` and `shrink` return how
//! many bytes they have cut off there: code that keeps places has to subtract them.

use super::HEADROOM;
use alloc::vec::Vec;
use bytes::{Buf, Bytes};
use core::fmt;
use core::mem;

/// The bytes of the tail, and how many of them were sent.
#[derive(Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    sent: usize,
}

/// The size of the last batch, in bytes: what a new tail starts with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Batch(u16);

/// The tail is closed up only when at least this many bytes of it were sent.
const CLOSE_UP: usize = 4096;

/// The largest tail that a new batch starts with, in bytes: what one small message to each of many
/// connections may cost.
const MAX_BATCH: u16 = 16 << 10;

impl Tail {
    /// Room for `n` more bytes, and in a new tail for a batch like the last one.
    #[cold]
    #[inline(never)]
    pub(super) fn grow(&mut self, n: usize, batch: Batch) {
        if self.bytes.capacity() == 0 {
            self.bytes = Vec::with_capacity(n.max(batch.room()));
        } else {
            self.bytes.reserve(n);
        }
    }

    /// The buffer, to append to.
    #[inline(always)]
    pub(super) fn appended(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Counts `n` bytes as sent, of which there are as many.
    pub(super) fn advance(&mut self, n: usize) {
        debug_assert!(n <= self.len());
        self.sent += n;
    }

    /// Cuts off what was sent if that is at least half; tells how many bytes these were.
    pub(super) fn close_up(&mut self) -> usize {
        if self.sent < CLOSE_UP.max(self.bytes.len() / 2) {
            return 0;
        }
        self.bytes.drain(..self.sent);
        mem::take(&mut self.sent)
    }

    /// Drops what lies behind a place.
    pub(super) fn truncate(&mut self, at: usize) {
        debug_assert!(at >= self.sent);
        self.bytes.truncate(at);
    }

    /// Drops all, and the buffer too unless it is to be kept.
    #[inline]
    pub(super) fn clear(&mut self, keep: bool) {
        if keep {
            self.bytes.clear();
        } else {
            self.bytes = Vec::new();
        }
        self.sent = 0;
    }

    /// Takes the buffer, without what was sent of it.
    pub(super) fn take(&mut self) -> Bytes {
        let mut rest = Bytes::from(mem::take(&mut self.bytes));
        rest.advance(mem::take(&mut self.sent));
        rest
    }

    /// Exchanges its buffer for another one. Both are empty.
    #[inline]
    pub(super) fn swap(&mut self, other: &mut Vec<u8>) {
        debug_assert!(self.bytes.is_empty() && other.is_empty());
        mem::swap(&mut self.bytes, other);
    }

    /// Moves what is left into a buffer of its length if that frees half of this one, which is the
    /// result, empty; tells how many bytes were cut off at the front, too.
    pub(super) fn shrink(&mut self) -> Option<(Vec<u8>, usize)> {
        if self.bytes.capacity() <= 2 * self.len() {
            return None;
        }
        let own = self.rest().to_vec();
        let mut freed = mem::replace(&mut self.bytes, own);
        freed.clear();
        Some((freed, mem::take(&mut self.sent)))
    }

    /// What was not sent.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.behind(self.sent)
    }

    /// What lies behind a place.
    #[inline]
    pub(super) fn behind(&self, at: usize) -> &[u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// How many bytes were not sent.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// The place of the byte that leaves next.
    #[inline]
    pub(super) fn front(&self) -> usize {
        self.sent
    }

    /// The place behind the last byte.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.bytes.len()
    }

    /// For how many more bytes there is room.
    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// The size of its buffer.
    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

impl From<Vec<u8>> for Tail {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, sent: 0 }
    }
}

impl Batch {
    /// Remembers a tail that has left. One that holds nothing is no batch.
    #[inline]
    pub(super) fn remember(&mut self, tail: &Tail) {
        if tail.end() > 0 {
            self.0 = u16::try_from(tail.end()).unwrap_or(u16::MAX).min(MAX_BATCH);
        }
    }

    /// What a new tail starts with: what is asked for beside the last message is there, too.
    fn room(self) -> usize {
        match self.0 {
            0 => 0,
            len => usize::from(MAX_BATCH).min(usize::from(len) + HEADROOM),
        }
    }
}

/// Shows numbers of bytes alone: what is sent does not belong in a log. The pattern has no rest, so
/// that no field can be forgotten.
impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, sent } = self;
        f.debug_struct("Tail").field("bytes", &bytes.len()).field("sent", sent).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// Whatever is sent at a time, and whatever comes behind it.
    #[test]
    fn no_more_bytes_move_than_were_sent_and_no_more_are_kept_than_wait() {
        for (step, more) in [(1, 0), (1000, 900), (4096, 4000), (5000, 5000), (70_000, 0)] {
            let mut tail = Tail::from(vec![7; 100_000]);
            let (mut moved, mut sent) = (0, 0);
            while tail.len() > step && sent < 300_000 {
                tail.advance(step);
                sent += step;
                let cut = tail.close_up();
                moved += if cut > 0 { tail.len() } else { 0 };
                assert!(moved <= sent, "{moved} bytes moved for {sent}");
                assert!(tail.front() < CLOSE_UP.max(tail.end() / 2 + 1));
                tail.appended().extend(vec![7; more]);
            }
            assert!(moved > 0, "it was closed up, by steps of {step}");
        }
    }

    #[test]
    fn what_waits_stays_the_same_when_what_was_sent_is_cut_off() {
        let bytes: Vec<u8> = (0..10_000).map(|i| i as u8).collect();
        let mut tail = Tail::from(bytes.clone());
        tail.advance(4095);
        assert_eq!((tail.close_up(), tail.front()), (0, 4095));
        tail.advance(2000);
        let (at, waits) = (tail.front() + 10, bytes[6095..].to_vec());
        assert_eq!(tail.behind(at), &waits[10..]);
        let cut = tail.close_up();
        assert_eq!((cut, tail.front(), tail.rest()), (6095, 0, &waits[..]));
        assert_eq!(tail.behind(at - cut), &waits[10..]);
    }

    #[test]
    fn a_tail_shrinks_where_that_frees_half_of_it() {
        let mut tail = Tail::from(vec![7; 1000]);
        tail.advance(499);
        assert!(tail.shrink().is_none());
        tail.advance(2);
        assert!(matches!(tail.shrink(), Some((freed, 501)) if freed.capacity() >= 1000));
        assert_eq!((tail.len(), tail.front(), tail.capacity()), (499, 0, 499));
    }

    #[test]
    fn a_new_tail_has_room_for_a_batch_like_the_last_and_for_16_kib_at_most() {
        let room = |len| {
            let (mut batch, mut tail) = (Batch::default(), Tail::default());
            batch.remember(&Tail::from(vec![7; len]));
            // An empty one is none.
            batch.remember(&tail);
            tail.grow(10, batch);
            tail.room()
        };
        assert_eq!((room(0), room(1), room(1000)), (10, 65, 1064));
        assert_eq!((room(16_383), room(1 << 20)), (16 << 10, 16 << 10));
    }
}
