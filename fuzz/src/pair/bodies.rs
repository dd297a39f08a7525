//! What messages say.

use crate::choices::Choices;

/// What a message or a part says: something that compresses, something that does not, or something
/// of what was said before.
pub fn choose(choices: &mut Choices<'_>, said: &mut Vec<u8>) -> Vec<u8> {
    let how = choices.byte();
    let len = match how >> 2 & 3 {
        0 => usize::from(choices.byte()) / 8,
        1 => usize::from(choices.byte()),
        2 => choices.number() % 1000,
        _ => choices.number() % 40_000 / usize::from(1 + choices.byte() % 16),
    };
    let bytes = match how & 3 {
        0 => choices.bytes(len).to_vec(),
        1 => body(len, how >> 4),
        2 => noise(len, how >> 4),
        _ => {
            let at = choices.number() % (said.len() + 1);
            said[at..].iter().copied().take(len).collect()
        }
    };
    said.extend_from_slice(&bytes);
    said.drain(..said.len().saturating_sub(60_000));
    bytes
}

/// Bytes that compress.
pub fn body(len: usize, seed: u8) -> Vec<u8> {
    let words =
        ["a=0&", "because ", "of ", "\"name\": ", "\r\n", "a=1&", "0000000000000000", "compress"];
    let mut bytes = Vec::with_capacity(len + 16);
    // No word has fewer bytes than two.
    for byte in noise(len / 2 + 1, seed) {
        if bytes.len() >= len {
            break;
        }
        bytes.extend_from_slice(words[usize::from(byte % 8)].as_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Bytes that do not.
pub fn noise(len: usize, seed: u8) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ u64::from(seed) << 7;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
