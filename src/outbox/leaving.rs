//! How bytes leave the queue: counted by what was written, or taken as buffers.

use super::front::Front;
use super::{HEADROOM, Outbox};
use bytes::Bytes;

/// The largest buffer that is popped, in bytes, so that the heartbeat sees a slow transport move.
const POPPED: usize = 64 << 10;

impl Outbox {
    /// Counts `n` bytes as taken, at most as many as there are; `refused`: the transport was shown
    /// more.
    #[inline]
    pub(super) fn advance(&mut self, n: usize, refused: bool) {
        if n as u64 >= self.queued() {
            self.last_batch.remember(&self.tail);
            self.clear();
        } else {
            self.advance_part(n, refused);
        }
    }

    fn advance_part(&mut self, mut n: usize, refused: bool) {
        self.pace.part(n, refused);
        self.marks.fall(self.queued(), self.queued() - n as u64);
        while n > 0 {
            n -= if self.beside.has_waiting() && !self.front.has_begun() {
                self.beside.advance_waiting(n)
            } else {
                self.advance_frame(n)
            };
        }
        let cut = self.tail.close_up();
        if cut > 0 {
            self.beside.shift(cut);
        }
    }

    /// Moves on inside the frame at the front, by at most `n` bytes; at least by one.
    fn advance_frame(&mut self, n: usize) -> usize {
        if !self.front.has_begun() {
            self.front = Front::frame(self.tail.rest());
        }
        let n = usize::try_from(self.front.rest()).map_or(n, |rest| n.min(rest));
        let step = match self.beside.large().at() {
            Some(at) if at == self.tail.front() => self.beside.advance_payload(n),
            at => {
                let step = n.min(at.unwrap_or(self.tail.end()) - self.tail.front());
                self.tail.advance(step);
                step
            }
        };
        self.front.advance(step);
        step
    }

    /// Takes the next buffer out, of at most [`POPPED`] bytes.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        if self.is_empty() {
            return None;
        }
        let popped = match self.beside.large().at() {
            // All that is left, in one buffer; if that is mostly empty, whoever keeps it should not
            // keep the room of a whole batch.
            None if self.pops_all() => {
                self.last_batch.remember(&self.tail);
                let tail = self.tail.take();
                self.clear();
                return Some(tail);
            }
            // Its header has left, so its frame has begun: no control frame comes before it.
            Some(at) if at == self.tail.front() => self.beside.large().shared(POPPED),
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
        self.advance(popped.len(), false);
        Some(popped)
    }

    /// Whether the tail is all that is left, and can be given away as one buffer.
    fn pops_all(&self) -> bool {
        let len = self.tail.len();
        !self.beside.has_waiting() && len <= POPPED && len + HEADROOM >= self.tail.capacity() / 2
    }
}
