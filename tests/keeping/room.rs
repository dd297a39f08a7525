//! The room of a `Scratch`: it grows with what has come, up to its limit and no sooner, gives way
//! where there is no memory, and is never none for a loop that does its part. What a loop does
//! wrong costs nobody else anything.

use crate::support::alloc::{Count, counted, refusing_above};
use crate::support::{self, BINARY, PING, Side};
use crate::{KIB, MIB, read};
use sockless::{Config, Event, Scratch};

#[test]
fn the_scratch_grows_with_what_has_come_and_shrinks_when_told() {
    let len = 4 * MIB;
    let wire = Side::Client.frame(BINARY, &vec![7; len - 14]);
    let mut server = Side::Server.open(Config::default());
    let ((), _) = counted(|| {
        let mut scratch = Scratch::new(8 * KIB, len);
        let mut come = 0;
        while come < wire.len() {
            let mut part = &wire[come..wire.len().min(come + 3000)];
            let n = part.len();
            let rest = read(&mut server, &mut scratch, &mut part, |event| drop(event));
            come += n - part.len();
            assert_eq!(rest, if come < len { come } else { 0 });
            let live = support::alloc::live() as usize;
            assert!(live <= (4 * come).clamp(8 * KIB, len + 4 * KIB), "{live} for {come}");
        }
        assert!(support::alloc::live() as usize >= len);
        // What is kept stays.
        for (kept, live) in [(0, 8 * KIB), (100, 8 * KIB), (8 * KIB, 8 * KIB), (9000, 9000)] {
            let mut unread = &wire[..kept];
            while !unread.is_empty() {
                read(&mut server, &mut scratch, &mut unread, |event| panic!("{event:?}"));
            }
            scratch.shrink();
            assert_eq!(support::alloc::live() as usize, live);
            assert!(scratch.rest().into_rest() == &wire[..kept]);
            scratch.shrink();
        }
        // And where it lies behind others.
        let message = Side::Client.frame(BINARY, b"a");
        let mut unread = &[&message[..], &wire[..100]].concat()[..];
        assert_eq!(read(&mut server, &mut scratch, &mut unread, |event| drop(event)), 100);
        scratch.shrink();
        assert_eq!(scratch.rest().into_rest(), &wire[..100]);
    });
}

/// What there is no memory to keep, the connection takes over.
#[test]
fn a_scratch_that_cannot_grow_keeps_less() {
    let wire = Side::Client.frame(BINARY, &[7; 14_000]);
    let mut scratch = Scratch::new(10_000, MIB);
    for refused in [true, false] {
        let mut server = Side::Server.open(Config::default());
        let (mut unread, mut events, mut left) = (&wire[..], Vec::new(), Vec::new());
        // Nothing is asserted where a panic could not even be told.
        refusing_above(if refused { 15_000 } else { usize::MAX }, || {
            for _ in 0..3 {
                left.push(read(&mut server, &mut scratch, &mut unread, |event| {
                    events.push(event.into_owned())
                }));
            }
        });
        assert_eq!(left, if refused { [0, 0, 0] } else { [10_000, 0, 0] });
        assert!(events == [Event::Binary([7; 14_000][..].into())]);
    }
}

/// So also where the frame begins a little behind the front: a read of no bytes would be taken for
/// the end of the stream.
#[test]
fn a_scratch_that_cannot_grow_still_has_room() {
    let wire = [Side::Client.frame(PING, b""), Side::Client.frame(BINARY, &[7; 14_000])].concat();
    let mut scratch = Scratch::new(10_000, MIB);
    let mut server = Side::Server.open(Config::default());
    let (mut unread, mut events, mut rooms) = (&wire[..], Vec::new(), Vec::new());
    refusing_above(15_000, || {
        while !unread.is_empty() && rooms.len() < 10 {
            rooms.push(scratch.room().len());
            read(&mut server, &mut scratch, &mut unread, |event| events.push(event.into_owned()));
        }
    });
    assert_eq!(rooms, [10_000, 6, 10_000]);
    assert!(events == [Event::Ping([][..].into()), Event::Binary([7; 14_000][..].into())]);
}

/// Behind what is kept of small frames, too, what is read begins at a cache line.
#[test]
fn reads_are_laid_at_cache_lines() {
    let wire = Side::Client.frame(BINARY, &[7; 100]).repeat(100);
    let mut server = Side::Server.open(Config::default());
    let mut scratch = Scratch::new(KIB, MIB);
    let (mut unread, mut messages) = (&wire[..], 0);
    while !unread.is_empty() {
        if read(&mut server, &mut scratch, &mut unread, |_| messages += 1) > 0 {
            assert_eq!(scratch.room().as_ptr().addr() % 64, 0);
        }
    }
    assert_eq!(messages, 100);
}

/// Of a frame that is larger than reads are, and as large as may be, a read is given room for the
/// rest; wherever the front is that it is moved to.
#[test]
fn a_read_is_given_room_for_the_rest_of_a_large_frame() {
    let large = Side::Client.frame(BINARY, &[7; 1492]);
    for before in 200..264 {
        let wire = [Side::Client.frame(BINARY, &vec![7; before]), large.clone()].concat();
        let mut server = Side::Server.open(Config::default());
        let mut scratch = Scratch::new(KIB, large.len());
        let left = read(&mut server, &mut scratch, &mut &wire[..], |event| drop(event));
        assert_eq!(scratch.room().len(), large.len() - left, "{left}");
    }
}

#[test]
fn wrong_counts_do_no_harm() {
    let mut scratch = Scratch::new(100, 200);
    scratch.keep(5);
    assert!(scratch.rest().is_empty());
    assert_eq!(scratch.input(usize::MAX).len(), 100);
    scratch.keep(usize::MAX);
    scratch.keep(60);
    assert_eq!(scratch.input(0).len(), 60);
    scratch.keep(1);
    assert_eq!((scratch.input(0).len(), scratch.rest().len()), (1, 0));
    // Before an input there is nothing of its own.
    assert_eq!(scratch.input(40).len(), 40);
    scratch.keep(10);
    assert_eq!(scratch.input(5).len(), 15);
    scratch.keep(usize::MAX);
    assert_eq!((scratch.input(0).len(), scratch.rest().len()), (15, 0));
    // What was kept once is nobody's when it was used up.
    assert_eq!(scratch.input(40).len(), 40);
    scratch.keep(10);
    assert_eq!(scratch.input(5).len(), 15);
    scratch.keep(0);
    for _ in 0..2 {
        assert_eq!(scratch.room().len(), 100);
        scratch.keep(1);
    }
    // Who never polls comes to the end of the room, and not further.
    let mut lens = Vec::new();
    loop {
        let room = scratch.room().len();
        if room == 0 {
            break;
        }
        lens.push(scratch.input(room).len());
        scratch.keep(usize::MAX);
    }
    assert_eq!(lens.last(), Some(&250));
    assert_eq!(scratch.rest().len(), 250);
    assert_eq!(scratch.room().len(), 100);
    let (room, count) = counted(|| Scratch::new(0, usize::MAX).room().len());
    assert_eq!((room, count), (32, Count { calls: 1, live: 0, peak: 32 }));
}
