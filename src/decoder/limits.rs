//! How much is accepted from a peer: RFC 6455 §10.4.
//!
//! A frame is counted when its first two bytes are there, and its length is checked as soon as it
//! is whole, before the masking key and the payload. The limits are about what a message means. An
//! extension checks that by itself; what it sends on the wire may be longer, so the limits here
//! leave room for that.

use crate::error::ProtocolError;

/// What is accepted from a peer. §10.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest payload of a text, binary or continuation frame, in bytes. Default: 16 MiB.
    pub max_frame: u64,
    /// The longest message, in bytes, all its fragments together. Default: 16 MiB.
    pub max_message: u64,
    /// The most frames that a message may consist of. Default: 131,072.
    pub max_fragments: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame: 16 << 20, max_message: 16 << 20, max_fragments: 1 << 17 }
    }
}

impl Limits {
    /// Checks how many frames a message has.
    #[inline(always)]
    pub(super) fn check_fragments(self, fragments: u32) -> Result<(), ProtocolError> {
        if fragments > self.max_fragments { Err(ProtocolError::TooManyFragments) } else { Ok(()) }
    }

    /// Checks a data frame's length, and its message's up to the frame's end; `extended`: an
    /// extension changes its length.
    pub(super) fn check_len(
        self,
        extended: bool,
        frame: u64,
        message: u64,
        fragments: u32,
    ) -> Result<(), ProtocolError> {
        let most = |limit: u64, frames: u32| {
            // What cannot be compressed becomes longer by it, and what is flushed in small parts
            // longer for each.
            let more = if extended { limit / 8 + 1024 + 16 * u64::from(frames) } else { 0 };
            limit.saturating_add(more)
        };
        if frame > most(self.max_frame, 1) {
            return Err(ProtocolError::FrameTooBig);
        }
        if message > most(self.max_message, fragments) {
            return Err(ProtocolError::MessageTooBig);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::{Decoder, Role};
    use crate::input::Input;

    #[test]
    fn limits_hold_to_the_byte() {
        let limits = Limits { max_frame: 3, max_message: 4, max_fragments: 2 };
        let first_error = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let mut input = Input::new(&mut bytes);
            let mut decoder = Decoder::new(Role::Client, limits);
            loop {
                match decoder.next(&mut input) {
                    None => return None,
                    Some(Err(error)) => return Some(error),
                    Some(Ok(_)) => {}
                }
            }
        };
        assert_eq!(first_error(b"\x82\x03abc"), None);
        assert_eq!(first_error(b"\x82\x04"), Some(ProtocolError::FrameTooBig));
        assert_eq!(first_error(b"\x02\x03abc\x80\x01d"), None);
        assert_eq!(first_error(b"\x02\x03abc\x80\x02"), Some(ProtocolError::MessageTooBig));
        assert_eq!(
            first_error(b"\x02\x01a\x00\x01b\x80\x00"),
            Some(ProtocolError::TooManyFragments)
        );
    }

    #[test]
    fn what_an_extension_makes_longer_has_more_room_on_the_wire() {
        let limits = Limits { max_frame: 800, max_message: 1600, max_fragments: 3 };
        let check = |frame, message, fragments| limits.check_len(true, frame, message, fragments);
        assert_eq!(check(800 + 100 + 1024 + 16, 1600, 1), Ok(()));
        assert_eq!(check(800 + 100 + 1024 + 17, 1600, 1), Err(ProtocolError::FrameTooBig));
        assert_eq!(check(1, 1600 + 200 + 1024 + 32, 2), Ok(()));
        assert_eq!(check(1, 1600 + 200 + 1024 + 33, 2), Err(ProtocolError::MessageTooBig));
        assert_eq!(limits.check_fragments(3), Ok(()));
        assert_eq!(limits.check_fragments(4), Err(ProtocolError::TooManyFragments));
        // No limit is none, however much room there is more.
        let none = Limits { max_frame: u64::MAX, max_message: u64::MAX, max_fragments: u32::MAX };
        assert_eq!(none.check_len(true, u64::MAX, u64::MAX, u32::MAX), Ok(()));
    }
}
