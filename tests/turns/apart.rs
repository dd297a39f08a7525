//! One connection's bytes never reach another: whatever is called in which order, a connection that
//! is sent one letter is never told, and never answers, another.

use crate::support::{BINARY, CONTINUATION, MORE, PING, SIDES, Side, TEXT, feed, frames, output};
use crate::turns::{KIB, MIB, bring, poll};
use proptest::prelude::*;
use sockless::{Config, Event, Input, Workspace};
use std::mem;

const LETTERS: [u8; 3] = *b"abc";

/// Of reads, and of frames that may wait.
const SIZES: [(usize, usize); 4] = [(32, 0), (64, 400), (KIB, MIB), (9 * KIB, MIB)];

#[derive(Clone, Debug)]
enum Op {
    /// Reads so many bytes, and polls so many events.
    Read(usize, usize),
    /// Polls for what was left.
    Poll(usize),
    /// The same through the endpoint, without the turn's bytes.
    PollEndpoint(usize),
    /// Reads, and leaks the input behind so many polls.
    LeakInput(usize, usize),
    /// Says that more was read than there was room for.
    TooMuch(usize),
    /// Puts another connection in the place of the one that has the turn.
    Swap(usize),
    /// The same while what it has read is still to be polled.
    SwapBehindRead(usize, usize),
    Shown,
}

/// What happens in a turn, of which connection, and whether it is leaked.
type TurnOps = (usize, Vec<Op>, bool);

fn turn(wild: bool) -> impl Strategy<Value = TurnOps> {
    let polls = || prop_oneof![Just(0), 1..3_usize, Just(1000)];
    let bytes = || prop_oneof![1..20_usize, 1..9000_usize];
    let calm = prop_oneof![
        4 => (bytes(), polls()).prop_map(|(n, polls)| Op::Read(n, polls)),
        2 => polls().prop_map(Op::Poll),
        1 => polls().prop_map(Op::PollEndpoint),
        1 => Just(Op::Shown),
    ];
    let any = if wild {
        prop_oneof![
            4 => calm,
            1 => (bytes(), polls()).prop_map(|(n, polls)| Op::LeakInput(n, polls)),
            1 => polls().prop_map(Op::TooMuch),
            1 => (0..3_usize).prop_map(Op::Swap),
            1 => (bytes(), 0..3_usize).prop_map(|(n, other)| Op::SwapBehindRead(n, other)),
        ]
        .boxed()
    } else {
        calm.boxed()
    };
    let leaked = if wild { prop::bool::weighted(0.1).boxed() } else { Just(false).boxed() };
    (0..3_usize, prop::collection::vec(any, 0..6), leaked)
}

/// A peer that says one letter, in messages of all kinds, over and over: with a key of zeros, so
/// that what is lost shifts nothing else into view.
fn wire(peer: Side, letter: u8) -> Vec<u8> {
    let mask = (peer == Side::Client).then_some([0; 4]);
    let frame = |first, len| crate::support::frame(first, &vec![letter; len], mask);
    [
        frame(TEXT, 10),
        frame(BINARY & MORE, 200),
        frame(PING, 5),
        frame(CONTINUATION, 300),
        frame(BINARY, 6000),
        frame(TEXT, 1),
    ]
    .concat()
    .repeat(40)
}

struct Talker {
    letter: u8,
    /// What was read of its peer's wire.
    at: usize,
    told: Vec<Event<'static>>,
    answer: Vec<u8>,
    /// Nothing was lost, by whatever was done wrong.
    exact: bool,
}

fn run(side: Side, size: usize, max_frame: usize, turns: &[TurnOps]) -> Vec<Talker> {
    let wires = LETTERS.map(|letter| wire(side.other(), letter));
    let mut talkers =
        LETTERS.map(|letter| Talker { letter, at: 0, told: vec![], answer: vec![], exact: true });
    // Who is in which slot, for connections change places.
    let (mut slots, mut ids) = (LETTERS.map(|_| side.open(Config::default())), [0, 1, 2]);
    // Who was taken out of a turn: see `an_endpoint_that_comes_out_of_a_turn`.
    let mut taken_out = [false; 3];
    let mut workspace = Workspace::new(size, max_frame);
    for (slot, ops, leaked) in turns {
        let mut connection = mem::replace(&mut slots[*slot], side.open(Config::default()));
        let mut turn = workspace.turn(&mut connection);
        for op in ops {
            let id = ids[*slot];
            let (talker, wire) = (&mut talkers[id], &wires[id]);
            let n = match *op {
                Op::Read(n, _) | Op::LeakInput(n, _) | Op::SwapBehindRead(n, _) => {
                    bring(&mut turn, &mut &wire[talker.at..], n)
                }
                Op::TooMuch(_) => turn.read_buf().len() + 1,
                _ => 0,
            };
            match *op {
                Op::Read(_, polls)
                | Op::LeakInput(_, polls)
                | Op::Poll(polls)
                | Op::TooMuch(polls) => {
                    let (connection, mut input) = turn.received(n);
                    for _ in 0..polls {
                        let Some(event) = connection.poll(&mut input) else { break };
                        talker.told.push(event.into_owned());
                    }
                    match op {
                        Op::Read(..) => talker.at += n,
                        Op::LeakInput(..) => {
                            (talker.at, talker.exact) = (talker.at + n, false);
                            mem::forget(input);
                        }
                        _ => {}
                    }
                }
                Op::PollEndpoint(polls) => {
                    for _ in 0..polls {
                        let Some(event) = turn.endpoint().poll(&mut Input::empty()) else { break };
                        talker.told.push(event);
                    }
                }
                Op::Swap(other) | Op::SwapBehindRead(_, other)
                    if other != *slot && !taken_out[other] =>
                {
                    talker.at += n;
                    taken_out[other] = true;
                    if n > 0 {
                        let (connection, _input) = turn.received(n);
                        mem::swap(connection, &mut slots[other]);
                    } else {
                        mem::swap(turn.endpoint(), &mut slots[other]);
                    }
                    ids.swap(*slot, other);
                    (talkers[id].exact, talkers[ids[*slot]].exact) = (false, false);
                }
                Op::Shown => assert!(!turn.read_buf().is_empty()),
                Op::Swap(_) => {}
                Op::SwapBehindRead(..) => {
                    talker.at += n;
                    let _ = turn.received(n);
                }
            }
        }
        if *leaked {
            talkers[ids[*slot]].exact = false;
            mem::forget(turn);
        } else {
            drop(turn);
        }
        taken_out[*slot] = *leaked;
        slots[*slot] = connection;
    }
    for (connection, id) in slots.iter_mut().zip(ids) {
        talkers[id].told.extend(poll(&mut workspace.turn(connection)));
        talkers[id].answer = output(connection);
    }
    talkers.into()
}

/// Holds what was told and answered to the one letter.
fn check(side: Side, talker: &Talker) -> Result<(), TestCaseError> {
    let foreign =
        |bytes: &[u8]| bytes.iter().any(|byte| *byte != talker.letter && LETTERS.contains(byte));
    for event in &talker.told {
        let said = match event {
            Event::Text(text) => text.as_bytes(),
            Event::Binary(data) | Event::Ping(data) | Event::Pong(data) => data,
            _ => &[],
        };
        prop_assert!(!foreign(said), "{} was told {}", char::from(talker.letter), said.len());
    }
    for frame in frames(&talker.answer) {
        // A Close that answers a violation has words of its own.
        prop_assert!(frame.first == 0x88 || !foreign(&frame.payload));
    }
    if talker.exact {
        let mut reference = side.open(Config::default());
        let wire = wire(side.other(), talker.letter);
        let expected = feed(&mut reference, &wire[..talker.at]);
        prop_assert!(talker.told == expected, "{} of {}", talker.told.len(), expected.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// What a loop may do: then nothing is lost, either.
    #[test]
    fn each_is_told_all_that_came_for_it_and_nothing_else(
        side in prop::sample::select(&SIDES[..]),
        (size, max_frame) in prop::sample::select(&SIZES[..]),
        turns in prop::collection::vec(turn(false), 1..30),
    ) {
        for talker in &run(side, size, max_frame, &turns) {
            prop_assert!(talker.exact);
            check(side, talker)?;
        }
    }

    /// And what it should not do, too. Who was taken out of a turn comes back by one of its own.
    #[test]
    fn nobody_is_told_what_came_for_another(
        side in prop::sample::select(&SIDES[..]),
        (size, max_frame) in prop::sample::select(&SIZES[..]),
        turns in prop::collection::vec(turn(true), 1..30),
    ) {
        for talker in &run(side, size, max_frame, &turns) {
            check(side, talker)?;
        }
    }
}

/// The same for who comes out of one turn, and is put into another's: of a turn that has ended
/// without it, and of one that was leaked.
#[test]
fn an_endpoint_that_comes_out_of_a_turn() {
    for leaked in [false, true] {
        let open = || Side::Server.open(Config::default());
        let (mut one, mut other, mut third) = (open(), open(), open());
        let mut workspace = Workspace::default();
        let mut turn = workspace.turn(&mut one);
        if leaked {
            mem::forget(turn);
        } else {
            mem::swap(turn.endpoint(), &mut third);
            drop(turn);
            mem::swap(&mut one, &mut third);
        }
        // A message for the other one, in whose turn the first takes its place.
        let mut turn = workspace.turn(&mut other);
        let n = bring(&mut turn, &mut &wire(Side::Client, b'b')[..16], 16);
        let (connection, input) = turn.received(n);
        mem::swap(connection, &mut one);
        drop(input);
        assert_eq!(poll(&mut turn), [], "{leaked}");
    }
}
