//! The payload of a frame: unmasks what there is of it, in place, and moves the decoder on. RFC
//! 6455 §5.3, §5.4.

use super::{Control, Decoder, Piece, State};
use crate::frame::OpCode;
use crate::input::Input;
use crate::mask;

impl Decoder {
    /// Gives what there is of a payload.
    pub(super) fn payload<'b>(
        &mut self,
        opcode: OpCode,
        fin: bool,
        mask: Option<[u8; 4]>,
        rest: u64,
        most: usize,
        input: &mut Input<'b>,
    ) -> Option<Piece<'b>> {
        if rest != 0 && input.is_empty() {
            return None;
        }
        let data = input.take(usize::try_from(rest).unwrap_or(usize::MAX).min(most));
        self.pass(opcode, fin, mask, rest, data)
    }

    /// Unmasks the next bytes of a payload, no more than it has left, and moves on behind them.
    fn pass<'b>(
        &mut self,
        opcode: OpCode,
        fin: bool,
        mask: Option<[u8; 4]>,
        rest: u64,
        data: &'b mut [u8],
    ) -> Option<Piece<'b>> {
        let rest = rest - data.len() as u64;
        let mask = mask.map(|key| {
            mask::apply(data, key);
            mask::rotate(key, data.len())
        });
        let state = State::Payload { opcode, fin, mask, rest };
        if let Some(kind) = Control::of(opcode) {
            self.place.go_on(match (rest, kind) {
                // §1.4: what follows a Close frame is thrown away.
                (0, Control::Close) => State::Stopped,
                (0, _) => State::START,
                _ => state,
            });
            return Some(Piece::Control { kind, last: rest == 0, data });
        }
        // A data frame's payload never stands without its message.
        let message = self.place.message_mut()?;
        let first = !core::mem::replace(&mut message.begun, true);
        let (kind, rsv, last) = (message.kind, message.rsv, fin && rest == 0);
        match rest {
            0 if last => self.place.go_to(State::START, None),
            0 => self.place.go_on(State::START),
            _ => self.place.go_on(state),
        }
        Some(Piece::Message { kind, first, last, rsv, rest, data })
    }
}
