//! What answers a ping, and what is a sign of life. RFC 6455 §5.5.2, §5.5.3.

use crate::heartbeat::{GRACE, SECOND, TICK, at, beating, close_event, ended, is_closed, timeouts};
use crate::support::pair::Pair;
use crate::support::{BINARY, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, output};
use sockless::{Cause, Config, Connection, Heartbeat, Timeout, Turn, Workspace};
use std::time::Duration;

/// A ping was sent at 20 s, and seen to have left at `seen`.
fn pinged(side: Side, seen: Duration) -> (Connection, Heartbeat) {
    let (mut connection, mut heartbeat) = beating(side, timeouts(20, 20, 0, 3));
    heartbeat.poll(at(20), &mut connection);
    assert!(!output(&mut connection).is_empty());
    heartbeat.poll(seen, &mut connection);
    (connection, heartbeat)
}

/// Nothing comes any more: when it is closed for want of a pong, in whole seconds.
fn given_up(mut connection: Connection, mut heartbeat: Heartbeat, from: u64) -> Option<u64> {
    (from..from + 100).find(|second| {
        heartbeat.poll(at(*second), &mut connection);
        output(&mut connection);
        ended(&mut connection).is_some()
    })
}

#[test]
fn a_pong_is_waited_for_from_when_its_ping_has_left() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(20, 20, 0, 3));
        for second in 20..=100 {
            assert_eq!(
                heartbeat.poll(at(second), &mut connection),
                Some(at(second + 1)),
                "it looks whether it has left"
            );
        }
        assert!(!output(&mut connection).is_empty());
        assert_eq!(heartbeat.poll(at(101), &mut connection), Some(at(121)));
        assert_eq!(given_up(connection, heartbeat, 102), Some(122));
    }
}

/// A pong of the ping's own payload, or of another as some deployed peers send it, or to the later
/// one of two pings.
#[test]
fn any_pong_behind_the_ping_answers_it() {
    for side in SIDES {
        for (later, payload) in [
            (None, &b"\0\0\0\x01"[..]),
            (None, b"odd"),
            (None, b""),
            (Some(b"later"), b"later"),
            (Some(b"later"), b"odd"),
        ] {
            // It is read in the turn that sees the ping gone, and in one behind that.
            for seen in [at(20), at(21)] {
                let (mut connection, mut heartbeat) = beating(side, timeouts(20, 20, 0, 3));
                heartbeat.poll(at(20), &mut connection);
                if let Some(later) = later {
                    connection.ping(later).unwrap();
                }
                output(&mut connection);
                if seen > at(20) {
                    heartbeat.poll(seen, &mut connection);
                }
                feed(&mut connection, &side.other().frame(PONG, payload));
                assert_eq!(
                    heartbeat.poll(at(22), &mut connection),
                    Some(at(40)),
                    "the next ping, {payload:?}"
                );
                let own = payload == b"\0\0\0\x01" || later.is_some_and(|later| later == payload);
                assert_eq!(heartbeat.round_trip(), own.then_some(at(2)), "{payload:?}");
            }
        }
    }
}

#[test]
fn pongs_of_others_do_not_hide_the_one_that_is_awaited() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(20, 20, 0, 3));
        heartbeat.poll(at(20), &mut connection);
        // A ping of the user's, of four bytes too, is answered in the same read, behind the
        // heartbeat's.
        connection.ping(&7_u32.to_be_bytes()).unwrap();
        output(&mut connection);
        let wire = [
            side.other().frame(PONG, &1_u32.to_be_bytes()),
            side.other().frame(PONG, &7_u32.to_be_bytes()),
        ]
        .concat();
        feed(&mut connection, &wire);
        assert_eq!(heartbeat.poll(at(21), &mut connection), Some(at(40)));
        assert_eq!(heartbeat.round_trip(), Some(SECOND));
    }
}

/// What comes before the ping has left is a sign of life, and no answer.
#[test]
fn other_bytes_behind_the_ping_answer_it() {
    for side in SIDES {
        let wire = side.other().frame(BINARY & MORE, b"x");
        let (mut connection, mut heartbeat) = beating(side, timeouts(20, 20, 0, 3));
        heartbeat.poll(at(20), &mut connection);
        feed(&mut connection, &wire[..1]);
        output(&mut connection);
        assert_eq!(
            heartbeat.poll(at(21), &mut connection),
            Some(at(41)),
            "it came before, for all that is known"
        );
        assert_eq!(given_up(connection, heartbeat, 22), Some(42));

        let (mut connection, mut heartbeat) = pinged(side, at(21));
        feed(&mut connection, &wire[..1]);
        assert_eq!(heartbeat.poll(at(30), &mut connection), Some(at(40)), "the next ping");
        assert_eq!(heartbeat.round_trip(), None);
    }
}

/// One that nobody asked for, or that answers an earlier ping: it says nothing of the way there.
#[test]
fn a_pong_that_comes_before_the_ping_has_left_answers_nothing() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(20, 20, 0, 3));
        heartbeat.poll(at(20), &mut connection);
        feed(&mut connection, &side.other().frame(PONG, b"unasked"));
        assert_eq!(heartbeat.poll(at(20), &mut connection), Some(at(21)), "the ping has not left");
        output(&mut connection);
        assert_eq!(heartbeat.poll(at(21), &mut connection), Some(at(41)));
        assert_eq!(given_up(connection, heartbeat, 22), Some(42), "{side:?}");
    }
}

#[test]
fn a_ping_of_the_peer_answers_too() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = pinged(side, at(21));
        feed(&mut connection, &side.other().frame(PING, b""));
        output(&mut connection);
        assert_eq!(heartbeat.poll(at(30), &mut connection), Some(at(40)));
    }
}

/// The application's own pings, in front of each look at the time, do not hide that the heartbeat's
/// has left.
#[test]
fn pings_of_the_application_do_not_hide_a_dead_peer() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(20, 20, 0, 3));
        let over = (1..200).find(|second| {
            output(&mut connection);
            connection.ping(b"still there?").unwrap();
            heartbeat.poll(at(*second), &mut connection);
            ended(&mut connection).is_some()
        });
        assert_eq!(over, Some(42), "sent at 20 s, gone at 21 s, and a second to read");
    }
}

/// What waits cut is new once, however often it is polled: in one long turn, and in a turn for each
/// look at the time.
#[test]
fn bytes_that_are_kept_count_once() {
    for (side, long) in SIDES.into_iter().flat_map(|side| [(side, false), (side, true)]) {
        let mut connection = side.open(Config::default());
        let mut heartbeat = Heartbeat::new(timeouts(0, 0, 20, 3));
        heartbeat.poll(Duration::ZERO, &mut connection);
        let mut workspace = Workspace::new(4096, 1 << 20);
        // Inside a message, so that the connection is not idle.
        feed(&mut connection, &side.other().frame(TEXT & MORE, b"begun"));
        let wire = side.other().frame(CONTINUATION, &[b'x'; 100]);
        let mut turn = workspace.turn(&mut connection);
        turn.read_buf()[..50].copy_from_slice(&wire[..50]);
        let mut look = |turn: &mut Turn<'_, Connection>, new, second| {
            let (connection, mut input) = turn.received(new);
            assert!(connection.poll(&mut input).is_none() || second > 21);
            drop(input);
            heartbeat.poll(at(second), turn.endpoint());
            let (connection, mut input) = turn.received(0);
            connection.poll(&mut input).is_some()
        };
        assert!(!look(&mut turn, 50, 1));
        let over = if long {
            (2..100).find(|second| look(&mut turn, 0, *second))
        } else {
            drop(turn);
            (2..100).find(|second| look(&mut workspace.turn(&mut connection), 0, *second))
        };
        assert_eq!(over, Some(22), "{side:?}, long: {long}: heard at 1 s");
    }
}

#[test]
fn other_bytes_put_the_pong_off_of_a_large_frame() {
    for side in SIDES {
        // The peer sends something at 14 s: it lives.
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(0, 0, 5, 3));
        pair.both(side.other()).0.deaf = true;
        pair.run_until(SECOND * 4);
        pair.inject(side, &side.other().frame(BINARY & MORE, b"x")[..1]);
        pair.run_until(SECOND * 9 + GRACE - TICK);
        assert!(!is_closed(&mut pair, side));
        pair.run_until(SECOND * 9 + GRACE);
        let (time, close_event) = close_event(&mut pair, side);
        assert_eq!((time, close_event.cause), (SECOND * 9 + GRACE, Cause::Timeout(Timeout::Idle)));
    }
}
