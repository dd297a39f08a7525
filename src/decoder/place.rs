//! The state of the decoder, and whether the fast path is open.
//!
//! The fast path checks one number and no other state. It may be open only where a header begins
//! and no message has begun; anywhere else it would take payload for headers. So frame, message and
//! number change together, and only in this file: their fields are private to it.

use super::Role;
use super::header::Message;
use crate::frame::{Header, OpCode};

/// The frame and the message under way.
#[derive(Debug)]
pub(super) struct Place {
    /// Whole messages with fewer bytes than this may take the fast path. 0 while anything is
    /// under way, a part of a header or payload or a message, and when stopped.
    fast_below: u16,
    /// The same while nothing is under way; 0 if there is no fast path at all.
    idle_below: u16,
    /// At which end of the connection.
    pub(super) end: Role,
    /// The reserved bits that an extension gives a meaning.
    pub(super) rsv: u8,
    state: State,
    message: Option<Message>,
}

/// The frame under way.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Its header, as far as it came.
    Header { bytes: [u8; Header::MAX_LEN], len: u8 },
    /// Its payload.
    Payload { opcode: OpCode, fin: bool, mask: Option<[u8; 4]>, rest: u64 },
    /// None: all input is thrown away.
    Stopped,
}

impl State {
    pub(super) const START: Self = Self::Header { bytes: [0; Header::MAX_LEN], len: 0 };
}

impl Place {
    /// At the beginning; `below`: what `fast_below` is while nothing is under way.
    pub(super) fn start(end: Role, below: u16) -> Self {
        let (state, message) = (State::START, None);
        Self { fast_below: below, idle_below: below, end, rsv: 0, state, message }
    }

    /// Leaves all messages to `next`; or, with another number than 0, opens the fast path again.
    #[cfg(feature = "alloc")]
    pub(super) fn set_fast_path(&mut self, below: u16) {
        self.idle_below = below;
        self.settle();
    }

    /// Goes on with this frame, and this message.
    #[inline(always)]
    pub(super) fn go_to(&mut self, state: State, message: Option<Message>) {
        self.state = state;
        self.message = message;
        self.settle();
    }

    /// Goes on with this frame of the same message.
    #[inline(always)]
    pub(super) fn go_on(&mut self, state: State) {
        self.state = state;
        self.settle();
    }

    /// Goes on with this message, where no frame is under way.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(super) fn go_on_between_frames(&mut self, message: Option<Message>) {
        debug_assert!(self.is_between_frames());
        self.fast_below = if message.is_none() { self.idle_below } else { 0 };
        self.message = message;
    }

    #[inline(always)]
    fn settle(&mut self) {
        self.fast_below = self.allowed();
    }

    /// What the fast path may take here.
    #[inline(always)]
    fn allowed(&self) -> u16 {
        if self.is_between_frames() && self.message.is_none() { self.idle_below } else { 0 }
    }

    /// Whether a header begins here.
    #[inline(always)]
    pub(super) fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Header { len: 0, .. })
    }

    #[inline(always)]
    pub(super) fn fast_below(&self) -> u16 {
        debug_assert_eq!(self.fast_below, self.allowed());
        self.fast_below
    }

    /// Whether there is a fast path at all.
    pub(super) fn has_fast_path(&self) -> bool {
        self.idle_below != 0
    }

    #[inline(always)]
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    #[inline(always)]
    pub(super) fn message(&self) -> &Option<Message> {
        &self.message
    }

    /// The message under way, as long as it stays the one.
    #[inline(always)]
    pub(super) fn message_mut(&mut self) -> Option<&mut Message> {
        self.message.as_mut()
    }
}
