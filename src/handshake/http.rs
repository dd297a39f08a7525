//! Conversions from and to the types of the crate `http`, version 1, for hyper, axum, h2 and other
//! HTTP stacks that use them. Feature `http`.
//!
//! | a server has | and makes of it | by |
//! |---|---|---|
//! | `http::Request<B>` | [`server::Incoming`] | [`Incoming::from_http`] |
//! | `http::request::Parts` | the same | [`Incoming::from_http_parts`] |
//! | [`server::Response`], the 101 | `http::Response<()>` | [`Response::to_http`] |
//! | [`server::Reply`], any other answer | `http::Response<Bytes>` | [`Reply::into_http`] |
//! | [`server::Replying`], a refusal | the same | [`Replying::into_http`] |
//! | [`server::Request`], which we read | `http::Request<()>` | [`Request::to_http`] |
//! | [`server::Plain`], which we read | the same | [`Plain::to_http`] |
//!
//! | a client has | and makes of it | by |
//! |---|---|---|
//! | [`client::Request`] | `http::Request<()>` | [`HttpHandshake::request`] |
//! | the same, for a pooling stack | the same | [`HttpHandshake::absolute_request`] |
//! | `http::Response<B>` | [`client::Outcome`] | [`HttpHandshake::check`] |
//! | `http::response::Parts` | the same | [`HttpHandshake::check_parts`] |
//!
//! | both have | and make of it | by |
//! |---|---|---|
//! | [`Headers`] | `http::HeaderMap` | `HeaderMap::try_from` |
//! | a name and a value of a `HeaderMap` | [`Header`] | `Header::try_from` |
//! | [`HandshakeError`] | `http::StatusCode` | `StatusCode::from` |
//!
//! The conversions have no rules of their own. What comes from the stack is written as a head of
//! HTTP/1.1 and read like any other. So each rule of [`HandshakeError`] and each limit of a
//! `Config` holds as on a socket. The limit on bytes counts `name: value` CR LF for each header.
//!
//! # A whole upgrade
//!
//! ```
//! use bytes::Bytes;
//! use sockless::client::{self, HttpHandshake, Outcome};
//! use sockless::server::{self, Incoming};
//! use sockless::{Connection, Event, Input, Seed};
//!
//! /// A server's handler: the answer, and the connection behind it.
//! fn handle<B>(
//!     request: &http::Request<B>,
//! ) -> Result<(http::Response<Bytes>, Option<Connection>), http::Error> {
//!     match Incoming::from_http(request, &server::Config::default()) {
//!         Incoming::Upgrade(request) => {
//!             let response = request.accept().protocol("chat").into_response();
//!             let answer = response.to_http()?.map(|()| Bytes::new());
//!             // With hyper: in a task, on the transport of `hyper::upgrade::on(request).await`.
//!             Ok((answer, Some(response.open(sockless::Config::default()))))
//!         }
//!         Incoming::Http(plain) => Ok((plain.reply(404).body("no page\n").into_http()?, None)),
//!         Incoming::Failed(replying) => Ok((replying.into_http()?, None)),
//!     }
//! }
//!
//! let request = client::Request::new("ws://a.example/room?id=7")?.protocol("chat")?;
//! let handshake = HttpHandshake::new(request, Seed::new([7; 32]));
//!
//! // With hyper: `sender.send_request(handshake.request()?.map(|()| Empty::new())).await`.
//! let (answer, server) = handle(&handshake.request()?)?;
//! let Outcome::Open(accepted) = handshake.check(&answer) else { panic!() };
//! assert_eq!(accepted.protocol(), Some("chat"));
//!
//! let mut client = accepted.open(sockless::Config::default());
//! client.send_text("Hello")?;
//! let mut wire = Vec::new();
//! while let Some(bytes) = client.transmit().pop() {
//!     wire.extend_from_slice(&bytes);
//! }
//! let mut server = server.expect("a connection");
//! assert_eq!(server.poll(&mut Input::new(&mut wire)), Some(Event::Text("Hello".into())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which headers are converted
//!
//! - **A request or an answer that came from the stack**: all, and `Connection`, `Upgrade`,
//!   `Content-Length` and `Transfer-Encoding` too, because the rules are about them. No middleware
//!   may remove them before.
//! - **The request of a client**: all that the handshake sends, `Host` among them. There is no
//!   body, and no `Content-Length`.
//! - **The 101 of a server**: all that the handshake sends. It has neither `Content-Length` nor
//!   `Transfer-Encoding`, and the stack adds none.
//! - **Any other answer of a server**: all but `Content-Length` and the `close` of `Connection`.
//!   The stack frames the body and decides whether its connection ends. A 426 keeps `Upgrade`,
//!   `Connection: Upgrade` and `Sec-WebSocket-Version`.
//! - **A request that we read**: all, as they came. Of a plain one, `Content-Length` and
//!   `Transfer-Encoding` say how to read the body, which is still to come.
//! - **[`Headers`] to a `HeaderMap`**: all, as they came. Before you forward them, remove those
//!   that belong to one connection only (RFC 9110 §7.6.1).
//!
//! A `HeaderMap` has names in lower case and groups the values of a name, in their order; neither
//! means anything to HTTP. Values are bytes on both sides, ASCII or not.
//!
//! # What the types do not have
//!
//! - An `http::Uri` has no fragment: of a target such as `/a#b` the stack gives `/a`. The rule
//!   against it ([`HandshakeError::InvalidTarget`]) is seen to on a socket only.
//! - Reason phrases are not converted.
//!
//! # HTTP/2 and HTTP/3
//!
//! This is the handshake of HTTP/1.1. A request over another version has no `Upgrade` (RFC 9113
//! §8.2.2) and is [`Incoming::Http`](crate::server::Incoming::Http), so page loads pass. An
//! extended CONNECT (RFC 8441) is [`Incoming::Failed`](crate::server::Incoming::Failed), and so is
//! a request that has the `Upgrade` nonetheless: [`HandshakeError::UnsupportedHttp`], 505. A client
//! fails by the same error on an answer over another version. Have it speak HTTP/1.1 only, by ALPN.
//!
//! [`Incoming::from_http`]: crate::server::Incoming::from_http
//! [`Incoming::from_http_parts`]: crate::server::Incoming::from_http_parts
//! [`Response::to_http`]: crate::server::Response::to_http
//! [`Reply::into_http`]: crate::server::Reply::into_http
//! [`Replying::into_http`]: crate::server::Replying::into_http
//! [`Request::to_http`]: crate::server::Request::to_http
//! [`Plain::to_http`]: crate::server::Plain::to_http
//! [`HttpHandshake::request`]: crate::client::HttpHandshake::request
//! [`HttpHandshake::absolute_request`]: crate::client::HttpHandshake::absolute_request
//! [`HttpHandshake::check`]: crate::client::HttpHandshake::check
//! [`HttpHandshake::check_parts`]: crate::client::HttpHandshake::check_parts
//! [`client::Outcome`]: crate::client::Outcome
//! [`client::Request`]: crate::client::Request
//! [`server::Incoming`]: crate::server::Incoming
//! [`server::Plain`]: crate::server::Plain
//! [`server::Reply`]: crate::server::Reply
//! [`server::Replying`]: crate::server::Replying
//! [`server::Request`]: crate::server::Request
//! [`server::Response`]: crate::server::Response

use super::error::HandshakeError;
use super::headers::{Header, HeaderError, Headers, push};
use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use ::http::{StatusCode, Version};
use alloc::string::String;
use alloc::vec::Vec;
use core::str;

/// All headers, in their order; names become lower case.
///
/// ```
/// use http::header::{ACCEPT, HOST, HeaderMap};
/// use sockless::Input;
/// use sockless::server::{Config, Handshake, Incoming};
///
/// let mut read = *b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\naccept: */*\r\n\r\n";
/// let outcome = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
/// let Some(Incoming::Http(plain)) = outcome else { panic!("{outcome:?}") };
/// let headers = HeaderMap::try_from(plain.headers())?;
/// assert_eq!(headers.len(), 3);
/// assert_eq!(headers[HOST], "a");
/// assert!(headers.get_all(ACCEPT).iter().eq(["text/html", "*/*"]));
/// # Ok::<(), http::Error>(())
/// ```
///
/// # Errors
/// There are more names than a `HeaderMap` holds: 24,576.
impl TryFrom<Headers<'_>> for HeaderMap {
    type Error = ::http::Error;

    fn try_from(headers: Headers<'_>) -> Result<Self, Self::Error> {
        map_of(headers.iter())
    }
}

/// A header out of a `HeaderMap`, to be sent.
///
/// ```
/// use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
/// use sockless::client::Request;
/// use sockless::handshake::{Header, HeaderError};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer 123"));
/// let mut request = Request::new("ws://a.example")?;
/// for header in &headers {
///     request = request.header(Header::try_from(header)?);
/// }
///
/// // The handshake writes this one itself.
/// let host = HeaderValue::from_static("b.example");
/// assert_eq!(Header::try_from((&HOST, &host)), Err(HeaderError::Reserved));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As those of [`Header::new`]; [`HeaderError::NotUtf8`] for a value that is no text.
impl<'a> TryFrom<(&'a HeaderName, &'a HeaderValue)> for Header<'a> {
    type Error = HeaderError;

    fn try_from((name, value): (&'a HeaderName, &'a HeaderValue)) -> Result<Self, Self::Error> {
        let value = str::from_utf8(value.as_bytes()).map_err(|_| HeaderError::NotUtf8)?;
        Self::new(name.as_str(), value)
    }
}

/// [`HandshakeError::status`]: what a server answers.
///
/// ```
/// use http::StatusCode;
/// use sockless::HandshakeError;
///
/// assert_eq!(StatusCode::from(HandshakeError::MissingVersion), StatusCode::UPGRADE_REQUIRED);
/// ```
impl From<HandshakeError> for StatusCode {
    fn from(error: HandshakeError) -> Self {
        // All of the table are statuses.
        Self::from_u16(error.status()).unwrap_or(Self::INTERNAL_SERVER_ERROR)
    }
}

/// A map of these headers.
pub(super) fn map_of<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<HeaderMap, ::http::Error> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        // `append` panics when the map is full.
        map.try_append(HeaderName::try_from(name)?, HeaderValue::from_bytes(value)?)?;
    }
    Ok(map)
}

/// Writes a head: whole, or up to the header that goes beyond the limit.
pub(super) fn write_head(line: String, headers: &HeaderMap, max_head: u64) -> Vec<u8> {
    let max_head = usize::try_from(max_head).unwrap_or(usize::MAX);
    let lines = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + LINE);
    let whole = lines.sum::<usize>() + line.len() + END.len();
    let mut head = line.into_bytes();
    head.reserve_exact(whole.saturating_sub(head.len()).min(max_head));
    for (name, value) in headers {
        if head.len() > max_head {
            return head;
        }
        push(&mut head, name.as_str(), value);
    }
    head.extend_from_slice(END);
    head
}

/// As it stands in the first line of a head.
pub(super) fn version_text(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/2.0",
    }
}

/// What a header's line has beside its name and its value, in bytes.
const LINE: usize = ": \r\n".len();

/// The end of the line before it was written.
const END: &[u8] = b"\r\n";
