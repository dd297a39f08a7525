//! The other end: a plain socket, and WebSocket by hand. All of its waits have an end, and it
//! expects never to be reset.

use crate::support::{BINARY, CLOSE, Frame, Side};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long it waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Peer {
    side: Side,
    pub(crate) stream: TcpStream,
    /// What it has read.
    wire: Vec<u8>,
}

/// Our end's socket, and the peer of it. The client is who connects.
pub(crate) fn connect(ours: Side) -> (TcpStream, Peer) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    let (server, _) = listener.accept().expect("one waits");
    let (socket, stream) = match ours {
        Side::Server => (server, client),
        Side::Client => (client, server),
    };
    (socket, Peer::new(ours.other(), stream))
}

impl Peer {
    pub(crate) fn new(side: Side, stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("it is not zero");
        Self { side, stream, wire: vec![] }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("our end takes it");
    }

    /// Sends all of it from a thread of its own.
    pub(crate) fn flood(&self, bytes: Vec<u8>) -> JoinHandle<io::Result<()>> {
        let mut stream = self.stream.try_clone().expect("a descriptor");
        thread::spawn(move || stream.write_all(&bytes))
    }

    pub(crate) fn frame(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        self.side.frame(first, payload)
    }

    /// A binary message of zeros, megabytes of them in no time.
    pub(crate) fn zeros(&self, len: usize) -> Vec<u8> {
        let mask = if self.side == Side::Client { 0x80 } else { 0 };
        // The key is zeros, too.
        [
            &[BINARY, mask | 127][..],
            &(len as u64).to_be_bytes(),
            &vec![0; usize::from(mask) / 32 + len],
        ]
        .concat()
    }

    /// Sends an end of stream.
    pub(crate) fn finish(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("it is not reset");
    }

    /// Waits until something waits to be read, and leaves it there.
    pub(crate) fn look(&self) {
        assert_ne!(self.stream.peek(&mut [0]).expect("something comes"), 0);
    }

    /// Reads the head of an HTTP answer.
    pub(crate) fn read_head(&mut self) -> String {
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).expect("the head of an answer");
            head.extend(byte);
        }
        String::from_utf8(head).expect("text")
    }

    /// Reads until a Close frame has come, and gives all frames.
    pub(crate) fn read_close(&mut self) -> Vec<Frame> {
        self.read_close_slowly(64 << 10, |_| {})
    }

    /// The same, at most so many bytes at a time, and with something to do after each read.
    pub(crate) fn read_close_slowly(
        &mut self,
        most: usize,
        mut between: impl FnMut(&mut Self),
    ) -> Vec<Frame> {
        let mut frames: Vec<Frame> = vec![];
        let mut scratch = vec![0; most];
        let mut at = 0;
        loop {
            while let Some((frame, len)) = next_frame(&self.wire[at..]) {
                at += len;
                let close = frame.first == CLOSE;
                frames.push(frame);
                if close {
                    self.wire.drain(..at);
                    return frames;
                }
            }
            match self.stream.read(&mut scratch) {
                Ok(0) => {
                    panic!("an end of stream without a Close frame, after {} frames", frames.len())
                }
                Ok(n) => self.wire.extend_from_slice(&scratch[..n]),
                Err(error) => panic!("no Close frame: {error}, after {} frames", frames.len()),
            }
            between(self);
        }
    }

    /// Reads until the end of the stream, and gives what was not given before.
    pub(crate) fn read_end(&mut self) -> Vec<u8> {
        let mut wire = std::mem::take(&mut self.wire);
        if let Err(error) = self.stream.read_to_end(&mut wire) {
            panic!("no end of stream: {error}, after {} bytes", wire.len());
        }
        wire
    }

    /// Closes TCP as its role has to once both Close frames have been sent, or our end has failed
    /// the connection: §7.1.1. Nothing may follow.
    pub(crate) fn leave(mut self) {
        if self.side == Side::Server {
            self.finish();
        }
        assert_eq!(self.read_end(), b"", "nothing follows a Close frame");
    }
}

/// All frames in `wire`, which must end with a whole one.
pub(crate) fn frames(mut wire: &[u8]) -> Vec<Frame> {
    let mut all = vec![];
    while !wire.is_empty() {
        let (frame, len) = next_frame(wire).expect("a whole frame");
        all.push(frame);
        wire = &wire[len..];
    }
    all
}

/// The first frame and its length, if it is whole. For megabytes the naive decoder of the other
/// tests takes too long.
fn next_frame(wire: &[u8]) -> Option<(Frame, usize)> {
    let [first, second] = *wire.first_chunk()?;
    let (from, len) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*wire[2..].first_chunk()?))),
        127 => (
            10,
            usize::try_from(u64::from_be_bytes(*wire[2..].first_chunk()?))
                .expect("no test sends as much"),
        ),
        len => (2, usize::from(len)),
    };
    if second & 0x80 == 0 {
        let payload = wire.get(from..from + len)?.to_vec();
        return Some((Frame { first, mask: None, payload }, from + len));
    }
    let mask = *wire.get(from..)?.first_chunk()?;
    let mut payload = wire.get(from + 4..from + 4 + len)?.to_vec();
    let key = u64::from_ne_bytes([mask, mask].concat().try_into().expect("eight"));
    let (words, rest) = payload.split_at_mut(len / 8 * 8);
    for word in words.chunks_exact_mut(8) {
        let plain = u64::from_ne_bytes((&*word).try_into().expect("eight")) ^ key;
        word.copy_from_slice(&plain.to_ne_bytes());
    }
    rest.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Some((Frame { first, mask: Some(mask), payload }, from + 4 + len))
}

/// The code in a Close frame.
pub(crate) fn code(frame: &Frame) -> u16 {
    assert_eq!(frame.first, CLOSE);
    match frame.payload[..] {
        [] => 1005,
        [high, low, ..] => u16::from_be_bytes([high, low]),
        [_] => panic!("half a code"),
    }
}

/// Waits until it is so, at most for a while.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
