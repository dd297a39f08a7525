//! Slow lines, simulated: nobody who moves bytes is ever closed, and who moves none always is, by
//! his deadline.
//!
//! Two ends, each with a heartbeat of the default time-outs, drive the recipe for back-pressure of
//! `Heartbeat`'s documentation over a [`line`] with a send buffer, in steps of a tenth of a second.

mod line;

use crate::support::{SIDES, Side};
use line::Line;
use sockless::{
    Cause, CloseEvent, Config, Connection, Event, Extensions, Heartbeat, Input, Timeout, Timeouts,
};
use std::time::Duration;

const STEP: Duration = Duration::from_millis(100);

/// What an application does all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Habits {
    /// It sends messages, each as soon as there is room below its mark.
    says: bool,
    /// It sends a ping and an unasked pong each second.
    controls: bool,
    /// It answers each message, and so stops reading while it is above its mark.
    answers: bool,
}

const QUIET: Habits = Habits { says: false, controls: false, answers: false };

/// Where in a turn the loop looks at the time.
#[derive(Clone, Copy, Debug)]
enum Order {
    First,
    BeforeReading,
    Last,
    /// After each write, too.
    BetweenWrites,
    /// Only at the deadlines that it was given.
    AtDeadlines,
}

const ORDERS: [Order; 5] =
    [Order::First, Order::BeforeReading, Order::Last, Order::BetweenWrites, Order::AtDeadlines];

/// One end and its loop.
struct End {
    connection: Connection,
    heartbeat: Heartbeat,
    habits: Habits,
    order: Order,
    due: Option<Duration>,
    message: Vec<u8>,
    vectored: bool,
    got: u64,
    closed: Option<(Duration, CloseEvent)>,
}

impl End {
    fn new(
        side: Side,
        agreement: Extensions,
        habits: Habits,
        order: Order,
        message: usize,
    ) -> Self {
        // Text that deflate makes shorter, and not to nothing.
        let message = (0..message as u64)
            .map(|i| b"etaoin shrdlu"[((i * i / 7 + i) % 13) as usize])
            .collect();
        let connection = side.open_with(agreement, Config::default());
        let heartbeat = Heartbeat::new(Timeouts::default());
        Self {
            connection,
            heartbeat,
            habits,
            order,
            due: None,
            message,
            vectored: false,
            got: 0,
            closed: None,
        }
    }

    fn look(&mut self, now: Duration) {
        self.due = self.heartbeat.poll(now, &mut self.connection);
        self.hear(&mut [], now);
    }

    fn turn(&mut self, now: Duration, out: &mut Line, from: &mut Line) {
        let due = match self.order {
            Order::AtDeadlines => self.due.is_none_or(|due| due <= now),
            _ => true,
        };
        if due && matches!(self.order, Order::First | Order::AtDeadlines) {
            self.look(now);
        }
        self.say(now);
        self.write(now, out);
        if matches!(self.order, Order::BeforeReading) {
            self.look(now);
        }
        if !(self.habits.answers && self.connection.above_high_water()) {
            let mut read = from.read(64 << 10);
            self.hear(&mut read, now);
        }
        if matches!(self.order, Order::Last | Order::BetweenWrites) {
            self.look(now);
        }
        // What was heard and is due leaves before the loop sleeps.
        self.write(now, out);
    }

    fn say(&mut self, now: Duration) {
        if !self.connection.is_open() {
            return;
        }
        if self.habits.says && !self.connection.above_high_water() {
            self.connection.send_binary(self.message.as_slice()).unwrap();
        }
        if self.habits.controls && now.subsec_nanos() == 0 && !self.connection.above_high_water() {
            self.connection.ping(b"application").unwrap();
            self.connection.pong(b"unasked").unwrap();
        }
    }

    fn write(&mut self, now: Duration, line: &mut Line) {
        while self.connection.wants_write() {
            // One slice at a time, and several.
            self.vectored = !self.vectored;
            let mut out = self.connection.transmit();
            let written = if self.vectored {
                out.write_with(|slices| line.write_vectored(slices))
            } else {
                out.write_slice_with(|bytes| line.write(bytes))
            };
            if written.is_err() {
                return;
            }
            if matches!(self.order, Order::BetweenWrites) {
                self.look(now);
            }
        }
    }

    fn hear(&mut self, read: &mut [u8], now: Duration) {
        let mut input = Input::new(read);
        while let Some(event) = self.connection.poll(&mut input) {
            match event {
                Event::Binary(data) => {
                    self.got += data.len() as u64;
                    if self.habits.answers && self.connection.is_open() {
                        // One read may bring more than the queue takes; an answer less does no harm
                        // here.
                        let _ = self.connection.send_binary(data);
                    }
                }
                Event::Closed(close_event) => self.closed = Some((now, close_event)),
                _ => {}
            }
        }
    }
}

/// Both ends and the lines between them; the first is the one that a test is about.
struct Pair {
    ends: [End; 2],
    /// From each end to the other.
    lines: [Line; 2],
    now: Duration,
}

impl Pair {
    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            self.now += STEP;
            let [near, far] = &mut self.ends;
            let [to_far, to_near] = &mut self.lines;
            to_far.pass(STEP);
            to_near.pass(STEP);
            near.turn(self.now, to_far, to_near);
            far.turn(self.now, to_near, to_far);
        }
    }
}

/// All that an application can do at once.
fn habits() -> impl Iterator<Item = Habits> {
    (0..8).map(|bits| Habits {
        says: bits & 1 != 0,
        controls: bits & 2 != 0,
        answers: bits & 4 != 0,
    })
}

fn agreements() -> Vec<Extensions> {
    #[cfg(feature = "deflate")]
    {
        let mut agreed = Extensions::default();
        agreed.deflate = Some(Default::default());
        vec![Extensions::default(), agreed]
    }
    #[cfg(not(feature = "deflate"))]
    vec![Extensions::default()]
}

/// Bytes a second, for how long, and how long a message is.
const RATES: [(u64, u64, usize); 3] =
    [(10 << 10, 180, 4 << 10), (64 << 10, 100, 300 << 10), (1 << 20, 50, 1 << 20)];

/// What the line carries in so many seconds is how much its send buffer holds.
const BUFFERS: [u64; 3] = [0, 5, 19];

#[test]
fn nobody_who_moves_bytes_is_closed() {
    let (mut orders, mut buffers) = (ORDERS.into_iter().cycle(), BUFFERS.into_iter().cycle());
    for side in SIDES {
        for agreement in agreements() {
            for (rate, seconds, message) in RATES {
                for (near, far) in habits().flat_map(|near| habits().map(move |far| (near, far))) {
                    // Of the fast line, what tells it from the others.
                    let few = rate == 1 << 20 && (!near.says || far.controls || near.answers);
                    // And what is compressed where there is much of it.
                    let few = few
                        || agreement != Extensions::default() && (rate != 64 << 10 || !near.says);
                    // Two that answer each other's answers push back until nothing moves.
                    let deadlock = near.answers && far.answers && (near.says || far.says);
                    if few || deadlock {
                        continue;
                    }
                    let (order, buffer) = (orders.next().unwrap(), buffers.next().unwrap());
                    let line = || Line::new(rate, (rate * buffer) as usize);
                    let end = |side, habits| End::new(side, agreement, habits, order, message);
                    let ends = [end(side, near), end(side.other(), far)];
                    let mut pair = Pair { ends, lines: [line(), line()], now: Duration::ZERO };
                    pair.run(seconds);
                    let what =
                        format!("{side:?}, {rate} B/s, {buffer} s, {order:?}, {near:?}, {far:?}");
                    for (end, other) in [(0, 1), (1, 0)] {
                        assert_eq!(pair.ends[end].closed, None, "end {end}, {what}");
                        // Who fills his own queue whenever there is room reads nothing before he
                        // sends.
                        let (own, others) = (pair.ends[end].habits, pair.ends[other].habits);
                        let hears = others.says && !(own.says && own.answers);
                        assert!(
                            !hears || pair.ends[end].got > 0,
                            "end {end}, nothing arrived: {what}"
                        );
                    }
                }
            }
        }
    }
}

/// A cable is cut in the middle of it all. What the transport still takes at once is no sign of
/// life: a buffer of 4 MB hides nobody. What it refuses has the time of output.
#[test]
fn who_moves_no_bytes_is_closed_by_his_deadline() {
    let mut orders = ORDERS.into_iter().cycle();
    for side in SIDES {
        for (rate, _, message) in RATES {
            for near in habits().filter(|near| !near.answers) {
                for buffer in [0, 64 << 10, 4 << 20] {
                    let order = orders.next().unwrap();
                    let end = |side, habits| {
                        End::new(side, Extensions::default(), habits, order, message)
                    };
                    let ends = [end(side, near), end(side.other(), QUIET)];
                    let mut pair = Pair {
                        ends,
                        lines: [Line::new(rate, buffer), Line::new(rate, buffer)],
                        now: Duration::ZERO,
                    };
                    pair.run(25);
                    pair.lines.iter_mut().for_each(|line| line.dead = true);
                    pair.run(140);
                    let what = format!("{side:?}, {rate} B/s, {buffer}, {order:?}, {near:?}");
                    let (when, close_event) =
                        pair.ends[0].closed.clone().unwrap_or_else(|| panic!("not closed: {what}"));
                    // Its pings are 20 s apart, and what it is to look at it sees within a second.
                    let most = match close_event.cause {
                        Cause::Timeout(Timeout::Pong) => Duration::from_secs(25 + 20 + 20 + 3),
                        Cause::Timeout(Timeout::Write) => {
                            pair.lines[0].taken + Duration::from_secs(60 + 3)
                        }
                        _ => panic!("{close_event:?}, {what}"),
                    };
                    let least = Duration::from_secs(25 + 15);
                    assert!(
                        when > least && when < most,
                        "{when:?}, {most:?}, {close_event:?}, {what}"
                    );
                    // And the transport is dropped soon.
                    assert!(pair.ends[0].connection.is_done(), "not done: {what}");
                }
            }
        }
    }
}

/// A ticker to a dead peer: 1 kB ten times a second, all of it taken at once.
#[test]
fn a_buffer_of_4_mb_hides_no_dead_peer() {
    for side in SIDES {
        for order in ORDERS {
            let habits = Habits { says: true, ..QUIET };
            let ends = [
                End::new(side, Extensions::default(), habits, order, 1000),
                End::new(side.other(), Extensions::default(), QUIET, order, 0),
            ];
            let mut pair = Pair {
                ends,
                lines: [Line::new(1 << 20, 4 << 20), Line::new(1 << 20, 4 << 20)],
                now: Duration::ZERO,
            };
            pair.run(30);
            pair.lines.iter_mut().for_each(|line| line.dead = true);
            pair.run(44);
            let (_, close_event) = pair.ends[0]
                .closed
                .clone()
                .unwrap_or_else(|| panic!("not closed: {side:?} {order:?}"));
            assert_eq!(close_event.cause, Cause::Timeout(Timeout::Pong));
            assert!(!pair.lines[0].is_full());
        }
    }
}
