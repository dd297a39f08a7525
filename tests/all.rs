//! All tests that need no program of their own, as one: they are linked once.
//!
//! Each module names a behaviour; `cargo test --test all splits::` runs one of them. The allocator
//! counts for each thread apart, so it disturbs nobody who does not ask.

#[path = "handshake/mod.rs"]
mod handshake;
mod support;

#[path = "allocations/main.rs"]
mod allocations;
#[path = "bounds/main.rs"]
mod bounds;
mod chunks;
#[path = "close_automaton/main.rs"]
mod close_automaton;
#[path = "closing/main.rs"]
mod closing;
mod conformance;
#[cfg(feature = "deflate")]
#[path = "deflate/main.rs"]
mod deflate;
#[path = "endpoint/main.rs"]
mod endpoint;
mod forwarding;
mod growth;
mod handshake_allocations;
mod handshake_client;
#[path = "handshake_deflate/main.rs"]
mod handshake_deflate;
mod handshake_heads;
mod handshake_lines;
#[path = "handshake_rules/main.rs"]
mod handshake_rules;
#[path = "handshake_server/main.rs"]
mod handshake_server;
mod handshake_splits;
#[path = "heartbeat/main.rs"]
mod heartbeat;
#[path = "history/main.rs"]
mod history;
#[cfg(feature = "http")]
#[path = "http/main.rs"]
mod http;
mod idle_memory;
mod layers;
mod pages;
mod pair;
mod readme;
mod receiving;
mod replay;
mod rfc_examples;
mod secrets;
#[path = "sending/main.rs"]
mod sending;
#[path = "slow_line/main.rs"]
mod slow_line;
mod splits;
mod streaming;
#[path = "turns/main.rs"]
mod turns;
mod violations;

#[global_allocator]
static ALLOCATOR: support::alloc::Counting = support::alloc::Counting;
