//! Random mixes of messages between two of us, however compressed, cut and delivered: what is sent
//! arrives.

use super::*;
use crate::support::SIDES;
use crate::support::random::cases;
use proptest::prelude::*;
use sockless::deflate::{Compress as Choice, Level, Pool};
use sockless::{ChunkData, Delivery, MessageKind, PreparedMessage, Text};

#[derive(Clone, Debug)]
enum Message {
    Whole(Body, Choice),
    Prepared(usize),
    Parts(Vec<Body>, Choice),
}

#[derive(Clone, Debug)]
enum Body {
    Prose(usize, u64),
    Noise(usize, u64),
    /// Something that was said before.
    Again(usize),
}

fn body() -> impl Strategy<Value = Body> {
    let len = || prop_oneof![4 => 0..300_usize, 2 => 300..5000_usize, 1 => 5000..70_000_usize];
    prop_oneof![
        3 => (len(), 0..5_u64).prop_map(|(len, seed)| Body::Prose(len, seed)),
        2 => (len(), 0..3_u64).prop_map(|(len, seed)| Body::Noise(len, seed)),
        2 => (0..10_usize).prop_map(Body::Again),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let choice =
        || prop::sample::select(&[Choice::Auto, Choice::Auto, Choice::Yes, Choice::No][..]);
    prop_oneof![
        5 => (body(), choice()).prop_map(|(body, choice)| Message::Whole(body, choice)),
        2 => (0..4_usize).prop_map(Message::Prepared),
        2 => (prop::collection::vec(body(), 0..4), choice()).prop_map(|(parts, choice)| Message::Parts(parts, choice)),
    ]
}

fn agreed() -> impl Strategy<Value = Parameters> {
    (any::<bool>(), any::<bool>(), 8..=15_u8, 8..=15_u8).prop_map(
        |(server, client, server_bits, client_bits)| {
            let mut parameters = Parameters::default();
            (parameters.server_no_context_takeover, parameters.client_no_context_takeover) =
                (server, client);
            parameters.server_max_window_bits = WindowBits::new(server_bits).unwrap();
            parameters.client_max_window_bits = WindowBits::new(client_bits).unwrap();
            parameters
        },
    )
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_is_sent_arrives(
        agreed in agreed(),
        levels in (1..=9_u8, 1..=9_u8),
        pool in prop::option::of(0..3_usize),
        chunks in any::<bool>(),
        fragment_above in prop_oneof![Just(u64::MAX), 1..2000_u64],
        step in prop_oneof![Just(usize::MAX), 1..5000_usize],
        messages in prop::collection::vec((prop::sample::select(&SIDES[..]), message()), 1..20),
    ) {
        let pool = pool.map(Pool::new);
        let config = |level| {
            let mut config = Config::default();
            config.deflate.level = Level::new(level).unwrap();
            config.deflate.pool = pool.clone();
            config.fragment_above = fragment_above;
            config.high_water_mark = u64::MAX;
            if chunks {
                config.delivery = Delivery::Chunks;
            }
            config
        };
        let mut server = open(Side::Server, agreed, config(levels.0));
        let mut client = open(Side::Client, agreed, config(levels.1));
        let shared: Vec<_> = [100, 1000, 9000, 40_000].into_iter().map(|len| PreparedMessage::text(prose(len, 99))).collect();
        let mut said: Vec<Vec<u8>> = vec![b"the first".to_vec()];
        for (side, message) in &messages {
            let (from, to) = match side {
                Side::Server => (&mut server, &mut client),
                Side::Client => (&mut client, &mut server),
            };
            let expected = send(from, message, &shared, &said);
            let wire = sent(from);
            let mut got = Vec::new();
            for event in events(to, &wire, step) {
                match event {
                    Event::Text(text) => got.extend_from_slice(text.as_bytes()),
                    Event::Binary(data) => got.extend_from_slice(&data),
                    Event::Chunk(chunk) => {
                        prop_assert_eq!(matches!(chunk.data, ChunkData::Text(_)), matches!(message, Message::Prepared(_)));
                        got.extend_from_slice(chunk.data.as_bytes());
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            prop_assert!(got == expected, "{} bytes of {}", got.len(), expected.len());
            said.push(expected);
        }
    }
}

/// Sends a message, and gives what it says.
fn send(
    from: &mut Connection,
    message: &Message,
    shared: &[PreparedMessage],
    said: &[Vec<u8>],
) -> Vec<u8> {
    let bytes = |body: &Body| match body {
        Body::Prose(len, seed) => prose(*len, *seed).into_bytes(),
        Body::Noise(len, seed) => noise(*len, *seed),
        Body::Again(which) => said[which % said.len()].clone(),
    };
    match message {
        Message::Whole(body, choice) => {
            let bytes = bytes(body);
            from.send_binary(sockless::Payload::from(&bytes).compress(*choice)).unwrap();
            bytes
        }
        Message::Prepared(which) => {
            from.send_prepared(&shared[*which]).unwrap();
            shared[*which].as_bytes().to_vec()
        }
        Message::Parts(parts, choice) => {
            from.begin_message_with(MessageKind::Binary, *choice).unwrap();
            let mut all = Vec::new();
            for part in parts {
                from.write_fragment(&bytes(part)).unwrap();
                all.extend(bytes(part));
            }
            from.finish_message().unwrap();
            all
        }
    }
}

/// The same of text, which takes another way through.
#[test]
fn text_of_every_length_arrives_cut_anywhere() {
    for delivery in [Delivery::Whole, Delivery::Chunks] {
        let mut config = Config::default();
        config.delivery = delivery;
        let mut server = open(Side::Server, parameters(15, true), config.clone());
        let mut client = open(Side::Client, parameters(15, true), config);
        for len in (0..300).chain([8191, 8192, 8193, 16_384, 50_000]) {
            let text = prose(len, len as u64);
            client.send_text(Text::from(&text).compress(Choice::Yes)).unwrap();
            let mut got = String::new();
            for event in events(&mut server, &sent(&mut client), 1 + len % 17) {
                match event {
                    Event::Text(text) => got.push_str(&text),
                    Event::Chunk(chunk) => {
                        got.push_str(std::str::from_utf8(chunk.data.as_bytes()).unwrap())
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert!(got == text, "{len}");
        }
    }
}
