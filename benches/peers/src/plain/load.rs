//! What is said, and the frames that say it, made by hand: RFC 6455 §5.2.

use crate::corpus::Random;
use crate::peer::End;
use bytes::Bytes;
use std::cell::RefCell;
use std::fmt;

/// What the messages are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Binary,
    Ascii,
    /// Three bytes a character.
    Cjk,
    /// Four bytes a character.
    Emoji,
    /// Words of several scripts.
    Mixed,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) text: bool,
    pub(crate) bytes: Bytes,
    /// The same, for those who want it `mut` though they change nothing.
    pub(crate) same: RefCell<Vec<u8>>,
}

impl Message {
    pub(crate) fn new(text: bool, bytes: Bytes) -> Self {
        Self { text, same: RefCell::new(bytes.to_vec()), bytes }
    }
}

impl Content {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "ascii",
            Self::Cjk => "cjk",
            Self::Emoji => "emoji",
            Self::Mixed => "mixed",
        }
    }

    /// So many messages of one length, no two of them the same.
    pub(crate) fn messages(self, len: usize, count: usize) -> Vec<Message> {
        let mut random = Random(0x5eed ^ len as u64);
        (0..count).map(|_| self.message(len, &mut random)).collect()
    }

    fn message(self, len: usize, random: &mut Random) -> Message {
        let mut text = String::with_capacity(len);
        let bytes = match self {
            Self::Binary => {
                let words = (0..len.div_ceil(8)).flat_map(|_| random.next().to_le_bytes());
                words.take(len).collect::<Vec<_>>().into()
            }
            Self::Ascii => {
                text.extend((0..len).map(|_| char::from(b' ' + random.below(94) as u8)));
                Bytes::from(text)
            }
            Self::Cjk => {
                fill(&mut text, len, || char::from_u32(0x4e00 + random.below(0x5000) as u32));
                text.into()
            }
            Self::Emoji => {
                fill(&mut text, len, || char::from_u32(0x1f300 + random.below(0x300) as u32));
                text.into()
            }
            Self::Mixed => {
                let mut left = 0;
                let mut first = 0x61;
                fill(&mut text, len, || {
                    if left == 0 {
                        left = 2 + random.below(7);
                        first = [0x61, 0x61, 0xe0, 0x3b1, 0x430, 0x5d0, 0x4e00, 0x1f600]
                            [random.below(8) as usize];
                    }
                    left -= 1;
                    char::from_u32(first + random.below(24) as u32)
                });
                text.into()
            }
        };
        Message::new(self != Self::Binary, bytes)
    }
}

/// Characters as long as they fit, and letters for the rest.
fn fill(text: &mut String, len: usize, mut character: impl FnMut() -> Option<char>) {
    while let Some(character) = character() {
        if text.len() + character.len_utf8() > len {
            break;
        }
        text.push(character);
    }
    while text.len() < len {
        text.push('a');
    }
}

/// The wire of these messages, for a receiver at this end; in fragments of this length, if there is
/// one.
pub(crate) fn wire(receiver: End, messages: &[Message], fragment: Option<usize>) -> Bytes {
    let mut keys = (receiver == End::Server).then_some(Random(7));
    let mut out = Vec::new();
    for message in messages {
        let count = fragment.map_or(1, |len| message.bytes.len().div_ceil(len));
        for (index, part) in
            message.bytes.chunks(fragment.unwrap_or(message.bytes.len()).max(1)).enumerate()
        {
            let opcode = if index > 0 { 0 } else { if message.text { 1 } else { 2 } };
            let fin = index + 1 == count;
            frame(
                &mut out,
                u8::from(fin) << 7 | opcode,
                part,
                keys.as_mut().map(Random::next).map(|key| (key as u32).to_le_bytes()),
            );
        }
    }
    out.into()
}

pub(crate) fn frame(out: &mut Vec<u8>, first: u8, payload: &[u8], key: Option<[u8; 4]>) {
    let mask = u8::from(key.is_some()) << 7;
    out.push(first);
    match payload.len() {
        len @ 0..126 => out.push(mask | len as u8),
        len @ 126..0x1_0000 => {
            out.push(mask | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            out.push(mask | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    let Some(key) = key else { return out.extend_from_slice(payload) };
    out.extend_from_slice(&key);
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Whether these bytes are just these messages, as this end sends them: each in one frame or in
/// several.
///
/// # Errors
/// Where they are not.
pub(crate) fn says(sender: End, mut bytes: &[u8], messages: &[Message]) -> Result<(), Unlike> {
    for message in messages {
        let mut whole = Vec::with_capacity(message.bytes.len());
        let mut opcode = if message.text { 1 } else { 2 };
        loop {
            let (fin, found, payload, rest) = read(sender, bytes)
                .ok_or(Unlike("a frame is not whole, or masked by the wrong end".into()))?;
            if found != opcode {
                return Err(Unlike(format!("opcode {found} for {opcode}")));
            }
            whole.extend_from_slice(&payload);
            bytes = rest;
            opcode = 0;
            if fin {
                break;
            }
        }
        if let Some(unlike) = Unlike::find(Some(message), message.text, &whole) {
            return Err(unlike);
        }
    }
    if bytes.is_empty() { Ok(()) } else { Err(Unlike(format!("{} bytes too many", bytes.len()))) }
}

/// The first frame: FIN, opcode, its payload unmasked; and what is behind it.
fn read(sender: End, bytes: &[u8]) -> Option<(bool, u8, Vec<u8>, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, mut rest) = match second & 0x7f {
        126 => rest
            .split_first_chunk()
            .map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest))?,
        127 => {
            rest.split_first_chunk().map(|(len, rest)| (u64::from_be_bytes(*len) as usize, rest))?
        }
        len => (usize::from(len), rest),
    };
    if (second & 0x80 != 0) != (sender == End::Client) || first & 0x70 != 0 {
        return None;
    }
    let mut key = [0; 4];
    if sender == End::Client {
        (key, rest) = rest.split_first_chunk().map(|(key, rest)| (*key, rest))?;
    }
    let (payload, behind) = rest.split_at_checked(len)?;
    Some((
        first & 0x80 != 0,
        first & 0xf,
        payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect(),
        behind,
    ))
}

/// How something differs from what was said.
#[derive(Debug)]
pub(crate) struct Unlike(String);

impl Unlike {
    pub(crate) fn find(expected: Option<&Message>, text: bool, data: &[u8]) -> Option<Self> {
        let Some(expected) = expected else { return Some(Self("one more than was sent".into())) };
        if expected.text != text {
            return Some(Self(format!("text: {text}")));
        }
        if expected.bytes == data {
            return None;
        }
        let same = expected.bytes.iter().zip(data).take_while(|(one, other)| one == other).count();
        Some(Self(format!(
            "{} bytes instead of {}, and other ones from {same} on",
            data.len(),
            expected.bytes.len()
        )))
    }
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
