//! What the handshake asks the heap for, exactly.

use crate::handshake::{GET, request};
use crate::support::alloc::{Count, counted};
use crate::support::take;
use sockless::server::{Config, Handshake, Incoming, OriginPolicy};
use sockless::{Connection, Endpoint, Input, Seed, client};

const CHROMIUM: &[u8] = include_bytes!("data/heads/requests/chromium-156.http");

fn open(config: &Config, wire: &mut [u8]) -> Connection {
    match Handshake::new(config.clone()).poll(&mut Input::new(wire)) {
        Some(Incoming::Upgrade(request)) => {
            request.accept().protocol("chat.v1").open(sockless::Config::default())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_needs_one_allocation_and_keeps_none() {
    let mut config = Config::default();
    config.origin = OriginPolicy::list(["http://127.0.0.1:35411"]).unwrap();
    let mut wire = CHROMIUM.to_vec();
    let (mut connection, count) = counted(|| open(&config, &mut wire));
    assert_eq!(count.calls, 1);
    let ((), count) = counted(|| {
        take(&mut connection, usize::MAX);
    });
    assert_eq!((count.calls, -count.live), (0, CHROMIUM.len() as i64 + 192));
    // Nothing is left on the heap.
    let ((), count) = counted(|| drop(connection));
    assert_eq!(count.live, 0);
}

#[test]
fn a_client_needs_two_allocations_and_keeps_none() {
    let ask = || {
        client::Handshake::new(
            client::Request::new("ws://a.example:8080/chat?room=7").unwrap(),
            Seed::new([7; 32]),
        )
    };
    // The seed decides on the key, and so on the answer.
    let mut request = ask().transmit().pop().unwrap().to_vec();
    let mut answer = open(&Config::default(), &mut request).transmit().pop().unwrap().to_vec();
    let (connection, count) = counted(|| {
        let mut handshake = ask();
        take(&mut handshake, usize::MAX);
        match handshake.poll(&mut Input::new(&mut answer)) {
            Some(client::Outcome::Open(opened)) => opened.open(sockless::Config::default()),
            other => panic!("{other:?}"),
        }
    });
    // The request, and the head of its answer.
    assert_eq!((count.calls, count.live), (2, 0));
    drop(connection);
}

#[cfg(feature = "deflate")]
#[test]
fn nor_does_it_need_more_to_negotiate_compression() {
    let mut policy = sockless::deflate::Policy::default();
    policy.server_no_context_takeover = true;
    policy.client_no_context_takeover = true;
    policy.server_max_window_bits = sockless::deflate::WindowBits::new(10).unwrap();
    policy.client_max_window_bits = sockless::deflate::WindowBits::new(10).unwrap();
    let mut config = Config::default();
    config.origin = OriginPolicy::list(["http://127.0.0.1:35411"]).unwrap();
    config.deflate = Some(policy);
    let mut wire = CHROMIUM.to_vec();
    let (mut connection, count) = counted(|| open(&config, &mut wire));
    assert_eq!(count.calls, 1);
    let answer = connection.transmit().pop().unwrap();
    let line = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                server_max_window_bits=10; client_max_window_bits=10\r\n\r\n";
    assert!(std::str::from_utf8(&answer).unwrap().ends_with(line));
}

#[cfg(feature = "deflate")]
#[test]
fn hostile_offers_cost_no_allocation() {
    use sockless::deflate::{Offer, Policy};
    let offers = [Offer::default(); 10];
    for line in [
        "permessage-deflate;x,".repeat(780),
        format!("permessage-deflate{}", "; server_no_context_takeover".repeat(580)),
        format!("permessage-deflate; server_max_window_bits=\"{}\"", "\\1".repeat(8000)),
        format!("permessage-deflate; {}", "x".repeat(16_000)),
        ",".repeat(16_000),
    ] {
        let (_, count) = counted(|| Policy::default().negotiate([line.as_bytes()]));
        assert_eq!((count.calls, count.peak), (0, 0), "{}", &line[..40]);
        let (_, count) = counted(|| Offer::check_answer(&offers, [line.as_bytes()]));
        assert_eq!((count.calls, count.peak), (0, 0), "{}", &line[..40]);
    }
}

#[test]
fn a_large_body_is_not_copied() {
    let (body, mut wire) = (vec![7; 1 << 20], b"GET / HTTP/1.1\r\n\r\n".to_vec());
    let (rejected, count) =
        counted(|| match Handshake::new(Config::default()).poll(&mut Input::new(&mut wire)) {
            Some(Incoming::Http(plain)) => plain.reply(200).body(body).into_replying(),
            other => panic!("{other:?}"),
        });
    assert!(count.peak < 1000, "{count:?}");
    assert_eq!(rejected.status(), 200);
}

#[test]
fn hostile_heads_cost_what_they_bring() {
    let tokens: Vec<String> = (b'!'..=b'~')
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(|byte| char::from(byte).into())
        .collect();
    let pairs: Vec<String> = tokens
        .iter()
        .flat_map(|one| tokens.iter().map(move |other| format!("{one}{other}")))
        .collect();
    for wire in [
        request(
            GET,
            &[("Content-Length", &["18446744073709551615"]), ("X", &["x".repeat(1000).as_str()])],
        ),
        // Nearly 4,000 subprotocols in 12 KiB.
        request(GET, &[("Sec-WebSocket-Protocol", &[&tokens.join(","), &pairs.join(",")])]),
        request(GET, &[("Sec-WebSocket-Protocol", &[&",".repeat(16_000)])]),
        request(GET, &[("X", &[""; 95])]),
        request(GET, &[("X", &[""; 4000])]),
        vec![b'G'; 16 << 10],
        b"\0".to_vec(),
    ] {
        for step in [1, 100, 100_000] {
            let mut wire = wire.clone();
            let mut handshake = Handshake::new(Config::default());
            let (outcome, count) = counted(|| {
                wire.chunks_mut(step).find_map(|part| handshake.poll(&mut Input::new(part)))
            });
            // A buffer that grows has up to twice what came; a place for each of 100 lines, and the
            // answer, come beside it.
            assert!(
                count.peak <= 2 * wire.len() as i64 + 4096,
                "{count:?} for {} in parts of {step}",
                wire.len()
            );
            // The handshake that is over keeps nothing, whatever came of it.
            let ((), dropped) = counted(|| drop(outcome.unwrap()));
            assert_eq!(count.live + dropped.live, 0, "{} in parts of {step}", wire.len());
        }
    }
}

/// How a handshake ends to which this much is said, in parts, until its time is up.
fn outcome<H: Endpoint, T>(
    handshake: &mut H,
    poll: impl Fn(&mut H, &mut Input<'_>) -> Option<T>,
    wire: &str,
    step: usize,
) -> (Option<T>, Count) {
    let mut wire = wire.as_bytes().to_vec();
    counted(|| {
        wire.chunks_mut(step).find_map(|part| poll(handshake, &mut Input::new(part))).or_else(
            || {
                handshake.handle_timeout();
                poll(handshake, &mut Input::empty())
            },
        )
    })
}

/// For the log, as long as its outcome is held, and by the outcome alone.
#[test]
fn a_head_that_was_refused_is_kept_once() {
    let long = "x".repeat(16_000);
    let good = String::from_utf8(request(&format!("GET /{long} HTTP/1.1"), &[])).unwrap();
    for wire in [
        format!("GET /{long} HTTP/1.1\0"),
        format!("GET /{long} HTTP/1.1\r\nno header\r\n\r\n"),
        format!("GET /{long} HTTP/1.1"),
        good.replace("Version: 13", "Version: 8"),
        good.replace("GET /", "GET ws://a.example/").replace("Version: 13", "Version: 8"),
    ] {
        for step in [1, 100_000] {
            let mut handshake = Handshake::new(Config::default());
            let (outcome, count) = outcome(&mut handshake, Handshake::poll, &wire, step);
            let Some(Incoming::Failed(rejected)) = outcome else { panic!() };
            assert_eq!(rejected.target().map(str::len), Some(16_001));
            // The head and the answer, however the head came.
            assert!(
                count.live <= wire.len() as i64 + 500,
                "{count:?} for {} in parts of {step}",
                wire.len()
            );
            let ((), dropped) = counted(|| drop(rejected));
            assert_eq!(count.live + dropped.live, 0, "the handshake keeps none of it");
        }
    }
}

#[test]
fn an_absolute_target_is_the_only_one_that_is_copied() {
    for (target, calls) in [("/x", 1), ("ws://a.example/x", 3)] {
        let mut wire = request(&format!("GET {target} HTTP/1.1"), &[]);
        let (connection, count) = counted(|| open(&Config::default(), &mut wire));
        assert_eq!(count.calls, calls, "{target}");
        drop(connection);
    }
}

/// Nor is an answer that was not sent.
#[test]
fn what_was_to_be_added_is_not_kept_behind_a_refusal() {
    let (long, mut wire) = ("x".repeat(10_000), request(GET, &[]));
    let header = sockless::handshake::Header::new("X", &long).unwrap();
    let (rejected, count) =
        counted(|| match Handshake::new(Config::default()).poll(&mut Input::new(&mut wire)) {
            Some(Incoming::Upgrade(request)) => {
                request.accept().header(header).reject(403).into_replying()
            }
            other => panic!("{other:?}"),
        });
    assert!(count.live < 1000, "{count:?}");
    drop(rejected);
}

/// A clone of a configuration is made for each connection.
#[test]
fn cloning_a_policy_takes_no_allocation() {
    let list = OriginPolicy::list(["https://a.example", "https://b.example"]).unwrap();
    let names = [String::from("https://c.example")];
    let custom =
        OriginPolicy::custom(move |asked| names.iter().any(|name| asked.origin() == Some(name)));
    for policy in [list.clone(), custom.clone(), list.or(custom)] {
        let (clone, count) = counted(|| policy.clone());
        assert_eq!((count.calls, clone), (0, policy));
    }
}

#[test]
fn a_head_that_failed_is_not_kept() {
    let long = "x".repeat(16_000);
    // In a byte that no head can hold, when it is whole and cannot be read, and for being late.
    for (end, step) in
        ["\0", "\r\nno header\r\n\r\n", ""].into_iter().flat_map(|end| [(end, 1), (end, 100_000)])
    {
        let mut handshake = client::Handshake::new(
            client::Request::new("ws://a.example").unwrap(),
            Seed::new([7; 32]),
        );
        let (outcome, count) = outcome(
            &mut handshake,
            client::Handshake::poll,
            &format!("HTTP/1.1 101 {long}{end}"),
            step,
        );
        assert!(matches!(outcome, Some(client::Outcome::Failed(_))), "{outcome:?}");
        assert!(count.live < 1000, "a client, {end:?} in parts of {step}: {count:?}");
    }
}
