//! What is known of what leaves: of the frame at the front, and of the transport. In one byte, for
//! each connection has one.

/// What is known of what leaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace(u8);

const TAKEN: u8 = 1;
const DRAINED: u8 = 2;
const FULL: u8 = 4;
const CONTROL: u8 = 8;

impl Pace {
    /// The transport took all that there was.
    pub(super) const ALL: Self = Self(TAKEN | DRAINED);

    /// The transport took `n` bytes, and not all that there was: whether it has refused the rest.
    pub(super) fn part(&mut self, n: usize, refused: bool) {
        self.0 |= if n > 0 { TAKEN } else { 0 } | if refused { FULL } else { 0 };
    }

    /// Whether the frame that has begun to leave is a ping or a pong.
    pub(super) fn begins(&mut self, control: bool) {
        self.0 = self.0 & !CONTROL | if control { CONTROL } else { 0 };
    }

    /// What is known, and from now on only what lasts.
    pub(super) fn take(&mut self) -> Self {
        let pace = *self;
        self.0 &= FULL | CONTROL;
        pace
    }

    /// Whether the frame that has begun to leave is a ping or a pong.
    pub(super) fn is_control(self) -> bool {
        self.0 & CONTROL != 0
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
