//! A transport that is full: only whether it moves counts, and what it takes is a sign of life.

use crate::heartbeat::{SECOND, at, beating, ended, timeouts};
use crate::support::{PONG, SIDES, Side, feed, output, write};
use sockless::{Cause, Connection, Heartbeat, Timeout, Transmit};

/// Its transport has taken some of a large message at 1 s, and is seen to be full.
fn full(side: Side, timeout: u64) -> (Connection, Heartbeat) {
    let mut timeouts = timeouts(0, 0, 20, 3);
    timeouts.write_timeout = Some(at(timeout));
    let (mut connection, mut heartbeat) = beating(side, timeouts);
    connection.send_binary(vec![7; 1 << 20]).unwrap();
    write(&mut connection, 1000);
    assert_eq!(heartbeat.poll(at(1), &mut connection), Some(at(2)), "it looks whether it moves");
    (connection, heartbeat)
}

#[test]
fn silence_does_not_count_while_the_transport_is_full() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = full(side, 60);
        let over = (2..100).find(|second| {
            heartbeat.poll(at(*second), &mut connection);
            ended(&mut connection).is_some_and(|close_event| {
                assert_eq!(close_event.cause, Cause::Timeout(Timeout::Write));
                true
            })
        });
        assert_eq!(over, Some(1 + 60 + 1), "{side:?}");
    }
}

/// A transport that takes nothing at all is as full as one that takes some, whichever way the write
/// says so.
#[test]
fn a_refused_write_shows_that_the_transport_is_full() {
    for side in SIDES {
        for refuse in [
            (|out| _ = out.write_with(|_| Err::<usize, _>(()))) as fn(&mut Transmit<'_>),
            |out| _ = out.write_slice_with(|_| Err::<usize, _>(())),
            |out| _ = out.write_with(|_| Ok::<_, ()>(0)),
            |out| _ = out.write_slice_with(|_| Ok::<_, ()>(0)),
        ] {
            let mut timeouts = timeouts(0, 0, 20, 3);
            timeouts.write_timeout = Some(at(60));
            let (mut connection, mut heartbeat) = beating(side, timeouts);
            connection.send_text("refused").unwrap();
            refuse(&mut connection.transmit());
            for second in 1..50 {
                assert_eq!(heartbeat.poll(at(second), &mut connection), Some(at(second + 1)));
            }
            assert!(connection.is_open());
        }
    }
}

/// A write that took whole slices, and not all that it was shown, was refused the rest.
#[test]
fn a_write_that_ends_with_a_slice_shows_that_the_transport_is_full() {
    for side in SIDES {
        for (shown, over) in [(1, 21), (2, 1 + 60 + 1)] {
            let mut timeouts = timeouts(0, 0, 20, 3);
            timeouts.write_timeout = Some(at(60));
            let (mut connection, mut heartbeat) = beating(side, timeouts);
            connection.send_binary(vec![7; 100_000]).unwrap();
            let taken = if shown == 1 {
                connection.transmit().write_slice_with(|slice| Ok::<_, ()>(slice.len()))
            } else {
                connection.transmit().write_with(|slices| Ok::<_, ()>(slices[0].len()))
            };
            assert_eq!(taken, Ok(if side == Side::Server { 10 } else { 14 }));
            let ended = (1..100).find(|second| {
                heartbeat.poll(at(*second), &mut connection);
                ended(&mut connection).is_some()
            });
            assert_eq!(ended, Some(over), "{side:?}, {shown} slices shown");
        }
    }
}

/// What it takes at last, all of it, is a sign of life too: from then on the peer is waited for.
#[test]
fn silence_counts_from_what_a_full_transport_took_last() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = full(side, 60);
        for second in 2..50 {
            heartbeat.poll(at(second), &mut connection);
        }
        output(&mut connection);
        assert_eq!(heartbeat.poll(at(50), &mut connection), Some(at(70)), "{side:?}");
    }
}

/// A ping that waits behind a frame for long has a round trip all the same: from when it left.
#[test]
fn a_round_trip_begins_when_its_ping_has_left() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(5, 20, 0, 3));
        connection.send_text("begun").unwrap();
        write(&mut connection, 1);
        for second in 1..15 {
            heartbeat.poll(at(second), &mut connection);
        }
        output(&mut connection);
        feed(&mut connection, &side.other().frame(PONG, b"\0\0\0\x01"));
        heartbeat.poll(at(15), &mut connection);
        assert_eq!(heartbeat.round_trip(), Some(SECOND), "{side:?}");
    }
}
