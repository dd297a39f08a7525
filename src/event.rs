//! What a connection reports: messages, pings, pongs, and its end.

use crate::decoder::MessageKind;
use crate::error::ProtocolError;
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// What [`poll`](crate::Connection::poll) gives.
///
/// Payloads borrow from the bytes of the [`Input`](crate::Input), not from the connection, so you
/// can reply while you hold them. A payload that had to be put together from several reads is
/// owned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'b> {
    /// A whole text message. RFC 6455 §5.6.
    Text(Cow<'b, str>),
    /// A whole binary message. §5.6.
    Binary(Cow<'b, [u8]>),
    /// Part of a message, instead of the two above, under
    /// [`Delivery::Chunks`](crate::Delivery::Chunks).
    Chunk(Chunk<'b>),
    /// A ping. §5.5.2. Its answer is queued already, unless our Close frame has begun to leave or a
    /// write has failed. If many answers wait, newer ones may replace it (§5.5.3).
    Ping(Cow<'b, [u8]>),
    /// A pong: the answer to a ping, or unsolicited. §5.5.3.
    Pong(Cow<'b, [u8]>),
    /// The connection is closed: no event follows. It comes exactly once. Output may still wait to
    /// be written.
    Closed(CloseEvent),
}

impl Event<'_> {
    /// The event with owned payloads, which can be kept longer than the input's bytes.
    ///
    /// ```
    /// use sockless::Event;
    ///
    /// let kept: Event<'static> = {
    ///     let buffer = String::from("hi");
    ///     Event::Text(buffer.as_str().into()).into_owned()
    /// };
    /// assert_eq!(kept, Event::Text("hi".into()));
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Event::Text(text) => Event::Text(Cow::Owned(text.into_owned())),
            Event::Binary(data) => Event::Binary(Cow::Owned(data.into_owned())),
            Event::Chunk(Chunk { data, first, last }) => {
                Event::Chunk(Chunk { data: data.into_owned(), first, last })
            }
            Event::Ping(data) => Event::Ping(Cow::Owned(data.into_owned())),
            Event::Pong(data) => Event::Pong(Cow::Owned(data.into_owned())),
            Event::Closed(close_event) => Event::Closed(close_event),
        }
    }
}

/// Part of a message, delivered as it arrives, also in the middle of a frame.
///
/// The chunks of a message, joined, are the message. A chunk is empty only if it is the last of its
/// message.
///
/// All text in front of an invalid byte is still delivered. The connection is failing already by
/// then: an answer to that chunk may be refused with
/// [`SendError::Closed`](crate::SendError::Closed), and `Closed` is the next event.
///
/// A proxy pipes chunks from one connection to another. It stops when the far end takes less than
/// the near end sends: the rest of the input waits, nothing more is read, and so the transport
/// slows down the near end's peer. Memory then holds one read, and the queue up to its high-water
/// mark. Each chunk leaves as a fragment; if the receiver limits the number of fragments, gather
/// small chunks first.
///
/// ```
/// use sockless::{Config, Connection, Delivery, Extensions, Input, Seed, SendError};
///
/// /// Gives back what could not be passed on yet. Pass it again, before reading more, when `to`
/// /// is no longer above its mark.
/// fn pipe<'b>(
///     from: &mut Connection,
///     to: &mut Connection,
///     mut input: Input<'b>,
/// ) -> Result<&'b mut [u8], SendError> {
///     while !to.above_high_water() {
///         match from.poll(&mut input) {
///             Some(event) => to.forward(event)?, // Pings are not: each end answers its own.
///             None => break,
///         }
///     }
///     Ok(input.into_rest())
/// }
///
/// let mut config = Config::default();
/// config.delivery = Delivery::Chunks;
/// (config.limits.max_frame, config.limits.max_message) = (u64::MAX, u64::MAX);
/// (config.low_water_mark, config.high_water_mark) = (64 << 10, 256 << 10);
/// let mut near = Connection::client(Seed::new([7; 32]), Extensions::default(), config.clone());
/// let mut far = Connection::server(Extensions::default(), config);
///
/// // The beginning of a message of 1 GiB, in reads of 64 KiB, while nobody takes what the far end has to send.
/// let mut read = [&[0x82, 127][..], &(1_u64 << 30).to_be_bytes(), &[7; (64 << 10) - 10]].concat();
/// let mut reads = 0;
/// while pipe(&mut near, &mut far, Input::new(&mut read))?.is_empty() {
///     read = vec![7; 64 << 10];
///     reads += 1;
/// }
/// assert_eq!(reads, 4, "then the mark was passed, and the fifth waits");
/// assert!(far.above_high_water() && far.queued() < (256 + 64) << 10);
///
/// // The far end's peer reads on: there is room again.
/// while far.above_high_water() {
///     far.transmit().pop();
/// }
/// assert!(pipe(&mut near, &mut far, Input::new(&mut read))?.is_empty());
/// # Ok::<(), SendError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chunk<'b> {
    /// The bytes. Text is cut only between characters.
    pub data: ChunkData<'b>,
    /// Whether it is the first chunk of its message.
    pub first: bool,
    /// Whether it is the last chunk of its message.
    pub last: bool,
}

impl<'b> Chunk<'b> {
    /// A chunk, for tests of code that takes chunks. A connection makes its own.
    ///
    /// ```
    /// use sockless::{Chunk, ChunkData};
    ///
    /// let chunk = Chunk::new(ChunkData::Text("Hel".into()), true, false);
    /// assert_eq!((chunk.data.as_bytes(), chunk.first, chunk.last), (&b"Hel"[..], true, false));
    /// ```
    #[must_use]
    pub fn new(data: ChunkData<'b>, first: bool, last: bool) -> Self {
        Self { data, first, last }
    }
}

/// What a chunk holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChunkData<'b> {
    /// Part of a text message.
    Text(Cow<'b, str>),
    /// Part of a binary message.
    Binary(Cow<'b, [u8]>),
}

impl ChunkData<'_> {
    /// The kind of the message.
    ///
    /// ```
    /// use sockless::{ChunkData, MessageKind};
    ///
    /// assert_eq!(ChunkData::Binary(b"hi".into()).kind(), MessageKind::Binary);
    /// ```
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// The bytes, of either kind.
    ///
    /// ```
    /// use sockless::ChunkData;
    ///
    /// assert_eq!(ChunkData::Text("hi".into()).as_bytes(), b"hi");
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
        }
    }

    /// The same data, owned.
    #[must_use]
    pub fn into_owned(self) -> ChunkData<'static> {
        match self {
            Self::Text(text) => ChunkData::Text(Cow::Owned(text.into_owned())),
            Self::Binary(data) => ChunkData::Binary(Cow::Owned(data.into_owned())),
        }
    }
}

/// How a connection ended: what a browser's `CloseEvent` has, and the cause.
///
/// It can be used as an error: see [`into_result`](Self::into_result). Its `Display` is one line
/// for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseEvent {
    /// The code of the peer's Close frame; 1005 if it had none, 1006 if no Close frame came.
    /// §7.1.5.
    pub code: u16,
    /// The reason in the peer's Close frame. §7.1.6.
    pub reason: String,
    /// Whether the closing handshake was complete: the peer's Close frame came, ours was sent or is
    /// queued, and no write failed before. §7.1.4.
    pub clean: bool,
    /// Who or what ended it.
    pub cause: Cause,
    /// How many queued bytes, with frame headers, were dropped because the peer closed first and
    /// would not have read them. §5.5.1. It is 0 after [`close`](crate::Connection::close):
    /// everything that was queued before still leaves.
    pub unsent: u64,
}

impl CloseEvent {
    /// The code that is reported if the peer's Close frame had no code. §7.4.1.
    pub const NO_STATUS: u16 = 1005;
    /// The code that is reported if no Close frame came. §7.4.1.
    pub const ABNORMAL: u16 = 1006;

    /// `Ok` if the end was [`clean`](Self::clean), whichever end closed and with whatever code;
    /// `Err` otherwise. With `?`, a function ends with an error if the connection did not close
    /// cleanly.
    ///
    /// ```
    /// use sockless::{Extensions, CloseEvent, Config, Connection, Event, Input, Endpoint};
    ///
    /// fn run(connection: &mut Connection, input: &mut Input<'_>) -> Result<u16, CloseEvent> {
    ///     while let Some(event) = connection.poll(input) {
    ///         if let Event::Closed(close_event) = event {
    ///             return Ok(close_event.into_result()?.code);
    ///         }
    ///     }
    ///     Ok(0)
    /// }
    ///
    /// let server = || Connection::server(Extensions::default(), Config::default());
    /// let mut close = *b"\x88\x82\0\0\0\0\x03\xe9"; // Close, 1001, masked with zeros.
    /// assert_eq!(run(&mut server(), &mut Input::new(&mut close)), Ok(1001));
    ///
    /// let mut cut = server();
    /// cut.handle_eof();
    /// let error = run(&mut cut, &mut Input::empty()).unwrap_err();
    /// assert_eq!(error.to_string(), "closed with 1006: the transport ended without a Close frame");
    /// ```
    ///
    /// # Errors
    /// The event itself, if it is not [`clean`](Self::clean).
    pub fn into_result(self) -> Result<Self, Self> {
        if self.clean { Ok(self) } else { Err(self) }
    }
}

impl fmt::Display for CloseEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closed with {}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " {:?}", self.reason)?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl core::error::Error for CloseEvent {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Who or what ended a connection.
///
/// ```
/// use sockless::{Cause, ProtocolError, Timeout};
///
/// assert_eq!(Cause::Timeout(Timeout::Pong).to_string(), "no pong came in time");
/// assert_eq!(
///     Cause::Violation(ProtocolError::UnmaskedFrame).to_string(),
///     "the peer sent a client's frame that is not masked (RFC 6455 §5.1)"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The peer closed it, and this side answered.
    #[error("the peer closed the connection")]
    Peer,
    /// This side closed it, and the peer answered.
    #[error("this side closed the connection")]
    Local,
    /// The peer broke the protocol or a limit, and this side closed it with the code of the error.
    #[error("the peer sent {0}")]
    Violation(ProtocolError),
    /// No memory was left to assemble the peer's message, and this side closed it with 1011. The
    /// peer broke no rule.
    #[error("no memory was left for the peer's message")]
    OutOfMemory,
    /// A time-out of [`Heartbeat`](crate::Heartbeat), or one that the caller reported.
    #[error("{0}")]
    Timeout(Timeout),
    /// The transport ended or failed before the peer's Close frame came.
    #[error("the transport ended without a Close frame")]
    Eof,
}

impl From<ProtocolError> for Cause {
    fn from(error: ProtocolError) -> Self {
        Self::Violation(error)
    }
}

/// What did not happen in time. See [`Timeouts`](crate::Timeouts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Timeout {
    /// The answer to a ping.
    #[error("no pong came in time")]
    Pong,
    /// Any bytes from the peer.
    #[error("nothing came in time")]
    Idle,
    /// The transport taking output.
    #[error("the transport took no output in time")]
    Write,
    /// The end of the closing handshake.
    #[error("the closing handshake did not end in time")]
    Close,
}
