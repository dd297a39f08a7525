//! What the tests share: frames written and read by a second, naive implementation, and ways to
//! feed a connection.
#![allow(dead_code, unreachable_pub)] // Each test file uses its own part.

pub mod alloc;
pub mod pair;
pub mod random;

use bytes::Buf;
use sockless::{Config, Connection, Endpoint, Event, Extensions, Input, Seed, Workspace};

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;
/// For the first byte of a frame: not the last fragment.
pub const MORE: u8 = 0x7f;
pub const CONTINUATION: u8 = 0x80;

/// Which end is under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Server,
    Client,
}

pub const SIDES: [Side; 2] = [Side::Server, Side::Client];

impl Side {
    pub fn other(self) -> Self {
        match self {
            Self::Server => Self::Client,
            Self::Client => Self::Server,
        }
    }

    /// An open connection of this side.
    pub fn open(self, config: Config) -> Connection {
        self.open_with(Extensions::default(), config)
    }

    /// The same, with extensions.
    pub fn open_with(self, agreed: Extensions, config: Config) -> Connection {
        match self {
            Self::Server => Connection::server(agreed, config),
            Self::Client => Connection::client(Seed::new([1; 32]), agreed, config),
        }
    }

    /// A frame as this side sends it.
    pub fn frame(self, first: u8, payload: &[u8]) -> Vec<u8> {
        frame(first, payload, (self == Self::Client).then_some([0x37, 0xfa, 0x21, 0x3d]))
    }
}

/// A frame, encoded naively.
pub fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut wire = vec![first];
    let bit = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        len @ 0..=125 => wire.push(bit | len as u8),
        len @ 126..=0xffff => {
            wire.push(bit | 126);
            wire.extend((len as u16).to_be_bytes());
        }
        len => {
            wire.push(bit | 127);
            wire.extend((len as u64).to_be_bytes());
        }
    }
    wire.extend(mask.iter().flatten());
    wire.extend(
        payload.iter().enumerate().map(|(i, byte)| byte ^ mask.map_or(0, |mask| mask[i % 4])),
    );
    wire
}

/// A frame, decoded naively.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub mask: Option<[u8; 4]>,
    pub payload: Vec<u8>,
}

/// All frames in `wire`, which must end with a whole one.
pub fn frames(mut wire: &[u8]) -> Vec<Frame> {
    let mut all = Vec::new();
    while wire.has_remaining() {
        let first = wire.get_u8();
        let second = wire.get_u8();
        let len = match second & 0x7f {
            126 => u64::from(wire.get_u16()),
            127 => wire.get_u64(),
            len => u64::from(len),
        };
        let mask = (second & 0x80 != 0).then(|| wire.get_u32().to_be_bytes());
        let payload = wire.copy_to_bytes(len as usize);
        let payload = payload
            .iter()
            .enumerate()
            .map(|(i, byte)| byte ^ mask.map_or(0, |mask| mask[i % 4]))
            .collect();
        all.push(Frame { first, mask, payload });
    }
    all
}

/// Feeds `bytes` as one read and gives the events.
pub fn feed(connection: &mut Connection, bytes: &[u8]) -> Vec<Event<'static>> {
    let mut read = bytes.to_vec();
    let mut input = Input::new(&mut read);
    let mut events = Vec::new();
    while let Some(event) = connection.poll(&mut input) {
        events.push(event.into_owned());
    }
    assert!(input.is_empty(), "None means that all was consumed");
    events
}

/// Feeds `bytes` in reads that end at `cuts`.
pub fn feed_cut(connection: &mut Connection, bytes: &[u8], cuts: &[usize]) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        events.extend(feed(connection, &bytes[from..to]));
        from = to;
    }
    events
}

/// Feeds `bytes` in reads that end at `cuts` or where there is no more room, in turns of a
/// workspace, which end after the reads that `ends` says, by their numbers, and after the last.
pub fn feed_in_turns(
    connection: &mut Connection,
    workspace: &mut Workspace,
    bytes: &[u8],
    cuts: &[usize],
    ends: impl Fn(usize) -> bool,
) -> Vec<Event<'static>> {
    let (mut events, mut from, mut read) = (Vec::new(), 0, 0);
    let reads: Vec<_> = cuts.iter().copied().chain([bytes.len()]).collect();
    while read < reads.len() {
        let mut turn = workspace.turn(connection);
        loop {
            let room = turn.read_buf();
            assert!(!room.is_empty(), "a read of no bytes would be taken for the end");
            let n = room.len().min(reads[read] - from);
            room[..n].copy_from_slice(&bytes[from..from + n]);
            from += n;
            let (connection, mut input) = turn.received(n);
            while let Some(event) = connection.poll(&mut input) {
                events.push(event.into_owned());
            }
            if from == reads[read] {
                read += 1;
                if read == reads.len() || ends(read - 1) {
                    break;
                }
            }
        }
    }
    events
}

/// Ways to cut `len` bytes into reads: whole, byte by byte, in two at every place, in three at
/// some.
pub fn cuts(len: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![], (1..len).collect()];
    all.extend((1..len).map(|cut| vec![cut]));
    let step = (len / 12).max(1);
    for a in (1..len).step_by(step) {
        all.extend((a + 1..len).step_by(step).map(|b| vec![a, b]));
    }
    all
}

/// All that is to be sent.
pub fn output(side: &mut dyn Endpoint) -> Vec<u8> {
    write(side, usize::MAX)
}

/// What a transport takes that has room for `most` bytes.
pub fn write(side: &mut dyn Endpoint, most: usize) -> Vec<u8> {
    let mut taken = Vec::new();
    while side.wants_write() && taken.len() < most {
        let written = side.transmit().write_slice_with(|bytes| {
            assert!(!bytes.is_empty());
            let n = bytes.len().min(most - taken.len());
            taken.extend_from_slice(&bytes[..n]);
            Ok::<_, ()>(n)
        });
        assert!(written.is_ok_and(|n| n > 0));
    }
    taken
}

/// A transport that takes at most so many bytes, and forgets them: nothing is allocated.
pub fn take(side: &mut dyn Endpoint, most: usize) {
    let mut left = most;
    while side.wants_write() && left > 0 {
        let taken = side.transmit().write_slice_with(|bytes| Ok::<_, ()>(bytes.len().min(left)));
        assert!(taken.is_ok_and(|n| n > 0));
        left -= taken.unwrap_or(0);
    }
}

/// The first slice of what is to be sent; a transport that takes none of it.
pub fn look(side: &mut dyn Endpoint) -> Vec<u8> {
    let mut seen = Vec::new();
    let _ = side.transmit().write_slice_with(|bytes| {
        seen = bytes.to_vec();
        Err::<usize, _>(())
    });
    seen
}

/// What an end of stream brings.
pub fn eof(connection: &mut Connection) -> Vec<Event<'static>> {
    connection.handle_eof();
    feed(connection, b"")
}

/// The same for one end of a pair.
pub fn eof_at(pair: &mut pair::Pair, side: Side) {
    let station = pair.both(side).0;
    station.events.extend(eof(&mut station.connection));
}
