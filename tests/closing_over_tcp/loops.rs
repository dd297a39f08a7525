//! The two loops that users copy: that of `examples/echo.rs`, with a time-out for each wait, and
//! that of `examples/chat`, whose [`pump`] it is.
//!
//! Each runs one end on a thread of its own and gives its [`Account`].

use crate::ends::{Account, End};
use crate::pump::{Link, Pumped, pump};
use mio::{Events, Interest, Poll, Token};
use sockless::{Endpoint, Step, Workspace};
use std::io::{ErrorKind, Read, Write};
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

fn blocking(stream: TcpStream, end: &mut End) {
    let _ = stream.set_nodelay(true);
    let started = Instant::now();
    let mut workspace = Workspace::default();
    let mut due = end.watch(started.elapsed(), &mut workspace);
    while !end.is_over() {
        // A time-out of zero would be none.
        let patience =
            due.map(|due| due.saturating_sub(started.elapsed()).max(Duration::from_millis(1)));
        stream.set_read_timeout(patience).expect("it is not zero");
        stream.set_write_timeout(patience).expect("it is not zero");
        turn(end.side(), &stream, &mut workspace);
        end.hear(&mut workspace);
        due = end.watch(started.elapsed(), &mut workspace);
    }
}

/// The one of `examples/echo.rs`, up to where there is something to poll, but that a wait may end
/// without anything.
fn turn(side: &mut dyn Endpoint, mut stream: &TcpStream, workspace: &mut Workspace) {
    let mut turn = workspace.turn(side);
    loop {
        let moved = match turn.step(true) {
            Step::Write => turn.write(|slices| stream.write_vectored(slices)),
            // If it fails, reading tells why.
            Step::Shutdown => {
                let _ = turn.shutdown(|| stream.shutdown(Shutdown::Write));
                continue;
            }
            Step::Read => turn.read(|to| stream.read(to)),
            _ => return,
        };
        if moved.is_err_and(|error| waited_in_vain(&error)) {
            return;
        }
    }
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
    let mut workspace = Workspace::default();
    let mut due = end.watch(started.elapsed(), &mut workspace);
    while !end.is_over() {
        let pumped = pump(&mut workspace.turn(end.side()), &mut link);
        if pumped == Pumped::Done {
            return;
        }
        end.hear(&mut workspace);
        let was_due = due.is_some_and(|due| due <= started.elapsed());
        due = end.watch(started.elapsed(), &mut workspace);
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
