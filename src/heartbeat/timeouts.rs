//! What a heartbeat waits for, and how long.

use core::time::Duration;

/// The times of a [`Heartbeat`](crate::Heartbeat). `None`: never.
///
/// A duration below a millisecond, such as zero, counts as a millisecond; one above a hundred
/// years, such as [`Duration::MAX`], counts as `None`.
///
/// | time-out | default | runs from | is put off by | ends in |
/// |---|---:|---|---|---|
/// | `pong_timeout` | 20 s | when the ping has left | bytes of the peer; output that is held | Close 1011 |
/// | `idle_timeout` | never | what the peer sent last | the same | Close 1001 |
/// | `write_timeout` | 60 s | when output waits | bytes that the transport takes; messages of the peer | Close 1011 |
/// | `close_timeout` | 10 s | when our Close has left, or `write_timeout` is over | nothing | the transport is dropped |
/// | `drain_timeout` | never | when output waits | all of it having been taken | Close 1011; the transport is dropped |
///
/// Output is held while the transport is full or the queue is above its mark. If there is a
/// `write_timeout`, the first two do not run in that time; they begin again when all output was
/// taken.
///
/// ```
/// use sockless::Timeouts;
/// use std::time::Duration;
///
/// let mut timeouts = Timeouts::default();
/// assert_eq!(timeouts.ping_interval, Some(Duration::from_secs(20)));
/// timeouts.idle_timeout = Some(Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long after a ping the next one is sent, if that one was answered. Default: 20 s.
    pub ping_interval: Option<Duration>,
    /// How long the answer to a ping may take, from when the ping has left. Default: 20 s. Any
    /// bytes that come after that are an answer. When the time is over, the connection is closed
    /// with 1011.
    pub pong_timeout: Option<Duration>,
    /// How long the peer may send nothing, not even pongs. Default: never. When the time is over,
    /// the connection is closed with 1001.
    pub idle_timeout: Option<Duration>,
    /// How long output may wait while the transport takes no byte and the peer sends no message.
    /// Default: 60 s. When the time is over, the connection is closed with 1011, and after
    /// `close_timeout` the transport is dropped.
    ///
    /// A peer that sends messages gets more time, because it may push back: it reads again when
    /// what it sends has left. Pings and pongs do not count for that. A peer that sends or takes a
    /// little now and then is bounded by `drain_timeout` only.
    ///
    /// Choose it longer than a healthy transport may pause. A kernel reports a socket as writable
    /// when a third of its buffer is free: with a buffer of 4 MB and a line of 64 KiB/s that takes
    /// 20 s. With `None`, a peer that reads nothing keeps its connection and its queue for ever.
    pub write_timeout: Option<Duration>,
    /// How long the closing handshake may take from when our Close frame has left, and after it the
    /// end of the transport. Default: 10 s. When the time is over, the transport is dropped. With
    /// `None`, only `drain_timeout` drops it. What was queued before the Close frame is never cut
    /// off by it.
    ///
    /// If the transport was full before, `pong_timeout` is added, because what it holds may take
    /// that long to arrive.
    pub close_timeout: Option<Duration>,
    /// How long output may wait until all of it was taken, even if some of it moves: the absolute
    /// bound against a peer that takes a byte a second. Default: never. When the time is over, the
    /// connection is closed with 1011; if it is closing already, the transport is dropped.
    ///
    /// It also ends a healthy connection whose queue is not empty once in that time. Choose it for
    /// your slowest line and your largest queue, which is
    /// [`Config::high_water_mark`](crate::Config::high_water_mark) and one message.
    pub drain_timeout: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = |n| Some(Duration::from_secs(n));
        Self {
            ping_interval: seconds(20),
            pong_timeout: seconds(20),
            idle_timeout: None,
            write_timeout: seconds(60),
            close_timeout: seconds(10),
            drain_timeout: None,
        }
    }
}

/// The shortest duration that counts, and the longest.
const LEAST: Duration = Duration::from_millis(1);
const MOST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Timeouts {
    /// The same times, within these bounds.
    pub(super) fn counted(self) -> Self {
        let counted = |duration: Option<Duration>| {
            Some(duration?.max(LEAST)).filter(|duration| *duration <= MOST)
        };
        Self {
            ping_interval: counted(self.ping_interval),
            pong_timeout: counted(self.pong_timeout),
            idle_timeout: counted(self.idle_timeout),
            write_timeout: counted(self.write_timeout),
            close_timeout: counted(self.close_timeout),
            drain_timeout: counted(self.drain_timeout),
        }
    }
}
