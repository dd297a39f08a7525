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
//! Two phases are two types: nothing can be sent on a connection that is not open yet. A handshake
//! reads the head and not a byte more, but for the body of an answer that refuses; what follows
//! stays in the [`Input`](crate::Input) for whoever takes over.
//!
//! Both ends are strict where it protects: what leaves open where a head ends or who is asked, and
//! what breaks the proof of the handshake, is a row of [`HandshakeError`](crate::HandshakeError),
//! and so are the limits on the bytes and headers of a head. What the RFCs have a receiver ignore is
//! ignored; `CONFORMANCE.md` lists both, and [`server`](crate::server) says which hosts and origins
//! are the same.
//!
//! Those who have an HTTP stack of their own find the check of a request at
//! [`server::Request::from_parts`], and the 101 with the connection behind it at
//! [`server::Accept::into_response`]; [`accept_key`] is there for clients. If the stack has the
//! types of the crate `http`, as hyper, axum and h2 do, `handshake::http` has the conversions
//! (feature `http`). With the feature `deflate`, `Policy::negotiate` and `Offer::check_answer`
//! negotiate compression from the values of any header.

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
