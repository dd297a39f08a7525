//! The opening handshake over HTTP/1.1, RFC 6455 §4, in both roles.
//!
//! ```text
//!   client::Request ──► client::Handshake ── GET, Upgrade: websocket ──► server::Handshake
//!                              │                                            │ poll
//!                              │ poll                      ┌────────────────┼──────────────────┐
//!                   ┌──────────┼──────────┐             Upgrade           Http               Failed
//!                 Open      Refused    Failed              │ accept, reject │ reply            │
//!                   │ open                                 ▼                ▼                  ▼
//!               Connection                         Connection, Rejected  Rejected           Rejected
//! ```
//!
//! Two phases are two types: nothing can be sent on a connection that is not open yet. A handshake reads the head and not a byte more, but
//! for the body of an answer that refuses; what follows stays in the [`Input`](crate::Input) for whoever takes over. Both ends are strict: what RFC 6455 demands of the other
//! end is a row of [`HandshakeError`], and so are the limits on the bytes and headers of a head.
//!
//! Those who have an HTTP stack of their own find [`accept_key`] here and the check of a request at
//! [`server::Request::from_parts`]; the connection then starts with [`Connection::new`](crate::Connection::new). With the feature `deflate`,
//! `Policy::negotiate` and `Offer::check_answer` negotiate compression from the values of any header.

mod authority;
mod class;
pub mod client;
#[cfg(feature = "deflate")]
mod deflate;
mod error;
mod extensions;
mod head;
mod headers;
mod key;
mod origin;
pub mod server;

pub use error::HandshakeError;
pub use headers::{Header, HeaderError, Headers};
pub use key::{AcceptKey, accept_key};
