//! What RFC 6455 says of one end while it closes, a second time and naively: no bytes, no buffers, only frames that were heard and are to be sent.
//!
//! - §5.5.1, §7.1.2: a Close frame is sent once, and nothing behind it. It is answered with another, unless one was sent.
//! - §5.5.2: a ping is answered; not behind our own Close frame, though, once that has begun to leave: ARCHITECTURE.md has the reason.
//! - §7.1.4 to §7.1.6: cleanly if both Close frames were; the code and reason of the peer's first, 1005 without one in it, 1006 without a Close frame.
//! - §7.1.7: an end that fails the connection sends a Close frame with a fitting code, unless it has sent one, and hears nothing more.
//! - §7.1.1: then the transport is closed, by the server first.
//!
//! What is beyond the RFC is the crate's own: what becomes of a transport that fails, and time.

use crate::queue::{Frame, Queue};
use crate::support::{CLOSE, PING, PONG, Side, TEXT};
use sockless::{Cause, Closure, Event, ProtocolError, Timeout, Timeouts};
use std::time::Duration;

/// An opcode that no RFC defines.
pub(crate) const RESERVED: u8 = 0x83;
pub(crate) const PING_INTERVAL: u64 = 20;
pub(crate) const PONG_TIMEOUT: u64 = 20;
pub(crate) const IDLE_TIMEOUT: u64 = 30;
pub(crate) const CLOSE_TIMEOUT: u64 = 10;

/// Of these, each time-out of an open connection comes first in some order: pings at 20 s; nothing ever heard, 30 s; a pong missing, heard at 20 s, 40 s.
pub(crate) fn timeouts() -> Timeouts {
    let seconds = |n| Some(Duration::from_secs(n));
    let mut timeouts = Timeouts::default();
    (timeouts.ping_interval, timeouts.pong_timeout) = (seconds(PING_INTERVAL), seconds(PONG_TIMEOUT));
    (timeouts.idle_timeout, timeouts.close_timeout) = (seconds(IDLE_TIMEOUT), seconds(CLOSE_TIMEOUT));
    timeouts
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    side: Side,
    /// Whether nothing at all is read behind the end.
    discards_nothing: bool,
    pub(crate) queue: Queue,
    /// Our Close frame was queued.
    pub(crate) closing: bool,
    pub(crate) closure: Option<Ended>,
    pub(crate) eof: bool,
    pub(crate) broken: bool,
    pub(crate) mute: bool,
    pub(crate) shut: bool,
    pub(crate) time: Time,
}

/// Seconds since …
#[derive(Clone, Debug, Hash)]
pub(crate) struct Time {
    /// … anything was heard,
    heard: u64,
    /// … the heartbeat pinged,
    pinged: u64,
    /// … it began to close.
    closing: Option<u64>,
    /// Whether the heartbeat's ping is not answered.
    awaiting: bool,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Closed(Ended),
}

/// A closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) clean: bool,
    pub(crate) cause: Cause,
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Message(text.as_bytes().to_vec()),
            Event::Ping(data) => Self::Ping(data.into_owned()),
            Event::Pong(data) => Self::Pong(data.into_owned()),
            Event::Closed(Closure { code, reason, clean, cause, .. }) => Self::Closed(Ended { code, reason, clean, cause }),
            other => panic!("nobody sent {other:?}"),
        }
    }
}

/// What a read brought of a frame.
pub(crate) enum Heard {
    /// It begins, and does not end.
    Begun(Frame),
    /// Its end came.
    Whole(Frame),
}

impl Model {
    pub(crate) fn new(side: Side, discards_nothing: bool) -> Self {
        let time = Time { heard: 0, pinged: 0, closing: None, awaiting: false };
        let queue = Queue::new(side == Side::Client);
        let (closing, eof, broken, mute, shut) = (false, false, false, false, false);
        Self { side, discards_nothing, queue, closing, closure: None, eof, broken, mute, shut, time }
    }

    pub(crate) fn close(&mut self, body: &[u8]) {
        self.queue.push(Frame::new(CLOSE, body));
        self.closing = true;
    }

    /// A read. `number`: the payload of the heartbeat's last ping.
    pub(crate) fn hear(&mut self, heard: Vec<Heard>, number: u32) -> Vec<Told> {
        self.time.heard = 0;
        heard.into_iter().filter_map(|heard| if self.closure.is_none() { self.hear_one(heard, number) } else { None }).collect()
    }

    fn hear_one(&mut self, heard: Heard, number: u32) -> Option<Told> {
        // What is wrong with an opcode shows as soon as it is there, anything else at the end.
        let frame = match heard {
            Heard::Begun(frame) if frame.first == RESERVED => frame,
            Heard::Begun(_) => return None,
            Heard::Whole(frame) => frame,
        };
        let payload = frame.payload;
        Some(match frame.first {
            TEXT => Told::Message(payload),
            PING => {
                if !self.mute && (!self.closing || self.queue.close_waits()) {
                    self.queue.push_control(Frame::new(PONG, &payload));
                }
                Told::Ping(payload)
            }
            PONG => {
                self.time.awaiting &= payload != number.to_be_bytes();
                Told::Pong(payload)
            }
            CLOSE => match &payload[..] {
                // §7.4.1: 1005 must not be set as a status code.
                [0x03, 0xed, ..] => self.violation(ProtocolError::InvalidCloseCode),
                [] => self.closed_by_peer(&[], Closure::NO_STATUS, ""),
                [a, b, reason @ ..] => self.closed_by_peer(&payload, u16::from_be_bytes([*a, *b]), std::str::from_utf8(reason).unwrap()),
                _ => unreachable!("nobody sends one byte"),
            },
            _ => self.violation(ProtocolError::ReservedOpcode),
        })
    }

    fn closed_by_peer(&mut self, body: &[u8], code: u16, reason: &str) -> Told {
        let cause = if self.closing { Cause::Local } else { Cause::Peer };
        if !self.closing && !self.mute {
            self.close(body);
        }
        self.over(code, reason, !self.mute, cause)
    }

    fn violation(&mut self, error: ProtocolError) -> Told {
        if !self.closing && !self.mute {
            self.close(&[&1002_u16.to_be_bytes()[..], error.rule().as_bytes()].concat());
        }
        self.over(Closure::ABNORMAL, "", false, Cause::Violation(error))
    }

    fn over(&mut self, code: u16, reason: &str, clean: bool, cause: Cause) -> Told {
        let ended = Ended { code, reason: reason.to_owned(), clean, cause };
        self.closure = Some(ended.clone());
        Told::Closed(ended)
    }

    /// No Close frame of the peer will come.
    fn lost(&mut self, cause: Cause) -> Option<Told> {
        self.closure.is_none().then(|| self.over(Closure::ABNORMAL, "", false, cause))
    }

    pub(crate) fn end_of_stream(&mut self) -> Option<Told> {
        self.eof = true;
        self.lost(Cause::Eof)
    }

    /// The transport failed, or is given up.
    pub(crate) fn fails(&mut self, cause: Cause) -> Option<Told> {
        self.broken = true;
        self.queue.clear();
        self.lost(cause)
    }

    pub(crate) fn cannot_write(&mut self) {
        self.mute = true;
        self.queue.clear();
    }

    /// In how many seconds something is due.
    pub(crate) fn due(&self) -> Option<u64> {
        let Time { heard, pinged, closing, awaiting } = self.time;
        match closing {
            _ if self.is_done() => None,
            Some(closing) => Some(CLOSE_TIMEOUT - closing),
            None => {
                let ping_or_pong = if awaiting { PONG_TIMEOUT - heard.min(pinged) } else { PING_INTERVAL - pinged };
                Some(ping_or_pong.min(IDLE_TIMEOUT - heard))
            }
        }
    }

    /// As many seconds pass as until then. `number`: the payload of the next ping.
    pub(crate) fn until_due(&mut self, number: u32) -> Option<Told> {
        let seconds = self.due().expect("something is due");
        let time = &mut self.time;
        time.heard += seconds;
        time.pinged += seconds;
        if time.closing.is_some() {
            return self.fails(Cause::Timeout(Timeout::Close));
        }
        if time.awaiting && time.heard.min(time.pinged) == PONG_TIMEOUT {
            self.close(&[&1011_u16.to_be_bytes()[..], b"no pong in time"].concat());
            return self.lost(Cause::Timeout(Timeout::Pong));
        }
        if time.heard == IDLE_TIMEOUT {
            self.close(&[&1001_u16.to_be_bytes()[..], b"nothing heard in time"].concat());
            return self.lost(Cause::Timeout(Timeout::Idle));
        }
        (time.pinged, time.awaiting) = (0, true);
        self.queue.push_control(Frame::new(PING, &number.to_be_bytes()));
        None
    }

    /// The turn of the loop ends: from when it is seen to close, its time runs.
    pub(crate) fn turn(&mut self) {
        if !self.is_open() {
            self.time = Time { heard: 0, pinged: 0, closing: Some(self.time.closing.unwrap_or(0)), awaiting: false };
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.closure.is_none() && !self.closing && !self.mute
    }

    pub(crate) fn is_done(&self) -> bool {
        let nothing_comes = self.eof || self.discards_nothing;
        self.closure.is_some() && (self.broken || (self.shut || self.mute) && nothing_comes)
    }

    pub(crate) fn wants_read(&self) -> bool {
        !self.eof && !self.broken && (self.closure.is_none() || !self.discards_nothing && !self.is_done())
    }

    pub(crate) fn wants_shutdown(&self) -> bool {
        let Some(closure) = &self.closure else { return false };
        let first = self.side == Side::Server || !closure.clean || self.eof || self.discards_nothing;
        first && self.queue.is_empty() && !self.shut && !self.broken && !self.mute
    }
}
