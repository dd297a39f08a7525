//! What slow peers cost: work and memory by what has come, never by what was declared, and no
//! memory for who sends nothing.

use crate::support::alloc::{Count, asked, counted, live};
use crate::support::{BINARY, PING, SIDES, Side, TEXT, output};
use crate::turns::{KIB, MIB, bring, read};
use sockless::{Config, Connection, Event, Workspace};

/// A frame in packets, one turn each, and other connections in between; what the heap was asked
/// for.
fn slow(
    side: Side,
    kind: u8,
    len: usize,
    packet: usize,
    workspace: &mut Workspace,
) -> (Count, u64) {
    let wire = side.other().frame(kind, &vec![b'x'; len]);
    let hello = side.other().frame(TEXT, b"hello");
    let mut slow = side.open(Config::default());
    let mut busy = side.open(Config::default());
    let (mut unread, mut told) = (&wire[..], 0);
    let (asked, count) = counted(|| {
        while !unread.is_empty() {
            read(&mut workspace.turn(&mut slow), &mut unread, packet, |event| {
                assert!(matches!(event, Event::Text(_) | Event::Binary(_)));
                told += 1;
            });
            read(&mut workspace.turn(&mut busy), &mut &hello[..], KIB, |event| drop(event));
        }
        asked()
    });
    assert_eq!(told, 1);
    (count, asked)
}

/// Each doubling of what came moves and asks for as much as came: all of them for four times the
/// frame, in as many steps as it has doubled.
#[test]
fn a_slow_frame_costs_what_it_brings() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            for (len, packet) in [(MIB, 1400), (MIB, 9000), (100_000, 1400), (8000, 100), (3000, 1)]
            {
                let mut workspace = Workspace::new(64 * KIB, 2 * MIB);
                let (count, asked) = slow(side, kind, len, packet, &mut workspace);
                let what = format!("{side:?}, {len} in packets of {packet}: {count:?}, {asked}");
                assert!(count.calls <= 24, "{what}");
                // Room for a read beside what came.
                assert!(asked <= 4 * len as u64 + (128 << 10), "{what}");
                assert!(count.peak <= 4 * len as i64 + (64 << 10), "{what}");
                // Nothing stays, in the workspace neither.
                assert_eq!(count.live, 0, "{what}");
            }
        }
    }
}

/// What connections hold between their turns which have sent so much of a frame of 1 MiB.
#[test]
fn an_idle_connection_holds_what_came_of_a_frame() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            let wire = side.other().frame(kind, &vec![b'x'; MIB]);
            for (come, packet) in
                [(5, 5), (5, 1), (1400, 1400), (5000, 1400), (MIB / 2, 1400), (MIB / 2, MIB)]
            {
                let mut workspace = Workspace::new(64 * KIB, 2 * MIB);
                let mut connection = side.open(Config::default());
                let mut unread = &wire[..come];
                let (held, _) = counted(|| {
                    while !unread.is_empty() {
                        read(&mut workspace.turn(&mut connection), &mut unread, packet, |event| {
                            drop(event)
                        });
                    }
                    // What the workspace has grown by is its own.
                    let both = live();
                    workspace.shrink();
                    let shrunk = live();
                    assert!(both >= shrunk);
                    shrunk
                });
                let most = if come == 5 { 64 } else { 4 * come as i64 };
                assert!((come as i64..=most).contains(&held), "{held} for {come} by {packet}");
                let ((), freed) = counted(|| drop(connection));
                assert_eq!(freed.live, -held);
            }
        }
    }
}

#[test]
fn a_drained_idle_connection_holds_nothing() {
    for side in SIDES {
        let peer = side.other();
        let wire = [
            peer.frame(TEXT, &vec![b'x'; 300_000]),
            peer.frame(PING, b"?"),
            peer.frame(BINARY, b"small"),
        ]
        .concat();
        for (size, packet) in [(64 * KIB, 1400), (64 * KIB, MIB), (MIB, MIB), (KIB, 100)] {
            let mut workspace = Workspace::new(size, MIB);
            let mut connection = side.open(Config::default());
            let mut unread = &wire[..];
            while !unread.is_empty() {
                let mut turn = workspace.turn(&mut connection);
                let n = bring(&mut turn, &mut unread, packet);
                let (connection, mut input) = turn.received(n);
                while let Some(event) = connection.poll(&mut input) {
                    if let Event::Text(text) = event {
                        connection.send_text(text).unwrap();
                    }
                }
                drop(input);
                output(turn.endpoint());
            }
            let ((), freed) = counted(|| drop(connection));
            assert_eq!(freed, Count::default(), "{side:?}, reads of {size}, packets of {packet}");
        }
    }
}

/// Nor is what waits unpolled moved for each message: those of a batch are told one by one, a turn
/// each, or with the endpoint asked for in between.
#[test]
fn what_is_left_of_a_batch_is_not_moved_for_each_of_its_messages() {
    for (side, turns) in SIDES.into_iter().flat_map(|side| [(side, 1), (side, 3000)]) {
        let wire = side.other().frame(TEXT, &[b'x'; 100]).repeat(3000);
        let mut workspace = Workspace::new(512 * KIB, MIB);
        let mut connection = side.open(Config::default());
        let (asked, count) = counted(|| {
            let mut turn = workspace.turn(&mut connection);
            let n = bring(&mut turn, &mut &wire[..], usize::MAX);
            assert_eq!(n, wire.len());
            let _ = turn.received(n);
            drop(turn);
            for _ in 0..turns {
                let mut turn = workspace.turn(&mut connection);
                for _ in 0..3000 / turns {
                    let (connection, mut input) = turn.received(0);
                    assert!(matches!(connection.poll(&mut input), Some(Event::Text(_))));
                    drop(input);
                    assert!(turn.endpoint().is_open());
                }
            }
            asked()
        });
        assert!(count.calls <= 20 && asked <= 2 * wire.len() as u64, "{turns}: {count:?} {asked}");
        assert_eq!(count.live, 0);
    }
}

/// A thousand connections that each have sent five bytes.
#[test]
fn a_crowd_of_idle_connections_holds_little() {
    let wire = Side::Client.frame(TEXT, &vec![b'x'; MIB]);
    let mut workspace = Workspace::default();
    let mut crowd: Vec<Connection> =
        (0..1000).map(|_| Side::Server.open(Config::default())).collect();
    let ((), count) = counted(|| {
        for byte in 0..5 {
            for connection in &mut crowd {
                read(&mut workspace.turn(connection), &mut &wire[byte..=byte], 1, |event| {
                    drop(event)
                });
            }
        }
    });
    assert!((1000..64_000).contains(&count.live), "{count:?}");
    let ((), count) = counted(|| drop(workspace));
    assert_eq!(count.calls, 0);
}
