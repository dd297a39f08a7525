//! `websockets` on Python, in an environment of its own.

use super::{Peer, folder, output};
use crate::Failure;
use crate::checks::{self, Habits};
use crate::compression::{self, Case};
use crate::program::{self, Compression, PeerServer};
use crate::report::{Group, Report};
use crate::sample;
use crate::session::Session;
use sockless::Config;
use sockless::client::Request;
use sockless::deflate::{ClientWindow, Offer, WindowBits};
use std::process::Command;

pub(crate) const PEER: Peer = Peer {
    name: "python",
    version,
    install: "cd tests/interop/peers/python && python3 -m venv venv && venv/bin/pip install -r requirements.txt",
    run,
};

const HABITS: Habits = Habits { answer_to_empty_close: 1005, empty_close: 1005 };

fn version() -> Option<String> {
    const VERSION: &str = "import platform, websockets; print(f'websockets {websockets.__version__} on Python {platform.python_version()}')";
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
    offers(&mut group, &server);
    Ok(())
}

/// What it makes of offers that it cannot accept as they are.
fn offers(group: &mut Group<'_>, server: &PeerServer) {
    let bits = WindowBits::new;
    Case {
        name: "an offer of a smaller window than it has is accepted".into(),
        offers: vec![compression::offer(false, false, bits(10), ClientWindow::Negotiable)],
        policy: "server_max_window_bits=12".into(),
        answer: vec!["server_max_window_bits=10".into()],
        agreed: compression::parameters(false, false, 10, 15),
    }
    .check(group, server);
    let eight = compression::offer(false, false, bits(8), ClientWindow::Negotiable);
    group.check("an offer of a window of 8 bits is declined", || {
        let request = Request::new(&server.url("/echo"))?.deflate(eight);
        let mut session = Session::with(request, Config::default())?;
        checks::same(session.extensions().deflate, None)?;
        checks::echo_text(&mut session, &sample::text(65_536))?;
        session.finish()
    });
    Case {
        name: "of two offers it accepts the one that it can".into(),
        offers: vec![eight, Offer::default()],
        policy: String::new(),
        answer: Vec::new(),
        agreed: compression::parameters(false, false, 15, 15),
    }
    .check(group, server);
    group.check("a window of 8 bits for our client, which does not use it", || {
        let agreed = compression::parameters(false, false, 15, 8);
        let asked = compression::offer(
            false,
            false,
            None,
            ClientWindow::AtMost(agreed.client_max_window_bits),
        );
        let mut session = Case::offered("", asked, agreed).open(server)?;
        let data = sample::noise(240, 1).repeat(20);
        let carried = compression::exchange(&mut session, &[&data])?;
        compression::within("ours on the wire", carried.written, data.len()..data.len() + 100)?;
        compression::within("its on the wire", carried.read, 0..data.len() / 2)?;
        session.finish()
    });
}

fn python(program: &str) -> Command {
    let mut command = Command::new(folder("python").join("venv/bin/python"));
    // It leaves no compiled files in the tree.
    command.arg("-B").arg(folder("python").join(program));
    command
}
