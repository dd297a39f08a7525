//! Masking, RFC 6455 §5.3: XOR with a key of four bytes, over and over.
//!
//! The same operation masks and unmasks. To mask a payload in parts, [`rotate`] the key by the
//! number of bytes that are done. Blocks are plain loops over arrays, which the compiler turns into
//! vector instructions.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// Masks or unmasks `bytes` in place, the first of them with the key's first byte.
///
/// ```
/// let mut payload = *b"\x7f\x9f\x4d\x51\x58";
/// sockless::mask::apply(&mut payload, [0x37, 0xfa, 0x21, 0x3d]);
/// assert_eq!(&payload, b"Hello");
/// ```
#[inline]
pub fn apply(bytes: &mut [u8], key: [u8; 4]) {
    if bytes.len() < LONG {
        apply_unaligned(bytes, twice(key))
    } else {
        apply_aligned(bytes, twice(key))
    }
}

/// The key for the rest of a payload of which `done` bytes were masked.
///
/// ```
/// use sockless::mask::{apply, rotate};
///
/// let (mut whole, mut parts) = (*b"in two parts", *b"in two parts");
/// apply(&mut whole, [1, 2, 3, 4]);
/// apply(&mut parts[..5], [1, 2, 3, 4]);
/// apply(&mut parts[5..], rotate([1, 2, 3, 4], 5));
/// assert_eq!(whole, parts);
/// ```
#[must_use]
#[inline]
pub const fn rotate(key: [u8; 4], done: usize) -> [u8; 4] {
    u32::from_le_bytes(key).rotate_right(8 * (done as u32 & 3)).to_le_bytes()
}

/// Fills `to` with `from`, which is as long, masked: copied and masked in one pass.
#[cfg(feature = "alloc")]
pub(crate) fn copy_masked(to: &mut [u8], from: &[u8], key: [u8; 4]) {
    in_wide_vectors(
        #[inline(always)]
        || match from.last_chunk::<BLOCK>() {
            Some(last) => {
                let key = twice(key);
                for (to, from) in to.chunks_exact_mut(BLOCK).zip(from.chunks_exact(BLOCK)) {
                    if let (Ok(to), Ok(from)) =
                        (<&mut [u8; BLOCK]>::try_from(to), <[u8; BLOCK]>::try_from(from))
                    {
                        *to = masked(from, key);
                    }
                }
                replace_last(to, masked(*last, rotate_twice(key, from.len())));
            }
            None => copy_at_most_64(to, from, key),
        },
    );
}

/// The same, for at most 64 bytes.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(crate) fn copy_at_most_64(to: &mut [u8], from: &[u8], key: [u8; 4]) {
    let key = twice(key);
    if !(copy_ends::<32>(to, from, key)
        || copy_ends::<16>(to, from, key)
        || copy_ends::<8>(to, from, key)
        || copy_ends::<4>(to, from, key))
    {
        for ((to, from), key) in to.iter_mut().zip(from).zip(key.to_le_bytes()) {
            *to = from ^ key;
        }
    }
}

/// The first and the last block of `N` bytes, between which nothing lies. `false`: there are fewer
/// bytes.
#[cfg(feature = "alloc")]
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8], key: u64) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    if let Some(to) = to.first_chunk_mut() {
        *to = masked(*first, key);
    }
    replace_last(to, masked(*last, rotate_twice(key, from.len())));
    true
}

/// Appends `bytes`, masked, to `to`: copied and masked in one pass.
#[cfg(feature = "alloc")]
pub(crate) fn extend_masked(to: &mut Vec<u8>, bytes: &[u8], key: [u8; 4]) {
    let key = twice(key);
    to.reserve(bytes.len());
    if bytes.len() < LONG {
        extend_blocks::<BLOCK>(to, bytes, key);
    } else {
        in_wide_vectors(
            #[inline(always)]
            || extend_blocks::<{ 2 * BLOCK }>(to, bytes, key),
        );
    }
}

/// Block by block, the last over the one before it. Each append has a price: of more bytes, larger
/// blocks are appended.
#[cfg(feature = "alloc")]
#[inline(always)]
fn extend_blocks<const N: usize>(to: &mut Vec<u8>, bytes: &[u8], key: u64) {
    match bytes.last_chunk::<N>() {
        Some(last) => {
            let end = to.len() + bytes.len();
            for block in bytes.chunks_exact(N) {
                if let Ok(block) = <[u8; N]>::try_from(block) {
                    to.extend_from_slice(&masked(block, key));
                }
            }
            to.truncate(end - N);
            to.extend_from_slice(&masked(*last, rotate_twice(key, bytes.len())));
        }
        None => {
            let start = to.len();
            to.extend_from_slice(bytes);
            apply_unaligned(to.get_mut(start..).unwrap_or_default(), key);
        }
    }
}

/// From this length on, in bytes, it pays to align to cache lines, and to ask what the processor
/// can do.
const LONG: usize = if cfg!(all(feature = "simd", any(target_arch = "x86", target_arch = "x86_64")))
{
    256
} else {
    768
};

/// Of 64 bytes the compiler makes four vectors; of larger blocks, measured, it makes something
/// three times slower.
const BLOCK: usize = 64;

const CACHE_LINE: usize = 64;

/// Whole cache lines: stores that straddle two of them cost up to twice as much.
#[inline(never)]
fn apply_aligned(bytes: &mut [u8], key: u64) {
    in_wide_vectors(
        #[inline(always)]
        || {
            let head = bytes.as_ptr().addr().wrapping_neg() & (CACHE_LINE - 1);
            let (head, body) = bytes.split_at_mut(head.min(bytes.len()));
            apply_unaligned(head, key);
            apply_unaligned(body, rotate_twice(key, head.len()));
        },
    );
}

/// Does `work` in the widest vectors that the processor has: it is compiled for any processor of
/// the target, and once more for AVX2.
///
/// fearless_simd makes the choice, so that no `unsafe` is needed here. From 1 KiB on it halves the
/// time, which is less than a tenth of what a message costs on a socket; and it needs Rust 1.89. So
/// it is a feature.
#[inline(always)]
fn in_wide_vectors(work: impl FnOnce()) {
    #[cfg(all(feature = "simd", any(target_arch = "x86", target_arch = "x86_64")))]
    if let Some(avx2) = fearless_simd::Level::new().as_avx2() {
        return fearless_simd::Simd::vectorize(avx2, work);
    }
    work();
}

/// In blocks, the last of which overlaps the one before it, so that no tail of single bytes is
/// left. It is read before anything is written.
///
/// ```text
///   │ 64                │ 64                │
///          │ 64   last         │               fewer: │ 32 first │         and so on with 16, 8 and 4
///                                                        │ 32 last  │
/// ```
#[inline(always)]
fn apply_unaligned(bytes: &mut [u8], key: u64) {
    if let Some(last) = bytes.last_chunk::<BLOCK>() {
        let last = masked(*last, rotate_twice(key, bytes.len()));
        for block in bytes.chunks_exact_mut(BLOCK) {
            if let Ok(block) = <&mut [u8; BLOCK]>::try_from(block) {
                *block = masked(*block, key);
            }
        }
        replace_last(bytes, last);
    } else if !(both_ends::<32>(bytes, key)
        || both_ends::<16>(bytes, key)
        || both_ends::<8>(bytes, key)
        || both_ends::<4>(bytes, key))
    {
        for (byte, key) in bytes.iter_mut().zip(key.to_le_bytes()) {
            *byte ^= key;
        }
    }
}

/// The first and the last block of `N` bytes, between which nothing lies. `false`: there are fewer
/// bytes.
#[inline(always)]
fn both_ends<const N: usize>(bytes: &mut [u8], key: u64) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
        return false;
    };
    let (first, last) = (masked(*first, key), masked(*last, rotate_twice(key, bytes.len())));
    if let Some(place) = bytes.first_chunk_mut() {
        *place = first;
    }
    replace_last(bytes, last);
    true
}

/// A block of `N` bytes, four or a multiple of eight: in words, which the compiler takes for
/// vectors, with the key in each lane.
#[inline(always)]
fn masked<const N: usize>(mut block: [u8; N], key: u64) -> [u8; N] {
    let mut words = block.chunks_exact_mut(8);
    for word in &mut words {
        if let Ok(bytes) = <&mut [u8; 8]>::try_from(word) {
            *bytes = (u64::from_le_bytes(*bytes) ^ key).to_le_bytes();
        }
    }
    if let Ok(bytes) = <&mut [u8; 4]>::try_from(words.into_remainder()) {
        *bytes = (u32::from_le_bytes(*bytes) ^ key as u32).to_le_bytes();
    }
    block
}

/// The key, and once more: what all below works with.
#[inline(always)]
const fn twice(key: [u8; 4]) -> u64 {
    u32::from_le_bytes(key) as u64 * 0x1_0000_0001
}

/// As [`rotate`].
#[inline(always)]
const fn rotate_twice(key: u64, done: usize) -> u64 {
    key.rotate_right(8 * (done as u32 & 3))
}

#[inline(always)]
fn replace_last<const N: usize>(bytes: &mut [u8], block: [u8; N]) {
    if let Some(last) = bytes.last_chunk_mut() {
        *last = block;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn naive(bytes: &[u8], key: [u8; 4]) -> Vec<u8> {
        bytes.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
    }

    fn sample(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 + i / 256) as u8).collect()
    }

    const KEY: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

    #[test]
    fn any_length_and_alignment_equals_the_naive_loop() {
        for len in (0..300).chain(700..900).chain([4095, 4096, 70_001]) {
            for offset in [0, 1, 3, 8, 63] {
                let mut bytes = sample(offset + len);
                let expected = naive(&bytes[offset..], KEY);
                apply(&mut bytes[offset..], KEY);
                assert_eq!(bytes[offset..], expected, "len {len}, offset {offset}");
            }
        }
    }

    #[test]
    fn any_cut_equals_the_whole() {
        let whole = naive(&sample(1000), KEY);
        for cut in 0..1000 {
            let mut bytes = sample(1000);
            apply(&mut bytes[..cut], KEY);
            apply(&mut bytes[cut..], rotate(KEY, cut));
            assert_eq!(bytes, whole);
        }
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn masking_while_copying_equals_the_naive_loop() {
        for len in (0..300).chain([1000]) {
            let mut filled = sample(len + 3);
            copy_masked(&mut filled[3..], &sample(len), KEY);
            assert_eq!(filled[3..], naive(&sample(len), KEY));
            let mut to = sample(5);
            extend_masked(&mut to, &sample(len), KEY);
            assert_eq!(to[..5], sample(5));
            assert_eq!(to[5..], naive(&sample(len), KEY));
        }
    }
}
