//! A message becomes frames: with the shortest header, in either role, whatever it is sent from;
//! each masked by a fresh key of a client; in fragments between characters, or to the byte.

use crate::support::{self, BINARY, CONTINUATION, Frame, MORE, SIDES, Side, TEXT, frames, output};
use bytes::Bytes;
use sockless::{Config, Connection, Extensions, PreparedMessage, Seed};
use std::borrow::Cow;
use std::str::from_utf8;

#[test]
fn every_header_form_in_both_roles() {
    for side in SIDES {
        for len in [0, 1, 125, 126, 127, 4095, 4096, 65535, 65536, 70_000] {
            let data: Vec<u8> = (0..len).map(|i| (i % 253) as u8).collect();
            // Borrowed, owned and shared payloads give the same bytes.
            for way in 0..3 {
                let mut connection = side.open(Config::default());
                match way {
                    0 => connection.send_binary(&data),
                    1 => connection.send_binary(data.clone()),
                    _ => connection.send_binary(Bytes::from(data.clone())),
                }
                .unwrap();
                let wire = output(&mut connection);
                let [Frame { first, mask, payload }] = &frames(&wire)[..] else {
                    panic!("{len}, {way}")
                };
                assert_eq!(
                    (*first, mask.is_some(), payload),
                    (BINARY, side == Side::Client, &data)
                );
                assert_eq!(support::frame(BINARY, &data, *mask), wire, "the shortest header");
            }
        }
    }
}

/// In one queue, whose room ends anywhere in them.
#[test]
fn short_messages_of_every_length_stand_one_behind_the_other() {
    let data: Vec<u8> = (0..1100_u32).map(|i| (i % 127) as u8).collect();
    for side in SIDES {
        let mut connection = side.open(Config::default());
        for batch in (0..=data.len()).collect::<Vec<_>>().chunks(89) {
            let mut queued = 0;
            for &len in batch {
                match len % 5 {
                    0 => connection.send_binary(&data[..len]).unwrap(),
                    1 => connection.send_binary(data[..len].to_vec()).unwrap(),
                    2 => connection.send_text(from_utf8(&data[..len]).unwrap()).unwrap(),
                    3 => connection.send_text(from_utf8(&data[..len]).unwrap().to_owned()).unwrap(),
                    _ => connection
                        .send_prepared(&PreparedMessage::text(from_utf8(&data[..len]).unwrap()))
                        .unwrap(),
                }
                queued += side.frame(BINARY, &data[..len]).len();
                assert_eq!(connection.queued(), queued, "{side:?}, {len}");
            }
            let wire = output(&mut connection);
            let sent = frames(&wire);
            assert_eq!(sent.len(), batch.len());
            for (frame, &len) in sent.iter().zip(batch) {
                let first = if len % 5 < 2 { BINARY } else { TEXT };
                assert_eq!(
                    (frame.first, frame.mask.is_some(), &frame.payload[..]),
                    (first, side == Side::Client, &data[..len])
                );
            }
            let again: Vec<u8> = sent
                .iter()
                .flat_map(|frame| support::frame(frame.first, &frame.payload, frame.mask))
                .collect();
            assert_eq!(again, wire, "the shortest headers");
        }
    }
}

#[test]
fn every_kind_of_text_and_payload_is_accepted() {
    let mut server = Side::Server.open(Config::default());
    let (string, vec, bytes) = (String::from("x"), vec![b'x'], Bytes::from_static(b"x"));
    server.send_text("x").unwrap();
    server.send_text(&string).unwrap();
    server.send_text(string.clone()).unwrap();
    server.send_text(Cow::Borrowed("x")).unwrap();
    server.send_text(Cow::<str>::Owned(string)).unwrap();
    server.send_binary(b"x").unwrap();
    server.send_binary(&b"x"[..]).unwrap();
    server.send_binary(&vec).unwrap();
    server.send_binary(vec).unwrap();
    server.send_binary(&bytes).unwrap();
    server.send_binary(bytes).unwrap();
    server.send_binary(Cow::Borrowed(&b"x"[..])).unwrap();
    let expected: Vec<u8> = [[TEXT, 1, b'x'].repeat(5), [BINARY, 1, b'x'].repeat(7)].concat();
    assert_eq!(output(&mut server), expected);
}

#[test]
fn a_client_takes_a_fresh_key_for_each_frame() {
    let mut client = Side::Client.open(Config::default());
    for _ in 0..1000 {
        client.send_text("x").unwrap();
    }
    let mut keys: Vec<_> =
        frames(&output(&mut client)).into_iter().map(|frame| frame.mask.unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() >= 999, "one of 1,000 keys may come twice by chance");

    // The same seed gives the same keys, another one others.
    let wire = |seed: u8| {
        let mut client =
            Connection::client(Seed::new([seed; 32]), Extensions::default(), Config::default());
        client.send_text("x").unwrap();
        output(&mut client)
    };
    assert_eq!(wire(1), wire(1));
    assert_ne!(wire(1), wire(2));
}

#[test]
fn text_is_fragmented_between_characters() {
    let text = "aé€😀".repeat(20);
    for side in SIDES {
        for size in 0..40 {
            let mut config = Config::default();
            config.fragment_above = size;
            let mut connection = side.open(config);
            connection.send_text(&text).unwrap();
            let sent = frames(&output(&mut connection));
            let joined: Vec<u8> = sent.iter().flat_map(|frame| frame.payload.clone()).collect();
            assert_eq!(String::from_utf8(joined).unwrap(), text);
            for (i, frame) in sent.iter().enumerate() {
                let fin = if i == sent.len() - 1 { 0x80 } else { 0 };
                let opcode = if i == 0 { TEXT & MORE } else { CONTINUATION & MORE };
                assert_eq!(frame.first, fin | opcode);
                let part = from_utf8(&frame.payload).expect("whole characters");
                assert!(part.len() as u64 <= size || part.chars().count() == 1, "{size}: {part}");
            }
        }
    }
}

#[test]
fn binary_is_fragmented_to_the_byte() {
    for (len, size, expected) in [
        (10, 10, vec![10]),
        (11, 10, vec![10, 1]),
        (20, 10, vec![10, 10]),
        (3, 0, vec![1, 1, 1]),
        (0, 0, vec![0]),
    ] {
        let mut config = Config::default();
        config.fragment_above = size;
        let mut server = Side::Server.open(config);
        server.send_binary(vec![9; len]).unwrap();
        let sizes: Vec<usize> =
            frames(&output(&mut server)).iter().map(|frame| frame.payload.len()).collect();
        assert_eq!(sizes, expected);
    }
    // A large owned payload is cut without a copy of it.
    let mut config = Config::default();
    config.fragment_above = 10_000;
    let mut server = Side::Server.open(config);
    server.send_binary(vec![9; 100_000]).unwrap();
    assert_eq!(frames(&output(&mut server)).len(), 10);
}
