//! What a handshake negotiated beside the protocol itself.

/// The extensions that both ends agreed on, RFC 6455 §9.1, for [`Connection::new`](crate::Connection::new).
///
/// None is supported yet, so there is one value: no extension.
///
/// ```
/// assert_eq!(format!("{:?}", sockless::Agreement::default()), "Agreement");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {}
