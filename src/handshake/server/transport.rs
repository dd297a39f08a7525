//! A server's handshake as an [`Endpoint`](crate::Endpoint).

use super::Handshake;
use crate::endpoint::endpoint;
use crate::endpoint::sealed::Sealed;
use crate::held::Held;
use crate::outbox::{Spare, Transmit};
use alloc::boxed::Box;
use core::num::NonZeroU32;

impl Sealed for Handshake {
    fn begin_turn(&mut self, turn: NonZeroU32, _: &mut Spare) {
        self.turn = Some(turn);
    }

    fn end_turn(&mut self, turn: NonZeroU32, _: &mut Spare) {
        self.turn = self.turn.filter(|own| *own != turn);
    }

    fn is_in_turn(&self, turn: NonZeroU32) -> bool {
        self.turn == Some(turn)
    }

    fn hold(&mut self, held: Option<Box<Held>>) {
        self.gave_held = false;
        self.held = held.filter(|_| !self.over);
        self.is_unusual = true;
    }

    fn take_held(&mut self) -> Option<Box<Held>> {
        self.gave_held = self.held.is_some();
        self.held.take()
    }
}

/// A handshake of a server only reads: the outcome sends the answer. It is done when `poll` has
/// given the outcome, to which the transport then belongs. If the stream ends early, it is done
/// without one.
impl Handshake {
    /// The bytes to send, for a loop without a [`Workspace`](crate::Workspace): see
    /// [`Endpoint::transmit`](crate::Endpoint::transmit).
    #[inline]
    pub fn transmit(&mut self) -> Transmit<'_> {
        Transmit::new(&mut self.outbox)
    }

    /// Whether there are bytes to send: see
    /// [`Endpoint::wants_write`](crate::Endpoint::wants_write).
    #[must_use]
    #[inline]
    pub fn wants_write(&self) -> bool {
        false
    }

    /// Whether reading makes sense: see [`Endpoint::wants_read`](crate::Endpoint::wants_read).
    #[must_use]
    #[inline]
    pub fn wants_read(&self) -> bool {
        self.waits()
    }

    /// Whether polling gives something without another read: see
    /// [`Endpoint::wants_poll`](crate::Endpoint::wants_poll).
    #[must_use]
    #[inline]
    pub fn wants_poll(&self) -> bool {
        let has_answer = self.timed_out && !self.linger.broken;
        !self.over && (has_answer || self.held.is_some() || self.gave_held)
    }

    /// Whether it is time to shut down the write side: see
    /// [`Endpoint::wants_shutdown`](crate::Endpoint::wants_shutdown).
    #[must_use]
    #[inline]
    pub fn wants_shutdown(&self) -> bool {
        false
    }

    /// The write side was shut down, or cannot be: see
    /// [`Endpoint::shutdown_done`](crate::Endpoint::shutdown_done).
    #[inline]
    pub fn shutdown_done(&mut self) {}

    /// A read gave 0 bytes: see [`Endpoint::handle_eof`](crate::Endpoint::handle_eof).
    #[inline]
    pub fn handle_eof(&mut self) {
        (self.linger.eof, self.is_unusual) = (true, true);
    }

    /// A read failed: see [`Endpoint::handle_error`](crate::Endpoint::handle_error).
    #[inline]
    pub fn handle_error(&mut self) {
        (self.linger.broken, self.is_unusual) = (true, true);
    }

    /// A write failed: see [`Endpoint::handle_write_error`](crate::Endpoint::handle_write_error).
    ///
    /// A handshake of a server writes nothing, so this does nothing.
    #[inline]
    pub fn handle_write_error(&mut self) {}

    /// Its time is up: see [`Endpoint::handle_timeout`](crate::Endpoint::handle_timeout).
    ///
    /// A client that has sent nothing gets no answer: browsers open connections ahead of need.
    #[inline]
    pub fn handle_timeout(&mut self) {
        self.timed_out |= self.waits() && (self.head.has_begun() || self.held.is_some());
        self.linger.broken |= !self.timed_out;
        self.is_unusual = true;
    }

    /// Whether it is over: see [`Endpoint::is_done`](crate::Endpoint::is_done).
    ///
    /// It is over when the outcome was given, or when there will be none: the client has shut down
    /// its side before its head was whole, and its time was not up before that.
    #[must_use]
    #[inline]
    pub fn is_done(&self) -> bool {
        self.over || (!self.linger.readable() && !self.wants_poll())
    }
}

endpoint!(Handshake);
