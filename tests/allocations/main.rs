//! What the heap is asked for, exactly: counted by an allocator of the test's own.
//!
//! [`receiving`] and [`sending`] count what each costs, [`no_memory`] refuses it; here stands what
//! is left when all is said: nothing.

use crate::support;
mod no_memory;
mod receiving;
mod sending;

use crate::support::alloc::{Count, counted};
use crate::support::{BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, Side, TEXT};
use sockless::{Config, Connection, Event, Input};

/// Polls all events out of `wire` and drops them.
fn drain(connection: &mut Connection, wire: &mut [u8]) -> usize {
    let mut input = Input::new(wire);
    let mut events = 0;
    while let Some(event) = connection.poll(&mut input) {
        drop(event);
        events += 1;
    }
    events
}

/// Takes all output.
fn flush(connection: &mut Connection) {
    support::take(connection, usize::MAX);
}

#[test]
fn the_allocator_counts() {
    let (bytes, count) = counted(|| vec![0_u8; 100]);
    assert_eq!(count, Count { calls: 1, live: 100, peak: 100 });
    let ((), count) = counted(|| drop(bytes));
    assert_eq!(count, Count { calls: 0, live: -100, peak: 0 });
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
                    while let Some(event) = connection.poll(&mut input) {
                        match event {
                            Event::Text(text) => connection.send_text(text).unwrap(),
                            Event::Binary(data) => connection.send_binary(data).unwrap(),
                            other => panic!("{other:?}"),
                        }
                    }
                }
                assert_eq!(
                    connection.queued(),
                    large.len() + if side == Side::Client { 14 } else { 10 }
                );
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
                        drain(&mut connection, &mut [])
                    }
                };
                flush(&mut connection);
                assert_eq!(support::alloc::live(), 0, "{side:?}, end {end}");
            });
            assert_eq!(count.live, 0);
        }
    }
}
