//! Payloads: what unmasks them, and what is delivered of those that break a rule.

use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, cuts, eof, feed, feed_cut,
    frame, frames, output, write,
};
use sockless::{
    Cause, Chunk, ChunkData, Config, Connection, Delivery, Event, ProtocolError, Workspace,
};

/// The bytes of messages, one after the other, and what else was told.
fn told(events: Vec<Event<'static>>) -> (Vec<u8>, Vec<Event<'static>>) {
    let (mut data, mut others) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Binary(binary) => data.extend_from_slice(&binary),
            Event::Text(text) => data.extend_from_slice(text.as_bytes()),
            Event::Chunk(Chunk { data: part, .. }) => data.extend_from_slice(part.as_bytes()),
            other => others.push(other),
        }
    }
    (data, others)
}

/// No CVE, but a bug that comes again and again: a payload that a read cuts at a place that is no
/// multiple of four is unmasked from the mask's first byte again, or a control frame in between
/// turns the mask of the message that goes on behind it. What is delivered is garbage, or text that
/// is not UTF-8.
///
/// Here a frame's mask is turned by as much as was taken of its payload, and kept with that frame.
/// Asserted of a server: three fragments with masks of their own and control frames between them,
/// cut in two at every place, in three at many and in single bytes, in both deliveries, say what
/// they say uncut; and so does a large message of which every part was read another way, in a turn
/// of a workspace, where it may stay until it is whole, or not.
#[test]
fn mask_phase_across_splits() {
    let payload: Vec<u8> = (0..150_u8).collect();
    let keys = [[1, 2, 3, 4], [0xf0, 0x0f, 0xaa, 0x55], [0, 0, 0, 0xff]];
    let wire = [
        frame(BINARY & MORE, &payload[..61], Some(keys[0])),
        frame(PING, b"ping", Some(keys[1])),
        frame(CONTINUATION & MORE, &payload[61..128], Some(keys[1])),
        frame(PONG, b"pong of thirteen", Some(keys[2])),
        frame(CONTINUATION, &payload[128..], Some(keys[2])),
    ]
    .concat();
    for delivery in [Delivery::Whole, Delivery::Chunks] {
        let mut config = Config::default();
        config.delivery = delivery;
        for cuts in cuts(wire.len()) {
            let mut server = Side::Server.open(config.clone());
            let (data, others) = told(feed_cut(&mut server, &wire, &cuts));
            assert_eq!(data, payload, "{cuts:?}");
            assert_eq!(
                others,
                [Event::Ping(b"ping"[..].into()), Event::Pong(b"pong of thirteen"[..].into())],
                "{cuts:?}"
            );
        }
    }

    let payload: Vec<u8> = (0..200_000_u32).map(|i| (i ^ i >> 8) as u8).collect();
    let wire = frame(BINARY, &payload, Some(keys[1]));
    for (step, max_frame) in
        [1, 2, 3, 5, 4099].into_iter().flat_map(|step| [(step, 100_000), (step, 1 << 20)])
    {
        let mut server = Side::Server.open(Config::default());
        let mut workspace = Workspace::new(10_000, max_frame);
        let (mut rest, mut data, mut turned) = (&wire[..], Vec::new(), 0);
        while !rest.is_empty() {
            // Three reads of a turn, and one beside it.
            let mut turn = workspace.turn(&mut server);
            for _ in 0..3 {
                let room = turn.read_buf();
                let n = rest.len().min(room.len()).min(2000 + step);
                room[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                turned += n;
                let (server, mut input) = turn.received(n);
                while let Some(event) = server.poll(&mut input) {
                    data.extend(told(vec![event.into_owned()]).0);
                }
            }
            drop(turn);
            let n = rest.len().min(step);
            data.extend(told(feed(&mut server, &rest[..n])).0);
            rest = &rest[n..];
        }
        assert!(
            data == payload && turned > 50_000,
            "steps of {step}, {turned} bytes in turns, of {max_frame}"
        );
    }
}

/// The same on the way out, where a client masks a large payload piece by piece as it is written:
/// asserted for writes of every size up to nine, for some that end beside a piece's end, and for
/// several payloads in a row.
#[test]
fn mask_phase_across_partial_writes() {
    let payload: Vec<u8> = (0..100_000_u32).map(|i| (i ^ i >> 8) as u8).collect();
    for step in (1..10).chain([4095, 32_767, 32_768, 32_769]) {
        let mut client = Side::Client.open(Config::default());
        client.send_binary(payload.clone()).unwrap();
        client.send_binary(&payload[..5]).unwrap();
        client.send_binary(payload[1..].to_vec()).unwrap();
        let mut wire = Vec::new();
        while client.wants_write() {
            wire.extend(write(&mut client, step));
        }
        let sent: Vec<Vec<u8>> = frames(&wire).into_iter().map(|frame| frame.payload).collect();
        assert!(sent == [&payload[..], &payload[..5], &payload[1..]], "writes of {step}");
    }
}

/// What stands in a payload that must not be seen.
const POISON: &[u8] = b"poison";

/// Frames that break a rule which their header shows, with a payload that must not be seen; and
/// what has to come in front of them.
fn poisoned(peer: Side) -> Vec<(ProtocolError, Vec<u8>, Vec<u8>)> {
    let wrong_mask = |first| frame(first, POISON, (peer == Side::Server).then_some([9, 9, 9, 9]));
    let begun = peer.frame(BINARY & MORE, b"begun");
    let role = if peer == Side::Client {
        ProtocolError::UnmaskedFrame
    } else {
        ProtocolError::MaskedFrame
    };
    let mut all = vec![
        (role, vec![], wrong_mask(BINARY)),
        (role, vec![], wrong_mask(TEXT)),
        (role, vec![], wrong_mask(PING)),
        (role, begun.clone(), wrong_mask(CONTINUATION)),
        (ProtocolError::UnexpectedContinuation, vec![], peer.frame(CONTINUATION, POISON)),
        (ProtocolError::InterleavedMessage, begun.clone(), peer.frame(BINARY, POISON)),
        (ProtocolError::InterleavedMessage, begun.clone(), peer.frame(TEXT & MORE, POISON)),
        (ProtocolError::ReservedOpcode, vec![], peer.frame(0x83, POISON)),
        (ProtocolError::ReservedOpcode, begun.clone(), peer.frame(0x8b, POISON)),
        (ProtocolError::FragmentedControl, vec![], peer.frame(PING & MORE, POISON)),
        (ProtocolError::FragmentedControl, begun.clone(), peer.frame(PONG & MORE, POISON)),
        (ProtocolError::ControlTooLong, vec![], peer.frame(PING, &POISON.repeat(30))),
        (ProtocolError::ControlTooLong, begun.clone(), peer.frame(CLOSE, &POISON.repeat(30))),
        (ProtocolError::FrameTooBig, vec![], peer.frame(BINARY, &POISON.repeat(300))),
        (ProtocolError::FrameTooBig, begun.clone(), peer.frame(CONTINUATION, &POISON.repeat(300))),
        (
            ProtocolError::MessageTooBig,
            begun.clone(),
            peer.frame(CONTINUATION, &POISON.repeat(166)),
        ),
        (
            ProtocolError::TooManyFragments,
            [&begun[..], &peer.frame(CONTINUATION & MORE, b"2")].concat(),
            peer.frame(CONTINUATION, POISON),
        ),
        (
            ProtocolError::InvalidCloseCode,
            vec![],
            peer.frame(CLOSE, &[&[0x03, 0xee], POISON].concat()),
        ),
        (
            ProtocolError::InvalidCloseReason,
            vec![],
            peer.frame(CLOSE, &[&[0x03, 0xe8], POISON, &[0xff]].concat()),
        ),
    ];
    for rsv in [0x10, 0x20, 0x40, 0x70] {
        all.push((ProtocolError::ReservedBits, vec![], peer.frame(BINARY | rsv, POISON)));
        all.push((
            ProtocolError::ReservedBits,
            begun.clone(),
            peer.frame(CONTINUATION | rsv, POISON),
        ));
        all.push((ProtocolError::ReservedBits, begun.clone(), peer.frame(PING | rsv, POISON)));
    }
    all
}

fn config(delivery: Delivery) -> Config {
    let mut config = Config::default();
    config.delivery = delivery;
    (config.limits.max_frame, config.limits.max_message, config.limits.max_fragments) =
        (1000, 1000, 2);
    config
}

/// No CVE of one library: a payload is handed on as it comes, and only then is it found out that
/// its frame had no mask, or too many bytes, or a place where it may not stand. Who parses as it
/// arrives, in parts, has seen by then what nobody should.
///
/// Here a header is checked before a byte of its payload is given out, in any delivery. Asserted,
/// for each rule that a header can break and those of a Close frame's body, in both roles and both
/// deliveries, whole, in single bytes and cut in two everywhere: no event has a byte of that
/// payload in it, a message that had begun is not completed, no ping is answered, and the one
/// answer is the rule's Close frame.
#[test]
fn a_payload_delivered_before_its_frame_is_validated() {
    for side in SIDES {
        for (error, before, wire) in poisoned(side.other()) {
            for delivery in [Delivery::Whole, Delivery::Chunks] {
                let cuttings = [vec![], (1..wire.len()).collect()]
                    .into_iter()
                    .chain((1..wire.len().min(60)).map(|cut| vec![cut]));
                for cuts in cuttings {
                    let mut connection = side.open(config(delivery));
                    let (mut data, others) = told(feed(&mut connection, &before));
                    assert_eq!(others, []);
                    // Behind it stands what would be a message by itself.
                    let wire = [&wire[..], &side.other().frame(BINARY, POISON)].concat();
                    let (more, others) = told(feed_cut(&mut connection, &wire, &cuts));
                    data.extend(more);
                    let [Event::Closed(close_event)] = &others[..] else {
                        panic!("{error:?}: {others:?}")
                    };
                    assert_eq!(
                        (close_event.cause, close_event.reason.as_str()),
                        (Cause::Violation(error), "")
                    );
                    assert!(
                        !data.windows(3).any(|seen| POISON.windows(3).any(|poison| seen == poison)),
                        "{error:?}: {data:?}"
                    );
                    assert!(delivery == Delivery::Chunks || data.is_empty(), "{error:?}: {data:?}");
                    let sent = frames(&output(&mut connection));
                    let [close] = &sent[..] else { panic!("{error:?}: {sent:?}") };
                    assert_eq!(
                        (close.first, &close.payload[..2]),
                        (CLOSE, &error.close_code().get().to_be_bytes()[..])
                    );
                }
            }
        }
    }
}

/// The same of text: what is not UTF-8 is not delivered as text, nor is what follows it; in parts,
/// what is valid in front of it is.
#[test]
fn text_delivered_before_it_is_validated() {
    for side in SIDES {
        for bad in [&b"\xff"[..], b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82"] {
            let payload = [b"good \xe2\x82\xac", bad, POISON].concat();
            let wire = side.other().frame(TEXT, &payload);
            for cuts in cuts(wire.len()) {
                for (delivery, expected) in
                    [(Delivery::Whole, &b""[..]), (Delivery::Chunks, b"good \xe2\x82\xac")]
                {
                    let mut connection = side.open(config(delivery));
                    let events = feed_cut(&mut connection, &wire, &cuts);
                    assert!(events.iter().all(|event| !matches!(
                        event,
                        Event::Chunk(Chunk { data: ChunkData::Binary(_), .. })
                    )));
                    let (data, others) = told(events);
                    assert_eq!(data, expected, "{bad:x?} {cuts:?}");
                    assert!(
                        matches!(&others[..], [Event::Closed(close_event)] if close_event.cause == Cause::Violation(ProtocolError::InvalidUtf8))
                    );
                }
            }
        }
    }
}

/// Nor is a control frame told, or a ping answered, of which only a part has come.
#[test]
fn a_control_frame_delivered_before_it_is_whole() {
    for side in SIDES {
        for first in [PING, PONG, CLOSE] {
            let wire = side.other().frame(first, b"\x03\xe8reason");
            for cut in 0..wire.len() {
                let mut connection: Connection = side.open(Config::default());
                assert_eq!(feed(&mut connection, &wire[..cut]), [], "{first:x} cut at {cut}");
                assert!(!connection.wants_write() && connection.is_open());
                let end = eof(&mut connection);
                assert!(
                    matches!(&end[..], [Event::Closed(close_event)] if close_event.cause == Cause::Eof && !close_event.clean && close_event.reason.is_empty())
                );
            }
        }
    }
}
