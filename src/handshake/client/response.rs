//! An answer that refuses: a status other than 101, RFC 6455 §4.1.

use crate::handshake::headers::Headers;
use alloc::vec::Vec;
use core::fmt;

/// An answer that refuses: its status, its headers, and its body as far as it is wanted.
///
/// ```
/// use sockless::client::{Handshake, Outcome, Request, UrlError};
/// use sockless::{Input, Seed};
///
/// let mut handshake = Handshake::new(Request::new("ws://a.example")?, Seed::new([7; 32]));
/// let mut answer = *b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 6\r\n\r\nwho?\r\n";
/// match handshake.poll(&mut Input::new(&mut answer)) {
///     Some(Outcome::Refused(response)) => {
///         assert_eq!((response.status(), response.body()), (401, &b"who?\r\n"[..]));
///         assert_eq!(response.headers().text("www-authenticate"), Some("Bearer"));
///         assert!(!response.is_cut());
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), UrlError>(())
/// ```
pub struct Response {
    head: Vec<u8>,
    headers_start: usize,
    status: u16,
    body: Vec<u8>,
    cut: bool,
}

impl Response {
    pub(super) fn new(head: Vec<u8>, headers_start: usize, status: u16) -> Self {
        Self { head, headers_start, status, body: Vec::new(), cut: false }
    }

    pub(super) fn with_body(self, (body, cut): (Vec<u8>, bool)) -> Self {
        Self { body, cut, ..self }
    }

    /// The status: 200 to 999.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> Headers<'_> {
        Headers::new(self.head.get(self.headers_start..).unwrap_or_default())
    }

    /// The body, at most [`Config::max_body`](super::Config::max_body) bytes of it, without the frame of its chunks.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, owned.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Whether a part of the body is missing: it exceeds the limit, the stream ended inside it, or its chunks are malformed or
    /// tiny.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.len();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers())
            .field("body", &body)
            .finish_non_exhaustive()
    }
}
