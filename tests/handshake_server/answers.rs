//! What a server answers: a subprotocol that was offered, headers that smuggle no line, any status,
//! and a body that is whole.

use crate::handshake::{GET, answered, request, sent};
use crate::handshake_server::{plain, upgrade};
use sockless::handshake::{Header, HeaderError};
use sockless::server::{Config, Request};

#[test]
fn a_subprotocol_is_one_that_was_offered() {
    let accept = || {
        upgrade(&Config::default(), &request(GET, &[("Sec-WebSocket-Protocol", &["a, b", "c"])]))
            .accept()
    };
    let answer = |accept: sockless::server::Accept| {
        String::from_utf8(sent(&mut accept.open(sockless::Config::default()))).unwrap()
    };
    assert_eq!(accept().protocol("x").protocol("c").protocol("a").chosen(), Some("c"));
    assert!(
        answer(accept().protocol("x").protocol("c").protocol("a"))
            .ends_with("\r\nSec-WebSocket-Protocol: c\r\n\r\n")
    );
    for unknown in ["", "A", "a, b", "a,", " a", "a\r\nX: y"] {
        assert_eq!(accept().protocol(unknown).chosen(), None);
        assert!(!answer(accept().protocol(unknown)).contains("Protocol:"), "{unknown:?}");
    }
    assert_eq!(
        upgrade(&Config::default(), &request(GET, &[])).accept().protocol("a").chosen(),
        None
    );
}

#[test]
fn who_was_to_come_in_can_be_turned_away() {
    let accept =
        upgrade(&Config::default(), &request(GET, &[("Sec-WebSocket-Protocol", &["a"])])).accept();
    let accept = accept.protocol("b").header(Header::new("Set-Cookie", "a=b").unwrap());
    assert_eq!(
        (accept.chosen(), accept.target(), accept.headers().iter().count()),
        (None, "/chat", 6)
    );
    assert_eq!(accept.headers().text("sec-websocket-protocol"), Some("a"));
    let rejected = accept.reject(400).body("a subprotocol, please").into_replying();
    assert_eq!((rejected.status(), rejected.error()), (400, None));
    let (status, headers, body) = answered(rejected);
    assert_eq!(status, "HTTP/1.1 400 Bad Request");
    assert_eq!(
        (headers, body),
        (
            vec!["Content-Length: 21".to_owned(), "Connection: close".to_owned()],
            b"a subprotocol, please".to_vec()
        )
    );
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
    let (cookie, server) =
        (Header::new("Set-Cookie", "a=b").unwrap(), Header::new("Server", "").unwrap());
    let request = || upgrade(&Config::default(), &request(GET, &[]));
    let answer = sent(
        &mut request().accept().header(cookie).header(server).open(sockless::Config::default()),
    );
    assert!(
        String::from_utf8(answer).unwrap().ends_with("=\r\nSet-Cookie: a=b\r\nServer: \r\n\r\n")
    );
    let (_, headers, _) =
        answered(request().reject(400).header(cookie).header(server).into_replying());
    assert_eq!(headers[..2], ["Set-Cookie: a=b", "Server: "]);
}

#[test]
fn a_value_in_latin1_is_a_byte_for_each_character() {
    let header = Header::latin1("X-Name", "Zo\u{eb} \u{a0}\u{ff}").unwrap();
    let line = b"\r\nX-Name: Zo\xeb \xa0\xff\r\n";
    let request = || upgrade(&Config::default(), &request(GET, &[]));
    let has = |wire: &[u8]| wire.windows(line.len()).any(|window| window == line);
    assert!(has(&sent(&mut request().accept().header(header).open(sockless::Config::default()))));
    assert!(has(&sent(&mut request().reject(400).header(header).into_replying())));
    assert_eq!(
        request().accept().header(header).into_response().headers().get("x-name"),
        Some(&b"Zo\xeb \xa0\xff"[..])
    );
}

/// The fields that a stack sends are those of the 101 that [`open`](sockless::server::Accept::open)
/// sends, and the connection behind them sends no other.
#[test]
fn an_http_stack_can_send_the_101() {
    let mut config = Config::default();
    #[cfg(feature = "deflate")]
    {
        config.deflate = Some(sockless::deflate::Policy::default());
    }
    config.max_headers = 100;
    let wire = request(
        GET,
        &[
            ("Sec-WebSocket-Protocol", &["a, b"]),
            ("Sec-WebSocket-Extensions", &["permessage-deflate"]),
        ],
    );
    let accept = || {
        upgrade(&config, &wire)
            .accept()
            .protocol("b")
            .header(Header::new("Set-Cookie", "a=b").unwrap())
    };
    let response = accept().into_response();
    assert_eq!((response.status(), response.extensions()), (101, accept().extensions()));
    let mut lines = String::from("HTTP/1.1 101 Switching Protocols\r\n");
    for (name, value) in response.headers().iter() {
        lines += &format!("{name}: {}\r\n", core::str::from_utf8(value).unwrap());
    }
    assert_eq!(
        format!("{lines}\r\n").as_bytes(),
        sent(&mut accept().open(sockless::Config::default()))
    );
    let extensions = cfg!(feature = "deflate").then_some("permessage-deflate");
    assert_eq!(response.headers().text("sec-websocket-extensions"), extensions);

    let mut connection = response.open(sockless::Config::default());
    assert!(connection.is_open() && !connection.wants_write());
    // What is agreed on is done: a thousand times one letter is short when it is compressed.
    connection.send_text("a".repeat(1000)).unwrap();
    let frame = sent(&mut connection);
    let (first, len) = if cfg!(feature = "deflate") { (0xc1, 4..100) } else { (0x81, 1004..1005) };
    assert!(
        frame[0] == first && len.contains(&frame.len()),
        "{} bytes, {:#x}",
        frame.len(),
        frame[0]
    );
}

#[cfg(feature = "deflate")]
#[test]
fn what_is_declined_is_not_in_the_fields_nor_done() {
    let mut config = Config::default();
    config.deflate = Some(sockless::deflate::Policy::default());
    let wire = request(GET, &[("Sec-WebSocket-Extensions", &["permessage-deflate"])]);
    let response = upgrade(&config, &wire).accept().without_deflate().into_response();
    assert_eq!(response.headers().get("sec-websocket-extensions"), None);
    assert_eq!(response.extensions(), sockless::Extensions::default());
    let mut connection = response.open(sockless::Config::default());
    connection.send_text("a".repeat(100)).unwrap();
    assert_eq!(sent(&mut connection)[..2], [0x81, 100]);
}

/// A stack gives what it read, its names in lower case; the answer is that to the wire.
#[test]
fn parts_and_wire_are_answered_alike() {
    let wire = request("GET wss://b.example/x HTTP/1.1", &[("Sec-WebSocket-Protocol", &["a;"])]);
    assert!(matches!(
        crate::handshake::serve(&Config::default(), &wire, &[]).0,
        Some(sockless::server::Incoming::Failed(_))
    ));
    let wire = request("GET wss://b.example/x HTTP/1.1", &[("Sec-WebSocket-Protocol", &["a,"])]);
    let read = upgrade(&Config::default(), &wire);
    let headers: Vec<(String, Vec<u8>)> =
        read.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_vec())).collect();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let parts =
        Request::from_parts("GET", "wss://b.example/x", (1, 1), headers, &Config::default())
            .unwrap();
    assert_eq!((parts.authority(), parts.target()), (read.authority(), read.target()));
    let lines = |request: Request| {
        let response = request.accept().protocol("a").into_response();
        response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_vec()))
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(parts), lines(read));
}

#[test]
fn answers_of_every_status() {
    let reply = |wire: &str, status| {
        answered(plain(wire.as_bytes()).reply(status).body("body").into_replying())
    };
    let get = "GET / HTTP/1.1\r\n\r\n";
    for status in 0..=1000 {
        let sent = if (200..=599).contains(&status) { status } else { 500 };
        let (line, headers, body) = reply(get, status);
        assert!(line.starts_with(&format!("HTTP/1.1 {sent} ")), "{line}");
        let lengths: Vec<&String> =
            headers.iter().filter(|header| header.starts_with("Content-Length: ")).collect();
        match sent {
            204 | 304 => assert!(lengths.is_empty() && body.is_empty()),
            205 => assert!(lengths == ["Content-Length: 0"] && body.is_empty()),
            _ => assert!(lengths == ["Content-Length: 4"] && body == b"body"),
        }
        assert_eq!(headers.iter().any(|header| header == "Connection: close"), sent != 426);
    }
    let (_, headers, body) = reply("HEAD / HTTP/1.1\r\n\r\n", 200);
    assert_eq!(
        (headers, body),
        (vec!["Content-Length: 4".to_owned(), "Connection: close".to_owned()], Vec::new())
    );
    let (line, headers, body) = answered(plain(get.as_bytes()).reply(404).into_replying());
    assert_eq!(
        (line.as_str(), headers, body),
        (
            "HTTP/1.1 404 Not Found",
            vec!["Content-Length: 0".to_owned(), "Connection: close".to_owned()],
            Vec::new()
        )
    );
}

#[test]
fn a_body_is_whole_whatever_its_length() {
    for len in [0_usize, 1, 2047, 2048, 2049, 100_000] {
        let body: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let reject = |wire: &[u8]| plain(wire).reply(200).body(body.clone()).into_replying();
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
        // The head, and the body by reference, 64 KiB at a time.
        let expected = if len < 2048 { 1 } else { 1 + len.div_ceil(64 << 10) };
        assert_eq!((parts, rejected.wants_shutdown()), (expected, true));
    }
}
