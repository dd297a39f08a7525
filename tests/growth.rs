//! What a message that reads cut, and a queue that fills, ask the heap for: how often, to the call.
//!
//! A message begins with room for nine times of what its first read brought, as far as its frame
//! declares so much, and when that is full takes room for nine times of what has come by then.
//! Where a frame declares nothing more, as a fragment that came whole, room is doubled. A queue
//! begins with room for its first frame, or for as much as the last batch had up to 4 KiB, and
//! doubles.

use crate::support::alloc::counted;
use crate::support::{BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, take};
use bytes::Bytes;
use sockless::{Config, Connection, Delivery, Input, Payload, Workspace};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Reads `wire`, so many bytes at a time; the events, which are dropped, and how often the heap was
/// asked.
fn receive(connection: &mut Connection, wire: &mut [u8], read: usize) -> (usize, u64) {
    let (events, count) = counted(|| {
        let mut events = 0;
        for part in wire.chunks_mut(read) {
            let mut input = Input::new(part);
            while let Some(event) = connection.poll(&mut input) {
                drop(event);
                events += 1;
            }
        }
        events
    });
    (events, count.calls)
}

/// How often the heap is asked for what `send` queues, and for it to leave.
fn batch(connection: &mut Connection, send: impl FnOnce(&mut Connection)) -> u64 {
    let ((), count) = counted(|| {
        send(connection);
        assert!(connection.wants_write());
        take(connection, usize::MAX);
    });
    assert_eq!(connection.queued(), 0);
    count.calls
}

fn open(side: Side) -> Connection {
    let mut config = Config::default();
    config.high_water_mark = u64::MAX;
    side.open(config)
}

/// Up to 16 MiB in reads of 64 KiB: one allocation, and at most two steps of growth.
#[test]
fn a_message_that_reads_cut_costs_one_allocation_and_its_growth() {
    let table = [
        (KIB, 1000, 0),
        (KIB, 9000, 1),
        (KIB, 80_000, 2),
        (KIB, 740_000, 3),
        (16 * KIB, 16_000, 0),
        (16 * KIB, 147_000, 1),
        (16 * KIB, MIB, 2),
        (64 * KIB, 65_000, 0),
        (64 * KIB, 589_000, 1),
        (64 * KIB, MIB, 2),
        (64 * KIB, 16 * MIB, 3),
        (128 * KIB, 131_000, 0),
        (128 * KIB, MIB, 1),
        (128 * KIB, 2 * MIB, 2),
    ];
    for side in SIDES {
        for first in [TEXT, BINARY] {
            for (read, len, calls) in table {
                let mut wire = side.other().frame(first, &vec![b'x'; len]);
                assert_eq!(
                    receive(&mut open(side), &mut wire, read),
                    (1, calls),
                    "{side:?}, {len} bytes in reads of {read}"
                );
            }
            // To the byte: nine times of what lay behind the header in the first read.
            let header = if side == Side::Server { 14 } else { 10 };
            for (more, calls) in [(0, 1), (1, 2)] {
                let mut wire =
                    side.other().frame(first, &vec![b'x'; 9 * (64 * KIB - header) + more]);
                assert_eq!(
                    receive(&mut open(side), &mut wire, 64 * KIB),
                    (1, calls),
                    "{side:?}, {more} more"
                );
            }
        }
    }
}

/// In a turn a frame costs the room that its buffer grows by, once: twice the length each time, up to
/// the longest frame that stays there. What is longer costs what it costs without a turn, each time.
#[test]
fn a_message_in_a_turn_costs_the_growth_of_the_buffer_once() {
    for side in SIDES {
        for (len, growth, calls) in [
            (65_000, 0, 0),
            (100_000, 1, 0),
            (250_000, 2, 0),
            (500_000, 3, 0),
            (MIB - 14, 4, 0),
            (2 * MIB, 0, 2),
            (16 * MIB, 0, 3),
        ] {
            let wire = side.other().frame(BINARY, &vec![7; len]);
            let mut workspace = Workspace::new(64 * KIB, MIB);
            let mut connection = open(side);
            for round in 0..3 {
                let (events, count) = counted(|| {
                    let (mut rest, mut events) = (&wire[..], 0);
                    let mut turn = workspace.turn(&mut connection);
                    while !rest.is_empty() {
                        let room = turn.read_buf();
                        let n = rest.len().min(room.len());
                        room[..n].copy_from_slice(&rest[..n]);
                        rest = &rest[n..];
                        let (connection, mut input) = turn.received(n);
                        while let Some(event) = connection.poll(&mut input) {
                            drop(event);
                            events += 1;
                        }
                    }
                    events
                });
                let calls = if round == 0 { growth + calls } else { calls };
                assert_eq!((events, count.calls), (1, calls), "{side:?}, {len}, round {round}");
            }
        }
    }
}

#[test]
fn fragments_double_the_room_of_a_message() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            for (fragments, calls) in
                [(1, 0), (2, 2), (3, 3), (4, 3), (5, 4), (8, 4), (9, 5), (1000, 11)]
            {
                let mut connection = open(side);
                let all: u64 = (1..=fragments)
                    .map(|i| {
                        let first = if i == 1 { first } else { CONTINUATION };
                        let first = if i == fragments { first } else { first & MORE };
                        receive(
                            &mut connection,
                            &mut side.other().frame(first, &[b'x'; 1000]),
                            usize::MAX,
                        )
                        .1
                    })
                    .sum();
                assert_eq!(all, calls, "{side:?}, {fragments} fragments");
            }
        }
    }
}

/// Only a character that a read cuts, which comes in a chunk of its own.
#[test]
fn chunks_cost_nothing() {
    let mut config = Config::default();
    config.delivery = Delivery::Chunks;
    let text = "€x€".repeat(100);
    for side in SIDES {
        for read in [1, 2, 7, 100, 1000] {
            let mut wire = side.other().frame(BINARY, text.as_bytes());
            assert_eq!(receive(&mut side.open(config.clone()), &mut wire, read).1, 0);
            let mut wire = side.other().frame(TEXT, text.as_bytes());
            let header = wire.len() - text.len();
            let is_cut =
                |from: usize, to: usize| (from + 1..to).any(|at| (at + header) % read == 0);
            let cut = text
                .char_indices()
                .filter(|(at, character)| is_cut(*at, at + character.len_utf8()))
                .count();
            assert_eq!(
                receive(&mut side.open(config.clone()), &mut wire, read).1,
                cut as u64,
                "{side:?}, reads of {read}"
            );
        }
    }
}

/// One that lies whole in a read costs what is answered, and the reason of a Close; one that is
/// cut, one allocation more.
#[test]
fn control_frames_cost_their_answer() {
    for side in SIDES {
        for (first, payload, calls) in [
            (PONG, &b"x"[..], 0),
            (PONG, &[b'x'; 125], 0),
            (PING, b"x", 1),
            (PING, &[b'x'; 125], 1),
            (CLOSE, b"\x03\xe8", 1),
            (CLOSE, b"\x03\xe8reason", 2),
        ] {
            let wire = side.other().frame(first, payload);
            for (read, is_cut) in
                [(wire.len(), false), (wire.len() - 1, payload.len() > 1), (1, payload.len() > 1)]
            {
                let more = u64::from(is_cut);
                let mut wire = wire.clone();
                let mut connection = open(side);
                assert_eq!(
                    receive(&mut connection, &mut wire, read),
                    (1, calls + more),
                    "{side:?} {first:02x}, {payload:?}, {read}"
                );
            }
        }
    }
}

#[test]
fn a_batch_costs_one_allocation_and_doubles() {
    for side in SIDES {
        let mut connection = open(side);
        // However large, and however often: one for each time that the queue was empty.
        for len in [0, 1, 125, 126, 65_535, 65_536, MIB, 1] {
            let bytes = vec![b'x'; len];
            assert_eq!(
                batch(&mut connection, |connection| connection.send_binary(&bytes).unwrap()),
                1,
                "{side:?}, {len} bytes"
            );
        }
        assert_eq!(batch(&mut connection, |connection| connection.ping(&[b'?'; 125]).unwrap()), 1);
        // The first batch grows from one frame; the next one begins with 16 KiB, or with what the
        // last one had.
        for (len, frames, calls) in
            [(125, 2, [2, 1]), (125, 16, [5, 1]), (125, 64, [7, 1]), (1000, 64, [7, 3])]
        {
            let mut connection = open(side);
            for calls in calls {
                let send = |connection: &mut Connection| {
                    (0..frames).for_each(|_| connection.send_binary(&[7; 1000][..len]).unwrap())
                };
                assert_eq!(
                    batch(&mut connection, send),
                    calls,
                    "{side:?}, {frames} of {len} bytes"
                );
            }
        }
    }
}

/// One for the first header, one for the queue of payloads where there is more than one, and growth
/// of both: of the headers from 14 bytes on, of the queue from 16 payloads on. What a client masks
/// on its way out needs one more, for the piece that is being masked.
#[test]
fn payloads_by_reference_cost_their_headers_and_one_queue() {
    for (side, len, piece) in
        [(Side::Server, 2 * KIB, 0), (Side::Server, 64 * KIB, 0), (Side::Client, 64 * KIB, 1)]
    {
        for (payloads, headers, queue) in
            [(1, 1, 0), (2, 2, 1), (16, 5, 1), (17, 5, 2), (32, 6, 2), (33, 6, 3)]
        {
            // Of 4 bytes each, half as many steps as of 10 or 14.
            let headers = if len == 2 * KIB && payloads > 2 { headers - 1 } else { headers };
            let shared = Bytes::from(vec![7; len]);
            let _so_that_a_clone_is_free = shared.clone();
            let send = |connection: &mut Connection| {
                (0..payloads).for_each(|_| connection.send_binary(&shared).unwrap())
            };
            assert_eq!(
                batch(&mut open(side), send),
                headers + queue + piece,
                "{side:?}, {payloads} of {len} bytes"
            );
        }
        // Owned, it is not even shared; but for one with room to spare, which `Bytes` has to
        // remember.
        for (room, more) in [(0, 0), (1, 1)] {
            let mut owned = Vec::with_capacity(4 * len + room);
            owned.resize(4 * len, 7);
            let owned = Payload::from(owned);
            assert_eq!(
                batch(&mut open(side), |connection| connection.send_binary(owned).unwrap()),
                1 + piece + more,
                "{side:?}"
            );
        }
    }
}

/// Pings that meet an empty queue, and their pongs: in a turn they cost nothing either.
#[test]
fn a_heartbeat_costs_nothing_in_turns() {
    for side in SIDES {
        let mut workspace = Workspace::default();
        let mut connection = open(side);
        for round in 0..3 {
            let wire = side.other().frame(PING, b"1234");
            let ((), count) = counted(|| {
                let mut turn = workspace.turn(&mut connection);
                turn.endpoint().ping(b"5678").unwrap();
                take(turn.endpoint(), usize::MAX);
                turn.read_buf()[..wire.len()].copy_from_slice(&wire);
                let (connection, mut input) = turn.received(wire.len());
                assert!(connection.poll(&mut input).is_some());
                drop(input);
                take(turn.endpoint(), usize::MAX);
            });
            assert_eq!(count.calls, u64::from(round == 0), "{side:?}, round {round}");
        }
    }
}
