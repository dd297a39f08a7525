//! Arbitrary operations on a client and a server joined by a transport with partial writes and
//! reads: both end done, nothing is lost and nothing comes twice.

use crate::support;
use crate::support::pair::Pair;
use crate::support::random::{cases, same};
use crate::support::{SIDES, Side};
use proptest::prelude::*;
use sockless::{
    Cause, CloseCode, CloseEvent, CloseFrame, Config, Event, MessageKind, PreparedMessage,
    SendError,
};

#[derive(Clone, Debug)]
enum Op {
    Text(Side, String),
    Binary(Side, usize),
    Prepared(Side, String),
    /// Part of a text that is sent in parts, which it begins if none is under way.
    Part(Side, String),
    Finish(Side),
    Ping(Side, u8),
    Close(Side, Option<u16>),
    Turn(Side, usize, usize),
}

fn op() -> impl Strategy<Value = Op> {
    let side = prop::sample::select(&SIDES[..]);
    prop_oneof![
        4 => (side.clone(), "\\PC{0,60}").prop_map(|(side, text)| Op::Text(side, text)),
        2 => (side.clone(), prop_oneof![0..200_usize, 4000..5000_usize, 60_000..70_000_usize]).prop_map(|(side, len)| Op::Binary(side, len)),
        1 => (side.clone(), "\\PC{0,60}").prop_map(|(side, text)| Op::Prepared(side, text)),
        2 => (side.clone(), "\\PC{0,30}").prop_map(|(side, text)| Op::Part(side, text)),
        2 => side.clone().prop_map(Op::Finish),
        2 => (side.clone(), any::<u8>()).prop_map(|(side, tag)| Op::Ping(side, tag)),
        1 => (side.clone(), prop::option::of(3000..5000_u16)).prop_map(|(side, code)| Op::Close(side, code)),
        8 => (side, prop_oneof![0..8_usize, 0..3000_usize, Just(usize::MAX)], prop_oneof![0..8_usize, 0..3000_usize, Just(usize::MAX)])
            .prop_map(|(side, write, read)| Op::Turn(side, write, read)),
    ]
}

/// What one side has sent, and what the other must get of it.
#[derive(Default)]
struct Sent {
    messages: Vec<Event<'static>>,
    pings: Vec<Event<'static>>,
    close: Option<Option<u16>>,
    /// The text that is sent in parts, as far as it was accepted.
    parts: Option<String>,
}

/// What a send has to answer.
fn answer(pair: &mut Pair, sent: &[Sent; 2], side: Side) -> Result<(), SendError> {
    let connection = pair.connection(side);
    match () {
        () if !connection.is_open() => Err(SendError::Closed),
        () if sent[index(side)].parts.is_some() => Err(SendError::InMessage),
        () if connection.queued() > 1 << 20 => Err(SendError::QueueFull),
        () => Ok(()),
    }
}

fn index(side: Side) -> usize {
    SIDES.iter().position(|other| *other == side).unwrap_or_default()
}

/// Applies `ops`; every send that is accepted is noted, every one that is refused must be refused
/// rightly.
fn apply(pair: &mut Pair, ops: &[Op]) -> [Sent; 2] {
    let mut sent = [Sent::default(), Sent::default()];
    for op in ops {
        match op {
            Op::Text(side, text) => {
                let expected = answer(pair, &sent, *side);
                assert_eq!(pair.connection(*side).send_text(text), expected);
                if expected.is_ok() {
                    sent[index(*side)].messages.push(Event::Text(text.clone().into()));
                }
            }
            Op::Prepared(side, text) => {
                let expected = answer(pair, &sent, *side);
                assert_eq!(
                    pair.connection(*side).send_prepared(&PreparedMessage::text(text)),
                    expected
                );
                if expected.is_ok() {
                    sent[index(*side)].messages.push(Event::Text(text.clone().into()));
                }
            }
            Op::Part(side, text) => {
                let connection = pair.connection(*side);
                let parts = &mut sent[index(*side)].parts;
                if connection.begin_message(MessageKind::Text).is_ok() {
                    assert!(parts.replace(String::new()).is_none());
                }
                // Cut in the middle of a character, if there is one.
                let (front, back) = text.as_bytes().split_at(text.len() / 2);
                if connection.write_fragment(front).is_ok() {
                    // A queue that was not full may be now, and the text would be cut for good.
                    if connection.queued() > 1 << 20 {
                        pair.turn(*side, usize::MAX, 0);
                    }
                    pair.connection(*side).write_fragment(back).unwrap();
                    sent[index(*side)].parts.as_mut().unwrap().push_str(text);
                }
            }
            Op::Finish(side) => {
                if pair.connection(*side).finish_message().is_ok() {
                    let text = sent[index(*side)].parts.take().unwrap();
                    sent[index(*side)].messages.push(Event::Text(text.into()));
                }
            }
            Op::Binary(side, len) => {
                let data: Vec<u8> = (0..*len).map(|i| (i % 251) as u8).collect();
                if pair.connection(*side).send_binary(data.clone()).is_ok() {
                    sent[index(*side)].messages.push(Event::Binary(data.into()));
                }
            }
            Op::Ping(side, tag) => {
                if pair.connection(*side).ping(&[*tag; 5]).is_ok() {
                    sent[index(*side)].pings.push(Event::Ping(vec![*tag; 5].into()));
                }
            }
            Op::Close(side, code) => {
                let frame =
                    code.and_then(CloseCode::new).map(|code| CloseFrame::new(code, "bye").unwrap());
                let first = sent[index(*side)].close.is_none();
                let result = pair.connection(*side).close(frame);
                if result.is_ok() {
                    assert!(first, "only one Close frame each");
                    sent[index(*side)].close = Some(*code);
                }
            }
            Op::Turn(side, write, read) => {
                pair.turn(*side, *write, *read);
            }
        }
    }
    sent
}

fn messages(events: &[Event<'static>]) -> Vec<Event<'static>> {
    events
        .iter()
        .filter(|event| matches!(event, Event::Text(_) | Event::Binary(_)))
        .cloned()
        .collect()
}

fn closures(events: &[Event<'static>]) -> Vec<CloseEvent> {
    events
        .iter()
        .filter_map(|event| {
            if let Event::Closed(close_event) = event { Some(close_event.clone()) } else { None }
        })
        .collect()
}

/// Whether `part` is `whole` with some left out.
fn is_subsequence<T: PartialEq>(part: &[T], whole: &[T]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|item| whole.any(|other| other == item))
}

fn config(fragment_above: u64) -> Config {
    let mut config = Config::default();
    config.fragment_above = fragment_above;
    config
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn all_that_was_accepted_arrives_once_and_in_order(
        ops in prop::collection::vec(op(), 1..60),
        fragment_above in prop_oneof![Just(u64::MAX), Just(7), Just(1000)],
        last in prop::sample::select(&SIDES[..]),
    ) {
        let mut pair = Pair::new(&config(fragment_above));
        let mut sent = apply(&mut pair, &ops);
        if pair.connection(last).close(None).is_ok() {
            sent[index(last)].close = Some(None);
        }
        pair.settle();
        prop_assert!(pair.is_done());

        for side in SIDES {
            let (near, far) = pair.both(side);
            let far_unsent: u64 = closures(&far.events).iter().map(|close_event| close_event.unsent).sum();
            let theirs = &sent[index(side.other())];
            // Who closed first is answered at once: what it has not read of a long queue is
            // dropped.
            let received = messages(&near.events);
            if far_unsent == 0 {
                prop_assert!(received == theirs.messages, "what {:?} received", side);
            } else {
                prop_assert!(received.len() < theirs.messages.len() && theirs.messages.starts_with(&received));
            }
            let pings: Vec<_> = near.events.iter().filter(|event| matches!(event, Event::Ping(_))).cloned().collect();
            prop_assert_eq!(&pings, &theirs.pings);

            // The pongs answer pings, in order; those behind our Close may be missing.
            let pongs: Vec<_> = near.events.iter().filter_map(|event| match event {
                Event::Pong(data) => Some(Event::Ping(data.clone())),
                _ => None,
            }).collect();
            let ours = &sent[index(side)];
            prop_assert!(is_subsequence(&pongs, &ours.pings));
            if sent.iter().all(|sent| sent.close.is_none()) {
                prop_assert_eq!(&pongs, &ours.pings);
            }

            let closures = closures(&near.events);
            prop_assert_eq!(closures.len(), 1);
            prop_assert_eq!(near.events.len() - 1, near.events.iter().position(|event| matches!(event, Event::Closed(_))).unwrap());
            prop_assert!(closures[0].clean);
            // The peer's code, whether it closed on its own or echoed ours.
            let code = theirs.close.or(ours.close).unwrap().map_or(1005, |code| code);
            prop_assert_eq!(closures[0].code, code);
            let cause = if ours.close.is_some() { Cause::Local } else { Cause::Peer };
            prop_assert_eq!(closures[0].cause, cause);
        }
    }

    /// The transport ends, breaks or brings garbage at any time: both ends still get done, `Closed`
    /// comes once, and what arrived is a beginning of what was sent.
    #[test]
    fn any_end_of_the_transport_ends_both(
        ops in prop::collection::vec(op(), 1..40),
        fault in 0..5_usize,
        side in prop::sample::select(&SIDES[..]),
        garbage in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut pair = Pair::new(&config(1000));
        let sent = apply(&mut pair, &ops);
        match fault {
            0 => pair.cut(side),
            1 => pair.connection(side).handle_error(),
            2 => pair.connection(side).handle_eof(),
            3 => pair.connection(side).handle_write_error(),
            _ => pair.inject(side, &garbage),
        }
        // What one end drops, the other sees as an end of stream.
        pair.settle();
        for _ in 0..2 {
            for side in SIDES {
                if !pair.connection(side).is_done() {
                    pair.cut(side);
                    pair.cut(side.other());
                    support::eof_at(&mut pair, side);
                }
            }
            pair.settle();
        }
        for side in SIDES {
            let (near, _) = pair.both(side);
            prop_assert!(near.connection.is_done(), "{:?}: {:?}", side, near.connection);
            prop_assert_eq!(closures(&near.events).len(), 1);
            let got = messages(&near.events);
            let theirs = &sent[index(side.other())].messages;
            // Garbage may happen to be a message.
            if fault < 4 {
                same(&got[..], &theirs[..got.len().min(theirs.len())])?;
            }
        }
    }
}
