//! One direction of a transport: bytes on their way, and all that can happen to them.

use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Pipe {
    bytes: VecDeque<u8>,
    /// How many may be on their way: more waits at the sender.
    room: usize,
    /// Behind the bytes, the stream ends.
    pub(crate) ended: bool,
    /// Reading fails.
    pub(crate) broken: bool,
    /// Writing fails.
    pub(crate) refused: bool,
    /// What is written from now on gets lost, as when a cable was cut, and nobody is told.
    pub(crate) lost: bool,
}

impl Pipe {
    pub(crate) fn new(room: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            room,
            ended: false,
            broken: false,
            refused: false,
            lost: false,
        }
    }

    /// Takes as much as there is room for, of at most so many, and tells how much.
    pub(crate) fn write(&mut self, bytes: &[u8], most: usize) -> usize {
        if self.lost {
            return bytes.len().min(most);
        }
        let n = bytes.len().min(most).min(self.room.saturating_sub(self.bytes.len()));
        self.bytes.extend(&bytes[..n]);
        n
    }

    /// The next bytes, at most so many.
    pub(crate) fn read(&mut self, most: usize) -> impl Iterator<Item = u8> {
        let n = most.min(self.bytes.len());
        self.bytes.drain(..n)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// As after a reset: what is on its way is lost too.
    pub(crate) fn reset(&mut self) {
        self.bytes.clear();
        self.broken = true;
        self.refused = true;
    }

    /// The receiver has dropped its socket: there is nobody to write to.
    pub(crate) fn close(&mut self) {
        self.bytes.clear();
        self.refused = true;
    }
}
