//! Servers that accept compression, each by a policy that a peer asks for.
//!
//! The query has the policy's fields by the names of the parameters that they lead to:
//! `server_no_context_takeover` and `client_no_context_takeover` by being there,
//! `server_max_window_bits=N` and `client_max_window_bits=N`; and `pool=N`, with how many
//! compressors its connections share.

use super::ledger::Ledger;
use super::service::parameter;
use super::{Rules, Server};
use crate::Failure;
use sockless::deflate::{Policy, Pool, WindowBits};
use sockless::server::OriginPolicy;
use std::sync::Arc;

/// Starts one. It tells the ends of its connections to the one that was asked, and lets its pages
/// in.
pub(crate) fn start(query: &str, ledger: &Arc<Ledger>) -> Result<Server, Failure> {
    let is_there = |name| parameter(query, name).is_some();
    let bits = |name| match parameter(query, name) {
        Some(value) => {
            WindowBits::new(value.parse()?).ok_or_else(|| Failure::from(format!("{name}={value}")))
        }
        None => Ok(WindowBits::MAX),
    };
    let mut policy = Policy::default();
    policy.server_no_context_takeover = is_there("server_no_context_takeover");
    policy.client_no_context_takeover = is_there("client_no_context_takeover");
    policy.server_max_window_bits = bits("server_max_window_bits")?;
    policy.client_max_window_bits = bits("client_max_window_bits")?;
    let mut rules = Rules::default();
    rules.handshake.deflate = Some(policy);
    rules.handshake.origin = OriginPolicy::Any;
    rules.deflate.pool =
        parameter(query, "pool").map(|value| value.parse()).transpose()?.map(Pool::new);
    Ok(Server::with(rules, ledger.clone())?)
}
