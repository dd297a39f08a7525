//! Where a request begins: an empty line in front of it is ignored, once, under every cut. RFC 9112
//! §2.2. Which bytes belong to the head is the same as for a strict reader that never saw the empty
//! line.

use crate::handshake::{GET, KEY, cuttings, fed_by, request, serve};
use sockless::handshake::accept_key;
use sockless::server::{Config, Incoming};
use sockless::{Event, HandshakeError, Input};

#[test]
fn one_empty_line_in_front_of_a_request_is_ignored() {
    let good = request(GET, &[("Cookie", &["a=b"]), ("Sec-WebSocket-Protocol", &["x"])]);
    let wire = [b"\r\n", &good[..], b"\x81\x80\0\0\0\0"].concat();
    for cuts in cuttings(&wire) {
        let (Some(Incoming::Upgrade(request)), fed) = serve(&Config::default(), &wire, &cuts)
        else {
            panic!("cut at {cuts:?}")
        };
        let head = good.len() + 2;
        let expected = ("/chat", fed_by(head, &cuts, wire.len()));
        assert_eq!((request.target(), fed), expected, "cut at {cuts:?}");
        assert_eq!(request.headers().iter().next(), Some(("Host", &b"a.example"[..])));
        assert_eq!(request.accept_key(), accept_key(KEY));
        assert!(request.protocols().eq(["x"]));
        let mut connection = request.accept().open(sockless::Config::default());
        assert_eq!(connection.wants_poll(), fed > head, "cut at {cuts:?}");
        let mut rest = wire[fed..].to_vec();
        assert_eq!(connection.poll(&mut Input::new(&mut rest)), Some(Event::Text("".into())));
    }
}

/// What is handed on begins with the request line, so that offsets and other parsers find it there.
#[test]
fn a_plain_request_is_handed_on_without_the_empty_line() {
    let head = b"POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\n";
    let wire = [b"\r\n", &head[..], b"\r\n\r"].concat();
    for cuts in cuttings(&wire) {
        let (Some(Incoming::Http(plain)), fed) = serve(&Config::default(), &wire, &cuts) else {
            panic!("cut at {cuts:?}")
        };
        assert_eq!(
            (plain.method(), plain.target(), fed),
            ("POST", "/form", fed_by(head.len() + 2, &cuts, wire.len())),
            "cut at {cuts:?}"
        );
        assert_eq!(plain.rest(), &wire[head.len() + 2..fed], "cut at {cuts:?}");
        assert_eq!((plain.head(), plain.headers().text("content-length")), (&head[..], Some("3")));
        assert_eq!(plain.into_head(), head);
    }
}

#[test]
fn more_than_one_empty_line_is_refused() {
    use HandshakeError::{IllegalByte, MalformedStartLine};
    for (front, error, needed) in [
        ("\r\n\r\n", MalformedStartLine, 4),
        ("\r\n\r\n\r\n", MalformedStartLine, 4),
        ("\r\n\n", IllegalByte, 3),
        ("\n", IllegalByte, 1),
        ("\n\r\n", IllegalByte, 1),
        ("\r\r\n", IllegalByte, 2),
        ("\r\n\r", IllegalByte, 4),
        (" \r\n", MalformedStartLine, usize::MAX),
        ("\r\n ", MalformedStartLine, usize::MAX),
    ] {
        let wire = [front.as_bytes(), &request(GET, &[])].concat();
        for cuts in cuttings(&wire) {
            let (Some(Incoming::Failed(rejected)), fed) = serve(&Config::default(), &wire, &cuts)
            else {
                panic!("{front:?} cut at {cuts:?}")
            };
            assert_eq!(
                (rejected.error(), rejected.status()),
                (Some(error), 400),
                "{front:?} cut at {cuts:?}"
            );
            assert_eq!(fed, fed_by(needed, &cuts, wire.len()), "{front:?} cut at {cuts:?}");
        }
    }
}

#[test]
fn the_empty_line_counts_towards_the_limit() {
    let good = request(GET, &[]);
    let wire = [b"\r\n", &good[..]].concat();
    let mut config = Config::default();
    for (max_head, opens) in
        [(wire.len(), true), (wire.len() - 1, false), (2, false), (1, false), (0, false)]
    {
        config.max_head = max_head as u64;
        for cuts in cuttings(&wire) {
            match serve(&config, &wire, &cuts) {
                (Some(Incoming::Upgrade(_)), fed) => {
                    assert_eq!((opens, fed), (true, wire.len()), "{max_head}, cut at {cuts:?}")
                }
                (Some(Incoming::Failed(rejected)), fed) => {
                    assert_eq!(
                        (opens, rejected.error()),
                        (false, Some(HandshakeError::HeadTooLarge)),
                        "{max_head}, cut at {cuts:?}"
                    );
                    let most = fed_by(max_head.max(3), &cuts, wire.len());
                    assert!(fed <= most, "{fed} of {max_head}");
                }
                (other, _) => panic!("{max_head}: {other:?}"),
            }
        }
    }
}
