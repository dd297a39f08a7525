//! The same bytes to sockless and to tungstenite.
//!
//! Allowed differences, all of them; anything else is a finding:
//!
//! | sockless | tungstenite 0.30 | why |
//! |---|---|---|
//! | refuses a length that is not in its shortest form, of a control frame too | takes it | RFC 6455 §5.2: "the minimal number of bytes MUST be used" |
//! | refuses at the byte that decides | waits for the whole header, and mostly for the whole frame | §7.1.7, §8.1; once the frame is filled up, both refuse it |
//! | names the rule whose byte comes first | asks in another order | of a frame that breaks several rules, any may be named: see [`OURS`] and [`THEIRS`] |
//! | fails the connection over a close code that must not be sent | delivers it as 1002, and answers so | §7.4: the same answer on the wire |
//! | takes 1014 as a close code | takes it as one that must not be sent | IANA's registry of §11.7 has it: "Bad Gateway" |
//! | reads nothing behind a Close frame | may tell of it | §5.5.1: neither delivers it |

use crate::choices::{Choices, cut};
use crate::wire::{feed, frame};
use sockless::{
    Cause, Config, Connection, Delivery, Event, Extensions, Limits, ProtocolError, Seed,
};
use std::io::{self, Cursor, ErrorKind, Read, Write};
use tungstenite::error::{CapacityError, ProtocolError as Theirs};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

/// Arbitrary bytes, and arbitrary frames, to a server and to a client of both crates: they deliver
/// the same messages, pings and pongs, in the same order, and end at the same place for the same
/// reason, but for the differences that the table above allows.
///
/// Of `data`, the first byte chooses the role, whether the rest is the wire's or frames that are
/// made of it, and how many reads there are; the bytes behind it say how long these are.
pub fn differential(data: &[u8]) {
    let mut choices = Choices::new(data);
    let flags = choices.byte();
    let reads = choices.bytes(usize::from(flags >> 4));
    let server = flags & 1 == 0;
    let wire = if flags & 2 == 0 { choices.rest().to_vec() } else { frames(&mut choices, server) };

    let (ours, our_end) = sockless(server, &cut(&wire, reads));
    let (mut theirs, mut their_end) = tungstenite(server, &wire);
    if let (Some(Verdict::Broken(_)), None) = (&our_end, &their_end) {
        // Zeros fill up the frame.
        (theirs, their_end) = tungstenite(server, &[&wire[..], &[0; MAX_FRAME + 14]].concat());
    }
    if our_end
        .as_ref()
        .is_some_and(|ours_end| is_long_form(ours_end, theirs.get(ours.len()), their_end.as_ref()))
    {
        return assert!(theirs.starts_with(&ours), "{ours:?}, not {theirs:?}");
    }
    assert_eq!(ours, theirs);
    match (our_end, their_end) {
        (None, None) => {}
        (Some(ours), Some(theirs)) => agree(server, ours, theirs),
        (ours, theirs) => panic!("{ours:?}, not {theirs:?}"),
    }
}

/// Whether sockless ended over a length that is not in its shortest form. Of a control frame that
/// has such a length, the second byte says that it is too long; tungstenite takes it if it is not,
/// and that shows in what it tells next.
fn is_long_form(
    ours: &Verdict,
    their_next: Option<&Event<'_>>,
    their_end: Option<&Verdict>,
) -> bool {
    match (ours, their_next) {
        (Verdict::Broken(Rule::NotMinimal), _) => true,
        (Verdict::Broken(Rule::ControlTooLong), Some(next)) => {
            matches!(next, Event::Ping(_) | Event::Pong(_))
        }
        (Verdict::Broken(Rule::ControlTooLong), None) => {
            matches!(
                their_end,
                Some(
                    Verdict::Closed(..)
                        | Verdict::Broken(Rule::CloseBody | Rule::CloseCode | Rule::Utf8)
                )
            )
        }
        _ => false,
    }
}

/// What tungstenite puts in place of the reason that comes with such a close code.
const VIOLATION: &str = "Protocol violation";

/// The limits of both.
const MAX_FRAME: usize = 1 << 12;
const MAX_MESSAGE: usize = 1 << 13;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    /// By a Close frame, with this code and this reason.
    Closed(u16, String),
    Broken(Rule),
}

/// The rules that both know.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    ReservedBits,
    ReservedOpcode,
    FragmentedControl,
    /// A continuation of nothing, or a message inside another.
    Sequence,
    /// A client's frame that is not masked, or a server's that is.
    Masking,
    ControlTooLong,
    NotMinimal,
    FrameTooBig,
    MessageTooBig,
    /// Of a text, or of a reason to close.
    Utf8,
    CloseBody,
    CloseCode,
}

/// In which order sockless asks for the rules of one frame: as their bytes come.
const OURS: [Rule; 11] = [
    Rule::ReservedBits,
    Rule::ReservedOpcode,
    Rule::FragmentedControl,
    Rule::Sequence,
    Rule::Masking,
    Rule::ControlTooLong,
    Rule::FrameTooBig,
    Rule::MessageTooBig,
    Rule::CloseBody,
    Rule::CloseCode,
    Rule::Utf8,
];

/// And tungstenite, a server or a client: the header, then, when the frame is whole, all else.
const THEIRS: [&[Rule]; 2] = [
    &[
        Rule::ReservedOpcode,
        Rule::FrameTooBig,
        Rule::Masking,
        Rule::ReservedBits,
        Rule::FragmentedControl,
        Rule::ControlTooLong,
        Rule::CloseBody,
        Rule::Sequence,
        Rule::MessageTooBig,
        Rule::Utf8,
        Rule::CloseCode,
    ],
    &[
        Rule::ReservedOpcode,
        Rule::FrameTooBig,
        Rule::ReservedBits,
        Rule::Masking,
        Rule::FragmentedControl,
        Rule::ControlTooLong,
        Rule::CloseBody,
        Rule::Sequence,
        Rule::MessageTooBig,
        Rule::Utf8,
        Rule::CloseCode,
    ],
];

/// Whether both say the same, or each names the rule that it asks for first, so that neither order
/// is contradicted.
fn agree(server: bool, ours: Verdict, theirs: Verdict) {
    let same = match (&ours, &theirs) {
        (Verdict::Closed(1014, _), Verdict::Broken(Rule::CloseCode)) => true,
        // What tungstenite says itself of a code that must not be sent, a peer may say too.
        (Verdict::Closed(1002, reason), Verdict::Broken(Rule::CloseCode)) => reason == VIOLATION,
        (Verdict::Broken(ours), Verdict::Broken(theirs)) if ours != theirs => {
            let place = |order: &[Rule], rule| order.iter().position(|other| *other == rule);
            let their_order = THEIRS[usize::from(!server)];
            place(&OURS, *ours) < place(&OURS, *theirs)
                && place(their_order, *theirs) < place(their_order, *ours)
        }
        _ => ours == theirs,
    };
    assert!(same, "{ours:?}, not {theirs:?}");
}

/// Frames, mostly as they should be.
fn frames(choices: &mut Choices<'_>, server: bool) -> Vec<u8> {
    let mut wire = Vec::new();
    while !choices.is_empty() && wire.len() < 20_000 {
        let (first, how) = (choices.byte(), choices.byte());
        let len =
            if how & 0xc0 == 0xc0 { choices.number() % 5000 } else { usize::from(how & 0x7f) };
        let payload = choices.bytes(len);
        let key = choices.bytes(4).try_into().unwrap_or_default();
        wire.extend(frame(first, payload, Some(key).filter(|_| server)));
    }
    wire
}

fn sockless(server: bool, reads: &[&[u8]]) -> (Vec<Event<'static>>, Option<Verdict>) {
    let mut config = Config::default();
    let mut limits = Limits::default();
    (limits.max_frame, limits.max_message) = (MAX_FRAME as u64, MAX_MESSAGE as u64);
    config.limits = limits;
    config.delivery = Delivery::Whole;
    let extensions = Extensions::default();
    let mut connection = if server {
        Connection::server(extensions, config)
    } else {
        Connection::client(Seed::new([0; 32]), extensions, config)
    };
    let fed = feed(&mut connection, reads);
    let verdict = fed.close_event.map(|close_event| match close_event.cause {
        Cause::Peer => Verdict::Closed(close_event.code, close_event.reason),
        Cause::Violation(error) => Verdict::Broken(match error {
            ProtocolError::ReservedBits => Rule::ReservedBits,
            ProtocolError::ReservedOpcode => Rule::ReservedOpcode,
            ProtocolError::FragmentedControl => Rule::FragmentedControl,
            ProtocolError::UnexpectedContinuation | ProtocolError::InterleavedMessage => {
                Rule::Sequence
            }
            ProtocolError::UnmaskedFrame | ProtocolError::MaskedFrame => Rule::Masking,
            ProtocolError::ControlTooLong => Rule::ControlTooLong,
            ProtocolError::LengthNotMinimal => Rule::NotMinimal,
            ProtocolError::LengthTopBit | ProtocolError::FrameTooBig => Rule::FrameTooBig,
            ProtocolError::MessageTooBig => Rule::MessageTooBig,
            ProtocolError::InvalidUtf8 | ProtocolError::InvalidCloseReason => Rule::Utf8,
            ProtocolError::CloseBodyTooShort => Rule::CloseBody,
            ProtocolError::InvalidCloseCode => Rule::CloseCode,
            other => panic!("{other:?}"),
        }),
        other => panic!("{other:?}"),
    });
    (fed.events, verdict)
}

fn tungstenite(server: bool, wire: &[u8]) -> (Vec<Event<'static>>, Option<Verdict>) {
    let config = WebSocketConfig::default()
        .max_frame_size(Some(MAX_FRAME))
        .max_message_size(Some(MAX_MESSAGE))
        .read_buffer_size(1 << 12)
        .write_buffer_size(0);
    let role = if server { Role::Server } else { Role::Client };
    let mut socket = WebSocket::from_raw_socket(Transport(Cursor::new(wire)), role, Some(config));
    let mut events = Vec::new();
    loop {
        let broken = match socket.read() {
            Ok(Message::Text(text)) => {
                events.push(Event::Text(text.as_str().to_owned().into()));
                continue;
            }
            Ok(Message::Binary(data)) => {
                events.push(Event::Binary(data.to_vec().into()));
                continue;
            }
            Ok(Message::Ping(data)) => {
                events.push(Event::Ping(data.to_vec().into()));
                continue;
            }
            Ok(Message::Pong(data)) => {
                events.push(Event::Pong(data.to_vec().into()));
                continue;
            }
            Ok(Message::Close(Some(frame)))
                if frame.code == CloseCode::Protocol && frame.reason == VIOLATION =>
            {
                Rule::CloseCode
            }
            Ok(Message::Close(Some(frame))) => {
                return (
                    events,
                    Some(Verdict::Closed(frame.code.into(), frame.reason.to_string())),
                );
            }
            Ok(Message::Close(None)) => {
                return (events, Some(Verdict::Closed(1005, String::new())));
            }
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                return (events, None);
            }
            Err(Error::Protocol(error)) => match error {
                Theirs::NonZeroReservedBits => Rule::ReservedBits,
                Theirs::InvalidOpcode(_) => Rule::ReservedOpcode,
                Theirs::FragmentedControlFrame => Rule::FragmentedControl,
                Theirs::UnexpectedContinueFrame | Theirs::ExpectedFragment(_) => Rule::Sequence,
                Theirs::UnmaskedFrameFromClient | Theirs::MaskedFrameFromServer => Rule::Masking,
                Theirs::ControlFrameTooBig => Rule::ControlTooLong,
                Theirs::InvalidCloseSequence => Rule::CloseBody,
                other => panic!("{other:?}"),
            },
            Err(Error::Capacity(CapacityError::MessageTooLong { max_size: MAX_FRAME, .. })) => {
                Rule::FrameTooBig
            }
            Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => Rule::MessageTooBig,
            Err(Error::Utf8(_)) => Rule::Utf8,
            other => panic!("{other:?}"),
        };
        return (events, Some(Verdict::Broken(broken)));
    }
}

/// Bytes to read, behind which more may come; what is written is thrown away.
struct Transport<'a>(Cursor<&'a [u8]>);

impl Read for Transport<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Transport<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
