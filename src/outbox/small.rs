//! A fast path of `push_frame` for small messages, each in one frame.
//!
//! Each append to a vector checks for room and changes a length in memory. So a frame that fits
//! into 64 bytes is appended in one step: 64 zeros are appended and overwritten in place, and those
//! that are left over are cut off.
//!
//! ```text
//!   ┌ 2 ┬ 0, 4 ┬─────────┬ ─ ─ ─ ─ ─ ─ ─ ┐
//!   │   │ key  │ payload │    cut off
//!   └───┴──────┴─────────┴ ─ ─ ─ ─ ─ ─ ─ ┘
//!   ◄─────────────── 64 ─────────────────►
//! ```

use super::Outbox;
use crate::frame::{OpCode, encode_compact};
use crate::mask;
use alloc::vec::Vec;

/// Up to this length, in bytes, a message is a small one.
pub(crate) const SMALL: usize = 1024;

/// What there has to be room for beside a payload, in bytes.
pub(super) const HEADROOM: usize = 64;

/// The longest payload of a frame that is appended at once, behind a header of 2 bytes and a key.
const AT_ONCE: usize = HEADROOM - 6;

impl Outbox {
    /// Whether a small message can be queued as it is.
    #[inline(always)]
    pub(crate) fn has_room(&self, payload_len: usize) -> bool {
        self.tail.room() >= HEADROOM + payload_len
    }

    /// Makes room for it.
    pub(crate) fn make_room(&mut self, payload_len: usize) {
        self.tail.grow(HEADROOM + payload_len, self.last_batch);
    }

    /// Queues a small message, for which there is room.
    #[inline(always)]
    pub(crate) fn push_small(&mut self, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
        if payload.len() <= AT_ONCE {
            append_at_once(self.tail.appended(), opcode, payload, mask);
        } else {
            append_in_two(self.tail.appended(), opcode, payload, mask);
        }
    }
}

#[inline(always)]
fn append_at_once(to: &mut Vec<u8>, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
    let (header, header_len) = encode_compact(opcode, payload.len() as u16, mask);
    let end = to.len() + header_len + payload.len();
    to.extend_from_slice(&[0; HEADROOM]);
    if let Some(frame) = to.last_chunk_mut::<HEADROOM>() {
        if let Some(place) = frame.first_chunk_mut() {
            *place = header;
        }
        if let Some(place) = frame.get_mut(header_len..header_len + payload.len()) {
            mask::copy_at_most_64(place, payload, mask.unwrap_or_default());
        }
    }
    to.truncate(end);
}

#[inline(always)]
fn append_in_two(to: &mut Vec<u8>, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
    let (header, header_len) = encode_compact(opcode, payload.len() as u16, mask);
    let end = to.len() + header_len;
    to.extend_from_slice(&header);
    to.truncate(end);
    append_small(to, payload, mask);
}

/// Appends the payload of a small message or of a control frame, masked with a key.
#[inline(always)]
pub(super) fn append_small(to: &mut Vec<u8>, payload: &[u8], mask: Option<[u8; 4]>) {
    match mask {
        None => to.extend_from_slice(payload),
        Some(key) => mask::extend_masked(to, payload, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Payload;
    use alloc::vec;

    /// On both sides of each length at which another way is taken.
    #[test]
    fn a_small_message_is_the_frame_that_push_frame_makes() {
        for mask in [None, Some([1, 2, 3, 4])] {
            for len in [0, 1, 3, 4, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 125, 126, SMALL] {
                let payload: vec::Vec<u8> = (0..len).map(|i| i as u8).collect();
                let (mut small, mut any) = (Outbox::default(), Outbox::default());
                small.make_room(len);
                assert!(small.has_room(len));
                small.push_small(OpCode::Text, &payload, mask);
                any.push_frame(true, 0, OpCode::Text, Payload::from(&payload[..]), mask);
                assert_eq!(small.tail.rest(), any.tail.rest(), "{len}");
            }
        }
    }
}
