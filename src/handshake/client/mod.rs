//! The client's side of the opening handshake. The public module `client` has its drawing.

mod accepted;
mod answer;
mod body;
mod check;
mod failure;
#[cfg(feature = "http")]
mod http;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod transport;
mod url;

use super::error::HandshakeError;
use super::head::{self, HeadReader, status_of};
use super::key::Key;
use crate::endpoint::Linger;
use crate::held::Held;
use crate::input::Input;
use crate::outbox::Outbox;
use crate::seed::Seed;
use alloc::boxed::Box;
use alloc::vec::Vec;
use answer::AnswerHead;
use body::Body;
use check::Answer;
use core::num::NonZeroU32;
use core::{fmt, mem};
use request::Offered;

pub use accepted::Accepted;
pub use failure::Failure;
#[cfg(feature = "http")]
pub use http::HttpHandshake;
pub use request::Request;
pub use response::Response;
pub use url::UrlError;

/// Sends one request and reads its answer.
///
/// ```
/// use sockless::client::{Handshake, Outcome, Request};
/// use sockless::handshake::accept_key;
/// use sockless::{Event, Input, Endpoint, Seed};
///
/// let request = Request::new("ws://server.example.com/chat")?.protocol("v1.chat")?;
/// // Connect to `host()` and `port()`, by TLS if `is_secure()`.
/// assert_eq!((request.host(), request.port(), request.is_secure()), ("server.example.com", 80, false));
/// let mut handshake = Handshake::new(request, Seed::new([7; 32]));
/// let sent = handshake.transmit().pop().expect("the request");
/// assert!(sent.starts_with(b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"));
///
/// // The server's part, with a first message in the same read.
/// let sent = std::str::from_utf8(&sent)?;
/// let key = sent.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
/// let mut answer = format!(
///     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///      Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: v1.chat\r\n\r\n",
///     accept_key(key)
/// ).into_bytes();
/// answer.extend(b"\x81\x07welcome");
///
/// let mut connection = match handshake.poll(&mut Input::new(&mut answer)) {
///     Some(Outcome::Open(accepted)) => {
///         assert_eq!(accepted.protocol(), Some("v1.chat"));
///         accepted.open(sockless::Config::default())
///     }
///     other => panic!("{other:?}"),
/// };
/// // The connection has what came behind the answer.
/// assert_eq!(connection.poll(&mut Input::empty()), Some(Event::Text("welcome".into())));
/// connection.send_text("hello")?;
/// assert!(connection.wants_write());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Handshake {
    head: HeadReader<head::Response>,
    outbox: Outbox,
    linger: Linger,
    /// Until the connection takes it over.
    seed: Option<Seed>,
    key: Key,
    offered: Offered,
    max_body: u64,
    reading: Reading,
    timed_out: bool,
    /// What came and was not taken, between two turns.
    held: Option<Box<Held>>,
    /// The turn that it is in.
    turn: Option<NonZeroU32>,
}

/// What a client accepts from a server before the connection is open.
///
/// ```
/// use sockless::Seed;
/// use sockless::client::{Config, Handshake, Request, UrlError};
///
/// let mut config = Config::default();
/// assert_eq!((config.max_head, config.max_headers, config.max_body), (16 << 10, 100, 64 << 10));
/// config.max_body = 0;
/// let handshake = Handshake::with_config(Request::new("wss://a.example")?, Seed::new([7; 32]), config);
/// # let _ = handshake;
/// # Ok::<(), UrlError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The largest head, in bytes, together with interim answers. Default: 16 KiB.
    pub max_head: u64,
    /// The most header lines. Default: 100.
    pub max_headers: u32,
    /// How much of the body of a refusal is kept, in bytes. Default: 64 KiB. Of a chunked body, at
    /// most twice that and 4 KiB are read.
    pub max_body: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_head: 16 << 10, max_headers: 100, max_body: 64 << 10 }
    }
}

/// What a server answered.
#[derive(Debug)]
#[must_use = "it holds the connection"]
#[allow(clippy::large_enum_variant)] // There is one per connection, and it is taken apart at once.
pub enum Outcome {
    /// A WebSocket: a 101 that meets all of RFC 6455 §4.1.
    Open(Accepted),
    /// Any other status, such as 401, 403 or a redirection.
    Refused(Response),
    /// An answer that breaks a rule or a limit, or that ended early.
    Failed(Failure),
}

/// What is being read.
enum Reading {
    Head,
    Body(Response, Body),
    /// Nothing: the outcome was given.
    Over,
}

impl Handshake {
    /// A handshake on a transport that was just opened, with the default [`Config`].
    #[must_use]
    pub fn new(request: Request, seed: Seed) -> Self {
        Self::with_config(request, seed, Config::default())
    }

    /// A handshake on a transport that was just opened.
    #[must_use]
    pub fn with_config(request: Request, seed: Seed, config: Config) -> Self {
        let key = Key::new(seed.nonce());
        let (request, offered) = request.into_head(&key);
        Self {
            head: HeadReader::new(config.max_head, config.max_headers),
            outbox: Outbox::with_head(request),
            linger: Linger::default(),
            seed: Some(seed),
            key,
            offered,
            max_body: config.max_body,
            reading: Reading::Head,
            timed_out: false,
            held: None,
            turn: None,
        }
    }

    /// What the server answered, once its answer is whole.
    ///
    /// Call it after every read, [`handle_eof`](Self::handle_eof) and
    /// [`handle_error`](Self::handle_error). `None` means that all input was taken and more is
    /// needed. The outcome is given once, at the latest after the end of the stream. It also takes
    /// the rest of the input, the first frames of a connection. After that, the handshake [is
    /// done](Self::is_done), and input is not touched any more.
    #[must_use = "the outcome is given once"]
    pub fn poll(&mut self, input: &mut Input<'_>) -> Option<Outcome> {
        if self.is_over() {
            return None;
        }
        if self.held.is_some() {
            return self.poll_held(input);
        }
        let outcome = self.read(input, self.linger.readable(), true)?;
        Some(self.finish(outcome, input))
    }

    /// The same, with what is held in front of the input.
    #[cold]
    fn poll_held(&mut self, input: &mut Input<'_>) -> Option<Outcome> {
        let mut held = self.held.take()?;
        let mut first = Input::new(held.bytes_mut());
        match self.read(&mut first, true, input.is_empty()) {
            Some(outcome) => {
                let outcome = self.finish(outcome, &mut first);
                Some(self.finish(outcome, input))
            }
            None => self.poll(input),
        }
    }

    /// Ends with this outcome; what is left of the input is its own.
    fn finish(&mut self, mut outcome: Outcome, input: &mut Input<'_>) -> Outcome {
        self.reading = Reading::Over;
        self.outbox.clear();
        // A part of a malformed head is of no use.
        self.head.take_stored();
        let rest = input.take_all();
        if let Outcome::Open(accepted) = &mut outcome {
            accepted.rest.extend_from_slice(rest);
        }
        outcome
    }

    /// Reads the answer. `more`: more of it may come. `last`: nothing has come behind this input
    /// yet.
    fn read(&mut self, input: &mut Input<'_>, more: bool, last: bool) -> Option<Outcome> {
        while matches!(self.reading, Reading::Head) {
            let (key, offered) = (&self.key, &self.offered);
            let answer = self
                .head
                .poll(input, |head| (head.headers_start, check::check(head, key, offered)));
            match answer {
                None if more => return None,
                None if self.timed_out => return Some(self.failed(HandshakeError::TimedOut)),
                None => return Some(self.failed(HandshakeError::UnexpectedEnd)),
                Some(Ok((_, (_, Ok(Answer::Interim))))) => {}
                Some(Ok((head, (headers_start, Ok(Answer::Open { protocol, extensions }))))) => {
                    let (seed, outbox) = (self.seed.take()?, mem::take(&mut self.outbox));
                    let head = AnswerHead::new(head, headers_start);
                    return Some(Outcome::Open(Accepted {
                        head,
                        protocol,
                        extensions,
                        seed,
                        outbox,
                        rest: Vec::new(),
                    }));
                }
                Some(Ok((
                    head,
                    (headers_start, Ok(Answer::Refused { status, framing, reusable })),
                ))) => {
                    let head = AnswerHead::new(head, headers_start);
                    let response = Response::new(head, status, reusable);
                    self.reading = Reading::Body(response, Body::new(framing, self.max_body));
                }
                Some(Ok((head, (headers_start, Err(error))))) => {
                    let (status, head) = (status_of(&head), AnswerHead::new(head, headers_start));
                    return Some(Outcome::Failed(Failure::new(error, status, head)));
                }
                Some(Err(error)) => return Some(self.failed(error)),
            }
        }
        let Reading::Body(_, body) = &mut self.reading else { return None };
        if !body.feed(input) && more {
            return None;
        }
        match mem::replace(&mut self.reading, Reading::Over) {
            Reading::Body(response, body) => {
                // RFC 9112 §9.3.2: requests on a connection follow each other whole. §9.2: bytes
                // behind the answer belong to no request.
                let reusable = self.linger.readable()
                    && !self.linger.write_failed
                    && self.outbox.is_empty()
                    && input.is_empty()
                    && last;
                Some(Outcome::Refused(response.with_body(body.finish(self.linger.eof), reusable)))
            }
            Reading::Head | Reading::Over => None,
        }
    }

    /// What becomes of a head that cannot be read, or did not come whole.
    fn failed(&mut self, error: HandshakeError) -> Outcome {
        let status = status_of(&self.head.take_stored());
        Outcome::Failed(Failure::new(error, status, AnswerHead::default()))
    }

    fn is_over(&self) -> bool {
        matches!(self.reading, Reading::Over)
    }
}

/// Shows neither request nor answer: they may hold cookies and passwords.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reading = match &self.reading {
            Reading::Head => "head",
            Reading::Body(..) => "body",
            Reading::Over => "nothing",
        };
        f.debug_struct("Handshake")
            .field("reading", &reading)
            .field("head", &self.head)
            .field("linger", &self.linger)
            .field("unsent", &!self.outbox.is_empty())
            .finish_non_exhaustive()
    }
}
