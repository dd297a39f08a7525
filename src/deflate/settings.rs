//! What one end decides for itself: which messages to compress, how hard, and in which memory.

use super::level::Level;
use super::pool::Pool;

/// How a connection compresses its messages, if permessage-deflate was agreed on.
///
/// ```
/// use sockless::deflate::{Level, Pool};
///
/// let mut config = sockless::Config::default();
/// assert_eq!((config.deflate.level, config.deflate.threshold), (Level::DEFAULT, 64));
/// config.deflate.level = Level::FASTEST;
/// config.deflate.pool = Some(Pool::new(4));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Which messages are compressed. Default: [`Compress::Auto`]. Each message can have a choice
    /// of its own.
    pub compress: Compress,
    /// The shortest message that [`Compress::Auto`] tries to compress, in bytes. Default: 64. More
    /// than [`u32::MAX`] counts as that.
    pub threshold: u64,
    /// How hard to compress. Default: [`Level::DEFAULT`].
    pub level: Level,
    /// Where compressors and decompressors are between two messages. Default: `None`, the
    /// connection has its own: it makes one for each message, or keeps one if the context is taken
    /// over. [`Pool`] says what either costs, and why a shared pool changes the bytes of compressed
    /// messages.
    pub pool: Option<Pool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { compress: Compress::Auto, threshold: 64, level: Level::DEFAULT, pool: None }
    }
}

/// Settings as a connection keeps them: small, for each has its own.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) compress: Compress,
    pub(super) threshold: u32,
    pub(super) level: Level,
    pub(crate) pool: Option<Pool>,
}

impl From<Settings> for Chosen {
    fn from(Settings { compress, threshold, level, pool }: Settings) -> Self {
        let threshold = u32::try_from(threshold).unwrap_or(u32::MAX);
        Self { compress, threshold, level, pool }
    }
}

/// Whether a message is compressed, if permessage-deflate was agreed on. RFC 7692 §6. A receiver
/// sees no difference.
///
/// Choose it for one message with [`Text::compress`](crate::Text::compress) or
/// [`Payload::compress`](crate::Payload::compress), or with
/// [`begin_message_with`](crate::Connection::begin_message_with) for one that is sent in parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compress {
    /// If it has at least [`Settings::threshold`] bytes and becomes shorter. A message that is sent
    /// in parts is always compressed.
    #[default]
    Auto,
    /// Always, even if it becomes longer.
    Yes,
    /// Never. For a message that is compressed already, or that holds a secret beside text that
    /// others can choose: its compressed length would tell them about the secret.
    No,
}
