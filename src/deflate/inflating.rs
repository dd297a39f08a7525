//! The receiving side: compressed messages, piece by piece, to what they say. RFC 7692 §7.2.2.
//!
//! ```text
//!   a message   ┌ piece ┬ piece ┬ last piece ┐ 00 00 ff ff │ 00 00 00 ff ff …    empty blocks, or
//!                                              what the    │ 01 00 00 ff ff      an empty and final block:
//!                                              sender cut off                    both say nothing, if a block may begin here
//! ```
//!
//! Between two messages all that has to be kept is the window, and that only where the sender takes its context over. A decompressor that knows it already
//! goes on from it, another one is primed with it.
//!
//! # The end of a message
//!
//! zlib does not tell whether it stands between two blocks; a message that was cut short would be taken for a whole one, and spoil the next. A final
//! block tells: it ends the stream there, and nowhere else. But it also ends the decompressor's use of its window. Most messages can be
//! told to be whole without it: **if the message's last three bytes have made output, then the tail and eight empty blocks make neither output nor an error
//! only where a block may begin.** In all other states their bits (16 zeros, 16 ones, and eight times 24 zeros, 16 ones) come out as data or lead to an error:
//!
//! - inside a stored block, or its lengths: as data, or as lengths that contradict each other, or that announce at least 255 bytes;
//! - inside a symbol: as a symbol, which is output, unless it is the block's end, which is at most 15 bits long. What then seems to be a block's header is, by its
//!   place, a stored block of at least 65,280 bytes, a reserved type, or a table of more codes than there are;
//! - inside a table of codes, of which at most 23 bits have come since the last output: its first lengths are then at most two that came, zeros, and
//!   those that the ones make. Two such sets are a code: the one of nothing but zeros, in which each bit stands for a length of zero, 316 of them at most, and at
//!   their end there is no code for the block's end; and that of two codes of one bit, both of which came, the first of which, a zero, repeats a length that is
//!   not there.
//!
//! Tests try all that can follow a symbol both ways.

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
    /// There is one while a message is under way; and between messages where there is no pool, if the context is taken over.
    inflater: Option<Box<Inflater>>,
    /// Whether a message is under way …
    begun: bool,
    /// … how many final blocks were in it …
    ends: u32,
    /// … and how much of it was given out.
    len: u64,
}

/// §7.2.2: what every message ends with, and no sender sends.
pub(super) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The tail, and empty blocks: more bits than a table of nothing takes.
const TAIL_AND_EMPTY: [u8; 44] = {
    let mut bytes = [0; 44];
    let mut at = 2;
    while at < bytes.len() {
        #[allow(clippy::indexing_slicing)] // Evaluated at compile time.
        {
            (bytes[at], bytes[at + 1]) = (0xff, 0xff);
        }
        at += 5;
    }
    bytes
};

/// The tail, and an empty block that is the last.
const TAIL_AND_FINAL: [u8; 9] = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];

/// How many bytes at a message's end have to make output, so that it can be told to be whole without a final block.
const NEAR: usize = 3;

impl Inflating {
    /// For what reaches this end.
    pub(crate) fn new(end: End, agreed: Parameters) -> Self {
        let (bits, no_takeover) = match end {
            End::Server => (agreed.client_max_window_bits, agreed.client_no_context_takeover),
            End::Client => (agreed.server_max_window_bits, agreed.server_no_context_takeover),
        };
        Self { bits, takeover: !no_takeover, window: None, inflater: None, begun: false, ends: 0, len: 0 }
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
            Some(inflater) if self.begun => inflater,
            kept => self.begin(kept, pool)?,
        };
        self.begun = !last;
        if !last {
            self.feed(&mut inflater, data, limits, sink)?;
            self.pass_on(&mut inflater, limits, sink)?;
            self.inflater = Some(inflater);
            return Ok(());
        }
        let near = if self.can_go_on() { NEAR } else { 0 };
        let (far, near) = data.split_at(data.len().saturating_sub(near));
        self.feed(&mut inflater, far, limits, sink)?;
        let before = inflater.total_out();
        if !near.is_empty() {
            self.feed(&mut inflater, near, limits, sink)?;
        }
        let said = inflater.out().len();
        let Ok(goes_on) = finish(&mut inflater, before) else {
            // What it said until then comes first, and nothing of what was tried on it.
            inflater.forget_behind(said);
            self.give_out(&inflater, false, limits, sink)?;
            return Err(Corrupt.into());
        };
        self.give_out(&inflater, true, limits, sink)?;
        if let Some(window) = &mut self.window {
            window.push(inflater.out());
            if goes_on {
                inflater.keep(window);
            }
        }
        match pool {
            Some(pool) => pool.put_inflater(inflater),
            None if self.takeover => self.inflater = Some(inflater),
            None => {}
        }
        Ok(())
    }

    /// Whether a decompressor can go on with the next message, so that a final block would cost more than it tells. One that knows more than a smaller window
    /// holds is primed anew: how far back a peer can refer must not depend on the reads.
    fn can_go_on(&self) -> bool {
        self.takeover && self.bits == WindowBits::MAX
    }

    fn begin(&mut self, kept: Option<Box<Inflater>>, pool: Option<&Pool>) -> Result<Box<Inflater>, Corrupt> {
        (self.len, self.ends) = (0, 0);
        if self.takeover {
            let window = || Box::new(Window::new(pool.map_or(1, Pool::next_user), self.bits.bytes()));
            self.window.get_or_insert_with(window);
        }
        let window = self.window.as_deref();
        let pooled = || pool.and_then(|pool| pool.take_inflater(window));
        let mut inflater = kept.or_else(pooled).unwrap_or_else(Inflater::new);
        inflater.begin(window)?;
        Ok(inflater)
    }

    /// Inflates all of `data`; what of it is not given out is less than the buffer holds.
    fn feed(
        &mut self,
        inflater: &mut Inflater,
        mut data: &[u8],
        limits: Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), Cause>,
    ) -> Result<(), Cause> {
        loop {
            match inflater.step(&mut data) {
                Ok(Stop::Drained) => return Ok(()),
                Ok(Stop::Full) => self.pass_on(inflater, limits, sink)?,
                Ok(Stop::End) => {
                    self.pass_on(inflater, limits, sink)?;
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
    }

    /// Gives out what was inflated, if anything was: there is more to come.
    fn pass_on(
        &mut self,
        inflater: &mut Inflater,
        limits: Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), Cause>,
    ) -> Result<(), Cause> {
        if inflater.out().is_empty() {
            return Ok(());
        }
        self.give_out(inflater, false, limits, sink)?;
        inflater.given_out(self.window.as_deref_mut());
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

/// Feeds what the sender cut off, and makes sure that the message is whole. Whether the decompressor can go on from here; `before` is how much had come of it before
/// the message's last bytes.
fn finish(inflater: &mut Inflater, before: u64) -> Result<bool, Corrupt> {
    let all = inflater.total_out();
    let goes_on = all > before;
    let mut bytes = if goes_on { &TAIL_AND_EMPTY[..] } else { &TAIL_AND_FINAL[..] };
    let all_but_tail = bytes.len() - TAIL.len();
    let stop = inflater.step(&mut bytes)?;
    if inflater.total_out() != all {
        return Err(Corrupt);
    }
    match (stop, bytes) {
        (Stop::Drained, []) if goes_on => Ok(true),
        // The empty block that the sender cut the tail off was itself a final one.
        (Stop::End, rest) if rest.len() == all_but_tail => Ok(false),
        (Stop::End, []) if !goes_on => Ok(false),
        _ => Err(Corrupt),
    }
}

impl From<Corrupt> for Cause {
    fn from(_: Corrupt) -> Self {
        ProtocolError::InvalidDeflate.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a message of these bytes is whole, told with a final block or, if it can be, without.
    fn ask(inflater: &mut Inflater, message: &[u8], with_final: bool) -> Option<bool> {
        inflater.begin(None).unwrap();
        let (far, near) = message.split_at(message.len() - NEAR.min(message.len()));
        let mut ended = false;
        let mut feed = |mut data: &[u8]| {
            while inflater.step(&mut data)? == Stop::End {
                ended = true;
                inflater.restart(None)?;
            }
            Ok::<_, Corrupt>(inflater.total_out())
        };
        let (Ok(before), Ok(all)) = (feed(far), feed(near)) else { return None };
        // A restart begins to count anew: then there is nothing to compare.
        if ended || (!with_final && all == before) {
            return None;
        }
        Some(finish(inflater, if with_final { all } else { before }).is_ok())
    }

    /// Asks both ways about a message.
    fn compare(inflater: &mut Inflater, message: &[u8], whole: &mut u32, cut: &mut u32) {
        match (ask(inflater, message, true), ask(inflater, message, false)) {
            (Some(exact), Some(quick)) => {
                assert_eq!(exact, quick, "{message:02x?}");
                *(if exact { whole } else { cut }) += 1;
            }
            (_, None) => {}
            (None, Some(_)) => panic!("{message:02x?}"),
        }
    }

    /// A literal in a block with the fixed codes, and then all that can follow in four bytes.
    #[test]
    fn empty_blocks_tell_as_much_as_a_final_one() {
        let mut inflater = Inflater::new();
        let (mut whole, mut cut) = (0, 0);
        for rest in 0..1_u32 << 21 {
            let message = 0b010 | (0b0000_1100 << 3) | (rest << 11);
            compare(&mut inflater, &message.to_le_bytes(), &mut whole, &mut cut);
        }
        assert!(whole > 1000 && cut > 100_000, "{whole} {cut}");
    }

    /// The same behind a block whose end is one bit long, which leaves the most of three bytes to what follows.
    #[test]
    fn empty_blocks_tell_as_much_behind_short_codes() {
        // A table of two codes of one bit: 0 for "a", 1 for the end of the block. What has more than one bit is written from its last.
        let mut prefix = Bits::default();
        prefix.push(0b100, 3); // Not the last block; its codes are in it.
        prefix.push(0, 5).push(0, 5).push(14, 4); // 257 + 1 codes; lengths for 18 of them:
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            let len = match symbol {
                18 => 1,
                0 | 1 => 2,
                _ => 0,
            };
            prefix.push(len, 3);
        }
        let (zeros, zero, one) = ((0, 1), (0b01, 2), (0b11, 2));
        for (code, extra) in [(zeros, Some(86)), (one, None), (zeros, Some(127)), (zeros, Some(9)), (one, None), (zero, None)] {
            prefix.push(code.0, code.1);
            if let Some(extra) = extra {
                prefix.push(extra, 7);
            }
        }
        // "a" until one bit of a byte is used.
        while prefix.len % 8 != 1 {
            prefix.push(0, 1);
        }
        let mut inflater = Inflater::new();
        let (mut whole, mut cut) = (0, 0);
        for rest in (0..1_u32 << 23).step_by(if cfg!(debug_assertions) { 11 } else { 1 }) {
            let mut message = Bits { bytes: prefix.bytes.clone(), len: prefix.len };
            message.push(rest, 23);
            compare(&mut inflater, &message.bytes, &mut whole, &mut cut);
        }
        assert!(whole > 100 && cut > 100_000, "{whole} {cut}");
    }

    /// Bits as DEFLATE writes them, the lowest first.
    #[derive(Default)]
    struct Bits {
        bytes: std::vec::Vec<u8>,
        len: usize,
    }

    impl Bits {
        fn push(&mut self, bits: u32, len: usize) -> &mut Self {
            for i in 0..len {
                if self.len % 8 == 0 {
                    self.bytes.push(0);
                }
                let last = self.bytes.len() - 1;
                self.bytes[last] |= ((bits >> i & 1) as u8) << (self.len % 8);
                self.len += 1;
            }
            self
        }
    }
}
