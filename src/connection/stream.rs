//! A message of unknown length, sent in parts: RFC 6455 §5.4.
//!
//! Each part leaves as a fragment. Pings, pongs and the Close frame may come between them, but no
//! other message. A part of a text may end in the middle of a character: then the bytes of that
//! character wait for the next part, so that no fragment ends inside one.

use super::{Connection, SendError};
use crate::decoder::MessageKind;
use crate::frame::OpCode;
use crate::payload::Payload;
use crate::utf8::Validator;
use alloc::string::String;

/// The message that is sent in parts.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    kind: MessageKind,
    /// Whether a fragment of it was queued.
    begun: bool,
    /// The reserved bits of its first fragment: whether it is compressed.
    rsv: u8,
    text: Validator,
}

impl Stream {
    /// Whether data of this kind continues it without a check.
    pub(super) fn continues_with(&self, kind: MessageKind) -> bool {
        kind == self.kind && self.text.missing() == 0
    }

    /// What the next fragment is.
    pub(super) fn opcode(&self) -> OpCode {
        if self.begun { OpCode::Continuation } else { self.kind.into() }
    }
}

impl Connection {
    /// Begins a message whose parts follow by [`write_fragment`](Self::write_fragment), until
    /// [`finish_message`](Self::finish_message).
    ///
    /// Nothing is queued yet. Until the message is finished, other messages are refused, and pings
    /// are not. [`close`](Self::close) abandons the message.
    ///
    /// # Errors
    /// [`SendError::Closed`]; [`SendError::InMessage`]: a message was begun already;
    /// [`SendError::QueueFull`].
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, MessageKind, Endpoint, SendError};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.begin_message(MessageKind::Text)?;
    /// connection.write_fragment(b"caf\xc3")?;
    /// assert_eq!(connection.send_text("another"), Err(SendError::InMessage));
    /// connection.ping(b"")?;
    /// connection.write_fragment(b"\xa9")?;
    /// connection.finish_message()?;
    /// let mut wire = Vec::new();
    /// while let Some(bytes) = connection.transmit().pop() {
    ///     wire.extend_from_slice(&bytes);
    /// }
    /// assert_eq!(wire, b"\x89\x00\x01\x03caf\x00\x02\xc3\xa9\x80\x00");
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn begin_message(&mut self, kind: MessageKind) -> Result<(), SendError> {
        #[cfg(feature = "deflate")]
        let rsv = self.stream_rsv(None);
        #[cfg(not(feature = "deflate"))]
        let rsv = 0;
        self.begin_stream(kind, rsv)
    }

    /// Begins a message, with a choice whether to compress it, which replaces the connection's
    /// [`Settings::compress`](crate::deflate::Settings::compress). It has no effect without
    /// permessage-deflate.
    ///
    /// Each compressed part is flushed, so that the peer can read all of it as soon as its fragment
    /// has come. That costs 5 bytes per part.
    ///
    /// # Errors
    /// Those of [`begin_message`](Self::begin_message).
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, MessageKind, deflate::Compress};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.begin_message_with(MessageKind::Binary, Compress::No)?;
    /// connection.write_fragment(b"part of what is compressed already")?;
    /// connection.finish_message()?;
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[cfg(feature = "deflate")]
    pub fn begin_message_with(
        &mut self,
        kind: MessageKind,
        compress: crate::deflate::Compress,
    ) -> Result<(), SendError> {
        self.begin_stream(kind, self.stream_rsv(Some(compress)))
    }

    fn begin_stream(&mut self, kind: MessageKind, rsv: u8) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if self.stream.is_some() {
            return Err(SendError::InMessage);
        }
        // The end is never refused: without this, each empty message would still queue a frame.
        if self.outbox.is_full() {
            return Err(SendError::QueueFull);
        }
        self.stream = Some(Stream { kind, begun: false, rsv, text: Validator::default() });
        Ok(())
    }

    /// Queues a part of the message that was begun, as a fragment or as several
    /// ([`Config::fragment_above`](crate::Config::fragment_above)). An empty part queues nothing.
    ///
    /// # Errors
    /// [`SendError::Closed`]; [`SendError::NoMessage`]: none was begun; [`SendError::InvalidUtf8`]:
    /// the part does not continue the text; [`SendError::QueueFull`].
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, MessageKind, Endpoint, SendError};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// assert_eq!(connection.write_fragment(b"x"), Err(SendError::NoMessage));
    /// connection.begin_message(MessageKind::Binary)?;
    /// connection.write_fragment(b"part")?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x02\x04part"[..]));
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn write_fragment(&mut self, data: &[u8]) -> Result<(), SendError> {
        let mut stream = self.stream()?;
        if self.outbox.is_full() {
            return Err(SendError::QueueFull);
        }
        let joined;
        let payload = match stream.kind {
            MessageKind::Binary => data,
            MessageKind::Text => {
                let valid = stream.text.push(data).map_err(|_| SendError::InvalidUtf8)?;
                match valid.carried {
                    None => valid.text.as_bytes(),
                    Some(character) => {
                        joined =
                            String::from_iter([character.encode_utf8(&mut [0; 4]), valid.text]);
                        joined.as_bytes()
                    }
                }
            }
        };
        self.put_fragment(stream, Payload::from(payload), false);
        Ok(())
    }

    /// Ends the message that was begun. It is not refused when the queue is above its high-water
    /// mark.
    ///
    /// # Errors
    /// [`SendError::Closed`]; [`SendError::NoMessage`]: none was begun; [`SendError::InvalidUtf8`]:
    /// the text ends in the middle of a character, whose rest can still be written.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, MessageKind, Endpoint, SendError};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.begin_message(MessageKind::Text)?;
    /// connection.write_fragment(b"\xc3")?;
    /// assert_eq!(connection.finish_message(), Err(SendError::InvalidUtf8));
    /// connection.write_fragment(b"\xa9")?;
    /// connection.finish_message()?;
    /// assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x01\x02\xc3\xa9\x80\x00"[..]));
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn finish_message(&mut self) -> Result<(), SendError> {
        let stream = self.stream()?;
        if stream.text.missing() > 0 {
            return Err(SendError::InvalidUtf8);
        }
        self.put_fragment(stream, Payload::from(&[]), true);
        Ok(())
    }

    /// Queues a part of the message, or its end, or both.
    pub(super) fn put_fragment(&mut self, mut stream: Stream, payload: Payload<'_>, last: bool) {
        let payload = match stream.rsv {
            #[cfg(feature = "deflate")]
            1.. if !payload.as_ref().is_empty() => {
                self.queue_compressed_part(&stream, payload.as_ref());
                stream.begun = true;
                Payload::from(&[])
            }
            _ => payload,
        };
        #[cfg(feature = "deflate")]
        if last && stream.rsv != 0 && stream.begun {
            self.end_compressed_parts();
        }
        if last || !payload.as_ref().is_empty() {
            // The end of a compressed message is empty: its last part was queued.
            self.queue_message(stream.opcode(), 0, stream.kind, last, payload);
            stream.begun = true;
        }
        self.stream = (!last).then_some(stream);
    }

    /// A copy of the message's state. It is put back only if nothing is refused.
    pub(super) fn stream(&self) -> Result<Stream, SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        self.stream.clone().ok_or(SendError::NoMessage)
    }
}
