//! `ws` on Node.

use super::{Peer, folder, output};
use crate::Failure;
use crate::checks::{self, Habits};
use crate::compression;
use crate::program::{self, Compression, PeerServer};
use crate::report::Report;
use crate::session::Session;
use sockless::{CloseCode, Connection, Event, Kind};
use std::process::Command;

pub(crate) const PEER: Peer = Peer { name: "node", version, install: "npm ci --prefix tests/interop/peers/node", run };

const HABITS: Habits = Habits { answer_to_empty_close: 1005, empty_close: 1005 };

/// The most fragments of a message that it takes, by its own default.
const MAX_FRAGMENTS: usize = 16_384;

fn version() -> Option<String> {
    const VERSION: &str = "import { readFileSync } from 'node:fs';
        console.log(`ws ${JSON.parse(readFileSync('node_modules/ws/package.json')).version} on Node ${process.versions.node}`);";
    output(Command::new("node").args(["--input-type=module", "--eval", VERSION]).current_dir(folder("node")))
}

fn run(report: &mut Report) -> Result<(), Failure> {
    plain(report)?;
    compressed(report)
}

fn plain(report: &mut Report) -> Result<(), Failure> {
    program::check_server(report, node("client.mjs"), Compression::Off)?;
    let server = PeerServer::start(node("server.mjs"), Compression::Off)?;
    let mut group = report.group("our client, its server");
    checks::all(&mut group, &server, &HABITS);
    for (fragments, answer) in [(MAX_FRAGMENTS, 1000), (MAX_FRAGMENTS + 1, 1008)] {
        group.check(&format!("a message in {fragments} fragments is answered with {answer}"), || {
            let mut session = Session::open(&server.url("/echo"))?;
            session.send(|connection| connection.begin(Kind::Binary))?;
            for _ in 1..fragments {
                session.send(|connection| connection.write_part(b"x"))?;
            }
            session.send(Connection::finish)?;
            if answer == 1000 {
                checks::same(session.message()?, Event::Binary(vec![b'x'; fragments - 1].into()))?;
                session.send(|connection| connection.close(Some(CloseCode::NORMAL.into())))?;
            }
            checks::same(session.closure()?.code, answer)
        });
    }
    Ok(())
}

fn compressed(report: &mut Report) -> Result<(), Failure> {
    program::check_server(report, node("compression.mjs"), Compression::On)?;
    let server = PeerServer::start(node("server.mjs"), Compression::On)?;
    let mut group = report.group("our client, its server, compressed");
    compression::all(&mut group, &server);
    Ok(())
}

fn node(program: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(folder("node").join(program));
    command
}
