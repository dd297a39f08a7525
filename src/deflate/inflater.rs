//! A decompressor, and how it is used: a step at a time, into a buffer of its own, each step checked for what it did.

use super::pool::Tool;
use super::window::{Synced, Window};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use flate2::{Decompress, FlushDecompress, Status};

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
}

/// A decompressor for one message after the other, of any connection.
pub(super) struct Inflater {
    decompress: Decompress,
    /// Whose window it has, if it has one and can go on from it.
    synced: Option<Synced>,
    /// What was inflated and not given out yet.
    out: Vec<u8>,
    /// What was given out of the message under way, where no window is kept from message to message.
    history: Window,
}

/// How much is inflated before it is given out, in bytes.
const OUT: usize = 32 << 10;

/// The farthest that DEFLATE can refer back, whatever was agreed on. A sender with a smaller window does not, and one that does
/// finds what it refers to or nothing.
const REACH: usize = 32 << 10;

impl Inflater {
    pub(super) fn new() -> Box<Self> {
        let (decompress, out) = (Decompress::new(false), Vec::with_capacity(OUT));
        Box::new(Self { decompress, synced: None, out, history: Window::new(0, REACH) })
    }

    /// Readies it for the next message of a receiver, which may refer back to what is in the window.
    pub(super) fn begin(&mut self, window: Option<&Window>) -> Result<(), Corrupt> {
        self.out.clear();
        self.history.clear();
        match (self.synced.take(), window) {
            (Some(synced), Some(window)) if synced == window.synced() => Ok(()),
            (_, None) => {
                self.decompress.reset(false);
                Ok(())
            }
            (_, Some(window)) => self.restart(Some(window)),
        }
    }

    /// The message is at its end, and no final block was put there: it can go on from here.
    pub(super) fn keep(&mut self, window: &Window) {
        self.synced = Some(window.synced());
    }

    /// Inflates some of the input into the buffer.
    pub(super) fn step(&mut self, input: &mut &[u8]) -> Result<Stop, Corrupt> {
        loop {
            let (before_in, before_out) = (self.decompress.total_in(), self.out.len());
            // Into the spare room: the buffer does not grow.
            let status = self.decompress.decompress_vec(input, &mut self.out, FlushDecompress::None).map_err(|_| Corrupt)?;
            let taken = usize::try_from(self.decompress.total_in() - before_in).unwrap_or(usize::MAX);
            *input = input.get(taken..).ok_or(Corrupt)?;
            if status == Status::StreamEnd {
                return Ok(Stop::End);
            }
            if self.out.len() == self.out.capacity() {
                return Ok(Stop::Full);
            }
            // With room left, what was taken is inflated.
            if input.is_empty() {
                return Ok(Stop::Drained);
            }
            if taken == 0 && self.out.len() == before_out {
                return Err(Corrupt);
            }
        }
    }

    /// How much was inflated since it was made.
    pub(super) fn total_out(&self) -> u64 {
        self.decompress.total_out()
    }

    /// What was inflated and not given out.
    pub(super) fn out(&self) -> &[u8] {
        &self.out
    }

    /// What was inflated was given out, and there is more to come: the window, or the history if there is none, has it from now on.
    pub(super) fn given_out(&mut self, window: Option<&mut Window>) {
        window.unwrap_or(&mut self.history).push(&self.out);
        self.out.clear();
    }

    /// Forgets what was inflated behind the first `len` bytes that were not given out.
    pub(super) fn forget_behind(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// Goes on behind a final block, RFC 7692 §7.2.3.4: what follows may refer back to what came before it, all of which was given out.
    pub(super) fn restart(&mut self, window: Option<&Window>) -> Result<(), Corrupt> {
        self.decompress.reset(false);
        for part in window.unwrap_or(&self.history).parts() {
            if !part.is_empty() {
                self.decompress.set_dictionary(part).map_err(|_| Corrupt)?;
            }
        }
        Ok(())
    }
}

impl Tool for Inflater {
    /// Each can do all.
    type Kind = ();

    fn kind(&self) {}

    fn synced(&self) -> Option<Synced> {
        self.synced
    }

    fn rest(&mut self) {
        self.out.clear();
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("synced", &self.synced).field("out", &self.out.len()).finish_non_exhaustive()
    }
}
