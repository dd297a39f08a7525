//! A request that was read: one to upgrade, or a plain one.
//!
//! Both own their head and nothing else: they can be kept while an authentication is awaited, or sent to another thread.

use super::check::{Asked, Upgrade};
use super::{Accept, Config, Handshake, Incoming, Reject};
use crate::agreement::Agreement;
#[cfg(feature = "deflate")]
use crate::deflate::Answer;
use crate::handshake::error::HandshakeError;
use crate::handshake::headers::{self, Headers, elements};
use crate::handshake::key::{AcceptKey, Key, accept_key};
use crate::input::Input;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str;

/// A request for a WebSocket that meets all of RFC 6455 §4.2.1, from an origin that is welcome.
///
/// ```
/// use sockless::handshake::Header;
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::Input;
///
/// let mut read = *b"GET /room?id=7 HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v2.chat, v1.chat\r\n\r\n";
/// let outcome = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
/// let Some(Incoming::Upgrade(request)) = outcome else { panic!("{outcome:?}") };
///
/// assert_eq!(request.target(), "/room?id=7");
/// assert_eq!(request.origin(), None);
/// assert_eq!(request.headers().text("host"), Some("a.example"));
/// assert!(request.protocols().eq(["v2.chat", "v1.chat"]));
///
/// // Who may not come in gets an answer too.
/// let rejected = request.reject(401).header(Header::new("WWW-Authenticate", "Bearer")?).into_rejected();
/// assert_eq!(rejected.status(), 401);
/// # Ok::<(), sockless::handshake::HeaderError>(())
/// ```
///
/// Whether to accept it may take a while to find out. Read nothing in that time, and keep what came behind the head: those are the first
/// frames.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Event, Input};
///
/// // The request and a masked "Hello" (RFC 6455 §5.7), in one read.
/// let mut read = *b"GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCookie: who=7\r\n\
///     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let mut input = Input::new(&mut read);
/// let outcome = Handshake::new(Config::default()).poll(&mut input);
/// let Some(Incoming::Upgrade(request)) = outcome else { panic!("{outcome:?}") };
/// let mut rest = input.into_rest().to_vec();
///
/// // The request and the rest are owned: they can wait in a task, or change threads.
/// let authenticated = std::thread::spawn(move || (request.headers().text("cookie") == Some("who=7"), request));
/// read.fill(0); // The scratch is free for others.
/// let (welcome, request) = authenticated.join().expect("an answer");
/// assert!(welcome);
///
/// let mut connection = request.accept().open(sockless::Config::default());
/// let mut input = Input::new(&mut rest);
/// assert_eq!(connection.poll_event(&mut input), Some(Event::Text("Hello".into())));
/// // Then read on.
/// ```
#[must_use = "the client waits for an answer"]
pub struct Request {
    head: Head,
    upgrade: Upgrade,
}

/// A plain HTTP request: one whose `Upgrade` lacks the token `websocket`.
///
/// Answer it with [`reply`](Self::reply), or hand [`into_head`](Self::into_head) and what is left in the [`Input`] on to an HTTP library: together
/// they are the bytes that came.
///
/// Nothing but the form of its lines was checked.
///
/// ```
/// use bytes::Buf;
/// use sockless::handshake::Header;
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Input, LifeCycle};
///
/// let mut read = *b"POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\na=b";
/// let mut input = Input::new(&mut read);
/// let Some(Incoming::Http(plain)) = Handshake::new(Config::default()).poll(&mut input) else { panic!() };
/// assert_eq!((plain.method(), plain.target()), ("POST", "/form"));
/// assert!(plain.head().ends_with(b"Content-Length: 3\r\n\r\n"));
/// assert_eq!(input.into_rest(), b"a=b");
///
/// let text = Header::new("Content-Type", "text/plain")?;
/// let mut answer = plain.reply(404).header(text).body("not here\n").into_rejected();
/// assert_eq!(
///     answer.transmit().chunk(),
///     b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot here\n"
/// );
/// # Ok::<(), sockless::handshake::HeaderError>(())
/// ```
#[must_use = "the client waits for an answer"]
pub struct Plain {
    head: Head,
}

impl Request {
    pub(super) fn new(bytes: Vec<u8>, asked: Asked, upgrade: Upgrade, max_discard: u32) -> Self {
        Self { head: Head { bytes, asked, max_discard }, upgrade }
    }

    /// Checks a request that an HTTP stack has read, by the same rules. `version` is that of HTTP, as (1, 1).
    ///
    /// Accept it there with [`accept_key`](Self::accept_key), and start a [`Connection`](crate::Connection::new) on what the
    /// stack gives after its answer; or accept it here, with the 101 in what the connection sends first.
    ///
    /// The limits on bytes and lines hold here too; a stack that hides its `Connection` or `Upgrade` headers has to give them.
    ///
    /// ```
    /// use sockless::server::{Config, Request};
    /// use sockless::{Agreement, Connection, HandshakeError, Role};
    ///
    /// let mut headers = vec![
    ///     ("host", &b"a.example"[..]),
    ///     ("upgrade", b"websocket"),
    ///     ("connection", b"Upgrade"),
    ///     ("sec-websocket-version", b"13"),
    ///     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    /// ];
    /// let request = Request::from_parts("GET", "/", (1, 1), headers.iter().copied(), &Config::default())?;
    /// assert_eq!(request.accept_key().as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    /// let connection = Connection::new(Role::Server, Agreement::default(), sockless::Config::default());
    /// # assert!(connection.is_open());
    ///
    /// headers.pop();
    /// let error = Request::from_parts("GET", "/", (1, 1), headers, &Config::default()).unwrap_err();
    /// assert_eq!((error, error.status()), (HandshakeError::MissingKey, 400));
    /// # Ok::<(), HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// The rule or the limit that the request breaks; [`HandshakeError::MissingUpgrade`] for a plain one.
    pub fn from_parts<'a>(
        method: &str,
        target: &str,
        version: (u8, u8),
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        config: &Config,
    ) -> Result<Self, HandshakeError> {
        if !headers::is_token(method.as_bytes())
            || target.is_empty()
            || target.bytes().any(|byte| byte == b' ' || headers::is_control(byte))
        {
            return Err(HandshakeError::MalformedStartLine);
        }
        let (major, minor) = version;
        if major != 1 {
            return Err(HandshakeError::UnsupportedHttp);
        }
        // A head is written and read like any other: there is one check.
        let mut head = format!("{method} {target} HTTP/1.{}\r\n", minor.min(1)).into_bytes();
        for (name, value) in headers {
            headers::check(name, value).map_err(|_| HandshakeError::MalformedHeader)?;
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
            if head.len() > config.max_head {
                return Err(HandshakeError::HeadTooLarge);
            }
        }
        head.extend_from_slice(b"\r\n");
        match Handshake::new(config.clone()).poll(&mut Input::new(&mut head)) {
            Some(Incoming::Upgrade(request)) => Ok(request),
            Some(Incoming::Http(_)) => Err(HandshakeError::MissingUpgrade),
            Some(Incoming::Failed(rejected)) => Err(rejected.error().unwrap_or(HandshakeError::MalformedHeader)),
            None => Err(HandshakeError::UnexpectedEnd),
        }
    }

    /// What is asked for: a path with perhaps a query, or an absolute URI of this host.
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// The headers.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// The site whose script opens the connection, if a browser does: what `Origin` says. §10.2.
    pub fn origin(&self) -> Option<&str> {
        self.headers().text("origin")
    }

    /// The subprotocols that the client offers, those it prefers first; at most 100. §4.2.1 point 8.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.head.protocols(&self.upgrade)
    }

    /// What accepting the request agrees on: what [`Connection::new`](crate::Connection::new) needs to know, for those who write the 101
    /// themselves.
    pub fn agreement(&self) -> Agreement {
        self.upgrade.agreement()
    }

    /// How the offer of compression is answered, for those who write the 101 themselves: shown, it is the value of `Sec-WebSocket-Extensions`.
    /// `None`: none was acceptable by [`Config::deflate`], and there is no such header in the answer. RFC 7692 §5.
    ///
    /// ```
    /// use sockless::deflate::Policy;
    /// use sockless::server::{Config, Request};
    /// use sockless::{Connection, Role};
    ///
    /// let headers = [
    ///     ("host", &b"a.example"[..]),
    ///     ("upgrade", b"websocket"),
    ///     ("connection", b"Upgrade"),
    ///     ("sec-websocket-version", b"13"),
    ///     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ///     ("sec-websocket-extensions", b"permessage-deflate; client_max_window_bits=10"),
    /// ];
    /// let mut config = Config::default();
    /// config.deflate = Some(Policy::default());
    /// let request = Request::from_parts("GET", "/", (1, 1), headers, &config)?;
    ///
    /// let answer = request.deflate().expect("it is accepted");
    /// assert_eq!(answer.to_string(), "permessage-deflate; client_max_window_bits=10");
    /// let connection = Connection::new(Role::Server, request.agreement(), sockless::Config::default());
    /// # assert!(connection.is_open());
    /// # Ok::<(), sockless::HandshakeError>(())
    /// ```
    #[cfg(feature = "deflate")]
    pub fn deflate(&self) -> Option<Answer> {
        self.upgrade.deflate
    }

    /// What proves to the client that its key was read, for those who write the 101 themselves. §4.2.2 point 5.4.
    pub fn accept_key(&self) -> AcceptKey {
        self.head.accept_key(&self.upgrade)
    }

    /// Lets the client in.
    pub fn accept(self) -> Accept {
        Accept::new(self.head, self.upgrade)
    }

    /// Turns the client away, with this status: see [`Reject`].
    pub fn reject(self, status: u16) -> Reject {
        self.head.reply(status)
    }
}

impl Plain {
    pub(super) fn new(bytes: Vec<u8>, asked: Asked, max_discard: u32) -> Self {
        Self { head: Head { bytes, asked, max_discard } }
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.head.method()
    }

    /// What is asked for, as it stands in the request line.
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// The headers.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// The bytes of the head, as they came, with the empty line at their end.
    pub fn head(&self) -> &[u8] {
        &self.head.bytes
    }

    /// The bytes of the head, owned.
    pub fn into_head(self) -> Vec<u8> {
        self.head.bytes
    }

    /// Answers, with this status: see [`Reject`].
    pub fn reply(self, status: u16) -> Reject {
        self.head.reply(status)
    }
}

/// A head and where its parts lie.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    asked: Asked,
    max_discard: u32,
}

impl Head {
    fn method(&self) -> &str {
        self.text(0, self.asked.method)
    }

    pub(super) fn target(&self) -> &str {
        // One space stands between the two.
        self.text(self.asked.method + 1, self.asked.target)
    }

    pub(super) fn headers(&self) -> Headers<'_> {
        Headers::new(self.bytes.get(self.asked.headers_start..).unwrap_or_default())
    }

    pub(super) fn protocols(&self, upgrade: &Upgrade) -> impl Iterator<Item = &str> {
        let lines = self.bytes.get(upgrade.protocols.clone()).unwrap_or_default();
        let lists = Headers::new(lines).get_all("sec-websocket-protocol");
        lists.flat_map(elements).filter_map(|protocol| str::from_utf8(protocol).ok())
    }

    pub(super) fn accept_key(&self, upgrade: &Upgrade) -> AcceptKey {
        // It was seen to be there.
        let key: Option<&[u8; Key::LEN]> = self.bytes.get(upgrade.key..).and_then(<[u8]>::first_chunk);
        accept_key(key.copied().unwrap_or_default())
    }

    pub(super) fn reply(self, status: u16) -> Reject {
        Reject::new(status, self.bytes, self.max_discard)
    }

    fn text(&self, start: usize, len: usize) -> &str {
        self.bytes.get(start..start + len).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (target, headers, agreement) = (self.target(), self.headers(), self.agreement());
        f.debug_struct("Request").field("target", &target).field("headers", &headers).field("agreement", &agreement).finish()
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, target) = (self.method(), self.target());
        f.debug_struct("Plain").field("method", &method).field("target", &target).field("headers", &self.headers()).finish()
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.bytes))
    }
}
