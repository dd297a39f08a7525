//! What an end has to send, told naively: whole frames in rows, of which the first may have begun
//! to leave. Control frames pass data frames that have not begun (RFC 6455 §5.4, §5.5).
//!
//! Once the peer has closed, of the data frames only the one that has begun and the few in front
//! leave, §5.5.1: those that end within 128 KiB. One long message is more than that.

use crate::support::{BINARY, CLOSE, PING, PONG};
use bytes::Bytes;
use std::collections::VecDeque;

/// A frame without its mask: its first byte, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Bytes,
}

/// What a long message says: half of it alone is more than what leaves behind the peer's Close.
static LONG: [u8; 280_000] = [SEVEN; 280_000];
const SEVEN: u8 = b'7';
/// How many bytes leave in front of the answer to the peer's Close.
const ANSWERS: usize = 128 << 10;

impl Frame {
    pub(crate) fn new(first: u8, payload: &[u8]) -> Self {
        Self { first, payload: Bytes::copy_from_slice(payload) }
    }

    pub(crate) fn long() -> Self {
        Self { first: BINARY, payload: Bytes::from_static(&LONG) }
    }

    pub(crate) fn is_long(&self) -> bool {
        self.payload.len() == LONG.len()
    }

    /// Whether these are the first bytes of it, a long one, and its header is among them.
    pub(crate) fn is_begun_by(&self, wire: &[u8], key: Option<[u8; 4]>) -> bool {
        let header = self.len(key.is_some()) - self.payload.len();
        let (header, payload) = wire.split_at(header);
        let second = if key.is_some() { 0xff } else { 0x7f };
        let len = (LONG.len() as u64).to_be_bytes();
        let masked = key.map(|key| key.map(|byte| byte ^ SEVEN)).unwrap_or([SEVEN; 4]);
        let says_so = header[..10] == [&[self.first, second][..], &len].concat();
        says_so && payload.chunks(4).all(|bytes| bytes == &masked[..bytes.len()])
    }

    /// How many bytes it has on the wire.
    pub(crate) fn len(&self, masked: bool) -> usize {
        let header = match self.payload.len() {
            0..126 => 2,
            126..0x10000 => 4,
            _ => 10,
        };
        header + if masked { 4 } else { 0 } + self.payload.len()
    }

    /// What is written of a frame in part: all but its last byte, or half of a long one.
    pub(crate) fn part(&self, masked: bool) -> usize {
        if self.is_long() { self.len(masked) / 2 } else { self.len(masked) - 1 }
    }

    fn is_control(&self) -> bool {
        matches!(self.first, PING | PONG)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    masked: bool,
    /// What has begun to leave, and how much of it has not left.
    pub(crate) begun: Option<(Frame, usize)>,
    control: VecDeque<Frame>,
    data: VecDeque<Frame>,
    /// Whether the transport left some of it the last time.
    pub(crate) full: bool,
}

impl Queue {
    pub(crate) fn new(masked: bool) -> Self {
        let (control, data) = (VecDeque::new(), VecDeque::new());
        Self { masked, begun: None, control, data, full: false }
    }

    /// A message, or the Close frame, which goes behind all else.
    pub(crate) fn push(&mut self, frame: Frame) {
        self.data.push_back(frame);
    }

    /// A ping or a pong.
    pub(crate) fn push_control(&mut self, frame: Frame) {
        self.control.push_back(frame);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.masked);
    }

    /// The peer reads no more: what goes behind the few bytes in front. How many are dropped.
    pub(crate) fn abandon(&mut self) -> u64 {
        let mut kept = self.begun.as_ref().map_or(0, |(_, left)| *left);
        let before = self.len();
        let stays = |frame: &&Frame| {
            kept += frame.len(self.masked);
            kept <= ANSWERS
        };
        let stay = self.data.iter().take_while(stays).count();
        self.data.truncate(stay);
        (before - self.len()) as u64
    }

    /// Writes `n` bytes, and gives the frames that begin with them. `refused`: the transport was
    /// shown more than it took.
    pub(crate) fn write(&mut self, mut n: usize, refused: bool) -> Vec<Frame> {
        let mut began = Vec::new();
        while n > 0 {
            let (frame, left) = self.begun.take().unwrap_or_else(|| {
                let frame = self.control.pop_front().or_else(|| self.data.pop_front());
                let frame = frame.expect("a frame");
                began.push(frame.clone());
                let len = frame.len(self.masked);
                (frame, len)
            });
            let step = left.min(n);
            n -= step;
            self.begun = (left > step).then_some((frame, left - step));
        }
        self.full = (self.full || refused) && !self.is_empty();
        began
    }

    /// How many bytes end the frame that has begun, or leave the next one cut.
    pub(crate) fn part(&self) -> usize {
        match (&self.begun, self.waiting().next()) {
            (Some((_, left)), _) => *left,
            (None, Some(frame)) => frame.part(self.masked),
            (None, None) => 0,
        }
    }

    /// How many bytes are left to write.
    pub(crate) fn len(&self) -> usize {
        let begun = self.begun.as_ref().map_or(0, |(_, left)| *left);
        begun + self.waiting().map(|frame| frame.len(self.masked)).sum::<usize>()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames().next().is_none()
    }

    /// All of it that has not left, in the order in which it does.
    pub(crate) fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.begun.iter().map(|(frame, _)| frame).chain(self.waiting())
    }

    /// Whether a Close frame waits behind all else, none of it sent.
    pub(crate) fn close_waits(&self) -> bool {
        self.data.iter().any(|frame| frame.first == CLOSE)
    }

    /// Whether a ping or a pong has not left to its last byte.
    pub(crate) fn control_waits(&self) -> bool {
        self.frames().any(Frame::is_control)
    }

    fn waiting(&self) -> impl Iterator<Item = &Frame> {
        self.control.iter().chain(&self.data)
    }
}
