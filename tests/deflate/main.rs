//! permessage-deflate on an open connection, RFC 7692: against zlib driven by hand, against
//! ourselves, and within bounds.

mod bounds;
mod final_blocks;
mod leaks;
mod mixes;
mod receiving;
mod sending;
mod splits;

use crate::support;
use crate::support::{Side, frame};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use sockless::deflate::{Parameters, WindowBits};
use sockless::{Config, Connection, Event, Extensions, Input};

/// RSV1, for the first byte of a frame.
const RSV1: u8 = 0x40;

/// What the same window both ways, and the same rule about contexts, are called.
fn parameters(bits: u8, takeover: bool) -> Parameters {
    let mut parameters = Parameters::default();
    let bits = WindowBits::new(bits).unwrap();
    (parameters.server_max_window_bits, parameters.client_max_window_bits) = (bits, bits);
    (parameters.server_no_context_takeover, parameters.client_no_context_takeover) =
        (!takeover, !takeover);
    parameters
}

fn open(side: Side, agreed: Parameters, config: Config) -> Connection {
    let mut agreement = Extensions::default();
    agreement.deflate = Some(agreed);
    side.open_with(agreement, config)
}

/// All that a connection has to send.
fn sent(connection: &mut Connection) -> Vec<u8> {
    support::output(connection)
}

/// All events that come of `wire`, read in parts of `step` bytes.
fn events(connection: &mut Connection, wire: &[u8], step: usize) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    for part in wire.chunks(step.max(1)) {
        let mut part = part.to_vec();
        let mut input = Input::new(&mut part);
        while let Some(event) = connection.poll(&mut input) {
            events.push(event.into_owned());
        }
        assert!(input.is_empty());
    }
    events
}

/// A message compressed by zlib as a peer would: flushed, and without its tail.
fn deflate(compress: &mut Compress, data: &[u8]) -> Vec<u8> {
    let mut out = flush(compress, data, FlushCompress::Sync);
    assert!(out.ends_with(&[0, 0, 0xff, 0xff]), "{out:02x?}");
    out.truncate(out.len() - 4);
    out
}

fn flush(compress: &mut Compress, data: &[u8], how: FlushCompress) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + data.len() / 8 + (64 << 10));
    compress.compress_vec(data, &mut out, how).unwrap();
    assert!(out.len() < out.capacity());
    out
}

/// What zlib makes of a compressed message as a peer would: with its tail.
fn inflate(decompress: &mut Decompress, compressed: &[u8]) -> Vec<u8> {
    let data = [compressed, &[0, 0, 0xff, 0xff]].concat();
    let (mut out, start) = (Vec::with_capacity(1 << 10), decompress.total_in());
    loop {
        let taken = (decompress.total_in() - start) as usize;
        if out.len() == out.capacity() {
            out.reserve(out.len());
        }
        let before = out.len();
        decompress.decompress_vec(&data[taken..], &mut out, FlushDecompress::Sync).unwrap();
        if out.len() < out.capacity() && (decompress.total_in() - start) as usize == data.len() {
            return out;
        }
        assert!(
            out.len() > before || (decompress.total_in() - start) as usize > taken,
            "no progress"
        );
    }
}

fn zlib() -> Compress {
    Compress::new(Compression::new(6), false)
}

/// One frame with all of a compressed message.
fn compressed(side: Side, first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first | RSV1, payload, (side == Side::Client).then_some([0x37, 0xfa, 0x21, 0x3d]))
}

/// Text of this length that compresses well, different for each seed.
fn prose(len: usize, seed: u64) -> String {
    const WORDS: [&str; 16] = [
        "the", "price", "of", "tea", "in", "China", "rose", "again", "und", "fiel", "wieder", "—",
        "日本", "sold", "at", "once",
    ];
    let mut random = Random(seed);
    let mut text = String::new();
    while text.len() < len {
        text.push_str(WORDS[random.below(WORDS.len())]);
        text.push(' ');
    }
    while text.len() > len {
        text.pop();
    }
    text.extend(std::iter::repeat_n('.', len - text.len()));
    text
}

/// Bytes that do not compress.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    (0..len).map(|_| random.below(256) as u8).collect()
}

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        self.0 ^= self.0 >> 29;
        (self.0 >> 11) as usize % end
    }
}
