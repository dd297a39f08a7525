//! What a server answers to the offer that it accepts: RFC 7692 §7.1.

use super::offer::{ClientWindow, Offer};
use super::parameters::Parameters;
use crate::extensions::Extensions;
use core::fmt;

/// What a server says to the offer that it accepts. RFC 7692 §7.1. It comes out of a
/// [`Policy`](super::Policy).
///
/// Shown, it is the value of `Sec-WebSocket-Extensions` that says so. Its text depends on the offer
/// too: of two answers that agree on the same, one may have to repeat what the other leaves out.
///
/// ```
/// use sockless::deflate::{Parameters, Policy};
///
/// let policy = Policy::default();
/// let short = policy.negotiate([&b"permessage-deflate"[..]])?.expect("it is accepted");
/// assert_eq!(short.to_string(), "permessage-deflate");
/// // §7.1.2.1: what was offered is accepted by saying it.
/// let long = policy.negotiate([&b"permessage-deflate; server_max_window_bits=15"[..]])?.expect("it is accepted");
/// assert_eq!(long.to_string(), "permessage-deflate; server_max_window_bits=15");
///
/// assert_eq!((short.parameters(), long.parameters()), (Parameters::default(), Parameters::default()));
/// # Ok::<(), sockless::HandshakeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Answer(
    /// It is written as an offer is; its client's window has a value or is not said.
    Offer,
);

impl Answer {
    /// Reads the parameters of an answer, names and perhaps values. §7: `None` for one with which
    /// the handshake has to fail.
    pub(crate) fn read<'a>(
        parameters: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ) -> Option<Self> {
        Offer::read(parameters).and_then(Self::new)
    }

    /// An answer that says this. §7.1.2.2: `None` if the client's window is said without a value.
    pub(super) fn new(said: Offer) -> Option<Self> {
        Some(Self(said)).filter(|_| said.client_max_window_bits != ClientWindow::Negotiable)
    }

    /// What both ends keep to.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            server_no_context_takeover: self.0.server_no_context_takeover,
            client_no_context_takeover: self.0.client_no_context_takeover,
            server_max_window_bits: self.0.server_max_window_bits.unwrap_or_default(),
            client_max_window_bits: self.0.client_max_window_bits.most(),
        }
    }

    /// What a [`Connection`](crate::Connection::server) is told of it.
    pub fn extensions(&self) -> Extensions {
        Extensions { deflate: Some(self.parameters()) }
    }

    pub(super) fn as_offer(&self) -> &Offer {
        &self.0
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
