//! The frame decoder under every split, and a connection's by turns of a workspace.

use crate::choices::cut;
use crate::wire::{Fed, output};
use sockless::decoder::{Control, Decoder, Piece};
use sockless::frame::Header;
use sockless::{
    Config, Connection, Extensions, Input, Limits, MessageKind, ProtocolError, Role, Seed, Turn,
    Workspace,
};

/// The frame decoder, fed the same bytes whole and in parts, gives the same frames, the same bytes
/// and the same error; it consumes all input and never panics; it gives no more bytes than it was
/// given. A Close frame is the last.
///
/// So it is with a connection that is fed by turns of a workspace, as with one that is fed by
/// ordinary inputs: behind each part it is as far as that one, but for what it leaves, which is
/// always less than one frame that there is room for.
///
/// Of `data`, the first byte chooses the role, for how large frames there is room, and how many
/// parts there are; as many bytes behind it choose where they are cut; where there is not room for
/// all, one more chooses for how much there is, and one behind which parts a turn ends. The rest is
/// the wire's.
pub fn decoder_splits(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else { return };
    let role = if first & 1 == 0 { Role::Server } else { Role::Client };
    let Some((cuts, data)) = data.split_at_checked(usize::from(first >> 4)) else { return };
    let (turns, wire) = match (first >> 1 & 7, data) {
        (0, wire) => (Turns { room: usize::MAX, ends: 0, polls: false }, wire),
        (scale, [room, ends, wire @ ..]) => (
            Turns {
                room: usize::from(*room) << (scale / 2 * 3),
                ends: *ends,
                polls: scale & 1 == 0,
            },
            wire,
        ),
        _ => return,
    };

    let whole = decode(role, &[wire], false);
    assert!(whole.bytes <= wire.len());
    let parts = cut(wire, cuts);
    assert_eq!(decode(role, &parts, false), whole);
    assert_eq!(decode(role, &parts, true), whole);
    deliver(role, &parts, &turns);
    if wire.len() <= 512 {
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(decode(role, &bytes, false), whole);
        assert_eq!(decode(role, &bytes, true), whole);
        deliver(role, &bytes, &turns);
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

/// How a connection is fed.
struct Turns {
    /// Frames of so many bytes at most stay where they are until they are whole.
    room: usize,
    /// Behind which parts, by their numbers, a turn ends.
    ends: u8,
    /// Whether what a turn has left is polled before the next one.
    polls: bool,
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_frame = 1 << 16;
    limits.max_message = 1 << 17;
    limits.max_fragments = 8;
    limits
}

/// `looks`: for whole messages first.
fn decode(role: Role, parts: &[&[u8]], looks: bool) -> Decoded {
    let (mut decoder, mut decoded) = (Decoder::new(role, limits()), Decoded::default());
    for part in parts {
        decoded.add_all(&mut decoder, part, looks);
    }
    decoded
}

fn connection(role: Role) -> Connection {
    let mut config = Config::default();
    config.limits = limits();
    match role {
        Role::Server => Connection::server(Extensions::default(), config),
        Role::Client => Connection::client(Seed::new([3; 32]), Extensions::default(), config),
    }
}

/// Feeds a connection by turns, beside one with ordinary inputs.
fn deliver(role: Role, parts: &[&[u8]], turns: &Turns) {
    let (mut ordinary, mut expected) = (connection(role), Fed::default());
    let (mut connection, mut fed) = (connection(role), Fed::default());
    let mut workspace = Workspace::new(32, turns.room);
    let mut turn = workspace.turn(&mut connection);
    let (mut come, mut left) = (Vec::new(), 0);
    for (i, part) in parts.iter().enumerate() {
        expected.read(&mut ordinary, part);
        come.extend_from_slice(part);
        left = read(&mut turn, part, left, &mut fed);
        if left > 0 {
            assert!(left < turns.room, "{left} bytes are left, of {}", turns.room);
            if let Ok(Some((header, len))) = Header::decode(&come[come.len() - left..]) {
                let len = len + header.payload_len as usize;
                assert!(left < len && len <= turns.room, "{left} bytes are left of {len}");
            }
        } else {
            assert_eq!(fed, expected);
        }
        // The text of a frame that is left is looked at when it is whole.
        assert!(fed.close_event == expected.close_event || left > 0 && fed.close_event.is_none());
        if i + 1 == parts.len() {
            break;
        }
        if turns.ends >> (i % 8) & 1 != 0 {
            drop(turn);
            if turns.polls {
                fed.read(&mut connection, b"");
                left = 0;
                assert_eq!(fed, expected);
            }
            turn = workspace.turn(&mut connection);
        }
    }
    drop(turn);
    fed.read(&mut connection, b"");
    assert_eq!(fed, expected);
    assert_eq!(output(&mut connection), output(&mut ordinary));
}

/// Reads all of a part, behind what was left: tells how much is left then.
fn read(turn: &mut Turn<'_, Connection>, mut part: &[u8], mut left: usize, fed: &mut Fed) -> usize {
    while !part.is_empty() {
        let room = turn.read_buf();
        let (now, later) = part.split_at(room.len().min(part.len()));
        assert!(!now.is_empty(), "a read of no bytes would be taken for the end");
        room[..now.len()].copy_from_slice(now);
        part = later;
        let (connection, mut input) = turn.received(now.len());
        assert_eq!(input.len(), left + now.len(), "what was left, and what was read");
        while let Some(event) = connection.poll(&mut input) {
            fed.take(event);
        }
        left = input.len();
        assert!(!connection.wants_poll());
    }
    left
}

impl Decoded {
    /// What a decoder makes of a part.
    fn add_all(&mut self, decoder: &mut Decoder, part: &[u8], looks: bool) {
        let mut scratch = part.to_vec();
        let mut input = Input::new(&mut scratch);
        loop {
            let whole = if looks { decoder.take_whole_message(&mut input) } else { None };
            if let Some((kind, data)) = whole {
                let (first, last) = (true, true);
                self.add(Piece::Message { kind, first, last, rsv: 0, rest: 0, data });
                continue;
            }
            let Some(piece) = decoder.next(&mut input) else { break };
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
            other => panic!("{other:?}"),
        }
    }
}
