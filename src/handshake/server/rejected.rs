//! An answer on its way out, and the end of its transport.
//!
//! ```text
//!   write the answer ──► shut down the write side ──► read and throw away ──► done: at the end of stream, or beyond Config::max_discard
//! ```
//!
//! Closing a socket with unread bytes makes the kernel send a reset, and the reset destroys the answer before the client has read it.

use crate::handshake::error::HandshakeError;
use crate::input::Input;
use crate::life_cycle::sealed::Sealed;
use crate::life_cycle::{Ending, LifeCycle};
use crate::outbox::{Outbox, Transmit};

/// An answer on its way out, to a client that gets no connection: drive it by [`LifeCycle`] until it is done.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{HandshakeError, Input, LifeCycle};
///
/// let mut read = *b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\nand more";
/// let mut input = Input::new(&mut read);
/// let Some(Incoming::Failed(mut rejected)) = Handshake::new(Config::default()).poll(&mut input) else { panic!() };
/// assert_eq!((rejected.error(), rejected.status()), (Some(HandshakeError::MissingHost), 400));
///
/// while !rejected.is_done() {
///     rejected.discard(&mut input);
///     if rejected.wants_write() {
///         let answer = rejected.transmit().pop().expect("the answer");
///         assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
///     } else if rejected.wants_shutdown() {
///         rejected.shutdown_done();
///     } else if rejected.wants_read() {
///         rejected.handle_eof();
///     }
/// }
/// ```
#[must_use = "the client waits for an answer"]
#[derive(Debug)]
pub struct Rejected {
    outbox: Outbox,
    ending: Ending,
    status: u16,
    error: Option<HandshakeError>,
}

impl Rejected {
    pub(super) fn new(outbox: Outbox, status: u16, error: Option<HandshakeError>, max_discard: u32) -> Self {
        Self { outbox, ending: Ending::new(max_discard), status, error }
    }

    /// Throws away what a read brought. Call it after every read.
    pub fn discard(&mut self, input: &mut Input<'_>) {
        self.ending.discarded(input.take_all().len());
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The rule that the client broke, if it broke one.
    pub fn error(&self) -> Option<HandshakeError> {
        self.error
    }
}

impl Sealed for Rejected {}

impl LifeCycle for Rejected {
    fn transmit(&mut self) -> Transmit<'_> {
        Transmit::new(&mut self.outbox)
    }

    fn wants_write(&self) -> bool {
        !self.outbox.is_empty()
    }

    fn wants_read(&self) -> bool {
        self.ending.discards() && !self.is_done()
    }

    fn wants_shutdown(&self) -> bool {
        self.outbox.is_empty() && self.ending.wants_shutdown()
    }

    fn shutdown_done(&mut self) {
        self.ending.shut |= self.wants_shutdown();
    }

    fn handle_eof(&mut self) {
        self.ending.eof = true;
    }

    fn handle_error(&mut self) {
        self.ending.broken = true;
        self.outbox.clear();
    }

    /// There is nothing to read that anyone waits for.
    fn handle_write_error(&mut self) {
        self.handle_error();
    }

    fn handle_timeout(&mut self) {
        self.handle_error();
    }

    fn is_done(&self) -> bool {
        self.outbox.is_empty() && self.ending.lingered()
    }
}
