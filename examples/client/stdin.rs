//! The standard input, read by a thread: a file or a pipe on it cannot be watched everywhere.

use mio::{Registry, Token, Waker};
use std::io::{self, BufRead};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

/// Lines of the standard input. The thread is a few lines ahead and no more: who does not take them slows the input down.
pub(crate) struct Lines {
    lines: Receiver<Vec<u8>>,
    /// Dropped by the thread alone, it would take its last call with it.
    _waker: Arc<Waker>,
}

/// What is there to be taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A line, without its end.
    Line(Vec<u8>),
    /// Nothing yet: the token tells.
    Later,
    /// No more lines come.
    End,
}

const AHEAD: usize = 64;

impl Lines {
    pub(crate) fn start(registry: &Registry, token: Token) -> io::Result<Self> {
        let waker = Arc::new(Waker::new(registry, token)?);
        let caller = Arc::clone(&waker);
        let (sender, lines) = mpsc::sync_channel(AHEAD);
        thread::spawn(move || {
            let mut input = io::stdin().lock();
            let mut line = Vec::new();
            while let Ok(1..) = input.read_until(b'\n', &mut line) {
                // Where nobody wants lines any more, or nobody can be woken, there is nothing to do.
                if sender.send(without_end(std::mem::take(&mut line))).is_err() || caller.wake().is_err() {
                    return;
                }
            }
            drop(sender);
            let _ = caller.wake();
        });
        Ok(Self { lines, _waker: waker })
    }

    pub(crate) fn next(&self) -> Next {
        match self.lines.try_recv() {
            Ok(line) => Next::Line(line),
            Err(TryRecvError::Empty) => Next::Later,
            Err(TryRecvError::Disconnected) => Next::End,
        }
    }
}

fn without_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    line
}
