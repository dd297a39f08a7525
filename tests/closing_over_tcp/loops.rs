//! The two loops that users copy: that of `examples/echo.rs`, with a time-out for each wait, and
//! that of `examples/chat`, whose [`pump`] it is.
//!
//! Each runs one end on a thread of its own and gives its [`Account`].

use crate::ends::{Account, End};
use crate::pump::{Link, Pumped, pump};
use bytes::Buf;
use mio::{Events, Interest, Poll, Token};
use sockless::{Endpoint, Input};
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Loop {
    Blocking,
    Events,
}

pub(crate) const LOOPS: [Loop; 2] = [Loop::Blocking, Loop::Events];

/// An end on its way.
pub(crate) struct Running(Receiver<Account>);

impl Loop {
    pub(crate) fn start(self, stream: TcpStream, mut end: End) -> Running {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            match self {
                Self::Blocking => blocking(stream, &mut end),
                Self::Events => events(stream, &mut end),
            }
            // Nobody listens where the test failed.
            let _ = sender.send(end.into_account());
        });
        Running(receiver)
    }
}

impl Running {
    /// What became of it; it must be over within the time.
    pub(crate) fn ends(self, within: Duration) -> Account {
        self.0.recv_timeout(within).unwrap_or_else(|error| {
            panic!("our end is not over within {within:?}, or panicked: {error}")
        })
    }
}

const SCRATCH: usize = 64 << 10;

fn blocking(mut stream: TcpStream, end: &mut End) {
    let _ = stream.set_nodelay(true);
    let started = Instant::now();
    let mut scratch = vec![0; SCRATCH];
    let mut due = end.watch(started.elapsed());
    while !end.is_over() {
        // A time-out of zero would be none.
        let patience =
            due.map(|due| due.saturating_sub(started.elapsed()).max(Duration::from_millis(1)));
        stream.set_read_timeout(patience).expect("it is not zero");
        stream.set_write_timeout(patience).expect("it is not zero");
        let input = turn(end.side(), &mut stream, &mut scratch);
        end.hear(input);
        due = end.watch(started.elapsed());
    }
}

/// The one of `examples/echo.rs`, but that a wait may end without anything.
fn turn<'b>(side: &mut dyn Endpoint, stream: &mut TcpStream, scratch: &'b mut [u8]) -> Input<'b> {
    if !write(side, stream) {
        return Input::empty();
    }
    if side.wants_shutdown() {
        let _ = stream.shutdown(Shutdown::Write); // If it fails, reading tells why.
        side.shutdown_done();
    }
    if side.wants_read() {
        match stream.read(scratch) {
            Ok(0) => side.handle_eof(),
            Ok(n) => return Input::new(&mut scratch[..n]),
            Err(error) if waited_in_vain(&error) => {}
            Err(_) => side.handle_error(),
        }
    }
    Input::empty()
}

/// Whether all is written, or nothing more can be.
fn write(side: &mut dyn Endpoint, stream: &mut TcpStream) -> bool {
    while side.wants_write() {
        let mut out = side.transmit();
        let mut slices = [IoSlice::new(&[]); 16]; // A header and its payload leave together.
        let count = out.chunks_vectored(&mut slices);
        match stream.write_vectored(&slices[..count]) {
            Ok(n @ 1..) => out.advance(n),
            Err(error) if waited_in_vain(&error) => return false,
            _ => side.handle_write_error(),
        }
    }
    true
}

fn waited_in_vain(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn events(stream: TcpStream, end: &mut End) {
    let _ = stream.set_nodelay(true);
    stream.set_nonblocking(true).expect("a socket");
    let mut poll = Poll::new().expect("a poll");
    let mut link = Link::new(mio::net::TcpStream::from_std(stream));
    poll.registry()
        .register(&mut link.socket, Token(0), Interest::READABLE | Interest::WRITABLE)
        .expect("a socket can be watched");
    let mut events = Events::with_capacity(8);
    let started = Instant::now();
    let mut scratch = vec![0; SCRATCH];
    let mut due = end.watch(started.elapsed());
    while !end.is_over() {
        let pumped = pump(end.side(), &mut link, &mut scratch);
        let read = match pumped {
            Pumped::Read(n) => n,
            Pumped::Ended | Pumped::Blocked => 0,
            Pumped::Done => return,
        };
        end.hear(Input::new(&mut scratch[..read]));
        let was_due = due.is_some_and(|due| due <= started.elapsed());
        due = end.watch(started.elapsed());
        if pumped != Pumped::Blocked || was_due {
            continue;
        }
        let patience = due.map(|due| due.saturating_sub(started.elapsed()));
        match poll.poll(&mut events, patience) {
            Err(error) if error.kind() != ErrorKind::Interrupted => panic!("{error}"),
            _ => events.iter().for_each(|event| link.ready(event)),
        }
    }
}
