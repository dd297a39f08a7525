//! UTF-8 in parts, against the standard library.

use crate::choices::{Choices, cut};
use crate::wire::{Fed, client, feed, frame, output, server};
use sockless::utf8::Validator;
use sockless::{Cause, Delivery, Event, MessageKind, ProtocolError, SendError};
use std::str;

/// Arbitrary bytes as a text that comes in parts:
///
/// - the validator accepts what the standard library does, gives the same text, and refuses the
///   part with the first byte that cannot become valid, wherever the parts end; at the end it
///   refuses a character that is cut;
/// - so does a connection that gets the parts as fragments of a message, its reads cut at other
///   places, whole and in chunks: with the byte that cannot become valid it is over, and not
///   before; chunks bring all that is valid in front of it;
/// - so does a connection that sends them as parts, and what it lets pass arrives.
///
/// Of `data`, the first byte says how many parts and how many reads there are, as many bytes behind
/// it how long they are; the rest is the text.
pub fn utf8(data: &[u8]) {
    let mut choices = Choices::new(data);
    let counts = choices.byte();
    let parts = choices.bytes(usize::from(counts & 15));
    let reads = choices.bytes(usize::from(counts >> 4));
    let bytes = choices.rest();
    let parts = cut(bytes, parts);
    let expected = Expected::of(bytes);

    validate(&parts, &expected);
    if bytes.len() < 500 {
        validate(&bytes.chunks(1).collect::<Vec<_>>(), &expected);
    }
    send(&parts, &expected);
    for delivery in [Delivery::Whole, Delivery::Chunks] {
        receive(&parts, reads, delivery, &expected);
    }
}

/// What the standard library says.
struct Expected<'a> {
    /// What is valid.
    text: &'a str,
    /// The place of the first byte that cannot become valid.
    bad: Option<usize>,
    /// Nothing is missing at the end either.
    whole: bool,
}

impl<'a> Expected<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let valid = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        let impossible = |to: &usize| {
            str::from_utf8(&bytes[valid..=*to]).is_err_and(|error| error.error_len().is_some())
        };
        let text = str::from_utf8(&bytes[..valid]).unwrap();
        Self {
            text,
            bad: (valid..bytes.len()).take(4).find(impossible),
            whole: valid == bytes.len(),
        }
    }
}

fn validate(parts: &[&[u8]], expected: &Expected<'_>) {
    let mut validator = Validator::default();
    let (mut text, mut come) = (String::new(), 0);
    for part in parts {
        let missing = validator.missing();
        come += part.len();
        let pushed = validator.push(part);
        assert_eq!(
            pushed.is_err(),
            expected.bad.is_some_and(|bad| bad < come),
            "{part:02x?} up to {come}"
        );
        let Ok(valid) = pushed else { return };
        assert!(valid.carried.is_none() || missing > 0 && part.len() >= missing);
        text.extend(valid.carried);
        text.push_str(valid.text);
        assert!(expected.text.starts_with(&text) && come - text.len() < 4);
        // As many as are missing, and no fewer, complete the character that is cut; any of them may
        // be 0x80 or 0xbf, or 0x90.
        assert_eq!(validator.missing() > 0, come > text.len());
        let completes =
            |with: &[u8]| validator.clone().push(with).is_ok_and(|valid| valid.carried.is_some());
        let missing = validator.missing();
        if missing > 0 {
            let fill = |first: u8| [&[first][..], &[0x80, 0x80]].concat();
            assert!([0x80, 0x90, 0xbf].iter().any(|first| completes(&fill(*first)[..missing])));
            assert!(
                ![0x80, 0x90, 0xbf].iter().any(|first| completes(&fill(*first)[..missing - 1]))
            );
        }
    }
    assert_eq!(text, expected.text);
    assert_eq!(validator.finish().is_ok(), expected.whole);
    assert_eq!((validator.missing(), validator.finish()), (0, Ok(())), "it begins anew");
}

/// The parts as fragments that a client sends.
fn receive(parts: &[&[u8]], reads: &[u8], delivery: Delivery, expected: &Expected<'_>) {
    let mut wire = Vec::new();
    // The byte of the wire that decides: the bad one, or the last of all.
    let mut decides = None;
    let mut come = 0;
    for (i, part) in parts.iter().enumerate() {
        let first = if i == 0 { 1 } else { 0 } | if i + 1 == parts.len() { 0x80 } else { 0 };
        let frame = frame(first, part, Some([0x37, 0xfa, 0x21, 0x3d]));
        let payload = wire.len() + frame.len() - part.len();
        decides = decides.or(expected
            .bad
            .and_then(|bad| bad.checked_sub(come))
            .filter(|at| *at < part.len())
            .map(|at| payload + at));
        come += part.len();
        wire.extend(frame);
    }
    let decides = decides.unwrap_or(wire.len() - 1);

    let mut connection = server(delivery);
    let Fed { events, chunks, close_event, .. } =
        feed(&mut connection, &cut(&wire[..decides], reads));
    assert!(events.is_empty() && close_event.is_none(), "nothing is decided yet");
    let Fed { events, chunks: behind, close_event, .. } =
        feed(&mut connection, &[&wire[decides..]]);
    match (delivery, expected.whole) {
        (Delivery::Whole, true) => assert_eq!(events, [Event::Text(expected.text.into())]),
        (Delivery::Whole, false) => assert!(events.is_empty()),
        (_, _) => assert_eq!([chunks, behind].concat(), expected.text.as_bytes()),
    }
    let cause = close_event.map(|close_event| close_event.cause);
    assert_eq!(cause, (!expected.whole).then_some(Cause::Violation(ProtocolError::InvalidUtf8)));
}

/// The parts as a client sends them.
fn send(parts: &[&[u8]], expected: &Expected<'_>) {
    let (mut client, mut server) = (client(Delivery::Whole), server(Delivery::Whole));
    client.begin_message(MessageKind::Text).unwrap();
    let mut come = 0;
    for part in parts {
        come += part.len();
        let sent = client.write_fragment(part);
        let bad = expected.bad.is_some_and(|bad| bad < come);
        assert_eq!(sent, if bad { Err(SendError::InvalidUtf8) } else { Ok(()) });
        if bad {
            return;
        }
    }
    assert_eq!(
        client.finish_message(),
        if expected.whole { Ok(()) } else { Err(SendError::InvalidUtf8) }
    );
    let fed = feed(&mut server, &[&output(&mut client)]);
    assert!(fed.close_event.is_none());
    assert_eq!(
        fed.events,
        expected.whole.then_some(Event::Text(expected.text.into())).into_iter().collect::<Vec<_>>()
    );
}
