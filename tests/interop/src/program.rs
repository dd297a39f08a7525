//! The programs in `peers/`: what they are told, what they tell, and their end.
//!
//! ```text
//!   PROGRAM client URL OTHER compression=off     checks our server at URL; at OTHER is the same on another port
//!       ◄── `ok NAME`, `not ok NAME: WHY`, at the end `done N` after N checks
//!   PROGRAM server compression=off               serves on a free port of 127.0.0.1
//!       ◄── `listening PORT`
//! ```
//!
//! Either ends when its standard input does: so none outlives this program, however that ends. Who takes too long is killed.

use crate::Failure;
use crate::report::Report;
use crate::server::Server;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long all checks of one program may take.
const PATIENCE: Duration = Duration::from_secs(240);
/// How long it may take to listen, and to end.
const START: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_secs(10);
/// What programs are told of compression, which sockless does not have. Those that can, offer and take none.
const COMPRESSION: &str = "compression=off";

/// Has a program check our server.
pub(crate) fn check_server(report: &mut Report, mut command: Command) -> Result<(), Failure> {
    let (server, other) = (Server::start()?, Server::start()?);
    let mut program = Program::start(command.args(["client", &server.url(), &other.url(), COMPRESSION]))?;
    let until = Instant::now() + PATIENCE;
    let mut group = report.group("its client, our server");
    let mut told = 0;
    while let Some(line) = program.line(until)? {
        if let Some(name) = line.strip_prefix("ok ") {
            group.tell(name, Ok(()));
        } else if let Some(rest) = line.strip_prefix("not ok ") {
            let (name, why) = rest.split_once(": ").unwrap_or((rest, "it does not say why"));
            group.tell(name, Err(why.into()));
        } else if let Some(count) = line.strip_prefix("done ") {
            return match told > 0 && count == told.to_string() {
                true => Ok(()),
                false => Err(format!("{told} checks were told, and at the end {line:?}").into()),
            };
        } else {
            return Err(format!("it says {line:?}").into());
        }
        told += 1;
    }
    Err(format!("it ended after {told} checks, with others to come").into())
}

/// A peer's server. It ends with this.
#[derive(Debug)]
pub(crate) struct PeerServer {
    _program: Option<Program>,
    /// Its address, without a path.
    url: String,
}

impl PeerServer {
    pub(crate) fn start(mut command: Command) -> Result<Self, Failure> {
        let mut program = Program::start(command.args(["server", COMPRESSION]))?;
        let line = program.line(Instant::now() + START)?.ok_or("it ended before it listened")?;
        let port = line.strip_prefix("listening ").and_then(|port| port.parse().ok());
        let port: u16 = port.ok_or_else(|| format!("it says {line:?}"))?;
        Ok(Self { _program: Some(program), url: format!("ws://127.0.0.1:{port}") })
    }

    /// One that is there without us, at this address.
    pub(crate) fn at(url: String) -> Self {
        Self { _program: None, url }
    }

    /// An address of it.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}{target}", self.url)
    }
}

/// A child and the lines that it prints.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let shown = command.get_program().to_owned();
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("{}: {error}", shown.to_string_lossy()))?;
        let (tell, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || BufReader::new(stdout).lines().map_while(io::Result::ok).try_for_each(|line| tell.send(line)));
        }
        Ok(Self { child, lines })
    }

    /// The next line; `None` at the end.
    fn line(&mut self, until: Instant) -> Result<Option<String>, Failure> {
        match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err("it took too long".into()),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let until = Instant::now() + END;
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
