//! What time does to one end, told a second time and naively: in whole seconds since something was
//! seen, and without a clock. The calls come as the loop makes them; what happened between two of
//! them is seen at the second.
//!
//! Open:
//! - A ping is due an interval behind the last one, once that one is answered. It is passed over if
//!   the last one's own pong is missing and a ping or a pong has not left.
//! - The peer lives: bytes of it came; a transport that was full took some; the loop did not read.
//! - A ping has left when no ping or pong waits any more. From then on any byte of the peer answers
//!   it, and so does a pong that comes while no ping or pong waits, or one of its own payload, or
//!   to a ping of the application behind it. The time of the pong runs from when the ping has left
//!   and from the last sign of life, whichever is later; that of silence from the last sign of
//!   life.
//! - With a write time-out, neither counts while the transport is full.
//! - Output may wait for the write time-out while none of it moves and no message comes, and for
//!   the drain time-out in any case.
//!
//! Closing: for the close time-out, from when all is written, and the time of a pong more if the
//! transport was full; or from when the write time-out is over; and
//! all is written within the drain time-out.
//!
//! What is due gets a grace of a second. One whose end is seen late begins again, for as long as
//! the time-out itself, and for four seconds at least. While a ping or a Close should leave, or the
//! transport is full, there is a look each second.

use crate::close_automaton::queue::Queue;
use sockless::{Timeout, Timeouts};
use std::time::Duration;

const GRACE: u64 = 1;
const AGAIN: u64 = 4;

/// The time-outs, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) ping: Option<u64>,
    pub(crate) pong: Option<u64>,
    pub(crate) idle: Option<u64>,
    pub(crate) close: Option<u64>,
    pub(crate) write: Option<u64>,
    pub(crate) drain: Option<u64>,
}

impl Patience {
    pub(crate) const NEVER: Self =
        Self { ping: None, pong: None, idle: None, close: None, write: None, drain: None };

    /// For each a number, in the order above.
    pub(crate) const fn all([ping, pong, idle, close, write, drain]: [u64; 6]) -> Self {
        let (ping, pong, idle) = (Some(ping), Some(pong), Some(idle));
        let (close, write, drain) = (Some(close), Some(write), Some(drain));
        Self { ping, pong, idle, close, write, drain }
    }

    pub(crate) fn timeouts(self) -> Timeouts {
        let seconds = |n: Option<u64>| n.map(Duration::from_secs);
        let mut timeouts = Timeouts::default();
        (timeouts.ping_interval, timeouts.pong_timeout) = (seconds(self.ping), seconds(self.pong));
        (timeouts.idle_timeout, timeouts.close_timeout) = (seconds(self.idle), seconds(self.close));
        (timeouts.write_timeout, timeouts.drain_timeout) =
            (seconds(self.write), seconds(self.drain));
        timeouts
    }
}

/// What happened since the heart looked last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Happened {
    pub(crate) heard: bool,
    /// Bytes of a message were among it.
    pub(crate) said: bool,
    pub(crate) paused: bool,
    pub(crate) wrote: bool,
    pub(crate) emptied: bool,
}

/// Seconds since …
#[derive(Clone, Debug)]
pub(crate) struct Heart {
    pub(crate) patience: Patience,
    pub(crate) happened: Happened,
    /// … the peer gave its last sign of life,
    alive: u64,
    /// … a ping was due,
    pinged: u64,
    /// … the last one was seen to have left, if it has;
    left: Option<u64>,
    /// … it was seen last not to have, until its round trip is known.
    stayed: Option<u64>,
    /// Nothing answered it.
    pub(crate) waiting: bool,
    /// A pong did, whatever is in it.
    answered: bool,
    /// Neither its own pong came, nor one to a ping behind it;
    asked: bool,
    /// and the application sent one.
    asked_behind: bool,
    /// How long the last answer took.
    pub(crate) round_trip: Option<u64>,
    /// Seconds since output waits, and since bytes moved last.
    output: Option<[u64; 2]>,
    /// The transport was full when it was looked last,
    full: bool,
    /// or the time before.
    filled: bool,
    /// … all was seen to be written of a connection that is not open,
    pub(crate) written: Option<i64>,
    /// … a time-out was found due first, and last.
    grace: Option<[u64; 2]>,
    /// In how many seconds something is due,
    firm: Option<u64>,
    /// and whether there is a look in a second besides.
    looks: bool,
}

/// What a time-out ends: in how many seconds, which, and how long it is.
type Due = (i64, Timeout, u64);

impl Heart {
    /// A heart that has looked once.
    pub(crate) fn new(patience: Patience) -> Self {
        Self {
            patience,
            happened: Happened::default(),
            alive: 0,
            pinged: 0,
            left: None,
            stayed: None,
            waiting: false,
            answered: false,
            asked: false,
            asked_behind: false,
            round_trip: None,
            output: None,
            full: false,
            filled: false,
            written: None,
            grace: None,
            firm: patience.ping.into_iter().chain(patience.idle).min(),
            looks: false,
        }
    }

    /// In how many seconds to look again.
    pub(crate) fn due(&self) -> Option<u64> {
        self.firm.into_iter().chain(self.looks.then_some(1)).min()
    }

    /// What a look a moment before that gives: the same, or a second from then.
    pub(crate) fn due_a_moment_early(&self, moment: Duration) -> Option<Duration> {
        let early = Duration::from_secs(self.due()?) - moment;
        let look = self.looks.then_some(early + Duration::from_secs(GRACE));
        self.firm.map(Duration::from_secs).into_iter().chain(look).min()
    }

    /// The application pings.
    pub(crate) fn pings_behind(&mut self) {
        self.asked_behind |= self.asked;
    }

    /// A pong comes: to the heart's last ping, or to the application's.
    pub(crate) fn pong(&mut self, own: bool, behind: bool, queue: &Queue) {
        let answers = self.asked && (own || self.asked_behind && behind);
        self.asked &= !answers;
        self.answered |= answers || !queue.control_waits();
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        let ages = [&mut self.alive, &mut self.pinged];
        let options = [&mut self.left, &mut self.stayed].into_iter().flatten();
        self.written = self.written.map(|written| written + seconds as i64);
        let pairs = [&mut self.output, &mut self.grace].into_iter().flatten().flatten();
        ages.into_iter().chain(options).chain(pairs).for_each(|age| *age += seconds);
    }

    /// Takes in what happened.
    pub(crate) fn feel(&mut self, queue: &Queue) {
        let Happened { heard, said, paused, wrote, emptied } = std::mem::take(&mut self.happened);
        if heard || paused || self.full && wrote {
            self.alive = 0;
        }
        if self.answered || heard && self.left.is_some() {
            self.waiting = false;
        }
        if self.stayed.is_some() && !self.asked {
            self.round_trip = self.stayed.take();
        } else if emptied || !queue.control_waits() {
            self.left = self.left.or(Some(0));
        } else if let (None, Some(stayed)) = (self.left, &mut self.stayed) {
            *stayed = 0;
        }
        self.output = match self.output {
            _ if queue.is_empty() => None,
            Some([since, _]) if (wrote || said) && !emptied => Some([since, 0]),
            Some(output) if !emptied => Some(output),
            _ => Some([0, 0]),
        };
        self.filled = self.full || queue.full;
        self.full = queue.full;
    }

    /// Whether a ping is sent now.
    pub(crate) fn pings(&mut self, queue: &Queue) -> bool {
        let due = self.patience.ping.is_some_and(|ping| self.pinged >= ping);
        if !due || self.waiting && self.patience.pong.is_some() {
            return false;
        }
        self.pinged = 0;
        if self.asked && queue.control_waits() {
            return false;
        }
        (self.waiting, self.asked, self.asked_behind, self.answered) = (true, true, false, false);
        (self.left, self.stayed) = (None, Some(0));
        true
    }

    /// What an open end gives up for. `None`: nothing yet, and `due` says when to look again.
    pub(crate) fn open(&mut self) -> Option<Timeout> {
        let of = |timeout, since: Option<u64>, allowed: Option<u64>| {
            Some((left(since?, allowed?), timeout, allowed?))
        };
        let Patience { ping, pong, idle, write, drain, .. } = self.patience;
        let silent = Some(self.alive).filter(|_| !self.full || write.is_none());
        let unanswered =
            silent.zip(self.left).filter(|_| self.waiting).map(|(silent, left)| silent.min(left));
        let dues = [
            of(Timeout::Pong, unanswered, pong),
            of(Timeout::Idle, silent, idle),
            of(Timeout::Write, self.output.map(|output| output[1]), write),
            of(Timeout::Write, self.output.map(|output| output[0]), drain),
        ];
        let ping = ping.filter(|_| !self.waiting || pong.is_none()).map(|ping| ping - self.pinged);
        self.looks = self.full || self.waiting && self.left.is_none() && pong.is_some();
        self.over(&dues, ping)
    }

    /// Whether an end that is not open drops its transport. `false`: not yet, likewise.
    pub(crate) fn closing(&mut self, all_is_written: bool) -> bool {
        let Patience { pong, write, drain, close, .. } = self.patience;
        if all_is_written {
            // What a full transport held is on its way for as long as a pong may be.
            let on_its_way = pong.filter(|_| self.filled).unwrap_or_default();
            self.written = self.written.or(Some(-(on_its_way as i64)));
        } else {
            self.output = self.output.or(Some([0, 0]));
        }
        self.looks = self.written.is_none() && close.is_some();
        let [since, moved] = self.output.unwrap_or_default();
        let over = match (self.written, write) {
            (Some(written), _) => Some(-written),
            (None, write) => write.map(|write| left(moved, write)),
        };
        let closed =
            over.zip(close).map(|(over, close)| (over + close as i64, Timeout::Close, close));
        let drained = drain.filter(|_| self.written.is_none());
        let dues = [closed, drained.map(|drain| (left(since, drain), Timeout::Close, drain))];
        self.over(&dues, None).is_some()
    }

    /// The first of these, if it is due and its grace is over.
    fn over(&mut self, dues: &[Option<Due>], ping: Option<u64>) -> Option<Timeout> {
        let first = dues.iter().flatten().min_by_key(|due| due.0);
        let Some((_, timeout, allowed)) = first.filter(|due| due.0 <= 0) else {
            self.grace = None;
            self.firm = first.map(|due| due.0 as u64).into_iter().chain(ping).min();
            return None;
        };
        let [found, mut last] = self.grace.unwrap_or_default();
        if last > GRACE && found <= AGAIN.max(*allowed) {
            last = 0;
        }
        if last >= GRACE {
            self.grace = None;
            return Some(*timeout);
        }
        self.grace = Some([found, last]);
        (self.firm, self.looks) = (Some(GRACE - last), false);
        None
    }

    /// When the peer gave its last sign of life, if anything depends on it.
    pub(crate) fn alive_if_asked_for(&self) -> Option<u64> {
        let behind = self.waiting && self.left.is_some_and(|left| self.alive < left);
        Some(self.alive)
            .filter(|_| self.patience.idle.is_some() || behind && self.patience.pong.is_some())
    }

    /// What can make a difference later.
    pub(crate) fn digest(&self, open: bool) -> impl std::hash::Hash + use<> {
        let [since, moved] = self.output.map_or([None; 2], |output| output.map(Some));
        let output = (
            moved.filter(|_| self.patience.write.is_some()),
            since.filter(|_| self.patience.drain.is_some()),
        );
        let ping = self.waiting.then_some((self.left, self.answered));
        let asked = self.asked.then_some(self.asked_behind);
        let life = open.then_some((self.alive_if_asked_for(), self.pinged, ping, asked, self.full));
        let filled = self.filled && self.written.is_none();
        (life, self.written, self.written.is_none().then_some((output, filled)), self.grace)
    }
}

/// In how many seconds it is as long as allowed.
fn left(since: u64, allowed: u64) -> i64 {
    allowed as i64 - since as i64
}
