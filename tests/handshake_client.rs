//! The client's side of the opening handshake: what it takes, and what it makes of a refusal.

mod handshake;

use bytes::Buf;
use handshake::{Changes, SWITCHING, answer, ask, asked_key, cuttings, sent};
use sockless::client::{self, Config, Outcome, Request};
use sockless::handshake::Header;
use sockless::server::{self, Incoming};
use sockless::{Event, HandshakeError, Input, LifeCycle, Seed};

#[test]
fn what_the_rules_allow() {
    let key = asked_key();
    let changes: [(Changes<'_>, Option<&str>); 11] = [
        (&[], None),
        (&[("Upgrade", &["WebSocket"])], None),
        (&[("Connection", &["keep-alive, UPGRADE"])], None),
        (&[("Connection", &["keep-alive", "upgrade"])], None),
        (&[("Connection", &["upgrade", "keep-alive"])], None),
        (&[("Sec-WebSocket-Protocol", &["y"])], Some("y")),
        (&[("sec-websocket-protocol", &[" x\t"])], Some("x")),
        (&[("Content-Length", &["0"])], None),
        (&[("Content-Length", &["0", "0"])], None),
        (&[("Set-Cookie", &["a=b", "c=d"])], None),
        (&[("Sec-WebSocket-Version", &["13"]), ("Server", &[""])], None),
    ];
    for (changes, protocol) in changes {
        let mut wire = answer(SWITCHING, &key, changes);
        let head = wire.len();
        wire.extend(b"\x81\x05Hello");
        for cuts in cuttings(&wire) {
            let (Outcome::Open(opened), taken) = ask(&Config::default(), &wire, &cuts) else { panic!("{changes:?} cut at {cuts:?}") };
            assert_eq!((opened.protocol(), taken), (protocol, head), "{changes:?} cut at {cuts:?}");
            assert_eq!(
                opened.headers().get_all("set-cookie").count(),
                if changes.iter().any(|(name, _)| *name == "Set-Cookie") { 2 } else { 0 }
            );
            let mut connection = opened.open(sockless::Config::default());
            assert!(!connection.wants_write());
            let mut rest = wire[taken..].to_vec();
            assert_eq!(connection.poll_event(&mut Input::new(&mut rest)), Some(Event::Text("Hello".into())));
        }
    }
    for line in ["HTTP/1.1 101", "HTTP/1.1 101 ", "HTTP/1.1 101 Whatever \u{e4}"] {
        let wire = answer(line, &key, &[]);
        for cuts in cuttings(&wire) {
            assert!(matches!(ask(&Config::default(), &wire, &cuts).0, Outcome::Open(_)), "{line:?} cut at {cuts:?}");
        }
    }
}

#[test]
fn interim_answers_are_passed_over() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nContent-Length: x\r\n\r\n";
    let wire = [interim.as_bytes(), &answer(SWITCHING, &asked_key(), &[])].concat();
    for cuts in cuttings(&wire) {
        assert!(matches!(ask(&Config::default(), &wire, &cuts).0, Outcome::Open(_)), "cut at {cuts:?}");
        let mut config = Config::default();
        config.max_head = wire.len();
        assert!(matches!(ask(&config, &wire, &cuts).0, Outcome::Open(_)), "cut at {cuts:?}");
        config.max_head -= 1;
        assert!(matches!(ask(&config, &wire, &cuts).0, Outcome::Failed(HandshakeError::HeadTooLarge)), "cut at {cuts:?}");
    }
}

#[test]
fn a_refusal_comes_with_its_body() {
    let cases: [(&str, &[&str], &str, &str, bool); 20] = [
        ("1.1 401", &["Content-Length: 5"], "hello", "hello", false),
        ("1.1 401", &["Content-Length: 5, 5"], "hello", "hello", false),
        ("1.1 401", &["Content-Length: 5", "Content-Length: 5"], "hello, and more", "hello", false),
        ("1.0 503", &["Content-Length: 0"], "", "", false),
        ("1.1 401", &["Content-Length: 6"], "hello", "hello", true),
        ("1.1 400", &[], "hello", "hello", false),
        ("1.1 302", &["Location: /"], "", "", false),
        ("1.1 403", &["Transfer-Encoding: chunked"], "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", "hello", false),
        ("1.1 403", &["Transfer-Encoding: gzip, Chunked"], "5\r\nhello\r\n0\r\n\r\n", "hello", false),
        ("1.1 403", &["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n", "hello", false),
        ("1.1 403", &["Transfer-Encoding: chunked", "Content-Length: 3"], "5\r\nhello\r\n0\r\n\r\n", "hello", false),
        ("1.1 403", &["Transfer-Encoding: chunked", "Transfer-Encoding:"], "5\r\nhello\r\n0\r\n\r\n", "hello", false),
        ("1.1 403", &["Transfer-Encoding: ,"], "hello", "hello", false),
        ("1.1 403", &["Transfer-Encoding: gzip"], "hello", "hello", false),
        ("1.0 403", &["Transfer-Encoding: chunked"], "hello", "hello", false),
        ("1.1 403", &["Transfer-Encoding: chunked"], "5\r\nhello", "hello", true),
        ("1.1 403", &["Transfer-Encoding: chunked"], "5 hello", "", true),
        ("1.1 204", &["Content-Length: 5"], "", "", false),
        ("1.1 304", &["Transfer-Encoding: chunked"], "", "", false),
        ("1.1 200", &["Content-Length: 2"], "ok", "ok", false),
    ];
    for (status, headers, stream, body, cut) in cases {
        let wire = format!("HTTP/{status} x\r\n{}\r\n\r\n{stream}", headers.join("\r\n").trim_end());
        let wire = wire.replace("x\r\n\r\n\r\n", "x\r\n\r\n").into_bytes();
        for cuts in cuttings(&wire) {
            let (Outcome::Refused(response), _) = ask(&Config::default(), &wire, &cuts) else { panic!("{status} {headers:?}") };
            let context = || format!("{status} {headers:?} {stream:?} cut at {cuts:?}");
            assert_eq!(response.status().to_string(), status[4..], "{}", context());
            assert_eq!((response.body(), response.is_cut()), (body.as_bytes(), cut), "{}", context());
            assert_eq!(response.headers().iter().count(), headers.len(), "{}", context());
            assert_eq!(response.into_body(), body.as_bytes());
        }
    }
}

#[test]
fn a_body_is_kept_within_its_limit() {
    let limit = Config::default().max_body;
    for (framing, chunk) in [("Content-Length: 99999999999\r\n", ""), ("Transfer-Encoding: chunked\r\n", "ffffffff\r\n"), ("", "")] {
        let head = format!("HTTP/1.1 500 x\r\n{framing}\r\n{chunk}");
        let wire = [head.as_bytes(), &vec![b'x'; limit + 1000]].concat();
        let (Outcome::Refused(response), taken) = ask(&Config::default(), &wire, &[1000, 40_000]) else { panic!() };
        assert_eq!((response.body().len(), response.is_cut(), taken), (limit, true, head.len() + limit));
    }
    let wire = format!("HTTP/1.1 500 x\r\n\r\n{}", "x".repeat(limit)).into_bytes();
    let (Outcome::Refused(response), _) = ask(&Config::default(), &wire, &[]) else { panic!() };
    assert_eq!((response.body().len(), response.is_cut()), (limit, false));
}

#[test]
fn a_failing_transport_is_told() {
    let handshake = || handshake::client(Request::new("ws://a.example").unwrap(), Config::default()).0;
    let mut failed = handshake();
    failed.handle_error();
    assert!(!failed.wants_read());
    assert!(matches!(failed.poll(&mut Input::empty()), Some(Outcome::Failed(HandshakeError::UnexpectedEnd))));

    // A body without a length is whole only when the stream ended as it should.
    let mut refused = handshake();
    let mut read = *b"HTTP/1.1 403 Forbidden\r\n\r\nhalf";
    assert!(refused.poll(&mut Input::new(&mut read)).is_none() && refused.wants_read());
    refused.handle_error();
    let Some(Outcome::Refused(response)) = refused.poll(&mut Input::empty()) else { panic!() };
    assert!(response.is_cut() && response.body() == b"half");
}

#[test]
fn an_early_answer_does_not_lose_the_request() {
    let mut handshake = client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
    let whole = handshake.transmit().chunk().to_vec();
    handshake.transmit().advance(10);
    let mut wire = answer(SWITCHING, &asked_key(), &[]);
    let Some(Outcome::Open(opened)) = handshake.poll(&mut Input::new(&mut wire)) else { panic!() };
    assert!(!handshake.wants_write());
    let mut connection = opened.open(sockless::Config::default());
    connection.send_text("hi").unwrap();
    let sent = sent(&mut connection);
    assert!(sent.starts_with(&whole[10..]) && sent.len() == whole.len() - 10 + 8);
}

#[test]
fn a_request_that_is_answered_badly_is_not_sent_on() {
    for wire in [&b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"[..], b"\0"] {
        let mut handshake = client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
        handshake.transmit().advance(10);
        assert!(handshake.wants_write());
        assert!(matches!(handshake.poll(&mut Input::new(&mut wire.to_vec())), Some(Outcome::Refused(_) | Outcome::Failed(_))));
        assert!(!handshake.wants_write() && handshake.transmit().chunk().is_empty());
    }
    let mut broken = client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
    broken.handle_error();
    assert!(!broken.wants_write() && broken.transmit().chunk().is_empty());
}

/// Both roles against each other, in steps of this many bytes.
fn both(request: Request, step: usize, serve: impl Fn(server::Request) -> Box<dyn LifeCycle>) -> Outcome {
    let mut client = client::Handshake::new(request, Seed::new([7; 32]));
    let mut server = server::Handshake::new(server::Config::default());
    let mut answering: Option<Box<dyn LifeCycle>> = None;
    loop {
        let mut out = client.transmit();
        let n = out.chunk().len().min(step);
        let mut read = out.chunk()[..n].to_vec();
        out.advance(n);
        match server.poll(&mut Input::new(&mut read)) {
            Some(Incoming::Upgrade(request)) => answering = Some(serve(request)),
            Some(other) => panic!("{other:?}"),
            None => {}
        }
        let Some(side) = &mut answering else { continue };
        let mut out = side.transmit();
        let n = out.chunk().len().min(step);
        let mut read = out.chunk()[..n].to_vec();
        out.advance(n);
        if n == 0 {
            client.handle_eof();
        }
        if let Some(outcome) = client.poll(&mut Input::new(&mut read)) {
            return outcome;
        }
    }
}

#[test]
fn both_roles_understand_each_other() {
    for step in [1, 7, 10_000] {
        for url in ["ws://a.example", "wss://a.example:8080/x?y", "ws://[::1]:9001", "ws://127.0.0.1/"] {
            let cookie = Header::new("Cookie", "a=b").unwrap();
            let request = Request::new(url).unwrap().protocol("x").unwrap().protocol("y").unwrap().header(cookie);
            let origin = format!("http://{}", request.authority());
            let request = request.origin(&origin).unwrap();
            let target = request.target().to_owned();
            let outcome = both(request, step, |request| {
                assert_eq!((request.target(), request.headers().text("cookie")), (target.as_str(), Some("a=b")));
                let header = Header::new("X-Name", "value").unwrap();
                Box::new(request.accept().protocol("y").header(header).open(sockless::Config::default()))
            });
            let Outcome::Open(opened) = outcome else { panic!("{outcome:?}") };
            assert_eq!((opened.protocol(), opened.headers().text("x-name")), (Some("y"), Some("value")));
        }
        let refuse = |request: server::Request| -> Box<dyn LifeCycle> {
            let header = Header::new("WWW-Authenticate", "Bearer").unwrap();
            Box::new(request.reject(401).header(header).body("who?").into_rejected())
        };
        let outcome = both(Request::new("ws://a.example").unwrap(), step, refuse);
        let Outcome::Refused(response) = outcome else { panic!("{outcome:?}") };
        assert_eq!((response.status(), response.body(), response.is_cut()), (401, &b"who?"[..], false));
        assert_eq!(response.headers().text("www-authenticate"), Some("Bearer"));
    }
}
