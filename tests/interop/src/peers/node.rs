//! `ws` on Node.

use super::{Peer, folder, output};
use crate::Failure;
use crate::checks::{self, Habits};
use crate::program::{self, PeerServer};
use crate::report::Report;
use std::process::Command;

pub(crate) const PEER: Peer = Peer { name: "node", version, install: "npm ci --prefix tests/interop/peers/node", run };

const HABITS: Habits = Habits { answer_to_empty_close: 1005 };

fn version() -> Option<String> {
    const VERSION: &str = "import { readFileSync } from 'node:fs';
        console.log(`ws ${JSON.parse(readFileSync('node_modules/ws/package.json')).version} on Node ${process.versions.node}`);";
    output(Command::new("node").args(["--input-type=module", "--eval", VERSION]).current_dir(folder("node")))
}

fn run(report: &mut Report) -> Result<(), Failure> {
    program::check_server(report, node("client.mjs"))?;
    let server = PeerServer::start(node("server.mjs"))?;
    checks::all(&mut report.group("our client, its server"), &server, &HABITS);
    Ok(())
}

fn node(program: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(folder("node").join(program));
    command
}
