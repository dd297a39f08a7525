//! Bytes that came for an endpoint and were not taken. They wait here between its turns.
//!
//! ```text
//!              from           to
//!   ┌─────────┬──────────────┬──────┐
//!   │ taken   │ not taken    │ room │      of its own: the next turn reads from here, and into the room
//!   └─────────┴──────────────┴──────┘
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// Bytes that were not taken.
#[derive(Default)]
pub struct Held {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// They are a part of a frame: to poll them again without more gives nothing.
    pub(crate) is_cut_frame: bool,
}

impl Held {
    /// These bytes, which were not polled yet. `None`: there are none.
    pub(crate) fn unpolled(bytes: Vec<u8>) -> Option<Box<Self>> {
        let to = bytes.len();
        (to > 0).then(|| Box::new(Self { bytes, from: 0, to, is_cut_frame: false }))
    }

    /// Holds a copy of these bytes, in little more memory than they need.
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.shrink_to(4 * bytes.len());
        self.bytes.extend_from_slice(bytes);
        (self.from, self.to) = (0, bytes.len());
    }

    /// Whether polling them gives something.
    pub(crate) fn is_unpolled(&self) -> bool {
        self.from < self.to && !self.is_cut_frame
    }

    /// The bytes that were not taken.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.from..self.to).unwrap_or_default()
    }

    /// All but the last `rest` of them were taken.
    pub(crate) fn leave(&mut self, rest: usize) {
        self.from = self.to.saturating_sub(rest);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.to - self.from
    }
}

/// Shows lengths alone: what peers send does not belong in a log.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("len", &self.len())
            .field("is_cut_frame", &self.is_cut_frame)
            .finish_non_exhaustive()
    }
}
