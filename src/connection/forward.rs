//! Sends on what another connection received, for proxies and echoes.

use super::{Connection, SendError};
use crate::close::{CloseCode, CloseFrame};
use crate::event::{Chunk, ChunkData, CloseEvent, Event};
use crate::payload::{Payload, Text};

impl Connection {
    /// Sends on what another connection received, as it came: for a proxy, or an echo.
    ///
    /// | event | is sent on as |
    /// |---|---|
    /// | [`Text`](Event::Text), [`Binary`](Event::Binary) | the same message |
    /// | [`Chunk`](Event::Chunk) | a fragment of a message; the whole of one as a message |
    /// | [`Ping`](Event::Ping), [`Pong`](Event::Pong) | nothing: each connection answers its own |
    /// | [`Closed`](Event::Closed) | a Close frame with the code and the reason; without a code if it came without one, and with 1014 if it did not come; nothing if this connection is closing already |
    ///
    /// Text is not checked again. Owned payloads are moved, and borrowed ones are copied once. For
    /// many connections, [`PreparedMessage::from_event`](crate::PreparedMessage::from_event) copies
    /// once for all of them.
    ///
    /// An event that is refused is lost, and a message of which a chunk was refused has a hole:
    /// close the connection then. To lose none because of a full queue, poll for the next one only
    /// while this connection is not [above its mark](Self::above_high_water): see [`Chunk`] for the
    /// loop.
    ///
    /// # Errors
    /// Those of [`send_text`](Self::send_text). For a chunk those of
    /// [`write_fragment`](Self::write_fragment), and of [`begin_message`](Self::begin_message) for
    /// the first of a message.
    ///
    /// ```
    /// use sockless::{CloseCode, Config, Connection, Event, Extensions, SendError};
    ///
    /// let mut far = Connection::server(Extensions::default(), Config::default());
    /// far.forward(Event::Text("Hello".into()))?;
    /// far.forward(Event::Ping(b"?".into()))?;
    /// assert_eq!(far.transmit().pop().as_deref(), Some(&b"\x81\x05Hello"[..]));
    /// assert!(!far.wants_write());
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn forward(&mut self, event: Event<'_>) -> Result<(), SendError> {
        match event {
            Event::Text(text) => self.send_text(text),
            Event::Binary(data) => self.send_binary(data),
            Event::Chunk(chunk) => self.forward_chunk(chunk),
            Event::Ping(_) | Event::Pong(_) => Ok(()),
            Event::Closed(_) if !self.is_open() => Ok(()),
            Event::Closed(close_event) => self.close(match CloseCode::new(close_event.code) {
                Some(code) => Some(CloseFrame::truncated(code, &close_event.reason)),
                None if close_event.code == CloseEvent::NO_STATUS => None,
                // 1006 is never sent.
                None => Some(CloseCode::BAD_GATEWAY.into()),
            }),
        }
    }

    fn forward_chunk(&mut self, Chunk { data, first, last }: Chunk<'_>) -> Result<(), SendError> {
        match data {
            ChunkData::Text(text) if first && last => return self.send_text(text),
            ChunkData::Binary(data) if first && last => return self.send_binary(data),
            _ => {}
        }
        if first {
            self.begin_message(data.kind())?;
        }
        let stream = self.stream()?;
        if !stream.continues_with(data.kind()) {
            self.write_fragment(data.as_bytes())?;
            return if last { self.finish_message() } else { Ok(()) };
        }
        let payload = match data {
            ChunkData::Text(text) => Text::from(text).into_payload(),
            ChunkData::Binary(data) => Payload::from(data),
        };
        if !payload.as_ref().is_empty() && self.outbox.is_full() {
            return Err(SendError::QueueFull);
        }
        self.put_fragment(stream, payload, last);
        Ok(())
    }
}
