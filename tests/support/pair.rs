//! Both ends of a connection and the transport between them: partial writes, partial reads, end of stream.

use super::Side;
use bytes::Buf;
use sockless::{Config, Connection, Event, Input, LifeCycle};

/// One end, and what is on its way to it.
pub struct Station {
    pub side: Side,
    pub connection: Connection,
    pub events: Vec<Event<'static>>,
    /// Bytes on their way to this end.
    incoming: Vec<u8>,
    /// The other end has shut down its write side.
    ended: bool,
    /// This end's end of stream was told to it.
    told: bool,
}

/// A client and a server.
pub struct Pair {
    pub stations: [Station; 2],
}

impl Pair {
    pub fn new(config: &Config) -> Self {
        let station = |side: Side| Station {
            side,
            connection: side.open(config.clone()),
            events: Vec::new(),
            incoming: Vec::new(),
            ended: false,
            told: false,
        };
        Self { stations: [station(Side::Server), station(Side::Client)] }
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

    /// One turn of the loop at one end: write at most `write` bytes, shut down if it is time, read at most `read` bytes. Tells whether
    /// anything moved.
    pub fn turn(&mut self, side: Side, write: usize, read: usize) -> bool {
        let (near, far) = self.both(side);
        if near.connection.is_done() {
            return false;
        }
        let moved = near.write(far, write);
        let shut = near.shut(far);
        let read = near.read(read);
        moved || shut || read
    }

    /// Turns both ends until nothing moves any more.
    pub fn settle(&mut self) {
        let mut turns = 0;
        while super::SIDES.map(|side| self.turn(side, usize::MAX, usize::MAX)).contains(&true) {
            turns += 1;
            assert!(turns < 10_000, "the pair does not come to rest");
        }
    }

    /// The transport to `side` ends: what is on its way still arrives.
    pub fn cut(&mut self, side: Side) {
        self.both(side).0.ended = true;
    }

    /// Puts bytes on their way to `side` that its peer never sent.
    pub fn inject(&mut self, side: Side, bytes: &[u8]) {
        self.both(side).0.incoming.extend_from_slice(bytes);
    }

    pub fn is_done(&self) -> bool {
        self.stations.iter().all(|station| station.connection.is_done())
    }
}

impl Station {
    fn write(&mut self, far: &mut Self, most: usize) -> bool {
        let mut left = most;
        let mut moved = false;
        while left > 0 && self.connection.wants_write() {
            let mut out = self.connection.transmit();
            let n = out.chunk().len().min(left);
            assert!(n > 0, "{:?} wants to write nothing", self.side);
            // What comes behind a cut, or at an end that has dropped its socket, is lost.
            if !far.ended && !far.connection.is_done() {
                far.incoming.extend_from_slice(&out.chunk()[..n]);
            }
            out.advance(n);
            left -= n;
            moved = true;
        }
        moved
    }

    fn shut(&mut self, far: &mut Self) -> bool {
        let wants = self.connection.wants_shutdown();
        if wants {
            assert!(!self.connection.wants_write());
            self.connection.shutdown_done();
            far.ended = true;
            assert!(!self.connection.wants_shutdown(), "only once");
        }
        wants
    }

    fn read(&mut self, most: usize) -> bool {
        if !self.connection.wants_read() {
            return false;
        }
        let n = most.min(self.incoming.len());
        if n == 0 && self.incoming.is_empty() && self.ended && !self.told {
            self.told = true;
            self.connection.handle_eof();
            self.poll(&mut []);
            return true;
        }
        let mut read: Vec<u8> = self.incoming.drain(..n).collect();
        self.poll(&mut read);
        n > 0
    }

    fn poll(&mut self, read: &mut [u8]) {
        let mut input = Input::new(read);
        while let Some(event) = self.connection.poll_event(&mut input) {
            self.events.push(event.into_owned());
        }
        assert!(input.is_empty());
    }
}
