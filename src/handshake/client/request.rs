//! The request that a client sends, RFC 6455 §4.1.
//!
//! ```text
//!   new():         │ GET /chat HTTP/1.1, Host: a.example:8080, ... │   room    │     asked for the target and the host until the key is there
//!   into_head():   │ GET /chat HTTP/1.1, Host: a.example:8080, ... │ key, others, CR LF │                                       what is sent
//! ```
//!
//! What the caller adds is checked when it is added, or was before: no name, value, subprotocol or
//! address has a CR, LF or NUL. Headers that the handshake writes itself are written once.

use super::url::{Url, UrlError, push_target};
#[cfg(feature = "deflate")]
use crate::deflate::Offer;
#[cfg(feature = "deflate")]
use crate::handshake::deflate_negotiation::push_extensions;
use crate::handshake::fields::{elements, is_token};
use crate::handshake::headers::{self, Header, HeaderError, Headers, push};
use crate::handshake::key::Key;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::str;

/// A request to open a WebSocket: the address, what is offered, and other headers.
///
/// `Debug` shows the lengths of header values instead of the values, and how many subprotocols and
/// extensions are offered.
///
/// ```
/// use sockless::client::Request;
/// use sockless::handshake::Header;
///
/// let request = Request::new("wss://chat.example:8443/room?id=7")?
///     .protocol("v2.chat")?
///     .protocol("v1.chat")?
///     .header(Header::new("Authorization", "Bearer 123")?);
///
/// // Where to connect to, and whether with TLS.
/// assert_eq!((request.host(), request.port(), request.is_secure()), ("chat.example", 8443, true));
/// assert_eq!((request.authority(), request.target()), ("chat.example:8443", "/room?id=7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Request {
    /// The part of the head that the address decides.
    head: Vec<u8>,
    /// Where in it the path and the query lie.
    target: Range<usize>,
    /// Where in it the host and the port lie.
    authority: Range<usize>,
    /// Where in it the host lies, without the brackets of an IPv6 address.
    host: Range<usize>,
    port: u16,
    secure: bool,
    origin: Option<String>,
    offered: Offered,
    /// The other headers.
    lines: Vec<u8>,
}

/// What the server may choose from.
#[derive(Clone, Default)]
pub(super) struct Offered {
    /// The subprotocols, as a list.
    pub(super) protocols: String,
    /// The ways to compress.
    #[cfg(feature = "deflate")]
    pub(super) compression: Vec<Offer>,
}

impl Request {
    /// A request to an address: `ws://` or `wss://` and a host; a port, a path and a query are
    /// optional. §3.
    ///
    /// A path and a query are sent as a browser sends them, percent-encoded where the URL standard
    /// says so: what is not ASCII, spaces, `"`, `<`, `>`; in a path also ``^`{}``, in a query also
    /// `'`. `[`, `]`, `|` and a `%` without digits stay as they are, and so do `.` and `..`; `\` in
    /// a path becomes `/`.
    ///
    /// ```
    /// use sockless::client::{Request, UrlError};
    ///
    /// let request = Request::new("ws://a.example/päth/{x}?ids[]=1&q=100%")?;
    /// assert_eq!(request.target(), "/p%C3%A4th/%7Bx%7D?ids[]=1&q=100%");
    /// # Ok::<(), UrlError>(())
    /// ```
    ///
    /// # Errors
    /// It is not such an address, its host is not ASCII, it has a fragment or user information, it
    /// contains a tab or a line break, or it ends in a space or a control character.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        let Url { secure, host, port, digits, target } = Url::parse(url)?;
        let colon = if digits.is_empty() { "" } else { ":" };
        let mut head = Vec::with_capacity(FIXED + url.len());
        head.extend_from_slice(b"GET ");
        let start = head.len();
        if !target.starts_with(b"/") {
            head.push(b'/');
        }
        push_target(&mut head, target);
        let target = start..head.len();
        head.extend_from_slice(b" HTTP/1.1\r\nHost: ");
        let authority = append(&mut head, [host, colon.as_bytes(), digits]);
        head.extend_from_slice(b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
        head.get_mut(authority.clone()).unwrap_or_default().make_ascii_lowercase();
        let brackets = usize::from(host.starts_with(b"["));
        let host = authority.start + brackets..authority.start + host.len() - brackets;
        Ok(Self {
            head,
            target,
            authority,
            host,
            port,
            secure,
            origin: None,
            offered: Offered::default(),
            lines: Vec::new(),
        })
    }

    /// Offers a subprotocol. Call it for each, the preferred one first. §4.1 point 10.
    ///
    /// # Errors
    /// It is not a token, or was offered before.
    pub fn protocol(mut self, protocol: &str) -> Result<Self, HeaderError> {
        if !is_token(protocol.as_bytes()) {
            return Err(HeaderError::Name);
        }
        let protocols = &mut self.offered.protocols;
        if elements(protocols.as_bytes()).any(|other| other == protocol.as_bytes()) {
            return Err(HeaderError::Repeated);
        }
        for part in [if protocols.is_empty() { "" } else { ", " }, protocol] {
            protocols.push_str(part);
        }
        Ok(self)
    }

    /// Offers compression. RFC 7692 §5. Call it for each alternative, the preferred one first.
    /// Default: none is offered.
    ///
    /// ```
    /// use sockless::Seed;
    /// use sockless::client::{Handshake, Request, UrlError};
    /// use sockless::deflate::{Offer, WindowBits};
    /// use sockless::Endpoint;
    ///
    /// // §7.1.3: a small window for the server if it accepts that, or else any.
    /// let mut small = Offer::default();
    /// small.server_max_window_bits = WindowBits::new(10);
    /// let request = Request::new("ws://a.example")?.deflate(small).deflate(Offer::default());
    ///
    /// let mut handshake = Handshake::new(request, Seed::new([7; 32]));
    /// let sent = handshake.transmit().pop().expect("the request");
    /// let line = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_max_window_bits, \
    ///     permessage-deflate; client_max_window_bits\r\n";
    /// assert!(std::str::from_utf8(&sent).expect("ASCII").contains(line));
    /// # Ok::<(), UrlError>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(mut self, offer: Offer) -> Self {
        self.offered.compression.push(offer);
        self
    }

    /// Sets `Origin`, the site that the request comes from, as browsers do. §4.1 point 8. The last
    /// call counts.
    ///
    /// # Errors
    /// It holds a control character.
    pub fn origin(mut self, origin: &str) -> Result<Self, HeaderError> {
        headers::check("Origin", origin.as_bytes())?;
        self.origin = Some(origin.into());
        Ok(self)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, header: Header<'_>) -> Self {
        header.push(&mut self.lines);
        self
    }

    /// Whether the transport has to be TLS, for `wss://`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host to connect to: a name in lower case, or an IP address. An IPv6 address has no
    /// brackets here.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text(&self.host)
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of `Host`: the host, and the port if it is not the default one of the scheme.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text(&self.authority)
    }

    /// The path and the query. §3.
    #[must_use]
    pub fn target(&self) -> &str {
        self.text(&self.target)
    }

    fn text(&self, place: &Range<usize>) -> &str {
        self.head.get(place.clone()).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// The bytes to send, and what the answer is checked against. §4.1.
    pub(super) fn into_head(self, key: &Key) -> (Vec<u8>, Offered) {
        let Self { mut head, origin, offered, lines, .. } = self;
        head.extend_from_slice(key.as_bytes());
        head.extend_from_slice(b"\r\n");
        if let Some(origin) = origin {
            push(&mut head, "Origin", origin);
        }
        if !offered.protocols.is_empty() {
            push(&mut head, "Sec-WebSocket-Protocol", &offered.protocols);
        }
        #[cfg(feature = "deflate")]
        push_extensions(&mut head, &offered.compression);
        head.extend_from_slice(&lines);
        head.extend_from_slice(b"\r\n");
        (head, offered)
    }
}

/// Appends these parts: where they lie together.
fn append<const N: usize>(head: &mut Vec<u8>, parts: [&[u8]; N]) -> Range<usize> {
    let start = head.len();
    for part in parts {
        head.extend_from_slice(part);
    }
    start..head.len()
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Request");
        shown
            .field("secure", &self.secure)
            .field("authority", &self.authority())
            .field("target", &self.target())
            .field("origin", &self.origin.as_ref().map(String::len))
            .field("protocols", &elements(self.offered.protocols.as_bytes()).count());
        #[cfg(feature = "deflate")]
        shown.field("deflate", &self.offered.compression);
        shown.field("headers", &Headers::new(&self.lines)).finish()
    }
}

/// What a head has beside the address, with a little room for what the caller adds, in bytes.
const FIXED: usize = 192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, secure, host, port, authority, target) in [
            ("ws://a.example", false, "a.example", 80, "a.example", "/"),
            ("wss://a.example", true, "a.example", 443, "a.example", "/"),
            ("WSS://A.Example:443/Chat", true, "a.example", 443, "a.example", "/Chat"),
            ("ws://a.example:443/", false, "a.example", 443, "a.example:443", "/"),
            ("ws://a.example:/?a=b&c=%20/?", false, "a.example", 80, "a.example", "/?a=b&c=%20/?"),
            ("ws://a.example?a", false, "a.example", 80, "a.example", "/?a"),
            ("ws://[::1]:9001/x", false, "::1", 9001, "[::1]:9001", "/x"),
            ("ws://[2001:DB8::1]", false, "2001:db8::1", 80, "[2001:db8::1]", "/"),
            ("wss://a.example:080/", true, "a.example", 80, "a.example:80", "/"),
            (
                "ws://my_host.a-b.example./x",
                false,
                "my_host.a-b.example.",
                80,
                "my_host.a-b.example.",
                "/x",
            ),
            ("ws://a..b", false, "a..b", 80, "a..b", "/"),
            ("ws://a.example?ids[]=\"1\"", false, "a.example", 80, "a.example", "/?ids[]=%221%22"),
            (
                "ws://127.0.0.1:65535//x@y:z",
                false,
                "127.0.0.1",
                65535,
                "127.0.0.1:65535",
                "//x@y:z",
            ),
        ] {
            let request = Request::new(text).unwrap();
            assert_eq!(
                (request.is_secure(), request.host(), request.port()),
                (secure, host, port),
                "{text}"
            );
            assert_eq!((request.authority(), request.target()), (authority, target), "{text}");
        }
    }

    #[test]
    fn the_head_in_full() {
        let request = Request::new("ws://[::1]:9001/a?b").unwrap();
        let request = request
            .protocol("x")
            .unwrap()
            .protocol("y")
            .unwrap()
            .origin("http://b.example")
            .unwrap();
        let request = request.header(Header::new("User-Agent", "test/1").unwrap());
        assert_eq!(
            String::from_utf8(request.into_head(&Key::new(*b"the sample nonce")).0).unwrap(),
            "GET /a?b HTTP/1.1\r\nHost: [::1]:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://b.example\r\nSec-WebSocket-Protocol: x, y\r\nUser-Agent: test/1\r\n\r\n"
        );
    }

    #[test]
    fn what_cannot_be_added() {
        let request = || Request::new("ws://a.example").unwrap();
        for protocol in ["", "a b", "a,b", "a\r\nb", "ä"] {
            assert_eq!(
                request().protocol(protocol).unwrap_err(),
                HeaderError::Name,
                "{protocol:?}"
            );
        }
        assert_eq!(
            request().protocol("a").unwrap().protocol("a").unwrap_err(),
            HeaderError::Repeated
        );
        assert!(request().protocol("a").unwrap().protocol("A").is_ok());
        assert_eq!(request().origin("http://a.example\r\nX: y").unwrap_err(), HeaderError::Value);
    }
}
