//! The examples of RFC 6455 §5.7, to the byte. (Those of §1.3 are the handshake's.)

use crate::support;
use crate::support::{BINARY, Side, feed, frame, output};
use sockless::{Config, Event};

/// Feeds the example to the end that would receive it, under every cut.
fn received(side: Side, wire: &[u8], expected: &[Event<'static>]) {
    for cuts in support::cuts(wire.len()) {
        let mut connection = side.open(Config::default());
        assert_eq!(support::feed_cut(&mut connection, wire, &cuts), expected);
    }
}

#[test]
fn a_single_frame_unmasked_text_message() {
    let wire = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    received(Side::Client, &wire, &[Event::Text("Hello".into())]);

    let mut server = Side::Server.open(Config::default());
    server.send_text("Hello").unwrap();
    assert_eq!(output(&mut server), wire);
}

#[test]
fn a_single_frame_masked_text_message() {
    received(
        Side::Server,
        &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
        &[Event::Text("Hello".into())],
    );

    // The key is ours to choose; with it the frame is determined.
    let mut client = Side::Client.open(Config::default());
    client.send_text("Hello").unwrap();
    let wire = output(&mut client);
    let key = wire[2..6].try_into().unwrap();
    assert_eq!(wire, frame(0x81, b"Hello", Some(key)));
}

#[test]
fn a_fragmented_unmasked_text_message() {
    let wire = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    received(Side::Client, &wire, &[Event::Text("Hello".into())]);

    let mut config = Config::default();
    config.fragment_above = 3;
    let mut server = Side::Server.open(config);
    server.send_text("Hello").unwrap();
    assert_eq!(output(&mut server), wire);
}

#[test]
fn an_unmasked_ping_and_its_masked_pong() {
    let ping = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    let mut client = Side::Client.open(Config::default());
    assert_eq!(feed(&mut client, &ping), [Event::Ping(b"Hello".into())]);
    let pong = output(&mut client);
    let key = pong[2..6].try_into().unwrap();
    assert_eq!(pong, frame(0x8a, b"Hello", Some(key)));

    received(
        Side::Server,
        &[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
        &[Event::Pong(b"Hello".into())],
    );
}

#[test]
fn binary_messages_of_256_bytes_and_64_kib() {
    for (len, header) in
        [(256, &[0x82, 0x7e, 0x01, 0x00][..]), (65536, &[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0])]
    {
        let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let wire = [header, &data].concat();
        assert_eq!(wire, frame(BINARY, &data, None));
        let mut client = Side::Client.open(Config::default());
        assert_eq!(feed(&mut client, &wire), [Event::Binary(data.clone().into())]);

        let mut server = Side::Server.open(Config::default());
        server.send_binary(&data).unwrap();
        assert_eq!(output(&mut server), wire);
    }
}
