//! Which offers a server accepts, and what it adds: RFC 7692 §7.1.
//!
//! | offered                     | answered                                                                              |
//! |-----------------------------|---------------------------------------------------------------------------------------|
//! | server_no_context_takeover  | if it was offered, or if the policy says so                                           |
//! | client_no_context_takeover  | if it was offered, or if the policy says so                                           |
//! | server_max_window_bits=N    | N or the policy's limit, the smaller; 8: the offer is declined                        |
//! | none                        | the policy's limit, if it has one                                                     |
//! | client_max_window_bits[=N]  | N or the policy's limit, the smaller, unless that is 15                               |
//! | none                        | nothing; if the policy has a limit, the offer is declined: the client must not be told |

use super::answer::Answer;
use super::offer::{ClientWindow, Offer};
use super::parameters::WindowBits;

/// How a server accepts compression. RFC 7692 §7.1.
///
/// The default accepts what is offered, as it is offered, and limits nothing. Without context
/// takeover, or with small windows, a connection needs less memory, and its messages are compressed
/// less.
///
/// ```
/// use sockless::deflate::{Policy, WindowBits};
///
/// let mut policy = Policy::default();
/// policy.server_no_context_takeover = true;
/// policy.client_max_window_bits = WindowBits::new(10).expect("8 to 15");
///
/// // As Chromium offers it.
/// let answer = policy.negotiate([&b"permessage-deflate; client_max_window_bits"[..]])?.expect("it is accepted");
/// assert_eq!(answer.to_string(), "permessage-deflate; server_no_context_takeover; client_max_window_bits=10");
/// // This client's window cannot be limited, so its offer is declined.
/// assert_eq!(policy.negotiate([&b"permessage-deflate"[..]])?, None);
/// # Ok::<(), sockless::HandshakeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Policy {
    /// The server compresses each message without the context of those before it, even if the
    /// client does not ask for that. §7.1.1.1. Default: `false`.
    pub server_no_context_takeover: bool,
    /// The client has to compress each message without the context of those before it. §7.1.1.2.
    /// Default: `false`.
    pub client_no_context_takeover: bool,
    /// How far back in its messages the server refers at most. §7.1.2.1. Default: 15 bits. A client
    /// may ask for less. 8 bits count as 9, the smallest window that zlib compresses with, and an
    /// offer that asks for 8 is declined.
    pub server_max_window_bits: WindowBits,
    /// How far back in its messages the client may refer at most. §7.1.2.2. Default: 15 bits. With
    /// less, offers of clients that cannot be limited are declined; browsers can be limited.
    pub client_max_window_bits: WindowBits,
}

impl Policy {
    /// The answer to an offer; `None` declines it.
    pub(crate) fn accept(&self, offer: &Offer) -> Option<Answer> {
        let server_limit = self.server_max_window_bits.max(WindowBits::SMALLEST_TO_COMPRESS);
        let server_max_window_bits = match offer.server_max_window_bits {
            Some(bits) if bits < WindowBits::SMALLEST_TO_COMPRESS => return None,
            Some(bits) => Some(bits.min(server_limit)),
            None => Some(server_limit).filter(|limit| *limit < WindowBits::MAX),
        };
        let client_max_window_bits =
            match offer.client_max_window_bits.most().min(self.client_max_window_bits) {
                WindowBits::MAX => ClientWindow::Fixed,
                _ if offer.client_max_window_bits == ClientWindow::Fixed => return None,
                bits => ClientWindow::AtMost(bits),
            };
        Answer::new(Offer {
            server_no_context_takeover: offer.server_no_context_takeover
                || self.server_no_context_takeover,
            client_no_context_takeover: offer.client_no_context_takeover
                || self.client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        })
    }
}
