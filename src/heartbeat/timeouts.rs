//! How long is waited, and for what.

use core::time::Duration;

/// What a [`Heartbeat`](crate::Heartbeat) does when. `None`: never.
///
/// A duration below a millisecond, zero too, counts as a millisecond. One so long that its end cannot
/// be written as a [`Duration`], [`Duration::MAX`] for example, counts as `None`.
///
/// | time-out | default | runs from | is put off by | ends in |
/// |---|---:|---|---|---|
/// | `pong_timeout` | 20 s | when the ping has left | bytes of the peer; a transport that is full | Close 1011 |
/// | `idle_timeout` | never | what the peer sent last | the same | Close 1001 |
/// | `write_timeout` | 60 s | when output waits | bytes that move, in either direction | Close 1011 |
/// | `close_timeout` | 10 s | when our Close has left, or `write_timeout` is over | nothing | the transport is dropped |
/// | `drain_timeout` | never | when output waits | all of it having been taken | Close 1011; the transport is dropped |
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
    /// How long the answer to a ping may take, from when the ping has left. Whatever comes after that
    /// is an answer. Default: 20 s. Then the connection is closed with 1011.
    pub pong_timeout: Option<Duration>,
    /// How long nothing at all may come from the peer, pongs included. Default: never. Then the
    /// connection is closed with 1001.
    pub idle_timeout: Option<Duration>,
    /// How long output may wait while no byte moves: the transport takes none of it, and the peer sends
    /// none. Default: 60 s. Then the connection is closed with 1011.
    ///
    /// A peer that sends is given the time to do so: it may push back, and not read before what it
    /// sends has left. One that takes or sends a byte now and then is bounded by `drain_timeout`.
    ///
    /// Choose it longer than a healthy transport rests. A kernel says that a socket can be written
    /// again when a third of its buffer is free: with a buffer of 4 MB and a line of 64 KiB/s that
    /// takes 20 s. With `None` a peer that reads nothing holds its connection and its queue for ever.
    pub write_timeout: Option<Duration>,
    /// How long the closing handshake may take from when our Close frame has left, and then the end
    /// of the transport. It never cuts off what was queued before the Close. Default: 10 s. Then the
    /// transport is dropped.
    pub close_timeout: Option<Duration>,
    /// How long output may wait without all of it having been taken once, however well it moves: the
    /// absolute bound against a peer that takes a byte a second. Default: never. Then the connection is
    /// closed with 1011, or, when it is closing already, the transport is dropped.
    ///
    /// It ends a healthy connection too that is never drained for so long: choose it for your slowest
    /// line and your largest queue, [`Config::upper_mark`](crate::Config::upper_mark) and a message.
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
