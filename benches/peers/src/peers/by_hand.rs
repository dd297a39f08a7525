//! The floor: flate2 as it is, with as little around it as the wire format allows. No limit, no
//! check of frames.

use crate::corpus::Message;
use crate::peer::{Batch, Connection, End, Peer, Refused, Setting, Tally};
use crate::transport::Sink;
use crate::wire::{self, Header, TAIL};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// flate2, by hand.
#[derive(Debug)]
pub(crate) struct ByHand;

impl Peer for ByHand {
    fn name(&self) -> &'static str {
        "flate2 by hand"
    }

    fn about(&self) -> &'static str {
        "the floor: compress or inflate, frame, check UTF-8, and nothing else; one call of zlib-rs per message, with a buffer that is always large enough"
    }

    fn connect(&self, _: End, setting: Setting) -> Result<Box<dyn Connection>, &'static str> {
        Ok(Box::new(Bare {
            compress: Compress::new_with_window_bits(
                Compression::new(setting.level.into()),
                false,
                setting.bits,
            ),
            decompress: Decompress::new_with_window_bits(false, setting.bits),
            takeover: setting.takeover,
            packed: Vec::with_capacity(128 << 10),
            text: Vec::with_capacity(128 << 10),
            frames: Vec::new(),
            read: Vec::new(),
        }))
    }
}

struct Bare {
    compress: Compress,
    decompress: Decompress,
    takeover: bool,
    packed: Vec<u8>,
    text: Vec<u8>,
    frames: Vec<u8>,
    read: Vec<u8>,
}

impl Connection for Bare {
    fn send(&mut self, messages: &[Message], sink: &mut Sink) {
        self.frames.clear();
        for message in messages {
            if !self.takeover {
                self.compress.reset();
            }
            self.packed.clear();
            self.compress
                .compress_vec(&message.bytes, &mut self.packed, FlushCompress::Sync)
                .expect("zlib compresses anything");
            let payload = &self.packed[..self.packed.len() - TAIL.len()];
            wire::header(&mut self.frames, payload.len(), false);
            self.frames.extend_from_slice(payload);
        }
        sink.write(&self.frames);
    }

    fn receive(&mut self, batch: &Batch, tally: &mut Tally<'_>) -> Result<(), Refused> {
        tally.reads += 1;
        self.read.clear();
        self.read.extend_from_slice(&batch.bytes);
        let mut rest = &mut self.read[..];
        while let Some(Header { len, payload, masked, .. }) = Header::read(rest) {
            let (frame, behind) = std::mem::take(&mut rest).split_at_mut(len + payload);
            rest = behind;
            let (head, payload) = frame.split_at_mut(len);
            if masked {
                let key = *head.last_chunk::<4>().ok_or(Refused)?;
                let (words, end) = payload.as_chunks_mut::<8>();
                let wide =
                    u64::from_ne_bytes([key, key].concat().try_into().expect("twice four bytes"));
                words
                    .iter_mut()
                    .for_each(|word| *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes());
                end.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
                end.iter_mut().skip(4).zip(key).for_each(|(byte, key)| *byte ^= key);
            }
            if !self.takeover {
                self.decompress.reset(false);
            }
            self.text.clear();
            for part in [&*payload, &TAIL] {
                self.decompress
                    .decompress_vec(part, &mut self.text, FlushDecompress::None)
                    .map_err(|_| Refused)?;
            }
            tally.text(simdutf8::basic::from_utf8(&self.text).map_err(|_| Refused)?.as_bytes());
        }
        Ok(())
    }
}
