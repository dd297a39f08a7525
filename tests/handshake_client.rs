//! The client's side of the opening handshake: what it takes, and what it makes of a refusal.

use crate::handshake;
use crate::handshake::{Changes, SWITCHING, answer, ask, asked_key, cuttings, fed_by, sent, write};
use sockless::client::{self, Config, Outcome, Request};
use sockless::handshake::Header;
use sockless::server::{self, Incoming};
use sockless::{Endpoint, Event, HandshakeError, Input, Seed};

#[test]
fn what_the_rules_allow() {
    let key = asked_key();
    let changes: [(Changes<'_>, Option<&str>); 24] = [
        (&[], None),
        (&[("Upgrade", &["WebSocket"])], None),
        (&[("Connection", &["keep-alive, UPGRADE"])], None),
        (&[("Connection", &["keep-alive", "upgrade"])], None),
        (&[("Connection", &["upgrade", "keep-alive"])], None),
        (&[("Sec-WebSocket-Protocol", &["y"])], Some("y")),
        (&[("sec-websocket-protocol", &[" x\t"])], Some("x")),
        (&[("Content-Length", &["0"])], None),
        (&[("Content-Length", &["0", "0"])], None),
        // RFC 9112 §6.3: a 1xx has no body, whatever it says.
        (&[("Content-Length", &["5"])], None),
        (&[("Content-Length", &["5, 6"])], None),
        (&[("Content-Length", &["x"])], None),
        (&[("Transfer-Encoding", &["chunked"])], None),
        (
            &[
                ("Transfer-Encoding", &["gzip, chunked"]),
                ("Content-Length", &["18446744073709551616"]),
            ],
            None,
        ),
        // RFC 9110 §5.6.1: what is empty is not there.
        (&[("Sec-WebSocket-Protocol", &[""])], None),
        (&[("Sec-WebSocket-Protocol", &[" ,\t,"])], None),
        (&[("Sec-WebSocket-Protocol", &["", ""])], None),
        (&[("Sec-WebSocket-Protocol", &[", y ,"])], Some("y")),
        (&[("Sec-WebSocket-Protocol", &["", "y", ","])], Some("y")),
        // RFC 9112 §5.2: a fold is white space.
        (&[("Sec-WebSocket-Protocol", &["\r\n y\r\n\t"])], Some("y")),
        (&[("Upgrade", &["\r\n\twebsocket"]), ("Connection", &["keep-alive,\r\n Upgrade"])], None),
        (&[("Connection", &["Upgrade\r\n ,\r\n close"])], None),
        (&[("Set-Cookie", &["a=b", "c=d"])], None),
        (&[("Sec-WebSocket-Version", &["13"]), ("Server", &[""])], None),
    ];
    for (changes, protocol) in changes {
        let mut wire = answer(SWITCHING, &key, changes);
        let head = wire.len();
        wire.extend(b"\x81\x05Hello");
        for cuts in cuttings(&wire) {
            let (Outcome::Open(opened), fed) = ask(&Config::default(), &wire, &cuts) else {
                panic!("{changes:?} cut at {cuts:?}")
            };
            assert_eq!(
                (opened.protocol(), fed),
                (protocol, fed_by(head, &cuts, wire.len())),
                "{changes:?} cut at {cuts:?}"
            );
            assert_eq!(
                opened.headers().get_all("set-cookie").count(),
                if changes.iter().any(|(name, _)| *name == "Set-Cookie") { 2 } else { 0 }
            );
            let mut connection = opened.open(sockless::Config::default());
            assert!(!connection.wants_write());
            assert_eq!(connection.wants_poll(), fed > head, "frames came along");
            let mut rest = wire[fed..].to_vec();
            assert_eq!(
                connection.poll(&mut Input::new(&mut rest)),
                Some(Event::Text("Hello".into()))
            );
        }
    }
    for line in [
        "HTTP/1.1 101",
        "HTTP/1.1 101 ",
        "HTTP/1.1 101 Whatever \u{e4}",
        "HTTP/1.0 101 Switching Protocols",
    ] {
        let wire = answer(line, &key, &[]);
        for cuts in cuttings(&wire) {
            assert!(
                matches!(ask(&Config::default(), &wire, &cuts).0, Outcome::Open(_)),
                "{line:?} cut at {cuts:?}"
            );
        }
    }
}

#[test]
fn interim_answers_are_passed_over() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nContent-Length: x\r\n\r\n";
    let wire = [interim.as_bytes(), &answer(SWITCHING, &asked_key(), &[])].concat();
    for cuts in cuttings(&wire) {
        assert!(
            matches!(ask(&Config::default(), &wire, &cuts).0, Outcome::Open(_)),
            "cut at {cuts:?}"
        );
        let mut config = Config::default();
        config.max_head = wire.len() as u64;
        assert!(matches!(ask(&config, &wire, &cuts).0, Outcome::Open(_)), "cut at {cuts:?}");
        config.max_head -= 1;
        assert!(
            matches!(ask(&config, &wire, &cuts).0, Outcome::Failed(failure) if failure.error() == HandshakeError::HeadTooLarge),
            "cut at {cuts:?}"
        );
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
        (
            "1.1 403",
            &["Transfer-Encoding: chunked"],
            "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
            "hello",
            false,
        ),
        (
            "1.1 403",
            &["Transfer-Encoding: gzip, Chunked"],
            "5\r\nhello\r\n0\r\n\r\n",
            "hello",
            false,
        ),
        (
            "1.1 403",
            &["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"],
            "5\r\nhello\r\n0\r\n\r\n",
            "hello",
            false,
        ),
        (
            "1.1 403",
            &["Transfer-Encoding: chunked", "Content-Length: 3"],
            "5\r\nhello\r\n0\r\n\r\n",
            "hello",
            false,
        ),
        (
            "1.1 403",
            &["Transfer-Encoding: chunked", "Transfer-Encoding:"],
            "5\r\nhello\r\n0\r\n\r\n",
            "hello",
            false,
        ),
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
        let wire =
            format!("HTTP/{status} x\r\n{}\r\n\r\n{stream}", headers.join("\r\n").trim_end());
        let wire = wire.replace("x\r\n\r\n\r\n", "x\r\n\r\n").into_bytes();
        for cuts in cuttings(&wire) {
            let (Outcome::Refused(response), _) = ask(&Config::default(), &wire, &cuts) else {
                panic!("{status} {headers:?}")
            };
            let context = || format!("{status} {headers:?} {stream:?} cut at {cuts:?}");
            assert_eq!(response.status().to_string(), status[4..], "{}", context());
            assert_eq!(
                (response.body(), response.is_cut()),
                (body.as_bytes(), cut),
                "{}",
                context()
            );
            assert_eq!(response.headers().iter().count(), headers.len(), "{}", context());
            assert_eq!(response.into_body(), body.as_bytes());
        }
    }
}

/// RFC 9112 §6.3: with a length in doubt nothing behind the head is read; the status is there.
#[test]
fn a_refusal_whose_length_is_in_doubt_has_no_body() {
    for lengths in [
        &[""][..],
        &["x"],
        &["-1"],
        &["+1"],
        &["1, 2"],
        &["5, "],
        &["1 1"],
        &["18446744073709551616"],
        &["1", "2"],
    ] {
        let lines: String =
            lengths.iter().map(|length| format!("Content-Length: {length}\r\n")).collect();
        let head = format!("HTTP/1.1 401 Who are you\r\n{lines}\r\n");
        let wire = format!("{head}hello").into_bytes();
        for cuts in cuttings(&wire) {
            let (Outcome::Refused(response), fed) = ask(&Config::default(), &wire, &cuts) else {
                panic!("{lengths:?}")
            };
            assert_eq!(
                (response.status(), fed),
                (401, fed_by(head.len(), &cuts, wire.len())),
                "{lengths:?} cut at {cuts:?}"
            );
            assert_eq!(
                (response.body(), response.is_cut(), response.is_reusable()),
                (&b""[..], true, false)
            );
            assert_eq!(response.headers().iter().count(), lengths.len());
        }
    }
}

/// Of one that ends its lines in LF alone (RFC 9112 §2.2), whichever of them.
#[test]
fn a_refusal_with_bare_lf_is_told() {
    let good = "HTTP/1.1 403 Not you\r\nWWW-Authenticate: a,\r\n b\r\nContent-Length: 5\r\n\r\n";
    let ends: Vec<usize> = good.match_indices('\r').map(|(at, _)| at).collect();
    for bare in 1..1_u32 << ends.len() {
        let mut head = good.as_bytes().to_vec();
        for (i, at) in ends.iter().enumerate().rev().filter(|(i, _)| bare & 1 << i != 0) {
            assert_eq!(head.remove(*at), b'\r', "{i}");
        }
        let wire = [&head, &b"hello"[..]].concat();
        for cuts in cuttings(&wire) {
            let (Outcome::Refused(response), fed) = ask(&Config::default(), &wire, &cuts) else {
                panic!("{bare:b} cut at {cuts:?}")
            };
            assert_eq!(
                (response.status(), &*response.reason(), fed),
                (403, "Not you", wire.len()),
                "{bare:b} cut at {cuts:?}"
            );
            assert_eq!(
                (response.body(), response.is_cut(), response.is_reusable()),
                (&b"hello"[..], false, false)
            );
            assert_eq!(response.headers().iter().count(), 2);
            let unfolded = response.headers().text("www-authenticate").unwrap();
            assert!(matches!(unfolded, "a,   b" | "a,  b"), "{unfolded:?}");
        }
    }
    let bare = b"HTTP/1.1 403\n\n";
    for cuts in cuttings(bare) {
        let (Outcome::Refused(response), _) = ask(&Config::default(), bare, &cuts) else {
            panic!("cut at {cuts:?}")
        };
        assert_eq!(
            (response.status(), &*response.reason(), response.headers().iter().count()),
            (403, "", 0)
        );
    }
    // The first such LF is within the limit as any other byte.
    let mut config = Config::default();
    config.max_head = 13;
    let wire = b"HTTP/1.1 403\nX: y\n\n";
    for cuts in cuttings(wire) {
        let (Outcome::Failed(failure), fed) = ask(&config, wire, &cuts) else {
            panic!("cut at {cuts:?}")
        };
        assert_eq!(
            (failure.error(), failure.status(), fed),
            (HandshakeError::HeadTooLarge, Some(403), fed_by(13, &cuts, wire.len()))
        );
    }
}

/// RFC 9112 §5.2: the view shows spaces, whatever the fold was made of.
#[test]
fn a_folded_line_is_shown_with_spaces() {
    for (fold, shown) in [
        ("\r\n ", "a   b"),
        ("\r\n\t", "a  \tb"),
        (" \r\n   ", "a      b"),
        ("\r\n \r\n ", "a      b"),
    ] {
        let value = format!("a{fold}b");
        let wire =
            answer(SWITCHING, &asked_key(), &[("X-Folded", &[&value]), ("X-Last", &["\r\n "])]);
        for cuts in cuttings(&wire) {
            let (Outcome::Open(opened), fed) = ask(&Config::default(), &wire, &cuts) else {
                panic!("{fold:?} cut at {cuts:?}")
            };
            assert_eq!(
                (opened.headers().text("x-folded"), fed),
                (Some(shown), wire.len()),
                "{fold:?}"
            );
            assert_eq!(opened.headers().text("x-last"), Some(""));
        }
    }
}

/// RFC 9112 §9.3: persistent, unless something says otherwise or leaves in doubt where the answer
/// ends.
#[test]
fn a_connection_is_used_again_only_where_nothing_is_in_doubt() {
    let chunked = "Transfer-Encoding: chunked";
    for (status, headers, stream, reusable) in [
        ("1.1 401", "Content-Length: 5", "hello", true),
        ("1.1 401", "Content-Length: 5, 5", "hello", true),
        ("1.1 401", "Content-Length: 0\r\nConnection: keep-alive", "", true),
        ("1.1 426", "Content-Length: 0\r\nConnection: Upgrade", "", true),
        ("1.1 401", chunked, "5\r\nhello\r\n0\r\n\r\n", true),
        ("1.1 401", chunked, "0\r\nX: y\r\nZ:\r\n\r\n", true),
        ("1.1 204", "X: y", "", true),
        ("1.1 304", "Content-Length: 5", "", true),
        ("1.1 401", "Content-Length: 5\r\nConnection: close", "hello", false),
        ("1.1 401", "Content-Length: 5\r\nConnection: x, CLOSE", "hello", false),
        ("1.1 401", "Content-Length: 6", "hello", false),
        ("1.1 401", "X: y", "hello", false),
        ("1.0 401", "Content-Length: 5", "hello", false),
        ("1.0 401", "Content-Length: 5\r\nConnection: keep-alive", "hello", false),
        ("1.0 401", chunked, "0\r\n\r\n", false),
        ("1.1 401", "Transfer-Encoding: gzip", "hello", false),
        (
            "1.1 401",
            "Transfer-Encoding: chunked\r\nContent-Length: 15",
            "5\r\nhello\r\n0\r\n\r\n",
            false,
        ),
        ("1.1 401", chunked, "5\r\nhello\r\n0\r\n", false),
        ("1.1 401", chunked, "5\r\nhello\r\n0\r\nX: \0", false),
        ("1.1 401", chunked, "5\r\nhello\r\n0\r\n\n", false),
        ("1.1 401", chunked, "5\r\nhello\r\n0\r\n\r\r", false),
        ("1.1 401", chunked, "5\r\nhello\r\n0\n\r\n", false),
        ("1.1 204", "Content-Length: 5", "", false),
        ("1.1 204", chunked, "", false),
        ("1.1 304", "Content-Length: x", "", false),
        // RFC 9112 §6.1: "chunked" once, at the end; and a list that has one reading only.
        ("1.1 401", "Transfer-Encoding: gzip, CHUNKED", "0\r\n\r\n", true),
        (
            "1.1 401",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: , chunked\r\nTransfer-Encoding:",
            "0\r\n\r\n",
            true,
        ),
        ("1.1 401", "Transfer-Encoding: chunked, chunked", "0\r\n\r\n", false),
        ("1.1 401", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n", false),
        ("1.1 401", "Transfer-Encoding: chunked, gzip, chunked", "0\r\n\r\n", false),
        (
            "1.1 401",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip, chunked",
            "0\r\n\r\n",
            false,
        ),
        ("1.1 401", "Transfer-Encoding: gzip;a=\",chunked", "0\r\n\r\n", false),
        ("1.1 401", "Transfer-Encoding: gzip;a=\",chunked\", chunked", "0\r\n\r\n", false),
        ("1.1 401", "Transfer-Encoding: ch\"unk, chunked", "0\r\n\r\n", false),
        ("1.1 401", "Transfer-Encoding: g zip, chunked", "0\r\n\r\n", false),
        // A 304 says what the answer to another request would be, within the same rules.
        ("1.1 304", chunked, "", true),
        ("1.1 304", "Transfer-Encoding: gzip, chunked", "", true),
        ("1.1 304", "Content-Length: 5\r\nTransfer-Encoding: chunked", "", false),
        ("1.1 304", "Transfer-Encoding: chunked\r\nContent-Length: x", "", false),
        ("1.1 304", "Transfer-Encoding: gzip", "", false),
        ("1.1 304", "Transfer-Encoding: \"", "", false),
        ("1.1 304", "Transfer-Encoding:", "", false),
        ("1.1 304", "Transfer-Encoding: chunked, chunked", "", false),
        ("1.1 304", "Transfer-Encoding: ch\"unk, chunked", "", false),
        // An empty coding is one, and none that a length could stand beside.
        ("1.1 401", "Transfer-Encoding:\r\nContent-Length: 5", "hello", false),
        ("1.1 401", "Content-Length: 0\r\nTransfer-Encoding: ,", "", false),
        ("1.1 204", "Transfer-Encoding:", "", false),
    ] {
        let wire = format!("HTTP/{status} x\r\n{headers}\r\n\r\n{stream}").into_bytes();
        for cuts in cuttings(&wire) {
            let (Outcome::Refused(response), _) = ask(&Config::default(), &wire, &cuts) else {
                panic!("{status} {headers}")
            };
            assert_eq!(
                response.is_reusable(),
                reusable,
                "{status} {headers} {stream:?} cut at {cuts:?}"
            );
        }
    }
    // The rest of the request would come in front of the next one.
    let mut wire = b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n".to_vec();
    let eof: fn(&mut client::Handshake) = Endpoint::handle_eof;
    let broken: fn(&mut client::Handshake) = Endpoint::handle_write_error;
    for (written, then, reusable) in [
        (10, None, false),
        (10, Some(broken), false),
        (usize::MAX, Some(eof), false),
        (usize::MAX, None, true),
    ] {
        let mut handshake =
            client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
        write(&mut handshake, written);
        if let Some(then) = then {
            then(&mut handshake);
        }
        let Some(Outcome::Refused(response)) = handshake.poll(&mut Input::new(&mut wire)) else {
            panic!()
        };
        assert_eq!(response.is_reusable(), reusable);
    }
}

/// RFC 9112 §9.2: what stands behind an answer in the same read belongs to no request. What comes
/// in a later read is the caller's to see.
#[test]
fn a_connection_with_bytes_behind_the_answer_is_not_used_again() {
    for answer in [
        "HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 x\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 401 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 204 x\r\n\r\n",
        "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n",
    ] {
        for behind in ["", "x", "\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"] {
            let wire = format!("{answer}{behind}").into_bytes();
            for cuts in cuttings(&wire) {
                let (Outcome::Refused(response), fed) = ask(&Config::default(), &wire, &cuts)
                else {
                    panic!("{answer}")
                };
                let expected = fed_by(answer.len(), &cuts, wire.len());
                assert_eq!(fed, expected, "{answer:?} cut at {cuts:?}");
                let ends_a_read = fed == answer.len();
                assert_eq!(
                    response.is_reusable(),
                    ends_a_read,
                    "{answer:?} {behind:?} cut at {cuts:?}"
                );
            }
        }
    }
}

/// Trailers are nobody's business, but they are not endless.
#[test]
fn trailers_are_read_within_a_limit() {
    let mut config = Config::default();
    config.max_body = 9;
    let wire = format!(
        "HTTP/1.1 401 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: {}",
        "y".repeat(10_000)
    )
    .into_bytes();
    let cuts: Vec<usize> = (1..wire.len()).collect();
    let (Outcome::Refused(response), fed) = ask(&config, &wire, &cuts) else { panic!() };
    assert_eq!(
        (response.body(), response.is_cut(), response.is_reusable()),
        (&b"hello"[..], false, false)
    );
    assert!(fed < 4500, "{fed}");
}

/// A failure has what a log line needs: all of a head that could be read, and the status of one
/// that came so far.
#[test]
fn a_failure_keeps_its_head() {
    let good =
        String::from_utf8(answer("HTTP/1.1 101 Sure thing", &asked_key(), &[("Server", &["x/1"])]))
            .unwrap();
    let long = "y".repeat(20_000);
    for (wire, error, status, head) in [
        (good.replace("websocket", "h2c"), HandshakeError::InvalidUpgrade, Some(101), true),
        (
            good.replace("\r\nConnection: Upgrade", ""),
            HandshakeError::MissingConnection,
            Some(101),
            true,
        ),
        (
            good.replace(": x/1", ":\r\n x/1").replace("websocket", "h2c"),
            HandshakeError::InvalidUpgrade,
            Some(101),
            true,
        ),
        (good.replace("Server", "Ser ver"), HandshakeError::MalformedHeader, Some(101), false),
        (good.replace("x/1", "x\0"), HandshakeError::IllegalByte, Some(101), false),
        (good.replace("x/1", &long), HandshakeError::HeadTooLarge, Some(101), false),
        (
            format!("HTTP/1.1 502 Bad Gateway\r\nX: {long}"),
            HandshakeError::HeadTooLarge,
            Some(502),
            false,
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\nX: y\r\n".into(),
            HandshakeError::UnexpectedEnd,
            Some(502),
            false,
        ),
        ("HTTP/1.1 502".into(), HandshakeError::UnexpectedEnd, None, false),
        ("HTTP/1.1 100 x\r\n\r\nHTTP".into(), HandshakeError::UnexpectedEnd, None, false),
        ("SSH-2.0-x\r\n\r\n".into(), HandshakeError::MalformedStartLine, None, false),
    ] {
        for cuts in cuttings(wire.as_bytes()).into_iter().take(100) {
            let (Outcome::Failed(failure), _) = ask(&Config::default(), wire.as_bytes(), &cuts)
            else {
                panic!("{error:?}")
            };
            assert_eq!(
                (failure.error(), failure.status()),
                (error, status),
                "{wire:.60} cut at {cuts:?}"
            );
            assert_eq!(&*failure.reason(), if head { "Sure thing" } else { "" });
            assert_eq!(failure.headers().text("server"), head.then_some("x/1"));
            assert_eq!(failure.to_string(), error.to_string());
        }
    }
}

/// Names and lengths, and no more, of what may be a cookie or a password.
#[test]
fn nothing_secret_is_shown_by_debug() {
    let secret = |text: String| {
        assert!(!text.contains("secret") && !text.contains("115, 101, 99"), "{text}");
        text
    };
    let request = Request::new("ws://a.example/chat")
        .unwrap()
        .origin("http://secret.example")
        .unwrap()
        .protocol("secret")
        .unwrap();
    let request = request.header(Header::new("Authorization", "Basic secret").unwrap());
    let shown = secret(format!("{request:?}"));
    assert!(
        ["a.example", "/chat", "Authorization", "12"].iter().all(|part| shown.contains(part)),
        "{shown}"
    );
    let mut handshake = client::Handshake::new(request, Seed::new([7; 32]));
    secret(format!("{handshake:?}"));
    assert!(
        handshake
            .poll(&mut Input::new(&mut b"HTTP/1.1 403 x\r\nSet-Cookie: secret\r\n".to_vec()))
            .is_none()
    );
    secret(format!("{handshake:?}"));
    assert!(
        handshake.poll(&mut Input::new(&mut b"Content-Length: 7\r\n\r\nsecret".to_vec())).is_none()
    );
    secret(format!("{handshake:?}"));
    let outcome = handshake.poll(&mut Input::new(&mut b"!".to_vec()));
    let shown = secret(format!("{outcome:?}"));
    assert!(["403", "Set-Cookie", "7"].iter().all(|part| shown.contains(part)), "{shown}");

    let key = asked_key();
    for changes in [
        &[("Set-Cookie", &["secret"][..])][..],
        &[("Set-Cookie", &["secret"]), ("Upgrade", &["secret"])],
    ] {
        let (outcome, _) = ask(&Config::default(), &answer(SWITCHING, &key, changes), &[]);
        let shown = secret(format!("{outcome:?}"));
        assert!(shown.contains("Set-Cookie"), "{shown}");
    }
}

#[test]
fn a_body_is_kept_within_its_limit() {
    let limit = Config::default().max_body as usize;
    for (framing, chunk) in [
        ("Content-Length: 99999999999\r\n", ""),
        ("Transfer-Encoding: chunked\r\n", "ffffffff\r\n"),
        ("", ""),
    ] {
        let head = format!("HTTP/1.1 500 x\r\n{framing}\r\n{chunk}");
        let wire = [head.as_bytes(), &vec![b'x'; limit + 1000]].concat();
        // The limit is passed by the first byte behind it.
        let end = head.len() + limit + 1;
        let cuts = [1000, 40_000, end - 1, end];
        let (Outcome::Refused(response), fed) = ask(&Config::default(), &wire, &cuts) else {
            panic!()
        };
        assert_eq!((response.body().len(), response.is_cut(), fed), (limit, true, end));
    }
    let wire = format!("HTTP/1.1 500 x\r\n\r\n{}", "x".repeat(limit)).into_bytes();
    let (Outcome::Refused(response), _) = ask(&Config::default(), &wire, &[]) else { panic!() };
    assert_eq!((response.body().len(), response.is_cut()), (limit, false));
}

#[test]
fn a_failing_transport_is_told() {
    let handshake =
        || handshake::client(Request::new("ws://a.example").unwrap(), Config::default()).0;
    let mut failed = handshake();
    failed.handle_error();
    assert!(!failed.wants_read());
    let Some(Outcome::Failed(failure)) = failed.poll(&mut Input::empty()) else { panic!() };
    assert_eq!((failure.error(), failure.status()), (HandshakeError::UnexpectedEnd, None));

    // A body without a length is whole only when the stream ended as it should.
    let mut refused = handshake();
    let mut read = *b"HTTP/1.1 403 Forbidden\r\n\r\nhalf";
    assert!(refused.poll(&mut Input::new(&mut read)).is_none() && refused.wants_read());
    refused.handle_error();
    let Some(Outcome::Refused(response)) = refused.poll(&mut Input::empty()) else { panic!() };
    assert!(response.is_cut() && response.body() == b"half" && !response.is_reusable());
}

#[test]
fn an_early_answer_does_not_lose_the_request() {
    let mut handshake =
        client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
    let begun = write(&mut handshake, 10);
    let mut wire = answer(SWITCHING, &asked_key(), &[]);
    let Some(Outcome::Open(opened)) = handshake.poll(&mut Input::new(&mut wire)) else { panic!() };
    assert!(!handshake.wants_write());
    let mut connection = opened.open(sockless::Config::default());
    connection.send_text("hi").unwrap();
    let sent = sent(&mut connection);
    let sent_len = sent.len();
    let mut same =
        client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
    let whole = handshake::sent(&mut same);
    assert!([begun, sent].concat().starts_with(&whole) && sent_len == whole.len() - 10 + 8);
}

#[test]
fn a_request_that_is_answered_badly_is_not_sent_on() {
    for wire in [&b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"[..], b"\0"] {
        let mut handshake =
            client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
        write(&mut handshake, 10);
        assert!(handshake.wants_write());
        assert!(matches!(
            handshake.poll(&mut Input::new(&mut wire.to_vec())),
            Some(Outcome::Refused(_) | Outcome::Failed(_))
        ));
        assert!(!handshake.wants_write() && handshake.transmit().pop().is_none());
    }
    let mut broken =
        client::Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new([7; 32]));
    broken.handle_error();
    assert!(!broken.wants_write() && broken.transmit().pop().is_none());
}

/// Both roles against each other, in steps of this many bytes.
fn both(
    request: Request,
    step: usize,
    serve: impl Fn(server::Request) -> Box<dyn Endpoint>,
) -> Outcome {
    let mut client = client::Handshake::new(request, Seed::new([7; 32]));
    let mut server = server::Handshake::new(server::Config::default());
    let mut answering: Option<Box<dyn Endpoint>> = None;
    loop {
        let mut read = write(&mut client, step);
        match server.poll(&mut Input::new(&mut read)) {
            Some(Incoming::Upgrade(request)) => answering = Some(serve(request)),
            Some(other) => panic!("{other:?}"),
            None => {}
        }
        let Some(side) = &mut answering else { continue };
        let mut read = write(side.as_mut(), step);
        if read.is_empty() {
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
        for url in
            ["ws://a.example", "wss://a.example:8080/x?y", "ws://[::1]:9001", "ws://127.0.0.1/"]
        {
            let cookie = Header::new("Cookie", "a=b").unwrap();
            let request = Request::new(url)
                .unwrap()
                .protocol("x")
                .unwrap()
                .protocol("y")
                .unwrap()
                .header(cookie);
            let origin = format!("http://{}", request.authority());
            let request = request.origin(&origin).unwrap();
            let target = request.target().to_owned();
            let outcome = both(request, step, |request| {
                assert_eq!(
                    (request.target(), request.headers().text("cookie")),
                    (target.as_str(), Some("a=b"))
                );
                let header = Header::new("X-Name", "value").unwrap();
                Box::new(
                    request.accept().protocol("y").header(header).open(sockless::Config::default()),
                )
            });
            let Outcome::Open(opened) = outcome else { panic!("{outcome:?}") };
            assert_eq!(
                (opened.protocol(), opened.headers().text("x-name")),
                (Some("y"), Some("value"))
            );
        }
        let refuse = |request: server::Request| -> Box<dyn Endpoint> {
            let header = Header::new("WWW-Authenticate", "Bearer").unwrap();
            Box::new(request.reject(401).header(header).body("who?").into_replying())
        };
        let outcome = both(Request::new("ws://a.example").unwrap(), step, refuse);
        let Outcome::Refused(response) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            (response.status(), response.body(), response.is_cut()),
            (401, &b"who?"[..], false)
        );
        assert_eq!(response.headers().text("www-authenticate"), Some("Bearer"));
    }
}
