//! What an end has to send, told naively: whole frames in rows, of which the first may have begun to leave. Control frames pass data frames that have
//! not begun (RFC 6455 §5.4, §5.5).

use crate::support::CLOSE;
use std::collections::VecDeque;

/// A frame without its mask: its first byte, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(first: u8, payload: &[u8]) -> Self {
        Self { first, payload: payload.to_vec() }
    }

    /// How many bytes it has on the wire: all payloads here are short.
    pub(crate) fn len(&self, masked: bool) -> usize {
        2 + if masked { 4 } else { 0 } + self.payload.len()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    masked: bool,
    /// What has begun to leave, and how much of it has not left.
    pub(crate) begun: Option<(Frame, usize)>,
    control: VecDeque<Frame>,
    data: VecDeque<Frame>,
}

impl Queue {
    pub(crate) fn new(masked: bool) -> Self {
        Self { masked, begun: None, control: VecDeque::new(), data: VecDeque::new() }
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

    /// Writes `n` bytes, and gives the frames that begin with them.
    pub(crate) fn write(&mut self, mut n: usize) -> Vec<Frame> {
        let mut began = Vec::new();
        while n > 0 {
            let (frame, left) = self.begun.take().unwrap_or_else(|| {
                let frame = self.control.pop_front().or_else(|| self.data.pop_front()).expect("a frame");
                began.push(frame.clone());
                let len = frame.len(self.masked);
                (frame, len)
            });
            let step = left.min(n);
            n -= step;
            self.begun = (left > step).then_some((frame, left - step));
        }
        began
    }

    /// How many bytes end the frame that has begun, or leave the next one with one byte to go.
    pub(crate) fn part(&self) -> usize {
        match (&self.begun, self.waiting().next()) {
            (Some((_, left)), _) => *left,
            (None, Some(frame)) => frame.len(self.masked) - 1,
            (None, None) => 0,
        }
    }

    /// How many bytes are left to write.
    pub(crate) fn len(&self) -> usize {
        self.begun.as_ref().map_or(0, |(_, left)| *left) + self.waiting().map(|frame| frame.len(self.masked)).sum::<usize>()
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

    fn waiting(&self) -> impl Iterator<Item = &Frame> {
        self.control.iter().chain(&self.data)
    }
}
