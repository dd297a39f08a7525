//! The table of violations: a row of cases for each `ProtocolError`, in both roles where the rule
//! holds for both, under every cut of its bytes.
//!
//! Whatever came before the violation is delivered, nothing behind it is; the answer is one Close
//! frame with the row's code; the life cycle goes to its end.

use crate::support;
use crate::support::{BINARY, CLOSE, CONTINUATION, Frame, MORE, PING, PONG, SIDES, Side, TEXT};
use crate::support::{cuts, eof, feed, feed_cut, feed_in_turns, frames, output};
use sockless::{Cause, Config, Connection, Event, Extensions, ProtocolError, Workspace};

#[derive(Clone)]
struct Case {
    error: ProtocolError,
    /// The close code, by its number: the table is not compared with itself.
    code: u16,
    side: Side,
    wire: Vec<u8>,
    config: Config,
    agreed: Extensions,
}

/// Every case, for the side that receives it.
fn cases(side: Side) -> Vec<Case> {
    let peer = side.other();
    let mut all = Vec::new();
    let mut case = |error, parts: &[Vec<u8>]| {
        let code = match error {
            ProtocolError::InvalidUtf8
            | ProtocolError::InvalidCloseReason
            | ProtocolError::InvalidDeflate => 1007,
            ProtocolError::TooManyFragments => 1008,
            ProtocolError::FrameTooBig | ProtocolError::MessageTooBig => 1009,
            _ => 1002,
        };
        all.push(Case {
            error,
            code,
            side,
            wire: parts.concat(),
            config: limited(),
            agreed: Extensions::default(),
        });
    };
    let frame = |first, payload: &[u8]| peer.frame(first, payload);
    // A header with lengths of our making; the mask bit and key as the peer must send them.
    let header = |first: u8, length: &[u8]| {
        let (mask, key) =
            if peer == Side::Client { (0x80, &[1, 2, 3, 4][..]) } else { (0, &[][..]) };
        [&[first, mask | length[0]], &length[1..], key].concat()
    };

    for rsv in [0x40, 0x20, 0x10, 0x70] {
        for first in [TEXT, BINARY, BINARY & MORE, CLOSE, PING, PONG] {
            case(ProtocolError::ReservedBits, &[frame(first | rsv, b"")]);
        }
        case(
            ProtocolError::ReservedBits,
            &[frame(TEXT & MORE, b"a"), frame(CONTINUATION | rsv, b"b")],
        );
    }
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        case(ProtocolError::ReservedOpcode, &[frame(0x80 | opcode, b"x")]);
        case(ProtocolError::ReservedOpcode, &[frame(TEXT & MORE, b"a"), frame(opcode, b"")]);
    }
    for first in [CLOSE, PING, PONG] {
        case(ProtocolError::FragmentedControl, &[frame(first & MORE, b"")]);
        case(
            ProtocolError::FragmentedControl,
            &[frame(BINARY & MORE, b"a"), frame(first & MORE, b"x")],
        );
        case(ProtocolError::ControlTooLong, &[frame(first, &[b'x'; 126])]);
        case(ProtocolError::ControlTooLong, &[header(first, &[127])]);
    }
    for first in [CONTINUATION, CONTINUATION & MORE] {
        case(ProtocolError::UnexpectedContinuation, &[frame(first, b"x")]);
        case(
            ProtocolError::UnexpectedContinuation,
            &[frame(TEXT & MORE, b"a"), frame(CONTINUATION, b"b"), frame(first, b"")],
        );
    }
    for first in [TEXT, TEXT & MORE, BINARY, BINARY & MORE] {
        case(ProtocolError::InterleavedMessage, &[frame(TEXT & MORE, b"a"), frame(first, b"b")]);
        case(
            ProtocolError::InterleavedMessage,
            &[frame(BINARY & MORE, b""), frame(PING, b"p"), frame(first, b"")],
        );
    }
    let masking = if side == Side::Server {
        ProtocolError::UnmaskedFrame
    } else {
        ProtocolError::MaskedFrame
    };
    for first in [TEXT, BINARY & MORE, CLOSE, PING, PONG] {
        // As this side itself would send it.
        case(masking, &[side.frame(first, b"\x03\xe8")]);
        case(masking, &[side.frame(first, b"")]);
    }
    case(ProtocolError::LengthNotMinimal, &[header(BINARY, &[126, 0, 125])]);
    case(ProtocolError::LengthNotMinimal, &[header(TEXT, &[126, 0, 0])]);
    case(ProtocolError::LengthNotMinimal, &[header(BINARY, &[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff])]);
    case(ProtocolError::LengthNotMinimal, &[header(BINARY & MORE, &[127, 0, 0, 0, 0, 0, 0, 0, 1])]);
    case(ProtocolError::LengthTopBit, &[header(BINARY, &[127, 0x80, 0, 0, 0, 0, 0, 0, 0])]);
    case(
        ProtocolError::LengthTopBit,
        &[header(TEXT, &[127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    );
    case(ProtocolError::FrameTooBig, &[header(BINARY, &[126, 0x01, 0x01])]);
    case(
        ProtocolError::FrameTooBig,
        &[header(TEXT, &[127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    );
    case(
        ProtocolError::MessageTooBig,
        &[
            frame(BINARY & MORE, &[0; 256]),
            frame(CONTINUATION & MORE, &[0; 44]),
            frame(CONTINUATION, b"x"),
        ],
    );
    let four = [
        frame(TEXT & MORE, b""),
        frame(CONTINUATION & MORE, b""),
        frame(CONTINUATION & MORE, b"x"),
        frame(PING, b"p"),
    ]
    .concat();
    case(
        ProtocolError::TooManyFragments,
        &[four, frame(CONTINUATION & MORE, b""), frame(CONTINUATION, b"")],
    );

    for bad in [
        &b"\xff"[..],
        b"a\x80",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80z",
    ] {
        case(ProtocolError::InvalidUtf8, &[frame(TEXT, bad)]);
        case(
            ProtocolError::InvalidUtf8,
            &[frame(TEXT & MORE, b"a"), frame(CONTINUATION & MORE, bad)],
        );
        for at in 0..=bad.len() {
            let (front, back) = bad.split_at(at);
            case(
                ProtocolError::InvalidUtf8,
                &[frame(TEXT & MORE, front), frame(PING, b"p"), frame(CONTINUATION, back)],
            );
        }
    }
    // Cut off at the end of the message.
    case(ProtocolError::InvalidUtf8, &[frame(TEXT, b"caf\xc3")]);
    case(
        ProtocolError::InvalidUtf8,
        &[frame(TEXT & MORE, b"\xf0\x9f"), frame(CONTINUATION, b"\x98")],
    );
    case(ProtocolError::InvalidUtf8, &[frame(TEXT & MORE, b"\xf0\x9f"), frame(CONTINUATION, b"")]);

    case(ProtocolError::CloseBodyTooShort, &[frame(CLOSE, b"\x03")]);
    for code in [0_u16, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        case(ProtocolError::InvalidCloseCode, &[frame(CLOSE, &code.to_be_bytes())]);
        case(
            ProtocolError::InvalidCloseCode,
            &[frame(CLOSE, &[&code.to_be_bytes()[..], b"reason"].concat())],
        );
    }
    case(ProtocolError::InvalidCloseReason, &[frame(CLOSE, b"\x03\xe8\xff")]);
    case(
        ProtocolError::InvalidCloseReason,
        &[frame(BINARY & MORE, b"a"), frame(CLOSE, b"\x03\xe8abc\xf0\x9f")],
    );

    // All the same where compression was agreed on, but that RSV1 has a meaning then; and what can
    // only be wrong there.
    #[cfg(feature = "deflate")]
    {
        let mut agreed = Extensions::default();
        agreed.deflate = Some(Default::default());
        let mut compressed: Vec<Case> = all
            .iter()
            .filter(|case| case.wire[0] & 0x40 == 0)
            .cloned()
            .map(|case| Case { agreed, ..case })
            .collect();
        let mut case = |error, code, parts: &[Vec<u8>]| {
            compressed.push(Case {
                error,
                code,
                side,
                wire: parts.concat(),
                config: limited(),
                agreed,
            });
        };
        for first in
            [TEXT | 0x60, BINARY | 0x50, PING | 0x40, PONG | 0x40, CLOSE | 0x40, BINARY | 0x70]
        {
            case(ProtocolError::ReservedBits, 1002, &[frame(first, b"")]);
        }
        case(
            ProtocolError::ReservedBits,
            1002,
            &[frame((TEXT & MORE) | 0x40, b"\0"), frame(CONTINUATION | 0x40, b"")],
        );
        // A reserved type of block, alone and behind a block that says "a"; lengths that differ;
        // cut short; empty; a final block that is cut short, and one with something behind it.
        for payload in [
            &b"\x06"[..],
            b"\x4a\x04\0\0\0\xff\xff\x06",
            b"\0\x01\0\xfe\xfea\0",
            b"\x4a",
            b"\x4a\x04",
            b"",
            b"\x4b\x04",
            b"\x4b\x04\0\x06",
        ] {
            case(ProtocolError::InvalidDeflate, 1007, &[frame(BINARY | 0x40, payload)]);
            case(
                ProtocolError::InvalidDeflate,
                1007,
                &[
                    frame((BINARY & MORE) | 0x40, payload),
                    frame(PING, b""),
                    frame(CONTINUATION, b""),
                ],
            );
        }
        case(ProtocolError::InvalidUtf8, 1007, &[frame(TEXT | 0x40, b"\0\x01\0\xfe\xff\xff\0")]);
        case(
            ProtocolError::MessageTooBig,
            1009,
            &[frame(BINARY | 0x40, b"\x4a\x4c\x1c\x05\x44\x03\0\0")],
        );
        all.extend(compressed);
    }
    all
}

fn limited() -> Config {
    let mut config = Config::default();
    config.limits.max_frame = 256;
    config.limits.max_message = 300;
    config.limits.max_fragments = 4;
    config
}

#[test]
fn every_row_has_its_cases() {
    // Without compression, nothing is inflated.
    for error in ProtocolError::ALL
        .iter()
        .filter(|error| cfg!(feature = "deflate") || **error != ProtocolError::InvalidDeflate)
    {
        assert!(SIDES.into_iter().flat_map(cases).any(|case| case.error == *error), "{error:?}");
    }
}

#[test]
fn every_row_under_every_cut() {
    for case in SIDES.into_iter().flat_map(cases) {
        let peer = case.side.other();
        let before = peer.frame(TEXT, b"before");
        let after = peer.frame(TEXT, b"after");
        let wire = [&before[..], &case.wire, &after].concat();
        for cuts in cuts(wire.len()) {
            check(&case, &cuts, |connection| feed_cut(connection, &wire, &cuts));
        }
    }
}

/// The same in turns of a workspace, where frames wait to be whole: in one, and in one for each
/// read.
#[test]
fn every_row_in_turns() {
    let mut workspace = Workspace::new(64, 1000);
    for case in SIDES.into_iter().flat_map(cases) {
        let peer = case.side.other();
        let wire =
            [&peer.frame(TEXT, b"before")[..], &case.wire, &peer.frame(TEXT, b"after")].concat();
        for cuts in cuts(wire.len()).into_iter().take(wire.len() + 1) {
            for each in [false, true] {
                check(&case, &cuts, |connection| {
                    feed_in_turns(connection, &mut workspace, &wire, &cuts, |_| each)
                });
            }
        }
    }
}

fn check(
    case: &Case,
    cuts: &[usize],
    feed_all: impl FnOnce(&mut Connection) -> Vec<Event<'static>>,
) {
    let context =
        || format!("{:?} at a {:?}: {:02x?} cut at {cuts:?}", case.error, case.side, case.wire);
    let mut connection = case.side.open_with(case.agreed, case.config.clone());
    let events = feed_all(&mut connection);

    assert_eq!(events.first(), Some(&Event::Text("before".into())), "{}", context());
    let Some((Event::Closed(close_event), delivered)) = events.split_last() else {
        panic!("{}: {events:?}", context())
    };
    assert_eq!(
        (close_event.cause, close_event.code, close_event.clean),
        (Cause::Violation(case.error), 1006, false),
        "{}",
        context()
    );
    for event in &delivered[1..] {
        // A ping in the middle, or the whole message before the bad frame.
        assert!(
            matches!(event, Event::Ping(_)) || *event == Event::Text("ab".into()),
            "{}: {event:?}",
            context()
        );
    }

    // The answer is one Close frame, behind the pongs.
    let sent = frames(&output(&mut connection));
    let (close, pongs) = sent.split_last().unwrap_or_else(|| panic!("{}: no answer", context()));
    assert_eq!(close.first, CLOSE, "{}", context());
    assert_eq!(
        close.payload,
        [&case.code.to_be_bytes()[..], case.error.rule().as_bytes()].concat(),
        "{}",
        context()
    );
    assert_eq!(close.mask.is_some(), case.side == Side::Client);
    assert!(pongs.iter().all(|Frame { first, .. }| *first == PONG), "{}", context());

    // Nothing more is delivered or sent; the life cycle goes on to its end.
    assert!(connection.wants_shutdown() && connection.wants_read() && !connection.is_done());
    connection.shutdown_done();
    assert_eq!(feed(&mut connection, &case.side.other().frame(TEXT, b"more")), []);
    assert!(
        !connection.wants_write()
            && !connection.wants_shutdown()
            && connection.wants_read()
            && !connection.is_done()
    );
    assert_eq!(eof(&mut connection), []);
    assert!(connection.is_done() && !connection.wants_read(), "{}", context());
}

#[test]
fn an_answer_comes_as_soon_as_its_byte_is_there() {
    // Text is refused in the middle of a frame, of a fragment, and before the code point is whole.
    let mut server = Side::Server.open(Config::default());
    let wire = Side::Client.frame(TEXT, b"ok\xed\xa0 and a long rest that never comes");
    let events = feed(&mut server, &wire[..6 + 4]);
    assert!(
        matches!(&events[..], [Event::Closed(close_event)] if close_event.cause == Cause::Violation(ProtocolError::InvalidUtf8))
    );

    // A reserved opcode is refused by its byte alone.
    let mut server = Side::Server.open(Config::default());
    assert!(matches!(&feed(&mut server, b"\x83")[..], [Event::Closed(_)]));

    // A frame too big is refused by its header.
    let mut server = Side::Server.open(Config::default());
    let wire = Side::Client.frame(BINARY, &vec![0; (16 << 20) + 1]);
    assert!(matches!(&feed(&mut server, &wire[..14])[..], [Event::Closed(_)]));
}

/// §10.4: a server does not wait for the masking key.
#[test]
fn a_limit_is_answered_as_soon_as_its_number_is_there() {
    let three = |peer: Side| {
        let begin = peer.frame(BINARY & MORE, &[0; 256]);
        [begin, peer.frame(CONTINUATION & MORE, b""), peer.frame(CONTINUATION & MORE, b"")].concat()
    };
    for side in SIDES {
        let peer = side.other();
        let mask = if peer == Side::Client { 0x80 } else { 0 };
        let four = [three(peer), peer.frame(CONTINUATION & MORE, b"")].concat();
        let rows: [(Vec<u8>, &[u8], ProtocolError); 8] = [
            (vec![], &[BINARY, 126 | mask, 1, 1], ProtocolError::FrameTooBig),
            (
                vec![],
                &[TEXT & MORE, 127 | mask, 0, 0, 0, 0, 0, 1, 0, 0],
                ProtocolError::FrameTooBig,
            ),
            (three(peer), &[CONTINUATION, 45 | mask], ProtocolError::MessageTooBig),
            (three(peer), &[CONTINUATION, 126 | mask, 0, 126], ProtocolError::MessageTooBig),
            (three(peer), &[CONTINUATION, 126 | mask, 2, 0], ProtocolError::FrameTooBig),
            // Of two limits that one byte breaks, and of a limit and a length in a longer form.
            (four.clone(), &[CONTINUATION, 45 | mask], ProtocolError::TooManyFragments),
            (four.clone(), &[CONTINUATION & MORE, 126 | mask], ProtocolError::TooManyFragments),
            (four, &[CONTINUATION, 127 | mask], ProtocolError::TooManyFragments),
        ];
        for (before, header, error) in rows {
            // What follows is a key, a payload, and a violation of its own.
            let wire = [&before[..], header, &[1, 2, 3, 4, 0xff, 0xff]].concat();
            let end = before.len() + header.len();
            for cuts in cuts(wire.len()) {
                let told = |turns: Option<bool>| {
                    let mut connection = side.open(limited());
                    let workspace = &mut Workspace::new(64, 1000);
                    let events = match turns {
                        Some(each) => {
                            feed_in_turns(&mut connection, workspace, &wire, &cuts, |_| each)
                        }
                        None => feed_cut(&mut connection, &wire, &cuts),
                    };
                    let [Event::Closed(close_event)] = &events[..] else { panic!("{events:?}") };
                    close_event.cause
                };
                for turns in [None, Some(false), Some(true)] {
                    assert_eq!(
                        told(turns),
                        Cause::Violation(error),
                        "{side:?} {header:02x?} {cuts:?} {turns:?}"
                    );
                }
            }
            for first in 0..end {
                let mut connection = side.open(limited());
                assert_eq!(
                    feed(&mut connection, &wire[..first]),
                    [],
                    "{side:?} {header:02x?} {first}"
                );
                assert_eq!(
                    feed(&mut connection, &wire[first..end - 1]),
                    [],
                    "{side:?} {header:02x?}"
                );
                let events = feed(&mut connection, &wire[end - 1..end]);
                assert!(
                    matches!(&events[..], [Event::Closed(_)]),
                    "{side:?} {header:02x?} {first}"
                );
            }
        }
    }
}

#[test]
fn what_was_queued_before_the_violation_is_sent_before_its_close() {
    let mut server = Side::Server.open(Config::default());
    server.send_text("queued").unwrap();
    feed(&mut server, b"\x83");
    let sent = frames(&output(&mut server));
    assert_eq!(sent.iter().map(|frame| frame.first).collect::<Vec<_>>(), [TEXT, CLOSE]);
}

#[test]
fn a_violation_after_our_own_close_sends_no_second_one() {
    let mut server = Side::Server.open(Config::default());
    server.close(None).unwrap();
    let events = feed(&mut server, b"\x83");
    assert!(
        matches!(&events[..], [Event::Closed(close_event)] if close_event.cause == Cause::Violation(ProtocolError::ReservedOpcode))
    );
    assert_eq!(output(&mut server), support::frame(CLOSE, b"", None));
    assert!(server.wants_shutdown());
}
