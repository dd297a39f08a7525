//! Heads that cost more than they bring: slow ones, long ones, those with too many lines, and those
//! in which something is missing.

use crate::handshake::{GET, KEY, SWITCHING, answer, answered, request};
use crate::support::alloc::{Count, counted};
use sockless::HandshakeError::{self, *};
use sockless::client::{self, Outcome};
use sockless::server::{self, Incoming};
use sockless::{Input, Seed};

/// Feeds a head a byte at a time until there is an outcome: how many bytes were taken until then,
/// and what the heap was asked for.
fn slowly<T>(
    wire: &[u8],
    mut poll: impl FnMut(&mut Input<'_>) -> Option<T>,
) -> (Option<T>, usize, Count) {
    let mut wire = wire.to_vec();
    let mut taken = 0;
    let (outcome, count) = counted(|| {
        wire.chunks_mut(1).find_map(|byte| {
            taken += 1;
            poll(&mut Input::new(byte))
        })
    });
    (outcome, taken, count)
}

fn server(wire: &[u8], config: server::Config) -> (Option<Incoming>, usize, Count) {
    let mut handshake = server::Handshake::new(config);
    slowly(wire, |input| handshake.poll(input))
}

fn client(wire: &[u8], config: client::Config) -> (Option<Outcome>, usize, Count) {
    let mut handshake = client::Handshake::with_config(
        client::Request::new("ws://a.example").unwrap(),
        Seed::new([7; 32]),
        config,
    );
    slowly(wire, |input| handshake.poll(input))
}

/// The key that this client sends.
fn key() -> String {
    crate::handshake::asked_key()
}

/// An error of a server.
fn failed(outcome: Option<Incoming>) -> Option<HandshakeError> {
    match outcome {
        Some(Incoming::Failed(rejected)) => rejected.error(),
        other => panic!("{other:?}"),
    }
}

/// CVE-2023-43669: a Rust library parsed all of a head again after each read, and put no limit on
/// it. A long head in small reads took minutes of CPU: the number of attempts and the bytes of each
/// both grew with its length.
///
/// Here the end is searched from where the last search stopped, the head is parsed once, when it is
/// whole, and it has a limit of bytes. How often a byte is looked at is counted inside, where the
/// reader is: `the_work_is_linear_however_slowly_a_head_comes` in `src/handshake/head/` holds it to
/// three times; and `handshake/slow` of `benches/instructions` counts the same number of
/// instructions for each of 1 KiB and of 8 KiB. Asserted here, in both roles and with single bytes:
/// nothing is asked of the heap for a read, but the doubling of one buffer, so what came is neither
/// copied nor parsed anew for each; twice the head needs at most one doubling more; and the limit
/// ends it at its very byte.
#[test]
fn quadratic_head_parsing() {
    let lines = |count: usize| "Name: some value\r\n".repeat(count);
    let heads = |count: usize| {
        let filler = lines(count);
        let put = |head: Vec<u8>| {
            String::from_utf8(head)
                .unwrap()
                .replacen("\r\n", &format!("\r\n{filler}"), 1)
                .into_bytes()
        };
        (put(request(GET, &[])), put(answer(SWITCHING, &key(), &[])))
    };
    let mut before: Option<[u64; 2]> = None;
    for doublings in 0..8 {
        let (request, answer) = heads(50 << doublings);
        let mut serve = server::Config::default();
        (serve.max_head, serve.max_headers) = (u64::MAX, u32::MAX);
        let mut ask = client::Config::default();
        (ask.max_head, ask.max_headers) = (u64::MAX, u32::MAX);
        let (outcome, taken, served) = server(&request, serve);
        assert!(matches!(outcome, Some(Incoming::Upgrade(_))) && taken == request.len());
        let (outcome, taken, asked) = client(&answer, ask);
        assert!(matches!(outcome, Some(Outcome::Open(_))) && taken == answer.len());
        let calls = [served.calls, asked.calls];
        // One buffer from 8 bytes on, places for the lines once, and what the outcome itself keeps.
        assert!(
            calls.iter().all(|calls| *calls <= u64::from(request.len().ilog2()) + 2),
            "{calls:?} for {} bytes",
            request.len()
        );
        if let Some(before) = before {
            let more = [calls[0] - before[0], calls[1] - before[1]];
            assert!(
                more.iter().all(|more| *more <= 1),
                "twice the bytes, at most one doubling more: {before:?}, {calls:?}"
            );
        }
        before = Some(calls);
    }

    // Of itself a head has a limit, whole or not, in both roles.
    let (long, limit) = (lines(10_000), server::Config::default().max_head as usize);
    let mut config = server::Config::default();
    config.max_headers = u32::MAX;
    let (outcome, taken, count) = server(format!("{GET}\r\n{long}").as_bytes(), config);
    assert_eq!((failed(outcome), taken), (Some(HeadTooLarge), limit));
    assert!(count.peak <= 2 * limit as i64 + 1024, "{count:?}");
    let mut config = client::Config::default();
    config.max_headers = u32::MAX;
    let (outcome, taken, count) = client(format!("{SWITCHING}\r\n{long}").as_bytes(), config);
    assert!(
        matches!(&outcome, Some(Outcome::Failed(failure)) if failure.error() == HeadTooLarge)
            && taken == limit,
        "{outcome:?} after {taken}"
    );
    assert!(count.peak <= 2 * limit as i64 + 1024, "{count:?}");
    // Interim answers have it together: each would be short enough.
    let (outcome, taken, _) =
        client(&b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000), client::Config::default());
    assert!(
        matches!(&outcome, Some(Outcome::Failed(failure)) if failure.error() == HeadTooLarge)
            && taken == limit,
        "{outcome:?} after {taken}"
    );
}

/// CVE-2024-37890: above a limit on the number of header lines, a server's HTTP parser left the
/// rest of them away, `Upgrade` among them. What was certain to be there was not, and the null
/// dereference ended the process.
///
/// Here too many lines are an outcome of their own, told at the line that is too many, and nothing
/// is ever looked up that was left away. Asserted: 2,000 lines of distinct names, as the attack
/// sends them, in front of what is needed and behind it, end in 431 (a client: in an error) at the
/// end of line 101; and memory stays within what came.
#[test]
fn header_floods() {
    let names = (b'a'..=b'z')
        .flat_map(|a| (b'a'..=b'z').flat_map(move |b| (b'a'..=b'c').map(move |c| [a, b, c])));
    let lines: String = names
        .take(2000)
        .map(|name| format!("{}: x\r\n", std::str::from_utf8(&name).unwrap()))
        .collect();
    let (line, needed) = (
        format!("{GET}\r\n"),
        String::from_utf8(request(GET, &[])).unwrap().split_off(GET.len() + 2),
    );
    let first = |text: &str, lines: usize| {
        text.split_inclusive("\r\n").take(lines).map(str::len).sum::<usize>()
    };
    for wire in [
        format!("{line}{lines}{needed}"),
        format!("{line}{}{lines}\r\n", needed.trim_end_matches("\r\n").to_owned() + "\r\n"),
    ] {
        let (outcome, taken, count) = server(wire.as_bytes(), server::Config::default());
        let Some(Incoming::Failed(rejected)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((rejected.error(), taken), (Some(TooManyHeaders), first(&wire, 102)));
        assert!(count.peak <= 2 * taken as i64 + 1024, "{count:?}");
        assert!(answered(rejected).0.starts_with("HTTP/1.1 431 "));
    }
    for status in [SWITCHING, "HTTP/1.1 403 Forbidden"] {
        let wire = format!("{status}\r\n{lines}\r\n");
        let (outcome, taken, count) = client(wire.as_bytes(), client::Config::default());
        assert!(
            matches!(&outcome, Some(Outcome::Failed(failure)) if failure.error() == TooManyHeaders),
            "{outcome:?}"
        );
        assert_eq!(taken, first(&wire, 102));
        assert!(count.peak <= 2 * taken as i64 + 1024, "{count:?}");
    }
}

/// The other half of CVE-2024-37890: what is needed is not there, for whatever reason.
///
/// Here what is missing is an error with a name, found where the header is asked for. Asserted: of
/// the headers that a request and an answer need, every subset has the outcome that its first
/// missing one decides on, with no lines beside them and with many (more than there is place for on
/// the stack).
#[test]
fn missing_headers() {
    // In the order in which they are asked for. Without an `Upgrade` it is a plain request.
    let needed: [(&str, &str, Option<HandshakeError>); 5] = [
        ("Upgrade", "websocket", None),
        ("Host", "a.example", Some(MissingHost)),
        ("Connection", "Upgrade", Some(MissingConnection)),
        ("Sec-WebSocket-Version", "13", Some(MissingVersion)),
        ("Sec-WebSocket-Key", KEY, Some(MissingKey)),
    ];
    let key = key();
    let accept = sockless::handshake::accept_key(&key);
    let answered = [
        ("Upgrade", "websocket", MissingUpgrade),
        ("Connection", "Upgrade", MissingConnection),
        ("Sec-WebSocket-Accept", accept.as_str(), MissingAccept),
    ];
    for filler in [0, 1, 63, 64, 65, 90] {
        let filler = "X: y\r\n".repeat(filler);
        for there in 0..1_u32 << needed.len() {
            let is_there = |i: usize| there & 1 << i != 0;
            let lines: String = (0..needed.len())
                .rev()
                .filter(|i| is_there(*i))
                .map(|i| format!("{}: {}\r\n", needed[i].0, needed[i].1))
                .collect();
            let missing = (0..needed.len()).find(|i| !is_there(*i)).map(|i| needed[i].2);
            let (outcome, ..) = server(
                format!("{GET}\r\n{filler}{lines}\r\n").as_bytes(),
                server::Config::default(),
            );
            match (missing, outcome) {
                (None, Some(Incoming::Upgrade(_))) | (Some(None), Some(Incoming::Http(_))) => {}
                (Some(error @ Some(_)), Some(Incoming::Failed(rejected)))
                    if rejected.error() == error => {}
                (missing, outcome) => panic!("{missing:?}: {outcome:?}"),
            }
        }
        for there in 0..1_u32 << answered.len() {
            let is_there = |i: usize| there & 1 << i != 0;
            let lines: String = (0..answered.len())
                .rev()
                .filter(|i| is_there(*i))
                .map(|i| format!("{}: {}\r\n", answered[i].0, answered[i].1))
                .collect();
            let missing = (0..answered.len()).find(|i| !is_there(*i)).map(|i| answered[i].2);
            let (outcome, ..) = client(
                format!("{SWITCHING}\r\n{filler}{lines}\r\n").as_bytes(),
                client::Config::default(),
            );
            match (missing, outcome) {
                (None, Some(Outcome::Open(_))) => {}
                (Some(error), Some(Outcome::Failed(failure))) if failure.error() == error => {}
                (missing, outcome) => panic!("{missing:?}: {outcome:?}"),
            }
        }
    }
}

/// CVE-2021-32640, CVE-2020-7662 and CVE-2020-7663: servers in JavaScript and Ruby took the lists
/// of a handshake apart with regular expressions that backtrack. `b`, thousands of spaces and an
/// `x` as the subprotocol, or a quoted value of an extension that never ends, took time in the
/// square of its length or worse.
///
/// Here there are no regular expressions and no backtracking. How often a byte of a list is looked
/// at is counted inside: at most twice, says `no_byte_is_looked_at_more_than_twice` in
/// `src/handshake/deflate_negotiation.rs`. Asserted here: such a value is refused for what it is, in both roles
/// where both read it, and costs the heap no more, in calls and bytes, than a harmless line of that
/// length.
#[test]
fn slow_extension_parsing() {
    let limit = server::Config::default().max_head as usize - 1000;
    let long = |start: &str, unit: &str, end: &str| {
        format!("{start}{}{end}", unit.repeat((limit - start.len() - end.len()) / unit.len()))
    };
    // As answers to a request a client takes a single subprotocol, which no such value is.
    for (name, value, refused, failed_with) in [
        ("Sec-WebSocket-Protocol", long("b", " ", "x"), InvalidProtocols, ProtocolNotOffered),
        ("Sec-WebSocket-Protocol", long("b", " , ", "x y"), InvalidProtocols, SeveralProtocols),
        (
            "Sec-WebSocket-Extensions",
            long("a; b=\"", "\\c", ""),
            InvalidExtensions,
            InvalidExtensions,
        ),
        (
            "Sec-WebSocket-Extensions",
            long("a; b=\"", "\\", ""),
            InvalidExtensions,
            InvalidExtensions,
        ),
        ("Sec-WebSocket-Extensions", long("a", " ", "b"), InvalidExtensions, InvalidExtensions),
        (
            "Sec-WebSocket-Extensions",
            long("a", ";b=\"\\c\"", ";="),
            InvalidExtensions,
            InvalidExtensions,
        ),
        ("Sec-WebSocket-Extensions", long("a", "; ", "="), InvalidExtensions, InvalidExtensions),
        (
            "Sec-WebSocket-Extensions",
            long("", "a;b;b;b, ", "\""),
            InvalidExtensions,
            InvalidExtensions,
        ),
    ] {
        let harmless = "x".repeat(value.len());
        let mut whole = request(GET, &[(name, &[&value])]);
        let mut other = request(GET, &[("X", &[&harmless])]);
        let serve = |wire: &mut Vec<u8>| {
            counted(|| server::Handshake::new(Default::default()).poll(&mut Input::new(wire)))
        };
        let ((outcome, count), (_, harmless_count)) = (serve(&mut whole), serve(&mut other));
        assert_eq!(failed(outcome), Some(refused), "{value:.40}");
        // What is refused is looked at by two ways, see `handshake::head`, and has an answer to be
        // written: but nothing grows with the value.
        assert!(
            count.calls <= harmless_count.calls + 8 && count.peak <= harmless_count.peak + 4096,
            "{count:?}, {harmless_count:?}"
        );
        let (outcome, ..) = server(&whole, server::Config::default());
        assert_eq!(failed(outcome), Some(refused), "in single bytes, {value:.40}");
        let (outcome, ..) =
            client(&answer(SWITCHING, &key(), &[(name, &[&value])]), client::Config::default());
        assert!(
            matches!(&outcome, Some(Outcome::Failed(failure)) if failure.error() == failed_with),
            "{outcome:?}: {value:.40}"
        );
    }
}
