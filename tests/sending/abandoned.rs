//! The peer closes in the middle of anything: what has begun to leave leaves whole, then our
//! answer, and what was dropped is counted to the byte. RFC 6455 §5.5.1.

use crate::support::random::cases;
use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, frames, output, write,
};
use bytes::Bytes;
use proptest::prelude::*;
use sockless::{Config, Connection, Event, MessageKind, PreparedMessage};

/// What may be queued.
#[derive(Clone, Copy, Debug)]
enum Op {
    Borrowed(usize),
    /// By reference, where that is cheaper.
    Owned(usize),
    Shared(usize),
    Prepared(usize),
    /// In two parts, perhaps without an end.
    Parts(usize, bool),
    Ping,
    /// The peer pings.
    Pinged,
    /// So many bytes are written.
    Write(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let len = || {
        prop_oneof![0..200_usize, 1000..6000_usize, 60_000..70_000_usize, 130_000..140_000_usize]
    };
    prop_oneof![
        len().prop_map(Op::Borrowed),
        len().prop_map(Op::Owned),
        len().prop_map(Op::Shared),
        len().prop_map(Op::Prepared),
        (len(), any::<bool>()).prop_map(|(len, whole)| Op::Parts(len, whole)),
        Just(Op::Ping),
        Just(Op::Pinged),
        prop_oneof![0..30_usize, 1..5000_usize, 60_000..140_000_usize].prop_map(Op::Write),
    ]
}

fn apply(side: Side, connection: &mut Connection, op: Op, wire: &mut Vec<u8>) {
    // Refused where a message is under way, or the queue is full.
    let _ = match op {
        Op::Borrowed(len) => connection.send_binary(vec![1; len].as_slice()),
        Op::Owned(len) => connection.send_binary(vec![2; len]),
        Op::Shared(len) => connection.send_binary(Bytes::from(vec![3; len])),
        Op::Prepared(len) => connection.send_prepared(&PreparedMessage::binary(vec![4; len])),
        Op::Parts(len, whole) => connection.begin_message(MessageKind::Binary).and_then(|()| {
            connection.write_fragment(&vec![5; len])?;
            connection.write_fragment(b"and more")?;
            if whole { connection.finish_message() } else { Ok(()) }
        }),
        Op::Ping => connection.ping(b"ping"),
        Op::Pinged => {
            feed(connection, &side.other().frame(PING, b"pong"));
            Ok(())
        }
        Op::Write(most) => {
            wire.extend(write(connection, most));
            Ok(())
        }
    };
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn what_has_begun_leaves_whole_and_the_rest_is_counted(
        side in prop::sample::select(&SIDES[..]),
        ops in prop::collection::vec(op(), 0..12),
        fragment_above in prop_oneof![Just(u64::MAX), Just(1000)],
    ) {
        let config = || {
            let mut config = Config::default();
            config.fragment_above = fragment_above;
            config
        };
        // One whose peer closes, and one whose peer does not, with the same keys.
        let (mut connection, mut twin) = (side.open(config()), side.open(config()));
        let (mut wire, mut whole) = (Vec::new(), Vec::new());
        for op in ops {
            apply(side, &mut connection, op, &mut wire);
            apply(side, &mut twin, op, &mut whole);
        }
        prop_assert!(wire == whole);
        let begun = wire.len();
        let queued = connection.queued();
        let events = feed(&mut connection, &side.other().frame(CLOSE, b"\x03\xe9"));
        let [Event::Closed(close_event)] = &events[..] else { panic!("{events:?}") };
        prop_assert!(close_event.clean);
        let close = if side == Side::Server { 4 } else { 8 };
        prop_assert_eq!(close_event.unsent as usize, queued + close - connection.queued(), "counted");
        prop_assert!(!connection.above_high_water());

        wire.extend(output(&mut connection));
        whole.extend(output(&mut twin));
        let (sent, all) = (frames(&wire), frames(&whole));
        let (last, sent) = sent.split_last().unwrap();
        prop_assert_eq!((last.first, &last.payload[..]), (CLOSE, &b"\x03\xe9"[..]));
        // The same frames, up to where it was cut; pings and pongs stay.
        let is_data = |frame: &&crate::support::Frame| !matches!(frame.first, PING | PONG);
        let (data, all_data): (Vec<_>, Vec<_>) = (sent.iter().filter(is_data).collect(), all.iter().filter(is_data).collect());
        prop_assert!(all_data.starts_with(&data));
        prop_assert_eq!(sent.len() - data.len(), all.len() - all_data.len());
        // What was cut off had not begun, and would have been too long.
        if let Some(next) = all_data.get(data.len()) {
            let left = wire.len() - close - begun;
            prop_assert!(left + next.payload.len() + 14 > 128 << 10, "{left} bytes left, and {} were dropped", next.payload.len());
        }
        prop_assert!(data.iter().all(|frame| frame.first & MORE & 0x0f <= 2 || frame.first & 0x0f == CONTINUATION & 0x0f));
    }
}

/// 128 KiB: as many frames as end within them, and not one more.
#[test]
fn what_fits_leaves_and_no_more() {
    for side in SIDES {
        let header = if side == Side::Server { 4 } else { 8 };
        for len in [500, 2000, 60_000] {
            let mut connection = side.open(Config::default());
            for _ in 0..400 {
                let _ = connection.send_binary(vec![7; len].as_slice());
            }
            feed(&mut connection, &side.other().frame(CLOSE, b""));
            let sent = frames(&output(&mut connection));
            assert_eq!(sent.len() - 1, (128 << 10) / (len + header), "{side:?} {len}");
        }
    }
}

#[test]
fn a_queue_that_was_cut_is_not_above_its_mark() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        for _ in 0..11 {
            connection.send_binary(vec![7; 100_000]).unwrap();
        }
        write(&mut connection, 1);
        assert!(connection.above_high_water());
        feed(&mut connection, &side.other().frame(CLOSE, b""));
        assert!(connection.queued() > 90_000 && !connection.above_high_water());
    }
}

/// How many bytes leave in front of our answer, beside the frame that has begun.
const ANSWERS: usize = 128 << 10;

/// Lets the peer close, and writes the rest: the kinds of all frames, and how many bytes were
/// dropped.
fn closed(side: Side, connection: &mut Connection, mut wire: Vec<u8>) -> (Vec<u8>, u64) {
    let events = feed(connection, &side.other().frame(CLOSE, b""));
    let Some(Event::Closed(close_event)) = events.last() else { panic!("{events:?}") };
    wire.extend(output(connection));
    (frames(&wire).iter().map(|frame| frame.first).collect(), close_event.unsent)
}

/// The rest of the frame that has begun counts: the peer waits for it as well.
#[test]
fn what_is_left_of_the_frame_that_has_begun_counts_among_the_few_bytes() {
    for side in SIDES {
        let header = if side == Side::Server { 10 } else { 14 };
        let short = header - 8 + 5;
        for (rest, stays) in
            [(ANSWERS - short, true), (ANSWERS - short + 1, false), (ANSWERS + 1, false)]
        {
            let mut connection = side.open(Config::default());
            connection.send_binary(vec![7; 500_000]).unwrap();
            connection.send_text("short").unwrap();
            let begun = write(&mut connection, header + 500_000 - rest);
            let (kinds, unsent) = closed(side, &mut connection, begun);
            let expected = if stays { vec![BINARY, TEXT, CLOSE] } else { vec![BINARY, CLOSE] };
            assert_eq!(
                (kinds, unsent as usize),
                (expected, if stays { 0 } else { short }),
                "{side:?} {rest}"
            );
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

/// The peer closes while much is queued: the frame that has begun leaves, our answer, and nothing
/// else. §5.5.1.
#[test]
fn the_answer_to_a_close_does_not_wait_for_the_queue() {
    for side in SIDES {
        for begun in [0, 1, 20, 1000, 3_000_000] {
            let mut config = Config::default();
            config.high_water_mark = u64::MAX;
            let mut connection = side.open(config);
            for number in 0..10 {
                connection.send_binary(vec![number; 1 << 20]).unwrap();
            }
            let mut wire = write(&mut connection, begun);
            let events = feed(&mut connection, &side.other().frame(CLOSE, &1009_u16.to_be_bytes()));
            let [Event::Closed(close_event)] = &events[..] else { panic!("{events:?}") };
            wire.extend(output(&mut connection));
            let frames = frames(&wire);
            let header = if side == Side::Server { 10 } else { 14 };
            let whole = begun.div_ceil((1 << 20) + header);
            assert_eq!(frames.len(), whole + 1, "{begun}");
            for (number, frame) in frames[..whole].iter().enumerate() {
                assert!(frame.first == BINARY && frame.payload == vec![number as u8; 1 << 20]);
            }
            assert_eq!(
                (frames[whole].first, &frames[whole].payload[..]),
                (CLOSE, &1009_u16.to_be_bytes()[..])
            );
            assert_eq!(
                (close_event.unsent, close_event.clean),
                (((10 - whole) * ((1 << 20) + header)) as u64, true)
            );
        }
    }
}

/// Short answers leave in front of ours: they are to what the peer said before its Close.
#[test]
fn short_answers_leave_in_front_of_the_close() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        for _ in 0..100 {
            connection.send_text("an answer").unwrap();
        }
        let large = vec![7; 200_000];
        connection.send_binary(&large[..]).unwrap();
        connection.send_text("behind it").unwrap();
        let queued = connection.queued();
        let events = feed(&mut connection, &side.other().frame(CLOSE, b""));
        let [Event::Closed(close_event)] = &events[..] else { panic!("{events:?}") };
        let wire = output(&mut connection);
        let kinds: Vec<u8> = frames(&wire).iter().map(|frame| frame.first).collect();
        assert_eq!(kinds, [vec![TEXT; 100], vec![CLOSE]].concat());
        let close = if side == Side::Server { 2 } else { 6 };
        assert_eq!(close_event.unsent as usize, queued + close - wire.len());
    }
}

/// The peer's Close crosses ours: what was queued before ours leaves all the same.
#[test]
fn closes_that_cross_lose_nothing() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.send_binary(vec![7; 1 << 20]).unwrap();
        connection.close(None).unwrap();
        let events = feed(&mut connection, &side.other().frame(CLOSE, b""));
        assert!(
            matches!(&events[..], [Event::Closed(close_event)] if close_event.unsent == 0 && close_event.clean)
        );
        assert_eq!(frames(&output(&mut connection)).len(), 2);
    }
}
