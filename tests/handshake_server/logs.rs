//! What a log can say of a request: of one that was refused, its method, target and headers, as far
//! as they came, and why; and of none, through `Debug`, a value that may be a secret.

use crate::handshake::{GET, cuttings, request, serve};
use crate::handshake_server::{plain, upgrade};
use sockless::server::{
    Config, Handshake, Incoming, OriginPolicy, OriginRefusal, Replying, Scheme,
};
use sockless::{HandshakeError, Input};

fn rejected(config: &Config, wire: &[u8], cuts: &[usize]) -> Replying {
    match serve(config, wire, cuts).0 {
        Some(Incoming::Failed(rejected)) => rejected,
        other => panic!("{} gave {other:?}", wire.escape_ascii()),
    }
}

#[test]
fn a_refused_request_can_be_logged() {
    for (wire, error, method, target, headers) in [
        (
            request("POST /chat?x HTTP/1.1", &[]),
            HandshakeError::Method,
            Some("POST"),
            Some("/chat?x"),
            5,
        ),
        (
            request(GET, &[("Cookie", &["a=b"]), ("Sec-WebSocket-Key", &["x"])]),
            HandshakeError::InvalidKey,
            Some("GET"),
            Some("/chat"),
            6,
        ),
        (
            request("GET ws://x@a.example/ HTTP/1.1", &[]),
            HandshakeError::InvalidTarget,
            Some("GET"),
            Some("ws://x@a.example/"),
            5,
        ),
        // The answer to it has no body.
        (request("HEAD / HTTP/1.1", &[]), HandshakeError::Method, Some("HEAD"), Some("/"), 5),
        // Heads that cannot be read, or are too long: as far as that.
        (
            b"GET /a HTTP/1.1\r\nA: b\r\nC: d\0".to_vec(),
            HandshakeError::IllegalByte,
            Some("GET"),
            Some("/a"),
            1,
        ),
        (
            b"GET /a HTTP/1.1\r\nA: b\r\nC : d\r\nE: f\r\n\r\n".to_vec(),
            HandshakeError::MalformedHeader,
            Some("GET"),
            Some("/a"),
            1,
        ),
        (
            b"GET /a HTTP/1.1\r\nA: b\r\n folded\r\n\r\n".to_vec(),
            HandshakeError::MalformedHeader,
            Some("GET"),
            Some("/a"),
            1,
        ),
        (
            b"GET /a HTTP/1.1\r\nA: b\nC: d\r\n\r\n".to_vec(),
            HandshakeError::IllegalByte,
            Some("GET"),
            Some("/a"),
            0,
        ),
        (
            b"GET /a HTTP/2.0\r\nA: b\r\n\r\n".to_vec(),
            HandshakeError::UnsupportedHttp,
            Some("GET"),
            Some("/a"),
            1,
        ),
        (b"GET /a\0".to_vec(), HandshakeError::IllegalByte, Some("GET"), Some("/a"), 0),
        (b"\x16\x03\x01".to_vec(), HandshakeError::IllegalByte, None, None, 0),
    ] {
        for cuts in cuttings(&wire) {
            let rejected = rejected(&Config::default(), &wire, &cuts);
            let said = (
                rejected.error(),
                rejected.method(),
                rejected.target(),
                rejected.headers().iter().count(),
            );
            assert_eq!(
                said,
                (Some(error), method, target, headers),
                "{} cut at {cuts:?}",
                wire.escape_ascii()
            );
            assert_eq!(rejected.origin_refusal(), None);
        }
    }
    let long = [b"GET /", &[b'x'; 20_000][..]].concat();
    let rejected = rejected(&Config::default(), &long, &[]);
    assert_eq!(
        (rejected.status(), rejected.method(), rejected.target().map(str::len)),
        (431, Some("GET"), Some((16 << 10) - 4))
    );
}

#[test]
fn so_can_one_that_did_not_come_in_time() {
    let wire = b"GET /a HTTP/1.1\r\nHost: a.example\r\nCook";
    for len in 1..=wire.len() {
        let mut handshake = Handshake::new(Config::default());
        assert!(handshake.poll(&mut Input::new(&mut wire[..len].to_vec())).is_none());
        handshake.handle_timeout();
        let Some(Incoming::Failed(rejected)) = handshake.poll(&mut Input::empty()) else {
            panic!("{len}")
        };
        let (target, host) =
            ((len > 4).then(|| &"/a"[..2.min(len - 4)]), (len >= 34).then_some("a.example"));
        assert_eq!((rejected.error(), rejected.status()), (Some(HandshakeError::TimedOut), 408));
        assert_eq!(
            (rejected.method(), rejected.target()),
            ((len > 3).then_some("GET"), target),
            "{len}"
        );
        assert_eq!(
            (rejected.headers().text("host"), rejected.headers().iter().count()),
            (host, usize::from(len >= 34)),
            "{len}"
        );
    }
}

#[test]
fn so_can_one_that_the_application_turned_away() {
    let wire = request("GET ws://b.example/chat HTTP/1.1", &[("Cookie", &["a=b"])]);
    let request = || upgrade(&Config::default(), &wire);
    for rejected in [
        request().reject(401).into_replying(),
        request().accept().protocol("x").reject(401).body("no").into_replying(),
    ] {
        assert_eq!(
            (rejected.error(), rejected.method(), rejected.target()),
            (None, Some("GET"), Some("/chat"))
        );
        let headers = rejected.headers();
        assert_eq!(
            (headers.iter().count(), headers.text("host"), headers.text("cookie")),
            (6, Some("b.example"), Some("a=b"))
        );
    }
    let rejected = plain(b"PUT /file HTTP/1.1\r\nA: b\r\n\r\n").reply(405).into_replying();
    assert_eq!(
        (rejected.method(), rejected.target(), rejected.headers().iter().count()),
        (Some("PUT"), Some("/file"), 1)
    );
}

#[test]
fn a_refused_origin_says_why() {
    let list = OriginPolicy::list(["https://app.example"]).unwrap();
    for (policy, target, host, origin, refusal) in [
        (OriginPolicy::SameHost, "/", "a.example", "null", OriginRefusal::NoSite),
        (OriginPolicy::SameHost, "/", "a.example", "https://b.example", OriginRefusal::OtherHost),
        (OriginPolicy::SameHost, "/", "a.example", "https://a.example:1", OriginRefusal::OtherPort),
        (OriginPolicy::SameHost, "/", "", "https://a.example", OriginRefusal::NoHost),
        (
            OriginPolicy::SameHost,
            "wss://b.example/",
            "a.example",
            "https://a.example",
            OriginRefusal::OtherHost,
        ),
        (
            OriginPolicy::SameOrigin(Scheme::Https),
            "/",
            "a.example",
            "http://a.example",
            OriginRefusal::OtherScheme,
        ),
        (list.clone(), "/", "a.example", "https://a.example", OriginRefusal::NotListed),
        (
            OriginPolicy::SameHost.or(list),
            "/",
            "a.example",
            "https://b.example",
            OriginRefusal::OtherHost,
        ),
        (
            OriginPolicy::custom(|_| false),
            "/",
            "a.example",
            "https://a.example",
            OriginRefusal::Custom,
        ),
    ] {
        let mut config = Config::default();
        config.origin = policy;
        let wire =
            request(&format!("GET {target} HTTP/1.1"), &[("Host", &[host]), ("Origin", &[origin])]);
        for cuts in [vec![], (1..wire.len()).collect()] {
            let rejected = rejected(&config, &wire, &cuts);
            assert_eq!(
                (rejected.error(), rejected.status()),
                (Some(HandshakeError::ForbiddenOrigin), 403)
            );
            assert_eq!(
                rejected.origin_refusal(),
                Some(refusal),
                "{origin} at {host}: {:?}",
                config.origin
            );
            assert_eq!(rejected.headers().text("origin"), Some(origin));
        }
    }
}

#[test]
fn a_function_is_asked_once_with_what_the_application_sees() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let mut config = Config::default();
    config.origin = OriginPolicy::custom(|asked| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        asked.authority() == "b.example" && asked.origin() == Some("capacitor://localhost")
    });
    let wire = request("GET ws://b.example/ HTTP/1.1", &[("Origin", &["capacitor://localhost"])]);
    assert_eq!(upgrade(&config, &wire).authority(), "b.example");
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    assert_eq!(
        rejected(&config, &request(GET, &[]), &[]).origin_refusal(),
        Some(OriginRefusal::Custom),
        "without an Origin too"
    );
}

#[test]
fn nothing_shown_tells_a_secret() {
    let secret = "s3cret";
    let wire = request(
        GET,
        &[("Cookie", &[secret]), ("Authorization", &[secret]), ("Sec-WebSocket-Protocol", &["a"])],
    );
    let request = || upgrade(&Config::default(), &wire);
    let mut part = Handshake::new(Config::default());
    assert!(part.poll(&mut Input::new(&mut wire[..wire.len() - 1].to_vec())).is_none());
    let header = sockless::handshake::Header::new("Set-Cookie", secret).unwrap();
    let headed = || request().accept().header(header);
    let post = [b"POST /chat HTTP/1.1\r\n", &wire[GET.len() + 2..]].concat();
    for (shown, has) in [
        (format!("{:?}", request()), true),
        (format!("{:?}", Incoming::Upgrade(request())), true),
        (format!("{:?}", headed()), true),
        (format!("{:?}", headed().into_response()), false),
        (format!("{:?}", headed().reject(400)), false),
        (format!("{:?}", headed().reject(400).header(header).body(secret).into_replying()), true),
        (
            format!(
                "{:?}",
                plain(format!("GET /chat HTTP/1.1\r\nCookie: {secret}\r\n\r\n").as_bytes())
            ),
            true,
        ),
        (format!("{:?}", rejected(&Config::default(), &post, &[])), true),
        (format!("{part:?}"), false),
        (format!("{header:?}"), false),
    ] {
        assert!(
            !shown.contains(secret) && !shown.contains(&format!("{:?}", secret.as_bytes())[1..17]),
            "{shown}"
        );
        assert_eq!(
            shown.contains("\"/chat\"") && shown.contains("\"Cookie\": 6 bytes"),
            has,
            "{shown}"
        );
    }
}
