//! An answer on its way out, and the end of its transport.
//!
//! ```text
//!   write the answer ──► shut down the write side ──► read and throw away ──► done: at the end of stream, or beyond Config::max_discard
//! ```
//!
//! Closing a socket with unread bytes makes the kernel send a reset, and the reset destroys the
//! answer before the client has read it.

use super::check::Broken;
use super::kept::Head;
use crate::endpoint::sealed::Sealed;
use crate::endpoint::{Endpoint, Linger};
use crate::handshake::error::HandshakeError;
use crate::handshake::headers::Headers;
use crate::handshake::origin::OriginRefusal;
use crate::input::Input;
use crate::outbox::{Outbox, Transmit};
use core::fmt;

/// An answer on its way out, to a client that gets no connection: drive it by [`Endpoint`] until
/// it is done.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{HandshakeError, Input, Endpoint};
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
///
/// For a log it says what was asked and why it was refused. The request's head, at most
/// [`Config::max_head`](super::Config::max_head) bytes, is kept for that until this is dropped.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming, OriginRefusal};
/// use sockless::{HandshakeError, Input};
///
/// let mut read = *b"GET /chat HTTP/1.1\r\nHost: a.example\r\nOrigin: http://b.example\r\n\
///     Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// let outcome = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
/// let Some(Incoming::Failed(rejected)) = outcome else { panic!() };
/// assert_eq!((rejected.method(), rejected.target()), (Some("GET"), Some("/chat")));
/// assert_eq!(rejected.headers().text("origin"), Some("http://b.example"));
/// assert_eq!(rejected.error(), Some(HandshakeError::ForbiddenOrigin));
/// assert_eq!(rejected.origin_refusal(), Some(OriginRefusal::OtherHost));
/// ```
///
/// `Debug` shows method, target and the names of the headers, and no value of these.
#[must_use = "the client waits for an answer"]
pub struct Replying {
    outbox: Outbox,
    ending: Linger,
    status: u16,
    broken: Option<Broken>,
    head: Head,
}

impl Replying {
    pub(super) fn new(outbox: Outbox, status: u16, broken: Option<Broken>, head: Head) -> Self {
        Self { outbox, ending: Linger::new(head.max_discard), status, broken, head }
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
        self.broken.map(|broken| broken.error)
    }

    /// Why the policy refused the request's `Origin`, if it did: see
    /// [`HandshakeError::ForbiddenOrigin`]. It is not in the answer.
    pub fn origin_refusal(&self) -> Option<OriginRefusal> {
        self.broken.and_then(|broken| broken.origin)
    }

    /// The method of the request; `None` if it cannot be read, or not all of it came.
    pub fn method(&self) -> Option<&str> {
        Some(self.head.method()).filter(|method| !method.is_empty())
    }

    /// What was asked for, as it stands in the request line, or as [`Request`](super::Request) has
    /// it; of one that was cut, its beginning. `None` if it cannot be read. It holds no control
    /// byte and no space, but it is the client's text: a log escapes it.
    pub fn target(&self) -> Option<&str> {
        Some(self.head.target()).filter(|target| !target.is_empty())
    }

    /// The headers of the request; of a head that failed, the lines in front of the first one that
    /// cannot be read.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }
}

impl fmt::Debug for Replying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Replying");
        shown
            .field("status", &self.status)
            .field("error", &self.error())
            .field("origin_refusal", &self.origin_refusal());
        self.head.show(&mut shown);
        shown.field("queued", &self.outbox.queued()).field("ending", &self.ending).finish()
    }
}

impl Sealed for Replying {}

impl Endpoint for Replying {
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
