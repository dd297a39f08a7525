//! How fast one may talk: every message costs a part of a window, and a window's worth of them is
//! on credit.

use std::time::Duration;

/// How long the messages count that one may say in a burst.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);

/// The moment to which what was said is paid for.
#[derive(Debug, Default)]
pub(crate) struct Credit(Duration);

impl Credit {
    /// Every message costs its part of [`WINDOW`], on credit of one window: a burst that uses the
    /// credit up, then one message for each part.
    pub(crate) fn pay(&mut self, cost: Duration, now: Duration) -> bool {
        let spent = self.0.max(now) + cost;
        let may = spent <= now + WINDOW;
        if may {
            self.0 = spent;
        }
        may
    }
}
