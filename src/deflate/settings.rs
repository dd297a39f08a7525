//! What one end decides for itself: which messages to compress, how hard, and with whose memory.

use super::level::Level;
use super::pool::Pool;

/// How a connection compresses, once permessage-deflate was agreed on.
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
    /// Which messages are compressed that say nothing themselves: [`Compress::Auto`], unless said
    /// otherwise.
    pub compress: Compress,
    /// The least length, in bytes, from which on [`Compress::Auto`] tries it. 64 unless said
    /// otherwise. More than [`u32::MAX`] counts as that.
    pub threshold: u64,
    /// How hard. [`Level::DEFAULT`] unless said otherwise.
    pub level: Level,
    /// Where compressors and decompressors are between two messages. Without one, unless said
    /// otherwise, a connection makes its own: each time, or once where it takes its context over.
    /// See [`Pool`] for what that costs, and for what of a connection then no longer replays to the
    /// byte.
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

/// Whether a message is compressed, where permessage-deflate was agreed on. A receiver sees no
/// difference. RFC 7692 §6.
///
/// A message says it by [`Text::compress`](crate::Text::compress) or
/// [`Payload::compress`](crate::Payload::compress); one that is sent in parts by
/// [`begin_message_with`](crate::Connection::begin_message_with).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compress {
    /// If it is as long as [`Settings::threshold`] and becomes shorter by it. A message that is
    /// sent in parts always.
    #[default]
    Auto,
    /// Even if it becomes longer.
    Yes,
    /// Not: because it is compressed already, or because it holds a secret beside what others can
    /// choose, whose length would tell about the secret.
    No,
}
