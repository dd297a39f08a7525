//! Messages and control frames as they are delivered, RFC 6455 §5.4 to §5.6, and the limits to the
//! byte.

use crate::support;
use crate::support::{BINARY, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, feed_cut};
use sockless::{Cause, Config, Event, Input, ProtocolError};
use std::borrow::Cow;

#[test]
fn empty_messages_and_empty_fragments() {
    for side in SIDES {
        let peer = side.other();
        let wire = [
            peer.frame(TEXT, b""),
            peer.frame(BINARY, b""),
            peer.frame(TEXT & MORE, b""),
            peer.frame(CONTINUATION & MORE, b""),
            peer.frame(CONTINUATION, b""),
            peer.frame(BINARY & MORE, b""),
            peer.frame(CONTINUATION & MORE, b"x"),
            peer.frame(CONTINUATION, b""),
        ]
        .concat();
        let expected = [
            Event::Text("".into()),
            Event::Binary(b"".into()),
            Event::Text("".into()),
            Event::Binary(b"x".into()),
        ];
        for cuts in support::cuts(wire.len()) {
            assert_eq!(feed_cut(&mut side.open(Config::default()), &wire, &cuts), expected);
        }
    }
}

#[test]
fn control_frames_are_delivered_between_the_fragments() {
    for side in SIDES {
        let peer = side.other();
        let wire = [
            peer.frame(TEXT & MORE, "caf\u{e9}".as_bytes().split_last().unwrap().1),
            peer.frame(PING, b"1"),
            peer.frame(PONG, &[b'2'; 125]),
            peer.frame(CONTINUATION, b"\xa9!"),
            peer.frame(PING, b""),
        ]
        .concat();
        let expected = [
            Event::Ping(b"1".into()),
            Event::Pong(vec![b'2'; 125].into()),
            Event::Text("caf\u{e9}!".into()),
            Event::Ping(b"".into()),
        ];
        for cuts in support::cuts(wire.len()) {
            assert_eq!(feed_cut(&mut side.open(Config::default()), &wire, &cuts), expected);
        }
    }
}

#[test]
fn what_a_read_holds_whole_is_borrowed_from_it() {
    let mut server = Side::Server.open(Config::default());
    let mut scratch = [
        Side::Client.frame(TEXT, b"one"),
        Side::Client.frame(BINARY, b"two"),
        Side::Client.frame(PING, b"three"),
    ]
    .concat();
    let mut input = Input::new(&mut scratch);
    // Several events are held at once, while the connection is used.
    let (one, two, three) =
        (server.poll(&mut input), server.poll(&mut input), server.poll(&mut input));
    server.send_text("reply").unwrap();
    assert!(matches!(one, Some(Event::Text(Cow::Borrowed("one")))));
    assert!(matches!(two, Some(Event::Binary(Cow::Borrowed(b"two")))));
    assert!(matches!(three, Some(Event::Ping(Cow::Borrowed(b"three")))));
}

#[test]
fn every_length_up_to_beyond_the_second_header_form() {
    for side in SIDES {
        for len in (0..300).chain([4095, 4096, 65_534, 65_535, 65_536, 65_537]) {
            let data: Vec<u8> = (0..len).map(|i| (i * 31 % 255) as u8).collect();
            let wire = side.other().frame(BINARY, &data);
            let whole = feed(&mut side.open(Config::default()), &wire);
            assert_eq!(whole, [Event::Binary(data.clone().into())]);
            let cut = feed_cut(&mut side.open(Config::default()), &wire, &[wire.len() / 2]);
            assert_eq!(cut, whole);
        }
    }
}

#[test]
fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    let mut config = Config::default();
    config.limits.max_frame = 1000;
    config.limits.max_message = 1500;
    config.limits.max_fragments = 3;
    for side in SIDES {
        let frame = |first, len| side.other().frame(first, &vec![b'x'; len]);
        let outcome =
            |parts: &[Vec<u8>]| match feed(&mut side.open(config.clone()), &parts.concat()).pop() {
                Some(Event::Closed(close_event)) => Err(close_event.cause),
                Some(Event::Text(text)) => Ok(text.len()),
                other => panic!("{other:?}"),
            };
        let violation = |error| Err(Cause::Violation(error));
        assert_eq!(outcome(&[frame(TEXT, 1000)]), Ok(1000));
        assert_eq!(outcome(&[frame(TEXT, 1001)]), violation(ProtocolError::FrameTooBig));
        assert_eq!(outcome(&[frame(TEXT & MORE, 1000), frame(CONTINUATION, 500)]), Ok(1500));
        assert_eq!(
            outcome(&[frame(TEXT & MORE, 1000), frame(CONTINUATION, 501)]),
            violation(ProtocolError::MessageTooBig)
        );
        let more = frame(CONTINUATION & MORE, 1);
        assert_eq!(outcome(&[frame(TEXT & MORE, 1), more.clone(), frame(CONTINUATION, 1)]), Ok(3));
        let four = [frame(TEXT & MORE, 1), more.clone(), more.clone(), frame(CONTINUATION, 1)];
        assert_eq!(outcome(&four), violation(ProtocolError::TooManyFragments));
        // Control frames count for none of it.
        let pinged = [
            frame(TEXT & MORE, 1000),
            frame(PING, 100),
            frame(PING, 100),
            frame(PING, 100),
            frame(CONTINUATION, 500),
        ];
        assert_eq!(outcome(&pinged), Ok(1500));
    }
}

#[test]
fn a_whole_frame_above_the_message_limit_is_refused_on_the_fast_path_too() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            for (len, refused) in [(200, false), (201, true)] {
                let mut config = Config::default();
                config.limits.max_message = 200;
                let events =
                    feed(&mut side.open(config), &side.other().frame(first, &vec![b'x'; len]));
                assert_eq!(matches!(&events[..], [Event::Closed(_)]), refused, "{events:?}");
            }
        }
    }
}

#[test]
fn no_limit_at_all_is_possible_and_no_arithmetic_overflows() {
    let mut config = Config::default();
    config.limits.max_frame = u64::MAX;
    config.limits.max_message = u64::MAX;
    config.limits.max_fragments = u32::MAX;
    // The longest frame that can be declared, behind a message that is under way.
    let mut client = Side::Client.open(config);
    let wire =
        [&[0x02, 1, b'x', 0x80, 127][..], &(u64::MAX >> 1).to_be_bytes(), b"beginning"].concat();
    assert_eq!(feed(&mut client, &wire), []);
}
