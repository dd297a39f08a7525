//! What is sent: frames as §5.2 wants them, fragments, the transmit queue under partial writes, and refusals that change nothing.

mod support;

use bytes::{Buf, Bytes};
use proptest::prelude::*;
use sockless::{Agreement, Config, Connection, Event, LifeCycle, Payload, Prepared, Role, Seed, SendError};
use std::borrow::Cow;
use std::str::from_utf8;
use support::{BINARY, CLOSE, CONTINUATION, Frame, MORE, PING, PONG, SIDES, Side, TEXT, feed, frames, output};

#[test]
fn every_header_form_in_both_roles() {
    for side in SIDES {
        for len in [0, 1, 125, 126, 127, 4095, 4096, 65535, 65536, 70_000] {
            let data: Vec<u8> = (0..len).map(|i| (i % 253) as u8).collect();
            // Borrowed, owned and shared payloads give the same bytes.
            for way in 0..3 {
                let mut connection = side.open(Config::default());
                match way {
                    0 => connection.send_binary(&data),
                    1 => connection.send_binary(data.clone()),
                    _ => connection.send_binary(Bytes::from(data.clone())),
                }
                .unwrap();
                let wire = output(&mut connection);
                let [Frame { first, mask, payload }] = &frames(&wire)[..] else { panic!("{len}, {way}") };
                assert_eq!((*first, mask.is_some(), payload), (BINARY, side == Side::Client, &data));
                assert_eq!(support::frame(BINARY, &data, *mask), wire, "the shortest header");
            }
        }
    }
}

/// In one queue, whose room ends anywhere in them.
#[test]
fn short_messages_of_every_length_stand_one_behind_the_other() {
    let data: Vec<u8> = (0..1100_u32).map(|i| (i % 127) as u8).collect();
    for side in SIDES {
        let mut connection = side.open(Config::default());
        for batch in (0..=data.len()).collect::<Vec<_>>().chunks(89) {
            let mut queued = 0;
            for &len in batch {
                match len % 5 {
                    0 => connection.send_binary(&data[..len]).unwrap(),
                    1 => connection.send_binary(data[..len].to_vec()).unwrap(),
                    2 => connection.send_text(from_utf8(&data[..len]).unwrap()).unwrap(),
                    3 => connection.send_text(from_utf8(&data[..len]).unwrap().to_owned()).unwrap(),
                    _ => connection.send_prepared(&Prepared::text(from_utf8(&data[..len]).unwrap())).unwrap(),
                }
                queued += side.frame(BINARY, &data[..len]).len();
                assert_eq!(connection.queued(), queued, "{side:?}, {len}");
            }
            let wire = output(&mut connection);
            let sent = frames(&wire);
            assert_eq!(sent.len(), batch.len());
            for (frame, &len) in sent.iter().zip(batch) {
                let first = if len % 5 < 2 { BINARY } else { TEXT };
                assert_eq!((frame.first, frame.mask.is_some(), &frame.payload[..]), (first, side == Side::Client, &data[..len]));
            }
            let again: Vec<u8> = sent.iter().flat_map(|frame| support::frame(frame.first, &frame.payload, frame.mask)).collect();
            assert_eq!(again, wire, "the shortest headers");
        }
    }
}

#[test]
fn every_kind_of_text_and_payload_is_accepted() {
    let mut server = Side::Server.open(Config::default());
    let (string, vec, bytes) = (String::from("x"), vec![b'x'], Bytes::from_static(b"x"));
    server.send_text("x").unwrap();
    server.send_text(&string).unwrap();
    server.send_text(string.clone()).unwrap();
    server.send_text(Cow::Borrowed("x")).unwrap();
    server.send_text(Cow::<str>::Owned(string)).unwrap();
    server.send_binary(b"x").unwrap();
    server.send_binary(&b"x"[..]).unwrap();
    server.send_binary(&vec).unwrap();
    server.send_binary(vec).unwrap();
    server.send_binary(&bytes).unwrap();
    server.send_binary(bytes).unwrap();
    server.send_binary(Cow::Borrowed(&b"x"[..])).unwrap();
    let expected: Vec<u8> = [[TEXT, 1, b'x'].repeat(5), [BINARY, 1, b'x'].repeat(7)].concat();
    assert_eq!(output(&mut server), expected);
}

#[test]
fn a_client_takes_a_fresh_key_for_each_frame() {
    let mut client = Side::Client.open(Config::default());
    for _ in 0..1000 {
        client.send_text("x").unwrap();
    }
    let mut keys: Vec<_> = frames(&output(&mut client)).into_iter().map(|frame| frame.mask.unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() >= 999, "one of 1,000 keys may come twice by chance");

    // The same seed gives the same keys, another one others.
    let wire = |seed: u8| {
        let mut client = Connection::new(Role::Client(Seed::new([seed; 32])), Agreement::default(), Config::default());
        client.send_text("x").unwrap();
        output(&mut client)
    };
    assert_eq!(wire(1), wire(1));
    assert_ne!(wire(1), wire(2));
}

#[test]
fn text_is_fragmented_between_characters() {
    let text = "aé€😀".repeat(20);
    for side in SIDES {
        for size in 0..40 {
            let mut config = Config::default();
            config.fragment_above = size;
            let mut connection = side.open(config);
            connection.send_text(&text).unwrap();
            let sent = frames(&output(&mut connection));
            let joined: Vec<u8> = sent.iter().flat_map(|frame| frame.payload.clone()).collect();
            assert_eq!(String::from_utf8(joined).unwrap(), text);
            for (i, frame) in sent.iter().enumerate() {
                let fin = if i == sent.len() - 1 { 0x80 } else { 0 };
                let opcode = if i == 0 { TEXT & MORE } else { CONTINUATION & MORE };
                assert_eq!(frame.first, fin | opcode);
                let part = from_utf8(&frame.payload).expect("whole characters");
                assert!(part.len() <= size || part.chars().count() == 1, "{size}: {part}");
            }
        }
    }
}

#[test]
fn binary_is_fragmented_to_the_byte() {
    for (len, size, expected) in [(10, 10, vec![10]), (11, 10, vec![10, 1]), (20, 10, vec![10, 10]), (3, 0, vec![1, 1, 1]), (0, 0, vec![0])]
    {
        let mut config = Config::default();
        config.fragment_above = size;
        let mut server = Side::Server.open(config);
        server.send_binary(vec![9; len]).unwrap();
        let sizes: Vec<usize> = frames(&output(&mut server)).iter().map(|frame| frame.payload.len()).collect();
        assert_eq!(sizes, expected);
    }
    // A large owned payload is cut without a copy of it.
    let mut config = Config::default();
    config.fragment_above = 10_000;
    let mut server = Side::Server.open(config);
    server.send_binary(vec![9; 100_000]).unwrap();
    assert_eq!(frames(&output(&mut server)).len(), 10);
}

#[test]
fn a_refused_send_leaves_the_state_untouched() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.send_text("one").unwrap();
        let queued = connection.queued();
        assert_eq!(connection.ping(&[0; 126]), Err(SendError::PingTooLong));
        assert_eq!(connection.queued(), queued);
        assert!(connection.is_open());
        // The key stream did not move either: the next frame is the one that it would have been.
        connection.send_text("two").unwrap();
        let mut other = side.open(Config::default());
        other.send_text("one").unwrap();
        other.send_text("two").unwrap();
        assert_eq!(output(&mut connection), output(&mut other));
    }
}

#[test]
fn pongs_answer_in_order_and_leave_between_frames() {
    let mut server = Side::Server.open(Config::default());
    server.send_text("first").unwrap();
    server.send_text("second").unwrap();
    // The first frame has begun to leave.
    server.transmit().advance(3);
    let pings = [Side::Client.frame(PING, b"1"), Side::Client.frame(PING, b"2")].concat();
    feed(&mut server, &pings);
    let rest = output(&mut server);
    let whole = [&support::frame(TEXT, b"first", None)[..3], &rest].concat();
    let sent: Vec<_> = frames(&whole).into_iter().map(|frame| (frame.first, frame.payload)).collect();
    let expected = [(TEXT, &b"first"[..]), (PONG, b"1"), (PONG, b"2"), (TEXT, b"second")];
    assert_eq!(sent, expected.map(|(first, payload)| (first, payload.to_vec())));
}

#[test]
fn a_pong_still_goes_before_a_close_that_has_not_begun_to_leave() {
    let mut server = Side::Server.open(Config::default());
    server.close(None).unwrap();
    feed(&mut server, &Side::Client.frame(PING, b"x"));
    let firsts: Vec<u8> = frames(&output(&mut server)).iter().map(|frame| frame.first).collect();
    assert_eq!(firsts, [PONG, CLOSE]);

    let mut server = Side::Server.open(Config::default());
    server.close(None).unwrap();
    server.transmit().advance(1);
    feed(&mut server, &Side::Client.frame(PING, b"x"));
    assert_eq!(output(&mut server), [0]);
}

#[derive(Clone, Debug)]
enum Step {
    Small(usize),
    Large(usize),
    Ping(usize),
    Pinged(usize),
    Advance(usize),
    Vectored(usize),
    Pop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..300_usize).prop_map(Step::Small),
        (4000..40_000_usize).prop_map(Step::Large),
        (0..100_usize).prop_map(Step::Ping),
        (0..100_usize).prop_map(Step::Pinged),
        prop_oneof![0..20_usize, 0..50_000_usize].prop_map(Step::Advance),
        (1..50_000_usize).prop_map(Step::Vectored),
        Just(Step::Pop),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the bytes are taken, they are the same whole frames: data in order, control frames in order, none inside another.
    #[test]
    fn any_way_of_taking_gives_the_same_bytes(side in prop::sample::select(&SIDES[..]), steps in prop::collection::vec(step(), 1..50), close in any::<bool>()) {
        let mut connection = side.open(Config::default());
        let (mut data, mut pings, mut pongs) = (Vec::new(), Vec::new(), Vec::new());
        let mut wire = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            let payload = |len: usize| (0..len).map(|at| (at + i) as u8).collect::<Vec<u8>>();
            match *step {
                Step::Small(len) => {
                    connection.send_binary(payload(len).as_slice()).unwrap();
                    data.push(payload(len));
                }
                Step::Large(len) => {
                    connection.send_binary(payload(len)).unwrap();
                    data.push(payload(len));
                }
                Step::Ping(len) => {
                    connection.ping(&payload(len)).unwrap();
                    pings.push(payload(len));
                }
                Step::Pinged(len) => {
                    prop_assert_eq!(feed(&mut connection, &side.other().frame(PING, &payload(len))), [Event::Ping(payload(len).into())]);
                    pongs.push(payload(len));
                }
                Step::Advance(n) => {
                    let mut left = n;
                    let mut out = connection.transmit();
                    while left > 0 && out.has_remaining() {
                        let taken = out.chunk().len().min(left);
                        prop_assert!(taken > 0);
                        wire.extend_from_slice(&out.chunk()[..taken]);
                        out.advance(taken);
                        left -= taken;
                    }
                }
                Step::Vectored(n) => {
                    let mut out = connection.transmit();
                    let mut slices = [std::io::IoSlice::new(&[]); 6];
                    let count = out.chunks_vectored(&mut slices);
                    prop_assert_eq!(count > 0, out.has_remaining());
                    let all: Vec<u8> = slices[..count].iter().flat_map(|slice| { assert!(!slice.is_empty()); slice.to_vec() }).collect();
                    prop_assert!(all.len() <= out.remaining());
                    let n = n.min(all.len());
                    wire.extend_from_slice(&all[..n]);
                    out.advance(n);
                }
                Step::Pop => match connection.transmit().pop() {
                    Some(bytes) => {
                        prop_assert!(!bytes.is_empty());
                        wire.extend_from_slice(&bytes);
                    }
                    None => prop_assert!(!connection.wants_write()),
                },
            }
        }
        if close {
            connection.close(None).unwrap();
        }
        prop_assert_eq!(connection.queued(), connection.transmit().remaining());
        wire.extend(output(&mut connection));
        prop_assert!(!connection.wants_write() && connection.queued() == 0);

        let mut sent = frames(&wire);
        if close {
            prop_assert_eq!(sent.pop().map(|frame| frame.first), Some(CLOSE));
        }
        prop_assert!(sent.iter().all(|frame| frame.mask.is_some() == (side == Side::Client)));
        let of = |first: u8| sent.iter().filter(|frame| frame.first == first).map(|frame| frame.payload.clone()).collect::<Vec<_>>();
        prop_assert_eq!(of(BINARY), data);
        prop_assert_eq!(of(PING), pings);
        // Within their bound all pongs are there; beyond it some are replaced, in order still.
        let answered = of(PONG);
        let mut rest = pongs.iter();
        prop_assert!(answered.iter().all(|pong| rest.any(|other| other == pong)));
        prop_assert!(pongs.iter().map(|pong| pong.len() + 6).sum::<usize>() > 4096 - 200 || answered.len() == pongs.len());
    }
}

#[test]
fn advancing_too_far_takes_all_and_no_more() {
    let mut server = Side::Server.open(Config::default());
    server.send_text("x").unwrap();
    server.transmit().advance(1_000_000);
    assert!(!server.wants_write());
    server.send_text("y").unwrap();
    assert_eq!(output(&mut server), support::frame(TEXT, b"y", None));
}

#[test]
fn a_pong_that_has_begun_to_leave_is_not_replaced() {
    let mut server = Side::Server.open(Config::default());
    let ping = |server: &mut Connection, tag| feed(server, &Side::Client.frame(PING, &[tag; 125]));
    for tag in 0..40 {
        ping(&mut server, tag);
    }
    // All but the last half of the last pong leaves; then our own pings fill the row.
    let mut out = server.transmit();
    let n = out.remaining() - 60;
    let mut wire = out.copy_to_bytes(n).to_vec();
    for _ in 0..40 {
        server.ping(&[9; 125]).unwrap();
    }
    ping(&mut server, 200);
    wire.extend(output(&mut server));
    let sent = frames(&wire);
    assert_eq!(sent.iter().filter(|frame| frame.first == PING).count(), 40);
    assert_eq!(sent.last().unwrap().payload, [200; 125]);
}

/// Of a full row of pongs the last makes way for a shorter one: that is no byte less that the peer has to take before it is sent more.
#[test]
fn a_pong_that_makes_way_leaves_the_queue_above_its_mark() {
    let mut config = Config::default();
    (config.lower_mark, config.upper_mark) = (0, 12 + 32 * 127 - 1);
    let mut server = Side::Server.open(config);
    server.send_binary(&[0; 10]).unwrap();
    for _ in 0..32 {
        assert!(!server.above_mark());
        feed(&mut server, &Side::Client.frame(PING, &[1; 125]));
    }
    assert!(server.above_mark());
    feed(&mut server, &Side::Client.frame(PING, &[2; 100]));
    assert_eq!(server.queued(), 12 + 31 * 127 + 102);
    assert!(server.above_mark());
    output(&mut server);
    assert!(!server.above_mark());
}

#[test]
fn the_queue_closes_up_in_front_of_a_large_payload() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.send_binary(&[1; 6000]).unwrap();
        connection.send_binary(vec![2; 40_000]).unwrap();
        connection.send_binary(&[3; 10]).unwrap();
        let mut out = connection.transmit();
        let mut wire = Vec::new();
        for _ in 0..100 {
            let n = out.chunk().len().min(5900);
            wire.extend_from_slice(&out.chunk()[..n]);
            out.advance(n);
        }
        assert!(!out.has_remaining());
        let payloads: Vec<_> = frames(&wire).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(payloads, [vec![1; 6000], vec![2; 40_000], vec![3; 10]]);
    }
}

/// A payload by reference is in memory once, however often it is queued: on 32 bits the sum is more than a `usize` holds.
#[test]
fn more_than_4_gib_can_be_queued() {
    let payload = Bytes::from(vec![7; 16 << 20]);
    let mut config = Config::default();
    (config.lower_mark, config.upper_mark) = (u32::MAX, u32::MAX);
    let mut server = Side::Server.open(config);
    for _ in 0..256 {
        server.send_binary(&payload).unwrap();
    }
    assert_eq!(server.queued() as u64, (256 * ((16 << 20) + 10_u64)).min(usize::MAX as u64));
    let mut taken = 0_u64;
    while let Some(bytes) = server.transmit().pop() {
        taken += bytes.len() as u64;
    }
    assert_eq!(taken, 256 * ((16 << 20) + 10));
}

#[test]
fn no_pong_stands_inside_the_101() {
    let headers = [
        ("host", &b"a.example"[..]),
        ("upgrade", b"websocket"),
        ("connection", b"Upgrade"),
        ("sec-websocket-version", b"13"),
        ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for begun in [0, 5] {
        let request = sockless::server::Request::from_parts("GET", "/", (1, 1), headers, &Default::default()).unwrap();
        let mut connection = request.accept().open(Config::default());
        connection.send_text("first").unwrap();
        let mut wire = connection.transmit().copy_to_bytes(begun).to_vec();
        feed(&mut connection, &Side::Client.frame(PING, b"x"));
        wire.extend(output(&mut connection));
        assert!(wire.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
        assert!(wire.ends_with(b"\r\n\r\n\x8a\x01x\x81\x05first"), "{}", wire.escape_ascii());
    }
}

/// From which length on a payload is queued as it is, a slice of its own behind its header's.
#[test]
fn payloads_are_queued_by_reference_where_that_is_cheaper_than_a_copy() {
    let first_slice = |side: Side, payload: Payload<'_>| {
        let mut connection = side.open(Config::default());
        connection.send_binary(payload).unwrap();
        let out = connection.transmit();
        (out.chunk().len(), out.remaining())
    };
    for (side, owned, shared) in [(Side::Server, 4 << 10, 2 << 10), (Side::Client, 64 << 10, 64 << 10)] {
        for (from, make) in
            [(owned, (|len| vec![7; len].into()) as fn(usize) -> Payload<'static>), (shared, |len| Bytes::from(vec![7; len]).into())]
        {
            let (slice, all) = first_slice(side, make(from - 1));
            assert_eq!(slice, all, "{side:?}: copied behind its header");
            let (slice, all) = first_slice(side, make(from));
            assert_eq!(slice, all - from, "{side:?}: the header alone");
        }
        let (slice, all) = first_slice(side, vec![7; 100_000].as_slice().into());
        assert_eq!(slice, all, "borrowed bytes are copied, however many");
    }
}
