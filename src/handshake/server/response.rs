//! A 101 that an HTTP stack sends, and the connection behind it. They belong together: the
//! connection has what the 101 agreed on, and sends no second 101.

use crate::connection::{Config, Connection};
use crate::extensions::Extensions;
use crate::handshake::headers::Headers;
use alloc::vec::Vec;
use core::fmt;

/// The answer to an accepted request, for an HTTP stack to send, and the connection that follows
/// it. [`Accept::into_response`](super::Accept::into_response) makes it.
///
/// With a stack like hyper's, or a framework like axum: check the request's parts, answer with
/// these headers, and open the connection on the transport that the upgrade gives.
///
/// ```
/// use sockless::server::{Config, Request};
/// use sockless::{Connection, HandshakeError};
/// # use sockless::Endpoint;
///
/// /// As in the crate `http`.
/// struct Parts {
///     method: &'static str,
///     target: &'static str,
///     headers: Vec<(&'static str, &'static [u8])>,
/// }
/// struct Answer {
///     status: u16,
///     headers: Vec<(String, Vec<u8>)>,
/// }
///
/// fn upgrade(parts: &Parts) -> Result<(Answer, impl FnOnce() -> Connection), HandshakeError> {
///     let Parts { method, target, .. } = parts;
///     let headers = parts.headers.iter().copied();
///     let request = Request::from_parts(method, target, (1, 1), headers, &Config::default())?;
///     let response = request.accept().protocol("chat").into_response();
///
///     let mut answer = Answer { status: response.status(), headers: Vec::new() };
///     for (name, value) in response.headers().iter() {
///         answer.headers.push((name.to_owned(), value.to_vec()));
///     }
///     // In a task of its own, when the upgrade is done: `hyper::upgrade::on(request).await`.
///     Ok((answer, move || response.open(sockless::Config::default())))
/// }
///
/// let parts = Parts {
///     method: "GET",
///     target: "/",
///     headers: vec![
///         ("host", b"a.example"),
///         ("upgrade", b"websocket"),
///         ("connection", b"Upgrade"),
///         ("sec-websocket-version", b"13"),
///         ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
///         ("sec-websocket-protocol", b"chat"),
///     ],
/// };
/// let (answer, open) = upgrade(&parts)?;
/// assert_eq!(answer.status, 101);
/// let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
/// assert_eq!(names, ["Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"]);
///
/// // The 101 was sent already: the connection has nothing to send yet.
/// assert!(!open().wants_write());
/// # Ok::<(), HandshakeError>(())
/// ```
#[must_use = "the client waits for an answer"]
pub struct Response {
    /// The answer, whole.
    head: Vec<u8>,
    extensions: Extensions,
    /// What came behind the request with it.
    rest: Vec<u8>,
}

impl Response {
    pub(super) fn new(head: Vec<u8>, extensions: Extensions, rest: Vec<u8>) -> Self {
        Self { head, extensions, rest }
    }

    /// 101, Switching Protocols. RFC 9110 §15.2.2.
    #[must_use]
    pub fn status(&self) -> u16 {
        101
    }

    /// All header fields of the answer, in their order: `Upgrade`, `Connection` and
    /// `Sec-WebSocket-Accept`, then those that were added, the subprotocol that was chosen and the
    /// compression that was agreed on. The stack sends all of them; it adds none that begins with
    /// `Sec-WebSocket-`, and no `Content-Length`.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        let line = self.head.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        Headers::new(self.head.get(line..).unwrap_or_default())
    }

    /// What is agreed on: what the headers say of extensions, and the connection does.
    #[must_use]
    pub fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// Opens the connection, on the transport as it is behind the answer: the 101 has left, or will
    /// have before anything that the connection sends. What the stack has read beyond the request
    /// are its first frames.
    #[must_use = "the connection is open"]
    pub fn open(self, config: Config) -> Connection {
        Connection::server(self.extensions, config).holding(self.rest)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("headers", &self.headers())
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}
