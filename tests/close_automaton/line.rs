//! What is on its way to one end: bytes as they were sent, beside the frames that they are.

use crate::close_automaton::model::Heard;
use crate::close_automaton::queue::Frame;
use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whether the frames on it are masked.
    masked: bool,
    bytes: Vec<u8>,
    /// Those whose last byte was not read.
    pub(crate) frames: VecDeque<Frame>,
    /// How much was read of the first of them.
    pub(crate) read: usize,
    /// Behind the bytes comes the end of the stream.
    pub(crate) ends: bool,
}

impl Line {
    pub(crate) fn new(masked: bool) -> Self {
        Self { masked, bytes: Vec::new(), frames: VecDeque::new(), read: 0, ends: false }
    }

    /// What comes behind the end is lost.
    pub(crate) fn send(&mut self, bytes: &[u8], began: Vec<Frame>) {
        if !self.ends {
            self.bytes.extend_from_slice(bytes);
            self.frames.extend(began);
        }
    }

    /// Nobody reads it any more.
    pub(crate) fn drop_all(&mut self) {
        *self = Self { ends: true, ..Self::new(self.masked) };
    }

    /// How many bytes have not been read.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the frame that was sent last is there to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.bytes.len() + self.read
            == self.frames.iter().map(|frame| frame.len(self.masked)).sum::<usize>()
    }

    /// How many bytes end the frame that was begun to be read, or leave the next one with one byte
    /// to go; as far as they are there.
    pub(crate) fn part(&self) -> usize {
        let part = match self.frames.front() {
            Some(frame) if self.read > 0 => frame.len(self.masked) - self.read,
            Some(frame) => frame.len(self.masked) - 1,
            None => 0,
        };
        part.min(self.bytes.len())
    }

    /// Reads `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> (Vec<u8>, Vec<Heard>) {
        let mut heard = Vec::new();
        self.read += n;
        while let Some(frame) = self.frames.front().filter(|_| self.read > 0) {
            let Some(over) = self.read.checked_sub(frame.len(self.masked)) else {
                heard.push(Heard::Begun(frame.clone()));
                break;
            };
            self.read = over;
            heard.extend(self.frames.pop_front().map(Heard::Whole));
        }
        (self.bytes.drain(..n).collect(), heard)
    }
}
