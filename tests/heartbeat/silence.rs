//! A peer that says nothing is given up, at its moment and not before it.

use crate::heartbeat::{GRACE, SECOND, TICK, at, beating, close_event, ended, is_closed, timeouts};
use crate::support::pair::Pair;
use crate::support::{CLOSE, PING, SIDES, frames, output};
use sockless::{Cause, CloseCode, Config, Timeout};

#[test]
fn no_pong_closes_at_its_tick() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(10, 5, 0, 3));
        pair.both(side.other()).0.deaf = true;
        pair.run_until(SECOND * 15 + GRACE - TICK);
        assert!(!is_closed(&mut pair, side));
        pair.run_until(SECOND * 15 + GRACE);
        let (time, close_event) = close_event(&mut pair, side);
        let expected = (SECOND * 15 + GRACE, Cause::Timeout(Timeout::Pong), 1006, false);
        assert_eq!((time, close_event.cause, close_event.code, close_event.clean), expected);
        // The peer may hear again: a Close frame was sent. It does not, so the transport is dropped
        // in time.
        assert!(!pair.connection(side).is_done());
        pair.run_until(SECOND * 18 + 2 * GRACE - TICK);
        assert!(!pair.connection(side).is_done());
        pair.run_until(SECOND * 18 + 2 * GRACE);
        assert!(pair.connection(side).is_done());
    }
}

#[test]
fn a_peer_that_hears_is_told_why() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(10, 5, 0, 3));
        heartbeat.poll(at(10), &mut connection);
        let mut sent = output(&mut connection);
        for second in 11..=17 {
            heartbeat.poll(at(second), &mut connection);
        }
        assert_eq!(
            ended(&mut connection).map(|close_event| close_event.cause),
            Some(Cause::Timeout(Timeout::Pong))
        );
        sent.extend(output(&mut connection));
        let sent = frames(&sent);
        assert_eq!(sent.iter().map(|frame| frame.first).collect::<Vec<_>>(), [PING, CLOSE]);
        assert_eq!(sent[1].payload[..2], CloseCode::INTERNAL.get().to_be_bytes());
    }
}

#[test]
fn a_dead_peer_gets_one_ping_and_no_more_time_by_others() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(5, 12, 0, 3));
        pair.both(side.other()).0.deaf = true;
        pair.run_until(SECOND * 60);
        assert_eq!(close_event(&mut pair, side).0, SECOND * 17 + GRACE);
    }
}

#[test]
fn silence_closes_at_its_tick() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(0, 0, 30, 3));
        pair.run_until(SECOND * 20);
        pair.connection(side.other()).send_text("still here").unwrap();
        pair.run_until(SECOND * 50 + GRACE - TICK);
        assert!(!is_closed(&mut pair, side));
        pair.run_until(SECOND * 50 + GRACE);
        let (time, close_event) = close_event(&mut pair, side);
        assert_eq!((time, close_event.cause), (SECOND * 50 + GRACE, Cause::Timeout(Timeout::Idle)));
        // The peer is well: it gets our Close, and both are done at once.
        assert!(pair.is_done());
        assert_eq!(self::close_event(&mut pair, side.other()).1.code, 1001);
    }
}

/// An answer in the grace keeps it open.
#[test]
fn what_comes_in_the_grace_counts() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(0, 0, 30, 3));
        pair.run_until(SECOND * 30 + GRACE - TICK);
        pair.connection(side.other()).send_text("just in time").unwrap();
        pair.run_until(SECOND * 60 + 2 * GRACE - 2 * TICK);
        assert!(!is_closed(&mut pair, side));
    }
}
