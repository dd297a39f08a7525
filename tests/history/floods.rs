//! Floods of what is cheap to send: fragments of a byte, fragments of nothing, pings.

use crate::support::alloc::{counted, live};
use crate::support::{
    BINARY, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, frames, output, write,
};
use sockless::{
    Cause, CloseCode, CloseFrame, Config, Connection, Delivery, Event, Input, ProtocolError,
};

/// What a wire brings, read in parts of `step` bytes: how many events, bytes of messages in them,
/// and the cause of the end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Brought {
    events: usize,
    bytes: usize,
    end: Option<Cause>,
}

fn read(connection: &mut Connection, wire: &mut [u8], step: usize) -> Brought {
    let mut brought = Brought::default();
    for part in wire.chunks_mut(step) {
        let mut input = Input::new(part);
        while let Some(event) = connection.poll(&mut input) {
            brought.events += 1;
            match event {
                Event::Text(text) => brought.bytes += text.len(),
                Event::Binary(data) => brought.bytes += data.len(),
                Event::Chunk(chunk) => brought.bytes += chunk.data.as_bytes().len(),
                Event::Closed(close_event) => brought.end = Some(close_event.cause),
                other => panic!("{other:?}"),
            }
        }
    }
    brought
}

/// How many frames a message has at most in most of these tests. Of itself that is 131,072, which
/// takes a debug build a second.
const FRAMES: usize = 1 << 14;

/// So many frames of one message, which never ends, each with this payload.
fn flood(peer: Side, first: u8, payload: &[u8], count: usize) -> Vec<u8> {
    [peer.frame(first & MORE, payload), peer.frame(CONTINUATION & MORE, payload).repeat(count - 1)]
        .concat()
}

/// CVE-2026-48779: a server in JavaScript kept each fragment of a message as an object of its own
/// until the last had come. The limit on a message counts bytes of payload, of which a fragment of
/// one byte has one, and one of none has none; the objects took a hundred times as much, or all
/// there was. (Its later limit, 131,072 fragments, was said to leave fifteen times what the wire
/// brings.)
///
/// Here a fragment leaves nothing but its bytes, which are put behind those that came, and a
/// message has a limit of frames. Asserted, in both roles, for text and binary, in reads of a byte,
/// of seven and of all: as many fragments of one byte as there may be cost at most twice their
/// payload in memory, and as many calls of the heap as it takes to double it; in chunks they cost
/// nothing, and bring no more events than bytes; one fragment more is the end, with 1008. (What one
/// costs in instructions is held by `receive/fragments/1` of `benches/instructions`.)
#[test]
fn floods_of_one_byte_fragments() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            for (delivery, step) in [
                (Delivery::Whole, 1),
                (Delivery::Whole, 7),
                (Delivery::Whole, usize::MAX),
                (Delivery::Chunks, 7),
            ] {
                let mut config = Config::default();
                config.delivery = delivery;
                // Once with what nobody has set.
                let is_default = (first, step) == (BINARY, usize::MAX);
                let most = if is_default { 1 << 17 } else { FRAMES };
                if !is_default {
                    config.limits.max_fragments = FRAMES as u32;
                }
                let mut connection = side.open(config);
                let mut wire = flood(side.other(), first, b"x", most);
                let (brought, count) = counted(|| read(&mut connection, &mut wire, step));
                match delivery {
                    Delivery::Whole => {
                        assert_eq!(brought, Brought::default());
                        assert!(count.peak <= 2 * most as i64 + 64, "{count:?}");
                        assert!(count.calls <= u64::from(most.ilog2()) + 1, "{count:?}");
                    }
                    _ => {
                        assert_eq!(brought, Brought { events: most, bytes: most, end: None });
                        assert_eq!((count.calls, count.peak), (0, 0));
                    }
                }
                let mut one_more = side.other().frame(CONTINUATION, b"x");
                let (brought, count) = counted(|| read(&mut connection, &mut one_more, step));
                assert_eq!(brought.end, Some(Cause::Violation(ProtocolError::TooManyFragments)));
                assert!(
                    delivery == Delivery::Chunks || count.live <= 100 - most as i64,
                    "what came is freed: {count:?}"
                );
                let close = frames(&output(&mut connection));
                assert_eq!(close[0].payload[..2], 1008_u16.to_be_bytes());
            }
        }
    }
}

/// CVE-2026-48779 without any payload at all: no limit of bytes is ever reached.
///
/// Asserted, as above: as many empty fragments as there may be ask nothing of the heap, and deliver
/// nothing; one more is the end.
#[test]
fn floods_of_empty_fragments() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            for (delivery, step) in [
                (Delivery::Whole, 1),
                (Delivery::Whole, usize::MAX),
                (Delivery::Chunks, 1),
                (Delivery::Chunks, usize::MAX),
            ] {
                let mut config = Config::default();
                (config.delivery, config.limits.max_fragments) = (delivery, FRAMES as u32);
                // Behind something, too, which is kept as it is.
                for before in [&b""[..], b"something"] {
                    let mut connection = side.open(config.clone());
                    let mut begin = side.other().frame(first & MORE, before);
                    let begun = read(&mut connection, &mut begin, usize::MAX);
                    assert_eq!(
                        begun.events,
                        usize::from(delivery == Delivery::Chunks && !before.is_empty())
                    );
                    let mut wire = side.other().frame(CONTINUATION & MORE, b"").repeat(FRAMES - 1);
                    let (brought, count) = counted(|| read(&mut connection, &mut wire, step));
                    assert_eq!(
                        (brought, count.calls, count.peak),
                        (Brought::default(), 0, 0),
                        "{side:?} {delivery:?} {before:?}"
                    );
                    let end = read(
                        &mut connection,
                        &mut side.other().frame(CONTINUATION, b""),
                        usize::MAX,
                    )
                    .end;
                    assert_eq!(end, Some(Cause::Violation(ProtocolError::TooManyFragments)));
                }
            }
        }
    }
}

/// The same under permessage-deflate, where each fragment goes through a decompressor: of a byte,
/// of nothing, and of blocks that say nothing.
///
/// Asserted: memory is that of one decompressor and what the message says, and the heap is asked as
/// often as it takes to double that, not once for a fragment; nothing is delivered that was not
/// said; and the limit of fragments holds.
#[cfg(feature = "deflate")]
#[test]
fn floods_of_compressed_fragments() {
    use crate::history::compression::{DECOMPRESSOR, RSV1, deflate, open};
    let said: Vec<u8> =
        (0..10_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let compressed = deflate(&said);
    for side in SIDES {
        let peer = side.other();
        let split = |size: usize| {
            let mut wire = Vec::new();
            for (i, part) in compressed.chunks(size).enumerate() {
                wire.extend(
                    peer.frame(
                        if i == 0 { BINARY & MORE | RSV1 } else { CONTINUATION & MORE },
                        part,
                    ),
                );
                // As many without anything in them.
                wire.extend(
                    (size == 2).then(|| peer.frame(CONTINUATION & MORE, b"")).into_iter().flatten(),
                );
            }
            wire.extend(peer.frame(CONTINUATION, b""));
            wire
        };
        for delivery in [Delivery::Whole, Delivery::Chunks] {
            let mut config = Config::default();
            (config.delivery, config.limits.max_fragments) = (delivery, u32::MAX);
            for size in [1, 2] {
                let (mut wire, mut connection) = (split(size), open(side, config.clone()));
                let (brought, count) = counted(|| read(&mut connection, &mut wire, 1000));
                assert_eq!(
                    (brought.bytes, brought.end),
                    (said.len(), None),
                    "{side:?} {delivery:?}"
                );
                let message = if delivery == Delivery::Whole { 3 * said.len() as i64 } else { 0 };
                assert!(count.peak <= DECOMPRESSOR + message, "{count:?}");
                // A chunk that is not borrowed is one allocation: of those there may be one for
                // each read of the decompressor's.
                assert!(
                    delivery == Delivery::Chunks || count.calls <= 100,
                    "{count:?} for {} fragments",
                    compressed.len() / size
                );
                assert!(brought.events <= compressed.len() + 1, "{brought:?}");
            }
            // What says nothing: empty fragments, and empty blocks.
            config.limits.max_fragments = 5_000;
            for payload in [&b""[..], &[0, 0, 0, 0xff, 0xff]] {
                let mut connection = open(side, config.clone());
                let mut wire = flood(peer, BINARY | RSV1, payload, 5_000);
                let (brought, count) = counted(|| read(&mut connection, &mut wire, 1000));
                assert_eq!((brought.bytes, brought.end), (0, None));
                assert!(count.peak <= DECOMPRESSOR && count.calls <= 20, "{count:?}");
                assert!(brought.events <= 1, "{brought:?}");
                let end =
                    read(&mut connection, &mut peer.frame(CONTINUATION & MORE, payload), 1000).end;
                assert_eq!(end, Some(Cause::Violation(ProtocolError::TooManyFragments)));
            }
        }
    }
}

/// No CVE, but the way to end many a server: a ping is answered, the answer is queued, and who only
/// sends pings and never reads makes the queue grow until there is no memory left.
///
/// Here no more than 4 KiB of pongs wait, and then the newest replaces the last one, as RFC 6455
/// §5.5.3 allows. Asserted, in both roles, for pings of every length from a peer that never reads,
/// behind an empty queue, a begun frame and a full queue: what is queued and what is allocated
/// stays within 8 KiB of what it was; the heap is asked a few times and not for each ping; each
/// ping is told; the first are answered each and in order, and then the newest; and the connection
/// is as good as before.
#[test]
fn ping_floods_against_a_peer_that_never_reads() {
    const PINGS: u32 = 2_000;
    for side in SIDES {
        for len in [4, 100, 125] {
            for (queued, begun) in [(0, 0), (10_000, 0), (10_000, 1), (1_100_000, 7)] {
                let mut connection = side.open(Config::default());
                if queued > 0 {
                    connection.send_binary(vec![0; queued]).unwrap();
                    write(&mut connection, begun);
                }
                let before = connection.queued();
                let payload = |i: u32| [&i.to_be_bytes()[..], &vec![0; len - 4]].concat();
                let mut wire: Vec<u8> =
                    (0..PINGS).flat_map(|i| side.other().frame(PING, &payload(i))).collect();
                let (told, count) = counted(|| {
                    let (mut input, mut told) = (Input::new(&mut wire), 0);
                    while let Some(event) = connection.poll(&mut input) {
                        told += usize::from(matches!(event, Event::Ping(_)));
                        assert!(
                            connection.queued() - before <= 4096 + 131,
                            "{} are queued",
                            connection.queued() - before
                        );
                        assert!(live() <= 16 << 10);
                    }
                    told
                });
                assert_eq!(told, PINGS as usize);
                assert!(count.calls <= 16, "{count:?}");
                // At last somebody reads: all that is there are whole frames.
                assert_eq!(connection.send_text("still here").is_ok(), queued < 1 << 20);
                connection.close(None).unwrap();
                let mut first = side.frame(BINARY, &vec![0; queued]);
                first.truncate(begun);
                let mut wire = output(&mut connection);
                if begun > 0 {
                    wire.splice(..0, first);
                }
                let pongs: Vec<u32> = answers(&wire);
                let (newest, first) = pongs.split_last().unwrap();
                assert!(
                    first.len() >= 30 && first.iter().copied().eq(0..first.len() as u32),
                    "{pongs:?}"
                );
                assert_eq!(*newest, PINGS - 1);
                assert!(!connection.wants_write());
            }
        }
    }
}

fn answers(wire: &[u8]) -> Vec<u32> {
    let pongs = frames(wire).into_iter().filter(|frame| frame.first == PONG);
    pongs.map(|frame| u32::from_be_bytes(frame.payload[..4].try_into().unwrap())).collect()
}

/// The same against an end that is closing: behind a Close frame that has begun to leave, pings are
/// not answered at all.
#[test]
fn ping_floods_behind_our_close() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.close(Some(CloseFrame::from(CloseCode::NORMAL))).unwrap();
        write(&mut connection, 1);
        let before = connection.queued();
        let ping = side.other().frame(PING, &[0; 125]);
        let ((), count) = counted(|| (0..1000).for_each(|_| drop(feed(&mut connection, &ping))));
        assert_eq!((connection.queued(), count.live), (before, 0));
    }
}
