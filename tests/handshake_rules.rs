//! The table of rules: a row of cases for each `HandshakeError`, in each role that can meet it, under every cut of its bytes.
//!
//! A server answers with the row's status and goes to its end by the life cycle; a client gives the error.

mod handshake;

use handshake::{Changes, GET, SWITCHING, answer, answered, ask, asked_key, cuttings, request, serve};
use sockless::HandshakeError::{self, *};
use sockless::client::{self, Outcome};
use sockless::server::{self, Incoming, Request};
use sockless::{Input, LifeCycle};

/// Requests that break a rule.
fn requests() -> Vec<(HandshakeError, Vec<u8>)> {
    let mut all: Vec<(HandshakeError, Vec<u8>)> = Vec::new();

    // The form of a head.
    let good = String::from_utf8(request(GET, &[])).unwrap();
    for wire in [
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
        "\0",
        "GET /\0 HTTP/1.1\r\n",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r\r\n",
        "GET / HTTP/1.1\rHost: x\r\n",
        &good.replace("Host: a.example", "Host: a.example\0"),
        &good.replace("Host: a.example", "Host: a.example\x7f"),
        &good.replace("Host: a.example", "Host: a.\x0bexample"),
        &good.replace("Host: a.example\r\n", "Host: a.example\n"),
        &good.replace("Host: a.example\r\n", "Host: a.example\r"),
        &good.replace("\r\n\r\n", "\r\n\n"),
        &good.replace("\r\n\r\n", "\n\r\n"),
        &good.replace("\r\n\r\n", "\n\n"),
        &good.replace("\r\n", "\n"),
        &format!("\n{good}"),
        &format!("\r{good}"),
    ] {
        all.push((IllegalByte, wire.as_bytes().to_vec()));
    }
    for line in [
        "",
        "GET",
        "GET ",
        "GET /",
        "GET / ",
        " GET / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.1 x",
        "GET /a b HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/11",
        "GET / HTTP/1",
        "GET / HTTP/1.",
        "GET / HTP/1.1",
        "GET / HTTP/1.10",
        "G@T / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "GET / HTTP/2.0 x",
        "HTTP/1.1 200 OK",
    ] {
        all.push((MalformedStartLine, request(line, &[])));
    }
    for line in [
        " Host: a.example",
        "\tHost: a.example",
        "Host : a.example",
        "Host\t: a.example",
        "Host",
        ": a.example",
        "Ho st: a.example",
        "H\u{f6}st: a.example",
        "Host a.example",
        "Host: a.example\r\n folded",
        "Host: a.example\r\n\tfolded: x",
        "\"Host\": a.example",
    ] {
        all.push((MalformedHeader, good.replace("Host: a.example", line).into_bytes()));
    }
    let limit = server::Config::default().max_head;
    all.push((HeadTooLarge, request(GET, &[("X", &["x".repeat(limit).as_str()])])));
    all.push((HeadTooLarge, "G".repeat(limit).into_bytes()));
    all.push((HeadTooLarge, request(GET, &[("X", &["x".repeat(limit + 1 - request(GET, &[("X", &[""])]).len()).as_str()])])));
    all.push((TooManyHeaders, request(GET, &[("X", &[""; 96])])));
    all.push((TooManyHeaders, format!("GET / HTTP/1.1\r\n{}", "a:\r\n".repeat(101)).into_bytes()));
    for version in ["0.9", "1.2", "2.0", "3.0"] {
        all.push((UnsupportedHttp, request(&format!("GET / HTTP/{version}"), &[])));
    }
    all.push((UnsupportedHttp, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()));

    // What a request to upgrade must be.
    all.push((HttpTooOld, request("GET / HTTP/1.0", &[])));
    for method in ["POST", "HEAD", "OPTIONS", "CONNECT", "get", "GETS"] {
        all.push((Method, request(&format!("{method} / HTTP/1.1"), &[])));
    }
    for target in [
        "*",
        "a.example",
        "a.example:80",
        "chat",
        "?x",
        "#",
        "/#",
        "/x#y",
        "/\"x\"",
        "/<x",
        "/?x>",
        "/\u{e4}",
        "http://b.example/",
        "http://a.example:81/",
        "http://a.example:443/",
        "https://a.example:80/",
        "http://x@a.example/",
        "http:///",
        "http://",
        "ftp://a.example/",
        "ws://a.example/",
        "//a.example/#",
    ] {
        all.push((InvalidTarget, request(&format!("GET {target} HTTP/1.1"), &[])));
    }
    let mut changed = |error, changes: Changes<'_>| all.push((error, request(GET, changes)));
    changed(MissingHost, &[("Host", &[])]);
    changed(RepeatedHost, &[("Host", &["a.example", "a.example"])]);
    changed(RepeatedHost, &[("Host", &["a.example"]), ("host", &["b.example"])]);
    for host in [
        "",
        ":80",
        "a.example, b.example",
        "a.example b.example",
        "user@a.example",
        "http://a.example",
        "a.example/",
        "[::1",
        "a.example:65536",
        "a.example:x",
        "\u{e4}",
    ] {
        changed(InvalidHost, &[("Host", &[host])]);
    }
    changed(MissingConnection, &[("Connection", &[])]);
    for connection in ["", "keep-alive", "Upgrades", "Up grade", "close, x-upgrade"] {
        changed(MissingConnection, &[("Connection", &[connection])]);
    }
    changed(MissingVersion, &[("Sec-WebSocket-Version", &[])]);
    changed(RepeatedVersion, &[("Sec-WebSocket-Version", &["13", "13"])]);
    changed(RepeatedVersion, &[("Sec-WebSocket-Version", &["13", "8"])]);
    for version in ["", "8", "12", "14", "013", "+13", "13, 8", "13.0", "0"] {
        changed(UnsupportedVersion, &[("Sec-WebSocket-Version", &[version])]);
    }
    changed(MissingKey, &[("Sec-WebSocket-Key", &[])]);
    changed(RepeatedKey, &[("Sec-WebSocket-Key", &[handshake::KEY, handshake::KEY])]);
    for key in [
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZR==",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZTEyMw==",
        "dGhl IHNhbXBsZSBub25jZQ==",
        "dGhl-HNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        changed(InvalidKey, &[("Sec-WebSocket-Key", &[key])]);
    }
    for length in ["1", "5", "00", "-0", "0, 5", "x", ""] {
        changed(RequestBody, &[("Content-Length", &[length])]);
    }
    changed(RequestBody, &[("Content-Length", &["0", "5"])]);
    changed(RequestBody, &[("Content-Length", &["5", "0"])]);
    for coding in ["chunked", "identity", ""] {
        changed(RequestBody, &[("Transfer-Encoding", &[coding])]);
    }
    for protocols in ["", ",", " , ,", "a b", "a;b", "\"a\"", "a, a", "a,b,c,a", "x\u{e4}", "a/b"] {
        changed(InvalidProtocols, &[("Sec-WebSocket-Protocol", &[protocols])]);
    }
    changed(InvalidProtocols, &[("Sec-WebSocket-Protocol", &["a", "b, a"])]);
    for bad in ["m, c", "m n", "m, n/o, p"] {
        changed(InvalidProtocols, &[("Sec-WebSocket-Protocol", &["a, b, c, d, e, f, g, h, i, j, k, l", bad])]);
    }
    let names: Vec<String> = (0..101).map(|i| format!("p{i}")).collect();
    changed(TooManyProtocols, &[("Sec-WebSocket-Protocol", &[&names.join(",")])]);
    changed(TooManyProtocols, &[("Sec-WebSocket-Protocol", &[&names[..40].join(","), &names[40..].join(", ")])]);
    changed(TooManyProtocols, &[("Sec-WebSocket-Protocol", &[&"a,".repeat(1000)])]);
    for extensions in ["", ",", "foo bar", "foo;", "foo; a=", "foo; a=\"b c\"", "foo; a=\"b", "=", "foo, ;a"] {
        changed(InvalidExtensions, &[("Sec-WebSocket-Extensions", &[extensions])]);
    }
    changed(InvalidExtensions, &[("Sec-WebSocket-Extensions", &["foo", "foo bar"])]);
    changed(RepeatedOrigin, &[("Origin", &["http://a.example", "http://a.example"])]);
    for origin in ["\u{e4}", "http://a.example\u{e4}", "http://\u{e4}.example"] {
        changed(InvalidOrigin, &[("Origin", &[origin])]);
    }
    for origin in
        ["null", "", "http://b.example", "http://a.example:81", "http://a.example/", "a.example", "http://a.example, http://b.example"]
    {
        changed(ForbiddenOrigin, &[("Origin", &[origin])]);
    }
    all
}

/// Answers that break a rule.
fn answers(key: &str) -> Vec<(HandshakeError, Vec<u8>)> {
    let mut all: Vec<(HandshakeError, Vec<u8>)> = Vec::new();

    // The form of a head.
    let good = String::from_utf8(answer(SWITCHING, key, &[])).unwrap();
    for wire in [
        "\x15\x03\x01\0\x02\x02\x0a",
        "HTTP/1.1 101 Switching\0\r\n",
        "HTTP/1.1 101 Switching\n",
        "HTTP/1.1 101\n",
        &good.replace("\r\n\r\n", "\r\n\n"),
        &good.replace("\r\n\r\n", "\n\n"),
        &good.replace("Upgrade: websocket", "Upgrade: websocket\x08"),
        &good.replace("Upgrade: websocket\r\n", "Upgrade: websocket\n"),
        &format!("\n{good}"),
        &format!("\r{good}"),
    ] {
        all.push((IllegalByte, wire.as_bytes().to_vec()));
    }
    for line in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 10",
        "HTTP/1.1 1010",
        "HTTP/1.1  101",
        "HTTP/1.1 099 x",
        "HTTP/1.1 xxx",
        " HTTP/1.1 101",
        "http/1.1 101",
        GET,
    ] {
        all.push((MalformedStartLine, answer(line, key, &[])));
    }
    for line in [" Upgrade: websocket", "Upgrade : websocket", "Upgrade", ": websocket", "Upgrade: websocket\r\n folded"] {
        all.push((MalformedHeader, good.replace("Upgrade: websocket", line).into_bytes()));
    }
    let limit = client::Config::default().max_head;
    all.push((HeadTooLarge, answer(SWITCHING, key, &[("X", &["x".repeat(limit).as_str()])])));
    all.push((HeadTooLarge, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".repeat(1000).into_bytes()));
    all.push((TooManyHeaders, answer(SWITCHING, key, &[("X", &[""; 98])])));
    for version in ["0.9", "2.0"] {
        all.push((UnsupportedHttp, answer(&format!("HTTP/{version} 101 x"), key, &[])));
    }

    // What an answer must be.
    all.push((HttpTooOld, answer("HTTP/1.0 101 x", key, &[])));
    all.push((UnexpectedEnd, Vec::new()));
    all.push((UnexpectedEnd, good.as_bytes()[..good.len() - 1].to_vec()));
    all.push((UnexpectedEnd, b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()));
    for length in ["", "x", "-1", "+1", "1, 2", "18446744073709551616", "1 1"] {
        all.push((InvalidLength, answer("HTTP/1.1 401 x", key, &[("Content-Length", &[length])])));
    }
    all.push((InvalidLength, answer("HTTP/1.1 401 x", key, &[("Content-Length", &["1", "2"])])));
    let mut changed = |error, changes: Changes<'_>| all.push((error, answer(SWITCHING, key, changes)));
    changed(MissingUpgrade, &[("Upgrade", &[])]);
    for upgrade in ["", "h2c", "websocket, h2c", "websocket/13", "web socket", "websockets"] {
        changed(InvalidUpgrade, &[("Upgrade", &[upgrade])]);
    }
    changed(InvalidUpgrade, &[("Upgrade", &["websocket", "websocket"])]);
    changed(MissingConnection, &[("Connection", &[])]);
    changed(MissingConnection, &[("Connection", &["close"])]);
    changed(MissingAccept, &[("Sec-WebSocket-Accept", &[])]);
    let accept = sockless::handshake::accept_key(key);
    changed(RepeatedAccept, &[("Sec-WebSocket-Accept", &[accept.as_str(), accept.as_str()])]);
    for wrong in ["", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", key, &accept.as_str().to_ascii_lowercase(), &format!("{accept}=")] {
        changed(WrongAccept, &[("Sec-WebSocket-Accept", &[wrong])]);
    }
    changed(InvalidExtensions, &[("Sec-WebSocket-Extensions", &["foo;"])]);
    changed(InvalidExtensions, &[("Sec-WebSocket-Extensions", &[""])]);
    for extensions in ["permessage-bzip2", "Permessage-Deflate", "foo; a=\"1\""] {
        changed(ExtensionNotOffered, &[("Sec-WebSocket-Extensions", &[extensions])]);
    }
    #[cfg(not(feature = "deflate"))]
    changed(ExtensionNotOffered, &[("Sec-WebSocket-Extensions", &["permessage-deflate"])]);
    // The whole table is in `handshake_deflate/answers.rs`.
    #[cfg(feature = "deflate")]
    {
        let good = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
        changed(RepeatedExtension, &[("Sec-WebSocket-Extensions", &[good, good])]);
        changed(RepeatedExtension, &[("Sec-WebSocket-Extensions", &[&format!("{good}, permessage-deflate; foo")])]);
        for wrong in ["foo", "client_max_window_bits", "server_max_window_bits=10", "client_no_context_takeover=1"] {
            changed(InvalidParameters, &[("Sec-WebSocket-Extensions", &[&format!("{good}; {wrong}")])]);
        }
        for other in ["permessage-deflate", "permessage-deflate; server_no_context_takeover; server_max_window_bits=11"] {
            changed(ParametersNotOffered, &[("Sec-WebSocket-Extensions", &[other])]);
        }
        changed(ParametersNotOffered, &[("Sec-WebSocket-Extensions", &[&format!("{good}; client_max_window_bits=15")])]);
    }
    for protocol in ["", "z", "X", "xy", "x;"] {
        changed(ProtocolNotOffered, &[("Sec-WebSocket-Protocol", &[protocol])]);
    }
    changed(SeveralProtocols, &[("Sec-WebSocket-Protocol", &["x, y"])]);
    changed(SeveralProtocols, &[("Sec-WebSocket-Protocol", &["x", "x"])]);
    for length in ["1", "5, 5", "x", ""] {
        changed(AnswerBody, &[("Content-Length", &[length])]);
    }
    changed(AnswerBody, &[("Transfer-Encoding", &["chunked"])]);
    changed(AnswerBody, &[("Transfer-Encoding", &[""])]);
    all
}

#[test]
fn every_rule_has_a_case() {
    let (requests, answers) = (requests(), answers(&asked_key()));
    let has = |cases: &[(HandshakeError, Vec<u8>)], error| cases.iter().any(|(other, _)| *other == error);
    // No bytes are too late by themselves: `heartbeat.rs` has that one.
    for error in HandshakeError::ALL.iter().copied().filter(|error| *error != HandshakeError::TimedOut) {
        let server_only = matches!(error.status(), 403 | 405)
            || matches!(
                error,
                MissingHost
                    | RepeatedHost
                    | InvalidHost
                    | InvalidTarget
                    | RequestBody
                    | InvalidProtocols
                    | TooManyProtocols
                    | InvalidOrigin
            )
            || matches!(error, MissingVersion | RepeatedVersion | UnsupportedVersion | MissingKey | RepeatedKey | InvalidKey);
        // Who offers no extension with parameters gets no answer with them.
        let with_deflate = matches!(error, RepeatedExtension | InvalidParameters | ParametersNotOffered);
        // To a server, no such token is a plain request.
        let client_only = error.status() == 502 || error == MissingUpgrade;
        assert_eq!(has(&requests, error), !client_only, "{error:?} of a server");
        let no_client = server_only || (with_deflate && !cfg!(feature = "deflate"));
        assert_eq!(has(&answers, error), !no_client, "{error:?} of a client");
        assert!(error.to_string().ends_with(&format!("({})", error.section())), "{error}");
    }
}

#[test]
fn a_server_answers_each_violation_in_every_split() {
    let config = server::Config::default();
    for (error, wire) in requests() {
        let (_, whole) = serve(&config, &wire, &[]);
        for cuts in cuttings(&wire) {
            let context = || format!("{error:?} {:?} cut at {cuts:?}", wire[..wire.len().min(300)].escape_ascii().to_string());
            let (outcome, taken) = serve(&config, &wire, &cuts);
            let Some(Incoming::Failed(rejected)) = outcome else { panic!("{} gave {outcome:?}", context()) };
            assert_eq!((rejected.error(), rejected.status(), taken), (Some(error), error.status(), whole), "{}", context());
        }
        let (Some(Incoming::Failed(rejected)), _) = serve(&config, &wire, &[]) else { panic!("{error:?}") };
        let (status, headers, body) = answered(rejected);
        assert!(status.starts_with(&format!("HTTP/1.1 {} ", error.status())), "{status}");
        let has = |line: &str| headers.iter().any(|other| other == line);
        assert_eq!(has("Connection: close"), error.status() != 426, "{error:?}: {headers:?}");
        assert_eq!(has("Allow: GET"), error.status() == 405, "{error:?}: {headers:?}");
        for line in ["Upgrade: websocket", "Connection: Upgrade, close", "Sec-WebSocket-Version: 13"] {
            assert_eq!(has(line), error.status() == 426, "{error:?}: {headers:?}");
        }
        let text = format!("{error}\n");
        assert!(has(&format!("Content-Length: {}", text.len())), "{error:?}: {headers:?}");
        assert_eq!(body, if wire.starts_with(b"HEAD ") { b"" } else { text.as_bytes() }, "{error:?}");
    }
}

/// RFC 9110 §9.3.2. Nor where the head cannot be read, or does not come whole.
#[test]
fn no_answer_to_head_has_a_body() {
    let mut seen = Vec::new();
    for (_, wire) in requests() {
        let Some(rest) = wire.strip_prefix(b"GET ") else { continue };
        // What is no WebSocket request for its method is a plain one.
        let (Some(Incoming::Failed(rejected)), _) = serve(&server::Config::default(), &[b"HEAD ", rest].concat(), &[]) else { continue };
        seen.push(rejected.error().unwrap());
        answers_without_a_body(rejected);
    }
    for error in [HeadTooLarge, TooManyHeaders, IllegalByte, MalformedStartLine, MalformedHeader, UnsupportedHttp] {
        assert!(seen.contains(&error), "{error:?}");
    }
    let mut handshake = server::Handshake::new(server::Config::default());
    assert!(handshake.poll(&mut Input::new(&mut b"HEAD / HTTP/1.1\r\n".to_vec())).is_none());
    handshake.handle_timeout();
    let Some(Incoming::Failed(rejected)) = handshake.poll(&mut Input::empty()) else { panic!() };
    assert_eq!(rejected.error(), Some(TimedOut));
    answers_without_a_body(rejected);
}

fn answers_without_a_body(rejected: server::Rejected) {
    let text = format!("{}\n", rejected.error().unwrap());
    let (_, headers, body) = answered(rejected);
    assert!(headers.contains(&format!("Content-Length: {}", text.len())) && body.is_empty(), "{text}: {headers:?} {body:?}");
}

#[test]
fn a_client_tells_each_violation_in_every_split() {
    let config = client::Config::default();
    for (error, wire) in answers(&asked_key()) {
        let (_, whole) = ask(&config, &wire, &[]);
        for cuts in cuttings(&wire) {
            let context = || format!("{error:?} {:?} cut at {cuts:?}", wire[..wire.len().min(300)].escape_ascii().to_string());
            match ask(&config, &wire, &cuts) {
                (Outcome::Failed(other), taken) => assert_eq!((other, taken), (error, whole), "{}", context()),
                (outcome, _) => panic!("{} gave {outcome:?}", context()),
            }
        }
    }
}

#[test]
fn parts_from_an_http_stack_meet_the_same_rules() {
    for (error, wire) in requests() {
        // The form of the head was the stack's to check.
        if matches!(error, IllegalByte | MalformedStartLine | MalformedHeader | UnsupportedHttp | HeadTooLarge) {
            continue;
        }
        let mut slots = [httparse::EMPTY_HEADER; 200];
        let mut request = httparse::Request::new(&mut slots);
        if !request.parse(&wire).is_ok_and(|status| status.is_complete()) {
            continue;
        }
        let headers = request.headers.iter().map(|header| (header.name, header.value));
        let version = (1, request.version.unwrap());
        let checked = Request::from_parts(request.method.unwrap(), request.path.unwrap(), version, headers, &server::Config::default());
        assert_eq!(checked.unwrap_err(), error, "{}", wire.escape_ascii());
    }
    let plain = Request::from_parts("GET", "/", (1, 1), [("host", &b"a.example"[..])], &server::Config::default());
    assert_eq!(plain.unwrap_err(), MissingUpgrade);
}

#[test]
fn parts_that_could_smuggle_a_line() {
    let check = |method: &str, target: &str, version, name: &str, value: &[u8]| {
        let good = [("host", &b"a.example"[..]), ("upgrade", b"websocket"), ("connection", b"upgrade"), ("sec-websocket-version", b"13")];
        let headers = good.into_iter().chain([("sec-websocket-key", handshake::KEY.as_bytes()), (name, value)]);
        Request::from_parts(method, target, version, headers, &server::Config::default())
            .map(|_| ())
            .map_err(|error| (error, error.status()))
    };
    assert_eq!(check("GET", "/", (1, 1), "x", b"y"), Ok(()));
    for (method, target) in
        [("GET / HTTP/1.1\r\nX:", "/"), ("", "/"), ("GET", ""), ("GET", "/ HTTP/1.1\r\nX: y"), ("GET", "/ x"), ("GET", "/\0")]
    {
        assert_eq!(check(method, target, (1, 1), "x", b"y"), Err((MalformedStartLine, 400)), "{method:?} {target:?}");
    }
    for (name, value) in [("", &b"y"[..]), ("x: y\r\nz", b"y"), ("x ", b"y"), ("x", b"y\r\nz: a"), ("x", b"y\n"), ("x", b"\0")] {
        assert_eq!(check("GET", "/", (1, 1), name, value), Err((MalformedHeader, 400)), "{name:?}");
    }
    for version in [(0, 9), (2, 0), (3, 0)] {
        assert_eq!(check("GET", "/", version, "x", b"y"), Err((UnsupportedHttp, 505)), "{version:?}");
    }
    assert_eq!(check("GET", "/", (1, 0), "x", b"y"), Err((HttpTooOld, 400)));
    assert_eq!(check("GET", "/", (1, 1), "x", &[b'y'; 20_000]), Err((HeadTooLarge, 431)));
}
