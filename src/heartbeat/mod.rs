//! Time, passed in as a value: pings and time-outs. [`Heartbeat`] has the contract.

mod clock;
mod deadline;
mod due;
mod timeouts;

use crate::connection::{Connection, Pulse};

use crate::event::Timeout;
use clock::{Clock, Moment};
use core::mem;
use core::time::Duration;
use due::{Due, give_up};

pub use deadline::Deadline;
pub use timeouts::Timeouts;

/// Pings a connection, and ends it if the peer does not answer. Each connection has one of its own.
///
/// [`Timeouts`] has the table of what it waits for. Before a time-out ends a connection, there is a
/// grace of at most a second in which the loop can read. So the calls within a turn can have any
/// order.
///
/// ```text
///   open      ping every interval ──► it has left ──► no byte for pong_timeout ──────┐
///             no byte of the peer for idle_timeout ──────────────────────────────────┼─► Close, Closed
///             output waits ──► none of it moves for write_timeout ───────────────────┘
///   closing   our Close has left, or write_timeout is over ──► close_timeout ──────────► drop the transport
///   both      output waits ──► not all of it was taken after drain_timeout ────────────► the same
///   handshake not done within its `Deadline`, however many bytes came
/// ```
///
/// ```
/// use sockless::{
///     Extensions, Cause, Config, Connection, Event, Heartbeat, Input, Endpoint, Timeout, Timeouts,
/// };
/// use std::time::Duration;
///
/// let mut connection = Connection::server(Extensions::default(), Config::default());
/// let mut heartbeat = Heartbeat::new(Timeouts::default());
/// let at = Duration::from_secs;
///
/// assert_eq!(heartbeat.poll(at(0), &mut connection), Some(at(20)));
/// // A ping is due, and queued.
/// heartbeat.poll(at(20), &mut connection);
/// assert!(connection.transmit().pop().is_some());
/// // The ping has left, and the answer may take 20 s.
/// assert_eq!(heartbeat.poll(at(20), &mut connection), Some(at(40)));
/// // No answer came. The loop has a second to read what the socket may hold.
/// assert_eq!(heartbeat.poll(at(40), &mut connection), Some(at(41)));
/// assert!(connection.is_open());
/// heartbeat.poll(at(41), &mut connection);
/// let Some(Event::Closed(close_event)) = connection.poll(&mut Input::empty()) else { panic!() };
/// assert_eq!(close_event.cause, Cause::Timeout(Timeout::Pong));
/// ```
///
/// # What counts as life
///
/// - New bytes from the peer. A part of a frame that waits in the input counts once.
/// - Bytes that a full transport takes: it had refused some and has room again, so the peer reads.
///   While output is held, because the transport is full or the queue is above its mark, only
///   `write_timeout` counts, if there is one. The reason: a pong may be behind all that the
///   transport holds, or the loop may have stopped reading, to push back.
/// - For `write_timeout`, messages from the peer count too: it may have stopped reading, to push
///   back itself.
/// - Bytes that a transport takes at once do not count: a kernel's buffer takes megabytes for a
///   dead peer.
///
/// A transport is full after a write that failed, with "would block" for example, or that took less
/// than it was shown. It stays so until it has taken everything.
///
/// # Order and gaps
///
/// The crate has no clock. `now` is the time since a moment of your choice, the same for all calls.
/// Call `poll` once in each turn of the loop, and at the latest at the deadline that it gave. What
/// happened since the last call counts as if it happened now. So a time-out is never early; and it
/// is late by at most the time between two calls and the grace.
///
/// A call that finds a time-out due does not end the connection, because the peer's bytes may be in
/// the socket, behind a slow handler. It begins a grace, in which the loop can read: 1 s, or the
/// time-out itself if that is shorter. The end of the grace is the next deadline. The call at that
/// deadline ends the connection, unless something has put the time-out off.
///
/// If that call is more than 50 ms late, the loop was busy and may not have read, so a grace begins
/// again. This can repeat for as long as the time-out, or 4 s if that is longer. A loop that is
/// always late therefore notices a dead peer later.
///
/// A call more than a minute after its deadline means that the program was suspended, by a debugger
/// or with its laptop. That time does not count. Do not call `poll` by a timer of your own that is
/// slower than its deadlines.
///
/// If `now` goes back, time stands still until it has caught up, and nothing becomes due. The
/// deadline that is given is always later than `now`.
///
/// # Back-pressure
///
/// Stop producing while [`above_high_water`](Connection::above_high_water) is true. If what you
/// send answers what you read, stop reading and polling for events too. Go on writing and calling
/// `Heartbeat::poll`. Nothing else is needed. While you do not read, you see nothing of the peer,
/// not even its Close frame.
///
/// A loop may also stop reading for another reason, such as a proxy whose far side is full. It then
/// calls [`paused`](Heartbeat::paused) in each turn in which it does not read.
///
/// On a real socket, a pong waits behind what the kernel has buffered, on this side and on the
/// peer's. Keep that below what the line carries in `pong_timeout`: on Linux with
/// `TCP_NOTSENT_LOWAT`, elsewhere with `SO_SNDBUF`.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    timeouts: Timeouts,
    clock: Clock,
    /// When the peer gave its last sign of life; none before the first call.
    alive: Option<Moment>,
    /// Since when the time to the next ping runs.
    pinged: Moment,
    /// The last ping, until its round trip is known.
    ping: Option<Ping>,
    /// Whether nothing has answered it.
    waiting: bool,
    /// The last ping's payload.
    number: u32,
    round_trip: Option<Duration>,
    output: Option<Output>,
    /// Whether the transport was full at the last call,
    full: bool,
    /// or the queue above its mark.
    held: bool,
    /// Whether the transport was full at the last call or the one before.
    filled: bool,
    /// Whether the loop did not read since the last call.
    paused: bool,
    /// When nothing was left to be written of a connection that closes.
    written: Option<Moment>,
    grace: Option<Grace>,
}

#[derive(Clone, Copy, Debug)]
struct Ping {
    /// When it was seen last not to have left.
    waited: Moment,
    /// When it was seen first to have left.
    left: Option<Moment>,
}

/// Output that waits.
#[derive(Clone, Copy, Debug)]
struct Output {
    /// Since when it does, without having been taken whole.
    since: Moment,
    /// When bytes moved last, in either direction, or it began to wait.
    moved: Moment,
}

/// A time-out was found due. The loop may read before it counts.
#[derive(Clone, Copy, Debug)]
struct Grace {
    first: Moment,
    since: Moment,
}

/// How long a grace is at most, and how soon it is looked whether what should leave has left.
const GRACE: Duration = Duration::from_secs(1);
impl Heartbeat {
    /// A heartbeat that begins with the first call of [`poll`](Self::poll).
    #[must_use]
    pub fn new(timeouts: Timeouts) -> Self {
        Self {
            timeouts: timeouts.counted(),
            clock: Clock::default(),
            alive: None,
            pinged: Moment::default(),
            ping: None,
            waiting: false,
            number: 0,
            round_trip: None,
            output: None,
            full: false,
            held: false,
            filled: false,
            paused: false,
            written: None,
            grace: None,
        }
    }

    /// Does what is due, and gives the moment at which to call it again at the latest. `None`:
    /// neither a ping nor a time-out will become due.
    ///
    /// Call it as the last thing before the loop waits. Then ask for the next step: a time-out is an
    /// [`Event::Closed`](crate::Event::Closed) to poll, a ping is to be written.
    pub fn poll(&mut self, now: Duration, connection: &mut Connection) -> Option<Duration> {
        let now = self.clock.tick(now);
        self.feel(now, connection.take_pulse());
        let due = self.act(now, connection);
        self.clock.promise(due)
    }

    /// Tells it that the loop has not read since the last call of [`poll`](Self::poll), so that
    /// nothing came does not mean that the peer is silent. Call it before `poll` in each turn
    /// without a read.
    ///
    /// It is not needed for a queue above its mark: see [`Connection::above_high_water`].
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Heartbeat, Endpoint, Timeouts};
    /// use std::time::Duration;
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// let mut heartbeat = Heartbeat::new(Timeouts::default());
    /// for second in 0..1000 {
    ///     heartbeat.paused();
    ///     heartbeat.poll(Duration::from_secs(second), &mut connection);
    ///     while connection.transmit().pop().is_some() {}
    /// }
    /// assert!(connection.is_open(), "its pongs may lie in the socket");
    /// ```
    pub fn paused(&mut self) {
        self.paused = true;
    }

    /// How long the last answer to a ping took: its pong, or one to a later ping. `None`: none has
    /// come yet. It is measured between calls of `poll`: from the last one before the ping was seen
    /// to have left, to the one that saw the answer.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Heartbeat, Input, Endpoint, Seed, Timeouts};
    /// use std::time::Duration;
    ///
    /// let seed = Seed::new([7; 32]);
    /// let mut connection = Connection::client(seed, Extensions::default(), Config::default());
    /// let mut heartbeat = Heartbeat::new(Timeouts::default());
    /// heartbeat.poll(Duration::ZERO, &mut connection);
    /// heartbeat.poll(Duration::from_secs(20), &mut connection);
    /// assert!(connection.transmit().pop().is_some(), "a ping of four bytes, 1 at first");
    ///
    /// let mut read = *b"\x8a\x04\0\0\0\x01";
    /// assert!(connection.poll(&mut Input::new(&mut read)).is_some());
    /// heartbeat.poll(Duration::from_millis(20_030), &mut connection);
    /// assert_eq!(heartbeat.round_trip(), Some(Duration::from_millis(30)));
    /// ```
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Takes in what happened since the last call.
    fn feel(&mut self, now: Moment, pulse: Pulse) {
        if self.alive.is_none() {
            self.pinged = now;
        }
        let paused = mem::take(&mut self.paused);
        let held = pulse.full || pulse.above;
        let moved = pulse.taken && (self.full || self.held && !held);
        if pulse.heard || paused || self.alive.is_none() || moved {
            self.alive = Some(now);
        }
        self.filled = self.full || pulse.full;
        (self.full, self.held) = (pulse.full, held);
        self.output = match self.output {
            _ if !pulse.queued => None,
            None => Some(Output { since: now, moved: now }),
            Some(_) if pulse.drained => Some(Output { since: now, moved: now }),
            // A peer that sends may have stopped reading until what it sends has left.
            Some(Output { since, .. }) if pulse.taken || pulse.said => {
                Some(Output { since, moved: now })
            }
            output => output,
        };
        if let Some(Ping { waited, left }) = &mut self.ping {
            // §5.5.3: a pong may be one to a later ping, or an unasked one. Whatever comes behind
            // the ping shows that the peer lives.
            self.waiting &= !(pulse.answered || pulse.heard && left.is_some());
            let gone = pulse.drained || !pulse.control_waits;
            if !pulse.awaits_pong {
                self.round_trip = Some(now.since(*waited));
                self.ping = None;
            } else if gone {
                left.get_or_insert(now);
            } else if left.is_none() {
                *waited = now;
            }
        }
    }

    /// Does what is due, and gives what will be due next.
    fn act(&mut self, now: Moment, connection: &mut Connection) -> Option<Moment> {
        if connection.is_open() && self.ping_due().is_some_and(|due| due <= now) {
            self.send_ping(now, connection);
        }
        while !connection.is_done() {
            let open = connection.is_open();
            let (due, look) = if open { self.open() } else { self.closing(now, connection) };
            let Some(Due { allowed, timeout, .. }) = due.filter(|due| due.at <= now) else {
                self.grace = None;
                let look = Some(now.plus(GRACE)).filter(|_| look);
                let ping = self.ping_due().filter(|_| open);
                return [due.map(|due| due.at), look, ping].into_iter().flatten().min();
            };
            if let Some(end) = self.grace(now, allowed) {
                return Some(end);
            }
            if timeout == Timeout::Close {
                connection.handle_timeout();
                return None;
            }
            give_up(connection, timeout);
        }
        None
    }

    fn send_ping(&mut self, now: Moment, connection: &mut Connection) {
        let number = self.number.wrapping_add(1);
        self.pinged = now;
        if connection.beat(number.to_be_bytes()) {
            (self.number, self.waiting) = (number, true);
            self.ping = Some(Ping { waited: now, left: None });
        }
    }

    /// One ping waits for its answer at a time. Without a `pong_timeout`, a lost pong does not stop
    /// the pings.
    fn ping_due(&self) -> Option<Moment> {
        let interval = self
            .timeouts
            .ping_interval
            .filter(|_| !self.waiting || self.timeouts.pong_timeout.is_none())?;
        self.pinged.after(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_heartbeat_is_small() {
        assert_eq!(size_of::<Heartbeat>(), 232);
    }
}
