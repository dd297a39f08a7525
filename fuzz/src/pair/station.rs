//! An end of a connection: what it is asked to send, and what must be so after each thing that
//! happens to it.

use super::bodies;
use super::inbox::Inbox;
use super::reading::{Held, Which};
use super::times::{self, Flow};
use crate::choices::Choices;
use bytes::Bytes;
use sockless::deflate::{Compress, Level, Pool};
use sockless::{
    CloseCode, CloseFrame, Config, Connection, Delivery, Extensions, Heartbeat, Input, MessageKind,
    Payload, PreparedMessage, Role, Seed, SendError, Text, Timeouts,
};
use std::time::Duration;

/// What the ends have in common.
pub struct Settings {
    pub extensions: Extensions,
    pub pool: Option<Pool>,
    pub timeouts: Option<Timeouts>,
    /// The low-water and the high-water mark are low.
    pub full_early: bool,
}

pub struct Station {
    pub(super) connection: Connection,
    pub(super) inbox: Inbox,
    /// Its heartbeat, what that allows, and when it wants to be called.
    pub(super) heartbeat: Option<(Heartbeat, Timeouts)>,
    pub(super) due: Option<Duration>,
    pub(super) flow: Flow,
    /// The workspace that it has turns of, if it does not read through ordinary inputs.
    pub(super) turns: Option<Which>,
    /// Whether it writes in turns too,
    pub(super) lends: bool,
    /// asks for the connection between two reads of a turn,
    pub(super) hands_over: bool,
    /// and polls for what its turns have left behind each operation.
    pub(super) polls: bool,
    pub(super) held: Held,
    /// The low-water mark, and the high-water mark.
    marks: (usize, usize),
    /// What is on its way to this end.
    pub(super) incoming: Vec<u8>,
    /// Nothing more will come.
    pub(super) ends: bool,
    /// This end knows.
    pub(super) told: bool,
    /// What was said of the message that is sent in parts.
    parts: Option<(MessageKind, Vec<u8>)>,
    /// The last bodies that were sent, to be said again.
    said: Vec<u8>,
    /// The most that can be left in the queue of what this end was asked to send.
    own: usize,
}

/// What a connection may queue of its own accord: waiting pongs up to their bound, one that was
/// begun, one that leaves the bound, and a Close frame.
const ANSWERS: usize = 4096 + 3 * 139;

impl Station {
    pub fn new(role: Role, settings: &Settings, choices: &mut Choices<'_>) -> Self {
        let mut config = Config::default();
        config.deflate.pool = settings.pool.clone();
        let level = choices.byte();
        config.deflate.level = Level::new(1 + level % 9).unwrap();
        (config.low_water_mark, config.high_water_mark) =
            if settings.full_early { (500, 2000) } else { (1 << 20, u32::MAX.into()) };
        let marks = (config.low_water_mark as usize, config.high_water_mark as usize);
        let flags = choices.byte();
        config.delivery = if flags & 1 == 0 { Delivery::Whole } else { Delivery::Chunks };
        config.fragment_above = [u64::MAX, 7, 100, 2000][usize::from(flags >> 1 & 3)];
        config.deflate.threshold = if flags & 8 == 0 { 64 } else { 0 };
        config.deflate.compress = [Compress::Auto, Compress::Yes, Compress::No, Compress::Auto]
            [usize::from(flags >> 4 & 3)];
        let connection = match role {
            Role::Server => Connection::server(settings.extensions, config),
            Role::Client => Connection::client(Seed::new([3; 32]), settings.extensions, config),
        };
        Self {
            connection,
            inbox: Inbox::new(settings.timeouts.is_some()),
            heartbeat: times::beating(&settings.timeouts),
            due: None,
            flow: Flow::default(),
            turns: (level / 9).checked_sub(1).map(Which::new),
            lends: flags & 0x80 != 0,
            hands_over: flags & 0x40 != 0,
            polls: (level / 9).checked_sub(1).is_some_and(|how| how & 16 != 0),
            held: Held::default(),
            marks,
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
        let kind = if text.is_some() { MessageKind::Text } else { MessageKind::Binary };
        self.send(kind, bytes.clone(), to, |connection| match (text, compress) {
            (Some(text), Some(compress)) => {
                connection.send_text(Text::from(text).compress(compress))
            }
            (Some(text), None) => connection.send_text(text),
            (None, Some(compress)) => {
                connection.send_binary(Payload::from(&bytes).compress(compress))
            }
            (None, None) => connection.send_binary(&bytes),
        });
    }

    /// Owned or shared, and long enough to be queued as it is.
    pub fn say_by_reference(&mut self, choices: &mut Choices<'_>, to: &mut Self) {
        let how = choices.byte();
        let bytes = bodies::body(choices.number() * usize::from(1 + how % 2), how);
        let payload = if how & 4 == 0 {
            Payload::from(bytes.clone())
        } else {
            Payload::from(Bytes::from(bytes.clone()))
        };
        self.send(MessageKind::Binary, bytes, to, |connection| {
            connection.send_binary(payload.compress(Compress::No))
        });
    }

    pub fn say_prepared(&mut self, message: &PreparedMessage, to: &mut Self) {
        self.send(MessageKind::Binary, message.as_bytes().to_vec(), to, |connection| {
            connection.send_prepared(message)
        });
    }

    fn send(
        &mut self,
        kind: MessageKind,
        bytes: Vec<u8>,
        to: &mut Self,
        send: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) {
        let expected = self.check_message();
        assert_eq!(self.ask(send), expected);
        if expected.is_ok() {
            to.inbox.expect(kind, bytes);
        }
    }

    pub fn begin(&mut self, choices: &mut Choices<'_>) {
        let (kind, compress) =
            (choices.pick(&[MessageKind::Binary, MessageKind::Text]), compress(choices));
        let expected = self.check_message();
        let begun = self.ask(|connection| match compress {
            Some(compress) => connection.begin_message_with(kind, compress),
            None => connection.begin_message(kind),
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
            Some((MessageKind::Text, all)) if self.check_queue().is_ok() => {
                match std::str::from_utf8(&[&all[..], &part].concat()) {
                    Err(error) if error.error_len().is_some() => Err(SendError::InvalidUtf8),
                    _ => Ok(()),
                }
            }
            _ => self.check_queue(),
        };
        assert_eq!(self.ask(|connection| connection.write_fragment(&part)), expected);
        if let (Ok(()), Some((_, all))) = (expected, &mut self.parts) {
            all.extend(part);
        }
    }

    pub fn finish(&mut self, to: &mut Self) {
        let expected = match &self.parts {
            _ if !self.connection.is_open() => Err(SendError::Closed),
            None => Err(SendError::NoMessage),
            Some((MessageKind::Text, all)) if std::str::from_utf8(all).is_err() => {
                Err(SendError::InvalidUtf8)
            }
            Some(_) => Ok(()),
        };
        assert_eq!(self.ask(Connection::finish_message), expected);
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

    /// A pong that nobody asked for.
    pub fn pong(&mut self, data: &[u8], to: &mut Self) {
        let expected = match self.check_queue() {
            Ok(()) | Err(SendError::QueueFull) if data.len() > 125 => Err(SendError::PingTooLong),
            checked => checked,
        };
        assert_eq!(self.ask(|connection| connection.pong(data)), expected);
        if expected.is_ok() {
            to.inbox.expect_unasked(data);
        }
    }

    /// A message that is sent in parts is abandoned.
    pub fn close(&mut self, how: u8) {
        let frame =
            [None, Some(CloseCode::NORMAL.into()), CloseFrame::new(CloseCode::AWAY, "bye").ok()]
                [usize::from(how) % 3];
        let open = self.connection.is_open();
        assert_eq!(
            self.ask(|connection| connection.close(frame)),
            if open { Ok(()) } else { Err(SendError::Closed) }
        );
    }

    /// Whether a message can be sent, or begun.
    fn check_message(&self) -> Result<(), SendError> {
        match self.check_queue() {
            Ok(()) | Err(SendError::QueueFull) if self.parts.is_some() => Err(SendError::InMessage),
            checked => checked,
        }
    }

    /// Whether the phase and the queue allow to send.
    fn check_queue(&self) -> Result<(), SendError> {
        match () {
            () if !self.connection.is_open() => Err(SendError::Closed),
            () if self.connection.queued() > self.marks.1 => Err(SendError::QueueFull),
            () => Ok(()),
        }
    }

    /// Asks something of the connection; what it queues for that is this end's own.
    pub(super) fn ask<T>(&mut self, ask: impl FnOnce(&mut Connection) -> T) -> T {
        let before = self.connection.queued();
        let answer = ask(&mut self.connection);
        self.own += self.connection.queued().saturating_sub(before);
        self.look();
        answer
    }

    /// What must be so after whatever happens.
    pub(super) fn look(&mut self) {
        let queued = self.connection.queued();
        self.own = self.own.min(queued);
        assert!(queued <= self.own + ANSWERS, "{queued} bytes, {} of them its own", self.own);
        assert_eq!(self.connection.wants_write(), queued > 0);
        let (above, open) = (self.connection.above_high_water(), self.connection.is_open());
        assert!(
            self.connection.wants_poll() || above || !self.held.is_unpolled(),
            "what is held is told of"
        );
        let (low, high) = self.marks;
        assert!(
            if above { open && queued > low } else { !open || queued <= high },
            "{queued} bytes"
        );
        if !self.connection.is_open() {
            self.parts = None;
        }
    }

    /// Without a fault, it ended cleanly, and all that the peer sent has arrived, the answers to
    /// pings too. But for what the peer dropped because this end closed first.
    pub fn assert_clean(&self, peer: &Self) {
        assert!(self.connection.is_done());
        assert!(
            self.inbox.close_event.as_ref().is_some_and(|close_event| close_event.clean),
            "{:?}",
            self.inbox.close_event
        );
        let unsent = peer.inbox.close_event.as_ref().map_or(0, |close_event| close_event.unsent);
        assert!(self.inbox.is_empty(unsent > 0), "what was sent has arrived");
        assert!(self.inbox.is_answered(&peer.inbox), "pings are answered");
    }

    /// It is over, and holds nothing back.
    pub fn assert_done(&mut self) {
        let side = &mut self.connection;
        assert!(side.is_done() && self.inbox.close_event.is_some(), "{side:?}");
        assert!(!side.wants_read() && !side.wants_shutdown() && side.queued() == 0);
        assert_eq!((side.transmit().pop(), side.poll(&mut Input::empty())), (None, None));
        assert_eq!(side.send_text("late"), Err(SendError::Closed));
    }
}

fn compress(choices: &mut Choices<'_>) -> Option<Compress> {
    choices.pick(&[None, Some(Compress::Auto), Some(Compress::Yes), Some(Compress::No)])
}
