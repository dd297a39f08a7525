//! A loop that has its buffers allocates nothing any more, whatever its connections were in the
//! middle of and however they ended: a large buffer is neither left with one of them nor given up
//! for a small one.

use crate::support::alloc::counted;
use crate::support::{BINARY, CLOSE, MORE, SIDES, Side, TEXT, feed};
use crate::{echo_nothing, write};
use bytes::Bytes;
use sockless::{Buffers, Config, Connection, Endpoint, Event, Input, Lent};

/// Polls all events, echoes them, and hands their buffers back.
fn echo(connection: &mut Lent<'_>, read: &mut [u8]) {
    let mut input = Input::new(read);
    while let Some(event) = connection.poll(&mut input) {
        match &event {
            Event::Text(text) => connection.send_text(text).unwrap(),
            Event::Binary(data) => connection.send_binary(data).unwrap(),
            _ => {}
        }
        connection.reclaim(event);
    }
}

/// A hundred connections, a turn each, over and over; after the first round nothing is allocated,
/// and between two turns no connection holds anything.
#[test]
fn a_busy_loop_allocates_nothing() {
    for side in SIDES {
        let peer = side.other();
        let shared = Bytes::from(vec![7; 100_000]);
        let _so_that_a_clone_is_free = shared.clone();
        // Whole messages, and one that is cut at each third of its length.
        let wire = (
            [peer.frame(TEXT, &[b'x'; 500]), peer.frame(BINARY, &[1; 3000])].concat(),
            peer.frame(TEXT, &[b'y'; 3000]),
        );
        let mut connections: Vec<_> = (0..100).map(|_| side.open(Config::default())).collect();
        let mut buffers = Buffers::default();
        for round in 0..4 {
            let mut wires = vec![wire.clone(); connections.len()];
            let ((), count) = counted(|| {
                for (connection, (whole, cut)) in connections.iter_mut().zip(&mut wires) {
                    let mut connection = buffers.lend(connection);
                    for _ in 0..10 {
                        connection.send_text("hello").unwrap();
                    }
                    connection.send_binary(&shared).unwrap();
                    echo(&mut connection, whole);
                    for third in cut.chunks_mut(1010) {
                        echo(&mut connection, third);
                    }
                    write(&mut connection, usize::MAX);
                }
            });
            assert!(round == 0 || count.calls == 0, "{side:?}, round {round}: {count:?}");
        }
        let ((), count) = counted(|| drop(buffers));
        assert!(count.live < 0);
        let ((), count) = counted(|| drop(connections));
        let table = 100 * size_of::<Connection>() as i64;
        assert_eq!(count.live, -table, "no connection holds anything but itself");
    }
}

/// The same message to many that are written to at once: one buffer serves all.
#[test]
fn a_broadcast_costs_one_buffer() {
    let mut connections: Vec<_> = (0..1000).map(|_| Side::Server.open(Config::default())).collect();
    let ((), count) = counted(|| {
        let mut buffers = Buffers::default();
        for connection in &mut connections {
            let mut connection = buffers.lend(connection);
            connection.send_text("news").unwrap();
            write(&mut connection, usize::MAX);
        }
    });
    assert!(count.calls == 1 && count.live == 0, "{count:?}");
}

/// A connection that is in the middle of a message needs no other buffer for it: the next
/// connection does.
#[test]
fn a_message_under_way_does_not_cost_the_lent_buffer() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            let mut buffers = Buffers::default();
            let (mut slow, mut busy) = (side.open(Config::default()), side.open(Config::default()));
            let halves = |connection: &mut Connection, buffers: &mut Buffers| {
                let mut wire = side.other().frame(kind, &[b'x'; 50_000]);
                let (a, b) = wire.split_at_mut(25_000);
                counted(|| {
                    let mut lent = buffers.lend(connection);
                    echo_nothing(&mut lent, a);
                    echo_nothing(&mut lent, b);
                })
                .1
            };
            halves(&mut busy, &mut buffers);
            echo_nothing(
                &mut buffers.lend(&mut slow),
                &mut side.other().frame(kind, &[b'y'; 50_000])[..3000],
            );
            // A turn in which a little more of it comes.
            drop(buffers.lend(&mut slow));
            assert_eq!(halves(&mut busy, &mut buffers).calls, 0, "{side:?}");
        }
    }
}

/// A loop that sees connections come and go keeps its buffers, too.
#[test]
fn a_connection_that_ends_gives_its_buffers_back() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            for end in [&side.other().frame(CLOSE, b"")[..], b"\xff", b""] {
                let mut buffers = Buffers::default();
                for round in 0..3 {
                    let mut connection = side.open(Config::default());
                    let mut wire = side.other().frame(kind, &[b'x'; 50_000]);
                    let (a, b) = wire.split_at_mut(25_000);
                    let (mut part, mut end) =
                        (side.other().frame(kind & MORE, &[b'y'; 3000]), end.to_vec());
                    let (c, d) = part.split_at_mut(1000);
                    let ((), count) = counted(|| {
                        let mut lent = buffers.lend(&mut connection);
                        for read in [a, b, c, d, &mut end] {
                            echo_nothing(&mut lent, read);
                        }
                        lent.handle_eof();
                        echo_nothing(&mut lent, &mut []);
                        write(&mut lent, usize::MAX);
                    });
                    assert!(round == 0 || count.calls == 0, "{side:?}, round {round}: {count:?}");
                    assert_eq!(counted(|| drop(connection)).1.live, 0, "nothing stayed behind");
                }
            }
        }
    }
}

/// Whoever keeps an event does not keep a large buffer with it.
#[test]
fn a_small_message_does_not_take_a_large_buffer_away() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            let mut buffers = Buffers::default();
            let mut connection = side.open(Config::default());
            let mut connection = buffers.lend(&mut connection);
            for read in side.other().frame(first, &[b'x'; 400_000]).chunks_mut(100_000) {
                echo_nothing(&mut connection, read);
            }
            let mut small = side.other().frame(first, &[b'y'; 1000]);
            let (a, b) = small.split_at_mut(500);
            let (event, count) = counted(|| {
                assert!(connection.poll(&mut Input::new(a)).is_none());
                connection.poll(&mut Input::new(b)).unwrap()
            });
            assert_eq!((count.calls, count.live), (1, 1000));
            let len = match event {
                Event::Text(text) => text.len(),
                Event::Binary(data) => data.len(),
                _ => 0,
            };
            assert_eq!(len, 1000);
        }
    }
}

/// Whatever is handed back, the larger buffer is kept.
#[test]
fn a_small_buffer_does_not_replace_a_large_one() {
    for side in SIDES {
        let mut buffers = Buffers::default();
        let mut connection = side.open(Config::default());
        let mut wire = side.other().frame(BINARY, &[1; 50_000]);
        let mut again = wire.clone();
        let mut lent = buffers.lend(&mut connection);
        let ((), count) =
            counted(|| wire.chunks_mut(25_000).for_each(|read| echo_nothing(&mut lent, read)));
        assert!(count.calls > 0);
        lent.reclaim(Event::Text(String::from("not of this connection").into()));
        lent.reclaim(Event::Binary(Vec::new().into()));
        let ((), count) =
            counted(|| again.chunks_mut(25_000).for_each(|read| echo_nothing(&mut lent, read)));
        assert_eq!(count.calls, 0);
    }
}

/// Nor does what a connection had of its own: a rest that was queued, a message that was under way.
#[test]
fn a_small_buffer_of_a_connection_does_not_replace_a_large_one() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            let mut buffers = Buffers::default();
            let (mut busy, mut slow) = (side.open(Config::default()), side.open(Config::default()));
            let mut turn = |buffers: &mut Buffers| {
                let mut wire = side.other().frame(kind, &[b'x'; 50_000]);
                let (a, b) = wire.split_at_mut(25_000);
                counted(|| {
                    let mut lent = buffers.lend(&mut busy);
                    echo_nothing(&mut lent, a);
                    echo_nothing(&mut lent, b);
                    lent.send_binary(&[7; 50_000]).unwrap();
                    write(&mut lent, usize::MAX);
                })
                .1
            };
            turn(&mut buffers);
            let wire = side.other().frame(kind, &[b'y'; 1000]);
            slow.send_binary(&[7; 500]).unwrap();
            assert_eq!(feed(&mut slow, &wire[..500]), []);
            let mut lent = buffers.lend(&mut slow);
            echo_nothing(&mut lent, &mut wire[500..].to_vec());
            write(&mut lent, usize::MAX);
            drop(lent);
            assert_eq!(turn(&mut buffers).calls, 0, "{side:?}");
        }
    }
}
