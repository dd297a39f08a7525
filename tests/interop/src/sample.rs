//! Payloads that both ends can make from a length alone; the programs in `peers/` make the same.

/// Lengths at which the form of a frame's header changes, and around them; the last is the limit
/// that a message may have.
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

/// Bytes in which nothing repeats itself: those of a linear congruential generator, the highest
/// eight bits of each state.
pub(crate) fn noise(len: usize, seed: u32) -> Vec<u8> {
    let states = std::iter::successors(Some(seed), |state| {
        Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    });
    states.skip(1).take(len).map(|state| (state >> 24) as u8).collect()
}

/// The i-th message of a chat.
pub(crate) fn chat(i: usize) -> String {
    format!(
        r#"{{"room":"lobby","from":"user-{}","number":{i},"kind":"message","text":"what user {i} says to all of the others"}}"#,
        i % 7
    )
}

/// The payload of the prepared message: the same 200 bytes again and again, nearer than the
/// smallest window is large.
pub(crate) fn prepared() -> Vec<u8> {
    noise(200, 1).repeat(15)
}

/// The payload of the i-th message between prepared ones. With context takeover it can be said by
/// referring to them.
pub(crate) fn own(i: usize) -> Vec<u8> {
    [noise(100, i as u32 + 2), prepared()].concat()
}
