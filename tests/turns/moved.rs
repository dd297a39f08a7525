//! Where frames come to lie: few bytes are moved, and what is read lies where the caches have it.
//! Told by the addresses of the room for the next read, and of what is borrowed.

use crate::support::alloc::counted;
use crate::support::{BINARY, SIDES, Side, TEXT};
use crate::turns::{KIB, MIB, bring, read};
use sockless::{Config, Event, Workspace};
use std::borrow::Cow;

/// However small the reads.
#[test]
fn of_a_frame_that_comes_byte_by_byte_few_bytes_are_moved() {
    const LEN: usize = 20_000;
    for side in SIDES {
        let wire = side.other().frame(TEXT, &[b'x'; LEN]).repeat(2);
        let frame = wire.len() / 2;
        let mut connection = side.open(Config::default());
        let mut workspace = Workspace::new(KIB, MIB);
        let mut turn = workspace.turn(&mut connection);
        let (mut texts, mut moved, mut end) = (0, 0, std::ptr::null());
        let ((), count) = counted(|| {
            for come in 1..=wire.len() {
                let room = turn.read_buf();
                if room.as_ptr() != end {
                    moved += (come - 1) % frame;
                }
                end = room[1..].as_ptr();
                room[0] = wire[come - 1];
                let (connection, mut input) = turn.received(1);
                if let Some(event) = connection.poll(&mut input) {
                    assert!(matches!(event, Event::Text(Cow::Borrowed(text)) if text.len() == LEN));
                    texts += 1;
                }
                assert_eq!(input.len(), come % frame, "all of a frame waits for the rest");
            }
        });
        assert_eq!(texts, 2);
        // To twice the length, five times.
        assert!(moved <= 2 * frame && count.calls <= 6, "{moved} bytes moved, {count:?}");
    }
}

/// Those that follow each other each begin at the front.
#[test]
fn large_frames_are_not_moved() {
    let wire = Side::Client.frame(BINARY, &vec![7; 100_000]).repeat(5);
    let mut server = Side::Server.open(Config::default());
    let mut workspace = Workspace::new(64 * KIB, MIB);
    let mut turn = workspace.turn(&mut server);
    let (mut unread, mut places, mut reads) = (&wire[..], Vec::new(), 0);
    while !unread.is_empty() {
        read(&mut turn, &mut unread, usize::MAX, |event| {
            let Event::Binary(Cow::Borrowed(data)) = event else { panic!("{event:?}") };
            places.push(data.as_ptr());
        });
        reads += 1;
    }
    assert_eq!((places.len(), reads), (5, 10));
    assert!(places[1..].iter().all(|place| *place == places[1]), "{places:?}");
}

/// Those that follow a large one do not wander through all the room that it took, which no cache
/// holds.
#[test]
fn small_frames_stay_at_the_front() {
    let large = Side::Client.frame(BINARY, &vec![7; 100_000]);
    let wire = Side::Client.frame(BINARY, &[7; 100]).repeat(1000);
    let mut server = Side::Server.open(Config::default());
    let mut workspace = Workspace::new(4 * KIB, MIB);
    let mut turn = workspace.turn(&mut server);
    let (mut unread, mut messages) = (&[&large[..], &wire].concat()[..], 0);
    let mut places = Vec::new();
    while !unread.is_empty() {
        read(&mut turn, &mut unread, usize::MAX, |_| messages += 1);
        if messages > 0 {
            places.push(turn.read_buf().as_ptr().addr());
        }
    }
    assert_eq!(messages, 1001);
    let (first, last) = (places.iter().min().unwrap(), places.iter().max().unwrap());
    assert!(places.len() > 20 && last - first < 4 * KIB, "{}", last - first);
}

/// Behind what is left of small frames, too, what is read begins at a cache line.
#[test]
fn reads_are_laid_at_cache_lines() {
    let wire = Side::Client.frame(BINARY, &[7; 100]).repeat(100);
    let mut server = Side::Server.open(Config::default());
    let mut workspace = Workspace::new(KIB, MIB);
    let mut turn = workspace.turn(&mut server);
    let (mut unread, mut messages) = (&wire[..], 0);
    while !unread.is_empty() {
        let n = bring(&mut turn, &mut unread, usize::MAX);
        let (connection, mut input) = turn.received(n);
        while connection.poll(&mut input).is_some() {
            messages += 1;
        }
        if !input.is_empty() {
            drop(input);
            assert_eq!(turn.read_buf().as_ptr().addr() % 64, 0);
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
        let before = Side::Client.frame(BINARY, &vec![7; before]);
        let wire = [&before[..], &large].concat();
        let mut server = Side::Server.open(Config::default());
        let mut workspace = Workspace::new(KIB, large.len());
        let mut turn = workspace.turn(&mut server);
        read(&mut turn, &mut &wire[..], usize::MAX, |event| drop(event));
        let left = KIB - before.len();
        assert_eq!(turn.read_buf().len(), large.len() - left, "{left}");
    }
}

/// Between turns a large frame stays where it is, in a buffer that goes along with its connection.
#[test]
fn a_large_frame_stays_in_the_buffer_of_its_connection() {
    for side in SIDES {
        let wire = side.other().frame(BINARY, &vec![7; MIB]);
        let mut connection = side.open(Config::default());
        let mut workspace = Workspace::new(64 * KIB, 2 * MIB);
        let (mut unread, mut moves, mut end, mut place) = (&wire[..], 0, 0, 0);
        while !unread.is_empty() {
            let mut turn = workspace.turn(&mut connection);
            let room = turn.read_buf().as_ptr().addr();
            moves += usize::from(room != end);
            end = room + unread.len().min(1400);
            read(&mut turn, &mut unread, 1400, |event| {
                let Event::Binary(Cow::Borrowed(data)) = event else { panic!("{event:?}") };
                place = data.as_ptr_range().end.addr();
            });
        }
        assert!(place == end && moves < 24, "{moves} moves in {} turns", wire.len() / 1400);
    }
}
