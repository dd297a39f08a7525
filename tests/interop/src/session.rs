//! Our client: one connection to a peer's server, over a blocking transport.

use crate::Failure;
use crate::transport::Transport;
use crate::wire::{Carried, Wire};
use sockless::client::{self, Handshake, Outcome, Request, Response};
use sockless::{
    CloseCode, CloseEvent, Config, Connection, Endpoint, Event, Extensions, Input, Seed, SendError,
};
use std::ops::Range;
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
    scratch: Vec<u8>,
    /// What was read and not looked at.
    unheard: Range<usize>,
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

    /// The next event; `None` once it is over.
    pub(crate) fn event(&mut self) -> Result<Option<Event<'static>>, Failure> {
        loop {
            let mut input = Input::new(&mut self.scratch[self.unheard.clone()]);
            let event = self.connection.poll(&mut input).map(Event::into_owned);
            self.unheard.start = self.unheard.end - input.into_rest().len();
            if self.wire.is_late() {
                return Err(format!("not within {} s", PATIENCE.as_secs()).into());
            }
            if event.is_some() {
                return Ok(event);
            }
            if self.connection.is_done() {
                return Ok(None);
            }
            self.unheard =
                0..self.wire.turn(&mut self.connection, &mut self.scratch).into_rest().len();
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
    let mut scratch = vec![0; 64 << 10];
    let mut handshake = Handshake::new(request, Seed::random()?);
    loop {
        let mut input = wire.turn(&mut handshake, &mut scratch);
        let outcome = handshake.poll(&mut input);
        // Frames may have come behind the answer.
        let rest = input.into_rest().to_vec();
        match outcome {
            Some(Outcome::Open(accepted)) => {
                let protocol = accepted.protocol().map(str::to_owned);
                let mark = accepted.headers().text("x-interop").map(str::to_owned);
                let extensions = accepted.extensions();
                let lines = accepted
                    .headers()
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"));
                let extension_lines =
                    lines.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
                scratch[..rest.len()].copy_from_slice(&rest);
                let connection = accepted.open(config);
                let unheard = 0..rest.len();
                return Ok(Answer::Open(Session {
                    wire,
                    connection,
                    protocol,
                    mark,
                    extensions,
                    extension_lines,
                    scratch,
                    unheard,
                }));
            }
            Some(Outcome::Refused(response)) => return Ok(Answer::Refused(response)),
            Some(Outcome::Failed(error)) => return Ok(Answer::Failed(error)),
            None => {}
        }
    }
}
