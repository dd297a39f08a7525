//! Appends bytes to a buffer, with no case that is slow.
//!
//! From about 2 KiB on the C library copies by the processor's `rep movsb`. AMD's Zen 3 and Zen 4
//! take 20 times as long for that where the place lies 1 to 15 bytes behind the source within a
//! page (their addresses modulo 4,096). By chance that is rare. But an allocator that puts 16 bytes
//! before each block lays a buffer so behind the one that was made before it, and a payload has 8
//! bytes of header in one and 4 in the other. Then the copy in an echo of 16 KiB takes 4.6 µs
//! instead of 0.2 µs, each time. Copies of less than 2 KiB are done in another way, so slow copies
//! are done in pieces of that size.

use alloc::string::String;
use alloc::vec::Vec;

/// How much is copied at once where a copy would be slow: enough that the calls do not matter, and
/// so little that no C library takes `rep movsb`.
const PIECE: usize = 1024;

const PAGE: usize = 4096;

/// Appends `from` to `to`.
#[inline(always)]
pub(crate) fn append(to: &mut Vec<u8>, from: &[u8]) {
    if from.len() > PIECE {
        append_long(to, from);
    } else {
        to.extend_from_slice(from);
    }
}

#[inline(never)]
fn append_long(to: &mut Vec<u8>, from: &[u8]) {
    to.reserve(from.len());
    if is_slow(to, from) {
        for piece in from.chunks(PIECE) {
            to.extend_from_slice(piece);
        }
    } else {
        to.extend_from_slice(from);
    }
}

/// Appends `from` to `to`, a text.
#[inline(always)]
pub(crate) fn append_text(to: &mut String, from: &str) {
    if from.len() > PIECE {
        append_long_text(to, from);
    } else {
        to.push_str(from);
    }
}

#[inline(never)]
fn append_long_text(to: &mut String, mut from: &str) {
    to.reserve(from.len());
    if is_slow(to.as_bytes(), from.as_bytes()) {
        // A character that the cut would go through is left to the next piece.
        while let Some((piece, rest)) =
            (PIECE - 3..=PIECE).rev().find_map(|at| from.split_at_checked(at))
        {
            to.push_str(piece);
            from = rest;
        }
    }
    to.push_str(from);
}

/// Whether a copy to the place behind `to` would be slow.
#[inline]
fn is_slow(to: &[u8], from: &[u8]) -> bool {
    let place = to.as_ptr().addr().wrapping_add(to.len());
    matches!(place.wrapping_sub(from.as_ptr().addr()) % PAGE, 1..=15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of any length and at any distance, those that are slow and those that are not.
    #[test]
    fn what_is_copied_is_the_same() {
        let text: String = (0..4000).map(|i| ['a', 'é', '€', '😀'][i % 4]).collect();
        let mut slow = 0;
        for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, PIECE + 3, 2 * PIECE, 9000]
            .map(|len| text.floor(len))
        {
            let part = &text[..len];
            for distance in (0..40).chain([PAGE - 8, PAGE + 8]) {
                // As far behind the part's place in its page as wanted.
                let gap = |buffer: *const u8| {
                    (part.as_ptr().addr() + distance).wrapping_sub(buffer.addr()) % PAGE
                };
                let mut to = String::with_capacity(2 * PAGE + text.len());
                to.push_str(&"x".repeat(gap(to.as_ptr())));
                let before = to.clone();
                slow += usize::from(is_slow(to.as_bytes(), part.as_bytes()));
                append_text(&mut to, part);
                assert_eq!(to, before + part, "{len} at {distance}");

                let mut to = Vec::with_capacity(2 * PAGE + text.len());
                to.resize(gap(to.as_ptr()), b'x');
                let before = to.clone();
                slow += usize::from(is_slow(&to, part.as_bytes()));
                append(&mut to, part.as_bytes());
                assert_eq!(to, [&before, part.as_bytes()].concat(), "{len} at {distance}");
            }
        }
        assert_eq!(slow, 8 * 2 * (15 + 1), "15 of the first 40, and a page further");
    }

    trait Floor {
        fn floor(&self, at: usize) -> usize;
    }

    impl Floor for String {
        /// The next boundary of a character at or before it.
        fn floor(&self, at: usize) -> usize {
            (0..=at).rev().find(|at| self.is_char_boundary(*at)).unwrap_or(0)
        }
    }
}
