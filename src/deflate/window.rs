//! The last bytes of the messages of one direction, uncompressed. The next compressed message may
//! refer back to them. RFC 7692 §7.2.
//!
//! ```text
//!   while it grows   ┌ oldest ──────────── newest ┐
//!   when it is full  ┌ …, newest │ oldest, … ─────┐    a ring: `oldest` is where the next byte goes
//! ```
//!
//! It is kept so that compressors and decompressors, which are large, need not be: any other one
//! can be primed with the window.

use alloc::vec::Vec;
use core::fmt;

/// The last bytes of the messages of one direction, at most as many as were agreed on. It grows
/// with what was said.
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Where the oldest byte lies.
    oldest: usize,
    most: usize,
    /// Whose messages these are, and how many bytes of them there were, all in all.
    said: Synced,
}

/// The messages of one direction of one connection, up to a point: what a compressor or a
/// decompressor can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Synced {
    pub(super) user: u64,
    pub(super) total: u64,
}

impl Window {
    pub(super) fn new(user: u64, most: usize) -> Self {
        Self { bytes: Vec::new(), oldest: 0, most, said: Synced { user, total: 0 } }
    }

    /// Adds what was said.
    pub(super) fn push(&mut self, said: &[u8]) {
        self.said.total += said.len() as u64;
        let said = said.get(said.len().saturating_sub(self.most)..).unwrap_or_default();
        let (fits, over) = said.split_at(said.len().min(self.most - self.bytes.len()));
        if self.bytes.capacity() - self.bytes.len() < fits.len() {
            let doubled = self.bytes.capacity().saturating_mul(2).min(self.most);
            self.bytes.reserve_exact(doubled.max(self.bytes.len() + fits.len()) - self.bytes.len());
        }
        self.bytes.extend_from_slice(fits);
        // What does not fit takes the place of the oldest.
        let (wrapped, behind) = self.bytes.split_at_mut(self.oldest);
        let (first, second) = over.split_at(over.len().min(behind.len()));
        for (to, from) in [(behind, first), (wrapped, second)] {
            if let Some(to) = to.get_mut(..from.len()) {
                to.copy_from_slice(from);
            }
        }
        self.oldest += over.len();
        if self.oldest >= self.most {
            self.oldest -= self.most;
        }
    }

    /// The point at which a codec is that knows all of it.
    pub(super) fn synced(&self) -> Synced {
        self.said
    }

    /// What is missing to one that is at this point, in order; `None`: it knows something else, or
    /// more is missing than is kept.
    pub(super) fn missing(&self, at: Synced) -> Option<[&[u8]; 2]> {
        let new = self.said.total.checked_sub(at.total).filter(|_| at.user == self.said.user)?;
        (new <= self.bytes.len() as u64).then(|| self.since(at.total))
    }

    /// The last bytes said since there were `total`, as far as they are kept, in order.
    fn since(&self, total: u64) -> [&[u8]; 2] {
        let new = usize::try_from(self.said.total.saturating_sub(total)).unwrap_or(usize::MAX);
        let skip = self.bytes.len().saturating_sub(new);
        let (newer, older) = self.bytes.split_at(self.oldest);
        match older.get(skip..) {
            Some(older) => [older, newer],
            None => [&[], newer.get(skip - older.len()..).unwrap_or_default()],
        }
    }

    /// All that is kept, in order.
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        self.since(0)
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("len", &self.bytes.len())
            .field("most", &self.most)
            .field("said", &self.said)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_last_bytes_however_they_came() {
        let said: Vec<u8> = (0..5000_u32).map(|i| ((i * i) >> 3) as u8).collect();
        for most in [1, 2, 7, 256, 512] {
            for step in [1, 2, 3, 100, 255, 256, 257, 511, 513, 2000] {
                let (mut window, mut end) = (Window::new(1, most), 0);
                for part in said.chunks(step) {
                    window.push(part);
                    end += part.len();
                    assert_eq!(window.synced(), Synced { user: 1, total: end as u64 });
                    for since in [
                        0,
                        end.saturating_sub(most),
                        end.saturating_sub(most / 2),
                        end.saturating_sub(1),
                        end,
                    ] {
                        let from = since.max(end.saturating_sub(most));
                        assert_eq!(
                            window.since(since as u64).concat(),
                            said[from..end],
                            "{most} {step} {since}"
                        );
                        let missing = window.missing(Synced { user: 1, total: since as u64 });
                        assert_eq!(
                            missing.map(|parts| parts.concat()),
                            (from == since).then(|| said[from..end].to_vec())
                        );
                        assert_eq!(window.missing(Synced { user: 2, total: since as u64 }), None);
                    }
                    assert!(window.bytes.capacity() <= most);
                }
            }
        }
    }

    #[test]
    fn it_grows_with_what_was_said() {
        let mut window = Window::new(1, 32 << 10);
        assert_eq!(window.bytes.capacity(), 0);
        window.push(&[7; 100]);
        assert_eq!(window.bytes.capacity(), 100);
        window.push(&[7; 10]);
        assert_eq!(window.bytes.capacity(), 200);
    }
}
