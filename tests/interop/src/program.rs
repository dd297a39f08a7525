//! The programs in `peers/`: what they are told, what they tell, and their end.
//!
//! ```text
//!   PROGRAM client URL OTHER compression=off     checks our server at URL; at OTHER is the same on another port. With compression=on
//!                                                both accept it: it checks what that changes
//!       ◄── `ok NAME`, `not ok NAME: WHY`, at the end `done N` after N checks
//!   PROGRAM server compression=off               serves on a free port of 127.0.0.1. With compression=on it accepts what it is offered, as
//!                                                the query says (see checks)
//!       ◄── `listening PORT`
//! ```
//!
//! Either ends when its standard input does: so none outlives this program, however that ends. Who
//! takes too long is killed.

use crate::Failure;
use crate::report::Report;
use crate::server::Server;
use crate::session::Session;
use sockless::Config;
use sockless::client::Request;
use sockless::deflate::Offer;
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

/// Whether a server accepts compression, and a client offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Off,
    On,
}

/// Has a program check our server.
pub(crate) fn check_server(
    report: &mut Report,
    mut command: Command,
    compression: Compression,
) -> Result<(), Failure> {
    let (heading, start): (_, fn() -> _) = match compression {
        Compression::Off => ("its client, our server", Server::start),
        Compression::On => ("its client, our server, compressed", Server::compressing),
    };
    let (server, other) = (start()?, start()?);
    let mut program = Program::start(command.args([
        "client",
        &server.url(),
        &other.url(),
        compression.argument(),
    ]))?;
    let until = Instant::now() + PATIENCE;
    let mut group = report.group(heading);
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
    compression: Compression,
}

impl Compression {
    fn argument(self) -> &'static str {
        match self {
            Self::Off => "compression=off",
            Self::On => "compression=on",
        }
    }
}

impl PeerServer {
    pub(crate) fn start(mut command: Command, compression: Compression) -> Result<Self, Failure> {
        let mut program = Program::start(command.args(["server", compression.argument()]))?;
        let line = program.line(Instant::now() + START)?.ok_or("it ended before it listened")?;
        let port = line.strip_prefix("listening ").and_then(|port| port.parse().ok());
        let port: u16 = port.ok_or_else(|| format!("it says {line:?}"))?;
        Ok(Self { _program: Some(program), url: format!("ws://127.0.0.1:{port}"), compression })
    }

    /// One that is there without us, at this address.
    pub(crate) fn at(url: String, compression: Compression) -> Self {
        Self { _program: None, url, compression }
    }

    /// A connection to it that has to open, and to be compressed if the server accepts that.
    pub(crate) fn open(&self, target: &str) -> Result<Session, Failure> {
        let session = Session::with(self.request(target)?, Config::default())?;
        match (self.compression, session.extensions().deflate) {
            (Compression::On, None) => Err("no compression was agreed on".into()),
            _ => Ok(session),
        }
    }

    /// A request to it, with an offer as that of browsers if it accepts compression.
    pub(crate) fn request(&self, target: &str) -> Result<Request, Failure> {
        let request = Request::new(&self.url(target))?;
        Ok(match self.compression {
            Compression::Off => request,
            Compression::On => request.deflate(Offer::default()),
        })
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
            thread::spawn(move || {
                BufReader::new(stdout)
                    .lines()
                    .map_while(io::Result::ok)
                    .try_for_each(|line| tell.send(line))
            });
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
