//! By hand: the floor. What the protocol costs a program that knows what comes: read, unmask in
//! place, check UTF-8; or a header, a copy, a mask. It keeps no rule, has no limit and answers
//! nothing.

use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use sockless::mask;

/// No crate.
#[derive(Debug)]
pub(crate) struct ByHand;

/// What is read at once.
const READ: usize = 128 << 10;

/// What is masked at once, and written.
const PIECE: usize = 32 << 10;

/// From here on a server writes a payload from where it lies.
const SHARED: usize = 2 << 10;

impl Peer for ByHand {
    fn name(&self) -> &'static str {
        "by hand"
    }

    fn about(&self) -> &'static str {
        "the floor, and no crate: reads of 128 KiB, unmasked in place and checked for UTF-8, or a header and a copy, masked with keys that are counted; \
         no rule is kept, nothing is limited or answered"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let (buffer, message, out) = (vec![0; READ], Vec::new(), Vec::with_capacity(256 << 10));
        Ok(Box::new(Driven {
            end: setup.end,
            batched: setup.batched,
            pipe: pipe.clone(),
            buffer,
            start: 0,
            filled: 0,
            message,
            out,
            key: 1,
        }))
    }

    fn accept(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("it shakes no hands")
    }

    fn request(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("it shakes no hands")
    }
}

struct Driven {
    end: End,
    batched: bool,
    pipe: Pipe,
    /// What was read; as large as the largest frame needs it.
    buffer: Vec<u8>,
    /// Of it, what was not delivered.
    start: usize,
    filled: usize,
    /// The fragments of a message.
    message: Vec<u8>,
    out: Vec<u8>,
    key: u32,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let until = tally.messages + messages as u64;
        while tally.messages < until {
            match header(&self.buffer[self.start..self.filled], self.end == End::Server) {
                Some(header) if header.len + header.payload <= self.filled - self.start => {
                    self.deliver(&header, tally)?
                }
                cut => self.read(cut.map_or(0, |header| header.len + header.payload))?,
            }
        }
        Ok(())
    }

    fn send(&mut self, messages: &[Message]) {
        for message in messages {
            let payload = &message.bytes[..];
            self.key = self.key.wrapping_add(0x9e37_79b9);
            let key = (self.end == End::Client).then_some(self.key.to_le_bytes());
            if payload.len() >= SHARED && key.is_none() || payload.len() > PIECE {
                self.flush();
                put_header(&mut self.out, payload.len(), key);
                self.send_large(payload, key);
                continue;
            }
            put_header(&mut self.out, payload.len(), key);
            let start = self.out.len();
            self.out.extend_from_slice(payload);
            if let Some(key) = key {
                mask::apply(&mut self.out[start..], key);
            }
            if !self.batched {
                self.flush();
            }
        }
        self.flush();
    }
}

impl Driven {
    /// A frame that is whole.
    fn deliver(&mut self, header: &Header, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let frame = &mut self.buffer[self.start..][..header.len + header.payload];
        self.start += frame.len();
        let (head, payload) = frame.split_at_mut(header.len);
        if let (End::Server, Some(key)) = (self.end, head.last_chunk()) {
            mask::apply(payload, *key);
        }
        let (fin, opcode) = (head[0] & 0x80 != 0, head[0] & 0x0f);
        if fin && opcode != 0 {
            if opcode == 1 {
                simdutf8::basic::from_utf8(payload).map_err(|_| Refused)?;
            }
            tally.deliver(opcode == 1, payload);
            return Ok(());
        }
        self.message.extend_from_slice(payload);
        if fin {
            simdutf8::basic::from_utf8(&self.message).map_err(|_| Refused)?;
            tally.deliver(true, &self.message);
            self.message.clear();
        }
        Ok(())
    }

    /// One read, behind what a frame of `frame` bytes has already, with room for it.
    fn read(&mut self, frame: usize) -> Result<(), Refused> {
        self.buffer.copy_within(self.start..self.filled, 0);
        (self.start, self.filled) = (0, self.filled - self.start);
        let room = frame.max(self.filled) + READ;
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        self.filled +=
            self.pipe.read_slice(&mut self.buffer[self.filled..][..READ]).ok_or(Refused)?;
        Ok(())
    }

    fn send_large(&mut self, payload: &[u8], key: Option<[u8; 4]>) {
        let Some(key) = key else {
            self.pipe.write_parts([&self.out[..], payload].into_iter());
            return self.out.clear();
        };
        for piece in payload.chunks(PIECE) {
            let start = self.out.len();
            self.out.extend_from_slice(piece);
            mask::apply(&mut self.out[start..], key);
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.out.is_empty() {
            self.pipe.write_parts([&self.out[..]].into_iter());
            self.out.clear();
        }
    }
}

struct Header {
    len: usize,
    payload: usize,
}

/// `None`: not all of it is there.
#[inline]
fn header(bytes: &[u8], masked: bool) -> Option<Header> {
    let key = if masked { 4 } else { 0 };
    let header = match *bytes {
        [_, len, ..] if len & 0x7f < 126 => {
            Header { len: 2 + key, payload: usize::from(len & 0x7f) }
        }
        [_, len, a, b, ..] if len & 0x7f == 126 => {
            Header { len: 4 + key, payload: usize::from(u16::from_be_bytes([a, b])) }
        }
        [_, _, a, b, c, d, e, f, g, h, ..] => {
            Header { len: 10 + key, payload: u64::from_be_bytes([a, b, c, d, e, f, g, h]) as usize }
        }
        _ => return None,
    };
    (header.len <= bytes.len()).then_some(header)
}

fn put_header(out: &mut Vec<u8>, len: usize, key: Option<[u8; 4]>) {
    let mask = if key.is_some() { 0x80 } else { 0 };
    match len {
        0..126 => out.extend_from_slice(&[0x82, mask | len as u8]),
        126..0x1_0000 => out.extend_from_slice(&[0x82, mask | 126, (len >> 8) as u8, len as u8]),
        _ => {
            out.extend_from_slice(&[0x82, mask | 127]);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    if let Some(key) = key {
        out.extend_from_slice(&key);
    }
}
