//! The server's side of the opening handshake: what it takes, what it answers, and what it leaves to others.

mod handshake;

use handshake::{Changes, GET, answered, cuttings, request, sent, serve};
use sockless::handshake::{Header, HeaderError};
use sockless::server::{Config, Handshake, Incoming, OriginPolicy, Plain, Rejected, Request};
use sockless::{Event, HandshakeError, Input, LifeCycle};

fn upgrade(config: &Config, wire: &[u8]) -> Request {
    match serve(config, wire, &[]).0 {
        Some(Incoming::Upgrade(request)) => request,
        other => panic!("{}: {other:?}", wire.escape_ascii()),
    }
}

fn plain(wire: &[u8]) -> Plain {
    match serve(&Config::default(), wire, &[]).0 {
        Some(Incoming::Http(plain)) => plain,
        other => panic!("{}: {other:?}", wire.escape_ascii()),
    }
}

fn open(request: Request) -> String {
    String::from_utf8(sent(&mut request.accept().open(sockless::Config::default()))).unwrap()
}

#[test]
fn the_example_of_the_rfc() {
    // §1.3, §1.2.
    let wire = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    let mut config = Config::default();
    // Another site, as the usual policy sees it.
    let (Some(Incoming::Failed(rejected)), _) = serve(&config, wire, &[]) else { panic!() };
    assert_eq!(rejected.error(), Some(HandshakeError::ForbiddenOrigin));

    config.origin = OriginPolicy::list(["http://example.com"]).unwrap();
    for cuts in cuttings(wire) {
        let (Some(Incoming::Upgrade(request)), taken) = serve(&config, wire, &cuts) else { panic!("{cuts:?}") };
        assert_eq!(taken, wire.len());
        assert_eq!((request.target(), request.origin()), ("/chat", Some("http://example.com")));
        assert!(request.protocols().eq(["chat", "superchat"]));
        let mut connection = request.accept().protocol("chat").open(sockless::Config::default());
        assert_eq!(
            String::from_utf8(sent(&mut connection)).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
        );
    }
}

#[test]
fn what_the_rules_allow() {
    let changes: [Changes<'_>; 24] = [
        &[("Upgrade", &["WebSocket"])],
        &[("Upgrade", &["h2c, websocket"])],
        &[("Upgrade", &["h2c", "websocket"])],
        &[("Upgrade", &["websocket", "h2c"])],
        &[("Connection", &["upgrade"])],
        &[("Connection", &["keep-alive, UPGRADE"])],
        &[("Connection", &["keep-alive", "Upgrade"])],
        &[("Connection", &["Upgrade", "keep-alive"])],
        &[("Connection", &[",, Upgrade ,"])],
        &[("Host", &[]), ("hOsT", &["a.example"])],
        &[("Host", &["  a.example \t"])],
        &[("Host", &["A.example:8080"])],
        &[("Host", &["[::1]:8080"])],
        &[("Host", &["127.0.0.1"])],
        &[("Content-Length", &["0"])],
        &[("Content-Length", &["0", "0"])],
        &[("Origin", &["https://A.EXAMPLE"])],
        &[("Origin", &["http://a.example:80"])],
        &[("Sec-WebSocket-Protocol", &["a,b,, c"])],
        &[("Sec-WebSocket-Protocol", &["a, A", "", "b"])],
        &[("Sec-WebSocket-Protocol", &["a, b, c, d, e, f, g, h, i, j, k, l"])],
        &[("Sec-WebSocket-Extensions", &["permessage-deflate; client_max_window_bits, x; y=\"z\""])],
        &[("Sec-WebSocket-Extensions", &["", "foo"])],
        &[("Cookie", &["caf\u{e9}=\"a\\b\"; c"]), ("X-Empty", &[""])],
    ];
    for changes in changes {
        let wire = request(GET, changes);
        for cuts in cuttings(&wire) {
            match serve(&Config::default(), &wire, &cuts) {
                (Some(Incoming::Upgrade(request)), taken) => {
                    assert_eq!((request.target(), taken), ("/chat", wire.len()));
                    // Every extension is declined by not being answered, §9.1.
                    let answer = open(request);
                    assert!(!answer.contains("Extensions") && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
                }
                other => panic!("{changes:?} cut at {cuts:?}: {other:?}"),
            }
        }
    }
    for target in [
        "/",
        "//",
        "/a%20b?c=d/?",
        "http://a.example",
        "HTTP://A.example/x?y",
        "https://a.example?x",
        "http://a.example:80/x",
        "https://a.example:443",
        "/[{|}]^`\\?'%zz",
    ] {
        assert_eq!(upgrade(&Config::default(), &request(&format!("GET {target} HTTP/1.1"), &[])).target(), target);
    }
    for (target, host) in
        [("http://a.example/x", "a.example:80"), ("https://a.example/x", "a.example:443"), ("http://a.example:80", "a.example:80")]
    {
        let request = upgrade(&Config::default(), &request(&format!("GET {target} HTTP/1.1"), &[("Host", &[host])]));
        assert_eq!(request.target(), target);
    }
}

#[test]
fn frames_behind_the_head_stay_in_the_input() {
    let mut wire = request(GET, &[]);
    let head = wire.len();
    // "Hello", masked, §5.7.
    wire.extend([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    for cuts in cuttings(&wire) {
        let (Some(Incoming::Upgrade(request)), taken) = serve(&Config::default(), &wire, &cuts) else { panic!("{cuts:?}") };
        assert_eq!(taken, head, "{cuts:?}");
        let mut connection = request.accept().open(sockless::Config::default());
        let mut rest = wire[taken..].to_vec();
        assert_eq!(connection.poll_event(&mut Input::new(&mut rest)), Some(Event::Text("Hello".into())));
    }
}

#[test]
fn a_plain_request_is_handed_over_as_it_came() {
    for (head, method, target) in [
        ("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET", "/"),
        ("GET / HTTP/1.0\r\n\r\n", "GET", "/"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "OPTIONS", "*"),
        ("POST /a HTTP/1.1\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\n", "POST", "/a"),
        ("PUT /a HTTP/1.1\r\nUpgrade: websockets, web socket, \"websocket\"\r\nTransfer-Encoding: chunked\r\n\r\n", "PUT", "/a"),
        ("CONNECT a.example:443 HTTP/1.1\r\nConnection: websocket\r\n\r\n", "CONNECT", "a.example:443"),
        ("GET /\u{e4} HTTP/1.1\r\nX: \u{e4}\r\n\r\n", "GET", "/\u{e4}"),
    ] {
        let wire = [head.as_bytes(), b"body\r\n\r\n"].concat();
        for cuts in cuttings(&wire) {
            let (Some(Incoming::Http(plain)), taken) = serve(&Config::default(), &wire, &cuts) else { panic!("{head:?} {cuts:?}") };
            assert_eq!((plain.method(), plain.target(), plain.head(), taken), (method, target, head.as_bytes(), head.len()), "{cuts:?}");
            assert_eq!(plain.into_head(), head.as_bytes());
        }
    }
}

#[test]
fn headers_as_they_came() {
    let plain = plain(b"GET / HTTP/1.1\r\nHost:a.example\r\nX: 1\r\nx:\t 2 \r\nEmpty:\r\nOdd: \xff\r\nColons: a:b\r\n\r\n");
    let headers = plain.headers();
    let all: Vec<(&str, &[u8])> = headers.iter().collect();
    let expected: [(&str, &[u8]); 6] =
        [("Host", b"a.example"), ("X", b"1"), ("x", b"2"), ("Empty", b""), ("Odd", b"\xff"), ("Colons", b"a:b")];
    assert_eq!(all, expected);
    assert!(headers.get_all("X").eq([b"1", b"2"]));
    assert_eq!((headers.get("odd"), headers.text("odd")), (Some(&b"\xff"[..]), None));
    assert_eq!((headers.text("EMPTY"), headers.get("absent")), (Some(""), None));
    assert!(self::plain(b"GET / HTTP/1.1\r\n\r\n").headers().iter().next().is_none());
}

#[test]
fn a_subprotocol_is_one_that_was_offered() {
    let accept = || upgrade(&Config::default(), &request(GET, &[("Sec-WebSocket-Protocol", &["a, b", "c"])])).accept();
    let answer = |accept: sockless::server::Accept| String::from_utf8(sent(&mut accept.open(sockless::Config::default()))).unwrap();
    assert_eq!(accept().protocol("x").protocol("c").protocol("a").chosen(), Some("c"));
    assert!(answer(accept().protocol("x").protocol("c").protocol("a")).ends_with("\r\nSec-WebSocket-Protocol: c\r\n\r\n"));
    for unknown in ["", "A", "a, b", "a,", " a", "a\r\nX: y"] {
        assert_eq!(accept().protocol(unknown).chosen(), None);
        assert!(!answer(accept().protocol(unknown)).contains("Protocol:"), "{unknown:?}");
    }
    assert_eq!(upgrade(&Config::default(), &request(GET, &[])).accept().protocol("a").chosen(), None);
}

#[test]
fn who_was_to_come_in_can_be_turned_away() {
    let accept = upgrade(&Config::default(), &request(GET, &[("Sec-WebSocket-Protocol", &["a"])])).accept();
    let accept = accept.protocol("b").header(Header::new("Set-Cookie", "a=b").unwrap());
    assert_eq!((accept.chosen(), accept.target(), accept.headers().iter().count()), (None, "/chat", 6));
    assert_eq!(accept.headers().text("sec-websocket-protocol"), Some("a"));
    let rejected = accept.reject(400).body("a subprotocol, please").into_rejected();
    assert_eq!((rejected.status(), rejected.error()), (400, None));
    let (status, headers, body) = answered(rejected);
    assert_eq!(status, "HTTP/1.1 400 Bad Request");
    assert_eq!((headers, body), (vec!["Content-Length: 21".to_owned(), "Connection: close".to_owned()], b"a subprotocol, please".to_vec()));
}

#[test]
fn no_header_of_an_answer_can_smuggle_a_line() {
    for (name, value, error) in [
        ("X", "a\r\nb: c", HeaderError::Value),
        ("X", "\n", HeaderError::Value),
        ("X", "\0", HeaderError::Value),
        ("X:", "a", HeaderError::Name),
        ("X\r\n", "a", HeaderError::Name),
        ("", "a", HeaderError::Name),
        ("Sec-WebSocket-Accept", "a", HeaderError::Reserved),
        ("sec-websocket-extensions", "a", HeaderError::Reserved),
        ("Content-Length", "0", HeaderError::Reserved),
        ("transfer-encoding", "chunked", HeaderError::Reserved),
        ("Connection", "keep-alive", HeaderError::Reserved),
        ("Upgrade", "h2c", HeaderError::Reserved),
    ] {
        assert_eq!(Header::new(name, value), Err(error), "{name:?}");
    }
    let (cookie, server) = (Header::new("Set-Cookie", "a=b").unwrap(), Header::new("Server", "").unwrap());
    let request = || upgrade(&Config::default(), &request(GET, &[]));
    let answer = sent(&mut request().accept().header(cookie).header(server).open(sockless::Config::default()));
    assert!(String::from_utf8(answer).unwrap().ends_with("=\r\nSet-Cookie: a=b\r\nServer: \r\n\r\n"));
    let (_, headers, _) = answered(request().reject(400).header(cookie).header(server).into_rejected());
    assert_eq!(headers[..2], ["Set-Cookie: a=b", "Server: "]);
}

#[test]
fn answers_of_every_status() {
    let reply = |wire: &str, status| answered(plain(wire.as_bytes()).reply(status).body("body").into_rejected());
    let get = "GET / HTTP/1.1\r\n\r\n";
    for status in 0..=1000 {
        let sent = if (200..=599).contains(&status) { status } else { 500 };
        let (line, headers, body) = reply(get, status);
        assert!(line.starts_with(&format!("HTTP/1.1 {sent} ")), "{line}");
        let lengths: Vec<&String> = headers.iter().filter(|header| header.starts_with("Content-Length: ")).collect();
        match sent {
            204 | 304 => assert!(lengths.is_empty() && body.is_empty()),
            205 => assert!(lengths == ["Content-Length: 0"] && body.is_empty()),
            _ => assert!(lengths == ["Content-Length: 4"] && body == b"body"),
        }
        assert_eq!(headers.iter().any(|header| header == "Connection: close"), sent != 426);
    }
    let (_, headers, body) = reply("HEAD / HTTP/1.1\r\n\r\n", 200);
    assert_eq!((headers, body), (vec!["Content-Length: 4".to_owned(), "Connection: close".to_owned()], Vec::new()));
    let (line, headers, body) = answered(plain(get.as_bytes()).reply(404).into_rejected());
    assert_eq!(
        (line.as_str(), headers, body),
        ("HTTP/1.1 404 Not Found", vec!["Content-Length: 0".to_owned(), "Connection: close".to_owned()], Vec::new())
    );
}

#[test]
fn an_origin_is_text_under_every_policy() {
    let mut config = Config::default();
    config.origin = OriginPolicy::Any;
    let mut wire = request(GET, &[("Origin", &["http://b.example?"])]);
    assert_eq!(upgrade(&config, &wire).origin(), Some("http://b.example?"));
    *wire.iter_mut().find(|byte| **byte == b'?').unwrap() = 0xff;
    let Some(Incoming::Failed(rejected)) = serve(&config, &wire, &[]).0 else { panic!() };
    assert_eq!((rejected.error(), rejected.status()), (Some(HandshakeError::InvalidOrigin), 400));
}

#[test]
fn a_body_is_whole_whatever_its_length() {
    for len in [0, 1, 2047, 2048, 2049, 100_000] {
        let body: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let reject = |wire: &[u8]| plain(wire).reply(200).body(body.clone()).into_rejected();
        let (_, headers, sent) = answered(reject(b"GET / HTTP/1.1\r\n\r\n"));
        assert_eq!((&headers[0], &sent), (&format!("Content-Length: {len}"), &body));
        let (_, headers, sent) = answered(reject(b"HEAD / HTTP/1.1\r\n\r\n"));
        assert_eq!((&headers[0], sent.len()), (&format!("Content-Length: {len}"), 0));
        // In owned buffers.
        let mut rejected = reject(b"GET / HTTP/1.1\r\n\r\n");
        let (mut popped, mut parts) = (Vec::new(), 0);
        while let Some(part) = rejected.transmit().pop() {
            assert!(!rejected.wants_shutdown() || !rejected.wants_write());
            popped.extend_from_slice(&part);
            parts += 1;
        }
        assert!(popped.ends_with(&[b"close\r\n\r\n", &body[..]].concat()));
        assert_eq!((parts, rejected.wants_shutdown()), (if len < 2048 { 1 } else { 2 }, true));
    }
}

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
        assert!(matches!(serve(&config, &wire, &cuts).0, Some(Incoming::Upgrade(_))), "100 lines are allowed");
        config.max_head = wire.len();
        assert!(matches!(serve(&config, &wire, &cuts).0, Some(Incoming::Upgrade(_))), "exactly the limit");
        config.max_head = wire.len() - 1;
        assert!(matches!(serve(&config, &wire, &cuts).0, Some(Incoming::Failed(_))), "one byte more");
    }
    for lines in [0, 1, 63, 64, 65, 99, 100, 1000, 3000] {
        let wire = format!("GET / HTTP/1.1\r\n{}\r\n", "a:\r\n".repeat(lines)).into_bytes();
        let mut config = Config::default();
        config.max_headers = lines;
        assert_eq!(outcome(&config, &wire), None, "{lines} of {lines}");
        if lines > 0 {
            config.max_headers = lines - 1;
            assert_eq!(outcome(&config, &wire), Some(HandshakeError::TooManyHeaders), "{lines} of {}", lines - 1);
        }
    }
    let names: Vec<String> = (0..100).map(|i| format!("p{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let request = upgrade(&Config::default(), &request(GET, &[("Sec-WebSocket-Protocol", &[&names.join(",")])]));
    assert!(request.protocols().eq(names));

    let mut nothing = Config::default();
    (nothing.max_head, nothing.max_headers, nothing.max_discard) = (0, 0, 0);
    assert_eq!(outcome(&nothing, b"G"), Some(HandshakeError::HeadTooLarge));
    nothing.max_head = usize::MAX;
    nothing.max_headers = usize::MAX;
    assert_eq!(outcome(&nothing, &wire), None);
}

#[test]
fn a_limit_is_told_as_soon_as_it_is_exceeded() {
    let mut handshake = Handshake::new(Config::default());
    let limit = Config::default().max_head;
    let mut bytes = vec![b'G'; limit - 1];
    assert!(handshake.poll(&mut Input::new(&mut bytes)).is_none());
    assert!(matches!(handshake.poll(&mut Input::new(&mut [b'G'])), Some(Incoming::Failed(rejected)) if rejected.status() == 431));

    // The first byte of a TLS handshake is enough.
    assert!(matches!(Handshake::new(Config::default()).poll(&mut Input::new(&mut [0x16])), Some(Incoming::Failed(_))));
}

#[test]
fn the_end_of_the_stream_ends_it() {
    for end in [Handshake::handle_eof as fn(&mut Handshake), Handshake::handle_error] {
        for len in [0, 10] {
            let mut handshake = Handshake::new(Config::default());
            assert!(handshake.poll(&mut Input::new(&mut request(GET, &[])[..len])).is_none());
            end(&mut handshake);
            assert!(handshake.poll(&mut Input::empty()).is_none());
            assert!(handshake.is_done() && !handshake.wants_read() && !handshake.wants_write() && !handshake.wants_shutdown());
        }
    }
}

#[test]
fn what_is_done_stays_done() {
    let wire = request(GET, &[]);
    for end in [Handshake::handle_eof as fn(&mut Handshake), Handshake::handle_error, Handshake::handle_timeout] {
        let mut handshake = Handshake::new(Config::default());
        end(&mut handshake);
        for _ in 0..2 {
            assert!(handshake.is_done() && !handshake.wants_read());
            let mut late = wire.clone();
            let mut input = Input::new(&mut late);
            assert!(handshake.poll(&mut input).is_none());
            assert_eq!(input.len(), wire.len());
            handshake.handle_eof();
            handshake.handle_timeout();
        }
    }
}

#[test]
fn a_head_that_is_late_has_an_answer_as_long_as_it_can_be_read() {
    let late = || {
        let mut handshake = Handshake::new(Config::default());
        assert!(handshake.poll(&mut Input::new(&mut b"GET".to_vec())).is_none());
        handshake.handle_timeout();
        assert!(!handshake.is_done() && !handshake.wants_read());
        handshake
    };
    for then in [(|_| ()) as fn(&mut Handshake), Handshake::handle_eof, Handshake::handle_timeout] {
        let mut handshake = late();
        then(&mut handshake);
        assert!(!handshake.is_done());
        let Some(Incoming::Failed(rejected)) = handshake.poll(&mut Input::empty()) else { panic!() };
        assert_eq!((rejected.error(), rejected.status()), (Some(HandshakeError::TimedOut), 408));
        assert!(!handshake.is_done() && handshake.poll(&mut Input::empty()).is_none());
    }
    let mut handshake = late();
    handshake.handle_error();
    assert!(handshake.is_done() && handshake.poll(&mut Input::empty()).is_none() && handshake.is_done());
}

/// Work in the square of a mebibyte would take hours; what is linear takes a second.
#[test]
fn large_heads_are_linear_work() {
    const MEBIBYTE: usize = 1 << 20;
    let mut config = Config::default();
    (config.max_head, config.max_headers) = (2 * MEBIBYTE, MEBIBYTE);
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
    let lines = format!("GET / HTTP/1.1\r\n{}\r\n", "Upgrade:x\r\n".repeat(MEBIBYTE / 11)).into_bytes();
    assert!(serve(&config, &lines, &(1..lines.len()).collect::<Vec<_>>()).0.is_some());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn all_of_it_can_change_threads() {
    fn moves<T: Send + 'static>() {}
    moves::<Handshake>();
    moves::<Incoming>();
    moves::<sockless::server::Accept>();
    moves::<sockless::server::Reject>();
    moves::<sockless::client::Handshake>();
    moves::<sockless::client::Outcome>();
}

fn rejected(config: &Config) -> Rejected {
    upgrade(config, &request(GET, &[])).reject(403).into_rejected()
}

#[test]
fn a_rejected_client_is_heard_out_within_bounds() {
    let mut config = Config::default();
    config.max_discard = 10;
    // A second request behind the rejected one is thrown away like anything else.
    let mut rejected = self::rejected(&config);
    let mut more = *b"GET / HTTP";
    let mut input = Input::new(&mut more[..9]);
    rejected.discard(&mut input);
    assert!(input.is_empty() && !rejected.is_done());
    assert!(sent(&mut rejected).starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
    rejected.shutdown_done();
    assert!(!rejected.is_done() && rejected.wants_read());
    rejected.discard(&mut Input::new(&mut more[9..]));
    assert!(rejected.is_done() && !rejected.wants_read());

    // The transport cannot be shut down before the answer has left, and is given up when it fails.
    let mut rejected = self::rejected(&config);
    rejected.handle_eof();
    assert!(!rejected.is_done() && rejected.wants_write() && !rejected.wants_shutdown() && !rejected.wants_read());
    rejected.handle_error();
    assert!(rejected.is_done() && !rejected.wants_write() && !rejected.wants_shutdown());
}
