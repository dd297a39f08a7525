//! Everything replays: with one seed and the same calls, both handshakes and all that is said
//! behind them are the same bytes, the same events and the same deadlines. Another seed changes the
//! key and the masks, and nothing else.

use crate::support::random::{cases, same};
use crate::support::{SIDES, Side, output, write};
use proptest::prelude::*;
use sockless::client::{self, Outcome, Request};
use sockless::server::{self, Incoming};
use sockless::{
    CloseCode, Config, Connection, Event, Heartbeat, Input, MessageKind, Seed, Timeouts,
};
use std::time::Duration;

#[derive(Clone, Debug)]
enum Op {
    Text(Side, String),
    Binary(Side, usize),
    /// Part of a message, which it begins if none is under way.
    Part(Side, usize),
    Finish(Side),
    Ping(Side),
    Close(Side),
    /// So many bytes at most go from one end to the other.
    Carry(Side, usize),
    /// Bytes that the server never sent come to the client. (In the middle of a client's frame they
    /// would be what its mask makes of them.)
    Garbage,
    Beat(Side, u8),
}

fn op() -> impl Strategy<Value = Op> {
    let side = || prop::sample::select(&SIDES[..]);
    prop_oneof![
        4 => (side(), "\\PC{0,90}").prop_map(|(side, text)| Op::Text(side, text)),
        3 => (side(), prop_oneof![0..300_usize, 60_000..70_000_usize]).prop_map(|(side, len)| Op::Binary(side, len)),
        2 => (side(), 0..300_usize).prop_map(|(side, len)| Op::Part(side, len)),
        2 => side().prop_map(Op::Finish),
        2 => side().prop_map(Op::Ping),
        9 => (side(), prop_oneof![1..20_usize, Just(usize::MAX)]).prop_map(|(side, most)| Op::Carry(side, most)),
        3 => (side(), 0..25_u8).prop_map(|(side, seconds)| Op::Beat(side, seconds)),
        1 => prop_oneof![2 => side().prop_map(Op::Close), 1 => Just(Op::Garbage)],
    ]
}

/// All that can be seen of both ends: the server's, and the client's.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// What each wrote, from the handshake on.
    wires: [Vec<u8>; 2],
    /// How much of that is the handshake.
    heads: [usize; 2],
    events: [Vec<Event<'static>>; 2],
    deadlines: [Vec<Option<Duration>>; 2],
}

/// Both ends of a conversation.
struct Talk {
    connections: [Connection; 2],
    hearts: [Heartbeat; 2],
    now: [Duration; 2],
    seen: Seen,
}

impl Talk {
    /// Both handshakes, between two of us.
    fn begin(seed: Seed, fragment_above: u64) -> Self {
        let mut config = Config::default();
        config.fragment_above = fragment_above;
        let request = Request::new("ws://a.example/chat").unwrap().protocol("chat.v1").unwrap();
        #[cfg(feature = "deflate")]
        let request = request.deflate(sockless::deflate::Offer::default());
        let mut asking = client::Handshake::new(request, seed);
        let asked = output(&mut asking);
        let mut answering = server::Handshake::new(answers());
        let Some(Incoming::Upgrade(request)) = answering.poll(&mut Input::new(&mut asked.clone()))
        else {
            panic!()
        };
        let mut server = request.accept().protocol("chat.v1").open(config.clone());
        let answer = output(&mut server);
        let Some(Outcome::Open(opened)) = asking.poll(&mut Input::new(&mut answer.clone())) else {
            panic!()
        };
        let seen =
            Seen { heads: [answer.len(), asked.len()], wires: [answer, asked], ..Seen::default() };
        let hearts = [(); 2].map(|()| Heartbeat::new(Timeouts::default()));
        Self { connections: [server, opened.open(config)], hearts, now: [Duration::ZERO; 2], seen }
    }

    fn apply(&mut self, op: &Op) {
        // A refusal is as good as any other answer: it comes again.
        match op {
            Op::Text(side, text) => _ = self.connections[*side as usize].send_text(text),
            Op::Binary(side, len) => {
                _ = self.connections[*side as usize]
                    .send_binary((0..*len).map(|i| i as u8).collect::<Vec<u8>>())
            }
            Op::Part(side, len) => {
                let connection = &mut self.connections[*side as usize];
                let _ = connection.begin_message(MessageKind::Text);
                let _ = connection.write_fragment(&vec![b'x'; *len]);
            }
            Op::Finish(side) => _ = self.connections[*side as usize].finish_message(),
            Op::Ping(side) => _ = self.connections[*side as usize].ping(b"?"),
            Op::Close(side) => {
                _ = self.connections[*side as usize].close(Some(CloseCode::AWAY.into()))
            }
            Op::Carry(side, most) => {
                let mut bytes = write(&mut self.connections[*side as usize], *most);
                self.seen.wires[*side as usize].extend_from_slice(&bytes);
                self.read(side.other(), &mut bytes);
            }
            Op::Garbage => self.read(Side::Client, &mut [0xff; 10]),
            Op::Beat(side, seconds) => {
                let at = *side as usize;
                self.now[at] += Duration::from_secs((*seconds).into());
                let due = self.hearts[at].poll(self.now[at], &mut self.connections[at]);
                self.seen.deadlines[at].push(due);
                self.read(*side, &mut []);
            }
        }
    }

    fn read(&mut self, side: Side, bytes: &mut [u8]) {
        let mut input = Input::new(bytes);
        while let Some(event) = self.connections[side as usize].poll(&mut input) {
            self.seen.events[side as usize].push(event.into_owned());
        }
    }
}

/// A server that compresses, if it can.
fn answers() -> server::Config {
    #[cfg(feature = "deflate")]
    {
        let mut config = server::Config::default();
        config.deflate = Some(Default::default());
        config
    }
    #[cfg(not(feature = "deflate"))]
    server::Config::default()
}

fn run(seed: u8, fragment_above: u64, ops: &[Op]) -> Seen {
    let mut talk = Talk::begin(Seed::new([seed; 32]), fragment_above);
    ops.iter().for_each(|op| talk.apply(op));
    // All that waits arrives, header and payload apart, and what that brings.
    (0..400).for_each(|i| talk.apply(&Op::Carry(SIDES[i % 2], usize::MAX)));
    assert!(talk.connections.iter().all(|connection| connection.queued() == 0));
    talk.seen
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn one_seed_and_the_same_calls_are_the_same_bytes(
        seed in any::<u8>(),
        fragment_above in prop_oneof![Just(u64::MAX), Just(50)],
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let once = run(seed, fragment_above, &ops);
        prop_assert!(run(seed, fragment_above, &ops) == once);

        let other = run(seed.wrapping_add(1), fragment_above, &ops);
        prop_assert!((&other.events, &other.deadlines) == (&once.events, &once.deadlines));
        // A server draws nothing.
        same(&other.wires[0][other.heads[0]..], &once.wires[0][once.heads[0]..])?;
        prop_assert_eq!(once.wires[1].len(), other.wires[1].len(), "its masks, and what they hide is what the server was told");
        prop_assert!(once.wires[1][..once.heads[1]] != other.wires[1][..other.heads[1]], "the key");
    }
}
