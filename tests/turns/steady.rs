//! A loop that has its workspace allocates nothing any more, whatever its connections were in the
//! middle of and however they ended.

use crate::support::alloc::counted;
use crate::support::{BINARY, CLOSE, PING, SIDES, Side, TEXT};
use crate::turns::{KIB, MIB, bring};
use bytes::Bytes;
use sockless::{Config, Connection, Event, Step, Turn, Workspace};

/// Echoes what a read has brought.
fn echo(turn: &mut Turn<'_, Connection>, unread: &mut &[u8], most: usize) {
    let n = bring(turn, unread, most);
    let (connection, mut input) = turn.received(n);
    while let Some(event) = connection.poll(&mut input) {
        match event {
            Event::Text(text) => connection.send_text(text).unwrap(),
            Event::Binary(data) => connection.send_binary(data).unwrap(),
            _ => {}
        }
    }
}

/// Takes all that is to be written, in vectored writes; how many bytes that was.
fn take(turn: &mut Turn<'_, Connection>) -> usize {
    let mut taken = 0;
    while turn.step(true) == Step::Write {
        taken += turn
            .write_with(|slices| Ok::<_, ()>(slices.iter().map(|slice| slice.len()).sum()))
            .unwrap();
    }
    taken
}

/// The first message of each, too, once the workspace has seen one.
#[test]
fn nothing_is_allocated_for_small_messages() {
    for side in SIDES {
        let peer = side.other();
        let wire =
            [peer.frame(PING, b"?"), peer.frame(TEXT, b"hello"), peer.frame(BINARY, &[1; 900])]
                .concat();
        let mut workspace = Workspace::default();
        let mut connections: Vec<_> = (0..20).map(|_| side.open(Config::default())).collect();
        // Whole, and cut where the turn goes on.
        for most in [usize::MAX, 500, 7] {
            for round in 0..3 {
                let ((), count) = counted(|| {
                    for connection in &mut connections {
                        let (mut unread, mut taken) = (&wire[..], 0);
                        let mut turn = workspace.turn(connection);
                        while !unread.is_empty() {
                            echo(&mut turn, &mut unread, most);
                            taken += take(&mut turn);
                        }
                        assert!(taken > 5 + 900 + 1);
                    }
                });
                let steady = round > 0 || most != usize::MAX;
                assert!(!steady || count.calls == 0, "{side:?}, {most}, {round}: {count:?}");
                assert!(count.calls <= 4, "{side:?}, {most}, {round}: {count:?}");
            }
        }
        let ((), count) = counted(|| drop(connections));
        assert_eq!(count.live, -(20 * size_of::<Connection>() as i64), "they hold nothing");
    }
}

/// Large ones neither, sent by reference or copied, masked or not.
#[test]
fn a_busy_loop_allocates_nothing() {
    for side in SIDES {
        let shared = Bytes::from(vec![7; 200_000]);
        let _so_that_a_clone_is_free = shared.clone();
        let wire =
            [side.other().frame(TEXT, &[b'x'; 60_000]), side.other().frame(BINARY, &[1; 300])]
                .concat();
        let mut workspace = Workspace::default();
        let mut connections: Vec<_> = (0..10).map(|_| side.open(Config::default())).collect();
        for round in 0..3 {
            let ((), count) = counted(|| {
                for connection in &mut connections {
                    let (mut turn, mut unread) = (workspace.turn(connection), &wire[..]);
                    turn.endpoint().send_binary(&shared).unwrap();
                    while !unread.is_empty() {
                        echo(&mut turn, &mut unread, 10_000);
                    }
                    assert!(take(&mut turn) > 200_000);
                }
            });
            assert!(round == 0 || count.calls == 0, "{side:?}, round {round}: {count:?}");
        }
        let ((), count) = counted(|| drop(connections));
        assert_eq!(count.live, -(10 * size_of::<Connection>() as i64));
    }
}

/// One buffer serves all that are written to at once.
#[test]
fn a_broadcast_costs_one_buffer() {
    let mut connections: Vec<_> = (0..1000).map(|_| Side::Server.open(Config::default())).collect();
    let mut workspace = Workspace::default();
    let ((), count) = counted(|| {
        for connection in &mut connections {
            let mut turn = workspace.turn(connection);
            turn.endpoint().send_text("news").unwrap();
            assert_eq!(take(&mut turn), 6);
        }
    });
    assert_eq!(count.calls, 1, "{count:?}");
}

/// A connection in the middle of a frame takes no buffer of the loop along.
#[test]
fn a_frame_under_way_does_not_cost_the_loop_its_buffer() {
    for side in SIDES {
        let large = side.other().frame(TEXT, &[b'y'; 50_000]);
        let mut workspace = Workspace::new(16 * KIB, MIB);
        let (mut slow, mut busy) = (side.open(Config::default()), side.open(Config::default()));
        let mut whole = |workspace: &mut Workspace| {
            counted(|| {
                let (mut turn, mut unread) = (workspace.turn(&mut busy), &large[..]);
                while !unread.is_empty() {
                    echo(&mut turn, &mut unread, usize::MAX);
                }
                take(&mut turn);
            })
            .1
        };
        whole(&mut workspace);
        for part in [3000, 3001, 20_000] {
            echo(&mut workspace.turn(&mut slow), &mut &large[..part], 10_000);
            // A turn in which nothing comes.
            drop(workspace.turn(&mut slow));
            let count = whole(&mut workspace);
            assert_eq!(count.calls, 0, "{side:?} {part}");
            slow = side.open(Config::default());
        }
    }
}

/// A loop that sees connections come and go keeps its buffers, however they end.
#[test]
fn a_connection_that_ends_gives_its_buffers_back() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            for end in [&side.other().frame(CLOSE, b"")[..], b"\xff", b""] {
                let mut workspace = Workspace::new(16 * KIB, MIB);
                let wire = [side.other().frame(kind, &[b'x'; 50_000]), end.to_vec()].concat();
                for round in 0..3 {
                    let mut connection = side.open(Config::default());
                    let ((), count) = counted(|| {
                        let (mut turn, mut unread) = (workspace.turn(&mut connection), &wire[..]);
                        while !unread.is_empty() {
                            echo(&mut turn, &mut unread, usize::MAX);
                        }
                        turn.endpoint().handle_eof();
                        echo(&mut turn, &mut &b""[..], usize::MAX);
                        take(&mut turn);
                    });
                    assert!(round == 0 || count.calls == 0, "{side:?}, round {round}: {count:?}");
                    assert_eq!(counted(|| drop(connection)).1.live, 0, "nothing stayed behind");
                }
            }
        }
    }
}

/// Nor does what a connection has of its own: a rest that was queued, small as it is.
#[test]
fn a_small_buffer_of_a_connection_does_not_replace_a_large_one() {
    for side in SIDES {
        let mut workspace = Workspace::default();
        let (mut busy, mut slow) = (side.open(Config::default()), side.open(Config::default()));
        let mut turn = |workspace: &mut Workspace| {
            counted(|| {
                let mut turn = workspace.turn(&mut busy);
                turn.endpoint().send_binary(&[7; 50_000]).unwrap();
                take(&mut turn);
            })
            .1
        };
        turn(&mut workspace);
        slow.send_binary(&[7; 500]).unwrap();
        let mut lent = workspace.turn(&mut slow);
        take(&mut lent);
        drop(lent);
        assert_eq!(turn(&mut workspace).calls, 0, "{side:?}");
    }
}
