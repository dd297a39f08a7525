//! What a head may cost a server: its limits hold to the byte and to the line, are told at once,
//! and the work grows with the bytes and not with their square.

use crate::handshake::{GET, cuttings, request, serve};
use crate::handshake_server::upgrade;
use sockless::server::{Config, Handshake, Incoming};
use sockless::{HandshakeError, Input};

#[test]
fn limits_are_exact() {
    let outcome = |config: &Config, wire: &[u8]| match serve(config, wire, &[]).0 {
        Some(Incoming::Failed(rejected)) => rejected.error(),
        Some(_) => None,
        None => panic!("no outcome"),
    };
    let wire = request(GET, &[("X", &["x"; 95])]);
    for cuts in cuttings(&wire) {
        let mut config = Config::default();
        assert!(
            matches!(serve(&config, &wire, &cuts).0, Some(Incoming::Upgrade(_))),
            "100 lines are allowed"
        );
        config.max_head = wire.len() as u64;
        assert!(
            matches!(serve(&config, &wire, &cuts).0, Some(Incoming::Upgrade(_))),
            "exactly the limit"
        );
        config.max_head = wire.len() as u64 - 1;
        assert!(
            matches!(serve(&config, &wire, &cuts).0, Some(Incoming::Failed(_))),
            "one byte more"
        );
    }
    for lines in [0, 1, 63, 64, 65, 99, 100, 1000, 3000] {
        let wire = format!("GET / HTTP/1.1\r\n{}\r\n", "a:\r\n".repeat(lines)).into_bytes();
        let mut config = Config::default();
        config.max_headers = lines as u32;
        assert_eq!(outcome(&config, &wire), None, "{lines} of {lines}");
        if lines > 0 {
            config.max_headers = lines as u32 - 1;
            assert_eq!(
                outcome(&config, &wire),
                Some(HandshakeError::TooManyHeaders),
                "{lines} of {}",
                lines - 1
            );
        }
    }
    // A target in absolute form is read a second time, within the same limit.
    for (lines, passes) in [(90, true), (100, true), (101, false)] {
        let fillers = vec!["x"; lines - 5];
        let wire = request("GET wss://b.example/chat HTTP/1.1", &[("X", &fillers)]);
        for cuts in cuttings(&wire) {
            match serve(&Config::default(), &wire, &cuts).0 {
                Some(Incoming::Upgrade(request)) if passes => {
                    assert_eq!(
                        (request.authority(), request.headers().iter().count()),
                        ("b.example", lines)
                    );
                }
                Some(Incoming::Failed(rejected)) if !passes => {
                    assert_eq!(rejected.error(), Some(HandshakeError::TooManyHeaders));
                }
                other => panic!("{lines} lines cut at {cuts:?}: {other:?}"),
            }
        }
    }
    let names: Vec<String> = (0..100).map(|i| format!("p{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let request = upgrade(
        &Config::default(),
        &request(GET, &[("Sec-WebSocket-Protocol", &[&names.join(",")])]),
    );
    assert!(request.protocols().eq(names));

    let mut nothing = Config::default();
    (nothing.max_head, nothing.max_headers, nothing.max_discard) = (0, 0, 0);
    assert_eq!(outcome(&nothing, b"G"), Some(HandshakeError::HeadTooLarge));
    nothing.max_head = u64::MAX;
    nothing.max_headers = u32::MAX;
    assert_eq!(outcome(&nothing, &wire), None);
}

#[test]
fn a_limit_is_told_as_soon_as_it_is_exceeded() {
    let mut handshake = Handshake::new(Config::default());
    let limit = Config::default().max_head as usize;
    let mut bytes = vec![b'G'; limit - 1];
    assert!(handshake.poll(&mut Input::new(&mut bytes)).is_none());
    assert!(
        matches!(handshake.poll(&mut Input::new(&mut [b'G'])), Some(Incoming::Failed(rejected)) if rejected.status() == 431)
    );

    // The first byte of a TLS handshake is enough.
    assert!(matches!(
        Handshake::new(Config::default()).poll(&mut Input::new(&mut [0x16])),
        Some(Incoming::Failed(_))
    ));
}

/// Work in the square of a mebibyte would take hours; what is linear takes a second.
#[test]
fn large_heads_are_linear_work() {
    const MEBIBYTE: usize = 1 << 20;
    let mut config = Config::default();
    (config.max_head, config.max_headers) = (2 * MEBIBYTE as u64, MEBIBYTE as u32);
    let distinct: Vec<String> = (0..100_000).map(|i| i.to_string()).collect();
    let long = |piece: &str| piece.repeat(MEBIBYTE / piece.len());
    let started = std::time::Instant::now();
    for (name, value) in [
        ("X", long("x")),
        ("X", long(" ")),
        ("Upgrade", long("x,")),
        ("Connection", long(", ")),
        ("Sec-WebSocket-Protocol", distinct.join(",")),
        ("Sec-WebSocket-Protocol", format!("a{}", long(", "))),
        ("Sec-WebSocket-Extensions", format!("a{}", long("; b"))),
        ("Sec-WebSocket-Extensions", format!("a; b=\"{}", long("\\x"))),
        ("Sec-WebSocket-Extensions", format!("a{}b", long(" "))),
    ] {
        // So that it is a request to upgrade, whichever of its headers is long.
        let values = ["websocket, upgrade", value.as_str()];
        let values = if name.starts_with("Sec-") { &values[1..] } else { &values[..] };
        let wire = request(GET, &[(name, values)]);
        let single: Vec<usize> = (1..wire.len()).collect();
        assert!(serve(&config, &wire, &single).0.is_some(), "{name}");
    }
    let lines =
        format!("GET / HTTP/1.1\r\n{}\r\n", "Upgrade:x\r\n".repeat(MEBIBYTE / 11)).into_bytes();
    assert!(serve(&config, &lines, &(1..lines.len()).collect::<Vec<_>>()).0.is_some());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
