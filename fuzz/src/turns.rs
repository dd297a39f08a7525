//! Several endpoints by turns of the same workspaces.

use crate::choices::Choices;
use crate::heads::Head;
use crate::wire::{Fed, frame, output};
use sockless::client::{self, Outcome};
use sockless::deflate::{Offer, Parameters, Policy};
use sockless::server::{self, Incoming};
use sockless::{
    Config, Connection, Delivery, Endpoint, Extensions, HandshakeError, Input, Seed, Step, Turn,
    Workspace,
};
use std::mem;
use tungstenite::handshake::derive_accept_key;

/// Arbitrary frames to several connections, some of which begin with their handshake, by turns of
/// two workspaces that they share, and by ordinary inputs in between: reads of any length, polls
/// that stop early, turns that end anywhere, the end of the stream in the middle.
///
/// Each connection gives the events that it gives of the same bytes in one ordinary input, and
/// answers with the same bytes; of bytes that came and that a poll makes something of, it says so;
/// nothing of one reaches another, also where a turn is leaked, or an endpoint is put in the place
/// of another one in the middle of a turn: these may lose their own bytes.
///
/// Of `data`, the first bytes choose the workspaces and the connections, and what comes for each of
/// them; then come operations.
pub fn turns(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut workspaces = [(); 2].map(|()| {
        let read = choices.pick(&[32, 100, 1000, 5000, 70_000]);
        Workspace::new(read, choices.pick(&[1 << 20, 0, 14, 200, 5000, usize::MAX]))
    });
    let count = 2 + usize::from(choices.byte() % 3);
    let mut ends: Vec<End> = (0..count).map(|_| End::new(&mut choices)).collect();
    let mut operations = 0;
    while !choices.is_empty() && operations < 200 {
        operations += 1;
        let which = choices.byte();
        let workspace = &mut workspaces[usize::from(which & 1)];
        let at = usize::from(which >> 1) % count;
        let other = usize::from(choices.byte()) % count;
        let mut end = ends.remove(at);
        match which >> 4 {
            0..9 => end.turn(workspace, &mut choices),
            9..11 => {
                let (len, polls) = read_and_polls(&mut choices);
                end.read(len, polls);
            }
            11 => end.read(0, other),
            12 if other == 0 => end.hear_of_the_end(),
            13 if other < count - 1 && !ends[other].strays => {
                end.swap(&mut ends[other], workspace, &mut choices)
            }
            14 if which & 8 != 0 => end.leak(workspace, &mut choices),
            _ => workspace.shrink(),
        }
        ends.insert(at, end);
    }
    for (i, mut end) in ends.into_iter().enumerate() {
        let workspace = &mut workspaces[i % 2];
        while end.at < end.wire.len() && end.stage.is_some() {
            end.read_in_turn(workspace, usize::MAX, usize::MAX);
        }
        end.judge();
    }
}

/// One that bytes come for.
struct End {
    setup: Setup,
    /// `None`: it is over, without a connection.
    stage: Option<Stage>,
    /// What comes for it, and how much of that has come.
    wire: Vec<u8>,
    at: usize,
    fed: Fed,
    /// It was told that the stream ends.
    ended: bool,
    /// Bytes of its own are lost.
    lost: bool,
    /// It was taken out of a turn, or that was leaked, and it has had no other one since. It takes
    /// itself for being in a turn: put into another one, it would be given bytes of others.
    strays: bool,
}

#[allow(clippy::large_enum_variant)]
enum Stage {
    Server(server::Handshake),
    Client(client::Handshake),
    Open(Connection),
}

/// What it is.
#[derive(Clone)]
struct Setup {
    server: bool,
    begins_with_a_head: bool,
    extensions: Extensions,
    config: Config,
}

impl Setup {
    fn new(choices: &mut Choices<'_>) -> Self {
        let flags = choices.byte();
        let mut config = Config::default();
        config.delivery = if flags & 2 == 0 { Delivery::Whole } else { Delivery::Chunks };
        config.limits.max_frame = choices.pick(&[1 << 16, 200, 10]);
        config.limits.max_message = choices.pick(&[1 << 17, 250, 12]);
        config.limits.max_fragments = choices.pick(&[100, 3]);
        let mut extensions = Extensions::default();
        extensions.deflate = (flags & 8 != 0).then(Parameters::default);
        Self { server: flags & 1 == 0, begins_with_a_head: flags & 4 != 0, extensions, config }
    }

    fn stage(&self) -> Stage {
        let (extensions, config, seed) = (self.extensions, self.config.clone(), Seed::new([3; 32]));
        match (self.server, self.begins_with_a_head) {
            (true, false) => Stage::Open(Connection::server(extensions, config)),
            (false, false) => Stage::Open(Connection::client(seed, extensions, config)),
            (true, true) => {
                let mut config = server::Config::default();
                config.deflate = extensions.deflate.is_some().then(Policy::default);
                Stage::Server(server::Handshake::new(config))
            }
            (false, true) => {
                let request = client::Request::new("ws://a.example/").unwrap();
                let request = match extensions.deflate {
                    Some(_) => request.deflate(Offer::default()),
                    None => request,
                };
                Stage::Client(client::Handshake::new(request, seed))
            }
        }
    }

    /// What comes in front of the frames.
    fn head(&self) -> Vec<u8> {
        let deflate = match self.extensions.deflate {
            Some(_) => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
            None => "",
        };
        match self.stage() {
            Stage::Open(_) => Vec::new(),
            Stage::Server(_) => format!(
                "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\
                 Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{deflate}\r\n"
            )
            .into(),
            Stage::Client(mut handshake) => {
                let asked = output(&mut handshake);
                let key = Head::read(&asked).unwrap().all("sec-websocket-key")[0];
                format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n{deflate}\r\n",
                    derive_accept_key(key)
                )
                .into()
            }
        }
    }

    /// Frames, mostly as they should be, or anything.
    fn frames(&self, choices: &mut Choices<'_>) -> Vec<u8> {
        let mut wire = Vec::new();
        for _ in 0..choices.byte() % 16 {
            let how = choices.byte();
            let first = choices.pick(&[0x81, 0x82, 0x89, 0x8a, 0x01, 0x02, 0x00, 0x80, 0x88, 0xc1]);
            let payload = match how & 7 {
                0 => choices.counted().to_vec(),
                1 => choices.bytes(2).repeat(choices.number() % 4000),
                2 => b"\xc3\xa9".repeat(usize::from(choices.byte())),
                3 => b"\x03\xe8bye".to_vec(),
                _ => vec![b'a' + (how >> 4); usize::from(choices.byte() % 126)],
            };
            let mask = self.server.then_some([how, 0x5a, how, 7]);
            wire.extend(frame(first, &payload, mask));
        }
        wire.extend(choices.counted());
        wire
    }
}

/// What came of a handshake.
enum Became {
    Open(Box<Connection>),
    /// It is over, without a connection.
    Over,
    /// It waits for more.
    Same,
}

impl End {
    fn new(choices: &mut Choices<'_>) -> Self {
        let setup = Setup::new(choices);
        let (stage, mut wire) = (Some(setup.stage()), setup.head());
        wire.extend(setup.frames(choices));
        Self {
            setup,
            stage,
            wire,
            at: 0,
            fed: Fed::default(),
            ended: false,
            lost: false,
            strays: false,
        }
    }

    /// Turns with one read, of any stage, and one with several.
    fn turn(&mut self, workspace: &mut Workspace, choices: &mut Choices<'_>) {
        for _ in 0..choices.byte() % 4 {
            let (len, polls) = read_and_polls(choices);
            self.read_in_turn(workspace, len, polls);
        }
        let Self { stage: Some(Stage::Open(connection)), wire, at, fed, strays, .. } = self else {
            return;
        };
        let mut turn = workspace.turn(connection);
        *strays = false;
        for _ in 0..choices.byte() % 8 {
            let (len, polls) = read_and_polls(choices);
            if choices.byte() & 1 != 0 {
                let _ = turn.endpoint();
            }
            receive(&mut turn, wire, at, fed, len, polls);
        }
        let polls = turn.step(false) == Step::Poll;
        drop(turn);
        assert_eq!(
            connection.wants_poll() && !connection.is_done(),
            polls,
            "it says so behind the turn"
        );
    }

    /// A turn with one read.
    fn read_in_turn(&mut self, workspace: &mut Workspace, len: usize, polls: usize) {
        let Self { setup, stage, wire, at, fed, .. } = self;
        let became = match stage {
            None => return,
            Some(Stage::Open(connection)) => {
                receive(&mut workspace.turn(connection), wire, at, fed, len, polls);
                self.strays = false;
                return;
            }
            Some(Stage::Server(handshake)) => {
                let mut turn = workspace.turn(handshake);
                let n = fill(&mut turn, wire, at, len);
                let (handshake, mut input) = turn.received(n);
                if polls == 0 { Became::Same } else { serve(handshake, &mut input, setup) }
            }
            Some(Stage::Client(handshake)) => {
                let mut turn = workspace.turn(handshake);
                let n = fill(&mut turn, wire, at, len);
                let (handshake, mut input) = turn.received(n);
                if polls == 0 { Became::Same } else { ask(handshake, &mut input, setup) }
            }
        };
        self.becomes(became);
    }

    /// An ordinary read. What is left of it comes again.
    fn read(&mut self, len: usize, polls: usize) {
        let len = len.min(self.wire.len() - self.at);
        let mut read = self.wire[self.at..][..len].to_vec();
        let mut input = Input::new(&mut read);
        let mut became = Became::Same;
        match &mut self.stage {
            Some(Stage::Open(connection)) => _ = poll(connection, &mut input, &mut self.fed, polls),
            Some(Stage::Server(handshake)) if polls > 0 => {
                became = serve(handshake, &mut input, &self.setup)
            }
            Some(Stage::Client(handshake)) if polls > 0 => {
                became = ask(handshake, &mut input, &self.setup)
            }
            _ => {}
        }
        self.at += len - input.len();
        self.becomes(became);
    }

    fn becomes(&mut self, became: Became) {
        match became {
            Became::Open(mut connection) => {
                // What has ended says so again.
                if self.ended {
                    connection.handle_eof();
                }
                self.stage = Some(Stage::Open(*connection));
            }
            Became::Over => self.stage = None,
            Became::Same => {}
        }
    }

    /// The stream ends here, whatever was not polled yet.
    fn hear_of_the_end(&mut self) {
        match &mut self.stage {
            Some(Stage::Open(connection)) => connection.handle_eof(),
            Some(Stage::Server(handshake)) => handshake.handle_eof(),
            Some(Stage::Client(handshake)) => handshake.handle_eof(),
            None => {}
        }
        // Nothing comes behind it.
        self.wire.truncate(self.at);
        self.ended = true;
    }

    /// Another connection is put in the place of this one in the middle of a turn, which goes on
    /// with that.
    fn swap(&mut self, other: &mut Self, workspace: &mut Workspace, choices: &mut Choices<'_>) {
        let (Some(Stage::Open(one)), Some(Stage::Open(two))) = (&mut self.stage, &mut other.stage)
        else {
            return;
        };
        let mut turn = workspace.turn(one);
        let (len, polls) = read_and_polls(choices);
        let (left, polled) =
            receive(&mut turn, &self.wire, &mut self.at, &mut self.fed, len, polls);
        // What a poll makes something of, and only that, is with the endpoint when it is asked for.
        self.lost |= left > 0 && polled;
        mem::swap(turn.endpoint(), two);
        let (len, polls) = read_and_polls(choices);
        receive(&mut turn, &other.wire, &mut other.at, &mut other.fed, len, polls);
        drop(turn);
        mem::swap(one, two);
        self.strays = true;
    }

    /// A turn that never ends.
    fn leak(&mut self, workspace: &mut Workspace, choices: &mut Choices<'_>) {
        let Self { stage: Some(Stage::Open(connection)), wire, at, fed, .. } = self else { return };
        let mut turn = workspace.turn(connection);
        let (len, polls) = read_and_polls(choices);
        self.lost |= receive(&mut turn, wire, at, fed, len, polls).0 > 0;
        mem::forget(turn);
        self.strays = true;
    }

    /// It has made of all that came what it makes of that in one ordinary read.
    fn judge(mut self) {
        // What it holds, of a handshake too.
        self.read(0, usize::MAX);
        self.read(0, usize::MAX);
        let mut ordinary = Self {
            stage: Some(self.setup.stage()),
            setup: self.setup.clone(),
            wire: self.wire.clone(),
            at: 0,
            fed: Fed::default(),
            ended: false,
            lost: false,
            strays: false,
        };
        let come = self.at;
        ordinary.read(come, usize::MAX);
        ordinary.read(0, usize::MAX);
        if self.ended {
            ordinary.hear_of_the_end();
            ordinary.read(0, usize::MAX);
        }
        if self.lost {
            return;
        }
        assert_eq!(self.fed, ordinary.fed);
        match (self.stage, ordinary.stage) {
            (Some(Stage::Open(mut one)), Some(Stage::Open(mut two))) => {
                assert!(!one.wants_poll() && !two.wants_poll());
                assert_eq!((one.is_open(), one.wants_read()), (two.is_open(), two.wants_read()));
                assert_eq!(output(&mut one), output(&mut two));
            }
            (one, two) => {
                assert_eq!(
                    one.map(|stage| mem::discriminant(&stage)),
                    two.map(|stage| mem::discriminant(&stage))
                )
            }
        }
    }
}

fn read_and_polls(choices: &mut Choices<'_>) -> (usize, usize) {
    (choices.number() >> (choices.byte() & 15), choices.pick(&[usize::MAX, 0, 1, 2, 5]))
}

/// A read of at most so many bytes in a turn: how many it was.
fn fill<E: Endpoint>(turn: &mut Turn<'_, E>, wire: &[u8], at: &mut usize, len: usize) -> usize {
    bring(turn.read_buf(), wire, at, len)
}

fn bring(room: &mut [u8], wire: &[u8], at: &mut usize, len: usize) -> usize {
    assert!(!room.is_empty(), "a read of no bytes would be taken for the end");
    let len = len.min(room.len()).min(wire.len() - *at);
    room[..len].copy_from_slice(&wire[*at..][..len]);
    *at += len;
    len
}

/// A read in a connection's turn: how much is left, and whether that was polled.
fn receive(
    turn: &mut Turn<'_, Connection>,
    wire: &[u8],
    at: &mut usize,
    fed: &mut Fed,
    len: usize,
    polls: usize,
) -> (usize, bool) {
    let n = match len {
        0 => 0,
        // Told in one call, and polled for in the next.
        len if len % 2 == 1 && *at < wire.len() => {
            assert!(turn.read(|room| Ok(bring(room, wire, at, len))).is_ok());
            assert!(turn.step(false) == Step::Poll || turn.endpoint().is_done());
            let _ = turn.received(usize::MAX); // No read can have brought that.
            0
        }
        len => fill(turn, wire, at, len),
    };
    let (connection, mut input) = turn.received(n);
    assert!(input.len() >= n && input.len() <= *at, "what came for it, and nothing else");
    let polled = poll(connection, &mut input, fed, polls);
    let left = input.len();
    drop(input);
    assert!(!polled || turn.step(false) != Step::Poll, "nothing is left to be polled");
    (left, polled)
}

/// Polls so many times at most: whether there is nothing more.
fn poll(connection: &mut Connection, input: &mut Input<'_>, fed: &mut Fed, polls: usize) -> bool {
    for _ in 0..polls {
        let Some(event) = connection.poll(input) else { return true };
        fed.take(event);
    }
    false
}

fn serve(handshake: &mut server::Handshake, input: &mut Input<'_>, setup: &Setup) -> Became {
    match handshake.poll(input) {
        Some(Incoming::Upgrade(request)) => {
            assert!(input.is_empty() && handshake.is_done(), "the outcome has the rest");
            Became::Open(request.accept().open(setup.config.clone()).into())
        }
        Some(outcome) => panic!("{outcome:?}"),
        None if handshake.is_done() => Became::Over,
        None => Became::Same,
    }
}

fn ask(handshake: &mut client::Handshake, input: &mut Input<'_>, setup: &Setup) -> Became {
    match handshake.poll(input) {
        Some(Outcome::Open(accepted)) => {
            assert!(input.is_empty() && handshake.is_done(), "the outcome has the rest");
            Became::Open(accepted.open(setup.config.clone()).into())
        }
        Some(Outcome::Failed(failure)) => {
            assert_eq!(failure.error(), HandshakeError::UnexpectedEnd);
            Became::Over
        }
        Some(outcome) => panic!("{outcome:?}"),
        None => Became::Same,
    }
}
