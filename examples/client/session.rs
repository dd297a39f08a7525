//! The event loop: one socket, lines to send, signals, and the time.
//!
//! ```text
//!   Handshake ──► Open ──► closing: by the server, or by us behind the end of the input or at Ctrl-C ──► Closed
//!       └──► refused, or no WebSocket
//! ```

use crate::args::Settings;
use crate::compression;
use crate::pump::{Link, Pumped, is_pending, pump};
use crate::shown::{Hex, Shown};
use crate::signals::{self, Signals};
use crate::stdin::{Lines, Next};
use crate::wait::Wait;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use sockless::client::{Accepted, Failure, Handshake, Outcome, Response};
use sockless::{
    Cause, CloseCode, CloseEvent, Config, Connection, Deadline, Endpoint, Event, Heartbeat, Seed,
    Timeout, Timeouts, Workspace,
};
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

const SOCKET: Token = Token(0);
const LINES: Token = Token(1);
const SIGNALS: Token = Token(2);
/// How long the server may take to answer the upgrade.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the server may take to answer our Close.
const GOODBYE: Duration = Duration::from_secs(5);

/// How a session ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It was open, and is closed.
    Closed(CloseEvent),
    /// By the input, with a line that is too long.
    LineTooLong,
    /// By the person, who did not want to wait.
    Interrupted,
    /// By the server: it does not want us.
    Refused(Response),
    /// What the server says is none of RFC 6455.
    Failed(Failure),
}

pub(crate) struct Session {
    poll: Poll,
    link: Link,
    signals: Signals,
    stage: Stage,
    settings: Settings,
    close_event: Option<CloseEvent>,
    /// When this turn of the loop began, since the session did.
    now: Duration,
    started: Instant,
    /// The input had a line that is too long.
    too_long: bool,
    /// Ctrl-C was pressed this often.
    interrupts: usize,
    out: Out,
}

/// What came of a turn.
enum Turned {
    Pumped(Pumped),
    /// The session is over.
    Ended(Ending),
}

enum Stage {
    Handshake(Box<Handshake>, Deadline),
    Open(Box<Talk>),
}

/// An open connection.
struct Talk {
    connection: Connection,
    heartbeat: Heartbeat,
    /// Started once there is someone to talk to.
    lines: Lines,
    /// Once they are at their end.
    wait: Wait,
    /// A pong came that was not told yet.
    pong: bool,
}

impl Session {
    /// A session over a socket that was just connected.
    pub(crate) fn new(socket: std::net::TcpStream, settings: Settings) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        let poll = Poll::new()?;
        let mut socket = TcpStream::from_std(socket);
        poll.registry().register(&mut socket, SOCKET, Interest::READABLE | Interest::WRITABLE)?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let handshake = Handshake::new(settings.request.clone(), Seed::new(seed));
        Ok(Self {
            signals: Signals::register(poll.registry(), SIGNALS, signals::STOP)?,
            poll,
            link: Link::new(socket),
            stage: Stage::Handshake(Box::new(handshake), Deadline::after(ANSWER)),
            settings,
            close_event: None,
            now: Duration::ZERO,
            started: Instant::now(),
            too_long: false,
            interrupts: 0,
            out: Out::default(),
        })
    }

    /// Talks until the end.
    pub(crate) fn run(mut self) -> io::Result<Ending> {
        let mut events = Events::with_capacity(16);
        let mut workspace = Workspace::default();
        let (mut again, mut due) = (true, None::<Duration>);
        loop {
            let patience = if again {
                Some(Duration::ZERO)
            } else {
                due.map(|due| due.saturating_sub(self.started.elapsed()))
            };
            match self.poll.poll(&mut events, patience) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => self.now = self.started.elapsed(),
            }
            for event in &events {
                match event.token() {
                    SOCKET => self.link.ready(event),
                    SIGNALS => self.interrupts += self.signals.caught(),
                    // Each turn looks for lines.
                    _ => {}
                }
            }
            let pumped = match self.turn(&mut workspace)? {
                Turned::Ended(ending) => return Ok(ending),
                Turned::Pumped(Pumped::Done) if self.too_long => return Ok(Ending::LineTooLong),
                Turned::Pumped(Pumped::Done) => {
                    return Ok(self.close_event.map_or(Ending::Interrupted, Ending::Closed));
                }
                Turned::Pumped(pumped) => pumped,
            };
            if self.interrupts > 1
                || (self.interrupts > 0 && matches!(self.stage, Stage::Handshake(..)))
            {
                return Ok(Ending::Interrupted);
            }
            self.speak();
            due = self.watch();
            // To read on, or to write what is said or was due.
            again = pumped != Pumped::Blocked || is_pending(self.stage.side(), &self.link);
        }
    }

    /// Writes what can be written, reads once, and prints what came.
    fn turn(&mut self, workspace: &mut Workspace) -> io::Result<Turned> {
        match &mut self.stage {
            Stage::Handshake(handshake, _) => {
                let mut turn = workspace.turn(handshake.as_mut());
                let pumped = pump(&mut turn, &mut self.link);
                if pumped != Pumped::Poll {
                    return Ok(Turned::Pumped(pumped));
                }
                let (handshake, mut input) = turn.received(0);
                let outcome = handshake.poll(&mut input);
                drop(input);
                drop(turn);
                match outcome {
                    None => {}
                    Some(Outcome::Open(accepted)) => self.open(accepted)?,
                    Some(Outcome::Refused(response)) => {
                        return Ok(Turned::Ended(Ending::Refused(response)));
                    }
                    Some(Outcome::Failed(error)) => {
                        return Ok(Turned::Ended(Ending::Failed(error)));
                    }
                }
                Ok(Turned::Pumped(pumped))
            }
            Stage::Open(talk) => {
                let Talk { connection, pong, .. } = talk.as_mut();
                let mut turn = workspace.turn(connection);
                let pumped = pump(&mut turn, &mut self.link);
                if pumped != Pumped::Poll {
                    return Ok(Turned::Pumped(pumped));
                }
                let (connection, mut input) = turn.received(0);
                while let Some(event) = connection.poll(&mut input) {
                    match event {
                        Event::Text(text) => self.out.print(format_args!("< {}", Shown(&text))),
                        Event::Binary(data) => self.out.print(format_args!("<# {}", Hex(&data))),
                        // It was answered already.
                        Event::Ping(data) => {
                            self.out.print(format_args!("* ping, {}", Hex(&data)));
                        }
                        // What it means, the heartbeat knows.
                        Event::Pong(_) => *pong = true,
                        Event::Closed(close_event) => {
                            self.out.print(format_args!("* closed: {}", describe(&close_event)));
                            self.close_event = Some(close_event);
                        }
                        _ => {}
                    }
                }
                Ok(Turned::Pumped(pumped))
            }
        }
    }

    fn open(&mut self, accepted: Accepted) -> io::Result<()> {
        let protocol = accepted
            .protocol()
            .map_or(String::new(), |protocol| format!(", subprotocol {}", Shown(protocol)));
        let compressed =
            if self.settings.deflate { compression::agreed(&accepted) } else { String::new() };
        self.out.print(format_args!(
            "* open: {}{protocol}{compressed}",
            Shown(&self.settings.url.clone())
        ));
        let from_terminal = io::stdin().is_terminal();
        if from_terminal {
            let _ = writeln!(io::stderr(), "Type a line to send it; Ctrl-D closes.");
        }
        let mut timeouts = Timeouts::default();
        timeouts.ping_interval = self.settings.ping;
        timeouts.close_timeout = Some(GOODBYE);
        self.stage = Stage::Open(Box::new(Talk {
            connection: accepted.open(Config::default()),
            heartbeat: Heartbeat::new(timeouts),
            lines: Lines::start(self.poll.registry(), LINES)?,
            wait: Wait::new(self.settings.wait(from_terminal)),
            pong: false,
        }));
        Ok(())
    }

    /// Sends the lines that are there, as long as the server takes what it is sent.
    fn speak(&mut self) {
        let Stage::Open(talk) = &mut self.stage else { return };
        let Talk { connection, lines, wait, .. } = talk.as_mut();
        let left = self.link.traffic.written;
        if self.interrupts > 0 || self.out.unheard || wait.is_over(left, self.now) {
            // It may be closing already.
            let _ = connection.close(Some(CloseCode::NORMAL.into()));
        }
        while connection.is_open() && !connection.above_high_water() {
            let sent = match lines.next() {
                Next::Later => return,
                end @ (Next::End | Next::TooLong) => {
                    self.too_long |= end == Next::TooLong;
                    wait.begin(left, connection.queued(), self.now);
                    if !wait.is_over(left, self.now) {
                        return;
                    }
                    connection.close(Some(CloseCode::NORMAL.into()))
                }
                Next::Line(line) if self.settings.binary => connection.send_binary(line),
                Next::Line(line) => match String::from_utf8(line) {
                    Ok(text) => connection.send_text(text),
                    Err(_) => {
                        let _ = writeln!(
                            io::stderr(),
                            "client: that line is not UTF-8, and was not sent; --binary sends anything"
                        );
                        Ok(())
                    }
                },
            };
            debug_assert!(sent.is_ok(), "open, and not above its high-water mark");
        }
    }

    /// Does what is due, and tells when more will be.
    fn watch(&mut self) -> Option<Duration> {
        let talk = match &mut self.stage {
            Stage::Handshake(handshake, deadline) => {
                return deadline.poll(self.now, handshake.as_mut());
            }
            Stage::Open(talk) => talk,
        };
        let before = talk.heartbeat.round_trip();
        let due = talk.heartbeat.poll(self.now, &mut talk.connection);
        let after = talk.heartbeat.round_trip();
        // A connection that is closing waits for nothing but its end.
        let waited = talk
            .wait
            .due(self.link.traffic.written, self.now)
            .filter(|_| talk.connection.is_open());
        if std::mem::take(&mut talk.pong) {
            match after.filter(|_| after != before) {
                Some(time) => self
                    .out
                    .print(format_args!("* pong after {:.3} ms", time.as_secs_f64() * 1000.0)),
                None => self.out.print("* pong"),
            }
        }
        due.into_iter().chain(waited).min()
    }
}

/// What is printed.
#[derive(Default)]
struct Out {
    /// Nobody reads it any more.
    unheard: bool,
}

impl Out {
    /// Prints a line at once. When nobody reads what is printed, the session is over.
    fn print(&mut self, line: impl Display) {
        let mut out = io::stdout().lock();
        self.unheard |= writeln!(out, "{line}").and_then(|()| out.flush()).is_err();
    }
}

impl Stage {
    fn side(&self) -> &dyn Endpoint {
        match self {
            Self::Handshake(handshake, _) => handshake.as_ref(),
            Self::Open(talk) => &talk.connection,
        }
    }
}

fn describe(close_event: &CloseEvent) -> String {
    let code = match close_event.code {
        CloseEvent::NO_STATUS => String::from("no code"),
        CloseEvent::ABNORMAL => String::from("1006"),
        code => code.to_string(),
    };
    let reason = if close_event.reason.is_empty() {
        String::new()
    } else {
        format!(", \"{}\"", Shown(&close_event.reason))
    };
    let why = match close_event.cause {
        Cause::Peer => String::from("by the server"),
        Cause::Local => String::from("by us"),
        Cause::Violation(error) => format!("the server broke a rule: {error}"),
        Cause::Timeout(Timeout::Pong) => String::from("no answer to our ping"),
        Cause::Timeout(Timeout::Idle) => String::from("nothing heard"),
        Cause::Timeout(Timeout::Close) => String::from("no answer to our Close"),
        Cause::Eof => String::from("the connection was lost"),
        _ => String::from("for another reason"),
    };
    format!("{code}{reason}, {why}")
}
