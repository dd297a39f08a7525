//! What the heap is asked for, exactly: counted by an allocator of the test's own.

mod support;

use bytes::{Buf, BufMut, Bytes};
use sockless::{Buffers, Cause, Config, Connection, Event, Input, LifeCycle};
use support::alloc::{Count, Counting, counted, live, refusing_above};
use support::{BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOTHING: Count = Count { calls: 0, live: 0, peak: 0 };

/// Polls all events out of `wire` and drops them.
fn drain(connection: &mut Connection, wire: &mut [u8]) -> usize {
    let mut input = Input::new(wire);
    let mut events = 0;
    while let Some(event) = connection.poll_event(&mut input) {
        drop(event);
        events += 1;
    }
    events
}

/// Takes all output.
fn flush(connection: &mut Connection) {
    let mut out = connection.transmit();
    while out.has_remaining() {
        let n = out.chunk().len();
        out.advance(n);
    }
}

#[test]
fn the_allocator_counts() {
    let (bytes, count) = counted(|| vec![0_u8; 100]);
    assert_eq!(count, Count { calls: 1, live: 100, peak: 100 });
    let ((), count) = counted(|| drop(bytes));
    assert_eq!(count, Count { calls: 0, live: -100, peak: 0 });
}

#[test]
fn a_message_that_lies_whole_in_a_read_costs_nothing() {
    for side in SIDES {
        let peer = side.other();
        let mut wire = Vec::new();
        for len in [0, 1, 125, 126, 1000, 65_535, 65_536, 200_000] {
            wire.extend(peer.frame(TEXT, &vec![b'x'; len]));
            wire.extend(peer.frame(BINARY, &vec![0xff; len]));
        }
        wire.extend(peer.frame(TEXT, "€😀".repeat(1000).as_bytes()));
        wire.extend(peer.frame(PONG, b"unsolicited"));
        let mut connection = side.open(Config::default());
        let (events, count) = counted(|| drain(&mut connection, &mut wire));
        assert_eq!((events, count), (18, NOTHING));
    }
}

#[test]
fn room_grows_with_what_has_come() {
    for side in SIDES {
        // 16 MiB are declared, and 10,000 bytes come.
        let mut wire = side.other().frame(BINARY, &vec![7; 16 << 20]);
        let mut connection = side.open(Config::default());
        let (_, count) = counted(|| drain(&mut connection, &mut wire[..10_000]));
        assert!((10_000 - 14..=100_000).contains(&count.peak), "{count:?}");
        // All of it: a handful of steps.
        let mut at = 10_000;
        let ((), count) = counted(|| {
            while at < wire.len() {
                let end = wire.len().min(at + 65_536);
                drain(&mut connection, &mut wire[at..end]);
                at = end;
            }
        });
        assert!(count.calls <= 12, "{count:?}");
        assert!(count.peak <= 48 << 20, "{count:?}");
    }
}

/// Of fragments nobody knows how many follow: room doubles.
#[test]
fn room_for_many_fragments_doubles() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            let mut wire = side.other().frame(kind & MORE, &[b'x'; 1000]);
            for _ in 0..2000 {
                wire.extend(side.other().frame(CONTINUATION & MORE, &[b'x'; 1000]));
            }
            let mut connection = side.open(Config::default());
            let (events, count) = counted(|| drain(&mut connection, &mut wire));
            assert!(events == 0 && count.calls <= 12 && count.live <= 4_004_000, "{count:?}");
        }
    }
}

/// Read directly too, in whatever small reads.
#[test]
fn room_for_direct_reads_grows_in_few_steps() {
    const LEN: usize = 5 << 20;
    for side in SIDES {
        for most in [500, 3000, 20_000, 100_000] {
            let mut wire = side.other().frame(BINARY, &vec![7; LEN]);
            let mut connection = side.open(Config::default());
            let begin = wire.len() - LEN + 10_000;
            let ((), count) = counted(|| {
                assert_eq!(drain(&mut connection, &mut wire[..begin]), 0);
                let mut rest = &wire[begin..];
                while let (Some(mut into), _) = connection.io() {
                    let (read, unread) = rest.split_at(most.min(into.remaining_mut()));
                    into.put_slice(read);
                    rest = unread;
                    let come = (LEN - rest.len()) as i64;
                    assert!(live() <= 9 * come, "{} for {come}", live());
                    if drain(&mut connection, &mut []) > 0 {
                        return;
                    }
                }
                assert!(rest.len() < 16 << 10);
                assert_eq!(drain(&mut connection, &mut rest.to_vec()), 1);
            });
            assert!(count.calls <= 6 && count.live == 0, "{side:?}, {most}: {count:?}");
        }
    }
}

#[test]
fn a_drained_idle_connection_holds_no_heap() {
    for side in SIDES {
        let peer = side.other();
        let large = vec![b'x'; 16 << 20];
        let ((), count) = counted(|| {
            let mut connection = side.open(Config::default());
            let idle = |connection: &Connection, what| {
                assert!(!connection.wants_write());
                let live = support::alloc::live();
                assert_eq!(live, 0, "{side:?} after {what}");
            };
            idle(&connection, "nothing");

            // 16 MiB in reads of 64 KiB, as text and as binary, echoed.
            for first in [TEXT, BINARY] {
                let mut wire = peer.frame(first, &large);
                for read in wire.chunks_mut(65_536) {
                    let mut input = Input::new(read);
                    while let Some(event) = connection.poll_event(&mut input) {
                        match event {
                            Event::Text(text) => connection.send_text(text).unwrap(),
                            Event::Binary(data) => connection.send_binary(data).unwrap(),
                            other => panic!("{other:?}"),
                        }
                    }
                }
                assert_eq!(connection.queued(), large.len() + if side == Side::Client { 14 } else { 10 });
                flush(&mut connection);
                drop(wire);
                idle(&connection, "a large echo");
            }

            // Many small ones, fragments with control frames between, control frames cut by reads.
            for _ in 0..100 {
                connection.send_text("small").unwrap();
                connection.send_binary(vec![1; 10_000]).unwrap();
                connection.ping(b"ping").unwrap();
            }
            flush(&mut connection);
            idle(&connection, "many sends");
            let mut wire = [
                peer.frame(TEXT & MORE, "€".repeat(1000).as_bytes()),
                peer.frame(PING, &[b'p'; 125]),
                peer.frame(CONTINUATION & MORE, b""),
                peer.frame(CONTINUATION, b"end"),
            ]
            .concat();
            for byte in wire.chunks_mut(1) {
                drain(&mut connection, byte);
            }
            flush(&mut connection);
            drop(wire);
            idle(&connection, "fragments");

            // Closed, it holds nothing either.
            drain(&mut connection, &mut peer.frame(CLOSE, b"\x03\xe8reason"));
            flush(&mut connection);
            idle(&connection, "close");
        });
        assert_eq!(count.live, 0);
    }
}

#[test]
fn an_abandoned_message_is_freed_by_the_end() {
    for side in SIDES {
        for end in 0..4 {
            let ((), count) = counted(|| {
                let mut connection = side.open(Config::default());
                drain(&mut connection, &mut side.other().frame(BINARY & MORE, &[1; 50_000]));
                match end {
                    0 => drain(&mut connection, &mut side.other().frame(CLOSE, b"")),
                    1 => drain(&mut connection, &mut [0x83]),
                    2 => support::eof(&mut connection).len(),
                    _ => {
                        connection.handle_error();
                        0
                    }
                };
                flush(&mut connection);
                assert_eq!(support::alloc::live(), 0, "{side:?}, end {end}");
            });
            assert_eq!(count.live, 0);
        }
    }
}

#[test]
fn a_batch_of_sends_costs_one_allocation_and_its_growth() {
    let mut server = Side::Server.open(Config::default());
    // The first batch grows its buffer; the next starts at that size, or at 16 KiB.
    for batch in 0..3 {
        let ((), count) = counted(|| {
            for _ in 0..64 {
                server.send_binary(&[0; 125]).unwrap();
            }
            flush(&mut server);
        });
        assert!(count.calls <= if batch == 0 { 9 } else { 3 }, "{batch}: {count:?}");
        assert_eq!(count.live, 0);
    }
}

#[test]
fn a_large_owned_payload_is_sent_without_a_copy() {
    for side in SIDES {
        let payload = Bytes::from(vec![7; 16 << 20]);
        let _shared_already = payload.clone();
        let mut connection = side.open(Config::default());
        let ((), count) = counted(|| {
            connection.send_binary(&payload).unwrap();
            flush(&mut connection);
        });
        // A server's header; a client's header and the piece that it masks at a time.
        let (calls, peak) = if side == Side::Server { (1, 16) } else { (2, 33 << 10) };
        assert!(count.calls <= calls && count.peak <= peak && count.live == 0, "{side:?}: {count:?}");
    }
}

#[test]
fn no_memory_left_is_an_answer_and_not_an_abort() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            let mut wire = side.other().frame(first, &vec![b'x'; 1 << 20]);
            let mut connection = side.open(Config::default());
            let closure = refusing_above(300 << 10, || {
                for read in wire.chunks_mut(65_536) {
                    let mut input = Input::new(read);
                    while let Some(event) = connection.poll_event(&mut input) {
                        if let Event::Closed(closure) = event {
                            return Some(closure);
                        }
                    }
                }
                None
            });
            let closure = closure.expect("the message does not fit");
            assert_eq!((closure.cause, closure.clean), (Cause::OutOfMemory, false));
            let close = support::frames(&support::output(&mut connection)).pop().unwrap();
            assert_eq!((close.first, &close.payload[..2]), (CLOSE, &1011_u16.to_be_bytes()[..]));
        }
    }
}

/// The copy that keeps a message from keeping a buffer on loan, which is much larger, is not worth an abort: the message has the buffer then.
#[test]
fn no_memory_left_for_a_copy_costs_the_buffer_on_loan() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            let mut connection = side.open(Config::default());
            let mut buffers = Buffers::new(4 << 20);
            let mut large = side.other().frame(first, &vec![b'x'; 3 << 20]);
            for read in large.chunks_mut(1 << 20) {
                let mut lent = buffers.lend(&mut connection);
                let mut input = Input::new(read);
                while let Some(event) = lent.poll_event(&mut input) {
                    lent.reclaim(event);
                }
            }
            let mut wire = [side.other().frame(first & MORE, &[b'x'; 400_000]), side.other().frame(CONTINUATION, b"y")].concat();
            let (start, end) = wire.split_at_mut(300_000);
            let len = refusing_above(200 << 10, || {
                // Half of a frame is there when the buffer is wanted back, which the message then keeps, too.
                drain(&mut buffers.lend(&mut connection), start);
                let mut lent = buffers.lend(&mut connection);
                match lent.poll_event(&mut Input::new(end)) {
                    Some(Event::Text(text)) => text.len(),
                    Some(Event::Binary(data)) => data.len(),
                    other => panic!("{other:?}"),
                }
            });
            assert_eq!(len, 400_001, "{side:?}");
        }
    }
}

/// In chunks, of what was inflated there are two copies for a moment, if it is text.
#[test]
#[cfg(feature = "deflate")]
fn no_memory_left_for_what_is_inflated_is_an_answer_too() {
    const LEN: usize = 256 << 10;
    let mut payload = Vec::with_capacity(LEN);
    let mut zlib = flate2::Compress::new(flate2::Compression::best(), false);
    zlib.compress_vec(&vec![b'x'; LEN], &mut payload, flate2::FlushCompress::Sync).unwrap();
    payload.truncate(payload.len() - 4);
    for side in SIDES {
        let mut outcomes = [0, 0];
        for most in (100 << 10..=2 * LEN + (8 << 10)).step_by(4096).chain([LEN - 1, LEN, LEN + 1, LEN + 3, LEN + 4]) {
            let mut config = Config::default();
            config.delivery = sockless::Delivery::Chunks;
            let mut agreed = sockless::Agreement::default();
            agreed.deflate = Some(sockless::deflate::Parameters::default());
            let mut connection = side.open_with(agreed, config);
            let mut wire = side.other().frame(TEXT | 0x40, &payload);
            let (mut told, mut cause) = (0, None);
            refusing_above(most, || {
                let mut input = Input::new(&mut wire);
                while let Some(event) = connection.poll_event(&mut input) {
                    match event {
                        Event::Chunk(chunk) => told += chunk.data.as_bytes().len(),
                        Event::Closed(closure) => cause = Some(closure.cause),
                        other => panic!("{other:?}"),
                    }
                }
            });
            match cause {
                None => assert_eq!(told, LEN),
                Some(cause) => assert!(cause == Cause::OutOfMemory && told < LEN, "{cause:?} behind {told}"),
            }
            outcomes[usize::from(cause.is_some())] += 1;
        }
        assert!(!outcomes.contains(&0), "{side:?}: {outcomes:?}");
    }
}

#[test]
fn a_queue_that_is_half_drained_gives_its_memory_back() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let ((), count) = counted(|| {
            // Never empty, for as long as 64 MiB take.
            for _ in 0..64 << 10 {
                connection.send_binary(&[0; 1024]).unwrap();
                let n = connection.queued().saturating_sub(1000);
                connection.transmit().advance(n);
            }
        });
        assert!(count.peak < 32 << 10, "{count:?}");
    }
}

#[test]
fn a_popped_buffer_keeps_no_room_that_it_does_not_need() {
    let mut server = Side::Server.open(Config::default());
    server.send_binary(&[0; 60_000]).unwrap();
    flush(&mut server);
    let (popped, count) = counted(|| {
        server.send_text("x").unwrap();
        server.transmit().pop().unwrap()
    });
    assert_eq!(popped, b"\x81\x01x"[..]);
    assert!(count.live <= 64 && count.peak <= (16 << 10) + 64, "{count:?}");
}
