//! A client and a server that compress, in any order of what they can do.

use crate::choices::Choices;
use bytes::Buf;
use sockless::deflate::{Compress, Level, Parameters, Pool, WindowBits};
use sockless::{
    Agreement, Chunk, Config, Connection, Data, Delivery, Event, Input, Kind, LifeCycle, Payload, Prepared, Role, Seed, SendError, Text,
};
use std::collections::VecDeque;

/// Arbitrary operations on two pairs of a client and a server, whose compressors may come from one pool: what is sent arrives, each message once, whole and in
/// order, whatever was agreed on and however it is compressed, cut and delivered; a message that is abandoned does not; nobody finds anything wrong; and both
/// ends of each pair end cleanly.
///
/// Of `data`, the first bytes choose what was agreed on and the pool; then come operations.
pub fn compressed_pair(data: &[u8]) {
    let mut choices = Choices::new(data);
    let flags = choices.byte();
    let mut agreed = Parameters::default();
    (agreed.server_no_context_takeover, agreed.client_no_context_takeover) = (flags & 1 != 0, flags & 2 != 0);
    agreed.server_max_window_bits = WindowBits::new(8 + (flags >> 2 & 7)).unwrap();
    agreed.client_max_window_bits = WindowBits::new(8 + (flags >> 5)).unwrap();
    let pool = match choices.byte() % 4 {
        0 => None,
        most => Some(Pool::new(usize::from(most - 1))),
    };
    let shared: Vec<Prepared> = [70, 700, 9000]
        .into_iter()
        .map(|len| Prepared::binary(Payload::from(body(len, 3)).compress(choices.pick(&[Compress::Auto, Compress::Yes]))))
        .collect();
    let mut pairs: Vec<[Station; 2]> = Vec::new();
    for _ in 0..2 {
        let mut station = |role| Station::new(role, agreed, pool.clone(), &mut choices);
        pairs.push([station(Role::Server), station(Role::Client(Seed::new([3; 32])))]);
    }
    let mut operations = 0;
    while !choices.is_empty() && operations < 80 {
        operations += 1;
        let which = choices.byte();
        let pair = &mut pairs[usize::from(which & 1)];
        let (from, to) = pair.split_at_mut(1);
        let (from, to) = if which & 2 == 0 { (&mut from[0], &mut to[0]) } else { (&mut to[0], &mut from[0]) };
        match which >> 2 & 15 {
            0..6 => from.say(&mut choices, to),
            6 => from.say_prepared(&shared[usize::from(choices.byte()) % 3], to),
            7 => from.begin(&mut choices),
            8..11 => from.part(&mut choices),
            11 => from.finish(to),
            12 if choices.byte() < 64 => from.close(),
            13 if choices.byte() < 32 => pool.iter().for_each(Pool::clear),
            14 => drop(from.connection.ping(b"?")),
            _ => from.travel(to, &mut choices),
        }
    }
    for pair in &mut pairs {
        let [server, client] = pair;
        server.close();
        for _ in 0..4 {
            server.travel(client, &mut choices);
            client.travel(server, &mut choices);
        }
        for station in [server, client] {
            assert_eq!(station.closed, Some(true), "it ends cleanly");
            assert!(station.expected.is_empty(), "what was sent has arrived: {:?}", station.expected);
        }
    }
}

/// An end of a connection.
struct Station {
    connection: Connection,
    /// What the peer sent and did not arrive yet.
    expected: VecDeque<(Kind, Vec<u8>)>,
    /// Chunks of the message under way.
    chunks: Vec<u8>,
    /// What was said of the message that is sent in parts.
    parts: Option<(Kind, Vec<u8>)>,
    /// How it ended: cleanly or not.
    closed: Option<bool>,
    /// The last bodies that were sent, to be said again.
    said: Vec<u8>,
}

impl Station {
    fn new(role: Role, agreed: Parameters, pool: Option<Pool>, choices: &mut Choices<'_>) -> Self {
        let mut config = Config::default();
        config.deflate.pool = pool;
        config.deflate.level = Level::new(1 + choices.byte() % 9).unwrap();
        config.upper_mark = u32::MAX;
        let flags = choices.byte();
        config.delivery = if flags & 1 == 0 { Delivery::Whole } else { Delivery::Chunks };
        config.fragment_above = [usize::MAX, 7, 100, 2000][usize::from(flags >> 1 & 3)];
        config.deflate.threshold = if flags & 8 == 0 { 64 } else { 0 };
        config.deflate.compress = [Compress::Auto, Compress::Yes, Compress::No, Compress::Auto][usize::from(flags >> 4 & 3)];
        let mut agreement = Agreement::default();
        agreement.deflate = Some(agreed);
        let connection = Connection::new(role, agreement, config);
        Self { connection, expected: VecDeque::new(), chunks: Vec::new(), parts: None, closed: None, said: Vec::new() }
    }

    /// What a message or a part says: something that compresses, something that does not, or something of what was said before.
    fn body(&mut self, choices: &mut Choices<'_>) -> Vec<u8> {
        let how = choices.byte();
        let len = match how >> 2 & 3 {
            0 => usize::from(choices.byte()) / 8,
            1 => usize::from(choices.byte()),
            2 => choices.number() % 1000,
            _ => choices.number() % 40_000 / usize::from(1 + choices.byte() % 16),
        };
        let bytes = match how & 3 {
            0 => choices.bytes(len).to_vec(),
            1 => body(len, how >> 4),
            2 => noise(len, how >> 4),
            _ => {
                let at = choices.number() % (self.said.len() + 1);
                self.said[at..].iter().copied().take(len).collect()
            }
        };
        self.said.extend_from_slice(&bytes);
        self.said.drain(..self.said.len().saturating_sub(60_000));
        bytes
    }

    fn say(&mut self, choices: &mut Choices<'_>, to: &mut Self) {
        let (bytes, compress) = (self.body(choices), compress(choices));
        let text = std::str::from_utf8(&bytes).ok().filter(|_| choices.byte() < 128);
        let (kind, result) = match (text, compress) {
            (Some(text), Some(compress)) => (Kind::Text, self.connection.send_text(Text::from(text).compress(compress))),
            (Some(text), None) => (Kind::Text, self.connection.send_text(text)),
            (None, Some(compress)) => (Kind::Binary, self.connection.send_binary(Payload::from(&bytes).compress(compress))),
            (None, None) => (Kind::Binary, self.connection.send_binary(&bytes)),
        };
        self.sent(result, kind, bytes, to);
    }

    fn say_prepared(&mut self, message: &Prepared, to: &mut Self) {
        let result = self.connection.send_prepared(message);
        self.sent(result, Kind::Binary, message.as_bytes().to_vec(), to);
    }

    fn sent(&mut self, result: Result<(), SendError>, kind: Kind, bytes: Vec<u8>, to: &mut Self) {
        let open = self.connection.is_open();
        match result {
            Ok(()) => to.expected.push_back((kind, bytes)),
            Err(SendError::Closed) => assert!(!open),
            Err(SendError::InMessage) => assert!(open && self.parts.is_some()),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn begin(&mut self, choices: &mut Choices<'_>) {
        let kind = choices.pick(&[Kind::Binary, Kind::Text]);
        let result = match compress(choices) {
            Some(compress) => self.connection.begin_with(kind, compress),
            None => self.connection.begin(kind),
        };
        if result.is_ok() {
            self.parts = Some((kind, Vec::new()));
        }
    }

    fn part(&mut self, choices: &mut Choices<'_>) {
        let part = self.body(choices);
        if let (Ok(()), Some((_, all))) = (self.connection.write_part(&part), &mut self.parts) {
            all.extend(part);
        }
    }

    fn finish(&mut self, to: &mut Self) {
        match self.connection.finish() {
            Ok(()) => to.expected.push_back(self.parts.take().expect("a message was begun")),
            Err(SendError::Closed) => assert!(!self.connection.is_open()),
            Err(SendError::NoMessage) => assert!(self.parts.is_none()),
            Err(SendError::InvalidUtf8) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    fn close(&mut self) {
        let open = self.connection.is_open();
        assert_eq!(self.connection.close(None).is_ok(), open);
    }

    /// All that waits goes to the other end, in reads of one length: a thousand at most.
    fn travel(&mut self, to: &mut Self, choices: &mut Choices<'_>) {
        let mut wire = Vec::new();
        while self.connection.wants_write() {
            let mut out = self.connection.transmit();
            let n = out.chunk().len();
            wire.extend_from_slice(out.chunk());
            out.advance(n);
        }
        let step = match choices.byte() {
            0 => usize::MAX,
            n => (usize::from(n) * usize::from(n)).max(wire.len() / 1000),
        };
        for part in wire.chunks_mut(step) {
            let mut input = Input::new(part);
            while let Some(event) = to.connection.poll_event(&mut input) {
                let arrived = match event {
                    Event::Text(text) => (Kind::Text, text.into_owned().into_bytes()),
                    Event::Binary(data) => (Kind::Binary, data.into_owned()),
                    Event::Chunk(Chunk { data, last, .. }) => {
                        to.chunks.extend_from_slice(data.as_bytes());
                        if !last {
                            continue;
                        }
                        let kind = if let Data::Text(_) = data { Kind::Text } else { Kind::Binary };
                        (kind, std::mem::take(&mut to.chunks))
                    }
                    Event::Closed(closure) => {
                        assert!(closure.clean, "{closure:?}");
                        to.closed = Some(closure.clean);
                        continue;
                    }
                    _ => continue,
                };
                let (kind, bytes) = to.expected.pop_front().expect("nothing else was sent");
                assert!(kind == arrived.0 && bytes == arrived.1, "{} bytes of {}", arrived.1.len(), bytes.len());
            }
            assert!(input.is_empty());
        }
    }
}

fn compress(choices: &mut Choices<'_>) -> Option<Compress> {
    choices.pick(&[None, Some(Compress::Auto), Some(Compress::Yes), Some(Compress::No)])
}

/// Bytes that compress.
fn body(len: usize, seed: u8) -> Vec<u8> {
    noise(len / 3 + 1, seed).into_iter().flat_map(|byte| [b'a' + byte % 4, b'=', b'0' + byte % 10]).take(len).collect()
}

/// Bytes that do not.
fn noise(len: usize, seed: u8) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ u64::from(seed) << 7;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}
