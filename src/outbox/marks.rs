//! The two marks of the queue's length, by which a producer is told to stop and to go on.
//!
//! ```text
//!   queued                  ╭──╮
//!      high ─ ─ ─ ─ ─ ─ ─ ─╭╯─ ╰╮─ ─ ─ ─ ─ ─ ─ ─ ─ ╭─ ─ ─
//!                        ╭─╯    ╰╮      ╭──╮      ╭╯
//!      low  ─ ─ ─ ─ ─ ─╭─╯─ ─ ─ ─╰╮─ ─╭─╯─ ╰──────╯─ ─ ─ ─
//!                    ──╯          ╰───╯
//!                          ◄─────►                  ◄────   above
//! ```
//!
//! Only the way down has to be remembered: above the high mark, the length itself shows it.

/// The marks, in bytes, and whether the queue is on its way down between them.
///
/// Packed, because padding would make each connection larger by 8 bytes.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub(super) struct Marks {
    low: u32,
    high: u32,
    /// Bytes left while the queue was above, and more than `low` are still queued.
    falling: bool,
}

impl Marks {
    /// A low-water mark above the high-water mark counts as equal to it, and a mark beyond 4 GiB as
    /// the largest.
    pub(super) fn new(low: u64, high: u64) -> Self {
        let kept = |mark| u32::try_from(mark).unwrap_or(u32::MAX);
        Self { low: kept(low.min(high)), high: kept(high), falling: false }
    }

    /// This many bytes of the queue have left, or were dropped.
    pub(super) fn fall(&mut self, before: u64, now: u64) {
        self.falling = self.is_above(before) && now > u64::from(self.low);
    }

    /// The queue is empty.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.falling = false;
    }

    /// Whether a queue of this length takes no more messages.
    #[inline(always)]
    pub(super) fn is_full(self, queued: u64) -> bool {
        queued > u64::from(self.high)
    }

    /// Whether more than `high` bytes are queued, or were, and since then not as few as `low`.
    #[inline]
    pub(super) fn is_above(self, queued: u64) -> bool {
        self.falling || self.is_full(queued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `is_above` says at each of these lengths, one after the other.
    fn above(mut marks: Marks, lengths: &[u64]) -> alloc::vec::Vec<bool> {
        let mut before = 0;
        lengths
            .iter()
            .map(|now| {
                if *now < before {
                    marks.fall(before, *now);
                }
                before = *now;
                marks.is_above(*now)
            })
            .collect()
    }

    #[test]
    fn a_queue_is_above_from_beyond_the_high_mark_down_to_the_low_one() {
        assert_eq!(
            above(Marks::new(10, 20), &[20, 21, 20, 30, 11, 12, 11, 10, 20, 19, 21, 9, 20, 99, 0]),
            [
                false, true, true, true, true, true, true, false, false, false, true, false, false,
                true, false
            ]
        );
    }

    #[test]
    fn a_queue_that_is_above_takes_messages_again_below_the_high_mark() {
        let mut marks = Marks::new(10, 20);
        marks.fall(30, 15);
        assert!(marks.is_above(15) && !marks.is_full(15));
        marks.clear();
        assert!(!marks.is_above(15));
    }

    #[test]
    fn a_mark_beyond_4_gib_counts_as_the_largest() {
        let most = u64::from(u32::MAX);
        assert_eq!(above(Marks::new(1 << 32, 1 << 32), &[1, most, most + 1]), [false, false, true]);
    }

    #[test]
    fn a_low_mark_above_the_high_one_counts_as_equal_to_it() {
        assert_eq!(above(Marks::new(99, 20), &[21, 20]), [true, false]);
        assert_eq!(above(Marks::new(0, 0), &[1, 0]), [true, false]);
    }
}
