//! Texts of the caller, which others may have written, and the lines of a head.

use crate::handshake::{GET, answered, request, sent, serve};
use crate::support::{SIDES, frames, output};
use sockless::handshake::{Header, HeaderError};
use sockless::server::{self, Incoming, Plain, Request};
use sockless::{CloseCode, CloseFrame, Config, Seed, client};
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

/// Every public function that takes a text, or bytes, which could become part of a head that is
/// sent; with a text that it takes.
const SETTERS: [(&str, &str, Setter); 15] = [
    ("client::Request::new, the path", "good", |text| {
        client::Request::new(&format!("ws://a.example/{text}")).ok().map(asked)
    }),
    ("client::Request::new, the query", "good", |text| {
        client::Request::new(&format!("ws://a.example/?{text}")).ok().map(asked)
    }),
    ("client::Request::new, the host", "good", |text| {
        client::Request::new(&format!("ws://{text}/")).ok().map(asked)
    }),
    ("client::Request::new, the port", "8080", |text| {
        client::Request::new(&format!("ws://a.example:{text}/")).ok().map(asked)
    }),
    ("client::Request::protocol", "good", |text| start().protocol(text).ok().map(asked)),
    ("client::Request::origin", "good", |text| start().origin(text).ok().map(asked)),
    ("client::Request::header, a name", "good", |text| {
        Header::new(text, "x").ok().map(|header| asked(start().header(header)))
    }),
    ("client::Request::header, a value", "good", |text| {
        Header::new("X", text).ok().map(|header| asked(start().header(header)))
    }),
    ("client::Request::header, a value in Latin-1", "good", |text| {
        Header::latin1("X", text).ok().map(|header| asked(start().header(header)))
    }),
    ("server::Accept::header, a name beside Latin-1", "good", |text| {
        Header::latin1(text, "x").ok().map(|header| opened(upgrade().accept().header(header)))
    }),
    ("server::Reply::header, a value in Latin-1", "good", |text| {
        Header::latin1("X", text)
            .ok()
            .map(|header| sent(&mut plain().reply(404).header(header).into_replying()))
    }),
    ("server::Accept::header, a name", "good", |text| {
        Header::new(text, "x").ok().map(|header| opened(upgrade().accept().header(header)))
    }),
    ("server::Accept::header, a value", "good", |text| {
        Header::new("X", text).ok().map(|header| opened(upgrade().accept().header(header)))
    }),
    ("server::Reply::header, a name", "good", |text| {
        Header::new(text, "x")
            .ok()
            .map(|header| sent(&mut upgrade().reject(403).header(header).into_replying()))
    }),
    ("server::Reply::header, a value", "good", |text| {
        Header::new("X", text)
            .ok()
            .map(|header| sent(&mut plain().reply(404).header(header).into_replying()))
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

/// CVE-2026-1527: a client in JavaScript wrote the value that the caller gave for `Upgrade` into
/// the head as it was. With CR and LF in it, who chose that value chose further headers, or the end
/// of the head and what a server took for the next request.
///
/// Here no text reaches a head that was not checked, and `Upgrade` is nobody's to choose. Asserted:
/// each setter refuses, with an error and before there is anything to lose, a text with CR, LF, NUL
/// or another control character at any place of it, but for the path and the query of an address,
/// where the others than CR and LF are percent-encoded, as browsers do; what a setter takes
/// silently, a subprotocol that was not offered and a body, adds no line to the head; and what is
/// no head, a Close frame's reason, has its length in front.
#[test]
fn cr_and_lf_in_what_reaches_the_wire() {
    for (name, good, set) in SETTERS {
        let wire = set(good).unwrap_or_else(|| panic!("{name} takes {good}"));
        assert!(
            wire.windows(good.len()).any(|part| part.eq_ignore_ascii_case(good.as_bytes())),
            "{name} is on the wire"
        );
        let lines = |wire: &[u8]| wire.split(|byte| *byte == b'\n').count();
        for bad in injections(good) {
            let Some(sent) = set(&bad) else { continue };
            // Of an address, what neither breaks a line nor ends it is percent-encoded.
            assert!(name.contains("the path") || name.contains("the query"), "{name}: {bad:?}");
            assert!(!bad.contains(['\r', '\n']) && sent.len() == wire.len() + 3, "{name}: {bad:?}");
            assert_eq!(lines(&sent), lines(&wire));
            let controls = sent.iter().filter(|byte| byte.is_ascii_control()).count();
            assert_eq!(controls, 2 * (lines(&wire) - 1), "{name}: {bad:?}");
        }
    }

    // What the handshake writes is not the caller's to write, in whichever case.
    for name in [
        "Upgrade",
        "UPGRADE",
        "Connection",
        "Host",
        "Origin",
        "Content-Length",
        "transfer-encoding",
        "Sec-WebSocket-Key",
        "sec-websocket-x",
    ] {
        assert_eq!(Header::new(name, "good"), Err(HeaderError::Reserved), "{name}");
    }

    // A subprotocol is one that was offered, which no such text can be.
    let without = opened(upgrade().accept());
    for bad in injections("good") {
        assert_eq!(opened(upgrade().accept().protocol(&bad)), without, "{bad:?}");
    }

    // A body stands behind the head, which says how long it is.
    for bad in injections("good") {
        let rejected = upgrade().reject(403).body(bad.clone()).into_replying();
        let (status, headers, body) = answered(rejected);
        assert_eq!(status, "HTTP/1.1 403 Forbidden");
        assert_eq!(
            headers,
            [format!("Content-Length: {}", bad.len()), "Connection: close".to_owned()]
        );
        assert_eq!(body, bad.as_bytes());
    }

    // A reason is counted, too.
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection
            .close(Some(CloseFrame::new(CloseCode::NORMAL, "\r\n\r\nHTTP/1.1 200 OK").unwrap()))
            .unwrap();
        let sent = frames(&output(&mut connection));
        assert!(
            matches!(&sent[..], [close] if close.payload == b"\x03\xe8\r\n\r\nHTTP/1.1 200 OK")
        );
    }
}

/// That the list above is whole: every public function of the handshake that takes a text or bytes
/// stands here, as one that writes or as one that only looks.
#[test]
fn every_setter_is_known() {
    let known = [
        // These write, and are tested above.
        ("client/request.rs", "new"),
        ("client/request.rs", "protocol"),
        ("client/request.rs", "origin"),
        ("client/request.rs", "header"),
        ("headers.rs", "new"),
        ("headers.rs", "latin1"),
        ("server/reply.rs", "protocol"),
        ("server/reply.rs", "header"),
        ("server/reply.rs", "body"),
        // These write what is read again and never sent: `parts_that_could_smuggle_a_line` in
        // `handshake_rules/parts.rs`.
        ("server/request.rs", "from_parts"),
        // These look.
        ("headers.rs", "get"),
        ("headers.rs", "text"),
        ("headers.rs", "get_all"),
        ("key.rs", "accept_key"),
        ("origin/mod.rs", "list"),
        ("origin/mod.rs", "check"),
        ("origin/site.rs", "new"),
        ("origin/site.rs", "text"),
        ("deflate_negotiation.rs", "negotiate"),
        ("deflate_negotiation.rs", "check_answer"),
    ];
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/handshake")];
    let (mut found, root) = (Vec::new(), files[0].clone());
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let (text, file) = (
            fs::read_to_string(&path).unwrap(),
            path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
        );
        for function in text.split("\n    pub fn ").chain(text.split("\npub fn ")).skip(1) {
            let Some((name, rest)) = function.split_once(['(', '<']) else { continue };
            let signature = rest.split("{\n").next().unwrap();
            let takes = ["str", "[u8]", "Bytes", "String", "Vec<u8>", "Header<"];
            let parameters =
                signature.rsplit_once(" -> ").map_or(signature, |(parameters, _)| parameters);
            if name.len() < 40 && takes.iter().any(|kind| parameters.contains(kind)) {
                found.push((file.clone(), name.to_owned()));
            }
        }
    }
    found.sort();
    found.dedup();
    let mut known: Vec<(String, String)> =
        known.map(|(file, name)| (file.to_owned(), name.to_owned())).into();
    known.sort();
    assert_eq!(found, known, "a function that takes text: is it tested above?");
}
