//! The client: many connections in one thread over epoll, as light as it can be, so that the server
//! is what is measured.

use crate::cell::Cell;
use crate::shake;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Without any progress for so long, a server has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connections to one server.
#[derive(Debug)]
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    peers: Vec<Peer>,
    wire: Wire,
    scratch: Vec<u8>,
    in_flight: usize,
}

/// What is sent and expected, again and again.
#[derive(Debug)]
struct Wire {
    /// Frames one behind the other: masked ones.
    sent: Vec<u8>,
    frame: usize,
    /// What comes back, longer than a read by a frame.
    echo: Vec<u8>,
    reply: usize,
}

#[derive(Debug)]
struct Peer {
    socket: TcpStream,
    /// Where in its frame the next byte to write is, and to read.
    write_at: usize,
    read_at: usize,
    /// Bytes to write.
    owed: usize,
    sent: VecDeque<Instant>,
}

/// What came of a turn.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) messages: u64,
    time: Duration,
    /// Nanoseconds, sorted.
    latencies: Vec<u32>,
}

impl Sample {
    pub(crate) fn rate(&self) -> f64 {
        self.messages as f64 / self.time.as_secs_f64()
    }

    /// Microseconds.
    pub(crate) fn quantile(&self, at: f64) -> f64 {
        let index = (self.latencies.len().saturating_sub(1) as f64 * at) as usize;
        self.latencies.get(index).map_or(0.0, |nanoseconds| f64::from(*nanoseconds) / 1e3)
    }
}

impl Wire {
    fn new(len: usize, in_flight: usize, read: usize) -> Self {
        const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
        let payload: Vec<u8> = (0..len).map(|index| (index * 7 + index / 251) as u8).collect();
        let head = |mask: u8| {
            let mut head = vec![0x82];
            match len {
                0..126 => head.push(mask | len as u8),
                126..0x1_0000 => {
                    head.push(mask | 126);
                    head.extend_from_slice(&(len as u16).to_be_bytes());
                }
                _ => {
                    head.push(mask | 127);
                    head.extend_from_slice(&(len as u64).to_be_bytes());
                }
            }
            head
        };
        let mut frame = head(0x80);
        frame.extend_from_slice(&KEY);
        frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        let reply = [head(0), payload].concat();
        let echo = reply.repeat(1 + read.div_ceil(reply.len()));
        Self { sent: frame.repeat(in_flight), frame: frame.len(), echo, reply: reply.len() }
    }
}

impl Crowd {
    pub(crate) fn connect(address: SocketAddr, cell: &Cell) -> io::Result<Self> {
        let scratch = vec![0; 256 << 10];
        let wire = Wire::new(cell.len, cell.in_flight, scratch.len());
        let poll = Poll::new()?;
        let mut peers = Vec::with_capacity(cell.connections);
        for index in 0..cell.connections {
            let socket = std::net::TcpStream::connect(address)?;
            shake::client(&socket)?;
            socket.set_nonblocking(true)?;
            let mut socket = TcpStream::from_std(socket);
            poll.registry().register(
                &mut socket,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            peers.push(Peer { socket, write_at: 0, read_at: 0, owed: 0, sent: VecDeque::new() });
        }
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            peers,
            wire,
            scratch,
            in_flight: cell.in_flight,
        })
    }

    /// Keeps messages in flight for so long, and then waits for the last ones.
    ///
    /// # Errors
    /// A server fails, or sends back something else, or nothing.
    pub(crate) fn talk(&mut self, duration: Duration) -> io::Result<Sample> {
        let from = Instant::now();
        let mut latencies = Vec::new();
        let mut under_way = 0;
        for peer in &mut self.peers {
            peer.owed += self.in_flight * self.wire.frame;
            peer.sent.extend(std::iter::repeat_n(Instant::now(), self.in_flight));
            under_way += self.in_flight;
            peer.write(&self.wire)?;
        }
        let mut progress = Instant::now();
        while under_way > 0 {
            self.poll.poll(&mut self.events, Some(Duration::from_secs(1)))?;
            let now = Instant::now();
            let more = now - from < duration;
            for event in &self.events {
                let Some(peer) = self.peers.get_mut(event.token().0) else { continue };
                if event.is_readable() {
                    let complete = peer.read(&self.wire, &mut self.scratch)?;
                    let now = Instant::now();
                    latencies.extend(
                        peer.sent
                            .drain(..complete)
                            .map(|sent| (now - sent).as_nanos().min(u128::from(u32::MAX)) as u32),
                    );
                    if complete > 0 {
                        progress = now;
                    }
                    if more {
                        peer.owed += complete * self.wire.frame;
                        peer.sent.extend(std::iter::repeat_n(now, complete));
                    } else {
                        under_way -= complete;
                    }
                }
                peer.write(&self.wire)?;
            }
            if now - progress > PATIENCE {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    format!("{under_way} messages do not come back"),
                ));
            }
        }
        let time = from.elapsed();
        latencies.sort_unstable();
        Ok(Sample { messages: latencies.len() as u64, time, latencies })
    }
}

impl Peer {
    fn write(&mut self, wire: &Wire) -> io::Result<()> {
        while self.owed > 0 {
            let end = wire.sent.len().min(self.write_at + self.owed);
            match self.socket.write(&wire.sent[self.write_at..end]) {
                Ok(n) => {
                    self.owed -= n;
                    self.write_at = (self.write_at + n) % wire.frame;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what is there: how many echoes became complete.
    fn read(&mut self, wire: &Wire, scratch: &mut [u8]) -> io::Result<usize> {
        let mut complete = 0;
        loop {
            match self.socket.read(scratch) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    if scratch[..n] != wire.echo[self.read_at..self.read_at + n] {
                        return Err(io::Error::new(
                            ErrorKind::InvalidData,
                            "the echo is another message",
                        ));
                    }
                    complete += (self.read_at + n) / wire.reply;
                    self.read_at = (self.read_at + n) % wire.reply;
                    // A short read has emptied the socket.
                    if n < scratch.len() {
                        return Ok(complete);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(complete),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
