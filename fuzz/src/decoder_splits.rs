//! The frame decoder under every split.

use crate::choices::cut;
use sockless::decoder::{Control, Decoder, End, Kind, Limits, Piece};
use sockless::{Input, ProtocolError};

/// The frame decoder, fed the same bytes whole and in parts, gives the same frames, the same bytes and the same error; it consumes all input and never
/// panics; what it gives is no longer than what came.
///
/// Of `data`, the first byte chooses the end and how many parts there are, as many bytes behind it choose where they are cut, the rest is the wire's.
pub fn decoder_splits(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else { return };
    let end = if first & 1 == 0 { End::Server } else { End::Client };
    let Some((cuts, wire)) = data.split_at_checked(usize::from(first >> 4)) else { return };

    let whole = decode(end, &[wire]);
    assert!(whole.bytes <= wire.len());
    assert_eq!(decode(end, &cut(wire, cuts)), whole);
    if wire.len() <= 512 {
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(decode(end, &bytes), whole);
    }
}

/// What a decoder gave, pieces of one frame joined.
#[derive(Debug, Default, PartialEq)]
struct Decoded {
    messages: Vec<(Kind, Vec<u8>, bool)>,
    controls: Vec<(Control, Vec<u8>, bool)>,
    error: Option<ProtocolError>,
    bytes: usize,
}

fn decode(end: End, parts: &[&[u8]]) -> Decoded {
    let mut limits = Limits::default();
    limits.max_frame = 1 << 16;
    limits.max_message = 1 << 17;
    limits.max_fragments = 8;
    let mut decoder = Decoder::new(end, limits);
    let mut decoded = Decoded::default();
    for part in parts {
        let mut scratch = part.to_vec();
        let mut input = Input::new(&mut scratch);
        while let Some(piece) = decoder.next(&mut input) {
            assert!(decoded.error.is_none(), "nothing comes behind an error");
            match piece {
                Ok(piece) => decoded.add(piece),
                Err(error) => decoded.error = Some(error),
            }
        }
        assert!(input.is_empty(), "None means that all was consumed");
    }
    decoded
}

impl Decoded {
    fn add(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Message { kind, first, last, rsv, rest, data } => {
                assert!(rsv == 0 && rest <= 1 << 16 && (!last || rest == 0));
                self.bytes += data.len();
                match self.messages.last_mut() {
                    Some((of, bytes, done)) if !*done => {
                        assert!(!first && *of == kind);
                        bytes.extend_from_slice(data);
                        *done = last;
                    }
                    _ => {
                        assert!(first);
                        self.messages.push((kind, data.to_vec(), last));
                    }
                }
            }
            Piece::Control { kind, last, data } => {
                self.bytes += data.len();
                match self.controls.last_mut() {
                    Some((of, bytes, done)) if !*done => {
                        assert!(*of == kind);
                        bytes.extend_from_slice(data);
                        *done = last;
                    }
                    _ => self.controls.push((kind, data.to_vec(), last)),
                }
                assert!(self.controls.last().is_some_and(|(_, bytes, _)| bytes.len() <= 125));
            }
        }
    }
}
