//! Answers: from a stack they are judged as from a socket.

use crate::handshake::{Changes, SWITCHING, answer, ask, asked_key, client, sent};
use crate::handshake_rules::answers::answers;
use crate::http::{is_form, offering, parse_response, sorted, sorted_map};
use http::{HeaderValue, Response, Uri, Version};
use sockless::HandshakeError::{self, *};
use sockless::Seed;
use sockless::client::{self, Config, HttpHandshake, Outcome};
use sockless::handshake::{Header, HeaderError};

/// The handshake of [`ask`], for a stack.
fn asking(config: &Config) -> HttpHandshake {
    HttpHandshake::with_config(offering(), Seed::new([7; 32]), config.clone())
}

/// All that an outcome says but for the order of its headers, its reason and its body.
fn said(outcome: Outcome) -> String {
    match outcome {
        Outcome::Open(accepted) => format!(
            "open {:?} {:?} {:?}",
            accepted.protocol(),
            accepted.extensions(),
            sorted(accepted.headers())
        ),
        Outcome::Refused(response) => {
            format!("refused {} {:?}", response.status(), sorted(response.headers()))
        }
        Outcome::Failed(failure) => format!(
            "failed {:?} {:?} {:?}",
            failure.error(),
            failure.status(),
            sorted(failure.headers())
        ),
    }
}

/// Holds both ways against each other, by the answer and by its parts. `false`: a stack does not
/// take this head.
fn both_agree(config: &Config, wire: &[u8]) -> bool {
    let Some(response) = parse_response(wire) else { return false };
    let text = wire[..wire.len().min(300)].escape_ascii();
    let by_wire = said(ask(config, wire, &[]).0);
    assert_eq!(said(asking(config).check(&response)), by_wire, "{text}");
    let (parts, ()) = response.into_parts();
    assert_eq!(said(asking(config).check_parts(&parts)), by_wire, "{text}");
    true
}

#[test]
fn both_ways_agree_on_every_head() {
    let config = Config::default();
    let key = asked_key();
    let changes: [Changes<'_>; 8] = [
        &[],
        &[("Upgrade", &["WebSocket"]), ("Connection", &["keep-alive", "UPGRADE"])],
        &[("Sec-WebSocket-Protocol", &["", "y", ","])],
        &[("Sec-WebSocket-Protocol", &[" x\t"]), ("Set-Cookie", &["a=b", "c=d"])],
        // RFC 9112 §6.3: a 101 has no body, whatever it says.
        &[("Content-Length", &["5, 6"]), ("Transfer-Encoding", &["chunked"])],
        &[("X", &["gr\u{f6}\u{df}e", ""])],
        #[cfg(feature = "deflate")]
        &[(
            "Sec-WebSocket-Extensions",
            &["permessage-deflate; server_no_context_takeover; server_max_window_bits=10"],
        )],
        #[cfg(not(feature = "deflate"))]
        &[("Sec-WebSocket-Extensions", &[","])],
        &[("Sec-WebSocket-Version", &["13"]), ("Sec-WebSocket-Key", &["x"])],
    ];
    for changes in changes {
        for line in
            [SWITCHING, "HTTP/1.0 101 x", "HTTP/1.1 200 OK", "HTTP/1.1 401 x", "HTTP/1.1 999 x"]
        {
            assert!(both_agree(&config, &answer(line, &key, changes)), "{line} {changes:?}");
        }
    }
    let mut seen: Vec<HandshakeError> = Vec::new();
    for (error, wire) in answers(&key) {
        // A stack hands on one head: none of an answer in several.
        let interim = wire.starts_with(b"HTTP/1.1 10") && !wire.starts_with(b"HTTP/1.1 101");
        if !is_form(error) && !interim {
            seen.extend(both_agree(&config, &wire).then_some(error));
        }
    }
    assert!(seen.len() > 30, "{} of all", seen.len());
    for (error, _) in answers(&key) {
        assert!(seen.contains(&error) || is_form(error), "{error:?}");
    }
}

#[test]
fn limits_are_those_of_the_config() {
    let wire = answer("HTTP/1.1 101 ", &asked_key(), &[("X", &["y"])]);
    let mut config = Config::default();
    for max_head in wire.len() - 5..wire.len() + 2 {
        config.max_head = max_head as u64;
        assert!(both_agree(&config, &wire), "{max_head}");
    }
    for max_headers in 0..6 {
        config.max_headers = max_headers;
        assert!(both_agree(&config, &wire), "{max_headers}");
    }
}

#[test]
fn attacks_are_refused() {
    let good = || parse_response(&answer(SWITCHING, &asked_key(), &[])).unwrap();
    let error_of = |response: &Response<()>| match asking(&Config::default()).check(response) {
        Outcome::Failed(failure) => {
            assert_eq!(failure.status(), Some(response.status().as_u16()));
            Some(failure.error())
        }
        Outcome::Open(_) => None,
        Outcome::Refused(response) => panic!("{response:?}"),
    };
    let changed = |name: &'static str, values: &[&str]| {
        let mut response = good();
        response.headers_mut().remove(name);
        for value in values {
            response.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        error_of(&response)
    };
    assert_eq!(error_of(&good()), None);
    let accept = sockless::handshake::accept_key(asked_key());
    assert_eq!(changed("sec-websocket-accept", &[]), Some(MissingAccept));
    assert_eq!(
        changed("sec-websocket-accept", &["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]),
        Some(WrongAccept)
    );
    assert_eq!(changed("sec-websocket-accept", &[accept.as_str(); 2]), Some(RepeatedAccept));
    assert_eq!(changed("sec-websocket-accept", &["\u{e4}"]), Some(WrongAccept));
    assert_eq!(changed("upgrade", &["websocket", "h2c"]), Some(InvalidUpgrade));
    assert_eq!(changed("connection", &["close"]), Some(MissingConnection));
    assert_eq!(changed("sec-websocket-protocol", &["z"]), Some(ProtocolNotOffered));
    assert_eq!(changed("sec-websocket-protocol", &["x", "y"]), Some(SeveralProtocols));
    assert_eq!(changed("sec-websocket-extensions", &["foo"]), Some(ExtensionNotOffered));
    assert_eq!(changed("x", &["\u{e4}"]), None);
    let mut many = good();
    for i in 0..1000 {
        many.headers_mut().append("x", HeaderValue::from(i));
    }
    assert_eq!(error_of(&many), Some(TooManyHeaders));
    let mut large = good();
    large.headers_mut().insert("x", HeaderValue::try_from("y".repeat(10 << 20)).unwrap());
    assert_eq!(error_of(&large), Some(HeadTooLarge));
    for version in [Version::HTTP_09, Version::HTTP_2, Version::HTTP_3] {
        let mut other = good();
        *other.version_mut() = version;
        assert_eq!(error_of(&other), Some(UnsupportedHttp), "{version:?}");
    }
    // With all that a 101 has, no other status opens a connection.
    for status in (100..=999).filter(|status| *status != 101) {
        let mut other = good();
        *other.status_mut() = status.try_into().unwrap();
        match asking(&Config::default()).check(&other) {
            Outcome::Failed(failure) => {
                assert_eq!((failure.error(), status < 200), (UnexpectedEnd, true));
                assert_eq!(failure.headers().text("upgrade"), Some("websocket"));
            }
            Outcome::Refused(response) => {
                assert_eq!((response.status(), status < 200), (status, false))
            }
            Outcome::Open(_) => panic!("{status}"),
        }
    }
}

#[test]
fn a_refusal_is_without_its_body() {
    for (status, header, cut) in [
        (401, Some(("Content-Length", "5")), true),
        (401, Some(("Content-Length", "0")), false),
        (401, Some(("Content-Length", "0, 1")), true),
        (401, Some(("Transfer-Encoding", "chunked")), true),
        (401, None, true),
        (204, None, false),
        (304, Some(("Content-Length", "5")), false),
    ] {
        let mut builder = Response::builder().status(status);
        if let Some((name, value)) = header {
            builder = builder.header(name, value);
        }
        let Outcome::Refused(response) =
            asking(&Config::default()).check(&builder.body("hello").unwrap())
        else {
            panic!("{status}")
        };
        assert_eq!((response.status(), response.is_cut()), (status, cut), "{header:?}");
        assert!(response.body().is_empty() && !response.is_reusable());
    }
}

/// The request is the same as on a socket, header by header.
#[test]
fn the_request_is_the_one_that_a_socket_gets() {
    let request = || {
        let latin1 = Header::latin1("X-Latin", "Zo\u{eb}").unwrap();
        let text = Header::new("X-Text", "gr\u{f6}\u{df}e").unwrap();
        let twice = ["a=b", "c=d"].map(|value| Header::new("Cookie", value).unwrap());
        let request = offering().origin("https://a.example").unwrap();
        request.header(latin1).header(text).header(twice[0]).header(twice[1])
    };
    let handshake = HttpHandshake::new(request(), Seed::new([7; 32]));
    let mut handshake_on_socket = client::Handshake::new(request(), Seed::new([7; 32]));
    let wire = sent(&mut handshake_on_socket);
    let parsed = crate::http::parse_request(&wire).unwrap();
    for ours in [
        handshake.request().unwrap(),
        handshake.request().unwrap(),
        handshake.absolute_request().unwrap(),
    ] {
        assert_eq!((ours.method(), ours.version()), (parsed.method(), parsed.version()));
        assert_eq!(sorted_map(ours.headers()), sorted_map(parsed.headers()));
        assert_eq!(ours.uri().path_and_query(), parsed.uri().path_and_query());
    }
    assert_eq!(handshake.request().unwrap().uri(), parsed.uri());
    assert_eq!(handshake.absolute_request().unwrap().uri(), "http://a.example/chat");
    assert!(handshake_on_socket.wants_read());
}

#[test]
fn addresses_that_a_stack_takes() {
    for (url, absolute) in [
        ("ws://A.example", "http://a.example/"),
        ("wss://a.example:443/", "https://a.example/"),
        ("ws://a.example:443/?x", "http://a.example:443/?x"),
        ("wss://[::1]:9001//x@y", "https://[::1]:9001//x@y"),
        ("ws://a_b.example/a[b]|{c}?d=%zz'", "http://a_b.example/a[b]|%7Bc%7D?d=%zz%27"),
    ] {
        let request = client::Request::new(url).unwrap();
        let handshake = HttpHandshake::new(request.clone(), Seed::new([7; 32]));
        let (origin_form, ours) =
            (handshake.request().unwrap(), handshake.absolute_request().unwrap());
        assert_eq!(*ours.uri(), Uri::try_from(absolute).unwrap(), "{url}");
        assert_eq!(origin_form.uri().to_string(), request.target(), "{url}");
        assert_eq!(ours.headers()["host"], request.authority(), "{url}");
    }
    // None is cut or panics.
    let long = client::Request::new(&format!("ws://a.example/{}", "x".repeat(70_000))).unwrap();
    let handshake = HttpHandshake::new(long, Seed::new([7; 32]));
    assert!(handshake.request().is_err() && handshake.absolute_request().is_err());
}

#[test]
fn headers_out_of_a_map() {
    let mut map = http::HeaderMap::new();
    map.append("X-Text", HeaderValue::from_bytes("gr\u{f6}\u{df}e".as_bytes()).unwrap());
    map.append("cookie", HeaderValue::from_static("a=b"));
    map.append("cookie", HeaderValue::from_static("c=d"));
    let mut request = offering();
    for header in &map {
        request = request.header(Header::try_from(header).unwrap());
    }
    let (mut handshake, _) = client(offering(), Config::default());
    assert!(sent(&mut handshake).is_empty());
    let ours = HttpHandshake::new(request, Seed::new([7; 32])).request().unwrap();
    for name in ["x-text", "cookie"] {
        assert!(ours.headers().get_all(name).iter().eq(map.get_all(name)), "{name}");
    }
    let latin1 = HeaderValue::from_bytes(b"Zo\xeb").unwrap();
    assert_eq!(Header::try_from((&http::header::COOKIE, &latin1)), Err(HeaderError::NotUtf8));
    for name in [
        "host",
        "origin",
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "sec-websocket-x",
    ] {
        let (name, value) = (http::HeaderName::from_static(name), HeaderValue::from_static("0"));
        assert_eq!(Header::try_from((&name, &value)), Err(HeaderError::Reserved), "{name}");
    }
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let secret = Header::new("Authorization", "s3cret").unwrap();
    let handshake = HttpHandshake::new(offering().header(secret), Seed::new([7; 32]));
    let shown = format!("{handshake:?}");
    let key = handshake.request().unwrap().headers()["sec-websocket-key"].clone();
    assert!(!shown.contains("s3cret") && !shown.contains(key.to_str().unwrap()), "{shown}");
    assert!(shown.contains("Authorization"), "{shown}");
}
