//! The request that a client sends, RFC 6455 §4.1.
//!
//! What the caller adds was checked before, or is when it is added: no name, value, subprotocol or address holds CR, LF or NUL, and what the handshake
//! writes itself is written once.

use super::url::{Url, UrlError};
#[cfg(feature = "deflate")]
use crate::deflate::Offer;
#[cfg(feature = "deflate")]
use crate::handshake::deflate::push_extensions;
use crate::handshake::headers::{self, Header, HeaderError, elements, push};
use crate::handshake::key::Key;
use alloc::string::String;
use alloc::vec::Vec;

/// What is asked for, of whom, with which headers.
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
/// assert_eq!((request.host(), request.port(), request.secure()), ("chat.example", 8443, true));
/// assert_eq!((request.authority(), request.target()), ("chat.example:8443", "/room?id=7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    url: Url,
    origin: Option<String>,
    offered: Offered,
    /// The other headers.
    lines: Vec<u8>,
}

/// What an answer may choose from.
#[derive(Clone, Debug, Default)]
pub(super) struct Offered {
    /// The subprotocols, as a list.
    pub(super) protocols: String,
    /// The ways to compress.
    #[cfg(feature = "deflate")]
    pub(super) deflate: Vec<Offer>,
}

impl Request {
    /// A request to an address: `ws://` or `wss://`, a host, perhaps a port, a path and a query. §3.
    ///
    /// # Errors
    /// It is not such an address; it has a fragment or user information; or it holds what is to be percent-encoded.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        Url::parse(url).map(|url| Self { url, origin: None, offered: Offered::default(), lines: Vec::new() })
    }

    /// Offers a subprotocol; call it for each, the preferred one first. §4.1 point 10.
    ///
    /// # Errors
    /// It is not a token, or was offered before.
    pub fn protocol(mut self, protocol: &str) -> Result<Self, HeaderError> {
        if !headers::is_token(protocol.as_bytes()) {
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

    /// Offers compression; call it for each way to do it, the preferred one first. RFC 7692 §5. Unless it is called, none is offered.
    ///
    /// ```
    /// use sockless::Seed;
    /// use sockless::client::{Handshake, Request, UrlError};
    /// use sockless::deflate::{Offer, WindowBits};
    /// use sockless::LifeCycle;
    ///
    /// // §7.1.3: a small window for the server if it can have one, else without.
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
    pub fn deflate(mut self, offer: Offer) -> Self {
        self.offered.deflate.push(offer);
        self
    }

    /// Says which site the request comes from, as a browser would. §4.1 point 8. The last call counts.
    ///
    /// # Errors
    /// It holds a control character.
    pub fn origin(mut self, origin: &str) -> Result<Self, HeaderError> {
        headers::check("Origin", origin.as_bytes())?;
        self.origin = Some(origin.into());
        Ok(self)
    }

    /// Adds a header.
    pub fn header(mut self, header: Header<'_>) -> Self {
        header.push(&mut self.lines);
        self
    }

    /// Whether the transport has to be TLS: `wss://`.
    pub fn secure(&self) -> bool {
        self.url.secure
    }

    /// The host to connect to: a name in lower case, or an address. An IPv6 address is without its brackets.
    pub fn host(&self) -> &str {
        &self.url.host
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.url.port
    }

    /// What goes into `Host`: the host, and the port if it is not the scheme's default.
    pub fn authority(&self) -> &str {
        &self.url.authority
    }

    /// The path and the query. §3.
    pub fn target(&self) -> &str {
        &self.url.target
    }

    /// The bytes to send. §4.1.
    pub(super) fn to_head(&self, key: &Key) -> Vec<u8> {
        let mut head =
            Vec::with_capacity(FIXED + self.url.target.len() + self.url.authority.len() + self.offered.protocols.len() + self.lines.len());
        for part in ["GET ", &self.url.target, " HTTP/1.1\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        push(&mut head, "Host", &self.url.authority);
        push(&mut head, "Upgrade", "websocket");
        push(&mut head, "Connection", "Upgrade");
        push(&mut head, "Sec-WebSocket-Version", "13");
        push(&mut head, "Sec-WebSocket-Key", key.as_str());
        if let Some(origin) = &self.origin {
            push(&mut head, "Origin", origin);
        }
        if !self.offered.protocols.is_empty() {
            push(&mut head, "Sec-WebSocket-Protocol", &self.offered.protocols);
        }
        #[cfg(feature = "deflate")]
        push_extensions(&mut head, &self.offered.deflate);
        head.extend_from_slice(&self.lines);
        head.extend_from_slice(b"\r\n");
        head
    }

    /// What the answer is checked against.
    pub(super) fn into_offered(self) -> Offered {
        self.offered
    }
}

/// About what a head has beside what the caller says, in bytes.
const FIXED: usize = 192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_in_full() {
        let request = Request::new("ws://[::1]:9001/a?b").unwrap();
        let request = request.protocol("x").unwrap().protocol("y").unwrap().origin("http://b.example").unwrap();
        let request = request.header(Header::new("User-Agent", "test/1").unwrap());
        assert_eq!(
            String::from_utf8(request.to_head(&Key::new(*b"the sample nonce"))).unwrap(),
            "GET /a?b HTTP/1.1\r\nHost: [::1]:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://b.example\r\nSec-WebSocket-Protocol: x, y\r\nUser-Agent: test/1\r\n\r\n"
        );
    }

    #[test]
    fn what_cannot_be_added() {
        let request = || Request::new("ws://a.example").unwrap();
        for protocol in ["", "a b", "a,b", "a\r\nb", "ä"] {
            assert_eq!(request().protocol(protocol).unwrap_err(), HeaderError::Name, "{protocol:?}");
        }
        assert_eq!(request().protocol("a").unwrap().protocol("a").unwrap_err(), HeaderError::Repeated);
        assert!(request().protocol("a").unwrap().protocol("A").is_ok());
        assert_eq!(request().origin("http://a.example\r\nX: y").unwrap_err(), HeaderError::Value);
    }
}
