//! A compressor. It compresses part by part, and flushes each to the end of a byte, so that the
//! peer can decompress all that it has received.
//!
//! ```text
//!   begin ─► add ─► add … ─► sent          the peer has it all: goes on from here, next time
//!     ▲       └──────┴─────► (nothing)     it was sent otherwise, or never: primed anew, next time
//!     └─────────────────────────┘
//! ```

use super::codec::Codec;
use super::level::Level;
use super::tail::TAIL;
use super::window::{Synced, Window};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use flate2::{Compress, Compression, FlushCompress, Status};

/// A compressor for the messages of one connection after the other.
pub(super) struct Compressor {
    compress: Compress,
    kind: CompressorKind,
    /// Whether there is nothing that it could refer to.
    blank: bool,
    /// What it has seen, if that is what a peer has seen.
    synced: Option<Synced>,
    /// What was compressed since `begin`, or since it was emptied. It ends in `TAIL`.
    pub(super) out: Vec<u8>,
}

/// What two compressors have in common that can stand in for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CompressorKind {
    pub(super) level: Level,
    /// 9 to 15.
    pub(super) bits: u8,
}

/// Room for what a flush writes at least, so that it writes it once.
const MARGIN: usize = 64;

/// Up to this length, in bytes, a part gets room for the case that nothing can be compressed.
const LONG: usize = 16 << 10;

/// A buffer above this size, in bytes, is not kept for the next message.
const KEPT: usize = 64 << 10;

impl Compressor {
    pub(super) fn new(kind: CompressorKind) -> Box<Self> {
        let compress = Compress::new_with_window_bits(
            Compression::new(kind.level.get().into()),
            false,
            kind.bits.clamp(9, 15),
        );
        Box::new(Self { compress, kind, blank: true, synced: None, out: Vec::new() })
    }

    /// Readies it for the next message of a sender: it shall know what the peer's window holds, and
    /// nothing else.
    pub(super) fn begin(&mut self, window: Option<&Window>) {
        self.out.clear();
        // What was sent since it was used last was compressed elsewhere.
        let missing = match self.synced.take().and_then(|synced| window?.missing(synced)) {
            Some(missing) => missing,
            None => {
                self.reset();
                window.map_or([&[][..], &[]], Window::parts)
            }
        };
        for part in missing.into_iter().filter(|part| !part.is_empty()) {
            self.blank = false;
            if self.compress.set_dictionary(part).is_err() {
                // It refers to less than it could.
                self.reset();
            }
        }
    }

    /// Compresses a part of the message to the end of `out`.
    pub(super) fn add(&mut self, part: &[u8]) {
        self.add_and(FlushCompress::Sync, part);
    }

    /// The same for a whole message to which no other refers. To forget it along with the flush is
    /// cheaper than to reset all for the next one.
    pub(super) fn add_and_forget(&mut self, message: &[u8]) {
        self.add_and(FlushCompress::Full, message);
    }

    fn add_and(&mut self, flush: FlushCompress, part: &[u8]) {
        let before = self.out.len();
        if part.is_empty() {
            // zlib flushes nothing twice.
            return stored(part, &mut self.out);
        }
        self.blank = false;
        if self.flush(flush, part).is_none() {
            // zlib gives no reason to expect that. If it comes to it, the message is right all the
            // same.
            self.reset();
            self.out.truncate(before);
            stored(part, &mut self.out);
        }
        self.blank |= flush == FlushCompress::Full;
    }

    fn reset(&mut self) {
        if !self.blank {
            self.compress.reset();
            self.blank = true;
        }
    }

    /// What was added since `begin` has been sent: it is in the window.
    pub(super) fn sent(&mut self, window: Option<&Window>) {
        self.synced = window.map(Window::synced);
    }

    fn flush(&mut self, flush: FlushCompress, part: &[u8]) -> Option<()> {
        let begin = self.compress.total_in();
        let mut rest = part;
        loop {
            if self.out.capacity() - self.out.len() < MARGIN {
                // It is not known how short a long part becomes.
                self.out.reserve(rest.len().min(LONG) + rest.len() / 8 + 2 * MARGIN);
            }
            let before = (rest.len(), self.out.len());
            let status = self.compress.compress_vec(rest, &mut self.out, flush).ok()?;
            rest = part.get(usize::try_from(self.compress.total_in() - begin).ok()?..)?;
            // With room left, all is out; without, one more call finds nothing to do.
            if rest.is_empty()
                && (self.out.len() < self.out.capacity() || status == Status::BufError)
            {
                return self.out.ends_with(&TAIL).then_some(());
            }
            if before == (rest.len(), self.out.len()) {
                return None;
            }
        }
    }
}

/// A part as it is, in stored blocks, RFC 1951 §3.2.4; the last one is empty, and ends in `TAIL` as
/// a flush does.
fn stored(part: &[u8], out: &mut Vec<u8>) {
    for block in part.chunks(0xffff) {
        let len = block.len() as u16;
        out.push(0);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.push(0);
    out.extend_from_slice(&TAIL);
}

impl Codec for Compressor {
    type Kind = CompressorKind;

    fn kind(&self) -> CompressorKind {
        self.kind
    }

    fn synced(&self) -> Option<Synced> {
        self.synced
    }

    fn rest(&mut self) {
        self.out.clear();
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor")
            .field("kind", &self.kind)
            .field("synced", &self.synced)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn stored_parts_inflate_to_themselves() {
        for len in [0, 1, 0xfffe, 0xffff, 0x1_0000, 200_000] {
            let part: Vec<u8> = (0..len).map(|i| ((i * 7) >> 4) as u8).collect();
            let mut out = Vec::new();
            stored(&part, &mut out);
            let mut inflated = vec![0; len + 1];
            let mut decompress = flate2::Decompress::new(false);
            decompress.decompress(&out, &mut inflated, flate2::FlushDecompress::None).unwrap();
            assert_eq!(
                (decompress.total_in(), decompress.total_out()),
                (out.len() as u64, len as u64)
            );
            assert!(inflated[..len] == part);
        }
    }
}
