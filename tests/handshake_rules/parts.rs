//! Requests in parts, from an HTTP stack: the same rules hold, and what the stack let through that
//! could end a line is refused.

use crate::handshake;
use crate::handshake_rules::requests::requests;
use sockless::HandshakeError::*;
use sockless::server::{self, Request};

#[test]
fn parts_from_an_http_stack_meet_the_same_rules() {
    for (error, wire) in requests() {
        // The form of the head was the stack's to check.
        if matches!(
            error,
            IllegalByte | MalformedStartLine | MalformedHeader | UnsupportedHttp | HeadTooLarge
        ) {
            continue;
        }
        let mut slots = [httparse::EMPTY_HEADER; 200];
        let mut request = httparse::Request::new(&mut slots);
        if !request.parse(&wire).is_ok_and(|status| status.is_complete()) {
            continue;
        }
        let headers = request.headers.iter().map(|header| (header.name, header.value));
        let version = (1, request.version.unwrap());
        let checked = Request::from_parts(
            request.method.unwrap(),
            request.path.unwrap(),
            version,
            headers,
            &server::Config::default(),
        );
        assert_eq!(checked.unwrap_err(), error, "{}", wire.escape_ascii());
    }
    let plain = Request::from_parts(
        "GET",
        "/",
        (1, 1),
        [("host", &b"a.example"[..])],
        &server::Config::default(),
    );
    assert_eq!(plain.unwrap_err(), MissingUpgrade);
}

#[test]
fn parts_that_could_smuggle_a_line() {
    let check = |method: &str, target: &str, version, name: &str, value: &[u8]| {
        let good = [
            ("host", &b"a.example"[..]),
            ("upgrade", b"websocket"),
            ("connection", b"upgrade"),
            ("sec-websocket-version", b"13"),
        ];
        let headers = good
            .into_iter()
            .chain([("sec-websocket-key", handshake::KEY.as_bytes()), (name, value)]);
        Request::from_parts(method, target, version, headers, &server::Config::default())
            .map(|_| ())
            .map_err(|error| (error, error.status()))
    };
    assert_eq!(check("GET", "/", (1, 1), "x", b"y"), Ok(()));
    for (method, target) in [
        ("GET / HTTP/1.1\r\nX:", "/"),
        ("", "/"),
        ("GET", ""),
        ("GET", "/ HTTP/1.1\r\nX: y"),
        ("GET", "/ x"),
        ("GET", "/\0"),
    ] {
        assert_eq!(
            check(method, target, (1, 1), "x", b"y"),
            Err((MalformedStartLine, 400)),
            "{method:?} {target:?}"
        );
    }
    for (name, value) in [
        ("", &b"y"[..]),
        ("x: y\r\nz", b"y"),
        ("x ", b"y"),
        ("x", b"y\r\nz: a"),
        ("x", b"y\n"),
        ("x", b"\0"),
    ] {
        assert_eq!(check("GET", "/", (1, 1), name, value), Err((MalformedHeader, 400)), "{name:?}");
    }
    for version in [(0, 9), (1, 2), (1, 255), (2, 0), (3, 0)] {
        assert_eq!(
            check("GET", "/", version, "x", b"y"),
            Err((UnsupportedHttp, 505)),
            "{version:?}"
        );
    }
    assert_eq!(check("GET", "/", (1, 0), "x", b"y"), Err((HttpTooOld, 400)));
    assert_eq!(check("GET", "/", (1, 1), "x", &[b'y'; 20_000]), Err((HeadTooLarge, 431)));
}
