use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use sockless::server::{Config, Handshake, Incoming, Replying};
use sockless::{Connection, Deadline, Endpoint, Event, Heartbeat, Step, Timeouts, Turn, Workspace};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

const HANDSHAKE: Duration = Duration::from_secs(10);
const LISTENER: Token = Token(usize::MAX);
/// How often a peer is polled in a turn: then it is the others' turn.
const POLLS: usize = 16;

/// Any number of transports in one thread, with one workspace.
pub struct Server {
    listener: TcpListener,
    poll: Poll,
    events: Events,
    peers: HashMap<Token, Peer>,
    accepted: usize,
    workspace: Workspace,
    begin: Instant,
}

impl Server {
    pub fn new(mut listener: TcpListener) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            listener,
            poll,
            events: Events::with_capacity(1024),
            peers: HashMap::new(),
            accepted: 0,
            workspace: Workspace::default(),
            begin: Instant::now(),
        })
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Waits, and gives each peer that is ready or due a turn. Call it for ever.
    pub fn round(
        &mut self,
        mut on_event: impl FnMut(&mut Connection, Event<'_>),
    ) -> io::Result<()> {
        // With many peers, keep the deadlines in a heap or a timer wheel.
        let due = self.peers.values().filter_map(|peer| peer.link.due).min();
        let wait = due.map(|due| due.saturating_sub(self.begin.elapsed()));
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            if let Some(Peer { link, .. }) = self.peers.get_mut(&event.token()) {
                // mio tells a change once: it holds until the socket says "would block". After an
                // error both directions are tried, for that is how it shows.
                link.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
                link.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
                link.is_ready = true;
            }
        }
        if self.events.iter().any(|event| event.token() == LISTENER) {
            self.accept()?;
        }
        let (now, workspace) = (self.begin.elapsed(), &mut self.workspace);
        self.peers.retain(|_, peer| {
            let is_due = peer.link.due.is_some_and(|due| due <= now);
            !(peer.link.is_ready || is_due) || peer.turn(workspace, now, &mut on_event)
        });
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        // An error ends it too: none is left, or there is no room for one more.
        while let Ok((mut stream, _)) = self.listener.accept() {
            let _ = stream.set_nodelay(true);
            self.accepted += 1;
            let (token, both) = (Token(self.accepted), Interest::READABLE | Interest::WRITABLE);
            self.poll.registry().register(&mut stream, token, both)?;
            let (readable, writable, due) = (false, false, None);
            let link = Link { stream, readable, writable, is_ready: true, due };
            let handshake = Handshake::new(Config::default());
            let stage = Stage::Handshake(handshake, Deadline::after(HANDSHAKE));
            self.peers.insert(token, Peer { link, stage });
        }
        Ok(())
    }
}

/// A socket, and what is known of it.
struct Link {
    stream: TcpStream,
    readable: bool,
    writable: bool,
    /// An event came.
    is_ready: bool,
    /// When it needs a turn though no event comes.
    due: Option<Duration>,
}

struct Peer {
    link: Link,
    stage: Stage,
}

#[allow(clippy::large_enum_variant)]
enum Stage {
    Handshake(Handshake, Deadline),
    Open(Connection, Heartbeat),
    Answer(Replying, Deadline),
}

impl Stage {
    fn after(incoming: Incoming) -> Self {
        let replying = match incoming {
            Incoming::Upgrade(request) => {
                let connection = request.accept().open(sockless::Config::default());
                return Self::Open(connection, Heartbeat::new(Timeouts::default()));
            }
            Incoming::Http(plain) => plain.reply(404).into_replying(),
            Incoming::Failed(replying) => replying,
        };
        Self::Answer(replying, Deadline::after(HANDSHAKE))
    }
}

impl Peer {
    /// A turn. `false`: it is over, drop it.
    fn turn(
        &mut self,
        workspace: &mut Workspace,
        now: Duration,
        on_event: &mut impl FnMut(&mut Connection, Event<'_>),
    ) -> bool {
        let link = &mut self.link;
        link.is_ready = false;
        match &mut self.stage {
            Stage::Handshake(handshake, deadline) => {
                let mut turn = workspace.turn(handshake);
                let incoming = loop {
                    match next(link, &mut turn, |handshake| deadline.poll(now, handshake)) {
                        Next::Poll => {
                            let (handshake, mut input) = turn.received(0);
                            if let Some(incoming) = handshake.poll(&mut input) {
                                break incoming;
                            }
                        }
                        Next::Blocked => return true,
                        Next::Over => return false,
                    }
                };
                drop(turn);
                self.stage = Stage::after(incoming);
                self.turn(workspace, now, on_event)
            }
            Stage::Open(connection, heartbeat) => {
                let mut turn = workspace.turn(connection);
                for _ in 0..POLLS {
                    match next(link, &mut turn, |connection| heartbeat.poll(now, connection)) {
                        Next::Poll => {
                            let (connection, mut input) = turn.received(0);
                            // Above the mark nothing more is taken: what is left comes again.
                            while !connection.above_high_water() {
                                let Some(event) = connection.poll(&mut input) else { break };
                                on_event(connection, event);
                            }
                        }
                        Next::Blocked => return true,
                        Next::Over => return false,
                    }
                }
                link.due = Some(now); // It goes on in the next round, behind the others.
                true
            }
            Stage::Answer(replying, deadline) => {
                let mut turn = workspace.turn(replying);
                loop {
                    match next(link, &mut turn, |replying| deadline.poll(now, replying)) {
                        Next::Poll => {
                            let (replying, mut input) = turn.received(0);
                            let _ = replying.poll(&mut input);
                        }
                        Next::Blocked => return true,
                        Next::Over => return false,
                    }
                }
            }
        }
    }
}

enum Next {
    /// There is something to poll.
    Poll,
    /// An event will come, or the moment that is due.
    Blocked,
    /// Drop the transport.
    Over,
}

/// The loop, the same for all endpoints.
fn next<E: Endpoint>(
    link: &mut Link,
    turn: &mut Turn<'_, E>,
    mut time: impl FnMut(&mut E) -> Option<Duration>,
) -> Next {
    loop {
        link.due = time(turn.endpoint());
        match turn.step(link.writable) {
            Step::Write => {
                let written = turn.write(|slices| link.stream.write_vectored(slices));
                link.writable = !would_block(&written);
            }
            Step::Read if link.readable => {
                let read = turn.read(|to| link.stream.read(to));
                link.readable = !would_block(&read);
            }
            // If it fails, reading tells why.
            Step::Shutdown => drop(turn.shutdown(|| link.stream.shutdown(Shutdown::Write))),
            Step::Poll => return Next::Poll,
            Step::Read | Step::Wait => return Next::Blocked,
            Step::Done => return Next::Over,
        }
    }
}

fn would_block(result: &io::Result<usize>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}
