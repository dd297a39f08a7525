//! Output: while bytes move it ends nothing, however slowly; when none moves it does.

use crate::heartbeat::{SECOND, at, beating, ended, timeouts};
use crate::support::{CLOSE, CONTINUATION, MORE, SIDES, TEXT, feed, frames, look, output, write};
use sockless::{Cause, Connection, Event, Heartbeat, Timeout, Timeouts};
use std::io::IoSlice;
use std::time::Duration;

/// Lets so many bytes leave each second, with nothing coming, until the connection has ended: when,
/// and why. The loop looks at the time before it writes, or behind.
fn drip(
    connection: &mut Connection,
    heartbeat: &mut Heartbeat,
    rate: usize,
    from: u64,
    before: bool,
) -> (u64, Option<Cause>) {
    for second in from..10_000 {
        if before {
            heartbeat.poll(at(second), connection);
        }
        write(connection, rate);
        if !before {
            heartbeat.poll(at(second), connection);
        }
        if let Some(close_event) = ended(connection) {
            return (second, Some(close_event.cause));
        }
        if connection.is_done() {
            return (second, None);
        }
    }
    panic!("it never ends")
}

/// A message that takes longer to leave than a pong may take to come. The peer says nothing; behind
/// the message a ping leaves, and is not answered.
#[test]
fn a_large_message_on_a_slow_line_leaves_whole() {
    for side in SIDES {
        for (len, rate) in [(16 << 20, 400_000), (12 << 20, 120 << 10), (16 << 20, 64 << 10)] {
            for before in [false, true] {
                let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
                connection.send_binary(vec![7; len]).unwrap();
                let (over, cause) = drip(&mut connection, &mut heartbeat, rate, 0, before);
                let all = (len / rate) as u64;
                assert_eq!(cause, Some(Cause::Timeout(Timeout::Pong)), "{side:?} {rate}");
                assert!(
                    (all + 20..all + 25).contains(&over),
                    "{side:?} {rate}: {over}, and all had left at {all}"
                );
            }
        }
    }
}

/// Without a write error nothing is lost that was queued before our own close, and the Close
/// arrives.
#[test]
fn a_close_waits_for_what_was_queued_before_it() {
    for side in SIDES {
        for before in [false, true] {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            connection.send_binary(vec![7; 16 << 20]).unwrap();
            connection.close(None).unwrap();
            let (over, cause) = drip(&mut connection, &mut heartbeat, 1 << 20, 0, before);
            assert_eq!(cause, Some(Cause::Timeout(Timeout::Close)));
            // What a transport holds that was full is on its way for as long as a pong may be.
            assert!(
                (16 + 20 + 10..16 + 20 + 14).contains(&over),
                "{over}: behind the Close, and a second to read"
            );
        }
    }
}

#[test]
fn a_close_that_left_is_answered_in_time_or_given_up() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
        connection.close(None).unwrap();
        assert_eq!(
            heartbeat.poll(at(1), &mut connection),
            Some(at(2)),
            "it looks whether it has left"
        );
        assert_eq!(frames(&output(&mut connection))[0].first, CLOSE);
        assert_eq!(heartbeat.poll(at(2), &mut connection), Some(at(12)));
        assert_eq!(heartbeat.poll(at(12), &mut connection), Some(at(13)));
        assert_eq!(heartbeat.poll(at(13), &mut connection), None);
        assert_eq!(
            ended(&mut connection).map(|close_event| close_event.cause),
            Some(Cause::Timeout(Timeout::Close))
        );
    }
}

#[test]
fn output_that_is_stuck_ends_the_connection() {
    for side in SIDES {
        for taken in [0, 1, 1000] {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            connection.send_binary(vec![7; 1 << 20]).unwrap();
            write(&mut connection, taken);
            look(&mut connection);
            let (over, cause) = drip(&mut connection, &mut heartbeat, 0, 5, false);
            assert_eq!((over, cause), (5 + 60 + 1, Some(Cause::Timeout(Timeout::Write))));
            // Its Close frame has no chance either.
            assert!(connection.wants_write());
            let (over, cause) = drip(&mut connection, &mut heartbeat, 0, over, false);
            assert_eq!((over, cause), (5 + 60 + 10 + 1, None));
        }
    }
}

/// A kernel says "writable" when a third of its buffer is free: 4 MB at 64 KiB/s.
#[test]
fn a_transport_that_takes_more_every_twenty_seconds_is_not_stuck() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
        connection.send_binary(vec![7; 16 << 20]).unwrap();
        let mut second = 0;
        while connection.wants_write() {
            second += 1;
            if second % 21 == 0 {
                write(&mut connection, 4 << 18);
            }
            heartbeat.poll(at(second), &mut connection);
            assert!(connection.is_open(), "{side:?} at {second} s");
        }
        assert!(second > 300);
    }
}

/// The buffers of completion-based I/O have an end, so that a slow transport is seen to move.
#[test]
fn what_is_popped_a_buffer_at_a_time_is_seen_to_move() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
        connection.send_binary(vec![7; 4 << 20]).unwrap();
        let mut second = 0;
        let mut rest = 0_usize;
        while connection.wants_write() || rest > 0 {
            if rest == 0 {
                rest = connection.transmit().pop().map_or(0, |buffer| buffer.len());
            }
            rest = rest.saturating_sub(10 << 10);
            second += 1;
            heartbeat.poll(at(second), &mut connection);
            assert!(connection.is_open(), "{side:?} at {second} s");
        }
        assert!(second > 400);
    }
}

/// The application stops reading and polling while it is above its mark: the pong lies in the
/// socket meanwhile.
#[test]
fn back_pressure_is_not_the_peers_silence() {
    for side in SIDES {
        for rate in [10 << 10, 12 << 10, 64 << 10] {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            connection.send_binary(vec![7; (1 << 20) + 1]).unwrap();
            let mut pongs = Vec::new();
            for second in 1..300 {
                write(&mut connection, rate);
                // What the ping is does not matter: any pong behind it answers.
                pongs.extend(side.other().frame(0x8a, b"pong"));
                if !connection.above_high_water() {
                    feed(&mut connection, &std::mem::take(&mut pongs));
                }
                heartbeat.poll(at(second), &mut connection);
                assert!(connection.is_open(), "{side:?}, {rate}, {second} s");
            }
            assert!(!connection.wants_write());
        }
    }
}

/// A proxy whose far side is full does not read, though nothing of its own waits.
#[test]
fn a_loop_that_pauses_is_not_the_peers_silence() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
        for second in 1..200 {
            heartbeat.paused();
            heartbeat.poll(at(second), &mut connection);
            output(&mut connection);
            assert!(connection.is_open());
        }
        let over = (200..300).find(|second| {
            heartbeat.poll(at(*second), &mut connection);
            output(&mut connection);
            ended(&mut connection).is_some()
        });
        assert_eq!(over, Some(199 + 20 + 1), "and then its silence counts");
    }
}

/// All is taken at once, by a kernel that has 4 MB of room: that says nothing of the peer.
#[test]
fn bytes_that_are_taken_at_once_are_no_sign_of_life() {
    for side in SIDES {
        for before in [false, true] {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            let mut taken = 0;
            let over = (1..200).find(|second| {
                if before {
                    heartbeat.poll(at(*second), &mut connection);
                }
                // Several sends and looks at the time between two writes, too.
                let _ = connection.send_binary(vec![7; 20_000]);
                heartbeat.poll(at(*second), &mut connection);
                let _ = connection.send_binary(vec![7; 20_000]);
                heartbeat.poll(at(*second), &mut connection);
                taken += output(&mut connection).len();
                heartbeat.poll(at(*second), &mut connection);
                ended(&mut connection).is_some()
            });
            assert!(over.is_some_and(|over| (41..44).contains(&over)), "{over:?}");
            assert!(taken < 4 << 20);
        }
    }
}

/// One full buffer does not make a dead peer live for ever where nothing bounds the write.
#[test]
fn without_a_write_time_out_the_pong_counts_on_a_full_transport_too() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(0, 0, 30, 3));
        connection.send_binary(vec![7; 1 << 20]).unwrap();
        write(&mut connection, 1000);
        let (over, cause) = drip(&mut connection, &mut heartbeat, 0, 1, false);
        assert_eq!((over, cause), (31, Some(Cause::Timeout(Timeout::Idle))));
    }
}

/// One byte a second is not stuck. Who does not want that says so.
#[test]
fn a_byte_a_second_is_bounded_by_the_drain_time_out() {
    for side in SIDES {
        for close in [false, true] {
            for drain in [None, Some(100)] {
                let mut timeouts = Timeouts::default();
                timeouts.drain_timeout = drain.map(at);
                let (mut connection, mut heartbeat) = beating(side, timeouts);
                connection.send_binary(vec![7; 600]).unwrap();
                if close {
                    connection.close(None).unwrap();
                }
                let (over, cause) = drip(&mut connection, &mut heartbeat, 1, 1, false);
                let timeout = match (drain, close) {
                    (Some(_), false) => Timeout::Write,
                    (_, true) => Timeout::Close,
                    (None, false) => Timeout::Pong,
                };
                assert_eq!(cause, Some(Cause::Timeout(timeout)));
                match drain {
                    Some(_) => assert_eq!(over, 102),
                    None => assert!(over > 600 && over < 650, "{over}"),
                }
            }
        }
    }
}

/// The loop sleeps until the deadline that it was given, and writes right behind each call.
#[test]
fn a_loop_that_sleeps_to_its_deadlines_is_not_late() {
    for side in SIDES {
        for close in [false, true] {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            if close {
                connection.close(None).unwrap();
            }
            let mut now = Duration::ZERO;
            loop {
                let due = heartbeat.poll(now, &mut connection);
                if ended(&mut connection).is_some() {
                    break;
                }
                output(&mut connection);
                now = due.expect("it is not over");
            }
            let expected = if close { 12 } else { 42 };
            assert_eq!(now, SECOND * expected, "close: {close}");
        }
    }
}

/// How a loop takes bytes.
#[derive(Clone, Copy, Debug)]
enum By {
    Pop,
    Slice,
    Slices,
}

/// A loop that looks at the time between two writes of one batch: nothing was refused, so a dead
/// peer is found as ever.
#[test]
fn a_look_between_two_writes_is_no_sign_of_life() {
    for side in SIDES {
        for len in [1000, 5000, 70_000, 200_000] {
            for by in [By::Pop, By::Slice, By::Slices] {
                let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
                let over = (1..200).find(|second| {
                    if second % 10 == 0 {
                        let _ = connection.send_binary(vec![7; len]);
                    }
                    heartbeat.poll(at(*second), &mut connection);
                    while connection.wants_write() {
                        let mut out = connection.transmit();
                        let all = |slices: &[IoSlice<'_>]| slices.iter().map(|s| s.len()).sum();
                        match by {
                            By::Pop => assert!(out.pop().is_some()),
                            By::Slice => _ = out.write_slice_with(|slice| Ok::<_, ()>(slice.len())),
                            By::Slices => _ = out.write_with(|slices| Ok::<_, ()>(all(slices))),
                        }
                        heartbeat.poll(at(*second), &mut connection);
                    }
                    ended(&mut connection).is_some()
                });
                assert_eq!(over, Some(41), "{side:?}, {len} bytes, {by:?}");
            }
        }
    }
}

/// One buffer a turn, of many that wait.
#[test]
fn one_write_a_turn_is_no_full_transport() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
        let over = (1..200).find(|second| {
            if second % 5 == 0 {
                let _ = connection.send_binary(vec![7; 70_000]);
            }
            let written = connection.transmit().write_slice_with(|slice| Ok::<_, ()>(slice.len()));
            assert!(written.is_ok());
            heartbeat.poll(at(*second), &mut connection);
            ended(&mut connection).is_some()
        });
        assert!(over.is_some_and(|over| over < 46), "{side:?}: {over:?}");
    }
}

/// A transport that refuses all at once is seen by the write; of a loop that does not even try, by
/// the queue.
#[test]
fn a_write_that_is_refused_whole_is_a_full_transport() {
    for side in SIDES {
        for tries in [false, true] {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            heartbeat.poll(at(20), &mut connection);
            output(&mut connection);
            heartbeat.poll(at(21), &mut connection);
            connection.send_binary(vec![7; if tries { 1000 } else { 2 << 20 }]).unwrap();
            assert_eq!(connection.above_high_water(), !tries);
            let over = (22..200).find(|second| {
                if tries {
                    look(&mut connection);
                }
                heartbeat.poll(at(*second), &mut connection);
                ended(&mut connection).is_some()
            });
            assert_eq!(over, Some(22 + 60 + 1), "{side:?}: output has its own time");
        }
    }
}

/// Messages of the peer put the end of output that is stuck off, for it may push back. Its pings do
/// not.
#[test]
fn a_peer_that_pings_and_does_not_read_is_given_up() {
    for side in SIDES {
        for (first, every, ends) in [
            (0x89, 1, true),
            (0x89, 59, true),
            (0x8a, 1, true),
            (TEXT, 59, false),
            (TEXT & MORE, 59, false),
        ] {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            connection.send_binary(vec![7; 1 << 20]).unwrap();
            write(&mut connection, 1000);
            let mut first = first;
            let over = (1..1000).find(|second| {
                if second % every == 0 {
                    let event = feed(&mut connection, &side.other().frame(first, b"x")).pop();
                    assert!(!matches!(event, Some(Event::Closed(_))));
                    first = if first == TEXT & MORE { CONTINUATION & MORE } else { first };
                }
                heartbeat.poll(at(*second), &mut connection);
                ended(&mut connection).is_some()
            });
            assert_eq!(over, ends.then_some(1 + 60 + 1), "{side:?}, {first:#x} each {every} s");
        }
    }
}

/// Behind the end nothing is read but to be thrown away: there it puts nothing off.
#[test]
fn what_comes_behind_the_end_puts_nothing_off() {
    for side in SIDES {
        for state in 0..2 {
            let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
            connection.send_binary(vec![7; 1 << 20]).unwrap();
            write(&mut connection, 1000);
            let end = if state == 0 { vec![0x83] } else { side.other().frame(CLOSE, b"") };
            feed(&mut connection, &end);
            let over = (1..1000).find(|second| {
                feed(&mut connection, &side.other().frame(TEXT, b"more"));
                heartbeat.poll(at(*second), &mut connection);
                connection.is_done()
            });
            assert_eq!(over, Some(1 + 60 + 10 + 1), "{side:?}, state {state}");
        }
    }
}
