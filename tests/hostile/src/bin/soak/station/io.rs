//! What moves between an end and its transports, and what it hears.

use super::{HANDSHAKE, Stage, Station, Tools, WRITE};
use crate::counts::Counts;
use crate::pipe::Pipe;
use crate::talk::Message;
use bytes::{Buf, Bytes};
use fastrand::Rng;
use sockless::client::Outcome;
use sockless::server::Incoming;
use sockless::{
    Chunk, CloseEvent, Connection, Deadline, Endpoint, Event, Input, MessageKind, Transmit, Turn,
};
use std::collections::VecDeque;
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
                    let mut turn = tools.workspace.turn(connection.as_mut());
                    write_some(turn.endpoint().transmit(), out, left, &mut tools.dice)
                }
                _ => write_some(self.side().transmit(), out, left, &mut tools.dice),
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

    /// Reads at most so many bytes, or what is the end of them; or polls for what came before.
    pub(super) fn read(&mut self, into: &mut Pipe, most: usize, tools: &mut Tools) -> bool {
        if !self.rest.is_empty() {
            let mut rest = std::mem::take(&mut self.rest);
            self.poll(&mut rest, tools);
            return true;
        }
        if self.is_lost() {
            return false;
        }
        let in_turn = tools.dice.bool();
        if self.side().wants_poll() {
            if in_turn {
                self.take_turn(into, 0, tools);
            } else {
                self.poll(&mut [], tools);
            }
            return true;
        }
        if !self.side().wants_read() {
            return false;
        }
        if into.broken {
            self.side().handle_error();
            self.poll(&mut [], tools);
        } else if !into.is_empty() && in_turn {
            self.take_turn(into, most, tools);
        } else if !into.is_empty() {
            let mut read: Vec<u8> = into.read(most).collect();
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

    /// Reads at most so many bytes in a turn of the workspace, and leaves to the next turn what it
    /// does not poll.
    fn take_turn(&mut self, into: &mut Pipe, most: usize, tools: &mut Tools) {
        let Self { stage, ears, .. } = self;
        let Tools { dice, workspace, counts } = tools;
        counts.turns += 1;
        match stage {
            Stage::Open(connection) => {
                let mut turn = workspace.turn(connection.as_mut());
                let mut left = most;
                loop {
                    let n = fill(&mut turn, into, left);
                    left -= n;
                    let (connection, mut input) = turn.received(n);
                    // Sometimes it is not polled at all.
                    if dice.u8(..20) > 0 {
                        ears.hear(connection, &mut input, dice, counts);
                    }
                    let waits = input.len();
                    drop(input);
                    if left == 0 || into.is_empty() || dice.bool() {
                        counts.held += u64::from(waits > 0);
                        return;
                    }
                }
            }
            Stage::Asking(handshake) => {
                let mut turn = workspace.turn(handshake.as_mut());
                let n = fill(&mut turn, into, most);
                let (handshake, mut input) = turn.received(n);
                let outcome = handshake.poll(&mut input);
                drop(input);
                drop(turn);
                self.is_answered(outcome, tools);
            }
            Stage::Asked(handshake) => {
                let mut turn = workspace.turn(handshake.as_mut());
                let n = fill(&mut turn, into, most);
                let (handshake, mut input) = turn.received(n);
                let incoming = handshake.poll(&mut input);
                drop(input);
                drop(turn);
                self.is_asked(incoming, tools);
            }
            Stage::Refusing(replying) => {
                let mut turn = workspace.turn(replying.as_mut());
                let n = fill(&mut turn, into, most);
                let (replying, mut input) = turn.received(n);
                replying.poll(&mut input);
            }
            Stage::Lost => {}
        }
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

    /// All that the bytes are, or some of it, and the rest later; and first what was held.
    pub(super) fn poll(&mut self, bytes: &mut [u8], tools: &mut Tools) {
        let mut input = Input::new(bytes);
        loop {
            let moved = match &mut self.stage {
                Stage::Open(connection) => {
                    let Tools { dice, counts, .. } = tools;
                    if !self.ears.hear(connection, &mut input, dice, counts) {
                        self.rest = input.into_rest().to_vec();
                        return;
                    }
                    false
                }
                Stage::Refusing(replying) => {
                    replying.poll(&mut input);
                    false
                }
                Stage::Lost => return,
                Stage::Asking(handshake) => {
                    let outcome = handshake.poll(&mut input);
                    self.is_answered(outcome, tools)
                }
                Stage::Asked(handshake) => {
                    let incoming = handshake.poll(&mut input);
                    self.is_asked(incoming, tools)
                }
            };
            if !moved {
                assert!(input.is_empty(), "None means that all was used");
                return;
            }
        }
    }

    /// Whether the handshake came to its end.
    fn is_answered(&mut self, outcome: Option<Outcome>, tools: &mut Tools) -> bool {
        match outcome {
            None => return false,
            Some(Outcome::Open(accepted)) => {
                let compresses = accepted.extensions().deflate.is_some();
                self.open(compresses, accepted.open(self.config.clone()), tools);
            }
            Some(_) => self.stage = Stage::Lost,
        }
        true
    }

    fn is_asked(&mut self, incoming: Option<Incoming>, tools: &mut Tools) -> bool {
        match incoming {
            None => return false,
            Some(Incoming::Upgrade(request)) => {
                let accept = request.accept();
                let compresses = accept.extensions().deflate.is_some();
                self.open(compresses, accept.open(self.config.clone()), tools);
            }
            Some(Incoming::Http(plain)) => panic!("it is an upgrade: {plain:?}"),
            Some(Incoming::Failed(replying)) => {
                self.stage = Stage::Refusing(Box::new(replying));
                self.deadline = Deadline::after(HANDSHAKE);
            }
        }
        true
    }

    fn open(&mut self, compresses: bool, connection: Connection, tools: &mut Tools) {
        self.compresses = Some(compresses);
        self.stage = Stage::Open(Box::new(connection));
        tools.counts.opened += 1;
    }
}

/// What an end has to hear, and how.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    /// What the peer sent and has not arrived.
    pub(crate) expected: VecDeque<Message>,
    pub(crate) closed: Option<CloseEvent>,
    /// The message that arrives in chunks.
    chunks: Option<(MessageKind, Vec<u8>)>,
}

impl Ears {
    /// Whether all was used: sometimes it stops behind an event.
    fn hear(
        &mut self,
        connection: &mut Connection,
        input: &mut Input<'_>,
        dice: &mut Rng,
        counts: &mut Counts,
    ) -> bool {
        while let Some(event) = connection.poll(input) {
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
                counts.messages += 1;
                counts.bytes += bytes.len() as u64;
            }
            if dice.u8(..50) == 0 {
                return input.is_empty();
            }
        }
        true
    }
}

/// A read of at most so many bytes in a turn.
fn fill<E: Endpoint>(turn: &mut Turn<'_, E>, into: &mut Pipe, most: usize) -> usize {
    if most == 0 {
        return 0;
    }
    let room = turn.read_buf();
    assert!(!room.is_empty(), "a read of no bytes would be taken for the end");
    let n = most.min(room.len()).min(into.len());
    room.iter_mut().zip(into.read(n)).for_each(|(place, byte)| *place = byte);
    n
}

/// One write, vectored or not.
fn write_some(mut transmit: Transmit<'_>, out: &mut Pipe, most: usize, dice: &mut Rng) -> usize {
    let written = if dice.bool() {
        transmit.write_slice_with(|slice| {
            assert!(!slice.is_empty(), "it wants to write, and nothing is there");
            Ok::<_, ()>(out.write(slice, most))
        })
    } else {
        transmit.write_with(|slices| {
            assert!(!slices.is_empty(), "it wants to write, and nothing is there");
            let mut left = most;
            for slice in slices {
                let n = out.write(slice, left);
                left -= n;
                if n < slice.len() {
                    break;
                }
            }
            Ok(most - left)
        })
    };
    written.unwrap_or_default()
}

fn add(chunks: &mut Option<(MessageKind, Vec<u8>)>, chunk: &Chunk<'_>) {
    assert_eq!(chunk.first, chunks.is_none(), "the first one, and no other, says that it is");
    let (kind, bytes) = chunks.get_or_insert_with(|| (chunk.data.kind(), Vec::new()));
    assert_eq!(*kind, chunk.data.kind());
    bytes.extend_from_slice(chunk.data.as_bytes());
}
