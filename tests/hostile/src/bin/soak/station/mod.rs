//! One end of a connection: its life from the handshake on, one turn of a loop at a time, and what
//! it has to hear.
//!
//! What it does is the contract of a loop, done in many ways: written in parts or in owned buffers,
//! in turns of a workspace or without, polled to the end or left for later.

mod io;

use crate::counts::Counts;
use crate::pipe::Pipe;
use crate::talk::{Message, Speech, compress};
use bytes::Bytes;
use fastrand::Rng;
use io::Ears;
use sockless::{
    CloseCode, CloseFrame, Config, Connection, Deadline, Endpoint, Heartbeat, MessageKind, Payload,
    PreparedMessage, SendError, Text, Timeouts, Workspace, client, server,
};
use std::time::Duration;

/// What all ends of a round share.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) dice: Rng,
    pub(crate) workspace: Workspace,
    pub(crate) counts: Counts,
}

#[derive(Debug)]
pub(crate) struct Station {
    stage: Stage,
    /// For when it opens.
    config: Config,
    deadline: Deadline,
    heartbeat: Heartbeat,
    /// Whether both ends compress; known once it is open.
    pub(crate) compresses: Option<bool>,
    pub(crate) ears: Ears,
    pub(crate) done: bool,
    /// The message that is sent in parts.
    parts: Option<(MessageKind, Vec<u8>)>,
    /// What was read without a turn and left for later.
    rest: Vec<u8>,
    /// What was taken to be written, and is not yet, and when last some of it was.
    popped: Bytes,
    wrote: Duration,
    told_end: bool,
    speech: Speech,
}

#[derive(Debug)]
enum Stage {
    Asking(Box<client::Handshake>),
    Asked(Box<server::Handshake>),
    Refusing(Box<server::Replying>),
    Open(Box<Connection>),
    /// A client that was refused, or did not understand the answer.
    Lost,
}

/// For a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For any of what was popped to be written. A time-out of the connection says nothing of it: until
/// it is written, or that has failed, nobody looks whether the connection is done.
const WRITE: Duration = Duration::from_secs(15);

impl Station {
    /// `longest`: of what it says at once.
    pub(crate) fn client(handshake: client::Handshake, config: Config, longest: usize) -> Self {
        Self::new(Stage::Asking(Box::new(handshake)), config, longest)
    }

    pub(crate) fn server(handshake: server::Handshake, config: Config, longest: usize) -> Self {
        Self::new(Stage::Asked(Box::new(handshake)), config, longest)
    }

    fn new(stage: Stage, config: Config, longest: usize) -> Self {
        Self {
            stage,
            config,
            deadline: Deadline::after(HANDSHAKE),
            heartbeat: Heartbeat::new(Timeouts::default()),
            compresses: None,
            ears: Ears::default(),
            done: false,
            parts: None,
            rest: Vec::new(),
            popped: Bytes::new(),
            wrote: Duration::ZERO,
            told_end: false,
            speech: Speech::new(longest),
        }
    }

    /// One turn of its loop, with transports of this room: whether anything moved.
    pub(crate) fn turn(
        &mut self,
        out: &mut Pipe,
        into: &mut Pipe,
        most: usize,
        now: Duration,
        tools: &mut Tools,
    ) -> bool {
        if self.done {
            return false;
        }
        let mut moved = self.write(out, most, now, tools);
        // Before what was popped is written, nothing tells how far it is.
        if self.popped.is_empty() && !self.is_lost() && self.side().wants_shutdown() {
            self.side().shutdown_done();
            out.ended = true;
            moved = true;
        }
        moved |= self.read(into, most, tools);
        if self.rest.is_empty() {
            self.watch(now, tools);
        }
        if self.is_lost()
            || (self.popped.is_empty() && self.rest.is_empty() && self.side().is_done())
        {
            self.done = true;
            // A socket that is dropped with bytes unread resets.
            if into.is_empty() {
                out.ended = true
            } else {
                out.reset()
            }
            into.close();
            moved = true;
        }
        moved
    }

    pub(crate) fn was_open(&self) -> bool {
        self.compresses.is_some()
    }

    /// Says something, in any of the ways to do so; `far` has to hear it.
    pub(crate) fn say(&mut self, far: &mut Self, tools: &mut Tools) {
        let Stage::Open(connection) = &mut self.stage else { return };
        let dice = &mut tools.dice;
        let (kind, bytes, result) = if dice.bool() {
            let text = self.speech.text(dice);
            let bytes = Bytes::copy_from_slice(text.as_bytes());
            let owned = dice.bool();
            let result = match (compress(dice), owned) {
                (Some(compress), _) => connection.send_text(Text::from(&text).compress(compress)),
                (None, true) => connection.send_text(text),
                (None, false) => connection.send_text(text.as_str()),
            };
            (MessageKind::Text, bytes, result)
        } else {
            let bytes = Bytes::from(self.speech.binary(dice));
            let how = dice.u8(..3);
            let result = match (compress(dice), how) {
                (Some(compress), _) => {
                    connection.send_binary(Payload::from(&bytes).compress(compress))
                }
                (None, 0) => connection.send_binary(bytes.to_vec()),
                (None, 1) => connection.send_binary(&bytes),
                (None, _) => connection.send_binary(&bytes[..]),
            };
            (MessageKind::Binary, bytes, result)
        };
        self.sent(result, kind, bytes, far);
    }

    pub(crate) fn say_prepared(
        &mut self,
        message: &PreparedMessage,
        far: &mut Self,
        tools: &mut Tools,
    ) {
        let Stage::Open(connection) = &mut self.stage else { return };
        let result = connection.send_prepared(message);
        tools.counts.prepared += u64::from(result.is_ok());
        self.sent(result, message.kind(), Bytes::copy_from_slice(message.as_bytes()), far);
    }

    /// Begins a message in parts, goes on with it, or ends it.
    pub(crate) fn say_in_parts(&mut self, far: &mut Self, tools: &mut Tools) {
        let Stage::Open(connection) = &mut self.stage else { return };
        let dice = &mut tools.dice;
        let Some((kind, all)) = &mut self.parts else {
            let kind = if dice.bool() { MessageKind::Text } else { MessageKind::Binary };
            let result = match compress(dice) {
                Some(compress) => connection.begin_message_with(kind, compress),
                None => connection.begin_message(kind),
            };
            if result.is_ok() {
                self.parts = Some((kind, Vec::new()));
            }
            return;
        };
        if dice.u8(..4) > 0 {
            let part = match kind {
                MessageKind::Text => self.speech.text(dice).into_bytes(),
                MessageKind::Binary => self.speech.binary(dice),
            };
            // Somewhere in it, perhaps in the middle of a character.
            let cut = dice.usize(..=part.len());
            for part in [&part[..cut], &part[cut..]] {
                if connection.write_fragment(part).is_err() {
                    break;
                }
                all.extend_from_slice(part);
            }
            return;
        }
        match connection.finish_message() {
            Ok(()) => {
                let (kind, all) = (*kind, std::mem::take(all));
                self.parts = None;
                far.ears.expected.push_back(Message { kind, bytes: all.into() });
            }
            // A part was refused where the queue was full: the rest of a character is missing.
            Err(SendError::InvalidUtf8) => assert_eq!(*kind, MessageKind::Text),
            Err(error) => assert!(error == SendError::Closed && !connection.is_open(), "{error:?}"),
        }
    }

    pub(crate) fn ping(&mut self, tools: &mut Tools) {
        if let Stage::Open(connection) = &mut self.stage {
            let _ = connection.ping(&[7; 125][..tools.dice.usize(..=125)]); // Refused when it is full or closing.
        }
    }

    /// Begins the closing handshake.
    pub(crate) fn close(&mut self, tools: &mut Tools) {
        if let Stage::Open(connection) = &mut self.stage {
            let open = connection.is_open();
            let frame =
                tools.dice.bool().then(|| CloseFrame::truncated(CloseCode::NORMAL, "that is all"));
            assert_eq!(connection.close(frame).is_ok(), open);
        }
    }

    /// Its time is up.
    pub(crate) fn time_out(&mut self, tools: &mut Tools) {
        // What was left is older than that.
        while !self.rest.is_empty() {
            let mut rest = std::mem::take(&mut self.rest);
            self.poll(&mut rest, tools);
        }
        if !self.is_lost() {
            self.side().handle_timeout();
            self.poll(&mut [], tools);
        }
    }

    /// How far it is, for a person.
    pub(crate) fn state(&mut self) -> String {
        let stage = match self.stage {
            Stage::Asking(_) => "asking",
            Stage::Asked(_) => "asked",
            Stage::Refusing(_) => "refusing",
            Stage::Open(_) => "open",
            Stage::Lost => return String::from("lost"),
        };
        let (done, popped, rest, closed) =
            (self.done, self.popped.len(), self.rest.len(), self.ears.closed.clone());
        let side = self.side();
        let wants = (side.wants_write(), side.wants_shutdown(), side.wants_read(), side.is_done());
        format!(
            "{stage}, done {done}, {popped} popped, {rest} left, wants to write, shut down, read, and is done: {wants:?}, {closed:?}"
        )
    }

    fn sent(
        &mut self,
        result: Result<(), SendError>,
        kind: MessageKind,
        bytes: Bytes,
        far: &mut Self,
    ) {
        let Stage::Open(connection) = &self.stage else { return };
        match result {
            Ok(()) => far.ears.expected.push_back(Message { kind, bytes }),
            Err(SendError::Closed) => assert!(!connection.is_open()),
            Err(SendError::InMessage) => assert!(self.parts.is_some()),
            Err(SendError::QueueFull) => {
                assert!(connection.queued() > self.config.high_water_mark as usize)
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn is_lost(&self) -> bool {
        matches!(self.stage, Stage::Lost)
    }

    /// Of who is not lost.
    fn side(&mut self) -> &mut dyn Endpoint {
        match &mut self.stage {
            Stage::Asking(handshake) => handshake.as_mut(),
            Stage::Asked(handshake) => handshake.as_mut(),
            Stage::Refusing(replying) => replying.as_mut(),
            Stage::Open(connection) => connection.as_mut(),
            Stage::Lost => unreachable!("it has no loop any more"),
        }
    }
}
