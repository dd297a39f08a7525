//! Where a transport cuts the bytes changes nothing: the same events and the same answer, in both
//! roles, for well-formed and for arbitrary input.

use crate::support::random::{Wire, cases, same};
use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, feed_cut,
    feed_in_turns, output,
};
use proptest::prelude::*;
use sockless::{Config, Connection, Event, Workspace};

/// A frame of any kind, mostly legal.
fn any_frame(side: Side) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop_oneof![Just(TEXT), Just(BINARY), Just(TEXT & MORE), Just(BINARY & MORE), Just(CONTINUATION), Just(CONTINUATION & MORE)],
        3 => prop_oneof![Just(PING), Just(PONG)],
        1 => Just(CLOSE),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        4 => "\\PC{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => prop::collection::vec(any::<u8>(), 120..130),
        1 => Just("€".repeat(40_000).into_bytes()),
        1 => Just(b"\x03\xe8bye".to_vec()),
    ];
    (first, payload).prop_map(move |(first, payload)| side.other().frame(first, &payload))
}

/// A sequence that a correct peer could send: fragmented messages with control frames in between.
fn legal(side: Side) -> impl Strategy<Value = Vec<u8>> {
    let message = (any::<bool>(), prop::collection::vec(("\\PC{0,30}", 0..3_usize), 1..5))
        .prop_map(move |(text, parts)| {
            let mut wire = Vec::new();
            let last = parts.len() - 1;
            for (i, (part, pings)) in parts.iter().enumerate() {
                let first = match (i, text) {
                    (0, true) => TEXT,
                    (0, false) => BINARY,
                    _ => CONTINUATION,
                };
                let first = if i == last { first } else { first & MORE };
                wire.extend(side.other().frame(first, part.as_bytes()));
                for _ in 0..*pings {
                    wire.extend(
                        side.other().frame(PING, part.as_bytes().get(..8).unwrap_or_default()),
                    );
                }
            }
            wire
        });
    prop::collection::vec(message, 1..6).prop_map(|messages| messages.concat())
}

fn scenario() -> impl Strategy<Value = (Side, Wire, Vec<prop::sample::Index>)> {
    prop::sample::select(&SIDES[..]).prop_flat_map(|side| {
        let wire = prop_oneof![
            2 => legal(side).boxed(),
            2 => prop::collection::vec(any_frame(side), 1..8).prop_map(|frames| frames.concat()).boxed(),
            1 => prop::collection::vec(any::<u8>(), 1..200).boxed(),
        ];
        (Just(side), wire.prop_map(Wire), prop::collection::vec(any::<prop::sample::Index>(), 0..12))
    })
}

/// The events and the answer of one end.
fn run(side: Side, wire: &[u8], cuts: &[usize]) -> (Vec<Event<'static>>, Vec<u8>) {
    run_fed(side, |connection| feed_cut(connection, wire, cuts))
}

fn run_fed(
    side: Side,
    feed: impl FnOnce(&mut Connection) -> Vec<Event<'static>>,
) -> (Vec<Event<'static>>, Vec<u8>) {
    let mut config = Config::default();
    config.limits.max_message = 100_000;
    let mut connection = side.open(config);
    let events = feed(&mut connection);
    let answer = output(&mut connection);
    assert_eq!(
        connection.wants_shutdown(),
        matches!(events.last(), Some(Event::Closed(close_event)) if side == Side::Server || !close_event.clean)
    );
    (events, answer)
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn cuts_change_nothing((side, wire, cuts) in scenario()) {
        let whole = run(side, &wire, &[]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.sort_unstable();
        same(&run(side, &wire, &cuts), &whole)?;
        if wire.len() < 4096 {
            let bytes: Vec<usize> = (1..wire.len()).collect();
            same(&run(side, &wire, &bytes), &whole)?;
        }
        // Empty reads change nothing either.
        let doubled: Vec<usize> = cuts.iter().flat_map(|cut| [*cut, *cut]).collect();
        same(&run(side, &wire, &doubled), &whole)?;
    }

    /// Nor do turns of a workspace, where a cut frame waits to be whole: in its turn if it is no
    /// larger than may be, and from one turn to the next.
    #[test]
    fn turns_change_nothing(
        (side, wire, cuts) in scenario(),
        size in prop_oneof![Just(0_usize), 0..300_usize, Just(200_000_usize)],
        most in prop_oneof![0..60_usize, 60..400_usize, Just(200_000_usize)],
        ends in any::<u32>(),
    ) {
        let whole = run(side, &wire, &[]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.sort_unstable();
        let bytes: Vec<usize> = (1..wire.len().min(4096)).collect();
        let workspace = &mut Workspace::new(size, most);
        for cuts in [&cuts, &bytes] {
            for ends in [0, ends] {
                let turned = run_fed(side, |connection| feed_in_turns(connection, workspace, &wire, cuts, |read| ends >> (read % 32) & 1 != 0));
                same(&turned, &whole)?;
            }
        }
    }

    /// `into_rest` is exactly what was not consumed: a copy of it continues.
    #[test]
    fn the_rest_continues_elsewhere((side, wire, _) in scenario()) {
        let (expected, _) = run(side, &wire, &[]);
        let mut connection = side.open({
            let mut config = Config::default();
            config.limits.max_message = 100_000;
            config
        });
        let mut rest = wire.0;
        let mut events = Vec::new();
        loop {
            let mut scratch = rest.clone();
            let mut input = sockless::Input::new(&mut scratch);
            let event = connection.poll(&mut input).map(Event::into_owned);
            let left = input.into_rest();
            // Still masked, as it came.
            same(&*left, &rest[rest.len() - left.len()..])?;
            rest = left.to_vec();
            match event {
                Some(event) => events.push(event),
                None => break,
            }
        }
        prop_assert!(rest.is_empty());
        same(&events, &expected)?;
    }
}

/// A message in small fragments, which may cut its characters and be damaged, with pings between
/// them; its frames one by one, and what it says.
fn fragmented(side: Side) -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let text = (
        "[aé€😀]{0,60}",
        prop::option::weighted(0.2, (any::<prop::sample::Index>(), 0x80..=0xff_u8)),
    )
        .prop_map(|(text, damage)| {
            let mut bytes = text.into_bytes();
            if let Some((at, byte)) = damage.filter(|_| !bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            (TEXT, bytes)
        });
    let binary = prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| (BINARY, bytes));
    let cuts =
        prop::collection::vec((any::<prop::sample::Index>(), prop::bool::weighted(0.3)), 1..12);
    (prop_oneof![3 => text, 1 => binary], cuts).prop_map(move |((first, bytes), cuts)| {
        let mut places: Vec<(usize, bool)> =
            cuts.into_iter().map(|(cut, pings)| (cut.index(bytes.len() + 1), pings)).collect();
        places.sort_unstable();
        let (mut frames, mut from, mut opcode) = (Vec::new(), 0, first);
        for (to, pings) in places {
            frames.push(side.other().frame(opcode & MORE, &bytes[from..to]));
            frames.extend(pings.then(|| side.other().frame(PING, b"between")));
            (from, opcode) = (to, CONTINUATION);
        }
        frames.push(side.other().frame(opcode, &bytes[from..]));
        (frames, bytes)
    })
}

proptest! {
    #![proptest_config(cases(400))]

    /// A fragment that lies whole in a read is taken another way than one that is cut: with the
    /// same outcome, also where a limit or a character ends between them.
    #[test]
    fn fragments_are_alike_whole_and_cut(
        (side, (parts, bytes)) in prop::sample::select(&SIDES[..]).prop_flat_map(|side| (Just(side), fragmented(side))),
        (frame, message, fragments) in (-1..=1_i64, -1..=1_i64, -1..=1_i64),
    ) {
        let is_ping = |part: &[u8]| part[0] == PING;
        let header = if side == Side::Server { 6 } else { 2 };
        // None of them is as long as to have another header but the whole of a message that was not
        // cut.
        let longest = parts.iter().filter(|part| !is_ping(part)).map(|part| part.len() - header).max().unwrap() as u64;
        prop_assume!(longest <= 125);
        let count = parts.iter().filter(|part| !is_ping(part)).count() as u32;
        let mut config = Config::default();
        config.limits.max_frame = longest.saturating_add_signed(frame);
        config.limits.max_message = (bytes.len() as u64).saturating_add_signed(message);
        config.limits.max_fragments = count.saturating_add_signed(fragments as i32);
        let fits = longest <= config.limits.max_frame && bytes.len() as u64 <= config.limits.max_message && count <= config.limits.max_fragments;

        let wire = parts.concat();
        let ends: Vec<usize> = parts.iter().scan(0, |end, part| { *end += part.len(); Some(*end) }).collect();
        let before = |less: usize, every: usize| -> Vec<usize> {
            ends.iter().enumerate().map(|(i, end)| end - if i % every == 0 { less } else { 0 }).filter(|cut| *cut < wire.len()).collect()
        };
        let run = |cuts: &[usize]| {
            let mut connection = side.open(config.clone());
            let events = feed_cut(&mut connection, &wire, cuts);
            (events, output(&mut connection))
        };
        let whole = run(&[]);
        for cuts in [before(0, 1), before(1, 1), before(1, 2), before(2, 3), (1..wire.len()).collect()] {
            prop_assert_eq!(&run(&cuts), &whole, "{:?}", cuts);
        }
        let delivered = match whole.0.last() {
            Some(Event::Text(text)) => Some(text.as_bytes()),
            Some(Event::Binary(data)) => Some(&data[..]),
            _ => None,
        };
        let is_well = fits && (parts[0][0] & 0x0f != TEXT & 0x0f || std::str::from_utf8(&bytes).is_ok());
        prop_assert_eq!(delivered, Some(&bytes[..]).filter(|_| is_well));
    }
}

/// What stands behind a cut is no frame because it looks like one: a length, a key or a payload
/// may.
#[test]
fn what_is_under_way_looks_like_frames() {
    let cases = [
        // Of empty texts, and behind a first fragment of last ones that are empty.
        (Side::Server, &b""[..], [0x82, 0xfe], [0x81, 0x80]),
        (Side::Server, b"\x02\x80key_", [0x80, 0xfe], [0x80, 0x80]),
        (Side::Client, b"", [0x82, 0x7e], [0x81, 0x00]),
        (Side::Client, b"\x02\x00", [0x80, 0x7e], [0x80, 0x00]),
    ];
    for (side, before, header, body) in cases {
        let len = usize::from(u16::from_be_bytes(body));
        let key_len = if side == Side::Server { 4 } else { 0 };
        let wire = [before, &header, &body.repeat((2 + key_len + len) / 2)].concat();
        let whole = run(side, &wire, &[]);
        assert!(matches!(&whole.0[..], [Event::Binary(data)] if data.len() == len));
        for cut in 1..30 {
            assert!(run(side, &wire, &[cut]) == whole, "{side:?} {cut}");
        }
        assert!(run(side, &wire, &(1..wire.len()).collect::<Vec<_>>()) == whole, "{side:?}");
    }
}

#[test]
fn nothing_comes_after_closed() {
    let mut server = Side::Server.open(Config::default());
    let wire = [
        Side::Client.frame(CLOSE, b"\x03\xe8"),
        Side::Client.frame(TEXT, b"late"),
        Side::Client.frame(CLOSE, b""),
    ]
    .concat();
    assert_eq!(feed(&mut server, &wire).len(), 1);
    assert_eq!(feed(&mut server, &wire), []);
}
