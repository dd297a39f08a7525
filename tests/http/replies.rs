//! What a server answers by a stack: what it would have sent itself, less what frames the body.

use crate::handshake::{GET, answered, request, sent};
use crate::handshake_rules::requests::requests;
use crate::http::{is_form, parse_request, sorted_map};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use sockless::handshake::Header;
use sockless::server::{Config, Incoming, Plain, Reply, Replying};
use sockless::{HandshakeError, Workspace};

fn plain(line: &str) -> Plain {
    let request = parse_request(&request(line, &[("Upgrade", &[])])).unwrap();
    match Incoming::from_http(&request, &Config::default()) {
        Incoming::Http(plain) => plain,
        other => panic!("{other:?}"),
    }
}

/// Lines of a head, less what a stack writes, in the form of [`sorted_map`].
fn less_framing(lines: Vec<String>) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = lines
        .iter()
        .filter_map(|line| match line.split_once(": ")? {
            ("Content-Length", _) | ("Connection", "close") => None,
            ("Connection", "Upgrade, close") => {
                Some(("connection".to_owned(), b"Upgrade".to_vec()))
            }
            (name, value) => Some((name.to_ascii_lowercase(), value.as_bytes().to_vec())),
        })
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

#[test]
fn every_status_is_answered_as_on_a_socket() {
    for line in ["GET / HTTP/1.1", "HEAD / HTTP/1.1", "POST / HTTP/1.0"] {
        for status in (0..1000).step_by(7).chain([204, 205, 304, 405, 426]) {
            let reply = || -> Reply {
                let cookies = ["a=b", "c=d"].map(|value| Header::new("Set-Cookie", value).unwrap());
                plain(line).reply(status).header(cookies[0]).header(cookies[1]).body("hello")
            };
            let (first, lines, body) = answered(reply().into_replying());
            for answer in
                [reply().into_http().unwrap(), reply().into_replying().into_http().unwrap()]
            {
                assert!(
                    first.starts_with(&format!("HTTP/1.1 {} ", answer.status().as_str())),
                    "{first}"
                );
                assert_eq!(
                    sorted_map(answer.headers()),
                    less_framing(lines.clone()),
                    "{line} {status}"
                );
                assert_eq!(*answer.body(), body, "{line} {status}");
                assert_eq!(answer.version(), http::Version::HTTP_11);
            }
        }
    }
}

#[test]
fn a_violation_is_answered_as_on_a_socket() {
    for (error, wire) in requests() {
        if is_form(error) || wire.contains(&b'#') {
            continue;
        }
        let Some(request) = parse_request(&wire) else { continue };
        let failed = || -> Replying {
            match Incoming::from_http(&request, &Config::default()) {
                Incoming::Failed(replying) => replying,
                other => panic!("{other:?}"),
            }
        };
        let (_, lines, body) = answered(failed());
        let answer = failed().into_http().unwrap();
        let replied = failed().error().unwrap();
        assert_eq!((replied, answer.status()), (error, StatusCode::from(error)));
        assert_eq!(sorted_map(answer.headers()), less_framing(lines), "{error:?}");
        assert_eq!(*answer.body(), body, "{error:?}");
    }
    for error in HandshakeError::ALL {
        assert_eq!(StatusCode::from(*error).as_u16(), error.status());
    }
}

#[test]
fn a_body_is_whole_whatever_its_length() {
    for len in [0, 1, 1000, 4096, 16 << 10, (64 << 10) + 1, 1 << 20] {
        let body = Bytes::from(vec![b'x'; len]);
        let reply = || plain("GET / HTTP/1.1").reply(200).body(body.clone());
        let answer = reply().into_http().unwrap();
        assert_eq!((answer.body(), answer.body().as_ptr()), (&body, body.as_ptr()), "no copy");
        assert_eq!(*reply().into_replying().into_http().unwrap().body(), body);
    }
    // What looks like the end of a head in it is none.
    let reply = plain("GET / HTTP/1.1").reply(200).body("\r\n\r\nX: y\r\n\r\n");
    assert_eq!(reply.into_replying().into_http().unwrap().body(), "\r\n\r\nX: y\r\n\r\n");
}

/// Half an answer is none; nor is a body that looks like one.
#[test]
fn what_was_transmitted_is_not_told_again() {
    let replying = || plain("GET / HTTP/1.1").reply(200).body("HTTP/1.1 200 OK\r\n\r\n");
    let len = sent(&mut replying().into_replying()).len();
    let head = len - "HTTP/1.1 200 OK\r\n\r\n".len();
    for left in [1, head, head + 1, len] {
        let mut replying = replying().into_replying();
        let written = replying.transmit().write_slice_with(|_| Ok::<_, ()>(left));
        assert_eq!(written, Ok(left));
        assert!(replying.into_http().is_err(), "{left}");
    }
    let (mut replying, mut workspace) = (replying().into_replying(), Workspace::default());
    let written = workspace.turn(&mut replying).write_with(|_| Ok::<_, ()>(head));
    assert_eq!(written, Ok(head));
    assert!(replying.into_http().is_err());
}

/// A full `HeaderMap` panics on `append`.
#[test]
fn more_headers_than_a_map_holds_are_an_error() {
    let request = parse_request(&request(GET, &[])).unwrap();
    let accept = |names: usize| {
        let Incoming::Upgrade(request) = Incoming::from_http(&request, &Config::default()) else {
            panic!()
        };
        let mut accept = request.accept();
        for i in 0..names {
            accept = accept.header(Header::new(&format!("X-{i}"), "y").unwrap());
        }
        accept
    };
    assert_eq!(accept(24_000).into_response().to_http().unwrap().headers().len(), 24_003);
    assert!(accept(24_574).into_response().to_http().is_err());
    assert!(accept(40_000).into_response().to_http().is_err());
    assert!(HeaderMap::try_from(accept(40_000).into_response().headers()).is_err());
    let mut reply = plain("GET / HTTP/1.1").reply(200);
    for i in 0..40_000 {
        reply = reply.header(Header::new(&format!("X-{i}"), "y").unwrap());
    }
    assert!(reply.into_http().is_err());
}
