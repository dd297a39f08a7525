//! Any order of all that can be called on a connection, in turns of a workspace, where frames wait
//! until they are whole, or without: what both hold stays within what their limits and what came
//! allow, the queue within its mark and one message, every call makes progress, and in the end
//! nothing is held.

mod ops;
mod sums;

use crate::support::SIDES;
use crate::support::alloc::counted;
use crate::support::random::cases;
use ops::{Ending, Op, Peer, Turns, op};
use proptest::prelude::*;
use sockless::{
    CloseCode, Config, Connection, Delivery, Event, Extensions, Heartbeat, Input, MessageKind,
    PreparedMessage, SendError, Workspace,
};
use std::time::Duration;
use sums::Sums;

const MAX_MESSAGE: usize = 256 << 10;
const UPPER_MARK: usize = 20_000;
/// The longest message that is sent.
const LONGEST: usize = 80_000;
/// A workspace reads no fewer bytes at a time.
const SMALLEST: usize = 32;
/// Pongs that wait, with one that is being replaced, and a Close frame.
const CONTROL: usize = 4096 + 2 * 131;

/// A connection, and what it and its workspace hold.
struct Watched {
    peer: Peer,
    connection: Connection,
    workspace: Workspace,
    turns: Turns,
    sums: Sums,
    heartbeat: Heartbeat,
    now: Duration,
    closed: bool,
}

impl Watched {
    /// Calls it, in a turn or without, and counts what that allocates.
    fn call<T>(&mut self, call: impl FnOnce(&mut Connection) -> T) -> T {
        let (result, count) = counted(|| match self.turns {
            Turns::None => call(&mut self.connection),
            _ => call(self.workspace.turn(&mut self.connection).endpoint()),
        });
        self.sums.queued(&self.connection, self.turns != Turns::None);
        self.sums.count(count);
        self.sums.rests(&self.connection);
        result
    }

    fn apply(&mut self, op: &Op) {
        let before = self.connection.queued();
        let sends = match *op {
            Op::Text(len) | Op::Binary(len) | Op::Prepared(len) | Op::Part(len) | Op::Ping(len) => {
                len
            }
            _ => 0,
        };
        // A prepared message is shared, and that is on the heap too.
        self.sums.sends = sends + 300;
        let mut sent = Err(SendError::Closed);
        match *op {
            Op::Feed(ref fed, read) => {
                let wire: Vec<u8> = fed.iter().flat_map(|fed| self.peer.bytes(*fed)).collect();
                self.read(wire.chunks(read));
            }
            Op::Rest(most) => {
                let mut wire = std::mem::take(&mut self.peer.missing);
                self.peer.missing = wire.split_off(most.min(wire.len()));
                self.read(std::iter::once(&wire[..]));
            }
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
                    // Slice by slice, and several at once.
                    let mut out = connection.transmit();
                    let n = if left % 2 == 0 {
                        out.write_slice_with(|slice| Ok::<_, ()>(slice.len().min(left)))
                    } else {
                        out.write_with(|slices| {
                            let all: usize = slices.iter().map(|slice| slice.len()).sum();
                            Ok(all.min(left))
                        })
                    };
                    let n = n.unwrap();
                    assert!(n > 0, "there is nothing to write, and yet it wants to");
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
            Op::Turns(turns) => self.turns = turns,
            Op::Shrink => {
                let ((), count) = counted(|| self.workspace.shrink());
                self.sums.shrinks(count);
            }
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
        self.read(std::iter::once(&[][..]));
        if sent.is_ok() && sends > 0 {
            assert!(before <= UPPER_MARK, "{before} bytes were queued, and yet it took more");
        } else {
            let now = self.connection.queued();
            assert!(now <= before + CONTROL, "{now} bytes are queued, behind {before}");
        }
    }

    /// Reads, in turns or without.
    fn read<'r>(&mut self, reads: impl Iterator<Item = &'r [u8]>) {
        match self.turns {
            Turns::None => reads.for_each(|read| self.read_without(read)),
            Turns::Long => self.read_in_turn(reads),
            Turns::Short => reads.for_each(|read| self.read_in_turn(std::iter::once(read))),
        }
    }

    /// A read to a buffer of the loop's own.
    fn read_without(&mut self, read: &[u8]) {
        let mut read = read.to_vec();
        self.sums.come(read.len());
        // What an earlier turn has left is polled first, and does not count as this input's.
        let held = std::mem::take(&mut self.sums.left);
        let input = Input::new(&mut read);
        let left =
            poll_all(&mut self.connection, input, Some(held), &mut self.sums, &mut self.closed);
        assert_eq!(left, 0, "of an ordinary input nothing is left");
        self.sums.rests(&self.connection);
    }

    /// Reads in one turn, and more of them where there is too little room.
    fn read_in_turn<'r>(&mut self, reads: impl Iterator<Item = &'r [u8]>) {
        let Self { connection, workspace, sums, closed, .. } = self;
        let (mut turn, count) = counted(|| workspace.turn(connection));
        sums.turn(count);
        for mut read in reads {
            loop {
                let (n, count) = counted(|| {
                    let room = turn.read_buf();
                    assert!(!room.is_empty(), "a read of no bytes would be taken for the end");
                    let n = room.len().min(read.len());
                    room[..n].copy_from_slice(&read[..n]);
                    n
                });
                sums.read(count);
                read = &read[n..];
                sums.come(n);
                sums.waits(sums.left + n);
                let ((connection, input), count) = counted(|| turn.received(n));
                sums.read(count);
                assert_eq!(input.len(), sums.left, "what was left, and what came");
                let left = poll_all(connection, input, None, sums, closed);
                assert!(left == 0 || left < sums.most, "{left} bytes are left, of {}", sums.most);
                sums.left = left;
                if read.is_empty() {
                    break;
                }
            }
        }
        let ((), count) = counted(|| drop(turn));
        sums.count(count);
        sums.rests(connection);
    }

    /// The end of the stream, if nothing has ended it, and all that waits is written: nothing is
    /// held.
    fn ends(mut self) {
        self.turns = Turns::None;
        self.apply(&Op::End(Ending::Eof));
        self.apply(&Op::Pop);
        assert!(self.closed);
        self.apply(&Op::Shrink);
        assert_eq!(self.sums.held, self.sums.size as i64, "{:?}", self.connection);
        let ((), count) = counted(|| drop(self.workspace));
        assert_eq!(self.sums.held + count.live, 0);
    }
}

/// Polls until there is nothing more: each event takes bytes, of the input or, out of a turn, of the
/// `held` ones, or tells some, or is the last. How many bytes of the input are left.
fn poll_all(
    connection: &mut Connection,
    mut input: Input<'_>,
    held: Option<usize>,
    sums: &mut Sums,
    closed: &mut bool,
) -> usize {
    let (in_turn, mut held) = (held.is_none(), held.unwrap_or(0));
    loop {
        let before = input.len();
        let (told, count) = counted(|| connection.poll(&mut input).as_ref().map(Told::from));
        sums.queued(connection, in_turn);
        sums.count(count);
        let Some(told) = told else { break };
        assert!(!*closed, "an event behind Closed");
        let taken = before - input.len();
        match told {
            Told::Message => sums.come = input.len() + held,
            Told::Bytes(0) if taken == 0 => {
                held = held.checked_sub(1).expect("an event of nothing");
            }
            Told::Bytes(_) => {}
            Told::Closed => *closed = true,
        }
    }
    assert!(connection.poll(&mut Input::empty()).is_none());
    input.len()
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
        fragment_above in prop_oneof![Just(u64::MAX), Just(1000)],
        size in prop_oneof![0..200_usize, 200..70_000_usize],
        most in prop_oneof![0..300_usize, 300..2 * MAX_MESSAGE],
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut config = Config::default();
        (config.limits.max_message, config.limits.max_frame, config.limits.max_fragments) = (MAX_MESSAGE as u64, MAX_MESSAGE as u64, 1000);
        (config.high_water_mark, config.low_water_mark) = (UPPER_MARK as u64, 5000);
        (config.delivery, config.fragment_above) = (delivery, fragment_above);
        let (connection, opened) = counted(|| side.open_with(extensions(compresses), config));
        let (workspace, made) = counted(|| Workspace::new(size, most));
        let size = size.max(SMALLEST);
        prop_assert_eq!((made.live, made.peak), (size as i64, size as i64));
        let mut watched = Watched {
            peer: Peer { side: side.other(), compresses, in_message: false, missing: Vec::new() },
            connection,
            workspace,
            turns: Turns::None,
            sums: Sums::new(size, most, compresses, opened.live + made.live),
            heartbeat: Heartbeat::new(Default::default()),
            now: Duration::ZERO,
            closed: false,
        };
        ops.iter().for_each(|op| watched.apply(op));
        watched.ends();
    }
}
