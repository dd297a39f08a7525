//! The opening handshake over HTTP/1.1, RFC 6455 §4, in both roles.
//!
//! ```text
//!   client::Request ──► client::Handshake ── GET, Upgrade: websocket ──► server::Handshake
//!                              │                                            │ poll
//!                              │ poll                      ┌────────────────┼──────────────────┐
//!                   ┌──────────┼──────────┐             Upgrade           Http               Failed
//!                 Open      Refused    Failed              │ accept, reject │ reply            │
//!                   │ open                                 ▼                ▼                  ▼
//!               Connection                         Connection, Replying  Replying           Replying
//! ```
//!
//! Two phases are two types, so nothing can be sent on a connection that is not open yet. A
//! handshake reads only the head, and a client also the body of a refusal. What follows belongs to
//! the outcome.
//!
//! Both ends are strict where it protects. A head is refused if it is unclear where it ends or
//! which host is asked, if it breaks the proof of the handshake, or if it exceeds a limit: each has
//! a row in [`HandshakeError`](crate::HandshakeError). What the RFCs tell a receiver to ignore is
//! ignored. `CONFORMANCE.md` lists both, and [`server`](crate::server) says which hosts and origins
//! count as the same.
//!
//! If you have an HTTP stack of your own, [`server::Request::from_parts`] checks a request, and
//! [`server::Accept::into_response`] gives the 101 and the connection behind it; clients have
//! [`accept_key`]. If the stack has the types of the crate `http`, as hyper, axum and h2 do,
//! `handshake::http` has the conversions (feature `http`). To negotiate compression (feature
//! `deflate`), there are `Policy::negotiate` and `Offer::check_answer`.

mod authority;
mod class;
pub(crate) mod client;
#[cfg(feature = "deflate")]
mod deflate_negotiation;
pub(crate) mod error;
mod extensions;
mod fields;
mod head;
mod headers;
#[cfg(feature = "http")]
pub mod http;
mod key;
mod origin;
pub(crate) mod server;

pub use headers::{Header, HeaderError, Headers};
pub use key::{AcceptKey, accept_key};
