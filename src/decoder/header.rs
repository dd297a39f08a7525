//! The rules of a frame's header: which may follow what came before, RFC 6455 §5.1, §5.2 and §5.4,
//! and the limits.
//!
//! They are checked on as many bytes of the header as there are, be it whole or cut by a read. The
//! files `whole` and `fragments` have ways of their own for frames that break no rule, and leave
//! all others to be refused here.

use super::{Decoder, Limits, MessageKind, Role, State};
use crate::error::ProtocolError;
use crate::frame::{self, Header, OpCode};
use crate::input::Input;

/// The message under way, between its first frame's header and its last frame's end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) kind: MessageKind,
    pub(super) rsv: u8,
    /// Whether a piece of it was given out.
    pub(super) begun: bool,
    pub(super) fragments: u32,
    /// The payload bytes that the headers so far declare.
    pub(super) len: u64,
}

/// A header that keeps the rules.
struct Checked {
    header: Header,
    /// Its own length.
    used: usize,
    /// The message under way with it.
    message: Option<Message>,
}

impl Decoder {
    /// Takes a header that lies whole in the input, or begins to gather it. `false`: the input is
    /// used up.
    #[inline]
    pub(super) fn header(&mut self, input: &mut Input<'_>) -> Result<bool, ProtocolError> {
        match self.check(input.peek())? {
            Some(Checked { header, used, message }) => {
                input.take(used);
                self.begin(header, message);
                Ok(true)
            }
            None => self.gather([0; Header::MAX_LEN], 0, input),
        }
    }

    /// Whether the frame that begins here is left in the input until it is whole. What breaks a
    /// rule or a limit is not, so that it is answered at once; nor is what nobody can borrow: a
    /// message of which an extension makes something else, and any where there is no fast path. A
    /// compressed one would be in memory twice, and a bomb be found late.
    ///
    /// What is left is exactly what came: it is unmasked and checked once, when it is whole, and
    /// there is no state for it here.
    #[cold]
    #[inline(never)]
    pub(super) fn leaves(&self, input: &Input<'_>) -> bool {
        let (come, max_kept) = (input.len() as u64, input.max_kept() as u64);
        match self.check(input.peek()) {
            Ok(Some(Checked { header, used, message })) => {
                let len = header.payload_len.saturating_add(used as u64);
                let whole =
                    header.opcode.is_control() || message.is_some_and(|message| message.rsv == 0);
                come < len && len <= max_kept && whole && self.place.has_fast_path()
            }
            Ok(None) => come < max_kept && self.place.has_fast_path(),
            Err(_) => false,
        }
    }

    /// Gathers a header. `false`: the input is used up.
    #[cold]
    pub(super) fn gather(
        &mut self,
        mut bytes: [u8; Header::MAX_LEN],
        mut len: u8,
        input: &mut Input<'_>,
    ) -> Result<bool, ProtocolError> {
        let (old, come) = (usize::from(len), input.peek());
        for (to, from) in bytes.iter_mut().skip(old).zip(come) {
            *to = *from;
            len += 1;
        }
        let known = bytes.get(..usize::from(len)).unwrap_or_default();
        match self.check(known)? {
            Some(Checked { header, used, message }) => {
                input.take(used - old);
                self.begin(header, message);
                Ok(true)
            }
            None => {
                input.take_all();
                self.place.go_on(State::Header { bytes, len });
                Ok(false)
            }
        }
    }

    /// The rules of a header, in the order of its bytes.
    #[inline(always)]
    fn check(&self, bytes: &[u8]) -> Result<Option<Checked>, ProtocolError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let data = matches!(OpCode::from_bits(first), Some(OpCode::Text | OpCode::Binary));
        // §5.2: "MUST be 0 unless an extension is negotiated". An extension's bit stands on a
        // message's first frame.
        let allowed = if data { self.place.rsv } else { 0 };
        if (first & frame::RSV) >> 4 & !allowed != 0 {
            return Err(ProtocolError::ReservedBits);
        }
        let opcode = frame::check_first(first)?;
        match (opcode, self.place.message()) {
            (OpCode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
            (OpCode::Text | OpCode::Binary, Some(_)) => {
                return Err(ProtocolError::InterleavedMessage);
            }
            _ => {}
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        match (self.place.end, second & frame::MASK != 0) {
            (Role::Server, false) => return Err(ProtocolError::UnmaskedFrame),
            (Role::Client, true) => return Err(ProtocolError::MaskedFrame),
            _ => {}
        }
        if opcode.is_control() {
            let message = *self.place.message();
            return Ok(Header::decode(bytes)?.map(|(header, used)| Checked {
                header,
                used,
                message,
            }));
        }
        let begun = || Message::begun_by(opcode, (first & frame::RSV) >> 4);
        let mut message = self.place.message().unwrap_or_else(begun);
        message.add_frame(self.limits)?;
        let Some((header, used)) = Header::decode(bytes)? else {
            self.check_cut(message, bytes)?;
            return Ok(None);
        };
        message.add_len(header.payload_len, self.limits)?;
        Ok(Some(Checked { header, used, message: Some(message) }))
    }

    /// The limits on a frame of which the length may be whole, and the masking key is not.
    #[cold]
    #[inline(never)]
    fn check_cut(&self, mut message: Message, bytes: &[u8]) -> Result<(), ProtocolError> {
        match frame::payload_len(bytes) {
            Some(len) => message.add_len(len, self.limits),
            None => Ok(()),
        }
    }

    /// A header is whole and keeps the rules: its payload begins.
    #[inline(always)]
    fn begin(&mut self, header: Header, message: Option<Message>) {
        let Header { fin, opcode, mask, payload_len, .. } = header;
        self.place.go_to(State::Payload { opcode, fin, mask, rest: payload_len }, message);
    }
}

impl Message {
    /// One of which no frame is counted yet.
    fn begun_by(opcode: OpCode, rsv: u8) -> Self {
        let kind = if opcode == OpCode::Text { MessageKind::Text } else { MessageKind::Binary };
        Self { kind, rsv, begun: false, fragments: 0, len: 0 }
    }

    /// Counts a frame. It has to keep the limits, and so has the message with it.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(super) fn add(&mut self, len: u64, limits: Limits) -> Result<(), ProtocolError> {
        self.add_frame(limits)?;
        self.add_len(len, limits)
    }

    /// Counts a frame of which the first two bytes have come.
    #[inline(always)]
    fn add_frame(&mut self, limits: Limits) -> Result<(), ProtocolError> {
        self.fragments = self.fragments.saturating_add(1);
        limits.check_fragments(self.fragments)
    }

    /// Counts its payload, of which the length has come.
    #[inline(always)]
    fn add_len(&mut self, len: u64, limits: Limits) -> Result<(), ProtocolError> {
        self.len = self.len.saturating_add(len);
        limits.check_len(self.rsv != 0, len, self.len, self.fragments)
    }
}
