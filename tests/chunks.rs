//! `Delivery::Chunks`: messages in parts, as they arrive. Joined, they are the same as whole
//! messages, under every cut.

use crate::support;
use crate::support::random::cases;
use crate::support::{
    BINARY, CONTINUATION, MORE, PING, SIDES, Side, TEXT, cuts, feed, feed_cut, output,
};
use proptest::prelude::*;
use sockless::{Cause, Chunk, ChunkData, Config, Connection, Delivery, Event, ProtocolError};

fn config(delivery: Delivery) -> Config {
    let mut config = Config::default();
    config.delivery = delivery;
    config.limits.max_message = 100_000;
    config
}

fn chunks(side: Side) -> Connection {
    side.open(config(Delivery::Chunks))
}

/// Joins adjacent chunks of one message; checks what holds of each.
fn join(events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    let mut joined: Vec<Event<'static>> = Vec::new();
    let mut inside = false;
    for event in events {
        let Event::Chunk(chunk) = event else {
            joined.push(event);
            continue;
        };
        assert_eq!(chunk.first, !inside, "a message begins once");
        assert!(!chunk.data.as_bytes().is_empty() || chunk.last, "an empty chunk only at an end");
        inside = !chunk.last;
        match joined.last_mut() {
            Some(Event::Chunk(before)) if !chunk.first => {
                assert!(!before.last);
                before.last = chunk.last;
                match (&mut before.data, chunk.data) {
                    (ChunkData::Text(text), ChunkData::Text(more)) => text.to_mut().push_str(&more),
                    (ChunkData::Binary(data), ChunkData::Binary(more)) => {
                        data.to_mut().extend_from_slice(&more)
                    }
                    other => panic!("{other:?}"),
                }
            }
            _ => joined.push(Event::Chunk(chunk)),
        }
    }
    joined
}

fn text(text: &str, first: bool, last: bool) -> Event<'static> {
    Event::Chunk(Chunk::new(ChunkData::Text(text.to_owned().into()), first, last))
}

fn binary(data: &[u8], first: bool, last: bool) -> Event<'static> {
    Event::Chunk(Chunk::new(ChunkData::Binary(data.to_owned().into()), first, last))
}

#[test]
fn parts_come_in_the_middle_of_a_frame() {
    let mut server = chunks(Side::Server);
    let wire = Side::Client.frame(BINARY, b"one two three");
    assert_eq!(feed(&mut server, &wire[..3]), []);
    assert_eq!(feed(&mut server, &wire[3..9]), [binary(b"one", true, false)]);
    assert_eq!(feed(&mut server, &wire[9..]), [binary(b" two three", false, true)]);
    assert_eq!(feed(&mut server, &Side::Client.frame(TEXT, b"whole")), [text("whole", true, true)]);
}

#[test]
fn text_parts_end_at_code_points() {
    let mut client = chunks(Side::Client);
    assert_eq!(feed(&mut client, b"\x81\x0bcaf\xc3"), [text("caf", true, false)]);
    assert_eq!(
        feed(&mut client, b"\xa9 \xf0\x9f"),
        [text("é", false, false), text(" ", false, false)]
    );
    assert_eq!(feed(&mut client, b"\x98"), []);
    assert_eq!(feed(&mut client, b"\x80!"), [text("😀", false, false), text("!", false, true)]);
}

#[test]
fn empty_messages_and_fragments() {
    for side in SIDES {
        let peer = side.other();
        let wire = [
            peer.frame(TEXT, b""),
            peer.frame(BINARY & MORE, b""),
            peer.frame(PING, b""),
            peer.frame(CONTINUATION & MORE, b"x"),
            peer.frame(CONTINUATION & MORE, b""),
            peer.frame(CONTINUATION, b""),
        ]
        .concat();
        let expected = [
            text("", true, true),
            Event::Ping(b"".into()),
            binary(b"x", true, false),
            binary(b"", false, true),
        ];
        for cuts in cuts(wire.len()) {
            assert_eq!(feed_cut(&mut chunks(side), &wire, &cuts), expected);
        }
    }
}

#[test]
fn what_is_valid_before_an_error_is_delivered_first() {
    for side in SIDES {
        let peer = side.other();
        for (parts, valid) in [
            (vec![peer.frame(TEXT, b"caf\xc3\xa9\xff!")], "café"),
            (vec![peer.frame(TEXT, b"\xff")], ""),
            (vec![peer.frame(TEXT, b"caf\xc3")], "caf"),
            (vec![peer.frame(TEXT & MORE, b"caf\xc3"), peer.frame(CONTINUATION, b"(")], "caf"),
            (vec![peer.frame(TEXT & MORE, b"caf\xc3"), peer.frame(CONTINUATION, b"")], "caf"),
            (
                vec![
                    peer.frame(TEXT & MORE, b"caf\xf0\x9f"),
                    peer.frame(CONTINUATION & MORE, b"\x98"),
                    peer.frame(TEXT, b"x"),
                ],
                "caf",
            ),
        ] {
            let wire = parts.concat();
            let expected = if wire.ends_with(&peer.frame(TEXT, b"x")) {
                ProtocolError::InterleavedMessage
            } else {
                ProtocolError::InvalidUtf8
            };
            for cuts in cuts(wire.len()) {
                let mut connection = chunks(side);
                let events = join(feed_cut(&mut connection, &wire, &cuts));
                let (closed, before) = events.split_last().unwrap();
                assert!(
                    matches!(closed, Event::Closed(close_event) if close_event.cause == Cause::Violation(expected)),
                    "{closed:?}"
                );
                if valid.is_empty() {
                    assert_eq!(before, []);
                } else {
                    assert_eq!(before, [text(valid, true, false)]);
                }
                assert_eq!(support::frames(&output(&mut connection)).len(), 1, "one Close frame");
                assert!(connection.wants_shutdown());
            }
        }
    }
}

#[test]
fn nothing_but_a_cut_character_is_kept() {
    // A message far beyond what could be kept, by its declared length.
    let mut config = config(Delivery::Chunks);
    config.limits.max_message = u64::MAX;
    config.limits.max_frame = u64::MAX;
    let mut client = Side::Client.open(config);
    feed(&mut client, &[&[0x82, 127][..], &(1_u64 << 62).to_be_bytes()].concat());
    for i in 0..1000_u32 {
        assert_eq!(feed(&mut client, &i.to_be_bytes()), [binary(&i.to_be_bytes(), i == 0, false)]);
    }
}

/// A message in fragments, some of them empty, cut anywhere.
fn message(side: Side) -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![4 => "\\PC{0,30}".prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..20)];
    (
        any::<bool>(),
        payload,
        prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..5),
    )
        .prop_map(move |(text, payload, mut cuts)| {
            cuts.sort_by_key(|(cut, _)| cut.index(payload.len() + 1));
            let (mut wire, mut from) = (Vec::new(), 0);
            let mut first = if text { TEXT } else { BINARY };
            for (cut, pinged) in cuts {
                let to = cut.index(payload.len() + 1);
                wire.extend(side.other().frame(first & MORE, &payload[from..to]));
                if pinged {
                    wire.extend(side.other().frame(PING, b"p"));
                }
                (first, from) = (CONTINUATION, to);
            }
            wire.extend(side.other().frame(first, &payload[from..]));
            wire
        })
}

proptest! {
    #![proptest_config(cases(500))]

    /// Joined, the chunks do not depend on the reads; and they are the whole messages.
    #[test]
    fn joined_chunks_are_the_same_under_every_cut(
        (side, wire) in prop::sample::select(&SIDES[..]).prop_flat_map(|side| (Just(side), prop::collection::vec(message(side), 1..5).prop_map(|all| all.concat()))),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let joined = |cuts: &[usize]| {
            let mut connection = chunks(side);
            let events = join(feed_cut(&mut connection, &wire, cuts));
            (events, output(&mut connection))
        };
        let whole = joined(&[]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(&joined(&cuts), &whole);
        prop_assert_eq!(&joined(&(1..wire.len()).collect::<Vec<_>>()), &whole);

        let mut connection = side.open(config(Delivery::Whole));
        let messages = feed(&mut connection, &wire);
        let is_message = |event: &Event<'_>| !matches!(event, Event::Ping(_) | Event::Closed(_));
        let from_chunks: Vec<_> = reassemble(whole.0).into_iter().filter(is_message).collect();
        let from_whole: Vec<_> = messages.into_iter().filter(is_message).collect();
        prop_assert_eq!(from_chunks, from_whole);
    }
}

/// The messages that chunks make, pings between them or not; one that is not ended is none.
fn reassemble(events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    let mut messages = Vec::new();
    let mut open: Option<ChunkData<'static>> = None;
    for event in events {
        let Event::Chunk(chunk) = event else { continue };
        let data = match (open.take(), chunk.data) {
            (None, data) => data,
            (Some(ChunkData::Text(text)), ChunkData::Text(more)) => {
                ChunkData::Text((text + more).into_owned().into())
            }
            (Some(ChunkData::Binary(data)), ChunkData::Binary(more)) => {
                ChunkData::Binary([&data[..], &more].concat().into())
            }
            other => panic!("{other:?}"),
        };
        match (chunk.last, data) {
            (false, data) => open = Some(data),
            (true, ChunkData::Text(text)) => messages.push(Event::Text(text)),
            (true, ChunkData::Binary(data)) => messages.push(Event::Binary(data)),
        }
    }
    messages
}
