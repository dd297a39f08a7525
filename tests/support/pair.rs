//! Both ends of a connection and the transport between them, under simulated time: delay, partial
//! writes and reads, heartbeats, ends of stream.

use super::Side;
use sockless::{Config, Connection, Event, Heartbeat, Input, Timeouts};
use std::collections::VecDeque;
use std::time::Duration;

/// One end, and what is on its way to it.
pub struct Station {
    pub side: Side,
    pub connection: Connection,
    pub events: Vec<Event<'static>>,
    /// When each of the events came.
    pub times: Vec<Duration>,
    pub heartbeat: Option<Heartbeat>,
    /// When the heartbeat wants to be called.
    pub due: Option<Duration>,
    /// Bytes on their way to this end, and when they arrive.
    incoming: VecDeque<(Duration, Vec<u8>)>,
    /// When the end of the stream arrives.
    ends: Option<Duration>,
    /// This end's end of stream was told to it.
    told: bool,
    /// Whether what is sent to this end gets lost, as when a cable was cut.
    pub deaf: bool,
}

/// A client and a server.
pub struct Pair {
    pub stations: [Station; 2],
    pub now: Duration,
    /// How long bytes are on their way.
    pub delay: Duration,
}

impl Pair {
    pub fn new(config: &Config) -> Self {
        let station = |side: Side| Station {
            side,
            connection: side.open(config.clone()),
            events: Vec::new(),
            times: Vec::new(),
            heartbeat: None,
            due: None,
            incoming: VecDeque::new(),
            ends: None,
            told: false,
            deaf: false,
        };
        Self {
            stations: [station(Side::Server), station(Side::Client)],
            now: Duration::ZERO,
            delay: Duration::ZERO,
        }
    }

    /// Gives one end a heartbeat, which begins now.
    pub fn beat(&mut self, side: Side, timeouts: Timeouts) {
        let now = self.now;
        let near = self.both(side).0;
        near.heartbeat = Some(Heartbeat::new(timeouts));
        near.tick(now);
    }

    /// The station of a side and the one at the other end.
    pub fn both(&mut self, side: Side) -> (&mut Station, &mut Station) {
        let [server, client] = &mut self.stations;
        match side {
            Side::Server => (server, client),
            Side::Client => (client, server),
        }
    }

    pub fn connection(&mut self, side: Side) -> &mut Connection {
        &mut self.both(side).0.connection
    }

    /// One turn of the loop at one end: write at most `write` bytes, shut down if it is time, read
    /// at most `read` bytes, let the heart beat. Tells whether anything moved.
    pub fn turn(&mut self, side: Side, write: usize, read: usize) -> bool {
        let (now, arrives) = (self.now, self.now + self.delay);
        let (near, far) = self.both(side);
        if near.connection.is_done() {
            return false;
        }
        let moved = near.write(far, write, arrives);
        let shut = near.shut(far, arrives);
        let read = near.read(read, now);
        near.tick(now);
        // What the heart or the events queued leaves in another turn.
        moved || shut || read || near.connection.wants_write()
    }

    /// Turns both ends until nothing moves any more at this moment.
    pub fn settle(&mut self) {
        let mut turns = 0;
        while super::SIDES.map(|side| self.turn(side, usize::MAX, usize::MAX)).contains(&true) {
            turns += 1;
            assert!(turns < 10_000, "the pair does not come to rest");
        }
    }

    /// Lets time pass until `end`, from one thing that happens to the next.
    pub fn run_until(&mut self, end: Duration) {
        self.settle();
        while let Some(next) = self
            .stations
            .iter()
            .filter_map(|station| station.next(self.now))
            .min()
            .filter(|next| *next <= end)
        {
            self.now = next;
            self.settle();
        }
        self.now = end;
        self.settle();
    }

    /// The transport to `side` ends: what is on its way still arrives.
    pub fn cut(&mut self, side: Side) {
        let arrives = self.now + self.delay;
        self.both(side).0.ends.get_or_insert(arrives);
    }

    /// Puts bytes on their way to `side` that its peer never sent.
    pub fn inject(&mut self, side: Side, bytes: &[u8]) {
        let now = self.now;
        self.both(side).0.incoming.push_back((now, bytes.to_vec()));
    }

    pub fn is_done(&self) -> bool {
        self.stations.iter().all(|station| station.connection.is_done())
    }
}

impl Station {
    fn write(&mut self, far: &mut Self, most: usize, arrives: Duration) -> bool {
        let mut left = most;
        let mut moved = false;
        while left > 0 && self.connection.wants_write() {
            let bytes = super::write(&mut self.connection, left);
            let n = bytes.len();
            assert!(n > 0, "{:?} wants to write nothing", self.side);
            // What comes behind a cut, or at an end that has dropped its socket, is lost.
            if far.ends.is_none() && !far.connection.is_done() && !far.deaf {
                far.incoming.push_back((arrives, bytes));
            }
            left -= n;
            moved = true;
        }
        moved
    }

    fn shut(&mut self, far: &mut Self, arrives: Duration) -> bool {
        let wants = self.connection.wants_shutdown();
        if wants {
            assert!(!self.connection.wants_write());
            self.connection.shutdown_done();
            if !far.deaf {
                far.ends.get_or_insert(arrives);
            }
            assert!(!self.connection.wants_shutdown(), "only once");
        }
        wants
    }

    fn read(&mut self, most: usize, now: Duration) -> bool {
        if !self.connection.wants_read() {
            return false;
        }
        if self.incoming.is_empty() && !self.told && self.ends.is_some_and(|ends| ends <= now) {
            self.told = true;
            self.connection.handle_eof();
            self.poll(&mut [], now);
            return true;
        }
        let mut read = self.arrived(most, now);
        self.poll(&mut read, now);
        !read.is_empty()
    }

    /// At most so many of the bytes that have arrived.
    fn arrived(&mut self, most: usize, now: Duration) -> Vec<u8> {
        let mut read = Vec::new();
        while let Some((_, bytes)) =
            self.incoming.front_mut().filter(|(arrives, _)| *arrives <= now && read.len() < most)
        {
            let rest = bytes.split_off(bytes.len().min(most - read.len()));
            read.append(bytes);
            *bytes = rest;
            if bytes.is_empty() {
                self.incoming.pop_front();
            }
        }
        read
    }

    fn tick(&mut self, now: Duration) {
        if let Some(heartbeat) = &mut self.heartbeat {
            self.due = heartbeat.poll(now, &mut self.connection);
            assert!(self.due.is_none_or(|due| due > now), "a deadline lies ahead");
            self.poll(&mut [], now);
        }
    }

    fn poll(&mut self, read: &mut [u8], now: Duration) {
        let mut input = Input::new(read);
        while let Some(event) = self.connection.poll(&mut input) {
            self.events.push(event.into_owned());
            self.times.push(now);
        }
        assert!(input.is_empty());
    }

    /// When something happens here next.
    fn next(&self, now: Duration) -> Option<Duration> {
        let arrives = self.incoming.front().map(|(arrives, _)| *arrives);
        [arrives, self.ends, self.due]
            .into_iter()
            .flatten()
            .filter(|next| *next > now && !self.connection.is_done())
            .min()
    }
}
