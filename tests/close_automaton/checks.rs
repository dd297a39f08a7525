//! What is tried in each state, once it was compared with its models: what has to change nothing,
//! and that it ends.

use crate::close_automaton::end::End;
use crate::close_automaton::pair::{Act, Pair};
use crate::support::SIDES;
use sockless::{Input, MessageKind, SendError};
use std::time::Duration;

/// In how many turns, and how many deadlines of each end, a pair ends with loops that do their
/// part.
const TURNS: usize = 12;
/// How many deadlines of its own an end needs at most, of which nobody hears and that hears
/// nothing.
const DEADLINES: usize = 10;

/// Calls that are refused or mean nothing: the connection stays as it is, to the last field.
pub(crate) fn nothing_changes(end: &mut End) {
    let before = format!("{:?}", end.connection);
    let connection = &mut end.connection;
    if !connection.is_open() {
        for refused in [
            connection.send_text("x"),
            connection.send_binary(b"x"),
            connection.ping(b"x"),
            connection.begin_message(MessageKind::Text),
        ] {
            assert_eq!(refused, Err(SendError::Closed));
        }
        assert_eq!(connection.close(None), Err(SendError::Closed));
    }
    if !connection.wants_shutdown() {
        connection.shutdown_done();
    }
    assert_eq!(connection.poll(&mut Input::empty()), None);
    // A nanosecond too early; and time that stands still, or goes back.
    let early = Duration::from_nanos(1);
    if let Some(due) = end.due {
        let expected = end.model.heart.due_a_moment_early(early).map(|ahead| end.now + ahead);
        assert_eq!(end.heartbeat.clone().poll(due - early, connection), expected);
    }
    let mut heartbeat = end.heartbeat.clone();
    for now in [end.now, Duration::ZERO, end.now] {
        assert_eq!(heartbeat.poll(now, connection), end.due);
    }
    assert_eq!(format!("{:?}", end.connection), before);
}

/// Whatever comes behind the end.
pub(crate) fn stays_done(end: &mut End) {
    let connection = &mut end.connection;
    let calls: [fn(&mut sockless::Connection); 6] = [
        |connection| {
            assert_eq!(connection.poll(&mut Input::new(&mut b"\x83 anything".to_vec())), None)
        },
        |connection| connection.shutdown_done(),
        |connection| connection.handle_eof(),
        |connection| connection.handle_write_error(),
        |connection| connection.handle_timeout(),
        |connection| connection.handle_error(),
    ];
    for call in calls {
        call(connection);
        assert_eq!(connection.poll(&mut Input::empty()), None, "Closed was told");
        assert!(
            connection.is_done()
                && !connection.wants_write()
                && !connection.wants_read()
                && !connection.wants_shutdown()
        );
        assert_eq!(end.heartbeat.poll(end.now, connection), None);
    }
}

/// Both loops go on as they should, one end closes if none does, and time passes where nothing else
/// happens: both are done soon.
pub(crate) fn ends_with_its_peer(pair: &mut Pair, first: usize) {
    let sides = [SIDES[first % 2], SIDES[(first + 1) % 2]];
    pair.apply(sides[0], Act::Close);
    for _ in 0..TURNS {
        let mut moved = false;
        for side in sides {
            for act in [Act::WriteAll, Act::Shutdown, Act::ReadAll] {
                moved |= step(pair, side, act);
            }
        }
        if pair.ends.iter().all(|end| end.connection.is_done()) {
            return;
        }
        if !moved {
            let ticked = sides.map(|side| step(pair, side, Act::Tick));
            assert!(ticked.contains(&true), "neither bytes nor time lead any farther");
        }
    }
    panic!("not done within {TURNS} turns");
}

/// The lines are dead and nobody can write: time alone ends each.
pub(crate) fn ends_by_time(pair: &mut Pair) {
    for side in SIDES {
        let deadlines = (0..DEADLINES).take_while(|_| step(pair, side, Act::Tick)).count();
        assert!(
            pair.ends[side as usize].connection.is_done(),
            "{side:?} is not done after {deadlines} deadlines"
        );
    }
}

fn step(pair: &mut Pair, side: crate::support::Side, act: Act) -> bool {
    let applied = pair.apply(side, act);
    if applied {
        pair.ends.iter_mut().for_each(End::look);
    }
    applied
}
