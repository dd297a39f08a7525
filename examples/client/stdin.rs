//! The standard input, read by a thread: a file or a pipe on it cannot be watched everywhere.

use mio::{Registry, Token, Waker};
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

/// Lines of the standard input. The thread is at most [`AHEAD`] lines of at most [`LINE_MAX`] bytes
/// ahead: who does not take them slows the input down.
pub(crate) struct Lines {
    lines: Receiver<Next>,
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
    /// The next line is longer than [`LINE_MAX`], and the last thing that was read.
    TooLong,
}

/// In bytes, without its end.
pub(crate) const LINE_MAX: usize = 1 << 20;
const AHEAD: usize = 16;

impl Lines {
    pub(crate) fn start(registry: &Registry, token: Token) -> io::Result<Self> {
        let waker = Arc::new(Waker::new(registry, token)?);
        let caller = Arc::clone(&waker);
        let (sender, lines) = mpsc::sync_channel(AHEAD);
        thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let next = read(&mut input);
                let more = matches!(next, Next::Line(_));
                // Where nobody wants lines any more, or nobody can be woken, there is nothing to
                // do.
                if sender.send(next).is_err() || caller.wake().is_err() || !more {
                    return;
                }
            }
        });
        Ok(Self { lines, _waker: waker })
    }

    pub(crate) fn next(&self) -> Next {
        match self.lines.try_recv() {
            Ok(next) => next,
            Err(TryRecvError::Empty) => Next::Later,
            Err(TryRecvError::Disconnected) => Next::End,
        }
    }
}

/// The next line, as soon as it ends. A failure ends the input.
fn read(input: &mut impl BufRead) -> Next {
    let mut line = Vec::new();
    match input.take(LINE_MAX as u64 + END_MAX).read_until(b'\n', &mut line) {
        Ok(0) | Err(_) => return Next::End,
        Ok(_) => line = without_end(line),
    }
    if line.len() > LINE_MAX { Next::TooLong } else { Next::Line(line) }
}

/// A line may end with a carriage return and a line feed.
const END_MAX: u64 = 2;

fn without_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one() {
        let mut input = &b"one\r\n\n\rtwo\r"[..];
        for line in [&b"one"[..], b"", b"\rtwo\r"] {
            assert_eq!(read(&mut input), Next::Line(line.to_vec()));
        }
        assert_eq!(read(&mut input), Next::End);
    }

    #[test]
    fn a_line_has_a_bound_and_its_end_does_not_count() {
        let longest = vec![b'a'; LINE_MAX];
        for end in ["", "\n", "\r\n"] {
            let text = [&longest, end.as_bytes()].concat();
            assert!(read(&mut &text[..]) == Next::Line(longest.clone()), "{end:?}");
            let text = [b"a", &text[..]].concat();
            assert!(read(&mut &text[..]) == Next::TooLong, "{end:?}");
        }
    }

    #[test]
    fn what_never_ends_is_not_read_for_ever() {
        assert_eq!(read(&mut io::BufReader::new(io::repeat(0))), Next::TooLong);
    }
}
