//! Answers of real servers, and what comes of a seed.

use super::*;
use core::str;

const OFFERED: &str = "nope, chat.v1";

/// What a client that has sent the captured key makes of an answer, cut at one place.
fn ask(answer: &[u8], at: usize) -> Option<Outcome> {
    ask_for(Request::new("ws://127.0.0.1:9950").unwrap(), answer, at)
}

fn ask_for(request: Request, answer: &[u8], at: usize) -> Option<Outcome> {
    let mut handshake = Handshake::new(request, Seed::new([7; 32]));
    handshake.key = Key::new(*b"the sample nonce");
    handshake.offered.protocols = OFFERED.into();
    let mut answer = answer.to_vec();
    let (one, other) = answer.split_at_mut(at);
    handshake.poll(&mut Input::new(one)).or_else(|| handshake.poll(&mut Input::new(other)))
}

#[test]
fn real_servers_are_understood() {
    for (name, answer) in [
        ("qt", &include_bytes!("../../../tests/data/heads/responses/qt-6.4.2.http")[..]),
        (
            "tungstenite",
            include_bytes!("../../../tests/data/heads/responses/tungstenite-0.30.http"),
        ),
        ("ws", include_bytes!("../../../tests/data/heads/responses/node-ws-8.23.http")),
        (
            "websockets",
            include_bytes!("../../../tests/data/heads/responses/python-websockets-17.4.http"),
        ),
    ] {
        for at in 0..=answer.len() {
            match ask(answer, at) {
                Some(Outcome::Open(opened)) => {
                    assert_eq!(
                        (opened.protocol(), opened.headers().get("sec-websocket-extensions")),
                        (Some("chat.v1"), None)
                    )
                }
                // They answer the offer of compression that came with the captured request, and
                // that this client does not make.
                Some(Outcome::Failed(failure)) => {
                    assert_eq!(failure.error(), HandshakeError::ExtensionNotOffered);
                    assert!(matches!(name, "ws" | "websockets"), "{name}");
                }
                other => panic!("{name} cut at {at}: {other:?}"),
            }
        }
        let plain = str::from_utf8(answer)
            .unwrap()
            .replace("Sec-WebSocket-Extensions: permessage-deflate\r\n", "");
        assert!(matches!(ask(plain.as_bytes(), 0), Some(Outcome::Open(_))), "{name}");
    }
}

#[cfg(feature = "deflate")]
#[test]
fn real_servers_compress() {
    use crate::deflate::{Offer, Parameters};
    for answer in [
        &include_bytes!("../../../tests/data/heads/responses/node-ws-8.23.http")[..],
        include_bytes!("../../../tests/data/heads/responses/python-websockets-17.4.http"),
    ] {
        let request = Request::new("ws://127.0.0.1:9950").unwrap().deflate(Offer::default());
        let Some(Outcome::Open(opened)) = ask_for(request, answer, 100) else { panic!() };
        assert_eq!(opened.extensions().deflate, Some(Parameters::default()));
    }
}

#[test]
fn a_key_comes_from_the_seed() {
    let head = |seed| {
        let mut handshake =
            Handshake::new(Request::new("ws://a.example").unwrap(), Seed::new(seed));
        handshake.transmit().pop()
    };
    assert_eq!(head([7; 32]), head([7; 32]));
    assert_ne!(head([7; 32]), head([8; 32]));
}
