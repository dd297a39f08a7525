//! Time: what the heartbeats allow, and what must be so of what they end.
//!
//! - A deadline that is given lies ahead.
//! - On a transport that was full, takes some bytes and is still full, nobody is given up, however
//!   few the bytes are and however long they took; but for the drain time-out.
//! - Where nothing moves any more and a time-out is set for that, the connection is done within the
//!   sum of all of them.

use super::reading::{Reading, Workspaces};
use super::station::Station;
use crate::choices::Choices;
use sockless::{Cause, Heartbeat, Timeouts};
use std::time::Duration;

/// What is seen of a transport from one look at the time to the next.
#[derive(Default)]
pub struct Flow {
    /// It left some of what there was.
    full: bool,
    was_full: bool,
    /// It took bytes since then, and never all that there was.
    moved: bool,
    emptied: bool,
}

const SECOND: Duration = Duration::from_secs(1);

/// What a pair's heartbeats allow: the defaults and some time without anything heard, or anything.
pub fn choose(choices: &mut Choices<'_>) -> Timeouts {
    let mut timeouts = Timeouts::default();
    timeouts.idle_timeout = Some(SECOND * 45);
    if choices.byte() < 0x80 {
        return timeouts;
    }
    let mut length = || {
        let millis = choices.pick(&[
            None,
            Some(0),
            Some(1),
            Some(700),
            Some(3000),
            Some(20_000),
            Some(90_000),
            Some(u64::MAX),
        ]);
        millis.map(
            |millis| if millis == u64::MAX { Duration::MAX } else { Duration::from_millis(millis) },
        )
    };
    (timeouts.ping_interval, timeouts.pong_timeout) = (length(), length());
    (timeouts.idle_timeout, timeouts.write_timeout) = (length(), length());
    (timeouts.close_timeout, timeouts.drain_timeout) = (length(), length());
    timeouts
}

/// What time it is next: a little later or much, the same, earlier, or the end of all time.
pub fn pass(now: Duration, choices: &mut Choices<'_>) -> Duration {
    let forward = [10, 4_000, 11_000, 20_000, 0, 1, 1_000, 60_000];
    match choices.byte() {
        0xff => Duration::MAX,
        0xfe => Duration::ZERO,
        0xfd => now.saturating_sub(SECOND * 5),
        0xfc => now.saturating_add(SECOND * 100_000),
        byte => {
            now.saturating_add(Duration::from_millis(forward[usize::from(byte) % forward.len()]))
        }
    }
}

impl Flow {
    /// The transport took so many of the bytes that there were.
    pub fn took(&mut self, n: usize, of: usize) {
        self.full = n < of;
        self.moved |= n > 0;
        self.emptied |= n == of;
    }
}

impl Station {
    /// Lets the heart beat: tells whether a time-out ended something.
    pub fn tick(&mut self, now: Duration) -> bool {
        let Some((mut heartbeat, timeouts)) = self.heartbeat.take() else { return false };
        let (was_done, was_open) = (self.connection.is_done(), self.connection.is_open());
        let full = self.flow.full && self.connection.wants_write();
        let slow = was_open && self.flow.was_full && self.flow.moved && !self.flow.emptied && full;
        self.flow = Flow { full, was_full: full, ..Flow::default() };
        self.due = self.ask(|connection| heartbeat.poll(now, connection));
        assert!(
            self.due.is_none_or(|due| due > now || now == Duration::MAX),
            "a deadline lies ahead"
        );
        assert!(
            !slow || self.connection.is_open() || timeouts.drain_timeout.is_some(),
            "its bytes moved"
        );
        self.heartbeat = Some((heartbeat, timeouts));
        self.poll();
        let timed_out = self
            .inbox
            .close_event
            .as_ref()
            .is_some_and(|close_event| matches!(close_event.cause, Cause::Timeout(_)));
        timed_out || self.connection.is_done() != was_done
    }

    /// The loop did not read.
    pub fn pause(&mut self) {
        self.heartbeat.iter_mut().for_each(|(heartbeat, _)| heartbeat.paused());
    }

    /// Some turns of a slow line: a few bytes leave in each, the peer reads, and time passes. Tells
    /// what time it is then.
    pub fn crawl(
        &mut self,
        to: &mut Self,
        mut now: Duration,
        choices: &mut Choices<'_>,
        workspaces: &mut Workspaces,
    ) -> (Duration, bool) {
        let few = 1 + usize::from(choices.byte());
        let step = Duration::from_millis(choices.pick(&[100, 1_000, 5_000, 30_000]));
        let mut timed_out = false;
        for _ in 0..1 + choices.byte() % 16 {
            self.write(to, few, choices.byte(), workspaces);
            to.read(few, Reading::Whole, workspaces);
            now = now.saturating_add(step);
            timed_out |= self.tick(now) | to.tick(now);
        }
        (now, timed_out)
    }

    /// Nothing is written or read any more, and time passes from one deadline to the next.
    pub fn starve(&mut self, mut now: Duration) {
        let Some((_, timeouts)) = &self.heartbeat else { return };
        let sum = self.ends_within(timeouts);
        if self.connection.wants_write() {
            // The transport takes nothing.
            let taken = self.connection.transmit().write_slice_with(|_| Err("full"));
            assert_eq!(taken, Err("full"));
            let queued = self.connection.queued();
            self.flow.took(0, queued);
        }
        self.tick(now);
        let begins = now;
        for _ in 0..1000 {
            let Some(due) = self.due else { break };
            now = due;
            self.tick(now);
        }
        if let Some(sum) = sum {
            assert!(
                self.connection.is_done(),
                "{:?} after {:?}",
                self.connection,
                now.saturating_sub(begins)
            );
            assert!(
                now.saturating_sub(begins) <= sum,
                "{:?} of {sum:?}",
                now.saturating_sub(begins)
            );
        }
    }

    /// How long it takes at most until it is done if nothing moves; `None`: for ever, perhaps.
    fn ends_within(&self, timeouts: &Timeouts) -> Option<Duration> {
        let set = |timeout: Option<Duration>| timeout.filter(|timeout| *timeout < Duration::MAX);
        let Timeouts {
            ping_interval,
            pong_timeout,
            idle_timeout,
            write_timeout,
            close_timeout,
            drain_timeout,
            ..
        } = timeouts;
        let all = [
            ping_interval,
            pong_timeout,
            idle_timeout,
            write_timeout,
            close_timeout,
            drain_timeout,
        ]
        .map(|timeout| set(*timeout));
        let [ping, _, idle, write, close, drain] = all;
        let waits = self.connection.wants_write() || ping.is_some();
        let gives_up = idle.is_some() || waits && write.or(drain).is_some();
        let drops = drain.is_some() || close.is_some() && write.is_some();
        let written = !self.connection.is_open() && !self.connection.wants_write();
        let ends = if written {
            close.is_some()
        } else {
            (!self.connection.is_open() || gives_up) && drops
        };
        // Each may have begun anew, and leaves a grace.
        ends.then(|| all.into_iter().flatten().map(|timeout| timeout + SECOND * 2).sum())
    }
}

/// A heart for an end.
pub fn beating(timeouts: &Option<Timeouts>) -> Option<(Heartbeat, Timeouts)> {
    timeouts.as_ref().map(|timeouts| (Heartbeat::new(timeouts.clone()), timeouts.clone()))
}
