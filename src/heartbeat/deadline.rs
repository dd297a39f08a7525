//! The moment by which a handshake, or a refusal, must be over. Bytes that come or leave do not put
//! it off.

use crate::endpoint::Endpoint;
use core::time::Duration;

/// The moment by which a handshake must have its outcome, or a refusal must be done. Bytes that
/// come or leave do not put it off.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Deadline, Input, Endpoint};
/// use std::time::Duration;
///
/// let mut handshake = Handshake::new(Config::default());
/// let mut deadline = Deadline::after(Duration::from_secs(10));
/// assert_eq!(deadline.poll(Duration::from_secs(3), &mut handshake), Some(Duration::from_secs(13)));
///
/// // A client that sends its head byte by byte, without end.
/// let mut read = *b"GET / HT";
/// assert!(handshake.poll(&mut Input::new(&mut read)).is_none());
/// assert_eq!(deadline.poll(Duration::from_secs(13), &mut handshake), None);
/// let Some(Incoming::Failed(replying)) = handshake.poll(&mut Input::empty()) else { panic!() };
/// assert_eq!(replying.status(), 408);
/// ```
#[derive(Clone, Debug)]
pub struct Deadline {
    allowed: Duration,
    due: Option<Duration>,
    over: bool,
}

impl Deadline {
    /// A deadline this long after the first call of [`poll`](Self::poll). It never comes if its
    /// moment does not fit into a [`Duration`], as with [`Duration::MAX`].
    #[must_use]
    pub fn after(allowed: Duration) -> Self {
        Self { allowed, due: None, over: false }
    }

    /// Gives the moment at which to call it again at the latest. Called then, it calls
    /// [`handle_timeout`](Endpoint::handle_timeout), once, and gives `None` from then on.
    pub fn poll(&mut self, now: Duration, side: &mut dyn Endpoint) -> Option<Duration> {
        let due = *self.due.get_or_insert(now.saturating_add(self.allowed));
        if self.over || due == Duration::MAX {
            return None;
        }
        if due > now {
            return Some(due);
        }
        self.over = true;
        side.handle_timeout();
        None
    }
}
