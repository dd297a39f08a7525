//! An end of a connection, what is on its way to it, and what it may be asked to do.

use super::bodies;
use super::inbox::Inbox;
use crate::choices::Choices;
use crate::wire;
use bytes::{BufMut, Bytes};
use sockless::deflate::{Compress, Level, Pool};
use sockless::{
    Agreement, Buffers, Cause, CloseCode, CloseFrame, Config, Connection, Delivery, Event, Heartbeat, Input, Kind, Lent, LifeCycle,
    Payload, Prepared, Role, SendError, Text,
};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// What the ends have in common.
pub struct Settings {
    pub agreement: Agreement,
    pub pool: Option<Pool>,
    pub beats: bool,
    /// The marks are low.
    pub full_early: bool,
}

/// A way to read.
#[derive(Clone, Copy, PartialEq)]
pub enum Reading {
    /// Through an input, until it is empty.
    Whole,
    /// Straight into a message, where there is room.
    Direct,
    /// Through an input, one event of it.
    Once,
}

pub struct Station {
    connection: Connection,
    inbox: Inbox,
    heartbeat: Option<Heartbeat>,
    /// Whether it is lent buffers for its turn.
    lends: bool,
    upper_mark: usize,
    /// What is on its way to this end.
    incoming: Vec<u8>,
    /// Nothing more will come.
    ends: bool,
    /// This end knows.
    told: bool,
    /// What was said of the message that is sent in parts.
    parts: Option<(Kind, Vec<u8>)>,
    /// The last bodies that were sent, to be said again.
    said: Vec<u8>,
    /// The most that can be left in the queue of what this end was asked to send.
    own: usize,
}

/// What a connection may queue of its own accord: waiting pongs up to their bound, one that was begun, one that leaves the bound, and a Close frame.
const ANSWERS: usize = 4096 + 3 * 139;

impl Station {
    pub fn new(role: Role, settings: &Settings, choices: &mut Choices<'_>) -> Self {
        let mut config = Config::default();
        config.deflate.pool = settings.pool.clone();
        config.deflate.level = Level::new(1 + choices.byte() % 9).unwrap();
        (config.lower_mark, config.upper_mark) = if settings.full_early { (500, 2000) } else { (1 << 20, u32::MAX) };
        let upper_mark = config.upper_mark as usize;
        let flags = choices.byte();
        config.delivery = if flags & 1 == 0 { Delivery::Whole } else { Delivery::Chunks };
        config.fragment_above = [usize::MAX, 7, 100, 2000][usize::from(flags >> 1 & 3)];
        config.deflate.threshold = if flags & 8 == 0 { 64 } else { 0 };
        config.deflate.compress = [Compress::Auto, Compress::Yes, Compress::No, Compress::Auto][usize::from(flags >> 4 & 3)];
        config.kept_output = if flags & 0x40 == 0 { 0 } else { 1000 };
        Self {
            connection: Connection::new(role, settings.agreement, config),
            inbox: Inbox::new(settings.beats),
            heartbeat: settings.beats.then(|| Heartbeat::new(super::timeouts())),
            lends: flags & 0x80 != 0,
            upper_mark,
            incoming: Vec::new(),
            ends: false,
            told: false,
            parts: None,
            said: Vec::new(),
            own: 0,
        }
    }

    pub fn say(&mut self, choices: &mut Choices<'_>, to: &mut Self) {
        let (bytes, compress) = (bodies::choose(choices, &mut self.said), compress(choices));
        let text = std::str::from_utf8(&bytes).ok().filter(|_| choices.byte() < 128);
        let kind = if text.is_some() { Kind::Text } else { Kind::Binary };
        self.send(kind, bytes.clone(), to, |connection| match (text, compress) {
            (Some(text), Some(compress)) => connection.send_text(Text::from(text).compress(compress)),
            (Some(text), None) => connection.send_text(text),
            (None, Some(compress)) => connection.send_binary(Payload::from(&bytes).compress(compress)),
            (None, None) => connection.send_binary(&bytes),
        });
    }

    /// Owned or shared, and long enough to be queued as it is.
    pub fn say_by_reference(&mut self, choices: &mut Choices<'_>, to: &mut Self) {
        let how = choices.byte();
        let bytes = bodies::body(choices.number() * usize::from(1 + how % 2), how);
        let payload = if how & 4 == 0 { Payload::from(bytes.clone()) } else { Payload::from(Bytes::from(bytes.clone())) };
        self.send(Kind::Binary, bytes, to, |connection| connection.send_binary(payload.compress(Compress::No)));
    }

    pub fn say_prepared(&mut self, message: &Prepared, to: &mut Self) {
        self.send(Kind::Binary, message.as_bytes().to_vec(), to, |connection| connection.send_prepared(message));
    }

    fn send(&mut self, kind: Kind, bytes: Vec<u8>, to: &mut Self, send: impl FnOnce(&mut Connection) -> Result<(), SendError>) {
        let expected = match self.check_queue() {
            Ok(()) | Err(SendError::QueueFull) if self.parts.is_some() => Err(SendError::InMessage),
            checked => checked,
        };
        assert_eq!(self.ask(send), expected);
        if expected.is_ok() {
            to.inbox.expect(kind, bytes);
        }
    }

    pub fn begin(&mut self, choices: &mut Choices<'_>) {
        let (kind, compress) = (choices.pick(&[Kind::Binary, Kind::Text]), compress(choices));
        let expected = match () {
            () if !self.connection.is_open() => Err(SendError::Closed),
            () if self.parts.is_some() => Err(SendError::InMessage),
            () => Ok(()),
        };
        let begun = self.ask(|connection| match compress {
            Some(compress) => connection.begin_with(kind, compress),
            None => connection.begin(kind),
        });
        assert_eq!(begun, expected);
        if expected.is_ok() {
            self.parts = Some((kind, Vec::new()));
        }
    }

    pub fn part(&mut self, choices: &mut Choices<'_>) {
        let part = bodies::choose(choices, &mut self.said);
        let open = self.connection.is_open();
        let expected = match &self.parts {
            None if open => Err(SendError::NoMessage),
            Some((Kind::Text, all)) if self.check_queue().is_ok() => match std::str::from_utf8(&[&all[..], &part].concat()) {
                Err(error) if error.error_len().is_some() => Err(SendError::InvalidUtf8),
                _ => Ok(()),
            },
            _ => self.check_queue(),
        };
        assert_eq!(self.ask(|connection| connection.write_part(&part)), expected);
        if let (Ok(()), Some((_, all))) = (expected, &mut self.parts) {
            all.extend(part);
        }
    }

    pub fn finish(&mut self, to: &mut Self) {
        let expected = match &self.parts {
            _ if !self.connection.is_open() => Err(SendError::Closed),
            None => Err(SendError::NoMessage),
            Some((Kind::Text, all)) if std::str::from_utf8(all).is_err() => Err(SendError::InvalidUtf8),
            Some(_) => Ok(()),
        };
        assert_eq!(self.ask(Connection::finish), expected);
        if let (Ok(()), Some((kind, all))) = (expected, self.parts.take_if(|_| expected.is_ok())) {
            to.inbox.expect(kind, all);
        }
    }

    pub fn ping(&mut self, data: &[u8], to: &mut Self) {
        let expected = match self.check_queue() {
            Ok(()) | Err(SendError::QueueFull) if data.len() > 125 => Err(SendError::PingTooLong),
            checked => checked,
        };
        assert_eq!(self.ask(|connection| connection.ping(data)), expected);
        if expected.is_ok() {
            self.inbox.expect_pong(data);
            to.inbox.expect_ping(data);
        }
    }

    /// A message that is sent in parts is abandoned.
    pub fn close(&mut self, how: u8) {
        let frame = [None, Some(CloseCode::NORMAL.into()), CloseFrame::new(CloseCode::AWAY, "bye").ok()][usize::from(how) % 3];
        let open = self.connection.is_open();
        assert_eq!(self.ask(|connection| connection.close(frame)), if open { Ok(()) } else { Err(SendError::Closed) });
    }

    /// Whether the phase and the queue allow to send.
    fn check_queue(&self) -> Result<(), SendError> {
        match () {
            () if !self.connection.is_open() => Err(SendError::Closed),
            () if self.connection.queued() > self.upper_mark => Err(SendError::QueueFull),
            () => Ok(()),
        }
    }

    /// Asks something of the connection; what it queues for that is this end's own.
    fn ask<T>(&mut self, ask: impl FnOnce(&mut Connection) -> T) -> T {
        let before = self.connection.queued();
        let answer = ask(&mut self.connection);
        self.own += self.connection.queued().saturating_sub(before);
        self.look();
        answer
    }

    /// What must be so after whatever happens.
    fn look(&mut self) {
        let queued = self.connection.queued();
        self.own = self.own.min(queued);
        assert!(queued <= self.own + ANSWERS, "{queued} bytes, {} of them its own", self.own);
        assert_eq!(self.connection.wants_write(), queued > 0);
        assert!(self.connection.above_mark() || queued <= self.upper_mark);
        if !self.connection.is_open() {
            self.parts = None;
        }
    }
}

/// The transport, and time.
impl Station {
    /// One turn of a loop: tells whether anything moved.
    pub fn turn(&mut self, to: &mut Self, buffers: &mut Buffers) -> bool {
        let wrote = self.write(to, usize::MAX, 1, buffers);
        let shuts = self.connection.wants_shutdown();
        if shuts {
            assert!(!self.connection.wants_write());
            self.connection.shutdown_done();
            assert!(!self.connection.wants_shutdown(), "only once");
        }
        let read = self.read(usize::MAX, Reading::Whole, buffers);
        // Who is done drops the transport.
        to.ends |= shuts || self.connection.is_done();
        wrote || shuts || read
    }

    pub fn write(&mut self, to: &mut Self, most: usize, how: u8, buffers: &mut Buffers) -> bool {
        let mut bytes = Vec::new();
        let mut held = Held::new(&mut self.connection, self.lends.then_some(buffers));
        while bytes.len() < most && held.wants_write() {
            let left = most - bytes.len();
            assert!(wire::write(&mut *held, left, how, &mut bytes) > 0, "it wants to write nothing");
        }
        drop(held);
        self.look();
        // What comes behind a cut, or at an end that has dropped its transport, is lost.
        if !to.ends && !to.connection.is_done() {
            to.incoming.extend_from_slice(&bytes);
        }
        !bytes.is_empty()
    }

    pub fn read(&mut self, most: usize, reading: Reading, buffers: &mut Buffers) -> bool {
        if self.connection.is_done() {
            self.incoming.clear();
            return false;
        }
        if self.incoming.is_empty() && self.ends && !self.told && self.connection.wants_read() {
            self.told = true;
            self.connection.handle_eof();
            self.poll(Input::empty());
            return true;
        }
        let mut len = most.min(self.incoming.len());
        if len == 0 {
            return false;
        }
        let Self { connection, incoming, inbox, lends, .. } = self;
        let mut held = Held::new(connection, lends.then_some(buffers));
        let mut events = 0;
        if let (Reading::Direct, (Some(mut into), _)) = (reading, held.io()) {
            len = len.min(into.remaining_mut());
            into.put_slice(&incoming[..len]);
            incoming.drain(..len);
            while let Some(event) = held.poll_event(&mut Input::empty()) {
                inbox.take(&event);
                held.reclaim(event);
                events += 1;
            }
        } else {
            let mut read: Vec<u8> = incoming.drain(..len).collect();
            let mut input = Input::new(&mut read);
            while let Some(event) = held.poll_event(&mut input) {
                inbox.take(&event);
                held.reclaim(event);
                events += 1;
                if reading == Reading::Once {
                    break;
                }
            }
            let rest = input.into_rest();
            assert!(rest.is_empty() || events > 0, "None means that all was consumed");
            incoming.splice(..0, rest.iter().copied());
        }
        assert!(events <= len + 1, "{events} events of {len} bytes");
        drop(held);
        self.look();
        true
    }

    fn poll(&mut self, mut input: Input<'_>) {
        while let Some(event) = self.connection.poll_event(&mut input) {
            self.inbox.take(&event);
        }
        self.look();
    }

    /// How much is on its way to this end.
    pub fn incoming(&self) -> usize {
        self.incoming.len()
    }

    /// Lets the heart beat: tells whether a time-out ended something.
    pub fn tick(&mut self, now: Duration) -> bool {
        let Some(mut heartbeat) = self.heartbeat.take() else { return false };
        let was_done = self.connection.is_done();
        let due = self.ask(|connection| heartbeat.poll(now, connection));
        assert!(due.is_none_or(|due| due > now), "a deadline lies ahead");
        self.heartbeat = Some(heartbeat);
        self.poll(Input::empty());
        let timed_out = self.inbox.closure.as_ref().is_some_and(|closure| matches!(closure.cause, Cause::Timeout(_)));
        timed_out || self.connection.is_done() != was_done
    }

    /// Nothing more comes behind what is on its way.
    pub fn cut(&mut self) {
        self.ends = true;
    }

    /// Something is wrong with the transport; what was on its way to this end is lost, unless it only cannot write.
    pub fn fail(&mut self, tell: impl FnOnce(&mut dyn LifeCycle)) {
        self.ask(|connection| tell(connection));
        self.poll(Input::empty());
    }

    /// Other bytes come than the peer sent.
    pub fn garble(&mut self, choices: &mut Choices<'_>, peer: &mut Self) {
        (self.inbox.garbled, peer.inbox.others_ping) = (true, true);
        let len = usize::from(choices.byte());
        self.incoming.extend_from_slice(choices.bytes(len));
    }

    /// Without a fault, it ended cleanly, and all that the peer sent has arrived.
    pub fn assert_clean(&self) {
        assert!(self.connection.is_done());
        assert!(self.inbox.closure.as_ref().is_some_and(|closure| closure.clean), "{:?}", self.inbox.closure);
        assert!(self.inbox.is_empty(), "what was sent has arrived");
    }

    /// It is over, and holds nothing back.
    pub fn assert_done(&mut self) {
        let side = &mut self.connection;
        assert!(side.is_done() && self.inbox.closure.is_some(), "{side:?}");
        assert!(!side.wants_read() && !side.wants_shutdown() && side.queued() == 0);
        assert_eq!((side.transmit().pop(), side.poll_event(&mut Input::empty())), (None, None));
        assert_eq!(side.send_text("late"), Err(SendError::Closed));
    }
}

fn compress(choices: &mut Choices<'_>) -> Option<Compress> {
    choices.pick(&[None, Some(Compress::Auto), Some(Compress::Yes), Some(Compress::No)])
}

/// A connection for a turn, with buffers on loan or without.
enum Held<'a> {
    Own(&'a mut Connection),
    Lent(Lent<'a>),
}

impl<'a> Held<'a> {
    fn new(connection: &'a mut Connection, buffers: Option<&'a mut Buffers>) -> Self {
        match buffers {
            Some(buffers) => Self::Lent(buffers.lend(connection)),
            None => Self::Own(connection),
        }
    }

    fn reclaim(&mut self, event: Event<'_>) {
        if let Self::Lent(lent) = self {
            lent.reclaim(event);
        }
    }
}

impl Deref for Held<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(lent) => lent,
        }
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(lent) => lent,
        }
    }
}
