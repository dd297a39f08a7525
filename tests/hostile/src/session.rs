//! One session of a hostile peer: a plan, step by step, over a socket that does not block, and how
//! it ended.
//!
//! A step that waits for the server waits until the session's time is up; for a dummy, which says
//! nothing, only [`DUMMY`]. What the server ends early is read to its end, whatever the plan wanted
//! to do then.

use crate::wire::Heard;
use bytes::Bytes;
use mio::event::Event;
use mio::net::TcpStream;
use rustix::io::Errno;
use socket2::SockRef;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

/// What a hostile peer does next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// As fast as the socket takes it.
    Send(Bytes),
    /// A byte each time.
    Trickle(Bytes, Duration),
    /// Until the server upgrades.
    Upgraded,
    /// Until the room says that one is in.
    Joined,
    Pause(Duration),
    /// Reads from now on, or reads no more. All read at first.
    Reads(bool),
    /// The end of the stream, and what comes is still read.
    Shutdown,
    /// Until the server ends it.
    End,
    /// Drops the socket so that the kernel sends a reset.
    Reset,
}

/// How a session came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The server ended its stream.
    Ended,
    /// The server reset it.
    WasReset,
    /// The plan said so.
    Left,
    /// The server did not do what the plan waits for, in the time for it.
    Overdue,
    /// The run was over.
    CutShort,
}

#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) how: How,
    pub(crate) heard: Heard,
    /// Bytes that the server's kernel took.
    pub(crate) sent: u64,
    pub(crate) took: Duration,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) socket: TcpStream,
    plan: VecDeque<Step>,
    began: Instant,
    /// When the step under way began, or its last byte left.
    step: Instant,
    /// Of the step under way.
    written: usize,
    sent: u64,
    reads: bool,
    /// Nothing can be written any more.
    mute: bool,
    /// What the socket is ready for, until it says otherwise.
    readable: bool,
    writable: bool,
    heard: Heard,
    /// Its time, and whether there is nobody but a dummy at the other end.
    limit: Duration,
    dummy: bool,
}

/// What became of a turn.
pub(crate) enum Turn {
    /// There may be more to do right away.
    Again,
    /// The socket or the time will say when.
    Wait,
    Over(How),
}

/// How long one waits for a dummy's answer.
const DUMMY: Duration = Duration::from_millis(200);
/// How much is written in a turn, at most.
const WRITE: usize = 64 << 10;

impl Session {
    pub(crate) fn new(
        socket: TcpStream,
        plan: Vec<Step>,
        limit: Duration,
        dummy: bool,
        now: Instant,
    ) -> Self {
        Self {
            socket,
            plan: plan.into(),
            began: now,
            step: now,
            written: 0,
            sent: 0,
            reads: true,
            mute: false,
            readable: false,
            writable: false,
            heard: Heard::default(),
            limit,
            dummy,
        }
    }

    /// Remembers what an event says.
    pub(crate) fn ready(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
    }

    pub(crate) fn turn(&mut self, scratch: &mut [u8], now: Instant) -> Turn {
        let read = if self.reads && self.readable { self.read(scratch) } else { Ok(false) };
        match (read, self.advance(now)) {
            (Err(how), _) => Turn::Over(how),
            (_, Turn::Over(how)) => Turn::Over(how),
            (Ok(_), _) if now.duration_since(self.began) > self.limit => {
                self.reset();
                // In time is who was to wait for nothing but time.
                let waits =
                    matches!(self.plan.front(), Some(Step::Upgraded | Step::Joined | Step::End));
                Turn::Over(if waits && !self.dummy { How::Overdue } else { How::Left })
            }
            (Ok(true), _) | (_, Turn::Again) => Turn::Again,
            _ => Turn::Wait,
        }
    }

    pub(crate) fn into_ending(self, how: How, now: Instant) -> Ending {
        Ending { how, heard: self.heard, sent: self.sent, took: now.duration_since(self.began) }
    }

    /// Whether there was something; an error is how it ended.
    fn read(&mut self, scratch: &mut [u8]) -> Result<bool, How> {
        match self.socket.read(scratch) {
            Ok(0) => Err(How::Ended),
            Ok(n) => {
                self.heard.hear(&scratch[..n]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(false)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(_) => Err(How::WasReset),
        }
    }

    /// Takes steps until one has to wait.
    fn advance(&mut self, now: Instant) -> Turn {
        loop {
            let waited = now.duration_since(self.step);
            let gives_up = self.dummy && waited > DUMMY;
            let done = match self.plan.front() {
                None => return Turn::Wait,
                Some(Step::Send(bytes)) => {
                    let bytes = bytes.clone();
                    match self.write(&bytes, WRITE) {
                        Ok(Some(true)) => true,
                        Ok(Some(false)) => return Turn::Again,
                        Ok(None) => return Turn::Wait,
                        Err(()) => return self.hush(),
                    }
                }
                Some(Step::Trickle(bytes, every)) => {
                    let (bytes, every) = (bytes.clone(), *every);
                    if waited < every {
                        return Turn::Wait;
                    }
                    self.step = now;
                    match self.write(&bytes, 1) {
                        Ok(done) => {
                            if done != Some(true) {
                                return Turn::Wait;
                            }
                            true
                        }
                        Err(()) => return self.hush(),
                    }
                }
                Some(Step::Upgraded) => self.heard.status == 101 || gives_up,
                Some(Step::Joined) => self.heard.here > 0 || gives_up,
                Some(Step::Pause(time)) => waited >= *time,
                Some(Step::Reads(reads)) => {
                    self.reads = *reads;
                    true
                }
                Some(Step::Shutdown) => {
                    let _ = self.socket.shutdown(Shutdown::Write); // Where it fails, reading tells why.
                    true
                }
                Some(Step::End) if gives_up => {
                    self.reset();
                    return Turn::Over(How::Left);
                }
                Some(Step::End) => false,
                Some(Step::Reset) => {
                    self.reset();
                    return Turn::Over(How::Left);
                }
            };
            if !done {
                return Turn::Wait;
            }
            self.plan.pop_front();
            (self.step, self.written) = (now, 0);
        }
    }

    /// Whether all of it is out; `None` where the socket takes nothing for now.
    fn write(&mut self, bytes: &[u8], most: usize) -> Result<Option<bool>, ()> {
        if self.mute || !self.writable {
            return Ok(None);
        }
        let rest = &bytes[self.written.min(bytes.len())..];
        if rest.is_empty() {
            return Ok(Some(true));
        }
        match self.socket.write(&rest[..rest.len().min(most)]) {
            Ok(n) => {
                self.written += n;
                self.sent += n as u64;
                Ok(Some(self.written == bytes.len()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.writable = false;
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Some(false)),
            Err(_) => Err(()),
        }
    }

    /// The server went while there was still something to say: what it said before is there to be
    /// read.
    fn hush(&mut self) -> Turn {
        self.mute = true;
        self.reads = true;
        self.plan = [Step::End].into();
        Turn::Again
    }

    pub(crate) fn reset(&self) {
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

/// A socket on its way to the server, with a receive buffer as small as the kernel allows if it is
/// one not to be read.
pub(crate) fn connect(address: SocketAddr, small: bool) -> io::Result<TcpStream> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    if small {
        socket.set_recv_buffer_size(1)?;
    }
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error)
            if error.kind() != ErrorKind::WouldBlock
                && error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) =>
        {
            return Err(error);
        }
        _ => {}
    }
    Ok(TcpStream::from_std(socket.into()))
}
