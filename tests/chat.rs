//! The chat example's own tests. They are run from here because Cargo builds an example either to be tested or to be started, and
//! `tests/crowd` starts it.
#![allow(dead_code)]

#[path = "../examples/chat/args.rs"]
mod args;
#[path = "../examples/chat/invisible.rs"]
mod invisible;
#[path = "../examples/chat/pump.rs"]
mod pump;
#[path = "../examples/chat/room/mod.rs"]
mod room;
#[path = "../examples/chat/stats.rs"]
mod stats;
#[path = "../examples/chat/timers.rs"]
mod timers;
