//! What crosses a line that it should not: a line of a head, the end of a request, the border between two sites.

use crate::handshake::{Changes, GET, answered, request, sent, serve};
use crate::support::{SIDES, feed, frames, output};
use sockless::handshake::Header;
use sockless::server::{self, Handshake, Incoming, OriginPolicy, Plain, Request};
use sockless::{Cause, CloseCode, CloseFrame, Config, Event, HandshakeError, Input, LifeCycle, ProtocolError, Seed, client};
use std::fs;
use std::path::Path;

/// A request to upgrade that offers two subprotocols.
fn upgrade() -> Request {
    let wire = request(GET, &[("Sec-WebSocket-Protocol", &["good, better"])]);
    match serve(&server::Config::default(), &wire, &[]).0 {
        Some(Incoming::Upgrade(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn plain() -> Plain {
    match serve(&server::Config::default(), b"GET / HTTP/1.1\r\n\r\n", &[]).0 {
        Some(Incoming::Http(plain)) => plain,
        other => panic!("{other:?}"),
    }
}

fn asked(request: client::Request) -> Vec<u8> {
    sent(&mut client::Handshake::new(request, Seed::new([7; 32])))
}

/// What is on the wire when a setter was given a text; `None`: it refused.
type Setter = fn(&str) -> Option<Vec<u8>>;

/// Every public function that takes a text, or bytes, which could become part of a head that is sent; with a text that it takes.
const SETTERS: [(&str, &str, Setter); 12] = [
    ("client::Request::new, the path", "good", |text| client::Request::new(&format!("ws://a.example/{text}")).ok().map(asked)),
    ("client::Request::new, the query", "good", |text| client::Request::new(&format!("ws://a.example/?{text}")).ok().map(asked)),
    ("client::Request::new, the host", "good", |text| client::Request::new(&format!("ws://{text}/")).ok().map(asked)),
    ("client::Request::new, the port", "8080", |text| client::Request::new(&format!("ws://a.example:{text}/")).ok().map(asked)),
    ("client::Request::protocol", "good", |text| start().protocol(text).ok().map(asked)),
    ("client::Request::origin", "good", |text| start().origin(text).ok().map(asked)),
    ("client::Request::header, a name", "good", |text| Header::new(text, "x").ok().map(|header| asked(start().header(header)))),
    ("client::Request::header, a value", "good", |text| Header::new("X", text).ok().map(|header| asked(start().header(header)))),
    ("server::Accept::header, a name", "good", |text| Header::new(text, "x").ok().map(|header| opened(upgrade().accept().header(header)))),
    ("server::Accept::header, a value", "good", |text| Header::new("X", text).ok().map(|header| opened(upgrade().accept().header(header)))),
    ("server::Reject::header, a name", "good", |text| {
        Header::new(text, "x").ok().map(|header| sent(&mut upgrade().reject(403).header(header).into_rejected()))
    }),
    ("server::Reject::header, a value", "good", |text| {
        Header::new("X", text).ok().map(|header| sent(&mut plain().reply(404).header(header).into_rejected()))
    }),
];

fn start() -> client::Request {
    client::Request::new("ws://a.example").unwrap()
}

fn opened(accept: server::Accept) -> Vec<u8> {
    sent(&mut accept.open(Config::default()))
}

/// What an attacker writes into a text, at any place of it.
fn injections(good: &str) -> Vec<String> {
    let mut all = Vec::new();
    for bad in [
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\r\nX-Injected: 1",
        "\nX-Injected: 1",
        "\r\n\r\nGET /injected HTTP/1.1\r\nHost: b\r\n\r\n",
        "\r\n ",
        "\u{b}",
        "\x7f",
    ] {
        for at in 0..=good.len() {
            all.push(format!("{}{bad}{}", &good[..at], &good[at..]));
        }
    }
    all
}

/// CVE-2026-1527: a client in JavaScript wrote the value that the caller gave for `Upgrade` into the head as it was. With CR and LF in it, who chose that
/// value chose further headers, or the end of the head and what a server took for the next request.
///
/// Here no text reaches a head that was not checked, and `Upgrade` is nobody's to choose. Asserted: each setter refuses, with an error and before there is anything to
/// lose, a text with CR, LF, NUL or another control character at any place of it; what a setter takes silently, a subprotocol that was not offered and a body, adds no line to
/// the head; and what is no head, a Close frame's reason, has its length in front.
#[test]
fn cr_and_lf_in_what_reaches_the_wire() {
    for (name, good, set) in SETTERS {
        let wire = set(good).unwrap_or_else(|| panic!("{name} takes {good}"));
        assert!(wire.windows(good.len()).any(|part| part.eq_ignore_ascii_case(good.as_bytes())), "{name} is on the wire");
        for bad in injections(good) {
            assert_eq!(set(&bad), None, "{name}: {bad:?}");
        }
    }

    // A subprotocol is one that was offered, which no such text can be.
    let without = opened(upgrade().accept());
    for bad in injections("good") {
        assert_eq!(opened(upgrade().accept().protocol(&bad)), without, "{bad:?}");
    }

    // A body stands behind the head, which says how long it is.
    for bad in injections("good") {
        let rejected = upgrade().reject(403).body(bad.clone()).into_rejected();
        let (status, headers, body) = answered(rejected);
        assert_eq!(status, "HTTP/1.1 403 Forbidden");
        assert_eq!(headers, [format!("Content-Length: {}", bad.len()), "Connection: close".to_owned()]);
        assert_eq!(body, bad.as_bytes());
    }

    // A reason is counted, too.
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.close(Some(CloseFrame::new(CloseCode::NORMAL, "\r\n\r\nHTTP/1.1 200 OK").unwrap())).unwrap();
        let sent = frames(&output(&mut connection));
        assert!(matches!(&sent[..], [close] if close.payload == b"\x03\xe8\r\n\r\nHTTP/1.1 200 OK"));
    }
}

/// That the list above is whole: every public function of the handshake that takes a text or bytes stands here, as one that writes or as one that only looks.
#[test]
fn every_setter_is_known() {
    let known = [
        // These write, and are tested above.
        ("client/request.rs", "new"),
        ("client/request.rs", "protocol"),
        ("client/request.rs", "origin"),
        ("client/request.rs", "header"),
        ("headers.rs", "new"),
        ("server/reply.rs", "protocol"),
        ("server/reply.rs", "header"),
        ("server/reply.rs", "body"),
        // These write what is read again and never sent: `parts_that_could_smuggle_a_line` in `handshake_rules.rs`.
        ("server/request.rs", "from_parts"),
        // These look.
        ("headers.rs", "get"),
        ("headers.rs", "text"),
        ("headers.rs", "get_all"),
        ("key.rs", "accept_key"),
        ("origin.rs", "list"),
        ("origin.rs", "new"),
        ("deflate.rs", "negotiate"),
        ("deflate.rs", "check_answer"),
    ];
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/handshake")];
    let (mut found, root) = (Vec::new(), files[0].clone());
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let (text, file) = (fs::read_to_string(&path).unwrap(), path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"));
        for function in text.split("\n    pub fn ").chain(text.split("\npub fn ")).skip(1) {
            let Some((name, rest)) = function.split_once(['(', '<']) else { continue };
            let signature = rest.split("{\n").next().unwrap();
            let takes = ["str", "[u8]", "Bytes", "String", "Vec<u8>", "Header<"];
            let parameters = signature.rsplit_once(" -> ").map_or(signature, |(parameters, _)| parameters);
            if name.len() < 40 && takes.iter().any(|kind| parameters.contains(kind)) {
                found.push((file.clone(), name.to_owned()));
            }
        }
    }
    found.sort();
    found.dedup();
    let mut known: Vec<(String, String)> = known.map(|(file, name)| (file.to_owned(), name.to_owned())).into();
    known.sort();
    assert_eq!(found, known, "a function that takes text: is it tested above?");
}

/// Request smuggling: a proxy lets a request to upgrade through, the server turns it down and takes what follows for the next request, which the proxy takes
/// for frames and does not look at: nobody checked it.
///
/// Here a connection has one request, and whatever is its outcome no second one is ever read. Asserted: behind every kind of refusal, by a rule or by the
/// caller's decision, in the same read or later, a second request brings no further outcome and no further answer, what is sent says that the connection closes, and
/// the transport is shut down; behind a 101 it is no frame; a request to upgrade has no body to hide it in; and behind an answer that is not 101, a client reads no
/// second one either.
#[test]
fn a_pipelined_request_behind_a_rejected_upgrade() {
    const SECOND: &[u8] = b"GET /second HTTP/1.1\r\nHost: a.example\r\n\r\n";
    // By a rule, by the caller's decision, and of a request that is none for a WebSocket.
    let refused: [(Vec<u8>, Option<HandshakeError>); 8] = [
        (request(GET, &[("Sec-WebSocket-Version", &["777"])]), Some(HandshakeError::UnsupportedVersion)),
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
            Some(Incoming::Upgrade(request)) => request.reject(403).into_rejected(),
            Some(Incoming::Http(plain)) => plain.reply(426).into_rejected(),
            None => panic!(),
        };
        assert_eq!(rejected.error(), error);
        assert_eq!(input.len(), SECOND.len(), "it is still there, and nobody's");
        assert!(handshake.poll(&mut input).is_none() && input.len() == SECOND.len());
        rejected.discard(&mut input);
        assert!(input.is_empty());
        let mut answer = sent(&mut rejected);
        for byte in SECOND {
            rejected.discard(&mut Input::new(&mut [*byte]));
            answer.extend(sent(&mut rejected));
        }
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n") || answer.contains("\r\nConnection: Upgrade, close\r\n"), "{answer}");
        assert!(rejected.wants_shutdown());
        rejected.shutdown_done();
        rejected.handle_eof();
        assert!(rejected.is_done());
    }

    // Accepted: what follows are frames, and this is none.
    let mut wire = [&request(GET, &[])[..], SECOND].concat();
    let mut input = Input::new(&mut wire);
    let Some(Incoming::Upgrade(request)) = Handshake::new(server::Config::default()).poll(&mut input) else { panic!() };
    let mut connection = request.accept().open(Config::default());
    let rest = input.into_rest().to_vec();
    let events = feed(&mut connection, &rest);
    assert!(
        matches!(&events[..], [Event::Closed(closure)] if closure.cause == Cause::Violation(ProtocolError::ReservedBits)),
        "{events:?}"
    );
    assert_eq!(output(&mut connection).windows(8).filter(|part| part == b"HTTP/1.1").count(), 1);

    // A client's: one answer, and then the transport is dropped.
    let mut wire = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
    let (mut handshake, _) = crate::handshake::client(start(), client::Config::default());
    let mut input = Input::new(&mut wire);
    let Some(client::Outcome::Refused(response)) = handshake.poll(&mut input) else { panic!() };
    assert_eq!((response.status(), response.body()), (403, &b"no"[..]));
    assert!(handshake.poll(&mut input).is_none() && !input.is_empty());
}

/// Cross-site WebSocket hijacking: a page of any site opens a connection to a server where its reader is logged in, and the browser sends the cookies along. Many
/// servers do not look at `Origin` unless they are told to; others compare the start of it, or what a proxy's header says.
///
/// Here it is looked at before a request is an upgrade, by default too. Asserted, of what the attackers of such checks have tried: 403, in which is no
/// `Sec-WebSocket-Accept`; for the default and for a list; whatever else stands in the request. And that those who belong are let in.
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
            // What proxies add says nothing here; nor does what looks like the header, nor the target.
            let tricks: [Changes<'_>; 4] = [
                &[],
                &[("X-Forwarded-Host", &["evil.example"]), ("Forwarded", &["host=evil.example"]), ("X-Original-Host", &["evil.example"])],
                &[("Sec-WebSocket-Origin", &["https://a.example"]), ("Referer", &["https://a.example/"])],
                &[("Sec-Fetch-Site", &["same-origin"]), ("Cookie", &["session=1"])],
            ];
            for trick in tricks {
                let origins = [origin];
                let changes: Vec<_> = [&[("Origin", &origins[..])], trick].concat();
                let Some(Incoming::Failed(rejected)) = outcome(&policy, &changes) else { panic!("{origin} is let in by {policy:?}") };
                assert_eq!(rejected.error(), Some(HandshakeError::ForbiddenOrigin), "{origin}");
                let (status, headers, _) = answered(rejected);
                assert!(
                    status.starts_with("HTTP/1.1 403 ") && !headers.iter().any(|line| line.starts_with("Sec-")),
                    "{status} {headers:?}"
                );
            }
        }
        // Two of them are none, in any order and however written.
        for (one, other) in [("https://a.example", "https://evil.example"), ("https://evil.example", "https://a.example")] {
            for name in ["Origin", "ORIGIN"] {
                let changes: [(&str, &[&str]); 2] = [("Origin", &[one]), (name, &[other])];
                let rejected = outcome(&policy, &changes);
                assert!(matches!(rejected, Some(Incoming::Failed(rejected)) if rejected.error() == Some(HandshakeError::RepeatedOrigin)));
            }
        }
    }
    // The attacker's own name may not become that of the server: two hosts, or a target that names another.
    let changes: [(&str, &[&str]); 2] = [("Origin", &["https://evil.example"]), ("Host", &["evil.example", "a.example"])];
    assert!(
        matches!(outcome(&OriginPolicy::SameHost, &changes), Some(Incoming::Failed(rejected)) if rejected.error() == Some(HandshakeError::RepeatedHost))
    );
    let wire = request("GET http://evil.example/ HTTP/1.1", &[("Origin", &["http://evil.example"])]);
    let outcome_of_target = serve(&server::Config::default(), &wire, &[]).0;
    assert!(matches!(outcome_of_target, Some(Incoming::Failed(rejected)) if rejected.error() == Some(HandshakeError::InvalidTarget)));

    for (policy, origin) in [
        (OriginPolicy::SameHost, "https://a.example"),
        (OriginPolicy::SameHost, "http://A.EXAMPLE:80"),
        (list.clone(), "https://a.example:443"),
        (list, "https://app.example:8443"),
    ] {
        assert!(matches!(outcome(&policy, &[("Origin", &[origin])]), Some(Incoming::Upgrade(_))), "{origin}");
    }
}
