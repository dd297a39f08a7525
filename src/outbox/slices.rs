//! The queue, slice by slice, in the order in which it leaves.
//!
//! ```text
//!   what is left of the frame that has begun ─► control frames that wait
//!     ─► tail up to a payload ─► the payload ─► tail …
//! ```

use super::Outbox;
use super::large::Large;
use core::mem;
#[cfg(feature = "std")]
use std::io::IoSlice;

/// How many slices are written at once, where there are more than [`FEW`].
#[cfg(feature = "std")]
const MANY: usize = 128;

/// Up to this many slices need little room on the stack: a header, its payload, and what is behind
/// them.
#[cfg(feature = "std")]
const FEW: usize = 6;

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

impl Outbox {
    /// What is to be sent, in order, up to where a payload is not masked yet.
    pub(super) fn slices(&self) -> Slices<'_> {
        Slices {
            tail: self.tail.rest(),
            at: self.tail.front(),
            payloads: self.beside.large(),
            next: 0,
            waiting: self.beside.waiting(),
            until_waiting: self.front.rest(),
        }
    }

    /// The first of them; out of line, where it is not the only one.
    #[inline(never)]
    pub(super) fn first_of_many(&self) -> &[u8] {
        self.slices().next().unwrap_or_default()
    }

    /// Writes once, with the first of them; tells how many bytes these are.
    #[cfg(feature = "std")]
    #[inline(never)]
    pub(super) fn write_many<Error>(
        &self,
        write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, Error>,
    ) -> (usize, Result<usize, Error>) {
        let mut few = [IoSlice::new(&[]); FEW];
        let (shown, len) = self.show(&mut few);
        if shown < FEW {
            return (len, write(few.get(..shown).unwrap_or_default()));
        }
        let mut many = [IoSlice::new(&[]); MANY];
        let (shown, len) = self.show(&mut many);
        (len, write(many.get(..shown).unwrap_or_default()))
    }

    /// Shows as many as there are places; tells how many, and how many bytes these are.
    #[cfg(feature = "std")]
    fn show<'b>(&'b self, places: &mut [IoSlice<'b>]) -> (usize, usize) {
        let (mut shown, mut len) = (0, 0);
        for (place, slice) in places.iter_mut().zip(self.slices()) {
            *place = IoSlice::new(slice);
            (shown, len) = (shown + 1, len + slice.len());
        }
        (shown, len)
    }
}

impl<'a> Slices<'a> {
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
