//! What is not polled is polled next: nothing is lost, nothing told twice, and the order kept,
//! whatever happens between two polls.

use crate::support::{
    BINARY, CONTINUATION, MORE, PING, SIDES, Side, TEXT, feed, feed_in_turns, frames, output,
};
use crate::turns::{KIB, bring, poll};
use sockless::{Config, Connection, Event, Heartbeat, Input, Step, Timeouts, Workspace};
use std::mem;
use std::time::Duration;

/// Messages of all kinds; the last frame is cut.
fn wire(peer: Side) -> Vec<u8> {
    let mut wire = Vec::new();
    for i in 0..20 {
        wire.extend(peer.frame(TEXT, format!("message {i}").as_bytes()));
        wire.extend(peer.frame(BINARY & MORE, &vec![i; 7 * usize::from(i)]));
        wire.extend(peer.frame(PING, &[i]));
        wire.extend(peer.frame(CONTINUATION, &[i; 30]));
    }
    wire.extend(&peer.frame(TEXT, b"cut")[..5 - usize::from(peer == Side::Server)]);
    wire
}

fn texts(events: &[Event<'_>]) -> Vec<String> {
    let text = |event: &Event<'_>| match event {
        Event::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    };
    events.iter().map(text).collect()
}

/// A loop that does what `step` says, and takes one event of each read. Turns end behind so many
/// steps.
#[test]
fn one_event_at_a_time() {
    for side in SIDES {
        let wire = wire(side.other());
        let expected = feed(&mut side.open(Config::default()), &wire);
        assert_eq!(expected.len(), 60);
        for (read, steps) in [(7, 1), (100, 1), (100, 3), (KIB, 2), (64 * KIB, 1), (KIB, 10_000)] {
            let mut connection = side.open(Config::default());
            let mut workspace = Workspace::new(read.max(64), KIB);
            let (mut unread, mut events) = (&wire[..], Vec::new());
            'turns: loop {
                let mut turn = workspace.turn(&mut connection);
                for _ in 0..steps {
                    let n = match turn.step(false) {
                        Step::Poll => 0,
                        Step::Read if unread.is_empty() => break 'turns,
                        Step::Read => bring(&mut turn, &mut unread, read),
                        step => panic!("{step:?}"),
                    };
                    let (connection, mut input) = turn.received(n);
                    events.extend(connection.poll(&mut input).map(Event::into_owned));
                }
            }
            assert!(events == expected, "{side:?}, reads of {read}, {steps} steps in a turn");
        }
    }
}

/// A loop that reads on before it has polled all, or anything; and ends turns in between.
#[test]
fn reading_on_before_all_is_polled() {
    for side in SIDES {
        let wire = wire(side.other());
        let expected = feed(&mut side.open(Config::default()), &wire);
        for (polls, reads) in [(0, 1), (0, 7), (1, 1), (1, 5), (2, 10_000)] {
            for read in [16, 100, 500] {
                let mut connection = side.open(Config::default());
                let mut workspace = Workspace::new(64, 500);
                let (mut unread, mut events) = (&wire[..], Vec::new());
                while !unread.is_empty() {
                    let mut turn = workspace.turn(&mut connection);
                    for _ in 0..reads {
                        let n = bring(&mut turn, &mut unread, read);
                        let (connection, mut input) = turn.received(n);
                        for _ in 0..polls {
                            events.extend(connection.poll(&mut input).map(Event::into_owned));
                        }
                    }
                }
                events.extend(poll(&mut workspace.turn(&mut connection)));
                assert!(events == expected, "{side:?} {polls} {reads} {read}");
            }
        }
    }
}

/// In the order that the rules of `Endpoint` give.
#[test]
fn a_poll_comes_before_a_read_and_waits_above_the_high_water_mark() {
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (50, 100);
    let mut server = Side::Server.open(config);
    let mut workspace = Workspace::new(KIB, KIB);
    let wire = Side::Client.frame(TEXT, b"hi").repeat(3);

    let mut turn = workspace.turn(&mut server);
    assert_eq!(turn.step(true), Step::Read);
    let n = bring(&mut turn, &mut &wire[..], KIB);
    assert!(turn.received(n).0.poll(&mut Input::empty()).is_none(), "dropped unpolled");
    assert_eq!((turn.step(true), turn.step(false)), (Step::Poll, Step::Poll));

    let (connection, mut input) = turn.received(0);
    assert_eq!(connection.poll(&mut input), Some(Event::Text("hi".into())));
    connection.send_binary(&[7; 200]).unwrap();
    drop(input);
    assert_eq!((turn.step(true), turn.step(false)), (Step::Write, Step::Wait));
    // Nor is it polled for when the next turn begins.
    drop(turn);
    let mut turn = workspace.turn(&mut server);
    assert_eq!((turn.step(true), turn.step(false)), (Step::Write, Step::Wait));
    assert_eq!(turn.write_slice_with(|_| Ok::<_, ()>(100)), Ok(100));
    assert_eq!((turn.step(true), turn.step(false)), (Step::Write, Step::Wait));
    assert_eq!(turn.write_slice_with(|_| Ok::<_, ()>(100)), Ok(100));
    assert_eq!((turn.step(true), turn.step(false)), (Step::Write, Step::Poll));

    assert_eq!(texts(&poll(&mut turn)), ["hi", "hi"]);
    assert_eq!((turn.step(true), turn.step(false)), (Step::Write, Step::Read));
    assert_eq!(turn.write_slice_with(|bytes| Ok::<_, ()>(bytes.len())), Ok(4));
    assert_eq!(turn.step(true), Step::Read);

    // A part of a frame is nothing to poll for.
    let n = bring(&mut turn, &mut &wire[..5], KIB);
    assert!(turn.received(n).0.is_open());
    assert_eq!(poll(&mut turn), []);
    assert_eq!(turn.step(true), Step::Read);
    drop(turn);
    assert_eq!((server.step(true), server.wants_poll()), (Step::Read, false));
    assert_eq!(workspace.turn(&mut server).step(true), Step::Read);
}

/// Also where the endpoint was asked for in the turn, or has no turn.
#[test]
fn what_the_endpoint_holds_waits_above_the_high_water_mark() {
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (50, 100);
    let mut server = Side::Server.open(config);
    let mut workspace = Workspace::new(KIB, KIB);
    let mut turn = workspace.turn(&mut server);
    let n = bring(&mut turn, &mut &Side::Client.frame(TEXT, b"hi")[..], KIB);
    let _ = turn.received(n);
    turn.endpoint().send_binary(&[7; 200]).unwrap();
    assert_eq!((turn.step(true), turn.step(false)), (Step::Write, Step::Wait));
    drop(turn);
    assert_eq!((server.step(true), server.step(false)), (Step::Write, Step::Wait));
    // Of a stream that has ended it is polled for: it cannot be answered any more.
    server.handle_eof();
    assert_eq!((server.step(true), server.step(false)), (Step::Write, Step::Poll));
    assert_eq!(workspace.turn(&mut server).step(false), Step::Poll);
}

/// What the endpoint is told, sends or is polled for itself comes behind what was left.
#[test]
fn the_endpoint_between_two_polls() {
    let mut heartbeat = Heartbeat::new(Timeouts::default());
    for side in SIDES {
        let wire = wire(side.other());
        let expected = feed(&mut side.open(Config::default()), &wire);
        for read in [20, 300, 64 * KIB] {
            for through in 0..5 {
                let mut connection = side.open(Config::default());
                let mut workspace = Workspace::new(64, KIB);
                let (mut unread, mut events, mut second) = (&wire[..], Vec::new(), 0);
                let mut turn = workspace.turn(&mut connection);
                while !unread.is_empty() {
                    let n = bring(&mut turn, &mut unread, read);
                    let (connection, mut input) = turn.received(n);
                    events.extend(connection.poll(&mut input).map(Event::into_owned));
                    drop(input);
                    second += 1;
                    match through {
                        0 => assert!(turn.endpoint().is_open()),
                        1 => turn.endpoint().send_text("meanwhile").unwrap(),
                        2 => drop(heartbeat.poll(Duration::from_secs(second), turn.endpoint())),
                        3 => {
                            let event = turn.endpoint().poll(&mut Input::empty());
                            events.extend(event);
                        }
                        _ => assert!(!turn.read_buf().is_empty() && turn.endpoint().is_open()),
                    }
                }
                events.extend(poll(&mut turn));
                assert!(events == expected, "{side:?} {read} {through}");
            }
        }
    }
}

/// Who polls the endpoint itself is told what was left first, in front of an input of its own.
#[test]
fn the_endpoint_has_what_was_left() {
    for side in SIDES {
        let frame = |text: &str| side.other().frame(TEXT, text.as_bytes());
        let mut connection = side.open(Config::default());
        let mut workspace = Workspace::new(KIB, KIB);
        let mut turn = workspace.turn(&mut connection);
        let wire = [frame("a"), frame("b"), frame("c")].concat();
        let n = bring(&mut turn, &mut &wire[..], KIB);
        let _ = turn.received(n);
        let event = turn.endpoint().poll(&mut Input::empty());
        assert_eq!(event, Some(Event::Text("a".into())));
        let mut more = frame("d");
        let mut input = Input::new(&mut more);
        let event = turn.endpoint().poll(&mut input).map(Event::into_owned);
        assert_eq!((event, input.len()), (Some(Event::Text("b".into())), frame("d").len()));
        assert_eq!(texts(&poll(&mut turn)), ["c"]);
        assert_eq!(turn.endpoint().poll(&mut input), Some(Event::Text("d".into())));
    }
}

/// A read, what time brings, and only then what was read.
#[test]
fn the_endpoint_between_a_read_and_what_it_brought() {
    for side in SIDES {
        let wire = wire(side.other());
        let expected = feed(&mut side.open(Config::default()), &wire);
        for (read, size) in [(90, 64), (300, KIB), (64 * KIB, KIB)] {
            for polls in [0, 1, 3] {
                for steps in [1, 3, 1000] {
                    let mut connection = side.open(Config::default());
                    let mut workspace = Workspace::new(size, KIB);
                    let (mut unread, mut events) = (&wire[..], Vec::new());
                    while !unread.is_empty() {
                        let mut turn = workspace.turn(&mut connection);
                        for step in 0..steps {
                            let n = bring(&mut turn, &mut unread, read);
                            if step % 2 == 1 {
                                events.extend(turn.endpoint().poll(&mut Input::empty()));
                            } else {
                                assert!(turn.endpoint().is_open());
                            }
                            let (connection, mut input) = turn.received(n);
                            for _ in 0..polls {
                                events.extend(connection.poll(&mut input).map(Event::into_owned));
                            }
                        }
                    }
                    events.extend(poll(&mut workspace.turn(&mut connection)));
                    assert!(events == expected, "{side:?} {read} {size} {polls} {steps}");
                }
            }
        }
    }
}

/// An endpoint that holds bytes gives them first, also without a turn.
#[test]
fn what_was_left_comes_before_any_other_input() {
    for side in SIDES {
        let wire = wire(side.other());
        let expected = feed(&mut side.open(Config::default()), &wire);
        for cut in (0..wire.len()).step_by(3) {
            let mut connection = side.open(Config::default());
            let mut workspace = Workspace::new(16 * KIB, KIB);
            let mut turn = workspace.turn(&mut connection);
            let n = bring(&mut turn, &mut &wire[..cut], usize::MAX);
            let _ = turn.received(n);
            drop(turn);
            assert_eq!(connection.wants_poll(), cut > 0);
            assert_eq!(connection.step(true), if cut > 0 { Step::Poll } else { Step::Read });
            let events = feed(&mut connection, &wire[cut..]);
            assert!(events == expected && !connection.wants_poll(), "{side:?} {cut}");
            // And back to turns.
            let frame = side.other().frame(TEXT, b"cut");
            let rest = frame.len() - (5 - usize::from(side == Side::Client));
            let end = &frame[frame.len() - rest..];
            let events = feed_in_turns(&mut connection, &mut workspace, end, &[], |_| true);
            assert_eq!(texts(&events), ["cut"]);
        }
    }
}

/// Who takes the rest has it; who leaks it has lost it; what comes then is told all the same.
#[test]
fn a_rest_that_was_taken_is_not_given_again() {
    let mut workspace = Workspace::new(KIB, KIB);
    let frame = |text: &str| Side::Client.frame(TEXT, text.as_bytes());
    let wire = [frame("a"), frame("b"), frame("c")].concat();
    for leaked in [false, true] {
        let mut server = Side::Server.open(Config::default());
        let mut turn = workspace.turn(&mut server);
        let n = bring(&mut turn, &mut &wire[..], KIB);
        let (connection, mut input) = turn.received(n);
        assert_eq!(connection.poll(&mut input), Some(Event::Text("a".into())));
        if leaked {
            mem::forget(input);
        } else {
            assert_eq!(input.into_rest(), &wire[7..], "as it came");
        }
        assert_eq!((turn.step(true), poll(&mut turn)), (Step::Read, vec![]));
        drop(turn);
        assert!(!server.wants_poll());
        let events = feed_in_turns(&mut server, &mut workspace, &frame("d"), &[], |_| true);
        assert_eq!(texts(&events), ["d"]);
    }
}

/// A pong to a ping that was left is sent when the ping is polled for, and once.
#[test]
fn what_was_left_is_answered_once() {
    let mut server = Side::Server.open(Config::default());
    let mut workspace = Workspace::new(KIB, KIB);
    let wire = [Side::Client.frame(PING, b"1"), Side::Client.frame(PING, b"2")].concat();
    let mut turn = workspace.turn(&mut server);
    let n = bring(&mut turn, &mut &wire[..], KIB);
    let (connection, mut input) = turn.received(n);
    assert_eq!(connection.poll(&mut input), Some(Event::Ping(b"1"[..].into())));
    drop(input);
    drop(turn);
    assert_eq!(frames(&output(&mut server)).len(), 1);
    assert_eq!(poll(&mut workspace.turn(&mut server)).len(), 1);
    assert_eq!(frames(&output(&mut server)).len(), 1);
    assert_eq!(poll(&mut workspace.turn(&mut server)), []);
}

/// For a heartbeat the bytes of a frame that waits are signs of life, each once.
#[test]
fn bytes_that_wait_are_heard_once() {
    let mut timeouts = Timeouts::default();
    (timeouts.ping_interval, timeouts.idle_timeout) = (None, Some(Duration::from_secs(10)));
    for (seconds, alive) in [(30, true), (9, false)] {
        let mut heartbeat = Heartbeat::new(timeouts.clone());
        let mut connection: Connection = Side::Server.open(Config::default());
        let mut workspace = Workspace::default();
        let wire = Side::Client.frame(BINARY, &[7; 100]);
        for second in 0..30 {
            let mut turn = workspace.turn(&mut connection);
            let n = usize::from(second < seconds);
            turn.read_buf()[..n].copy_from_slice(&wire[second as usize..][..n]);
            let (connection, mut input) = turn.received(n);
            let closed = connection.poll(&mut input).is_some();
            assert!(!(closed && alive), "{second}");
            drop(input);
            heartbeat.poll(Duration::from_secs(second), turn.endpoint());
        }
        assert_eq!(connection.is_open(), alive);
    }
}
