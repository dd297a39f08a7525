//! Time, passed in: pings, and what is waited for in vain.
//!
//! ```text
//!   connection   open: ping every interval ──► no pong and no other byte for the pong time-out ──┐
//!                      no byte for the idle time-out ────────────────────────────────────────────┼─► Close frame, Closed
//!                closing, from whichever end ──► not done within the close time-out ─────────────┴─► drop the transport
//!                unable to write: the same
//!   handshake    not done within its deadline, however many bytes came
//! ```
//!
//! There is no clock in here. `now` is the time since any moment that you like, the same for all calls. Call `poll` once a turn of the loop, or at the
//! latest at the deadline that it gave: what came since the last call counts as having come now, so that a time-out is never early, and late by no more
//! than the time between two calls.

use crate::close::{CloseCode, CloseFrame};
use crate::connection::Connection;
use crate::event::Timeout;
use crate::life_cycle::LifeCycle;
use core::time::Duration;

/// Pings a connection, and gives up on a peer that does not answer. One for each connection.
///
/// ```
/// use sockless::{Agreement, Cause, Config, Connection, Event, Heartbeat, Input, LifeCycle, Role, Timeout, Timeouts};
/// use std::time::Duration;
///
/// let mut connection = Connection::new(Role::Server, Agreement::default(), Config::default());
/// let mut heartbeat = Heartbeat::new(Timeouts::default());
/// let at = Duration::from_secs;
///
/// assert_eq!(heartbeat.poll(at(0), &mut connection), Some(at(20)));
/// // A ping is due, and queued.
/// assert_eq!(heartbeat.poll(at(20), &mut connection), Some(at(40)));
/// assert!(connection.wants_write());
/// // Nobody answers.
/// heartbeat.poll(at(40), &mut connection);
/// let Some(Event::Closed(closure)) = connection.poll_event(&mut Input::empty()) else { panic!() };
/// assert_eq!(closure.cause, Cause::Timeout(Timeout::Pong));
/// ```
#[derive(Clone, Debug)]
pub struct Heartbeat {
    timeouts: Timeouts,
    /// When the peer was last heard; none before the first call.
    heard: Option<Duration>,
    /// When the last ping was queued; at first, when we began.
    pinged: Duration,
    /// The last ping's payload.
    number: u32,
    /// Whether its pong had not come at the last call.
    waiting: bool,
    round_trip: Option<Duration>,
    /// When the connection was first seen closing.
    closing: Option<Duration>,
}

/// What a [`Heartbeat`] does when. `None`: never.
///
/// ```
/// use sockless::Timeouts;
/// use std::time::Duration;
///
/// let mut timeouts = Timeouts::default();
/// assert_eq!(timeouts.ping_interval, Some(Duration::from_secs(20)));
/// timeouts.idle_timeout = Some(Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long after one ping the next is sent, once its pong has come. 20 s unless said otherwise.
    pub ping_interval: Option<Duration>,
    /// How long a pong may take. As long as other bytes come the peer lives, and it may take longer. 20 s unless said otherwise; then the connection is
    /// closed with 1011.
    pub pong_timeout: Option<Duration>,
    /// How long nothing at all may come of the peer, pongs included. Never, unless said otherwise; then the connection is closed with 1001.
    pub idle_timeout: Option<Duration>,
    /// How long the closing handshake may take, from whichever end, until the transport is dropped. Bytes do not put it off. 10 s unless said otherwise.
    pub close_timeout: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = |n| Some(Duration::from_secs(n));
        Self { ping_interval: seconds(20), pong_timeout: seconds(20), idle_timeout: None, close_timeout: seconds(10) }
    }
}

impl Heartbeat {
    /// A heartbeat that begins with the first call of [`poll`](Self::poll).
    pub fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, heard: None, pinged: Duration::ZERO, number: 0, waiting: false, round_trip: None, closing: None }
    }

    /// Does what is due, and tells when to call it again at the latest. `None`: nothing will become due by time alone.
    ///
    /// Call [`poll_event`](Connection::poll_event) afterwards until it gives `None`: a time-out is told as [`Event::Closed`](crate::Event::Closed).
    pub fn poll(&mut self, now: Duration, connection: &mut Connection) -> Option<Duration> {
        if connection.is_open() {
            self.beat(now, connection);
        }
        if connection.is_open() { self.next_beat() } else { self.close(now, connection) }
    }

    /// How long the last ping's pong took to come, the time to the call of `poll` that saw it. `None`: none has come yet.
    ///
    /// ```
    /// use sockless::{Agreement, Config, Connection, Heartbeat, Input, LifeCycle, Role, Seed, Timeouts};
    /// use std::time::Duration;
    ///
    /// let mut connection = Connection::new(Role::Client(Seed::new([7; 32])), Agreement::default(), Config::default());
    /// let mut heartbeat = Heartbeat::new(Timeouts::default());
    /// heartbeat.poll(Duration::ZERO, &mut connection);
    /// heartbeat.poll(Duration::from_secs(20), &mut connection);
    /// assert!(connection.wants_write(), "a ping of four bytes, 1 at first");
    ///
    /// let mut read = *b"\x8a\x04\0\0\0\x01";
    /// connection.poll_event(&mut Input::new(&mut read));
    /// heartbeat.poll(Duration::from_millis(20_030), &mut connection);
    /// assert_eq!(heartbeat.round_trip(), Some(Duration::from_millis(30)));
    /// ```
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// An open connection.
    fn beat(&mut self, now: Duration, connection: &mut Connection) {
        let heard = *self.heard.get_or_insert_with(|| {
            self.pinged = now;
            now
        });
        self.heard = Some(if connection.take_heard() { now } else { heard });
        if self.waiting && !connection.awaits_pong() {
            self.waiting = false;
            self.round_trip = Some(now.saturating_sub(self.pinged));
        }

        if self.pong_due().is_some_and(|due| due <= now) {
            connection.give_up(Timeout::Pong, CloseFrame::truncated(CloseCode::INTERNAL, "no pong in time"));
        } else if self.idle_due().is_some_and(|due| due <= now) {
            connection.give_up(Timeout::Idle, CloseFrame::truncated(CloseCode::AWAY, "nothing heard in time"));
        } else if self.ping_due().is_some_and(|due| due <= now) {
            let number = self.number.wrapping_add(1);
            if connection.beat(number.to_be_bytes()) {
                self.number = number;
                self.waiting = true;
            }
            self.pinged = now;
        }
    }

    fn next_beat(&self) -> Option<Duration> {
        [self.pong_due(), self.idle_due(), self.ping_due()].into_iter().flatten().min()
    }

    fn pong_due(&self) -> Option<Duration> {
        let since = self.heard?.max(self.pinged);
        self.timeouts.pong_timeout.filter(|_| self.waiting).map(|timeout| since.saturating_add(timeout))
    }

    fn idle_due(&self) -> Option<Duration> {
        Some(self.heard?.saturating_add(self.timeouts.idle_timeout?))
    }

    /// One ping at a time; without a time-out for its pong, one lost does not end them.
    fn ping_due(&self) -> Option<Duration> {
        let interval = self.timeouts.ping_interval.filter(|_| !self.waiting || self.timeouts.pong_timeout.is_none())?;
        Some(self.pinged.saturating_add(interval))
    }

    /// A connection that is closing, or over but not done.
    fn close(&mut self, now: Duration, connection: &mut Connection) -> Option<Duration> {
        if connection.is_done() {
            return None;
        }
        let due = self.closing.get_or_insert(now).saturating_add(self.timeouts.close_timeout?);
        if due > now {
            return Some(due);
        }
        connection.handle_timeout();
        None
    }
}

/// The moment by which a handshake must have its outcome, or a refusal be done. Bytes do not put it off.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Deadline, Input, LifeCycle};
/// use std::time::Duration;
///
/// let mut handshake = Handshake::new(Config::default());
/// let mut deadline = Deadline::after(Duration::from_secs(10));
/// assert_eq!(deadline.poll(Duration::from_secs(3), &mut handshake), Some(Duration::from_secs(13)));
///
/// // A client that sends its head byte by byte, for ever.
/// let mut read = *b"GET / HT";
/// assert!(handshake.poll(&mut Input::new(&mut read)).is_none());
/// assert_eq!(deadline.poll(Duration::from_secs(13), &mut handshake), None);
/// let Some(Incoming::Failed(rejected)) = handshake.poll(&mut Input::empty()) else { panic!() };
/// assert_eq!(rejected.status(), 408);
/// ```
#[derive(Clone, Debug)]
pub struct Deadline {
    allowed: Duration,
    due: Option<Duration>,
    over: bool,
}

impl Deadline {
    /// A deadline so long after the first call of [`poll`](Self::poll).
    pub fn after(allowed: Duration) -> Self {
        Self { allowed, due: None, over: false }
    }

    /// Tells when to call it again at the latest; at that moment it calls [`handle_timeout`](LifeCycle::handle_timeout), once, and gives `None` from then on.
    pub fn poll(&mut self, now: Duration, side: &mut dyn LifeCycle) -> Option<Duration> {
        let due = *self.due.get_or_insert(now.saturating_add(self.allowed));
        if due > now {
            return Some(due);
        }
        if !core::mem::replace(&mut self.over, true) {
            side.handle_timeout();
        }
        None
    }
}
