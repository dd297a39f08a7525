//! What a server answers to the offer that it accepts: RFC 7692 §7.1.

use super::offer::{ClientWindow, Offer};
use super::parameters::Parameters;
use core::fmt;

/// A server's answer to the offer that it accepts. RFC 7692 §7.1. A [`Policy`](super::Policy) makes
/// it.
///
/// Its `Display` is the value of `Sec-WebSocket-Extensions` in the 101. The text depends on the
/// offer too: two answers with the same parameters can differ, because some of what was offered has
/// to be repeated.
///
/// ```
/// use sockless::deflate::{Parameters, Policy};
///
/// let policy = Policy::default();
/// let short = policy.negotiate([&b"permessage-deflate"[..]])?.expect("it is accepted");
/// assert_eq!(short.to_string(), "permessage-deflate");
/// // §7.1.2.1: this parameter is accepted by repeating it.
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
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        Parameters {
            server_no_context_takeover: self.0.server_no_context_takeover,
            client_no_context_takeover: self.0.client_no_context_takeover,
            server_max_window_bits: self.0.server_max_window_bits.unwrap_or_default(),
            client_max_window_bits: self.0.client_max_window_bits.most(),
        }
    }

    /// What a client keeps to that made this offer; `None` if this answers no such offer.
    pub(crate) fn meets(&self, offer: &Offer) -> Option<Parameters> {
        let said = &self.0;
        // §7.1.1.1: accepted is what the answer includes.
        if offer.server_no_context_takeover && !said.server_no_context_takeover {
            return None;
        }
        // §7.1.2.1: the same or a smaller value; it may come unasked.
        if offer
            .server_max_window_bits
            .is_some_and(|offered| said.server_max_window_bits.is_none_or(|bits| bits > offered))
        {
            return None;
        }
        // §7.1.2.2: only if it was in the offer; the same or a smaller value, though Chromium lets
        // a larger one pass.
        let client_max_window_bits =
            match (offer.client_max_window_bits, said.client_max_window_bits) {
                (offered, ClientWindow::Fixed | ClientWindow::Negotiable) => offered.most(),
                (ClientWindow::Fixed, ClientWindow::AtMost(_)) => return None,
                (offered, ClientWindow::AtMost(bits)) => {
                    Some(bits).filter(|bits| *bits <= offered.most())?
                }
            };
        Some(Parameters {
            // §7.1.1.2: what the client announced holds even if the answer does not repeat it.
            client_no_context_takeover: offer.client_no_context_takeover
                || said.client_no_context_takeover,
            client_max_window_bits,
            ..self.parameters()
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
