//! The queue, slice by slice, in the order in which it leaves.
//!
//! ```text
//!   what is left of the frame that has begun ─► control frames that wait ─► tail up to a payload ─► the payload ─► tail …
//! ```

use super::large::Large;
use core::mem;

/// What is to be sent, up to where a payload is not masked yet. No slice is empty.
pub(super) struct Slices<'a> {
    /// What is left of the tail …
    tail: &'a [u8],
    /// … and where in the tail that begins.
    at: usize,
    payloads: &'a Large,
    /// The number of the next payload by reference.
    next: usize,
    /// The control frames that were not given yet …
    waiting: &'a [u8],
    /// … and how many bytes of the frame that has begun come before them.
    until_waiting: u64,
}

impl<'a> Slices<'a> {
    #[inline]
    pub(super) fn new(tail: &'a [u8], at: usize, payloads: &'a Large, waiting: &'a [u8], until_waiting: u64) -> Self {
        Self { tail, at, payloads, next: 0, waiting, until_waiting }
    }

    /// The next slice of the queue itself: of the tail, at most `most` bytes.
    #[inline]
    fn next_slice(&mut self, most: usize) -> Option<&'a [u8]> {
        let place = self.payloads.place(self.next);
        let slice = if place == Some(self.at) {
            let (slice, all) = self.payloads.shown(self.next);
            self.next += 1;
            if !all {
                // Nothing behind it can be shown.
                (self.tail, self.at) = (&[], usize::MAX);
            }
            slice
        } else {
            let end = place.map_or(self.tail.len(), |place| place.saturating_sub(self.at));
            let (slice, rest) = self.tail.split_at_checked(end.min(most))?;
            self.tail = rest;
            self.at += slice.len();
            slice
        };
        Some(slice).filter(|slice| !slice.is_empty())
    }
}

impl<'a> Iterator for Slices<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.waiting.is_empty() {
            return self.next_slice(usize::MAX);
        }
        if self.until_waiting == 0 {
            return Some(mem::take(&mut self.waiting));
        }
        // A payload ends where its frame does; the tail may hold more frames than this one.
        let slice = self.next_slice(usize::try_from(self.until_waiting).unwrap_or(usize::MAX))?;
        self.until_waiting -= slice.len() as u64;
        Some(slice)
    }
}
