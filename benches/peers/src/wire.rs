//! A neutral sender and a neutral receiver: what all receive was made by the one, what all sent is
//! checked by the other.

use crate::corpus::{Message, Random};
use crate::peer::{Batch, End, Setting};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// RFC 7692 §7.2.1: what each message ends with, and is not sent.
pub(crate) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Compresses at one level, and as one stream where the context is taken over.
#[derive(Debug)]
pub(crate) struct Encoder {
    compress: Compress,
    takeover: bool,
    keys: Option<Random>,
}

impl Encoder {
    /// For what a receiver at this end reads.
    pub(crate) fn new(receiver: End, setting: Setting) -> Self {
        Self {
            compress: Compress::new_with_window_bits(
                Compression::new(setting.level.into()),
                false,
                setting.bits,
            ),
            takeover: setting.takeover,
            keys: (receiver == End::Server).then_some(Random(7)),
        }
    }

    pub(crate) fn batches(&mut self, messages: &[Message], batch: usize) -> Vec<Batch> {
        let frames = |part: &[Message]| {
            let mut bytes = Vec::new();
            part.iter().for_each(|message| self.frame(&message.bytes, &mut bytes));
            Batch { bytes: bytes.into(), messages: part.len() }
        };
        messages.chunks(batch).map(frames).collect()
    }

    pub(crate) fn frame(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if !self.takeover {
            self.compress.reset();
        }
        let mut packed = Vec::with_capacity(text.len() + text.len() / 8 + 64);
        self.compress
            .compress_vec(text, &mut packed, FlushCompress::Sync)
            .expect("zlib compresses anything");
        assert!(packed.ends_with(&TAIL), "there was room for all of it");
        packed.truncate(packed.len() - TAIL.len());
        header(out, packed.len(), self.keys.is_some());
        if let Some(keys) = &mut self.keys {
            let [key @ .., _, _, _, _] = keys.next().to_le_bytes();
            out.extend_from_slice(&key);
            packed.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        }
        out.extend_from_slice(&packed);
    }
}

/// A text message in one frame, compressed. RFC 6455 §5.2.
pub(crate) fn header(out: &mut Vec<u8>, len: usize, masked: bool) {
    let mask = u8::from(masked) << 7;
    out.push(0xc1);
    match len {
        0..126 => out.push(mask | len as u8),
        126..0x1_0000 => {
            out.push(mask | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(mask | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

/// What a header says: its length, the payload's, the key's place if it is masked, and whether the
/// message is compressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) len: usize,
    pub(crate) payload: usize,
    pub(crate) masked: bool,
    pub(crate) compressed: bool,
}

impl Header {
    /// `None`: it is not whole, or no text in one frame.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (payload, len) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)), 4),
            127 => (u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize, 10),
            len => (usize::from(len), 2),
        };
        let masked = second >> 7 == 1;
        (first & !0x40 == 0x81).then_some(Self {
            len: len + 4 * usize::from(masked),
            payload,
            masked,
            compressed: first & 0x40 != 0,
        })
    }
}

/// Reads what a server sent.
#[derive(Debug)]
pub(crate) struct Decoder {
    decompress: Decompress,
    takeover: bool,
}

impl Decoder {
    pub(crate) fn new(setting: Setting) -> Self {
        Self {
            decompress: Decompress::new_with_window_bits(false, setting.bits),
            takeover: setting.takeover,
        }
    }

    /// Whether these bytes say just these messages.
    pub(crate) fn says(&mut self, mut bytes: &[u8], messages: &[Message]) -> bool {
        for message in messages {
            let Some(header) = Header::read(bytes) else { return false };
            let Some(payload) = bytes.get(header.len..header.len + header.payload) else {
                return false;
            };
            let same = match header.compressed {
                true => self
                    .inflate(payload, message.bytes.len())
                    .is_some_and(|text| text == message.bytes),
                false => payload == message.bytes,
            };
            if !same || header.masked {
                return false;
            }
            bytes = &bytes[header.len + header.payload..];
        }
        bytes.is_empty()
    }

    fn inflate(&mut self, payload: &[u8], len: usize) -> Option<Vec<u8>> {
        if !self.takeover {
            self.decompress.reset(false);
        }
        let mut text = Vec::with_capacity(len + 1);
        for part in [payload, &TAIL] {
            let before = self.decompress.total_in();
            self.decompress.decompress_vec(part, &mut text, FlushDecompress::None).ok()?;
            if self.decompress.total_in() - before != part.len() as u64 {
                return None;
            }
        }
        Some(text)
    }
}
