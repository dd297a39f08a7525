//! Wherever reads and turns end: the same events, the same answer, and at the same byte.

use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, Side, TEXT, eof, feed, feed_in_turns, output,
};
use crate::turns::{KIB, MIB};
use sockless::{
    Cause, ChunkData, Config, Connection, Delivery, Event, Extensions, ProtocolError, Workspace,
};

/// What was told, chunks of a message joined, and what was answered.
#[derive(Debug, PartialEq)]
struct Told {
    events: Vec<Event<'static>>,
    answer: Vec<u8>,
    shuts_down: bool,
}

fn told(mut connection: Connection, mut events: Vec<Event<'static>>) -> Told {
    events.extend(eof(&mut connection));
    let mut joined: Vec<Event<'static>> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (Some(Event::Chunk(begun)), Event::Chunk(more)) if !begun.last => {
                match (&mut begun.data, more.data) {
                    (ChunkData::Text(begun), ChunkData::Text(more)) => *begun += more,
                    (ChunkData::Binary(begun), ChunkData::Binary(more)) => {
                        begun.to_mut().extend_from_slice(&more);
                    }
                    other => panic!("{other:?}"),
                }
                begun.last = more.last;
            }
            (_, event) => joined.push(event),
        }
    }
    let answer = output(&mut connection);
    Told { events: joined, answer, shuts_down: connection.wants_shutdown() }
}

/// How a connection is opened, and what its peer sends.
struct Case {
    side: Side,
    agreed: Extensions,
    config: Config,
    wire: Vec<u8>,
}

impl Case {
    fn open(&self) -> Connection {
        self.side.open_with(self.agreed, self.config.clone())
    }

    /// What is told of all in one read, without a turn.
    fn whole(&self) -> Told {
        let mut connection = self.open();
        let events = feed(&mut connection, &self.wire);
        told(connection, events)
    }

    /// The same in turns, which end behind the reads whose bits are set.
    fn in_turns(&self, workspace: &mut Workspace, cuts: &[usize], ends: u32) -> Told {
        let mut connection = self.open();
        let ends = |read: usize| ends >> (read % 32) & 1 != 0;
        let events = feed_in_turns(&mut connection, workspace, &self.wire, cuts, ends);
        told(connection, events)
    }
}

/// Text, binary, control frames between fragments, a Close with something behind it; or what breaks
/// a rule or a limit. About 80 bytes each.
fn short_wires(side: Side) -> Vec<Vec<u8>> {
    let frame = |first, payload: &[u8]| side.other().frame(first, payload);
    let begin = [
        frame(TEXT, "é1".as_bytes()),
        frame(BINARY & MORE, b"abc"),
        frame(PING, b"??"),
        frame(CONTINUATION & MORE, b""),
        frame(CONTINUATION, b"def"),
        frame(TEXT & MORE, &"€".as_bytes()[..2]),
        frame(CONTINUATION, &"€".as_bytes()[2..]),
    ]
    .concat();
    let ends = [
        [frame(CLOSE, b"\x03\xe8bye"), frame(TEXT, b"late")].concat(),
        frame(TEXT, b"ok\xffno"),
        frame(BINARY, &[7; 20]),
        [frame(TEXT & MORE, b"a"), frame(PING & MORE, b"")].concat(),
        [frame(BINARY & MORE, &[1; 10]), frame(CONTINUATION, &[2; 9])].concat(),
        [frame(BINARY & MORE, b"a"), frame(CONTINUATION, b"b")[..2].to_vec()].concat(),
    ];
    ends.map(|end| [&begin[..], &end].concat()).into()
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for side in SIDES {
        for wire in short_wires(side) {
            for delivery in [Delivery::Whole, Delivery::Chunks] {
                let mut config = Config::default();
                config.delivery = delivery;
                (config.limits.max_frame, config.limits.max_message) = (19, 18);
                config.limits.max_fragments = 3;
                cases.push(Case {
                    side,
                    agreed: Extensions::default(),
                    config,
                    wire: wire.clone(),
                });
            }
        }
    }
    cases
}

/// All ways to cut a short wire into three reads, each with turns that end behind none of them,
/// either or both; with frames that may wait, that may not, or that may if they are short.
#[test]
fn every_two_cuts_of_a_short_wire() {
    let mut workspaces = [0, 12, KIB].map(|max_frame| Workspace::new(32, max_frame));
    for case in cases() {
        let whole = case.whole();
        let bytes: Vec<_> = (1..case.wire.len()).collect();
        for workspace in &mut workspaces {
            for ends in [0, 1, 2, 0b101, u32::MAX] {
                assert_eq!(case.in_turns(workspace, &bytes, ends), whole, "{ends:b}");
            }
        }
        let mut n = 0;
        for a in 0..case.wire.len() {
            for b in a..case.wire.len() {
                n += 1;
                let (workspace, ends) = (&mut workspaces[n % 3], (n / 3 % 4) as u32);
                let told = case.in_turns(workspace, &[a, b], ends);
                assert_eq!(told, whole, "{a} {b} {ends:b} {:02x?}", case.wire);
            }
        }
    }
}

/// Around the ends of frames, and of what is read and held.
#[test]
fn three_cuts_of_larger_wires() {
    for side in SIDES {
        let frame =
            |first, len: usize| side.other().frame(first, "aé€".repeat(len / 6 + 1).as_bytes());
        let frames = [
            frame(TEXT, 100),
            frame(BINARY, 300),
            frame(PING, 60),
            frame(TEXT & MORE, 4500),
            frame(PING, 1),
            frame(CONTINUATION, 200),
            frame(BINARY, 5000),
            frame(TEXT, 0),
        ];
        let (mut places, mut at) = (vec![0], 0);
        for frame in &frames {
            places.extend([at + 1, at + frame.len() / 2, at + frame.len()]);
            at += frame.len();
        }
        places.extend([256, 4096, 4300, at - 1]);
        places.retain(|place| *place < at);
        places.sort_unstable();
        places.dedup();
        let case = Case {
            side,
            agreed: Extensions::default(),
            config: Config::default(),
            wire: frames.concat(),
        };
        let whole = case.whole();
        assert_eq!(whole.events.len(), 8);
        let mut workspaces =
            [(256, 0), (256, 6000), (KIB, MIB), (64 * KIB, MIB)].map(|(r, m)| Workspace::new(r, m));
        let mut n = 0;
        for (i, a) in places.iter().enumerate() {
            for (j, b) in places.iter().enumerate().skip(i) {
                for c in &places[j..] {
                    n += 1;
                    let told = case.in_turns(&mut workspaces[n % 4], &[*a, *b, *c], n as u32 / 4);
                    assert!(told == whole, "{a} {b} {c} {n}");
                }
            }
        }
    }
}

/// Compressed messages, whole and in chunks.
#[test]
#[cfg(feature = "deflate")]
fn two_cuts_of_compressed_messages() {
    let mut agreed = Extensions::default();
    agreed.deflate = Some(sockless::deflate::Parameters::default());
    for side in SIDES {
        let mut peer = side.other().open_with(agreed, Config::default());
        peer.send_text("to be or not to be, or not to be: ".repeat(9)).unwrap();
        peer.ping(b"between").unwrap();
        let first = output(&mut peer);
        peer.send_binary(&[7; 3000]).unwrap();
        peer.send_text("to be").unwrap();
        let wire = [first, output(&mut peer)].concat();
        for delivery in [Delivery::Whole, Delivery::Chunks] {
            let mut config = Config::default();
            config.delivery = delivery;
            let case = Case { side, agreed, config, wire: wire.clone() };
            let whole = case.whole();
            assert_eq!(whole.events.len(), 5, "{:?}", whole.events);
            let mut workspaces = [16, KIB].map(|max_frame| Workspace::new(64, max_frame));
            for a in 0..wire.len() {
                for b in (a..wire.len()).step_by(3) {
                    let told = case.in_turns(&mut workspaces[a % 2], &[a, b], (a + b) as u32 % 4);
                    assert!(told == whole, "{a} {b}");
                }
            }
        }
    }
}

/// At which byte the end is told, if bytes come one by one, each in a read of its own.
fn told_at(events: &mut dyn FnMut(&[u8]) -> Vec<Event<'static>>, wire: &[u8]) -> (usize, Cause) {
    for (i, byte) in wire.iter().enumerate() {
        if let Some(Event::Closed(close_event)) = events(&[*byte]).pop() {
            return (i, close_event.cause);
        }
    }
    panic!("nothing was wrong with {wire:02x?}");
}

/// What a header breaks is answered at its byte, before its frame is whole.
#[test]
fn what_breaks_a_rule_or_a_limit_is_answered_at_the_same_byte() {
    let mut config = Config::default();
    (config.limits.max_frame, config.limits.max_message) = (1000, 1500);
    config.limits.max_fragments = 2;
    let frame = |first, len| Side::Client.frame(first, &vec![b'x'; len]);
    let cases = [
        (vec![], vec![TEXT | 0x40], ProtocolError::ReservedBits),
        (vec![], vec![0x83], ProtocolError::ReservedOpcode),
        (vec![], vec![CONTINUATION], ProtocolError::UnexpectedContinuation),
        (vec![], vec![PING & MORE], ProtocolError::FragmentedControl),
        (vec![], vec![TEXT, 5], ProtocolError::UnmaskedFrame),
        (vec![], vec![PING, 0xfe], ProtocolError::ControlTooLong),
        (vec![], vec![BINARY, 0xfe, 0, 5], ProtocolError::LengthNotMinimal),
        (vec![], vec![BINARY, 0xfe, 3, 233], ProtocolError::FrameTooBig),
        (frame(TEXT & MORE, 900), vec![CONTINUATION, 0xfe, 2, 89], ProtocolError::MessageTooBig),
        (
            [frame(TEXT & MORE, 9), frame(CONTINUATION & MORE, 9)].concat(),
            vec![CONTINUATION, 0x85],
            ProtocolError::TooManyFragments,
        ),
        (frame(TEXT & MORE, 9), vec![TEXT], ProtocolError::InterleavedMessage),
    ];
    for (before, header, error) in cases {
        let at = before.len() + header.len() - 1;
        let wire = [&before[..], &header, &[0; 20]].concat();
        let mut plain = Side::Server.open(config.clone());
        let without = told_at(&mut |byte| feed(&mut plain, byte), &wire);
        assert_eq!(without, (at, Cause::Violation(error)));
        for one_each in [false, true] {
            for max_frame in [0, 5, MIB] {
                let mut workspace = Workspace::new(4 * KIB, max_frame);
                let mut server = Side::Server.open(config.clone());
                let within = if one_each {
                    let mut turns = |byte: &[u8]| {
                        feed_in_turns(&mut server, &mut workspace, byte, &[], |_| true)
                    };
                    told_at(&mut turns, &wire)
                } else {
                    let mut turn = workspace.turn(&mut server);
                    let mut reads = |mut byte: &[u8]| {
                        let mut events = Vec::new();
                        crate::turns::read(&mut turn, &mut byte, 1, |event| {
                            events.push(event.into_owned());
                        });
                        events
                    };
                    told_at(&mut reads, &wire)
                };
                assert_eq!(within, without, "{error:?} {one_each} {max_frame}");
                let late = feed_in_turns(&mut server, &mut workspace, &wire, &[], |_| true);
                assert_eq!(late, [], "what follows is thrown away");
            }
        }
    }
}

/// What its payload breaks is found where it breaks it, or when its frame is whole if it waits for
/// that.
#[test]
fn text_is_checked_as_it_comes_where_it_is_short_and_else_when_its_frame_is_whole() {
    let short = Side::Client.frame(TEXT, b"ok\xffand more");
    let long = Side::Client.frame(TEXT, &[&[b'x'; KIB][..], b"\xff", &[b'x'; 100]].concat());
    let (bad, last) = (8 + KIB, long.len() - 1);
    for (wire, max_frame, at) in [
        (&short, short.len(), 6 + 2),
        (&short, short.len() - 1, 6 + 2),
        (&short, 0, 6 + 2),
        (&long, long.len(), last),
        (&long, long.len() - 1, bad),
        (&long, 0, bad),
    ] {
        let mut workspace = Workspace::new(2 * KIB, max_frame);
        let mut server = Side::Server.open(Config::default());
        let mut turns =
            |byte: &[u8]| feed_in_turns(&mut server, &mut workspace, byte, &[], |_| true);
        let told = told_at(&mut turns, wire);
        assert_eq!(told, (at, Cause::Violation(ProtocolError::InvalidUtf8)));
    }
    // A character that a cut divides is none that is wrong, in one frame or over two.
    let text = Side::Client.frame(TEXT & MORE, "aé€".as_bytes());
    let text = [text, Side::Client.frame(CONTINUATION, "é🎉".as_bytes())].concat();
    for (wire, events) in [(text, [Event::Text("aé€é🎉".into())])] {
        let mut workspace = Workspace::default();
        let mut server = Side::Server.open(Config::default());
        let cuts: Vec<_> = (1..wire.len()).collect();
        for ends in [true, false] {
            let told = feed_in_turns(&mut server, &mut workspace, &wire, &cuts, |_| ends);
            assert_eq!(told, events);
        }
    }
}
