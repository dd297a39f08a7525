//! The client's side of the opening handshake, RFC 6455 §4.1.
//!
//! ```text
//!   Request ──► Handshake ─ sends the request; poll ┬─► Open(Accepted) ── open() ─► Connection
//!                                                   ├─► Refused(Response)     any status other than 101, with its body
//!                                                   └─► Failed(Failure)       a 101 that breaks a rule, or an answer that is not HTTP
//! ```
//!
//! Interim answers (100, 103 and so on) are skipped; together with the final one they must keep to
//! the limits of one head. After `Refused` and `Failed` there is nothing to send: drop the
//! transport. If [`Response::is_reusable`], you may send another request on it instead.
//!
//! A 101 has no body, so headers that describe one are ignored (RFC 9112 §6.3). The version
//! HTTP/1.0 is ignored too. The lines of a 101 must end in CR LF, because frames begin behind them;
//! those of a refusal may end in LF alone. Folded lines are unfolded (§5.2).

#[cfg(feature = "http")]
pub use crate::handshake::client::HttpHandshake;
pub use crate::handshake::client::{
    Accepted, Config, Failure, Handshake, Outcome, Request, Response, UrlError,
};
