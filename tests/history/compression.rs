//! permessage-deflate, attacked: windows that there are not, bombs, and two ends that no longer
//! mean the same.

use crate::handshake::{GET, SWITCHING, answer, request};
use crate::support::alloc::counted;
use crate::support::{BINARY, CONTINUATION, MORE, SIDES, Side, TEXT, feed, frames, output};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use sockless::deflate::{Compress as Choice, Offer, Parameters, Policy, WindowBits};
use sockless::{
    Cause, Config, Connection, Delivery, Event, Extensions, HandshakeError, Input, Payload,
    ProtocolError, client, server,
};

/// RSV1, for the first byte of a frame.
pub(crate) const RSV1: u8 = 0x40;

/// What a decompressor, its ring and the window take at most.
pub(crate) const DECOMPRESSOR: i64 = 160 << 10;

/// A connection that takes its context over, both ways.
pub(crate) fn open(side: Side, config: Config) -> Connection {
    let mut agreed = Extensions::default();
    agreed.deflate = Some(Parameters::default());
    side.open_with(agreed, config)
}

/// A message as a peer compresses it.
pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
    deflate_with(&mut Compress::new(Compression::new(6), false), data)
}

fn deflate_with(zlib: &mut Compress, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + data.len() / 8 + 1024);
    zlib.compress_vec(data, &mut out, FlushCompress::Sync).unwrap();
    assert!(out.len() < out.capacity() && out.ends_with(&[0, 0, 0xff, 0xff]));
    out.truncate(out.len() - 4);
    out
}

/// CVE-2026-2229: a client in JavaScript took any digits for `server_max_window_bits`, and handed
/// the number to zlib when the first compressed frame came. Beyond 8 to 15 zlib's binding throws,
/// nothing caught it, and the process ended: by one line of a server.
///
/// Here a window is a type that is 8 to 15, made when the line is read. Asserted, for every number
/// up to 999 and what else could pass for one: as an answer it fails the handshake, as an offer it
/// is declined and the connection opens without; and with each window that there is, 8 among them,
/// messages go both ways.
#[test]
fn window_bits_out_of_range() {
    let numbers = (0..1000).map(|bits| bits.to_string());
    let others = [
        "",
        "-1",
        "+10",
        "010",
        " 10 x",
        "1e1",
        "0x0f",
        "10.0",
        "15 15",
        "256",
        "65546",
        "4294967306",
        "18446744073709551626",
        "१०",
    ];
    for bits in numbers.chain(others.map(str::to_owned)) {
        let valid = (8..=15).any(|valid: u8| valid.to_string() == bits);
        assert_eq!(
            bits.parse::<u8>().ok().and_then(WindowBits::new).is_some()
                && !bits.starts_with(['+', '0']),
            valid,
            "{bits}"
        );
        for parameter in ["server_max_window_bits", "client_max_window_bits"] {
            for value in [bits.clone(), format!("\"{bits}\"")] {
                let extension = format!("permessage-deflate; {parameter}={value}");
                answered_with(&extension, valid);
                offered(&extension, valid);
            }
        }
    }
    for (server_bits, client_bits) in
        (8..=15).flat_map(|one| (8..=15).map(move |other| (one, other)))
    {
        let mut agreed = Extensions::default();
        let mut parameters = Parameters::default();
        parameters.server_max_window_bits = WindowBits::new(server_bits).unwrap();
        parameters.client_max_window_bits = WindowBits::new(client_bits).unwrap();
        agreed.deflate = Some(parameters);
        let mut ends = SIDES.map(|side| side.open_with(agreed, Config::default()));
        let text = "the same again and again, ".repeat(100);
        for (from, to) in [(0, 1), (1, 0), (0, 1)] {
            ends[from].send_text(&text).unwrap();
            let wire = output(&mut ends[from]);
            assert_eq!(
                feed(&mut ends[to], &wire),
                [Event::Text(text.as_str().into())],
                "{server_bits} and {client_bits}"
            );
        }
    }
}

/// What a client that offers all makes of this answer.
fn answered_with(extension: &str, valid: bool) {
    let request = client::Request::new("ws://a.example").unwrap().deflate(Offer::default());
    let (mut handshake, key) = crate::handshake::client(request, client::Config::default());
    let mut wire = answer(SWITCHING, &key, &[("Sec-WebSocket-Extensions", &[extension])]);
    match handshake.poll(&mut Input::new(&mut wire)) {
        Some(client::Outcome::Open(opened)) if valid => {
            let mut connection = opened.open(Config::default());
            let wire = Side::Server.frame(TEXT | RSV1, &deflate(b"compressed"));
            assert_eq!(
                feed(&mut connection, &wire),
                [Event::Text("compressed".into())],
                "{extension}"
            );
        }
        Some(client::Outcome::Failed(failure)) if !valid => {
            assert!(
                matches!(
                    failure.error(),
                    HandshakeError::InvalidParameters | HandshakeError::InvalidExtensions
                ),
                "{failure:?}"
            );
        }
        other => panic!("{extension}: {other:?}"),
    }
}

/// What a server makes of this offer.
fn offered(extension: &str, valid: bool) {
    let mut config = server::Config::default();
    config.deflate = Some(Policy::default());
    let mut wire = request(GET, &[("Sec-WebSocket-Extensions", &[extension])]);
    match server::Handshake::new(config).poll(&mut Input::new(&mut wire)) {
        Some(server::Incoming::Upgrade(request)) => {
            // A window of 8 bits for what we send is declined too: zlib compresses with none so
            // small.
            let accepted = valid
                && !extension.contains("server_max_window_bits=8")
                && !extension.contains("server_max_window_bits=\"8\"");
            assert_eq!(request.extensions().deflate.is_some(), accepted, "{extension}");
            let mut connection = request.accept().open(Config::default());
            let wire = Side::Client.frame(
                if accepted { TEXT | RSV1 } else { TEXT },
                &if accepted { deflate(b"text") } else { b"text".to_vec() },
            );
            assert_eq!(feed(&mut connection, &wire), [Event::Text("text".into())], "{extension}");
        }
        // Outside the grammar, as a value of nothing is.
        Some(server::Incoming::Failed(rejected)) => {
            assert_eq!((rejected.error(), valid), (Some(HandshakeError::InvalidExtensions), false))
        }
        other => panic!("{extension}: {other:?}"),
    }
}

/// CVE-2026-1526: a client in JavaScript inflated whatever came, kept all of it and asked for no
/// limit; 6 MB of a hostile server became a gigabyte, and the process had no memory left. Elsewhere
/// the limit is asked for, but only when all was inflated.
///
/// Here a message is inflated in steps, and the limit is held on each. Asserted, in both roles and
/// both deliveries, for a bomb in one frame and in many: the end comes before more than the limit's
/// share of the bomb was read, memory stays within the limit and a decompressor (in chunks: within
/// a decompressor), and afterwards nothing is left. (`deflate/bounds.rs` holds the limit to the
/// byte.)
#[test]
fn inflating_before_the_limit() {
    // A thousand times as long as it is.
    let mut zlib = Compress::new(Compression::new(9), false);
    let zeros = vec![0; 1 << 20];
    let bomb: Vec<u8> = (0..64)
        .flat_map(|_| [deflate_with(&mut zlib, &zeros), vec![0, 0, 0xff, 0xff]].concat())
        .collect();
    assert!(bomb.len() < 1 << 17, "{}", bomb.len());
    for side in SIDES {
        let parts: Vec<&[u8]> = bomb.chunks(100).collect();
        let mut fragments = side.other().frame(BINARY & MORE | RSV1, parts[0]);
        parts[1..]
            .iter()
            .for_each(|part| fragments.extend(side.other().frame(CONTINUATION & MORE, part)));
        for wire in [side.other().frame(BINARY | RSV1, &bomb), fragments] {
            for delivery in [Delivery::Whole, Delivery::Chunks] {
                for limit in [1 << 16, 1 << 20, 10 << 20] {
                    let mut config = Config::default();
                    (config.delivery, config.limits.max_message) = (delivery, limit);
                    let mut connection = open(side, config);
                    let mut wire = wire.clone();
                    let ((end, read, said), count) = counted(|| bombed(&mut connection, &mut wire));
                    assert_eq!(end, Some(Cause::Violation(ProtocolError::MessageTooBig)));
                    let kept = if delivery == Delivery::Whole { limit as i64 } else { 0 };
                    assert!(
                        count.peak <= 3 * kept + DECOMPRESSOR + (128 << 10),
                        "{count:?} for a limit of {limit}"
                    );
                    assert!(count.live <= 1000, "{count:?}");
                    assert_eq!(said, if delivery == Delivery::Whole { 0 } else { limit as usize });
                    // What inflates to the limit and a step more; the frames' headers are less than
                    // a tenth.
                    let share = (limit as usize + (64 << 10)) / 500 + 200;
                    assert!(read <= share, "{read} bytes were read for a limit of {limit}");
                }
            }
        }
    }
}

/// Reads in small parts until the end: its cause, how much was read and how much was delivered
/// until then.
fn bombed(connection: &mut Connection, wire: &mut [u8]) -> (Option<Cause>, usize, usize) {
    let (mut read, mut said) = (0, 0);
    for part in wire.chunks_mut(50) {
        read += part.len();
        let mut input = Input::new(part);
        while let Some(event) = connection.poll(&mut input) {
            match event {
                Event::Closed(close_event) => return (Some(close_event.cause), read, said),
                Event::Chunk(chunk) => said += chunk.data.as_bytes().len(),
                other => panic!("{other:?}"),
            }
        }
    }
    (None, read, said)
}

/// A message is compressed, becomes longer by it and is sent as it is; but the compressor has seen
/// it, and refers to it in the next one, which the peer cannot read any more or reads as something
/// else. The other way round, an end that puts plain messages into its window reads those of a
/// correct peer wrong.
///
/// Here the window is what was sent compressed, and nothing else; a compressor that saw more is
/// primed with it again. Asserted: in any order of five of messages that get shorter, that do not,
/// that say again what others said and that are told to go as they are, zlib driven by hand reads
/// all that we send, and we read all that it sends.
#[test]
fn compressed_then_sent_plain() {
    let noise: Vec<u8> = (0..600_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ (i.wrapping_mul(40_503) >> 7) as u8)
        .collect();
    let prose = b"what is said twice is said shorter the second time, ".repeat(10);
    // Refers to the noise if it is in the window.
    let both = [&prose[..200], &noise[100..], &noise[..500]].concat();
    let messages: [(&[u8], Choice); 4] = [
        (&noise, Choice::Auto),
        (&prose, Choice::Auto),
        (&both, Choice::Auto),
        (&prose, Choice::No),
    ];
    for side in SIDES {
        for order in 0..4_u32.pow(5) {
            let order: Vec<(&[u8], Choice)> =
                (0..5).map(|place| messages[(order >> (2 * place)) as usize % 4]).collect();
            let mut connection = open(side, Config::default());
            let (mut inflate, mut compress) =
                (Decompress::new(false), Compress::new(Compression::new(6), false));
            for (i, (message, choice)) in order.into_iter().enumerate() {
                connection.send_binary(Payload::from(message).compress(choice)).unwrap();
                let [frame] = &frames(&output(&mut connection))[..] else { panic!() };
                let read = if frame.first & RSV1 == 0 {
                    frame.payload.clone()
                } else {
                    inflated(&mut inflate, &frame.payload)
                };
                assert!(read == message, "message {i} of {side:?}");
                // The peer compresses, and throws away what it compressed, by the same rule: the
                // other half of the messages goes as it is.
                let wire = if (i + message.len()) % 2 == 0 {
                    side.other().frame(BINARY, message)
                } else {
                    side.other().frame(BINARY | RSV1, &deflate_with(&mut compress, message))
                };
                assert!(
                    feed(&mut connection, &wire) == [Event::Binary(message.into())],
                    "message {i} to {side:?}"
                );
            }
        }
    }
}

/// A message inflated by hand.
fn inflated(zlib: &mut Decompress, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(10_000);
    let data = [payload, &[0, 0, 0xff, 0xff]].concat();
    zlib.decompress_vec(&data, &mut out, FlushDecompress::Sync).unwrap();
    assert!(out.len() < out.capacity());
    out
}
