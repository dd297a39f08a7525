//! What is received: compressed by zlib by hand, in any way that RFC 7692 §7.2.3 allows, and in
//! ways that it does not.

use super::*;
use crate::support;
use crate::support::{BINARY, CONTINUATION, MORE, PING, SIDES, TEXT, frames};
use sockless::deflate::Pool;
use sockless::{Cause, Chunk, ChunkData, CloseCode, Delivery, ProtocolError};

/// The events as whole messages: chunks put together.
pub(super) fn joined(events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    let mut messages = Vec::new();
    let mut under_way: Option<ChunkData<'static>> = None;
    for event in events {
        let Event::Chunk(Chunk { data, first, last, .. }) = event else {
            messages.push(event);
            continue;
        };
        assert_eq!(first, under_way.is_none());
        assert!(first || last || !data.as_bytes().is_empty(), "an empty chunk in the middle");
        let all = match (under_way.take(), data) {
            (None, data) => data,
            (Some(ChunkData::Text(all)), ChunkData::Text(text)) => {
                ChunkData::Text((all.into_owned() + &text).into())
            }
            (Some(ChunkData::Binary(all)), ChunkData::Binary(data)) => {
                ChunkData::Binary([all, data].concat().into())
            }
            (all, data) => panic!("{all:?}, then {data:?}"),
        };
        match (last, all) {
            (false, all) => under_way = Some(all),
            (true, ChunkData::Text(text)) => messages.push(Event::Text(text)),
            (true, ChunkData::Binary(data)) => messages.push(Event::Binary(data)),
        }
    }
    if let Some(rest) = under_way {
        messages.push(Event::Chunk(Chunk::new(rest, true, false)));
    }
    messages
}

/// Checks what a server and a client make of a row of payloads of compressed messages, whole and in
/// chunks, in reads of several sizes.
pub(super) fn check(agreed: Parameters, payloads: &[(u8, Vec<u8>)], expected: &[Event<'static>]) {
    for side in SIDES {
        for delivery in [Delivery::Whole, Delivery::Chunks] {
            for step in [1, 2, 3, 7, 100, 1000, 5000, usize::MAX] {
                let mut config = Config::default();
                config.delivery = delivery;
                let mut connection = open(side, agreed, config);
                let wire: Vec<u8> = payloads
                    .iter()
                    .flat_map(|(first, payload)| compressed(side.other(), *first, payload))
                    .collect();
                assert_eq!(
                    joined(events(&mut connection, &wire, step)),
                    expected,
                    "{side:?} {delivery:?} {step}"
                );
            }
        }
    }
}

pub(super) fn text(text: impl Into<String>) -> Event<'static> {
    Event::Text(text.into().into())
}

/// RFC 7692 §7.2.3.
#[test]
fn the_examples_of_the_rfc() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    check(parameters(15, true), &[(TEXT, hello.to_vec())], &[text("Hello")]);
    // §7.2.3.2: shared window.
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    check(
        parameters(15, true),
        &[(TEXT, hello.to_vec()), (TEXT, again.to_vec())],
        &[text("Hello"), text("Hello")],
    );
    // §7.2.3.3: a block without compression.
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    check(parameters(15, true), &[(TEXT, stored.to_vec())], &[text("Hello")]);
    // §7.2.3.4: a block with BFINAL.
    let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    check(parameters(15, true), &[(TEXT, last.to_vec())], &[text("Hello")]);
    // §7.2.3.5: two blocks.
    let two = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    check(parameters(15, true), &[(TEXT, two.to_vec())], &[text("Hello")]);
    // §7.2.3.6: an empty one.
    check(parameters(15, true), &[(TEXT, vec![0])], &[text("")]);
    // §7.2.3.1: in fragments, here with a ping between them.
    for side in SIDES {
        let peer = side.other();
        let fragments = [
            compressed(peer, TEXT & MORE, &hello[..3]),
            peer.frame(PING, b"?"),
            peer.frame(CONTINUATION, &hello[3..]),
        ];
        let mut connection = open(side, parameters(15, true), Config::default());
        assert_eq!(
            events(&mut connection, &fragments.concat(), 1),
            [Event::Ping(b"?".into()), text("Hello")]
        );
    }
}

#[test]
fn whatever_zlib_makes() {
    for bits in 9..=15 {
        for takeover in [true, false] {
            for level in [1, 3, 6, 9] {
                let mut zlib = Compress::new_with_window_bits(Compression::new(level), false, bits);
                let messages: Vec<String> = [5, 300, 0, 2000, 40_000, 1, 70_000, 10]
                    .into_iter()
                    .zip(1..)
                    .map(|(n, i)| prose(n, i))
                    .collect();
                let mut payloads = Vec::new();
                for message in &messages {
                    if !takeover {
                        zlib.reset();
                    }
                    payloads.push((
                        TEXT,
                        if message.is_empty() {
                            vec![0]
                        } else {
                            deflate(&mut zlib, message.as_bytes())
                        },
                    ));
                }
                let expected: Vec<_> = messages.into_iter().map(text).collect();
                for step in [777, usize::MAX] {
                    let wire: Vec<u8> = payloads
                        .iter()
                        .flat_map(|(first, payload)| compressed(Side::Client, *first, payload))
                        .collect();
                    let mut connection =
                        open(Side::Server, parameters(bits, takeover), Config::default());
                    assert!(
                        events(&mut connection, &wire, step) == expected,
                        "{bits} {takeover} {level} {step}"
                    );
                }
            }
        }
    }
}

/// A final block may stand anywhere; what follows may refer back to what came before it. §7.2.1.
#[test]
fn final_blocks_anywhere() {
    let (one, two, three) = (prose(9000, 1), prose(9000, 2), prose(100, 3));
    let mut first = zlib();
    let finished = flush(&mut first, one.as_bytes(), FlushCompress::Finish);
    // Behind the end a sender goes on with all it has said in its window.
    let mut second = zlib();
    second.set_dictionary(one.as_bytes()).unwrap();
    let mut message = finished.clone();
    message.extend(deflate(&mut second, [one.as_bytes(), two.as_bytes()].concat().as_slice()));
    let whole = format!("{one}{one}{two}");
    check(parameters(15, false), &[(TEXT, message.clone())], &[text(whole.clone())]);

    // Messages that refer back, over final blocks in the message and between messages.
    let mut third = zlib();
    third.set_dictionary(whole.as_bytes()).unwrap();
    let next = [flush(&mut third, one.as_bytes(), FlushCompress::Finish), vec![0]].concat();
    assert!(next.len() < finished.len() / 5, "it refers back");
    let mut fourth = zlib();
    fourth.set_dictionary(format!("{whole}{one}").as_bytes()).unwrap();
    let last = deflate(&mut fourth, format!("{two}{three}").as_bytes());
    check(
        parameters(15, true),
        &[
            (TEXT, message),
            (TEXT, next),
            (TEXT, last),
            (TEXT, vec![3, 0, 0]),
            (TEXT, vec![3, 0, 3, 0, 3, 0, 0]),
        ],
        &[text(whole), text(one), text(format!("{two}{three}")), text(""), text("")],
    );
}

/// Behind a final block, too, all of the window can be referred to.
#[test]
fn final_blocks_shorten_no_window() {
    let said = noise(32 << 10, 4);
    let message = flush(&mut zlib(), &said, FlushCompress::Finish);
    let mut zlib = zlib();
    zlib.set_dictionary(&said).unwrap();
    let again = deflate(&mut zlib, &said[300..1000]);
    assert!(again.len() < 30);
    let whole = Event::Binary([&said[..], &said[300..1000]].concat().into());
    for takeover in [true, false] {
        check(
            parameters(15, takeover),
            &[(BINARY, [message.clone(), again.clone()].concat())],
            std::slice::from_ref(&whole),
        );
    }
}

/// The empty block that the tail belongs to may be a final one. It ends nothing of the message that
/// comes next, however that one is read.
#[test]
fn a_final_empty_block_is_no_end_of_the_next_message() {
    let said = prose(3000, 5);
    let mut config = Config::default();
    config.limits.max_fragments = 3;
    for pool in [None, Some(Pool::new(1))] {
        config.deflate.pool = pool;
        for end in [&[1][..], &[3, 0, 1]] {
            for step in [1, usize::MAX] {
                let mut connection = open(Side::Server, parameters(15, true), config.clone());
                let mut zlib = zlib();
                let first =
                    [flush(&mut zlib, said.as_bytes(), FlushCompress::Sync), end.to_vec()].concat();
                assert_eq!(
                    events(&mut connection, &compressed(Side::Client, TEXT, &first), usize::MAX),
                    [text(&said)]
                );
                // With three ends of its own, which is as many as it may have.
                let next = [
                    deflate(&mut zlib, said.as_bytes()),
                    vec![0, 0, 0xff, 0xff],
                    [3, 0].repeat(3),
                    vec![0],
                ]
                .concat();
                assert!(next.len() < 100, "it refers back");
                assert_eq!(
                    events(&mut connection, &compressed(Side::Client, TEXT, &next), step),
                    [text(&said)]
                );
            }
        }
    }
}

/// Lengths around those in which the inflated data is buffered; the next message refers back to all
/// of it.
#[test]
fn short_messages_that_say_much() {
    for len in [4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, 300_000] {
        let mut zlib = zlib();
        let (zeros, noise) = (vec![0; len], noise(200, 7));
        let messages = [
            [&zeros[..], &noise].concat(),
            zeros.clone(),
            noise.clone(),
            [&noise[..], &zeros].concat(),
            noise,
        ];
        let payloads: Vec<_> =
            messages.iter().map(|message| (BINARY, deflate(&mut zlib, message))).collect();
        assert!(payloads.iter().all(|(_, payload)| payload.len() < 1000), "{len}");
        check(
            parameters(15, true),
            &payloads,
            &messages.map(|message| Event::Binary(message.into())),
        );
    }
}

/// A stored block that lacks just as many bytes as the tail has, when the buffer for what is
/// inflated is full just there.
#[test]
fn the_tail_completes_no_stored_block() {
    for len in [100, 4096, 65_536] {
        let message = [
            flush(&mut zlib(), &vec![0; len - 3], FlushCompress::Sync),
            vec![0, 7, 0, 0xf8, 0xff, 1, 2, 3],
        ]
        .concat();
        // The buffer may have grown before, or not.
        for before in [vec![0], deflate(&mut zlib(), &vec![0; 5000])] {
            let wire = [
                compressed(Side::Client, BINARY, &before),
                compressed(Side::Client, BINARY, &message),
            ]
            .concat();
            let (cause, code, before) = failure(parameters(15, true), &wire, usize::MAX);
            assert_eq!(
                (cause, code),
                (Cause::Violation(ProtocolError::InvalidDeflate), Some(1007)),
                "{len}"
            );
            assert_eq!(before.len(), 1);
        }
    }
}

#[test]
fn plain_messages_between_compressed_ones_are_not_in_the_window() {
    let mut zlib = zlib();
    let (one, two) = (prose(500, 1), prose(500, 2));
    let wire: Vec<u8> = [
        compressed(Side::Client, TEXT, &deflate(&mut zlib, one.as_bytes())),
        Side::Client.frame(TEXT, two.as_bytes()),
        compressed(Side::Client, TEXT, &deflate(&mut zlib, one.as_bytes())),
        Side::Client.frame(BINARY, b"plain"),
        compressed(Side::Client, TEXT, &deflate(&mut zlib, two.as_bytes())),
    ]
    .concat();
    for step in [1, 50, usize::MAX] {
        let mut connection = open(Side::Server, parameters(15, true), Config::default());
        let expected =
            [text(&one), text(&two), text(&one), Event::Binary(b"plain".into()), text(&two)];
        assert_eq!(events(&mut connection, &wire, step), expected);
    }
}

/// The closing code and cause of what `wire` does to a server.
fn failure(
    agreed: Parameters,
    wire: &[u8],
    step: usize,
) -> (Cause, Option<u16>, Vec<Event<'static>>) {
    let mut connection = open(Side::Server, agreed, Config::default());
    let mut events = events(&mut connection, wire, step);
    let Some(Event::Closed(close_event)) = events.pop() else { panic!("{events:?}") };
    let wire = sent(&mut connection);
    let code =
        frames(&wire).last().map(|close| u16::from_be_bytes([close.payload[0], close.payload[1]]));
    (close_event.cause, code, events)
}

#[test]
fn what_does_not_inflate_is_1007() {
    let rows: &[(&str, Vec<u8>)] = &[
        ("a reserved block type", vec![0x06]),
        (
            "a stored block whose lengths differ",
            vec![0x00, 0x05, 0x00, 0xfa, 0xfe, 1, 2, 3, 4, 5, 0],
        ),
        ("a distance into nothing", vec![0xf2, 0x00, 0x11, 0x00, 0x00]),
        ("nothing at all, not even the header of the block that the tail belongs to", vec![]),
        ("a final block that lacks its last byte", vec![0xf3, 0x48, 0xcd, 0xc9, 0xc9]),
        (
            "a byte behind a final block that begins no other",
            vec![0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x06],
        ),
        (
            "the tail, which is not sent",
            vec![0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff],
        ),
        ("a stored block that is not all there", vec![0x00, 0x05, 0x00, 0xfa, 0xff, 0x48]),
        ("a code table that is not all there", vec![0x04]),
        // 316 lengths of two bits each are to come.
        (
            "a code table that is longer than what tells",
            vec![
                0x00, 0x01, 0x00, 0xfe, 0xff, 0x61, 0xec, 0xfd, 0x01, 0x48, 0x12, 0x00, 0x00, 0x00,
                0x00, 0x00,
            ],
        ),
        ("a final block that is not all there", vec![3]),
    ];
    for (what, payload) in rows {
        for step in [1, 2, usize::MAX] {
            let (cause, code, before) =
                failure(parameters(15, true), &compressed(Side::Client, BINARY, payload), step);
            assert_eq!(
                (cause, code),
                (Cause::Violation(ProtocolError::InvalidDeflate), Some(1007)),
                "{what}, {step}"
            );
            assert_eq!(before, [], "{what}");
        }
    }
}

/// As many bytes were said to each, and each message refers back to what was said to its own
/// connection.
#[test]
fn connections_that_share_a_pool_share_no_window() {
    for most in [0, 1, 2] {
        let mut config = Config::default();
        config.deflate.pool = Some(Pool::new(most));
        let mut peers: Vec<_> = (0..3)
            .map(|_| (zlib(), open(Side::Server, parameters(15, true), config.clone())))
            .collect();
        for round in [0, 0, 1, 2, 0] {
            for (i, (zlib, connection)) in (0..).zip(&mut peers) {
                let message = noise(300, 10 * i + round);
                let wire = compressed(Side::Client, BINARY, &deflate(zlib, &message));
                assert!(
                    events(connection, &wire, usize::MAX) == [Event::Binary(message.into())],
                    "{most} {round} {i}"
                );
            }
        }
    }
}

/// A message that is cut short anywhere is found out at its end, whatever its last block is.
#[test]
fn no_cut_message_passes_for_a_whole_one() {
    let mut passed = Vec::new();
    for (level, len) in [(1, 40), (1, 900), (6, 40), (6, 900), (9, 3000), (0, 300)] {
        let message = prose(len, 9);
        let whole = deflate(&mut Compress::new(Compression::new(level), false), message.as_bytes());
        for cut in 0..whole.len() {
            // The header of a stored block: that is what an empty message is. §7.2.3.6.
            if whole[..cut] == [0] {
                continue;
            }
            let mut connection = open(Side::Server, parameters(15, true), Config::default());
            let events =
                events(&mut connection, &compressed(Side::Client, TEXT, &whole[..cut]), usize::MAX);
            match &events[..] {
                [Event::Closed(close_event)] => {
                    let cause = close_event.cause;
                    let expected = [ProtocolError::InvalidDeflate, ProtocolError::InvalidUtf8]
                        .map(Cause::Violation);
                    assert!(expected.contains(&cause), "{level} {len} {cut}: {cause:?}");
                }
                other => passed.push((level, len, cut, format!("{other:?}"))),
            }
        }
    }
    assert_eq!(passed, []);
}

#[test]
fn rsv1_stands_on_the_first_frame_of_a_message_and_nowhere_else() {
    let rows: &[(&str, Vec<Vec<u8>>)] = &[
        (
            "on a continuation",
            vec![
                compressed(Side::Client, TEXT & MORE, &[0]),
                compressed(Side::Client, CONTINUATION, &[]),
            ],
        ),
        ("on a ping", vec![compressed(Side::Client, PING, &[])]),
        ("on a pong", vec![compressed(Side::Client, support::PONG, &[])]),
        ("on a close frame", vec![compressed(Side::Client, support::CLOSE, &[])]),
        ("with RSV2", vec![Side::Client.frame(TEXT | 0x60, &[0])]),
        ("RSV2 alone", vec![Side::Client.frame(TEXT | 0x20, &[0])]),
        ("with RSV3", vec![Side::Client.frame(TEXT | 0x50, &[0])]),
    ];
    for (what, wire) in rows {
        let (cause, code, _) = failure(parameters(15, true), &wire.concat(), usize::MAX);
        assert_eq!(
            (cause, code),
            (Cause::Violation(ProtocolError::ReservedBits), Some(1002)),
            "{what}"
        );
    }
    // Without the extension it is refused everywhere.
    let mut connection = Side::Server.open(Config::default());
    let events = events(&mut connection, &compressed(Side::Client, TEXT, &[0]), usize::MAX);
    let [Event::Closed(close_event)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(close_event.cause, Cause::Violation(ProtocolError::ReservedBits));
}

/// Text fails at its first bad byte, in the fragment that has it, and what is valid in front of it
/// was delivered, if in parts.
#[test]
fn text_is_validated_as_it_is_inflated() {
    let (valid, bad) = (prose(20_000, 4), b"\xed\xa0\x80");
    let mut zlib = zlib();
    let part = flush(&mut zlib, &[valid.as_bytes(), bad].concat(), FlushCompress::Sync);
    let wire = compressed(Side::Client, TEXT & MORE, &part);
    for step in [1, 7, 900, usize::MAX] {
        let (cause, code, before) = failure(parameters(15, true), &wire, step);
        assert_eq!(
            (cause, code),
            (Cause::Violation(ProtocolError::InvalidUtf8), Some(CloseCode::INVALID_DATA.get()))
        );
        assert_eq!(before, []);

        let mut config = Config::default();
        config.delivery = Delivery::Chunks;
        let mut connection = open(Side::Server, parameters(15, true), config);
        let mut events = joined(events(&mut connection, &wire, step));
        let Some(Event::Chunk(Chunk { data: ChunkData::Text(text), .. })) = events.pop() else {
            panic!("{events:?}")
        };
        assert!(matches!(&events[..], [Event::Closed(_)]), "{events:?}");
        assert!(text == valid, "{} of {}", text.len(), valid.len());
    }
}
