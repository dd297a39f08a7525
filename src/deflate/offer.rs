//! What a client offers, and how parameters are written: RFC 7692 §7.1.
//!
//! ```text
//!   permessage-deflate [; server_no_context_takeover] [; client_no_context_takeover]
//!                      [; server_max_window_bits=8..15] [; client_max_window_bits[=8..15]]
//! ```
//!
//! The parameters come in any order, each at most once, and there are no others (§7). An answer is
//! written the same way, but its `client_max_window_bits` always has a value. Names are compared
//! byte by byte, as Chromium and `ws` do: RFC 6455 ignores case for `Upgrade` and `Connection`, and
//! says nothing about it for extensions.

use super::parameters::WindowBits;
use core::fmt;
use core::mem;
use core::str;

/// One way to compress that a client offers. RFC 7692 §7.1.
///
/// Its `Display` is its element in `Sec-WebSocket-Extensions`. The default is what browsers offer.
///
/// ```
/// use sockless::deflate::{ClientWindow, Offer, WindowBits};
///
/// assert_eq!(Offer::default().to_string(), "permessage-deflate; client_max_window_bits");
///
/// let mut small = Offer::default();
/// small.server_no_context_takeover = true;
/// small.server_max_window_bits = WindowBits::new(10);
/// small.client_max_window_bits = ClientWindow::AtMost(WindowBits::new(9).expect("8 to 15"));
/// assert_eq!(
///     small.to_string(),
///     "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"
/// );
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Offer {
    /// The server has to compress each message without the context of those before it. §7.1.1.1.
    pub server_no_context_takeover: bool,
    /// This client compresses each message without the context of those before it, whether or not
    /// the answer asks for it. The server then needs no window for it between messages. §7.1.1.2.
    pub client_no_context_takeover: bool,
    /// How far back in its messages the server may refer at most. §7.1.2.1. Some servers decline an
    /// offer that limits them, and most (this crate's too) decline 8 bits: add an offer without a
    /// limit as a second choice.
    pub server_max_window_bits: Option<WindowBits>,
    /// How far back in its messages this client refers at most. §7.1.2.2.
    pub client_max_window_bits: ClientWindow,
}

/// What a client offers for its own window. RFC 7692 §7.1.2.2.
///
/// ```
/// use sockless::deflate::{ClientWindow, Offer};
///
/// let mut offer = Offer::default();
/// assert_eq!(offer.client_max_window_bits, ClientWindow::Negotiable);
/// offer.client_max_window_bits = ClientWindow::Fixed;
/// assert_eq!(offer.to_string(), "permessage-deflate");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientWindow {
    /// No parameter: the full window of 15 bits, which an answer may not change.
    Fixed,
    /// `client_max_window_bits` without a value: the server may set a limit.
    #[default]
    Negotiable,
    /// `client_max_window_bits` with a value: the client refers no further back, and the server may
    /// set a lower limit. With 8 bits, offered or answered, this client sends its messages
    /// uncompressed, which is always allowed: zlib cannot compress with such a window.
    AtMost(WindowBits),
}

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

impl Offer {
    /// What the extension is called. §7.
    pub(crate) const NAME: &str = "permessage-deflate";

    /// Reads the parameters of an offer, names and perhaps values. §7: `None` for one that has to
    /// be declined, since a parameter is not known, comes twice, or has a value that is none of its
    /// own.
    pub(crate) fn read<'a>(
        parameters: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ) -> Option<Self> {
        let mut offer = Self { client_max_window_bits: ClientWindow::Fixed, ..Self::default() };
        for (name, value) in parameters {
            let fresh = match (str::from_utf8(name).ok()?, value) {
                (SERVER_NO_CONTEXT_TAKEOVER, None) => {
                    !mem::replace(&mut offer.server_no_context_takeover, true)
                }
                (CLIENT_NO_CONTEXT_TAKEOVER, None) => {
                    !mem::replace(&mut offer.client_no_context_takeover, true)
                }
                (SERVER_MAX_WINDOW_BITS, Some(value)) => {
                    offer.server_max_window_bits.replace(WindowBits::parse(value)?).is_none()
                }
                (CLIENT_MAX_WINDOW_BITS, value) => {
                    let window = match value {
                        None => ClientWindow::Negotiable,
                        Some(value) => ClientWindow::AtMost(WindowBits::parse(value)?),
                    };
                    mem::replace(&mut offer.client_max_window_bits, window) == ClientWindow::Fixed
                }
                _ => return None,
            };
            if !fresh {
                return None;
            }
        }
        Some(offer)
    }
}

impl ClientWindow {
    /// The largest window that the client will use.
    pub(crate) fn most(self) -> WindowBits {
        match self {
            Self::Fixed | Self::Negotiable => WindowBits::MAX,
            Self::AtMost(bits) => bits,
        }
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)?;
        if self.server_no_context_takeover {
            write!(f, "; {SERVER_NO_CONTEXT_TAKEOVER}")?;
        }
        if self.client_no_context_takeover {
            write!(f, "; {CLIENT_NO_CONTEXT_TAKEOVER}")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; {SERVER_MAX_WINDOW_BITS}={bits}")?;
        }
        match self.client_max_window_bits {
            ClientWindow::Fixed => Ok(()),
            ClientWindow::Negotiable => write!(f, "; {CLIENT_MAX_WINDOW_BITS}"),
            ClientWindow::AtMost(bits) => write!(f, "; {CLIENT_MAX_WINDOW_BITS}={bits}"),
        }
    }
}
