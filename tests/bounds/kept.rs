//! What a `Scratch` holds: its size at least, and above that no more than the largest frame that it
//! may keep and half of its size, nor more than twice of what has come of one, and of its size,
//! whatever a header declares. In the end it is nothing.

use crate::support::alloc::{Count, counted};
use sockless::{Input, Scratch};

/// A `Scratch` is not smaller.
const SMALLEST: usize = 32;
/// What may lie in front of what is kept.
const LINE: usize = 64;

pub(crate) struct Keeper {
    scratch: Scratch,
    size: usize,
    most: usize,
    /// How many bytes it keeps.
    kept: usize,
    /// The most that an input held since it was made to shrink.
    came: usize,
    /// The bytes that it has on the heap.
    held: i64,
}

impl Keeper {
    pub(crate) fn new(size: usize, most: usize) -> Self {
        let (scratch, count) = counted(|| Scratch::new(size, most));
        let size = size.max(SMALLEST);
        assert_eq!(count.peak, size as i64);
        Self { scratch, size, most, kept: 0, came: 0, held: count.live }
    }

    /// The largest frame that it keeps.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// Reads as much of this as there is room for: how much it is.
    pub(crate) fn fill(&mut self, read: &[u8]) -> usize {
        let (n, count) = counted(|| {
            let room = self.scratch.room();
            assert!(!room.is_empty(), "a read of no bytes would be taken for the end");
            let n = room.len().min(read.len());
            room[..n].copy_from_slice(&read[..n]);
            n
        });
        self.held = held(self.held, count, self.bound());
        n
    }

    /// What is kept, and the `n` bytes that were read.
    pub(crate) fn input(&mut self, n: usize) -> Input<'_> {
        self.kept += n;
        self.came = self.came.max(self.kept);
        let bound = self.bound();
        let (input, count) = counted(|| self.scratch.input(n));
        self.held = held(self.held, count, bound);
        assert_eq!(input.len(), self.kept);
        input
    }

    pub(crate) fn keep(&mut self, rest: usize) {
        self.kept = rest;
        self.scratch.keep(rest);
    }

    /// What is kept, for the connection to take over.
    pub(crate) fn rest(&mut self) -> Input<'_> {
        let kept = std::mem::take(&mut self.kept);
        let input = self.scratch.rest();
        assert_eq!(input.len(), kept);
        input
    }

    pub(crate) fn shrink(&mut self) {
        let ((), count) = counted(|| self.scratch.shrink());
        self.held = held(self.held, count, self.bound());
        self.came = self.kept;
        assert_eq!(self.held, self.size.max(self.kept) as i64);
    }

    /// Nothing is held any more.
    pub(crate) fn ends(self) {
        let ((), count) = counted(|| drop(self.scratch));
        assert_eq!(self.held + count.live, 0);
    }

    fn bound(&self) -> i64 {
        let (most, come) = (self.most + self.size / 2, 2 * (self.came + self.size + LINE));
        self.size.max(most.min(come)) as i64
    }
}

/// What is held behind a call that allocated so much.
fn held(before: i64, count: Count, bound: i64) -> i64 {
    let peak = before + count.peak;
    assert!(peak <= bound, "{peak} bytes, of {bound}");
    before + count.live
}
