//! What compressors and decompressors have in common.

use super::window::Synced;

/// A compressor or decompressor, as a pool keeps it.
pub(super) trait Codec {
    /// Codecs of one kind can replace each other.
    type Kind: Copy + PartialEq;

    fn kind(&self) -> Self::Kind;

    /// Which connection's messages it can go on with.
    fn synced(&self) -> Option<Synced>;

    /// Makes it small enough to be kept.
    fn rest(&mut self);
}
