//! A client's handshake as an [`Endpoint`](crate::Endpoint).

use super::Handshake;
use super::Reading;
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
        self.held = held.filter(|_| !matches!(self.reading, Reading::Over));
    }

    fn take_held(&mut self) -> Option<Box<Held>> {
        self.held.take()
    }
}

/// A handshake of a client writes its request and reads the answer. It is done when `poll` has
/// given the outcome, which it also does after the end of the stream. The transport then belongs to
/// the outcome.
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
        !self.outbox.is_empty()
    }

    /// Whether reading makes sense: see [`Endpoint::wants_read`](crate::Endpoint::wants_read).
    #[must_use]
    #[inline]
    pub fn wants_read(&self) -> bool {
        !self.is_over() && self.linger.readable()
    }

    /// Whether polling gives something without another read: see
    /// [`Endpoint::wants_poll`](crate::Endpoint::wants_poll).
    #[must_use]
    #[inline]
    pub fn wants_poll(&self) -> bool {
        !self.is_over() && (self.held.is_some() || !self.linger.readable())
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
        self.linger.eof = true;
    }

    /// A read failed: see [`Endpoint::handle_error`](crate::Endpoint::handle_error).
    #[inline]
    pub fn handle_error(&mut self) {
        self.linger.broken = true;
        self.outbox.clear();
    }

    /// A write failed: see [`Endpoint::handle_write_error`](crate::Endpoint::handle_write_error).
    ///
    /// Read on: the server may have answered before it took all of the request.
    #[inline]
    pub fn handle_write_error(&mut self) {
        self.linger.write_failed = true;
        self.outbox.clear();
    }

    /// Its time is up: see [`Endpoint::handle_timeout`](crate::Endpoint::handle_timeout).
    #[inline]
    pub fn handle_timeout(&mut self) {
        self.timed_out = true;
        self.handle_error();
    }

    /// Whether it is over: see [`Endpoint::is_done`](crate::Endpoint::is_done).
    ///
    /// The outcome was given.
    #[must_use]
    #[inline]
    pub fn is_done(&self) -> bool {
        self.is_over()
    }
}

endpoint!(Handshake);
