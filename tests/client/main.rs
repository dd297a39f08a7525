//! The client example: its own tests, and the program against servers that do as they like.
//!
//! [`talk`] is about connections that open and what is said on them, [`waiting`] about the end of
//! the input, [`end`] about how they end and what never opens; [`program`] runs the client,
//! [`servers`] has what it meets.
#![cfg(unix)]
#![allow(clippy::result_large_err)] // One a test.

#[path = "../../examples/client/args.rs"]
#[allow(dead_code)]
mod args;
#[path = "../../examples/client/compression.rs"]
#[allow(dead_code)]
mod compression;
mod end;
#[path = "../example/mod.rs"]
mod example;
#[path = "../../examples/chat/invisible.rs"]
mod invisible;
mod program;
mod servers;
#[path = "../../examples/client/shown.rs"]
#[allow(dead_code)]
mod shown;
#[path = "../../examples/client/stdin.rs"]
#[allow(dead_code)]
mod stdin;
mod talk;
#[path = "../../examples/client/wait.rs"]
mod wait;
mod waiting;
