//! The transmit queue: what is to be sent, in order, seen through [`bytes::Buf`].
//!
//! Headers and small payloads lie in one tail buffer; large owned payloads stay where they are and
//! are queued by reference at their place in the tail; what a client sends that way is masked on
//! its way out, one piece at a time. Pings and pongs wait beside the queue and leave at the next
//! end of a frame; one that meets an empty queue is the first frame of it.
//!
//! ```text
//!   tail    ┌ sent ┬─────────────────┬───────────────┬──────────┐        waiting ┌──────┬──────┐
//!           │▒▒▒▒▒▒│ frame │ header  │ frame │ header│  frame   │                │ ping │ pong │
//!           └──────┴─────────────────┴───────────────┴──────────┘                └──────┴──────┘
//!   large                            ▲ payload       ▲ payload               leaves between two frames
//!                                    (piece masked)  (not yet)
//! ```
//!
//! A drained queue holds no heap, but within a turn. No byte moves on a partial write,
//! but for the tail being closed up when more than half of it was sent.

mod abandon;
mod large;
mod leaving;
mod lent;
mod pace;
mod short;
mod slices;
mod transmit;
mod waiting;

use crate::close::CloseFrame;
use crate::copy;
use crate::frame::{Encoded, Header, OpCode};
use crate::mask;
use crate::payload::Payload;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use large::Large;
use pace::Pace;
use waiting::Waiting;

pub(crate) use lent::Spare;
pub(crate) use short::SHORT;
pub use transmit::Transmit;

/// The queue behind [`Transmit`].
#[derive(Default)]
pub(crate) struct Outbox {
    /// Handshake bytes, frame headers and small payloads.
    tail: Vec<u8>,
    /// How much of the tail was sent.
    sent: usize,
    /// The payloads by reference, in order.
    large: Large,
    /// Control frames that leave at the next end of a frame.
    waiting: Option<Box<Waiting>>,
    /// The bytes of both of these that were not sent. Payloads by reference are in memory once and
    /// here as often as they are sent: more than a `usize` may hold.
    beside: u64,
    /// What is left of the frame, or handshake head, that has begun to leave. 0: the next byte
    /// begins one.
    frame_rest: u64,
    /// Whether that frame is a ping or a pong, and what the transport did.
    pace: Pace,
    /// The size of the last batch: where a new tail starts.
    last_batch: u16,
    /// The length of the Close frame at the end of the queue; 0: none was queued.
    close_len: u8,
    /// Whether more than `high_water_mark` bytes were queued before some of them left, and since
    /// then not as few as `low_water_mark`.
    above: bool,
    /// Whether buffers are lent to it: then it keeps them however large they are.
    lent: bool,
    low_water_mark: u32,
    high_water_mark: u32,
}

/// The largest tail that a new batch starts with, in bytes: what one small message to each of many
/// connections may cost.
const MAX_BATCH: u16 = 16 << 10;

impl Outbox {
    /// A queue that begins with the head of a handshake.
    pub(crate) fn with_head(head: Vec<u8>) -> Self {
        Self { frame_rest: head.len() as u64, tail: head, ..Self::default() }
    }

    /// A queue that is an answer: a head and its body.
    pub(crate) fn with_answer(mut head: Vec<u8>, body: Bytes) -> Self {
        let body = Payload::from(body);
        if !large::is_large(&body, None) {
            head.extend_from_slice(body.as_ref());
            return Self::with_head(head);
        }
        let mut outbox = Self { beside: body.as_ref().len() as u64, ..Self::with_head(head) };
        outbox.frame_rest = outbox.queued();
        outbox.large.push(outbox.tail.len(), body.into_bytes(), None);
        outbox
    }

    /// A low-water mark above the high-water mark counts as equal to it. What was queued before the
    /// marks were known, and has left in part, was not above any.
    pub(crate) fn with_marks(self, low_water_mark: u64, high_water_mark: u64) -> Self {
        let kept = |mark| u32::try_from(mark).unwrap_or(u32::MAX);
        Self {
            low_water_mark: kept(low_water_mark.min(high_water_mark)),
            high_water_mark: kept(high_water_mark),
            above: false,
            ..self
        }
    }

    /// Queues a data frame.
    pub(crate) fn push_frame(
        &mut self,
        fin: bool,
        rsv: u8,
        opcode: OpCode,
        payload: Payload<'_>,
        mask: Option<[u8; 4]>,
    ) {
        let payload_len = payload.as_ref().len();
        let header = Header { fin, rsv, opcode, mask, payload_len: payload_len as u64 }.encode();
        let by_reference = large::is_large(&payload, mask);
        let room = Encoded::ROOM + if by_reference { 0 } else { payload_len };
        if self.tail.capacity() - self.tail.len() < room {
            // Behind a control frame no batch comes.
            self.grow_tail(room, if opcode.is_control() { 0 } else { self.last_batch });
        }
        header.append_to(&mut self.tail);
        if by_reference {
            self.beside += payload_len as u64;
            self.large.push(self.tail.len(), payload.into_bytes(), mask);
            self.check();
        } else {
            match mask {
                None => copy::append(&mut self.tail, payload.as_ref()),
                Some(key) => mask::extend_masked(&mut self.tail, payload.as_ref(), key),
            }
        }
    }

    /// Queues the Close frame behind all else. Nothing is queued behind it.
    pub(crate) fn push_close(&mut self, frame: Option<CloseFrame<'_>>, mask: Option<[u8; 4]>) {
        let mut body = [0; 2 + CloseFrame::MAX_REASON];
        let mut len = 0;
        if let Some(frame) = frame {
            let code = frame.code().get().to_be_bytes();
            for (to, from) in body.iter_mut().zip(code.iter().chain(frame.reason().as_bytes())) {
                *to = *from;
                len += 1;
            }
        }
        let before = self.queued();
        self.push_frame(
            true,
            0,
            OpCode::Close,
            Payload::from(body.get(..len).unwrap_or_default()),
            mask,
        );
        self.close_len = (self.queued() - before) as u8;
    }

    /// Queues a ping, past all frames that have not begun to leave.
    pub(crate) fn push_ping(&mut self, payload: &[u8], mask: Option<[u8; 4]>) {
        self.push_control(OpCode::Ping, payload, mask);
    }

    /// Queues a pong that answers no ping likewise. It replaces no other.
    pub(crate) fn push_unsolicited_pong(&mut self, payload: &[u8], mask: Option<[u8; 4]>) {
        self.push_control(OpCode::Pong, payload, mask);
    }

    /// Queues a pong likewise. When a Close frame has begun to leave it is dropped: the peer throws
    /// away what follows that (§1.4), and bytes that nobody reads can turn into a reset.
    pub(crate) fn push_pong(&mut self, payload: &[u8], mask: Option<[u8; 4]>) {
        if self.queued() < u64::from(self.close_len) {
            return;
        }
        self.above = self.above_high_water();
        if let Some(waiting) = &mut self.waiting {
            self.beside -= waiting.make_way(payload.len()) as u64;
        }
        self.push_control(OpCode::Pong, payload, mask);
    }

    fn push_control(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
        if self.is_empty() {
            // There is nothing to pass. It counts as begun, so that no other one passes it.
            self.push_frame(true, 0, opcode, Payload::from(payload), mask);
            self.frame_rest = self.queued();
            self.pace.begins(true);
            return;
        }
        self.beside += self.waiting.get_or_insert_default().push(opcode, payload, mask) as u64;
        self.check();
    }

    /// What the transport did, since the last call.
    pub(crate) fn take_pace(&mut self) -> Pace {
        self.pace.take()
    }

    /// Whether pings or pongs have not left.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting.is_some() || self.pace.is_control() && self.frame_rest > 0
    }

    /// Whether nothing waits to be sent.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queued() == 0
    }

    /// Whether more bytes wait to be sent than should.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.queued() > u64::from(self.high_water_mark)
    }

    /// Whether more than `high_water_mark` bytes are queued, or were, and since then not as few as
    /// `low_water_mark`.
    #[inline]
    pub(crate) fn above_high_water(&self) -> bool {
        self.above || self.is_full()
    }

    /// How many bytes wait to be sent.
    #[inline]
    pub(crate) fn queued(&self) -> u64 {
        (self.tail.len() - self.sent) as u64 + self.beside
    }

    /// The same, as far as a `usize` can say.
    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        usize::try_from(self.queued()).unwrap_or(usize::MAX)
    }

    /// Drops all that was not sent: it counts as taken.
    pub(crate) fn clear(&mut self) {
        if self.lent {
            self.tail.clear();
        } else {
            self.tail = Vec::new();
        }
        self.large.clear(self.lent);
        self.waiting = None;
        (self.sent, self.beside, self.frame_rest) = (0, 0, 0);
        (self.pace, self.above) = (Pace::ALL, false);
        self.check();
    }

    /// Holds `beside` to what it counts.
    fn check(&self) {
        debug_assert_eq!(self.beside, self.count_beside());
    }

    /// The bytes of payloads by reference, and of pings and pongs that wait, counted.
    fn count_beside(&self) -> u64 {
        self.large.len() + self.waiting.as_ref().map_or(0, |waiting| waiting.rest().len() as u64)
    }

    /// Makes room for `n` bytes in the tail, and in a new one for a batch of this size.
    #[cold]
    #[inline(never)]
    fn grow_tail(&mut self, n: usize, batch: u16) {
        if self.tail.capacity() == 0 {
            // With what is asked for beside each short payload, the last one's too.
            let batch = if batch == 0 { 0 } else { MAX_BATCH.min(batch + short::ROOM as u16) };
            self.tail = Vec::with_capacity(n.max(batch.into()));
        } else {
            self.tail.reserve(n);
        }
    }

    /// All that is to be sent, if it is one slice, as most of the time.
    #[inline]
    fn only_slice(&self) -> Option<&[u8]> {
        if self.waiting.is_none() && self.large.is_empty() {
            self.tail.get(self.sent..)
        } else {
            None
        }
    }

    /// The first slice of what is to be sent.
    #[inline]
    fn first_slice(&self) -> &[u8] {
        match self.only_slice() {
            Some(only) => only,
            None => self.first_of_many(),
        }
    }
}

/// Every field, bytes by their number: what is sent is nothing for a log. `tests/close_automaton`
/// tells states apart by what is shown; the pattern has no rest, so that none can be forgotten.
impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tail,
            sent,
            large,
            waiting,
            beside,
            frame_rest,
            pace,
            last_batch,
            close_len,
            above,
            lent,
            low_water_mark,
            high_water_mark,
        } = self;
        f.debug_struct("Outbox")
            .field("tail", &tail.len())
            .field("sent", sent)
            .field("large", large)
            .field("waiting", waiting)
            .field("beside", beside)
            .field("frame_rest", frame_rest)
            .field("pace", pace)
            .field("last_batch", last_batch)
            .field("close_len", close_len)
            .field("above", above)
            .field("lent", lent)
            .field("low_water_mark", low_water_mark)
            .field("high_water_mark", high_water_mark)
            .finish()
    }
}

/// Appends a short payload, masked with a key.
#[inline(always)]
fn extend(to: &mut Vec<u8>, payload: &[u8], mask: Option<[u8; 4]>) {
    match mask {
        None => to.extend_from_slice(payload),
        Some(key) => mask::extend_masked(to, payload, key),
    }
}
