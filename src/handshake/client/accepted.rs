//! An answer that opens a connection, until it is opened. RFC 6455 §4.1.

use super::answer::AnswerHead;
use crate::connection::{self, Connection};
use crate::extensions::Extensions;
use crate::handshake::headers::Headers;
use crate::outbox::Outbox;
use crate::seed::Seed;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::str;

/// An answer that opens a connection.
///
/// See [`Handshake`](super::Handshake) for an example. By [`Debug`], headers are shown with the
/// lengths of their values only, the subprotocol among them.
#[must_use = "the connection is open"]
pub struct Accepted {
    pub(super) head: AnswerHead,
    pub(super) protocol: Option<Range<usize>>,
    pub(super) extensions: Extensions,
    pub(super) seed: Seed,
    pub(super) outbox: Outbox,
    /// What came behind the answer with it.
    pub(super) rest: Vec<u8>,
}

impl Accepted {
    /// The subprotocol that the server chose, out of those that were offered. §4.2.2 point 5.5.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        str::from_utf8(self.head.get(self.protocol.clone()?)).ok()
    }

    /// What the server accepted of the extensions that were offered, and the connection does. RFC
    /// 6455 §9.1.
    #[must_use]
    pub fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// The headers of the 101. Where a line was folded, there are spaces. RFC 9112 §5.2.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// Opens the connection. Frames that came right behind the answer are the first that it gives,
    /// without another read: see [`wants_poll`](Connection::wants_poll).
    #[must_use = "the connection is open"]
    pub fn open(self, config: connection::Config) -> Connection {
        // What is not written of the request, should the server have answered early, goes first.
        Connection::with_outbox(Some(self.seed), self.extensions, config, self.outbox)
            .holding(self.rest)
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("headers", &self.headers())
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}
