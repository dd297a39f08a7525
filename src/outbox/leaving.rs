//! How the queue leaves: by bytes that were written, or a buffer at a time.

use super::{MAX_BATCH, Outbox, short};
use crate::frame::Header;
use bytes::{Buf, Bytes};
use core::mem;

/// The tail is closed up only when at least this many bytes of it were sent.
const CLOSE_UP: usize = 4096;

/// How many bytes are popped at most, so that what takes them slowly is seen to move.
const POPPED: usize = 64 << 10;

impl Outbox {
    /// Counts `n` bytes as taken, at most as many as there are; `refused`: the transport was shown
    /// more.
    #[inline]
    pub(super) fn advance(&mut self, n: usize, refused: bool) {
        if n as u64 >= self.queued() {
            self.remember_batch();
            self.clear();
        } else {
            self.advance_part(n, refused);
        }
    }

    fn advance_part(&mut self, mut n: usize, refused: bool) {
        self.pace.part(n, refused);
        self.above =
            self.above_high_water() && self.queued() - n as u64 > u64::from(self.low_water_mark);
        while n > 0 {
            let step = match &mut self.waiting {
                Some(waiting) if self.frame_rest == 0 => {
                    let step = waiting.advance(n);
                    self.beside -= step as u64;
                    if waiting.rest().is_empty() {
                        self.waiting = None;
                    }
                    step
                }
                _ => self.advance_frame(n),
            };
            n -= step;
        }
        if self.sent >= CLOSE_UP.max(self.tail.len() / 2) {
            self.tail.drain(..self.sent);
            self.large.shift(self.sent);
            self.sent = 0;
        }
        self.check();
    }

    /// Moves on inside the frame at the front, by at most `n` bytes; at least by one.
    fn advance_frame(&mut self, n: usize) -> usize {
        if self.frame_rest == 0 {
            // All that was queued are whole frames whose headers lie in the tail; a ping or a pong
            // there has begun from the first.
            self.pace.begins(false);
            let front = self.tail.get(self.sent..).unwrap_or_default();
            self.frame_rest = match Header::decode(front) {
                Ok(Some((header, len))) => header.payload_len + len as u64,
                _ => u64::MAX,
            };
        }
        let n = usize::try_from(self.frame_rest).map_or(n, |rest| n.min(rest));
        let step = match self.large.at() {
            Some(at) if at == self.sent => {
                let step = self.large.advance(n);
                self.beside -= step as u64;
                step
            }
            at => {
                let step = n.min(at.unwrap_or(self.tail.len()) - self.sent);
                self.sent += step;
                step
            }
        };
        self.frame_rest -= step as u64;
        step
    }

    /// Takes the next buffer out, of at most [`POPPED`] bytes.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        if self.is_empty() {
            return None;
        }
        let popped = match self.large.at() {
            // All that is left, in one buffer; if that is mostly empty, whoever keeps it should not
            // keep the room of a whole batch.
            None if self.pops_all() => {
                self.remember_batch();
                let mut tail = Bytes::from(mem::take(&mut self.tail));
                tail.advance(self.sent);
                self.clear();
                return Some(tail);
            }
            // Its header has left, so its frame has begun: no control frame comes before it.
            Some(at) if at == self.sent => self.large.shared(POPPED),
            _ => None,
        };
        let popped = match popped {
            Some(payload) => payload,
            // Cut out of a buffer that stays.
            None => {
                let slice = self.slices().next()?;
                Bytes::copy_from_slice(slice.get(..POPPED).unwrap_or(slice))
            }
        };
        if popped.len() as u64 >= self.queued() {
            self.remember_batch();
            self.clear();
        } else {
            self.advance_part(popped.len(), false);
        }
        Some(popped)
    }

    /// Whether the tail is all that is left, and can be given away as one buffer.
    fn pops_all(&self) -> bool {
        let len = self.tail.len() - self.sent;
        self.waiting.is_none() && len <= POPPED && len + short::ROOM >= self.tail.capacity() / 2
    }

    /// A queue that holds nothing is no batch.
    fn remember_batch(&mut self) {
        if self.tail.is_empty() {
            return;
        }
        self.last_batch = u16::try_from(self.tail.len()).unwrap_or(u16::MAX).min(MAX_BATCH);
    }
}
