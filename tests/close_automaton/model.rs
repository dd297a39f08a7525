//! What RFC 6455 says of one end while it closes, a second time and naively: no bytes, no buffers,
//! only frames that were heard and are to be sent.
//!
//! - §5.5.1, §7.1.2: a Close frame is sent once, and nothing behind it. It is answered with
//!   another, unless one was sent.
//! - §5.5.2: a ping is answered; not behind our own Close frame, though, once that has begun to
//!   leave: ARCHITECTURE.md has the reason.
//! - §7.1.4 to §7.1.6: cleanly if both Close frames were; the code and reason of the peer's first,
//!   1005 without one in it, 1006 without a Close frame.
//! - §7.1.7: an end that fails the connection sends a Close frame with a fitting code, unless it
//!   has sent one, and hears nothing more.
//! - §7.1.1: then the transport is closed, by the server first.
//!
//! What is beyond the RFC is the crate's own: what becomes of a transport that fails, which part of
//! the queue the peer's Close leaves (`queue`), and time (`heart`).

use crate::close_automaton::heart::{Heart, Patience};
use crate::close_automaton::queue::{Frame, Queue};
use crate::support::{BINARY, CLOSE, PING, PONG, Side, TEXT};
use bytes::Bytes;
use sockless::{Cause, CloseEvent, Event, ProtocolError, Timeout};

/// An opcode that no RFC defines.
pub(crate) const RESERVED: u8 = 0x83;

#[derive(Clone, Debug)]
pub(crate) struct Model {
    side: Side,
    /// Whether nothing at all is read behind the end.
    discards_nothing: bool,
    pub(crate) queue: Queue,
    /// Our Close frame was queued.
    pub(crate) closing: bool,
    pub(crate) close_event: Option<Ended>,
    /// Why no Close frame of the peer will come; told once all that came is heard.
    pub(crate) lost: Option<Cause>,
    pub(crate) eof: bool,
    pub(crate) broken: bool,
    pub(crate) mute: bool,
    pub(crate) shut: bool,
    pub(crate) heart: Heart,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Message(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Closed(Ended),
}

/// What a [`CloseEvent`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) clean: bool,
    pub(crate) cause: Cause,
    pub(crate) unsent: u64,
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Message(text.into_owned().into()),
            Event::Binary(data) => Self::Message(data.into_owned().into()),
            Event::Ping(data) => Self::Ping(data.into_owned().into()),
            Event::Pong(data) => Self::Pong(data.into_owned().into()),
            Event::Closed(CloseEvent { code, reason, clean, cause, unsent, .. }) => {
                Self::Closed(Ended { code, reason, clean, cause, unsent })
            }
            other => panic!("nobody sent {other:?}"),
        }
    }
}

impl Ended {
    /// Without a Close frame of the peer.
    fn abnormally(cause: Cause) -> Self {
        Self { code: CloseEvent::ABNORMAL, reason: String::new(), clean: false, cause, unsent: 0 }
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
    pub(crate) fn new(side: Side, discards_nothing: bool, patience: Patience) -> Self {
        let heart = Heart::new(patience);
        let queue = Queue::new(side == Side::Client);
        let (closing, eof, broken, mute, shut) = (false, false, false, false, false);
        Self {
            side,
            discards_nothing,
            queue,
            closing,
            close_event: None,
            lost: None,
            eof,
            broken,
            mute,
            shut,
            heart,
        }
    }

    pub(crate) fn close(&mut self, body: &[u8]) {
        self.queue.push(Frame::new(CLOSE, body));
        self.closing = true;
    }

    /// A poll for what was read. `number`: the payload of the heartbeat's last ping.
    pub(crate) fn hear(&mut self, heard: Vec<Heard>, number: u32) -> Vec<Told> {
        self.heart.happened.heard = true;
        let of_message = |heard: &Heard| matches!(heard, Heard::Begun(frame) | Heard::Whole(frame) if matches!(frame.first, TEXT | BINARY));
        self.heart.happened.said |= heard.iter().any(of_message);
        heard
            .into_iter()
            .filter_map(|heard| {
                if self.close_event.is_none() { self.hear_one(heard, number) } else { None }
            })
            .collect()
    }

    /// All that came was heard.
    pub(crate) fn runs_dry(&mut self) -> Option<Told> {
        let cause = self.lost?;
        Some(self.over(Ended::abnormally(cause)))
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
            TEXT | BINARY => Told::Message(payload),
            PING => {
                if !self.mute && (!self.closing || self.queue.close_waits()) {
                    self.queue.push_control(Frame::new(PONG, &payload));
                }
                Told::Ping(payload)
            }
            PONG => {
                let own = payload[..] == number.to_be_bytes();
                self.heart.pong(own, !own, &self.queue);
                Told::Pong(payload)
            }
            CLOSE => match &payload[..] {
                // §7.4.1: 1005 must not be set as a status code.
                [0x03, 0xed, ..] => self.violation(ProtocolError::InvalidCloseCode),
                [] => self.closed_by_peer(&[], CloseEvent::NO_STATUS, ""),
                [a, b, reason @ ..] => self.closed_by_peer(
                    &payload,
                    u16::from_be_bytes([*a, *b]),
                    std::str::from_utf8(reason).unwrap(),
                ),
                _ => unreachable!("nobody sends one byte"),
            },
            _ => self.violation(ProtocolError::ReservedOpcode),
        })
    }

    fn closed_by_peer(&mut self, body: &[u8], code: u16, reason: &str) -> Told {
        let cause = if self.closing { Cause::Local } else { Cause::Peer };
        let mut unsent = 0;
        if !self.closing && !self.mute {
            unsent = self.queue.abandon();
            self.close(body);
        }
        self.over(Ended { code, reason: reason.to_owned(), clean: !self.mute, cause, unsent })
    }

    fn violation(&mut self, error: ProtocolError) -> Told {
        if !self.closing && !self.mute {
            self.close(&[&1002_u16.to_be_bytes()[..], error.rule().as_bytes()].concat());
        }
        self.over(Ended::abnormally(Cause::Violation(error)))
    }

    fn over(&mut self, ended: Ended) -> Told {
        (self.close_event, self.lost) = (Some(ended.clone()), None);
        Told::Closed(ended)
    }

    /// No Close frame of the peer will come, but what came already may have one.
    fn loses(&mut self, cause: Cause) {
        if self.close_event.is_none() {
            self.lost.get_or_insert(cause);
        }
    }

    pub(crate) fn end_of_stream(&mut self) {
        self.eof = true;
        self.loses(Cause::Eof);
    }

    /// The transport failed, or is given up: nothing can be written, either.
    pub(crate) fn fails(&mut self, cause: Cause) {
        self.broken = true;
        self.cannot_write();
        self.loses(cause);
    }

    pub(crate) fn cannot_write(&mut self) {
        self.mute = true;
        self.drop_all();
    }

    /// What is dropped counts as written.
    fn drop_all(&mut self) {
        self.queue.clear();
        (self.heart.happened.wrote, self.heart.happened.emptied) = (true, true);
    }

    /// The heart looks, so many seconds after the last time. `number`: what its next ping says.
    pub(crate) fn look(&mut self, seconds: u64, number: u32) {
        self.heart.pass(seconds);
        // Behind the end what comes is thrown away.
        self.heart.happened.said &= self.close_event.is_none() && self.lost.is_none();
        self.heart.feel(&self.queue);
        if self.is_open() && self.heart.pings(&self.queue) {
            self.queue.push_control(Frame::new(PING, &number.to_be_bytes()));
        }
        if self.is_open() {
            let Some(timeout) = self.heart.open() else { return };
            let (code, reason) = match timeout {
                Timeout::Pong => (1011_u16, "no pong in time"),
                Timeout::Idle => (1001, "nothing heard in time"),
                _ => (1011, "output not taken in time"),
            };
            self.close(&[&code.to_be_bytes()[..], reason.as_bytes()].concat());
            self.loses(Cause::Timeout(timeout));
        }
        if !self.is_done() && self.heart.closing(self.queue.is_empty()) {
            self.fails(Cause::Timeout(Timeout::Close));
        }
    }

    /// In how many seconds it looks again.
    pub(crate) fn due(&self) -> Option<u64> {
        self.heart.due().filter(|_| !self.is_done())
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.has_ended() && !self.closing && !self.mute
    }

    /// Whether it ends, though `Closed` may not be told yet.
    fn has_ended(&self) -> bool {
        self.close_event.is_some() || self.lost.is_some()
    }

    pub(crate) fn is_done(&self) -> bool {
        let nothing_comes = self.eof || self.discards_nothing;
        self.close_event.is_some() && (self.broken || (self.shut || self.mute) && nothing_comes)
    }

    pub(crate) fn wants_read(&self) -> bool {
        !self.eof
            && !self.broken
            && (!self.has_ended() || !self.discards_nothing && !self.is_done())
    }

    pub(crate) fn wants_shutdown(&self) -> bool {
        let Some(close_event) = &self.close_event else { return false };
        let first =
            self.side == Side::Server || !close_event.clean || self.eof || self.discards_nothing;
        first && self.queue.is_empty() && !self.shut && !self.broken && !self.mute
    }
}
