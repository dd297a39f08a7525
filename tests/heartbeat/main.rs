//! Time, simulated: what is waited for and when it ends, in both roles and in every state.

mod answers;
mod closing;
mod deadlines;
mod full;
mod gaps;
mod output;
mod pings;
mod silence;

use crate::support::pair::Pair;
use crate::support::{Side, feed};
use sockless::{CloseEvent, Config, Connection, Event, Heartbeat, Timeouts};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_nanos(1);
/// What a time-out that is due leaves the loop to read.
const GRACE: Duration = SECOND;

/// Those of a ping, a pong, silence and closing, in seconds; 0: none. Output may be stuck for ever.
fn timeouts(ping: u64, pong: u64, idle: u64, close: u64) -> Timeouts {
    let some = |n| (n > 0).then_some(Duration::from_secs(n));
    let mut timeouts = Timeouts::default();
    (
        timeouts.ping_interval,
        timeouts.pong_timeout,
        timeouts.idle_timeout,
        timeouts.close_timeout,
    ) = (some(ping), some(pong), some(idle), some(close));
    timeouts.write_timeout = None;
    timeouts
}

/// A connection and its heartbeat, which began at 0 s.
fn beating(side: Side, timeouts: Timeouts) -> (Connection, Heartbeat) {
    let mut connection = side.open(Config::default());
    let mut heartbeat = Heartbeat::new(timeouts);
    heartbeat.poll(Duration::ZERO, &mut connection);
    (connection, heartbeat)
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn close_event(pair: &mut Pair, side: Side) -> (Duration, CloseEvent) {
    let station = pair.both(side).0;
    let mut closures =
        station.events.iter().zip(&station.times).filter_map(|(event, time)| match event {
            Event::Closed(close_event) => Some((*time, close_event.clone())),
            _ => None,
        });
    let close_event = closures.next().expect("it is closed");
    assert!(closures.next().is_none(), "once");
    close_event
}

fn is_closed(pair: &mut Pair, side: Side) -> bool {
    pair.both(side).0.events.iter().any(|event| matches!(event, Event::Closed(_)))
}

/// How a connection has ended, if it has.
fn ended(connection: &mut Connection) -> Option<CloseEvent> {
    match feed(connection, b"").pop() {
        Some(Event::Closed(close_event)) => Some(close_event),
        _ => None,
    }
}
