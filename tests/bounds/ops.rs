//! What can be called on a connection, and what a peer may send it: mostly what makes it hold
//! something.

use crate::bounds::{LONGEST, MAX_MESSAGE};
use crate::support::{BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, Side, TEXT};
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// The peer's bytes, in reads of so many.
    Feed(Vec<Fed>, usize),
    /// So many of the bytes that the peer has still to send, in one read.
    Rest(usize),
    Text(usize),
    Binary(usize),
    Prepared(usize),
    Part(usize),
    Finish,
    Ping(usize),
    Write(usize),
    Pop,
    /// Whether it is called and read in turns of the workspace.
    Turns(Turns),
    /// What large messages took is given back.
    Shrink,
    Beat(u8),
    Shutdown,
    End(Ending),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turns {
    None,
    /// One for all reads of an `Op`.
    Long,
    /// One for each of them.
    Short,
}

/// What ends it, sooner or later.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Close,
    Eof,
    Error,
    WriteError,
    Timeout,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fed {
    Text(usize),
    First(usize),
    Next(usize),
    Last,
    /// A frame of so many bytes, of which so many come.
    Begun(usize, usize),
    Ping(usize),
    /// So many of the longest.
    Pings(usize),
    Pong,
    /// The beginning of a ping.
    PingBegun,
    /// A compressed message of so many zeros.
    Compressed(usize),
    Close,
    Garbage(u8),
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let len = || prop_oneof![4 => 0..200_usize, 2 => 200..5000_usize, 1 => 5000..LONGEST];
    let fed = prop_oneof![
        4 => len().prop_map(Fed::Text),
        4 => len().prop_map(Fed::First),
        8 => prop_oneof![Just(0), Just(1), len()].prop_map(Fed::Next),
        3 => Just(Fed::Last),
        3 => (0..MAX_MESSAGE, 0..9000_usize).prop_map(|(len, came)| Fed::Begun(len, came)),
        6 => (0..=125_usize).prop_map(Fed::Ping),
        1 => (1..100_usize).prop_map(Fed::Pings),
        2 => Just(Fed::Pong),
        1 => Just(Fed::PingBegun),
        3 => prop_oneof![9 => 0..30_000_usize, 1 => 0..2 * MAX_MESSAGE].prop_map(Fed::Compressed),
    ];
    let end = prop::sample::select(
        &[Ending::Close, Ending::Eof, Ending::Error, Ending::WriteError, Ending::Timeout][..],
    );
    prop_oneof![
        12 => (prop::collection::vec(fed, 1..8), prop_oneof![1..40_usize, 40..70_000_usize]).prop_map(|(fed, read)| Op::Feed(fed, read)),
        6 => (1..100_000_usize).prop_map(Op::Rest),
        3 => len().prop_map(Op::Text),
        3 => len().prop_map(Op::Binary),
        2 => len().prop_map(Op::Prepared),
        3 => len().prop_map(Op::Part),
        2 => Just(Op::Finish),
        2 => (0..=126_usize).prop_map(Op::Ping),
        8 => prop_oneof![1..300_usize, 300..100_000_usize].prop_map(Op::Write),
        2 => Just(Op::Pop),
        4 => prop::sample::select(&[Turns::None, Turns::Long, Turns::Short][..]).prop_map(Op::Turns),
        1 => Just(Op::Shrink),
        3 => (0..25_u8).prop_map(Op::Beat),
        1 => Just(Op::Shutdown),
        1 => prop_oneof![
            4 => end.prop_map(Op::End),
            2 => prop_oneof![Just(Fed::Close), any::<u8>().prop_map(Fed::Garbage)].prop_map(|fed| Op::Feed(vec![fed], 1000)),
        ],
    ]
}

/// What a peer has begun: but for what is meant to be wrong, it keeps to the protocol.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) side: Side,
    pub(crate) compresses: bool,
    /// A message in fragments is under way.
    pub(crate) in_message: bool,
    /// What is left of the frame that has begun.
    pub(crate) missing: Vec<u8>,
}

impl Peer {
    /// The bytes of it, behind those that it has still to send.
    pub(crate) fn bytes(&mut self, fed: Fed) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.missing);
        bytes.extend(self.frame(fed));
        let cut = match fed {
            Fed::Begun(_, came) => 14 + came,
            Fed::PingBegun => 50,
            _ => bytes.len(),
        };
        self.missing = bytes.split_off(cut.min(bytes.len()));
        bytes
    }

    fn frame(&mut self, fed: Fed) -> Vec<u8> {
        match fed {
            // Between two fragments there is no other message.
            Fed::Text(len) | Fed::First(len) | Fed::Compressed(len) if self.in_message => {
                self.frame(Fed::Next(len % 1000))
            }
            Fed::Begun(..) if self.in_message => self.frame(Fed::Last),
            Fed::Next(len) if !self.in_message => self.frame(Fed::First(len)),
            Fed::Last if !self.in_message => self.frame(Fed::Text(0)),
            Fed::Compressed(len) if !self.compresses => self.frame(Fed::Text(len % 1000)),
            Fed::Text(len) => self.side.frame(TEXT, "é".repeat(len / 2).as_bytes()),
            Fed::First(len) => {
                self.in_message = true;
                self.side.frame(BINARY & MORE, &vec![7; len])
            }
            Fed::Next(len) => self.side.frame(CONTINUATION & MORE, &vec![7; len]),
            Fed::Last => {
                self.in_message = false;
                self.side.frame(CONTINUATION, b"")
            }
            Fed::Begun(len, _) => self.side.frame(BINARY, &vec![7; len]),
            Fed::Ping(len) => self.side.frame(PING, &vec![b'?'; len]),
            Fed::Pings(n) => self.side.frame(PING, &[b'?'; 125]).repeat(n),
            Fed::PingBegun => self.side.frame(PING, &[b'?'; 125]),
            Fed::Pong => self.side.frame(PONG, &[0, 0, 0, 1]),
            Fed::Compressed(len) => {
                let mut compressed = Vec::with_capacity(len + 1000);
                Compress::new(Compression::fast(), false)
                    .compress_vec(&vec![0; len], &mut compressed, FlushCompress::Sync)
                    .unwrap();
                self.side.frame(BINARY | 0x40, &compressed[..compressed.len() - 4])
            }
            Fed::Close => self.side.frame(CLOSE, b"\x03\xe8bye"),
            Fed::Garbage(byte) => vec![byte; 20],
        }
    }
}
