//! The client's side of the opening handshake, RFC 6455 §4.1.
//!
//! ```text
//!   Request ──► Handshake ─ sends the request; poll ┬─► Open(Accepted) ── open() ─► Connection
//!                                                   ├─► Refused(Response)     any status but 101, with its body
//!                                                   └─► Failed(Failure)       a 101, or no HTTP, that breaks a rule
//! ```
//!
//! Interim answers (100, 103 and so on) are passed over, within the limits of one head. After
//! `Refused` and `Failed` there is nothing to send: drop the transport, unless
//! [`Response::is_reusable`] and another request is to follow.
//!
//! What a 101 says of a body is ignored, for it has none (RFC 9112 §6.3); so is an HTTP version of
//! 1.0. Its lines have to end in CR LF, as frames begin behind them; those of a refusal may end in
//! LF alone. Lines that are folded are unfolded (§5.2).

#[cfg(feature = "http")]
pub use crate::handshake::client::HttpHandshake;
pub use crate::handshake::client::{
    Accepted, Config, Failure, Handshake, Outcome, Request, Response, UrlError,
};
