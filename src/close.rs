//! Close codes and the body of a close frame, RFC 6455 §5.5.1 and §7.4.
//!
//! A close frame has no body, or a code in two bytes and then a reason in UTF-8 of at most 123
//! bytes. The codes 1005 and 1006 are never in a frame, but only in what is reported
//! ([`CloseEvent`](crate::CloseEvent)).

use crate::error::ProtocolError;
use core::str;

pub(crate) use crate::close_code::CloseCode;

/// Why a connection is closed: a code and a reason of at most 123 bytes of UTF-8, checked when it
/// is made.
///
/// ```
/// use sockless::{CloseCode, CloseFrame, ReasonTooLong};
///
/// let frame = CloseFrame::new(CloseCode::NORMAL, "bye")?;
/// assert_eq!((frame.code(), frame.reason()), (CloseCode::NORMAL, "bye"));
/// assert_eq!(CloseFrame::new(CloseCode::NORMAL, &"x".repeat(124)), Err(ReasonTooLong));
/// # Ok::<(), ReasonTooLong>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseFrame<'a> {
    code: CloseCode,
    reason: &'a str,
}

impl<'a> CloseFrame<'a> {
    /// The longest reason, in bytes: the room that a control frame has beside the code. §5.5.
    pub const MAX_REASON: usize = 123;

    /// A code with a reason.
    ///
    /// # Errors
    /// The reason has more than [`MAX_REASON`](Self::MAX_REASON) bytes.
    pub const fn new(code: CloseCode, reason: &'a str) -> Result<Self, ReasonTooLong> {
        if reason.len() > Self::MAX_REASON {
            return Err(ReasonTooLong);
        }
        Ok(Self { code, reason })
    }

    /// A code with as much of the reason as fits, cut between two characters.
    ///
    /// ```
    /// use sockless::{CloseCode, CloseFrame};
    ///
    /// let reason = "é".repeat(100);
    /// let frame = CloseFrame::truncated(CloseCode::POLICY, &reason);
    /// assert_eq!(frame.reason(), "é".repeat(61));
    /// ```
    #[must_use]
    pub fn truncated(code: CloseCode, reason: &'a str) -> Self {
        let mut end = reason.len().min(Self::MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self { code, reason: reason.get(..end).unwrap_or_default() }
    }

    /// Reads the body of a close frame. `None`: it had no body.
    ///
    /// ```
    /// use sockless::{CloseCode, CloseFrame, ProtocolError};
    ///
    /// assert_eq!(CloseFrame::decode(b"\x03\xe8bye")?, CloseFrame::new(CloseCode::NORMAL, "bye").ok());
    /// assert_eq!(CloseFrame::decode(b"")?, None);
    /// assert_eq!(CloseFrame::decode(b"\x03\xee"), Err(ProtocolError::InvalidCloseCode)); // 1006
    /// # Ok::<(), ProtocolError>(())
    /// ```
    ///
    /// # Errors
    /// A body of one byte, a code that must not be sent, a reason that is not UTF-8, or a body of
    /// more than 125 bytes.
    pub fn decode(body: &'a [u8]) -> Result<Option<Self>, ProtocolError> {
        let Some((code, reason)) = body.split_first_chunk() else {
            return if body.is_empty() { Ok(None) } else { Err(ProtocolError::CloseBodyTooShort) };
        };
        let code =
            CloseCode::new(u16::from_be_bytes(*code)).ok_or(ProtocolError::InvalidCloseCode)?;
        let reason = str::from_utf8(reason).map_err(|_| ProtocolError::InvalidCloseReason)?;
        // No frame that the decoder lets pass has such a body.
        Self::new(code, reason).map(Some).map_err(|ReasonTooLong| ProtocolError::ControlTooLong)
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> CloseCode {
        self.code
    }

    /// The reason, possibly empty.
    #[must_use]
    pub const fn reason(&self) -> &'a str {
        self.reason
    }
}

impl From<CloseCode> for CloseFrame<'_> {
    fn from(code: CloseCode) -> Self {
        Self { code, reason: "" }
    }
}

/// A close reason has more than 123 bytes and does not fit in a control frame, §5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a close reason of more than 123 bytes does not fit in a control frame (RFC 6455 §5.5)")]
pub struct ReasonTooLong;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        assert_eq!(CloseFrame::decode(b""), Ok(None));
        assert_eq!(CloseFrame::decode(b"\x03"), Err(ProtocolError::CloseBodyTooShort));
        assert_eq!(CloseFrame::decode(b"\x03\xe8"), Ok(Some(CloseCode::NORMAL.into())));
        assert_eq!(
            CloseFrame::decode(b"\x03\xe9gone").unwrap(),
            CloseFrame::new(CloseCode::AWAY, "gone").ok()
        );
        assert_eq!(CloseFrame::decode(b"\x03\xed"), Err(ProtocolError::InvalidCloseCode));
        assert_eq!(CloseFrame::decode(b"\x03\xe8\xff"), Err(ProtocolError::InvalidCloseReason));
        let mut body = b"\x03\xe8".to_vec();
        body.resize(125, b'x');
        assert!(CloseFrame::decode(&body).is_ok());
        body.push(b'x');
        assert_eq!(CloseFrame::decode(&body), Err(ProtocolError::ControlTooLong));
    }

    #[test]
    fn a_reason_is_cut_at_a_character() {
        let long = "é".repeat(80);
        assert_eq!(CloseFrame::truncated(CloseCode::NORMAL, &long).reason(), "é".repeat(61));
        assert_eq!(CloseFrame::truncated(CloseCode::NORMAL, "kurz").reason(), "kurz");
    }
}
