//! Short messages, each whole in a frame of its own: what `push_frame` does, as far as it is needed
//! for them.
//!
//! A vector asks at each append whether it has room, and its length lies in memory. So a frame that
//! fits into 64 bytes is appended at once: as zeros, which are overwritten where they lie, and of
//! which what is left over is cut off again.
//!
//! ```text
//!   ┌ 2 ┬ 0, 4 ┬─────────┬ ─ ─ ─ ─ ─ ─ ─ ┐
//!   │   │ key  │ payload │    cut off
//!   └───┴──────┴─────────┴ ─ ─ ─ ─ ─ ─ ─ ┘
//!   ◄─────────────── 64 ─────────────────►
//! ```

use super::{Outbox, extend};
use crate::frame::{OpCode, encode_short};
use crate::mask;
use alloc::vec::Vec;

/// Up to this length, in bytes, a message is a short one.
pub(crate) const SHORT: usize = 1024;

/// What there has to be room for beside a payload, in bytes.
pub(super) const ROOM: usize = 64;

/// The longest payload that fits into that, behind a header of 2 bytes and a key.
const SHORTEST: usize = ROOM - 6;

impl Outbox {
    /// Whether a short message can be queued as it is.
    #[inline(always)]
    pub(crate) fn has_room(&self, payload_len: usize) -> bool {
        self.tail.capacity() - self.tail.len() >= ROOM + payload_len
    }

    /// Makes room for it.
    pub(crate) fn make_room(&mut self, payload_len: usize) {
        self.grow_tail(ROOM + payload_len, self.last_batch);
    }

    /// Queues a short message, for which there is room.
    #[inline(always)]
    pub(crate) fn push_short(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
        if payload.len() <= SHORTEST {
            append_at_once(&mut self.tail, opcode, payload, mask);
        } else {
            append(&mut self.tail, opcode, payload, mask);
        }
    }
}

#[inline(always)]
fn append_at_once(to: &mut Vec<u8>, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
    let (header, header_len) = encode_short(opcode, payload.len() as u16, mask);
    let end = to.len() + header_len + payload.len();
    to.extend_from_slice(&[0; ROOM]);
    if let Some(frame) = to.last_chunk_mut::<ROOM>() {
        if let Some(place) = frame.first_chunk_mut() {
            *place = header;
        }
        if let Some(place) = frame.get_mut(header_len..header_len + payload.len()) {
            mask::copy_short(place, payload, mask.unwrap_or_default());
        }
    }
    to.truncate(end);
}

#[inline(always)]
fn append(to: &mut Vec<u8>, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
    let (header, header_len) = encode_short(opcode, payload.len() as u16, mask);
    let end = to.len() + header_len;
    to.extend_from_slice(&header);
    to.truncate(end);
    extend(to, payload, mask);
}
