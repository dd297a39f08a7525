//! An interactive client: lines of the standard input go out as messages, what comes is printed.
//!
//! ```text
//!   main ── args                    the command line, and with it the request
//!     │    └─ compression           what --deflate offers
//!     └─ session                    the event loop: socket, lines, signals, time
//!          ├─ stdin                 a thread that reads lines, for not every input can be watched
//!          ├─ wait                  how long answers may take when the lines are at their end
//!          ├─ shown                 what others wrote, made harmless for a terminal
//!          └─ ../chat/{pump, signals, invisible}   the loop over a socket, the same for both ends, and what is not shown
//! ```

mod args;
mod compression;
#[path = "../chat/invisible.rs"]
mod invisible;
#[path = "../chat/pump.rs"]
mod pump;
mod session;
mod shown;
#[path = "../chat/signals.rs"]
#[allow(dead_code, unused_imports)] // The chat asks for more.
mod signals;
mod stdin;
mod wait;

use crate::args::{Args, HELP, Settings};
use crate::session::{Ending, Session};
use crate::shown::Shown;
use crate::stdin::LINE_MAX;
use sockless::CloseEvent;
use sockless::client::Response;
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let settings = match Args::parse(std::env::args_os().skip(1)) {
        Ok(Args::Connect(settings)) => *settings,
        Ok(Args::Help) => {
            let _ = writeln!(io::stdout(), "{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => return fail(&problem, USAGE),
    };
    let socket = match connect(&settings) {
        Ok(socket) => socket,
        Err(problem) => return fail(&problem, NO_CONNECTION),
    };
    match Session::new(socket, settings).and_then(Session::run) {
        Ok(Ending::Closed(close_event)) if is_good(&close_event) => ExitCode::SUCCESS,
        Ok(Ending::Closed(_)) => ExitCode::from(CLOSED_BADLY),
        Ok(Ending::LineTooLong) => fail(
            &format!(
                "a line of the input is longer than {LINE_MAX} bytes: neither it nor what follows was sent"
            ),
            LINE_TOO_LONG,
        ),
        Ok(Ending::Interrupted) => fail("interrupted", CLOSED_BADLY),
        Ok(Ending::Refused(response)) => fail(&refusal(&response), REFUSED),
        Ok(Ending::Failed(error)) => fail(&format!("that is no WebSocket: {error}"), REFUSED),
        Err(error) => fail(&format!("the event loop failed: {error}"), CLOSED_BADLY),
    }
}

const CLOSED_BADLY: u8 = 1;
const USAGE: u8 = 2;
const NO_CONNECTION: u8 = 3;
const REFUSED: u8 = 4;
const LINE_TOO_LONG: u8 = 5;

/// For each address of the host.
const CONNECT: Duration = Duration::from_secs(10);

/// The first address of the host that answers.
fn connect(settings: &Settings) -> Result<TcpStream, String> {
    let (host, port) = (settings.request.host(), settings.request.port());
    let addrs =
        (host, port).to_socket_addrs().map_err(|error| format!("cannot find {host}: {error}"))?;
    let mut problem = format!("cannot find {host}: it has no address");
    for addr in addrs {
        match TcpStream::connect_timeout(&addr, CONNECT) {
            Ok(socket) => return Ok(socket),
            Err(error) => problem = format!("cannot connect to {addr}: {error}"),
        }
    }
    Err(problem)
}

/// Closed by both ends, and because all was said or one of them goes away.
fn is_good(close_event: &CloseEvent) -> bool {
    close_event.clean && matches!(close_event.code, 1000 | 1001 | CloseEvent::NO_STATUS)
}

/// The status, the headers and the body, each line on its own.
fn refusal(response: &Response) -> String {
    let mut text = format!("the server refuses, with status {}", response.status());
    for (name, value) in response.headers().iter() {
        text += &format!("\n  {}: {}", Shown(name), Shown(&String::from_utf8_lossy(value)));
    }
    for line in String::from_utf8_lossy(response.body()).lines() {
        text += &format!("\n  > {}", Shown(line));
    }
    if response.is_cut() {
        text += "\n  (a part of it is missing)";
    }
    text
}

fn fail(problem: &str, status: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "client: {problem}");
    ExitCode::from(status)
}
