//! Conversions of requests and answers from and to the types of the crate `http`: see
//! [`crate::handshake::http`].
//!
//! ```text
//!   http::Request, written as a head, to the Handshake:
//!       ├─► Upgrade(Request) ── accept() ─► Response ── to_http() ──► http::Response<()>
//!       ├─► Http(Plain) ──────── reply() ─► Reply ───── into_http() ► http::Response<Bytes>
//!       └─► Failed(Replying) ────────────────────────── into_http() ► http::Response<Bytes>
//! ```

use super::{Config, Handshake, Incoming, Plain, Reply, Replying, Request, Response};
use crate::handshake::error::HandshakeError;
use crate::handshake::fields::{Known, has_element};
use crate::handshake::head::status_of;
use crate::handshake::headers::Headers;
use crate::handshake::http::{map_of, version_text, write_head};
use crate::input::Input;
use ::http::{HeaderMap, Method, StatusCode, Uri, Version, request};
use alloc::format;
use bytes::Bytes;

impl Incoming {
    /// Checks an HTTP stack's request, by the rules and limits of [`Handshake`]. Feature `http`.
    ///
    /// All headers count, `Connection` and `Upgrade` among them. `Content-Length` other than 0 and
    /// `Transfer-Encoding` fail an upgrade ([`HandshakeError::RequestBody`]); the body is not
    /// looked at. Over HTTP/2 and HTTP/3, all is [`Http`](Self::Http) but an extended CONNECT and
    /// an `Upgrade` that does not belong there, which are refused with 505: see
    /// [`handshake::http`](crate::handshake::http#http2-and-http3).
    ///
    /// [`HandshakeError::RequestBody`]: crate::HandshakeError::RequestBody
    ///
    /// ```
    /// use sockless::HandshakeError;
    /// use sockless::server::{Config, Incoming};
    ///
    /// let mut request = http::Request::get("/chat")
    ///     .header("Host", "a.example")
    ///     .header("Upgrade", "websocket")
    ///     .header("Connection", "Upgrade")
    ///     .header("Sec-WebSocket-Version", "13")
    ///     .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    ///     .body(())?;
    /// let config = Config::default();
    /// let Incoming::Upgrade(checked) = Incoming::from_http(&request, &config) else { panic!() };
    /// let answer = checked.accept().into_response().to_http()?;
    /// assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    ///
    /// request.headers_mut().append("Host", "b.example".parse()?);
    /// let Incoming::Failed(replying) = Incoming::from_http(&request, &config) else { panic!() };
    /// assert_eq!(replying.error(), Some(HandshakeError::RepeatedHost));
    /// assert_eq!(replying.into_http()?.status(), 400);
    ///
    /// request.headers_mut().remove("Upgrade");
    /// assert!(matches!(Incoming::from_http(&request, &config), Incoming::Http(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_http<B>(request: &::http::Request<B>, config: &Config) -> Self {
        read(request.method(), request.uri(), request.version(), request.headers(), config)
    }

    /// The same for the parts of a request, which extractors of axum get. Feature `http`.
    ///
    /// ```
    /// use sockless::server::{Config, Incoming};
    ///
    /// let request = http::Request::head("/about").header("Host", "a.example").body(())?;
    /// let (parts, ()) = request.into_parts();
    /// let config = Config::default();
    /// let Incoming::Http(plain) = Incoming::from_http_parts(&parts, &config) else { panic!() };
    /// assert_eq!((plain.method(), plain.target()), ("HEAD", "/about"));
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn from_http_parts(parts: &request::Parts, config: &Config) -> Self {
        read(&parts.method, &parts.uri, parts.version, &parts.headers, config)
    }
}

impl Request {
    /// The head as a request of the crate `http`, for code that reads cookies or credentials from
    /// one. Feature `http`. All headers are as they came. The exception is `Host`, if the target
    /// was in absolute form: see [`authority`](Self::authority).
    ///
    /// ```
    /// use sockless::Input;
    /// use sockless::server::{Config, Handshake, Incoming};
    ///
    /// let mut read = *b"GET /room?id=7 HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\
    ///     Connection: Upgrade\r\nCookie: who=7\r\nSec-WebSocket-Version: 13\r\n\
    ///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    /// let outcome = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
    /// let Some(Incoming::Upgrade(request)) = outcome else { panic!("{outcome:?}") };
    /// let as_http = request.to_http()?;
    /// assert_eq!((as_http.uri().path(), as_http.uri().query()), ("/room", Some("id=7")));
    /// assert_eq!(as_http.headers()["cookie"], "who=7");
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Errors
    /// The target is none of an `http::Uri`, which takes at most 65,534 bytes and fewer characters;
    /// or there are more
    /// names of headers than an `http::HeaderMap` holds.
    pub fn to_http(&self) -> Result<::http::Request<()>, ::http::Error> {
        request_of(self.method(), self.target(), Version::HTTP_11, self.headers())
    }
}

impl Plain {
    /// The head as a request of the crate `http`, for a router of such requests. Feature `http`.
    /// All headers are as they came: `Content-Length` and `Transfer-Encoding` say how to read the
    /// body, of which [`rest`](Self::rest) is the beginning.
    ///
    /// ```
    /// use sockless::Input;
    /// use sockless::server::{Config, Handshake, Incoming};
    ///
    /// let mut read = *b"POST /form HTTP/1.0\r\nContent-Length: 3\r\n\r\na=b";
    /// let outcome = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
    /// let Some(Incoming::Http(plain)) = outcome else { panic!("{outcome:?}") };
    /// let request = plain.to_http()?.map(|()| plain.rest());
    /// assert_eq!((request.method(), request.uri().path()), (&http::Method::POST, "/form"));
    /// assert_eq!((request.version(), &request.body()[..]), (http::Version::HTTP_10, &b"a=b"[..]));
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Errors
    /// As those of [`Request::to_http`].
    pub fn to_http(&self) -> Result<::http::Request<()>, ::http::Error> {
        // There are two versions in a head that was read.
        let mut lines = self.head().split(|byte| *byte == b'\r');
        let version = match lines.next() {
            Some(line) if line.ends_with(b"HTTP/1.0") => Version::HTTP_10,
            _ => Version::HTTP_11,
        };
        request_of(self.method(), self.target(), version, self.headers())
    }
}

impl Response {
    /// The 101 as an answer of the crate `http`, for the stack to send; [`open`](Self::open) then
    /// gives the connection. Feature `http`.
    ///
    /// It has all [`headers`](Self::headers) and no body. A stack or a middleware may add headers,
    /// but none that begins with `Sec-WebSocket-`, and no `Content-Length`.
    ///
    /// ```
    /// use sockless::server::{Config, Incoming};
    ///
    /// let request = http::Request::get("/")
    ///     .header("Host", "a.example")
    ///     .header("Upgrade", "websocket")
    ///     .header("Connection", "keep-alive, Upgrade")
    ///     .header("Sec-WebSocket-Version", "13")
    ///     .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    ///     .body(())?;
    /// let config = Config::default();
    /// let Incoming::Upgrade(request) = Incoming::from_http(&request, &config) else { panic!() };
    /// let response = request.accept().into_response();
    /// let answer = response.to_http()?;
    /// assert_eq!(answer.status(), http::StatusCode::SWITCHING_PROTOCOLS);
    /// assert_eq!(answer.headers().len(), 3);
    /// assert_eq!(answer.headers()["connection"], "Upgrade");
    /// let connection = response.open(sockless::Config::default());
    /// assert!(connection.is_open());
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Errors
    /// More names of headers were added than an `http::HeaderMap` holds (24,576).
    pub fn to_http(&self) -> Result<::http::Response<()>, ::http::Error> {
        let mut answer = ::http::Response::new(());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *answer.headers_mut() = map_of(self.headers().iter())?;
        Ok(answer)
    }
}

impl Reply {
    /// The answer as one of the crate `http`, for the stack to send. Feature `http`.
    ///
    /// The stack frames the body and decides whether the connection ends: `Content-Length` and
    /// `Connection: close`, which [`into_replying`](Self::into_replying) writes, are left out. A
    /// 426 has its `Upgrade: websocket`, `Connection: Upgrade` and `Sec-WebSocket-Version: 13`. The
    /// body is not copied; it is left out for HEAD, 204, 205 and 304.
    ///
    /// ```
    /// use sockless::handshake::Header;
    /// use sockless::server::{Config, Incoming};
    ///
    /// let request = http::Request::get("/").header("Host", "a.example").body(())?;
    /// let config = Config::default();
    /// let Incoming::Http(plain) = Incoming::from_http(&request, &config) else { panic!() };
    /// let reply = plain.reply(426).header(Header::new("Content-Type", "text/plain")?);
    /// let answer = reply.body("a WebSocket, please\n").into_http()?;
    /// assert_eq!(answer.status(), 426);
    /// assert_eq!(answer.headers()["upgrade"], "websocket");
    /// assert_eq!(answer.headers()["connection"], "Upgrade");
    /// assert!(!answer.headers().contains_key("content-length"));
    /// assert_eq!(answer.body(), "a WebSocket, please\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// More names of headers were added than an `http::HeaderMap` holds (24,576).
    pub fn into_http(self) -> Result<::http::Response<Bytes>, ::http::Error> {
        let (head, body) = self.into_unframed();
        answer_of(&head, body)
    }
}

impl Replying {
    /// The answer as one of the crate `http`, for the stack to send, with the headers that
    /// [`Reply::into_http`] has. Feature `http`. A large body is copied here.
    ///
    /// For a log, ask for [`error`](Self::error) and the like before.
    ///
    /// ```
    /// use sockless::server::{Config, Incoming};
    ///
    /// let request = http::Request::put("/")
    ///     .header("Host", "a.example")
    ///     .header("Upgrade", "websocket")
    ///     .body(())?;
    /// let config = Config::default();
    /// let Incoming::Failed(replying) = Incoming::from_http(&request, &config) else { panic!() };
    /// let answer = replying.into_http()?;
    /// assert_eq!(answer.status(), 405);
    /// assert_eq!(answer.headers()["allow"], "GET");
    /// assert!(!answer.headers().contains_key("connection"));
    /// assert_eq!(answer.body(), "a method other than GET (RFC 6455 §4.2.1)\n");
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`transmit`](Self::transmit) was called before, by a loop or a [`Turn`](crate::Turn): a part
    /// of the answer may have left. Or more names of headers were added than an `http::HeaderMap`
    /// holds (24,576).
    pub fn into_http(self) -> Result<::http::Response<Bytes>, ::http::Error> {
        // Without anything there is no status, which is an error.
        let bytes = Bytes::from(self.into_bytes());
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(bytes.len());
        let body = bytes.slice((end + 4).min(bytes.len())..);
        answer_of(&bytes, body)
    }
}

/// Reads a request by way of a head.
fn read(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
    config: &Config,
) -> Incoming {
    let read = |version| {
        let line = format!("{method} {uri} {}\r\n", version_text(version));
        let mut head = write_head(line, headers, config.max_head);
        let mut handshake = Handshake::new(config.clone());
        // What was written is whole, or above the limit.
        let outcome = handshake.poll(&mut Input::new(&mut head));
        outcome.unwrap_or_else(|| handshake.failed(HandshakeError::UnexpectedEnd))
    };
    // RFC 8441 §4: an extended CONNECT has a scheme, and no other CONNECT does.
    let extended_connect = method == Method::CONNECT && uri.scheme().is_some();
    if version <= Version::HTTP_11 || extended_connect {
        return read(version);
    }
    // Without Upgrade it is plain, whatever the version. What is not is refused for its version.
    match read(Version::HTTP_11) {
        Incoming::Http(plain) => Incoming::Http(plain),
        Incoming::Upgrade(_) | Incoming::Failed(_) => read(version),
    }
}

/// A request out of what a head says.
fn request_of(
    method: &str,
    target: &str,
    version: Version,
    headers: Headers<'_>,
) -> Result<::http::Request<()>, ::http::Error> {
    let mut request = ::http::Request::new(());
    *request.method_mut() = Method::try_from(method)?;
    *request.uri_mut() = Uri::try_from(target)?;
    *request.version_mut() = version;
    *request.headers_mut() = map_of(headers.iter())?;
    Ok(request)
}

/// An answer of ours, less what frames its body and what ends its connection.
fn answer_of(head: &[u8], body: Bytes) -> Result<::http::Response<Bytes>, ::http::Error> {
    let line = head.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (line, lines) = head.split_at(line);
    let headers =
        Headers::new(lines).iter().filter_map(|(name, value)| match Known::from_name(name) {
            Some(Known::ContentLength) => None,
            Some(Known::Connection) if has_element(value, b"upgrade") => {
                Some((name, &b"Upgrade"[..]))
            }
            Some(Known::Connection) => None,
            _ => Some((name, value)),
        });
    let mut answer = ::http::Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status_of(line).unwrap_or(0))?;
    *answer.headers_mut() = map_of(headers)?;
    Ok(answer)
}
