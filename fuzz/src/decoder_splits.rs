//! The frame decoder under every split.

use crate::choices::cut;
use sockless::decoder::{Control, Decoder, Limits, MessageKind, Piece, Role};
use sockless::{Input, ProtocolError};

/// The frame decoder, fed the same bytes whole and in parts, gives the same frames, the same bytes
/// and the same error; it consumes all input and never panics; it gives no more bytes than it was
/// given. A Close frame is the last.
///
/// So it is where the input keeps what a part has cut, but for what it leaves: always less than one
/// frame that there is room for, as it came.
///
/// Of `data`, the first byte chooses the role, how much is kept, and how many parts there are; as
/// many bytes behind it choose where they are cut; where not all is kept, one more chooses how much
/// is, and one behind which parts what was kept goes through an ordinary input. The rest is the
/// wire's.
pub fn decoder_splits(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else { return };
    let role = if first & 1 == 0 { Role::Server } else { Role::Client };
    let Some((cuts, data)) = data.split_at_checked(usize::from(first >> 4)) else { return };
    let (keeps, wire) = match (first >> 1 & 7, data) {
        (0, wire) => (Keeps { room: usize::MAX, ends: 0, looks: false }, wire),
        (scale, [room, ends, wire @ ..]) => (
            Keeps {
                room: usize::from(*room) << (scale / 2 * 3),
                ends: *ends,
                looks: scale & 1 == 0,
            },
            wire,
        ),
        _ => return,
    };

    let whole = decode(role, &[wire]);
    assert!(whole.bytes <= wire.len());
    let parts = cut(wire, cuts);
    assert_eq!(decode(role, &parts), whole);
    assert_eq!(decode_keeping(role, &parts, &keeps), whole);
    if wire.len() <= 512 {
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(decode(role, &bytes), whole);
        assert_eq!(decode_keeping(role, &bytes, &keeps), whole);
    }
}

/// What a decoder gave, pieces of one frame joined.
#[derive(Debug, Default, PartialEq)]
struct Decoded {
    messages: Vec<(MessageKind, Vec<u8>, bool)>,
    controls: Vec<(Control, Vec<u8>, bool)>,
    error: Option<ProtocolError>,
    bytes: usize,
}

/// How what a part has cut is kept.
struct Keeps {
    /// Of frames of so many bytes at most.
    room: usize,
    /// Behind which parts, by their numbers, it is not any longer.
    ends: u8,
    /// Whether whole messages are looked for first.
    looks: bool,
}

fn decoder(role: Role) -> Decoder {
    let mut limits = Limits::default();
    limits.max_frame = 1 << 16;
    limits.max_message = 1 << 17;
    limits.max_fragments = 8;
    Decoder::new(role, limits)
}

fn decode(role: Role, parts: &[&[u8]]) -> Decoded {
    let (mut decoder, mut decoded) = (decoder(role), Decoded::default());
    for part in parts {
        decoded.add_all(&mut decoder, part);
    }
    decoded
}

/// How long a frame's header is that comes to this role, with a payload of so many bytes.
fn header(role: Role, len: usize) -> usize {
    let mask = if role == Role::Server { 4 } else { 0 };
    mask + match len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// The same as `decode` with keeping inputs, beside a decoder with ordinary ones: behind each part
/// it is as far as that one, but for what is kept.
fn decode_keeping(role: Role, parts: &[&[u8]], keeps: &Keeps) -> Decoded {
    let (mut ordinary, mut expected) = (decoder(role), Decoded::default());
    let (mut decoder, mut decoded) = (decoder(role), Decoded::default());
    let mut kept = Vec::new();
    // Whether a part of the frame under way was consumed. So is then the rest of it.
    let mut begun = false;
    for (i, part) in parts.iter().enumerate() {
        expected.add_all(&mut ordinary, part);
        kept.extend_from_slice(part);
        let mut scratch = kept.clone();
        let mut input = Input::keeping(&mut scratch, keeps.room);
        loop {
            let whole = if keeps.looks { decoder.take_whole_message(&mut input) } else { None };
            if let Some((kind, data)) = whole {
                decoded.add(Piece::Message {
                    kind,
                    first: true,
                    last: true,
                    rsv: 0,
                    rest: 0,
                    data,
                });
                continue;
            }
            let Some(piece) = decoder.next(&mut input) else { break };
            assert!(decoded.error.is_none(), "nothing comes behind an error");
            match piece {
                Ok(piece) => {
                    // The frame's payload, or the most that it can be.
                    let (len, cut) = match &piece {
                        Piece::Message { rest, data, .. } => {
                            (data.len() + *rest as usize, *rest > 0)
                        }
                        Piece::Control { last, .. } => (125, !last),
                    };
                    assert!(
                        begun || !cut || header(role, len) + len > keeps.room,
                        "there is room for the frame"
                    );
                    begun = cut;
                    decoded.add(piece);
                }
                Err(error) => decoded.error = Some(error),
            }
        }
        let rest = input.into_rest();
        assert!(
            rest.is_empty() || rest.len() < keeps.room,
            "{} bytes are kept, of {}",
            rest.len(),
            keeps.room
        );
        assert!(kept.ends_with(rest), "what is kept is as it came");
        assert_eq!(decoded.error, expected.error, "an error is told as early");
        assert!(decoded.bytes <= expected.bytes && expected.bytes - decoded.bytes <= rest.len());
        kept = rest.to_vec();
        if keeps.ends >> (i % 8) & 1 != 0 || i + 1 == parts.len() {
            begun |= !kept.is_empty();
            decoded.add_all(&mut decoder, &std::mem::take(&mut kept));
        }
        if kept.is_empty() {
            assert_eq!(decoded, expected);
        }
    }
    decoded
}

impl Decoded {
    /// What a decoder makes of a part.
    fn add_all(&mut self, decoder: &mut Decoder, part: &[u8]) {
        let mut scratch = part.to_vec();
        let mut input = Input::new(&mut scratch);
        while let Some(piece) = decoder.next(&mut input) {
            assert!(self.error.is_none(), "nothing comes behind an error");
            match piece {
                Ok(piece) => self.add(piece),
                Err(error) => self.error = Some(error),
            }
        }
        assert!(input.is_empty(), "None means that all was consumed");
    }

    fn add(&mut self, piece: Piece<'_>) {
        let closed = matches!(self.controls.last(), Some((Control::Close, _, true)));
        assert!(!closed, "nothing comes behind a Close frame");
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
