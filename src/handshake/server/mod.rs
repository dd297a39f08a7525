//! The server's side of the opening handshake. The public module `server` has its drawing.

mod absolute;
mod check;
#[cfg(feature = "http")]
mod http;
mod kept;
mod reason;
mod reply;
mod replying;
mod request;
mod response;
mod transport;

#[cfg(feature = "deflate")]
use super::deflate_negotiation::LONGEST_ANSWER;
use super::error::HandshakeError;
use super::head::{self, HeadReader};
#[cfg(feature = "deflate")]
use crate::deflate::Policy;
use crate::endpoint::Linger;
use crate::held::Held;
use crate::input::Input;
use crate::outbox::Outbox;
use absolute::Absolute;
use alloc::boxed::Box;
use alloc::vec::Vec;
use check::{Broken, Stop, Upgrade};
use core::num::NonZeroU32;
use core::{fmt, mem};
use kept::{Asked, Head};

pub use super::origin::{
    InvalidOrigin, Origin, OriginCheck, OriginPolicy, OriginRefusal, Origins, Policies, Predicate,
    Scheme,
};
pub use reply::{Accept, Reply};
pub use replying::Replying;
pub use request::{Plain, Request};
pub use response::Response;

/// Reads one request, checks it, and gives it as an [`Incoming`].
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Input, Endpoint};
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
pub struct Handshake {
    config: Config,
    head: HeadReader<head::Request>,
    /// Always empty: the outcome has the answer.
    outbox: Outbox,
    linger: Linger,
    /// The outcome was given.
    over: bool,
    /// The time was up in the middle of the head: the outcome is a 408.
    timed_out: bool,
    /// What came and was not taken, between two turns.
    held: Option<Box<Held>>,
    /// A turn has the held bytes, and nothing was polled since.
    gave_held: bool,
    /// The turn that it is in.
    turn: Option<NonZeroU32>,
    /// Any of the above is or was set. One field and not several, because most reads only bring a
    /// few bytes of a slow head.
    is_unusual: bool,
}

/// What a server accepts from a client before the connection is open.
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
    /// The largest head, in bytes. Default: 16 KiB.
    pub max_head: u64,
    /// The most header lines. Default: 100.
    pub max_headers: u32,
    /// Which web pages may connect. Default: [`OriginPolicy::SameHost`].
    pub origin: OriginPolicy,
    /// How offers of compression are accepted, RFC 7692. Default: `None`, they are declined.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Policy>,
    /// How many bytes are read and thrown away after a refusal, so that the refusal reaches the
    /// client: if a socket is closed with unread bytes, the kernel sends a reset instead. Default:
    /// 1 MiB. More than [`u32::MAX`] counts as that.
    pub max_discard: u64,
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
#[allow(clippy::large_enum_variant)] // There is one per connection, and it is taken apart at once.
pub enum Incoming {
    /// A request for a WebSocket that meets all of RFC 6455 §4.2.1, from an origin that the policy
    /// allows.
    Upgrade(Request),
    /// A plain HTTP request: its `Upgrade` lacks the token `websocket`. What came behind its head is
    /// in [`Plain::rest`].
    Http(Plain),
    /// A request that breaks a rule or a limit, as the answer to it.
    Failed(Replying),
}

impl Incoming {
    /// The request for a WebSocket, or the answer to any other. A plain request is answered with
    /// 426, Upgrade Required (RFC 9110 §15.5.22).
    ///
    /// ```
    /// use sockless::Input;
    /// use sockless::server::{Config, Handshake};
    ///
    /// let mut head = *b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    /// let incoming = Handshake::new(Config::default()).poll(&mut Input::new(&mut head));
    /// let refusal = incoming.expect("a request").into_upgrade().unwrap_err();
    /// assert_eq!((refusal.status(), refusal.target()), (426, Some("/")));
    /// ```
    ///
    /// # Errors
    /// The answer that the client waits for.
    #[allow(clippy::result_large_err)] // There is one per connection, and it is taken apart at once.
    pub fn into_upgrade(self) -> Result<Request, Replying> {
        match self {
            Self::Upgrade(request) => Ok(request),
            Self::Http(plain) => Err(plain.reply(426).into_replying()),
            Self::Failed(replying) => Err(replying),
        }
    }
}

/// A head that was read, and what was found in it.
type Read = Result<(Vec<u8>, (Asked, Result<Option<Upgrade>, Stop>)), HandshakeError>;

/// How much room the buffer of a request has for the answer, which is written behind it: so one
/// allocation is enough.
const REPLY_ROOM: usize = 192;

impl Handshake {
    /// A handshake on a transport that was just opened.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let head = HeadReader::new(config.max_head, config.max_headers)
            .with_reply_room(reply_room(&config));
        let linger = Linger::new(config.max_discard);
        Self {
            config,
            head,
            outbox: Outbox::default(),
            linger,
            over: false,
            timed_out: false,
            held: None,
            gave_held: false,
            turn: None,
            is_unusual: false,
        }
    }

    /// What the client asks for, once the head is whole.
    ///
    /// Call it after every read. `None` means that all input was taken and more is needed. The
    /// outcome is given once. It also takes the rest of the input: the first frames of a
    /// connection, or the beginning of a body. After the outcome, and when the handshake [is
    /// done](Self::is_done), input is not touched any more.
    #[must_use = "the outcome is given once"]
    pub fn poll(&mut self, input: &mut Input<'_>) -> Option<Incoming> {
        if self.is_unusual {
            return self.poll_otherwise(input);
        }
        let head = self.read(input)?;
        Some(self.outcome(head, input))
    }

    /// Polls after the outcome, the end of the stream or the time-out, or with held bytes.
    #[cold]
    fn poll_otherwise(&mut self, input: &mut Input<'_>) -> Option<Incoming> {
        if self.is_done() {
            return None;
        }
        if self.timed_out {
            return Some(self.outcome(Err(HandshakeError::TimedOut), input));
        }
        let (held, given) = (self.held.take(), mem::take(&mut self.gave_held));
        if let Some(mut held) = held {
            let mut first = Input::new(held.bytes_mut());
            if let Some(head) = self.read(&mut first) {
                return Some(with_rest(self.outcome(head, &mut first), input));
            }
        } else if !given && !self.linger.readable() {
            return None;
        }
        let head = self.read(input)?;
        Some(self.outcome(head, input))
    }

    /// Reads a head, if it is whole.
    #[inline(always)]
    fn read(&mut self, input: &mut Input<'_>) -> Option<Read> {
        let config = &self.config;
        self.head.poll(input, |head| (Asked::of(head), check::check(head, config)))
    }

    #[inline(never)]
    fn outcome(&mut self, head: Read, input: &mut Input<'_>) -> Incoming {
        (self.over, self.is_unusual) = (true, true);
        let outcome = match head {
            Ok((head, (asked, Ok(checked)))) => self.come(head, asked, checked),
            Ok((head, (asked, Err(Stop::Broken(broken))))) => self.broken(head, asked, broken),
            Ok((head, (asked, Err(Stop::Absolute(absolute))))) => {
                self.absolute(head, asked, &absolute)
            }
            Err(error) => self.failed(error),
        };
        with_rest(outcome, input)
    }

    /// A head that breaks no rule.
    fn come(&self, head: Vec<u8>, asked: Asked, checked: Option<Upgrade>) -> Incoming {
        let head = Head::new(head, asked, self.config.max_discard);
        match checked {
            Some(upgrade) => Incoming::Upgrade(Request::new(head, upgrade)),
            None => Incoming::Http(Plain::new(head)),
        }
    }

    /// The answer to a head that breaks a rule.
    #[cold]
    fn broken(&self, head: Vec<u8>, asked: Asked, broken: Broken) -> Incoming {
        let head = Head::new(head, asked, self.config.max_discard);
        Incoming::Failed(Reply::because(broken, head).into_replying())
    }

    /// A request whose target is in absolute form: it is rewritten to origin form and checked.
    #[cold]
    fn absolute(&self, head: Vec<u8>, asked: Asked, absolute: &Absolute) -> Incoming {
        let (mut rewritten, config) = (absolute.rewrite(&head), &self.config);
        let mut reader =
            HeadReader::new(u64::MAX, config.max_headers).with_reply_room(reply_room(config));
        let read = reader.poll(&mut Input::new(&mut rewritten), |head| {
            (Asked::of(head), check::check(head, config))
        });
        match read {
            Some(Ok((head, (asked, Ok(checked))))) => self.come(head, asked, checked),
            Some(Ok((head, (asked, Err(Stop::Broken(broken)))))) => {
                self.broken(head, asked, broken)
            }
            // What was rewritten is a head, and its target is in origin form.
            _ => self.broken(head, asked, HandshakeError::InvalidTarget.into()),
        }
    }

    /// The answer to a head that cannot be read, or did not come whole.
    #[cold]
    fn failed(&mut self, error: HandshakeError) -> Incoming {
        let head = Head::of_part(self.head.take_stored(), self.config.max_discard);
        Incoming::Failed(Reply::because(error.into(), head).into_replying())
    }

    /// Whether the head is still to come.
    fn waits(&self) -> bool {
        !self.over && !self.timed_out && self.linger.readable()
    }
}

/// Gives what is left of the input to the outcome.
fn with_rest(mut outcome: Incoming, input: &mut Input<'_>) -> Incoming {
    if !input.is_empty() {
        let rest = input.take_all();
        match &mut outcome {
            Incoming::Upgrade(request) => request.push_rest(rest),
            Incoming::Http(plain) => plain.push_rest(rest),
            Incoming::Failed(replying) => _ = replying.poll(&mut Input::new(rest)),
        }
    }
    outcome
}

/// How much room to leave behind a request for its answer.
fn reply_room(config: &Config) -> usize {
    #[cfg(feature = "deflate")]
    if config.deflate.is_some() {
        return REPLY_ROOM + LONGEST_ANSWER;
    }
    let _ = config;
    REPLY_ROOM
}

/// Shows nothing of the head, which may hold secrets.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_begun = self.head.has_begun();
        let mut shown = f.debug_struct("Handshake");
        shown
            .field("config", &self.config)
            .field("has_begun", &has_begun)
            .field("over", &self.over);
        shown.field("timed_out", &self.timed_out).finish_non_exhaustive()
    }
}
