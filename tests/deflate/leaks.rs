//! What one connection said reaches no other through the compressors and decompressors that they
//! share, whatever they were used for last and however long it was; and a large buffer stays with
//! none of them.

use super::*;
use crate::support;
use crate::support::alloc::counted;
use crate::support::{BINARY, MORE, frames};
use sockless::deflate::{Compress as Choice, Pool};
use sockless::{Cause, MessageKind, Payload, ProtocolError};

/// Lengths at which a window, or zlib's own buffer of twice as much, is just not full, full and
/// beyond; and short ones.
fn lengths(window: usize) -> Vec<usize> {
    let around = |at: usize| [at - 2, at - 1, at, at + 1, at + 2, at + 258];
    let short = [1, 2, 3, 4, 30, 100, 250];
    short
        .into_iter()
        .chain([1, 2, 3].into_iter().flat_map(|times| around(times * window)))
        .collect()
}

type Use = fn(&mut Connection);

/// How a connection uses the compressor before another one does.
const USES: [(&str, Use); 5] = [
    ("an empty message", |connection| {
        connection.send_binary(Payload::from(&b""[..]).compress(Choice::Yes)).unwrap();
    }),
    ("a message in parts that is empty", |connection| {
        connection.begin_message_with(MessageKind::Binary, Choice::Yes).unwrap();
        connection.finish_message().unwrap();
    }),
    ("a message in parts, one of them empty", |connection| {
        connection.begin_message_with(MessageKind::Binary, Choice::Yes).unwrap();
        connection.write_fragment(b"").unwrap();
        connection.write_fragment(b"part").unwrap();
        connection.finish_message().unwrap();
    }),
    ("a message that goes as it is", |connection| {
        connection.send_binary(Payload::from(&noise(100, 9)).compress(Choice::Auto)).unwrap();
    }),
    ("nothing", |_| {}),
];

/// A compressed message: the payload of its frames.
fn payload(wire: &[u8]) -> Vec<u8> {
    let frames = frames(wire);
    assert!(frames[0].first & RSV1 != 0);
    frames.iter().flat_map(|frame| frame.payload.clone()).collect()
}

/// The other one's peer has nothing but what that one said: a reference to anything else is an
/// error of its zlib, or another message.
#[test]
fn no_compressor_takes_along_what_another_connection_said() {
    for bits in [9, 10, 15] {
        for len in lengths(1 << bits) {
            let secret = noise(len, len as u64);
            for (what, used) in USES {
                for takeover in [true, false] {
                    let mut config = Config::default();
                    config.deflate.pool = Some(Pool::new(1));
                    let mut one = open(Side::Server, parameters(bits, true), config.clone());
                    let mut other = open(Side::Server, parameters(bits, takeover), config);
                    let mut peer = Decompress::new(false);
                    let mut said = |data: &[u8], other: &mut Connection| {
                        other.send_binary(Payload::from(data).compress(Choice::Yes)).unwrap();
                        let got = inflate(&mut peer, &payload(&sent(other)));
                        assert!(got == data, "{bits} {len} {what} {takeover}");
                        if !takeover {
                            peer.reset(false);
                        }
                    };
                    one.send_binary(Payload::from(&secret).compress(Choice::Yes)).unwrap();
                    // So that it is primed with all that was said before, when it is used again.
                    said(b"hello", &mut other);
                    used(&mut one);
                    said(&secret, &mut other);
                    used(&mut one);
                    said(&secret[..len.min(300)], &mut other);
                }
            }
        }
    }
}

/// What lies farther back than a connection's own messages is not there.
#[test]
fn no_decompressor_takes_along_what_another_connection_said() {
    for bits in [9, 15] {
        let window = 1 << bits;
        for len in lengths(window).into_iter().filter(|len| *len >= 30) {
            let secret = noise(len, len as u64);
            let tail = &secret[len - len.min(window)..];
            // As far back as zlib refers, and with nothing of it in its own bytes.
            let mut zlib = Compress::new_with_window_bits(Compression::new(9), false, bits);
            zlib.set_dictionary(tail).unwrap();
            let again =
                deflate(&mut zlib, &tail[tail.len() - tail.len().min(window - 270)..][..15]);
            assert!(again.len() < 10, "it refers back");
            for own in [&b""[..], b"own"] {
                for takeover in [true, false] {
                    let mut config = Config::default();
                    config.deflate.pool = Some(Pool::new(1));
                    let mut one = open(Side::Server, parameters(bits, true), config.clone());
                    let mut other = open(Side::Server, parameters(bits, takeover), config);
                    let say = |connection: &mut Connection, payload: &[u8], step| {
                        events(connection, &compressed(Side::Client, BINARY, payload), step)
                    };
                    if !own.is_empty() {
                        assert_eq!(
                            say(&mut other, &deflate(&mut super::zlib(), own), 100).len(),
                            1
                        );
                    }
                    let wire = deflate(
                        &mut Compress::new_with_window_bits(Compression::new(6), false, bits),
                        &secret,
                    );
                    for step in [7, usize::MAX] {
                        assert_eq!(say(&mut one, &wire, step), [Event::Binary((&secret).into())]);
                    }
                    let got = say(&mut other, &again, usize::MAX);
                    let [Event::Closed(close_event)] = &got[..] else {
                        panic!("{bits} {len} {takeover}: {got:?}")
                    };
                    assert_eq!(close_event.cause, Cause::Violation(ProtocolError::InvalidDeflate));
                }
            }
        }
    }
}

/// A message that became no shorter is sent as it is: what it was compressed to is not kept. Nor is
/// the room that a refused one had, of those that are received.
#[test]
fn a_large_buffer_is_not_kept() {
    // What a compressor with its window, and a decompressor with another, take at most.
    const BOTH: i64 = (450 << 10) + (128 << 10);
    for takeover in [true, false] {
        for pool in [None, Some(Pool::new(1))] {
            let mut config = Config::default();
            (config.deflate.pool, config.limits.max_message) = (pool, 2 << 20);
            let data = noise(1 << 20, 7);
            let mut connection = open(Side::Server, parameters(15, takeover), config);
            let ((), count) = counted(|| {
                connection.send_binary(Payload::from(&data).compress(Choice::Auto)).unwrap();
                let wire = sent(&mut connection);
                assert!(wire.len() > 1 << 20 && wire[0] & RSV1 == 0, "as it is");
            });
            assert!(
                count.peak > 1 << 20 && count.live < BOTH,
                "{takeover}: {} bytes are kept",
                count.live
            );

            let part = deflate(&mut zlib(), &data);
            let ((), count) = counted(|| {
                assert_eq!(
                    events(&mut connection, &compressed(Side::Client, BINARY & MORE, &part), 5000),
                    []
                );
                let more = Side::Client
                    .frame(support::CONTINUATION & MORE, &deflate(&mut zlib(), &vec![0; 1 << 21]));
                assert!(matches!(&events(&mut connection, &more, 5000)[..], [Event::Closed(_)]));
                drop(sent(&mut connection));
            });
            assert!(
                count.peak > 1 << 20 && count.live < BOTH,
                "{takeover}: {} bytes are kept",
                count.live
            );
        }
    }
}
