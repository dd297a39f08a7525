//! The requests of real clients, byte for byte, as `tests/data/heads/README.md` describes them,
//! under every cut. (The answers of real servers are tested beside the client, where the key can be
//! theirs.)

use crate::handshake::{REQUESTS, cuttings, serve};
use sockless::HandshakeError;
use sockless::server::{Config, Incoming, OriginPolicy};

#[test]
fn real_clients_are_understood() {
    let mut config = Config::default();
    config.origin = OriginPolicy::list(["http://127.0.0.1:35411", "http://lab.test"]).unwrap();
    for (name, head) in REQUESTS {
        for cuts in cuttings(head) {
            let (Some(Incoming::Upgrade(request)), taken) = serve(&config, head, &cuts) else {
                panic!("{name} cut at {cuts:?}")
            };
            assert_eq!(taken, head.len(), "{name}");
            assert_eq!(request.target(), if name == "chromium" { "/chat" } else { "/" }, "{name}");
            assert_eq!(request.headers().text("host"), Some("127.0.0.1:9950"), "{name}");
            let offered: &[&str] =
                if name == "curl" { &[] } else { &["nope", "chat.v1", "superchat"] };
            assert!(request.protocols().eq(offered.iter().copied()), "{name}");
            assert_eq!(
                request.accept().protocol("chat.v1").chosen(),
                (name != "curl").then_some("chat.v1"),
                "{name}"
            );
        }
    }
}

#[test]
fn pages_of_other_sites_are_refused() {
    for (name, head) in REQUESTS {
        match serve(&Config::default(), head, &[]).0 {
            Some(Incoming::Failed(rejected)) => {
                assert_eq!(
                    (rejected.error(), name == "chromium" || name == "qt"),
                    (Some(HandshakeError::ForbiddenOrigin), true)
                )
            }
            Some(Incoming::Upgrade(request)) => assert_eq!(request.origin(), None, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
