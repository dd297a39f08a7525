//! Payloads that are queued by reference, and masked, if they are, on their way out.
//!
//! A client must mask what it sends (§5.3), but nobody has to hold a masked copy of all of it: one
//! piece at a time is masked, into a buffer that all of them share, when the one before it was
//! sent.

use crate::mask;
use crate::payload::Payload;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use bytes::{Buf, Bytes};
use core::fmt;
use core::mem;

/// The payloads by reference, in order.
#[derive(Debug, Default)]
pub(super) struct Large {
    queue: Queue,
    /// The part of the first of them that was masked for sending.
    piece: Option<Box<Piece>>,
}

#[derive(Debug, Default)]
enum Queue {
    #[default]
    None,
    /// The usual case, without an allocation.
    One(Reference),
    Many(VecDeque<Reference>),
}

struct Reference {
    /// The place in the tail where the payload stands.
    at: usize,
    /// What was neither sent nor masked into the piece.
    payload: Bytes,
    mask: Option<[u8; 4]>,
}

/// Part of a payload, masked.
pub(super) struct Piece {
    bytes: [u8; PIECE],
    len: usize,
    /// How much of it was sent.
    sent: usize,
}

/// For how many payloads there is room when there is more than one.
const MANY: usize = 16;

/// How much of a payload is masked at a time, in bytes: a multiple of the key's length, so that
/// each piece begins with the key's first byte. It is still in the cache when it is written.
const PIECE: usize = 32 << 10;

/// Whether a payload is queued by reference. One that has to be masked in few pieces leaves in
/// fewer writes when it is masked into the tail.
#[inline]
pub(super) fn is_large(payload: &Payload<'_>, mask: Option<[u8; 4]>) -> bool {
    let from = payload.by_reference_from();
    payload.as_ref().len() >= if mask.is_some() { from.max(2 * PIECE) } else { from }
}

impl Large {
    /// Queues a payload that stands at this place of the tail.
    pub(super) fn push(&mut self, at: usize, payload: Bytes, mask: Option<[u8; 4]>) {
        let reference = Reference { at, payload, mask };
        if let Queue::Many(all) = &mut self.queue {
            return all.push_back(reference);
        }
        self.queue = match mem::take(&mut self.queue) {
            Queue::One(first) => {
                let mut all = VecDeque::with_capacity(MANY);
                all.extend([first, reference]);
                Queue::Many(all)
            }
            _ => Queue::One(reference),
        };
    }

    /// Drops them all, and the room for a piece too unless it is to be kept.
    #[inline]
    pub(super) fn clear(&mut self, keep: bool) {
        if !self.is_empty() || self.piece.is_some() {
            self.drop_all(keep);
        }
    }

    #[inline(never)]
    fn drop_all(&mut self, keep: bool) {
        self.queue = Queue::None;
        match &mut self.piece {
            Some(piece) if keep => (piece.len, piece.sent) = (0, 0),
            piece => *piece = None,
        }
    }

    /// Drops the payloads behind the first `n`.
    pub(super) fn truncate(&mut self, n: usize, keep: bool) {
        match &mut self.queue {
            _ if n == 0 => self.drop_all(keep),
            Queue::Many(all) => all.truncate(n),
            Queue::None | Queue::One(_) => {}
        }
    }

    /// Lends it the room for a piece.
    #[inline]
    pub(super) fn lend(&mut self, spare: &mut Option<Box<Piece>>) {
        if self.piece.is_none() && spare.is_some() {
            self.piece = spare.take();
        }
    }

    /// Takes back the room for a piece if nothing waits that has to be masked: a server, with a
    /// lent one, never needs it.
    #[inline]
    pub(super) fn take_back(&mut self, spare: &mut Option<Box<Piece>>) {
        if self.piece.is_some()
            && !matches!(self.queue.get(0), Some(Reference { mask: Some(_), .. }))
        {
            let piece = self.piece.take();
            *spare = spare.take().or(piece);
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.queue, Queue::None)
    }

    /// How many bytes of all payloads were not sent.
    pub(super) fn len(&self) -> u64 {
        let mut len = 0;
        let mut i = 0;
        while let Some(rest) = self.rest(i) {
            len += rest;
            i += 1;
        }
        len
    }

    /// How many bytes of a payload were not sent.
    pub(super) fn rest(&self, i: usize) -> Option<u64> {
        let Reference { payload, .. } = self.queue.get(i)?;
        let masked = self.piece.as_ref().filter(|_| i == 0).map_or(0, |piece| piece.rest().len());
        Some(payload.len() as u64 + masked as u64)
    }

    /// Masks the next piece of the first payload, so that there is something to show of it.
    pub(super) fn mask_ahead(&mut self) {
        let Some(Reference { payload, mask: Some(key), .. }) = self.queue.first_mut() else {
            return;
        };
        if payload.is_empty() || self.piece.as_ref().is_some_and(|piece| !piece.rest().is_empty()) {
            return;
        }
        let len = PIECE.min(payload.len());
        let piece = self
            .piece
            .get_or_insert_with(|| Box::new(Piece { bytes: [0; PIECE], len: 0, sent: 0 }));
        if let (Some(bytes), Some(part)) = (piece.bytes.get_mut(..len), payload.get(..len)) {
            mask::copy_masked(bytes, part, *key);
        }
        // To cut it off would make one that is owned shared, for an allocation.
        payload.advance(len);
        (piece.len, piece.sent) = (len, 0);
    }

    /// Moves on inside the first payload, by at most `n` bytes and at least by one; tells by how
    /// many.
    pub(super) fn advance(&mut self, n: usize) -> usize {
        self.mask_ahead();
        let Some(first) = self.queue.first_mut() else { return 0 };
        let step = match &mut self.piece {
            Some(piece) if first.mask.is_some() => {
                let step = n.min(piece.rest().len());
                piece.sent += step;
                step
            }
            _ => {
                let step = n.min(first.payload.len());
                first.payload.advance(step);
                step
            }
        };
        let masked = self.piece.as_ref().is_some_and(|piece| !piece.rest().is_empty());
        if first.payload.is_empty() && !masked {
            self.queue.pop();
        }
        self.mask_ahead();
        step
    }

    /// The tail lost `n` bytes at its front.
    pub(super) fn shift(&mut self, n: usize) {
        match &mut self.queue {
            Queue::None => {}
            Queue::One(first) => first.at -= n,
            Queue::Many(all) => all.iter_mut().for_each(|reference| reference.at -= n),
        }
    }

    /// Where in the tail the first payload stands.
    #[inline]
    pub(super) fn at(&self) -> Option<usize> {
        self.place(0)
    }

    /// Where in the tail a payload stands.
    #[inline]
    pub(super) fn place(&self, i: usize) -> Option<usize> {
        self.queue.get(i).map(|reference| reference.at)
    }

    /// What there is to show of a payload, and whether that is all of it.
    #[inline]
    pub(super) fn shown(&self, i: usize) -> (&[u8], bool) {
        match self.queue.get(i) {
            Some(Reference { payload, mask: None, .. }) => (payload, true),
            // Of the masked payloads only the first has a piece.
            Some(Reference { payload, .. }) if i == 0 => {
                (self.piece.as_ref().map_or(&[], |piece| piece.rest()), payload.is_empty())
            }
            _ => (&[], false),
        }
    }

    /// The rest of the first payload, or `most` bytes of it, if it can be given away as it is.
    pub(super) fn shared(&mut self, most: usize) -> Option<Bytes> {
        let first = self.queue.first_mut().filter(|first| first.mask.is_none())?;
        let mut payload = first.payload.clone();
        payload.truncate(most);
        Some(payload)
    }
}

impl Queue {
    fn pop(&mut self) {
        *self = match mem::take(self) {
            Self::None | Self::One(_) => Self::None,
            Self::Many(mut all) => {
                all.pop_front();
                if all.is_empty() { Self::None } else { Self::Many(all) }
            }
        };
    }

    #[inline]
    fn first_mut(&mut self) -> Option<&mut Reference> {
        match self {
            Self::None => None,
            Self::One(first) => Some(first),
            Self::Many(all) => all.front_mut(),
        }
    }

    #[inline]
    fn get(&self, i: usize) -> Option<&Reference> {
        match self {
            Self::None => None,
            Self::One(first) => Some(first).filter(|_| i == 0),
            Self::Many(all) => all.get(i),
        }
    }
}

impl Piece {
    /// What was not sent yet.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.sent..self.len).unwrap_or_default()
    }
}

/// Its length, for what is sent is nothing for a log.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = self.payload.len();
        f.debug_struct("Reference")
            .field("at", &self.at)
            .field("payload", &payload)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("len", &self.len)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}
