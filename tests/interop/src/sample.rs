//! Payloads that both ends can make from a length alone; the programs in `peers/` make the same.

/// Lengths at which the form of a frame's header changes, and around them; the last is the limit that a message may have.
pub(crate) const SIZES: [usize; 9] = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 16 << 20];

/// Characters of one, two, three and four bytes, ten bytes in all.
const CHARACTERS: &str = "aé€😀";

/// Byte i is i + i/256 + i/65536.
pub(crate) fn binary(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i + (i >> 8) + (i >> 16)) as u8).collect()
}

/// [`CHARACTERS`] as often as they fit, then `x`.
pub(crate) fn text(len: usize) -> String {
    let mut text = CHARACTERS.repeat(len / CHARACTERS.len());
    text.extend(std::iter::repeat_n('x', len % CHARACTERS.len()));
    text
}
