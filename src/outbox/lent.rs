//! Buffers that an event loop lends to one queue after the other.
//!
//! While they are lent the queue keeps them, drained or not. What is not drained when they are
//! taken back keeps what it needs: a large buffer does not stay behind for a few bytes.

use super::Outbox;
use super::large::Piece;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

/// What no queue holds at the moment.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    tail: Vec<u8>,
    piece: Option<Box<Piece>>,
}

impl Outbox {
    /// Lends the buffers to this queue, until they are taken back.
    #[inline]
    pub(crate) fn lend(&mut self, spare: &mut Spare) {
        self.lent = true;
        if self.tail.capacity() == 0 {
            mem::swap(&mut self.tail, &mut spare.tail);
        }
        self.large.lend(&mut spare.piece);
    }

    /// Takes back what is not in use; of that, a buffer above `most` bytes is freed.
    #[inline]
    pub(crate) fn take_back(&mut self, spare: &mut Spare, most: usize) {
        self.lent = false;
        if self.is_empty()
            && spare.tail.capacity() == 0
            && (self.kept() + 1..=most).contains(&self.tail.capacity())
        {
            // The usual case: all was sent, or nothing was to be.
            mem::swap(&mut self.tail, &mut spare.tail);
            self.large.take_back(&mut spare.piece);
        } else {
            self.take_back_part(spare, most);
        }
    }

    #[inline(never)]
    fn take_back_part(&mut self, spare: &mut Spare, most: usize) {
        let rest = self.tail.get(self.sent..).unwrap_or_default();
        if self.tail.capacity() > self.kept().max(2 * rest.len()) {
            let own = rest.to_vec();
            let mut tail = mem::replace(&mut self.tail, own);
            tail.clear();
            if (spare.tail.capacity()..=most).contains(&tail.capacity()) {
                spare.tail = tail;
            }
            self.large.shift(self.sent);
            self.sent = 0;
        }
        self.large.take_back(&mut spare.piece);
    }
}
