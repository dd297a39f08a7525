//! One connection, from its first byte to its last.
//!
//! ```text
//!   Handshake ──► Open          the WebSocket, until Closed: pinged by a heartbeat, which also bounds its closing
//!       └───────► Answer        a page, or the reason why not
//!   a deadline    a deadline
//! ```
//!
//! Time is looked at in every turn; [`due`](Peer::due) says when the next one is needed though
//! nothing comes.

use crate::pump::{Link, Pumped, is_pending, pump};
use crate::site;
use crate::terms::Terms;
use mio::net::TcpStream;
use sockless::handshake::HeaderError;
use sockless::server::{Handshake, Incoming, Replying};
use sockless::{
    CloseCode, CloseFrame, Config, Connection, Deadline, Endpoint, Event, Heartbeat, Input,
    PreparedMessage, SendError, Timeouts, Workspace,
};
use std::time::Duration;

/// How long a request may take, and its answer.
const REQUEST: Duration = Duration::from_secs(10);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) link: Link,
    stage: Stage,
    due: Option<Duration>,
}

#[derive(Debug)]
enum Stage {
    /// And what holds if it becomes a connection.
    Handshake(Box<Handshake>, Config, Deadline),
    Answer(Replying, Deadline),
    Open(Box<Connection>, Heartbeat),
}

/// How a turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There may be more to do right away.
    Again,
    /// The socket will say when, or the time.
    Wait,
    /// Drop it.
    Over,
}

/// What the server should know.
#[derive(Debug)]
pub(crate) enum News<'a> {
    /// It is a WebSocket now.
    Opened,
    /// It would be, were there room for one more.
    TurnedAway,
    Said(&'a str),
    Left,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is queued, or nobody wants it any more.
    Well,
    /// As much waits already as may wait: this peer does not read.
    TooSlow,
}

impl Peer {
    pub(crate) fn new(socket: TcpStream, terms: Terms) -> Self {
        let stage = Stage::Handshake(
            Box::new(Handshake::new(terms.handshake)),
            terms.connection,
            Deadline::after(REQUEST),
        );
        Self { link: Link::new(socket), stage, due: None }
    }

    /// Runs one turn: writes, reads at most once, reports the events, and polls the timers.
    /// `full`: no more WebSockets.
    pub(crate) fn turn(
        &mut self,
        workspace: &mut Workspace,
        now: Duration,
        full: bool,
        mut tell: impl FnMut(News<'_>),
    ) -> Turn {
        let mut incoming = None;
        let pumped = match &mut self.stage {
            Stage::Handshake(handshake, ..) => {
                let mut turn = workspace.turn(handshake.as_mut());
                let pumped = pump(&mut turn, &mut self.link);
                if pumped == Pumped::Poll {
                    let (handshake, mut input) = turn.received(0);
                    incoming = handshake.poll(&mut input);
                }
                pumped
            }
            Stage::Answer(replying, _) => {
                let mut turn = workspace.turn(replying);
                let pumped = pump(&mut turn, &mut self.link);
                if pumped == Pumped::Poll {
                    let (replying, mut input) = turn.received(0);
                    replying.poll(&mut input);
                }
                pumped
            }
            Stage::Open(connection, _) => {
                let mut turn = workspace.turn(connection.as_mut());
                let pumped = pump(&mut turn, &mut self.link);
                if pumped == Pumped::Poll {
                    let (connection, mut input) = turn.received(0);
                    listen(connection, &mut input, &mut tell);
                }
                pumped
            }
        };
        if let Some(incoming) = incoming {
            let Stage::Handshake(_, config, _) = &self.stage else { return Turn::Over };
            match Stage::after(incoming, config.clone(), full, &mut tell) {
                Ok(stage) => self.stage = stage,
                // No answer could be written: there is nothing to wait for.
                Err(_) => return Turn::Over,
            }
        }
        self.due = self.stage.watch(now);
        match pumped {
            Pumped::Done => Turn::Over,
            Pumped::Blocked if !is_pending(self.stage.side(), &self.link) => Turn::Wait,
            _ => Turn::Again,
        }
    }

    /// Sends a message that others are sent too.
    pub(crate) fn send(&mut self, message: &PreparedMessage) -> Sent {
        let Stage::Open(connection, _) = &mut self.stage else { return Sent::Well };
        let mut result = connection.send_prepared(message);
        if result == Err(SendError::QueueFull) {
            // A full queue may only mean that this peer had no turn yet: write before judging it.
            self.link.flush(connection.as_mut());
            result = connection.send_prepared(message);
        }
        // Any other error is that it is closing, and who is closing needs no news.
        if result == Err(SendError::QueueFull) { Sent::TooSlow } else { Sent::Well }
    }

    /// Says goodbye. It may take [`GOODBYE`].
    pub(crate) fn dismiss(&mut self, code: CloseCode, reason: &str) {
        match &mut self.stage {
            Stage::Handshake(handshake, ..) => handshake.handle_error(),
            Stage::Answer(_, deadline) => *deadline = Deadline::after(GOODBYE),
            // A goodbye that was said already stands.
            Stage::Open(connection, _) => {
                _ = connection.close(Some(CloseFrame::truncated(code, reason)))
            }
        }
    }

    /// When the next turn is needed though nothing comes.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Whether it is, or was, a WebSocket.
    pub(crate) fn is_client(&self) -> bool {
        matches!(self.stage, Stage::Open(..))
    }

    /// How many bytes wait to be written.
    pub(crate) fn queued(&self) -> usize {
        match &self.stage {
            Stage::Open(connection, _) => connection.queued(),
            Stage::Handshake(..) | Stage::Answer(..) => 0,
        }
    }
}

impl Stage {
    fn after(
        incoming: Incoming,
        config: Config,
        full: bool,
        tell: &mut impl FnMut(News<'_>),
    ) -> Result<Self, HeaderError> {
        let replying = match incoming {
            Incoming::Upgrade(request) if !site::is_chat(request.target()) => {
                site::nothing(request.reject(404))?
            }
            Incoming::Upgrade(request) if full => {
                tell(News::TurnedAway);
                site::full(request.reject(503))?
            }
            Incoming::Upgrade(request) => {
                tell(News::Opened);
                return Ok(Self::Open(
                    Box::new(request.accept().open(config)),
                    Heartbeat::new(timeouts()),
                ));
            }
            Incoming::Http(plain) => site::page(plain)?,
            Incoming::Failed(replying) => replying,
        };
        Ok(Self::Answer(replying, Deadline::after(REQUEST)))
    }

    fn side(&self) -> &dyn Endpoint {
        match self {
            Self::Handshake(handshake, ..) => handshake.as_ref(),
            Self::Answer(replying, _) => replying,
            Self::Open(connection, _) => connection.as_ref(),
        }
    }

    /// Does what is due, and tells when more will be.
    fn watch(&mut self, now: Duration) -> Option<Duration> {
        match self {
            Self::Handshake(handshake, _, deadline) => deadline.poll(now, handshake.as_mut()),
            Self::Answer(replying, deadline) => deadline.poll(now, replying),
            Self::Open(connection, heartbeat) => heartbeat.poll(now, connection),
        }
    }
}

fn listen(connection: &mut Connection, input: &mut Input<'_>, tell: &mut impl FnMut(News<'_>)) {
    while let Some(event) = connection.poll(input) {
        match event {
            // Who was said goodbye is not listened to any more.
            Event::Text(text) if connection.is_open() => tell(News::Said(&text)),
            Event::Binary(_) => {
                let reason = "only text is spoken here";
                _ = connection.close(Some(CloseFrame::truncated(CloseCode::UNSUPPORTED, reason)));
            }
            Event::Closed(_) => tell(News::Left),
            // Pings were answered already, pongs are the heartbeat's.
            _ => {}
        }
    }
}

fn timeouts() -> Timeouts {
    let mut timeouts = Timeouts::default();
    timeouts.close_timeout = Some(GOODBYE);
    timeouts
}
