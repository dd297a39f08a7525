//! One end: a connection with its heartbeat, as its loop drives it, beside the model of it. `look`
//! compares them.

use crate::close_automaton::heart::Patience;
use crate::close_automaton::line::Line;
use crate::close_automaton::model::{Model, Told};
use crate::close_automaton::queue::Frame;
use crate::support::{self, CLOSE, PING, Side};
use sockless::{Config, Connection, Endpoint, Heartbeat, Input, Step};
use std::time::Duration;

/// So late is no loop, but a program that stood still.
const STANDING_STILL: Duration = Duration::from_secs(60);

/// One end.
pub(crate) struct End {
    pub(crate) side: Side,
    pub(crate) connection: Connection,
    pub(crate) heartbeat: Heartbeat,
    /// Its own time: the ends share no clock.
    pub(crate) now: Duration,
    pub(crate) due: Option<Duration>,
    pub(crate) model: Model,
    /// The payload of the heartbeat's last ping.
    pub(crate) number: u32,
    /// What is on its way to it.
    pub(crate) line: Line,
    /// What was written of the frame that has begun to leave.
    begun: Vec<u8>,
    /// The kinds of the frames that began to leave.
    wrote: Vec<u8>,
    closes: usize,
}

impl End {
    pub(crate) fn new(side: Side, max_discard: u64, patience: Patience) -> Self {
        let mut config = Config::default();
        config.max_discard = max_discard;
        let mut end = Self {
            side,
            connection: side.open(config),
            heartbeat: Heartbeat::new(patience.timeouts()),
            now: Duration::ZERO,
            due: None,
            model: Model::new(side, max_discard == 0, patience),
            number: 0,
            line: Line::new(side == Side::Server),
            begun: Vec::new(),
            wrote: Vec::new(),
            closes: 0,
        };
        end.due = end.heartbeat.poll(end.now, &mut end.connection);
        end
    }

    /// Whether such a frame of this end waits, or is on its way.
    pub(crate) fn has_under_way(&self, far: &Self, is: impl Fn(&Frame) -> bool) -> bool {
        self.model.queue.frames().chain(&far.line.frames).any(is)
    }

    pub(crate) fn may_go_wrong(&self, (first, payload): (u8, &[u8])) -> bool {
        !self.line.ends
            && self.line.is_whole()
            && !self
                .line
                .frames
                .iter()
                .any(|frame| frame.first == first && frame.payload == payload)
    }

    pub(crate) fn write(&mut self, far: &mut Self, n: usize) {
        assert!(!self.model.shut, "output behind the shutdown");
        let (mut bytes, mut refused) = (Vec::new(), false);
        let all = n == self.model.queue.len();
        while bytes.len() < n {
            let mut out = self.connection.transmit();
            let mut write = |slice: &[u8]| {
                let step = slice.len().min(n - bytes.len());
                bytes.extend_from_slice(&slice[..step]);
                step
            };
            // All in as few writes as it takes; a part, slice by slice.
            let written = if all {
                out.write_with(|slices| Ok::<_, ()>(slices.iter().map(|slice| write(slice)).sum()))
            } else {
                out.write_slice_with(|slice| {
                    let step = write(slice);
                    refused = step < slice.len();
                    Ok(step)
                })
            };
            assert!(written.is_ok_and(|step| step > 0), "{n} bytes are to be sent");
        }
        self.compare_output(&bytes);
        let began = self.model.queue.write(n, refused);
        self.model.heart.happened.wrote = true;
        self.model.heart.happened.emptied |= self.model.queue.is_empty();
        self.wrote.extend(began.iter().map(|frame| frame.first));
        far.line.send(&bytes, began);
        self.begun.extend(bytes);
        let left = self
            .model
            .queue
            .begun
            .as_ref()
            .map_or(0, |(frame, left)| frame.len(self.side == Side::Client) - left);
        self.begun.drain(..self.begun.len() - left);
    }

    /// Reads so many bytes, and polls for them; they may have come before an end of which it has
    /// heard already. What is left to be told.
    pub(crate) fn read(&mut self, n: usize) -> Vec<Told> {
        self.look_before_polls();
        let (mut bytes, heard) = self.line.take(n);
        let mut expected = self.model.hear(heard, self.number);
        expected.extend(self.model.runs_dry());
        let mut input = Input::new(&mut bytes);
        while let Some(event) = self.connection.poll(&mut input) {
            assert!(!expected.is_empty(), "{event:?} was not expected");
            assert_eq!(self.told(event), expected.remove(0));
        }
        assert!(input.is_empty(), "None means that all was consumed");
        expected
    }

    /// The transport takes nothing.
    pub(crate) fn refuse(&mut self) {
        support::look(&mut self.connection);
        self.model.queue.full = true;
    }

    /// Time passes until something is due, and so much more.
    pub(crate) fn tick(&mut self, late: Duration) {
        let due = self.due.unwrap();
        let seconds = (due - self.now).as_secs();
        self.now = due + late;
        // Of a program that stood still, that time does not count.
        let late = if late > STANDING_STILL { 0 } else { late.as_secs() };
        self.beat(seconds + late);
    }

    /// The heart looks, so many seconds after the last time.
    fn beat(&mut self, seconds: u64) {
        let next = self.number + 1;
        self.model.look(seconds, next);
        let ping = Frame::new(PING, &next.to_be_bytes());
        self.number += u32::from(self.model.queue.frames().any(|frame| *frame == ping));
        self.due = self.heartbeat.poll(self.now, &mut self.connection);
    }

    /// The rest of a turn of the loop: events, and the heart. `Closed` is told before it is done.
    pub(crate) fn turn(&mut self, mut expected: Vec<Told>) {
        self.look_before_polls();
        expected.extend(self.model.runs_dry());
        let mut events = Vec::new();
        for _ in 0..2 {
            while let Some(event) = self.connection.poll(&mut Input::empty()) {
                events.push(self.told(event));
            }
            self.beat(0);
            assert_eq!(self.model.lost, None, "of no time");
        }
        assert_eq!(events, expected);
        if self.model.queue.begun.is_none() {
            self.begun.clear();
        }
    }

    /// What holds between an end and the polls behind it, too.
    fn look_before_polls(&self) {
        let connection = &self.connection;
        assert_eq!(connection.wants_poll(), self.model.lost.is_some(), "Closed is to be told");
        assert_eq!(connection.is_open(), self.model.is_open());
        assert_eq!(connection.wants_read(), self.model.wants_read());
        if connection.wants_poll() {
            assert!(!connection.wants_shutdown(), "before Closed was told");
            assert_eq!(connection.step(false), Step::Poll);
        }
        assert!(self.closes == 1 || !connection.is_done(), "done before Closed was told");
    }

    fn told(&mut self, event: sockless::Event<'_>) -> Told {
        assert_eq!(self.closes, 0, "{event:?} behind Closed");
        let told = Told::from(event);
        self.closes += usize::from(matches!(told, Told::Closed(_)));
        told
    }

    /// Whether it is as its model, and what always holds does.
    pub(crate) fn look(&mut self) {
        let (connection, model) = (&mut self.connection, &self.model);
        let asks = |end: &dyn Endpoint| {
            assert!(!end.wants_poll(), "all was polled for");
            [end.wants_write(), end.wants_read(), end.wants_shutdown(), end.is_done()]
        };
        let expected =
            [!model.queue.is_empty(), model.wants_read(), model.wants_shutdown(), model.is_done()];
        assert_eq!(
            asks(connection),
            expected,
            "what it wants: to write, to read, to shut down, nothing"
        );
        assert_eq!(
            (connection.is_open(), connection.queued()),
            (model.is_open(), model.queue.len())
        );
        assert_eq!(
            self.due.map(|due| due - self.now),
            model.due().map(Duration::from_secs),
            "when something is due"
        );
        assert_eq!(self.heartbeat.round_trip(), model.heart.round_trip.map(Duration::from_secs));
        assert_eq!(self.closes == 1, model.close_event.is_some());

        let [write, read, shutdown, done] = expected;
        assert!(done != (write || read || shutdown), "done, or something is left to do");
        assert!(!(write && shutdown), "all is written before the shutdown");
        let close = self.wrote.iter().position(|first| *first == CLOSE);
        assert!(
            close.is_none_or(|at| at + 1 == self.wrote.len()),
            "one Close frame, and nothing behind it: {:x?}",
            self.wrote
        );
        assert!(
            !(close.is_some()
                && (connection.is_open()
                    || self.model.queue.frames().any(|frame| frame.first != CLOSE)))
        );
        // Who asks for the output has the next piece of it masked, and takes nothing.
        let _ = connection.transmit();
    }

    /// What is written is what the model says, in the same order: as much of it as this, which may
    /// end within a frame.
    fn compare_output(&self, bytes: &[u8]) {
        let wire = [&self.begun, bytes].concat();
        let masked = self.side == Side::Client;
        let mut shown = &wire[..];
        for frame in self.model.queue.frames() {
            let (len, n) = (frame.len(masked), frame.len(masked).min(shown.len()));
            let (first, rest) = shown.split_at(n);
            shown = rest;
            let header = len - frame.payload.len();
            // Of a header that was cut the rest comes, and is compared, with the frame's.
            if n >= header {
                let key = masked.then(|| <[u8; 4]>::try_from(&first[header - 4..header]).unwrap());
                if frame.is_long() {
                    assert!(frame.is_begun_by(first, key));
                } else {
                    let whole = support::frame(frame.first, &frame.payload, key);
                    assert_eq!(first, &whole[..n], "{:?}", self.model.queue);
                }
            }
            if n < len {
                break;
            }
        }
        assert!(shown.is_empty());
    }
}
