//! Requests: from a stack they are judged as from a socket.

use crate::handshake::{Changes, GET, KEY, REQUESTS, request, serve};
use crate::handshake_rules::requests::requests;
use crate::http::{is_form, parse_request, sorted, sorted_map};
use http::{HeaderValue, Method, Uri, Version};
use sockless::HandshakeError::{self, *};
use sockless::server::{Config, Incoming, OriginPolicy};

/// All that an outcome says but for the order of its headers.
fn said(incoming: Incoming) -> String {
    match incoming {
        Incoming::Upgrade(request) => format!(
            "upgrade {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            request.authority(),
            request.target(),
            request.origin(),
            request.protocols().collect::<Vec<_>>(),
            request.extensions(),
            request.accept_key(),
            sorted(request.headers()),
        ),
        Incoming::Http(plain) => {
            format!("plain {:?} {:?} {:?}", plain.method(), plain.target(), sorted(plain.headers()))
        }
        // How much of it is kept hangs on the order of its lines.
        Incoming::Failed(replying)
            if matches!(replying.error(), Some(HeadTooLarge | TooManyHeaders)) =>
        {
            let (method, target) = (replying.method(), replying.target());
            format!("failed {:?} {method:?} {target:?}", replying.error())
        }
        Incoming::Failed(replying) => format!(
            "failed {:?} {:?} {:?} {:?} {:?} {:?}",
            replying.error(),
            replying.status(),
            replying.origin_refusal(),
            replying.method(),
            replying.target(),
            sorted(replying.headers()),
        ),
    }
}

/// Holds both ways against each other, by the request and by its parts. `false`: a stack does not
/// take this head, or not all of it.
fn both_agree(config: &Config, wire: &[u8]) -> bool {
    let (Some(request), false) = (parse_request(wire), wire.contains(&b'#')) else { return false };
    let text = wire[..wire.len().min(300)].escape_ascii();
    let by_wire = said(serve(config, wire, &[]).0.expect("an outcome"));
    assert_eq!(said(Incoming::from_http(&request, config)), by_wire, "{text}");
    let (parts, ()) = request.into_parts();
    assert_eq!(said(Incoming::from_http_parts(&parts, config)), by_wire, "{text}");
    true
}

/// Heads that are served or plain.
fn good() -> Vec<Vec<u8>> {
    let mut all: Vec<_> = REQUESTS.iter().map(|(_, head)| head.to_vec()).collect();
    let changes: [Changes<'_>; 16] = [
        &[],
        &[("Upgrade", &["h2c, WebSocket"]), ("Connection", &["keep-alive", "upgrade"])],
        &[("Sec-WebSocket-Protocol", &["a, b", "c", ",,"]), ("Content-Length", &["0"])],
        &[(
            "Sec-WebSocket-Extensions",
            &["permessage-deflate; client_max_window_bits", "foo;bar=1"],
        )],
        &[("Sec-WebSocket-Key", &["AQIDBAUGBwgJCgsMDQ4PEC=="])],
        &[("Origin", &["https://a.example"])],
        &[("Host", &[""])],
        &[("Host", &["[::1]:80"])],
        &[("X", &["gr\u{f6}\u{df}e", "\ttab\tin\t"]), ("Cookie", &["a=b", "c=d"])],
        &[("Sec-WebSocket-Accept", &["x"]), ("X-Sec-WebSocket-Key", &["y"])],
        // What is plain.
        &[("Upgrade", &[])],
        &[("Upgrade", &["h2c"]), ("Host", &["a.example", "b.example"])],
        &[("Upgrade", &[]), ("Transfer-Encoding", &["chunked"]), ("Content-Length", &["3"])],
        &[("Upgrade", &[]), ("Content-Length", &["3", "4"])],
        &[("Upgrade", &["websockets"])],
        &[("Upgrade", &["web socket"])],
    ];
    all.extend(changes.iter().map(|changes| request(GET, changes)));
    for line in [
        "GET /?x HTTP/1.1",
        "GET //x@y:z HTTP/1.1",
        "GET /a[b]|{c}?d=%zz HTTP/1.1",
        "GET wss://b.example:8443 HTTP/1.1",
        "GET http://b.example?x HTTP/1.1",
        "GET HTTPS://[::1]/x HTTP/1.1",
    ] {
        all.push(request(line, &[]));
    }
    for line in [
        "POST /form HTTP/1.0",
        "OPTIONS * HTTP/1.1",
        "CONNECT a.example:443 HTTP/1.1",
        "QUERY / HTTP/1.1",
    ] {
        all.push(request(line, &[("Upgrade", &[])]));
    }
    all
}

#[test]
fn both_ways_agree_on_every_head() {
    let config = Config::default();
    let good = good();
    for wire in &good {
        assert!(both_agree(&config, wire), "{}", wire.escape_ascii());
    }
    #[cfg(feature = "deflate")]
    {
        let mut config = Config::default();
        config.deflate = Some(sockless::deflate::Policy::default());
        assert!(good.iter().all(|wire| both_agree(&config, wire)));
    }
    let mut seen: Vec<HandshakeError> = Vec::new();
    for (error, wire) in requests() {
        // The form of a head is the stack's to see to, but for its size.
        if !is_form(error) {
            seen.extend(both_agree(&config, &wire).then_some(error));
        }
    }
    assert!(seen.len() > 120, "{} of all", seen.len());
    for (error, _) in requests() {
        assert!(seen.contains(&error) || is_form(error), "{error:?}");
    }
}

#[test]
fn limits_are_those_of_the_config() {
    let wire = request(GET, &[("Origin", &["http://b.example"]), ("X", &["y"])]);
    let mut config = Config::default();
    config.origin = OriginPolicy::Any;
    for max_head in (0..40).chain(wire.len() - 5..wire.len() + 2) {
        config.max_head = max_head as u64;
        assert!(both_agree(&config, &wire), "{max_head}");
    }
    for max_headers in 0..9 {
        config.max_headers = max_headers;
        assert!(both_agree(&config, &wire), "{max_headers}");
    }
}

/// A good request to upgrade, as a stack gives it.
fn upgrading() -> http::Request<()> {
    parse_request(&request(GET, &[])).unwrap()
}

fn error_of(request: &http::Request<()>) -> Option<HandshakeError> {
    match Incoming::from_http(request, &Config::default()) {
        Incoming::Failed(replying) => replying.error(),
        Incoming::Upgrade(_) => None,
        Incoming::Http(plain) => panic!("{plain:?}"),
    }
}

#[test]
fn attacks_are_refused() {
    let changed = |name: &'static str, values: &[&str]| {
        let mut request = upgrading();
        request.headers_mut().remove(name);
        for value in values {
            request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        error_of(&request)
    };
    assert_eq!(error_of(&upgrading()), None);
    // What would leave in doubt where frames begin, or who is asked.
    assert_eq!(changed("content-length", &["5"]), Some(RequestBody));
    assert_eq!(changed("content-length", &["0", "0, 5"]), Some(RequestBody));
    assert_eq!(changed("transfer-encoding", &["chunked"]), Some(RequestBody));
    assert_eq!(changed("transfer-encoding", &["identity"]), Some(RequestBody));
    assert_eq!(changed("host", &[]), Some(MissingHost));
    assert_eq!(changed("host", &["a.example", "a.example"]), Some(RepeatedHost));
    assert_eq!(changed("host", &["a.example, b.example"]), Some(InvalidHost));
    // What a proof is made of.
    assert_eq!(changed("sec-websocket-key", &["dGhlIHNhbXBsZQ=="]), Some(InvalidKey));
    assert_eq!(changed("sec-websocket-key", &[KEY, KEY]), Some(RepeatedKey));
    assert_eq!(changed("sec-websocket-key", &[&format!("{KEY},")]), Some(InvalidKey));
    // Bytes outside ASCII are let through where they mean nothing, and nowhere else.
    for (name, error) in [
        ("x", None),
        ("cookie", None),
        ("host", Some(InvalidHost)),
        ("origin", Some(InvalidOrigin)),
        ("sec-websocket-key", Some(InvalidKey)),
        ("sec-websocket-version", Some(UnsupportedVersion)),
        ("sec-websocket-protocol", Some(InvalidProtocols)),
        ("sec-websocket-extensions", Some(InvalidExtensions)),
        ("connection", Some(MissingConnection)),
        ("content-length", Some(RequestBody)),
    ] {
        assert_eq!(changed(name, &["\u{e4}"]), error, "{name}");
    }
    let mut many = upgrading();
    for i in 0..1000 {
        many.headers_mut().append("x", HeaderValue::from(i));
    }
    assert_eq!(error_of(&many), Some(TooManyHeaders));
    let mut large = upgrading();
    large.headers_mut().insert("x", HeaderValue::try_from("y".repeat(10 << 20)).unwrap());
    assert_eq!(error_of(&large), Some(HeadTooLarge));
    let mut long = upgrading();
    *long.uri_mut() = Uri::try_from(format!("/{}", "x".repeat(60_000))).unwrap();
    assert_eq!(error_of(&long), Some(HeadTooLarge));
}

/// No value and no method of the crate holds what could. A `Uri` of some versions does, or is empty
/// if it is made of parts, and then is refused.
#[test]
fn nothing_smuggles_a_line() {
    for bytes in [&b"x\r\ny: z"[..], b"x\n", b"\r", b"\0", b"\x7f"] {
        assert!(HeaderValue::from_bytes(bytes).is_err() && Method::from_bytes(bytes).is_err());
    }
    let mut request = upgrading();
    let uris = ["/\r\nx: y", "/\n", "/\r", "/\0", "/\x7f", "/ HTTP/1.1"].map(Uri::try_from);
    let empty = Uri::from_parts(http::uri::Parts::default());
    for uri in uris.into_iter().flatten().chain(empty) {
        *request.uri_mut() = uri;
        let error = error_of(&request);
        assert!(matches!(error, Some(IllegalByte | MalformedStartLine)), "{error:?}");
    }
    // From 1.3 on a Uri may be outside ASCII; our targets are not.
    if let Ok(uri) = Uri::try_from("/\u{e4}\u{85}") {
        *request.uri_mut() = uri;
        assert_eq!(error_of(&request), Some(InvalidTarget));
    }
}

/// As the documentation says it.
#[test]
fn a_fragment_is_lost_on_the_way() {
    let mut request = upgrading();
    *request.uri_mut() = Uri::try_from("/a#b").unwrap();
    let Incoming::Upgrade(request) = Incoming::from_http(&request, &Config::default()) else {
        panic!()
    };
    assert_eq!(request.target(), "/a");
}

#[test]
fn other_versions_of_http() {
    let of = |version, method: Method, uri: &'static str, upgrade: bool| {
        let mut request = upgrading();
        *request.version_mut() = version;
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_static(uri);
        if !upgrade {
            request.headers_mut().remove("upgrade");
        }
        // The authority of HTTP/2 is in the Uri.
        request.headers_mut().remove("host");
        Incoming::from_http(&request, &Config::default())
    };
    for version in [Version::HTTP_2, Version::HTTP_3] {
        // A page load is plain, with all its headers.
        let uri = "https://a.example/page?x";
        let Incoming::Http(plain) = of(version, Method::GET, uri, false) else { panic!() };
        assert_eq!((plain.method(), plain.target()), ("GET", uri));
        assert!(matches!(of(version, Method::CONNECT, "a.example:443", false), Incoming::Http(_)));
        for (method, upgrade) in [(Method::CONNECT, false), (Method::GET, true)] {
            let Incoming::Failed(replying) = of(version, method.clone(), uri, upgrade) else {
                panic!("{method}")
            };
            assert_eq!((replying.error(), replying.status()), (Some(UnsupportedHttp), 505));
            assert_eq!(replying.method(), Some(method.as_str()));
            assert_eq!(replying.target(), Some(uri));
            assert_eq!(replying.headers().text("sec-websocket-version"), Some("13"));
            assert_eq!(replying.into_http().unwrap().status(), 505);
        }
    }
    for upgrade in [false, true] {
        let Incoming::Failed(replying) = of(Version::HTTP_09, Method::GET, "/", upgrade) else {
            panic!()
        };
        assert_eq!(replying.error(), Some(UnsupportedHttp));
    }
}

#[test]
fn what_was_read_becomes_a_request_of_the_crate() {
    for wire in good() {
        let text = wire.escape_ascii().to_string();
        let parsed = parse_request(&wire).unwrap();
        let (ours, absolute) = match serve(&Config::default(), &wire, &[]).0 {
            Some(Incoming::Upgrade(request)) => {
                (request.to_http(), text.contains("://b.") || text.contains("://["))
            }
            Some(Incoming::Http(plain)) => (plain.to_http(), false),
            // Chromium and Qt name an origin that is not this host.
            Some(Incoming::Failed(replying)) => {
                assert_eq!(replying.error(), Some(ForbiddenOrigin), "{text}");
                continue;
            }
            None => panic!("{text}"),
        };
        let ours = ours.unwrap();
        assert_eq!((ours.method(), ours.version()), (parsed.method(), parsed.version()), "{text}");
        if absolute {
            assert_eq!(*ours.uri(), *parsed.uri().path_and_query().unwrap().to_string(), "{text}");
            assert_eq!(
                ours.headers()["host"],
                parsed.uri().authority().unwrap().as_str(),
                "{text}"
            );
        } else {
            assert_eq!(ours.uri(), parsed.uri(), "{text}");
            assert_eq!(sorted_map(ours.headers()), sorted_map(parsed.headers()), "{text}");
        }
    }
    let wire = request("GET /\"<x>\" HTTP/1.1", &[("Upgrade", &[])]);
    let Some(Incoming::Http(plain)) = serve(&Config::default(), &wire, &[]).0 else { panic!() };
    let ours = plain.to_http();
    assert!(ours.is_err() || ours.unwrap().uri().path() == plain.target());
}
