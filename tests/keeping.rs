//! Frames that a read has cut stay where they were read to, for a loop that asks for it: they are borrowed when they are whole, and cost nothing until then. That
//! the events are the same is held in `splits`, `violations` and `deflate`.

mod support;

use sockless::decoder::{Decoder, End, Kind, Limits, Piece};
use sockless::{Cause, Config, Connection, Delivery, Event, Input, LifeCycle, ProtocolError, Scratch};
use std::borrow::Cow;
use support::alloc::{Count, Counting, counted, refusing_above};
use support::{BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, Side, TEXT, eof, feed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// One read of a loop, and its polls.
fn read(connection: &mut Connection, scratch: &mut Scratch, unread: &mut &[u8], mut each: impl FnMut(Event<'_>)) -> usize {
    let room = scratch.room();
    let n = room.len().min(unread.len());
    room[..n].copy_from_slice(&unread[..n]);
    *unread = &unread[n..];
    let mut input = scratch.input(n);
    while let Some(event) = connection.poll_event(&mut input) {
        each(event);
    }
    let rest = input.len();
    scratch.keep(rest);
    rest
}

/// The only event of `wire`: why it was closed.
fn closed(events: &[Event<'_>]) -> Cause {
    let [Event::Closed(closure)] = events else { panic!("{events:?}") };
    closure.cause
}

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
                            let (Event::Text(Cow::Borrowed(_)) | Event::Binary(Cow::Borrowed(_)) | Event::Ping(Cow::Borrowed(_))) = event
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

/// Of the bytes of a frame none is unmasked before all are there, and few are moved, however small the reads.
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
                while let Some(event) = connection.poll_event(&mut input) {
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

/// Small frames that follow a large one do not wander through all the room that it took, which no cache holds.
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

#[test]
fn a_header_that_breaks_a_rule_is_answered_before_its_frame_is_whole() {
    let mut config = Config::default();
    (config.limits.max_frame, config.limits.max_message, config.limits.max_fragments) = (1000, 1500, 2);
    let frame = |first, len| Side::Client.frame(first, &vec![b'x'; len]);
    let header = |first, len| frame(first, len)[..8].to_vec();
    let cases = [
        (vec![TEXT | 0x40], ProtocolError::ReservedBits),
        (vec![0x83], ProtocolError::ReservedOpcode),
        (vec![CONTINUATION], ProtocolError::UnexpectedContinuation),
        (vec![PING & MORE], ProtocolError::FragmentedControl),
        (vec![TEXT, 5], ProtocolError::UnmaskedFrame),
        (vec![PING, 0xfe], ProtocolError::ControlTooLong),
        (vec![BINARY, 0xfe, 0, 5, 0, 0, 0, 0], ProtocolError::LengthNotMinimal),
        (header(BINARY, 1001), ProtocolError::FrameTooBig),
        ([frame(TEXT & MORE, 900), header(CONTINUATION, 601)].concat(), ProtocolError::MessageTooBig),
        ([frame(TEXT & MORE, 9), frame(CONTINUATION & MORE, 9), header(CONTINUATION, 200)].concat(), ProtocolError::TooManyFragments),
        ([frame(TEXT & MORE, 9), vec![TEXT]].concat(), ProtocolError::InterleavedMessage),
    ];
    for (wire, error) in cases {
        for step in [1, 7, wire.len()] {
            let mut server = Side::Server.open(config.clone());
            let mut scratch = Scratch::new(4 * KIB, MIB);
            let mut events = Vec::new();
            for mut part in wire.chunks(step) {
                read(&mut server, &mut scratch, &mut part, |event| events.push(event.into_owned()));
            }
            assert_eq!(closed(&events), Cause::Violation(error));
            // Once; what follows is thrown away.
            let mut late = &frame(TEXT, 5)[..];
            assert_eq!(read(&mut server, &mut scratch, &mut late, |event| panic!("{event:?}")), 0);
        }
    }
}

/// What its payload breaks is found when it is whole, or when the turn ends.
#[test]
fn text_is_checked_when_its_frame_is_whole() {
    for whole in [true, false] {
        let wire = Side::Client.frame(TEXT, b"\xff and more");
        let mut server = Side::Server.open(Config::default());
        let mut scratch = Scratch::new(KIB, KIB);
        let (mut begin, mut last) = wire.split_at(wire.len() - 1);
        assert_eq!(read(&mut server, &mut scratch, &mut begin, |event| panic!("{event:?}")), wire.len() - 1);
        let mut events = Vec::new();
        if whole {
            read(&mut server, &mut scratch, &mut last, |event| events.push(event.into_owned()));
        } else {
            events.extend(server.poll_event(&mut scratch.rest()).map(Event::into_owned));
        }
        assert_eq!(closed(&events), Cause::Violation(ProtocolError::InvalidUtf8));
    }
}

#[test]
fn the_end_of_the_stream_in_a_kept_frame_is_told() {
    for (first, payload) in [(TEXT, "hello"), (BINARY, "hello"), (PING, "hello"), (CLOSE, "\u{3}\u{e9}")] {
        for fed in [true, false] {
            let wire = Side::Client.frame(first, payload.as_bytes());
            let mut server = Side::Server.open(Config::default());
            let mut scratch = Scratch::new(KIB, KIB);
            let rest = read(&mut server, &mut scratch, &mut &wire[..wire.len() - 1], |event| panic!("{event:?}"));
            assert_eq!(rest, wire.len() - 1);
            if fed {
                assert_eq!(server.poll_event(&mut scratch.rest()), None);
            }
            assert_eq!(closed(&eof(&mut server)), Cause::Eof);
            assert_eq!(server.poll_event(&mut scratch.rest()), None);
            assert!(server.wants_shutdown());
        }
    }
}

/// A turn that ends in the middle of a frame leaves nothing to the next connection, also where it broke off.
#[test]
fn a_turn_leaves_nothing_behind() {
    let wire = Side::Client.frame(TEXT, b"secret");
    let mut scratch = Scratch::new(KIB, KIB);
    for broken_off in [false, true] {
        let mut server = Side::Server.open(Config::default());
        if broken_off {
            scratch.room()[..5].copy_from_slice(&wire[..5]);
            assert_eq!(server.poll_event(&mut scratch.input(5)), None); // It is not kept.
        } else {
            assert_eq!(read(&mut server, &mut scratch, &mut &wire[..5], |event| panic!("{event:?}")), 5);
            assert_eq!(server.poll_event(&mut scratch.rest()), None);
            assert_eq!(feed(&mut server, &wire[5..]), [Event::Text("secret".into())]);
        }
        assert_eq!(scratch.room().len(), KIB);
        assert!(scratch.input(0).is_empty() && scratch.rest().is_empty());
    }
}

/// What a turn has kept when it breaks off goes with it.
#[test]
fn a_turn_that_breaks_off_takes_along_what_it_kept() {
    let wire = Side::Client.frame(TEXT, b"secret");
    let mut scratch = Scratch::new(KIB, KIB);
    let mut server = Side::Server.open(Config::default());
    let mut turn = scratch.turn();
    assert_eq!(read(&mut server, &mut turn, &mut &wire[..5], |event| panic!("{event:?}")), 5);
    assert_eq!(read(&mut server, &mut turn, &mut &wire[5..7], |event| panic!("{event:?}")), 7, "in a turn it is kept");
    drop(turn);
    assert!(scratch.turn().input(0).is_empty());
    assert!(scratch.rest().is_empty());
}

/// Chunks are delivered as they come, and so is what has no room.
#[test]
fn what_is_not_kept_is_consumed() {
    let wire = Side::Client.frame(BINARY, &vec![7; 100_000]);
    let unmasked = &[7; 100_000][..];
    let mut config = Config::default();
    config.delivery = Delivery::Chunks;
    let mut server = Side::Server.open(config);
    let mut scratch = Scratch::new(KIB, MIB);
    let (mut unread, mut got) = (&wire[..], 0);
    while !unread.is_empty() {
        let rest = read(&mut server, &mut scratch, &mut unread, |event| {
            let Event::Chunk(chunk) = event else { panic!("{event:?}") };
            got += chunk.data.as_bytes().len();
        });
        assert_eq!(rest, 0);
    }
    assert_eq!(got, 100_000);

    // One byte too large: the rest can be read into its place. Of the right size it waits.
    for (most, left) in [(wire.len() - 1, 0), (wire.len(), 60_000)] {
        let mut server = Side::Server.open(Config::default());
        let mut scratch = Scratch::new(60_000, most);
        assert_eq!(read(&mut server, &mut scratch, &mut &wire[..], |event| panic!("{event:?}")), left);
        assert_eq!(server.io().0.is_some(), left == 0);
    }

    // Of a header that fills the room alone the frame would be larger.
    for (room, left) in [(4, 0), (5, 4)] {
        let mut begin = [BINARY, 0xfe, 0, 126];
        let mut input = Input::keeping(&mut begin, room);
        assert!(Side::Server.open(Config::default()).poll_event(&mut input).is_none());
        assert_eq!(input.len(), left);
    }

    // Nor does a header wait where nothing does.
    let mut config = Config::default();
    config.delivery = Delivery::Chunks;
    assert_eq!(read(&mut Side::Server.open(config), &mut scratch, &mut &wire[..1], |event| panic!("{event:?}")), 0);

    // Begun through an ordinary input, it goes on as it began.
    let mut server = Side::Server.open(Config::default());
    assert_eq!(feed(&mut server, &wire[..5]), []);
    let mut rest = wire[5..50_000].to_vec();
    let mut input = Input::keeping(&mut rest, MIB);
    assert!(server.poll_event(&mut input).is_none() && input.is_empty());
    assert_eq!(feed(&mut server, &wire[50_000..]), [Event::Binary(unmasked.into())]);
}

/// The limits are those of messages, and what an extension makes of a message is nothing to the control frames in it.
#[test]
fn a_control_frame_waits_whatever_the_message() {
    let limits = {
        let mut limits = Limits::default();
        limits.max_frame = 3;
        limits
    };
    for before in [&b""[..], b"\x42\x03abc"] {
        let mut decoder = Decoder::new(End::Client, limits).with_extension(0b100);
        let mut wire = [before, b"\x89\x05pin"].concat();
        let mut input = Input::keeping(&mut wire, 10);
        assert_eq!(decoder.next(&mut input).is_some(), !before.is_empty());
        assert_eq!((decoder.next(&mut input), input.len()), (None, 5));
    }
}

/// The pieces of a decoder alone are then whole frames.
#[test]
fn a_decoder_gives_whole_frames() {
    let mut decoder = Decoder::new(End::Client, Limits::default()).with_extension(0b100);
    let mut wire = *b"\x02\x03abc\x89\x01p\x80\x03def\xc2\x03ghi";
    let mut pieces = Vec::new();
    let (mut from, mut left) = (0, Vec::new());
    for to in 1..=wire.len() {
        let mut input = Input::keeping(&mut wire[from..to], 5);
        while let Some(piece) = decoder.next(&mut input) {
            pieces.push(match piece.unwrap() {
                Piece::Message { kind: Kind::Binary, last, data, .. } => (data.to_vec(), last),
                Piece::Control { data, last, .. } => (data.to_vec(), last),
                other => panic!("{other:?}"),
            });
        }
        left.push(input.len());
        from = to - input.len();
    }
    // What an extension makes something of is given as it comes.
    let expected = [(&b"abc"[..], false), (b"p", true), (b"def", true), (b"g", false), (b"h", false), (b"i", true)];
    assert_eq!(pieces, expected.map(|(data, last)| (data.to_vec(), last)));
    assert_eq!(left, [1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 0, 0, 0, 0]);
}

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
                left.push(read(&mut server, &mut scratch, &mut unread, |event| events.push(event.into_owned())));
            }
        });
        assert_eq!(left, if refused { [0, 0, 0] } else { [10_000, 0, 0] });
        assert!(events == [Event::Binary([7; 14_000][..].into())]);
    }
}

/// So also where the frame begins a little behind the front: a read of no bytes would be taken for the end of the stream.
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

/// Of a frame that is larger than reads are, and as large as may be, a read is given room for the rest; wherever the front is that it is moved to.
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
