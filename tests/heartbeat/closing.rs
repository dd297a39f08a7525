//! The end of the closing handshake has its time, from whichever end it begins, and bytes do not
//! put it off. RFC 6455 §7.1.1.

use crate::heartbeat::{GRACE, SECOND, TICK, close_event, timeouts};
use crate::support::pair::Pair;
use crate::support::{CLOSE, SIDES, TEXT, feed};
use sockless::{Cause, Config, Timeout, Timeouts};

fn only_close(seconds: u64) -> Timeouts {
    let mut timeouts = timeouts(0, 0, 0, seconds);
    timeouts.write_timeout = Some(SECOND * 4);
    timeouts
}

#[test]
fn the_closing_handshake_has_its_time_and_bytes_do_not_put_it_off() {
    for side in SIDES {
        let peer = side.other();
        // We close; we fail; the peer closes and its transport never ends.
        for state in 0..3 {
            let mut pair = Pair::new(&Config::default());
            pair.beat(side, only_close(10));
            pair.run_until(SECOND * 5);
            pair.both(peer).0.deaf = true;
            match state {
                0 => pair.connection(side).close(None).unwrap(),
                1 => pair.inject(side, b"\x83"),
                _ => pair.inject(side, &peer.frame(CLOSE, b"")),
            }
            for second in 6..15 {
                pair.run_until(SECOND * second);
                pair.inject(side, &peer.frame(TEXT, b"bytes"));
                assert!(!pair.connection(side).is_done(), "{side:?}, state {state}");
            }
            pair.run_until(SECOND * 15 + GRACE - TICK);
            assert!(!pair.connection(side).is_done());
            pair.run_until(SECOND * 15 + GRACE);
            assert!(pair.connection(side).is_done(), "{side:?}, state {state}");
            let (time, close_event) = close_event(&mut pair, side);
            let expected = if state == 0 {
                (SECOND * 15 + GRACE, Cause::Timeout(Timeout::Close))
            } else {
                (SECOND * 5, close_event.cause)
            };
            assert_eq!((time, close_event.cause), expected);
        }
    }
}

/// The stream ends while nothing can be written: the output has its time, then the closing.
#[test]
fn output_that_is_stuck_while_closing_has_its_time_first() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, only_close(10));
        pair.run_until(SECOND * 5);
        pair.connection(side).send_text("stuck").unwrap();
        pair.connection(side).handle_eof();
        let station = pair.both(side).0;
        let heartbeat = station.heartbeat.as_mut().unwrap();
        feed(&mut station.connection, b"");
        let mut now = SECOND * 5;
        while now < SECOND * 19 {
            now = heartbeat.poll(now, &mut station.connection).unwrap();
            assert!(!station.connection.is_done());
        }
        assert_eq!(now, SECOND * (5 + 4 + 10));
        assert_eq!(heartbeat.poll(now, &mut station.connection), Some(now + GRACE));
        assert_eq!(heartbeat.poll(now + GRACE, &mut station.connection), None);
        assert!(station.connection.is_done());
    }
}

/// Where nothing can be written any more, what is to be read has the time of the closing.
#[test]
fn a_write_that_failed_begins_the_closing() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, only_close(10));
        let station = pair.both(side).0;
        station.connection.handle_write_error();
        let heartbeat = station.heartbeat.as_mut().unwrap();
        assert_eq!(heartbeat.poll(SECOND, &mut station.connection), Some(SECOND * 11));
    }
}
