//! What receiving costs: nothing where a read holds all of a message; otherwise room that grows
//! with what has come, in few steps.

use crate::allocations::drain;
use crate::support::alloc::{Count, counted, live};
use crate::support::{BINARY, CONTINUATION, MORE, PONG, SIDES, TEXT};
use sockless::{Config, Workspace};

const NOTHING: Count = Count { calls: 0, live: 0, peak: 0 };

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

/// In turns too, of a frame that is too long to stay in their buffer, in whatever small reads.
#[test]
fn room_for_a_long_frame_in_turns_grows_in_few_steps() {
    const LEN: usize = 5 << 20;
    for side in SIDES {
        for read in [500, 3000, 20_000, 100_000] {
            let wire = side.other().frame(BINARY, &vec![7; LEN]);
            let mut connection = side.open(Config::default());
            let mut workspace = Workspace::new(read, LEN);
            let ((), count) = counted(|| {
                assert_eq!(drain(&mut connection, &mut wire[..10_000].to_vec()), 0);
                let (mut rest, mut events) = (&wire[10_000..], 0);
                let mut turn = workspace.turn(&mut connection);
                while !rest.is_empty() {
                    let room = turn.read_buf();
                    let n = room.len().min(rest.len());
                    room[..n].copy_from_slice(&rest[..n]);
                    rest = &rest[n..];
                    let (connection, mut input) = turn.received(n);
                    events += usize::from(connection.poll(&mut input).is_some());
                    let come = (wire.len() - rest.len()) as i64;
                    assert!(live() <= 9 * come, "{} for {come}", live());
                }
                assert_eq!(events, 1);
            });
            // The first read, which is a copy of this test's, among them.
            assert!(count.calls <= 7 && count.live == 0, "{side:?}, {read}: {count:?}");
        }
    }
}
