//! A chat room for browsers: one port, one thread, mio.
//!
//! ```text
//!   main ── args                    the command line
//!     └─ server                     the event loop: accept, take turns, deliver, stop
//!          ├─ room                  who is here and who hears what; its head states the chat's protocol
//!          │    ├─ credit           how fast one may talk
//!          │    └─ name             what one may be called
//!          │         └─ invisible   what no name may hold
//!          ├─ signals               Ctrl-C, SIGTERM and SIGUSR1 as events of the loop
//!          ├─ timers                who wants a turn when, though nothing comes
//!          ├─ stats                 the line that SIGUSR1 asks for
//!          ├─ terms                 what everyone may do, and how messages are compressed
//!          └─ peer                  one connection: handshake, then page or chat
//!               ├─ site             what is served where
//!               └─ pump             an endpoint's loop over a socket: the part to copy
//! ```

mod args;
mod invisible;
mod peer;
mod pump;
mod room;
mod server;
mod signals;
mod site;
mod stats;
mod terms;
mod timers;

use crate::args::{Args, HELP};
use crate::server::Server;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

fn main() -> ExitCode {
    let settings = match Args::parse(std::env::args_os().skip(1)) {
        Ok(Args::Serve(settings)) => settings,
        Ok(Args::Help) => {
            say(HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => return fail(&problem, BAD_START),
    };
    let mut server = match Server::bind(&settings) {
        Ok(server) => server,
        Err(error) => {
            return fail(
                &format!("cannot listen on {}: {error}", list(&settings.addrs)),
                BAD_START,
            );
        }
    };
    match server.address() {
        Ok(address) => say(&format!("http://{}/", reachable(address))),
        Err(error) => return fail(&format!("cannot tell its own address: {error}"), BAD_START),
    }
    match server.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the event loop failed: {error}"), BROKEN),
    }
}

const BAD_START: u8 = 2;
const BROKEN: u8 = 1;

/// Prints at once, also into a pipe. Nobody listening is no reason to stop.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn fail(problem: &str, status: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "chat: {problem}");
    ExitCode::from(status)
}

fn list(addrs: &[SocketAddr]) -> String {
    addrs.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" or ")
}

/// An address that a browser on this machine can open: "any interface" is no place to go to.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
