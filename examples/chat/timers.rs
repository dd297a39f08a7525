//! When each connection wants its next turn though nothing comes. Everything costs the logarithm of
//! their number.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// At most one moment for each connection's number.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Duration, usize)>,
    moments: BTreeMap<usize, Duration>,
}

impl Timers {
    /// Forgets the moment of a number, and remembers this one.
    pub(crate) fn set(&mut self, number: usize, moment: Option<Duration>) {
        let old = match moment {
            Some(moment) => self.moments.insert(number, moment),
            None => self.moments.remove(&number),
        };
        // The usual case: a turn that moved nothing.
        if old == moment {
            return;
        }
        if let Some(old) = old {
            self.queue.remove(&(old, number));
        }
        if let Some(moment) = moment {
            self.queue.insert((moment, number));
        }
    }

    /// Takes a number whose moment has come.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<usize> {
        let (_, number) = self.queue.first().copied().filter(|(moment, _)| *moment <= now)?;
        self.set(number, None);
        Some(number)
    }

    /// The first moment.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(moment, _)| *moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_in_order_and_once() {
        let at = Duration::from_secs;
        let mut timers = Timers::default();
        assert_eq!((timers.next(), timers.pop(at(9))), (None, None));
        timers.set(1, Some(at(5)));
        timers.set(2, Some(at(3)));
        timers.set(3, Some(at(5)));
        timers.set(4, Some(at(1)));
        timers.set(4, None);
        timers.set(4, None);
        timers.set(3, Some(at(2)));
        timers.set(3, Some(at(2)));
        assert_eq!(timers.next(), Some(at(2)));
        assert_eq!(timers.pop(at(1)), None);
        assert_eq!(
            (timers.pop(at(3)), timers.pop(at(3)), timers.pop(at(3))),
            (Some(3), Some(2), None)
        );
        timers.set(2, Some(at(5)));
        assert_eq!(
            (timers.pop(at(5)), timers.pop(at(5)), timers.pop(at(5))),
            (Some(1), Some(2), None)
        );
        assert_eq!(timers.next(), None);
    }
}
