//! The time that a heartbeat goes by: the caller's, less what the program stood still.
//!
//! It never goes back, and a call that comes long behind the deadline that was given counts as if it had
//! come at the deadline: of what happened meanwhile nothing was seen.
//!
//! It begins at the first call, so that no sum of it and a few seconds is out of range.

use core::time::Duration;

#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    /// What the caller's time is ahead.
    ahead: Option<Duration>,
    now: Duration,
    promised: Option<Duration>,
}

/// How late a call may be.
const LATE: Duration = Duration::from_secs(10);

impl Clock {
    /// What the caller's time is on this clock.
    pub(super) fn tick(&mut self, now: Duration) -> Duration {
        let ahead = *self.ahead.get_or_insert(now);
        let mut now = now.saturating_sub(ahead).max(self.now);
        if let Some(promised) = self.promised {
            let late = now.saturating_sub(promised);
            if late > LATE {
                self.ahead = Some(ahead + late);
                now = promised;
            }
        }
        self.now = now;
        now
    }

    /// What a deadline is in the caller's time.
    pub(super) fn promise(&mut self, deadline: Option<Duration>) -> Option<Duration> {
        self.promised = deadline;
        deadline?.checked_add(self.ahead?)
    }
}
