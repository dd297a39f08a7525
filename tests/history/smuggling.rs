//! What crosses a line that it should not: the end of a request, the border between two sites.

use crate::handshake::{Changes, GET, answered, request, sent, serve};
use crate::support::{feed, output};
use sockless::server::{self, Handshake, Incoming, OriginPolicy};
use sockless::{Cause, Config, Event, HandshakeError, Input, ProtocolError, client};

/// Request smuggling: a proxy lets a request to upgrade through, the server turns it down and takes
/// what follows for the next request, which the proxy takes for frames and does not look at: nobody
/// checked it.
///
/// Here a connection has one request, and whatever is its outcome no second one is ever read.
/// Asserted: behind every kind of refusal, by a rule or by the caller's decision, in the same read
/// or later, a second request brings no further outcome and no further answer, what is sent says
/// that the connection closes, and the transport is shut down; behind a 101 it is no frame; a
/// request to upgrade has no body to hide it in; and behind an answer that is not 101, a client
/// reads no second one either.
#[test]
fn a_pipelined_request_behind_a_rejected_upgrade() {
    const SECOND: &[u8] = b"GET /second HTTP/1.1\r\nHost: a.example\r\n\r\n";
    // By a rule, by the caller's decision, and of a request that is none for a WebSocket.
    let refused: [(Vec<u8>, Option<HandshakeError>); 8] = [
        (
            request(GET, &[("Sec-WebSocket-Version", &["777"])]),
            Some(HandshakeError::UnsupportedVersion),
        ),
        (request(GET, &[("Sec-WebSocket-Key", &[])]), Some(HandshakeError::MissingKey)),
        (request(GET, &[("Origin", &["http://b.example"])]), Some(HandshakeError::ForbiddenOrigin)),
        (request(GET, &[("Content-Length", &["41"])]), Some(HandshakeError::RequestBody)),
        (request(GET, &[("Transfer-Encoding", &["chunked"])]), Some(HandshakeError::RequestBody)),
        (request("POST / HTTP/1.1", &[]), Some(HandshakeError::Method)),
        (request(GET, &[]), None),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), None),
    ];
    for (first, error) in refused {
        let mut wire = [&first[..], SECOND].concat();
        let mut handshake = Handshake::new(server::Config::default());
        let mut input = Input::new(&mut wire);
        let mut rejected = match handshake.poll(&mut input) {
            Some(Incoming::Failed(rejected)) => rejected,
            Some(Incoming::Upgrade(request)) => request.reject(403).into_replying(),
            Some(Incoming::Http(plain)) => {
                assert_eq!(plain.rest(), SECOND, "it is the caller's to read");
                plain.reply(426).into_replying()
            }
            None => panic!(),
        };
        assert_eq!(rejected.error(), error);
        assert!(input.is_empty() && !rejected.wants_poll(), "it went along, and is nobody's");
        let mut again = SECOND.to_vec();
        let mut input = Input::new(&mut again);
        assert!(handshake.poll(&mut input).is_none() && input.len() == SECOND.len());
        rejected.poll(&mut input);
        assert!(input.is_empty());
        let mut answer = sent(&mut rejected);
        for byte in SECOND {
            rejected.poll(&mut Input::new(&mut [*byte]));
            answer.extend(sent(&mut rejected));
        }
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(
            answer.contains("\r\nConnection: close\r\n")
                || answer.contains("\r\nConnection: Upgrade, close\r\n"),
            "{answer}"
        );
        assert!(rejected.wants_shutdown());
        rejected.shutdown_done();
        rejected.handle_eof();
        assert!(rejected.is_done());
    }

    // Accepted: what follows are frames, and this is none.
    let mut wire = [&request(GET, &[])[..], SECOND].concat();
    let mut input = Input::new(&mut wire);
    let Some(Incoming::Upgrade(request)) =
        Handshake::new(server::Config::default()).poll(&mut input)
    else {
        panic!()
    };
    let mut connection = request.accept().open(Config::default());
    assert!(input.is_empty() && connection.wants_poll());
    let events = feed(&mut connection, b"");
    assert!(
        matches!(&events[..], [Event::Closed(close_event)] if close_event.cause == Cause::Violation(ProtocolError::ReservedBits)),
        "{events:?}"
    );
    assert_eq!(output(&mut connection).windows(8).filter(|part| part == b"HTTP/1.1").count(), 1);

    // A client's: one answer, and then the transport is dropped.
    let mut wire = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
    let (mut handshake, _) = crate::handshake::client(
        client::Request::new("ws://a.example").unwrap(),
        client::Config::default(),
    );
    let mut input = Input::new(&mut wire);
    let Some(client::Outcome::Refused(response)) = handshake.poll(&mut input) else { panic!() };
    assert_eq!((response.status(), response.body()), (403, &b"no"[..]));
    assert!(input.is_empty() && !response.is_reusable(), "what is behind it is nobody's");
    let mut again = *b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let mut input = Input::new(&mut again);
    assert!(handshake.poll(&mut input).is_none() && !input.is_empty());
}

/// Cross-site WebSocket hijacking: a page of any site opens a connection to a server where its
/// reader is logged in, and the browser sends the cookies along. Many servers do not look at
/// `Origin` unless they are told to; others compare the start of it, or what a proxy's header says.
///
/// Here it is looked at before a request is an upgrade, by default too. Asserted, of what the
/// attackers of such checks have tried: 403, in which is no `Sec-WebSocket-Accept`; for the default
/// and for a list; whatever else stands in the request. And that those who belong are let in.
#[test]
fn cross_site_hijacking() {
    let list = OriginPolicy::list(["https://a.example", "https://app.example:8443"]).unwrap();
    let outcome = |policy: &OriginPolicy, changes: Changes<'_>| {
        let mut config = server::Config::default();
        config.origin = policy.clone();
        serve(&config, &request(GET, changes), &[]).0
    };
    let foreign = [
        "https://evil.example",
        "https://evil.example:443",
        "null",
        "",
        "file://",
        "https://a.example.evil.example",
        "https://evil-a.example",
        "https://evila.example",
        "https://a.example:444",
        "https://a.example.",
        "https://a.example@evil.example",
        "https://evil.example/a.example",
        "https://evil.example?a.example",
        "https://evil.example#a.example",
        "https://evil.example\\@a.example",
        "https://a.example/",
        "a.example",
        "//a.example",
        "https://evil.example https://a.example",
        "https://a.example https://evil.example",
        "https://a.example, https://evil.example",
        "https://[a.example]",
        "https://a%2eexample",
        "https://*",
        "*",
        "chrome-extension://a",
        "https://xn--a.example",
    ];
    for policy in [OriginPolicy::default(), list.clone()] {
        for origin in foreign {
            // What proxies add says nothing here; nor does what looks like the header, nor the
            // target.
            let tricks: [Changes<'_>; 4] = [
                &[],
                &[
                    ("X-Forwarded-Host", &["evil.example"]),
                    ("Forwarded", &["host=evil.example"]),
                    ("X-Original-Host", &["evil.example"]),
                ],
                &[
                    ("Sec-WebSocket-Origin", &["https://a.example"]),
                    ("Referer", &["https://a.example/"]),
                ],
                &[("Sec-Fetch-Site", &["same-origin"]), ("Cookie", &["session=1"])],
            ];
            for trick in tricks {
                let origins = [origin];
                let changes: Vec<_> = [&[("Origin", &origins[..])], trick].concat();
                let Some(Incoming::Failed(rejected)) = outcome(&policy, &changes) else {
                    panic!("{origin} is let in by {policy:?}")
                };
                assert_eq!(rejected.error(), Some(HandshakeError::ForbiddenOrigin), "{origin}");
                let (status, headers, _) = answered(rejected);
                assert!(
                    status.starts_with("HTTP/1.1 403 ")
                        && !headers.iter().any(|line| line.starts_with("Sec-")),
                    "{status} {headers:?}"
                );
            }
        }
        // Two of them are none, in any order and however written.
        for (one, other) in [
            ("https://a.example", "https://evil.example"),
            ("https://evil.example", "https://a.example"),
        ] {
            for name in ["Origin", "ORIGIN"] {
                let changes: [(&str, &[&str]); 2] = [("Origin", &[one]), (name, &[other])];
                let rejected = outcome(&policy, &changes);
                assert!(
                    matches!(rejected, Some(Incoming::Failed(rejected)) if rejected.error() == Some(HandshakeError::RepeatedOrigin))
                );
            }
        }
    }
    // The attacker's own name may not become that of the server: two hosts, or a target that names
    // another than `Host`.
    let changes: [(&str, &[&str]); 2] =
        [("Origin", &["https://evil.example"]), ("Host", &["evil.example", "a.example"])];
    assert!(
        matches!(outcome(&OriginPolicy::SameHost, &changes), Some(Incoming::Failed(rejected)) if rejected.error() == Some(HandshakeError::RepeatedHost))
    );
    // RFC 9112 §3.2.2: then the target is the name, and `Host` lets nobody in.
    for (target, host, origin) in [
        ("http://a.example/", "evil.example", "http://evil.example"),
        ("wss://a.example/", "evil.example", "https://evil.example"),
        ("http://evil.example/", "a.example", "http://a.example"),
        ("ws://a.example/?@evil.example", "evil.example", "http://evil.example"),
    ] {
        let wire =
            request(&format!("GET {target} HTTP/1.1"), &[("Host", &[host]), ("Origin", &[origin])]);
        let Some(Incoming::Failed(rejected)) = serve(&server::Config::default(), &wire, &[]).0
        else {
            panic!("{target}")
        };
        assert_eq!(rejected.error(), Some(HandshakeError::ForbiddenOrigin), "{target}");
    }
    for target in ["http://a.example@evil.example/", "http://evil.example\\@a.example/"] {
        let line = format!("GET {target} HTTP/1.1");
        let wire = request(&line, &[("Origin", &["http://evil.example"])]);
        let Some(Incoming::Failed(rejected)) = serve(&server::Config::default(), &wire, &[]).0
        else {
            panic!("{target}")
        };
        assert_eq!(rejected.error(), Some(HandshakeError::InvalidTarget), "{target}");
    }

    for (policy, origin) in [
        (OriginPolicy::SameHost, "https://a.example"),
        (OriginPolicy::SameHost, "http://A.EXAMPLE:80"),
        (list.clone(), "https://a.example:443"),
        (list, "https://app.example:8443"),
    ] {
        assert!(
            matches!(outcome(&policy, &[("Origin", &[origin])]), Some(Incoming::Upgrade(_))),
            "{origin}"
        );
    }
}
