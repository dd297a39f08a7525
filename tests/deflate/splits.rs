//! However a transport cuts what a peer sends, the events are the same: chunks after joining, and
//! before an error exactly what is valid. What a peer gets wrong is found at the same byte,
//! whatever else it gets wrong behind it.

use super::*;
use crate::support::random::cases;
use crate::support::{BINARY, CONTINUATION, MORE, SIDES, TEXT, feed_cut, feed_in_turns};
use proptest::prelude::*;
use sockless::deflate::Pool;
use sockless::{Cause, Chunk, ChunkData, Delivery, ProtocolError, Workspace};

/// What was delivered, chunks joined, how many messages were whole, and why it ended, if it did.
fn outcome(agreed: Parameters, config: Config, wire: &[u8], step: usize) -> Outcome {
    told(events(&mut open(Side::Server, agreed, config), wire, step))
}

/// The same in turns of a workspace, of several reads each.
fn outcome_in_turns(agreed: Parameters, config: Config, wire: &[u8], step: usize) -> Outcome {
    let cuts: Vec<usize> = (step..wire.len()).step_by(step).collect();
    let mut connection = open(Side::Server, agreed, config);
    let workspace = &mut Workspace::new(100, 1 << 20);
    told(feed_in_turns(&mut connection, workspace, wire, &cuts, |read| read % 3 == 2))
}

type Outcome = (Vec<u8>, usize, Option<Cause>);

fn told(events: Vec<Event<'static>>) -> Outcome {
    let (mut got, mut messages, mut end) = (Vec::new(), 0, None);
    for event in events {
        messages += usize::from(matches!(
            event,
            Event::Text(_) | Event::Binary(_) | Event::Chunk(Chunk { last: true, .. })
        ));
        match event {
            Event::Text(text) => got.extend_from_slice(text.as_bytes()),
            Event::Binary(data) => got.extend_from_slice(&data),
            Event::Chunk(Chunk { data: ChunkData::Text(text), .. }) => {
                got.extend_from_slice(text.as_bytes())
            }
            Event::Chunk(Chunk { data: ChunkData::Binary(data), .. }) => {
                got.extend_from_slice(&data)
            }
            Event::Closed(close_event) => end = Some(close_event.cause),
            other => panic!("{other:?}"),
        }
    }
    (got, messages, end)
}

/// Checks a server: in chunks `valid` is delivered, whole messages as far as they are whole, and
/// then comes the error.
fn check(
    agreed: Parameters,
    config: &Config,
    wire: &[u8],
    whole: &[u8],
    valid: &[u8],
    error: ProtocolError,
) {
    for step in [1, 2, 3, 7, 100, 1000, 5000, usize::MAX] {
        for (delivery, expected) in [(Delivery::Whole, whole), (Delivery::Chunks, valid)] {
            let mut config = config.clone();
            config.delivery = delivery;
            for (got, messages, end) in [
                outcome(agreed, config.clone(), wire, step),
                outcome_in_turns(agreed, config, wire, step),
            ] {
                assert_eq!(end, Some(Cause::Violation(error)), "{delivery:?} {step}");
                assert_eq!(messages, usize::from(!whole.is_empty()), "{delivery:?} {step}");
                assert!(
                    got == expected,
                    "{} bytes of {}, {delivery:?} {step}",
                    got.len(),
                    expected.len()
                );
            }
        }
    }
}

/// The message is cut short, and says so only at its end: what it said until then was valid.
#[test]
fn what_a_cut_message_says_comes_first() {
    for len in [10, 1000, 40_000] {
        let message = prose(len, 3);
        // It ends in the middle of the header of a block.
        let payload =
            [flush(&mut zlib(), message.as_bytes(), FlushCompress::Sync), vec![0b0000_0100]]
                .concat();
        check(
            parameters(15, true),
            &Config::default(),
            &compressed(Side::Client, TEXT, &payload),
            b"",
            message.as_bytes(),
            ProtocolError::InvalidDeflate,
        );
    }
}

/// What would make it whole is no part of what it says.
#[test]
fn nothing_is_said_behind_a_cut() {
    let payload = [0, 5, 0, 0xfa, 0xff, b'H'];
    let wire = compressed(Side::Client, BINARY, &payload);
    check(
        parameters(15, true),
        &Config::default(),
        &wire,
        b"",
        b"H",
        ProtocolError::InvalidDeflate,
    );
}

/// Of two things that are wrong, the first is told.
#[test]
fn the_first_error_is_told() {
    let mut config = Config::default();
    (config.limits.max_message, config.limits.max_fragments) = (5000, 3);
    let cut_short =
        |said: &[u8]| [flush(&mut zlib(), said, FlushCompress::Sync), vec![0b0000_0100]].concat();
    let too_many_ends = |said: &[u8]| {
        [flush(&mut zlib(), said, FlushCompress::Sync), [3, 0].repeat(4), vec![0]].concat()
    };
    let corrupt =
        |said: &[u8]| [flush(&mut zlib(), said, FlushCompress::Sync), vec![0b0000_0110]].concat();
    let bad = [prose(100, 1).as_bytes(), b"\xff"].concat();
    let long = prose(5001, 1).into_bytes();
    let short = prose(100, 1).into_bytes();
    for (payload, valid, error) in [
        (cut_short(&bad), &bad[..100], ProtocolError::InvalidUtf8),
        (cut_short(&long), &long[..5000], ProtocolError::MessageTooBig),
        (cut_short(&short), &short[..], ProtocolError::InvalidDeflate),
        (too_many_ends(&bad), &bad[..100], ProtocolError::InvalidUtf8),
        (too_many_ends(&long), &long[..5000], ProtocolError::MessageTooBig),
        (too_many_ends(&short), &short[..], ProtocolError::TooManyFragments),
        (corrupt(&bad), &bad[..100], ProtocolError::InvalidUtf8),
        (corrupt(&long), &long[..5000], ProtocolError::MessageTooBig),
        (corrupt(&short), &short[..], ProtocolError::InvalidDeflate),
    ] {
        check(
            parameters(15, true),
            &config,
            &compressed(Side::Client, TEXT, &payload),
            b"",
            valid,
            error,
        );
    }
}

/// A peer that refers farther back than it may finds what it refers to, or nothing, but not now
/// this and now that.
#[test]
fn too_far_back_is_as_far_in_every_split() {
    // What is referred to lies 900 bytes back, and nothing of it can be said before.
    let said = noise(900, 1);
    let mut zlib = zlib();
    zlib.set_dictionary(&said).unwrap();
    let again = deflate(&mut zlib, &said[10..210]);
    assert!(again.len() < 20);
    let message = deflate(&mut super::zlib(), &said);
    let ended = flush(&mut super::zlib(), &said, FlushCompress::Finish);
    for (payloads, whole) in
        [(vec![message, again.clone()], &said[..]), (vec![[ended, again].concat()], b"")]
    {
        let wire: Vec<u8> =
            payloads.iter().flat_map(|payload| compressed(Side::Client, BINARY, payload)).collect();
        check(
            parameters(9, true),
            &Config::default(),
            &wire,
            whole,
            &said,
            ProtocolError::InvalidDeflate,
        );
    }
}

/// Without takeover no message can refer to one before it, behind a final block neither: there the
/// decompressor is primed with what it remembers.
#[test]
fn nothing_is_left_of_another_message() {
    let said = noise(900, 1);
    let mut zlib = zlib();
    zlib.set_dictionary(&said).unwrap();
    let again = deflate(&mut zlib, &said[10..210]);
    let message = deflate(&mut super::zlib(), &said);
    for pool in [None, Some(Pool::new(1))] {
        let mut config = Config::default();
        config.deflate.pool = pool;
        for end in [&b""[..], &[3, 0]] {
            let payloads = [message.clone(), [end, &again].concat()];
            let wire: Vec<u8> = payloads
                .iter()
                .flat_map(|payload| compressed(Side::Client, BINARY, payload))
                .collect();
            check(
                parameters(15, false),
                &config,
                &wire,
                &said,
                &said,
                ProtocolError::InvalidDeflate,
            );
        }
    }
}

/// The tail completes a table of codes, and in its last byte is the code of that block's end.
/// Nobody writes such a message, but with its tail it inflates, which is all that §7.2.2 asks. It
/// spoils nothing: the next one refers back over it.
#[test]
fn a_block_that_ends_with_the_tail_by_itself_is_whole() {
    // A literal in a block with the fixed codes; then a table, most of it lengths of codes that
    // nothing has.
    let row = |literal: u8, begin: [u8; 6], at: usize, [one, two]: [u8; 2], len: usize, end: u8| {
        let mut payload = vec![0; len];
        payload[..6].copy_from_slice(&begin);
        (payload[9], payload[at], payload[at + 1], payload[len - 1]) = (0x08, one, two, end);
        (literal, payload)
    };
    let first = prose(300, 1);
    for (literal, payload) in [
        row(0xf0, [0xfa, 0x00, 0x20, 0x38, 0x0c, 0x20], 22, [0x60, 0], 40, 0x80),
        // Of a final block; of the last byte are left no bits, or some.
        row(0x91, [0x9a, 0x08, 0x28, 0x38, 0x0c, 0x20], 22, [0x60, 0], 40, 0x80),
        row(0xe5, [0x7a, 0x0a, 0x28, 0xc0, 0x0a, 0x20], 21, [0x80, 0x3f], 42, 0x40),
        row(0xc8, [0x3a, 0x01, 0x28, 0xd0, 0x0c, 0x20], 22, [0xe0, 0x0f], 43, 0x10),
    ] {
        let said = [first.as_bytes(), &[literal]].concat();
        let mut next = zlib();
        next.set_dictionary(&said).unwrap();
        let next = deflate(&mut next, &said[100..]);
        assert!(next.len() < 20, "it refers back");
        let payloads = [deflate(&mut zlib(), first.as_bytes()), payload, next];
        let wire: Vec<u8> =
            payloads.iter().flat_map(|payload| compressed(Side::Client, BINARY, payload)).collect();
        for pool in [None, Some(Pool::new(1))] {
            for delivery in [Delivery::Whole, Delivery::Chunks] {
                for step in [1, 2, 3, 7, 20, usize::MAX] {
                    let mut config = Config::default();
                    (config.delivery, config.deflate.pool) = (delivery, pool.clone());
                    let (got, messages, end) = outcome(parameters(15, true), config, &wire, step);
                    assert_eq!((messages, end), (3, None), "{literal:02x} {delivery:?} {step}");
                    assert!(
                        got == [&said, &said[100..]].concat(),
                        "{literal:02x} {delivery:?} {step}"
                    );
                }
            }
        }
    }
}

/// Of what is compressed nothing waits: it is inflated as it comes, and what is wrong with it
/// found.
#[test]
fn compressed_frames_are_not_kept() {
    let payload = [deflate(&mut zlib(), prose(3000, 1).as_bytes()), vec![0; 100]].concat();
    for wire in [
        compressed(Side::Client, TEXT, &payload),
        [
            compressed(Side::Client, TEXT & MORE, &payload[..500]),
            Side::Client.frame(CONTINUATION, &payload[500..]),
        ]
        .concat(),
    ] {
        let mut connection = open(Side::Server, parameters(15, true), Config::default());
        let mut workspace = Workspace::default();
        let mut turn = workspace.turn(&mut connection);
        for bytes in wire[..wire.len() - 110].chunks(50) {
            turn.read_buf()[..bytes.len()].copy_from_slice(bytes);
            let (connection, mut input) = turn.received(bytes.len());
            assert!(
                connection.poll(&mut input).is_none() && input.len() < 14,
                "of a header at most"
            );
        }
    }
}

/// A message that a peer compresses with all that it said before: its kind, its text, where its two
/// fragments part, and a byte of it that becomes another.
type Sent = (u8, (usize, u64), prop::sample::Index, Option<(prop::sample::Index, u8)>);

fn sent_by_a_peer() -> impl Strategy<Value = Sent> {
    // zlib flushes nothing if there is nothing new.
    let len = prop_oneof![4 => 1..300_usize, 2 => 300..5000_usize, 1 => 5000..50_000_usize];
    let damage = prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>()));
    (
        prop::sample::select(&[TEXT, BINARY][..]),
        (len, 0..5_u64),
        any::<prop::sample::Index>(),
        damage,
    )
}

proptest! {
    #![proptest_config(cases(100))]

    /// Damaged or not, in fragments and cut anywhere: what is delivered, whole and in parts, what
    /// ends it and what is answered.
    #[test]
    fn cuts_change_nothing_of_what_is_compressed(
        side in prop::sample::select(&SIDES[..]),
        takeover in any::<bool>(),
        messages in prop::collection::vec(sent_by_a_peer(), 1..5),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let (mut zlib, mut wire) = (zlib(), Vec::new());
        for (first, (len, seed), at, damage) in &messages {
            if !takeover {
                zlib.reset();
            }
            let mut payload = deflate(&mut zlib, prose(*len, *seed).as_bytes());
            if let Some((at, byte)) = damage {
                let at = at.index(payload.len());
                payload[at] = *byte;
            }
            let at = at.index(payload.len() + 1);
            wire.extend(compressed(side.other(), first & MORE, &payload[..at]));
            wire.extend(side.other().frame(CONTINUATION, &payload[at..]));
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.sort_unstable();
        for delivery in [Delivery::Whole, Delivery::Chunks] {
            let mut config = Config::default();
            (config.delivery, config.limits.max_message) = (delivery, 40_000);
            let run_fed = |feed: &dyn Fn(&mut Connection) -> Vec<Event<'static>>| {
                let mut connection = open(side, parameters(15, takeover), config.clone());
                let told = told(feed(&mut connection));
                (told, sent(&mut connection))
            };
            let run = |cuts: &[usize]| run_fed(&|connection| feed_cut(connection, &wire, cuts));
            let whole = run(&[]);
            prop_assert!(run(&cuts) == whole, "{:?}", delivery);
            for each in [false, true] {
                let workspace = || Workspace::new(1000, 1 << 20);
                let turned = run_fed(&|connection| feed_in_turns(connection, &mut workspace(), &wire, &cuts, |_| each));
                prop_assert!(turned == whole, "{:?}, in turns, {}", delivery, each);
            }
            if wire.len() < 2000 {
                prop_assert!(run(&(1..wire.len()).collect::<Vec<_>>()) == whole, "{:?}, byte by byte", delivery);
            }
        }
    }
}
