//! The rules that a peer can break on an open connection: a table with one row per rule.
//!
//! Each row has the rule, the section of the RFC that states it, and the close code that answers
//! it. `tests/violations.rs` has a test for each row, under every split of its bytes.

use crate::close_code::CloseCode;

/// The peer broke a rule of the protocol, or a limit of ours. Nothing that follows is delivered.
///
/// ```
/// use sockless::{CloseCode, ProtocolError};
///
/// let error = ProtocolError::InvalidUtf8;
/// assert_eq!((error.section(), error.close_code()), ("RFC 6455 §8.1", CloseCode::INVALID_DATA));
/// assert_eq!(error.to_string(), "text that is not UTF-8 (RFC 6455 §8.1)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{} ({})", self.rule(), self.section())]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set and no negotiated extension gives it a meaning.
    ReservedBits,
    /// An opcode that no RFC defines.
    ReservedOpcode,
    /// A ping, pong or close frame without FIN.
    FragmentedControl,
    /// A continuation frame while no message is under way.
    UnexpectedContinuation,
    /// A new message inside a fragmented one.
    InterleavedMessage,
    /// A client's frame that is not masked.
    UnmaskedFrame,
    /// A server's frame that is masked.
    MaskedFrame,
    /// A ping, pong or close frame with more than 125 bytes.
    ControlTooLong,
    /// A length that is not in its shortest form.
    LengthNotMinimal,
    /// A 64-bit length with its top bit set.
    LengthTopBit,
    /// A frame above [`Limits::max_frame`](crate::Limits::max_frame).
    FrameTooBig,
    /// A message above [`Limits::max_message`](crate::Limits::max_message).
    MessageTooBig,
    /// A message in more frames than
    /// [`Limits::max_fragments`](crate::Limits::max_fragments).
    TooManyFragments,
    /// A compressed message that is not valid DEFLATE, or that is cut off.
    InvalidDeflate,
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// A close frame with a body of one byte.
    CloseBodyTooShort,
    /// A close code that must not be sent.
    InvalidCloseCode,
    /// A close reason that is not UTF-8.
    InvalidCloseReason,
}

impl ProtocolError {
    /// All errors, in the order of the table.
    pub const ALL: &'static [Self] = &{
        let mut all = [Self::ReservedBits; TABLE.len()];
        let mut i = 0;
        while i < all.len() {
            #[allow(clippy::indexing_slicing)] // Evaluated at compile time.
            {
                all[i] = TABLE[i].error;
            }
            i += 1;
        }
        all
    };

    /// The rule that was broken, in a few words.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.row().rule
    }

    /// The RFC and its section that state the rule.
    #[must_use]
    pub fn section(self) -> &'static str {
        self.row().section
    }

    /// The close code that answers it, §7.4.1.
    #[must_use]
    pub fn close_code(self) -> CloseCode {
        self.row().close_code
    }

    fn row(self) -> &'static Row {
        // The table has the order and the length of the enum, which a test checks, so the default
        // is never used.
        TABLE.get(self as usize).unwrap_or(&TABLE[0])
    }
}

struct Row {
    error: ProtocolError,
    section: &'static str,
    close_code: CloseCode,
    rule: &'static str,
}

const fn row(
    error: ProtocolError,
    section: &'static str,
    close_code: CloseCode,
    rule: &'static str,
) -> Row {
    Row { error, section, close_code, rule }
}

#[rustfmt::skip]
const TABLE: [Row; 18] = [
    row(ProtocolError::ReservedBits,           "RFC 6455 §5.2",    CloseCode::PROTOCOL,     "a reserved bit that no extension defines"),
    row(ProtocolError::ReservedOpcode,         "RFC 6455 §5.2",    CloseCode::PROTOCOL,     "a reserved opcode"),
    row(ProtocolError::FragmentedControl,      "RFC 6455 §5.5",    CloseCode::PROTOCOL,     "a fragmented control frame"),
    row(ProtocolError::UnexpectedContinuation, "RFC 6455 §5.4",    CloseCode::PROTOCOL,     "a continuation frame without a message"),
    row(ProtocolError::InterleavedMessage,     "RFC 6455 §5.4",    CloseCode::PROTOCOL,     "a new message inside a fragmented one"),
    row(ProtocolError::UnmaskedFrame,          "RFC 6455 §5.1",    CloseCode::PROTOCOL,     "a client's frame that is not masked"),
    row(ProtocolError::MaskedFrame,            "RFC 6455 §5.1",    CloseCode::PROTOCOL,     "a server's frame that is masked"),
    row(ProtocolError::ControlTooLong,         "RFC 6455 §5.5",    CloseCode::PROTOCOL,     "a control frame of more than 125 bytes"),
    row(ProtocolError::LengthNotMinimal,       "RFC 6455 §5.2",    CloseCode::PROTOCOL,     "a length that is not in its shortest form"),
    row(ProtocolError::LengthTopBit,           "RFC 6455 §5.2",    CloseCode::PROTOCOL,     "a length with its top bit set"),
    row(ProtocolError::FrameTooBig,            "RFC 6455 §10.4",   CloseCode::TOO_BIG,      "a frame above the limit"),
    row(ProtocolError::MessageTooBig,          "RFC 6455 §10.4",   CloseCode::TOO_BIG,      "a message above the limit"),
    row(ProtocolError::TooManyFragments,       "RFC 6455 §10.4",   CloseCode::POLICY,       "a message of more fragments than the limit"),
    row(ProtocolError::InvalidDeflate,         "RFC 7692 §7.2.2",  CloseCode::INVALID_DATA, "compressed data that does not inflate"),
    row(ProtocolError::InvalidUtf8,            "RFC 6455 §8.1",    CloseCode::INVALID_DATA, "text that is not UTF-8"),
    row(ProtocolError::CloseBodyTooShort,      "RFC 6455 §5.5.1",  CloseCode::PROTOCOL,     "a close frame with a body of one byte"),
    row(ProtocolError::InvalidCloseCode,       "RFC 6455 §7.4",    CloseCode::PROTOCOL,     "a close code that must not be sent"),
    row(ProtocolError::InvalidCloseReason,     "RFC 6455 §5.5.1",  CloseCode::INVALID_DATA, "a close reason that is not UTF-8"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (i, error) in ProtocolError::ALL.iter().enumerate() {
            assert_eq!(*error as usize, i, "{error:?}");
        }
        assert_eq!(ProtocolError::InvalidCloseReason as usize + 1, TABLE.len());
    }
}
