//! A refusal: an answer with a status other than 101, RFC 6455 §4.1.

use super::answer::AnswerHead;
use super::body::Read;
use crate::handshake::headers::Headers;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

/// A refusal: its status, its headers, and its body up to a limit.
///
/// `Debug` shows the lengths of header values and of the body instead of their bytes.
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
///         assert_eq!(response.reason(), "Unauthorized");
///         assert_eq!(response.headers().text("www-authenticate"), Some("Bearer"));
///         assert!(!response.is_cut());
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), UrlError>(())
/// ```
pub struct Response {
    head: AnswerHead,
    status: u16,
    body: Vec<u8>,
    cut: bool,
    reusable: bool,
}

impl Response {
    /// `reusable`: so far nothing forbids another request on the connection.
    pub(super) fn new(head: AnswerHead, status: u16, reusable: bool) -> Self {
        Self { head, status, body: Vec::new(), cut: false, reusable }
    }

    /// `reusable`: nothing forbids it, seen from the transport.
    pub(super) fn with_body(self, read: Read, reusable: bool) -> Self {
        let Read { bytes, cut, delimited } = read;
        Self { body: bytes, cut, reusable: self.reusable && reusable && delimited, ..self }
    }

    /// The status: 200 to 999.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase; empty if there is none. RFC 9112 §4. Bytes that are not UTF-8 are
    /// replaced by U+FFFD, and there are no line breaks.
    #[must_use]
    pub fn reason(&self) -> Cow<'_, str> {
        self.head.reason()
    }

    /// The headers. Folded lines are joined with spaces. RFC 9112 §5.2.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// The body, at most [`Config::max_body`](super::Config::max_body) bytes of it, without chunk
    /// headers.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, owned.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Whether a part of the body is missing: because it exceeds the limit, the stream ended inside
    /// it, or its chunks are malformed or tiny; or because its `Content-Length` is not one number,
    /// and so it was not read at all (RFC 9112 §6.3).
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether the connection can carry another request: the request was sent, and the whole answer
    /// was read up to an end that leaves no doubt. RFC 9112 §9.3.
    ///
    /// It is false if:
    ///
    /// - the answer is HTTP/1.0, has `Connection: close`, or a line of its head ends in LF alone;
    /// - the body [is cut](Self::is_cut), or reaches to the end of the stream;
    /// - headers disagree about the body's length, or say what the status excludes (RFC 9112 §6.3);
    /// - `Transfer-Encoding` names `chunked` twice, or is more than names and commas (§6.1, §7);
    /// - bytes are left behind the answer in the input of the [`poll`](super::Handshake::poll) that
    ///   gives the outcome: they belong to no request (§9.2).
    ///
    /// Bytes of a later read cannot be known here: if any arrive before the next request is sent,
    /// close the connection.
    ///
    /// ```
    /// use sockless::client::{Handshake, Outcome, Request, UrlError};
    /// use sockless::{Input, Endpoint, Seed};
    ///
    /// for (header, reusable) in [("Content-Length: 0", true), ("Content-Length: 0, 1", false)] {
    ///     let mut handshake = Handshake::new(Request::new("ws://a.example")?, Seed::new([7; 32]));
    ///     let sent = handshake.transmit().pop();
    ///     let mut answer = format!("HTTP/1.1 401 Unauthorized\r\n{header}\r\n\r\n").into_bytes();
    ///     match handshake.poll(&mut Input::new(&mut answer)) {
    ///         Some(Outcome::Refused(response)) => assert_eq!(response.is_reusable(), reusable),
    ///         other => panic!("{other:?}"),
    ///     }
    /// }
    /// # Ok::<(), UrlError>(())
    /// ```
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.reusable
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("reason", &self.reason())
            .field("headers", &self.headers())
            .field("body", &self.body.len())
            .field("cut", &self.cut)
            .field("reusable", &self.reusable)
            .finish()
    }
}
