//! Clients of the chat, all in one event loop, over the public API and the chat's own pump.
//!
//! People of the crowd are called by their numbers, from 0 on, and say `0`, `1`, `2` and so on,
//! each with some padding behind it: what is heard of them is complete, single and in order exactly
//! when every message has the number that is expected of its speaker next.

use crate::pump::{Link, Pumped, pump};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use sockless::client::{Handshake, Outcome, Request};
use sockless::{CloseEvent, Config, Connection, Endpoint, Event, Seed, Workspace};
use std::collections::BTreeSet;
use std::io::Write;
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Everyone, by number.
pub(crate) struct Crowd {
    poll: Poll,
    people: Vec<Option<Person>>,
    due: BTreeSet<usize>,
    workspace: Workspace,
}

/// A client.
pub(crate) struct Person {
    pub(crate) name: String,
    /// What it says behind each number.
    pub(crate) padding: String,
    /// Whether it takes its turns.
    pub(crate) reads: bool,
    /// Whether it has joined.
    pub(crate) here: bool,
    /// Who left while it was here.
    pub(crate) gone: BTreeSet<String>,
    /// What should not have happened.
    pub(crate) complaints: Vec<String>,
    pub(crate) close_event: Option<CloseEvent>,
    pub(crate) done: bool,
    link: Link,
    stage: Stage,
    /// How many messages it heard of each of the crowd.
    heard: Vec<usize>,
    last_id: u64,
    said: usize,
    to_say: usize,
}

#[allow(clippy::large_enum_variant)] // Most of them are the large one.
enum Stage {
    Handshake(Handshake),
    Open(Connection),
}

impl Crowd {
    pub(crate) fn new() -> Self {
        Self {
            poll: Poll::new().expect("a poll"),
            people: Vec::new(),
            due: BTreeSet::new(),
            workspace: Workspace::default(),
        }
    }

    /// Takes someone in, and gives the number.
    pub(crate) fn enter(&mut self, mut person: Person) -> usize {
        let token = Token(self.people.len());
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut person.link.socket, token, both)
            .expect("a socket can be watched");
        self.people.push(Some(person));
        token.0
    }

    pub(crate) fn everyone(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().flatten()
    }

    pub(crate) fn look(&self, who: usize) -> &Person {
        self.people[who].as_ref().expect("not dropped")
    }

    pub(crate) fn person(&mut self, who: usize) -> &mut Person {
        self.people[who].as_mut().expect("not dropped")
    }

    /// Has someone say so many more things, one after the other.
    pub(crate) fn talk(&mut self, who: usize, messages: usize) {
        let person = self.person(who);
        person.to_say += messages;
        person.say();
        self.wake(who);
    }

    /// Gives someone a turn.
    pub(crate) fn wake(&mut self, who: usize) {
        self.due.insert(who);
    }

    /// Drops someone's socket.
    pub(crate) fn drop(&mut self, who: usize) {
        self.people[who] = None;
    }

    /// Goes on until it is so.
    pub(crate) fn drive(&mut self, what: &str, patience: Duration, until: impl Fn(&Self) -> bool) {
        let end = Instant::now() + patience;
        while !until(self) {
            assert!(
                Instant::now() < end,
                "not within {patience:?}: {what}; {:?}",
                self.complaints().collect::<Vec<_>>()
            );
            self.turn(Duration::from_millis(100));
        }
    }

    /// The first complaint of the first who have one.
    fn complaints(&self) -> impl Iterator<Item = (&str, &String)> {
        self.everyone()
            .filter_map(|person| Some((person.name.as_str(), person.complaints.first()?)))
            .take(5)
    }

    /// Goes on for a while.
    pub(crate) fn drive_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn(end.saturating_duration_since(Instant::now()));
        }
    }

    fn turn(&mut self, patience: Duration) {
        let mut events = Events::with_capacity(1024);
        let patience = if self.due.is_empty() { patience } else { Duration::ZERO };
        self.poll.poll(&mut events, Some(patience)).expect("a poll");
        for event in &events {
            if let Some(person) = &mut self.people[event.token().0] {
                person.link.ready(event);
                self.due.insert(event.token().0);
            }
        }
        for who in mem::take(&mut self.due) {
            if self.people[who].as_mut().is_some_and(|person| person.turn(&mut self.workspace)) {
                self.due.insert(who);
            }
        }
    }
}

impl Person {
    /// Someone on the way in.
    pub(crate) fn connect(addr: SocketAddr, name: &str) -> Self {
        let socket = TcpStream::connect(addr).expect("a socket");
        let request = offer(Request::new(&format!("ws://{addr}/chat")).expect("an address"), name);
        // Unpredictable is nothing that a test needs.
        let seed = std::array::from_fn(|i| name.as_bytes().get(i).copied().unwrap_or(i as u8));
        Self {
            name: name.to_owned(),
            // Long enough to be compressed.
            padding: String::from(
                "hello everyone, hello to all who are here, and to those who are not here yet",
            ),
            reads: true,
            here: false,
            gone: BTreeSet::new(),
            complaints: Vec::new(),
            close_event: None,
            done: false,
            link: Link::new(socket),
            stage: Stage::Handshake(Handshake::new(request, Seed::new(seed))),
            heard: Vec::new(),
            last_id: 0,
            said: 0,
            to_say: 0,
        }
    }

    /// How many bytes came.
    #[cfg(feature = "deflate")]
    pub(crate) fn read(&self) -> u64 {
        self.link.traffic.read
    }

    /// How much it heard of the crowd.
    pub(crate) fn heard(&self) -> usize {
        self.heard.iter().sum()
    }

    /// How much it heard of one of the crowd.
    pub(crate) fn heard_of(&self, speaker: usize) -> usize {
        self.heard.get(speaker).copied().unwrap_or(0)
    }

    /// Whether it heard so many messages of each of so many, and nothing of others.
    pub(crate) fn heard_all(&self, people: usize, messages: usize) -> bool {
        self.heard.len() == people && self.heard.iter().all(|heard| *heard == messages)
    }

    pub(crate) fn said(&self) -> usize {
        self.said
    }

    /// Says so many more things, and does not wait for the one before.
    pub(crate) fn say_at_once(&mut self, messages: usize) {
        for _ in 0..messages {
            self.to_say += 1;
            self.say();
        }
    }

    /// Whether all that it said is written.
    pub(crate) fn has_written(&self) -> bool {
        matches!(&self.stage, Stage::Open(connection) if connection.queued() == 0)
    }

    /// Says nothing more.
    pub(crate) fn silence(&mut self) {
        self.to_say = 0;
    }

    /// Writes past the protocol.
    pub(crate) fn write_raw(&mut self, bytes: &[u8]) {
        let written = self.link.socket.write(bytes).expect("the socket takes a little");
        assert_eq!(written, bytes.len());
    }

    /// One turn; whether there may be more to do right away.
    fn turn(&mut self, workspace: &mut Workspace) -> bool {
        if self.done || !self.reads {
            return false;
        }
        let side: &mut dyn Endpoint = match &mut self.stage {
            Stage::Handshake(handshake) => handshake,
            Stage::Open(connection) => connection,
        };
        match pump(&mut workspace.turn(side), &mut self.link) {
            Pumped::Poll => {}
            Pumped::Blocked => return false,
            Pumped::Done => {
                self.done = true;
                return false;
            }
        }
        if let Stage::Handshake(handshake) = &mut self.stage {
            let mut turn = workspace.turn(handshake);
            let (handshake, mut input) = turn.received(0);
            let outcome = handshake.poll(&mut input);
            drop(input);
            drop(turn);
            match outcome {
                None => return true,
                Some(Outcome::Open(opened)) => {
                    #[cfg(feature = "deflate")]
                    assert_eq!(opened.extensions().deflate.is_some(), compresses(&self.name));
                    let mut connection = opened.open(Config::default());
                    connection
                        .send_text(format!("join key-of-{0} {0}", self.name))
                        .expect("it is open");
                    self.stage = Stage::Open(connection);
                }
                Some(other) => panic!("{} did not get in: {other:?}", self.name),
            }
        }
        let Stage::Open(connection) = &mut self.stage else { return true };
        let (mut turn, mut events) = (workspace.turn(connection), Vec::new());
        let (connection, mut input) = turn.received(0);
        while let Some(event) = connection.poll(&mut input) {
            events.push(event.into_owned());
        }
        drop(input);
        drop(turn);
        for event in events {
            match event {
                Event::Text(text) => self.hear(&text),
                Event::Closed(close_event) => self.close_event = Some(close_event),
                _ => {}
            }
        }
        true
    }

    fn hear(&mut self, text: &str) {
        match text.split_once(' ') {
            Some(("here", _)) => self.here = true,
            Some(("joined", _)) => {}
            Some(("left", name)) => {
                self.gone.insert(name.to_owned());
                if name.parse::<usize>().is_ok() {
                    self.complaints.push(format!("{name} left"));
                }
            }
            Some(("said", rest)) => self.hear_said(rest),
            _ => self.complaints.push(text.to_owned()),
        }
    }

    fn hear_said(&mut self, rest: &str) {
        let parse = || {
            let (head, text) = rest.split_once('\n')?;
            let (id, name) = head.split_once(' ')?;
            let (number, _) = text.split_once(' ')?;
            Some((
                id.parse::<u64>().ok()?,
                name.parse::<usize>().ok()?,
                number.parse::<usize>().ok()?,
            ))
        };
        let Some((id, speaker, number)) = parse() else {
            return self.complaints.push(rest.to_owned());
        };
        self.heard.resize(self.heard.len().max(speaker + 1), 0);
        if id <= self.last_id || number != self.heard[speaker] {
            self.complaints.push(format!(
                "message {number} of {speaker} with id {id} after {} with id {}",
                self.heard[speaker], self.last_id
            ));
        }
        self.last_id = id;
        self.heard[speaker] += 1;
        if self.name.parse() == Ok(speaker) {
            self.say();
        }
    }

    /// Says the next thing, if there is one.
    fn say(&mut self) {
        let Stage::Open(connection) = &mut self.stage else { return };
        if self.to_say == 0 {
            return;
        }
        match connection.send_text(format!("say {} {}", self.said, self.padding)) {
            Ok(()) => {
                self.said += 1;
                self.to_say -= 1;
            }
            Err(error) => self.complaints.push(format!("saying {}: {error}", self.said)),
        }
    }
}

/// Every second one of the crowd offers compression.
#[cfg(feature = "deflate")]
fn compresses(name: &str) -> bool {
    name.parse::<usize>().is_ok_and(|number| number % 2 == 0)
}

#[cfg(feature = "deflate")]
fn offer(request: Request, name: &str) -> Request {
    if compresses(name) { request.deflate(sockless::deflate::Offer::default()) } else { request }
}

#[cfg(not(feature = "deflate"))]
fn offer(request: Request, _: &str) -> Request {
    request
}
