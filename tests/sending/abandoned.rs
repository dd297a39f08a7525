//! The peer closes in the middle of anything: what has begun to leave leaves whole, then our answer, and
//! what was dropped is counted to the byte. RFC 6455 §5.5.1.

use crate::support::{CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, feed, frames, output};
use bytes::{Buf, Bytes};
use proptest::prelude::*;
use sockless::{Config, Connection, Event, Kind, LifeCycle, Prepared};

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
    let len = || prop_oneof![0..200_usize, 1000..6000_usize, 60_000..70_000_usize, 130_000..140_000_usize];
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
        Op::Prepared(len) => connection.send_prepared(&Prepared::binary(vec![4; len])),
        Op::Parts(len, whole) => connection.begin(Kind::Binary).and_then(|()| {
            connection.write_part(&vec![5; len])?;
            connection.write_part(b"and more")?;
            if whole { connection.finish() } else { Ok(()) }
        }),
        Op::Ping => connection.ping(b"ping"),
        Op::Pinged => {
            feed(connection, &side.other().frame(PING, b"pong"));
            Ok(())
        }
        Op::Write(most) => {
            let mut left = most;
            while left > 0 && connection.wants_write() {
                let mut out = connection.transmit();
                let n = out.chunk().len().min(left);
                wire.extend_from_slice(&out.chunk()[..n]);
                out.advance(n);
                left -= n;
            }
            Ok(())
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_has_begun_leaves_whole_and_the_rest_is_counted(
        side in prop::sample::select(&SIDES[..]),
        ops in prop::collection::vec(op(), 0..12),
        fragment_above in prop_oneof![Just(usize::MAX), Just(1000)],
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
        let [Event::Closed(closure)] = &events[..] else { panic!("{events:?}") };
        prop_assert!(closure.clean);
        let close = if side == Side::Server { 4 } else { 8 };
        prop_assert_eq!(closure.unsent as usize, queued + close - connection.queued(), "counted");
        prop_assert!(!connection.above_mark());

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
        connection.transmit().advance(1);
        assert!(connection.above_mark());
        feed(&mut connection, &side.other().frame(CLOSE, b""));
        assert!(connection.queued() > 90_000 && !connection.above_mark());
    }
}
