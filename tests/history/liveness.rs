//! Healthy connections that were ended: by pings, by time-outs, and by the order of a loop's calls.

use crate::support::{CLOSE, PONG, SIDES, TEXT, feed, frames, output, write};
use sockless::{Cause, Config, Event, Heartbeat, Timeout, Timeouts};
use std::time::Duration;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Several servers and clients: the time of a pong began when the ping was queued, behind
/// megabytes, and a large message on a slow line killed its own connection. Here it begins when the
/// ping has left. Asserted: 16 MiB leave at 100 kB/s.
#[test]
fn the_pong_timer_began_when_the_ping_was_queued() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let mut heartbeat = Heartbeat::new(Timeouts::default());
        connection.send_binary(vec![7; 16 << 20]).unwrap();
        let mut second = 0;
        while connection.wants_write() {
            write(&mut connection, 100_000);
            second += 1;
            heartbeat.poll(at(second), &mut connection);
            assert!(connection.is_open(), "{side:?} after {second} s");
        }
        assert!(second > 160);
    }
}

/// A client library: only a pong of the ping's own payload counted, and deployed servers send
/// another, or answer the last of several pings (RFC 6455 §5.5.3). Here whatever comes behind the
/// ping answers. Asserted: two hours of such pongs.
#[test]
fn the_payload_of_a_pong_was_compared() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let mut heartbeat = Heartbeat::new(Timeouts::default());
        for second in 0..7200 {
            heartbeat.poll(at(second), &mut connection);
            if !output(&mut connection).is_empty() {
                feed(&mut connection, &side.other().frame(PONG, b"always the same"));
            }
            assert!(connection.is_open(), "{side:?} after {second} s");
        }
    }
}

/// Async clients: after a stall the timer's branch was polled before the socket's, and a live peer
/// was given up, its pong and its messages unread. Here the loop reads first. Asserted: the pong
/// and the message arrive, however long the stall.
#[test]
fn the_timer_was_asked_before_the_socket() {
    for side in SIDES {
        for stall in [21, 30, 3600] {
            let mut connection = side.open(Config::default());
            let mut heartbeat = Heartbeat::new(Timeouts::default());
            heartbeat.poll(at(0), &mut connection);
            heartbeat.poll(at(20), &mut connection);
            output(&mut connection);
            heartbeat.poll(at(21), &mut connection);
            heartbeat.poll(at(21 + stall), &mut connection);
            let wire = [side.other().frame(PONG, b""), side.other().frame(TEXT, b"alive")].concat();
            let events = feed(&mut connection, &wire);
            assert!(
                matches!(&events[..], [Event::Pong(_), Event::Text(_)]),
                "{side:?} {stall}: {events:?}"
            );
            heartbeat.poll(at(22 + stall), &mut connection);
            assert!(connection.is_open());
        }
    }
}

/// Servers: the time of the closing handshake began with `close()`, and cut off what was queued
/// before. Here it begins when the Close frame has left. Asserted: all of it arrives, then the
/// Close.
#[test]
fn the_close_timer_cut_off_the_queue() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let mut heartbeat = Heartbeat::new(Timeouts::default());
        connection.send_binary(vec![7; 16 << 20]).unwrap();
        connection.close(None).unwrap();
        let mut wire = Vec::new();
        let mut second = 0;
        while connection.wants_write() {
            wire.extend(write(&mut connection, 1_000_000));
            second += 1;
            heartbeat.poll(at(second), &mut connection);
        }
        let kinds: Vec<_> =
            frames(&wire).iter().map(|frame| (frame.first, frame.payload.len())).collect();
        assert_eq!(kinds, [(0x82, 16 << 20), (CLOSE, 0)]);
        let over = (second..second + 40).find(|second| {
            heartbeat.poll(at(*second), &mut connection);
            matches!(&feed(&mut connection, b"")[..], [Event::Closed(close_event)] if close_event.cause == Cause::Timeout(Timeout::Close))
        });
        assert!(over.is_some_and(|over| over >= second + 10), "and then it is bounded");
    }
}

/// Servers and clients: a Close was answered behind all that was queued, megabytes that nobody
/// reads any more (RFC 6455 §5.5.1: "as soon as practical"). Asserted: within 128 KiB, and the rest
/// is counted.
#[test]
fn a_close_was_answered_behind_the_whole_queue() {
    for side in SIDES {
        let mut config = Config::default();
        config.high_water_mark = u64::MAX;
        let mut connection = side.open(config);
        for _ in 0..10 {
            connection.send_binary(vec![7; 1 << 20]).unwrap();
        }
        let queued = connection.queued();
        let events = feed(&mut connection, &side.other().frame(CLOSE, &1009_u16.to_be_bytes()));
        let [Event::Closed(close_event)] = &events[..] else { panic!("{events:?}") };
        assert!(connection.queued() < 128 << 10);
        assert_eq!(close_event.unsent as usize, queued);
    }
}
