//! The room for a read: it grows with what has come, up to its limit and no sooner, gives way where
//! there is no memory, and is never none. What a loop does wrong costs no other endpoint anything.

use crate::support::alloc::{counted, live, refusing_above};
use crate::support::{BINARY, PING, Side, TEXT};
use crate::turns::{KIB, MIB, bring, poll, read};
use sockless::{Config, Event, Input, Workspace};

#[test]
fn it_grows_with_what_has_come_and_shrinks_when_told() {
    let len = 4 * MIB;
    let wire = Side::Client.frame(BINARY, &vec![7; len - 14]);
    assert_eq!(wire.len(), len);
    let mut server = Side::Server.open(Config::default());
    let ((), _) = counted(|| {
        let mut workspace = Workspace::new(8 * KIB, len);
        let mut turn = workspace.turn(&mut server);
        let (mut unread, mut told) = (&wire[..], 0);
        while !unread.is_empty() {
            read(&mut turn, &mut unread, 3000, |_| told += 1);
            let (live, come) = (live() as usize, len - unread.len());
            assert!(live <= (4 * come).clamp(8 * KIB, len + 4 * KIB), "{live} for {come}");
        }
        assert_eq!(told, 1);
        drop(turn);
        assert!(live() as usize >= len, "it stays");
        workspace.shrink();
        assert_eq!(live() as usize, 8 * KIB);
    });
}

/// It may hold the rest of a frame, at a time when nobody is in a turn.
#[test]
fn shrinking_between_turns_loses_nothing() {
    let wire = [Side::Client.frame(TEXT, b"a"), Side::Client.frame(BINARY, &[7; 50_000])].concat();
    for cut in [3, 9, 100, 20_000] {
        let mut server = Side::Server.open(Config::default());
        let mut workspace = Workspace::new(KIB, MIB);
        let (mut unread, mut told) = (&wire[..cut], Vec::new());
        for rest in [&wire[cut..], &[]] {
            while !unread.is_empty() {
                read(&mut workspace.turn(&mut server), &mut unread, usize::MAX, |event| {
                    told.push(event.into_owned());
                });
                workspace.shrink();
            }
            unread = rest;
        }
        assert!(told == [Event::Text("a".into()), Event::Binary([7; 50_000][..].into())], "{cut}");
        assert_eq!(workspace.turn(&mut server).read_buf().len(), KIB);
    }
}

/// What there is no memory to keep, the connection takes over.
#[test]
fn where_it_cannot_grow_frames_are_consumed_as_they_come() {
    let wire = Side::Client.frame(BINARY, &[7; 14_000]);
    let mut workspace = Workspace::new(10_000, MIB);
    for refused in [true, false] {
        let mut server = Side::Server.open(Config::default());
        let (mut unread, mut events, mut left) = (&wire[..], Vec::new(), Vec::new());
        // Nothing is asserted where a panic could not even be told.
        refusing_above(if refused { 15_000 } else { usize::MAX }, || {
            let mut turn = workspace.turn(&mut server);
            for _ in 0..2 {
                let n = bring(&mut turn, &mut unread, usize::MAX);
                let (connection, mut input) = turn.received(n);
                while let Some(event) = connection.poll(&mut input) {
                    events.push(event.into_owned());
                }
                left.push(input.len());
            }
        });
        assert_eq!(left, if refused { [0, 0] } else { [10_000, 0] });
        assert!(events == [Event::Binary([7; 14_000][..].into())]);
    }
}

/// So also where the frame begins a little behind the front, or is a connection's own.
#[test]
fn where_it_cannot_grow_there_is_still_room() {
    let wire = [Side::Client.frame(PING, b""), Side::Client.frame(BINARY, &[7; 14_000])].concat();
    for reads in [1, 100] {
        let mut workspace = Workspace::new(10_000, MIB);
        let mut server = Side::Server.open(Config::default());
        let (mut unread, mut events, mut rooms) = (&wire[..], Vec::new(), Vec::new());
        refusing_above(15_000, || {
            while !unread.is_empty() && rooms.len() < 10 {
                let mut turn = workspace.turn(&mut server);
                for _ in 0..reads {
                    if unread.is_empty() {
                        break;
                    }
                    rooms.push(turn.read_buf().len());
                    read(&mut turn, &mut unread, 10_000, |event| events.push(event.into_owned()));
                }
            }
        });
        assert!(rooms.iter().all(|room| *room > 0), "{rooms:?}");
        assert!(unread.is_empty(), "{rooms:?}");
        assert!(events == [Event::Ping([][..].into()), Event::Binary([7; 14_000][..].into())]);
    }
}

/// Whatever size was asked for, whatever waits, and though nobody polls.
#[test]
fn it_is_never_none() {
    let wire = Side::Client.frame(BINARY, &[7; 300]).repeat(100);
    for (size, max_frame) in
        [(0, 0), (0, usize::MAX), (1, 1), (31, 100), (100, 306), (KIB, 305), (0xffff, 7)]
    {
        for polls in [0, 1, usize::MAX] {
            for reads in [1, 3, 1000] {
                let mut server = Side::Server.open(Config::default());
                let mut workspace = Workspace::new(size, max_frame);
                let (mut unread, mut told) = (&wire[..], 0);
                while !unread.is_empty() {
                    let mut turn = workspace.turn(&mut server);
                    for _ in 0..reads {
                        // Which asserts that there is room.
                        let n = bring(&mut turn, &mut unread, usize::MAX);
                        let (connection, mut input) = turn.received(n);
                        let polled =
                            (0..polls).map_while(|_| connection.poll(&mut input).map(drop));
                        told += polled.count();
                    }
                }
                told += poll(&mut workspace.turn(&mut server)).len();
                assert_eq!(told, 100, "{size} {max_frame} {polls} {reads}");
            }
        }
    }
    let mut server = Side::Server.open(Config::default());
    let (room, count) =
        counted(|| Workspace::new(0, usize::MAX).turn(&mut server).read_buf().len());
    assert_eq!((room, count.calls, count.peak), (32, 1, 32));
}

/// More than there was room for is more than a read can have brought: it is none.
#[test]
fn wrong_counts_do_no_harm() {
    let mut workspace = Workspace::new(KIB, MIB);
    let wire = Side::Client.frame(TEXT, b"secret");
    let mut one = Side::Server.open(Config::default());
    read(&mut workspace.turn(&mut one), &mut &wire[..], KIB, |event| drop(event));

    let mut other = Side::Server.open(Config::default());
    let mut turn = workspace.turn(&mut other);
    // Before there is room, there is nothing.
    assert_eq!(turn.received(5).1.len(), 0);
    for n in [KIB + 1, usize::MAX] {
        assert_eq!(turn.read_buf().len(), KIB);
        assert_eq!(turn.received(n).1.len(), 0);
    }
    // Nor is what was read twice as much.
    assert_eq!(turn.read_buf().len(), KIB);
    assert_eq!(turn.received(KIB).1.into_rest().len(), KIB);
    assert_eq!(turn.received(KIB).1.len(), 0);
    assert_eq!(turn.endpoint().poll(&mut Input::empty()), None);
    assert_eq!(poll(&mut turn), []);
}
