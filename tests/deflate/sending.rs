//! What is sent: read by zlib by hand.

use super::*;
use crate::support::alloc::counted;
use crate::support::{BINARY, CONTINUATION, MORE, SIDES, TEXT, frames};
use sockless::deflate::{Compress as Choice, Level, Pool};
use sockless::{MessageKind, Payload, PreparedMessage, Text};

/// Sends the messages, and checks that zlib reads them, with one window for all of them if the
/// context is taken over.
fn check(side: Side, bits: u8, takeover: bool, level: u8, pool: Option<Pool>) {
    let mut config = Config::default();
    config.deflate.level = Level::new(level).unwrap();
    config.deflate.pool = pool;
    let mut connection = open(side, parameters(bits, takeover), config);
    let mut zlib = Decompress::new_with_window_bits(false, bits);
    for (i, len) in [100, 64, 70, 5000, 40_000, 100, 100_000, 300, 300].into_iter().enumerate() {
        let message = prose(len, i as u64);
        connection.send_text(&message).unwrap();
        let [frame] = &frames(&sent(&mut connection))[..] else { panic!() };
        assert_eq!(frame.first, TEXT | RSV1, "{len} bytes");
        assert!(frame.payload.len() < len);
        if !takeover {
            zlib = Decompress::new_with_window_bits(false, bits);
        }
        assert!(
            inflate(&mut zlib, &frame.payload) == message.as_bytes(),
            "message {i} of {side:?} {bits} {takeover} {level}"
        );
    }
}

#[test]
fn zlib_reads_it_for_every_window_and_level() {
    for side in SIDES {
        for bits in 9..=15 {
            for takeover in [true, false] {
                for level in [1, 2, 3, 4, 6, 9] {
                    check(side, bits, takeover, level, None);
                }
                check(side, bits, takeover, 6, Some(Pool::new(1)));
                check(side, bits, takeover, 1, Some(Pool::new(0)));
            }
        }
    }
}

#[test]
fn a_window_of_8_bits_is_never_sent_into() {
    for side in SIDES {
        let mut connection = open(side, parameters(8, true), Config::default());
        let message = prose(1000, 1);
        connection.send_text(Text::from(&message).compress(Choice::Yes)).unwrap();
        connection
            .send_prepared(&PreparedMessage::text(Text::from(&message).compress(Choice::Yes)))
            .unwrap();
        connection.begin_message_with(MessageKind::Text, Choice::Yes).unwrap();
        connection.write_fragment(message.as_bytes()).unwrap();
        connection.finish_message().unwrap();
        let all = frames(&sent(&mut connection));
        assert_eq!(
            all.iter().map(|frame| frame.first).collect::<Vec<_>>(),
            [TEXT, TEXT, TEXT & MORE, CONTINUATION]
        );
        assert!(all[..3].iter().all(|frame| frame.payload == message.as_bytes()));
    }
}

#[test]
fn a_message_says_whether_it_is_compressed() {
    let (long, short, random) = (prose(1000, 1), "short", noise(1000, 2));
    let first = |choice: Option<Choice>, default: Choice, data: &[u8]| {
        let mut config = Config::default();
        config.deflate.compress = default;
        let mut connection = open(Side::Server, parameters(15, true), config);
        let payload = Payload::from(data);
        connection
            .send_binary(match choice {
                Some(choice) => payload.compress(choice),
                None => payload,
            })
            .unwrap();
        frames(&sent(&mut connection))[0].first
    };
    let (long, short, random) = (long.as_bytes(), short.as_bytes(), &random[..]);
    const PLAIN: u8 = BINARY;
    const PACKED: u8 = BINARY | RSV1;
    for (choice, default, data, expected) in [
        (None, Choice::Auto, long, PACKED),
        (None, Choice::Auto, short, PLAIN),
        (None, Choice::Auto, random, PLAIN),
        (None, Choice::Yes, short, PACKED),
        (None, Choice::Yes, random, PACKED),
        (None, Choice::Yes, b"", PACKED),
        (None, Choice::No, long, PLAIN),
        (Some(Choice::No), Choice::Yes, long, PLAIN),
        (Some(Choice::Yes), Choice::No, short, PACKED),
        (Some(Choice::Auto), Choice::Yes, random, PLAIN),
        (Some(Choice::Auto), Choice::No, long, PACKED),
    ] {
        assert_eq!(
            first(choice, default, data),
            expected,
            "{choice:?} {default:?} {} bytes",
            data.len()
        );
    }
}

#[test]
fn the_threshold_holds_to_the_byte() {
    let mut config = Config::default();
    config.deflate.threshold = 200;
    let mut connection = open(Side::Server, parameters(15, true), config);
    for (len, first) in [(199, TEXT), (200, TEXT | RSV1)] {
        connection.send_text("a".repeat(len)).unwrap();
        assert_eq!(frames(&sent(&mut connection))[0].first, first, "{len}");
    }
}

#[test]
fn a_message_that_becomes_no_shorter_goes_as_it_is() {
    let mut config = Config::default();
    config.deflate.threshold = 0;
    for (shorter, first) in [(0, TEXT), (1, TEXT | RSV1)] {
        let by_that = |message: &String| {
            deflate(&mut zlib(), message.as_bytes()).len() + shorter == message.len()
        };
        let message =
            (1..1000).map(|i| prose(i % 100, i as u64)).find(by_that).expect("one of these");
        let mut connection = open(Side::Server, parameters(15, false), config.clone());
        connection.send_text(&message).unwrap();
        connection.send_prepared(&PreparedMessage::text(&message)).unwrap();
        let all = frames(&sent(&mut connection));
        assert_eq!([all[0].first, all[1].first], [first; 2], "shorter by {shorter}");
    }
}

#[test]
fn an_empty_message_is_one_byte() {
    let mut connection = open(Side::Server, parameters(15, true), Config::default());
    for _ in 0..3 {
        connection.send_text(Text::from("").compress(Choice::Yes)).unwrap();
        assert_eq!(sent(&mut connection), [0xc1, 1, 0]);
        connection.send_text(Text::from("Hello").compress(Choice::Yes)).unwrap();
        assert_eq!(frames(&sent(&mut connection)).len(), 1);
    }
}

/// Each part can be read when its fragment has come; the last is empty.
#[test]
fn parts_are_flushed() {
    for side in SIDES {
        for takeover in [true, false] {
            for pool in [None, Some(Pool::new(2))] {
                let mut config = Config::default();
                config.deflate.pool = pool;
                let mut connection = open(side, parameters(15, takeover), config);
                let mut zlib = Decompress::new(false);
                for round in 0..3 {
                    connection.begin_message(MessageKind::Text).unwrap();
                    let mut all = Vec::new();
                    let parts = ["caf", "é, ", "", "noch einen, ", &prose(3000, round), "x"];
                    for part in parts {
                        connection.write_fragment(part.as_bytes()).unwrap();
                        for frame in frames(&sent(&mut connection)) {
                            assert_eq!(
                                frame.first,
                                if all.is_empty() {
                                    TEXT & MORE | RSV1
                                } else {
                                    CONTINUATION & MORE
                                }
                            );
                            all.extend(frame.payload);
                        }
                        if !part.is_empty() {
                            let mut so_far = Vec::with_capacity(10_000);
                            let mut reader = Decompress::new(false);
                            if round == 0 {
                                reader
                                    .decompress_vec(&all, &mut so_far, FlushDecompress::None)
                                    .unwrap();
                                assert!(
                                    so_far.ends_with(part.as_bytes()),
                                    "{part:?} was held back"
                                );
                            }
                        }
                    }
                    connection.finish_message().unwrap();
                    let [end] = &frames(&sent(&mut connection))[..] else { panic!() };
                    assert_eq!((end.first, &end.payload[..]), (CONTINUATION, &[][..]));
                    if !takeover {
                        zlib.reset(false);
                    }
                    assert_eq!(inflate(&mut zlib, &all), parts.concat().as_bytes());
                }
            }
        }
    }
}

#[test]
fn fragments_cut_what_was_compressed_anywhere() {
    let mut config = Config::default();
    config.fragment_above = 10;
    let mut connection = open(Side::Server, parameters(15, true), config);
    let message = prose(1000, 5);
    connection.send_text(&message).unwrap();
    let all = frames(&sent(&mut connection));
    assert_eq!(all[0].first, TEXT & MORE | RSV1);
    let (last, middle) = all[1..].split_last().unwrap();
    assert!(
        middle.iter().all(|frame| frame.first == CONTINUATION & MORE && frame.payload.len() == 10)
    );
    assert_eq!(last.first, CONTINUATION);
    let payload: Vec<u8> = all.into_iter().flat_map(|frame| frame.payload).collect();
    assert_eq!(inflate(&mut Decompress::new(false), &payload), message.as_bytes());
}

/// A message that is longer compressed goes as it is, and the next one does not refer to it; a
/// prepared one is compressed alone, and the next one may.
#[test]
fn windows_agree_whatever_was_sent_how() {
    for pool in [None, Some(Pool::new(1)), Some(Pool::new(4))] {
        let mut config = Config::default();
        config.deflate.pool = pool.clone();
        let mut connections: Vec<_> = (0..3)
            .map(|_| {
                (open(Side::Server, parameters(12, true), config.clone()), Decompress::new(false))
            })
            .collect();
        let shared: Vec<_> =
            (0..4).map(|i| PreparedMessage::text(prose(1500 << i, 70 + i))).collect();
        let random = noise(600, 3);
        for round in 0..30_u64 {
            for (i, (connection, zlib)) in connections.iter_mut().enumerate() {
                let own = prose(400, round);
                let expected = match (round as usize + i) % 4 {
                    0 => {
                        connection.send_binary(&random).unwrap();
                        random.clone()
                    }
                    1 => {
                        let shared = &shared[round as usize % shared.len()];
                        connection.send_prepared(shared).unwrap();
                        shared.as_bytes().to_vec()
                    }
                    _ => {
                        connection.send_text(&own).unwrap();
                        own.into_bytes()
                    }
                };
                let [frame] = &frames(&sent(connection))[..] else { panic!() };
                let got = if frame.first & RSV1 == 0 {
                    frame.payload.clone()
                } else {
                    inflate(zlib, &frame.payload)
                };
                assert!(got == expected, "round {round} of connection {i}");
                assert_eq!(frame.first & RSV1 == 0, expected == random);
            }
        }
    }
}

/// What another connection used is taken only if its window and its level are the same.
#[test]
fn a_pool_keeps_windows_and_levels_apart() {
    for most in [1, 2] {
        let pool = Pool::new(most);
        for (bits, level) in [(15, 6), (9, 6), (15, 1), (9, 9), (12, 6), (9, 6)] {
            check(Side::Server, bits, true, level, Some(pool.clone()));
        }
    }
}

/// A full pool lends what another connection used, and nothing is made anew.
#[test]
fn a_full_pool_lends_what_another_used() {
    let mut config = Config::default();
    config.deflate.pool = Some(Pool::new(1));
    let mut connections = [0, 1].map(|_| open(Side::Server, parameters(15, true), config.clone()));
    // One that becomes shorter, and one that is tried and goes as it is.
    for message in [prose(1000, 1).as_bytes(), &noise(1000, 1)] {
        for round in 0..3 {
            for connection in &mut connections {
                let ((), count) = counted(|| connection.send_binary(message).unwrap());
                assert!(round == 0 || count.peak < 10_000, "{} bytes", count.peak);
                sent(connection);
            }
        }
    }
}

#[test]
fn nothing_is_kept_behind_a_close_frame() {
    for parts in [true, false] {
        let mut connection = open(Side::Server, parameters(15, true), Config::default());
        let ((), count) = counted(|| {
            connection.send_text(prose(1000, 1)).unwrap();
            if parts {
                connection.begin_message(MessageKind::Text).unwrap();
                connection.write_fragment(prose(1000, 1).as_bytes()).unwrap();
            }
            connection.close(None).unwrap();
            drop(sent(&mut connection));
        });
        assert_eq!(count.live, 0);
    }
}

/// A message that became much shorter waits in the room that it needs.
#[test]
fn what_waits_is_as_long_as_it_became() {
    let mut connection = open(Side::Server, parameters(15, false), Config::default());
    let message = PreparedMessage::text("a".repeat(8 << 20));
    for prepared in [true, false] {
        let ((), count) = counted(|| match prepared {
            true => connection.send_prepared(&message).unwrap(),
            false => connection.send_binary(message.as_bytes()).unwrap(),
        });
        let queued = sent(&mut connection).len() as i64;
        assert!(queued > 4096 && count.live < queued + 2000, "{} bytes", count.live);
    }
}

/// Whatever compressor the next message gets: it knows what was said.
#[test]
fn a_context_is_taken_over_without_its_compressor() {
    for pool in [None, Some(Pool::new(0)), Some(Pool::new(1)), Some(Pool::new(2))] {
        let mut config = Config::default();
        config.deflate.pool = pool.clone();
        let mut connections =
            [0, 1].map(|_| open(Side::Server, parameters(15, true), config.clone()));
        let said = noise(2000, 1);
        for round in 0..4 {
            for connection in &mut connections {
                match round {
                    0 => connection
                        .send_prepared(&PreparedMessage::binary(
                            Payload::from(&said).compress(Choice::Yes),
                        ))
                        .unwrap(),
                    2 => connection.send_binary(Payload::from(b"").compress(Choice::Yes)).unwrap(),
                    _ => {
                        connection.send_binary(Payload::from(&said).compress(Choice::Yes)).unwrap()
                    }
                }
                let len = sent(connection).len();
                assert!(round == 0 || len < 100, "{len} bytes with {pool:?}");
            }
        }
    }
}

/// zlib does not refer as far back as its window is: a short message gets one that is large enough
/// for all of it.
#[test]
fn a_prepared_message_can_refer_to_all_of_itself() {
    for len in [124, 249, 251, 1000, 10_000] {
        let message = PreparedMessage::binary([noise(len, 1), noise(len - 1, 1)].concat());
        let mut connection = open(Side::Server, parameters(15, true), Config::default());
        connection.send_prepared(&message).unwrap();
        let [frame] = &frames(&sent(&mut connection))[..] else { panic!() };
        assert!(
            frame.payload.len() < len + len / 10 + 30,
            "{} bytes for {len}",
            frame.payload.len()
        );
    }
}

/// The payload of a message for many is compressed once: what leaves is the same, also where a
/// window is taken over.
#[test]
fn a_prepared_message_is_compressed_once_for_a_window() {
    let message = PreparedMessage::text(prose(100_000, 8));
    let mut payloads = Vec::new();
    for (bits, takeover) in [(15, true), (15, false), (15, true), (10, true), (10, false)] {
        let mut connection = open(Side::Server, parameters(bits, takeover), Config::default());
        connection.send_text(prose(500, 1)).unwrap();
        sent(&mut connection);
        connection.send_prepared(&message.clone()).unwrap();
        let header = connection.transmit().pop().unwrap();
        assert_eq!(header[0], TEXT | RSV1);
        payloads.push(connection.transmit().pop().unwrap());
    }
    let places: Vec<_> = payloads.iter().map(|payload| payload.as_ptr()).collect();
    assert!(
        places[0] == places[1]
            && places[0] == places[2]
            && places[3] == places[4]
            && places[0] != places[3]
    );
}
