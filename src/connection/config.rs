//! What a connection accepts, how it delivers and how it sends.

use crate::decoder::Limits;
#[cfg(feature = "deflate")]
use crate::deflate::Settings;

/// What a connection accepts, how it delivers and how it sends.
///
/// All sizes are a `u64` in bytes, here and in the other configurations, as lengths on the wire are;
/// all numbers of things are a `u32`.
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
    /// What is accepted of the peer. The limit on messages holds for chunks too: raise it for
    /// streams without an end.
    pub limits: Limits,
    /// How messages are delivered: whole, unless said otherwise.
    pub delivery: Delivery,
    /// Messages above this size, in bytes, are sent in fragments of at most this size, text cut
    /// only between characters. Never, unless said otherwise. A fragment of text holds at least one
    /// character.
    pub fragment_above: u64,
    /// From when on, in bytes, a queue that was above the high-water mark is not any more: 256 KiB
    /// unless said otherwise, and never more than the high-water mark. See
    /// [`above_high_water`](crate::Connection::above_high_water).
    pub low_water_mark: u64,
    /// Above how many queued bytes sends are refused: 1 MiB unless said otherwise. A message of any
    /// size fits into a queue that is not above it. More than [`u32::MAX`] counts as that.
    pub high_water_mark: u64,
    /// How many bytes are read and thrown away behind the end, closed cleanly or not, so that our
    /// Close frame reaches the peer: closing a socket with unread bytes makes the kernel send a
    /// reset instead. 64 MiB unless said otherwise. More than [`u32::MAX`] counts as that.
    pub max_discard: u64,
    /// How messages are compressed, where permessage-deflate was agreed on.
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
    /// Each at once, when its last byte has come: [`Event::Text`](crate::Event::Text) and
    /// [`Event::Binary`](crate::Event::Binary).
    #[default]
    Whole,
    /// In parts as they arrive, in the middle of a frame too:
    /// [`Event::Chunk`](crate::Event::Chunk). Nothing of a message is kept inside but at most three
    /// bytes of a character that a read had cut.
    Chunks,
}
