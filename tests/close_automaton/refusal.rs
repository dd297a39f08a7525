//! The end of a client that is turned away, which has no closing handshake but the same transport:
//! every order of what can happen to it, to all states that there are, against the few sentences
//! that say what it wants.

use crate::support;
use sockless::server::{Config, Handshake, Incoming, Replying};
use sockless::{Deadline, Input};
use std::collections::HashSet;
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
enum Act {
    WritePart,
    WriteAll,
    Read,
    Eof,
    Shutdown,
    WriteError,
    Error,
    /// Its time is up.
    Deadline,
}

const ACTS: [Act; 8] = [
    Act::WritePart,
    Act::WriteAll,
    Act::Read,
    Act::Eof,
    Act::Shutdown,
    Act::WriteError,
    Act::Error,
    Act::Deadline,
];

const ALLOWED: Duration = Duration::from_secs(10);

/// Three reads are thrown away before it leaves a client that sends on and on.
const READ: usize = 4;
const MAX_DISCARD: u64 = 12;

/// A refusal, and what can be said of it.
struct Refused {
    rejected: Replying,
    deadline: Deadline,
    answer: usize,
    written: usize,
    read: usize,
    shut: bool,
    eof: bool,
    /// It failed, or its time is up: nothing more can be done.
    failed: bool,
}

impl Refused {
    fn new() -> Self {
        let mut config = Config::default();
        config.max_discard = MAX_DISCARD;
        let mut head = *b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        let Some(Incoming::Failed(mut rejected)) =
            Handshake::new(config).poll(&mut Input::new(&mut head))
        else {
            panic!()
        };
        let mut deadline = Deadline::after(ALLOWED);
        assert_eq!(deadline.poll(Duration::ZERO, &mut rejected), Some(ALLOWED));
        let answer = left(&mut rejected);
        Self {
            rejected,
            deadline,
            answer,
            written: 0,
            read: 0,
            shut: false,
            eof: false,
            failed: false,
        }
    }

    /// `false`: it cannot happen, and nothing has changed.
    fn apply(&mut self, act: Act) -> bool {
        let left = self.left();
        match act {
            _ if self.is_done() => return false,
            Act::WritePart if left > 1 => self.write(left / 2),
            Act::WriteAll if left > 0 => self.write(left),
            Act::Read if self.wants_read() => {
                let mut read = [0; READ];
                let mut input = Input::new(&mut read);
                self.rejected.poll(&mut input);
                assert!(input.is_empty());
                self.read += READ;
            }
            Act::Eof if self.wants_read() => {
                self.rejected.handle_eof();
                self.eof = true;
            }
            Act::Shutdown if self.wants_shutdown() => {
                self.rejected.shutdown_done();
                self.shut = true;
            }
            Act::WriteError if left > 0 => {
                self.rejected.handle_write_error();
                self.failed = true;
            }
            Act::Error => {
                self.rejected.handle_error();
                self.failed = true;
            }
            Act::Deadline => {
                assert_eq!(self.deadline.poll(ALLOWED, &mut self.rejected), None);
                self.failed = true;
            }
            _ => return false,
        }
        true
    }

    fn write(&mut self, n: usize) {
        assert_eq!(support::write(&mut self.rejected, n).len(), n);
        self.written += n;
    }

    fn left(&self) -> usize {
        if self.failed { 0 } else { self.answer - self.written }
    }

    fn hears_no_more(&self) -> bool {
        self.eof || self.read >= MAX_DISCARD as usize
    }

    fn wants_read(&self) -> bool {
        !self.failed && !self.hears_no_more()
    }

    fn wants_shutdown(&self) -> bool {
        self.left() == 0 && !self.shut && !self.failed
    }

    fn is_done(&self) -> bool {
        self.failed || self.left() == 0 && self.shut && self.hears_no_more()
    }

    /// It wants what it should, and what means nothing changes nothing.
    fn look(&mut self) {
        let rejected = &mut self.rejected;
        let wants = [
            rejected.wants_write(),
            rejected.wants_read(),
            rejected.wants_shutdown(),
            rejected.is_done(),
        ];
        let left = left(rejected);
        assert_eq!(
            (wants, left),
            (
                [self.left() > 0, self.wants_read(), self.wants_shutdown(), self.is_done()],
                self.left()
            )
        );
        if self.is_done() {
            return;
        }
        let before = format!("{:?}", self.rejected);
        assert_eq!(
            self.deadline.poll(ALLOWED - Duration::from_nanos(1), &mut self.rejected),
            Some(ALLOWED)
        );
        if !self.wants_shutdown() {
            self.rejected.shutdown_done();
        }
        assert_eq!(format!("{:?}", self.rejected), before);
    }

    /// A loop that does its part, and a client that leaves.
    fn ends(&mut self) {
        for act in [Act::WriteAll, Act::Shutdown, Act::Eof] {
            self.apply(act);
            self.look();
        }
        assert!(self.is_done());
    }
}

/// How many bytes of its answer it shows to a transport that takes none.
fn left(rejected: &mut Replying) -> usize {
    let mut left = 0;
    let refused = rejected.transmit().write_with(|slices| {
        left = slices.iter().map(|slice| slice.len()).sum();
        Err::<usize, _>("full")
    });
    assert_eq!(refused, if left > 0 { Err("full") } else { Ok(0) });
    left
}

fn replay(path: &[Act]) -> Refused {
    let mut refused = Refused::new();
    path.iter().for_each(|act| assert!(refused.apply(*act)));
    refused
}

#[test]
fn a_refusal_ends_as_it_should() {
    let (mut seen, mut paths) = (HashSet::new(), vec![vec![]]);
    while let Some(path) = paths.pop() {
        // What a refusal shows, and how much of its answer was written, is all that it has; of what
        // was done to it nothing else makes a difference.
        let now = replay(&path);
        if !seen.insert(format!("{:?} {}", now.rejected, now.written)) {
            continue;
        }
        replay(&path).ends();
        for act in ACTS {
            let mut next = replay(&path);
            if next.apply(act) {
                next.look();
                paths.push(path.iter().copied().chain([act]).collect());
            }
        }
    }
    assert_eq!(seen.len(), 150);
}
