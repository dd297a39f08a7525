//! Our client: one connection to a peer's server, over a blocking transport.

use crate::Failure;
use crate::transport::Transport;
use crate::wire::{Carried, Wire};
use sockless::client::{self, Handshake, Outcome, Request, Response};
use sockless::{
    CloseCode, CloseEvent, Config, Connection, Event, Extensions, Seed, SendError, Workspace,
};
use std::time::Duration;

/// How long one connection may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a request.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // One a check.
pub(crate) enum Answer {
    Open(Session),
    Refused(Response),
    Failed(client::Failure),
}

#[derive(Debug)]
pub(crate) struct Session {
    wire: Wire,
    connection: Connection,
    protocol: Option<String>,
    /// A header that the peers' servers add.
    mark: Option<String>,
    extensions: Extensions,
    extension_lines: Vec<String>,
    workspace: Workspace,
}

impl Session {
    /// A connection that has to open.
    pub(crate) fn open(url: &str) -> Result<Self, Failure> {
        Self::with(Request::new(url)?, Config::default())
    }

    /// The same, of any kind.
    pub(crate) fn with(request: Request, config: Config) -> Result<Self, Failure> {
        match ask(request, config)? {
            Answer::Open(session) => Ok(session),
            Answer::Refused(response) => Err(format!("refused: {response:?}").into()),
            Answer::Failed(error) => Err(format!("no handshake: {error}").into()),
        }
    }

    /// The subprotocol.
    pub(crate) fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// What the 101 said in `X-Interop`.
    pub(crate) fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }

    /// The extensions that were agreed on.
    pub(crate) fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// What the 101 said in `Sec-WebSocket-Extensions`, a header line each.
    pub(crate) fn extension_lines(&self) -> &[String] {
        &self.extension_lines
    }

    /// How much went over the transport so far.
    pub(crate) fn carried(&self) -> Carried {
        self.wire.carried()
    }

    /// Whether the peer ended the stream in good order.
    pub(crate) fn has_ended(&self) -> bool {
        self.wire.has_ended()
    }

    /// Queues something and writes it.
    pub(crate) fn send(
        &mut self,
        what: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Failure> {
        what(&mut self.connection)?;
        self.wire.write(&mut self.connection);
        Ok(())
    }

    /// The next event, in a turn of its own; `None` once it is over.
    pub(crate) fn event(&mut self) -> Result<Option<Event<'static>>, Failure> {
        let mut turn = self.workspace.turn(&mut self.connection);
        loop {
            let goes_on = self.wire.goes_on(&mut turn);
            if self.wire.is_late() {
                return Err(format!("not within {} s", PATIENCE.as_secs()).into());
            }
            if !goes_on {
                return Ok(None);
            }
            let (connection, mut input) = turn.received(0);
            if let Some(event) = connection.poll(&mut input) {
                return Ok(Some(event.into_owned()));
            }
        }
    }

    /// The next message.
    pub(crate) fn message(&mut self) -> Result<Event<'static>, Failure> {
        loop {
            match self.event()? {
                Some(Event::Ping(_) | Event::Pong(_)) => {}
                Some(Event::Closed(close_event)) => {
                    return Err(format!("closed: {close_event:?}").into());
                }
                Some(event) => return Ok(event),
                None => return Err("over".into()),
            }
        }
    }

    /// The next message, which has to be a text.
    pub(crate) fn text(&mut self) -> Result<String, Failure> {
        match self.message()? {
            Event::Text(text) => Ok(text.into_owned()),
            _ => Err("not a text".into()),
        }
    }

    /// Closes, and fails unless the peer answers as it should.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.send(|connection| connection.close(Some(CloseCode::NORMAL.into())))?;
        match self.close_event()? {
            close_event if (close_event.code, close_event.clean) == (1000, true) => Ok(()),
            close_event => Err(format!("at the end {close_event:?}").into()),
        }
    }

    /// Goes on until the transport is done, whatever comes, and tells how it ended.
    pub(crate) fn close_event(&mut self) -> Result<CloseEvent, Failure> {
        let mut told = None;
        while let Some(event) = self.event()? {
            if let Event::Closed(close_event) = event {
                told = Some(close_event);
            }
        }
        told.ok_or_else(|| "it ended without Closed".into())
    }
}

/// Asks for a connection.
pub(crate) fn ask(request: Request, config: Config) -> Result<Answer, Failure> {
    let mut wire = Wire::new(
        Transport::connect(request.host(), request.port(), request.is_secure())?,
        PATIENCE,
    )?;
    let mut workspace = Workspace::default();
    let mut handshake = Handshake::new(request, Seed::random()?);
    let mut turn = workspace.turn(&mut handshake);
    let outcome = loop {
        if !wire.goes_on(&mut turn) {
            return Err("it ended without an outcome".into());
        }
        let (handshake, mut input) = turn.received(0);
        if let Some(outcome) = handshake.poll(&mut input) {
            break outcome;
        }
    };
    drop(turn);
    Ok(match outcome {
        Outcome::Open(accepted) => {
            let lines = accepted
                .headers()
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"));
            Answer::Open(Session {
                wire,
                protocol: accepted.protocol().map(str::to_owned),
                mark: accepted.headers().text("x-interop").map(str::to_owned),
                extensions: accepted.extensions(),
                extension_lines: lines
                    .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
                    .collect(),
                connection: accepted.open(config),
                workspace,
            })
        }
        Outcome::Refused(response) => Answer::Refused(response),
        Outcome::Failed(error) => Answer::Failed(error),
    })
}
