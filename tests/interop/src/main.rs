//! Real peers against both roles of sockless, over real sockets.
//!
//! ```text
//!   its client, our server:   a program of peers/NAME ──── its checks ───► server
//!   our client, its server:   a program of peers/NAME ◄─── our checks ──── session
//! ```
//!
//! A peer is a row of the table in `peers`. Its programs are told what to do and tell what they
//! found on pipes (`program`). What is said on the wire is the same for all of them: the paths of
//! `server`, the payloads of `sample`.

mod args;
mod checks;
mod compression;
mod peers;
mod program;
mod report;
mod sample;
mod server;
mod session;
mod transport;
mod wire;

use args::Args;
use clap::Parser;
use peers::{PEERS, Peer};
use report::Report;
use std::fs;
use std::process::ExitCode;

/// What keeps a check, or a run, from coming to its end.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("interop: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn run(args: &Args) -> Result<bool, Failure> {
    let mut report = Report::default();
    for peer in PEERS.iter().filter(|peer| args.wants(peer)) {
        visit(peer, !args.peers.is_empty(), &mut report);
    }
    report.finish();
    if let Some(path) = &args.json {
        fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(report.passed())
}

/// Runs one peer's checks, if it is there.
fn visit(peer: &Peer, named: bool, report: &mut Report) {
    match (peer.version)() {
        Some(version) => {
            report.begin(peer.name, &version);
            if let Err(failure) = (peer.run)(report) {
                report.tell("the run", Err(failure));
            }
            report.end();
        }
        None => report.missing(peer.name, peer.install, named),
    }
}
