//! `websockets` on Python, in an environment of its own.

use super::{Peer, folder, output};
use crate::Failure;
use crate::checks::{self, Habits};
use crate::compression;
use crate::program::{self, Compression, PeerServer};
use crate::report::Report;
use std::process::Command;

pub(crate) const PEER: Peer = Peer {
    name: "python",
    version,
    install: "cd tests/interop/peers/python && python3 -m venv venv && venv/bin/pip install -r requirements.txt",
    run,
};

const HABITS: Habits = Habits { answer_to_empty_close: 1005, empty_close: 1005 };

fn version() -> Option<String> {
    const VERSION: &str =
        "import platform, websockets; print(f'websockets {websockets.__version__} on Python {platform.python_version()}')";
    output(Command::new(folder("python").join("venv/bin/python")).args(["-c", VERSION]))
}

fn run(report: &mut Report) -> Result<(), Failure> {
    program::check_server(report, python("client.py"), Compression::Off)?;
    let server = PeerServer::start(python("server.py"), Compression::Off)?;
    checks::all(&mut report.group("our client, its server"), &server, &HABITS);

    program::check_server(report, python("client.py"), Compression::On)?;
    program::check_server(report, python("compression.py"), Compression::On)?;
    let server = PeerServer::start(python("server.py"), Compression::On)?;
    let mut group = report.group("our client, its server, compressed");
    compression::all(&mut group, &server);
    Ok(())
}

fn python(program: &str) -> Command {
    let mut command = Command::new(folder("python").join("venv/bin/python"));
    // It leaves no compiled files in the tree.
    command.arg("-B").arg(folder("python").join(program));
    command
}
