//! The buffer that is read into. Bytes that are not taken yet stay in it.
//!
//! ```text
//!               to - left   to
//!   ┌──────────┬───────────┬───────────────┐
//!   │ taken    │ left      │ room          │      room(), a read, received(), polls
//!   └──────────┴───────────┴───────────────┘
//!   ┌──────────┬───────────────────────────┐
//!   │ left     │ room                      │      moved to the front where the rest would not fit
//!   └──────────┴───────────────────────────┘
//! ```
//!
//! A large frame is moved to the front when little of it has come, and reads then stop at its end.
//! So the next frame begins at the front and is not moved at all.
//!
//! If an endpoint holds bytes ([`Held`]), its buffer is used, and the loop's is put aside. Few
//! bytes are copied into the loop's buffer instead.

use crate::frame::Header;
use crate::held::Held;
use crate::input::{Input, Left};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

#[derive(Debug)]
pub(super) struct ReadBuffer {
    bytes: Vec<u8>,
    /// Where what came ends.
    to: usize,
    left: Left,
    /// How much room was shown for the next read.
    room: usize,
    /// How much is read at a time.
    size: usize,
    /// The longest frame of which a part is left.
    max_frame: usize,
    /// The loop's own buffer, while an endpoint's is read into.
    aside: Option<Vec<u8>>,
}

/// Up to how many bytes of an endpoint are moved into the loop's buffer.
const FEW: usize = 4096;

impl ReadBuffer {
    pub(super) fn new(size: usize, max_frame: usize) -> Self {
        let size = size.max(2 * Header::MAX_LEN.next_power_of_two());
        let bytes = alloc::vec![0; size];
        let left = Left { len: 0, is_cut_frame: false, max_frame };
        Self { bytes, to: 0, left, room: 0, size, max_frame, aside: None }
    }

    /// Begins with what an endpoint holds, and nothing else.
    #[inline]
    pub(super) fn begin(&mut self, held: Option<&mut Held>) {
        (self.to, self.room) = (0, 0);
        self.left = Left { len: 0, is_cut_frame: false, max_frame: self.max_frame };
        if self.aside.is_some() || held.is_some() {
            self.begin_with(held);
        }
    }

    #[cold]
    fn begin_with(&mut self, held: Option<&mut Held>) {
        // A turn that was never dropped has left its endpoint's bytes here.
        self.use_own();
        let Some(held) = held else { return };
        let few = held.len() <= FEW.min(self.size / 2);
        (self.left.len, self.left.is_cut_frame) = (held.len(), held.is_cut_frame);
        match self.bytes.get_mut(..held.len()) {
            Some(place) if few => {
                place.copy_from_slice(held.bytes_mut());
                self.to = self.left.len;
            }
            _ => {
                self.to = held.to;
                self.aside = Some(mem::replace(&mut self.bytes, mem::take(&mut held.bytes)));
            }
        }
    }

    /// Ends with what the endpoint is to hold.
    #[inline]
    pub(super) fn end(&mut self, held: Option<Box<Held>>) -> Option<Box<Held>> {
        if self.left.len == 0 && self.aside.is_none() {
            return None;
        }
        self.end_with(held)
    }

    #[cold]
    fn end_with(&mut self, held: Option<Box<Held>>) -> Option<Box<Held>> {
        let left = self.to - self.left.len..self.to;
        let held = (!left.is_empty()).then(|| {
            let mut held = held.unwrap_or_default();
            // A buffer that is much larger than what is in it does not stay behind.
            if self.aside.is_some() && self.bytes.len() <= 4 * left.len() {
                held.bytes = mem::take(&mut self.bytes);
                (held.from, held.to) = (left.start, left.end);
            } else {
                held.copy(self.bytes.get(left).unwrap_or_default());
            }
            held.is_cut_frame = self.left.is_cut_frame;
            held
        });
        self.use_own();
        held
    }

    /// Gives what is left to the endpoint in the middle of a turn. The room for a read that has
    /// begun stays: what that brings is told when what was left is [taken back](Self::resume).
    pub(super) fn hand_over(&mut self, held: Option<Box<Held>>) -> Option<Box<Held>> {
        if self.room == 0 {
            return self.end(held);
        }
        let mut held = held.unwrap_or_default();
        held.copy(self.bytes.get(self.from()..self.to).unwrap_or_default());
        held.is_cut_frame = self.left.is_cut_frame;
        self.left.len = 0;
        Some(held)
    }

    /// Goes on with what of that is still there, in front of the room.
    pub(super) fn resume(&mut self, held: Option<&mut Held>) {
        let len = held.as_ref().map_or(0, |held| held.len());
        match self.bytes.get_mut(self.to.saturating_sub(len)..self.to) {
            Some(place) if self.room > 0 && place.len() == len => {
                if let Some(held) = held {
                    place.copy_from_slice(held.bytes_mut());
                    self.left.is_cut_frame = held.is_cut_frame;
                }
                self.left.len = len;
            }
            _ => self.begin(held),
        }
    }

    /// Reads into the loop's own buffer again.
    fn use_own(&mut self) {
        if let Some(own) = self.aside.take() {
            self.bytes = own;
        }
        (self.to, self.left.len, self.room) = (0, 0, 0);
    }

    /// Whether there is something to poll that was left.
    #[inline]
    pub(super) fn is_unpolled(&self) -> bool {
        self.left.len > 0 && !self.left.is_cut_frame
    }

    /// Where to read to, behind what is left: `size` bytes if that is nothing, the rest of a frame
    /// that is larger, and otherwise at least half of `size`, as far as there is memory for it.
    #[inline]
    pub(super) fn room(&mut self) -> &mut [u8] {
        let end = if self.left.len > 0 {
            self.room_behind()
        } else {
            if self.aside.is_some() {
                self.use_own();
            }
            self.to = 0;
            self.size
        };
        let room = self.bytes.get_mut(self.to..end).unwrap_or_default();
        self.room = room.len();
        room
    }

    /// What was left, and behind it the `read` bytes that a read has brought.
    #[inline]
    pub(super) fn received(&mut self, read: usize) -> Input<'_> {
        // More than there was room for, no read has brought; behind what it has lie others' bytes.
        let read = Some(read).filter(|read| *read <= self.room).unwrap_or_default();
        self.room = 0;
        self.to += read;
        let len = self.left.len + read;
        self.left.len = len;
        if self.is_full() {
            // Where there is no memory to read the rest to, the endpoint takes the frame over.
            self.left.max_frame = if self.is_stuck() { 0 } else { self.max_frame };
        }
        let bytes = self.bytes.get_mut(self.to - len..self.to).unwrap_or_default();
        Input::with_left(bytes, &mut self.left)
    }

    /// Frees the room for large frames, down to `size` bytes.
    pub(super) fn shrink(&mut self) {
        self.use_own();
        self.bytes.truncate(self.size);
        self.bytes.shrink_to_fit();
    }

    /// The address of the buffer.
    #[inline]
    pub(super) fn place(&self) -> usize {
        self.bytes.as_ptr().addr()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Makes room behind what is left, and tells where it ends.
    #[inline(never)]
    fn room_behind(&mut self) -> usize {
        if self.aside.is_some() {
            return self.room_of_endpoint();
        }
        let from = self.from();
        // To the end of a large frame; or else as much as there was at first, and at the front,
        // which the caches remember, however large the buffer has become.
        let (mut end, most) = match self.cut() {
            Some(end) if end - from > self.size => (end, self.bytes.len()),
            _ => ((from + self.size).max(self.to + self.size / 2), self.size),
        };
        let line = self.line();
        if end > most && from >= line && (end - from <= self.bytes.len() || self.lacks_room()) {
            let front = (self.bytes.as_ptr().addr() + self.left.len).wrapping_neg() % line;
            end = end - from + front;
            self.move_to(front);
        }
        if end > self.bytes.len() && self.lacks_room() && !self.grow() && self.is_full() {
            // A read of no bytes would be taken for the end of the stream.
            self.move_to(0);
            if self.is_full() {
                self.grow_by(self.size);
            }
            end = self.bytes.len();
        }
        end.min(self.bytes.len())
    }

    /// The same in the endpoint's buffer: to the end of the frame and no further, so that the next
    /// one is read into the loop's.
    fn room_of_endpoint(&mut self) -> usize {
        // What is made and not used is made again in the next turn, for a peer that sends little.
        let least = (self.size / 2).min(8 * FEW);
        let end = self.cut().map_or(self.to + least, |end| {
            // As much as came already, and no more because the frame declares it.
            end.min(self.to + least.max(self.left.len))
        });
        // Room that was made is used up first: to make some for each read would copy all each time.
        if end <= self.bytes.len() || self.bytes.len() - self.to >= least / 2 {
            return end.min(self.bytes.len());
        }
        let more = end - self.to;
        self.move_to(0);
        self.grow_by((self.to + more).saturating_sub(self.bytes.len()));
        (self.to + more).min(self.bytes.len())
    }

    /// Where what is left begins.
    fn from(&self) -> usize {
        self.to - self.left.len
    }

    /// Moves what is left, towards the front.
    fn move_to(&mut self, front: usize) {
        self.bytes.copy_within(self.to - self.left.len..self.to, front);
        self.to = front + self.left.len;
    }

    /// Where the frame ends of which a part is left, if its header is there and it may stay.
    fn cut(&self) -> Option<usize> {
        let left = self.bytes.get(self.from()..self.to)?;
        let (header, len) = Header::decode(left).ok()??;
        let len = usize::try_from(header.payload_len).ok()?.checked_add(len)?;
        let end = self.from().checked_add(len).filter(|_| len <= self.max_frame)?;
        Some(end).filter(|end| *end > self.to)
    }

    /// What is read is laid at the beginning of a cache line, for elsewhere a copy can take three
    /// times as long; unless that were much for a small buffer.
    fn line(&self) -> usize {
        if self.size < 1024 { 1 } else { 64 }
    }

    fn is_full(&self) -> bool {
        self.to == self.bytes.len()
    }

    /// Whether there is too little room behind what is left for a read.
    fn lacks_room(&self) -> bool {
        self.bytes.len() - self.to < self.size / 2
    }

    /// The buffer is full: whether the frame that is left is to have more, and there is no memory
    /// for it.
    #[cold]
    fn is_stuck(&mut self) -> bool {
        let frame = self.cut().is_some();
        frame && if self.aside.is_some() { !self.grow_by(self.size / 2) } else { !self.grow() }
    }

    /// Twice the length, if there is memory for it and it may be so much.
    fn grow(&mut self) -> bool {
        let most = self.max_frame.saturating_add(self.size / 2);
        let len = self.bytes.len().saturating_mul(2).min(most);
        self.grow_by(len.saturating_sub(self.bytes.len()))
    }

    fn grow_by(&mut self, more: usize) -> bool {
        let grows = more > 0 && self.bytes.try_reserve_exact(more).is_ok();
        if grows {
            self.bytes.resize(self.bytes.len() + more, 0);
        }
        grows
    }
}
