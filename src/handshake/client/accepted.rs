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
/// See [`Handshake`](super::Handshake) for an example. `Debug` shows the lengths of header values
/// instead of the values, for the subprotocol too.
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
    /// The subprotocol that the server chose of those that were offered. §4.2.2 point 5.5.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        str::from_utf8(self.head.get(self.protocol.clone()?)).ok()
    }

    /// The extensions that were offered and accepted, and that the connection uses. RFC 6455 §9.1.
    #[must_use]
    pub fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// The headers of the 101. Folded lines are joined with spaces. RFC 9112 §5.2.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// Opens the connection. Frames that came right behind the answer can be polled without another
    /// read: see [`wants_poll`](Connection::wants_poll).
    #[must_use = "the connection is open"]
    pub fn open(self, config: connection::Config) -> Connection {
        // If the server has answered before the request was written, the rest of the request leaves
        // first.
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
