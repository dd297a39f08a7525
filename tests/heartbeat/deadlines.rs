//! Handshakes and refusals have one deadline each; and time-outs of any length are safe.

use crate::heartbeat::{GRACE, SECOND, TICK, at, timeouts};
use crate::support::{self, Side, feed, frames, output};
use sockless::client::{self, Outcome};
use sockless::server::{self, Incoming};
use sockless::{Cause, Deadline, Event, HandshakeError, Heartbeat, Input, Seed, Timeouts};
use std::time::Duration;

/// Of every length, at every moment: no deadline lies behind, nothing overflows, and no loop runs
/// hot.
#[test]
fn durations_of_any_length_are_safe() {
    let lengths = [
        None,
        Some(Duration::ZERO),
        Some(TICK),
        Some(SECOND),
        Some(Duration::MAX - SECOND),
        Some(Duration::MAX),
    ];
    for i in 0..lengths.len().pow(4) {
        let pick = |place: u32| lengths[i / lengths.len().pow(place) % lengths.len()];
        let mut timeouts = Timeouts::default();
        (timeouts.ping_interval, timeouts.pong_timeout) = (pick(0), pick(1));
        (timeouts.idle_timeout, timeouts.write_timeout) = (pick(2), pick(2));
        (timeouts.close_timeout, timeouts.drain_timeout) = (pick(3), pick(3));
        for start in [Duration::ZERO, Duration::MAX / 2, Duration::MAX - SECOND] {
            let mut connection = Side::Server.open(Default::default());
            let mut heartbeat = Heartbeat::new(timeouts.clone());
            let mut now = start;
            for turn in 0..20 {
                let due = heartbeat.poll(now, &mut connection);
                let ahead = due.is_none_or(|due| due > now || now == Duration::MAX);
                assert!(ahead, "{timeouts:?} at {now:?}: {due:?}");
                if turn % 3 == 0 {
                    output(&mut connection);
                }
                if turn == 10 && connection.is_open() {
                    connection.close(None).unwrap();
                }
                feed(&mut connection, b"");
                now = due.unwrap_or_else(|| now.saturating_add(SECOND));
            }
            // Back, and far ahead.
            for now in [Duration::ZERO, Duration::MAX, now, Duration::MAX] {
                let due = heartbeat.poll(now, &mut connection);
                assert!(due.is_none_or(|due| due > now || now == Duration::MAX), "{due:?}");
            }
        }
    }
}

/// A time-out of `Duration::MAX` is none, in every respect.
#[test]
fn the_longest_duration_is_never() {
    let with = |pong: Option<Duration>, write: Option<Duration>| {
        let mut timeouts = Timeouts::default();
        (timeouts.pong_timeout, timeouts.write_timeout, timeouts.close_timeout) =
            (pong, write, pong);
        timeouts.idle_timeout = Some(SECOND * 100);
        timeouts
    };
    for (pong, write) in [(Some(SECOND * 20), None), (None, Some(SECOND * 60)), (None, None)] {
        let never = |duration: Option<Duration>| Some(duration.unwrap_or(Duration::MAX));
        let run = |timeouts| {
            let mut connection = Side::Server.open(Default::default());
            let mut heartbeat = Heartbeat::new(timeouts);
            connection.send_binary(vec![7; 1 << 20]).unwrap();
            support::write(&mut connection, 1000);
            let dues: Vec<_> =
                (0..300).map(|second| heartbeat.poll(at(second), &mut connection)).collect();
            (dues, connection.queued(), feed(&mut connection, b""))
        };
        assert_eq!(run(with(pong, write)), run(with(never(pong), never(write))));
    }
}

/// A ping interval of zero sends no more than a ping a millisecond, and waits for each answer.
#[test]
fn a_ping_interval_of_zero_is_a_millisecond() {
    let mut timeouts = Timeouts::default();
    timeouts.ping_interval = Some(Duration::ZERO);
    let mut connection = Side::Server.open(Default::default());
    let mut heartbeat = Heartbeat::new(timeouts);
    assert_eq!(heartbeat.poll(Duration::ZERO, &mut connection), Some(Duration::from_millis(1)));
    for _ in 0..10 {
        heartbeat.poll(Duration::from_millis(1), &mut connection);
    }
    assert_eq!(frames(&output(&mut connection)).len(), 1);
}

#[test]
fn a_heartbeat_called_only_at_its_deadlines_is_late_by_at_most_one_interval() {
    let mut connection = Side::Server.open(Default::default());
    let mut heartbeat = Heartbeat::new(timeouts(0, 0, 30, 3));
    assert_eq!(
        heartbeat.poll(at(100), &mut connection),
        Some(at(130)),
        "time counts from the first call"
    );
    feed(&mut connection, &Side::Client.frame(crate::support::TEXT, b"at 101 s, but nobody looks"));
    assert_eq!(heartbeat.poll(at(130), &mut connection), Some(at(160)));
    assert_eq!(heartbeat.poll(at(160), &mut connection), Some(at(160) + GRACE));
    assert!(heartbeat.poll(at(161), &mut connection).is_some());
    assert!(matches!(&feed(&mut connection, b"")[..], [Event::Closed(_)]));
    output(&mut connection);
    assert_eq!(heartbeat.poll(at(162), &mut connection), Some(at(165)));
    // Time that stands still or goes back does no harm.
    assert_eq!(heartbeat.poll(at(162), &mut connection), Some(at(165)));
    assert_eq!(heartbeat.poll(SECOND, &mut connection), Some(at(165)));
    assert_eq!(heartbeat.poll(at(165), &mut connection), Some(at(166)));
    assert_eq!(heartbeat.poll(at(166), &mut connection), None);
    assert!(connection.is_done());
    assert_eq!(heartbeat.poll(Duration::MAX, &mut connection), None);
}

#[test]
fn without_time_outs_nothing_is_ever_due() {
    let mut connection = Side::Server.open(Default::default());
    let mut heartbeat = Heartbeat::new(timeouts(0, 0, 0, 0));
    assert_eq!(heartbeat.poll(Duration::ZERO, &mut connection), None);
    assert_eq!(heartbeat.poll(Duration::MAX, &mut connection), None);
    connection.close(None).unwrap();
    assert_eq!(heartbeat.poll(Duration::MAX, &mut connection), None);
    assert!(!connection.is_done());
    // Pings without a time-out for their pongs go on when one is lost.
    let mut connection = Side::Server.open(Default::default());
    let mut heartbeat = Heartbeat::new(timeouts(10, 0, 0, 0));
    for i in 0..5 {
        assert_eq!(heartbeat.poll(SECOND * 10 * i, &mut connection), Some(SECOND * 10 * (i + 1)));
        assert_eq!(frames(&output(&mut connection)).len(), usize::from(i > 0));
    }
}

/// It fires once, whatever is asked of it afterwards, and never if its end is out of range.
#[test]
fn a_deadline_fires_once() {
    let mut handshake = server::Handshake::new(Default::default());
    assert!(handshake.poll(&mut Input::new(&mut b"GET".to_vec())).is_none());
    let mut never = Deadline::after(Duration::MAX);
    assert_eq!([at(0), at(1), Duration::MAX].map(|now| never.poll(now, &mut handshake)), [None; 3]);
    assert!(handshake.wants_read());

    let mut deadline = Deadline::after(SECOND);
    deadline.poll(Duration::ZERO, &mut handshake);
    assert_eq!(deadline.poll(SECOND, &mut handshake), None);
    let Some(Incoming::Failed(mut rejected)) = handshake.poll(&mut Input::empty()) else {
        panic!()
    };
    for now in [Duration::ZERO, SECOND, at(2), Duration::MAX] {
        assert_eq!(deadline.poll(now, &mut rejected), None);
        assert!(rejected.wants_write(), "it ends the handshake, and not its outcome");
    }
}

/// Whatever it bounds: the cause says that it was time.
#[test]
fn a_deadline_of_nothing_ends_at_its_first_look() {
    let mut connection = Side::Server.open(Default::default());
    let mut deadline = Deadline::after(Duration::ZERO);
    assert_eq!(deadline.poll(at(7), &mut connection), None);
    let events = feed(&mut connection, b"");
    let [Event::Closed(close_event)] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(close_event.cause, Cause::Timeout(_)));
    assert!(connection.is_done());
}

#[test]
fn a_handshake_has_its_deadline_and_bytes_do_not_put_it_off() {
    let mut handshake = server::Handshake::new(Default::default());
    let mut deadline = Deadline::after(SECOND * 10);
    for second in 5..15 {
        assert_eq!(deadline.poll(SECOND * second, &mut handshake), Some(SECOND * 15));
        assert!(handshake.poll(&mut Input::new(&mut b"GET".to_vec())).is_none());
    }
    assert_eq!(deadline.poll(SECOND * 15 - TICK, &mut handshake), Some(SECOND * 15));
    assert_eq!(deadline.poll(SECOND * 15, &mut handshake), None);
    let Some(Incoming::Failed(mut rejected)) = handshake.poll(&mut Input::empty()) else {
        panic!()
    };
    assert_eq!((rejected.status(), rejected.error()), (408, Some(HandshakeError::TimedOut)));
    assert!(output(&mut rejected).starts_with(b"HTTP/1.1 408 Request Timeout\r\n"));
    assert!(handshake.is_done() && handshake.poll(&mut Input::new(&mut b"x".to_vec())).is_none());

    // The answer has a deadline of its own.
    let mut deadline = Deadline::after(SECOND);
    assert_eq!(deadline.poll(SECOND * 15, &mut rejected), Some(SECOND * 16));
    rejected.shutdown_done();
    assert!(!rejected.is_done());
    assert_eq!(deadline.poll(SECOND * 16, &mut rejected), None);
    assert!(rejected.is_done());
    assert_eq!(deadline.poll(SECOND * 17, &mut rejected), None);
}

#[test]
fn who_sent_nothing_at_all_gets_no_answer() {
    let mut handshake = server::Handshake::new(Default::default());
    let mut deadline = Deadline::after(SECOND);
    deadline.poll(Duration::ZERO, &mut handshake);
    assert_eq!(deadline.poll(SECOND, &mut handshake), None);
    assert!(handshake.poll(&mut Input::empty()).is_none() && handshake.is_done());
}

#[test]
fn a_client_gives_up_on_a_server_that_does_not_answer() {
    for answer in [&b""[..], b"HTTP/1.1 101 Sw"] {
        let request = client::Request::new("ws://a.example/").unwrap();
        let mut handshake = client::Handshake::new(request, Seed::new([1; 32]));
        let mut deadline = Deadline::after(SECOND);
        deadline.poll(Duration::ZERO, &mut handshake);
        assert!(handshake.poll(&mut Input::new(&mut answer.to_vec())).is_none());
        assert_eq!(deadline.poll(SECOND, &mut handshake), None);
        assert!(!handshake.is_done());
        let Some(Outcome::Failed(failure)) = handshake.poll(&mut Input::empty()) else { panic!() };
        assert_eq!(failure.error(), HandshakeError::TimedOut);
        assert!(!handshake.wants_write() && !handshake.wants_read() && handshake.is_done());
    }
}
