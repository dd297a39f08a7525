//! What is said: messages of both kinds and all sizes, that compress, that do not, and that repeat
//! what was said before.

use bytes::Bytes;
use fastrand::Rng;
use sockless::MessageKind;
use sockless::deflate::Compress;

/// A message as it has to arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: MessageKind,
    pub(crate) bytes: Bytes,
}

/// How much of what was said is remembered, to be said again: more than a window.
const MEMORY: usize = 60_000;

/// What one end says.
#[derive(Debug)]
pub(crate) struct Speech {
    /// In bytes, and a character.
    longest: usize,
    said: Vec<u8>,
}

impl Speech {
    pub(crate) fn new(longest: usize) -> Self {
        Self { longest, said: Vec::new() }
    }

    pub(crate) fn text(&mut self, dice: &mut Rng) -> String {
        let len = len(dice).min(self.longest);
        let words = ["hello ", "to all ", "who are here ", "🎈", "ß", "…", "0123456789", "\n"];
        let mut text = String::new();
        let noise = dice.bool();
        while text.len() < len {
            match noise {
                true => text.push(dice.char(..)),
                false => text.push_str(words[dice.usize(..words.len())]),
            }
        }
        self.remember(text.as_bytes());
        text
    }

    pub(crate) fn binary(&mut self, dice: &mut Rng) -> Vec<u8> {
        let len = len(dice).min(self.longest);
        let bytes: Vec<u8> = match dice.u8(..3) {
            0 => (0..len).map(|_| dice.u8(..)).collect(),
            1 => {
                let seed = dice.u8(..);
                (0..len).map(|i| (i / 3 % 11) as u8 ^ seed).collect()
            }
            _ => {
                let at = dice.usize(..=self.said.len());
                self.said[at..].iter().copied().take(len).collect()
            }
        };
        self.remember(&bytes);
        bytes
    }

    fn remember(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(&bytes[..bytes.len().min(MEMORY)]);
        self.said.drain(..self.said.len().saturating_sub(MEMORY));
    }
}

/// Mostly short, seldom up to 2 MB.
fn len(dice: &mut Rng) -> usize {
    match dice.u8(..100) {
        0..10 => dice.usize(..3),
        10..50 => dice.usize(..130),
        50..80 => dice.usize(..2000),
        80..94 => dice.usize(..20_000),
        94..99 => dice.usize(..200_000),
        _ => dice.usize(..2_000_000),
    }
}

pub(crate) fn compress(dice: &mut Rng) -> Option<Compress> {
    [None, None, Some(Compress::Auto), Some(Compress::Yes), Some(Compress::No)][dice.usize(..5)]
}
