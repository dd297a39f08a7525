//! Our server: `examples/echo.rs` with a path for each thing that a peer may want to see it do.
//!
//! | WebSocket | |
//! |---|---|
//! | `/echo` | echoes messages as they are; speaks `chat.v2`, `chat.v1` |
//! | `/echo-chunks` | the same by `Delivery::Chunks`, in parts as they come |
//! | `/counted` | echoes binary messages; to any text it answers with the bytes that the connection carried so far, as JSON: `read`, `written` |
//! | `/limit?bytes=N` | the same as `/echo`, for messages of at most N bytes |
//! | `/close?code=C&reason=R` | closes as soon as it is open; without a code by an empty Close |
//! | `/ping?data=D` | pings as soon as it is open, and tells the pong's payload as a text |
//! | `/parts?kind=text\|binary&size=S&count=N` | one message in N fragments of S bytes, those of a text less a character that would be cut |
//! | `/prepared?count=N` | N times a message of its own, and one that is prepared once for all connections: see `sample` |
//! | `/slow?id=ID` | reads nothing until `GET /release?id=ID`; to the text `end` it answers with how many bytes of other messages came |
//! | `/request` | tells the request as a JSON text: `target`, `origin`, `protocols`, `headers` (a list of pairs); its 101 has `X-Interop: yes` |
//! | `/refuse?status=S` | an HTTP answer with that status, `X-Interop: yes` and the body `not you\n` |
//!
//! | plain HTTP | |
//! |---|---|
//! | `/page` | an empty page |
//! | `/close_event?id=ID` | what we saw of the end of the connection whose address had `id=ID`, once it is over, as JSON: `code`, `reason`, `clean`, `cause` |
//! | `/received?id=ID` | how many bytes of messages had come on it by then, as JSON |
//! | `/release?id=ID` | see `/slow` |
//! | `/refusals` | whom we refused by ourselves so far, as a JSON list of `status` and `error` |
//! | `/compressing?…` | the address of a server that accepts compression and keeps to what is asked for here: see `compressing` |
//!
//! Only web pages of the same host may connect, and compression is declined, unless it is told
//! otherwise.

mod compressing;
mod ledger;
mod plain;
mod service;

use crate::transport::Transport;
use crate::wire::Wire;
use ledger::{Ledger, Seen};
use service::{Service, Talk};
use sockless::deflate::{Policy, Settings};
use sockless::handshake::Header;
use sockless::server::{self, Accept, Handshake, Incoming, OriginPolicy, Replying, Request};
use sockless::{CloseEvent, Connection, Event, Workspace};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long one connection may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The subprotocols that it speaks, the best first.
const PROTOCOLS: [&str; 2] = ["chat.v2", "chat.v1"];

#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    ledger: Arc<Ledger>,
}

/// What a server goes by.
#[derive(Clone, Debug, Default)]
struct Rules {
    handshake: server::Config,
    deflate: Settings,
}

impl Server {
    /// Listens on a free port and serves until the program ends.
    pub(crate) fn start() -> io::Result<Self> {
        Self::with(Rules::default(), Arc::default())
    }

    /// The same, for other web pages.
    pub(crate) fn listing(origin: OriginPolicy) -> io::Result<Self> {
        let mut rules = Rules::default();
        rules.handshake.origin = origin;
        Self::with(rules, Arc::default())
    }

    /// The same, with compression as it is offered.
    pub(crate) fn compressing() -> io::Result<Self> {
        let mut rules = Rules::default();
        rules.handshake.deflate = Some(Policy::default());
        Self::with(rules, Arc::default())
    }

    fn with(rules: Rules, ledger: Arc<Ledger>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let own = ledger.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (rules, ledger) = (rules.clone(), own.clone());
                match stream.and_then(|stream| Wire::new(Transport::Plain(stream), PATIENCE)) {
                    Ok(wire) => drop(thread::spawn(move || serve(wire, rules, &ledger))),
                    Err(error) => eprintln!("interop: a connection was lost: {error}"),
                }
            }
        });
        Ok(Self { port, ledger })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its address, without a path.
    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// What it saw of the end of a connection, once that is over.
    pub(crate) fn close_event(&self, id: &str) -> Option<Seen> {
        self.ledger.wait_for_close_event(id, PATIENCE)
    }
}

fn serve(mut wire: Wire, rules: Rules, ledger: &Arc<Ledger>) {
    let mut workspace = Workspace::default();
    let mut handshake = Handshake::new(rules.handshake);
    let mut turn = workspace.turn(&mut handshake);
    let incoming = loop {
        if !wire.goes_on(&mut turn) {
            return;
        }
        let (handshake, mut input) = turn.received(0);
        if let Some(incoming) = handshake.poll(&mut input) {
            break incoming;
        }
    };
    drop(turn);
    match incoming {
        Incoming::Upgrade(request) => upgrade(request, wire, &mut workspace, rules.deflate, ledger),
        Incoming::Http(request) => answer(plain::answer(request, ledger), wire, &mut workspace),
        Incoming::Failed(replying) => {
            ledger.refused(&replying);
            answer(replying, wire, &mut workspace)
        }
    }
}

fn upgrade(
    request: Request,
    mut wire: Wire,
    workspace: &mut Workspace,
    deflate: Settings,
    ledger: &Ledger,
) {
    let Some((mut service, id)) = Service::of(&request) else {
        return answer(request.reject(404).into_replying(), wire, workspace);
    };
    if let Service::Refuse { status } = service {
        let reply = request.reject(status).header(mark()).body("not you\n");
        return answer(reply.into_replying(), wire, workspace);
    }
    let accept = PROTOCOLS.iter().fold(request.accept().header(mark()), |accept, protocol| {
        Accept::protocol(accept, protocol)
    });
    let mut connection = accept.open(service.config(deflate));
    service.opened(&mut Talk { connection: &mut connection, wire: &mut wire });
    wire.write(&mut connection);
    if service.waits() {
        ledger.wait_for_release(id.as_deref().unwrap_or_default(), PATIENCE);
    }
    let (close_event, received) = receive(&mut connection, &mut wire, workspace, &mut service);
    if let (Some(id), Some(close_event)) = (id, close_event) {
        ledger.closed(id, close_event, received);
    }
}

/// From the first frames to the end: how it ended, and how many bytes of messages had come.
fn receive(
    connection: &mut Connection,
    wire: &mut Wire,
    workspace: &mut Workspace,
    service: &mut Service,
) -> (Option<CloseEvent>, usize) {
    let (mut ended, mut received) = (None, 0);
    let mut turn = workspace.turn(connection);
    while wire.goes_on(&mut turn) {
        let (connection, mut input) = turn.received(0);
        while let Some(event) = connection.poll(&mut input) {
            received += match &event {
                Event::Text(text) => text.len(),
                Event::Binary(data) => data.len(),
                Event::Chunk(chunk) => chunk.data.as_bytes().len(),
                _ => 0,
            };
            match event {
                Event::Closed(close_event) => ended = Some(close_event),
                event => service.heard(&mut Talk { connection, wire }, event),
            }
        }
    }
    (ended, received)
}

fn answer(mut replying: Replying, mut wire: Wire, workspace: &mut Workspace) {
    let mut turn = workspace.turn(&mut replying);
    while wire.goes_on(&mut turn) {
        let (replying, mut input) = turn.received(0);
        replying.poll(&mut input);
    }
}

/// A header of our own in an answer.
fn mark() -> Header<'static> {
    Header::new("X-Interop", "yes").expect("a token, and a word")
}
