//! The receiving side of a connection: decompresses messages, piece by piece. RFC 7692 §7.2.2.
//!
//! Between two messages only the window has to be kept, and only if the sender takes its context
//! over. A decompressor that has the window already goes on from it; any other is primed with it.

use super::decompressor::{Corrupt, Decompressor, Stop};
use super::parameters::{Parameters, WindowBits};
use super::pool::Pool;
use super::tail;
use super::window::Window;
use crate::decoder::{Limits, Role};
use crate::error::ProtocolError;
use alloc::boxed::Box;

/// The receiving side of a connection: what it keeps of the messages that came.
#[derive(Debug)]
pub(crate) struct ReceivingSide {
    bits: WindowBits,
    takeover: bool,
    window: Option<Box<Window>>,
    /// There is one while a message is under way; and between messages where there is no pool, if
    /// the context is taken over.
    decompressor: Option<Box<Decompressor>>,
    /// Whether a message is under way …
    begun: bool,
    /// … how many final blocks were in it …
    ends: u32,
    /// … whether nothing is behind the last of them …
    ended: bool,
    /// … and how much of it was given out.
    len: u64,
}

/// Up to this length, in bytes, it saves time to copy a message: for one of 165 bytes that is whole
/// at once 5,000 instructions are needed, step by step 5,600.
const TRIED_AT_ONCE: usize = 1 << 10;

impl ReceivingSide {
    /// For what reaches this end.
    pub(crate) fn new(end: Role, agreed: Parameters) -> Self {
        let (bits, no_takeover) = match end {
            Role::Server => (agreed.client_max_window_bits, agreed.client_no_context_takeover),
            Role::Client => (agreed.server_max_window_bits, agreed.server_no_context_takeover),
        };
        Self {
            bits,
            takeover: !no_takeover,
            window: None,
            decompressor: None,
            begun: false,
            ends: 0,
            ended: false,
            len: 0,
        }
    }

    /// Inflates a piece of a message, and gives what it says to the sink, in parts, in order; the
    /// last one is marked, and may be empty.
    ///
    /// # Errors
    /// What is wrong with the message, behind what was given out; or what the sink says.
    pub(crate) fn piece<E: From<ProtocolError>>(
        &mut self,
        data: &[u8],
        last: bool,
        limits: Limits,
        pool: Option<&Pool>,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let goes_on = self.begun;
        let mut decompressor = match self.decompressor.take() {
            Some(decompressor) if goes_on => decompressor,
            kept => self.begin(kept, pool)?,
        };
        self.begun = !last;
        if !last {
            self.feed(&mut decompressor, data, limits, sink)?;
            self.pass_on(&mut decompressor, limits, sink)?;
            self.decompressor = Some(decompressor);
            return Ok(());
        }
        if goes_on || !self.at_once(&mut decompressor, data)? {
            self.feed(&mut decompressor, data, limits, sink)?;
            // §7.2.3.4: a message of a final block and nothing behind it has no room for the tail.
            if !self.ended && tail::finish(&mut decompressor).is_err() {
                // What it said until then comes first.
                self.give_out(&decompressor, false, limits, sink)?;
                return Err(ProtocolError::InvalidDeflate.into());
            }
        }
        self.give_out(&decompressor, true, limits, sink)?;
        if let Some(window) = &mut self.window {
            window.push(decompressor.out());
            // One that knows more than a smaller window holds is primed anew: how far back a peer
            // can refer must not depend on the reads. So is one that a final block has ended.
            if self.bits == WindowBits::MAX && !self.ended {
                decompressor.keep(window);
            }
        }
        match pool {
            Some(pool) => pool.put_decompressor(decompressor),
            None if self.takeover => self.decompressor = Some(decompressor),
            None => {}
        }
        Ok(())
    }

    fn begin(
        &mut self,
        kept: Option<Box<Decompressor>>,
        pool: Option<&Pool>,
    ) -> Result<Box<Decompressor>, ProtocolError> {
        (self.len, self.ends, self.ended) = (0, 0, false);
        if self.takeover {
            let window =
                || Box::new(Window::new(pool.map_or(1, Pool::next_user), self.bits.bytes()));
            self.window.get_or_insert_with(window);
        }
        let window = self.window.as_deref();
        let pooled = || pool.and_then(|pool| pool.take_decompressor(window));
        let mut decompressor = kept.or_else(pooled).unwrap_or_else(Decompressor::new);
        decompressor.begin(window)?;
        Ok(decompressor)
    }

    /// Tries a short message that is all there in one go with its tail. `false`: nothing was done,
    /// and what it says is to be found out step by step.
    fn at_once(&self, decompressor: &mut Decompressor, data: &[u8]) -> Result<bool, ProtocolError> {
        if data.len() > TRIED_AT_ONCE {
            return Ok(false);
        }
        let is_whole = tail::at_once(decompressor, data);
        if !is_whole {
            decompressor.begin(self.window.as_deref())?;
        }
        Ok(is_whole)
    }

    /// Inflates all of `data`; what of it is not given out is less than the buffer holds.
    fn feed<E: From<ProtocolError>>(
        &mut self,
        decompressor: &mut Decompressor,
        mut data: &[u8],
        limits: Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        if data.is_empty() {
            return Ok(());
        }
        self.ended = false;
        loop {
            match decompressor.step(&mut data) {
                Ok(Stop::Drained) => return Ok(()),
                Ok(Stop::Full) => self.pass_on(decompressor, limits, sink)?,
                Ok(Stop::End) => {
                    self.pass_on(decompressor, limits, sink)?;
                    // Each final block costs a window's copy: what bounds the fragments bounds them
                    // too.
                    self.ends += 1;
                    if self.ends > limits.max_fragments {
                        return Err(ProtocolError::TooManyFragments.into());
                    }
                    if data.is_empty() {
                        self.ended = true;
                        return Ok(());
                    }
                    decompressor.restart(self.window.as_deref()).map_err(ProtocolError::from)?;
                }
                Ok(Stop::Ended) => {
                    decompressor.restart(self.window.as_deref()).map_err(ProtocolError::from)?
                }
                Err(Corrupt) => {
                    self.give_out(decompressor, false, limits, sink)?;
                    return Err(ProtocolError::InvalidDeflate.into());
                }
            }
        }
    }

    /// Gives out what was inflated, if anything was: there is more to come.
    fn pass_on<E: From<ProtocolError>>(
        &mut self,
        decompressor: &mut Decompressor,
        limits: Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        if decompressor.out().is_empty() {
            return Ok(());
        }
        self.give_out(decompressor, false, limits, sink)?;
        decompressor.given_out(self.window.as_deref_mut());
        Ok(())
    }

    /// Gives out what was inflated, as far as the limit allows.
    fn give_out<E: From<ProtocolError>>(
        &mut self,
        decompressor: &Decompressor,
        last: bool,
        limits: Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let out = decompressor.out();
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

impl From<Corrupt> for ProtocolError {
    fn from(_: Corrupt) -> Self {
        Self::InvalidDeflate
    }
}
