//! Sending: messages, pings and the Close frame, RFC 6455 §6.1 and §7.1.2.
//!
//! A send either queues whole frames, or is refused and changes nothing. It never waits for the
//! peer: what is queued leaves through `transmit`.

use super::{Connection, Phase};
use crate::close::CloseFrame;
use crate::decoder::MessageKind;
use crate::frame::OpCode;
use crate::outbox::SMALL;
use crate::payload::{Payload, Text};
use crate::prepared_message::PreparedMessage;

/// A send was refused. Nothing was queued and the connection is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// A Close frame was queued or received, or the transport has ended: nothing can be sent any
    /// more.
    #[error("the connection is closing or closed (RFC 6455 §5.5.1)")]
    Closed,
    /// A message is being sent in parts: finish it first.
    #[error("another message is being sent in parts (RFC 6455 §5.4)")]
    InMessage,
    /// A part, or the end, of a message was to be sent, but none was begun.
    #[error("no message was begun")]
    NoMessage,
    /// A part does not continue its text as UTF-8, or the text was to end in the middle of a
    /// character.
    #[error("text that is not UTF-8 (RFC 6455 §8.1)")]
    InvalidUtf8,
    /// A ping or a pong has more than 125 bytes.
    #[error("a ping or a pong of more than 125 bytes (RFC 6455 §5.5)")]
    PingTooLong,
    /// More than [`Config::high_water_mark`](crate::Config::high_water_mark) bytes are queued
    /// already: the peer takes less than it is sent.
    #[error("the queue is above its high-water mark")]
    QueueFull,
}

impl Connection {
    /// Queues a text message. §5.6.
    ///
    /// # Errors
    /// [`SendError::Closed`], [`SendError::InMessage`], [`SendError::QueueFull`].
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Endpoint};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text("Hello")?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x81\x05Hello"[..]));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[inline]
    pub fn send_text<'a>(&mut self, text: impl Into<Text<'a>>) -> Result<(), SendError> {
        self.send(MessageKind::Text, text.into().into_payload())
    }

    /// Queues a binary message. §5.6.
    ///
    /// Borrowed bytes are copied. Large owned ones are not: a server queues a `Vec<u8>` of at least
    /// 4 KiB, or a `Bytes` of at least 2 KiB, as it is. A client does so with either from 64 KiB
    /// on, and masks it piece by piece as it leaves.
    ///
    /// # Errors
    /// [`SendError::Closed`], [`SendError::InMessage`], [`SendError::QueueFull`].
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Endpoint};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_binary(&[1, 2, 3])?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x82\x03\x01\x02\x03"[..]));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[inline]
    pub fn send_binary<'a>(&mut self, data: impl Into<Payload<'a>>) -> Result<(), SendError> {
        self.send(MessageKind::Binary, data.into())
    }

    /// Queues a ping. It leaves before all frames of which no byte has left yet. The peer answers
    /// with a pong of the same bytes. §5.5.2.
    ///
    /// # Errors
    /// [`SendError::Closed`], [`SendError::QueueFull`]; [`SendError::PingTooLong`] above 125 bytes.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Endpoint, SendError};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.ping(b"?")?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x89\x01?"[..]));
    /// assert_eq!(connection.ping(&[0; 126]), Err(SendError::PingTooLong));
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn ping(&mut self, data: &[u8]) -> Result<(), SendError> {
        self.check_control(data)?;
        self.queue_ping(data);
        self.liveness.pinged_by_application(data);
        Ok(())
    }

    /// Queues an unsolicited pong: a heartbeat in one direction, which the peer does not answer. It
    /// leaves before all frames of which no byte has left yet. If many pongs wait, the answer to
    /// one of the peer's pings may replace it. §5.5.3.
    ///
    /// # Errors
    /// [`SendError::Closed`], [`SendError::QueueFull`]; [`SendError::PingTooLong`] above 125 bytes.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Endpoint};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.pong(b"alive")?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x8a\x05alive"[..]));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    pub fn pong(&mut self, data: &[u8]) -> Result<(), SendError> {
        self.check_control(data)?;
        let key = self.next_key();
        self.outbox.push_unsolicited_pong(data, key);
        Ok(())
    }

    /// Queues a message that is shared with other connections: see [`PreparedMessage`].
    ///
    /// A server queues a message of at least 2 KiB by reference. A client masks a copy; from 64 KiB
    /// on, piece by piece as it leaves.
    ///
    /// # Errors
    /// [`SendError::Closed`], [`SendError::InMessage`], [`SendError::QueueFull`].
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Endpoint, PreparedMessage};
    ///
    /// let news = PreparedMessage::text("news");
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_prepared(&news)?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x81\x04news"[..]));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), SendError> {
        if self.send_small(message.kind().into(), message.as_bytes()) {
            return Ok(());
        }
        self.check_send()?;
        #[cfg(feature = "deflate")]
        if self.compression.is_some() && self.send_prepared_compressed(message) {
            return Ok(());
        }
        self.queue_message(message.kind().into(), 0, message.kind(), true, message.payload());
        Ok(())
    }

    /// Closes the connection: queues a Close frame behind all that is queued. §7.1.2.
    ///
    /// `None` sends an empty Close frame, as a browser's `close()` without arguments does. The
    /// peer's messages still arrive until its Close frame comes, which gives
    /// [`Event::Closed`](crate::Event::Closed). A message that is being sent in parts is abandoned.
    ///
    /// # Errors
    /// [`SendError::Closed`]: it is closing already.
    ///
    /// ```
    /// use sockless::{Extensions, CloseCode, CloseFrame, Config, Connection, Endpoint, SendError};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.close(CloseFrame::new(CloseCode::NORMAL, "bye").ok())?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x88\x05\x03\xe8bye"[..]));
    /// assert_eq!(connection.send_text("too late"), Err(SendError::Closed));
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn close(&mut self, frame: Option<CloseFrame<'_>>) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        self.queue_close(frame);
        self.phase = Phase::Closing;
        Ok(())
    }

    pub(super) fn queue_close(&mut self, frame: Option<CloseFrame<'_>>) {
        let key = self.next_key();
        self.outbox.push_close(frame, key);
        self.stop_sending();
    }

    /// Nothing is compressed any more.
    pub(super) fn stop_sending(&mut self) {
        #[cfg(feature = "deflate")]
        if let Some(compression) = &mut self.compression {
            compression.stop_sending();
        }
    }

    /// A fresh key for each frame of a client, §5.3.
    #[inline]
    pub(super) fn next_key(&mut self) -> Option<[u8; 4]> {
        self.keys.as_mut().map(|keys| keys.next_key())
    }

    pub(super) fn queue_ping(&mut self, data: &[u8]) {
        let key = self.next_key();
        self.outbox.push_ping(data, key);
    }

    /// Borrowed bytes are passed on as a slice, which stays in registers: no `Payload` is built for
    /// them.
    #[inline(always)]
    fn send(&mut self, kind: MessageKind, payload: Payload<'_>) -> Result<(), SendError> {
        match payload.into_borrowed() {
            Ok(bytes) if self.send_small(kind.into(), bytes) => Ok(()),
            Ok(bytes) => self.send_any(kind, bytes.into()),
            Err(payload) if self.send_small(kind.into(), payload.as_ref()) => Ok(()),
            Err(payload) => self.send_any(kind, payload),
        }
    }

    /// Queues a small message if it can go as it is, and now. `false`: nothing was done.
    #[inline(never)]
    fn send_small(&mut self, opcode: OpCode, bytes: &[u8]) -> bool {
        // One condition and not several in a row: after several the compiler takes what follows for
        // unlikely, and inlines nothing there.
        let goes =
            self.is_simple() & self.is_open() & self.stream.is_none() & !self.outbox.is_full();
        if !goes || bytes.len() > SMALL {
            return false;
        }
        if !self.outbox.has_room(bytes.len()) {
            return self.send_with_room(opcode, bytes);
        }
        // Each role has its own copy of what follows, which does not ask whether to mask.
        match &mut self.keys {
            None => self.outbox.push_small(opcode, bytes, None),
            Some(keys) => match keys.ready_key() {
                Some(key) => self.outbox.push_small(opcode, bytes, Some(key)),
                None => return self.send_with_keys(opcode, bytes),
            },
        }
        true
    }

    /// Makes room first. Out of line, so that the usual way does not save registers for it.
    #[cold]
    #[inline(never)]
    fn send_with_room(&mut self, opcode: OpCode, bytes: &[u8]) -> bool {
        self.outbox.make_room(bytes.len());
        self.send_small(opcode, bytes)
    }

    /// Makes keys first.
    #[cold]
    #[inline(never)]
    fn send_with_keys(&mut self, opcode: OpCode, bytes: &[u8]) -> bool {
        if let Some(keys) = &mut self.keys {
            keys.refill();
        }
        self.send_small(opcode, bytes)
    }

    #[inline(never)]
    fn send_any(&mut self, kind: MessageKind, payload: Payload<'_>) -> Result<(), SendError> {
        self.check_send()?;
        #[cfg(feature = "deflate")]
        if self.compression.is_some() && self.send_compressed(kind, &payload) {
            return Ok(());
        }
        self.queue_message(kind.into(), 0, kind, true, payload);
        Ok(())
    }

    /// Whether a message leaves as it is, in one frame.
    #[inline(always)]
    fn is_simple(&self) -> bool {
        #[cfg(feature = "deflate")]
        let plain = self.compression.is_none();
        #[cfg(not(feature = "deflate"))]
        let plain = true;
        plain & (self.fragment_above == usize::MAX)
    }

    /// Whether a message can be queued.
    #[inline]
    fn check_send(&self) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if self.stream.is_some() {
            return Err(SendError::InMessage);
        }
        if self.outbox.is_full() {
            return Err(SendError::QueueFull);
        }
        Ok(())
    }

    /// Whether a ping or a pong with this payload can be queued.
    fn check_control(&self, data: &[u8]) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if data.len() > 125 {
            return Err(SendError::PingTooLong);
        }
        if self.outbox.is_full() {
            return Err(SendError::QueueFull);
        }
        Ok(())
    }

    /// Queues a message, or a part of one, in as many frames as it takes. The reserved bits are
    /// those of the first of them.
    pub(super) fn queue_message(
        &mut self,
        opcode: OpCode,
        rsv: u8,
        kind: MessageKind,
        fin: bool,
        payload: Payload<'_>,
    ) {
        if payload.as_ref().len() > self.fragment_above {
            return self.queue_fragments(opcode, rsv, kind, fin, payload);
        }
        let key = self.next_key();
        self.outbox.push_frame(fin, rsv, opcode, payload, key);
    }

    /// §5.4. Text may be cut anywhere, but some deployed receivers take each fragment for a text of
    /// its own.
    #[cold]
    fn queue_fragments(
        &mut self,
        mut opcode: OpCode,
        mut rsv: u8,
        kind: MessageKind,
        fin: bool,
        mut payload: Payload<'_>,
    ) {
        loop {
            let bytes = payload.as_ref();
            let cut = match kind {
                MessageKind::Text => character_cut(bytes, self.fragment_above),
                MessageKind::Binary => self.fragment_above.max(1),
            };
            let last = cut >= bytes.len();
            let fragment = payload.split_to(cut);
            let key = self.next_key();
            self.outbox.push_frame(fin && last, rsv, opcode, fragment, key);
            if last {
                return;
            }
            (opcode, rsv) = (OpCode::Continuation, 0);
        }
    }
}

/// Where to cut a text so that a fragment has at most `most` bytes, or one character if that is
/// longer.
fn character_cut(text: &[u8], most: usize) -> usize {
    let inside = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    if most >= text.len() {
        return text.len();
    }
    match (1..=most).rev().find(|at| !inside(at)) {
        Some(cut) => cut,
        None => (1..text.len()).find(|at| !inside(at)).unwrap_or(text.len()),
    }
}
