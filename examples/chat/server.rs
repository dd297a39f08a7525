//! The event loop: one thread that accepts, gives everyone turns, delivers what the room wants
//! said, and stops in time.
//!
//! Fairness: a turn is one read of at most [`READ`] bytes; who may have more to do is `due` and
//! comes again after the others. The loop sleeps only when nobody is due.
//!
//! Numbers are given to connections once and never again, so that an event that was on its way when
//! its connection ended finds nobody.

use crate::args::Settings;
use crate::peer::{News, Peer, Sent, Turn};
use crate::room::{Effect, Room};
use crate::signals::{self, Signals};
use crate::stats::Stats;
use crate::terms::Terms;
use crate::timers::Timers;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use sockless::{CloseCode, PreparedMessage, Workspace};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const LISTENER: Token = Token(0);
const STOP: Token = Token(1);
const REPORT: Token = Token(2);
const FIRST_PEER: usize = 3;
/// The close code that tells a page not to come back by itself.
const TAKEN_OVER: CloseCode = match CloseCode::new(4001) {
    Some(code) => code,
    None => CloseCode::NORMAL,
};
const READ: usize = 16 * 1024;
/// How many connections are accepted before the others get their turn.
const ACCEPTS: usize = 64;
/// How long to wait when the system has no room for one more connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Server {
    poll: Poll,
    stop: Signals,
    report: Signals,
    door: Option<Door>,
    terms: Terms,
    max_clients: u32,
    /// In boxes, for nearly half of what a tree has room for is empty.
    peers: BTreeMap<usize, Box<Peer>>,
    next: usize,
    due: BTreeSet<usize>,
    timers: Timers,
    room: Room,
    /// What can only be counted when it happens; [`Server::stats`] has the rest.
    stats: Stats,
    workspace: Workspace,
    started: Instant,
    /// When this turn of the loop began, since `started`.
    now: Duration,
}

/// Where new connections come in. It is gone once the server stops.
struct Door {
    listener: TcpListener,
    /// Whether someone may be waiting.
    knocked: bool,
    /// The system had no room for one more: try again at this moment. Kept until nobody waits, so
    /// that one line tells of it.
    pause: Option<Duration>,
}

impl Server {
    /// Listens on the first address that can be had.
    pub(crate) fn bind(settings: &Settings) -> io::Result<Self> {
        let mut result = Err(io::Error::new(ErrorKind::NotFound, "the host has no address"));
        for &addr in &settings.addrs {
            result = TcpListener::bind(addr);
            if result.is_ok() {
                break;
            }
        }
        let mut listener = result?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            stop: Signals::register(poll.registry(), STOP, signals::STOP)?,
            report: Signals::register(poll.registry(), REPORT, signals::REPORT)?,
            poll,
            door: Some(Door { listener, knocked: true, pause: None }),
            terms: Terms::new(settings.origin.clone()),
            max_clients: settings.max_clients,
            peers: BTreeMap::new(),
            next: FIRST_PEER,
            due: BTreeSet::new(),
            timers: Timers::default(),
            room: Room::new(settings.rate),
            stats: Stats::default(),
            workspace: Workspace::new(READ, 0),
            started: Instant::now(),
            now: Duration::ZERO,
        })
    }

    /// Where the server really listens: port 0 asked for any free one.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        match &self.door {
            Some(door) => door.listener.local_addr(),
            None => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// Serves until a signal says stop and everyone has gone.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        while self.door.is_some() || !self.peers.is_empty() {
            if let Err(error) = self.poll.poll(&mut events, self.patience()) {
                if error.kind() != ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            self.now = self.started.elapsed();
            for event in &events {
                match event.token() {
                    LISTENER => self.door.iter_mut().for_each(|door| door.knocked = true),
                    STOP => self.stop(),
                    REPORT => self.report(),
                    Token(number) => {
                        if let Some(peer) = self.peers.get_mut(&number) {
                            peer.link.ready(event);
                            self.due.insert(number);
                        }
                    }
                }
            }
            self.accept();
            while let Some(number) = self.timers.pop(self.now) {
                self.due.insert(number);
            }
            for number in mem::take(&mut self.due) {
                self.turn(number);
            }
        }
        Ok(())
    }

    /// How long the loop may sleep.
    fn patience(&self) -> Option<Duration> {
        if !self.due.is_empty() {
            return Some(Duration::ZERO);
        }
        let knock = self
            .door
            .as_ref()
            .filter(|door| door.knocked)
            .map(|door| door.pause.unwrap_or(self.now));
        let next = self.timers.next().into_iter().chain(knock).min()?;
        Some(next.saturating_sub(self.started.elapsed()))
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS {
            let Some(door) = &mut self.door else { return };
            if !door.knocked || door.pause.is_some_and(|until| until > self.now) {
                return;
            }
            match door.listener.accept() {
                Ok((mut socket, _)) => {
                    // A frame is worth a packet: what belongs together leaves in one write. Where
                    // this fails, it is only slower.
                    let _ = socket.set_nodelay(true);
                    // A socket that cannot be watched is dropped.
                    if self
                        .poll
                        .registry()
                        .register(
                            &mut socket,
                            Token(self.next),
                            Interest::READABLE | Interest::WRITABLE,
                        )
                        .is_ok()
                    {
                        self.peers
                            .insert(self.next, Box::new(Peer::new(socket, self.terms.clone())));
                        self.due.insert(self.next);
                        self.next = self.next.wrapping_add(1).max(FIRST_PEER);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    (door.knocked, door.pause) = (false, None)
                }
                // That one gave up while it waited; the next one may not have.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted
                            | ErrorKind::ConnectionAborted
                            | ErrorKind::ConnectionReset
                    ) => {}
                // No descriptors or no memory left. Those who wait stay in the system's queue, of
                // which no event tells again.
                Err(error) => {
                    if door.pause.is_none() {
                        let _ = writeln!(
                            io::stderr(),
                            "chat: no room for one more connection for now: {error}"
                        );
                    }
                    door.pause = Some(self.now + ACCEPT_PAUSE);
                }
            }
        }
    }

    fn turn(&mut self, number: usize) {
        let Self { peers, workspace, room, stats, now, .. } = self;
        let Some(peer) = peers.get_mut(&number) else { return };
        let mut effects = VecDeque::new();
        let turn =
            peer.turn(workspace, *now, stats.clients >= self.max_clients, |news| match news {
                News::Opened => stats.clients += 1,
                News::TurnedAway => stats.turned_away += 1,
                News::Said(text) => effects.extend(room.hear(number, text, *now)),
                News::Left => effects.extend(room.leave(number)),
            });
        self.timers.set(number, peer.due());
        match turn {
            Turn::Again => drop(self.due.insert(number)),
            Turn::Wait => {}
            Turn::Over => effects.extend(self.forget(number)),
        }
        self.carry_out(effects);
    }

    fn forget(&mut self, number: usize) -> Vec<Effect> {
        self.timers.set(number, None);
        if let Some(peer) = self.peers.remove(&number) {
            self.stats.clients -= u32::from(peer.is_client());
            self.stats.traffic += peer.link.traffic;
        }
        self.room.leave(number)
    }

    /// Sends only fill queues; everyone who was sent something is due, and writes all of it at
    /// once.
    fn carry_out(&mut self, mut effects: VecDeque<Effect>) {
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Tell(who, text) => {
                    effects.extend(self.send(who, &PreparedMessage::text(text)))
                }
                Effect::TellAll(text) => {
                    let message = PreparedMessage::text(text);
                    for who in self.room.members().collect::<Vec<_>>() {
                        effects.extend(self.send(who, &message));
                    }
                }
                Effect::Dismiss(who) => {
                    self.dismiss(who, TAKEN_OVER, "taken over by a newer connection")
                }
            }
        }
    }

    fn send(&mut self, who: usize, message: &PreparedMessage) -> Vec<Effect> {
        let Some(peer) = self.peers.get_mut(&who) else { return vec![] };
        self.due.insert(who);
        match peer.send(message) {
            Sent::Well => vec![],
            Sent::TooSlow => {
                self.stats.slow += 1;
                self.dismiss(who, CloseCode::POLICY, "reads too slowly");
                self.room.leave(who)
            }
        }
    }

    fn dismiss(&mut self, who: usize, code: CloseCode, reason: &str) {
        if let Some(peer) = self.peers.get_mut(&who) {
            peer.dismiss(code, reason);
            self.due.insert(who);
        }
    }

    /// The first signal says goodbye to everyone; a further one does not wait for them.
    fn stop(&mut self) {
        if self.stop.caught() == 0 {
            return;
        }
        if self.door.take().is_none() {
            self.peers.clear();
        }
        for (&number, peer) in &mut self.peers {
            peer.dismiss(CloseCode::AWAY, "the server stops");
            self.due.insert(number);
        }
    }

    fn report(&mut self) {
        if self.report.caught() > 0 {
            let _ = writeln!(io::stderr(), "chat: {}", self.stats());
        }
    }

    fn stats(&self) -> Stats {
        let mut stats = Stats {
            connections: self.peers.len(),
            members: self.room.members().len(),
            messages: self.room.said(),
            queued: self.peers.values().map(|peer| peer.queued()).sum(),
            ..self.stats.clone()
        };
        self.peers.values().for_each(|peer| stats.traffic += peer.link.traffic);
        stats
    }
}
