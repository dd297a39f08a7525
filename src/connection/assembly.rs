//! Messages and control frames that a read had cut, on their way to be whole.
//!
//! Nothing is reserved because a peer declared it: room grows with what has come. Text is validated
//! piece by piece and grows as a `String`, so that it is validated once. What is whole is given
//! away, and nothing is kept but a buffer on loan.

use crate::copy;
use crate::decoder::MessageKind;
use crate::error::ProtocolError;
use crate::event::{Cause, Event};
use crate::utf8::Validator;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::BufMut;
use bytes::buf::Limit;
use core::{fmt, mem};

/// What came so far of a message.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    message: Message,
    validator: Validator,
    /// Whether there is a buffer on loan: one that is much larger than a message is then kept.
    lent: bool,
}

#[derive(Default)]
enum Message {
    #[default]
    None,
    Text(String),
    /// Or a buffer on loan, empty, for a message of either kind.
    Binary(Vec<u8>),
}

/// The least that is worth a read of its own, in bytes: less comes as well with what follows it.
const DIRECT: usize = 16 << 10;

/// What came so far of a control frame. Rare enough to be kept apart: an idle connection should not
/// pay for its room. It is given away as it is.
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
            let buffer = mem::take(&mut self.message).into_buffer();
            self.message = Message::Text(String::from_utf8(buffer).unwrap_or_default());
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

    /// What came of a binary message, as long as it is not whole.
    pub(super) fn binary_mut(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.message {
            Message::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The message, which is whole. If it is much smaller than the buffer on loan it is copied, so
    /// that whoever keeps it does not keep all the room; unless there is no memory for that.
    #[inline(never)]
    pub(super) fn take(&mut self) -> Event<'static> {
        let mut message = mem::take(&mut self.message);
        if self.lent && message.capacity() / 4 > message.len() {
            if let Some(own) = message.copied() {
                self.message = Message::Binary(mem::replace(&mut message, own).into_buffer());
            }
        }
        match message {
            Message::Text(text) => Event::Text(Cow::Owned(text)),
            Message::Binary(bytes) => Event::Binary(Cow::Owned(bytes)),
            Message::None => Event::Binary(Cow::Borrowed(&[])),
        }
    }

    /// Room behind what came of a binary message, for so much of the rest of its frame as may be
    /// foreseen; if that is little, there is none.
    pub(super) fn direct(&mut self, rest: u64) -> Option<Limit<&mut Vec<u8>>> {
        let bytes = self.binary_mut()?;
        let foreseen = foreseen(bytes.len(), rest);
        if foreseen < DIRECT {
            return None;
        }
        if bytes.capacity() - bytes.len() < DIRECT {
            // If there is no memory left, that is told when the next piece is added.
            bytes.try_reserve_exact(foreseen).ok()?;
        }
        let spare = bytes.capacity() - bytes.len();
        Some(bytes.limit(foreseen.min(spare)))
    }

    /// Drops what came. A buffer on loan will be wanted back.
    pub(super) fn stop(&mut self) {
        let Self { message, lent, .. } = mem::take(self);
        self.lent = lent;
        if lent {
            self.reclaim(message.into_buffer());
        }
    }

    /// Lends a buffer for the next message; one under way has its own, and the buffer stays for who
    /// needs it.
    #[inline]
    pub(super) fn lend(&mut self, spare: &mut Vec<u8>) {
        self.lent = true;
        if spare.capacity() > 0 && self.message.len() == 0 {
            self.reclaim(mem::take(spare));
        }
    }

    /// A buffer that is not needed any more can be used again while buffers are on loan.
    pub(super) fn reclaim(&mut self, buffer: Vec<u8>) {
        if self.lent && self.message.len() == 0 && self.message.capacity() < buffer.capacity() {
            self.message = Message::Binary(buffer);
        }
    }

    /// Takes back a buffer that no message is in, or only a small part of one; if it is above
    /// `most` bytes it is freed.
    #[inline]
    pub(super) fn take_back(&mut self, spare: &mut Vec<u8>, most: usize) {
        self.lent = false;
        if !matches!(self.message, Message::None) {
            self.take_back_message(spare, most);
        }
    }

    #[inline(never)]
    fn take_back_message(&mut self, spare: &mut Vec<u8>, most: usize) {
        // No more than was ever reserved for what came.
        if self.message.capacity() > self.message.len().saturating_mul(9) {
            let Some(own) = self.message.copied() else { return };
            let buffer = mem::replace(&mut self.message, own).into_buffer();
            if (spare.capacity()..=most).contains(&buffer.capacity()) {
                *spare = buffer;
            }
        }
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

    fn capacity(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Text(text) => text.capacity(),
            Self::Binary(bytes) => bytes.capacity(),
        }
    }

    /// The same in a buffer of its length. `None`: there is no memory for it.
    fn copied(&self) -> Option<Self> {
        Some(match self {
            Self::Text(text) => {
                let mut own = String::new();
                own.try_reserve_exact(text.len()).ok()?;
                own.push_str(text);
                Self::Text(own)
            }
            Self::Binary(bytes) if !bytes.is_empty() => {
                let mut own = Vec::new();
                own.try_reserve_exact(bytes.len()).ok()?;
                own.extend_from_slice(bytes);
                Self::Binary(own)
            }
            _ => Self::None,
        })
    }

    /// Its buffer, empty.
    fn into_buffer(self) -> Vec<u8> {
        let mut buffer = match self {
            Self::None => Vec::new(),
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        };
        buffer.clear();
        buffer
    }
}

/// A log sees its kind and length, and no byte.
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

/// The same.
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
