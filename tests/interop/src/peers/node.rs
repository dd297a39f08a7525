//! `ws` on Node.

use super::{Peer, folder, output};
use crate::Failure;
use crate::checks::{self, Habits};
use crate::compression::{self, Case};
use crate::program::{self, Compression, PeerServer};
use crate::report::{Group, Report};
use crate::sample;
use crate::session::{self, Answer, Session};
use sockless::client::Request;
use sockless::deflate::{ClientWindow, Offer, WindowBits};
use sockless::{CloseCode, Config, Connection, Event, MessageKind};
use std::process::Command;

pub(crate) const PEER: Peer =
    Peer { name: "node", version, install: "npm ci --prefix tests/interop/peers/node", run };

const HABITS: Habits = Habits { answer_to_empty_close: 1005, empty_close: 1005 };

/// The most fragments of a message that it takes, by its own default.
const MAX_FRAGMENTS: usize = 16_384;

fn version() -> Option<String> {
    const VERSION: &str = "import { readFileSync } from 'node:fs';
        console.log(`ws ${JSON.parse(readFileSync('node_modules/ws/package.json')).version} on Node ${process.versions.node}`);";
    output(
        Command::new("node")
            .args(["--input-type=module", "--eval", VERSION])
            .current_dir(folder("node")),
    )
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
        group.check(
            &format!("a message in {fragments} fragments is answered with {answer}"),
            || {
                let mut session = Session::open(&server.url("/echo"))?;
                session.send(|connection| connection.begin_message(MessageKind::Binary))?;
                for _ in 1..fragments {
                    session.send(|connection| connection.write_fragment(b"x"))?;
                }
                session.send(Connection::finish_message)?;
                if answer == 1000 {
                    checks::same(
                        session.message()?,
                        Event::Binary(vec![b'x'; fragments - 1].into()),
                    )?;
                    session.send(|connection| connection.close(Some(CloseCode::NORMAL.into())))?;
                }
                checks::same(session.close_event()?.code, answer)
            },
        );
    }
    Ok(())
}

fn compressed(report: &mut Report) -> Result<(), Failure> {
    program::check_server(report, node("compression.mjs"), Compression::On)?;
    let server = PeerServer::start(node("server.mjs"), Compression::On)?;
    let mut group = report.group("our client, its server, compressed");
    compression::all(&mut group, &server);
    offers(&mut group, &server);
    Ok(())
}

/// What it makes of offers that it cannot accept as they are.
fn offers(group: &mut Group<'_>, server: &PeerServer) {
    let bits = WindowBits::new;
    let small = compression::offer(false, false, bits(10), ClientWindow::Negotiable);
    // RFC 7692 §5: a server declines by leaving the extension out of its answer; and it could have
    // said as little as was offered (§7.1.2.1).
    group.check(
        "an offer of a smaller window than it has is refused with 400, and not declined",
        || {
            let request =
                Request::new(&server.url("/echo?server_max_window_bits=12"))?.deflate(small);
            match session::ask(request, Config::default())? {
                Answer::Refused(response) => checks::same(response.status(), 400),
                other => Err(format!("{other:?}").into()),
            }
        },
    );
    Case {
        name: "of two offers it accepts the one that it can".into(),
        offers: vec![small, Offer::default()],
        policy: "server_max_window_bits=12".into(),
        answer: vec!["server_max_window_bits=12".into()],
        agreed: compression::parameters(false, false, 12, 15),
    }
    .check(group, server);
    // Node makes 9 of 8, and of these 512 bytes zlib refers to the last 250 only.
    group.check("windows of 8 bits, which our client does not use, and it does", || {
        let agreed = compression::parameters(false, false, 8, 8);
        let asked = compression::offer(
            false,
            false,
            bits(8),
            ClientWindow::AtMost(agreed.client_max_window_bits),
        );
        let mut session = Case::offered("", asked, agreed).open(server)?;
        let data = sample::noise(240, 1).repeat(20);
        let carried = compression::exchange(&mut session, &[&data])?;
        compression::within("ours on the wire", carried.written, data.len()..data.len() + 100)?;
        compression::within("its on the wire", carried.read, 0..data.len() * 9 / 10)?;
        session.finish()
    });
}

fn node(program: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(folder("node").join(program));
    command
}
