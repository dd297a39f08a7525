//! Any order of all that can be called on a connection, direct reads, lent buffers and frames that
//! are kept until they are whole among them: what it holds stays within what its limits and what
//! came allow, its queue within its mark and one message, every call makes progress, and in the end
//! nothing is held.

mod kept;
mod ops;
#[path = "../support/mod.rs"]
mod support;

use bytes::{Buf, BufMut};
use kept::Keeper;
use ops::{Ending, Op, Peer, op};
use proptest::prelude::*;
use sockless::{
    Buffers, CloseCode, Config, Connection, Delivery, Endpoint, Event, Extensions, Heartbeat,
    Input, MessageKind, PreparedMessage, SendError,
};
use std::time::Duration;
use support::SIDES;
use support::alloc::{Count, Counting, counted};
use support::random::cases;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MAX_MESSAGE: usize = 256 << 10;
const UPPER_MARK: usize = 20_000;
/// The longest message that is sent.
const LONGEST: usize = 80_000;
/// Pongs that wait, with one that is being replaced, and a Close frame.
const CONTROL: usize = 4096 + 2 * 131;
/// The control frame that a read had cut.
const CONTROL_FRAME: usize = 126;
/// What a buffer on loan may keep: there are two.
const LENT: usize = 4 << 10;
/// What a queue keeps beside what waits in it: room for the first frame of the next batch, for
/// pongs, and for what a client masks.
const QUEUE: usize = (16 << 10) + (16 << 10) + (32 << 10);
/// A compressor, a decompressor and what was last said in both directions.
const COMPRESSION: usize = (450 << 10) + (128 << 10) + 2 * (64 << 10);

/// A connection, and what it holds.
struct Watched {
    peer: Peer,
    connection: Connection,
    buffers: Buffers,
    /// Whether they are on loan, and were ever.
    lends: bool,
    lent: bool,
    /// What is read to, if that keeps what is cut.
    keeper: Option<Keeper>,
    heartbeat: Heartbeat,
    now: Duration,
    /// The message that is being sent.
    sends: usize,
    /// The bytes that it and the buffers have on the heap.
    held: i64,
    /// How many bytes have come since the last message ended, of one that is under way or not, but
    /// for those that are kept for it.
    come: usize,
    /// How many bytes were queued at most since none were.
    queued: usize,
    closed: bool,
}

impl Watched {
    /// Calls it, with buffers on loan or without, and counts what it allocates. Nothing that it
    /// allocates leaves the call.
    fn call<T>(&mut self, call: impl FnOnce(&mut Connection) -> T) -> T {
        let (result, count) = counted(|| match self.lends {
            true => call(&mut self.buffers.lend(&mut self.connection)),
            false => call(&mut self.connection),
        });
        self.count(count);
        result
    }

    /// Likewise polls it; a buffer on loan goes back with the event.
    fn poll(&mut self, input: &mut Input<'_>) -> Option<Told> {
        let (told, count) = counted(|| {
            if self.lends {
                let mut connection = self.buffers.lend(&mut self.connection);
                let event = connection.poll(input)?;
                let told = Told::from(&event);
                connection.reclaim(event);
                return Some(told);
            }
            self.connection.poll(input).as_ref().map(Told::from)
        });
        self.count(count);
        told
    }

    fn count(&mut self, count: Count) {
        self.queued = self.queued.max(self.connection.queued());
        let (peak, bound) = (self.held + count.peak, self.bound());
        assert!(
            peak <= bound,
            "{peak} bytes, of {bound}: {} came, {} were queued",
            self.come,
            self.queued
        );
        if self.connection.queued() == 0 && !self.lends {
            self.queued = 0;
        }
        self.held += count.live;
    }

    /// What may be held. Of a message under way that is nine times of what came, and no more than
    /// its limit, or twice of it if it comes in fragments; of the queue, whose room doubles and is
    /// closed up when half of it has left, four times of what it held; and what is about to be
    /// sent.
    fn bound(&self) -> i64 {
        let message = if self.peer.compresses {
            2 * MAX_MESSAGE + COMPRESSION
        } else {
            (9 * self.come).min(2 * MAX_MESSAGE)
        };
        let lent = if self.lent { 2 * LENT } else { 0 };
        (message + CONTROL_FRAME + 4 * self.queued + QUEUE + lent + self.sends) as i64
    }

    fn apply(&mut self, op: &Op) {
        let before = self.connection.queued();
        self.sends = match *op {
            Op::Text(len) | Op::Binary(len) | Op::Prepared(len) | Op::Part(len) | Op::Ping(len) => {
                len
            }
            _ => 0,
        };
        let mut sent = Err(SendError::Closed);
        match *op {
            Op::Feed(ref fed, read) => {
                let mut wire: Vec<u8> = fed.iter().flat_map(|fed| self.peer.bytes(*fed)).collect();
                wire.chunks_mut(read).for_each(|read| self.read(read));
            }
            Op::Direct(most) => {
                let mut missing = std::mem::take(&mut self.peer.missing);
                let kept = self.keeper.as_ref().map_or(0, Keeper::kept);
                let n = self.call(|connection| {
                    let Some(mut into) = connection.io().0 else { return 0 };
                    assert_eq!(kept, 0, "of a frame of which a part was consumed nothing is kept");
                    let n = into.remaining_mut().min(most).min(missing.len());
                    into.put_slice(&missing[..n]);
                    n
                });
                self.peer.missing = missing.split_off(n);
                self.come += n;
            }
            Op::Misuse => self.call(|connection| {
                connection.io().0.into_iter().for_each(|into| into.into_inner().truncate(1))
            }),
            Op::Text(len) => sent = self.call(|connection| connection.send_text("x".repeat(len))),
            Op::Binary(len) => sent = self.call(|connection| connection.send_binary(vec![7; len])),
            Op::Prepared(len) => {
                sent = self.call(|connection| {
                    connection.send_prepared(&PreparedMessage::binary(vec![7; len]))
                })
            }
            Op::Part(len) => {
                sent = self.call(|connection| {
                    let _ = connection.begin_message(MessageKind::Binary);
                    connection.write_fragment(&vec![7; len])
                });
            }
            Op::Finish => _ = self.call(Connection::finish_message),
            Op::Ping(len) => sent = self.call(|connection| connection.ping(&vec![b'!'; len])),
            Op::Write(most) => self.call(|connection| {
                let mut left = most;
                while left > 0 && connection.wants_write() {
                    let before = connection.queued();
                    let mut out = connection.transmit();
                    let n = out.chunk().len().min(left);
                    assert!(n > 0, "there is nothing to write, and yet it wants to");
                    out.advance(n);
                    left -= n;
                    assert_eq!(connection.queued(), before - n);
                }
            }),
            Op::Pop => self.call(|connection| {
                while connection.wants_write() {
                    let before = connection.queued();
                    let popped = connection.transmit().pop().map_or(0, |bytes| bytes.len());
                    assert!(popped > 0 && connection.queued() == before - popped);
                }
            }),
            Op::Lend(lends) => {
                self.lends = lends;
                self.lent |= lends;
            }
            Op::Rest => self.rest(),
            Op::Shrink => self.keeper.iter_mut().for_each(Keeper::shrink),
            Op::Beat(seconds) => {
                self.now += Duration::from_secs(seconds.into());
                let (now, mut heartbeat) = (self.now, self.heartbeat.clone());
                let due = self.call(|connection| heartbeat.poll(now, connection));
                assert!(due.is_none_or(|due| due > self.now));
                self.heartbeat = heartbeat;
            }
            Op::Shutdown => self.call(Connection::shutdown_done),
            Op::End(Ending::Close) => {
                _ = self.call(|connection| connection.close(Some(CloseCode::AWAY.into())))
            }
            Op::End(Ending::Eof) => self.call(Connection::handle_eof),
            Op::End(Ending::Error) => self.call(Connection::handle_error),
            Op::End(Ending::WriteError) => self.call(Connection::handle_write_error),
            Op::End(Ending::Timeout) => self.call(Connection::handle_timeout),
        }
        self.read(&mut []);
        if sent.is_ok() && self.sends > 0 {
            assert!(before <= UPPER_MARK, "{before} bytes were queued, and yet it took more");
        } else {
            let now = self.connection.queued();
            assert!(now <= before + CONTROL, "{now} bytes are queued, behind {before}");
        }
    }

    /// A read, or as many as it takes where it is read to what keeps something of it.
    fn read(&mut self, mut read: &mut [u8]) {
        let Some(mut keeper) = self.keeper.take() else {
            self.poll_all(Input::new(read), 0);
            return;
        };
        let most = keeper.most();
        loop {
            let n = keeper.fill(read);
            read = &mut read[n..];
            let left = self.poll_all(keeper.input(n), most);
            keeper.keep(left);
            if read.is_empty() {
                break;
            }
        }
        self.keeper = Some(keeper);
    }

    /// The end of a turn.
    fn rest(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            self.poll_all(keeper.rest(), 0);
            self.keeper = Some(keeper);
        }
    }

    /// Polls until there is nothing more: each event takes bytes, or tells some, or is the last.
    /// Fewer bytes than `most` may be left: how many are.
    fn poll_all(&mut self, mut input: Input<'_>, most: usize) -> usize {
        self.come += input.len();
        loop {
            let before = input.len();
            let Some(told) = self.poll(&mut input) else { break };
            assert!(!self.closed, "an event behind Closed");
            let taken = before - input.len();
            match told {
                Told::Message => self.come = input.len(),
                Told::Bytes(told) => assert!(taken + told > 0, "an event of nothing"),
                Told::Closed => self.closed = true,
            }
        }
        let left = input.len();
        assert!(left == 0 || left < most, "{left} bytes are left, of {most}");
        self.come -= left;
        assert!(self.poll(&mut Input::empty()).is_none());
        left
    }

    /// The end of the stream, if nothing has ended it, and all that waits is written: nothing is
    /// held.
    fn ends(mut self) {
        self.lends = false;
        self.apply(&Op::Rest);
        self.apply(&Op::End(Ending::Eof));
        self.apply(&Op::Pop);
        assert!(self.closed);
        let ((), count) = counted(|| drop(self.buffers));
        assert_eq!(self.held + count.live, 0, "{:?}", self.connection);
        self.keeper.into_iter().for_each(Keeper::ends);
    }
}

/// What an event brings.
enum Told {
    Message,
    Bytes(usize),
    Closed,
}

impl From<&Event<'_>> for Told {
    fn from(event: &Event<'_>) -> Self {
        match event {
            Event::Text(_) | Event::Binary(_) => Self::Message,
            Event::Chunk(chunk) => {
                Self::Bytes(chunk.data.as_bytes().len() + usize::from(chunk.last))
            }
            Event::Closed(_) => Self::Closed,
            _ => Self::Bytes(0),
        }
    }
}

/// What both ends could have agreed on.
fn extensions(compresses: bool) -> Extensions {
    let agreement = Extensions::default();
    #[cfg(feature = "deflate")]
    let agreement = {
        let mut agreement = agreement;
        agreement.deflate = compresses.then(Default::default);
        agreement
    };
    let _ = compresses;
    agreement
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn memory_and_queue_stay_within_their_bounds(
        side in prop::sample::select(&SIDES[..]),
        compresses in prop::sample::select(if cfg!(feature = "deflate") { &[false, true][..] } else { &[false][..] }),
        delivery in prop::sample::select(&[Delivery::Whole, Delivery::Chunks][..]),
        fragment_above in prop_oneof![Just(usize::MAX), Just(1000)],
        keeper in prop::option::of((prop_oneof![0..200_usize, 200..70_000_usize], prop_oneof![0..300_usize, 300..2 * MAX_MESSAGE])),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut config = Config::default();
        (config.limits.max_message, config.limits.max_frame, config.limits.max_fragments) = (MAX_MESSAGE as u64, MAX_MESSAGE as u64, 1000);
        (config.high_water_mark, config.low_water_mark) = (UPPER_MARK as u32, 5000);
        (config.delivery, config.fragment_above) = (delivery, fragment_above);
        let (connection, count) = counted(|| side.open_with(extensions(compresses), config));
        let mut watched = Watched {
            peer: Peer { side: side.other(), compresses, in_message: false, missing: Vec::new() },
            connection,
            buffers: Buffers::new(LENT),
            lends: false,
            lent: false,
            keeper: keeper.map(|(size, most)| Keeper::new(size, most)),
            heartbeat: Heartbeat::new(Default::default()),
            now: Duration::ZERO,
            sends: 0,
            held: count.live,
            come: 0,
            queued: 0,
            closed: false,
        };
        ops.iter().for_each(|op| watched.apply(op));
        watched.ends();
    }
}
