//! What is said on a connection, whichever loop drives it: from the handshake to the end, and the
//! echo in between.

use crate::Failure;
use sockless::client::Outcome;
use sockless::deflate::{Compress, Policy, Pool};
use sockless::server::{Incoming, Replying};
use sockless::{
    Chunk, ChunkData, Config, Connection, Delivery, Endpoint, Event, Input, SendError, client,
    server,
};

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

/// One end of a connection, as a loop sees it.
pub(crate) trait Talk {
    fn side(&mut self) -> &mut dyn Endpoint;

    /// Takes what was read. What it gives back is to be given again once more was written, before
    /// anything else is read.
    fn hear<'b>(&mut self, input: Input<'b>) -> &'b mut [u8];
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
}

impl Talk for Server {
    fn side(&mut self) -> &mut dyn Endpoint {
        match &mut self.state {
            ServerState::Handshake(handshake) => handshake,
            ServerState::Replying(replying) => replying,
            ServerState::Open(connection) => connection,
        }
    }

    fn hear<'b>(&mut self, mut input: Input<'b>) -> &'b mut [u8] {
        if let ServerState::Handshake(handshake) = &mut self.state {
            self.state = match handshake.poll(&mut input) {
                Some(Incoming::Upgrade(request)) => {
                    ServerState::Open(request.accept().open(self.pace.config()))
                }
                Some(Incoming::Http(plain)) => {
                    ServerState::Replying(plain.reply(426).into_replying())
                }
                Some(Incoming::Failed(replying)) => ServerState::Replying(replying),
                None => return input.into_rest(),
            };
        }
        match &mut self.state {
            ServerState::Handshake(_) => {}
            ServerState::Replying(replying) => replying.discard(&mut input),
            ServerState::Open(connection) => echo(connection, &mut input),
        }
        input.into_rest()
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
    fn side(&mut self) -> &mut dyn Endpoint {
        match &mut self.state {
            ClientState::Handshake(handshake) => handshake,
            ClientState::Open(connection) => connection,
        }
    }

    fn hear<'b>(&mut self, mut input: Input<'b>) -> &'b mut [u8] {
        if let ClientState::Handshake(handshake) = &mut self.state {
            // Any other outcome leaves a handshake that is done.
            match handshake.poll(&mut input) {
                Some(Outcome::Open(accepted)) => {
                    self.state = ClientState::Open(accepted.open(self.pace.config()))
                }
                Some(Outcome::Refused(response)) => {
                    self.refused = Some(format!("the suite answered {}", response.status()))
                }
                Some(Outcome::Failed(error)) => {
                    self.refused = Some(format!("no handshake: {error}"))
                }
                None => {}
            }
        }
        match (&mut self.state, &mut self.task) {
            (ClientState::Handshake(_), _) => {}
            (ClientState::Open(connection), Task::Echo) => echo(connection, &mut input),
            (ClientState::Open(connection), Task::Listen(answer)) => {
                listen(connection, &mut input, answer)
            }
        }
        input.into_rest()
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
