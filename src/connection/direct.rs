//! Direct reads: the rest of a large binary message, from the transport into its final place.
//!
//! ```text
//!   message    ┌ came through an input ┬ read directly ┬ room ┐
//!              │ unmasked              │ still masked  │      │
//!              └───────────────────────┴───────────────┴──────┘
//!                                      ▲ so much the decoder knows of; the vector's length tells the rest
//! ```
//!
//! Nobody says that a read was done: what the vector has grown by is taken for read with the next
//! `poll`.

use super::{Connection, Reception};
use crate::decoder::Decoder;
use crate::event::{Cause, Event};
use alloc::vec::Vec;
use bytes::buf::Limit;

/// Where the rest of a large binary message may be read to.
pub(super) fn room<'a>(
    decoder: &Decoder,
    message: &'a mut Reception,
) -> Option<Limit<&'a mut Vec<u8>>> {
    let (come, rest) = decoder.binary_under_way()?;
    let Reception::Whole(assembly) = message else { return None };
    if assembly.binary_mut()?.len() as u64 != come {
        return None; // A read that `poll` has not seen yet.
    }
    assembly.direct(rest)
}

impl Connection {
    /// Takes in what was read directly. A message, if it is whole.
    pub(super) fn settle(&mut self) -> Result<Option<Event<'static>>, Cause> {
        let (Reception::Whole(assembly), Some((come, rest))) =
            (&mut self.message, self.decoder.binary_under_way())
        else {
            return Ok(None);
        };
        // Of a frame of which only the header came there is no vector yet.
        let Some(bytes) = assembly.binary_mut() else { return Ok(None) };
        let read = usize::try_from(come)
            .ok()
            .and_then(|come| bytes.get_mut(come..))
            .ok_or(Cause::DirectRead)?;
        if read.is_empty() {
            return Ok(None);
        }
        if read.len() as u64 > rest {
            return Err(Cause::DirectRead);
        }
        self.liveness.hear();
        Ok(self.decoder.came_directly(read).then(|| assembly.take()))
    }
}
