//! The frame header, RFC 6455 §5.2, from and to bytes.
//!
//! ```text
//!  byte 0                     byte 1                    then
//! ┌─────┬─────┬──────────┐  ┌──────┬────────────────┐  ┌───────────────────┬──────────────┐
//! │ FIN │ RSV │ opcode 4 │  │ MASK │ length 7       │  │ 0, 2 or 8 bytes   │ 0 or 4 bytes │
//! │  1  │  3  │          │  │  1   │ <126, 126, 127 │  │ extended length   │ masking key  │
//! └─────┴─────┴──────────┘  └──────┴────────────────┘  └───────────────────┴──────────────┘
//! ```
//!
//! Only rules about a single header are checked here. The [`decoder`](crate::decoder) checks who
//! must mask, which reserved bits have a meaning, and which frame may follow which.

use crate::error::ProtocolError;
use core::fmt;

/// What a frame is, §5.2 and §11.8.
///
/// ```
/// use sockless::frame::OpCode;
///
/// assert_eq!(OpCode::from_bits(0x9), Some(OpCode::Ping));
/// assert_eq!(OpCode::from_bits(0xb), None);
/// assert!(OpCode::Ping.is_control() && OpCode::Ping.bits() == 0x9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpCode {
    /// A further fragment of the message that is under way.
    Continuation = 0x0,
    /// A text message, or its first fragment.
    Text = 0x1,
    /// A binary message, or its first fragment.
    Binary = 0x2,
    /// The closing handshake.
    Close = 0x8,
    /// A ping, which the peer answers.
    Ping = 0x9,
    /// The answer to a ping.
    Pong = 0xa,
}

impl OpCode {
    /// The opcode behind the low four bits of a frame's first byte; the high four are ignored.
    /// `None`: reserved.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits & 0x0f {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    /// The four bits on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Whether it is a control frame: a close, ping or pong. §5.5. These have at most 125 bytes,
    /// are never fragmented, and may come between the fragments of a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.bits() & 0x8 != 0
    }
}

/// A frame header.
///
/// ```
/// use sockless::frame::{Header, OpCode};
///
/// // RFC 6455 §5.7: a single-frame masked text message, "Hello".
/// let wire = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let (header, len) = Header::decode(&wire)?.expect("it is whole");
/// assert_eq!((header.opcode, header.fin, header.payload_len, len), (OpCode::Text, true, 5, 6));
/// assert_eq!(header.mask, Some([0x37, 0xfa, 0x21, 0x3d]));
/// assert_eq!(header.encode().as_ref(), &wire[..6]);
/// # Ok::<(), sockless::ProtocolError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether the frame ends its message.
    pub fin: bool,
    /// The reserved bits: RSV1 is 4, RSV2 is 2 and RSV3 is 1. Extensions define their meaning;
    /// without one they are zero.
    pub rsv: u8,
    /// What the frame is.
    pub opcode: OpCode,
    /// The masking key, §5.3.
    pub mask: Option<[u8; 4]>,
    /// The payload's length in bytes; less than 2⁶³.
    pub payload_len: u64,
}

impl Header {
    /// The longest header, in bytes.
    pub const MAX_LEN: usize = 14;

    /// Reads the header at the front of `bytes`, and tells how long it is. `None`: more bytes are
    /// needed.
    ///
    /// # Errors
    /// A reserved opcode, or a control frame that is fragmented or too long, as soon as the byte
    /// that says so is there. A length that is not in its shortest form, or has its top bit set, as
    /// soon as the length is whole.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let opcode = check_first(first)?;
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        check_second(opcode, second)?;

        let Some((payload_len, rest)) = length(second, rest) else { return Ok(None) };
        // §5.2: "the minimal number of bytes MUST be used", "the most significant bit MUST be 0".
        match second & LENGTH {
            127 if payload_len >> 63 != 0 => return Err(ProtocolError::LengthTopBit),
            127 if payload_len <= 0xffff => return Err(ProtocolError::LengthNotMinimal),
            126 if payload_len < 126 => return Err(ProtocolError::LengthNotMinimal),
            _ => {}
        }

        let (mask, rest) = match (second & MASK != 0, rest.split_first_chunk()) {
            (false, _) => (None, rest),
            (true, Some((key, rest))) => (Some(*key), rest),
            (true, None) => return Ok(None),
        };
        let header =
            Self { fin: first & FIN != 0, rsv: (first & RSV) >> 4, opcode, mask, payload_len };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// The header's bytes. Only the low three bits of `rsv` and the low 63 bits of `payload_len`
    /// are used.
    #[must_use]
    #[inline(always)]
    pub fn encode(&self) -> Encoded {
        let fin = if self.fin { FIN } else { 0 };
        let first = fin | (self.rsv << 4 & RSV) | self.opcode.bits();
        let (mask, key_len) = if self.mask.is_some() { (MASK, 4) } else { (0, 0) };
        let len = self.payload_len & (u64::MAX >> 1);
        // As a number whose lowest byte comes first: so the bytes are put together in registers.
        // Without a key its place is zero, and does not count.
        let key = u128::from(u32::from_le_bytes(self.mask.unwrap_or_default()));
        let (second, rest, before_key) = match (u8::try_from(len), u16::try_from(len)) {
            (Ok(len @ 0..=125), _) => (len, key, 2),
            (_, Ok(len)) => (126, u128::from(len.swap_bytes()) | key << 16, 4),
            _ => (127, u128::from(len.swap_bytes()) | key << 64, 10),
        };
        let bytes = u128::from(first) | u128::from(mask | second) << 8 | rest << 16;
        Encoded { bytes: bytes.to_le_bytes(), len: before_key + key_len }
    }
}

/// The payload's length, and what is behind it. `None`: it is not whole.
#[inline(always)]
fn length(second: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    Some(match second & LENGTH {
        126 => rest
            .split_first_chunk()
            .map(|(len, rest)| (u64::from(u16::from_be_bytes(*len)), rest))?,
        127 => rest.split_first_chunk().map(|(len, rest)| (u64::from_be_bytes(*len), rest))?,
        len => (u64::from(len), rest),
    })
}

/// The payload's length in a header that is not whole; `None`: that is not whole either.
#[cold]
pub(crate) fn payload_len(bytes: &[u8]) -> Option<u64> {
    let (_, rest) = bytes.split_first()?;
    let (second, rest) = rest.split_first()?;
    length(*second, rest).map(|(len, _)| len)
}

/// The rules of a frame's first byte that need no other. §5.2, §5.5.
pub(crate) fn check_first(first: u8) -> Result<OpCode, ProtocolError> {
    let opcode = OpCode::from_bits(first).ok_or(ProtocolError::ReservedOpcode)?;
    if opcode.is_control() && first & FIN == 0 {
        return Err(ProtocolError::FragmentedControl);
    }
    Ok(opcode)
}

/// The rules of a frame's second byte that need only the first. §5.5.
pub(crate) fn check_second(opcode: OpCode, second: u8) -> Result<(), ProtocolError> {
    if opcode.is_control() && second & LENGTH > 125 {
        return Err(ProtocolError::ControlTooLong);
    }
    Ok(())
}

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV: u8 = 0x70;
pub(crate) const MASK: u8 = 0x80;
pub(crate) const LENGTH: u8 = 0x7f;

/// The bytes of an encoded [`Header`], without an allocation.
#[derive(Clone, Copy)]
pub struct Encoded {
    bytes: [u8; Encoded::ROOM],
    len: u8,
}

impl Encoded {
    /// For how many bytes there has to be room.
    pub(crate) const ROOM: usize = 16;

    /// Appends it. All its room is copied, for a length that the compiler knows, and what is not of
    /// the header is cut off again.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(crate) fn append_to(&self, bytes: &mut alloc::vec::Vec<u8>) {
        let end = bytes.len() + usize::from(self.len);
        bytes.extend_from_slice(&self.bytes);
        bytes.truncate(end);
    }
}

/// The header of a message that is one frame of at most 64 KiB: its bytes, and how many of them
/// there are.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(crate) fn encode_compact(
    opcode: OpCode,
    payload_len: u16,
    mask: Option<[u8; 4]>,
) -> ([u8; 8], usize) {
    let (masked, key_len) = if mask.is_some() { (MASK, 4) } else { (0, 0) };
    let key = u64::from(u32::from_le_bytes(mask.unwrap_or_default()));
    let (len, before_key) = if payload_len < 126 {
        (payload_len.into(), 2)
    } else {
        (u64::from(payload_len.swap_bytes()) << 8 | 126, 4)
    };
    let bytes =
        u64::from(FIN | opcode.bits()) | (u64::from(masked) | len) << 8 | key << (8 * before_key);
    (bytes.to_le_bytes(), before_key + key_len)
}

impl AsRef<[u8]> for Encoded {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x?}", self.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_form_survives_the_round_trip() {
        let opcodes = [
            OpCode::Continuation,
            OpCode::Text,
            OpCode::Binary,
            OpCode::Close,
            OpCode::Ping,
            OpCode::Pong,
        ];
        for opcode in opcodes {
            for fin in [true, false] {
                for rsv in 0..8 {
                    for mask in [None, Some([1, 2, 3, 4])] {
                        for payload_len in [0, 1, 125, 126, 127, 0xffff, 0x1_0000, u64::MAX >> 1] {
                            let header = Header { fin, rsv, opcode, mask, payload_len };
                            let encoded = header.encode();
                            let wire = encoded.as_ref();
                            match Header::decode(wire) {
                                Ok(Some(decoded)) => assert_eq!(decoded, (header, wire.len())),
                                Err(ProtocolError::FragmentedControl) => {
                                    assert!(opcode.is_control() && !fin)
                                }
                                Err(ProtocolError::ControlTooLong) => {
                                    assert!(opcode.is_control() && payload_len > 125)
                                }
                                other => panic!("{header:?}: {other:?}"),
                            }
                            for cut in 0..wire.len() {
                                assert!(
                                    !matches!(Header::decode(&wire[..cut]), Ok(Some(_))),
                                    "{header:?} cut at {cut}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn a_short_header_is_the_header() {
        for opcode in [OpCode::Text, OpCode::Binary] {
            for mask in [None, Some([1, 2, 3, 4])] {
                for payload_len in 0..=u16::MAX {
                    let (bytes, len) = encode_compact(opcode, payload_len, mask);
                    let header =
                        Header { fin: true, rsv: 0, opcode, mask, payload_len: payload_len.into() };
                    assert_eq!(&bytes[..len], header.encode().as_ref());
                }
            }
        }
    }

    #[test]
    fn lengths_in_a_longer_form_than_needed_are_refused() {
        for len in 0..126u16 {
            let [a, b] = len.to_be_bytes();
            assert_eq!(Header::decode(&[0x82, 126, a, b]), Err(ProtocolError::LengthNotMinimal));
        }
        for len in [0, 125, 126, 0xffffu64] {
            let mut wire = [0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0];
            wire[2..].copy_from_slice(&len.to_be_bytes());
            assert_eq!(Header::decode(&wire), Err(ProtocolError::LengthNotMinimal));
        }
        assert_eq!(
            Header::decode(&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            Err(ProtocolError::LengthTopBit)
        );
    }

    #[test]
    fn reserved_opcodes_are_refused_at_once() {
        for bits in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
            assert_eq!(OpCode::from_bits(bits), None);
            assert_eq!(Header::decode(&[0x80 | bits]), Err(ProtocolError::ReservedOpcode));
        }
        for bits in [0, 1, 2, 8, 9, 0xa] {
            assert_eq!(OpCode::from_bits(bits).map(OpCode::bits), Some(bits));
        }
    }
}
