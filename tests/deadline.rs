//! A deadline fires at its moment, and once: what it ended is not ended again, and whatever the
//! loop drives with it next is left alone.

mod support;

use sockless::client::{self, Outcome};
use sockless::server::{self, Incoming};
use sockless::{Cause, Config, Deadline, Event, HandshakeError, Input, LifeCycle, Seed};
use std::time::Duration;
use support::{SIDES, Side, TEXT, feed};

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A server that has a part of a head.
fn begun() -> server::Handshake {
    let mut handshake = server::Handshake::new(server::Config::default());
    assert!(handshake.poll(&mut Input::new(&mut b"GET / HT".to_vec())).is_none());
    handshake
}

/// The moments at which a loop polls it, once more often than there is anything to do.
#[test]
fn it_fires_at_its_moment_and_not_before() {
    for begin in [0, 1, 1 << 40] {
        let mut deadline = Deadline::after(seconds(10));
        let mut handshake = begun();
        for now in [0, 0, 3, 9] {
            let due = deadline.poll(seconds(begin + now), &mut handshake);
            assert_eq!(due, Some(seconds(begin + 10)));
            assert!(handshake.poll(&mut Input::empty()).is_none());
        }
        let almost = seconds(begin + 10) - Duration::from_nanos(1);
        assert_eq!(deadline.poll(almost, &mut handshake), Some(seconds(begin + 10)));
        assert_eq!(deadline.poll(seconds(begin + 10), &mut handshake), None);
        let outcome = handshake.poll(&mut Input::empty());
        assert!(matches!(outcome, Some(Incoming::Failed(rejected)) if rejected.status() == 408));
    }
}

/// The same deadline is polled on, by a loop that does not look: on what came of the handshake, and
/// on what had no deadline.
#[test]
fn it_fires_once() {
    let mut deadline = Deadline::after(seconds(10));
    let mut handshake = begun();
    let _ = deadline.poll(seconds(0), &mut handshake);
    assert_eq!(deadline.poll(seconds(10), &mut handshake), None);
    let Some(Incoming::Failed(mut rejected)) = handshake.poll(&mut Input::empty()) else { panic!() };
    for now in [10, 11, 1000, 5] {
        // A second time would drop the answer.
        let due = deadline.poll(seconds(now), &mut rejected);
        assert!(due.is_none() || now < 10);
        assert!(rejected.wants_write() && !rejected.is_done(), "{now}");
    }
    let answer = rejected.transmit().pop().expect("the answer");
    assert!(answer.starts_with(b"HTTP/1.1 408 "));

    for side in SIDES {
        let mut connection = side.open(Config::default());
        let _ = deadline.poll(seconds(2000), &mut connection);
        let events = feed(&mut connection, &side.other().frame(TEXT, b"alive"));
        assert_eq!(events, [Event::Text("alive".into())], "{side:?}");
    }
}

#[test]
fn each_side_ends_with_the_time_out_as_its_cause() {
    let request = client::Request::new("ws://a.example").unwrap();
    let mut handshake = client::Handshake::new(request, Seed::new([7; 32]));
    let mut deadline = Deadline::after(Duration::ZERO);
    assert_eq!(deadline.poll(seconds(7), &mut handshake), None);
    let outcome = handshake.poll(&mut Input::empty());
    assert!(matches!(outcome, Some(Outcome::Failed(HandshakeError::TimedOut))), "{outcome:?}");

    let mut connection = Side::Server.open(Config::default());
    let mut deadline = Deadline::after(Duration::MAX);
    for now in [seconds(1), Duration::MAX - seconds(1)] {
        assert_eq!(deadline.poll(now, &mut connection), Some(Duration::MAX));
    }
    assert_eq!(deadline.poll(Duration::MAX, &mut connection), None);
    let events = feed(&mut connection, b"");
    let [Event::Closed(closure)] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(closure.cause, Cause::Timeout(_)));
}
