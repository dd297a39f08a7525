//! What an idle WebSocket costs a server in resident memory: thousands of them open on the chat, a
//! process of its own, and this one is all of their clients.
//!
//! ```text
//!   this process: 9,500 clients, over epoll ──► TCP on 127.0.0.1 ──► examples/chat, as its users build it
//! ```
//!
//! A few connections come, talk and go first, so that nothing is counted that is there once. Then
//! all are opened; then each says a message of 1 KiB and hears as much; then all are closed, and as
//! many others come and talk, in the room that those left. At each rest the chat itself must say
//! how many are open, and that nothing is queued, before its memory is read from `/proc`. Nobody
//! joins the room: it would tell all of everyone.
//!
//! Resident memory is the process's own. What the kernel keeps for a socket is in no process's: it
//! is not told here.
//!
//! The chat ends with this process, however that ends; each wait has an end.

mod chat;
mod crowd;

use chat::{Build, Chat, Memory};
use clap::Parser;
use crowd::Crowd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::process::ExitCode;

/// Resident memory of idle connections on the chat
#[derive(Debug, Parser)]
#[command(name = "idle")]
struct Args {
    /// How many connections are opened
    #[arg(long, value_name = "N", default_value_t = 9500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connections: u32,

    /// 500 connections
    #[arg(long, conflicts_with = "connections")]
    quick: bool,
}

/// How many come and go before.
const WARM_UP: u32 = 20;

/// What a process has open beside its connections.
const OTHERS: u32 = 100;

fn main() -> ExitCode {
    let args = Args::parse();
    match measure(if args.quick { 500 } else { args.connections }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("idle: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(connections: u32) -> io::Result<()> {
    allow_descriptors(connections)?;
    println!(
        "Of {connections} connections, bytes each: resident (and of these anonymous: heap and stack).\n"
    );
    println!(
        "| the chat | idle after the handshake | after 1 KiB either way | all closed | others after them | without any, KiB |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for build in Build::ALL {
        let [before, idle, talked, closed, again] = live_through(build, connections)?;
        let each = |memory: Memory| {
            let one = |now: u64, before: u64| (now as f64 - before as f64) / f64::from(connections);
            format!(
                "{:.0} ({:.0})",
                one(memory.resident, before.resident),
                one(memory.anonymous, before.anonymous)
            )
        };
        let name = build.name();
        let [idle, talked, closed, again] = [idle, talked, closed, again].map(each);
        println!(
            "| {name} | {idle} | {talked} | {closed} | {again} | {} |",
            before.resident / 1024
        );
    }
    Ok(())
}

/// The chat's memory without connections, with all of them, after all have talked, when all are
/// closed, and after as many others have talked.
fn live_through(build: Build, connections: u32) -> io::Result<[Memory; 5]> {
    let program = build.build()?;
    let mut chat = Chat::start(&program, connections)?;
    let url = chat.url();
    let open = |connections| Crowd::open(&url, build.compresses(), connections);
    let mut few = open(WARM_UP)?;
    few.talk()?;
    few.close()?;
    let before = chat.at_rest(0)?;
    let mut crowd = open(connections)?;
    let idle = chat.at_rest(connections)?;
    crowd.talk()?;
    let talked = chat.at_rest(connections)?;
    crowd.close()?;
    let closed = chat.at_rest(0)?;
    let mut others = open(connections)?;
    others.talk()?;
    let again = chat.at_rest(connections)?;
    others.close()?;
    chat.stop()?;
    Ok([before, idle, talked, closed, again])
}

/// Raises this process's own limit, which the chat inherits.
fn allow_descriptors(connections: u32) -> io::Result<()> {
    let needed = u64::from(connections + OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if let Some(maximum) = maximum.filter(|maximum| *maximum < needed) {
        return Err(io::Error::other(format!(
            "{connections} connections take {needed} descriptors, here and in the chat, and {maximum} are allowed: \
             raise the hard limit (`ulimit -Hn`), or ask for fewer (--connections)"
        )));
    }
    if current.is_some_and(|current| current < needed) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum })?;
    }
    Ok(())
}
