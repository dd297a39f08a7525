//! The server's side of the opening handshake, RFC 6455 §4.2.
//!
//! ```text
//!                    ┌─► Upgrade(Request) ── accept() ─► Accept ── open() ─────────► Connection
//!   Handshake ─ poll ┤          │                          │ reject()
//!                    │          └─────────── reject() ─► Reject ── into_rejected() ─► Rejected
//!                    ├─► Http(Plain) ─────── reply() ──► Reject ── into_rejected() ─► Rejected
//!                    └─► Failed(Rejected)
//! ```
//!
//! A request is `Http` exactly when its `Upgrade` lacks the token `websocket`. Every way ends in bytes to send, so whoever drives what
//! came out by [`LifeCycle`] answers every client.

mod check;
mod rejected;
mod reply;
mod request;

#[cfg(feature = "deflate")]
use super::deflate::LONGEST_ANSWER;
use super::error::HandshakeError;
use super::head::{self, HeadReader};
#[cfg(feature = "deflate")]
use crate::deflate::Policy;
use crate::input::Input;
use crate::life_cycle::sealed::Sealed;
use crate::life_cycle::{Ending, LifeCycle};
use crate::outbox::{Outbox, Transmit};
use check::Asked;

pub use super::origin::{InvalidOrigin, Origin, OriginPolicy};
pub use rejected::Rejected;
pub use reply::{Accept, Reject};
pub use request::{Plain, Request};

/// Reads one request and says what it is.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Input, LifeCycle};
///
/// let mut handshake = Handshake::new(Config::default());
/// assert!(handshake.wants_read());
///
/// // RFC 6455 §1.3, in two reads.
/// let mut read = *b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
/// assert!(handshake.poll(&mut Input::new(&mut read)).is_none());
/// let mut read = *b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://server.example.com\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";
///
/// match handshake.poll(&mut Input::new(&mut read)) {
///     Some(Incoming::Upgrade(request)) => {
///         assert_eq!(request.target(), "/chat");
///         let mut connection = request.accept().protocol("chat").open(sockless::Config::default());
///         let answer = connection.transmit().pop().expect("the 101");
///         assert_eq!(
///             answer,
///             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
///         );
///     }
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug)]
pub struct Handshake {
    config: Config,
    head: HeadReader<head::Request>,
    /// Always empty: a server answers with what comes after this.
    outbox: Outbox,
    ending: Ending,
    /// The outcome was given.
    over: bool,
    /// The time was up in the middle of the head: the outcome is a 408.
    timed_out: bool,
}

/// What a server accepts of a client that it does not know yet.
///
/// ```
/// use sockless::server::{Config, OriginPolicy};
///
/// let mut config = Config::default();
/// assert_eq!((config.max_head, config.max_headers), (16 << 10, 100));
/// config.origin = OriginPolicy::Any;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The largest head, in bytes. 16 KiB unless said otherwise.
    pub max_head: usize,
    /// The most header lines. 100 unless said otherwise.
    pub max_headers: usize,
    /// Which web pages may connect. Those of the same host, unless said otherwise.
    pub origin: OriginPolicy,
    /// How offers of compression are accepted, RFC 7692. They are declined, unless said otherwise.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Policy>,
    /// How many bytes of a client that is turned away are read and thrown away, so that the answer reaches it: closing a socket with unread
    /// bytes makes the kernel send a reset instead. 1 MiB unless said otherwise.
    pub max_discard: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_head: 16 << 10,
            max_headers: 100,
            origin: OriginPolicy::default(),
            #[cfg(feature = "deflate")]
            deflate: None,
            max_discard: 1 << 20,
        }
    }
}

/// What a client wants.
#[derive(Debug)]
#[must_use = "it holds the answer that the client waits for"]
#[allow(clippy::large_enum_variant)] // One a connection, and taken apart at once.
pub enum Incoming {
    /// A WebSocket: a request that meets all of RFC 6455 §4.2.1, from an origin that is welcome.
    Upgrade(Request),
    /// A plain HTTP request: its `Upgrade` lacks the token `websocket`. The bytes of its body are still in the input.
    Http(Plain),
    /// What breaks a rule or a limit, and the answer to it.
    Failed(Rejected),
}

/// What the buffer of a request has beside it, for the answer that is written behind it: then one allocation is enough.
const REPLY_ROOM: usize = 192;

impl Handshake {
    /// A handshake on a transport that was just opened.
    pub fn new(config: Config) -> Self {
        #[cfg(feature = "deflate")]
        let room = if config.deflate.is_some() { REPLY_ROOM + LONGEST_ANSWER } else { REPLY_ROOM };
        #[cfg(not(feature = "deflate"))]
        let room = REPLY_ROOM;
        let head = HeadReader::new(config.max_head, config.max_headers).with_reply_room(room);
        let ending = Ending::new(config.max_discard);
        Self { config, head, outbox: Outbox::default(), ending, over: false, timed_out: false }
    }

    /// What came, once the head is whole.
    ///
    /// Call it after every read. `None`: all input was taken and more is needed. The outcome is given once; what is left in `input` then
    /// are the first frames, or the body, and is for whoever takes over. Afterwards, and once it [is done](LifeCycle::is_done), input is not
    /// touched any more.
    pub fn poll(&mut self, input: &mut Input<'_>) -> Option<Incoming> {
        if self.over || self.is_done() {
            return None;
        }
        if self.timed_out {
            self.over = true;
            return Some(self.failed(HandshakeError::TimedOut));
        }
        let config = &self.config;
        let outcome = self.head.poll(input, |head| (Asked::of(head), check::check(head, config)))?;
        self.over = true;
        let max_discard = self.config.max_discard;
        Some(match outcome {
            Ok((head, (asked, Ok(Some(upgrade))))) => Incoming::Upgrade(Request::new(head, asked, upgrade, max_discard)),
            Ok((head, (asked, Ok(None)))) => Incoming::Http(Plain::new(head, asked, max_discard)),
            Ok((head, (_, Err(error)))) => Incoming::Failed(Reject::because(error, head, max_discard).into_rejected()),
            Err(error) => self.failed(error),
        })
    }

    /// The answer to a head that cannot be read, or did not come whole.
    #[cold]
    fn failed(&mut self, error: HandshakeError) -> Incoming {
        let mut head = self.head.take_stored();
        // The answer needs to know its method, and no more of what may be long.
        head.truncate("HEAD ".len());
        head.shrink_to_fit();
        Incoming::Failed(Reject::because(error, head, self.config.max_discard).into_rejected())
    }

    /// Whether the head is still to come.
    fn waits(&self) -> bool {
        !self.over && !self.timed_out && self.ending.readable()
    }
}

impl Sealed for Handshake {}

/// A server has nothing to send before its outcome, and waits for bytes until then; at an end of stream it is done.
impl LifeCycle for Handshake {
    fn transmit(&mut self) -> Transmit<'_> {
        Transmit::new(&mut self.outbox)
    }

    fn wants_write(&self) -> bool {
        false
    }

    fn wants_read(&self) -> bool {
        self.waits()
    }

    fn wants_shutdown(&self) -> bool {
        false
    }

    fn shutdown_done(&mut self) {}

    fn handle_eof(&mut self) {
        self.ending.eof = true;
    }

    fn handle_error(&mut self) {
        self.ending.broken = true;
    }

    /// It writes nothing.
    fn handle_write_error(&mut self) {}

    /// Who has sent nothing at all, as browsers do that connect ahead of need, gets no answer.
    fn handle_timeout(&mut self) {
        self.timed_out |= self.waits() && self.head.has_begun();
        self.ending.broken |= !self.timed_out;
    }

    /// Who shuts down its side can still read an answer, and has one coming when its time was up before.
    fn is_done(&self) -> bool {
        !self.over && (self.ending.broken || (self.ending.eof && !self.timed_out))
    }
}
