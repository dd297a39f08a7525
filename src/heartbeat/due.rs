//! What a connection waits for, and when it gives up: one row for each time-out.

use super::clock::Moment;
use super::{GRACE, Grace, Heartbeat, Output};
use crate::close::{CloseCode, CloseFrame};
use crate::connection::Connection;

use crate::event::Timeout;
use crate::heartbeat::Timeouts;
use core::time::Duration;

/// What will be due, when, and how long it was waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) at: Moment,
    pub(super) timeout: Timeout,
    pub(super) allowed: Duration,
}

/// How late a call at the end of a grace may be, in a loop that waited for nothing else.
const LATE: Duration = Duration::from_millis(50);

/// For how long at least a grace may begin again.
const AGAIN: Duration = Duration::from_secs(4);

impl Heartbeat {
    /// What an open connection waits for first, and whether to look soon what the transport does.
    pub(super) fn open(&self) -> (Option<Due>, bool) {
        let Timeouts { pong_timeout, idle_timeout, write_timeout, drain_timeout, .. } =
            self.timeouts;
        let silent = self.alive.filter(|_| !self.held || write_timeout.is_none());
        let left = self.ping.and_then(|ping| ping.left);
        let unanswered =
            silent.zip(left).map(|(silent, left)| silent.max(left)).filter(|_| self.waiting);
        let dues = [
            due(Timeout::Pong, unanswered, pong_timeout),
            due(Timeout::Idle, silent, idle_timeout),
            due(Timeout::Write, self.output.map(|output| output.moved), write_timeout),
            due(Timeout::Write, self.output.map(|output| output.since), drain_timeout),
        ];
        let look = self.held || self.waiting && left.is_none() && pong_timeout.is_some();
        (first(dues), look)
    }

    /// The same for a connection that is closing, or over but not done.
    pub(super) fn closing(&mut self, now: Moment, connection: &Connection) -> (Option<Due>, bool) {
        let Timeouts { pong_timeout, write_timeout, close_timeout, drain_timeout, .. } =
            self.timeouts;
        if !connection.wants_write() {
            // Bytes in a transport that was full may take as long to arrive as a pong may.
            let on_its_way = pong_timeout.filter(|_| self.filled).unwrap_or_default();
            self.written.get_or_insert(now.plus(on_its_way));
        }
        let over = match self.written {
            Some(written) => Some(written),
            None => {
                let output = self.output.get_or_insert(Output { since: now, moved: now });
                due(Timeout::Write, Some(output.moved), write_timeout).map(|due| due.at)
            }
        };
        let unwritten = self.output.map(|output| output.since).filter(|_| self.written.is_none());
        let dues = [
            due(Timeout::Close, over, close_timeout),
            due(Timeout::Close, unwritten, drain_timeout),
        ];
        (first(dues), self.written.is_none() && close_timeout.is_some())
    }

    /// The end of the grace of a time-out that is due; `None`: it is over.
    pub(super) fn grace(&mut self, now: Moment, allowed: Duration) -> Option<Moment> {
        let length = allowed.min(GRACE);
        let Grace { first, since } = *self.grace.get_or_insert(Grace { first: now, since: now });
        // A loop that calls late may not have read.
        let away = now.since(since) > length + (length / 4).min(LATE)
            && now.since(first) <= allowed.max(AGAIN);
        let since = if away { now } else { since };
        let end = since.plus(length);
        self.grace = Some(Grace { first, since }).filter(|_| now < end);
        self.grace.map(|_| end)
    }
}

/// When a time-out ends that runs since a moment.
fn due(timeout: Timeout, since: Option<Moment>, allowed: Option<Duration>) -> Option<Due> {
    let allowed = allowed?;
    Some(Due { at: since?.after(allowed)?, timeout, allowed })
}

/// The first of several to be due; of equal ones, the one in front.
fn first<const N: usize>(dues: [Option<Due>; N]) -> Option<Due> {
    dues.into_iter().flatten().min_by_key(|due| due.at)
}

/// The Close frame can still reach a peer that is only slow.
pub(super) fn give_up(connection: &mut Connection, timeout: Timeout) {
    let (code, reason) = match timeout {
        Timeout::Pong => (CloseCode::INTERNAL, "no pong in time"),
        Timeout::Idle => (CloseCode::AWAY, "nothing heard in time"),
        Timeout::Write | Timeout::Close => (CloseCode::INTERNAL, "output not taken in time"),
    };
    connection.give_up(timeout, CloseFrame::truncated(code, reason));
}
