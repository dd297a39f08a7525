//! Messages and control frames that a read has cut, until they are whole.
//!
//! Memory grows with what has come, and never by a length that the peer declared. Text is validated
//! piece by piece and grows as a `String`, so that it is validated once. A message that is whole is
//! given away, and nothing of it is kept.

use crate::copy;
use crate::decoder::MessageKind;
use crate::error::ProtocolError;
use crate::event::{Cause, Event};
use crate::utf8::Validator;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, mem};

/// What came so far of a message.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    message: Message,
    validator: Validator,
}

#[derive(Default)]
enum Message {
    #[default]
    None,
    Text(String),
    Binary(Vec<u8>),
}

/// What came so far of a control frame that a read has cut. These are rare, so it is on the heap:
/// an idle connection does not pay for it. It is given away as it is.
#[derive(Default)]
pub(super) struct ControlAssembly(Option<Box<[u8; LEN + 1]>>);

/// Where the length stands of what came, behind room for the longest control frame.
const LEN: usize = 125;

impl Assembly {
    /// Adds a piece to the message under way, which is whole with the `last` one:
    /// [`take`](Self::take) it then. `rest` is what its frame still declares, `most` the limit on
    /// messages.
    pub(super) fn add(
        &mut self,
        kind: MessageKind,
        last: bool,
        rest: u64,
        most: u64,
        data: &[u8],
    ) -> Result<(), Cause> {
        match kind {
            MessageKind::Text => self.text(last, rest, most, data),
            MessageKind::Binary => self.binary(rest, most, data),
        }
    }

    fn text(&mut self, last: bool, rest: u64, most: u64, data: &[u8]) -> Result<(), Cause> {
        let invalid = |_| Cause::Violation(ProtocolError::InvalidUtf8);
        let valid = self.validator.push(data).map_err(invalid)?;
        if last {
            self.validator.finish().map_err(invalid)?;
        }
        if !matches!(self.message, Message::Text(_)) {
            self.message = Message::Text(String::new());
        }
        if let Message::Text(text) = &mut self.message {
            let more = valid.text.len() + valid.carried.map_or(0, char::len_utf8);
            if text.capacity() - text.len() < more {
                let room = room(more, text.len(), text.capacity(), rest, most);
                text.try_reserve_exact(room).map_err(|_| Cause::OutOfMemory)?;
            }
            if let Some(carried) = valid.carried {
                text.push(carried);
            }
            copy::append_text(text, valid.text);
        }
        Ok(())
    }

    fn binary(&mut self, rest: u64, most: u64, data: &[u8]) -> Result<(), Cause> {
        if !matches!(self.message, Message::Binary(_)) {
            self.message = Message::Binary(Vec::new());
        }
        if let Message::Binary(bytes) = &mut self.message {
            if bytes.capacity() - bytes.len() < data.len() {
                let room = room(data.len(), bytes.len(), bytes.capacity(), rest, most);
                bytes.try_reserve_exact(room).map_err(|_| Cause::OutOfMemory)?;
            }
            copy::append(bytes, data);
        }
        Ok(())
    }

    /// The state of the text that is being received. `None`: there is none.
    pub(super) fn text_so_far(&self) -> Option<&Validator> {
        matches!(self.message, Message::Text(_)).then_some(&self.validator)
    }

    /// The message, which is whole.
    #[inline(never)]
    pub(super) fn take(&mut self) -> Event<'static> {
        match mem::take(&mut self.message) {
            Message::Text(text) => Event::Text(Cow::Owned(text)),
            Message::Binary(bytes) => Event::Binary(Cow::Owned(bytes)),
            Message::None => Event::Binary(Cow::Borrowed(&[])),
        }
    }

    /// Drops what came.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }
}

impl Message {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Shows the kind and the length, and no bytes.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::None => return f.write_str("None"),
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
        };
        f.debug_struct(kind).field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Shows the length, and no bytes.
impl fmt::Debug for ControlAssembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.0.as_ref().and_then(|frame| frame.get(LEN));
        f.debug_struct("ControlAssembly").field("len", &len.unwrap_or(&0)).finish_non_exhaustive()
    }
}

impl ControlAssembly {
    /// Adds a piece to the control frame under way; gives its payload when it is the last.
    pub(super) fn add<'b>(&mut self, last: bool, data: &'b [u8]) -> Option<Cow<'b, [u8]>> {
        if last && self.0.is_none() {
            return Some(Cow::Borrowed(data));
        }
        let mut frame = self.0.take().unwrap_or_else(|| Box::new([0; LEN + 1]));
        // A frame that would not fit was refused by its header.
        let (room, len) = frame.split_at_mut(LEN);
        let mut come = len.first().copied().map_or(0, usize::from);
        for (to, from) in room.iter_mut().skip(come).zip(data) {
            *to = *from;
            come += 1;
        }
        if last {
            let mut payload = Vec::from(frame as Box<[u8]>);
            payload.truncate(come);
            return Some(Cow::Owned(payload));
        }
        len.fill(come as u8);
        self.0 = Some(frame);
        None
    }
}

/// How much room to make for `more` bytes behind those `before`: for what may be foreseen; and,
/// growing at all, for twice as much as there was, but not for more than a message may have.
fn room(more: usize, before: usize, capacity: usize, rest: u64, most: u64) -> usize {
    let come = before.saturating_add(more);
    // Of fragments, what came at first has any length: powers of two are what allocators and
    // senders like.
    let doubled = capacity.saturating_mul(2).checked_next_power_of_two().unwrap_or(usize::MAX);
    let doubled = doubled.min(usize::try_from(most).unwrap_or(usize::MAX));
    come.saturating_add(foreseen(come, rest)).max(doubled) - before
}

/// How much will come, as far as that is believed: what the frame still declares, but never more
/// than eight times of what has come.
fn foreseen(come: usize, rest: u64) -> usize {
    usize::try_from(rest).unwrap_or(usize::MAX).min(come.saturating_mul(8))
}
