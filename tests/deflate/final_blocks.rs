//! Messages that end with a final block and nothing behind it, RFC 7692 §7.2.3.4: whole if that
//! block ends in the last byte, by zlib's own word; and whatever follows them.

use super::receiving::{check, joined, text};
use super::*;
use crate::support::{BINARY, CONTINUATION, MORE, PING, SIDES, TEXT};
use sockless::deflate::Pool;
use sockless::{Cause, Delivery, ProtocolError};

/// "Hello world" in a final block with the fixed codes.
const HELLO: [u8; 13] =
    [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0x28, 0xcf, 0x2f, 0xca, 0x49, 0x01, 0x00];

fn finished(said: &[u8]) -> Vec<u8> {
    flush(&mut zlib(), said, FlushCompress::Finish)
}

/// A final block that is stored.
fn stored(said: &[u8]) -> Vec<u8> {
    let len = said.len() as u16;
    [&[1][..], &len.to_le_bytes(), &(!len).to_le_bytes(), said].concat()
}

/// Messages that end with a final block, and what they say.
fn messages() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let said = prose(700, 1).into_bytes();
    let half = flush(&mut zlib(), &said[..300], FlushCompress::Sync);
    vec![
        ("fixed codes", HELLO.to_vec(), b"Hello world".to_vec()),
        ("codes of its own", finished(&said), said.clone()),
        ("stored", stored(b"Hello"), b"Hello".to_vec()),
        ("empty, with the fixed codes", vec![3, 0], vec![]),
        ("empty and stored", vec![1, 0, 0, 0xff, 0xff], vec![]),
        ("behind another block", [half.clone(), finished(&said[300..])].concat(), said.clone()),
        (
            "behind another final block",
            [finished(&said[..300]), finished(&said[300..])].concat(),
            said.clone(),
        ),
        ("the empty one behind all of it", [half, vec![3, 0]].concat(), said[..300].to_vec()),
    ]
}

/// zlib's word on it: what a message says if it is whole, with its tail or without.
fn inflated(payload: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut said) = (payload, Vec::with_capacity(1 << 17));
    loop {
        let mut zlib = Decompress::new(false);
        if !said.is_empty() {
            zlib.set_dictionary(&said).unwrap();
        }
        let status = zlib.decompress_vec(rest, &mut said, FlushDecompress::None).ok()?;
        rest = &rest[zlib.total_in() as usize..];
        match (status, rest) {
            (flate2::Status::StreamEnd, []) => return Some(said),
            (flate2::Status::StreamEnd, _) => {}
            _ => {
                // §7.2.2; what then ends the stream is an empty final block, where a block may
                // begin, or the block that the tail completes.
                let (mut nothing, before) = (Vec::with_capacity(100), zlib.total_in());
                let tail = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];
                let status =
                    zlib.decompress_vec(&tail, &mut nothing, FlushDecompress::None).ok()?;
                let whole = status == flate2::Status::StreamEnd
                    && [4, 9].contains(&(zlib.total_in() - before));
                return (whole && nothing.is_empty()).then_some(said);
            }
        }
    }
}

#[test]
fn the_example_is_delivered_and_the_next_message_too() {
    let wire = [&[0xc1, 0x0d][..], &HELLO, &[0x81, 0x02], b"ok"].concat();
    for step in [1, 3, usize::MAX] {
        let mut client = open(Side::Client, parameters(15, true), Config::default());
        assert_eq!(events(&mut client, &wire, step), [text("Hello world"), text("ok")]);
    }
}

/// Whole and in chunks, however the reads cut them, with a context and without one, in connections
/// that share a pool and in those that do not.
#[test]
fn they_are_delivered_and_so_is_what_follows() {
    for (what, payload, said) in messages() {
        assert_eq!(inflated(&payload).as_ref(), Some(&said), "{what}");
        for takeover in [true, false] {
            let mut next = zlib();
            if takeover && !said.is_empty() {
                next.set_dictionary(&said).unwrap();
            }
            let again = deflate(&mut next, &[&said[..], b"!"].concat());
            assert!(!takeover || again.len() < 20, "it refers back");
            // §7.2.3.4's own form, and one that ends the same way as the first.
            let (rfc, same) = ([&payload[..], &[0]].concat(), payload.clone());
            let payloads = [payload.clone(), again.clone(), same, rfc, payload.clone()];
            let payloads: Vec<_> = payloads.into_iter().map(|payload| (BINARY, payload)).collect();
            let binary = |said: &[u8]| Event::Binary(said.to_vec().into());
            let expected = [
                binary(&said),
                binary(&[&said[..], b"!"].concat()),
                binary(&said),
                binary(&said),
                binary(&said),
            ];
            check(parameters(15, takeover), &payloads, &expected);
            // A window that holds less than a decompressor remembers.
            check(parameters(10, takeover), &payloads[..1], &expected[..1]);
        }
    }
}

/// In fragments, cut at every byte of theirs, also with an empty last one, and a ping in between.
#[test]
fn fragments_may_end_where_the_block_does() {
    for (what, payload, said) in messages() {
        for side in SIDES {
            let peer = side.other();
            let mut next = zlib();
            if !said.is_empty() {
                next.set_dictionary(&said).unwrap();
            }
            let again = deflate(&mut next, &[&said[..], b"!"].concat());
            for at in 0..=payload.len() {
                let wire = [
                    compressed(peer, BINARY & MORE, &payload[..at]),
                    peer.frame(PING, b"?"),
                    peer.frame(CONTINUATION & MORE, &payload[at..]),
                    peer.frame(CONTINUATION, b""),
                    compressed(peer, BINARY, &again),
                    peer.frame(TEXT, b"plain"),
                    compressed(peer, BINARY, &payload),
                ];
                let binary = |said: &[u8]| Event::Binary(said.to_vec().into());
                let expected = [
                    binary(&said),
                    binary(&[&said[..], b"!"].concat()),
                    text("plain"),
                    binary(&said),
                ];
                for (delivery, pool) in [
                    (Delivery::Whole, None),
                    (Delivery::Chunks, None),
                    (Delivery::Whole, Some(Pool::new(1))),
                ] {
                    for step in [1, usize::MAX] {
                        let mut config = Config::default();
                        (config.delivery, config.deflate.pool) = (delivery, pool.clone());
                        let mut connection = open(side, parameters(15, true), config);
                        let mut events = events(&mut connection, &wire.concat(), step);
                        let pings =
                            events.iter().filter(|event| matches!(event, Event::Ping(_))).count();
                        events.retain(|event| !matches!(event, Event::Ping(_)));
                        assert_eq!(pings, 1);
                        assert!(
                            joined(events) == expected,
                            "{what}, {side:?} {delivery:?} {step} {at}"
                        );
                    }
                }
            }
        }
    }
}

/// Lengths around those of the buffer for what is inflated: the block's end may be read when there
/// is no more room. One byte of the message holds the last of what it says, and all of the block's
/// end.
#[test]
fn the_block_may_end_when_the_buffer_is_full() {
    let mut config = Config::default();
    config.limits.max_fragments = 2;
    for len in [1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072] {
        let said = vec![b'0'; len];
        let payload = finished(&said);
        // The buffer may have grown before, or not: then, too, two final blocks are one for each.
        let twice = [&payload[..], &payload].concat();
        for before in [vec![0], deflate(&mut zlib(), &vec![0; 5000])] {
            for step in [1, 100, usize::MAX] {
                let mut connection = open(Side::Server, parameters(15, false), config.clone());
                let expected = [said.clone(), [&said[..], &said].concat()]
                    .map(|said| Event::Binary(said.into()));
                let wire = [&before, &payload, &twice]
                    .map(|payload| compressed(Side::Client, BINARY, payload))
                    .concat();
                assert!(events(&mut connection, &wire, step)[1..] == expected, "{len} {step}");
                let wire = compressed(Side::Client, BINARY, &[&twice[..], &payload].concat());
                let events = events(&mut connection, &wire, step);
                let [Event::Closed(close_event)] = &events[..] else { panic!("{len} {step}") };
                assert_eq!(
                    close_event.cause,
                    Cause::Violation(ProtocolError::TooManyFragments),
                    "{len} {step}"
                );
            }
        }
    }
}

/// Each beginning of a message, and each with something behind it: delivered if zlib finds it
/// whole, and 1007 if not.
#[test]
fn what_is_cut_or_goes_on_is_what_zlib_says() {
    let mut cut = 0;
    for (what, payload, _) in messages() {
        let behind = [&[0][..], &[1], &[3], &[3, 0], &[0, 0, 0, 0xff, 0xff], &[2, 0, 0], &[0xff]];
        let longer = behind.into_iter().map(|behind| [&payload[..], behind].concat());
        for payload in (0..payload.len()).map(|cut| payload[..cut].to_vec()).chain(longer) {
            let expected = inflated(&payload).map(|said| Event::Binary(said.into()));
            for delivery in [Delivery::Whole, Delivery::Chunks] {
                for step in [1, 2, usize::MAX] {
                    let mut config = Config::default();
                    config.delivery = delivery;
                    let mut connection = open(Side::Server, parameters(15, true), config);
                    let mut events = joined(events(
                        &mut connection,
                        &compressed(Side::Client, BINARY, &payload),
                        step,
                    ));
                    let last = events.pop();
                    match &expected {
                        Some(_) => {
                            assert_eq!(last, expected, "{what}: {payload:02x?} {delivery:?} {step}")
                        }
                        None => {
                            let Some(Event::Chunk(_) | Event::Closed(_)) = last else {
                                panic!("{what}: {payload:02x?} {last:?}")
                            };
                            let closed =
                                events.into_iter().chain(last).find_map(|event| match event {
                                    Event::Closed(close_event) => Some(close_event.cause),
                                    _ => None,
                                });
                            assert_eq!(
                                closed,
                                Some(Cause::Violation(ProtocolError::InvalidDeflate)),
                                "{what}: {payload:02x?} {step}"
                            );
                            cut += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(cut > 1000, "{cut}");
}

/// An empty message is none of them, though the one before it has ended with a final block.
#[test]
fn nothing_at_all_is_no_message() {
    for before in [HELLO.to_vec(), [&HELLO[..], &[1]].concat()] {
        for pieces in [
            vec![compressed(Side::Client, BINARY, b"")],
            vec![
                compressed(Side::Client, BINARY & MORE, b""),
                Side::Client.frame(CONTINUATION, b""),
            ],
        ] {
            for pool in [None, Some(Pool::new(1))] {
                let mut config = Config::default();
                config.deflate.pool = pool;
                let mut connection = open(Side::Server, parameters(15, true), config);
                let wire = [compressed(Side::Client, TEXT, &before), pieces.concat()].concat();
                let events = events(&mut connection, &wire, usize::MAX);
                let [Event::Text(_), Event::Closed(close_event)] = &events[..] else {
                    panic!("{events:?}")
                };
                assert_eq!(close_event.cause, Cause::Violation(ProtocolError::InvalidDeflate));
            }
        }
    }
}
