//! Buffers that an event loop lends to one queue after the other.
//!
//! While buffers are lent, the queue keeps them even when it is drained. When they are taken back,
//! a queue that is not drained keeps what it needs, but no large buffer for a few bytes.

use super::Outbox;
use super::large::Piece;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The buffers that are not lent at the moment.
#[derive(Debug, Default)]
pub struct Spare {
    tail: Vec<u8>,
    piece: Option<Box<Piece>>,
}

/// A spare tail above this, in bytes, is freed.
const MOST: usize = 1 << 20;

impl Outbox {
    /// Lends the buffers to this queue, until they are taken back.
    #[inline]
    pub(crate) fn lend(&mut self, spare: &mut Spare) {
        self.lent = true;
        if self.tail.capacity() == 0 {
            self.tail.swap(&mut spare.tail);
        }
        self.beside.lend(&mut spare.piece);
    }

    /// Takes back what is not in use.
    #[inline]
    pub(crate) fn take_back(&mut self, spare: &mut Spare) {
        self.lent = false;
        let capacity = self.tail.capacity();
        let fits = spare.tail.capacity() == 0 && capacity <= MOST;
        if self.is_empty() && (fits || capacity == 0) {
            // The usual case: all was sent, or nothing was to be.
            if capacity > 0 {
                self.tail.swap(&mut spare.tail);
            }
            self.beside.take_back(&mut spare.piece);
        } else {
            self.take_back_part(spare);
        }
    }

    #[inline(never)]
    fn take_back_part(&mut self, spare: &mut Spare) {
        if let Some((freed, cut)) = self.tail.shrink() {
            if (spare.tail.capacity()..=MOST).contains(&freed.capacity()) {
                spare.tail = freed;
            }
            self.beside.shift(cut);
        }
        self.beside.take_back(&mut spare.piece);
    }
}
