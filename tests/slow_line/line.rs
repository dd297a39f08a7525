//! One direction of a transport: a send buffer, so many bytes a second, and what waits to be read.
//!
//! ```text
//!   write ──► send buffer ── rate ──► receive buffer ──► read
//! ```
//!
//! As a kernel does, it refuses bytes once it was full until a third of its buffer is free. Bytes
//! pass only as far as there is room at the reader. A dead line takes bytes as long as its buffer
//! has room, and nothing arrives any more.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::time::Duration;

pub(crate) struct Line {
    rate: u64,
    /// What was left of a byte in the last steps, in bytes times 1000.
    rest: u64,
    buffer: Bytes,
    size: usize,
    refuses: bool,
    arrived: Bytes,
    pub(crate) dead: bool,
    now: Duration,
    /// When it took bytes last.
    pub(crate) taken: Duration,
}

/// The reader's buffer.
const WINDOW: usize = 32 << 10;

impl Line {
    /// A line of so many bytes a second with a send buffer of so many bytes, at least of what it
    /// carries in a tenth of a second.
    pub(crate) fn new(rate: u64, size: usize) -> Self {
        let size = size.max(rate as usize / 10);
        Self {
            rate,
            rest: 0,
            buffer: Bytes::default(),
            size,
            refuses: false,
            arrived: Bytes::default(),
            dead: false,
            now: Duration::ZERO,
            taken: Duration::ZERO,
        }
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        if self.dead {
            return;
        }
        self.rest += self.rate * time.as_millis() as u64;
        let most = (self.rest / 1000) as usize;
        self.rest %= 1000;
        let n = most
            .min(self.buffer.len)
            .min(WINDOW.max(most) - self.arrived.len.min(WINDOW.max(most)));
        self.arrived.push(&self.buffer.take(n));
    }

    /// Takes as much as there is room for, or would block.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let room = self.size - self.buffer.len;
        if self.refuses && room < self.size / 3 {
            return Err(ErrorKind::WouldBlock);
        }
        let n = room.min(bytes.len());
        self.refuses = n < bytes.len();
        if n > 0 {
            self.taken = self.now;
        }
        self.buffer.push(&bytes[..n]);
        if n > 0 { Ok(n) } else { Err(ErrorKind::WouldBlock) }
    }

    /// The same with several slices.
    pub(crate) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize, ErrorKind> {
        let mut taken = 0;
        for slice in slices {
            match self.write(slice) {
                Ok(n) => taken += n,
                Err(error) if taken == 0 => return Err(error),
                Err(_) => break,
            }
            if self.refuses {
                break;
            }
        }
        Ok(taken)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.refuses
    }

    pub(crate) fn read(&mut self, most: usize) -> Vec<u8> {
        self.arrived.take(most)
    }
}

/// Bytes in a row, as they came.
#[derive(Default)]
struct Bytes {
    parts: VecDeque<Vec<u8>>,
    len: usize,
}

impl Bytes {
    fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.parts.push_back(bytes.to_vec());
            self.len += bytes.len();
        }
    }

    /// Takes at most `n` off the front.
    fn take(&mut self, n: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        while let Some(part) = self.parts.front_mut().filter(|_| taken.len() < n) {
            let most = (n - taken.len()).min(part.len());
            if most == part.len() {
                taken.append(part);
                self.parts.pop_front();
            } else {
                taken.extend_from_slice(&part[..most]);
                part.drain(..most);
            }
        }
        self.len -= taken.len();
        taken
    }
}
