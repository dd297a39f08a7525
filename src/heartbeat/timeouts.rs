//! How long is waited, and for what.

use core::time::Duration;

/// What a [`Heartbeat`](crate::Heartbeat) does when. `None`: never.
///
/// A duration below a millisecond, zero too, counts as a millisecond; one above a hundred years,
/// [`Duration::MAX`] too, as `None`.
///
/// | time-out | default | runs from | is put off by | ends in |
/// |---|---:|---|---|---|
/// | `pong_timeout` | 20 s | when the ping has left | bytes of the peer; output that is held | Close 1011 |
/// | `idle_timeout` | never | what the peer sent last | the same | Close 1001 |
/// | `write_timeout` | 60 s | when output waits | bytes that the transport takes; messages of the peer | Close 1011 |
/// | `close_timeout` | 10 s | when our Close has left, or `write_timeout` is over | nothing | the transport is dropped |
/// | `drain_timeout` | never | when output waits | all of it having been taken | Close 1011; the transport is dropped |
///
/// Output is held while the transport is full or the queue above its mark. Then the first two do
/// not run, where there is a `write_timeout`, and begin anew when all of it was taken.
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
    /// How long after one ping the next is sent, once that one was answered. Default: 20 s.
    pub ping_interval: Option<Duration>,
    /// How long the answer to a ping may take, from when the ping has left. Whatever comes after
    /// that is an answer. Default: 20 s. Then the connection is closed with 1011.
    pub pong_timeout: Option<Duration>,
    /// How long nothing at all may come from the peer, pongs included. Default: never. Then the
    /// connection is closed with 1001.
    pub idle_timeout: Option<Duration>,
    /// How long output may wait of which the transport takes no byte, while the peer sends no
    /// message either. Default: 60 s. Then the connection is closed with 1011; after
    /// `close_timeout` the transport is dropped.
    ///
    /// A peer that sends messages is given the time to do so: it may push back, and not read before
    /// what it sends has left. Pings and pongs are no reason not to read. One that sends or takes a
    /// little now and then is bounded by `drain_timeout`.
    ///
    /// Choose it longer than a healthy transport rests. A kernel says that a socket can be written
    /// again when a third of its buffer is free: with a buffer of 4 MB and a line of 64 KiB/s that
    /// takes 20 s. With `None` a peer that reads nothing holds its connection and its queue for
    /// ever.
    pub write_timeout: Option<Duration>,
    /// How long the closing handshake may take from when our Close frame has left, and then the end
    /// of the transport. It never cuts off what was queued before the Close. Default: 10 s. Then
    /// the transport is dropped. With `None` only `drain_timeout` ever drops it.
    ///
    /// Where the transport was full before, `pong_timeout` is added: for so long what it holds may
    /// be on its way.
    pub close_timeout: Option<Duration>,
    /// How long output may wait without all of it having been taken once, however well it moves:
    /// the absolute bound against a peer that takes a byte a second. Default: never. Then the
    /// connection is closed with 1011, or, when it is closing already, the transport is dropped.
    ///
    /// It ends a healthy connection too that is never drained for so long: choose it for your
    /// slowest line and your largest queue,
    /// [`Config::high_water_mark`](crate::Config::high_water_mark) and a message.
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
    /// The same, as they count.
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
