//! Your own HTTP stack: hyper, axum, or any other one.
//!
//! Two ways lead here. Either sockless reads the requests, and hands back those that are no
//! WebSocket; or your stack reads them, and sockless checks and answers those that are.
//!
//! # Your stack reads
//!
//! [`server::Request::from_parts`](crate::server::Request::from_parts) checks a request by the same
//! rules as a handshake on a socket.
//! [`Accept::into_response`](crate::server::Accept::into_response) is the 101 for your stack to
//! send, and the connection behind it:
//!
//! ```
//! use sockless::server::{Config, Request};
//!
//! let headers = [
//!     ("host", &b"a.example"[..]),
//!     ("upgrade", b"websocket"),
//!     ("connection", b"Upgrade"),
//!     ("sec-websocket-version", b"13"),
//!     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
//! ];
//! let request = Request::from_parts("GET", "/room", (1, 1), headers, &Config::default())?;
//! let response = request.accept().into_response();
//!
//! // 1. The stack sends this, and adds neither a body nor a Content-Length.
//! assert_eq!(response.status(), 101);
//! let proof = response.headers().text("sec-websocket-accept");
//! assert_eq!(proof, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
//! // 2. When it gives its transport away, the connection takes it. It sends no second 101.
//! let connection = response.open(sockless::Config::default());
//! assert!(!connection.wants_write());
//! # Ok::<(), sockless::HandshakeError>(())
//! ```
//!
//! What the stack has read beyond the request are the first frames. hyper's `Upgraded` gives them
//! by itself, as the first bytes that are read. A stack that gives them beside the transport: poll
//! them first, by [`Input::new`](crate::Input::new).
//!
//! **An error is an answer too**: [`HandshakeError::status`](crate::HandshakeError::status) is the
//! status. A 426 needs `Upgrade: websocket` and `Sec-WebSocket-Version: 13` beside it.
//!
//! ## With the types of the crate `http`
//!
//! With the feature `http` the conversions are there, and refusals come as whole answers:
//!
//! ```
//! # #[cfg(feature = "http")] {
//! use bytes::Bytes;
//! use sockless::Connection;
//! use sockless::server::{Config, Incoming};
//!
//! /// The answer, and the connection behind it.
//! fn handle<B>(
//!     request: &http::Request<B>,
//! ) -> Result<(http::Response<Bytes>, Option<Connection>), http::Error> {
//!     match Incoming::from_http(request, &Config::default()) {
//!         Incoming::Upgrade(request) => {
//!             let response = request.accept().into_response();
//!             let answer = response.to_http()?.map(|()| Bytes::new());
//!             Ok((answer, Some(response.open(sockless::Config::default()))))
//!         }
//!         Incoming::Http(plain) => Ok((plain.reply(404).into_http()?, None)),
//!         Incoming::Failed(replying) => Ok((replying.into_http()?, None)),
//!     }
//! }
//!
//! let page = http::Request::get("/").header("host", "a").body(()).expect("a request");
//! let (answer, connection) = handle(&page)?;
//! assert_eq!(answer.status(), 404);
//! assert!(connection.is_none());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In a handler of hyper's or axum's, take the upgrade out before you answer, and run the
//! connection in a task of its own:
//!
//! ```text
//! let upgrade = hyper::upgrade::on(&mut request);
//! let (answer, connection) = handle(&request)?;
//! if let Some(connection) = connection {
//!     tokio::spawn(async move {
//!         let upgraded = upgrade.await?;
//!         … // The async loop, over hyper_util::rt::TokioIo::new(upgraded).
//!     });
//! }
//! Ok(answer.map(Full::new))
//! ```
//!
//! A server of hyper's has to allow it: `http1::Builder::serve_connection(…).with_upgrades()`.
//! Middleware must not take `Connection` or `Upgrade` out of the headers. `handshake::http` says
//! which headers are taken over, in both directions and both roles.
//!
//! # sockless reads
//!
//! [`Incoming::Http`](crate::server::Incoming::Http) is a request that asks for no WebSocket.
//! Answer it yourself, by [`Plain::reply`](crate::server::Plain::reply): enough for a page, a
//! health check, a
//! 404. The connection ends behind the answer. Or hand it on, with the bytes that came behind its
//!      head, to a library that serves the transport from there:
//!
//! ```
//! use sockless::Input;
//! use sockless::server::{Config, Handshake, Incoming};
//!
//! let mut read = *b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b";
//! let incoming = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
//! let Some(Incoming::Http(plain)) = incoming else { panic!() };
//! assert_eq!((plain.method(), plain.target(), plain.rest()), ("POST", "/form", &b"a=b"[..]));
//!
//! // What the library reads first; then it reads the transport.
//! let bytes = plain.into_bytes();
//! assert!(bytes.starts_with(b"POST /form HTTP/1.1\r\n") && bytes.ends_with(b"\r\n\r\na=b"));
//! ```
//!
//! # Clients
//!
//! With the feature `http`, `client::HttpHandshake` makes the request and checks the answer of a
//! stack that connects and pools by itself. Without it,
//! [`client::Handshake`](crate::client::Handshake) speaks for itself on any transport that you have
//! connected, through a proxy or by TLS.
//!
//! # HTTP/2 and HTTP/3
//!
//! WebSockets over them (RFC 8441, RFC 9220) begin with another handshake, which is not part of
//! this crate yet. Once it is done elsewhere, [`Connection::server`](crate::Connection::server) and
//! [`Connection::client`](crate::Connection::client) speak over the stream that it opened.
