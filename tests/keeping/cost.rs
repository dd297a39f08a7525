//! What a cut frame costs: nothing is allocated but for the growth of the scratch, nothing unmasked
//! before it is whole, and little moved. Where frames come to lie is told by their addresses.

use crate::support::alloc::counted;
use crate::support::{self, BINARY, PING, SIDES, Side, TEXT};
use crate::{KIB, MIB, read};
use sockless::{Config, Event, Scratch};
use std::borrow::Cow;

#[test]
fn what_a_read_cuts_is_borrowed_and_nothing_allocated() {
    let lens = [1, 125, 126, 1000, 60_000, 65_535, 65_536, 200_000, MIB];
    for side in SIDES {
        let peer = side.other();
        let mut wire = Vec::new();
        for len in lens {
            wire.extend(peer.frame(TEXT, "é".repeat(len / 2 + 1).as_bytes()));
            wire.extend(peer.frame(PING, b"between"));
            wire.extend(peer.frame(BINARY, &vec![0xff; len]));
        }
        wire.extend(peer.frame(TEXT, b"cut"));
        let mut connection = side.open(Config::default());
        for size in [1000, 16 * KIB, 128 * KIB] {
            let mut scratch = Scratch::new(size, 2 * MIB);
            for steady in [false, true] {
                let (mut unread, mut events) = (&wire[..], 0);
                let ((), count) = counted(|| {
                    while !unread.is_empty() {
                        read(&mut connection, &mut scratch, &mut unread, |event| {
                            let (Event::Text(Cow::Borrowed(_))
                            | Event::Binary(Cow::Borrowed(_))
                            | Event::Ping(Cow::Borrowed(_))) = event
                            else {
                                panic!("{event:?}")
                            };
                            events += 1;
                        });
                    }
                });
                assert_eq!(events, 3 * lens.len() + 1);
                support::output(&mut connection); // The pongs.
                // One for the pongs, and the first time a few in which the scratch grows.
                assert!(count.calls <= if steady { 8 } else { 24 }, "{count:?}");
                assert!(!steady || count.peak < 4 * KIB as i64, "{count:?}");
            }
        }
    }
}

/// Of the bytes of a frame none is unmasked before all are there, and few are moved, however small
/// the reads.
#[test]
fn a_frame_that_comes_byte_by_byte_is_left_alone() {
    const LEN: usize = 20_000;
    for side in SIDES {
        let wire = side.other().frame(TEXT, &[b'x'; LEN]).repeat(2);
        let frame = wire.len() / 2;
        let mut connection = side.open(Config::default());
        let mut scratch = Scratch::new(KIB, MIB);
        let (mut texts, mut moved, mut begin, mut place) = (0, 0, 0, std::ptr::null());
        let ((), count) = counted(|| {
            for come in 1..=wire.len() {
                scratch.room()[0] = wire[come - 1];
                let mut input = scratch.input(1);
                while let Some(event) = connection.poll(&mut input) {
                    assert!(matches!(event, Event::Text(Cow::Borrowed(text)) if text.len() == LEN));
                    texts += 1;
                }
                let rest = input.into_rest();
                if rest.is_empty() {
                    begin = come;
                }
                assert_eq!(&*rest, &wire[begin..come], "as it came");
                if rest.as_ptr() != place {
                    (place, moved) = (rest.as_ptr(), moved + rest.len());
                }
                let rest = rest.len();
                scratch.keep(rest);
            }
        });
        assert_eq!((texts, begin), (2, 2 * frame));
        // To twice the length, five times.
        assert!(moved <= 2 * frame && count.calls <= 6, "{moved} bytes moved, {count:?}");
    }
}

/// Large frames that follow each other each begin at the front.
#[test]
fn large_frames_are_not_moved() {
    let wire = Side::Client.frame(BINARY, &vec![7; 100_000]).repeat(5);
    let mut server = Side::Server.open(Config::default());
    let mut scratch = Scratch::new(64 * KIB, MIB);
    let (mut unread, mut places, mut reads) = (&wire[..], Vec::new(), 0);
    while !unread.is_empty() {
        read(&mut server, &mut scratch, &mut unread, |event| {
            let Event::Binary(Cow::Borrowed(data)) = event else { panic!("{event:?}") };
            places.push(data.as_ptr());
        });
        reads += 1;
    }
    assert_eq!((places.len(), reads), (5, 10));
    assert!(places[1..].iter().all(|place| *place == places[1]), "{places:?}");
}

/// Small frames that follow a large one do not wander through all the room that it took, which no
/// cache holds.
#[test]
fn small_frames_stay_at_the_front() {
    let large = Side::Client.frame(BINARY, &vec![7; 100_000]);
    let wire = Side::Client.frame(BINARY, &[7; 100]).repeat(1000);
    let mut server = Side::Server.open(Config::default());
    let mut scratch = Scratch::new(4 * KIB, MIB);
    let (mut unread, mut messages) = (&[&large[..], &wire].concat()[..], 0);
    let mut places = Vec::new();
    while !unread.is_empty() {
        read(&mut server, &mut scratch, &mut unread, |_| messages += 1);
        if messages > 0 {
            places.push(scratch.room().as_ptr().addr());
        }
    }
    assert_eq!(messages, 1001);
    let (first, last) = (places.iter().min().unwrap(), places.iter().max().unwrap());
    assert!(places.len() > 20 && last - first < 4 * KIB, "{}", last - first);
}
