//! The table of peers: what they are called, whether they are here, how to get them, and what is
//! run.

mod chromium;
mod nginx;
mod node;
mod python;
mod qt;

use crate::Failure;
use crate::report::Report;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) const PEERS: [Peer; 5] =
    [chromium::PEER, qt::PEER, node::PEER, python::PEER, nginx::PEER];

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Its version and those of what it stands on; `None` if it is not installed.
    pub(crate) version: fn() -> Option<String>,
    /// The command that installs it, in the root of the repository.
    pub(crate) install: &'static str,
    /// Carries out its checks. An error ends them, and is one that failed.
    pub(crate) run: fn(&mut Report) -> Result<(), Failure>,
}

/// The folder of a peer's programs.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

/// What a command prints, without the space around it; `None` if it cannot be run or fails.
fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
