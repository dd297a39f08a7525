//! Messages delivered in parts, as they arrive.
//!
//! ```text
//!   reads    ├── header, "caf" and half of "é" ──┤├── the other half, "!" ──┤
//!   chunks              "caf" first                 "é"      "!" last
//! ```
//!
//! Binary parts are borrowed from the input. Text parts end at code points. The bytes of a code
//! point that a read has cut are set aside; completed, they are a chunk of their own, so that the
//! rest of the read can be borrowed too. Joined, the chunks do not depend on the reads. That holds
//! before an error too: valid text in front of it is delivered first.

use crate::decoder::MessageKind;
use crate::error::ProtocolError;
#[cfg(feature = "deflate")]
use crate::event::Cause;
use crate::event::{Chunk, ChunkData, Event};
use crate::utf8::{Validator, valid_prefix};
use alloc::borrow::Cow;
use alloc::string::String;
#[cfg(feature = "deflate")]
use alloc::vec::Vec;

/// What is kept of the message under way.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    text: Validator,
    /// Whether a chunk of it was delivered.
    begun: bool,
}

impl Chunks {
    /// The longest piece that can be delivered: a cut code point is completed alone.
    pub(super) fn most(&self) -> usize {
        match self.text.missing() {
            0 => usize::MAX,
            missing => missing,
        }
    }

    /// A piece of a message to a chunk, if there is anything to deliver, and what is wrong behind
    /// it.
    pub(super) fn add<'b>(
        &mut self,
        kind: MessageKind,
        last: bool,
        piece: &'b [u8],
    ) -> (Option<Event<'b>>, Option<ProtocolError>) {
        if kind == MessageKind::Binary {
            return (self.chunk(ChunkData::Binary(Cow::Borrowed(piece)), last), None);
        }
        let completes = self.text.missing() > 0;
        let (text, valid) = match self.text.push(piece) {
            Ok(valid) => match valid.carried {
                Some(character) => (Cow::Owned(String::from(character)), true),
                None => (Cow::Borrowed(valid.text), true),
            },
            // Bytes that were to complete a code point have no valid beginning.
            Err(_) => (Cow::Borrowed(if completes { "" } else { valid_prefix(piece) }), false),
        };
        let valid = valid && (!last || self.text.finish().is_ok());
        let event = self.chunk(ChunkData::Text(text), last && valid);
        (event, Some(ProtocolError::InvalidUtf8).filter(|_| !valid))
    }

    /// The same for a piece that is owned: a completed code point need not stand alone in it.
    #[cfg(feature = "deflate")]
    pub(super) fn add_owned(
        &mut self,
        kind: MessageKind,
        last: bool,
        piece: Vec<u8>,
    ) -> (Option<Event<'static>>, Option<Cause>) {
        if kind == MessageKind::Binary {
            return (self.chunk(ChunkData::Binary(Cow::Owned(piece)), last), None);
        }
        // What was inflated may be much.
        let mut text = String::new();
        if text.try_reserve_exact(piece.len() + 4).is_err() {
            return (None, Some(Cause::OutOfMemory));
        }
        let missing = self.text.missing().min(piece.len());
        let (completing, rest) = piece.split_at(missing);
        let valid = [completing, rest].into_iter().all(|part| match self.text.push(part) {
            Ok(valid) => {
                text.extend(valid.carried);
                text.push_str(valid.text);
                true
            }
            // Bytes that were to complete a code point have no valid beginning.
            Err(_) => {
                if text.is_empty() && part.len() == missing {
                    return false;
                }
                text.push_str(valid_prefix(part));
                false
            }
        });
        let valid = valid && (!last || self.text.finish().is_ok());
        let event = self.chunk(ChunkData::Text(Cow::Owned(text)), last && valid);
        (event, Some(Cause::Violation(ProtocolError::InvalidUtf8)).filter(|_| !valid))
    }

    fn chunk<'b>(&mut self, data: ChunkData<'b>, last: bool) -> Option<Event<'b>> {
        if data.as_bytes().is_empty() && !last {
            return None;
        }
        let first = !core::mem::replace(&mut self.begun, !last);
        Some(Event::Chunk(Chunk { data, first, last }))
    }
}
