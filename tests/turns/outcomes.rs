//! What comes right behind the head of a handshake goes along with its outcome: in turns and
//! without, wherever reads end, and for nothing where nothing comes.

use crate::support::alloc::counted;
use crate::support::{CLOSE, PING, Side, TEXT, feed, feed_in_turns, output};
use crate::turns::{KIB, bring};
use sockless::client::{self, Outcome};
use sockless::handshake::accept_key;
use sockless::server::{self, Incoming};
use sockless::{Config, Connection, Endpoint, Event, Input, Seed, Step, Workspace};

const HEAD: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const POST: &[u8] = b"POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\n";

/// A handshake of either side, up to its connection.
trait Shake: Endpoint {
    fn opened(&mut self, input: &mut Input<'_>) -> Option<Connection>;
}

impl Shake for server::Handshake {
    fn opened(&mut self, input: &mut Input<'_>) -> Option<Connection> {
        self.poll(input).map(|outcome| match outcome {
            Incoming::Upgrade(request) => request.accept().open(Config::default()),
            other => panic!("{other:?}"),
        })
    }
}

impl Shake for client::Handshake {
    fn opened(&mut self, input: &mut Input<'_>) -> Option<Connection> {
        self.poll(input).map(|outcome| match outcome {
            Outcome::Open(accepted) => accepted.open(Config::default()),
            other => panic!("{other:?}"),
        })
    }
}

fn asking() -> client::Handshake {
    let request = client::Request::new("ws://a.example/chat").unwrap();
    client::Handshake::new(request, Seed::new([7; 32]))
}

/// A handshake, and the head that it waits for.
fn begin(side: Side) -> (Box<dyn Shake>, Vec<u8>) {
    if side == Side::Server {
        return (Box::new(server::Handshake::new(server::Config::default())), HEAD.to_vec());
    }
    let mut handshake = asking();
    let sent = String::from_utf8(output(&mut handshake)).unwrap();
    let key = sent.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        accept_key(key)
    );
    (Box::new(handshake), head.into_bytes())
}

/// Two messages and a ping, and the beginning of one more.
fn frames(peer: Side) -> Vec<u8> {
    let frame = |first, payload: &[u8]| peer.frame(first, payload);
    [
        frame(TEXT, b"one"),
        frame(PING, b"?"),
        frame(TEXT, &[b'x'; 200]),
        frame(TEXT, b"cut")[..4].into(),
    ]
    .concat()
}

fn expected() -> Vec<Event<'static>> {
    let long = "x".repeat(200);
    vec![Event::Text("one".into()), Event::Ping(b"?"[..].into()), Event::Text(long.into())]
}

/// How the reads of a handshake are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// Without a turn.
    Plain,
    /// In one turn.
    Turn,
    /// In a turn each.
    Turns,
    /// In a turn each which is not polled for; at the end all is.
    Unpolled,
    /// The same, and all is polled for without a turn.
    UnpolledPlain,
}

const HOWS: [How; 5] = [How::Plain, How::Turn, How::Turns, How::Unpolled, How::UnpolledPlain];

/// Reads up to the outcome; the bytes that no read has brought.
fn shake<'w>(
    handshake: &mut dyn Shake,
    workspace: &mut Workspace,
    wire: &'w [u8],
    cut: usize,
    how: How,
) -> (Connection, &'w [u8]) {
    let (a, b) = wire.split_at(cut);
    let parts = [(a, b), (b, &[][..])];
    match how {
        How::Plain => {
            for (part, rest) in parts {
                if let Some(connection) = handshake.opened(&mut Input::new(&mut part.to_vec())) {
                    return (connection, rest);
                }
            }
        }
        How::Turn => {
            let mut turn = workspace.turn(handshake);
            for (mut part, rest) in parts {
                let n = bring(&mut turn, &mut part, usize::MAX);
                let (handshake, mut input) = turn.received(n);
                if let Some(connection) = handshake.opened(&mut input) {
                    drop(input);
                    assert_eq!(turn.step(true), Step::Done);
                    return (connection, rest);
                }
            }
        }
        How::Turns => {
            for (mut part, rest) in parts {
                let mut turn = workspace.turn(handshake);
                let n = bring(&mut turn, &mut part, usize::MAX);
                let (handshake, mut input) = turn.received(n);
                if let Some(connection) = handshake.opened(&mut input) {
                    return (connection, rest);
                }
            }
        }
        How::Unpolled | How::UnpolledPlain => {
            for (mut part, _) in parts {
                let mut turn = workspace.turn(handshake);
                let n = bring(&mut turn, &mut part, usize::MAX);
                let _ = turn.received(n);
                let unpolled = n > 0 || !part.is_empty() || cut > 0;
                assert_eq!(turn.step(true), if unpolled { Step::Poll } else { Step::Read });
            }
            assert!(handshake.wants_poll());
            let opened = if how == How::UnpolledPlain {
                handshake.opened(&mut Input::empty())
            } else {
                let mut turn = workspace.turn(handshake);
                let (handshake, mut input) = turn.received(0);
                handshake.opened(&mut input)
            };
            return (opened.expect("all came"), &[]);
        }
    }
    panic!("all came");
}

#[test]
fn frames_behind_the_head_are_the_first_of_the_connection() {
    let mut workspace = Workspace::new(KIB, KIB);
    for side in [Side::Server, Side::Client] {
        let peer = side.other();
        let rest = peer.frame(TEXT, b"cut")[4..].to_vec();
        for how in HOWS {
            let len = begin(side).1.len() + frames(peer).len();
            for cut in 0..=len {
                let (mut handshake, head) = begin(side);
                let wire = [&head[..], &frames(peer)].concat();
                let (mut connection, unread) =
                    shake(&mut *handshake, &mut workspace, &wire, cut, how);
                let what = format!("{side:?} {how:?} {cut}");
                assert!(handshake.is_done() && !handshake.wants_poll(), "{what}");
                let behind = wire.len() - unread.len() - head.len();
                assert_eq!(connection.wants_poll(), behind > 0, "{what}");
                assert_eq!(connection.step(false) == Step::Poll, behind > 0, "{what}");
                // In turns or without.
                let mut told = Vec::new();
                for part in [unread, &rest] {
                    told.extend(if cut % 2 == 0 {
                        feed(&mut connection, part)
                    } else {
                        feed_in_turns(&mut connection, &mut workspace, part, &[], |_| true)
                    });
                }
                assert_eq!(told.pop(), Some(Event::Text("cut".into())), "{what}");
                assert_eq!(told, expected(), "{what}");
            }
        }
    }
}

/// A stream that ends behind them, before anything is polled.
#[test]
fn the_end_comes_behind_the_frames() {
    for side in [Side::Server, Side::Client] {
        let (mut handshake, head) = begin(side);
        let peer = side.other();
        let wire = [&head[..], &peer.frame(TEXT, b"one"), &peer.frame(CLOSE, b"")].concat();
        let mut workspace = Workspace::default();
        let (mut connection, _) =
            shake(&mut *handshake, &mut workspace, &wire, head.len() - 1, How::Turns);
        connection.handle_eof();
        let told = feed(&mut connection, b"");
        assert_eq!(told[0], Event::Text("one".into()));
        assert!(matches!(&told[1..], [Event::Closed(closed)] if closed.clean));
    }
}

/// As many allocations as without a workspace, and a buffer more where something is left.
#[test]
fn nothing_is_allocated_where_nothing_is_left() {
    let mut workspace = Workspace::default();
    for side in [Side::Server, Side::Client] {
        for (how, rest) in [(How::Plain, 0), (How::Turn, 0), (How::Plain, 100), (How::Turn, 100)] {
            let (mut handshake, head) = begin(side);
            let wire = [&head[..], &vec![0; rest]].concat();
            let ((connection, _), count) =
                counted(|| shake(&mut *handshake, &mut workspace, &wire, 0, how));
            // Beside the head: a copy of the read itself, without a turn.
            let own = u64::from(how == How::Plain);
            let expected = 1 + own + if rest > 0 { 2 } else { 0 };
            assert_eq!(count.calls, expected, "{side:?} {how:?} {rest}");
            assert_eq!(connection.wants_poll(), rest > 0);
        }
    }
}

/// The beginning of a body, or all of it.
#[test]
fn a_plain_request_has_what_came_behind_it() {
    let wire = [POST, b"name=body"].concat();
    let mut workspace = Workspace::new(KIB, KIB);
    for cut in 0..=wire.len() {
        for in_turns in [false, true] {
            for unpolled in [false, true] {
                let mut handshake = server::Handshake::new(server::Config::default());
                let (mut unread, mut plain) = (&wire[..], None);
                for n in [cut, wire.len() - cut] {
                    if plain.is_some() {
                        break;
                    }
                    let mut part = unread[..n].to_vec();
                    let last = n == unread.len();
                    let outcome = if in_turns || unpolled && !last {
                        let mut turn = workspace.turn(&mut handshake);
                        let n = bring(&mut turn, &mut unread, n);
                        let (handshake, mut input) = turn.received(n);
                        if unpolled && !last { None } else { handshake.poll(&mut input) }
                    } else {
                        unread = &unread[n..];
                        handshake.poll(&mut Input::new(&mut part))
                    };
                    plain = outcome.map(|outcome| match outcome {
                        Incoming::Http(plain) => plain,
                        other => panic!("{other:?}"),
                    });
                }
                let plain = plain.expect("its head came");
                let come = wire.len() - unread.len();
                assert_eq!((plain.head(), plain.rest()), (POST, &wire[POST.len()..come]), "{cut}");
                assert_eq!(plain.into_bytes(), wire[..come]);
            }
        }
    }
}

/// Who is refused is not listened to: what came is thrown away, once, and counts.
#[test]
fn a_refusal_throws_away_what_came() {
    let mut config = server::Config::default();
    config.max_discard = 20;
    let wire = [&b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"[..], &[7; 12]].concat();
    let mut workspace = Workspace::default();
    let mut handshake = server::Handshake::new(config);
    let mut turn = workspace.turn(&mut handshake);
    let n = bring(&mut turn, &mut &wire[..], usize::MAX);
    let (inner, mut input) = turn.received(n);
    let Some(Incoming::Failed(mut replying)) = inner.poll(&mut input) else { panic!() };
    assert!(input.is_empty());
    drop(input);
    drop(turn);
    assert!(replying.wants_read() && !replying.wants_poll());
    let mut turn = workspace.turn(&mut replying);
    let n = bring(&mut turn, &mut &[7; 8][..], usize::MAX);
    let _ = turn.received(n);
    assert_eq!((turn.step(true), turn.step(false)), (Step::Write, Step::Poll));
    drop(turn);
    assert!(!replying.wants_read(), "12 and 8");
}

/// A head that came whole before the stream ended and was not polled.
#[test]
fn the_head_that_came_before_the_end_is_answered() {
    for side in [Side::Server, Side::Client] {
        for failed in [false, true] {
            for (within, plain) in [(true, false), (false, false), (false, true)] {
                let (mut handshake, head) = begin(side);
                let mut workspace = Workspace::default();
                let mut turn = workspace.turn(&mut *handshake);
                let n = bring(&mut turn, &mut &head[..], usize::MAX);
                let _ = turn.received(n);
                let end = |handshake: &mut dyn Shake| match failed {
                    true => handshake.handle_error(),
                    false => handshake.handle_eof(),
                };
                if within {
                    end(turn.endpoint());
                    assert_eq!(turn.step(true), Step::Poll);
                }
                drop(turn);
                if !within {
                    end(&mut *handshake);
                }
                assert!(
                    !handshake.is_done() && handshake.wants_poll(),
                    "{side:?} {failed} {within}"
                );
                assert_eq!(handshake.step(true), Step::Poll);
                let opened = if plain {
                    handshake.opened(&mut Input::empty())
                } else {
                    let mut turn = workspace.turn(&mut *handshake);
                    assert_eq!(turn.step(true), Step::Poll, "{side:?}, {failed} {within}");
                    let (handshake, mut input) = turn.received(0);
                    handshake.opened(&mut input)
                };
                assert!(opened.is_some(), "{side:?}, {failed} {within} {plain}");
                assert!(handshake.is_done());
            }
        }
    }
}
