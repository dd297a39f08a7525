//! Lengths that a peer declares and does not mean.

use crate::support::alloc::{counted, live};
use crate::support::{BINARY, CONTINUATION, MORE, PING, SIDES, Side, TEXT, eof, take};
use sockless::ProtocolError::*;
use sockless::decoder::{Decoder, Piece};
use sockless::{Cause, Config, Connection, Delivery, Event, Input, Limits, Role};

/// The largest length that a header can declare.
const MOST: u64 = u64::MAX >> 1;

/// Lengths at which arithmetic goes wrong that is done in 16, 31, 32, 63 or 64 bits, or in a
/// `usize` beside what a header adds.
fn lengths() -> Vec<u64> {
    let edges = [
        1 << 16,
        1 << 31,
        1 << 32,
        1 << 53,
        1 << 63,
        u64::MAX,
        usize::MAX as u64,
        isize::MAX as u64,
    ];
    let mut all: Vec<u64> = edges
        .into_iter()
        .flat_map(|edge: u64| {
            (0..=16).flat_map(move |by| [edge.wrapping_add(by), edge.wrapping_sub(by)])
        })
        .collect();
    all.retain(|length| *length > 0xffff);
    all.sort_unstable();
    all.dedup();
    all
}

/// For the first byte of a frame that is compressed.
const RSV1: u8 = 0x40;

/// The first bytes of messages.
fn firsts(compresses: bool) -> &'static [u8] {
    if compresses { &[TEXT, BINARY, TEXT | RSV1, BINARY | RSV1] } else { &[TEXT, BINARY] }
}

/// A header of the long form, and a few bytes of its payload; none of a compressed one, which they
/// would spoil.
fn header(peer: Side, first: u8, length: u64) -> Vec<u8> {
    let mut wire = vec![first, if peer == Side::Client { 0xff } else { 0x7f }];
    wire.extend(length.to_be_bytes());
    wire.extend((peer == Side::Client).then_some([0; 4]).into_iter().flatten());
    if first & RSV1 == 0 {
        wire.extend(b"some");
    }
    wire
}

/// Feeds a wire whole or in single bytes, and drops what is delivered: the cause of the end, if it
/// came to it.
fn cause(connection: &mut Connection, wire: &mut [u8], step: usize) -> Option<Cause> {
    let mut cause = None;
    for part in wire.chunks_mut(step) {
        let mut input = Input::new(part);
        while let Some(event) = connection.poll(&mut input) {
            if let Event::Closed(close_event) = event {
                assert!(cause.is_none());
                cause = Some(close_event.cause);
            }
        }
    }
    cause
}

fn unlimited() -> Limits {
    let mut limits = Limits::default();
    (limits.max_frame, limits.max_message, limits.max_fragments) = (u64::MAX, u64::MAX, u32::MAX);
    limits
}

/// Both ends, with every way to deliver, and with or without an extension, which makes the limits
/// on the wire others.
fn ends(limits: Limits, mut each: impl FnMut(Side, bool, &dyn Fn() -> Connection)) {
    for side in SIDES {
        for delivery in [Delivery::Whole, Delivery::Chunks] {
            let mut config = Config::default();
            (config.limits, config.delivery) = (limits, delivery);
            each(side, false, &|| side.open(config.clone()));
            #[cfg(feature = "deflate")]
            {
                let mut agreed = sockless::Extensions::default();
                agreed.deflate = Some(sockless::deflate::Parameters::default());
                each(side, true, &|| side.open_with(agreed, config.clone()));
            }
        }
    }
}

/// CVE-2020-27813 and its kin: a server in Go kept lengths in signed numbers, and added the length
/// of a frame to what had come of its message. A length near 2^63 made the sum negative, which is
/// below any limit, and the server read on without one. Elsewhere the length of a header is added
/// to that of its payload in a `usize`, or one is cast to 32 bits.
///
/// Here lengths are `u64` until they were held to a limit, a length with its top bit set is refused
/// before it is added to anything, and what is added is less than 2^63 twice. Asserted, for every
/// length within 16 of 2^16, 2^31, 2^32, 2^53, 2^63, 2^64 and of the largest `usize` and `isize`,
/// in both roles, both deliveries, compressed or not, whole and in single bytes: below the limit it
/// is taken for what it is and above it refused, no message of several frames comes below a limit
/// by its sum, and without any limit nothing overflows (in the debug build of this test an overflow
/// is a panic; `.ci/run` also runs it on 32 bits).
#[test]
fn length_arithmetic() {
    for length in lengths() {
        frame_layer(length);
        let too_big =
            Some(Cause::Violation(if length > MOST { LengthTopBit } else { FrameTooBig }));
        let mut limits = Limits::default();
        limits.max_frame = 0x1_0001;
        ends(limits, |side, compresses, open| {
            for first in firsts(compresses) {
                // A compressed frame may be longer on the wire, by an eighth, 1 KiB and 16 bytes.
                let limit = 0x1_0001 + if first & RSV1 != 0 { 0x1_0001 / 8 + 1024 + 16 } else { 0 };
                for step in [1, usize::MAX] {
                    let got = cause(&mut open(), &mut header(side.other(), *first, length), step);
                    assert_eq!(
                        got,
                        too_big.filter(|_| length > limit),
                        "{side:?} {first:x} {length:x}"
                    );
                }
            }
        });
        // No limit: what is not refused is a frame of that length, of which four bytes came.
        ends(unlimited(), |side, compresses, open| {
            for (first, step) in
                firsts(compresses).iter().flat_map(|first| [(first, 1), (first, usize::MAX)])
            {
                let mut connection = open();
                let got = cause(&mut connection, &mut header(side.other(), *first, length), step);
                assert_eq!(got, too_big.filter(|_| length > MOST), "{side:?} {first:x} {length:x}");
                if got.is_none() {
                    let events = eof(&mut connection);
                    assert!(
                        matches!(&events[..], [Event::Closed(close_event)] if close_event.cause == Cause::Eof && close_event.code == 1006)
                    );
                }
            }
        });
    }
}

/// The same without a connection above it: what is left of a frame is told to the byte.
fn frame_layer(length: u64) {
    for (end, peer) in [(Role::Server, Side::Client), (Role::Client, Side::Server)] {
        let mut decoder = Decoder::new(end, unlimited());
        let mut wire = header(peer, BINARY, length);
        match decoder.next(&mut Input::new(&mut wire)) {
            Some(Ok(Piece::Message { last: false, rest, data: b"some", .. })) => {
                assert!(length <= MOST && rest == length - 4)
            }
            Some(Err(LengthTopBit)) => assert!(length > MOST),
            other => panic!("{length:x}: {other:?}"),
        }
    }
}

/// The sum of fragments, which is where CVE-2020-27813 went below the limit: what came of a
/// message, and a length that makes it small again in 16, 31, 32, 63 or 64 bits.
///
/// Asserted: such a frame is refused for what it is, and behind it nothing is delivered or kept.
#[test]
fn sums_of_fragments_that_overflow() {
    let before = 900_u64;
    for bits in [16, 31, 32, 63, 64] {
        for sum in 0..4_u64 {
            let length =
                if bits == 64 { 0 } else { 1_u64 << bits }.wrapping_sub(before).wrapping_add(sum);
            for max_frame in [1000, u64::MAX] {
                let mut limits = Limits::default();
                (limits.max_frame, limits.max_message) = (max_frame, 1000);
                ends(limits, |side, _, open| {
                    let peer = side.other();
                    let expected = match length {
                        _ if length > MOST => LengthTopBit,
                        0..=0xffff => LengthNotMinimal,
                        _ if max_frame == 1000 => FrameTooBig,
                        _ => MessageTooBig,
                    };
                    for between in [vec![], peer.frame(PING, b"between")] {
                        let mut connection = open();
                        let start = [peer.frame(BINARY & MORE, &vec![7; before as usize]), between]
                            .concat();
                        assert_eq!(cause(&mut connection, &mut start.clone(), 100), None);
                        let got =
                            cause(&mut connection, &mut header(peer, CONTINUATION, length), 1);
                        assert_eq!(got, Some(Cause::Violation(expected)), "{side:?} {length:x}");
                    }
                });
            }
        }
    }
    // Without any limit, two of the longest are added, and no more: the second never ends.
    ends(unlimited(), |side, _, open| {
        let (peer, mut connection) = (side.other(), open());
        assert_eq!(cause(&mut connection, &mut peer.frame(BINARY & MORE, &[7; 900]), 100), None);
        assert_eq!(cause(&mut connection, &mut header(peer, CONTINUATION & MORE, MOST), 1), None);
        assert!(matches!(&eof(&mut connection)[..], [Event::Closed(_)]));
    });
}

/// No CVE of one library but a habit of many: room is reserved for the length that a header
/// declares. Fourteen bytes then cost 16 to 64 MiB, and a few thousand connections the machine.
///
/// Here room grows with what has come: at most eight times of it are foreseen. Asserted: no
/// fourteen bytes, whatever is in them, cost more than 1 KiB, nor does a header of any length
/// without any limit; and with each byte of payload that comes behind it, no more than nine bytes
/// are there, the first few aside. (`allocations` and `growth` count the steps.)
#[test]
fn allocation_by_declared_length() {
    let short = [
        125,
        126,
        127,
        0xff,
        0xffff,
        0x1_0000,
        0xff_ffff,
        0x100_0000,
        u64::from(u32::MAX),
        MOST,
        u64::MAX,
    ];
    for side in SIDES {
        for first in 0..=0xff {
            for length in short {
                for second in [0x80_u8, 0] {
                    let [a, b, c, d, e, f, g, h] = length.to_be_bytes();
                    let forms = [
                        [first, second | 127, a, b, c, d, e, f, g, h, 1, 2, 3, 4],
                        [first, second | 126, g, h, 1, 2, 3, 4, b'x', b'x', b'x', b'x', b'x', b'x'],
                        [
                            first,
                            second | h & 0x7d,
                            1,
                            2,
                            3,
                            4,
                            b'x',
                            b'x',
                            b'x',
                            b'x',
                            b'x',
                            b'x',
                            b'x',
                            b'x',
                        ],
                    ];
                    for mut wire in forms {
                        let mut connection = side.open(Config::default());
                        // One that has sent a large batch before, too.
                        if length == 126 {
                            connection.send_binary(&[0; 10_000]).unwrap();
                            take(&mut connection, usize::MAX);
                        }
                        let (_, count) = counted(|| cause(&mut connection, &mut wire, usize::MAX));
                        assert!(count.peak <= 1024, "{side:?} {wire:02x?}: {count:?}");
                    }
                }
            }
        }
    }
    for length in lengths() {
        ends(unlimited(), |side, _, open| {
            let mut wire = header(side.other(), BINARY, length);
            let mut connection = open();
            let (_, count) = counted(|| cause(&mut connection, &mut wire, usize::MAX));
            assert!(count.peak <= 1024, "{side:?} {length:x}: {count:?}");
        });
    }
    for side in SIDES {
        let mut config = Config::default();
        config.limits = unlimited();
        let mut connection = side.open(config);
        let mut wire = header(side.other(), BINARY, MOST);
        let mut more = [7; 1000];
        let ((), _) = counted(|| {
            assert_eq!(cause(&mut connection, &mut wire, 1), None);
            for come in 1..1000 {
                assert_eq!(cause(&mut connection, &mut more[..come], come), None);
                let come = 4 + come * (come + 1) / 2;
                assert!(live() <= 9 * come as i64 + 100, "{} bytes for {come}", live());
            }
        });
    }
}
