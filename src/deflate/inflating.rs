//! The receiving side: compressed messages, piece by piece, to what they say. RFC 7692 §7.2.2.
//!
//! ```text
//!   a message   ┌ piece ┬ piece ┬ last piece ┐ 00 00 ff ff │ 01 00 00 ff ff
//!                                              what the       a final block: it ends the stream if, and
//!                                              sender cut off  only if, the message ended where a block may begin
//! ```
//!
//! Between two messages nothing is kept but the window, and that only where the sender takes its context over. A message under way holds a
//! decompressor. The last block of each message being a final one, a message that is cut short is found out at its end, and not by the next.

use super::inflater::{Corrupt, Inflater, Stop};
use super::pool::Pool;
use super::window::Window;
use super::{Parameters, WindowBits};
use crate::decoder::{End, Limits};
use crate::error::ProtocolError;
use crate::event::Cause;
use alloc::boxed::Box;

/// What is kept of the messages that were received.
#[derive(Debug)]
pub(crate) struct Inflating {
    bits: WindowBits,
    takeover: bool,
    window: Option<Box<Window>>,
    /// There is one while a message is under way.
    inflater: Option<Box<Inflater>>,
    /// How much of the message was given out.
    len: u64,
    /// How many final blocks were in it.
    ends: u32,
}

/// §7.2.2: what every message ends with, and no sender sends.
pub(super) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// An empty, final, stored block.
const FINAL: [u8; 5] = [1, 0, 0, 0xff, 0xff];

impl Inflating {
    /// For what reaches this end.
    pub(crate) fn new(end: End, agreed: Parameters) -> Self {
        let (bits, no_takeover) = match end {
            End::Server => (agreed.client_max_window_bits, agreed.client_no_context_takeover),
            End::Client => (agreed.server_max_window_bits, agreed.server_no_context_takeover),
        };
        Self { bits, takeover: !no_takeover, window: None, inflater: None, len: 0, ends: 0 }
    }

    /// Inflates a piece of a message, and gives what it says to the sink, in parts, in order; the last one is marked, and may be empty.
    ///
    /// # Errors
    /// What is wrong with the message, behind what was given out; or what the sink says.
    pub(crate) fn piece(
        &mut self,
        data: &[u8],
        last: bool,
        limits: Limits,
        pool: Option<&Pool>,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), Cause>,
    ) -> Result<(), Cause> {
        let mut inflater = match self.inflater.take() {
            Some(inflater) => inflater,
            None => self.begin(pool)?,
        };
        let outcome = self.feed(&mut inflater, data, last, limits, sink);
        match (&outcome, last, pool) {
            (Ok(()), false, _) => self.inflater = Some(inflater),
            (_, _, Some(pool)) => pool.put_inflater(inflater),
            (_, _, None) => {}
        }
        outcome
    }

    /// Nothing more is received.
    pub(crate) fn stop(&mut self) {
        (self.inflater, self.window) = (None, None);
    }

    fn begin(&mut self, pool: Option<&Pool>) -> Result<Box<Inflater>, Corrupt> {
        (self.len, self.ends) = (0, 0);
        if self.takeover {
            self.window.get_or_insert_with(|| Box::new(Window::new(self.bits.bytes())));
        }
        let mut inflater = pool.and_then(Pool::take_inflater).unwrap_or_else(Inflater::new);
        inflater.begin(self.window.as_ref().map_or([&[], &[]], |window| window.parts()))?;
        Ok(inflater)
    }

    fn feed(
        &mut self,
        inflater: &mut Inflater,
        mut data: &[u8],
        last: bool,
        limits: Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), Cause>,
    ) -> Result<(), Cause> {
        loop {
            match inflater.step(&mut data) {
                Ok(Stop::Drained) => break,
                Ok(Stop::Full) => {
                    self.give_out(inflater, false, limits, sink)?;
                    inflater.given_out(self.window.as_deref_mut());
                }
                Ok(Stop::End) => {
                    // Each final block costs a window's copy: what bounds the fragments bounds them too.
                    self.ends += 1;
                    if self.ends > limits.max_fragments {
                        return Err(ProtocolError::TooManyFragments.into());
                    }
                    inflater.restart(self.window.as_deref())?;
                }
                Err(Corrupt) => {
                    self.give_out(inflater, false, limits, sink)?;
                    return Err(Corrupt.into());
                }
            }
        }
        if last {
            finish(inflater)?;
            self.give_out(inflater, true, limits, sink)?;
            if let Some(window) = &mut self.window {
                window.push(inflater.out());
            }
        } else if !inflater.out().is_empty() {
            self.give_out(inflater, false, limits, sink)?;
            inflater.given_out(self.window.as_deref_mut());
        }
        Ok(())
    }

    /// Gives out what was inflated, as far as the limit allows.
    fn give_out(
        &mut self,
        inflater: &Inflater,
        last: bool,
        limits: Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), Cause>,
    ) -> Result<(), Cause> {
        let out = inflater.out();
        let room = usize::try_from(limits.max_message - self.len).unwrap_or(usize::MAX);
        match out.get(..room) {
            Some(fits) if out.len() > room => {
                sink(fits, false)?;
                Err(ProtocolError::MessageTooBig.into())
            }
            _ => {
                self.len += out.len() as u64;
                sink(out, last)
            }
        }
    }
}

/// Feeds what the sender cut off, and makes sure that it fits: nothing else comes of it than the end.
fn finish(inflater: &mut Inflater) -> Result<(), Corrupt> {
    let before = inflater.out().len();
    for (mut bytes, stop) in [(&TAIL[..], Stop::Drained), (&FINAL[..], Stop::End)] {
        if inflater.step(&mut bytes)? != stop || !bytes.is_empty() || inflater.out().len() != before {
            return Err(Corrupt);
        }
    }
    Ok(())
}

impl From<Corrupt> for Cause {
    fn from(_: Corrupt) -> Self {
        ProtocolError::InvalidDeflate.into()
    }
}
