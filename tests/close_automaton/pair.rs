//! Both ends, and all that can happen to either: to the connection, and to its model.

use crate::close_automaton::end::End;
use crate::close_automaton::heart::Patience;
use crate::close_automaton::model::Told;
use crate::close_automaton::queue::Frame;
use crate::support::{PING, PONG, SIDES, Side, TEXT, frame};
use sockless::{Cause, CloseCode, CloseFrame, Timeout};
use std::time::Duration;

/// What can happen to one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It sends a message,
    Send,
    /// one so long that it does not leave behind the peer's Close,
    SendLong,
    /// a ping,
    Ping,
    /// its Close frame.
    Close,
    /// It writes until one byte of a frame is left, or half of a long one, or the rest of it;
    WritePart,
    /// all;
    WriteAll,
    /// nothing: its transport is full.
    WriteNothing,
    /// It reads until one byte of a frame is left, or this byte;
    ReadPart,
    /// all, or the end of the stream.
    ReadAll,
    /// A bad frame comes behind what is on its way to it.
    Violation,
    /// The stream to it ends behind what is on its way.
    Cut,
    Shutdown,
    WriteError,
    Error,
    /// It gives the peer up.
    GiveUp,
    /// It reads all, and hears of the end of the stream before it polls,
    EofUnpolled,
    /// or of a transport that failed.
    ErrorUnpolled,
    /// It reads all, and its time passes until its next deadline before it polls.
    TickUnpolled,
    /// Its time passes until its next deadline,
    Tick,
    /// until some seconds behind it, for its loop is slow,
    Late,
    /// or far behind it, for its program stood still.
    Asleep,
    /// A turn passes in which its loop does not read.
    Pause,
}

/// All of them but for the long message, of which there are explorations of its own.
pub(crate) const ACTS: [Act; 21] = [
    Act::Send,
    Act::Ping,
    Act::Close,
    Act::WritePart,
    Act::WriteAll,
    Act::WriteNothing,
    Act::ReadPart,
    Act::ReadAll,
    Act::Violation,
    Act::Cut,
    Act::Shutdown,
    Act::WriteError,
    Act::Error,
    Act::GiveUp,
    Act::EofUnpolled,
    Act::ErrorUnpolled,
    Act::TickUnpolled,
    Act::Tick,
    Act::Late,
    Act::Asleep,
    Act::Pause,
];

/// Those by which nothing fails.
pub(crate) const WELL: [Act; 8] = [
    Act::Send,
    Act::Ping,
    Act::Close,
    Act::WritePart,
    Act::WriteAll,
    Act::ReadPart,
    Act::ReadAll,
    Act::Shutdown,
];

/// Closing and failing in every way, and time. A transport that fails is given up likewise.
pub(crate) const FAULTS: [Act; 12] = [
    Act::Close,
    Act::WriteAll,
    Act::ReadAll,
    Act::Violation,
    Act::Cut,
    Act::Shutdown,
    Act::WriteError,
    Act::Error,
    Act::EofUnpolled,
    Act::ErrorUnpolled,
    Act::TickUnpolled,
    Act::Tick,
];

/// Closing where a short message and a long one wait, in part or whole.
pub(crate) const QUEUED: [Act; 6] =
    [Act::Send, Act::SendLong, Act::Close, Act::WritePart, Act::WriteAll, Act::ReadAll];

/// Time, with output that moves or does not, and a peer that answers or does not.
pub(crate) const TIMES: [Act; 10] = [
    Act::Send,
    Act::Ping,
    Act::Close,
    Act::WritePart,
    Act::WriteAll,
    Act::WriteNothing,
    Act::ReadAll,
    Act::Tick,
    Act::Late,
    Act::Pause,
];

pub(crate) type Step = (Side, Act);

/// What differs between explorations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// `Config::max_discard`.
    pub(crate) max_discard: u64,
    /// With which code and reason the server and the client close.
    pub(crate) closes: [Option<(u16, &'static str)>; 2],
    /// The first byte and the payload of the bad frame.
    pub(crate) violation: (u8, &'static [u8]),
    /// The time-outs that are not always the same.
    pub(crate) patience: Patience,
}

/// Both, without a clock that they share.
pub(crate) struct Pair {
    pub(crate) terms: Terms,
    pub(crate) ends: [End; 2],
    /// What happened, and what was tried last.
    steps: Vec<Step>,
}

impl Pair {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            ends: SIDES.map(|side| End::new(side, terms.max_discard, terms.patience)),
            steps: Vec::new(),
        }
    }

    /// The end of a side and the other one.
    fn both(&mut self, side: Side) -> (&mut End, &mut End) {
        let [server, client] = &mut self.ends;
        match side {
            Side::Server => (server, client),
            Side::Client => (client, server),
        }
    }

    /// Lets something happen; `false`: it cannot, and nothing has changed.
    pub(crate) fn apply(&mut self, side: Side, act: Act) -> bool {
        let before = self.steps.len();
        self.steps.push((side, act));
        let happens = self.happens(side, act);
        self.steps.truncate(before + usize::from(happens));
        happens
    }

    fn happens(&mut self, side: Side, act: Act) -> bool {
        let terms = self.terms;
        let (near, far) = self.both(side);
        if near.model.is_done() {
            return false;
        }
        let expected: Vec<Told> = match act {
            // One of a kind at a time, so that there are not more and more.
            Act::Send
                if near.model.is_open()
                    && !near.has_under_way(far, |frame| frame.first == TEXT) =>
            {
                near.connection.send_text("hi").unwrap();
                near.model.queue.push(Frame::new(TEXT, b"hi"));
                Vec::new()
            }
            Act::SendLong if near.model.is_open() && !near.has_under_way(far, Frame::is_long) => {
                let frame = Frame::long();
                near.connection.send_binary(frame.payload.clone()).unwrap();
                near.model.queue.push(frame);
                Vec::new()
            }
            Act::Ping
                if near.model.is_open()
                    && !near.has_under_way(far, is_own_ping)
                    && !far.has_under_way(near, is_its_pong) =>
            {
                near.connection.ping(b"?!").unwrap();
                near.model.queue.push_control(Frame::new(PING, b"?!"));
                near.model.heart.pings_behind();
                Vec::new()
            }
            Act::Close if near.model.is_open() => {
                let close = terms.closes[side as usize];
                near.connection
                    .close(close.map(|(code, reason)| {
                        CloseFrame::new(CloseCode::new(code).unwrap(), reason).unwrap()
                    }))
                    .unwrap();
                near.model.close(&close.map_or(Vec::new(), |(code, reason)| {
                    [&code.to_be_bytes()[..], reason.as_bytes()].concat()
                }));
                Vec::new()
            }
            Act::WritePart if !near.model.queue.is_empty() => {
                near.write(far, near.model.queue.part());
                Vec::new()
            }
            Act::WriteAll if !near.model.queue.is_empty() => {
                near.write(far, near.model.queue.len());
                Vec::new()
            }
            Act::WriteNothing if !near.model.queue.is_empty() => {
                near.refuse();
                Vec::new()
            }
            Act::ReadPart if near.model.wants_read() && near.line.len() > 0 => {
                near.read(near.line.part())
            }
            Act::ReadAll if near.model.wants_read() && near.line.len() > 0 => {
                near.read(near.line.len())
            }
            Act::ReadAll if near.model.wants_read() && near.line.ends => {
                near.connection.handle_eof();
                near.model.end_of_stream();
                Vec::new()
            }
            Act::Violation
                if near.model.close_event.is_none() && near.may_go_wrong(terms.violation) =>
            {
                let (first, payload) = terms.violation;
                let mask = (side == Side::Server).then_some([1, 2, 3, 4]);
                near.line.send(&frame(first, payload, mask), vec![Frame::new(first, payload)]);
                return true;
            }
            Act::Cut if !near.line.ends => {
                near.line.ends = true;
                return true;
            }
            Act::Shutdown if near.model.wants_shutdown() => {
                near.connection.shutdown_done();
                near.model.shut = true;
                far.line.ends = true;
                Vec::new()
            }
            Act::WriteError if !near.model.queue.is_empty() => {
                near.connection.handle_write_error();
                near.model.cannot_write();
                Vec::new()
            }
            Act::Error => {
                near.connection.handle_error();
                near.model.fails(Cause::Eof);
                Vec::new()
            }
            Act::GiveUp => {
                near.connection.handle_timeout();
                near.model.fails(Cause::Timeout(Timeout::Close));
                Vec::new()
            }
            Act::EofUnpolled
                if near.model.wants_read() && near.line.len() > 0 && near.line.ends =>
            {
                near.connection.handle_eof();
                near.model.end_of_stream();
                near.read(near.line.len())
            }
            Act::ErrorUnpolled if near.model.wants_read() && near.line.len() > 0 => {
                near.connection.handle_error();
                near.model.fails(Cause::Eof);
                near.read(near.line.len())
            }
            Act::TickUnpolled
                if near.due.is_some() && near.model.wants_read() && near.line.len() > 0 =>
            {
                near.tick(Duration::ZERO);
                near.read(near.line.len())
            }
            Act::Tick if near.due.is_some() => {
                near.tick(Duration::ZERO);
                Vec::new()
            }
            Act::Late if near.due.is_some() => {
                near.tick(Duration::from_secs(3));
                Vec::new()
            }
            Act::Asleep if near.due.is_some() => {
                near.tick(Duration::from_secs(100));
                Vec::new()
            }
            Act::Pause => {
                near.heartbeat.paused();
                near.model.heart.happened.paused = true;
                Vec::new()
            }
            _ => return false,
        };
        near.turn(expected);
        if near.connection.is_done() {
            // The transport is dropped.
            near.line.drop_all();
            far.line.ends = true;
        }
        true
    }
}

/// Says on a panic how it came to that.
impl Drop for Pair {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("after {:?}", self.steps);
        }
    }
}

fn is_own_ping(frame: &Frame) -> bool {
    (frame.first, &frame.payload[..]) == (PING, b"?!")
}

fn is_its_pong(frame: &Frame) -> bool {
    (frame.first, &frame.payload[..]) == (PONG, b"?!")
}
