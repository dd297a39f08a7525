//! The handshake of a client whose request and answer an HTTP stack carries, in the types of the
//! crate `http`: see [`crate::handshake::http`].
//!
//! ```text
//!   Request ──► HttpHandshake ── request() ──► http::Request<()> ── the stack ──┐
//!                     │                                                         ▼
//!                     └────────── check() ◄────────────────────────── http::Response<B>
//!                                    └─► Open(Accepted), Refused(Response), Failed(Failure)
//! ```

use super::answer::AnswerHead;
use super::body::{Framing, Read};
use super::check::{Answer, check};
use super::{Accepted, Config, Failure, Outcome, Request, Response};
use crate::handshake::error::HandshakeError;
use crate::handshake::head::{self, HeadReader};
use crate::handshake::headers::Headers;
use crate::handshake::http::{map_of, version_text, write_head};
use crate::handshake::key::Key;
use crate::input::Input;
use crate::outbox::Outbox;
use crate::seed::Seed;
use ::http::{HeaderMap, StatusCode, Uri, Version, response};
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

/// A handshake whose request and answer an HTTP stack carries. Feature `http`.
///
/// It makes the request, with a key, and checks the answer by the rules and limits of
/// [`Handshake`](super::Handshake). The connection is then opened on the transport that the stack
/// gives you: with hyper, that of `hyper::upgrade::on(response).await`, which first gives what was
/// read beyond the answer.
///
/// The stack has to speak HTTP/1.1, and to connect to [`Request::host`] and [`Request::port`], with
/// TLS if [`Request::is_secure`].
///
/// `Debug` shows no header and no key.
///
/// ```
/// use sockless::client::{HttpHandshake, Outcome, Request};
/// use sockless::handshake::accept_key;
/// use sockless::{HandshakeError, Seed};
///
/// let seed = |byte| Seed::new([byte; 32]); // `Seed::random()?`
/// let handshake = HttpHandshake::new(Request::new("ws://a.example/chat")?, seed(7));
/// let request = handshake.request()?;
/// assert_eq!(request.uri(), "/chat");
/// assert_eq!(request.headers()["host"], "a.example");
///
/// // The server's part.
/// let key = &request.headers()["sec-websocket-key"];
/// let answer = http::Response::builder()
///     .status(101)
///     .header("Upgrade", "websocket")
///     .header("Connection", "Upgrade")
///     .header("Sec-WebSocket-Accept", accept_key(key).as_str())
///     .body(())?;
///
/// let Outcome::Open(accepted) = handshake.check(&answer) else { panic!() };
/// let connection = accepted.open(sockless::Config::default());
/// assert!(connection.is_open());
///
/// // It answers that key and no other.
/// let other = HttpHandshake::new(Request::new("ws://a.example/chat")?, seed(8));
/// let Outcome::Failed(failure) = other.check(&answer) else { panic!() };
/// assert_eq!(failure.error(), HandshakeError::WrongAccept);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the answer is checked by it"]
pub struct HttpHandshake {
    request: Request,
    key: Key,
    /// Until the connection takes it over.
    seed: Seed,
    config: Config,
}

impl HttpHandshake {
    /// A handshake with the default [`Config`].
    pub fn new(request: Request, seed: Seed) -> Self {
        Self::with_config(request, seed, Config::default())
    }

    /// A handshake with these limits. [`Config::max_body`] has no effect: the stack reads the body.
    ///
    /// ```
    /// use sockless::client::{Config, HttpHandshake, Outcome, Request};
    /// use sockless::{HandshakeError, Seed};
    ///
    /// let mut config = Config::default();
    /// config.max_headers = 1;
    /// let (request, seed) = (Request::new("ws://a.example")?, Seed::new([7; 32]));
    /// let handshake = HttpHandshake::with_config(request, seed, config);
    /// let answer = http::Response::builder().status(401).header("A", "b").header("C", "d");
    /// let Outcome::Failed(failure) = handshake.check(&answer.body(())?) else { panic!() };
    /// assert_eq!(failure.error(), HandshakeError::TooManyHeaders);
    /// assert_eq!(failure.status(), Some(401));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_config(request: Request, seed: Seed, config: Config) -> Self {
        Self { key: Key::new(seed.nonce()), request, seed, config }
    }

    /// The request for a stack that sends on a connection that is open already, such as
    /// `hyper::client::conn::http1`. Its URI is the path and the query, and it has all headers,
    /// with `Host`. Each call gives the same request.
    ///
    /// ```
    /// use sockless::client::{HttpHandshake, Request};
    /// use sockless::Seed;
    ///
    /// let request = Request::new("wss://a.example:8443/room?id=7")?.protocol("chat")?;
    /// let request = HttpHandshake::new(request, Seed::new([7; 32])).request()?;
    /// assert_eq!(request.method(), http::Method::GET);
    /// assert_eq!(request.version(), http::Version::HTTP_11);
    /// assert_eq!(request.uri(), "/room?id=7");
    /// let names: Vec<&str> = request.headers().keys().map(|name| name.as_str()).collect();
    /// assert_eq!(
    ///     names,
    ///     [
    ///         "host",
    ///         "upgrade",
    ///         "connection",
    ///         "sec-websocket-version",
    ///         "sec-websocket-key",
    ///         "sec-websocket-protocol",
    ///     ]
    /// );
    /// assert_eq!(request.headers()["host"], "a.example:8443");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The target is longer than an `http::Uri` may be, 65,534 bytes; or more names of headers were
    /// added than an `http::HeaderMap` holds (24,576).
    pub fn request(&self) -> Result<::http::Request<()>, ::http::Error> {
        self.request_to(Uri::try_from(self.request.target())?)
    }

    /// The request for a stack that connects by itself, such as the pooling client of hyper-util.
    /// Its URI begins with `http://`, or with `https://` if the address is `wss://`; the stack
    /// sends its path and query.
    ///
    /// ```
    /// use sockless::client::{HttpHandshake, Request};
    /// use sockless::Seed;
    ///
    /// let request = Request::new("wss://a.example/room?id=7")?;
    /// let request = HttpHandshake::new(request, Seed::new([7; 32])).absolute_request()?;
    /// assert_eq!(request.uri(), "https://a.example/room?id=7");
    /// assert_eq!(request.headers()["host"], "a.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As those of [`request`](Self::request); or the host is none of an `http::Uri`, which takes
    /// fewer characters.
    pub fn absolute_request(&self) -> Result<::http::Request<()>, ::http::Error> {
        let scheme = if self.request.is_secure() { "https" } else { "http" };
        let (authority, target) = (self.request.authority(), self.request.target());
        self.request_to(Uri::try_from(format!("{scheme}://{authority}{target}"))?)
    }

    fn request_to(&self, uri: Uri) -> Result<::http::Request<()>, ::http::Error> {
        let (head, _) = self.request.clone().into_head(&self.key);
        let line = head.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = head.get(line..).unwrap_or_default();
        let mut request = ::http::Request::new(());
        *request.uri_mut() = uri;
        *request.headers_mut() = map_of(Headers::new(lines).iter())?;
        Ok(request)
    }

    /// What the server answered.
    ///
    /// [`Outcome::Refused`] has no body: the stack has it. So its [`Response::is_cut`] is true if
    /// there is one. Its [`Response::is_reusable`] is false, because only the stack knows whether
    /// another request may follow. An interim answer (1xx) other than 101 is [`Outcome::Failed`];
    /// stacks skip these.
    ///
    /// ```
    /// use sockless::client::{HttpHandshake, Outcome, Request};
    /// use sockless::Seed;
    ///
    /// let handshake = HttpHandshake::new(Request::new("ws://a.example")?, Seed::new([7; 32]));
    /// let answer = http::Response::builder()
    ///     .status(401)
    ///     .header("WWW-Authenticate", "Bearer")
    ///     .header("Content-Length", "4")
    ///     .body("who?")?;
    /// let Outcome::Refused(response) = handshake.check(&answer) else { panic!() };
    /// assert_eq!(response.status(), 401);
    /// assert_eq!(response.headers().text("www-authenticate"), Some("Bearer"));
    /// assert!(response.body().is_empty() && response.is_cut());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check<B>(self, response: &::http::Response<B>) -> Outcome {
        self.read(response.status(), response.version(), response.headers())
    }

    /// The same for the parts of an answer.
    ///
    /// ```
    /// use sockless::client::{HttpHandshake, Outcome, Request};
    /// use sockless::Seed;
    ///
    /// let handshake = HttpHandshake::new(Request::new("ws://a.example")?, Seed::new([7; 32]));
    /// let (parts, ()) = http::Response::builder().status(204).body(())?.into_parts();
    /// let Outcome::Refused(response) = handshake.check_parts(&parts) else { panic!() };
    /// assert_eq!((response.status(), response.is_cut()), (204, false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_parts(self, parts: &response::Parts) -> Outcome {
        self.read(parts.status, parts.version, &parts.headers)
    }

    /// Reads an answer by way of a head.
    fn read(self, status: StatusCode, version: Version, headers: &HeaderMap) -> Outcome {
        let Self { request, key, seed, config } = self;
        let (_, offered) = request.into_head(&key);
        let line = format!("{} {} \r\n", version_text(version), status.as_str());
        let mut head = write_head(line, headers, config.max_head);
        let answer = HeadReader::<head::Response>::new(config.max_head, config.max_headers)
            .poll(&mut Input::new(&mut head), |head| {
                (head.headers_start, check(head, &key, &offered))
            })
            // What was written is whole, or above the limit.
            .unwrap_or(Err(HandshakeError::UnexpectedEnd));
        let failed =
            |error, head| Outcome::Failed(Failure::new(error, Some(status.as_u16()), head));
        let (head, headers_start, answer) = match answer {
            Ok((head, (headers_start, answer))) => (head, headers_start, answer),
            Err(error) => return failed(error, AnswerHead::default()),
        };
        let head = AnswerHead::new(head, headers_start);
        match answer {
            Ok(Answer::Open { protocol, extensions }) => {
                // What came behind the answer, the stack's transport gives.
                let (outbox, rest) = (Outbox::default(), Vec::new());
                Outcome::Open(Accepted { head, protocol, extensions, seed, outbox, rest })
            }
            Ok(Answer::Refused { status, framing, .. }) => {
                let cut = framing != Framing::Length(0);
                let body = Read { bytes: Vec::new(), cut, delimited: false };
                Outcome::Refused(Response::new(head, status, false).with_body(body, false))
            }
            // Another one was to follow.
            Ok(Answer::Interim) => failed(HandshakeError::UnexpectedEnd, head),
            Err(error) => failed(error, head),
        }
    }
}

/// Requests may hold cookies and passwords, and are not shown.
impl fmt::Debug for HttpHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpHandshake")
            .field("request", &self.request)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
