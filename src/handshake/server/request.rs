//! A request that was read: one to upgrade, or a plain one.
//!
//! Both own their head and what came behind it, so they can be kept during an authentication, or
//! sent to another thread.

use super::check::Upgrade;
use super::kept::Head;
use super::{Accept, Config, Handshake, Incoming, Reply};
#[cfg(feature = "deflate")]
use crate::deflate::Answer;
use crate::extensions::Extensions;
use crate::handshake::error::HandshakeError;
use crate::handshake::fields;
use crate::handshake::fields::elements;
use crate::handshake::headers::{self, Headers};
use crate::handshake::key::{AcceptKey, Key, accept_key};
use crate::input::Input;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::str;

/// A request for a WebSocket that meets all of RFC 6455 §4.2.1, from an origin that the policy
/// allows.
///
/// `Debug` shows the method, the target and the names of the headers, but not their values.
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
/// assert_eq!((request.authority(), request.target()), ("a.example", "/room?id=7"));
/// assert_eq!(request.origin(), None);
/// assert_eq!(request.headers().text("upgrade"), Some("websocket"));
/// assert!(request.protocols().eq(["v2.chat", "v1.chat"]));
///
/// // A client that is not let in gets an answer too.
/// let replying = request.reject(401).header(Header::new("WWW-Authenticate", "Bearer")?).into_replying();
/// assert_eq!(replying.status(), 401);
/// # Ok::<(), sockless::handshake::HeaderError>(())
/// ```
///
/// You may keep the request while you find out whether to accept it. Do not read from the transport
/// in that time. The first frames, if they came behind the head, are kept in the request.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Event, Input};
///
/// // The request and a masked "Hello" (RFC 6455 §5.7), in one read.
/// let mut read = *b"GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\
///     Connection: Upgrade\r\nCookie: who=7\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
///     \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let outcome = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
/// let Some(Incoming::Upgrade(request)) = outcome else { panic!("{outcome:?}") };
///
/// // It can wait in a task, or change threads.
/// let authenticated = std::thread::spawn(move || {
///     (request.headers().text("cookie") == Some("who=7"), request)
/// });
/// let (welcome, request) = authenticated.join().expect("an answer");
/// assert!(welcome);
///
/// let mut connection = request.accept().open(sockless::Config::default());
/// assert!(connection.wants_poll());
/// assert_eq!(connection.poll(&mut Input::empty()), Some(Event::Text("Hello".into())));
/// // Then read on.
/// ```
#[must_use = "the client waits for an answer"]
pub struct Request {
    head: Head,
    upgrade: Upgrade,
}

/// A plain HTTP request: one whose `Upgrade` lacks the token `websocket`.
///
/// Answer it with [`reply`](Self::reply), or pass [`into_bytes`](Self::into_bytes) to an HTTP
/// library. These are the bytes as they came, without an empty line in front of the request line
/// (RFC 9112 §2.2).
///
/// Only the form of its lines was checked.
///
/// ```
/// use sockless::handshake::Header;
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::Input;
///
/// let mut read = *b"POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\na=b";
/// let mut input = Input::new(&mut read);
/// let Some(Incoming::Http(plain)) = Handshake::new(Config::default()).poll(&mut input) else { panic!() };
/// assert_eq!((plain.method(), plain.target()), ("POST", "/form"));
/// assert!(plain.head().ends_with(b"Content-Length: 3\r\n\r\n"));
/// assert_eq!((plain.rest(), input.is_empty()), (&b"a=b"[..], true));
///
/// let text = Header::new("Content-Type", "text/plain")?;
/// let mut answer = plain.reply(404).header(text).body("not here\n").into_replying();
/// assert_eq!(
///     answer.transmit().pop().as_deref(),
///     Some(&b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot here\n"[..])
/// );
/// # Ok::<(), sockless::handshake::HeaderError>(())
/// ```
#[must_use = "the client waits for an answer"]
pub struct Plain {
    head: Head,
}

impl Request {
    pub(super) fn new(head: Head, upgrade: Upgrade) -> Self {
        Self { head, upgrade }
    }

    /// Checks a request that an HTTP stack has read, by the rules of
    /// [`Handshake`](super::Handshake). `version` is the version of HTTP, (1, 1) for HTTP/1.1.
    ///
    /// Accept it, and let the stack send the answer: see [`Accept::into_response`]. If the stack
    /// gives you the transport before it has sent an answer, [`Accept::open`] sends the 101 itself.
    ///
    /// The limits on bytes and lines of `config` hold too. `headers` must include `Connection` and
    /// `Upgrade`, which some stacks hide.
    ///
    /// ```
    /// use sockless::server::{Config, Request};
    /// use sockless::HandshakeError;
    ///
    /// let mut headers = vec![
    ///     ("host", &b"a.example"[..]),
    ///     ("upgrade", b"websocket"),
    ///     ("connection", b"Upgrade"),
    ///     ("sec-websocket-version", b"13"),
    ///     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    /// ];
    /// let request = Request::from_parts("GET", "/", (1, 1), headers.iter().copied(), &Config::default())?;
    /// let response = request.accept().into_response();
    /// assert_eq!(response.headers().text("connection"), Some("Upgrade"));
    ///
    /// headers.pop();
    /// let error = Request::from_parts("GET", "/", (1, 1), headers, &Config::default()).unwrap_err();
    /// assert_eq!((error, error.status()), (HandshakeError::MissingKey, 400));
    /// # Ok::<(), HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// The rule or the limit that the request breaks; [`HandshakeError::MissingUpgrade`] for a
    /// plain request. [`OriginPolicy::check`](super::OriginPolicy::check) tells why an origin is
    /// refused.
    pub fn from_parts<'a>(
        method: &str,
        target: &str,
        version: (u8, u8),
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        config: &Config,
    ) -> Result<Self, HandshakeError> {
        if !fields::is_token(method.as_bytes())
            || target.is_empty()
            || target.bytes().any(|byte| byte == b' ' || fields::is_control(byte))
        {
            return Err(HandshakeError::MalformedStartLine);
        }
        let (1, minor @ 0..=1) = version else {
            return Err(HandshakeError::UnsupportedHttp);
        };
        // The parts are written as a head and read as any other, so that there is one check.
        let mut head = format!("{method} {target} HTTP/1.{minor}\r\n").into_bytes();
        for (name, value) in headers {
            headers::check(name, value).map_err(|_| HandshakeError::MalformedHeader)?;
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
            if head.len() as u64 > config.max_head {
                return Err(HandshakeError::HeadTooLarge);
            }
        }
        head.extend_from_slice(b"\r\n");
        match Handshake::new(config.clone()).poll(&mut Input::new(&mut head)) {
            Some(Incoming::Upgrade(request)) => Ok(request),
            Some(Incoming::Http(_)) => Err(HandshakeError::MissingUpgrade),
            Some(Incoming::Failed(replying)) => {
                Err(replying.error().unwrap_or(HandshakeError::MalformedHeader))
            }
            None => Err(HandshakeError::UnexpectedEnd),
        }
    }

    /// The method: `GET`, the only one that opens a WebSocket over HTTP/1.1.
    #[must_use]
    pub fn method(&self) -> &str {
        self.head.method()
    }

    /// The resource that is asked for: a path, which begins with `/`, and the query, if there is
    /// one. RFC 6455 §3, `/resource name/`. A target in absolute form is split into this and the
    /// [`authority`](Self::authority).
    #[must_use]
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// The host that is asked, and the port if one is named. RFC 9112 §3.3. `Origin` was compared
    /// with it. It is the value of `Host`, and empty if that is. The authority of a target in
    /// absolute form overrides `Host` (§3.2.2), also in the [`headers`](Self::headers).
    ///
    /// ```
    /// use sockless::server::{Config, Request};
    ///
    /// let headers = [
    ///     ("host", &b"b.example"[..]),
    ///     ("upgrade", b"websocket"),
    ///     ("connection", b"Upgrade"),
    ///     ("sec-websocket-version", b"13"),
    ///     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    /// ];
    /// let target = "wss://a.example:8443/chat?room=7";
    /// let request = Request::from_parts("GET", target, (1, 1), headers, &Config::default())?;
    /// assert_eq!((request.authority(), request.target()), ("a.example:8443", "/chat?room=7"));
    /// assert_eq!(request.headers().text("host"), Some("a.example:8443"));
    /// # Ok::<(), sockless::HandshakeError>(())
    /// ```
    #[must_use]
    pub fn authority(&self) -> &str {
        self.headers().text("host").unwrap_or_default()
    }

    /// The headers as they came. The exception is `Host`, if the target was in absolute form: see
    /// [`authority`](Self::authority).
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// The value of `Origin`: the site whose script opens the connection. Browsers always send it.
    /// §10.2.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.headers().text("origin")
    }

    /// The subprotocols that the client offers, the preferred ones first; at most 100. §4.2.1 point
    /// 8.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.head.protocols(&self.upgrade)
    }

    /// The extensions that are agreed on if the request is accepted. [`Accept`] passes them to its
    /// connection by itself.
    #[must_use]
    pub fn extensions(&self) -> Extensions {
        self.upgrade.extensions()
    }

    /// The answer to the offers of compression. RFC 7692 §5. Its `Display` is the value of
    /// `Sec-WebSocket-Extensions` in the 101. `None`: no offer was acceptable by
    /// [`Config::deflate`], and the 101 has no such header.
    ///
    /// ```
    /// use sockless::deflate::Policy;
    /// use sockless::server::{Config, Request};
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
    /// assert_eq!(request.extensions(), answer.extensions());
    /// # Ok::<(), sockless::HandshakeError>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(&self) -> Option<Answer> {
        self.upgrade.compression
    }

    /// The value of `Sec-WebSocket-Accept` in the 101, which proves to the client that its key was
    /// read. §4.2.2 point 5.4.
    #[must_use]
    pub fn accept_key(&self) -> AcceptKey {
        self.head.accept_key(&self.upgrade)
    }

    pub(super) fn push_rest(&mut self, rest: &[u8]) {
        self.head.rest.extend_from_slice(rest);
    }

    /// Accepts the request, with a 101.
    pub fn accept(self) -> Accept {
        Accept::new(self.head, self.upgrade)
    }

    /// Refuses the request, with this status: see [`Reply`].
    pub fn reject(self, status: u16) -> Reply {
        Reply::new(status, self.head)
    }
}

impl Plain {
    pub(super) fn new(head: Head) -> Self {
        Self { head }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.head.method()
    }

    /// The target, as it stands in the request line.
    #[must_use]
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// The bytes of the head as they came, with the empty line at the end.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head.bytes
    }

    /// The bytes of the head, owned.
    #[must_use]
    pub fn into_head(self) -> Vec<u8> {
        self.head.bytes
    }

    /// What came right behind the head: the beginning of the body, or all of it.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.head.rest
    }

    /// The bytes of the head and what came behind it, owned, for an HTTP library that takes over.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.head.bytes;
        bytes.extend_from_slice(&self.head.rest);
        bytes
    }

    pub(super) fn push_rest(&mut self, rest: &[u8]) {
        self.head.rest.extend_from_slice(rest);
    }

    /// Answers with this status: see [`Reply`].
    pub fn reply(self, status: u16) -> Reply {
        Reply::new(status, self.head)
    }
}

impl Head {
    pub(super) fn protocols(&self, upgrade: &Upgrade) -> impl Iterator<Item = &str> {
        let lines = self.bytes.get(upgrade.protocols.clone()).unwrap_or_default();
        let lists = Headers::new(lines).get_all("sec-websocket-protocol");
        lists.flat_map(elements).filter_map(|protocol| str::from_utf8(protocol).ok())
    }

    pub(super) fn accept_key(&self, upgrade: &Upgrade) -> AcceptKey {
        // The handshake has checked that it is there.
        let key: Option<&[u8; Key::LEN]> =
            self.bytes.get(upgrade.key..).and_then(<[u8]>::first_chunk);
        accept_key(key.copied().unwrap_or_default())
    }
}

/// Shows the method, the target and the names of the headers. Their values may be secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Request");
        self.head.show(&mut shown);
        shown.field("extensions", &self.extensions()).finish()
    }
}

/// Shows the method, the target and the names of the headers. Their values may be secrets.
impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Plain");
        self.head.show(&mut shown);
        shown.finish()
    }
}
