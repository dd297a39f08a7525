//! The transmit queue: what is to be sent, in order, seen through [`Transmit`].
//!
//! Headers and small payloads are copied into one buffer, the tail. Large owned payloads stay where
//! they are and are queued by reference at their place in the tail; a client masks them as they
//! leave, one piece at a time. Pings and pongs wait beside the queue and leave at the next end of a
//! frame. If the queue is empty, they become its first frame.
//!
//! ```text
//!   tail    ┌ sent ┬─────────────────┬───────────────┬──────────┐    waiting ┌──────┬──────┐
//!           │▒▒▒▒▒▒│ frame │ header  │ frame │ header│  frame   │            │ ping │ pong │
//!           └──────┴─────────────────┴───────────────┴──────────┘            └──────┴──────┘
//!   large                            ▲ payload       ▲ payload           between two frames
//!                                    (piece masked)  (not yet)
//! ```
//!
//! A drained queue holds no heap, except within a turn. A partial write moves no bytes, except when
//! at least half of the tail was sent: then the tail is closed up.
//!
//! Each part keeps a rule of its own: the [`Tail`] when bytes move, [`Beside`] how many bytes are
//! not in the tail, the [`Front`] what may leave next, and the [`Marks`] when a producer is to
//! stop. This file keeps the rules that join them: each payload has its place in the tail behind
//! its header, and what was not sent is the rest of the tail and all that is beside it.

mod abandon;
mod beside;
mod front;
mod large;
mod leaving;
mod lent;
mod marks;
mod pace;
mod slices;
mod small;
mod tail;
mod transmit;
mod waiting;

use crate::close::CloseFrame;
use crate::copy;
use crate::frame::{Encoded, Header, OpCode};
use crate::mask;
use crate::payload::Payload;
use alloc::vec::Vec;
use beside::Beside;
use bytes::Bytes;
use front::Front;
use marks::Marks;
use pace::Pace;
use small::HEADROOM;
use tail::{Batch, Tail};

pub(crate) use lent::Spare;
pub(crate) use small::SMALL;
pub use transmit::Transmit;

/// The queue behind [`Transmit`]. `tests/close_automaton` tells states apart by what `{:?}` shows.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Handshake bytes, frame headers and small payloads.
    tail: Tail,
    /// Payloads by reference, and control frames that leave at the next end of a frame.
    beside: Beside,
    /// The frame, or handshake head, that has begun to leave.
    front: Front,
    /// What the transport did.
    pace: Pace,
    /// Where a producer is to stop, and where to go on.
    marks: Marks,
    /// What a new tail starts with.
    last_batch: Batch,
    /// The length of the Close frame at the end of the queue; 0: none was queued.
    close_len: u8,
    /// Whether buffers are lent to it: then it keeps them however large they are.
    lent: bool,
}

impl Outbox {
    /// A queue that begins with the head of a handshake.
    pub(crate) fn with_head(head: Vec<u8>) -> Self {
        Self { front: Front::head(head.len() as u64), tail: head.into(), ..Self::default() }
    }

    /// A queue that is an answer: a head and its body.
    pub(crate) fn with_answer(mut head: Vec<u8>, body: Bytes) -> Self {
        let body = Payload::from(body);
        if !large::is_large(&body, None) {
            head.extend_from_slice(body.as_ref());
            return Self::with_head(head);
        }
        let mut outbox = Self::with_head(head);
        outbox.beside.push_payload(outbox.tail.end(), body.into_bytes(), None);
        outbox.front = Front::head(outbox.queued());
        outbox
    }

    /// What was queued before the marks were known, and has left in part, was not above any.
    pub(crate) fn with_marks(self, low_water_mark: u64, high_water_mark: u64) -> Self {
        Self { marks: Marks::new(low_water_mark, high_water_mark), ..self }
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
        if self.tail.room() < room {
            // Behind a control frame no batch comes.
            let batch = if opcode.is_control() { Batch::default() } else { self.last_batch };
            self.tail.grow(room, batch);
        }
        header.append_to(self.tail.appended());
        if by_reference {
            self.beside.push_payload(self.tail.end(), payload.into_bytes(), mask);
        } else {
            match mask {
                None => copy::append(self.tail.appended(), payload.as_ref()),
                Some(key) => mask::extend_masked(self.tail.appended(), payload.as_ref(), key),
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
    /// away what follows that (§1.4), and unread bytes can make its kernel send a reset.
    pub(crate) fn push_pong(&mut self, payload: &[u8], mask: Option<[u8; 4]>) {
        if self.queued() < u64::from(self.close_len) {
            return;
        }
        let before = self.queued();
        self.beside.make_way(payload.len());
        self.push_control(OpCode::Pong, payload, mask);
        self.marks.fall(before, self.queued());
    }

    fn push_control(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
        if self.is_empty() {
            // There is nothing to pass. It counts as begun, so that no other one passes it.
            self.push_frame(true, 0, opcode, Payload::from(payload), mask);
            self.front = Front::control(self.queued());
        } else {
            self.beside.push_control(opcode, payload, mask);
        }
    }

    /// What the transport did, since the last call.
    pub(crate) fn take_pace(&mut self) -> Pace {
        self.pace.take()
    }

    /// Whether pings or pongs have not left.
    pub(crate) fn has_waiting(&self) -> bool {
        self.beside.has_waiting() || self.front.is_control()
    }

    /// Whether nothing waits to be sent.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queued() == 0
    }

    /// Whether more bytes wait to be sent than should.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.marks.is_full(self.queued())
    }

    /// Whether more than `high_water_mark` bytes are queued, or were, and since then not as few as
    /// `low_water_mark`.
    #[inline]
    pub(crate) fn above_high_water(&self) -> bool {
        self.marks.is_above(self.queued())
    }

    /// How many bytes wait to be sent.
    #[inline]
    pub(crate) fn queued(&self) -> u64 {
        self.tail.len() as u64 + self.beside.len()
    }

    /// How many bytes wait to be sent, at most `usize::MAX`.
    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        usize::try_from(self.queued()).unwrap_or(usize::MAX)
    }

    /// Drops all that was not sent: it counts as taken.
    pub(crate) fn clear(&mut self) {
        self.tail.clear(self.lent);
        self.beside.clear(self.lent);
        self.front = Front::default();
        self.pace = Pace::ALL;
        self.marks.clear();
    }

    /// All that is to be sent, if it is one slice, as most of the time.
    #[inline]
    fn only_slice(&self) -> Option<&[u8]> {
        if self.beside.is_empty() { Some(self.tail.rest()) } else { None }
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
