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
use sockless::{CloseEvent, Endpoint, Event, Input};
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
    let mut scratch = vec![0; 64 << 10];
    let mut handshake = Handshake::new(rules.handshake);
    while !handshake.is_done() {
        let mut input = wire.turn(&mut handshake, &mut scratch);
        match handshake.poll(&mut input) {
            Some(Incoming::Upgrade(request)) => {
                return upgrade(request, input, wire, rules.deflate, ledger);
            }
            Some(Incoming::Http(request)) => return answer(plain::answer(request, ledger), wire),
            Some(Incoming::Failed(replying)) => {
                ledger.refused(&replying);
                return answer(replying, wire);
            }
            None => {}
        }
    }
}

fn upgrade(request: Request, input: Input<'_>, wire: Wire, deflate: Settings, ledger: &Ledger) {
    let Some((service, id)) = Service::of(&request) else {
        return answer(request.reject(404).into_replying(), wire);
    };
    if let Service::Refuse { status } = service {
        return answer(
            request.reject(status).header(mark()).body("not you\n").into_replying(),
            wire,
        );
    }
    let accept = PROTOCOLS.iter().fold(request.accept().header(mark()), |accept, protocol| {
        Accept::protocol(accept, protocol)
    });
    let connection = accept.open(service.config(deflate));
    let mut visit =
        Visit { talk: Talk { connection, wire }, service, received: 0, close_event: None };
    visit.receive(input, id.as_deref(), ledger);
    if let (Some(id), Some(close_event)) = (id, visit.close_event) {
        ledger.closed(id, close_event, visit.received);
    }
}

/// An open connection.
struct Visit {
    talk: Talk,
    service: Service,
    /// How many bytes of messages have come.
    received: usize,
    close_event: Option<CloseEvent>,
}

impl Visit {
    /// From the first frames to the end.
    fn receive(&mut self, input: Input<'_>, id: Option<&str>, ledger: &Ledger) {
        let mut scratch = vec![0; 64 << 10];
        self.service.opened(&mut self.talk);
        self.talk.wire.write(&mut self.talk.connection);
        if self.service.waits() {
            ledger.wait_for_release(id.unwrap_or_default(), PATIENCE);
        }
        self.hear(input); // Frames may have come behind the request.
        while !self.talk.connection.is_done() {
            let input = self.talk.wire.turn(&mut self.talk.connection, &mut scratch);
            self.hear(input);
        }
    }

    fn hear(&mut self, mut input: Input<'_>) {
        while let Some(event) = self.talk.connection.poll(&mut input) {
            self.received += match &event {
                Event::Text(text) => text.len(),
                Event::Binary(data) => data.len(),
                Event::Chunk(chunk) => chunk.data.as_bytes().len(),
                _ => 0,
            };
            match event {
                Event::Closed(close_event) => self.close_event = Some(close_event),
                event => self.service.heard(&mut self.talk, event),
            }
        }
    }
}

fn answer(mut replying: Replying, mut wire: Wire) {
    let mut scratch = vec![0; 4 << 10];
    while !replying.is_done() {
        let mut input = wire.turn(&mut replying, &mut scratch);
        replying.discard(&mut input);
    }
}

/// A header of our own in an answer.
fn mark() -> Header<'static> {
    Header::new("X-Interop", "yes").expect("a token, and a word")
}
