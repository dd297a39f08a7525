//! What is said on a connection, whichever loop drives it: from the handshake to the end, and the
//! echo in between.

use crate::Failure;
use sockless::client::Outcome;
use sockless::deflate::{Compress, Policy, Pool};
use sockless::server::{Incoming, Replying};
use sockless::{
    Chunk, ChunkData, Config, Connection, Delivery, Endpoint, Event, Input, SendError, Turn,
    Workspace, client, server,
};
use std::convert::Infallible;

/// How a connection is driven.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// The most bytes of one read …
    pub(crate) read: usize,
    /// … and of one write.
    pub(crate) write: usize,
    pub(crate) delivery: Delivery,
    /// Which messages are compressed.
    pub(crate) compress: Compress,
    pub(crate) pool: Option<Pool>,
}

impl Pace {
    fn config(&self) -> Config {
        let mut config = Config::default();
        config.delivery = self.delivery;
        config.deflate.compress = self.compress;
        config.deflate.pool.clone_from(&self.pool);
        config
    }
}

/// A transport: writes and reads in a turn, up to where there is something to poll.
pub(crate) trait Line {
    fn pump<E: Endpoint + ?Sized>(&mut self, turn: &mut Turn<'_, E>) -> Pumped;
}

/// How far a line went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// Poll until `None`.
    Poll,
    /// Nothing to do until the socket becomes ready.
    Blocked,
    /// Drop the socket.
    Done,
}

/// One end of a connection, as a loop sees it.
pub(crate) trait Talk {
    /// Goes on until the line blocks or it is over: whether it is.
    fn go_on(&mut self, line: &mut impl Line, workspace: &mut Workspace) -> bool;
}

/// One turn of an endpoint, until its polls have an outcome.
fn drive<E: Endpoint, T>(
    endpoint: &mut E,
    line: &mut impl Line,
    workspace: &mut Workspace,
    mut poll: impl FnMut(&mut E, &mut Input<'_>) -> Option<T>,
) -> Driven<T> {
    let mut turn = workspace.turn(endpoint);
    loop {
        match line.pump(&mut turn) {
            Pumped::Poll => {
                let (endpoint, mut input) = turn.received(0);
                if let Some(outcome) = poll(endpoint, &mut input) {
                    return Driven::Outcome(outcome);
                }
            }
            Pumped::Blocked => return Driven::Stopped { done: false },
            Pumped::Done => return Driven::Stopped { done: true },
        }
    }
}

/// How a turn ended.
enum Driven<T> {
    Outcome(T),
    Stopped { done: bool },
}

/// The echo server's end.
#[derive(Debug)]
pub(crate) struct Server {
    pace: Pace,
    state: ServerState,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // One a connection.
enum ServerState {
    Handshake(server::Handshake),
    Replying(Replying),
    Open(Connection),
}

impl Server {
    pub(crate) fn new(pace: Pace) -> Self {
        let mut config = server::Config::default();
        // It accepts whatever the suite offers.
        config.deflate = Some(Policy::default());
        Self { pace, state: ServerState::Handshake(server::Handshake::new(config)) }
    }

    fn answer(&self, incoming: Incoming) -> ServerState {
        match incoming {
            Incoming::Upgrade(request) => {
                ServerState::Open(request.accept().open(self.pace.config()))
            }
            Incoming::Http(plain) => ServerState::Replying(plain.reply(426).into_replying()),
            Incoming::Failed(replying) => ServerState::Replying(replying),
        }
    }
}

impl Talk for Server {
    fn go_on(&mut self, line: &mut impl Line, workspace: &mut Workspace) -> bool {
        loop {
            let stopped = match &mut self.state {
                ServerState::Handshake(handshake) => {
                    match drive(handshake, line, workspace, server::Handshake::poll) {
                        Driven::Outcome(incoming) => {
                            self.state = self.answer(incoming);
                            continue;
                        }
                        Driven::Stopped { done } => return done,
                    }
                }
                ServerState::Replying(replying) => {
                    drive(replying, line, workspace, |replying, input| {
                        replying.poll(input);
                        None::<Infallible>
                    })
                }
                ServerState::Open(connection) => {
                    drive(connection, line, workspace, |connection, input| {
                        echo(connection, input);
                        None
                    })
                }
            };
            let Driven::Stopped { done } = stopped;
            return done;
        }
    }
}

/// The driver client's end.
#[derive(Debug)]
pub(crate) struct Client {
    pace: Pace,
    task: Task,
    state: ClientState,
    refused: Option<String>,
}

/// What the client is there for.
#[derive(Debug)]
pub(crate) enum Task {
    /// A case.
    Echo,
    /// A question or a command: its answer, if one comes.
    Listen(Option<String>),
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // One a connection.
enum ClientState {
    Handshake(client::Handshake),
    Open(Connection),
}

impl Client {
    pub(crate) fn new(handshake: client::Handshake, pace: Pace, task: Task) -> Self {
        Self { pace, task, state: ClientState::Handshake(handshake), refused: None }
    }

    /// What was heard, once it is over.
    pub(crate) fn into_answer(self) -> Result<Option<String>, Failure> {
        match (self.refused, self.task) {
            (Some(why), _) => Err(why.into()),
            (None, Task::Listen(answer)) => Ok(answer),
            (None, Task::Echo) => Ok(None),
        }
    }
}

impl Talk for Client {
    fn go_on(&mut self, line: &mut impl Line, workspace: &mut Workspace) -> bool {
        if let ClientState::Handshake(handshake) = &mut self.state {
            match drive(handshake, line, workspace, client::Handshake::poll) {
                Driven::Outcome(Outcome::Open(accepted)) => {
                    self.state = ClientState::Open(accepted.open(self.pace.config()))
                }
                Driven::Outcome(Outcome::Refused(response)) => {
                    self.refused = Some(format!("the suite answered {}", response.status()));
                    return true;
                }
                Driven::Outcome(Outcome::Failed(error)) => {
                    self.refused = Some(format!("no handshake: {error}"));
                    return true;
                }
                Driven::Stopped { done } => return done,
            }
        }
        let Self { state: ClientState::Open(connection), task, .. } = self else { return true };
        let Driven::Stopped { done } = drive(connection, line, workspace, |connection, input| {
            match task {
                Task::Echo => echo(connection, input),
                Task::Listen(answer) => listen(connection, input, answer),
            }
            None::<Infallible>
        });
        done
    }
}

/// Answers each message with itself. Stops while the peer takes less than it sends: what is left of
/// the input waits.
fn echo(connection: &mut Connection, input: &mut Input<'_>) {
    while !connection.above_high_water() {
        let Some(event) = connection.poll(input) else { return };
        let sent = match event {
            Event::Text(text) => connection.send_text(text),
            Event::Binary(data) => connection.send_binary(data),
            Event::Chunk(chunk) => pass_on(connection, &chunk),
            _ => Ok(()),
        };
        match sent {
            // Closed: of a text whose end is not UTF-8 the beginning is told when the Close frame
            // is queued already.
            Ok(()) | Err(SendError::Closed) => {}
            Err(error) => {
                panic!(
                    "the echo was refused, though the queue was not above its high-water mark: {error}"
                )
            }
        }
    }
}

fn pass_on(connection: &mut Connection, chunk: &Chunk<'_>) -> Result<(), SendError> {
    if chunk.first {
        connection.begin_message(chunk.data.kind())?;
    }
    connection.write_fragment(chunk.data.as_bytes())?;
    if chunk.last {
        connection.finish_message()?;
    }
    Ok(())
}

/// Keeps the text that comes.
fn listen(connection: &mut Connection, input: &mut Input<'_>, answer: &mut Option<String>) {
    while let Some(event) = connection.poll(input) {
        match event {
            Event::Text(text) => *answer = Some(text.into_owned()),
            Event::Chunk(Chunk { data: ChunkData::Text(text), .. }) => {
                answer.get_or_insert_default().push_str(&text)
            }
            _ => {}
        }
    }
}
