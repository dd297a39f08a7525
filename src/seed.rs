//! Randomness, passed in as a value and expanded inside.
//!
//! The [`Seed`] of a connection gives two independent streams: the key of the handshake (RFC 6455
//! §4.1, point 7) and the mask keys (§5.3, unpredictable as §10.3 asks). Both are made by ChaCha8
//! with the seed as the key, and with the stream's name and the block's number as the nonce. The
//! same seed gives the same bytes again. The exception is compressed bytes, if a `deflate::Pool` is
//! shared.

use chacha20::ChaCha8;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use core::fmt;

/// 32 unpredictable bytes from which a client derives its handshake key and its mask keys.
///
/// Take them from the system's random source, new for each connection, or let `Seed::random`
/// (feature `getrandom`) do it.
///
/// The same seed and the same calls give the same bytes on the wire: that is right for a test, and
/// wrong for anything else (§10.3). The exception: if connections share a `deflate::Pool`, the
/// bytes of a compressed message also depend on what the others compress, though their meaning does
/// not.
///
/// ```
/// use sockless::Seed;
///
/// let seed = Seed::new([7; 32]);
/// assert_eq!(format!("{seed:?}"), "Seed(..)");
/// ```
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed from 32 unpredictable bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A seed from the system's random source.
    ///
    /// wasm32-unknown-unknown has none: there, the program has to enable the feature `wasm_js` of
    /// the crate `getrandom`, for the one of a browser or Node, or choose a custom backend.
    ///
    /// # Errors
    /// The system's random source could not be read.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, RandomError, Seed};
    ///
    /// let client = Connection::client(Seed::random()?, Extensions::default(), Config::default());
    /// assert!(client.is_open());
    /// # Ok::<(), RandomError>(())
    /// ```
    #[cfg(feature = "getrandom")]
    pub fn random() -> Result<Self, RandomError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(RandomError)?;
        Ok(Self(bytes))
    }

    /// The 16 bytes of `Sec-WebSocket-Key`, before base64.
    pub(crate) fn nonce(&self) -> [u8; 16] {
        let block = block(&self.0, Stream::HandshakeKey, 0);
        block.first_chunk().copied().unwrap_or_default()
    }

    /// The endless stream of mask keys.
    pub(crate) fn into_mask_keys(self) -> MaskKeys {
        MaskKeys { seed: self.0, block: [0; BLOCK], next: BLOCK as u8, number: 0 }
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// The system's random source could not be read: the error of [`Seed::random`]. Feature
/// `getrandom`.
///
/// It has the system's reason; with the feature `std`, the system's own text.
///
/// ```
/// use sockless::{RandomError, Seed};
/// use std::io;
///
/// fn seed() -> io::Result<Seed> {
///     Seed::random().map_err(|error: RandomError| io::Error::other(error))
/// }
/// assert!(seed().is_ok());
/// ```
#[cfg(feature = "getrandom")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source could not be read: {0}")]
pub struct RandomError(getrandom::Error);

/// The mask keys of one client connection, four bytes for each frame. They need no system call and
/// no allocation.
pub(crate) struct MaskKeys {
    seed: [u8; 32],
    block: [u8; BLOCK],
    /// Where in `block` the next key starts.
    next: u8,
    /// The number of the next block.
    number: u32,
}

impl MaskKeys {
    #[inline]
    pub(crate) fn next_key(&mut self) -> [u8; 4] {
        loop {
            if let Some(key) = self.ready_key() {
                return key;
            }
            self.refill();
        }
    }

    /// The next key, if it is there already.
    #[inline(always)]
    pub(crate) fn ready_key(&mut self) -> Option<[u8; 4]> {
        let key = self.block.get(usize::from(self.next)..)?.first_chunk()?;
        self.next += 4;
        Some(*key)
    }

    /// Makes the next keys, when none is ready.
    #[cold]
    pub(crate) fn refill(&mut self) {
        self.block = block(&self.seed, Stream::MaskKeys, self.number);
        self.number = self.number.wrapping_add(1);
        self.next = 0;
        // Before the numbers come again, another seed does.
        if self.number == 0 {
            let next = block(&self.seed, Stream::NextSeed, 0);
            self.seed = next.first_chunk().copied().unwrap_or(self.seed);
        }
    }
}

impl fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKeys(..)")
    }
}

#[derive(Clone, Copy)]
enum Stream {
    HandshakeKey = 1,
    MaskKeys = 2,
    NextSeed = 3,
}

/// The cipher's block, in bytes: 16 mask keys.
const BLOCK: usize = 64;

fn block(seed: &[u8; 32], stream: Stream, number: u32) -> [u8; BLOCK] {
    let [a, b, c, d] = number.to_le_bytes();
    let nonce = [stream as u8, 0, 0, 0, 0, 0, 0, 0, a, b, c, d];
    let mut block = [0; BLOCK];
    ChaCha8::new(seed.into(), &nonce.into()).apply_keystream(&mut block);
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn keys(seed: [u8; 32], n: usize) -> Vec<[u8; 4]> {
        let mut keys = Seed::new(seed).into_mask_keys();
        (0..n).map(|_| keys.next_key()).collect()
    }

    #[test]
    #[cfg(feature = "getrandom")]
    fn an_error_says_what_the_system_said() {
        use alloc::string::ToString;

        let cause = getrandom::Error::UNSUPPORTED;
        let shown = RandomError(cause).to_string();
        assert!(shown.starts_with("the system's random source could not be read: "));
        assert!(shown.ends_with(&cause.to_string()), "{shown}");
    }

    #[test]
    fn replays_from_the_seed() {
        assert_eq!(keys([1; 32], 1000), keys([1; 32], 1000));
        assert_eq!(Seed::new([1; 32]).nonce(), Seed::new([1; 32]).nonce());
    }

    /// Block after block, with none left out: the keys of a seed must never change, so that old
    /// records replay.
    #[test]
    fn the_keys_of_a_seed_are_these() {
        let keys = keys([7; 32], 33);
        assert_eq!(
            [keys[0], keys[15], keys[16], keys[32]],
            [[98, 169, 229, 246], [92, 110, 170, 248], [253, 25, 16, 16], [214, 141, 221, 23]]
        );
    }

    #[test]
    fn seeds_and_streams_are_apart() {
        let (one, other) = (keys([1; 32], 1000), keys([2; 32], 1000));
        assert!(one.iter().zip(&other).filter(|(a, b)| a == b).count() <= 1);
        assert_ne!(Seed::new([1; 32]).nonce(), Seed::new([2; 32]).nonce());
        assert_ne!(Seed::new([1; 32]).nonce(), *one.as_flattened().first_chunk::<16>().unwrap());
    }

    #[test]
    fn the_numbers_coming_again_bring_other_keys() {
        let mut keys = Seed::new([1; 32]).into_mask_keys();
        let first = keys.next_key();
        keys.number = u32::MAX;
        keys.next = BLOCK as u8;
        let last = keys.next_key();
        keys.next = BLOCK as u8;
        let again = keys.next_key();
        assert_eq!(keys.number, 1);
        assert!(first != last && first != again);
    }

    #[test]
    fn keys_do_not_repeat_across_blocks() {
        let mut all = keys([3; 32], 4096);
        all.sort_unstable();
        all.dedup();
        assert!(all.len() >= 4094);
    }
}
