//! What a server answers: the 101 that opens a connection, or any other status.
//!
//! ```text
//!   the buffer of a request, read:   ┌ head ─────────────────┬ room ──────────┐
//!   accept():                        │ head                  │ 101, its lines │     the head is still asked which subprotocols it offers
//!   open():                          │ 101, its lines, CR LF │                │     what the connection sends first
//! ```
//!
//! All that is written into these bytes was checked before: a [`Header`] can always be sent, and a
//! subprotocol is one that the client offered. So nothing in this file can fail, and every client
//! gets an answer.

use super::REPLY_ROOM;
use super::check::{Broken, Upgrade};
use super::kept::Head;
use super::reason::reason;
use super::replying::Replying;
use super::response::Response;
use crate::connection::{Config, Connection};
use crate::extensions::Extensions;
#[cfg(feature = "deflate")]
use crate::handshake::deflate_negotiation::push_extensions;
use crate::handshake::headers::{Header, Headers, push};
use crate::outbox::Outbox;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::mem;
use core::ops::Range;
use core::str;

/// The answer that opens a connection: a 101, RFC 6455 §4.2.2 point 5.
///
/// [`open`](Self::open) sends it and opens the connection. If an HTTP stack sends it, use
/// [`into_response`](Self::into_response) instead. `Debug` shows no values of the request's
/// headers.
///
/// ```
/// use sockless::handshake::Header;
/// use sockless::server::{Config, Request};
/// use sockless::Endpoint;
///
/// let headers = [
///     ("host", &b"a.example"[..]),
///     ("upgrade", b"websocket"),
///     ("connection", b"Upgrade"),
///     ("sec-websocket-version", b"13"),
///     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
///     ("sec-websocket-protocol", b"v1.chat, v2.chat"),
/// ];
/// let request = Request::from_parts("GET", "/", (1, 1), headers, &Config::default())?;
///
/// // What the server speaks, the preferred one first.
/// let accept = request.accept().protocol("v3.chat").protocol("v2.chat").protocol("v1.chat");
/// assert_eq!(accept.chosen(), Some("v2.chat"));
///
/// // The 101 leaves first; messages can be queued behind it at once.
/// let mut connection = accept.header(Header::new("Set-Cookie", "seen=1")?).open(sockless::Config::default());
/// connection.send_text("welcome")?;
/// assert!(connection.wants_write());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A server that requires a subprotocol refuses clients that offer none of those it knows:
///
/// ```
/// use sockless::server::{Replying, Request};
/// use sockless::{Config, Connection};
///
/// fn answer(request: Request) -> Result<Connection, Replying> {
///     let accept = request.accept().protocol("v2.chat").protocol("v1.chat");
///     match accept.chosen() {
///         Some(_) => Ok(accept.open(Config::default())),
///         None => Err(accept.reject(400).body("v2.chat or v1.chat, please\n").into_replying()),
///     }
/// }
/// #
/// # use sockless::{HandshakeError, Endpoint, server};
/// # let request = |protocol: &'static [u8]| {
/// #     let headers = [
/// #         ("host", &b"a.example"[..]),
/// #         ("upgrade", b"websocket"),
/// #         ("connection", b"Upgrade"),
/// #         ("sec-websocket-version", b"13"),
/// #         ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
/// #         ("sec-websocket-protocol", protocol),
/// #     ];
/// #     Request::from_parts("GET", "/", (1, 1), headers, &server::Config::default())
/// # };
/// # assert!(answer(request(b"v1.chat")?).is_ok());
/// # let mut replying = answer(request(b"v3.chat")?).unwrap_err();
/// # assert!(replying.transmit().pop().unwrap().starts_with(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 27\r\n"));
/// # Ok::<(), HandshakeError>(())
/// ```
#[must_use = "the client waits for an answer"]
pub struct Accept {
    /// The request's head, with the answer behind it.
    head: Head,
    upgrade: Upgrade,
    /// Where the answer begins.
    start: usize,
    /// Where the chosen subprotocol lies in the answer.
    chosen: Option<Range<usize>>,
}

/// An answer that does not open a connection, to a refused request or to a plain one.
///
/// The status is a final one, 200 to 599; any other is sent as 500. These headers are written by
/// themselves: `Content-Length` and `Connection: close`, and for a 426 `Upgrade: websocket` and
/// `Sec-WebSocket-Version: 13` (RFC 9110 §15.5.22). The body is left out for HEAD, 204, 205 and
/// 304.
///
/// Add the headers that depend on your application: `Allow` to a 405 (RFC 9110 §15.5.6),
/// `WWW-Authenticate` to a 401 (§15.5.2), and `Date` (§6.6.1) if you have a clock.
///
/// ```
/// use sockless::handshake::Header;
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::{Input, Endpoint};
///
/// let mut read = *b"HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n";
/// let Some(Incoming::Http(plain)) = Handshake::new(Config::default()).poll(&mut Input::new(&mut read)) else { panic!() };
/// let html = Header::new("Content-Type", "text/html")?;
/// let mut answer = plain.reply(200).header(html).body("<h1>Hello</h1>").into_replying();
/// assert_eq!(
///     answer.transmit().pop().as_deref(),
///     Some(&b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n"[..])
/// );
/// # Ok::<(), sockless::handshake::HeaderError>(())
/// ```
#[must_use = "the client waits for an answer"]
pub struct Reply {
    /// The request that it answers, for a log.
    head: Head,
    /// The status line and the headers so far.
    lines: Vec<u8>,
    body: Bytes,
    status: u16,
    broken: Option<Broken>,
}

impl Accept {
    pub(super) fn new(mut head: Head, upgrade: Upgrade) -> Self {
        let start = head.bytes.len();
        let accept = head.accept_key(&upgrade);
        for part in [SWITCHING.as_bytes(), accept.as_bytes(), b"\r\n"] {
            head.bytes.extend_from_slice(part);
        }
        Self { head, upgrade, start, chosen: None }
    }

    /// Chooses this subprotocol, if the client offered it and none was chosen before. Call it for
    /// each that the server speaks, the preferred one first. If none was chosen, the 101 names
    /// none, and the client may accept that or not. §4.2.2 point 5.5.
    pub fn protocol(mut self, protocol: &str) -> Self {
        if self.chosen.is_none()
            && self.head.protocols(&self.upgrade).any(|offered| offered == protocol)
        {
            push(&mut self.head.bytes, "Sec-WebSocket-Protocol", protocol);
            let end = self.head.bytes.len() - "\r\n".len();
            self.chosen = Some(end - protocol.len()..end);
        }
        self
    }

    /// Adds a header.
    pub fn header(mut self, header: Header<'_>) -> Self {
        header.push(&mut self.head.bytes);
        self
    }

    /// Declines compression for this connection. RFC 7692 §5.
    ///
    /// ```
    /// # use sockless::deflate::Policy;
    /// # use sockless::server::{Config, Request};
    /// # use sockless::{Extensions, HandshakeError, Endpoint};
    /// # let headers = [
    /// #     ("host", &b"a.example"[..]),
    /// #     ("upgrade", b"websocket"),
    /// #     ("connection", b"Upgrade"),
    /// #     ("sec-websocket-version", b"13"),
    /// #     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    /// #     ("sec-websocket-extensions", b"permessage-deflate"),
    /// # ];
    /// # let mut config = Config::default();
    /// # config.deflate = Some(Policy::default());
    /// # let request = Request::from_parts("GET", "/images", (1, 1), headers, &config)?;
    /// let mut accept = request.accept();
    /// assert!(accept.extensions().deflate.is_some());
    /// if accept.target() == "/images" {
    ///     accept = accept.without_deflate();
    /// }
    /// assert_eq!(accept.extensions(), Extensions::default());
    /// # Ok::<(), HandshakeError>(())
    /// ```
    #[cfg(feature = "deflate")]
    pub fn without_deflate(mut self) -> Self {
        self.upgrade.compression = None;
        self
    }

    /// Refuses the request after all: see [`Reply`]. What was added to the 101 is not in the new
    /// answer.
    pub fn reject(mut self, status: u16) -> Reply {
        self.head.bytes.truncate(self.start);
        Reply::new(status, self.head)
    }

    /// The target of the request: see [`Request::target`](super::Request::target).
    #[must_use]
    pub fn target(&self) -> &str {
        self.head.target()
    }

    /// The request's headers.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// The subprotocol that was chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<&str> {
        let chosen = self.head.bytes.get(self.chosen.clone()?)?;
        str::from_utf8(chosen).ok()
    }

    /// The extensions that are agreed on: those of the 101 and of the connection.
    #[must_use]
    pub fn extensions(&self) -> Extensions {
        self.upgrade.extensions()
    }

    /// Opens the connection, which sends the 101 before anything else. Frames that came right
    /// behind the request can be polled without another read: see
    /// [`wants_poll`](Connection::wants_poll).
    #[must_use = "the connection is open"]
    pub fn open(mut self, config: Config) -> Connection {
        let (extensions, rest) = (self.extensions(), mem::take(&mut self.head.rest));
        let outbox = Outbox::with_head(self.into_bytes());
        Connection::with_outbox(None, extensions, config, outbox).holding(rest)
    }

    /// The 101 for an HTTP stack to send, and the connection that follows it, which sends no 101 of
    /// its own. See [`Response`].
    pub fn into_response(mut self) -> Response {
        let (extensions, rest) = (self.extensions(), mem::take(&mut self.head.rest));
        Response::new(self.into_bytes(), extensions, rest)
    }

    /// The whole answer.
    fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.head.bytes;
        // §9.1: what is not answered is declined.
        #[cfg(feature = "deflate")]
        push_extensions(&mut bytes, self.upgrade.compression);
        bytes.extend_from_slice(b"\r\n");
        bytes.drain(..self.start);
        bytes
    }
}

impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Accept");
        self.head.show(&mut shown);
        shown.field("chosen", &self.chosen()).field("extensions", &self.extensions()).finish()
    }
}

impl Reply {
    pub(super) fn new(status: u16, head: Head) -> Self {
        let status = if (200..=599).contains(&status) { status } else { 500 };
        let mut lines = Vec::with_capacity(REPLY_ROOM);
        for part in ["HTTP/1.1 ", status.to_string().as_str(), " ", reason(status), "\r\n"] {
            lines.extend_from_slice(part.as_bytes());
        }
        Self { head, lines, body: Bytes::new(), status, broken: None }
    }

    /// The answer to a request that breaks a rule.
    pub(super) fn because(broken: Broken, head: Head) -> Self {
        let error = broken.error;
        let mut reject = Self::new(error.status(), head);
        reject.broken = Some(broken);
        // RFC 9110 §15.5.6: a 405 says what is allowed.
        if reject.status == 405 {
            push(&mut reject.lines, "Allow", "GET");
        }
        push(&mut reject.lines, "Content-Type", "text/plain; charset=utf-8");
        reject.body(format!("{error}\n"))
    }

    /// Adds a header.
    pub fn header(mut self, header: Header<'_>) -> Self {
        header.push(&mut self.lines);
        self
    }

    /// Sets the body. Add its `Content-Type` as a header. A large owned body is not copied.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The answer as an endpoint that sends it.
    pub fn into_replying(mut self) -> Replying {
        // RFC 9110 §8.6: with HEAD, the length is that of the body which GET would get. No 204 has
        // one, and a 304 need not.
        match self.status {
            204 | 304 => {}
            205 => push(&mut self.lines, "Content-Length", "0"),
            _ => push(&mut self.lines, "Content-Length", self.body.len().to_string()),
        }
        match self.status {
            // §4.2.2 point 4, §4.4.
            426 => self.lines.extend_from_slice(UPGRADE.as_bytes()),
            _ => push(&mut self.lines, "Connection", "close"),
        }
        self.lines.extend_from_slice(b"\r\n");
        let outbox = if self.has_content() {
            Outbox::with_answer(self.lines, self.body)
        } else {
            Outbox::with_head(self.lines)
        };
        // It is kept until the client has taken it, and nothing more is written behind it.
        self.head.bytes.shrink_to_fit();
        Replying::new(outbox, self.status, self.broken, self.head)
    }

    /// The head without the headers that frame the body and end the connection; and the body.
    #[cfg(feature = "http")]
    pub(super) fn into_unframed(mut self) -> (Vec<u8>, Bytes) {
        if self.status == 426 {
            self.lines.extend_from_slice(UPGRADE.as_bytes());
        }
        let body = if self.has_content() { self.body } else { Bytes::new() };
        (self.lines, body)
    }

    /// Whether the body is sent. RFC 9110 §9.3.2, §15.3.5, §15.3.6, §15.4.5.
    fn has_content(&self) -> bool {
        !matches!(self.status, 204 | 205 | 304) && self.head.method() != "HEAD"
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.broken.map(|broken| broken.error);
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("error", &error)
            .finish_non_exhaustive()
    }
}

/// Up to the value of its last header.
const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";

const UPGRADE: &str =
    "Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n";
