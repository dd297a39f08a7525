//! What a hostile peer sends, and the server that it sends it to.

use sockless::deflate::{Compress, Parameters, Pool, WindowBits};
use sockless::{Config, Connection, Endpoint, Event, Extensions, Input, Payload, Role, Seed};
use sockless_benches::client_frame;

pub(crate) const BINARY: u8 = 0x82;
pub(crate) const TEXT: u8 = 0x81;
/// RSV1: a compressed message.
pub(crate) const RSV1: u8 = 0x40;
/// Without FIN.
pub(crate) const MORE: u8 = 0x80;

pub(crate) const KIB: usize = 1 << 10;
pub(crate) const MIB: usize = 1 << 20;
/// The default limit on a message.
pub(crate) const LIMIT: usize = 16 * MIB;

/// A request as a browser sends it, for a page of this site, with one line of `padding` bytes.
pub(crate) fn request(origin: &str, padding: usize) -> Vec<u8> {
    format!(
        "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
         Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n\
         Upgrade: websocket\r\nOrigin: https://{origin}\r\nSec-WebSocket-Version: 13\r\n\
         Accept-Encoding: gzip, deflate\r\nAccept-Language: en\r\nCookie: {}\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "c".repeat(padding)
    )
    .into_bytes()
}

pub(crate) fn plain() -> Connection {
    Connection::server(Extensions::default(), Config::default())
}

/// A server that has agreed to compress, with a context that is taken over or not.
pub(crate) fn compressing(takeover: bool, pool: Option<&Pool>, config: Config) -> Connection {
    agreed(Role::Server, takeover, WindowBits::MAX, pool, config)
}

/// A server whose peer wants it to refer no further back than this; no context is taken over.
pub(crate) fn windowed(bits: u8, pool: &Pool) -> Connection {
    let bits = WindowBits::new(bits).expect("8 to 15");
    agreed(Role::Server, false, bits, Some(pool), Config::default())
}

fn agreed(
    role: Role,
    takeover: bool,
    bits: WindowBits,
    pool: Option<&Pool>,
    mut config: Config,
) -> Connection {
    let mut parameters = Parameters::default();
    parameters.server_no_context_takeover = !takeover;
    parameters.client_no_context_takeover = !takeover;
    parameters.server_max_window_bits = bits;
    let mut extensions = Extensions::default();
    extensions.deflate = Some(parameters);
    config.deflate.pool = pool.cloned();
    match role {
        Role::Server => Connection::server(extensions, config),
        Role::Client => Connection::client(Seed::new([7; 32]), extensions, config),
    }
}

/// A compressed message of so many times this byte, in one frame: about a thousandth of that.
pub(crate) fn bomb(first: u8, byte: u8, len: usize) -> Vec<u8> {
    let mut client = agreed(Role::Client, false, WindowBits::MAX, None, Config::default());
    client.send_binary(Payload::from(vec![byte; len]).compress(Compress::Yes)).expect("it is open");
    let mut wire = sent(&mut client);
    wire[0] = first | RSV1;
    wire
}

/// A message of a stored block of `len` bytes, and so many final blocks behind it, each of which
/// says nothing: 2 bytes each.
pub(crate) fn final_blocks(len: u16, count: usize) -> Vec<u8> {
    let [low, high] = len.to_le_bytes();
    let stored = [&[0, low, high, !low, !high][..], &vec![b'x'; len.into()]].concat();
    client_frame(BINARY | RSV1, &[stored, [3, 0].repeat(count), vec![0]].concat())
}

/// A message of so many stored blocks, each of which says nothing: 5 bytes each.
pub(crate) fn stored_blocks(count: usize) -> Vec<u8> {
    client_frame(BINARY | RSV1, &[[0, 0, 0, 0xff, 0xff].repeat(count), vec![0]].concat())
}

/// A message of so many blocks with a table of all 286 codes, each of which says nothing: 25 bytes
/// each. RFC 1951 §3.2.7.
pub(crate) fn table_blocks(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    for _ in 0..count {
        // Not final; dynamic; 286 codes for lengths and bytes, 1 for distances, 7 for lengths of
        // codes.
        [(0, 1), (2, 2), (29, 5), (0, 5), (3, 4)]
            .into_iter()
            .for_each(|(value, n)| bits.push(value, n));
        // In the order 16, 17, 18, 0, 8, 7, 9: "repeat" has the code 0, a length of 8 has 10, …
        [1, 0, 0, 3, 2, 0, 3].into_iter().for_each(|len| bits.push(len, 3));
        let (repeat, eight, none, nine) = ((0b0, 1), (0b10, 2), (0b110, 3), (0b111, 3));
        for (code, others) in [(eight, 225), (nine, 59)] {
            bits.push_code(code);
            let mut left = others;
            while left > 0 {
                let n = if left == 7 || left == 8 { 4 } else { left.min(6) };
                bits.push_code(repeat);
                bits.push(n - 3, 2);
                left -= n;
            }
        }
        bits.push_code(none);
        // The end of the block is symbol 256: of those with 9 bits, which begin at 226, the 31st.
        bits.push_code(((226 << 1) + 30, 9));
    }
    // An empty stored block, without the tail.
    bits.push(0, 3);
    client_frame(BINARY | RSV1, &bits.bytes)
}

/// Bits in the order of RFC 1951 §3.1.1.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    /// A number, its least bit first.
    fn push(&mut self, value: u32, bits: u32) {
        for i in 0..bits {
            let place = self.len % 8;
            if place == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> i & 1) as u8) << place;
            }
            self.len += 1;
        }
    }

    /// A code, its greatest bit first.
    fn push_code(&mut self, (code, bits): (u32, u32)) {
        (0..bits).rev().for_each(|i| self.push(code >> i & 1, 1));
    }
}

/// All that a connection has to send.
pub(crate) fn sent(side: &mut dyn Endpoint) -> Vec<u8> {
    let mut wire = Vec::new();
    while side.wants_write() {
        wire.extend(side.transmit().pop().unwrap_or_default());
    }
    wire
}

/// Has it read this, in parts of `step` bytes, and answer; how many messages came whole.
///
/// # Panics
/// It ends: what was to be measured was refused.
pub(crate) fn read(connection: &mut Connection, wire: &mut [u8], step: usize) -> usize {
    let mut messages = 0;
    for part in wire.chunks_mut(step) {
        let mut input = Input::new(part);
        while let Some(event) = connection.poll(&mut input) {
            match event {
                Event::Closed(close_event) => panic!("{close_event:?}"),
                Event::Text(_) | Event::Binary(_) => messages += 1,
                _ => {}
            }
        }
    }
    messages
}
