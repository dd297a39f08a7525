//! An open connection, in both roles: `Closed` once, and nothing behind it; nothing written that
//! nobody can write; an end with its peer, or by time alone.

use crate::endpoint::{CASES, Io, SECOND, Watched, io};
use crate::support::random::cases;
use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, frames,
};
use proptest::prelude::*;
use sockless::{
    CloseCode, CloseEvent, Config, Connection, Delivery, Event, Extensions, Heartbeat, MessageKind,
    PreparedMessage, SendError,
};
use std::time::Duration;

proptest! {
    #![proptest_config(cases(CASES))]

    #[test]
    fn a_connection_under_any_calls_ends_once_and_by_its_rules(
        side in prop::sample::select(&SIDES[..]),
        agreed in agreements(),
        chunks in any::<bool>(),
        max_discard in prop_oneof![Just(0_u64), 1..100_u64, Just(64 << 20)],
        ops in prop::collection::vec(op(), 0..24),
        by_time in any::<bool>(),
    ) {
        let mut line = Line::new(side, agreed, if chunks { Delivery::Chunks } else { Delivery::Whole }, max_discard);
        for op in &ops {
            line.apply(op);
            line.look();
        }
        line.goes_on();
        if by_time { line.ends_by_time() } else { line.ends_with_its_peer() }
        prop_assert!(line.closed.is_some());
        line.wrote_frames();
    }
}

/// A call on a connection.
#[derive(Clone, Debug)]
enum Op {
    Io(Io),
    Send(usize),
    Prepared,
    Begin,
    Part,
    Finish,
    Ping,
    Close(bool),
    /// The peer's bytes, cut into reads of so many.
    Feed(usize, Vec<Fed>),
}

/// What the peer sends.
#[derive(Clone, Copy, Debug)]
enum Fed {
    Text,
    First,
    Next,
    Ping,
    Pong,
    Close,
    EmptyClose,
    Wrong,
    NotUtf8,
    Half,
}

fn op() -> impl Strategy<Value = Op> {
    const FED: [Fed; 10] = [
        Fed::Text,
        Fed::First,
        Fed::Next,
        Fed::Ping,
        Fed::Pong,
        Fed::Close,
        Fed::EmptyClose,
        Fed::Wrong,
        Fed::NotUtf8,
        Fed::Half,
    ];
    let fed = prop::collection::vec(prop::sample::select(&FED[..]), 1..4);
    prop_oneof![
        8 => io().prop_map(Op::Io),
        2 => prop_oneof![0..200_usize, 4000..5000_usize, 40_000..50_000_usize].prop_map(Op::Send),
        1 => Just(Op::Prepared),
        1 => Just(Op::Begin),
        1 => Just(Op::Part),
        1 => Just(Op::Finish),
        1 => Just(Op::Ping),
        1 => any::<bool>().prop_map(Op::Close),
        5 => (1..40_usize, fed).prop_map(|(cut, fed)| Op::Feed(cut, fed)),
    ]
}

/// Bytes as the peer of `side` sends them.
fn bytes(side: Side, fed: Fed) -> Vec<u8> {
    let peer = side.other();
    match fed {
        Fed::Text => peer.frame(TEXT, "né€😀".as_bytes()),
        Fed::First => peer.frame(BINARY & MORE, b"first"),
        Fed::Next => peer.frame(CONTINUATION, b"next"),
        Fed::Ping => peer.frame(PING, b"?"),
        Fed::Pong => peer.frame(PONG, &[0, 0, 0, 1]),
        Fed::Close => peer.frame(CLOSE, b"\x03\xe8bye"),
        Fed::EmptyClose => peer.frame(CLOSE, b""),
        Fed::Wrong => vec![0x83],
        Fed::NotUtf8 => peer.frame(TEXT, b"valid, then \xff"),
        Fed::Half => peer.frame(BINARY, &[7; 100])[..50].to_vec(),
    }
}

/// A connection, watched.
struct Line {
    side: Side,
    connection: Connection,
    heartbeat: Heartbeat,
    watched: Watched,
    closed: Option<CloseEvent>,
}

impl Line {
    fn new(side: Side, agreed: Extensions, delivery: Delivery, max_discard: u64) -> Self {
        let mut config = Config::default();
        (config.delivery, config.max_discard) = (delivery, max_discard);
        let connection = side.open_with(agreed, config);
        Self {
            side,
            connection,
            heartbeat: Heartbeat::new(Default::default()),
            watched: Watched::new(),
            closed: None,
        }
    }

    fn apply(&mut self, op: &Op) {
        let (open, queued) = (self.connection.is_open(), self.connection.queued());
        let sent = match op {
            Op::Io(Io::Beat(seconds)) => {
                self.beat(SECOND * u32::from(*seconds));
                return;
            }
            Op::Io(io) => return self.watched.call(&mut self.connection, *io),
            Op::Feed(cut, fed) => {
                let wire: Vec<u8> = fed.iter().flat_map(|fed| bytes(self.side, *fed)).collect();
                wire.chunks(*cut).for_each(|part| self.hear(part));
                return assert!(
                    open || self.connection.queued() <= queued + 200,
                    "a connection that is closing queues pongs, and no more"
                );
            }
            Op::Send(len) => self.connection.send_binary(vec![7; *len]),
            Op::Prepared => self.connection.send_prepared(&PreparedMessage::text("news")),
            Op::Begin => self.connection.begin_message(MessageKind::Text),
            Op::Part => self.connection.write_fragment("né€😀".as_bytes()),
            Op::Finish => self.connection.finish_message(),
            Op::Ping => self.connection.ping(b"?"),
            Op::Close(empty) => self.connection.close((!empty).then_some(CloseCode::AWAY.into())),
        };
        assert!(open || sent == Err(SendError::Closed), "{op:?}: {sent:?}");
        assert!(
            sent.is_ok() || self.connection.queued() == queued,
            "refused, and yet something changed"
        );
    }

    /// Tells in how long it is to beat again.
    fn beat(&mut self, by: Duration) -> Option<Duration> {
        self.watched.now += by;
        let (open, queued) = (self.connection.is_open(), self.connection.queued());
        let due = self.heartbeat.poll(self.watched.now, &mut self.connection);
        assert!(due.is_none_or(|due| due > self.watched.now));
        // Of a connection that is not open, all that it can do is to drop the transport.
        self.watched.mute |= !open && self.connection.queued() < queued;
        assert!(open || self.connection.queued() <= queued);
        due.map(|due| due - self.watched.now)
    }

    fn hear(&mut self, part: &[u8]) {
        for event in feed(&mut self.connection, part) {
            assert!(self.closed.is_none(), "{event:?} behind {:?}", self.closed);
            if let Event::Closed(close_event) = event {
                self.closed = Some(close_event);
            }
        }
    }

    fn look(&mut self) {
        self.watched.look(&mut self.connection);
        let connection = &self.connection;
        assert!(!connection.is_done() || self.closed.is_some(), "done, and Closed was not told");
        assert!(!connection.is_open() || !self.watched.mute && self.closed.is_none());
        assert!(
            !self.watched.mute
                || (connection.queued(), connection.above_high_water()) == (0, false)
        );
        assert!(self.closed.as_ref().is_none_or(
            |close_event| !close_event.clean || !close_event.code.eq(&CloseEvent::ABNORMAL)
        ));
    }

    /// Once there are no events, something is left to do or it is done.
    fn goes_on(&mut self) {
        self.hear(b"");
        self.look();
        let connection = &self.connection;
        let next =
            connection.wants_write() || connection.wants_read() || connection.wants_shutdown();
        assert!(next != connection.is_done(), "there is nothing to do, and yet it is not done");
    }

    /// The loop of the README with a peer that takes all, and sends nothing more but the end of its
    /// stream.
    fn ends_with_its_peer(&mut self) {
        for _ in 0..4 {
            self.watched.call(&mut self.connection, Io::Write(usize::MAX));
            self.watched.call(&mut self.connection, Io::Pop);
            self.goes_on();
            if self.connection.wants_shutdown() {
                self.watched.call(&mut self.connection, Io::Shutdown);
            }
            if self.connection.wants_read() {
                self.watched.call(&mut self.connection, Io::Eof);
            }
            self.goes_on();
        }
        assert!(self.connection.is_done());
    }

    /// With a peer that neither sends nor takes anything, by time alone.
    fn ends_by_time(&mut self) {
        let mut next = self.beat(SECOND);
        for _ in 0..200 {
            self.goes_on();
            if self.connection.is_done() {
                return;
            }
            next = self.beat(next.unwrap_or(SECOND));
        }
        panic!("it does not end");
    }

    /// What was written is frames, of which the last may be cut off, and nothing follows a Close
    /// frame.
    fn wrote_frames(&self) {
        if !self.watched.mute && !self.connection.wants_write() {
            let frames = frames(&self.watched.wire);
            let close = frames.iter().position(|frame| frame.first == CLOSE);
            assert!(close.is_none_or(|at| at + 1 == frames.len()), "something behind our Close");
        }
    }
}

fn agreements() -> impl Strategy<Value = Extensions> {
    #[cfg(feature = "deflate")]
    return any::<bool>().prop_map(|agreed| {
        let mut agreement = Extensions::default();
        agreement.deflate = agreed.then(Default::default);
        agreement
    });
    #[cfg(not(feature = "deflate"))]
    Just(Extensions::default())
}
