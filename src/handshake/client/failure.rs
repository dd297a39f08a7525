//! An answer that breaks a rule, and what a log can show of it.

use super::answer::AnswerHead;
use crate::handshake::error::HandshakeError;
use crate::handshake::headers::Headers;
use alloc::borrow::Cow;
use core::error::Error;
use core::fmt;

/// A handshake that failed: the rule that the answer breaks, and the part of the answer that was
/// read.
///
/// The head is kept with it, at most [`Config::max_head`](super::Config::max_head) bytes, but only
/// if all of it came and could be read. [`Display`](fmt::Display) shows the error. `Debug` shows
/// the lengths of header values instead of the values.
///
/// ```
/// use sockless::client::{Handshake, Outcome, Request, UrlError};
/// use sockless::{HandshakeError, Input, Seed};
///
/// let mut handshake = Handshake::new(Request::new("ws://a.example")?, Seed::new([7; 32]));
/// let mut answer = *b"HTTP/1.1 101 Sure\r\nServer: tiny/1\r\nUpgrade: h2c\r\n\r\n";
/// match handshake.poll(&mut Input::new(&mut answer)) {
///     Some(Outcome::Failed(failure)) => {
///         assert_eq!(failure.error(), HandshakeError::InvalidUpgrade);
///         assert_eq!((failure.status(), &*failure.reason()), (Some(101), "Sure"));
///         assert_eq!(failure.headers().text("server"), Some("tiny/1"));
///         assert_eq!(failure.to_string(), HandshakeError::InvalidUpgrade.to_string());
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), UrlError>(())
/// ```
pub struct Failure {
    error: HandshakeError,
    status: Option<u16>,
    head: AnswerHead,
}

impl Failure {
    pub(super) fn new(error: HandshakeError, status: Option<u16>, head: AnswerHead) -> Self {
        Self { error, status, head }
    }

    /// The rule or the limit that the answer breaks.
    #[must_use]
    pub fn error(&self) -> HandshakeError {
        self.error
    }

    /// The status of the answer, 100 to 999, if that much of it came, even if the head was too
    /// large, malformed further on, or ended early. RFC 9112 §4.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The reason phrase. RFC 9112 §4. It is empty if there is none or the head is not kept. Bytes
    /// that are not UTF-8 are replaced by U+FFFD, and there are no line breaks.
    #[must_use]
    pub fn reason(&self) -> Cow<'_, str> {
        self.head.reason()
    }

    /// The headers; none if the head is not kept.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("error", &self.error)
            .field("status", &self.status)
            .field("reason", &self.reason())
            .field("headers", &self.headers())
            .finish()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Failure {}
