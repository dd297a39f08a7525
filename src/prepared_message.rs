//! One message for many connections.

use crate::decoder::MessageKind;
#[cfg(feature = "deflate")]
use crate::deflate::{Compress, Forms};
use crate::event::Event;
use crate::payload::{Payload, Text};
#[cfg(feature = "deflate")]
use alloc::sync::Arc;
use bytes::Bytes;
use core::fmt;

/// A message for any number of connections. Its payload is in memory once, and shared by reference
/// count.
///
/// If it is to be compressed (feature `deflate`), this is done once for all connections with the
/// same window, by the settings of the first that sends it.
///
/// ```
/// use sockless::{Extensions, Config, Connection, Endpoint, PreparedMessage};
///
/// let message = PreparedMessage::text("the same for everyone");
/// for _ in 0..3 {
///     let mut connection = Connection::server(Extensions::default(), Config::default());
///     connection.send_prepared(&message)?;
///     assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x81\x15the same for everyone"[..]));
/// }
/// # Ok::<(), sockless::SendError>(())
/// ```
#[derive(Clone)]
pub struct PreparedMessage {
    kind: MessageKind,
    /// The payload alone: a frame header takes 2 ns to write, and each client masks a copy of its
    /// own.
    payload: Bytes,
    #[cfg(feature = "deflate")]
    compress: Option<Compress>,
    #[cfg(feature = "deflate")]
    forms: Arc<Forms>,
}

impl PreparedMessage {
    /// A text message.
    #[must_use]
    pub fn text<'a>(text: impl Into<Text<'a>>) -> Self {
        Self::new(MessageKind::Text, text.into().into_payload())
    }

    /// A binary message.
    ///
    /// ```
    /// use sockless::PreparedMessage;
    ///
    /// assert_eq!(PreparedMessage::binary(vec![1, 2, 3]).as_bytes(), [1, 2, 3]);
    /// ```
    #[must_use]
    pub fn binary<'a>(data: impl Into<Payload<'a>>) -> Self {
        Self::new(MessageKind::Binary, data.into())
    }

    /// A message that another connection received, to send it on to many. `None`: the event is not
    /// a whole message. Owned payloads are moved, borrowed ones are copied, and text is not checked
    /// again.
    ///
    /// For a single connection, [`forward`](crate::Connection::forward) is cheaper.
    ///
    /// ```
    /// use sockless::{Event, MessageKind, PreparedMessage};
    ///
    /// let message = PreparedMessage::from_event(Event::Text("to all".into())).expect("a message");
    /// assert_eq!((message.kind(), message.as_bytes()), (MessageKind::Text, &b"to all"[..]));
    /// assert!(PreparedMessage::from_event(Event::Ping(b"?".into())).is_none());
    /// ```
    #[must_use]
    pub fn from_event(event: Event<'_>) -> Option<Self> {
        match event {
            Event::Text(text) => Some(Self::text(text)),
            Event::Binary(data) => Some(Self::binary(data)),
            Event::Chunk(_) | Event::Ping(_) | Event::Pong(_) | Event::Closed(_) => None,
        }
    }

    /// The kind of the message.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The payload, of either kind.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.payload
    }

    fn new(kind: MessageKind, payload: Payload<'_>) -> Self {
        Self {
            kind,
            #[cfg(feature = "deflate")]
            compress: payload.compression(),
            #[cfg(feature = "deflate")]
            forms: Arc::default(),
            payload: payload.into_bytes(),
        }
    }

    /// The message's choice whether to compress it, if it has one.
    #[cfg(feature = "deflate")]
    pub(crate) fn compression(&self) -> Option<Compress> {
        self.compress
    }

    #[cfg(feature = "deflate")]
    pub(crate) fn forms(&self) -> &Forms {
        &self.forms
    }

    pub(crate) fn payload(&self) -> Payload<'static> {
        Payload::from(&self.payload)
    }
}

/// Shows the length alone: what is sent does not belong in a log.
impl fmt::Debug for PreparedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedMessage")
            .field("kind", &self.kind)
            .field("len", &self.payload.len())
            .finish_non_exhaustive()
    }
}
