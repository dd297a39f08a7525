//! Masking, RFC 6455 §5.3: XOR with a key of four bytes, over and over.
//!
//! The same operation masks and unmasks. A payload that comes in parts is masked in parts: [`rotate`] the key by the bytes that are done.
//! Blocks are written as plain loops over arrays, which the compiler turns into vector instructions.

/// Masks or unmasks `bytes` in place, the first of them with the key's first byte.
///
/// ```
/// let mut payload = *b"\x7f\x9f\x4d\x51\x58";
/// sockless::mask::apply(&mut payload, [0x37, 0xfa, 0x21, 0x3d]);
/// assert_eq!(&payload, b"Hello");
/// ```
pub fn apply(bytes: &mut [u8], key: [u8; 4]) {
    if bytes.len() < LONG {
        return apply_blocks(bytes, key);
    }
    // Whole cache lines: stores that straddle two of them cost up to twice as much.
    let head = bytes.as_ptr().addr().wrapping_neg() & (CACHE_LINE - 1);
    let (head, body) = bytes.split_at_mut(head.min(bytes.len()));
    apply_blocks(head, key);
    apply_blocks(body, rotate(key, head.len()));
}

/// The key for what follows after `done` bytes of a payload were masked.
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
#[inline]
pub const fn rotate(key: [u8; 4], done: usize) -> [u8; 4] {
    u32::from_le_bytes(key).rotate_right(8 * (done as u32 & 3)).to_le_bytes()
}

/// Unmasks the payload behind the first `header` bytes of `frame`. Up to three of the header's last bytes are overwritten.
///
/// That is what makes it fast: started that much earlier, the rest is a multiple of the key's length, and is taken in blocks from the
/// end, without a tail of single bytes.
///
/// ```text
///            ┌────────────────┬─────────┬──────────────────────────────┐
///   frame    │ header         │ payload                                │
///            └────────────┬───┴─────────┴──────────────────────────────┘
///                         │ 0–3 │  4s │   16s   │   64s                │
/// ```
#[inline(always)]
pub(crate) fn apply_behind(frame: &mut [u8], header: usize, key: [u8; 4]) {
    let payload = frame.len().wrapping_sub(header);
    if payload >= LONG {
        return apply(frame.get_mut(header..).unwrap_or_default(), key);
    }
    let early = payload.wrapping_neg() & 3;
    let key = rotate(key, early.wrapping_neg());
    let Some(region) = frame.get_mut(header.wrapping_sub(early)..) else { return };
    let mut blocks = region.rchunks_exact_mut(64);
    for block in &mut blocks {
        xor::<64>(block, key);
    }
    let mut blocks = blocks.into_remainder().rchunks_exact_mut(16);
    for block in &mut blocks {
        xor::<16>(block, key);
    }
    for block in blocks.into_remainder().rchunks_exact_mut(4) {
        xor::<4>(block, key);
    }
}

/// Appends `bytes`, masked, to `to`: copied and masked in one pass.
#[cfg(feature = "alloc")]
pub(crate) fn extend_masked(to: &mut alloc::vec::Vec<u8>, bytes: &[u8], key: [u8; 4]) {
    const BLOCK: usize = 64;
    to.reserve(bytes.len());
    let mut blocks = bytes.chunks_exact(BLOCK);
    for block in &mut blocks {
        let mut local = [0; BLOCK];
        local.copy_from_slice(block);
        xor::<BLOCK>(&mut local, key);
        to.extend_from_slice(&local);
    }
    let start = to.len();
    to.extend_from_slice(blocks.remainder());
    apply_blocks(to.get_mut(start..).unwrap_or_default(), key);
}

/// From this length on, bytes, alignment to cache lines pays.
const LONG: usize = 768;

const CACHE_LINE: usize = 64;

/// Blocks of falling size: at most three bytes are left to be taken one by one. Of 64 bytes the compiler makes four vectors; of larger ones,
/// measured, it makes something three times slower.
fn apply_blocks(bytes: &mut [u8], key: [u8; 4]) {
    let mut blocks = bytes.chunks_exact_mut(64);
    for block in &mut blocks {
        xor::<64>(block, key);
    }
    let mut blocks = blocks.into_remainder().chunks_exact_mut(16);
    for block in &mut blocks {
        xor::<16>(block, key);
    }
    let mut blocks = blocks.into_remainder().chunks_exact_mut(4);
    for block in &mut blocks {
        xor::<4>(block, key);
    }
    for (byte, key) in blocks.into_remainder().iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// One block of `N` bytes, a multiple of the key's four.
#[inline(always)]
fn xor<const N: usize>(block: &mut [u8], key: [u8; 4]) {
    if let Ok(block) = <&mut [u8; N]>::try_from(block) {
        for part in block.chunks_exact_mut(4) {
            for (byte, key) in part.iter_mut().zip(key) {
                *byte ^= key;
            }
        }
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
    fn behind_a_header_equals_the_naive_loop() {
        for header in [6, 8, 14] {
            for len in (0..300).chain(760..780).chain([5000]) {
                let mut frame = sample(header + len);
                let expected = naive(&frame[header..], KEY);
                let untouched = frame[..header - 3].to_vec();
                apply_behind(&mut frame, header, KEY);
                assert_eq!(frame[header..], expected, "header {header}, len {len}");
                assert_eq!(frame[..header - 3], untouched);
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
            let mut to = sample(5);
            extend_masked(&mut to, &sample(len), KEY);
            assert_eq!(to[..5], sample(5));
            assert_eq!(to[5..], naive(&sample(len), KEY));
        }
    }
}
