//! An answer that is being sent, and the end of its transport.
//!
//! ```text
//!   write the answer ──► shut down the write side ──► read and throw away ──► done: at the end of stream, or beyond Config::max_discard
//! ```
//!
//! If a socket is closed with unread bytes, the kernel sends a reset, which destroys the answer
//! before the client has read it.

use super::check::Broken;
use super::kept::Head;
use crate::endpoint::sealed::Sealed;
use crate::endpoint::{Linger, endpoint};
use crate::handshake::error::HandshakeError;
use crate::handshake::headers::Headers;
use crate::handshake::origin::OriginRefusal;
use crate::held::Held;
use crate::input::Input;
use crate::outbox::{Outbox, Spare, Transmit};
use alloc::boxed::Box;
#[cfg(feature = "http")]
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::num::NonZeroU32;

/// An answer that is being sent to a client that gets no connection. Drive it as an
/// [`Endpoint`](crate::Endpoint) until it is done.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{HandshakeError, Input, Endpoint};
///
/// let mut read = *b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\nand more";
/// let mut input = Input::new(&mut read);
/// let Some(Incoming::Failed(mut replying)) = Handshake::new(Config::default()).poll(&mut input) else { panic!() };
/// assert_eq!((replying.error(), replying.status()), (Some(HandshakeError::MissingHost), 400));
///
/// while !replying.is_done() {
///     replying.poll(&mut input);
///     if replying.wants_write() {
///         let answer = replying.transmit().pop().expect("the answer");
///         assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
///     } else if replying.wants_shutdown() {
///         replying.shutdown_done();
///     } else if replying.wants_read() {
///         replying.handle_eof();
///     }
/// }
/// ```
///
/// For a log, it has the request and the reason of the refusal. It keeps the request's head for
/// that, at most [`Config::max_head`](super::Config::max_head) bytes, until it is dropped.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming, OriginRefusal};
/// use sockless::{HandshakeError, Input};
///
/// let mut read = *b"GET /chat HTTP/1.1\r\nHost: a.example\r\nOrigin: http://b.example\r\n\
///     Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// let outcome = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
/// let Some(Incoming::Failed(replying)) = outcome else { panic!() };
/// assert_eq!((replying.method(), replying.target()), (Some("GET"), Some("/chat")));
/// assert_eq!(replying.headers().text("origin"), Some("http://b.example"));
/// assert_eq!(replying.error(), Some(HandshakeError::ForbiddenOrigin));
/// assert_eq!(replying.origin_refusal(), Some(OriginRefusal::OtherHost));
/// ```
///
/// `Debug` shows the method, the target and the names of the headers, but not their values.
#[must_use = "the client waits for an answer"]
pub struct Replying {
    outbox: Outbox,
    linger: Linger,
    status: u16,
    /// `transmit` was called: a part of the answer may have left.
    begun: bool,
    broken: Option<Broken>,
    head: Head,
    turn: Option<NonZeroU32>,
}

impl Replying {
    pub(super) fn new(outbox: Outbox, status: u16, broken: Option<Broken>, head: Head) -> Self {
        let linger = Linger::new(head.max_discard);
        Self { outbox, linger, status, begun: false, broken, head, turn: None }
    }

    /// The whole answer; `None` if a part of it may have left.
    #[cfg(feature = "http")]
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        let mut answer = Vec::new();
        let mut left = Transmit::new(&mut self.outbox);
        while let Some(part) = left.pop().filter(|_| !self.begun) {
            answer.extend_from_slice(&part);
        }
        answer
    }

    /// Takes the input and throws it away. Call it after every read. It gives nothing.
    pub fn poll(&mut self, input: &mut Input<'_>) -> Option<Infallible> {
        self.linger.discarded(input.take_all().len());
        None
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The rule that the client broke. `None` if the application refused the request, or answered a
    /// plain one.
    #[must_use]
    pub fn error(&self) -> Option<HandshakeError> {
        self.broken.map(|broken| broken.error)
    }

    /// Why the policy refused the request's `Origin`, if it did: see
    /// [`HandshakeError::ForbiddenOrigin`]. The answer does not tell the client.
    #[must_use]
    pub fn origin_refusal(&self) -> Option<OriginRefusal> {
        self.broken.and_then(|broken| broken.origin)
    }

    /// The method of the request. `None` if it is malformed or did not come whole.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        Some(self.head.method()).filter(|method| !method.is_empty())
    }

    /// The target, as it stands in the request line or as [`Request`](super::Request) has it. If
    /// the head was cut inside it, this is the beginning. `None` if it is malformed. It has no
    /// control characters and no spaces, but it is the client's text: escape it in a log.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        Some(self.head.target()).filter(|target| !target.is_empty())
    }

    /// The headers of the request. If the head was malformed, these are the lines in front of the
    /// first malformed one.
    #[must_use]
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
        shown
            .field("begun", &self.begun)
            .field("queued", &self.outbox.queued())
            .field("linger", &self.linger)
            .finish()
    }
}

impl Sealed for Replying {
    fn begin_turn(&mut self, turn: NonZeroU32, _: &mut Spare) {
        self.turn = Some(turn);
    }

    fn end_turn(&mut self, turn: NonZeroU32, _: &mut Spare) {
        self.turn = self.turn.filter(|own| *own != turn);
    }

    fn is_in_turn(&self, turn: NonZeroU32) -> bool {
        self.turn == Some(turn)
    }

    /// It is thrown away, now or in a later poll.
    fn hold(&mut self, held: Option<Box<Held>>) {
        self.linger.discarded(held.map_or(0, |held| held.len()));
    }

    fn take_held(&mut self) -> Option<Box<Held>> {
        None
    }
}

impl Replying {
    /// The bytes to send, for a loop without a [`Workspace`](crate::Workspace): see
    /// [`Endpoint::transmit`](crate::Endpoint::transmit).
    #[inline]
    pub fn transmit(&mut self) -> Transmit<'_> {
        self.begun = true;
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
        self.linger.discards() && !self.is_done()
    }

    /// Whether polling gives something without another read: see
    /// [`Endpoint::wants_poll`](crate::Endpoint::wants_poll).
    #[must_use]
    #[inline]
    pub fn wants_poll(&self) -> bool {
        false
    }

    /// Whether it is time to shut down the write side: see
    /// [`Endpoint::wants_shutdown`](crate::Endpoint::wants_shutdown).
    #[must_use]
    #[inline]
    pub fn wants_shutdown(&self) -> bool {
        self.outbox.is_empty() && self.linger.wants_shutdown()
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
    /// Reading ends too, because nothing that comes is needed.
    #[inline]
    pub fn handle_write_error(&mut self) {
        self.handle_error();
    }

    /// Its time is up: see [`Endpoint::handle_timeout`](crate::Endpoint::handle_timeout).
    #[inline]
    pub fn handle_timeout(&mut self) {
        self.handle_error();
    }

    /// Whether it is over: see [`Endpoint::is_done`](crate::Endpoint::is_done).
    #[must_use]
    #[inline]
    pub fn is_done(&self) -> bool {
        self.outbox.is_empty() && self.linger.lingered()
    }
}

endpoint!(Replying);
