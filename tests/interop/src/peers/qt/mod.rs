//! Qt's WebSockets: one program, QWebSocket as client and QWebSocketServer as server, built by
//! CMake into `peers/qt/build` on first use.

mod server;

use super::{Peer, folder, output};
use crate::Failure;
use crate::checks::{self, Habits};
use crate::program::{self, Compression, PeerServer};
use crate::report::Report;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub(crate) const PEER: Peer = Peer {
    name: "qt",
    version,
    install: "apt-get install cmake g++ qt6-base-dev qt6-websockets-dev",
    run,
};

/// It has no word for a Close without a code: it sends none, and takes one for 1000.
const HABITS: Habits = Habits { answer_to_empty_close: 1000, empty_close: 1000 };

/// CMake is asked, which has to find it anyway. It takes no folder that it filled under another
/// path: that one goes.
fn version() -> Option<String> {
    let find = || output(Command::new("cmake").arg("-S").arg(folder("qt")).arg("-B").arg(build()));
    let found = find().or_else(|| {
        fs::remove_dir_all(build()).ok()?;
        find()
    })?;
    found
        .lines()
        .find_map(|line| line.strip_prefix("-- Qt "))
        .map(|version| format!("Qt {version}"))
}

fn run(report: &mut Report) -> Result<(), Failure> {
    let built =
        Command::new("cmake").arg("--build").arg(build()).args(["--parallel", "2"]).output()?;
    if !built.status.success() {
        return Err(format!("it does not build: {}", String::from_utf8_lossy(&built.stderr)).into());
    }
    program::check_server(report, program(), Compression::Off)?;
    let server = PeerServer::start(program(), Compression::Off)?;
    let mut group = report.group("our client, its server");
    checks::echoes(&mut group, &server);
    checks::fragments(&mut group, &server);
    checks::pings(&mut group, &server);
    checks::our_closes(&mut group, &server, &HABITS);
    checks::its_closes(&mut group, &server, &HABITS);
    checks::limits(&mut group, &server);
    checks::protocols(&mut group, &server);
    checks::origins(&mut group, &server);
    server::all(&mut group, &server);
    Ok(())
}

fn program() -> Command {
    Command::new(build().join("interop-qt"))
}

fn build() -> PathBuf {
    folder("qt").join("build")
}
