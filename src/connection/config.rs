//! What a connection accepts, how it delivers messages and how it sends them.

use crate::decoder::Limits;
#[cfg(feature = "deflate")]
use crate::deflate::Settings;

/// What a connection accepts, how it delivers messages and how it sends them.
///
/// In this and all other configurations, sizes are in bytes and a `u64`, as lengths on the wire
/// are. Counts are a `u32`.
///
/// ```
/// let mut config = sockless::Config::default();
/// assert_eq!(config.limits.max_message, 16 << 20);
/// config.limits.max_message = 64 << 10;
/// config.delivery = sockless::Delivery::Chunks;
/// config.fragment_above = 16 << 10;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What is accepted from the peer. The limit on messages holds for chunks too: raise it for
    /// endless streams.
    pub limits: Limits,
    /// How messages are delivered. Default: [`Delivery::Whole`].
    pub delivery: Delivery,
    /// Messages above this size are sent in fragments of at most this size. Text is cut only
    /// between characters, so a fragment of text has at least one character. Default: [`u64::MAX`],
    /// no message is fragmented.
    pub fragment_above: u64,
    /// A queue that was above the high-water mark counts as above it until it has shrunk to this
    /// size. Default: 256 KiB. More than the high-water mark counts as that mark. See
    /// [`above_high_water`](crate::Connection::above_high_water).
    pub low_water_mark: u64,
    /// If more bytes than this are queued, sends are refused. Default: 1 MiB. Into a queue that is
    /// not above the mark, a message of any size fits. More than [`u32::MAX`] counts as that.
    pub high_water_mark: u64,
    /// How many bytes are read and thrown away after the end of a connection, so that our Close
    /// frame reaches the peer: if a socket is closed with unread bytes, the kernel sends a reset
    /// instead. Default: 64 MiB. More than [`u32::MAX`] counts as that.
    pub max_discard: u64,
    /// How messages are compressed, if permessage-deflate was agreed on.
    #[cfg(feature = "deflate")]
    pub deflate: Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            delivery: Delivery::Whole,
            // Some deployed receivers handle fragments badly.
            fragment_above: u64::MAX,
            low_water_mark: 256 << 10,
            high_water_mark: 1 << 20,
            max_discard: 64 << 20,
            #[cfg(feature = "deflate")]
            deflate: Settings::default(),
        }
    }
}

/// How messages are delivered.
///
/// ```
/// use sockless::{Extensions, Chunk, Config, Connection, ChunkData, Delivery, Event, Input, Seed};
///
/// let mut config = Config::default();
/// config.delivery = Delivery::Chunks;
/// let mut client = Connection::client(Seed::new([7; 32]), Extensions::default(), config);
/// let mut read = *b"\x81\x05He"; // The rest of the frame is still on its way.
/// let chunk = Chunk::new(ChunkData::Text("He".into()), true, false);
/// assert_eq!(client.poll(&mut Input::new(&mut read)), Some(Event::Chunk(chunk)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Whole, when the last byte has come: [`Event::Text`](crate::Event::Text) and
    /// [`Event::Binary`](crate::Event::Binary).
    #[default]
    Whole,
    /// In parts as they arrive, also in the middle of a frame:
    /// [`Event::Chunk`](crate::Event::Chunk), also of small messages; `Text` and `Binary` never
    /// come. The connection keeps nothing of a message, except up to three bytes of a character
    /// that a read has cut.
    Chunks,
}
