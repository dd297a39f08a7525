//! What the decoder gives: parts of messages and of control frames.

use crate::frame::OpCode;

/// The kind of a message, §5.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
}

impl From<MessageKind> for OpCode {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}

/// The kind of a control frame, §5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// §5.5.1.
    Close,
    /// §5.5.2.
    Ping,
    /// §5.5.3.
    Pong,
}

impl Control {
    /// The kind of a frame with this opcode, if it is a control frame.
    pub(super) fn of(opcode: OpCode) -> Option<Self> {
        match opcode {
            OpCode::Close => Some(Self::Close),
            OpCode::Ping => Some(Self::Ping),
            OpCode::Pong => Some(Self::Pong),
            OpCode::Continuation | OpCode::Text | OpCode::Binary => None,
        }
    }
}

/// Part of a frame, unmasked: what one read has brought of it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece<'b> {
    /// Part of a message.
    Message {
        /// Text or binary, for continuation frames too.
        kind: MessageKind,
        /// Whether it is the first piece of its message.
        first: bool,
        /// Whether it is the last piece of its message.
        last: bool,
        /// The reserved bits of the message's first frame.
        rsv: u8,
        /// How many bytes of this frame are still to come.
        rest: u64,
        /// The bytes.
        data: &'b [u8],
    },
    /// Part of a control frame.
    Control {
        /// Which one.
        kind: Control,
        /// Whether it is the last piece of its frame. The frame's bytes are those of this piece and
        /// of the pieces before it, up to the last end of one.
        last: bool,
        /// The bytes.
        data: &'b [u8],
    },
}
