//! What compressors and decompressors have in common.

use super::window::Synced;

/// What can wait in a pool.
pub(super) trait Codec {
    /// Those of one kind can stand in for each other.
    type Kind: Copy + PartialEq;

    fn kind(&self) -> Self::Kind;

    /// Whose messages it can go on with.
    fn synced(&self) -> Option<Synced>;

    /// Makes it small enough to be kept.
    fn rest(&mut self);
}
