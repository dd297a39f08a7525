//! What one connection received, sent on by others: as it came, and copied no more than it must be.

use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, frames, output,
};
use bytes::Bytes;
use sockless::{
    Chunk, ChunkData, Config, Connection, Delivery, Event, Input, MessageKind, PreparedMessage,
    SendError, Utf8Bytes,
};
use std::borrow::Cow;

fn sent(connection: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    frames(&output(connection)).into_iter().map(|frame| (frame.first, frame.payload)).collect()
}

fn chunk(data: &'static str, first: bool, last: bool) -> Event<'static> {
    Event::Chunk(Chunk::new(ChunkData::Text(data.into()), first, last))
}

/// The place of the last buffer that is to be written.
fn last_place(connection: &mut Connection) -> *const u8 {
    let mut last = None;
    while let Some(bytes) = connection.transmit().pop() {
        last = Some(bytes.as_ptr());
    }
    last.expect("a payload")
}

/// Whole messages, and parts of them, through both kinds of connection, cut anywhere.
#[test]
fn what_a_proxy_passes_on_is_what_came() {
    for (from, delivery) in SIDES
        .into_iter()
        .flat_map(|side| [Delivery::Whole, Delivery::Chunks].map(|delivery| (side, delivery)))
    {
        let peer = from.other();
        let wire = [
            peer.frame(TEXT, "né".as_bytes()),
            peer.frame(PING, b"?"),
            peer.frame(BINARY & MORE, &[7; 300]),
            peer.frame(PONG, b""),
            peer.frame(CONTINUATION, &[8; 70_000]),
            peer.frame(TEXT, b""),
            peer.frame(CLOSE, b"\x0f\xa0bye"),
        ]
        .concat();
        for step in [1, 7, 4000, wire.len()] {
            let mut config = Config::default();
            config.delivery = delivery;
            let mut near = from.open(config);
            let mut far = from.open(Config::default());
            for part in wire.clone().chunks_mut(step) {
                let mut input = Input::new(part);
                while let Some(event) = near.poll(&mut input) {
                    far.forward(event).unwrap();
                }
            }
            let (mut messages, mut begun) = (Vec::new(), None);
            for (first, payload) in sent(&mut far) {
                let (kind, mut data) = begun.take().unwrap_or((first | !MORE, Vec::new()));
                data.extend(payload);
                match first & !MORE {
                    0 => begun = Some((kind, data)),
                    _ => messages.push((kind, data)),
                }
            }
            let expected = [
                (TEXT, "né".into()),
                (BINARY, [vec![7; 300], vec![8; 70_000]].concat()),
                (TEXT, vec![]),
                (CLOSE, b"\x0f\xa0bye".to_vec()),
            ];
            assert!(messages == expected, "{from:?}, {delivery:?}, {step}");
            assert!(!far.is_open());
        }
    }
}

/// A chunk is one frame, its last one with FIN: no empty frame behind it.
#[test]
fn chunks_are_fragments() {
    let mut far = Side::Server.open(Config::default());
    for event in [chunk("a", true, false), chunk("é", false, false), chunk("c", false, true)] {
        far.forward(event).unwrap();
    }
    far.forward(chunk("whole", true, true)).unwrap();
    far.forward(chunk("b", true, false)).unwrap();
    far.forward(chunk("", false, true)).unwrap();
    let expected = [
        (TEXT & MORE, "a"),
        (CONTINUATION & MORE, "é"),
        (CONTINUATION, "c"),
        (TEXT, "whole"),
        (TEXT & MORE, "b"),
        (CONTINUATION, ""),
    ];
    assert_eq!(sent(&mut far), expected.map(|(first, text)| (first, text.into())));
}

#[test]
fn a_chunk_that_does_not_belong_is_refused() {
    let mut far = Side::Server.open(Config::default());
    assert_eq!(far.forward(chunk("a", false, false)), Err(SendError::NoMessage));
    assert_eq!(far.forward(chunk("a", false, true)), Err(SendError::NoMessage));
    far.begin_message(MessageKind::Text).unwrap();
    assert_eq!(far.forward(chunk("a", true, false)), Err(SendError::InMessage));
    assert_eq!(far.forward(chunk("a", true, true)), Err(SendError::InMessage));
    // Bytes in the middle of a text are checked as any others are, and so is what is behind a cut.
    let bytes = |data: &'static [u8], last| {
        Event::Chunk(Chunk::new(ChunkData::Binary(data.into()), false, last))
    };
    assert_eq!(far.forward(bytes(b"\xff", false)), Err(SendError::InvalidUtf8));
    far.forward(bytes(b"\xc3", false)).unwrap();
    assert_eq!(far.forward(chunk("a", false, false)), Err(SendError::InvalidUtf8));
    assert_eq!(far.forward(chunk("", false, true)), Err(SendError::InvalidUtf8));
    far.forward(bytes(b"\xa9", true)).unwrap();
    assert_eq!(
        sent(&mut far),
        [(TEXT & MORE, "é".into()), (CONTINUATION, vec![])],
        "nothing of what was refused"
    );
}

#[test]
fn a_full_queue_takes_no_data_but_the_end_of_a_message() {
    let mut config = Config::default();
    config.high_water_mark = 10;
    let mut far = Side::Server.open(config);
    far.forward(chunk("twelve bytes", true, false)).unwrap();
    assert!(far.above_high_water());
    assert_eq!(far.forward(chunk("a", false, false)), Err(SendError::QueueFull));
    assert_eq!(far.forward(chunk("a", false, true)), Err(SendError::QueueFull));
    far.forward(chunk("", false, true)).unwrap();
    assert_eq!(far.forward(chunk("a", true, false)), Err(SendError::QueueFull));
    assert_eq!(far.forward(Event::Text("a".into())), Err(SendError::QueueFull));
    let expected = [(TEXT & MORE, "twelve bytes"), (CONTINUATION, "")];
    assert_eq!(sent(&mut far), expected.map(|(first, text)| (first, text.into())));
}

#[test]
fn an_end_is_passed_on_once_and_without_a_code_that_must_not_be_sent() {
    // The peer's Close without a code, and an end without a Close.
    for (close, ends, sends) in
        [(true, &b"\x88\x00"[..], &b""[..]), (false, b"", &1014_u16.to_be_bytes())]
    {
        let mut near = Side::Client.open(Config::default());
        if !close {
            near.handle_eof();
        }
        let mut ends = ends.to_vec();
        let event = near.poll(&mut Input::new(&mut ends)).expect("its end");
        let mut far = Side::Server.open(Config::default());
        far.forward(event.clone()).unwrap();
        far.forward(event).unwrap();
        assert_eq!(far.forward(Event::Text("late".into())), Err(SendError::Closed));
        assert_eq!(far.forward(chunk("late", true, false)), Err(SendError::Closed));
        assert_eq!(sent(&mut far), [(CLOSE, sends.to_vec())]);
    }
}

/// Where the bytes lie tells whether they were copied.
#[test]
fn what_is_owned_or_shared_is_not_copied() {
    let text = "é".repeat(5000);
    let mut far = Side::Server.open(Config::default());

    let place = text.as_ptr();
    far.forward(Event::Text(Cow::Owned(text))).unwrap();
    assert_eq!(last_place(&mut far), place);

    let data = vec![7; 10_000];
    let place = data.as_ptr();
    far.begin_message(MessageKind::Binary).unwrap();
    far.forward(Event::Chunk(Chunk::new(ChunkData::Binary(data.into()), false, false))).unwrap();
    assert_eq!(last_place(&mut far), place);
    far.finish_message().unwrap();
    assert_eq!(sent(&mut far), [(CONTINUATION, vec![])]);

    let bytes = Bytes::from(vec![b'x'; 10_000]);
    let text = Utf8Bytes::try_from(bytes.clone()).unwrap();
    far.send_text(&text).unwrap();
    assert_eq!(last_place(&mut far), bytes.as_ptr());
    far.send_text(text.slice(3000..).unwrap()).unwrap();
    assert_eq!(last_place(&mut far), bytes[3000..].as_ptr());

    let shared = PreparedMessage::text(text);
    assert_eq!(shared.as_bytes().as_ptr(), bytes.as_ptr());
    let owned = vec![7; 10_000];
    let place = owned.as_ptr();
    let message = PreparedMessage::from_event(Event::Binary(Cow::Owned(owned))).unwrap();
    assert_eq!(message.as_bytes().as_ptr(), place);
}

/// Of an event that borrows there is one copy, whoever sends it.
#[test]
fn many_connections_share_one_copy() {
    let mut near = Side::Client.open(Config::default());
    let mut wire = Side::Server.frame(BINARY, &[7; 5000]);
    let event = near.poll(&mut Input::new(&mut wire)).expect("a message");
    let message = PreparedMessage::from_event(event).expect("it is whole");
    for _ in 0..2 {
        let mut far = Side::Server.open(Config::default());
        far.send_prepared(&message).unwrap();
        assert_eq!(last_place(&mut far), message.as_bytes().as_ptr());
    }
    let ends = feed(&mut near, &Side::Server.frame(CLOSE, b""));
    assert!(ends.into_iter().all(|event| PreparedMessage::from_event(event).is_none()));
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_chunks_arrive_as_they_came() {
    use sockless::Extensions;
    use sockless::deflate::Parameters;

    let mut agreed = Extensions::default();
    agreed.deflate = Some(Parameters::default());
    for side in SIDES {
        let mut far = side.open_with(agreed, Config::default());
        let mut receiver = side.other().open_with(agreed, Config::default());
        for _ in 0..2 {
            far.forward(chunk("as it came, ", true, false)).unwrap();
            far.forward(chunk("as it came, ", false, false)).unwrap();
            far.forward(chunk("as it came", false, true)).unwrap();
            let wire = output(&mut far);
            assert_eq!(wire[0], 0x41, "RSV1, and not the last");
            let expected = "as it came, as it came, as it came";
            assert_eq!(feed(&mut receiver, &wire), [Event::Text(expected.into())]);
        }
    }
}
