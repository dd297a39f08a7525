//! What a server takes, for a request to upgrade or for a plain one, and how it hands it over: as
//! it came, with what came behind its head.

use crate::handshake::{Changes, GET, cuttings, fed_by, request, sent, serve};
use crate::handshake_server::{plain, upgrade};
use sockless::server::{Config, Incoming, OriginPolicy, Request};
use sockless::{Event, HandshakeError, Input};

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
        let (Some(Incoming::Upgrade(request)), taken) = serve(&config, wire, &cuts) else {
            panic!("{cuts:?}")
        };
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

fn open(request: Request) -> String {
    String::from_utf8(sent(&mut request.accept().open(sockless::Config::default()))).unwrap()
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
        &[(
            "Sec-WebSocket-Extensions",
            &["permessage-deflate; client_max_window_bits, x; y=\"z\""],
        )],
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
                    assert!(
                        !answer.contains("Extensions")
                            && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                        "{answer}"
                    );
                }
                other => panic!("{changes:?} cut at {cuts:?}: {other:?}"),
            }
        }
    }
    for target in ["/", "//", "/a%20b?c=d/?", "/[{|}]^`\\?'%zz"] {
        assert_eq!(
            upgrade(&Config::default(), &request(&format!("GET {target} HTTP/1.1"), &[])).target(),
            target
        );
    }
}

#[test]
fn frames_behind_the_head_are_the_first_of_the_connection() {
    let mut wire = request(GET, &[]);
    let head = wire.len();
    // "Hello", masked, §5.7.
    wire.extend([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    for cuts in cuttings(&wire) {
        let (Some(Incoming::Upgrade(request)), fed) = serve(&Config::default(), &wire, &cuts)
        else {
            panic!("{cuts:?}")
        };
        assert_eq!(fed, fed_by(head, &cuts, wire.len()), "{cuts:?}");
        let mut connection = request.accept().open(sockless::Config::default());
        assert_eq!(connection.wants_poll(), fed > head, "{cuts:?}");
        let mut rest = wire[fed..].to_vec();
        assert_eq!(connection.poll(&mut Input::new(&mut rest)), Some(Event::Text("Hello".into())));
    }
}

#[test]
fn a_plain_request_is_handed_over_as_it_came() {
    for (head, method, target) in [
        ("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET", "/"),
        ("GET / HTTP/1.0\r\n\r\n", "GET", "/"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "OPTIONS", "*"),
        ("POST /a HTTP/1.1\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\n", "POST", "/a"),
        (
            "PUT /a HTTP/1.1\r\nUpgrade: websockets, web socket, \"websocket\"\r\nTransfer-Encoding: chunked\r\n\r\n",
            "PUT",
            "/a",
        ),
        (
            "CONNECT a.example:443 HTTP/1.1\r\nConnection: websocket\r\n\r\n",
            "CONNECT",
            "a.example:443",
        ),
        ("GET /\u{e4} HTTP/1.1\r\nX: \u{e4}\r\n\r\n", "GET", "/\u{e4}"),
    ] {
        let wire = [head.as_bytes(), b"body\r\n\r\n"].concat();
        for cuts in cuttings(&wire) {
            let (Some(Incoming::Http(plain)), fed) = serve(&Config::default(), &wire, &cuts) else {
                panic!("{head:?} {cuts:?}")
            };
            assert_eq!(
                (plain.method(), plain.target(), plain.head(), fed),
                (method, target, head.as_bytes(), fed_by(head.len(), &cuts, wire.len())),
                "{cuts:?}"
            );
            assert_eq!(plain.rest(), &wire[head.len()..fed], "{cuts:?}");
            if fed % 2 == 0 {
                assert_eq!(plain.into_head(), head.as_bytes());
            } else {
                assert_eq!(plain.into_bytes(), &wire[..fed]);
            }
        }
    }
}

#[test]
fn headers_as_they_came() {
    let plain = plain(b"GET / HTTP/1.1\r\nHost:a.example\r\nX: 1\r\nx:\t 2 \r\nEmpty:\r\nOdd: \xff\r\nColons: a:b\r\n\r\n");
    let headers = plain.headers();
    let all: Vec<(&str, &[u8])> = headers.iter().collect();
    let expected: [(&str, &[u8]); 6] = [
        ("Host", b"a.example"),
        ("X", b"1"),
        ("x", b"2"),
        ("Empty", b""),
        ("Odd", b"\xff"),
        ("Colons", b"a:b"),
    ];
    assert_eq!(all, expected);
    assert!(headers.get_all("X").eq([b"1", b"2"]));
    assert_eq!((headers.get("odd"), headers.text("odd")), (Some(&b"\xff"[..]), None));
    assert_eq!((headers.text("EMPTY"), headers.get("absent")), (Some(""), None));
    assert!(self::plain(b"GET / HTTP/1.1\r\n\r\n").headers().iter().next().is_none());
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
