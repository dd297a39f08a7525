//! The time of a heartbeat: the caller's, without the time for which the program was suspended.
//!
//! It never goes back: if the caller's time does, it stands still until that has caught up. A call
//! that comes more than a minute after the deadline that was given counts as if it had come at the
//! deadline, because what happened in between was not seen.
//!
//! It begins at the first call, and lasts for 584 years. A moment has eight bytes, and an optional
//! one too, because each connection keeps a dozen.

use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

/// A moment on a heartbeat's clock: nanoseconds since it began, plus one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(NonZeroU64);

#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    /// How far the caller's time is ahead.
    ahead: Option<Duration>,
    now: Moment,
    promised: Option<Moment>,
}

/// How late a call may be.
const LATE: Duration = Duration::from_secs(60);

impl Clock {
    /// What the caller's time is on this clock.
    pub(super) fn tick(&mut self, now: Duration) -> Moment {
        let ahead = *self.ahead.get_or_insert(now);
        let mut now = Moment::default().plus(now.saturating_sub(ahead)).max(self.now);
        if let Some(promised) = self.promised {
            let late = now.since(promised);
            if late > LATE {
                self.ahead = Some(ahead.saturating_add(late));
                now = promised;
            }
        }
        self.now = now;
        now
    }

    /// What a deadline is in the caller's time.
    pub(super) fn promise(&mut self, deadline: Option<Moment>) -> Option<Duration> {
        self.promised = deadline;
        deadline?.since(Moment::default()).checked_add(self.ahead?)
    }
}

impl Moment {
    /// This much later, or the last moment that there is.
    pub(super) fn plus(self, duration: Duration) -> Self {
        self.after(duration).unwrap_or(Self(NonZeroU64::MAX))
    }

    /// This much later. `None`: there is no such moment.
    pub(super) fn after(self, duration: Duration) -> Option<Self> {
        self.0.checked_add(u64::try_from(duration.as_nanos()).ok()?).map(Self)
    }

    /// How long ago a moment was; zero if it is ahead.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

/// When the clock began.
impl Default for Moment {
    fn default() -> Self {
        Self(NonZeroU64::MIN)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.since(Self::default()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_never_goes_back_and_leaves_out_what_it_was_not_asked() {
        let mut clock = Clock::default();
        let began = clock.tick(SECOND * 1000);
        assert_eq!(began, Moment::default());
        assert_eq!(clock.tick(SECOND * 1002).since(began), SECOND * 2);
        assert_eq!(clock.tick(SECOND).since(began), SECOND * 2);
        let due = began.after(SECOND * 20);
        assert_eq!(clock.promise(due), Some(SECOND * 1020));
        assert_eq!(clock.tick(SECOND * 1080).since(began), SECOND * 80, "late, and no more");
        assert_eq!(clock.promise(began.after(SECOND * 90)), Some(SECOND * 1090));
        assert_eq!(clock.tick(SECOND * 2000).since(began), SECOND * 90, "it stood still");
        assert_eq!(clock.promise(began.after(SECOND * 91)), Some(SECOND * 2001));
    }

    #[test]
    fn what_is_out_of_range_is_no_moment() {
        let began = Moment::default();
        assert_eq!(began.after(Duration::MAX), None);
        assert_eq!(began.plus(Duration::MAX).plus(SECOND), began.plus(Duration::MAX));
        let mut clock = Clock::default();
        clock.tick(Duration::MAX);
        assert_eq!(clock.promise(began.after(SECOND)), None);
        assert_eq!(size_of::<Option<Moment>>(), 8);
    }
}
