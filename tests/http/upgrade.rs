//! Whole upgrades, through the crate's types in both roles, and what is said on the connections.

use crate::handshake::sent;
use crate::http::{offering, parse_request, parse_response, sorted_map};
use sockless::client::{Handshake, HttpHandshake, Outcome};
use sockless::handshake::Header;
use sockless::server::{self, Accept, Incoming};
use sockless::{CloseCode, Connection, Event, Input, Seed};

fn config() -> server::Config {
    #[allow(unused_mut)]
    let mut config = server::Config::default();
    #[cfg(feature = "deflate")]
    {
        config.deflate = Some(sockless::deflate::Policy::default());
    }
    config
}

fn accept(incoming: Incoming) -> Accept {
    match incoming {
        Incoming::Upgrade(request) => {
            request.accept().protocol("y").header(Header::new("Set-Cookie", "a=b").unwrap())
        }
        other => panic!("{other:?}"),
    }
}

fn open(outcome: Outcome) -> Connection {
    match outcome {
        Outcome::Open(accepted) => {
            assert_eq!(accepted.protocol(), Some("y"));
            assert_eq!(accepted.headers().text("set-cookie"), Some("a=b"));
            #[cfg(feature = "deflate")]
            assert!(accepted.extensions().deflate.is_some());
            accepted.open(sockless::Config::default())
        }
        other => panic!("{other:?}"),
    }
}

/// A message in each direction, and the closing handshake.
fn talk(mut client: Connection, mut server: Connection) {
    // Long enough to be compressed, if that was agreed on.
    let text = "Hello, hello, hello! ".repeat(50);
    client.send_text(&text).unwrap();
    let mut wire = sent(&mut client);
    assert_eq!(wire.len() < text.len(), cfg!(feature = "deflate"));
    assert_eq!(server.poll(&mut Input::new(&mut wire)), Some(Event::Text(text.as_str().into())));
    server.send_text(&text).unwrap();
    let mut wire = sent(&mut server);
    assert_eq!(wire.len() < text.len(), cfg!(feature = "deflate"));
    assert_eq!(client.poll(&mut Input::new(&mut wire)), Some(Event::Text(text.as_str().into())));

    client.close(Some(CloseCode::NORMAL.into())).unwrap();
    let mut wire = sent(&mut client);
    assert!(
        matches!(server.poll(&mut Input::new(&mut wire)), Some(Event::Closed(event)) if event.clean)
    );
    let mut wire = sent(&mut server);
    assert!(
        matches!(client.poll(&mut Input::new(&mut wire)), Some(Event::Closed(event)) if event.clean)
    );
}

#[test]
fn through_the_types_in_both_roles() {
    let handshake = HttpHandshake::new(offering(), Seed::new([7; 32]));
    let request = handshake.request().unwrap();
    let response = accept(Incoming::from_http(&request, &config())).into_response();
    let answer = response.to_http().unwrap();
    talk(open(handshake.check(&answer)), response.open(sockless::Config::default()));
}

/// The stack as a pooling client has it, and a server whose stack gives the absolute target.
#[test]
fn with_an_absolute_target() {
    let handshake = HttpHandshake::new(offering(), Seed::new([7; 32]));
    let (parts, ()) = handshake.absolute_request().unwrap().into_parts();
    let Incoming::Upgrade(request) = Incoming::from_http_parts(&parts, &config()) else { panic!() };
    assert_eq!((request.authority(), request.target()), ("a.example", "/chat"));
    let response = accept(Incoming::Upgrade(request)).into_response();
    let (parts, ()) = response.to_http().unwrap().into_parts();
    talk(open(handshake.check_parts(&parts)), response.open(sockless::Config::default()));
}

/// One end has a stack, the other a socket.
#[test]
fn against_a_socket() {
    let mut client = Handshake::new(offering(), Seed::new([7; 32]));
    let request = parse_request(&sent(&mut client)).unwrap();
    let response = accept(Incoming::from_http(&request, &config())).into_response();
    let mut wire = b"HTTP/1.1 101 \r\n".to_vec();
    for (name, value) in response.to_http().unwrap().headers() {
        wire.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    wire.extend(b"\r\n");
    let outcome = client.poll(&mut Input::new(&mut wire)).unwrap();
    talk(open(outcome), response.open(sockless::Config::default()));

    let handshake = HttpHandshake::new(offering(), Seed::new([7; 32]));
    let request = handshake.request().unwrap();
    let mut wire = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        wire.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    wire.extend(b"\r\n");
    let incoming = server::Handshake::new(config()).poll(&mut Input::new(&mut wire)).unwrap();
    let mut server = accept(incoming).open(sockless::Config::default());
    let answer = parse_response(&sent(&mut server)).unwrap();
    talk(open(handshake.check(&answer)), server);
}

/// Header by header.
#[test]
fn the_101_is_the_one_that_a_socket_gets() {
    let handshake = HttpHandshake::new(offering(), Seed::new([7; 32]));
    let request = handshake.request().unwrap();
    let accept = || accept(Incoming::from_http(&request, &config()));
    let by_socket = parse_response(&sent(&mut accept().open(sockless::Config::default()))).unwrap();
    let by_stack = accept().into_response().to_http().unwrap();
    assert_eq!(by_stack.status(), by_socket.status());
    assert_eq!(sorted_map(by_stack.headers()), sorted_map(by_socket.headers()));
}

/// Each handshake has a key of its own, and an answer to one opens no other.
#[test]
fn an_answer_belongs_to_its_request() {
    let handshakes = [7, 8].map(|seed| HttpHandshake::new(offering(), Seed::new([seed; 32])));
    let request = handshakes[0].request().unwrap();
    let answer =
        accept(Incoming::from_http(&request, &config())).into_response().to_http().unwrap();
    let opens = handshakes.map(|handshake| matches!(handshake.check(&answer), Outcome::Open(_)));
    assert_eq!(opens, [true, false]);
}
