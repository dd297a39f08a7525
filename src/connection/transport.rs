//! A connection as an [`Endpoint`](crate::Endpoint): what it asks of its transport in each phase.
//! RFC 6455 §7.1.1.

use super::{Connection, Phase};
use crate::endpoint::endpoint;
use crate::endpoint::sealed::Sealed;
use crate::event::{Cause, Timeout};
use crate::held::Held;
use crate::outbox::{Spare, Transmit};
use alloc::boxed::Box;
use core::num::NonZeroU32;

impl Sealed for Connection {
    #[inline]
    fn begin_turn(&mut self, turn: NonZeroU32, spare: &mut Spare) {
        self.turn = Some(turn);
        self.outbox.lend(spare);
    }

    #[inline]
    fn end_turn(&mut self, turn: NonZeroU32, spare: &mut Spare) {
        if self.turn == Some(turn) {
            self.turn = None;
            self.outbox.take_back(spare);
        }
    }

    #[inline]
    fn is_in_turn(&self, turn: NonZeroU32) -> bool {
        self.turn == Some(turn)
    }

    fn hold(&mut self, held: Option<Box<Held>>) {
        if held.is_some() {
            self.decoder.close_fast_path();
        }
        self.held = held;
    }

    #[inline]
    fn take_held(&mut self) -> Option<Box<Held>> {
        let held = self.held.take()?;
        self.open_fast_path();
        Some(held)
    }

    fn pushes_back(&self) -> bool {
        self.above_high_water()
    }
}

impl Connection {
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
        match self.phase {
            _ if self.ended.is_some() => self.linger.discards(),
            Phase::Over { .. } => self.linger.discards() && !self.is_done(),
            // What was left comes first.
            _ => self.linger.readable() && !self.holds_unpolled(),
        }
    }

    /// Whether polling gives something without another read: see
    /// [`Endpoint::wants_poll`](crate::Endpoint::wants_poll).
    #[must_use]
    #[inline]
    pub fn wants_poll(&self) -> bool {
        self.ended.is_some() || self.holds_unpolled() && !self.above_high_water()
    }

    /// Whether it is time to shut down the write side: see
    /// [`Endpoint::wants_shutdown`](crate::Endpoint::wants_shutdown).
    #[must_use]
    #[inline]
    pub fn wants_shutdown(&self) -> bool {
        let nothing_follows = match self.phase {
            // §7.1.1: the server closes first; a client waits for it, within bounds.
            Phase::Over { clean: true } => {
                self.is_server() || self.linger.eof || self.linger.discard == 0
            }
            Phase::Over { clean: false } => true,
            _ => false,
        };
        nothing_follows && self.outbox.is_empty() && self.linger.wants_shutdown()
    }

    /// The write side was shut down, or cannot be: see
    /// [`Endpoint::shutdown_done`](crate::Endpoint::shutdown_done).
    #[inline]
    pub fn shutdown_done(&mut self) {
        self.linger.shut |= self.wants_shutdown();
    }

    /// A read gave 0 bytes: see [`Endpoint::handle_eof`](crate::Endpoint::handle_eof).
    #[inline]
    pub fn handle_eof(&mut self) {
        // What is queued stays: the peer may have closed one direction only.
        self.linger.eof = true;
        self.end(Cause::Eof);
    }

    /// A read failed: see [`Endpoint::handle_error`](crate::Endpoint::handle_error).
    #[inline]
    pub fn handle_error(&mut self) {
        self.linger.broken = true;
        self.handle_write_error();
        self.end(Cause::Eof);
    }

    /// A write failed: see [`Endpoint::handle_write_error`](crate::Endpoint::handle_write_error).
    #[inline]
    pub fn handle_write_error(&mut self) {
        self.linger.write_failed = true;
        self.outbox.clear();
        if let Phase::Open | Phase::Draining = self.phase {
            self.phase = Phase::ReceiveOnly;
            self.stop_sending();
        }
    }

    /// Its time is up: see [`Endpoint::handle_timeout`](crate::Endpoint::handle_timeout).
    #[inline]
    pub fn handle_timeout(&mut self) {
        self.linger.broken = true;
        self.handle_write_error();
        self.end(Cause::Timeout(Timeout::Close));
    }

    /// Whether bytes are held that a poll makes something of.
    fn holds_unpolled(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_unpolled())
    }

    /// Whether it is over: see [`Endpoint::is_done`](crate::Endpoint::is_done).
    #[must_use]
    #[inline]
    pub fn is_done(&self) -> bool {
        match self.phase {
            Phase::Over { .. } => self.linger.lingered(),
            _ => false,
        }
    }
}

endpoint!(Connection);
