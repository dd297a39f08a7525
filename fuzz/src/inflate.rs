//! What a connection makes of compressed messages, against a naive receiver.

use crate::choices::Choices;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use sockless::deflate::{Parameters, Pool, WindowBits};
use sockless::{
    Cause, ChunkData, Config, Connection, Delivery, Event, Extensions, Input, Limits, MessageKind,
    ProtocolError, Seed,
};

/// Arbitrary bytes as compressed messages, in fragments: a client delivers what a naive receiver
/// does and finds the same wrong with it, however its reads are cut, whole and in chunks, and in
/// chunks also what is valid in front of an error. An event is never longer than the limits allow.
///
/// The naive one feeds zlib a byte at a time, always primes it anew and always asks by a final
/// block whether a message is whole.
///
/// Of `data`, the first bytes choose what was agreed on, the limits and the reads; then come
/// messages: how they are made, their length, their bytes.
pub fn inflate(data: &[u8]) {
    let mut choices = Choices::new(data);
    let flags = choices.byte();
    let (takeover, pooled) = (flags & 1 == 0, flags & 2 != 0);
    let bits = choices.pick(&[15, 9, 8, 12]);
    let mut limits = Limits::default();
    limits.max_message = choices.pick(&[100_000, 1 << 20, 1000, 40_000]);
    limits.max_fragments = choices.pick(&[1000, 3, 20]);
    let step = choices.number().max(1);
    let messages = messages(&mut choices);

    let mut agreed = Parameters::default();
    agreed.server_no_context_takeover = !takeover;
    agreed.server_max_window_bits = WindowBits::new(bits).unwrap();
    let expected = Naive::new(takeover, 1 << bits, limits).receive(&messages);
    let wire: Vec<u8> = messages.iter().flat_map(Message::wire).collect();
    for delivery in [Delivery::Whole, Delivery::Chunks] {
        for step in [usize::MAX, step, 1] {
            if wire.len() / step > 5000 {
                continue;
            }
            let mut config = Config::default();
            (config.limits, config.delivery) = (limits, delivery);
            config.deflate.pool = pooled.then(|| Pool::new(1));
            let mut extensions = Extensions::default();
            extensions.deflate = Some(agreed);
            let connection = Connection::client(Seed::new([0; 32]), extensions, config);
            let mut got = receive(connection, &wire, step, limits);
            if delivery == Delivery::Whole {
                // Of a message that is not whole, nothing is told.
                got.cut = expected.cut.clone();
            }
            assert!(got == expected, "{delivery:?} {step}: {got:?}, not {expected:?}");
        }
    }
}

/// A message as it is sent.
#[derive(Debug)]
struct Message {
    kind: MessageKind,
    /// Without it, the message is plain.
    compressed: bool,
    fragments: Vec<Vec<u8>>,
}

/// Messages that the rest of the bytes choose: arbitrary bytes, or what zlib makes of them, whole
/// or damaged.
fn messages(choices: &mut Choices<'_>) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut zlib = Compress::new(Compression::new(6), false);
    while !choices.is_empty() && messages.len() < 50 {
        let (how, len) = (choices.byte(), choices.number() % 2000);
        let bytes = choices.bytes(len);
        let compressed = how & 0b1110 != 0b0010;
        let mut payload = match how & 0b1110 {
            0b0100 => deflate(&mut zlib, bytes, FlushCompress::Sync, 1),
            0b0110 => deflate(&mut zlib, bytes, FlushCompress::Sync, 100),
            0b1000 => [
                deflate(
                    &mut Compress::new(Compression::new(1), false),
                    bytes,
                    FlushCompress::Finish,
                    1,
                ),
                vec![0],
            ]
            .concat(),
            // Nothing is behind it. What is said later may refer back to it.
            0b1110 => {
                let payload = deflate(
                    &mut Compress::new(Compression::new(6), false),
                    bytes,
                    FlushCompress::Finish,
                    1,
                );
                zlib.set_dictionary(bytes).map_or_else(|_| bytes.to_vec(), |_| payload)
            }
            0b1010 => {
                let mut payload = deflate(&mut zlib, bytes, FlushCompress::Sync, 1);
                payload.truncate(payload.len().saturating_sub(usize::from(choices.byte() % 8)));
                payload
            }
            0b1100 => {
                let mut payload = deflate(&mut zlib, bytes, FlushCompress::Partial, 1);
                let at = choices.number() % payload.len().max(1);
                if let Some(byte) = payload.get_mut(at) {
                    *byte ^= choices.byte();
                }
                payload
            }
            _ => bytes.to_vec(),
        };
        let mut fragments = Vec::new();
        for _ in 0..how >> 6 {
            let behind = payload.split_off((choices.number() + 1).min(payload.len()));
            fragments.push(payload);
            payload = behind;
        }
        fragments.push(payload);
        messages.push(Message {
            kind: if how & 1 == 0 { MessageKind::Binary } else { MessageKind::Text },
            compressed,
            fragments,
        });
    }
    messages
}

fn deflate(zlib: &mut Compress, bytes: &[u8], how: FlushCompress, times: usize) -> Vec<u8> {
    let bytes = bytes.repeat(times);
    let mut out = Vec::with_capacity(2 * bytes.len() + 1000);
    zlib.compress_vec(&bytes, &mut out, how).unwrap();
    if out.ends_with(&[0, 0, 0xff, 0xff]) {
        out.truncate(out.len() - 4);
    }
    out
}

impl Message {
    fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        for (i, fragment) in self.fragments.iter().enumerate() {
            let opcode = match (i, self.kind) {
                (0, MessageKind::Text) => 1,
                (0, MessageKind::Binary) => 2,
                _ => 0,
            };
            let rsv = if i == 0 && self.compressed { 0x40 } else { 0 };
            let fin = if i + 1 == self.fragments.len() { 0x80 } else { 0 };
            wire.push(fin | rsv | opcode);
            match fragment.len() {
                len @ 0..126 => wire.push(len as u8),
                len @ 126..0x1_0000 => {
                    wire.push(126);
                    wire.extend((len as u16).to_be_bytes());
                }
                len => {
                    wire.push(127);
                    wire.extend((len as u64).to_be_bytes());
                }
            }
            wire.extend(fragment);
        }
        wire
    }
}

/// What was delivered.
#[derive(Debug, Default, PartialEq)]
struct Received {
    messages: Vec<(MessageKind, Vec<u8>)>,
    /// The valid beginning of the message at whose place it ended.
    cut: Vec<u8>,
    error: Option<ProtocolError>,
}

fn receive(mut connection: Connection, wire: &[u8], step: usize, limits: Limits) -> Received {
    let (mut received, mut under_way) = (Received::default(), false);
    for part in wire.chunks(step) {
        let mut part = part.to_vec();
        let mut calls = 2 * part.len() + 2;
        let mut input = Input::new(&mut part);
        while let Some(event) = connection.poll(&mut input) {
            assert!(received.error.is_none(), "nothing comes behind the end");
            calls = calls.checked_sub(1).expect("each call makes progress");
            match event {
                Event::Text(text) => {
                    received.messages.push((MessageKind::Text, text.into_owned().into_bytes()))
                }
                Event::Binary(data) => {
                    received.messages.push((MessageKind::Binary, data.into_owned()))
                }
                Event::Chunk(chunk) => {
                    assert_eq!(chunk.first, !under_way);
                    under_way = !chunk.last;
                    let kind = if let ChunkData::Text(_) = chunk.data {
                        MessageKind::Text
                    } else {
                        MessageKind::Binary
                    };
                    received.cut.extend_from_slice(chunk.data.as_bytes());
                    if chunk.last {
                        received.messages.push((kind, std::mem::take(&mut received.cut)));
                    }
                }
                Event::Closed(close_event) => match close_event.cause {
                    Cause::Violation(error) => received.error = Some(error),
                    cause => panic!("{cause:?}"),
                },
                event => panic!("{event:?}"),
            }
            assert!(received.cut.len() as u64 <= limits.max_message);
            assert!(
                received
                    .messages
                    .last()
                    .is_none_or(|(_, bytes)| bytes.len() as u64 <= limits.max_message)
            );
        }
        assert!(input.is_empty(), "None means that all was consumed");
    }
    received
}

/// A receiver as RFC 7692 §7.2.2 has it, with no thought of cost.
struct Naive {
    takeover: bool,
    bytes: usize,
    limits: Limits,
    window: Vec<u8>,
}

/// The final blocks of a message.
#[derive(Default)]
struct Ends {
    count: u32,
    /// Whether anything came behind the last of them.
    behind: bool,
}

impl Naive {
    fn new(takeover: bool, bytes: usize, limits: Limits) -> Self {
        Self { takeover, bytes, limits, window: Vec::new() }
    }

    fn receive(mut self, messages: &[Message]) -> Received {
        let mut received = Received::default();
        for message in messages {
            match self.message(message) {
                Ok(bytes) => received.messages.push((message.kind, bytes)),
                Err((mut cut, error)) => {
                    if message.kind == MessageKind::Text {
                        cut.truncate(
                            std::str::from_utf8(&cut)
                                .map_or_else(|error| error.valid_up_to(), str::len),
                        );
                    }
                    (received.cut, received.error) = (cut, Some(error));
                    break;
                }
            }
        }
        received
    }

    /// What a message says, or what is valid in front of what is wrong with it.
    fn message(&mut self, message: &Message) -> Result<Vec<u8>, (Vec<u8>, ProtocolError)> {
        let mut zlib = Decompress::new(false);
        if !self.window.is_empty() {
            zlib.set_dictionary(&self.window).unwrap();
        }
        let (mut said, mut declared, mut ends) = (Vec::new(), 0, Ends::default());
        for (i, fragment) in message.fragments.iter().enumerate() {
            let last = i + 1 == message.fragments.len();
            let most = self.limits.max_message;
            if i as u32 >= self.limits.max_fragments {
                return Err((said, ProtocolError::TooManyFragments));
            }
            declared += fragment.len() as u64;
            if declared
                > if message.compressed {
                    most + most / 8 + 1024 + 16 * (i as u64 + 1)
                } else {
                    most
                }
            {
                return Err((said, ProtocolError::MessageTooBig));
            }
            let wrong = match message.compressed {
                true => self.inflate(&mut zlib, fragment, last, &mut said, &mut ends).err(),
                false => {
                    said.extend_from_slice(fragment);
                    None
                }
            };
            let wrong = if said.len() as u64 > most {
                said.truncate(most as usize);
                Some(ProtocolError::MessageTooBig)
            } else {
                wrong
            };
            let text = std::str::from_utf8(&said);
            let is_bad =
                text.is_err_and(|error| error.error_len().is_some() || (last && wrong.is_none()));
            if message.kind == MessageKind::Text && is_bad {
                return Err((said, ProtocolError::InvalidUtf8));
            }
            if let Some(wrong) = wrong {
                return Err((said, wrong));
            }
        }
        if message.compressed && self.takeover {
            self.remember(&said.clone());
        }
        Ok(said)
    }

    fn inflate(
        &self,
        zlib: &mut Decompress,
        data: &[u8],
        last: bool,
        said: &mut Vec<u8>,
        ends: &mut Ends,
    ) -> Result<(), ProtocolError> {
        for byte in data {
            ends.behind = !feed(zlib, &[*byte], said)?;
            if !ends.behind {
                ends.count += 1;
                if ends.count > self.limits.max_fragments {
                    return Err(ProtocolError::TooManyFragments);
                }
                // Without takeover, a message can refer to all of itself.
                let window = [&self.window[..], said].concat();
                let most = if self.takeover { self.bytes } else { 32 << 10 };
                zlib.reset(false);
                if !window.is_empty() {
                    zlib.set_dictionary(&window[window.len().saturating_sub(most)..]).unwrap();
                }
            }
            if said.len() as u64 > self.limits.max_message {
                return Ok(());
            }
        }
        let mut nothing = Vec::new();
        // A final block that ends with the message leaves no room for a tail.
        if last && (ends.behind || ends.count == 0) {
            // §7.2.2, and the empty final block that only fits where a block may begin.
            let ended = feed(zlib, &[0, 0, 0xff, 0xff], &mut nothing)?;
            if !nothing.is_empty()
                || !(ended || feed(zlib, &[1, 0, 0, 0xff, 0xff], &mut nothing)?)
                || !nothing.is_empty()
            {
                return Err(ProtocolError::InvalidDeflate);
            }
        }
        Ok(())
    }

    fn remember(&mut self, said: &[u8]) {
        self.window.extend_from_slice(said);
        let over = self.window.len().saturating_sub(self.bytes);
        self.window.drain(..over);
    }
}

/// Feeds zlib some bytes. Whether a final block ended, with the last of them.
fn feed(zlib: &mut Decompress, bytes: &[u8], said: &mut Vec<u8>) -> Result<bool, ProtocolError> {
    let start = zlib.total_in();
    loop {
        said.reserve(1000);
        let rest = &bytes[(zlib.total_in() - start) as usize..];
        let status = zlib
            .decompress_vec(rest, said, FlushDecompress::None)
            .map_err(|_| ProtocolError::InvalidDeflate)?;
        let all = (zlib.total_in() - start) as usize == bytes.len();
        if status == Status::StreamEnd {
            return if all { Ok(true) } else { Err(ProtocolError::InvalidDeflate) };
        }
        if all && said.len() < said.capacity() {
            return Ok(false);
        }
    }
}
