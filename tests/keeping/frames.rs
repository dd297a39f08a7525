//! What is told of frames that are kept, and when: what a header breaks at once, what a payload
//! breaks when its frame is whole or the turn ends, the end of the stream; and which frames are not
//! kept.

use crate::support::{BINARY, CLOSE, CONTINUATION, MORE, PING, Side, TEXT, eof, feed};
use crate::{KIB, MIB, read};
use sockless::decoder::{Decoder, Limits, MessageKind, Piece, Role};
use sockless::{Cause, Config, Delivery, Endpoint, Event, Input, ProtocolError, Scratch};

/// The only event of `wire`: why it was closed.
fn closed(events: &[Event<'_>]) -> Cause {
    let [Event::Closed(close_event)] = events else { panic!("{events:?}") };
    close_event.cause
}

#[test]
fn a_header_that_breaks_a_rule_is_answered_before_its_frame_is_whole() {
    let mut config = Config::default();
    (config.limits.max_frame, config.limits.max_message, config.limits.max_fragments) =
        (1000, 1500, 2);
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
        (
            [frame(TEXT & MORE, 900), header(CONTINUATION, 601)].concat(),
            ProtocolError::MessageTooBig,
        ),
        (
            [frame(TEXT & MORE, 9), frame(CONTINUATION & MORE, 9), header(CONTINUATION, 200)]
                .concat(),
            ProtocolError::TooManyFragments,
        ),
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
        assert_eq!(
            read(&mut server, &mut scratch, &mut begin, |event| panic!("{event:?}")),
            wire.len() - 1
        );
        let mut events = Vec::new();
        if whole {
            read(&mut server, &mut scratch, &mut last, |event| events.push(event.into_owned()));
        } else {
            events.extend(server.poll(&mut scratch.rest()).map(Event::into_owned));
        }
        assert_eq!(closed(&events), Cause::Violation(ProtocolError::InvalidUtf8));
    }
}

#[test]
fn the_end_of_the_stream_in_a_kept_frame_is_told() {
    for (first, payload) in
        [(TEXT, "hello"), (BINARY, "hello"), (PING, "hello"), (CLOSE, "\u{3}\u{e9}")]
    {
        for fed in [true, false] {
            let wire = Side::Client.frame(first, payload.as_bytes());
            let mut server = Side::Server.open(Config::default());
            let mut scratch = Scratch::new(KIB, KIB);
            let rest = read(&mut server, &mut scratch, &mut &wire[..wire.len() - 1], |event| {
                panic!("{event:?}")
            });
            assert_eq!(rest, wire.len() - 1);
            if fed {
                assert_eq!(server.poll(&mut scratch.rest()), None);
            }
            assert_eq!(closed(&eof(&mut server)), Cause::Eof);
            assert_eq!(server.poll(&mut scratch.rest()), None);
            assert!(server.wants_shutdown());
        }
    }
}

/// A turn that ends in the middle of a frame leaves nothing to the next connection, also where it
/// broke off.
#[test]
fn a_turn_leaves_nothing_behind() {
    let wire = Side::Client.frame(TEXT, b"secret");
    let mut scratch = Scratch::new(KIB, KIB);
    for broken_off in [false, true] {
        let mut server = Side::Server.open(Config::default());
        if broken_off {
            scratch.room()[..5].copy_from_slice(&wire[..5]);
            assert_eq!(server.poll(&mut scratch.input(5)), None); // It is not kept.
        } else {
            assert_eq!(
                read(&mut server, &mut scratch, &mut &wire[..5], |event| panic!("{event:?}")),
                5
            );
            assert_eq!(server.poll(&mut scratch.rest()), None);
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
    assert_eq!(
        read(&mut server, &mut turn, &mut &wire[5..7], |event| panic!("{event:?}")),
        7,
        "in a turn it is kept"
    );
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
        assert_eq!(
            read(&mut server, &mut scratch, &mut &wire[..], |event| panic!("{event:?}")),
            left
        );
        assert_eq!(server.io().0.is_some(), left == 0);
    }

    // Of a header that fills the room alone the frame would be larger.
    for (room, left) in [(4, 0), (5, 4)] {
        let mut begin = [BINARY, 0xfe, 0, 126];
        let mut input = Input::keeping(&mut begin, room);
        assert!(Side::Server.open(Config::default()).poll(&mut input).is_none());
        assert_eq!(input.len(), left);
    }

    // Nor does a header wait where nothing does.
    let mut config = Config::default();
    config.delivery = Delivery::Chunks;
    assert_eq!(
        read(&mut Side::Server.open(config), &mut scratch, &mut &wire[..1], |event| panic!(
            "{event:?}"
        )),
        0
    );

    // Begun through an ordinary input, it goes on as it began.
    let mut server = Side::Server.open(Config::default());
    assert_eq!(feed(&mut server, &wire[..5]), []);
    let mut rest = wire[5..50_000].to_vec();
    let mut input = Input::keeping(&mut rest, MIB);
    assert!(server.poll(&mut input).is_none() && input.is_empty());
    assert_eq!(feed(&mut server, &wire[50_000..]), [Event::Binary(unmasked.into())]);
}

/// The limits are those of messages, and what an extension makes of a message is nothing to the
/// control frames in it.
#[test]
fn a_control_frame_waits_whatever_the_message() {
    let limits = {
        let mut limits = Limits::default();
        limits.max_frame = 3;
        limits
    };
    for before in [&b""[..], b"\x42\x03abc"] {
        let mut decoder = Decoder::new(Role::Client, limits).with_extension(0b100);
        let mut wire = [before, b"\x89\x05pin"].concat();
        let mut input = Input::keeping(&mut wire, 10);
        assert_eq!(decoder.next(&mut input).is_some(), !before.is_empty());
        assert_eq!((decoder.next(&mut input), input.len()), (None, 5));
    }
}

/// The pieces of a decoder alone are then whole frames.
#[test]
fn a_decoder_gives_whole_frames() {
    let mut decoder = Decoder::new(Role::Client, Limits::default()).with_extension(0b100);
    let mut wire = *b"\x02\x03abc\x89\x01p\x80\x03def\xc2\x03ghi";
    let mut pieces = Vec::new();
    let (mut from, mut left) = (0, Vec::new());
    for to in 1..=wire.len() {
        let mut input = Input::keeping(&mut wire[from..to], 5);
        while let Some(piece) = decoder.next(&mut input) {
            pieces.push(match piece.unwrap() {
                Piece::Message { kind: MessageKind::Binary, last, data, .. } => {
                    (data.to_vec(), last)
                }
                Piece::Control { data, last, .. } => (data.to_vec(), last),
                other => panic!("{other:?}"),
            });
        }
        left.push(input.len());
        from = to - input.len();
    }
    // What an extension makes something of is given as it comes.
    let expected = [
        (&b"abc"[..], false),
        (b"p", true),
        (b"def", true),
        (b"g", false),
        (b"h", false),
        (b"i", true),
    ];
    assert_eq!(pieces, expected.map(|(data, last)| (data.to_vec(), last)));
    assert_eq!(left, [1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 0, 0, 0, 0]);
}
