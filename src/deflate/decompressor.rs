//! A decompressor. It works step by step, into a buffer of its own, and checks what each step did.
//!
//! It calls zlib-rs directly, and not through flate2 as `compressor` does: flate2 cannot make it
//! stop where a block ends, which shows whether a message is whole. Without that, a chat message of
//! 165 bytes took 7,200 instructions instead of 5,000.

use super::codec::Codec;
use super::output::Output;
use super::window::{Synced, Window};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::{fmt, mem};
use zlib_rs::{Inflate, InflateFlush, Status};

/// The data is not what DEFLATE makes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Corrupt;

/// What stopped a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// All input was taken.
    Drained,
    /// The buffer is full.
    Full,
    /// A final block ended; the input may go on.
    End,
    /// It had ended before, with what was fed before: a piece of this message, or the one before
    /// it.
    Ended,
}

/// A decompressor for one message after the other, of any connection.
pub(super) struct Decompressor {
    inflate: Inflate,
    /// Whose window it has, if it has one and can go on from it.
    synced: Option<Synced>,
    /// What came of the message under way.
    output: Output,
    /// A message with its tail behind it.
    joined: Vec<u8>,
}

impl Decompressor {
    pub(super) fn new() -> Box<Self> {
        // A larger window than the peer's does no harm: what it refers to is there.
        Box::new(Self {
            inflate: Inflate::new(false, 15),
            synced: None,
            output: Output::new(),
            joined: Vec::new(),
        })
    }

    /// Readies it for the next message of a receiver, which may refer back to what is in the
    /// window.
    pub(super) fn begin(&mut self, window: Option<&Window>) -> Result<(), Corrupt> {
        self.output.clear();
        match (self.synced.take(), window) {
            (Some(synced), Some(window)) if synced == window.synced() => Ok(()),
            _ => self.restart(window),
        }
    }

    /// The message is at its end, and nothing but what it said is in the decompressor's window: it
    /// can go on from here.
    pub(super) fn keep(&mut self, window: &Window) {
        self.synced = Some(window.synced());
    }

    /// Inflates some of the input into the buffer.
    pub(super) fn step(&mut self, input: &mut &[u8]) -> Result<Stop, Corrupt> {
        loop {
            let Call { status, taken, wrote } = self.call(input, InflateFlush::NoFlush);
            *input = input.get(taken..).ok_or(Corrupt)?;
            let used_up = self.output.wrote(wrote);
            if status? == Status::StreamEnd {
                return Ok(if taken == 0 && wrote == 0 { Stop::Ended } else { Stop::End });
            }
            if self.output.is_full() {
                return Ok(Stop::Full);
            }
            if used_up {
                continue;
            }
            // With room left, what was taken is inflated.
            if input.is_empty() {
                return Ok(Stop::Drained);
            }
            if taken == 0 && wrote == 0 {
                return Err(Corrupt);
            }
        }
    }

    /// Inflates a message and what follows it, block by block, from where a block may begin:
    /// `place` is told where each began and where it ended, until it knows enough. `None`: zlib
    /// stopped for another reason.
    pub(super) fn blocks<T>(
        &mut self,
        message: &[u8],
        behind: &[u8],
        mut place: impl FnMut(usize, usize) -> Option<T>,
    ) -> Option<T> {
        let mut joined = mem::take(&mut self.joined);
        joined.clear();
        joined.extend_from_slice(message);
        joined.extend_from_slice(behind);
        let mut begin = 0;
        let told = loop {
            let Some(rest) = joined.get(begin..).filter(|rest| !rest.is_empty()) else {
                break None;
            };
            let Call { status, taken, wrote } = self.call(rest, InflateFlush::Block);
            // With room and input left, it stops at a block's end.
            let stopped = taken > 0 && taken < rest.len() && !self.output.wrote(wrote);
            if !stopped || status != Ok(Status::Ok) {
                break None;
            }
            let end = begin + taken;
            match place(begin, end) {
                None => begin = end,
                told => break told,
            }
        };
        self.joined = joined;
        told
    }

    /// Feeds bytes that say nothing if they come where they should, up to the first end of a block.
    /// How many were taken. What they say, if anything, is dropped.
    pub(super) fn probe_block(&mut self, bytes: &[u8]) -> Result<usize, Corrupt> {
        let Call { status, taken, wrote } = self.call(bytes, InflateFlush::Block);
        if status? == Status::Ok && wrote == 0 { Ok(taken) } else { Err(Corrupt) }
    }

    /// The same over the ends of blocks; also, whether it stopped because a final one had ended.
    pub(super) fn probe(&mut self, bytes: &[u8]) -> Result<(usize, bool), Corrupt> {
        let Call { status, taken, wrote } = self.call(bytes, InflateFlush::NoFlush);
        let ended = status? == Status::StreamEnd;
        if wrote == 0 { Ok((taken, ended)) } else { Err(Corrupt) }
    }

    fn call(&mut self, input: &[u8], flush: InflateFlush) -> Call {
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, self.output.room(), flush).map_err(|_| Corrupt);
        let count = |total: u64, before| usize::try_from(total - before).unwrap_or(usize::MAX);
        Call {
            status,
            taken: count(self.inflate.total_in(), before_in),
            wrote: count(self.inflate.total_out(), before_out),
        }
    }

    /// What was inflated and not given out.
    pub(super) fn out(&self) -> &[u8] {
        self.output.rest()
    }

    /// What was inflated was given out, and there is more to come: the window, if there is one, has
    /// it from now on.
    pub(super) fn given_out(&mut self, window: Option<&mut Window>) {
        if let Some(window) = window {
            window.push(self.output.rest());
        }
        self.output.gave_out();
    }

    /// Goes on behind a final block, RFC 7692 §7.2.3.4: what follows may refer back to what came
    /// before it, all of which was given out.
    pub(super) fn restart(&mut self, window: Option<&Window>) -> Result<(), Corrupt> {
        self.inflate.reset(false);
        for part in window.map_or_else(|| self.output.reach(), Window::parts) {
            if !part.is_empty() {
                self.inflate.set_dictionary(part).map_err(|_| Corrupt)?;
            }
        }
        Ok(())
    }
}

/// What a call of zlib did, whatever became of it.
struct Call {
    status: Result<Status, Corrupt>,
    taken: usize,
    wrote: usize,
}

impl Codec for Decompressor {
    /// Each can do all.
    type Kind = ();

    fn kind(&self) {}

    fn synced(&self) -> Option<Synced> {
        self.synced
    }

    fn rest(&mut self) {
        self.output.clear();
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor")
            .field("synced", &self.synced)
            .field("out", &self.out().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};
    use std::vec;

    fn feed(decompressor: &mut Decompressor, mut data: &[u8]) {
        decompressor.begin(None).unwrap();
        assert_eq!(decompressor.step(&mut data), Ok(Stop::Drained));
    }

    /// Also what had no room before the buffer grew.
    #[test]
    fn what_was_taken_is_inflated() {
        let mut data = Vec::with_capacity(1000);
        Compress::new(Compression::new(6), false)
            .compress_vec(&vec![0; 20_000], &mut data, FlushCompress::Sync)
            .unwrap();
        let mut grown = Decompressor::new();
        feed(&mut grown, &data);
        for cut in 0..=data.len() {
            let mut new = Decompressor::new();
            feed(&mut new, &data[..cut]);
            feed(&mut grown, &data[..cut]);
            assert!(
                new.out() == grown.out(),
                "{cut}: {} of {}",
                new.out().len(),
                grown.out().len()
            );
        }
    }
}
