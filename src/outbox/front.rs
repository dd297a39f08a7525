//! The state of the frame at the front of the queue.
//!
//! Between two frames, the next to leave is a ping that waits beside the queue, if there is one, or
//! else the first frame of the queue. Once a frame has begun to leave, the rest of it comes first.

use crate::frame::Header;

/// The frame, or the head of a handshake, that has begun to leave.
///
/// Packed, as the [`Marks`](super::marks::Marks) are.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub(super) struct Front {
    /// What is left of it. 0: the next byte begins one.
    rest: u64,
    /// It is a ping or a pong.
    control: bool,
}

impl Front {
    /// A head of a handshake of this length, with all that belongs to it.
    pub(super) fn head(len: u64) -> Self {
        Self { rest: len, control: false }
    }

    /// A ping or a pong of this length.
    pub(super) fn control(len: u64) -> Self {
        Self { rest: len, control: true }
    }

    /// The frame whose header lies there. All that is queued are whole frames, and a ping or a pong
    /// among them has begun when it was queued, so this is another one.
    pub(super) fn frame(bytes: &[u8]) -> Self {
        let rest = match Header::decode(bytes) {
            Ok(Some((header, len))) => header.payload_len.saturating_add(len as u64),
            // Never.
            _ => u64::MAX,
        };
        Self { rest, control: false }
    }

    /// So many bytes of it leave, of which there are as many.
    pub(super) fn advance(&mut self, n: usize) {
        self.rest -= n as u64;
        self.control &= self.has_begun();
    }

    /// What is left of it, in bytes.
    #[inline]
    pub(super) fn rest(self) -> u64 {
        self.rest
    }

    /// Whether there is one. Otherwise the next byte begins one.
    #[inline]
    pub(super) fn has_begun(self) -> bool {
        self.rest > 0
    }

    /// Whether it is a ping or a pong.
    pub(super) fn is_control(self) -> bool {
        self.control
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_at_the_front_from_its_header_to_its_last_byte() {
        for (bytes, len) in [
            (&b"\x82\x00"[..], 2),
            (b"\x82\x03abc\x82\x01x", 5),
            (b"\x82\x83key_", 9),
            (b"\x82\x7e\x01\x00", 4 + 256),
            (b"\x82\xff\x00\x00\x00\x01\x00\x00\x00\x00key_", 14 + (1 << 32)),
        ] {
            let mut front = Front::frame(bytes);
            assert_eq!(front.rest(), len);
            while front.rest() > 1 {
                front.advance(1.max(front.rest() / 2) as usize);
                assert!(front.has_begun());
            }
            front.advance(1);
            assert!(!front.has_begun());
        }
    }

    #[test]
    fn a_control_frame_is_one_until_it_has_left() {
        let mut front = Front::control(2);
        front.advance(1);
        assert!(front.is_control());
        front.advance(1);
        assert!(!front.is_control() && !front.has_begun());
        assert!(!Front::head(9).is_control() && !Front::frame(b"\x82\x03").is_control());
    }
}
