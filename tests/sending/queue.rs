//! The transmit queue: however its bytes are taken they are the same, and so many as it says; large
//! payloads are queued by reference; and a send that is refused leaves it as it was.

use crate::support::random::{cases, same};
use crate::support::{
    self, BINARY, CLOSE, PING, PONG, SIDES, Side, TEXT, feed, frames, look, output, write,
};
use bytes::Bytes;
use proptest::prelude::*;
use sockless::client::{self, Request};
use sockless::{Config, Event, Input, Payload, Seed, SendError};

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

#[derive(Clone, Debug)]
enum Step {
    Small(usize),
    Large(usize),
    Ping(usize),
    Pinged(usize),
    /// So many bytes are taken, slice by slice.
    Slices(usize),
    /// So many are taken at once, of at most so many slices.
    Vectored(usize, usize),
    /// The transport takes nothing.
    Refused,
    Pop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..300_usize).prop_map(Step::Small),
        (4000..40_000_usize).prop_map(Step::Large),
        (0..100_usize).prop_map(Step::Ping),
        (0..100_usize).prop_map(Step::Pinged),
        prop_oneof![0..20_usize, 0..50_000_usize].prop_map(Step::Slices),
        (0..50_000_usize, 1..20_usize).prop_map(|(n, many)| Step::Vectored(n, many)),
        Just(Step::Refused),
        Just(Step::Pop),
    ]
}

proptest! {
    #![proptest_config(cases(400))]

    /// However the bytes are taken, they are the same whole frames: data in order, control frames
    /// in order, none inside another.
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
                Step::Slices(n) => {
                    let before = connection.queued();
                    let taken = write(&mut connection, n);
                    prop_assert_eq!(taken.len(), n.min(before));
                    prop_assert_eq!(connection.queued(), before - taken.len());
                    wire.extend(taken);
                }
                Step::Vectored(n, many) => {
                    let (before, mut shown) = (connection.queued(), 0);
                    let taken = connection.transmit().write_with(|slices| {
                        assert!(!slices.is_empty() && slices.iter().all(|slice| !slice.is_empty()));
                        let all: Vec<u8> = slices.iter().take(many).flat_map(|slice| slice.to_vec()).collect();
                        shown = all.len();
                        wire.extend_from_slice(&all[..n.min(shown)]);
                        Ok::<_, ()>(n.min(shown))
                    });
                    prop_assert_eq!(shown > 0, before > 0, "without output it is not called");
                    prop_assert!(shown <= before);
                    prop_assert_eq!(taken, Ok(n.min(shown)));
                    prop_assert_eq!(connection.queued(), before - n.min(shown));
                }
                Step::Refused => {
                    let before = connection.queued();
                    let slices = connection.transmit().write_with(|_| Err::<usize, _>("full"));
                    let slice = connection.transmit().write_slice_with(|_| Err::<usize, _>("full"));
                    let expected = if before > 0 { Err("full") } else { Ok(0) };
                    prop_assert_eq!((slices, slice), (expected, expected));
                    prop_assert_eq!(connection.queued(), before);
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
        let queued = connection.queued();
        let rest = output(&mut connection);
        prop_assert_eq!(rest.len(), queued);
        wire.extend(rest);
        prop_assert!(!connection.wants_write() && connection.queued() == 0);

        let mut sent = frames(&wire);
        if close {
            prop_assert_eq!(sent.pop().map(|frame| frame.first), Some(CLOSE));
        }
        prop_assert!(sent.iter().all(|frame| frame.mask.is_some() == (side == Side::Client)));
        let of = |first: u8| sent.iter().filter(|frame| frame.first == first).map(|frame| frame.payload.clone()).collect::<Vec<_>>();
        same(&of(BINARY), &data)?;
        prop_assert_eq!(of(PING), pings);
        // Within their bound all pongs are there; beyond it some are replaced, in order still.
        let answered = of(PONG);
        let mut rest = pongs.iter();
        prop_assert!(answered.iter().all(|pong| rest.any(|other| other == pong)));
        prop_assert!(pongs.iter().map(|pong| pong.len() + 6).sum::<usize>() > 4096 - 200 || answered.len() == pongs.len());
    }
}

#[test]
fn a_write_of_more_than_was_shown_takes_that_and_no_more() {
    let mut server = Side::Server.open(Config::default());
    server.send_text("x").unwrap();
    let taken = server.transmit().write_slice_with(|_| Ok::<_, ()>(1_000_000));
    assert_eq!((taken, server.wants_write()), (Ok(3), false));
    server.send_text("x").unwrap();
    let taken = server.transmit().write_with(|_| Ok::<_, ()>(usize::MAX));
    assert_eq!((taken, server.wants_write()), (Ok(3), false));

    // Of two slices, one is shown.
    server.send_binary(vec![7; 100_000]).unwrap();
    let taken = server.transmit().write_slice_with(|_| Ok::<_, ()>(usize::MAX));
    assert_eq!((taken, server.queued()), (Ok(10), 100_000));
    output(&mut server);
    server.send_text("y").unwrap();
    assert_eq!(output(&mut server), support::frame(TEXT, b"y", None));
}

#[test]
fn the_queue_closes_up_in_front_of_a_large_payload() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.send_binary(&[1; 6000]).unwrap();
        connection.send_binary(vec![2; 40_000]).unwrap();
        connection.send_binary(&[3; 10]).unwrap();
        let mut wire = Vec::new();
        for _ in 0..100 {
            let written = connection.transmit().write_slice_with(|bytes| {
                let n = bytes.len().min(5900);
                wire.extend_from_slice(&bytes[..n]);
                Ok::<_, ()>(n)
            });
            assert!(written.is_ok());
        }
        assert!(!connection.wants_write());
        let payloads: Vec<_> = frames(&wire).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(payloads, [vec![1; 6000], vec![2; 40_000], vec![3; 10]]);
    }
}

/// A payload by reference is in memory once, however often it is queued: on 32 bits the sum is more
/// than a `usize` holds.
#[test]
fn more_than_4_gib_can_be_queued() {
    let payload = Bytes::from(vec![7; 16 << 20]);
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (u64::MAX, u64::MAX);
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

/// From which length on a payload is queued as it is, a slice of its own behind its header's.
#[test]
fn payloads_are_queued_by_reference_where_that_is_cheaper_than_a_copy() {
    let first_slice = |side: Side, payload: Payload<'_>| {
        let mut connection = side.open(Config::default());
        connection.send_binary(payload).unwrap();
        (look(&mut connection).len(), connection.queued())
    };
    for (side, owned, shared) in
        [(Side::Server, 4 << 10, 2 << 10), (Side::Client, 64 << 10, 64 << 10)]
    {
        for (from, make) in [
            (owned, (|len| vec![7; len].into()) as fn(usize) -> Payload<'static>),
            (shared, |len| Bytes::from(vec![7; len]).into()),
        ] {
            let (slice, all) = first_slice(side, make(from - 1));
            assert_eq!(slice, all, "{side:?}: copied behind its header");
            let (slice, all) = first_slice(side, make(from));
            assert_eq!(slice, all - from, "{side:?}: the header alone");
        }
        let (slice, all) = first_slice(side, vec![7; 100_000].as_slice().into());
        assert_eq!(slice, all, "borrowed bytes are copied, however many");
    }
}

/// A client's request that was written in part leaves no mark on the connection behind it.
#[test]
fn a_request_that_was_written_in_part_counts_for_no_mark() {
    let new =
        || client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
    let (mut handshake, request) = (new(), String::from_utf8(output(&mut new())).unwrap());
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        sockless::handshake::accept_key(key)
    );
    // The server answers early.
    write(&mut handshake, request.len() - 2);
    let Some(client::Outcome::Open(opened)) =
        handshake.poll(&mut Input::new(&mut answer.into_bytes()))
    else {
        panic!()
    };
    let connection = opened.open(Config::default());
    assert_eq!((connection.queued(), connection.above_high_water()), (2, false));
}
