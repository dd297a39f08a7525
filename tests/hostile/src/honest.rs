//! The honest ones: 200 people in one thread, clients of this crate over the chat's own loop. They
//! take turns to speak, and note what each hears of whom.
//!
//! Each has its number for a name, and says `0`, `1`, `2` and so on: what is heard of someone is
//! complete, single and in order exactly when every message has the number that is expected of its
//! speaker next. How long one is on its way is from the call that sends it to the event that tells
//! it, for each listener.

use crate::pump::{Link, Pumped, pump};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use sockless::client::{Handshake, Outcome, Request};
use sockless::deflate::Offer;
use sockless::{
    CloseCode, CloseEvent, CloseFrame, Config, Connection, Event, Input, Seed, Workspace,
};
use std::collections::BTreeSet;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// So many are honest.
pub(crate) const HONEST: usize = 200;
/// How long after another each says something: every 2 s, then, of which the chat's rate lets be.
const APART: Duration = Duration::from_millis(10);
/// For all to come in, to hear what is on its way, and to go.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough to be compressed by those who do that.
const PADDING: &str =
    "hello everyone, hello to all who are here, and to those who are not here yet";
/// How many complaints are told.
const EXAMPLES: usize = 10;

pub(crate) struct People {
    poll: Poll,
    people: Vec<Person>,
    due: BTreeSet<usize>,
    workspace: Workspace,
    talk: Talk,
}

/// What all share.
#[derive(Default)]
struct Talk {
    /// When each said its messages.
    said: Vec<Vec<Instant>>,
    /// How long each message took to each listener, in µs.
    latencies: Vec<u32>,
    complaints: Vec<String>,
}

struct Person {
    link: Link,
    stage: Stage,
    ears: Ears,
    done: bool,
}

/// What a person is, and what it heard.
struct Ears {
    number: usize,
    /// Whether it has joined.
    here: bool,
    /// How many messages it heard of each.
    heard: Vec<usize>,
    last_id: u64,
    close_event: Option<CloseEvent>,
}

enum Stage {
    Handshake(Box<Handshake>),
    Open(Box<Connection>),
}

/// What they lived through.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) said: usize,
    /// In µs, in order: of each message to each listener.
    pub(crate) latencies: Vec<u32>,
}

impl People {
    /// So many come in; their names count from `first` on. Every second one compresses.
    pub(crate) fn come(address: SocketAddr, first: usize, count: usize) -> io::Result<Self> {
        let request = Request::new(&format!("ws://{address}/chat")).map_err(io::Error::other)?;
        let mut people = Self {
            poll: Poll::new()?,
            people: Vec::new(),
            due: BTreeSet::new(),
            workspace: Workspace::default(),
            talk: Talk { said: vec![Vec::new(); count], ..Talk::default() },
        };
        for index in 0..count {
            let mut socket = TcpStream::connect(address)?;
            people.poll.registry().register(
                &mut socket,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            let request = if index % 2 == 0 {
                request.clone().deflate(Offer::default())
            } else {
                request.clone()
            };
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&(index as u64).to_ne_bytes());
            people.people.push(Person {
                link: Link::new(socket),
                stage: Stage::Handshake(Box::new(Handshake::new(request, Seed::new(seed)))),
                ears: Ears {
                    number: first + index,
                    here: false,
                    heard: vec![0; count],
                    last_id: 0,
                    close_event: None,
                },
                done: false,
            });
        }
        people.drive("everyone is here", |people| people.iter().all(|person| person.ears.here))?;
        Ok(people)
    }

    /// They take turns to speak, for so long, and hear all of it.
    pub(crate) fn talk(&mut self, time: Duration) -> io::Result<()> {
        let from = Instant::now();
        let mut next = 0;
        while from.elapsed() < time {
            let at = from + APART * next;
            if at <= Instant::now() {
                self.say(next as usize % self.people.len())?;
                next += 1;
            }
            self.turn(at.saturating_duration_since(Instant::now()))?;
        }
        self.listen()
    }

    /// Each says so much at once.
    pub(crate) fn talk_at_once(&mut self, each: usize) -> io::Result<()> {
        for who in (0..self.people.len()).flat_map(|who| vec![who; each]) {
            self.say(who)?;
        }
        self.listen()
    }

    /// They go, as browsers do. An error says what was not as it should be, all along.
    pub(crate) fn go(mut self) -> io::Result<Account> {
        for (index, person) in self.people.iter_mut().enumerate() {
            if let Stage::Open(connection) = &mut person.stage {
                connection
                    .close(Some(CloseFrame::truncated(CloseCode::NORMAL, "")))
                    .map_err(io::Error::other)?;
                self.due.insert(index);
            }
        }
        self.drive("everyone is gone", |people| people.iter().all(|person| person.done))?;
        for Ears { number, close_event, .. } in self.people.iter().map(|person| &person.ears) {
            if !close_event.as_ref().is_some_and(|close_event| {
                close_event.clean && close_event.code == CloseCode::NORMAL.get()
            }) {
                self.talk.complaints.push(format!("{number} was closed: {close_event:?}"));
            }
        }
        self.check()?;
        let Talk { said, mut latencies, .. } = self.talk;
        latencies.sort_unstable();
        Ok(Account { said: said.iter().map(Vec::len).sum(), latencies })
    }

    fn listen(&mut self) -> io::Result<()> {
        let said: Vec<_> = self.talk.said.iter().map(Vec::len).collect();
        self.drive("everyone has heard everything", |people| {
            people.iter().all(|person| person.ears.heard == said)
        })?;
        // What comes twice would come now.
        let until = Instant::now() + Duration::from_millis(200);
        while Instant::now() < until {
            self.turn(until.saturating_duration_since(Instant::now()))?;
        }
        self.check()
    }

    fn say(&mut self, who: usize) -> io::Result<()> {
        let Stage::Open(connection) = &mut self.people[who].stage else {
            return Err(io::Error::other("not let in"));
        };
        let said = &mut self.talk.said[who];
        said.push(Instant::now());
        connection
            .send_text(format!("say {} {PADDING}", said.len() - 1))
            .map_err(|error| io::Error::other(format!("{who}: {error}")))?;
        self.due.insert(who);
        Ok(())
    }

    fn drive(&mut self, what: &str, until: impl Fn(&[Person]) -> bool) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        while !until(&self.people) {
            if Instant::now() > end {
                self.talk.complaints.push(format!("not within {PATIENCE:?}: {what}"));
                return self.check();
            }
            self.turn(Duration::from_millis(100))?;
            self.check()?;
        }
        Ok(())
    }

    fn check(&self) -> io::Result<()> {
        match self.talk.complaints.len() {
            0 => Ok(()),
            n => Err(io::Error::other(format!(
                "{n} complaints: {}",
                self.talk.complaints[..n.min(EXAMPLES)].join("; ")
            ))),
        }
    }

    fn turn(&mut self, patience: Duration) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        self.poll
            .poll(&mut events, Some(if self.due.is_empty() { patience } else { Duration::ZERO }))?;
        for event in &events {
            self.people[event.token().0].link.ready(event);
            self.due.insert(event.token().0);
        }
        for who in mem::take(&mut self.due) {
            if self.people[who].turn(&mut self.workspace, &mut self.talk) {
                self.due.insert(who);
            }
        }
        Ok(())
    }
}

impl Person {
    /// One turn; whether there may be more to do right away.
    fn turn(&mut self, workspace: &mut Workspace, talk: &mut Talk) -> bool {
        let mut outcome = None;
        let pumped = match &mut self.stage {
            _ if self.done => return false,
            Stage::Handshake(handshake) => {
                let mut turn = workspace.turn(handshake.as_mut());
                let pumped = pump(&mut turn, &mut self.link);
                if pumped == Pumped::Poll {
                    let (handshake, mut input) = turn.received(0);
                    outcome = handshake.poll(&mut input);
                }
                pumped
            }
            Stage::Open(connection) => {
                let mut turn = workspace.turn(connection.as_mut());
                let pumped = pump(&mut turn, &mut self.link);
                if pumped == Pumped::Poll {
                    let (connection, mut input) = turn.received(0);
                    self.ears.listen(connection, &mut input, talk);
                }
                pumped
            }
        };
        match outcome {
            None => {}
            Some(Outcome::Open(accepted)) => {
                let mut connection = accepted.open(Config::default());
                let number = self.ears.number;
                if let Err(error) = connection.send_text(format!("join key-of-{number} {number}")) {
                    talk.complaints.push(format!("{number}: {error}"));
                }
                self.stage = Stage::Open(Box::new(connection));
            }
            Some(other) => {
                talk.complaints.push(format!("{} did not get in: {other:?}", self.ears.number))
            }
        }
        self.done = pumped == Pumped::Done;
        pumped == Pumped::Poll
    }
}

impl Ears {
    fn listen(&mut self, connection: &mut Connection, input: &mut Input<'_>, talk: &mut Talk) {
        let now = Instant::now();
        loop {
            let open = connection.is_open();
            match connection.poll(input) {
                Some(Event::Text(text)) => self.hear(&text, now, !connection.is_open(), talk),
                Some(Event::Closed(close_event)) => {
                    if open {
                        talk.complaints
                            .push(format!("{} was let go: {close_event:?}", self.number));
                    }
                    self.close_event = Some(close_event);
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// `closes`: it is about to go.
    fn hear(&mut self, text: &str, now: Instant, closes: bool, talk: &mut Talk) {
        match text.split_once(' ') {
            Some(("here", _)) => self.here = true,
            Some(("joined", _)) => {}
            // Of the honest, someone may go when all do.
            Some(("left", name)) if name.parse::<usize>().is_err() || closes => {}
            Some(("said", rest))
                if rest.split(' ').nth(1).is_some_and(|name| name.starts_with("hostile-")) => {}
            // The past: of those who were here before.
            Some(("said" | "yours", _)) if !self.here => {}
            Some(("said", rest)) => {
                if let Err(complaint) = self.hear_said(rest, now, talk) {
                    talk.complaints.push(format!("{}: {complaint}", self.number));
                }
            }
            _ => talk.complaints.push(format!("{} hears {text:?}", self.number)),
        }
    }

    fn hear_said(&mut self, rest: &str, now: Instant, talk: &mut Talk) -> Result<(), String> {
        let parse = || {
            let (head, text) = rest.split_once('\n')?;
            let (id, name) = head.split_once(' ')?;
            let (number, padding) = text.split_once(' ')?;
            (padding == PADDING).then_some((
                id.parse::<u64>().ok()?,
                name.parse::<usize>().ok()?,
                number.parse::<usize>().ok()?,
            ))
        };
        let (id, speaker, number) = parse().ok_or_else(|| format!("hears {rest:?}"))?;
        let first = self.number - self.number % FIRST;
        let heard = self
            .heard
            .get_mut(speaker.wrapping_sub(first))
            .ok_or_else(|| format!("hears {speaker}, whom nobody knows"))?;
        if id <= self.last_id || number != *heard {
            return Err(format!(
                "hears message {number} of {speaker} with id {id} after {heard} with id {}",
                self.last_id
            ));
        }
        (self.last_id, *heard) = (id, number + 1);
        let sent = talk.said[speaker - first]
            .get(number)
            .ok_or_else(|| format!("hears message {number} of {speaker}, which was not said"))?;
        talk.latencies
            .push(u32::try_from(now.duration_since(*sent).as_micros()).unwrap_or(u32::MAX));
        Ok(())
    }
}

/// Numbers begin with a multiple of this.
const FIRST: usize = 1000;
