//! The transmit queue: what is to be sent, in order, seen through [`bytes::Buf`].
//!
//! Headers and small payloads lie in one tail buffer; large owned payloads stay where they are and are queued by reference at their
//! place in the tail; what a client sends that way is masked on its way out, one piece at a time. Pings and pongs wait
//! beside the queue and leave at the next end of a frame.
//!
//! ```text
//!   tail    ┌ sent ┬─────────────────┬───────────────┬──────────┐        waiting ┌──────┬──────┐
//!           │▒▒▒▒▒▒│ frame │ header  │ frame │ header│  frame   │                │ ping │ pong │
//!           └──────┴─────────────────┴───────────────┴──────────┘                └──────┴──────┘
//!   large                            ▲ payload       ▲ payload               leaves between two frames
//!                                    (piece masked)  (not yet)
//! ```
//!
//! A drained queue holds no heap. No byte moves on a partial write, but for the tail being closed up when more than half of it was sent.

use crate::close::CloseFrame;
use crate::frame::{Header, OpCode};
use crate::mask;
use crate::payload::Payload;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::{Buf, Bytes};
use core::fmt;
use core::mem;
use core::ops::Range;

/// The bytes to send. See [`LifeCycle::transmit`](crate::LifeCycle::transmit).
///
/// Use it as a [`Buf`], or take owned buffers with [`pop`](Self::pop). Dropping it takes nothing: what was not advanced over comes again.
#[derive(Debug)]
pub struct Transmit<'a> {
    outbox: &'a mut Outbox,
}

impl<'a> Transmit<'a> {
    pub(crate) fn new(outbox: &'a mut Outbox) -> Self {
        outbox.mask_ahead();
        Self { outbox }
    }

    /// Takes the next buffer out of the queue, for I/O that owns what it writes. `None`: nothing is left.
    ///
    /// What was popped counts as sent: write it fully before you look at `wants_shutdown` or `is_done`.
    ///
    /// ```
    /// use sockless::{Agreement, Config, Connection, LifeCycle, Role};
    ///
    /// let mut connection = Connection::new(Role::Server, Agreement::default(), Config::default());
    /// connection.send_binary(vec![7; 100_000])?;
    /// let header = connection.transmit().pop().expect("a header");
    /// assert_eq!(header, [0x82, 127, 0, 0, 0, 0, 0, 1, 0x86, 0xa0][..]);
    /// let payload = connection.transmit().pop().expect("the vector itself, not a copy of it");
    /// assert_eq!(payload.len(), 100_000);
    /// assert!(connection.transmit().pop().is_none() && !connection.wants_write());
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    pub fn pop(&mut self) -> Option<Bytes> {
        self.outbox.pop()
    }
}

impl Buf for Transmit<'_> {
    #[inline]
    fn remaining(&self) -> usize {
        self.outbox.queued
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        self.outbox.slices().next().unwrap_or_default()
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'b>(&'b self, dst: &mut [std::io::IoSlice<'b>]) -> usize {
        let mut n = 0;
        for (slot, slice) in dst.iter_mut().zip(self.outbox.slices()) {
            *slot = std::io::IoSlice::new(slice);
            n += 1;
        }
        n
    }

    /// Counts `n` bytes as sent; more than there are count as all.
    #[inline]
    fn advance(&mut self, n: usize) {
        self.outbox.advance(n);
    }
}

/// The queue behind [`Transmit`].
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Handshake bytes, frame headers and small payloads.
    tail: Vec<u8>,
    /// How much of the tail was sent.
    sent: usize,
    /// The payloads by reference, in order.
    large: Large,
    /// The part of the first of them that was masked for sending.
    piece: Option<Box<Piece>>,
    /// Control frames that leave at the next end of a frame.
    waiting: Option<Box<Waiting>>,
    /// The bytes in all of the above that were not sent.
    queued: usize,
    /// What is left of the frame, or handshake head, that has begun to leave. 0: the next byte begins one.
    frame_rest: u64,
    /// The size of the last batch: where a new tail starts.
    last_batch: u32,
    /// The length of the Close frame at the end of the queue; 0: none was queued.
    close_len: u8,
    /// Whether more than `upper_mark` bytes were queued, and since then not as few as `lower_mark`.
    above: bool,
    lower_mark: u32,
    upper_mark: u32,
}

/// Payloads by reference.
#[derive(Debug, Default)]
enum Large {
    #[default]
    None,
    /// The usual case, without an allocation.
    One(Reference),
    Many(VecDeque<Reference>),
}

/// A payload by reference.
#[derive(Debug)]
struct Reference {
    /// The place in the tail where the payload stands.
    at: usize,
    /// What was not sent yet nor masked into the piece.
    payload: Bytes,
    /// The key for the payload's next byte.
    mask: Option<[u8; 4]>,
}

/// Part of a payload, masked.
struct Piece {
    bytes: [u8; PIECE],
    len: usize,
    /// How much of it was sent.
    sent: usize,
}

impl Piece {
    /// What was not sent yet.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.sent..self.len).unwrap_or_default()
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece").field("len", &self.len).field("sent", &self.sent).finish_non_exhaustive()
    }
}

/// Control frames on their way past the queue.
#[derive(Debug, Default)]
struct Waiting {
    frames: Vec<u8>,
    sent: usize,
    /// Where in `frames` the last pong lies.
    last_pong: Range<usize>,
}

/// How much of a payload is masked at a time, in bytes.
const PIECE: usize = 16 << 10;

/// From this length on, in bytes, a payload is masked in pieces, on its way out; below, it is masked into the tail.
const LAZY: usize = 2 * PIECE;

/// The largest tail that a new batch starts with, in bytes.
const MAX_BATCH: u32 = 64 << 10;

/// How many bytes of control frames may wait before the newest pong replaces the last one (§5.5.3).
const WAITING: usize = 4096;

/// The tail is closed up only when at least this many bytes of it were sent.
const CLOSE_UP: usize = 4096;

impl Outbox {
    /// A queue that begins with the head of a handshake.
    pub(crate) fn with_head(head: Vec<u8>) -> Self {
        Self { queued: head.len(), frame_rest: head.len() as u64, tail: head, ..Self::default() }
    }

    pub(crate) fn with_marks(self, lower_mark: u32, upper_mark: u32) -> Self {
        Self { lower_mark, upper_mark, ..self }
    }

    /// Queues a data frame.
    #[inline]
    pub(crate) fn push_frame(&mut self, fin: bool, opcode: OpCode, payload: Payload<'_>, mask: Option<[u8; 4]>) {
        let payload_len = payload.as_ref().len();
        let header = Header { fin, rsv: 0, opcode, mask, payload_len: payload_len as u64 }.encode();
        self.queued += header.as_ref().len() + payload_len;
        self.above |= self.is_full();
        let by_reference_from = payload.by_reference_from().max(if mask.is_some() { LAZY } else { 0 });
        if by_reference_from <= payload_len {
            self.grow_tail(header.as_ref().len());
            self.tail.extend_from_slice(header.as_ref());
            self.large.push(Reference { at: self.tail.len(), payload: payload.into_bytes(), mask });
        } else {
            self.grow_tail(header.as_ref().len() + payload_len);
            self.tail.extend_from_slice(header.as_ref());
            extend(&mut self.tail, payload.as_ref(), mask);
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
        let before = self.queued;
        self.push_frame(true, OpCode::Close, Payload::from(body.get(..len).unwrap_or_default()), mask);
        self.close_len = (self.queued - before) as u8;
    }

    /// Queues a ping, past all frames that have not begun to leave.
    pub(crate) fn push_ping(&mut self, payload: &[u8], mask: Option<[u8; 4]>) {
        self.push_waiting(OpCode::Ping, payload, mask);
    }

    /// Queues a pong likewise. While too many bytes wait it replaces the last pong that waits; when a Close frame has begun to leave it is dropped,
    /// for nobody would read it.
    pub(crate) fn push_pong(&mut self, payload: &[u8], mask: Option<[u8; 4]>) {
        if self.close_len != 0 && self.queued < usize::from(self.close_len) + self.waiting_len() {
            return;
        }
        if self.waiting_len() + payload.len() > WAITING {
            if let Some(waiting) = &mut self.waiting {
                let last = mem::take(&mut waiting.last_pong);
                if !last.is_empty() && last.start >= waiting.sent {
                    self.queued -= last.len();
                    waiting.frames.drain(last);
                }
            }
        }
        let pong = self.push_waiting(OpCode::Pong, payload, mask);
        if let Some(waiting) = &mut self.waiting {
            waiting.last_pong = pong;
        }
    }

    /// Whether nothing waits to be sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// Whether more bytes wait to be sent than should.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.queued > self.upper_mark as usize
    }

    pub(crate) fn above_mark(&self) -> bool {
        self.above
    }

    /// How many bytes wait to be sent.
    pub(crate) fn queued(&self) -> usize {
        self.queued
    }

    /// Drops all that was not sent.
    pub(crate) fn clear(&mut self) {
        let Self { last_batch, close_len, lower_mark, upper_mark, .. } = *self;
        *self = Self { last_batch, close_len, lower_mark, upper_mark, ..Self::default() };
    }

    fn push_waiting(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> Range<usize> {
        let header = Header { fin: true, rsv: 0, opcode, mask, payload_len: payload.len() as u64 }.encode();
        let waiting = self.waiting.get_or_insert_default();
        let start = waiting.frames.len();
        waiting.frames.extend_from_slice(header.as_ref());
        extend(&mut waiting.frames, payload, mask);
        let end = waiting.frames.len();
        self.queued += end - start;
        self.above |= self.is_full();
        start..end
    }

    fn waiting_len(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.frames.len() - waiting.sent)
    }

    /// Makes room for `n` bytes in the tail.
    #[inline]
    fn grow_tail(&mut self, n: usize) {
        if self.tail.capacity() == 0 {
            self.tail.reserve_exact(n.max(self.last_batch as usize));
        } else {
            self.tail.reserve(n);
        }
    }

    /// Masks the next piece of the first payload by reference, so that there is something to show of it.
    #[inline]
    fn mask_ahead(&mut self) {
        let Some(Reference { payload, mask: Some(key), .. }) = self.large.first_mut() else { return };
        if payload.is_empty() || self.piece.as_ref().is_some_and(|piece| piece.sent < piece.len) {
            return;
        }
        let part = payload.split_to(PIECE.min(payload.len()));
        let piece = self.piece.get_or_insert_with(|| Box::new(Piece { bytes: [0; PIECE], len: 0, sent: 0 }));
        if let Some(bytes) = piece.bytes.get_mut(..part.len()) {
            bytes.copy_from_slice(&part);
            mask::apply(bytes, *key);
        }
        (piece.len, piece.sent) = (part.len(), 0);
        *key = mask::rotate(*key, part.len());
    }

    /// What is to be sent, in order, up to where a payload is not masked yet.
    #[inline]
    fn slices(&self) -> Slices<'_> {
        let waiting = match &self.waiting {
            Some(waiting) => waiting.frames.get(waiting.sent..).unwrap_or_default(),
            None => &[],
        };
        Slices { outbox: self, at: self.sent, large: 0, waiting, until_waiting: self.frame_rest }
    }

    #[inline]
    fn advance(&mut self, n: usize) {
        if n >= self.queued {
            self.last_batch = u32::try_from(self.tail.len()).unwrap_or(u32::MAX).min(MAX_BATCH);
            self.clear();
        } else {
            self.advance_part(n);
        }
    }

    fn advance_part(&mut self, mut n: usize) {
        self.queued -= n;
        self.above &= self.queued > self.lower_mark as usize;
        while n > 0 {
            let step = match &mut self.waiting {
                Some(waiting) if self.frame_rest == 0 => {
                    let step = n.min(waiting.frames.len() - waiting.sent);
                    waiting.sent += step;
                    if waiting.sent == waiting.frames.len() {
                        self.waiting = None;
                    }
                    step
                }
                _ => self.advance_frame(n),
            };
            n -= step;
        }
        if self.sent >= CLOSE_UP.max(self.tail.len() / 2) {
            self.tail.drain(..self.sent);
            self.large.shift(self.sent);
            self.sent = 0;
        }
        self.mask_ahead();
    }

    /// Moves on inside the frame at the front, by at most `n` bytes; at least by one.
    fn advance_frame(&mut self, n: usize) -> usize {
        if self.frame_rest == 0 {
            // All that was queued are whole frames whose headers lie in the tail.
            let front = self.tail.get(self.sent..).unwrap_or_default();
            self.frame_rest = match Header::decode(front) {
                Ok(Some((header, len))) => header.payload_len + len as u64,
                _ => u64::MAX,
            };
        }
        let n = usize::try_from(self.frame_rest).map_or(n, |rest| n.min(rest));
        let step = match self.large.first_mut() {
            Some(first) if first.at == self.sent => {
                let (step, done) = match self.piece.as_mut().filter(|piece| piece.sent < piece.len) {
                    Some(piece) => {
                        let step = n.min(piece.len - piece.sent);
                        piece.sent += step;
                        (step, piece.sent == piece.len && first.payload.is_empty())
                    }
                    None => {
                        let step = n.min(first.payload.len());
                        first.payload.advance(step);
                        (step, first.payload.is_empty())
                    }
                };
                if done {
                    self.large.pop();
                }
                step
            }
            first => {
                let end = first.map_or(self.tail.len(), |first| first.at);
                let step = n.min(end - self.sent);
                self.sent += step;
                step
            }
        };
        self.frame_rest -= step as u64;
        // A masked payload shows its next piece only once the last one was sent: more may have been advanced over than one call can see.
        self.mask_ahead();
        step
    }

    fn pop(&mut self) -> Option<Bytes> {
        self.mask_ahead();
        if let (Large::None, None) = (&self.large, &self.waiting) {
            let mut tail = Bytes::from(mem::take(&mut self.tail));
            tail.advance(self.sent);
            self.last_batch = u32::try_from(tail.len()).unwrap_or(u32::MAX).min(MAX_BATCH);
            self.clear();
            return Some(tail).filter(|tail| !tail.is_empty());
        }
        let popped = match self.large.first_mut() {
            // Its header has left, so its frame has begun: no control frame comes before it.
            Some(Reference { at, payload, mask: None }) if *at == self.sent => payload.clone(),
            // Cut out of a buffer that stays.
            _ => Bytes::copy_from_slice(self.slices().next()?),
        };
        self.advance(popped.len());
        Some(popped)
    }
}

impl Large {
    fn push(&mut self, reference: Reference) {
        *self = match mem::take(self) {
            Self::None => Self::One(reference),
            Self::One(first) => Self::Many(VecDeque::from([first, reference])),
            Self::Many(mut all) => {
                all.push_back(reference);
                Self::Many(all)
            }
        };
    }

    fn pop(&mut self) {
        *self = match mem::take(self) {
            Self::None | Self::One(_) => Self::None,
            Self::Many(mut all) => {
                all.pop_front();
                if all.is_empty() { Self::None } else { Self::Many(all) }
            }
        };
    }

    fn get(&self, i: usize) -> Option<&Reference> {
        match self {
            Self::None => None,
            Self::One(first) => Some(first).filter(|_| i == 0),
            Self::Many(all) => all.get(i),
        }
    }

    #[inline]
    fn first_mut(&mut self) -> Option<&mut Reference> {
        match self {
            Self::None => None,
            Self::One(first) => Some(first),
            Self::Many(all) => all.front_mut(),
        }
    }

    /// The tail lost `n` bytes at its front.
    fn shift(&mut self, n: usize) {
        match self {
            Self::None => {}
            Self::One(first) => first.at -= n,
            Self::Many(all) => all.iter_mut().for_each(|reference| reference.at -= n),
        }
    }
}

/// What is to be sent, slice by slice.
struct Slices<'a> {
    outbox: &'a Outbox,
    /// The place in the tail.
    at: usize,
    /// The number of the next payload by reference.
    large: usize,
    /// The control frames that were not given yet …
    waiting: &'a [u8],
    /// … and how many bytes of the frame that has begun come before them.
    until_waiting: u64,
}

impl<'a> Iterator for Slices<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.waiting.is_empty() {
            return self.next_slice();
        }
        if self.until_waiting == 0 {
            return Some(mem::take(&mut self.waiting));
        }
        let slice = self.next_slice()?;
        match usize::try_from(self.until_waiting) {
            // Only the tail holds more than one frame in a slice.
            Ok(rest) if rest < slice.len() => {
                self.at -= slice.len() - rest;
                self.until_waiting = 0;
                slice.get(..rest)
            }
            _ => {
                self.until_waiting -= slice.len() as u64;
                Some(slice)
            }
        }
    }
}

impl<'a> Slices<'a> {
    /// The next slice of the queue itself.
    #[inline]
    fn next_slice(&mut self) -> Option<&'a [u8]> {
        let Outbox { tail, large, piece, .. } = self.outbox;
        let reference = large.get(self.large);
        match reference {
            Some(Reference { at, payload, mask }) if *at == self.at => {
                let slice = match mask {
                    None => payload.as_ref(),
                    // Of the masked payloads only the first has a piece to show.
                    Some(_) if self.large == 0 => piece.as_ref().map_or(&[][..], |piece| piece.rest()),
                    Some(_) => return None,
                };
                if mask.is_some() && !payload.is_empty() {
                    // The rest of it is not masked yet: nothing behind it can be shown.
                    self.at = usize::MAX;
                }
                self.large += 1;
                Some(slice)
            }
            _ => {
                let slice = tail.get(self.at..reference.map_or(tail.len(), |reference| reference.at))?;
                self.at += slice.len();
                Some(slice).filter(|slice| !slice.is_empty())
            }
        }
    }
}

/// Appends a payload, masked with a key.
#[inline]
fn extend(to: &mut Vec<u8>, payload: &[u8], mask: Option<[u8; 4]>) {
    match mask {
        None => to.extend_from_slice(payload),
        Some(key) => mask::extend_masked(to, payload, key),
    }
}
