//! Writing is one call: what is shown and what is counted cannot come apart, whatever the transport
//! takes, and whatever is queued between two writes.

use crate::support::{BINARY, Frame, PING, PONG, SIDES, Side, TEXT, feed, frames, output};
use crate::turns::KIB;
use bytes::Bytes;
use proptest::prelude::*;
use sockless::{Config, Connection, Endpoint, Heartbeat, Timeouts, Turn, Workspace, server};
use std::time::Duration;

/// What a transport does with a write.
#[derive(Clone, Copy, Debug)]
enum Take {
    /// So many bytes, if it is shown as many; by a vectored write or a plain one.
    Many(usize),
    Slice(usize),
    /// All, and it says that it was more.
    TooMuch,
    TooMuchSlice,
    Refuse,
    RefuseSlice,
    None,
    NoneSlice,
    /// Instead, the next buffer is popped.
    Pop,
}

/// What a transport answers that was to take at most so many bytes, and was shown so many.
type Answer = fn(usize, usize) -> Result<usize, &'static str>;

/// One write: what the transport took.
fn take(turn: &mut Turn<'_, Connection>, take: Take) -> Vec<u8> {
    let before = turn.endpoint().queued();
    let (mut shown, mut calls) = (Vec::new(), 0);
    let (many, answer): (bool, Answer) = match take {
        Take::Many(_) => (true, |most, shown| Ok(most.min(shown))),
        Take::Slice(_) => (false, |most, shown| Ok(most.min(shown))),
        Take::TooMuch => (true, |_, _| Ok(usize::MAX)),
        Take::TooMuchSlice => (false, |_, _| Ok(usize::MAX)),
        Take::Refuse => (true, |_, _| Err("full")),
        Take::RefuseSlice => (false, |_, _| Err("full")),
        Take::None => (true, |_, _| Ok(0)),
        Take::NoneSlice => (false, |_, _| Ok(0)),
        Take::Pop => {
            let popped = turn.endpoint().transmit().pop();
            assert_eq!(popped.is_none(), before == 0);
            assert_eq!(turn.endpoint().queued(), before - popped.as_ref().map_or(0, Bytes::len));
            return popped.unwrap_or_default().to_vec();
        }
    };
    let most = if let Take::Many(most) | Take::Slice(most) = take { most } else { 0 };
    let result = if many {
        turn.write_with(|slices| {
            calls += 1;
            assert!(!slices.is_empty() && slices.iter().all(|slice| !slice.is_empty()));
            shown = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            answer(most, shown.len())
        })
    } else {
        turn.write_slice_with(|slice| {
            calls += 1;
            assert!(!slice.is_empty());
            shown = slice.to_vec();
            answer(most, shown.len())
        })
    };
    assert_eq!(calls, usize::from(before > 0), "without anything to send it is not called");
    assert!(shown.len() <= before);
    let taken = result.unwrap_or(0).min(before);
    assert_eq!(
        result,
        if calls == 0 { Ok(0) } else { answer(most, shown.len()).map(|n| n.min(shown.len())) }
    );
    assert_eq!(turn.endpoint().queued(), before - taken);
    assert_eq!(turn.endpoint().wants_write(), before > taken);
    shown.truncate(taken);
    shown
}

fn any_take() -> impl Strategy<Value = Take> {
    prop_oneof![
        4 => prop_oneof![1..20_usize, 1..100_000_usize].prop_map(Take::Many),
        4 => prop_oneof![1..20_usize, 1..100_000_usize].prop_map(Take::Slice),
        1 => prop::sample::select(vec![
            Take::TooMuch,
            Take::TooMuchSlice,
            Take::Refuse,
            Take::RefuseSlice,
            Take::None,
            Take::NoneSlice,
            Take::Pop,
        ]),
    ]
}

#[derive(Clone, Debug)]
enum Op {
    Take(Take),
    Text(usize),
    Binary(usize),
    Shared(usize),
    Ping(u8),
    /// The peer's, which queues a pong.
    Pinged(u8),
    Turn,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => any_take().prop_map(Op::Take),
        1 => (0..3000_usize).prop_map(Op::Text),
        1 => (0..3000_usize).prop_map(Op::Binary),
        1 => prop_oneof![0..5000_usize, 66_000..70_000_usize].prop_map(Op::Shared),
        1 => any::<u8>().prop_map(Op::Ping),
        1 => any::<u8>().prop_map(Op::Pinged),
        1 => Just(Op::Turn),
    ]
}

/// The first byte and the payload of a frame.
type Sent = (u8, Vec<u8>);

/// The control frames among those that were sent, and the others.
fn apart(wire: &[u8]) -> (Vec<Sent>, Vec<Sent>) {
    let sent = frames(wire).into_iter().map(|Frame { first, payload, .. }| (first, payload));
    sent.partition(|(first, _)| matches!(*first, PING | PONG))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_taken_is_what_was_sent(
        side in prop::sample::select(&SIDES[..]),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut config = Config::default();
        config.high_water_mark = u64::MAX;
        let mut connection = side.open(config);
        let mut workspace = Workspace::new(KIB, KIB);
        let (mut wire, mut data, mut control) = (Vec::new(), Vec::new(), Vec::new());
        let mut turn = workspace.turn(&mut connection);
        for op in ops {
            match op {
                Op::Take(how) => wire.extend(take(&mut turn, how)),
                Op::Text(len) => {
                    turn.endpoint().send_text("t".repeat(len)).unwrap();
                    data.push((TEXT, vec![b't'; len]));
                }
                Op::Binary(len) => {
                    turn.endpoint().send_binary(vec![1; len].as_slice()).unwrap();
                    data.push((BINARY, vec![1; len]));
                }
                Op::Shared(len) => {
                    turn.endpoint().send_binary(Bytes::from(vec![2; len])).unwrap();
                    data.push((BINARY, vec![2; len]));
                }
                Op::Ping(n) => {
                    turn.endpoint().ping(&[n]).unwrap();
                    control.push((PING, vec![n]));
                }
                Op::Pinged(n) => {
                    feed(turn.endpoint(), &side.other().frame(PING, &[n]));
                    control.push((PONG, vec![n]));
                }
                Op::Turn => {
                    drop(turn);
                    turn = workspace.turn(&mut connection);
                }
            }
        }
        while turn.endpoint().wants_write() {
            wire.extend(take(&mut turn, Take::Many(9999)));
        }
        let sent = apart(&wire);
        prop_assert!(sent.0 == control, "pings and pongs keep their order");
        prop_assert!(sent.1 == data, "and messages theirs");
    }
}

/// At every byte of what is sent, header and payload, by reference or not: it leaves behind the
/// frame that has begun.
#[test]
fn a_pong_between_two_writes_corrupts_nothing() {
    for side in SIDES {
        for by_reference in [false, true] {
            let len = if by_reference { 3000 } else { 40 };
            let open = || {
                let mut connection = side.open(Config::default());
                connection.send_text("first").unwrap();
                if by_reference {
                    connection.send_binary(vec![7; len]).unwrap();
                } else {
                    connection.send_binary(vec![7; len].as_slice()).unwrap();
                }
                connection.send_text("last").unwrap();
                connection
            };
            let all = output(&mut open());
            let mut workspace = Workspace::default();
            // In the middle of a payload one place is as good as another.
            let places =
                (0..all.len()).filter(|at| *at < 60 || at % 50 == 0 || all.len() - at < 20);
            for cut in places {
                for many in [false, true] {
                    let mut connection = open();
                    let mut turn = workspace.turn(&mut connection);
                    let mut wire = Vec::new();
                    while wire.len() < cut {
                        let most = cut - wire.len();
                        wire.extend(take(
                            &mut turn,
                            if many { Take::Many(most) } else { Take::Slice(most) },
                        ));
                    }
                    // Shown, and refused.
                    take(&mut turn, if many { Take::Refuse } else { Take::RefuseSlice });
                    feed(turn.endpoint(), &side.other().frame(PING, b"?"));
                    while turn.endpoint().wants_write() {
                        wire.extend(take(
                            &mut turn,
                            if many { Take::Many(999) } else { Take::Slice(999) },
                        ));
                    }
                    let (control, data) = apart(&wire);
                    assert_eq!(control, [(PONG, b"?".to_vec())], "{side:?} {cut}");
                    assert_eq!(data.len(), 3, "{side:?} {cut}");
                    assert!(data[1].1 == vec![7; len]);
                }
            }
        }
    }
}

/// Without a turn, and for what is no connection, it is the same.
#[test]
fn without_anything_to_send_nothing_is_written() {
    let mut connection = Side::Server.open(Config::default());
    let mut handshake = server::Handshake::new(server::Config::default());
    let ends: [&mut dyn Endpoint; 2] = [&mut connection, &mut handshake];
    let mut workspace = Workspace::default();
    for end in ends {
        let nothing = end.transmit().write_with(|_| -> Result<usize, ()> { panic!() });
        assert_eq!(nothing, Ok(0));
        let mut turn = workspace.turn(end);
        assert_eq!(turn.write_with(|_| -> Result<usize, ()> { panic!() }), Ok(0));
        assert_eq!(turn.write_slice_with(|_| -> Result<usize, ()> { panic!() }), Ok(0));
    }
}

/// A transport that refuses, or takes less than it was shown, is full, and no silence of the
/// peer's.
#[test]
fn a_heartbeat_sees_a_full_transport() {
    let mut timeouts = Timeouts::default();
    (timeouts.ping_interval, timeouts.idle_timeout) = (None, Some(Duration::from_secs(5)));
    timeouts.write_timeout = Some(Duration::from_secs(3600));
    for (how, full) in [
        (Take::Refuse, true),
        (Take::RefuseSlice, true),
        (Take::None, true),
        (Take::NoneSlice, true),
        (Take::Many(1), true),
        (Take::Slice(1), true),
        (Take::TooMuch, false),
        (Take::TooMuchSlice, false),
    ] {
        let mut connection = Side::Server.open(Config::default());
        connection.send_binary(&[7; 500]).unwrap();
        let mut heartbeat = Heartbeat::new(timeouts.clone());
        let mut workspace = Workspace::default();
        for second in 0..60 {
            let mut turn = workspace.turn(&mut connection);
            take(&mut turn, how);
            heartbeat.poll(Duration::from_secs(second), turn.endpoint());
        }
        assert_eq!(connection.is_open(), full, "{how:?}");
    }
}
