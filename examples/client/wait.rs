//! The moment that answers have, once the input is at its end.
//!
//! It begins anew with each byte of what was typed that leaves, so that a slow line does not use it
//! up, and it always ends: what has to leave is known when it begins, and output that is stuck does
//! not put it off.

use std::time::Duration;

/// When to close.
#[derive(Debug)]
pub(crate) struct Wait {
    allowed: Duration,
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    /// How many bytes have left the socket when all that was typed has.
    target: u64,
    /// How many of them had left at the last look.
    left: u64,
    since: Duration,
}

impl Wait {
    /// One that has not begun.
    pub(crate) fn new(allowed: Duration) -> Self {
        Self { allowed, begun: None }
    }

    /// The input is at its end: so many bytes have left the socket, so many are queued. Only the
    /// first call counts.
    pub(crate) fn begin(&mut self, left: u64, queued: usize, now: Duration) {
        let target = left.saturating_add(queued as u64);
        self.begun.get_or_insert(Begun { target, left, since: now });
    }

    /// When it is over, if so many bytes have left by now. `None`: it has not begun.
    pub(crate) fn due(&mut self, left: u64, now: Duration) -> Option<Duration> {
        let begun = self.begun.as_mut()?;
        let left = left.min(begun.target);
        if left > begun.left {
            (begun.left, begun.since) = (left, now);
        }
        Some(begun.since.saturating_add(self.allowed))
    }

    pub(crate) fn is_over(&mut self, left: u64, now: Duration) -> bool {
        self.due(left, now).is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_begins_when_all_has_left_and_is_not_put_off_for_ever() {
        let mut wait = Wait::new(at(2));
        assert_eq!((wait.due(100, at(9)), wait.is_over(100, at(9))), (None, false));
        wait.begin(100, 50, at(10));
        assert_eq!(wait.due(100, at(10)), Some(at(12)));
        // Bytes leave.
        assert_eq!(wait.due(110, at(11)), Some(at(13)));
        assert_eq!(wait.due(150, at(20)), Some(at(22)));
        // More of them leave, as pongs: nobody waits for answers to those.
        wait.begin(160, 10, at(21));
        assert_eq!(wait.due(900, at(21)), Some(at(22)));
        assert_eq!((wait.is_over(900, at(21)), wait.is_over(900, at(22))), (false, true));
    }

    #[test]
    fn what_is_stuck_is_not_waited_for() {
        let mut wait = Wait::new(at(2));
        wait.begin(0, 50, at(10));
        assert_eq!(wait.due(0, at(11)), Some(at(12)));
    }

    #[test]
    fn none_is_over_at_once_and_the_longest_never() {
        let mut none = Wait::new(Duration::ZERO);
        none.begin(0, 50, at(10));
        assert!(none.is_over(0, at(10)));
        let mut longest = Wait::new(Duration::MAX);
        longest.begin(u64::MAX, 50, at(10));
        assert!(!longest.is_over(u64::MAX, at(1 << 40)));
    }
}
