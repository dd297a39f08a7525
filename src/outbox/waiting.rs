//! Pings and pongs on their way past the queue: an answer tells of the connection and not of what is
//! queued on it.
//!
//! §5.5.2 wants each ping answered, §5.5.3 allows to answer only the last. They are answered each
//! while few bytes wait, so that correct peers get all they asked for; of a peer that pings and
//! does not read, the newest pong replaces the last one.

use super::extend;
use crate::frame::{Header, OpCode};
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::ops::Range;

/// Control frames, encoded, in the order in which they leave.
#[derive(Default)]
pub(super) struct Waiting {
    frames: Vec<u8>,
    sent: usize,
    /// Where in `frames` the last pong lies.
    last_pong: Range<usize>,
}

/// How many bytes may wait before a pong replaces the last one.
const MOST: usize = 4096;

impl Waiting {
    /// Adds a frame, and tells how long it is.
    pub(super) fn push(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> usize {
        if self.sent >= MOST {
            // A peer that takes as much as comes would let it grow for ever.
            self.frames.drain(..self.sent);
            self.last_pong = match mem::take(&mut self.last_pong) {
                // Begun, it cannot be replaced any more.
                Range { start, .. } if start < self.sent => 0..0,
                Range { start, end } => start - self.sent..end - self.sent,
            };
            self.sent = 0;
        }
        let header =
            Header { fin: true, rsv: 0, opcode, mask, payload_len: payload.len() as u64 }.encode();
        let start = self.frames.len();
        self.frames.extend_from_slice(header.as_ref());
        extend(&mut self.frames, payload, mask);
        if opcode == OpCode::Pong {
            self.last_pong = start..self.frames.len();
        }
        self.frames.len() - start
    }

    /// Takes the last pong out, if one of `len` bytes would be too much beside it and it has not
    /// begun to leave; tells how long it was.
    pub(super) fn make_way(&mut self, len: usize) -> usize {
        if self.rest().len() + len <= MOST || self.last_pong.start < self.sent {
            return 0;
        }
        self.frames.drain(mem::take(&mut self.last_pong)).len()
    }

    /// What was not sent yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.frames.get(self.sent..).unwrap_or_default()
    }

    /// Counts at most `n` bytes as sent; tells how many.
    pub(super) fn advance(&mut self, n: usize) -> usize {
        let step = n.min(self.rest().len());
        self.sent += step;
        step
    }
}

/// Their lengths, for what is sent is nothing for a log.
impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("frames", &self.frames.len())
            .field("sent", &self.sent)
            .field("last_pong", &self.last_pong)
            .finish()
    }
}
