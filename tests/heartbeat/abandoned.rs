//! What of a queue leaves when the peer closes first, at its borders. RFC 6455 §5.5.1.

use crate::support::{BINARY, CLOSE, PING, PONG, SIDES, Side, TEXT, feed, frames, output};
use bytes::Buf;
use sockless::{Config, Connection, Event, LifeCycle};

/// How many bytes leave in front of our answer, beside the frame that has begun.
const ANSWERS: usize = 128 << 10;

/// Writes so many bytes.
fn write(connection: &mut Connection, most: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    while wire.len() < most {
        let mut out = connection.transmit();
        let n = out.chunk().len().min(most - wire.len());
        wire.extend_from_slice(&out.chunk()[..n]);
        out.advance(n);
    }
    wire
}

/// Lets the peer close, and writes the rest: the kinds of all frames, and how many bytes were dropped.
fn closed(side: Side, connection: &mut Connection, mut wire: Vec<u8>) -> (Vec<u8>, u64) {
    let events = feed(connection, &side.other().frame(CLOSE, b""));
    let Some(Event::Closed(closure)) = events.last() else { panic!("{events:?}") };
    wire.extend(output(connection));
    (frames(&wire).iter().map(|frame| frame.first).collect(), closure.unsent)
}

/// The rest of the frame that has begun counts: the peer waits for it as well.
#[test]
fn what_is_left_of_the_frame_that_has_begun_counts_among_the_few_bytes() {
    for side in SIDES {
        let header = if side == Side::Server { 10 } else { 14 };
        let short = header - 8 + 5;
        for (rest, stays) in [(ANSWERS - short, true), (ANSWERS - short + 1, false), (ANSWERS + 1, false)] {
            let mut connection = side.open(Config::default());
            connection.send_binary(vec![7; 500_000]).unwrap();
            connection.send_text("short").unwrap();
            let begun = write(&mut connection, header + 500_000 - rest);
            let (kinds, unsent) = closed(side, &mut connection, begun);
            let expected = if stays { vec![BINARY, TEXT, CLOSE] } else { vec![BINARY, CLOSE] };
            assert_eq!((kinds, unsent as usize), (expected, if stays { 0 } else { short }), "{side:?} {rest}");
        }
    }
}

/// They are few, and the peer may wait for the pong.
#[test]
fn pings_and_pongs_that_wait_are_not_dropped() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.send_text("begun").unwrap();
        connection.send_binary(vec![7; 500_000]).unwrap();
        let begun = write(&mut connection, 1);
        connection.ping(b"ours").unwrap();
        feed(&mut connection, &side.other().frame(PING, b"theirs"));
        let (kinds, unsent) = closed(side, &mut connection, begun);
        let header = if side == Side::Server { 10 } else { 14 };
        assert_eq!((kinds, unsent), (vec![TEXT, PING, PONG, CLOSE], 500_000 + header));
    }
}

/// A loop that stops reading above the mark would otherwise not see the end of the stream.
#[test]
fn a_queue_that_was_cut_is_not_above_its_mark() {
    for side in SIDES {
        for begun in [0, 1] {
            let mut config = Config::default();
            (config.lower_mark, config.upper_mark) = (1000, 100_000);
            let mut connection = side.open(config);
            if begun > 0 {
                connection.send_text("begun").unwrap();
            }
            connection.send_binary(vec![7; 500_000]).unwrap();
            connection.transmit().advance(begun);
            assert!(connection.above_mark());
            feed(&mut connection, &side.other().frame(CLOSE, b""));
            assert!(!connection.above_mark(), "{} bytes", connection.queued());
        }
    }
}
