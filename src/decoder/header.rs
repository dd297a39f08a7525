//! The rules of a frame's header: what may follow what came before, RFC 6455 §5.1, §5.2 and §5.4, within the limits.
//!
//! They are asked of as many of its bytes as there are: of a header that a read has cut, of one that waits in a caller's buffer, of one that is whole. The ways
//! beside this one, `whole` and `fragments`, take only what breaks none of them, and leave all else to be refused here.

use super::{Decoder, End, Kind, Limits, State};
use crate::error::ProtocolError;
use crate::frame::{self, Header, OpCode};
use crate::input::Input;

/// The message under way, between its first frame's header and its last frame's end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) rsv: u8,
    /// Whether a piece of it was given out.
    pub(super) begun: bool,
    pub(super) fragments: u32,
    /// The payload bytes that the headers so far declare.
    pub(super) len: u64,
}

impl Decoder {
    /// Takes a header that lies whole in the input, or begins to gather it. `false`: the input is used up.
    #[inline]
    pub(super) fn header(&mut self, input: &mut Input<'_>) -> Result<bool, ProtocolError> {
        match self.check(input.peek())? {
            Some((header, used)) => {
                input.take(used);
                self.begin(header)?;
                Ok(true)
            }
            None => self.gather([0; Header::MAX_LEN], 0, input),
        }
    }

    /// Whether the frame that begins here is left in the input until it is whole. What breaks a rule or a limit is not, nor is what nobody can borrow: a message
    /// of which an extension makes something else, and any where there is no direct path.
    #[cold]
    #[inline(never)]
    pub(super) fn leaves(&self, input: &Input<'_>) -> bool {
        let (come, max_kept) = (input.len() as u64, input.max_kept() as u64);
        match self.check(input.peek()) {
            Ok(Some((header, used))) => {
                let len = header.payload_len.saturating_add(used as u64);
                let mut message = self.message.unwrap_or(Message::begun_by(header));
                let whole = header.opcode.is_control() || message.rsv == 0 && message.add(header.payload_len, self.limits).is_ok();
                come < len && len <= max_kept && whole && self.idle_below != 0
            }
            Ok(None) => come < max_kept && self.idle_below != 0,
            Err(_) => false,
        }
    }

    /// Gathers a header. `false`: the input is used up.
    #[cold]
    pub(super) fn gather(&mut self, mut bytes: [u8; Header::MAX_LEN], mut len: u8, input: &mut Input<'_>) -> Result<bool, ProtocolError> {
        let (old, come) = (usize::from(len), input.peek());
        for (to, from) in bytes.iter_mut().skip(old).zip(come) {
            *to = *from;
            len += 1;
        }
        let known = bytes.get(..usize::from(len)).unwrap_or_default();
        match self.check(known)? {
            Some((header, used)) => {
                input.take(used - old);
                self.begin(header)?;
                Ok(true)
            }
            None => {
                input.take_all();
                if len != 0 {
                    self.direct_below = 0;
                }
                self.state = State::Header { bytes, len };
                Ok(false)
            }
        }
    }

    /// The rules of a header, in the order of its bytes.
    fn check(&self, bytes: &[u8]) -> Result<Option<(Header, usize)>, ProtocolError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let data = matches!(OpCode::from_bits(first), Some(OpCode::Text | OpCode::Binary));
        // §5.2: "MUST be 0 unless an extension is negotiated". An extension's bit stands on a message's first frame.
        let allowed = if data { self.rsv } else { 0 };
        if (first & frame::RSV) >> 4 & !allowed != 0 {
            return Err(ProtocolError::ReservedBits);
        }
        let opcode = frame::check_first(first)?;
        match (opcode, &self.message) {
            (OpCode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
            (OpCode::Text | OpCode::Binary, Some(_)) => return Err(ProtocolError::InterleavedMessage),
            _ => {}
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        match (self.end, second & frame::MASK != 0) {
            (End::Server, false) => return Err(ProtocolError::UnmaskedFrame),
            (End::Client, true) => return Err(ProtocolError::MaskedFrame),
            _ => {}
        }
        Header::decode(bytes)
    }

    /// A header is whole: its payload begins.
    fn begin(&mut self, header: Header) -> Result<(), ProtocolError> {
        let Header { fin, opcode, mask, payload_len, .. } = header;
        if !opcode.is_control() {
            self.message.get_or_insert(Message::begun_by(header)).add(payload_len, self.limits)?;
        }
        self.direct_below = 0;
        self.state = State::Payload { opcode, fin, mask, rest: payload_len };
        Ok(())
    }
}

impl Message {
    /// One of which no frame is counted yet.
    fn begun_by(header: Header) -> Self {
        let kind = if header.opcode == OpCode::Text { Kind::Text } else { Kind::Binary };
        Self { kind, rsv: header.rsv, begun: false, fragments: 0, len: 0 }
    }

    /// Counts a frame. It has to keep the limits, and so has the message with it.
    pub(super) fn add(&mut self, frame: u64, limits: Limits) -> Result<(), ProtocolError> {
        self.len = self.len.saturating_add(frame);
        self.fragments = self.fragments.saturating_add(1);
        limits.check(self.rsv != 0, frame, self.len, self.fragments)
    }
}
