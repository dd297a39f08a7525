//! The extensions that a handshake negotiated.

#[cfg(feature = "deflate")]
use crate::deflate::{Answer, Parameters};

/// The extensions that both ends agreed on, RFC 6455 §9.1. The default is none. Pass them to
/// [`Connection::server`](crate::Connection::server) or
/// [`Connection::client`](crate::Connection::client).
///
/// ```
/// let agreed = sockless::Extensions::default();
/// # #[cfg(feature = "deflate")]
/// assert_eq!(agreed.deflate, None);
/// # let _ = agreed;
/// ```
// A few values and no box: an idle connection holds no heap for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extensions {
    /// The parameters of permessage-deflate, if it was agreed on. RFC 7692 §7.1.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Parameters>,
}

#[cfg(feature = "deflate")]
impl Answer {
    /// The extensions for the [`Connection`](crate::Connection).
    #[must_use]
    pub fn extensions(&self) -> Extensions {
        Extensions { deflate: Some(self.parameters()) }
    }
}
