//! What the transport has done with the output. It is one byte, because each connection has one.

/// What the transport did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace(u8);

const TAKEN: u8 = 1;
const DRAINED: u8 = 2;
const FULL: u8 = 4;

impl Pace {
    /// The transport took all that there was.
    pub(super) const ALL: Self = Self(TAKEN | DRAINED);

    /// The transport took `n` bytes, and not all that there was: whether it has refused the rest.
    pub(super) fn part(&mut self, n: usize, refused: bool) {
        self.0 |= if n > 0 { TAKEN } else { 0 } | if refused { FULL } else { 0 };
    }

    /// What is known, and from now on only what lasts.
    pub(super) fn take(&mut self) -> Self {
        let pace = *self;
        self.0 &= FULL;
        pace
    }

    /// Whether the transport took bytes since the heartbeat looked last.
    pub(crate) fn taken(self) -> bool {
        self.0 & TAKEN != 0
    }

    /// Whether it took all that there was, at some moment since then.
    pub(crate) fn drained(self) -> bool {
        self.0 & DRAINED != 0
    }

    /// Whether it has refused bytes, and the queue was not empty since.
    pub(crate) fn full(self) -> bool {
        self.0 & FULL != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pace: Pace) -> [bool; 3] {
        [pace.taken(), pace.drained(), pace.full()]
    }

    #[test]
    fn only_that_the_transport_is_full_lasts_until_it_has_taken_all() {
        let mut pace = Pace::default();
        pace.part(0, false);
        assert_eq!(all(pace.take()), [false; 3], "nothing was tried");
        pace.part(1, false);
        assert_eq!(all(pace.take()), [true, false, false]);
        pace.part(0, true);
        pace.part(1, false);
        assert_eq!(all(pace.take()), [true, false, true]);
        assert_eq!(all(pace.take()), [false, false, true]);
        pace = Pace::ALL;
        assert_eq!(all(pace.take()), [true, true, false]);
        assert_eq!(all(pace.take()), [false; 3]);
    }
}
