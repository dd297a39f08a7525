//! What moves between an end and its transports, and what it hears.

use super::{HANDSHAKE, Stage, Station, Tools, WRITE};
use crate::pipe::Pipe;
use crate::talk::Message;
use bytes::{Buf, BufMut, Bytes};
use sockless::client::Outcome;
use sockless::server::Incoming;
use sockless::{Buffers, Chunk, Connection, Deadline, Endpoint, Event, Input, Lent, MessageKind};
use std::time::Duration;

impl Station {
    /// Writes at most so many bytes, as much as the transport takes.
    pub(super) fn write(
        &mut self,
        out: &mut Pipe,
        most: usize,
        now: Duration,
        tools: &mut Tools,
    ) -> bool {
        if self.is_lost() {
            return false;
        }
        if out.refused || (!self.popped.is_empty() && now > self.wrote + WRITE) {
            let writes = !self.popped.is_empty() || self.side().wants_write();
            self.popped = Bytes::new();
            if writes {
                self.side().handle_write_error();
                self.poll(&mut [], tools);
            }
            return writes;
        }
        let mut left = most;
        while left > 0 && self.popped.is_empty() && self.side().wants_write() {
            if tools.dice.u8(..8) == 0 {
                self.popped = self.side().transmit().pop().unwrap_or_default();
                self.wrote = now;
                assert!(!self.popped.is_empty(), "it wants to write, and nothing is there");
                break;
            }
            let written = match &mut self.stage {
                Stage::Open(connection) if tools.dice.bool() => {
                    write_some(&mut *tools.buffers.lend(connection), out, left)
                }
                _ => write_some(self.side(), out, left),
            };
            tools.counts.wire += written as u64;
            left -= written;
            if written == 0 {
                break;
            }
        }
        let n = out.write(&self.popped, left);
        self.popped.advance(n);
        self.wrote = if n > 0 { now } else { self.wrote };
        tools.counts.wire += n as u64;
        n > 0 || left < most
    }

    /// Reads at most so many bytes, or what is the end of them.
    pub(super) fn read(&mut self, into: &mut Pipe, most: usize, tools: &mut Tools) -> bool {
        if !self.rest.is_empty() {
            let mut rest = std::mem::take(&mut self.rest);
            self.poll(&mut rest, tools);
            return true;
        }
        if self.is_lost() || !self.side().wants_read() {
            return false;
        }
        if into.broken {
            self.side().handle_error();
            self.poll(&mut [], tools);
        } else if !into.is_empty() {
            let mut read = self.read_some(into, most, tools);
            self.poll(&mut read, tools);
        } else if into.ended && !self.told_end {
            self.told_end = true;
            self.side().handle_eof();
            self.poll(&mut [], tools);
        } else {
            return false;
        }
        true
    }

    /// Nothing, if what came went straight into its place.
    fn read_some(&mut self, into: &mut Pipe, most: usize, tools: &mut Tools) -> Vec<u8> {
        if tools.dice.bool() {
            if let (Some(mut place), _) = self.side().io() {
                let n = most.min(place.remaining_mut()).min(into.len());
                into.read(n).for_each(|byte| place.put_u8(byte));
                tools.counts.direct += n as u64;
                return Vec::new();
            }
        }
        into.read(most).collect()
    }

    /// Looks at the time.
    pub(super) fn watch(&mut self, now: Duration, tools: &mut Tools) {
        match &mut self.stage {
            Stage::Lost => return,
            Stage::Open(connection) => self.heartbeat.poll(now, connection),
            _ => {
                let mut deadline = self.deadline.clone();
                let due = deadline.poll(now, self.side());
                self.deadline = deadline;
                due
            }
        };
        self.poll(&mut [], tools);
    }

    /// All that the bytes are, or some of it, and the rest later.
    pub(super) fn poll(&mut self, bytes: &mut [u8], tools: &mut Tools) {
        let mut input = Input::new(bytes);
        loop {
            let moved = match &mut self.stage {
                Stage::Open(_) => {
                    if !self.hear(&mut input, tools) {
                        self.rest = input.into_rest().to_vec();
                        return;
                    }
                    false
                }
                Stage::Refusing(replying) => {
                    replying.discard(&mut input);
                    false
                }
                Stage::Lost => return,
                Stage::Asking(_) | Stage::Asked(_) => self.shake(&mut input, tools),
            };
            if !moved {
                assert!(input.is_empty(), "None means that all was used");
                return;
            }
        }
    }

    /// Whether the handshake came to its end.
    fn shake(&mut self, input: &mut Input<'_>, tools: &mut Tools) -> bool {
        let (agreed, connection) = match &mut self.stage {
            Stage::Asking(handshake) => match handshake.poll(input) {
                None => return false,
                Some(Outcome::Open(accepted)) => {
                    (accepted.extensions(), accepted.open(self.config.clone()))
                }
                Some(_) => {
                    self.stage = Stage::Lost;
                    return true;
                }
            },
            Stage::Asked(handshake) => match handshake.poll(input) {
                None => return false,
                Some(Incoming::Upgrade(request)) => {
                    let accept = request.accept();
                    (accept.extensions(), accept.open(self.config.clone()))
                }
                Some(Incoming::Http(plain)) => panic!("it is an upgrade: {plain:?}"),
                Some(Incoming::Failed(replying)) => {
                    self.stage = Stage::Refusing(Box::new(replying));
                    self.deadline = Deadline::after(HANDSHAKE);
                    return true;
                }
            },
            _ => return false,
        };
        self.compresses = Some(agreed.deflate.is_some());
        self.stage = Stage::Open(Box::new(connection));
        tools.counts.opened += 1;
        true
    }

    /// Whether all was used: sometimes it stops behind an event.
    fn hear(&mut self, input: &mut Input<'_>, tools: &mut Tools) -> bool {
        let Stage::Open(connection) = &mut self.stage else { return true };
        let mut connection = Turn::of(connection, tools.dice.bool(), &mut tools.buffers);
        tools.counts.lent += u64::from(matches!(connection, Turn::Lent(_)));
        while let Some(event) = connection.get().poll(input) {
            assert_eq!(self.closed, None, "nothing comes behind Closed, and not {event:?}");
            let arrived = match &event {
                Event::Text(text) => Some((MessageKind::Text, text.as_bytes())),
                Event::Binary(data) => Some((MessageKind::Binary, &data[..])),
                Event::Chunk(chunk) => {
                    add(&mut self.chunks, chunk);
                    None
                }
                Event::Closed(close_event) => {
                    self.closed = Some(close_event.clone());
                    None
                }
                _ => None,
            };
            let whole =
                self.chunks.take_if(|_| matches!(&event, Event::Chunk(chunk) if chunk.last));
            let arrived = arrived.or(whole.as_ref().map(|(kind, bytes)| (*kind, &bytes[..])));
            if let Some((kind, bytes)) = arrived {
                let expected = self.expected.pop_front().expect("something was sent");
                let Message { kind: sent, bytes: all } = expected;
                assert!(
                    sent == kind && all == bytes,
                    "{} bytes of {kind:?} came instead of {} of {sent:?}",
                    bytes.len(),
                    all.len()
                );
                tools.counts.messages += 1;
                tools.counts.bytes += bytes.len() as u64;
            }
            connection.give_back(event);
            if tools.dice.u8(..50) == 0 {
                return input.is_empty();
            }
        }
        true
    }
}

fn write_some(side: &mut dyn Endpoint, out: &mut Pipe, most: usize) -> usize {
    let mut transmit = side.transmit();
    assert!(transmit.has_remaining(), "it wants to write, and nothing is there");
    let n = out.write(transmit.chunk(), most);
    transmit.advance(n);
    n
}

fn add(chunks: &mut Option<(MessageKind, Vec<u8>)>, chunk: &Chunk<'_>) {
    assert_eq!(chunk.first, chunks.is_none(), "the first one, and no other, says that it is");
    let (kind, bytes) = chunks.get_or_insert_with(|| (chunk.data.kind(), Vec::new()));
    assert_eq!(*kind, chunk.data.kind());
    bytes.extend_from_slice(chunk.data.as_bytes());
}

/// A connection, with buffers lent to it or without.
enum Turn<'a> {
    Lent(Lent<'a>),
    Alone(&'a mut Connection),
}

impl<'a> Turn<'a> {
    fn of(connection: &'a mut Connection, lent: bool, buffers: &'a mut Buffers) -> Self {
        if lent { Self::Lent(buffers.lend(connection)) } else { Self::Alone(connection) }
    }

    fn get(&mut self) -> &mut Connection {
        match self {
            Self::Lent(lent) => lent,
            Self::Alone(connection) => connection,
        }
    }

    fn give_back(&mut self, event: Event<'_>) {
        if let Self::Lent(lent) = self {
            lent.reclaim(event);
        }
    }
}
