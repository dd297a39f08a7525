//! Memory and limits: what a compressed message may cost, and what an idle connection holds.

use super::*;
use crate::support;
use crate::support::alloc::{counted, live};
use crate::support::{BINARY, CONTINUATION, MORE, SIDES, frames};
use sockless::deflate::{Compress as Choice, Pool};
use sockless::{
    Cause, Chunk, ChunkData, Delivery, MessageKind, Payload, PreparedMessage, ProtocolError,
};

/// More than what the windows of both directions hold, and what else is there while a context is
/// taken over.
const WINDOW: i64 = 32 << 10;

/// What a compressor has on the heap at most, with its buffer for what comes out.
const COMPRESSOR: i64 = 450 << 10;

/// The same of a decompressor.
const DECOMPRESSOR: i64 = 128 << 10;

/// A megabyte that inflates to a gigabyte.
fn bomb() -> Vec<u8> {
    let mut zlib = Compress::new(Compression::new(9), false);
    let zeros = vec![0; 1 << 20];
    let mut all = Vec::new();
    for _ in 0..1024 {
        all.extend(flush(&mut zlib, &zeros, FlushCompress::None));
    }
    all.extend(deflate(&mut zlib, &[]));
    assert!(all.len() < 1 << 20 | 1 << 16, "{}", all.len());
    all
}

#[test]
fn the_limit_holds_on_what_is_inflated_to_the_byte() {
    const LIMIT: usize = 20_000;
    for delivery in [Delivery::Whole, Delivery::Chunks] {
        for body in [noise(LIMIT + 1, 1), prose(LIMIT + 1, 1).into_bytes(), vec![0; LIMIT + 1]] {
            for (len, fits) in [(LIMIT - 1, true), (LIMIT, true), (LIMIT + 1, false)] {
                let payload = deflate(&mut zlib(), &body[..len]);
                for cut in
                    [0, 1, 2, 8191, 8192, 8193, payload.len()].map(|cut| cut.min(payload.len()))
                {
                    let fragments = [
                        compressed(Side::Client, BINARY & MORE, &payload[..cut]),
                        Side::Client.frame(CONTINUATION, &payload[cut..]),
                    ];
                    for step in [1000, usize::MAX] {
                        let mut config = Config::default();
                        (config.limits.max_message, config.limits.max_frame) =
                            (LIMIT as u64, LIMIT as u64);
                        config.delivery = delivery;
                        let mut connection = open(Side::Server, parameters(15, true), config);
                        let mut got = Vec::new();
                        let mut end = None;
                        for event in events(&mut connection, &fragments.concat(), step) {
                            match event {
                                Event::Binary(data) => got.extend_from_slice(&data),
                                Event::Chunk(Chunk { data: ChunkData::Binary(data), .. }) => {
                                    got.extend_from_slice(&data)
                                }
                                Event::Closed(close_event) => end = Some(close_event.cause),
                                other => panic!("{other:?}"),
                            }
                        }
                        let expected =
                            (!fits).then_some(Cause::Violation(ProtocolError::MessageTooBig));
                        assert_eq!(end, expected, "{len} bytes cut at {cut}, {step}");
                        let delivered = match (fits, delivery) {
                            (true, _) => len,
                            (false, Delivery::Whole) => 0,
                            (false, _) => LIMIT,
                        };
                        assert!(got == body[..delivered], "{} of {delivered}", got.len());
                        if !fits {
                            assert_eq!(
                                frames(&sent(&mut connection))[0].payload[..2],
                                1009_u16.to_be_bytes()
                            );
                        }
                    }
                }
            }
        }
    }
}

/// What one message used up is there for the next.
#[test]
fn limits_are_those_of_a_message() {
    let mut config = Config::default();
    (config.limits.max_message, config.limits.max_fragments) = (5000, 3);
    let mut connection = open(Side::Server, parameters(15, true), config);
    let data = noise(5000, 1);
    let ended = flush(&mut zlib(), &data, FlushCompress::Finish);
    // The last one's end is all but its tail.
    for payload in [
        deflate(&mut zlib(), &data),
        [&ended[..], &[3, 0, 3, 0, 0]].concat(),
        [&ended[..], &[3, 0, 3, 0, 1]].concat(),
    ] {
        for _ in 0..3 {
            let wire = compressed(Side::Client, BINARY, &payload);
            assert!(events(&mut connection, &wire, usize::MAX) == [Event::Binary((&data).into())]);
        }
    }
}

/// What cannot be compressed is longer compressed, and still fits.
#[test]
fn the_largest_message_fits_however_badly_it_compresses() {
    let mut config = Config::default();
    (config.limits.max_message, config.limits.max_frame) = (1 << 20, 1 << 20);
    let mut server = open(Side::Server, parameters(15, true), config.clone());
    let mut client = open(Side::Client, parameters(15, true), config);
    let data = noise(1 << 20, 5);
    client.send_binary(Payload::from(&data).compress(Choice::Yes)).unwrap();
    let wire = sent(&mut client);
    assert!(wire.len() > 1 << 20);
    assert!(events(&mut server, &wire, 50_000) == [Event::Binary(data.into())]);
}

/// Each part is flushed, which may make it many times longer; what counts is what they say.
#[test]
fn a_message_in_small_parts_has_the_limit_of_what_it_says() {
    let mut config = Config::default();
    (config.limits.max_message, config.limits.max_frame) = (8000, 8000);
    let mut client = open(Side::Client, parameters(15, true), Config::default());
    client.begin_message_with(MessageKind::Binary, Choice::Yes).unwrap();
    let data = noise(8001, 2);
    for part in data[..8000].chunks(1) {
        client.write_fragment(part).unwrap();
    }
    let almost = sent(&mut client);
    assert!(almost.len() > 60_000);
    client.finish_message().unwrap();
    let end = sent(&mut client);
    let mut server = open(Side::Server, parameters(15, true), config);
    assert_eq!(events(&mut server, &almost, 5000), []);
    assert!(events(&mut server, &end, 5000) == [Event::Binary(data[..8000].into())]);
}

/// On the wire, too, a compressed message has a limit: one that says nothing does not go on for
/// ever.
#[test]
fn a_message_that_says_nothing_has_an_end() {
    let mut config = Config::default();
    (config.limits.max_message, config.limits.max_frame) = (8000, 8000);
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(2100);
    for (len, fits) in [(8000 + 1000 + 1024 + 16, true), (8000 + 1000 + 1024 + 17, false)] {
        let mut connection = open(Side::Server, parameters(15, true), config.clone());
        let events = events(
            &mut connection,
            &compressed(Side::Client, BINARY & MORE, &nothing[..len]),
            1000,
        );
        assert_eq!(events.is_empty(), fits, "{len}: {events:?}");
    }
    // Each final block costs a window's copy: they count as fragments do.
    config.limits.max_fragments = 100;
    for (ends, fits) in [(100, true), (101, false)] {
        let mut connection = open(Side::Server, parameters(15, true), config.clone());
        let payload = [[3, 0].repeat(ends), vec![0]].concat();
        let events = events(&mut connection, &compressed(Side::Client, BINARY, &payload), 7);
        match &events[..] {
            [Event::Binary(_)] => assert!(fits),
            [Event::Closed(close_event)] => {
                assert!(
                    !fits && close_event.cause == Cause::Violation(ProtocolError::TooManyFragments)
                )
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_bomb_costs_its_limit() {
    let wire = compressed(Side::Client, BINARY, &bomb());
    for (limit, step) in [(16 << 20, 64 << 10), (1 << 20, usize::MAX), (10_000_000, 1 << 20)] {
        let mut config = Config::default();
        config.limits.max_message = limit;
        let mut connection = open(Side::Server, parameters(15, true), config);
        let mut read = wire.clone();
        let (cause, count) = counted(|| {
            for part in read.chunks_mut(step) {
                let mut input = Input::new(part);
                if let Some(event) = connection.poll(&mut input) {
                    let Event::Closed(close_event) = event else { panic!("{event:?}") };
                    return Some(close_event.cause);
                }
            }
            None
        });
        assert_eq!(cause, Some(Cause::Violation(ProtocolError::MessageTooBig)));
        assert!(
            count.peak < limit as i64 + WINDOW + DECOMPRESSOR,
            "{} bytes for a limit of {limit}",
            count.peak
        );
        assert!(count.live < 1000, "{} bytes are left", count.live);
    }
}

/// In parts, a bomb costs what one part of it makes.
#[test]
fn a_bomb_in_chunks_costs_a_chunk() {
    let mut wire = compressed(Side::Client, BINARY, &bomb());
    let mut config = Config::default();
    (config.delivery, config.limits.max_message) = (Delivery::Chunks, u64::MAX);
    let mut connection = open(Side::Server, parameters(15, true), config);
    let (len, count) = counted(|| {
        let mut input = Input::new(&mut wire);
        let mut len = 0;
        while let Some(event) = connection.poll(&mut input) {
            let Event::Chunk(chunk) = event else { panic!("{event:?}") };
            len += chunk.data.as_bytes().len();
        }
        len
    });
    assert_eq!(len, 1 << 30);
    assert!(count.peak < (2 << 20) + WINDOW + DECOMPRESSOR, "{}", count.peak);
}

/// Before first use there is nothing, and without takeover nothing stays.
#[test]
fn an_idle_connection_holds_no_compressor() {
    for side in SIDES {
        for pool in [None, Some(Pool::new(1))] {
            let mut config = Config::default();
            config.deflate.pool = pool.clone();
            let ((), count) = counted(|| {
                let mut connection = open(side, parameters(15, false), config);
                assert_eq!(live(), 0, "before first use");
                for len in [0, 100, 1000, 100_000] {
                    let message = prose(len, 3);
                    connection.send_text(&message).unwrap();
                    connection.begin_message(MessageKind::Text).unwrap();
                    connection.write_fragment(message.as_bytes()).unwrap();
                    connection.finish_message().unwrap();
                    connection.send_prepared(&PreparedMessage::text(&message)).unwrap();
                    // It goes as it is, for it becomes no shorter.
                    connection.send_binary(noise(1 << 20, 3)).unwrap();
                    drop(sent(&mut connection));
                    let wire =
                        compressed(side.other(), BINARY, &deflate(&mut zlib(), message.as_bytes()));
                    assert_eq!(events(&mut connection, &wire, 5000).len(), 1);
                }
                if let Some(pool) = &pool {
                    assert!(
                        live() > DECOMPRESSOR && live() < COMPRESSOR + DECOMPRESSOR,
                        "{} bytes in the pool",
                        live()
                    );
                    pool.clear();
                }
                assert_eq!(live(), 0, "the connection is there, and idle");
            });
            assert_eq!(count.live, 0);
        }
    }
}

/// With takeover a connection holds what was said in either direction, at most a window each, and
/// with a pool nothing else.
#[test]
fn a_taken_over_context_is_a_window() {
    for bits in [9, 12, 15] {
        let pool = Pool::new(1);
        let mut config = Config::default();
        config.deflate.pool = Some(pool.clone());
        let ((), _) = counted(|| {
            let mut connections: Vec<_> = (0..10)
                .map(|_| open(Side::Server, parameters(bits, true), config.clone()))
                .collect();
            let before = live();
            let mut total = 0;
            for len in [100, 1000, 100_000] {
                total = (total + len).min(1 << bits);
                let message = prose(len, 3);
                for connection in &mut connections {
                    connection.send_text(&message).unwrap();
                    drop(sent(connection));
                    let wire =
                        compressed(Side::Client, BINARY, &deflate(&mut zlib(), message.as_bytes()));
                    assert_eq!(events(connection, &wire, 5000).len(), 1);
                }
                drop(message);
                pool.clear();
                let each = (live() - before) / 10;
                // Two windows and what says where they are.
                assert!(
                    each >= 2 * total as i64
                        && each <= 4 * total as i64
                        && each <= (2 << bits) + 200,
                    "{each} bytes for {total}"
                );
            }
            // Nothing more is sent, and then nothing more received.
            for connection in &mut connections {
                connection.close(None).unwrap();
                assert_eq!(
                    events(connection, &Side::Client.frame(support::CLOSE, &[]), 100).len(),
                    1
                );
                drop(sent(connection));
            }
            assert_eq!(live() - before, 0);
        });
    }
}

/// However it ends: nothing is sent or received any more.
#[test]
fn a_connection_that_ended_holds_nothing() {
    type End = fn(&mut Connection);
    let ends: &[(&str, End)] = &[
        ("end of stream", |connection| connection.handle_eof()),
        ("failure", |connection| connection.handle_error()),
        ("time-out", |connection| connection.handle_timeout()),
        ("violation", |connection| assert_eq!(events(connection, &[0xff], 1).len(), 1)),
    ];
    for (what, end) in ends {
        for parts in [true, false] {
            let mut config = Config::default();
            config.delivery = if parts { Delivery::Chunks } else { Delivery::Whole };
            let mut connection = open(Side::Server, parameters(15, true), config);
            let ((), count) = counted(|| {
                connection.send_text(prose(1000, 1)).unwrap();
                let payload = deflate(&mut zlib(), prose(1000, 1).as_bytes());
                assert_eq!(
                    events(&mut connection, &compressed(Side::Client, BINARY, &payload), 5000)
                        .len(),
                    1
                );
                if parts {
                    connection.begin_message(MessageKind::Text).unwrap();
                    connection.write_fragment(prose(1000, 1).as_bytes()).unwrap();
                    assert_eq!(
                        events(
                            &mut connection,
                            &compressed(Side::Client, BINARY & MORE, &payload),
                            5000
                        )
                        .len(),
                        1
                    );
                }
                end(&mut connection);
                // As a loop does behind each of these: then `Closed` is told.
                drop(support::feed(&mut connection, b""));
                drop(sent(&mut connection));
            });
            assert_eq!(count.live, 0, "{what}");
        }
    }
}

#[test]
fn a_pool_keeps_no_more_than_it_may() {
    for most in [0, 1, 3] {
        let pool = Pool::new(most);
        let mut config = Config::default();
        config.deflate.pool = Some(pool.clone());
        let mut connections: Vec<_> =
            (0..8).map(|_| open(Side::Client, parameters(15, false), config.clone())).collect();
        let ((), count) = counted(|| {
            for connection in &mut connections {
                // One each at the same time.
                connection.begin_message(MessageKind::Binary).unwrap();
                connection.write_fragment(&[7; 100]).unwrap();
                let part =
                    compressed(Side::Server, BINARY & MORE, &deflate(&mut zlib(), &[7; 100]));
                assert_eq!(events(connection, &part, 100), []);
            }
            for connection in &mut connections {
                connection.finish_message().unwrap();
                assert_eq!(events(connection, &frame(CONTINUATION, &[], None), 100).len(), 1);
                drop(sent(connection));
            }
        });
        let held = count.live;
        let least = most as i64 * (COMPRESSOR + DECOMPRESSOR) / 2;
        assert!(
            held >= least && held <= most as i64 * (COMPRESSOR + DECOMPRESSOR) + 1000,
            "{held} bytes in a pool of {most}"
        );
    }
}

/// A message in a steady state: the event's own bytes when received; nothing when sent, but for the
/// queue's tail.
#[test]
fn messages_allocate_what_they_deliver() {
    for (takeover, pool) in [(true, Some(Pool::new(2))), (false, Some(Pool::new(2))), (true, None)]
    {
        let mut config = Config::default();
        config.deflate.pool = pool;
        let mut server = open(Side::Server, parameters(15, takeover), config.clone());
        let mut client = open(Side::Client, parameters(15, takeover), config);
        let message = prose(1000, 1);
        for _ in 0..100 {
            client.send_text(&message).unwrap();
            let mut wire = sent(&mut client);
            let (event, count) =
                counted(|| server.poll(&mut Input::new(&mut wire)).map(Event::into_owned));
            assert!(matches!(event, Some(Event::Text(text)) if text == message));
            // The first ones make the decompressor and let the window grow.
            let _ = count;
        }
        client.send_text(&message).unwrap();
        let mut wire = sent(&mut client);
        let (event, count) = counted(|| server.poll(&mut Input::new(&mut wire)));
        assert!(event.is_some());
        assert_eq!((count.calls, count.live), (1, 1000), "the text");
        drop(event);
        let ((), count) = counted(|| client.send_text(&message).unwrap());
        assert_eq!(count.calls, 1, "the tail");
    }
}
