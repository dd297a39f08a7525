//! Which messages are borrowed out of the buffer they were read into, and which are consumed as
//! they come.

use crate::support::{
    self, BINARY, CONTINUATION, MORE, PING, SIDES, Side, TEXT, feed, feed_in_turns,
};
use crate::turns::{KIB, MIB, bring, poll, read};
use sockless::decoder::{Decoder, Piece};
use sockless::{Config, Connection, Delivery, Event, Input, Limits, Role, Turn, Workspace};
use std::borrow::Cow;

fn is_borrowed(event: &Event<'_>) -> bool {
    match event {
        Event::Text(text) => matches!(text, Cow::Borrowed(_)),
        Event::Binary(data) | Event::Ping(data) => matches!(data, Cow::Borrowed(_)),
        other => panic!("{other:?}"),
    }
}

/// Whatever is cut, within a turn or between two.
#[test]
fn what_a_read_cuts_is_borrowed() {
    let lens = [1, 125, 126, 1000, 60_000, 65_535, 65_536, 200_000, MIB];
    for side in SIDES {
        let mut wire = Vec::new();
        for len in lens {
            wire.extend(side.other().frame(TEXT, "é".repeat(len / 2 + 1).as_bytes()));
            wire.extend(side.other().frame(PING, b"between"));
            wire.extend(side.other().frame(BINARY, &vec![0xff; len]));
        }
        for (size, most, reads) in [
            (KIB, KIB, 10_000),
            (16 * KIB, 16 * KIB, 10_000),
            (128 * KIB, 128 * KIB, 10_000),
            (16 * KIB, 1400, 1),
            (16 * KIB, 16 * KIB, 1),
            (128 * KIB, 128 * KIB, 1),
            (64 * KIB, 50_000, 2),
        ] {
            let mut connection = side.open(Config::default());
            let mut workspace = Workspace::new(size, 2 * MIB);
            let (mut unread, mut events) = (&wire[..], 0);
            while !unread.is_empty() {
                let mut turn = workspace.turn(&mut connection);
                for _ in 0..reads {
                    read(&mut turn, &mut unread, most, |event| {
                        assert!(is_borrowed(&event), "{side:?} {size} {most} {reads}");
                        events += 1;
                    });
                }
                support::output(turn.endpoint());
            }
            assert_eq!(events, 3 * lens.len(), "{side:?} {size} {most} {reads}");
        }
    }
}

/// The header counts too. One byte more, and it is consumed as it comes and owned.
#[test]
fn frames_up_to_the_limit_are_borrowed() {
    for side in SIDES {
        for len in [5, 125, 126, 5000, 100_000] {
            let wire = side.other().frame(BINARY, &vec![7; len]);
            for (max_frame, borrowed) in
                [(wire.len(), true), (wire.len() - 1, false), (0, false), (usize::MAX, true)]
            {
                for turns in [false, true] {
                    let mut connection = side.open(Config::default());
                    let mut workspace = Workspace::new(wire.len(), max_frame);
                    let (mut begin, mut end) = wire.split_at(wire.len() - 1);
                    let mut turn = workspace.turn(&mut connection);
                    read(&mut turn, &mut begin, usize::MAX, |event| panic!("{event:?}"));
                    if turns {
                        drop(turn);
                        turn = workspace.turn(&mut connection);
                    }
                    let mut told = Vec::new();
                    read(&mut turn, &mut end, usize::MAX, |event| told.push(is_borrowed(&event)));
                    assert_eq!(told, [borrowed], "{side:?} {len} {max_frame} {turns}");
                }
            }
        }
    }
}

/// Whether the bytes of the frames that a read has brought were taken by the polls: then the next
/// read goes to the front again.
fn is_consumed(turn: &mut Turn<'_, Connection>, bytes: &[u8]) -> bool {
    let front = turn.read_buf().as_ptr();
    read(turn, &mut &bytes[..], usize::MAX, |event| drop(event));
    turn.read_buf().as_ptr() == front
}

/// Chunks, compressed messages, messages that were begun otherwise.
#[test]
fn what_nobody_can_borrow_is_consumed_as_it_comes() {
    for side in SIDES {
        let peer = side.other();
        let wire = peer.frame(BINARY, &[7; 1000]);
        let mut workspace = Workspace::new(4 * KIB, MIB);
        let mut plain = side.open(Config::default());
        assert!(!is_consumed(&mut workspace.turn(&mut plain), &wire[..500]), "it waits");

        let mut config = Config::default();
        config.delivery = Delivery::Chunks;
        for cut in [1, 2, 9, 500] {
            let mut connection = side.open(config.clone());
            let mut turn = workspace.turn(&mut connection);
            assert!(is_consumed(&mut turn, &wire[..cut]), "{cut}");
            assert!(is_consumed(&mut turn, &wire[cut..1000]), "{cut}");
            let (mut last, mut events) = (&wire[1000..], Vec::new());
            read(&mut turn, &mut last, 100, |event| events.push(event.into_owned()));
            assert!(matches!(&events[..], [Event::Chunk(chunk)] if chunk.last));
        }

        // Begun through an ordinary input, it goes on as it began.
        let mut connection = side.open(Config::default());
        assert_eq!(feed(&mut connection, &wire[..9]), []);
        assert!(is_consumed(&mut workspace.turn(&mut connection), &wire[9..999]));
        assert_eq!(
            feed_in_turns(&mut connection, &mut workspace, &wire[999..], &[], |_| true),
            [Event::Binary(vec![7; 1000].into())]
        );
    }
}

#[test]
#[cfg(feature = "deflate")]
fn compressed_messages_are_consumed_as_they_come() {
    let mut agreed = sockless::Extensions::default();
    agreed.deflate = Some(sockless::deflate::Parameters::default());
    for side in SIDES {
        let mut peer = side.other().open_with(agreed, Config::default());
        peer.send_text("to be or not to be ".repeat(20)).unwrap();
        let wire = support::output(&mut peer);
        let mut connection = side.open_with(agreed, Config::default());
        let mut workspace = Workspace::default();
        let mut turn = workspace.turn(&mut connection);
        assert!(is_consumed(&mut turn, &wire[..wire.len() - 1]));
        // Its header waits, and so does a control frame between its fragments.
        let ping = side.other().frame(PING, b"between");
        drop(turn);
        let mut connection = side.open_with(agreed, Config::default());
        assert!(!is_consumed(&mut workspace.turn(&mut connection), &wire[..1]));
        let mut connection = side.open_with(agreed, Config::default());
        let begin = side.other().frame((TEXT & MORE) | 0x40, b"");
        let mut turn = workspace.turn(&mut connection);
        assert!(is_consumed(&mut turn, &begin));
        assert!(!is_consumed(&mut turn, &ping[..8]));
        let mut told = Vec::new();
        read(&mut turn, &mut &ping[8..], 99, |event| told.push(is_borrowed(&event)));
        assert_eq!(told, [true]);
    }
}

/// Fragments wait one by one, and are joined in a buffer of the connection's.
#[test]
fn fragments_are_put_together_in_a_buffer_of_their_own() {
    for side in SIDES {
        let peer = side.other();
        let (a, b) =
            (peer.frame(TEXT & MORE, &[b'a'; 300]), peer.frame(CONTINUATION, &[b'b'; 300]));
        let mut connection = side.open(Config::default());
        let mut workspace = Workspace::default();
        let mut turn = workspace.turn(&mut connection);
        assert!(!is_consumed(&mut turn, &a[..299]));
        read(&mut turn, &mut &a[299..], KIB, |event| panic!("{event:?}"));
        assert!(!is_consumed(&mut turn, &b[..299]));
        let mut told = Vec::new();
        read(&mut turn, &mut &b[299..], KIB, |event| told.push(event.into_owned()));
        assert_eq!(told, [Event::Text(["a".repeat(300), "b".repeat(300)].concat().into())]);
    }
}

/// The limits on messages are none of a control frame's, and what an extension makes of a message
/// is nothing to the control frames in it.
#[test]
fn a_control_frame_waits_whatever_the_message() {
    let mut limits = Limits::default();
    limits.max_frame = 3;
    for before in [&b""[..], b"\x42\x03abc"] {
        let mut decoder = Decoder::new(Role::Client, limits).with_extension(0b100);
        let wire = [before, b"\x89\x05pin"].concat();
        let (mut anyone, mut workspace) =
            (Side::Client.open(Config::default()), Workspace::new(32, 10));
        let mut turn = workspace.turn(&mut anyone);
        let n = bring(&mut turn, &mut &wire[..], 32);
        let (_, mut input) = turn.received(n);
        assert_eq!(decoder.next(&mut input).is_some(), !before.is_empty());
        assert_eq!((decoder.next(&mut input), input.len()), (None, 5));
    }
}

/// The pieces that a decoder gives of a turn's input are whole frames, up to the limit.
#[test]
fn a_decoder_gives_whole_frames() {
    let mut decoder = Decoder::new(Role::Client, Limits::default()).with_extension(0b100);
    let wire = b"\x02\x03abc\x89\x01p\x80\x03def\xc2\x03ghi\x82\x04jkl";
    let (mut anyone, mut workspace) = (Side::Client.open(Config::default()), Workspace::new(32, 5));
    let mut turn = workspace.turn(&mut anyone);
    let (mut unread, mut pieces, mut left) = (&wire[..], Vec::new(), Vec::new());
    while !unread.is_empty() {
        let n = bring(&mut turn, &mut unread, 1);
        let (_, mut input) = turn.received(n);
        while let Some(piece) = decoder.next(&mut input) {
            pieces.push(match piece.unwrap() {
                Piece::Message { last, data, .. } => (data.to_vec(), last),
                Piece::Control { data, last, .. } => (data.to_vec(), last),
                other => panic!("{other:?}"),
            });
        }
        left.push(input.len());
    }
    // What an extension makes something of is given as it comes, and so is what is longer.
    let expected = [
        (&b"abc"[..], false),
        (b"p", true),
        (b"def", true),
        (b"g", false),
        (b"h", false),
        (b"i", true),
        (b"j", false),
        (b"k", false),
        (b"l", false),
    ];
    assert_eq!(pieces, expected.map(|(data, last)| (data.to_vec(), last)));
    assert_eq!(left, [1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
}

/// Of a header that is as long as frames may be the frame would be longer.
#[test]
fn a_header_waits_if_its_frame_may() {
    for (max_frame, waits) in [(4, false), (5, true)] {
        let mut client = Side::Client.open(Config::default());
        let mut workspace = Workspace::new(KIB, max_frame);
        assert!(!is_consumed(&mut workspace.turn(&mut client), b"\x82\x7e\0"));
        let mut client = Side::Client.open(Config::default());
        let header = &[BINARY, 126, 0, 126][..];
        assert!(is_consumed(&mut workspace.turn(&mut client), header), "130 bytes will come");
        let mut server = Side::Server.open(Config::default());
        let header = &[BINARY, 0x80 | 126, 0, 126][..];
        assert_eq!(!is_consumed(&mut workspace.turn(&mut server), header), waits);
    }
}

/// Replies while events are held, of which some were cut by a read before.
#[test]
fn several_events_are_held_while_the_endpoint_replies() {
    let mut server = Side::Server.open(Config::default());
    let mut workspace = Workspace::default();
    let wire = [Side::Client.frame(TEXT, b"one"), Side::Client.frame(BINARY, b"two")].concat();
    let mut turn = workspace.turn(&mut server);
    let n = bring(&mut turn, &mut &wire[..7], 7);
    let _ = turn.received(n);
    assert_eq!(poll(&mut turn), []);
    let n = bring(&mut turn, &mut &wire[7..], 100);
    let (connection, mut input) = turn.received(n);
    let mut held = Vec::new();
    while let Some(event) = connection.poll(&mut input) {
        connection.send_text("reply").unwrap();
        held.push(event);
    }
    assert_eq!(held, [Event::Text("one".into()), Event::Binary(b"two"[..].into())]);
    assert!(held.iter().all(is_borrowed));
    assert_eq!(connection.queued(), 14);
    drop((held, input));
    assert_eq!(turn.endpoint().poll(&mut Input::empty()), None);
    assert!(turn.endpoint().wants_write());
}
