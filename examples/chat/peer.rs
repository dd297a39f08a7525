//! One connection, from its first byte to its last.
//!
//! ```text
//!   Handshake ──► Open          the WebSocket, until Closed
//!       └───────► Answer        a page, or the reason why not
//! ```
//!
//! Each has a [`deadline`](Peer::deadline) where it could wait for a peer for ever: for the request, for the answer to be taken, and for
//! the end once it was said goodbye.

use crate::pump::{Link, Step, pump};
use crate::site;
use mio::net::TcpStream;
use sockless::handshake::HeaderError;
use sockless::server::{self, Handshake, Incoming, Rejected};
use sockless::{CloseCode, CloseFrame, Config, Connection, Event, Input, LifeCycle};
use std::time::{Duration, Instant};

/// How long a request may take, and its answer.
const REQUEST: Duration = Duration::from_secs(10);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(3);
/// A peer for which more than this is queued does not read.
const SLOW: usize = 1 << 20;
/// The longest message: a text of the room's longest, and some.
const MESSAGE: u64 = 16 * 1024;

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) link: Link,
    stage: Stage,
    deadline: Option<Instant>,
}

#[derive(Debug)]
enum Stage {
    Handshake(Handshake),
    Answer(Rejected),
    Open(Box<Connection>),
}

/// How a turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There may be more to do right away.
    Again,
    /// The socket will say when.
    Wait,
    /// Drop it.
    Over,
}

/// What the room should know.
#[derive(Debug)]
pub(crate) enum News<'a> {
    Said(&'a str),
    Left,
}

impl Peer {
    pub(crate) fn new(socket: TcpStream, now: Instant) -> Self {
        let stage = Stage::Handshake(Handshake::new(server::Config::default()));
        Self { link: Link::new(socket), stage, deadline: Some(now + REQUEST) }
    }

    /// One turn: writes what can be written, reads once, and tells what came.
    pub(crate) fn turn(&mut self, scratch: &mut [u8], now: Instant, tell: impl FnMut(News<'_>)) -> Turn {
        let read = match pump(self.stage.side(), &mut self.link, scratch) {
            Step::Read(n) => n,
            Step::Ended => 0,
            Step::Blocked => return Turn::Wait,
            Step::Done => return Turn::Over,
        };
        self.digest(scratch.get_mut(..read).unwrap_or_default(), now, tell)
    }

    /// Sends a text. False: it went into the queue, but this peer does not read.
    pub(crate) fn send(&mut self, text: &str) -> bool {
        let Stage::Open(connection) = &mut self.stage else { return true };
        // The only way to fail is to be closing, and who is closing needs no news.
        let _ = connection.send_text(text);
        if connection.queued() > SLOW {
            // Slow is who does not read, not who had no turn yet. If the socket fails, the next turn sees it.
            let _ = self.link.write(connection.as_mut());
        }
        connection.queued() <= SLOW
    }

    /// Says goodbye. It may take [`GOODBYE`].
    pub(crate) fn dismiss(&mut self, code: CloseCode, reason: &str, now: Instant) {
        let patience = match &mut self.stage {
            Stage::Open(connection) => {
                // A goodbye that was said already stands.
                let _ = connection.close(Some(CloseFrame::truncated(code, reason)));
                GOODBYE
            }
            Stage::Answer(_) => GOODBYE,
            Stage::Handshake(_) => Duration::ZERO,
        };
        self.hurry(now + patience);
    }

    /// Gives up on a peer whose deadline has passed; it is over at its next turn.
    pub(crate) fn expire(&mut self, now: Instant, tell: impl FnMut(News<'_>)) {
        self.deadline = None;
        self.stage.side().handle_error();
        let _ = self.digest(&mut [], now, tell);
    }

    /// When [`expire`](Self::expire) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn digest(&mut self, bytes: &mut [u8], now: Instant, tell: impl FnMut(News<'_>)) -> Turn {
        let mut input = Input::new(bytes);
        if let Stage::Handshake(handshake) = &mut self.stage {
            let Some(incoming) = handshake.poll(&mut input) else { return Turn::Again };
            // No answer could be written: there is nothing to wait for.
            let Ok(stage) = Stage::after(incoming) else { return Turn::Over };
            self.deadline = match stage {
                Stage::Open(_) => None,
                _ => Some(now + REQUEST),
            };
            self.stage = stage;
        }
        // What came right behind the request is in the same input: the first frames, or a body.
        match &mut self.stage {
            Stage::Handshake(_) => {}
            Stage::Answer(rejected) => rejected.discard(&mut input),
            Stage::Open(_) => self.listen(&mut input, now, tell),
        }
        Turn::Again
    }

    fn listen(&mut self, input: &mut Input<'_>, now: Instant, mut tell: impl FnMut(News<'_>)) {
        let Stage::Open(connection) = &mut self.stage else { return };
        while let Some(event) = connection.poll_event(input) {
            match event {
                // Who was said goodbye is not listened to any more.
                Event::Text(text) if self.deadline.is_none() => tell(News::Said(&text)),
                Event::Binary(_) => {
                    let _ = connection.close(Some(CloseCode::UNSUPPORTED.into()));
                    self.deadline.get_or_insert(now + GOODBYE);
                }
                Event::Closed(_) => {
                    self.deadline.get_or_insert(now + GOODBYE);
                    tell(News::Left);
                }
                // Pings were answered already.
                _ => {}
            }
        }
    }

    fn hurry(&mut self, deadline: Instant) {
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
    }
}

impl Stage {
    fn after(incoming: Incoming) -> Result<Self, HeaderError> {
        Ok(match incoming {
            Incoming::Upgrade(request) if site::is_chat(request.target()) => {
                let mut config = Config::default();
                config.limits.max_message = MESSAGE;
                Self::Open(Box::new(request.accept().open(config)))
            }
            Incoming::Upgrade(request) => Self::Answer(site::nothing(request.reject(404))?),
            Incoming::Http(plain) => Self::Answer(site::page(plain)?),
            Incoming::Failed(rejected) => Self::Answer(rejected),
        })
    }

    fn side(&mut self) -> &mut dyn LifeCycle {
        match self {
            Self::Handshake(handshake) => handshake,
            Self::Answer(rejected) => rejected,
            Self::Open(connection) => connection.as_mut(),
        }
    }
}
