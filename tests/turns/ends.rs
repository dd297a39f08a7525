//! Ends of the stream, failures and time-outs while bytes wait: all that came before is told, and
//! then the end, once.

use crate::support::{CLOSE, Frame, PING, SIDES, Side, TEXT, feed, feed_in_turns, frames, output};
use crate::turns::{KIB, MIB, bring, poll};
use sockless::{Cause, Config, Connection, Endpoint, Event, Input, Step, Timeout, Turn, Workspace};
use std::iter;

/// How the transport ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Eof,
    Error,
    WriteError,
    Timeout,
}

const ENDS: [End; 4] = [End::Eof, End::Error, End::WriteError, End::Timeout];

impl End {
    /// When nothing can be written the end of the stream comes later.
    fn tell(self, connection: &mut dyn Endpoint) {
        match self {
            Self::Eof => connection.handle_eof(),
            Self::Error => connection.handle_error(),
            Self::WriteError => connection.handle_write_error(),
            Self::Timeout => connection.handle_timeout(),
        }
    }

    fn cause(self) -> Cause {
        match self {
            Self::Timeout => Cause::Timeout(Timeout::Close),
            _ => Cause::Eof,
        }
    }
}

/// A message, a ping and the peer's Close; and where each ends.
fn goodbye(peer: Side) -> (Vec<u8>, [usize; 3]) {
    let (text, ping) = (peer.frame(TEXT, "é?".as_bytes()), peer.frame(PING, b"2"));
    let close = peer.frame(CLOSE, b"\x03\xe9bye");
    let ends = [text.len(), text.len() + ping.len(), text.len() + ping.len() + close.len()];
    ([text, ping, close].concat(), ends)
}

/// Holds what was told to what came: so many of the frames, whole.
fn check(told: &[Event<'_>], whole: usize, end: End, what: &str) {
    let expected = [Event::Text("é?".into()), Event::Ping(b"2"[..].into())];
    let Some((Event::Closed(closed), before)) = told.split_last() else {
        panic!("{what}: {told:?}")
    };
    assert_eq!(before, &expected[..whole.min(2)], "{what}");
    let (code, cause) = if whole == 3 { (1001, Cause::Peer) } else { (1006, end.cause()) };
    assert_eq!((closed.code, closed.cause), (code, cause), "{what}");
    assert_eq!(closed.clean, whole == 3 && end == End::Eof, "{what}");
}

/// Polls as `step` says.
fn steps(turn: &mut Turn<'_, Connection>) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    for _ in 0..10 {
        match turn.step(false) {
            Step::Poll => events.extend(poll(turn)),
            _ => return events,
        }
    }
    panic!("there is always something to poll for: {events:?}");
}

/// Of a stream that ends anywhere, read in two parts, of which the second, or both, wait when the
/// end is told: in the turn, behind it, in another one, or to a connection that is polled itself,
/// in the turn or behind it.
#[test]
fn what_came_before_the_end_is_told_and_then_the_end() {
    let mut workspaces = [(32, 0), (64, KIB), (64 * KIB, MIB)].map(|(r, m)| Workspace::new(r, m));
    for (side, end, workspace) in SIDES.into_iter().flat_map(|side| {
        ENDS.into_iter().flat_map(move |end| (0..3).map(move |workspace| (side, end, workspace)))
    }) {
        let workspace = &mut workspaces[workspace];
        let (wire, ends) = goodbye(side.other());
        for come in 0..=wire.len() {
            let whole = ends.iter().filter(|end| **end <= come).count();
            for cut in 0..=come {
                for how in 0..8 {
                    let what = format!("{side:?} {end:?} {cut} of {come}, {how}");
                    let mut connection = side.open(Config::default());
                    let mut turn = workspace.turn(&mut connection);
                    let mut told = Vec::new();
                    let mut first = &wire[..cut];
                    while !first.is_empty() {
                        let n = bring(&mut turn, &mut first, KIB);
                        let _ = turn.received(n);
                        if how % 2 == 1 {
                            told.extend(poll(&mut turn));
                        }
                    }
                    let mut second = &wire[cut..come];
                    while !second.is_empty() {
                        let n = bring(&mut turn, &mut second, KIB);
                        let _ = turn.received(n);
                    }
                    match how {
                        0 | 1 => {
                            assert!(!turn.read_buf().is_empty());
                            end.tell(turn.endpoint());
                            told.extend(steps(&mut turn));
                            drop(turn);
                        }
                        2 | 3 => {
                            end.tell(turn.endpoint());
                            drop(turn);
                            told.extend(steps(&mut workspace.turn(&mut connection)));
                        }
                        4 | 5 => {
                            end.tell(turn.endpoint());
                            let mut next = || turn.endpoint().poll(&mut Input::empty());
                            told.extend(iter::from_fn(&mut next));
                            drop(turn);
                        }
                        _ => {
                            drop(turn);
                            end.tell(&mut connection);
                            told.extend(feed(&mut connection, b""));
                        }
                    }
                    if end == End::WriteError && whole < 3 {
                        assert!(!connection.is_open() && connection.wants_read(), "{what}");
                        connection.handle_eof();
                        told.extend(steps(&mut workspace.turn(&mut connection)));
                    }
                    // A Close that was polled for came before the end.
                    let end = if how % 2 == 1 && cut == wire.len() { End::Eof } else { end };
                    check(&told, whole, end, &what);
                    // Once.
                    end.tell(&mut connection);
                    let late = feed_in_turns(&mut connection, workspace, &wire, &[], |_| true);
                    assert_eq!((late, feed(&mut connection, b"")), (vec![], vec![]), "{what}");
                    assert!(!connection.wants_poll(), "{what}");
                }
            }
        }
    }
}

/// The end may be known before the bytes in front of it are polled, without a workspace too.
#[test]
fn what_is_fed_behind_the_end_came_before_it() {
    for (side, end) in SIDES.into_iter().flat_map(|side| ENDS.map(|end| (side, end))) {
        let (wire, ends) = goodbye(side.other());
        for come in 0..=wire.len() {
            let whole = ends.iter().filter(|end| **end <= come).count();
            for cut in 0..=come {
                let mut connection = side.open(Config::default());
                let mut told = feed(&mut connection, &wire[..cut]);
                end.tell(&mut connection);
                if matches!(told.last(), Some(Event::Closed(_))) {
                    // The Close came before the write failed.
                    assert_eq!(feed(&mut connection, b""), []);
                    continue;
                }
                told.extend(feed(&mut connection, &wire[cut..come]));
                if end == End::WriteError && whole < 3 {
                    connection.handle_eof();
                    told.extend(feed(&mut connection, b""));
                }
                check(&told, whole, end, &format!("{side:?} {end:?} {cut} of {come}"));
                assert_eq!(feed(&mut connection, &wire), []);
            }
        }
    }
}

/// One event at a time, with the end told in between: the end stays the last.
#[test]
fn an_end_that_is_told_between_two_polls() {
    for side in SIDES {
        let wire = side.other().frame(TEXT, b"x").repeat(3);
        for told_at in 0..4 {
            let mut workspace = Workspace::new(KIB, KIB);
            let mut connection = side.open(Config::default());
            let mut turn = workspace.turn(&mut connection);
            let mut n = bring(&mut turn, &mut &wire[..], KIB);
            let mut events = Vec::new();
            for i in 0..6 {
                let (connection, mut input) = turn.received(n);
                n = 0;
                if i > 0 {
                    events.extend(connection.poll(&mut input).map(Event::into_owned));
                }
                drop(input);
                if i == told_at {
                    turn.endpoint().handle_eof();
                }
            }
            assert_eq!(events.len(), 4, "{events:?}");
            assert!(events[..3].iter().all(|event| *event == Event::Text("x".into())));
            assert!(matches!(&events[3], Event::Closed(closed) if closed.cause == Cause::Eof));
        }
    }
}

/// A blocking loop from the documentation, to its end: what it sends, and in which order.
#[test]
fn a_loop_over_the_steps_comes_to_its_end() {
    for side in SIDES {
        for (wire, read) in [(goodbye(side.other()).0, 3), (goodbye(side.other()).0, KIB)] {
            let mut connection = side.open(Config::default());
            let mut workspace = Workspace::default();
            let (mut unread, mut sent, mut shut) = (&wire[..], Vec::new(), 0);
            let mut turn = workspace.turn(&mut connection);
            let mut told = Vec::new();
            for _ in 0..100 {
                let n = match turn.step(true) {
                    Step::Write => {
                        turn.write_slice_with(|bytes| {
                            sent.extend_from_slice(bytes);
                            Ok::<_, ()>(bytes.len())
                        })
                        .unwrap();
                        continue;
                    }
                    Step::Shutdown => {
                        shut += 1;
                        turn.endpoint().shutdown_done();
                        continue;
                    }
                    Step::Read if unread.is_empty() => {
                        assert!(!turn.read_buf().is_empty());
                        turn.endpoint().handle_eof();
                        continue;
                    }
                    Step::Read => bring(&mut turn, &mut unread, read),
                    Step::Poll => 0,
                    Step::Wait | Step::Done => break,
                };
                let (connection, mut input) = turn.received(n);
                told.extend(connection.poll(&mut input).map(Event::into_owned));
            }
            assert_eq!(turn.step(true), Step::Done);
            check(&told, 3, End::Eof, "to the end");
            let sent: Vec<_> =
                frames(&sent).into_iter().map(|Frame { payload, .. }| payload).collect();
            assert_eq!(sent, [b"2".to_vec(), b"\x03\xe9bye".to_vec()]);
            assert_eq!(shut, 1);
            assert_eq!(turn.endpoint().poll(&mut Input::empty()), None);
        }
    }
}

/// What the peer says behind its Close, or behind a violation, is thrown away, also where it waits.
#[test]
fn what_waits_behind_the_end_is_thrown_away() {
    for side in SIDES {
        let (wire, _) = goodbye(side.other());
        let wire = [&wire[..], &side.other().frame(TEXT, b"late").repeat(10)].concat();
        for taken in 0..5 {
            let mut workspace = Workspace::new(KIB, KIB);
            let mut connection = side.open(Config::default());
            let mut turn = workspace.turn(&mut connection);
            let n = bring(&mut turn, &mut &wire[..], KIB);
            let (inner, mut input) = turn.received(n);
            let mut told: Vec<_> =
                (0..taken).filter_map(|_| inner.poll(&mut input).map(Event::into_owned)).collect();
            drop(input);
            assert_eq!(turn.step(false), if taken < 3 { Step::Poll } else { Step::Read });
            drop(turn);
            told.extend(poll(&mut workspace.turn(&mut connection)));
            check(&told, 3, End::Eof, "late");
            assert_eq!(output(&mut connection).len(), if side == Side::Server { 10 } else { 18 });
        }
    }
}
