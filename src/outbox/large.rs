//! Payloads that are queued by reference, and, on a client, masked as they leave.
//!
//! A client must mask what it sends (§5.3), but a masked copy of all of it is not needed. One piece
//! at a time is masked into a buffer that all payloads share, when the piece before it was sent.

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
    /// And how many bytes of all of them were neither sent nor masked into the piece.
    Many(VecDeque<Reference>, u64),
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
        self.queue.push(Reference { at, payload, mask });
    }

    /// Drops them all, and the room for a piece too unless it is to be kept.
    pub(super) fn clear(&mut self, keep: bool) {
        self.queue = Queue::None;
        match &mut self.piece {
            Some(piece) if keep => (piece.len, piece.sent) = (0, 0),
            piece => *piece = None,
        }
    }

    /// Drops the payloads behind the first `n`.
    pub(super) fn truncate(&mut self, n: usize, keep: bool) {
        if n == 0 {
            self.clear(keep);
        } else {
            self.queue.truncate(n);
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

    /// Whether it has the room for a piece.
    #[inline]
    pub(super) fn has_piece(&self) -> bool {
        self.piece.is_some()
    }

    /// How many bytes of all payloads were not sent.
    pub(super) fn len(&self) -> u64 {
        self.queue.len() + self.masked() as u64
    }

    /// How many bytes of a payload were not sent.
    pub(super) fn rest(&self, i: usize) -> Option<u64> {
        let Reference { payload, .. } = self.queue.get(i)?;
        let masked = if i == 0 { self.masked() } else { 0 };
        Some(payload.len() as u64 + masked as u64)
    }

    /// How many bytes of the first one are masked and were not sent.
    fn masked(&self) -> usize {
        self.piece.as_ref().map_or(0, |piece| piece.rest().len())
    }

    /// Masks the next piece of the first payload, so that there is something to show of it.
    pub(super) fn mask_ahead(&mut self) {
        let Some(Reference { payload, mask: Some(key), .. }) = self.queue.get(0) else { return };
        if payload.is_empty() || self.masked() > 0 {
            return;
        }
        let len = PIECE.min(payload.len());
        let piece = self
            .piece
            .get_or_insert_with(|| Box::new(Piece { bytes: [0; PIECE], len: 0, sent: 0 }));
        if let (Some(bytes), Some(part)) = (piece.bytes.get_mut(..len), payload.get(..len)) {
            mask::copy_masked(bytes, part, *key);
        }
        (piece.len, piece.sent) = (len, 0);
        self.queue.advance(len);
    }

    /// Moves on inside the first payload, by at most `n` bytes and at least by one; tells by how
    /// many.
    pub(super) fn advance(&mut self, n: usize) -> usize {
        self.mask_ahead();
        let Some(first) = self.queue.get(0) else { return 0 };
        let step = match &mut self.piece {
            Some(piece) if first.mask.is_some() => {
                let step = n.min(piece.rest().len());
                piece.sent += step;
                step
            }
            _ => self.queue.advance(n),
        };
        if self.rest(0) == Some(0) {
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
            Queue::Many(all, _) => all.iter_mut().for_each(|reference| reference.at -= n),
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
    pub(super) fn shared(&self, most: usize) -> Option<Bytes> {
        let first = self.queue.get(0).filter(|first| first.mask.is_none())?;
        let mut payload = first.payload.clone();
        payload.truncate(most);
        Some(payload)
    }
}

impl Queue {
    fn push(&mut self, reference: Reference) {
        let more = reference.payload.len() as u64;
        *self = match mem::take(self) {
            Self::None => Self::One(reference),
            Self::One(first) => {
                let len = first.payload.len() as u64 + more;
                let mut all = VecDeque::with_capacity(MANY);
                all.extend([first, reference]);
                Self::Many(all, len)
            }
            Self::Many(mut all, len) => {
                all.push_back(reference);
                Self::Many(all, len + more)
            }
        };
    }

    /// Cuts at most `n` bytes off the first payload, which stays if it is empty; tells how many.
    fn advance(&mut self, n: usize) -> usize {
        let (first, len) = match self {
            Self::None => return 0,
            Self::One(first) => (first, None),
            Self::Many(all, len) => match all.front_mut() {
                Some(first) => (first, Some(len)),
                None => return 0,
            },
        };
        let step = n.min(first.payload.len());
        // To split it off would make one that is owned shared, for an allocation.
        first.payload.advance(step);
        if let Some(len) = len {
            *len -= step as u64;
        }
        step
    }

    /// Drops the first payload, of which nothing is left.
    fn pop(&mut self) {
        *self = match mem::take(self) {
            Self::None | Self::One(_) => Self::None,
            Self::Many(mut all, len) => {
                all.pop_front();
                if all.is_empty() { Self::None } else { Self::Many(all, len) }
            }
        };
    }

    /// Drops those behind the first `n`.
    fn truncate(&mut self, n: usize) {
        match self {
            Self::Many(all, len) => {
                all.truncate(n);
                *len = all.iter().map(|reference| reference.payload.len() as u64).sum();
            }
            Self::One(_) if n == 0 => *self = Self::None,
            Self::None | Self::One(_) => {}
        }
    }

    /// The bytes of all payloads here.
    fn len(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::One(first) => first.payload.len() as u64,
            Self::Many(_, len) => *len,
        }
    }

    #[inline]
    fn get(&self, i: usize) -> Option<&Reference> {
        match self {
            Self::None => None,
            Self::One(first) => Some(first).filter(|_| i == 0),
            Self::Many(all, _) => all.get(i),
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// What its length has to be: the sum over all payloads.
    fn counted(large: &Large) -> u64 {
        (0..).map_while(|i| large.rest(i)).sum()
    }

    #[test]
    fn its_length_is_that_of_all_payloads_however_they_leave() {
        for key in [None, Some([1, 2, 3, 4])] {
            for lens in [&[100_000][..], &[70_000, 1, 90_000, PIECE, 2 * PIECE]] {
                for step in [1000, PIECE, 50_000] {
                    let mut large = Large::default();
                    for (at, len) in lens.iter().enumerate() {
                        large.push(at, Bytes::from(vec![7; *len]), key);
                        assert_eq!(large.len(), counted(&large));
                    }
                    let mut left: u64 = lens.iter().map(|len| *len as u64).sum();
                    while left > 0 {
                        assert_eq!((large.len(), counted(&large)), (left, left));
                        let taken = large.advance(step);
                        assert!((1..=step).contains(&taken));
                        left -= taken as u64;
                    }
                    assert_eq!((large.len(), large.at()), (0, None));
                }
            }
        }
    }

    #[test]
    fn its_length_is_that_of_what_is_not_dropped() {
        for keep in 0..4 {
            let mut large = Large::default();
            for at in 0..4 {
                large.push(at, Bytes::from(vec![7; 100_000]), Some([1, 2, 3, 4]));
            }
            large.advance(10);
            large.truncate(keep, false);
            assert_eq!((large.len(), large.place(keep)), (counted(&large), None));
            assert_eq!(large.len(), (100_000 * keep as u64).saturating_sub(10));
        }
    }

    /// Masked by pieces, as it is by one key from its first byte on.
    #[test]
    fn a_payload_leaves_masked_as_a_whole() {
        let (payload, key) = (vec![7; 2 * PIECE + 5], [1, 2, 3, 4]);
        let mut large = Large::default();
        large.push(0, Bytes::from(payload.clone()), Some(key));
        large.mask_ahead();
        let mut left = vec![];
        while large.len() > 0 {
            let (shown, _) = large.shown(0);
            let shown = shown[..shown.len().min(999)].to_vec();
            assert_eq!(large.advance(shown.len()), shown.len());
            left.extend(shown);
        }
        mask::apply(&mut left, key);
        assert_eq!(left, payload);
    }
}
