//! The requests of real clients, byte for byte, as `tests/data/heads/README.md` describes them, under every cut. (The answers of real servers are tested
//! beside the client, where the key can be theirs.)

mod handshake;

use handshake::{cuttings, serve};
use sockless::HandshakeError;
use sockless::server::{Config, Incoming, OriginPolicy};

const HEADS: [(&str, &[u8]); 6] = [
    ("chromium", include_bytes!("data/heads/requests/chromium-156.http")),
    ("curl", include_bytes!("data/heads/requests/curl.http")),
    ("ws", include_bytes!("data/heads/requests/node-ws-8.23.http")),
    ("websockets", include_bytes!("data/heads/requests/python-websockets-17.4.http")),
    ("qt", include_bytes!("data/heads/requests/qt-6.4.2.http")),
    ("tungstenite", include_bytes!("data/heads/requests/tungstenite-0.30.http")),
];

#[test]
fn real_clients_are_understood() {
    let mut config = Config::default();
    config.origin = OriginPolicy::list(["http://127.0.0.1:35411", "http://lab.test"]).unwrap();
    for (name, head) in HEADS {
        for cuts in cuttings(head) {
            let (Some(Incoming::Upgrade(request)), taken) = serve(&config, head, &cuts) else { panic!("{name} cut at {cuts:?}") };
            assert_eq!(taken, head.len(), "{name}");
            assert_eq!(request.target(), if name == "chromium" { "/chat" } else { "/" }, "{name}");
            assert_eq!(request.headers().text("host"), Some("127.0.0.1:9950"), "{name}");
            let offered: &[&str] = if name == "curl" { &[] } else { &["nope", "chat.v1", "superchat"] };
            assert!(request.protocols().eq(offered.iter().copied()), "{name}");
            assert_eq!(request.accept().protocol("chat.v1").chosen(), (name != "curl").then_some("chat.v1"), "{name}");
        }
    }
}

#[test]
fn pages_of_other_sites_are_refused() {
    for (name, head) in HEADS {
        match serve(&Config::default(), head, &[]).0 {
            Some(Incoming::Failed(rejected)) => {
                assert_eq!((rejected.error(), name == "chromium" || name == "qt"), (Some(HandshakeError::ForbiddenOrigin), true))
            }
            Some(Incoming::Upgrade(request)) => assert_eq!(request.origin(), None, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
