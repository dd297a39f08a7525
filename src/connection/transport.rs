//! What a connection asks of its transport, phase by phase, and what it hears of it. RFC 6455
//! §7.1.1.

use super::{Connection, Phase, direct};
use crate::endpoint::Endpoint;
use crate::endpoint::sealed::Sealed;
use crate::event::{Cause, Timeout};
use crate::outbox::Transmit;
use alloc::vec::Vec;
use bytes::buf::Limit;

impl Sealed for Connection {}

impl Endpoint for Connection {
    fn transmit(&mut self) -> Transmit<'_> {
        Transmit::new(&mut self.outbox)
    }

    fn io(&mut self) -> (Option<Limit<&mut Vec<u8>>>, Transmit<'_>) {
        (direct::room(&self.decoder, &mut self.message), Transmit::new(&mut self.outbox))
    }

    fn wants_write(&self) -> bool {
        !self.outbox.is_empty()
    }

    fn wants_read(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::Closing | Phase::Mute => self.ending.readable(),
            Phase::Ended(_) | Phase::Over { .. } => self.ending.discards() && !self.is_done(),
        }
    }

    fn wants_shutdown(&self) -> bool {
        let nothing_follows = match self.phase {
            Phase::Open | Phase::Closing | Phase::Mute => false,
            // §7.1.1: the server closes first; a client waits for it, within bounds.
            Phase::Over { clean: true } => {
                self.is_server() || self.ending.eof || self.ending.discard == 0
            }
            Phase::Over { clean: false } | Phase::Ended(_) => true,
        };
        nothing_follows && self.outbox.is_empty() && self.ending.wants_shutdown()
    }

    fn shutdown_done(&mut self) {
        self.ending.shut |= self.wants_shutdown();
    }

    fn handle_eof(&mut self) {
        self.ending.eof = true;
        self.end(Cause::Eof);
    }

    fn handle_error(&mut self) {
        self.ending.broken = true;
        self.outbox.clear();
        self.end(Cause::Eof);
    }

    fn handle_write_error(&mut self) {
        self.ending.mute = true;
        self.outbox.clear();
        if self.phase == Phase::Open {
            self.phase = Phase::Mute;
            self.stop_sending();
        }
    }

    fn handle_timeout(&mut self) {
        self.ending.broken = true;
        self.outbox.clear();
        self.end(Cause::Timeout(Timeout::Close));
    }

    fn is_done(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::Closing | Phase::Mute | Phase::Ended(_) => false,
            Phase::Over { .. } => self.ending.lingered(),
        }
    }
}
