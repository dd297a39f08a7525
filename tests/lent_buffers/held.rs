//! What is held when a turn is over: by a connection no more than what it left undone asks for, or
//! what it was told to keep; by the buffers no more than their limit.

use crate::support::alloc::{counted, live};
use crate::support::{BINARY, SIDES, Side, TEXT, feed, output};
use crate::{echo_nothing, write};
use bytes::Bytes;
use sockless::{Buffers, Config, Connection, Event};

/// A socket that takes little: what waits stays with the connection, in a buffer of its size, and
/// the lent one comes back.
#[test]
fn what_could_not_be_sent_stays_and_keeps_little() {
    for left in [1, 100, 10_000, 30_000] {
        let mut buffers = Buffers::default();
        let mut slow = Side::Server.open(Config::default());
        let (before, count) = counted(|| {
            let mut connection = buffers.lend(&mut slow);
            // Of every kind, in many small frames.
            for i in 0..640_u32 {
                connection.send_binary(&[i as u8; 98]).unwrap();
            }
            write(&mut connection, 64_000 - left);
            live()
        });
        assert!(before >= 64_000);
        let queued = slow.queued();
        assert_eq!(queued, left);
        // What both hold now; then what the buffers alone free.
        let ((), freed) = counted(|| drop(buffers));
        let held = count.live + freed.live;
        assert!((left as i64..=2 * left as i64).contains(&held), "{held} for {left}");
        assert_eq!(freed.live == 0, left == 30_000 && held >= 60_000);

        // What stayed is what was left.
        let mut reference = Side::Server.open(Config::default());
        for i in 0..640_u32 {
            reference.send_binary(&[i as u8; 98]).unwrap();
        }
        let all = output(&mut reference);
        assert_eq!(output(&mut slow), all[64_000 - left..]);
    }
}

/// A server masks nothing, and keeps no room for that, though clients of the same loop need it.
#[test]
fn room_for_masking_stays_with_clients() {
    let mut buffers = Buffers::default();
    let mut client = Side::Client.open(Config::default());
    let mut client = buffers.lend(&mut client);
    client.send_binary(vec![7; 100_000]).unwrap();
    write(&mut client, usize::MAX);
    drop(client);

    let payload = Bytes::from(vec![7; 3000]);
    let mut server = Side::Server.open(Config::default());
    let mut lent = buffers.lend(&mut server);
    lent.send_binary(&payload).unwrap();
    write(&mut lent, 4);
    drop(lent);
    assert_eq!(server.queued(), 3000);
    let ((), count) =
        counted(|| drop((server, buffers.lend(&mut Side::Client.open(Config::default())))));
    assert!(count.live > -1000, "{count:?}");
    let ((), count) = counted(|| drop(buffers));
    assert!(count.live <= -(32 << 10), "the buffers have it: {count:?}");
}

/// A message that is under way when the buffers are taken back holds no more than nine times of
/// what came.
#[test]
fn a_message_under_way_keeps_little() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            for come in [0, 1, 1000, 10_000, 50_000] {
                let mut buffers = Buffers::default();
                let mut connection = side.open(Config::default());
                let large = side.other().frame(first, &[b'x'; 400_000]);
                let frame = side.other().frame(first, &[b'y'; 60_000]);
                let header = frame.len() - 60_000;
                let (held, _) = counted(|| {
                    // A large one first, whose buffer is used again.
                    let mut lent = buffers.lend(&mut connection);
                    for read in large.clone().chunks_mut(100_000) {
                        echo_nothing(&mut lent, read);
                    }
                    echo_nothing(&mut lent, &mut frame[..header + come].to_vec());
                    drop(lent);
                    let both = live();
                    drop(buffers);
                    let held = live();
                    assert!(both > held || come == 50_000);
                    held
                });
                assert!(held <= 9 * come as i64, "{held} for {come}");
                let expected = if first == TEXT {
                    Event::Text("y".repeat(60_000).into())
                } else {
                    Event::Binary(vec![b'y'; 60_000].into())
                };
                assert_eq!(feed(&mut connection, &frame[header + come..]), [expected]);
            }
        }
    }
}

/// Buffers that have grown above the limit are freed when they come back.
#[test]
fn large_buffers_are_not_kept() {
    for most in [0, 10_000, 10 << 20] {
        let (buffers, count) = counted(|| {
            let mut buffers = Buffers::new(most);
            let mut connection = Side::Client.open(Config::default());
            let mut lent = buffers.lend(&mut connection);
            lent.send_binary(&[7; 1 << 20]).unwrap();
            for read in Side::Server.frame(BINARY, &[1; 1 << 20]).chunks_mut(65_536) {
                echo_nothing(&mut lent, read);
            }
            write(&mut lent, usize::MAX);
            drop(lent);
            buffers
        });
        assert_eq!(count.live > 0, most > 1 << 20, "{count:?}");
        // Two of them, at most twice as large as they had to be; and the room for a masked piece.
        assert!(count.live <= if most > 1 << 20 { 4 << 20 } else { 0 });
        drop(buffers);
    }
}

#[test]
fn a_kept_output_buffer_is_kept_up_to_its_size() {
    let mut config = Config::default();
    config.kept_output = 1024;
    for side in SIDES {
        let mut connection = side.open(config.clone());
        let turn = |connection: &mut Connection, len: usize| {
            connection.send_binary(&[7; 500][..len]).unwrap();
            write(connection, usize::MAX);
        };
        turn(&mut connection, 500);
        let ((), count) = counted(|| {
            for _ in 0..10 {
                connection.send_binary(&[7; 500]).unwrap();
                write(&mut connection, usize::MAX);
            }
        });
        assert_eq!(count.calls, 0, "{side:?}");
        // One that had to grow above it is not.
        let ((), count) = counted(|| {
            connection.send_binary(&[7; 3000]).unwrap();
            write(&mut connection, usize::MAX);
        });
        assert!(count.live <= 0, "{count:?}");
        let ((), count) = counted(|| drop(connection));
        assert_eq!(count.live, 0);
    }
}
