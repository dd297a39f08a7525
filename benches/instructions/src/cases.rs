//! What is counted: each case does the same again and again, and checks that it was done.
//!
//! Payloads are masked with a key of zeros. That costs what any key costs, and what was unmasked in
//! place can be received again, so that no copy is in the count.

use sockless::client;
use sockless::server::{self, Incoming};
use sockless::{
    Config, Connection, Endpoint, Event, Extensions, Input, PreparedMessage, Role, Seed, Workspace,
};
use std::io::IoSlice;

/// Runs a case so many times.
pub(crate) type Run = fn(usize, usize);

/// The cases, their sizes in bytes, and how many messages one time is.
pub(crate) const CASES: [(&str, &[usize], Run); 13] = [
    ("receive/binary", SIZES, |len, times| receive(0x82, len, times)),
    ("receive/text", SIZES, |len, times| receive(0x81, len, times)),
    ("receive/cut", SIZES, receive_cut),
    ("receive/fragments", &[1, 8, 512], receive_fragments),
    ("send/server", SIZES, |len, times| send(Role::Server, len, times)),
    ("send/client", SIZES, |len, times| send(Role::Client, len, times)),
    ("send/alone", SIZES, send_alone),
    ("send/prepared", &[8, 1024], send_prepared),
    ("turn/receive", &[8, 1024], receive_in_turns),
    ("turn/echo", &[8, 1024], echo_in_turns),
    ("handshake/server", &[0], |_, times| server_handshake(times)),
    ("handshake/client", &[0], |_, times| client_handshake(times)),
    ("handshake/slow", &[16, 128], slow_handshake),
];

const SIZES: &[usize] = &[8, 125, 1024, 16 << 10];

/// How many messages are received from one read, or sent in one batch.
pub(crate) const BATCH: usize = 64;

fn connection(role: Role) -> Connection {
    let (extensions, config) = (Extensions::default(), Config::default());
    match role {
        Role::Server => Connection::server(extensions, config),
        Role::Client => Connection::client(Seed::new([7; 32]), extensions, config),
    }
}

/// A client's frame, its key zeros.
fn frame(first: u8, len: usize) -> Vec<u8> {
    let mut wire = vec![first];
    match len {
        0..=125 => wire.push(0x80 | len as u8),
        _ => {
            wire.push(0xfe);
            wire.extend((len as u16).to_be_bytes());
        }
    }
    wire.extend([0; 4]);
    wire.extend((0..len).map(|i| b'a' + (i % 26) as u8));
    wire
}

/// Polls all messages out of what was read: how many, and their bytes.
#[inline(never)]
fn poll(connection: &mut Connection, read: &mut [u8]) -> (usize, usize) {
    let (mut messages, mut bytes) = (0, 0);
    let mut input = Input::new(read);
    while let Some(event) = connection.poll(&mut input) {
        messages += 1;
        bytes += match event {
            Event::Text(text) => text.len(),
            Event::Binary(data) => data.len(),
            _ => 0,
        };
    }
    (messages, bytes)
}

/// Batches of whole messages.
fn receive(first: u8, len: usize, times: usize) {
    let mut connection = connection(Role::Server);
    let mut wire = frame(first, len).repeat(BATCH);
    for _ in 0..times {
        assert_eq!(poll(&mut connection, &mut wire), (BATCH, BATCH * len));
    }
}

/// Messages each of which two reads bring.
fn receive_cut(len: usize, times: usize) {
    let mut connection = connection(Role::Server);
    let mut wire = frame(0x82, len);
    let (a, b) = wire.split_at_mut(8 + len / 2 - 2);
    for _ in 0..times * BATCH {
        assert_eq!(poll(&mut connection, a), (0, 0));
        assert_eq!(poll(&mut connection, b), (1, len));
    }
}

/// Messages one a read, in one turn after the other.
fn receive_in_turns(len: usize, times: usize) {
    let (mut connection, mut workspace) = (connection(Role::Server), Workspace::default());
    let wire = frame(0x82, len);
    for _ in 0..times * BATCH {
        let mut turn = workspace.turn(&mut connection);
        turn.read_buf()[..wire.len()].copy_from_slice(&wire);
        let (connection, mut input) = turn.received(wire.len());
        assert!(
            matches!(connection.poll(&mut input), Some(Event::Binary(data)) if data.len() == len)
        );
        assert!(connection.poll(&mut input).is_none());
    }
}

/// One message per read, one turn after the other; each message is echoed and the echo written.
fn echo_in_turns(len: usize, times: usize) {
    let (mut connection, mut workspace) = (connection(Role::Server), Workspace::default());
    let wire = frame(0x82, len);
    for _ in 0..times * BATCH {
        let mut turn = workspace.turn(&mut connection);
        turn.read_buf()[..wire.len()].copy_from_slice(&wire);
        {
            let (connection, mut input) = turn.received(wire.len());
            while let Some(Event::Binary(data)) = connection.poll(&mut input) {
                assert!(connection.send_binary(data).is_ok());
            }
        }
        let written = turn.write_with(|slices| Ok::<_, ()>(slices[0].len()));
        assert_eq!(written, Ok(wire.len() - 4));
    }
}

/// A batch of fragments, the message whole with the last of them. They are joined in place, so each
/// batch is a copy.
fn receive_fragments(len: usize, times: usize) {
    let mut connection = connection(Role::Server);
    let wire = [frame(0x01, len), frame(0x00, len).repeat(BATCH - 2), frame(0x80, len)].concat();
    let mut scratch = wire.clone();
    for _ in 0..times {
        scratch.copy_from_slice(&wire);
        assert_eq!(poll(&mut connection, &mut scratch), (1, BATCH * len));
    }
}

/// Takes all output: how many bytes.
#[inline(never)]
fn flush(side: &mut dyn Endpoint) -> usize {
    let mut out = side.transmit();
    let mut bytes = 0;
    let all = |slices: &[IoSlice<'_>]| Ok::<_, ()>(slices.iter().map(|slice| slice.len()).sum());
    while let Ok(n @ 1..) = out.write_with(all) {
        bytes += n;
    }
    bytes
}

/// Batches of messages, each batch written at once.
fn send(role: Role, len: usize, times: usize) {
    let masked = role == Role::Client;
    let mut connection = connection(role);
    let payload = vec![7; len];
    let frame = frame(0x82, len).len() - if masked { 0 } else { 4 };
    for _ in 0..times {
        for _ in 0..BATCH {
            assert!(connection.send_binary(&payload).is_ok());
        }
        assert_eq!(flush(&mut connection), BATCH * frame);
    }
}

/// Messages of a server, each written by itself.
fn send_alone(len: usize, times: usize) {
    let mut connection = connection(Role::Server);
    let payload = vec![7; len];
    for _ in 0..times * BATCH {
        assert!(connection.send_binary(&payload).is_ok());
        assert!(flush(&mut connection) > len);
    }
}

/// A server's batches of a message that others are sent too.
fn send_prepared(len: usize, times: usize) {
    let mut connection = connection(Role::Server);
    let message = PreparedMessage::binary(vec![7; len]);
    let frame = frame(0x82, len).len() - 4;
    for _ in 0..times {
        for _ in 0..BATCH {
            assert!(connection.send_prepared(&message).is_ok());
        }
        assert_eq!(flush(&mut connection), BATCH * frame);
    }
}

/// What a browser sends.
const HEAD: &str = "GET /chat HTTP/1.1\r\n\
    Host: example.com:8080\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: http://example.com:8080\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate\r\n\
    Accept-Language: en-US,en;q=0.9\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

fn server_handshake(times: usize) {
    let mut head = HEAD.as_bytes().to_vec();
    for _ in 0..times * BATCH {
        let mut handshake = server::Handshake::new(server::Config::default());
        let Some(Incoming::Upgrade(request)) = handshake.poll(&mut Input::new(&mut head)) else {
            panic!("not an upgrade")
        };
        let mut connection = request.accept().open(Config::default());
        assert_eq!(flush(&mut connection), 129);
    }
}

fn client_handshake(times: usize) {
    let handshake = || {
        client::Handshake::new(
            client::Request::new("ws://example.com:8080/chat").expect("a URL"),
            Seed::new([7; 32]),
        )
    };
    // The seed decides on the key, and so on the answer.
    let mut request = handshake().transmit().pop().expect("a request").to_vec();
    let mut server = server::Handshake::new(server::Config::default());
    let Some(Incoming::Upgrade(request)) = server.poll(&mut Input::new(&mut request)) else {
        panic!("not an upgrade")
    };
    let mut answer =
        request.accept().open(Config::default()).transmit().pop().expect("an answer").to_vec();
    for _ in 0..times * BATCH {
        let mut handshake = handshake();
        assert!(flush(&mut handshake) > 100);
        assert!(matches!(
            handshake.poll(&mut Input::new(&mut answer)),
            Some(client::Outcome::Open(_))
        ));
    }
}

/// A head in single bytes, as many as a batch of this length has: what they cost grows with them,
/// and not with their square.
fn slow_handshake(len: usize, times: usize) {
    const FILLER: &str = "X-Filler: some value\r\n";
    let (line, needed) = HEAD.split_at("GET /chat HTTP/1.1\r\n".len());
    let fillers = (len * BATCH - HEAD.len()) / FILLER.len();
    let mut head = [line, &FILLER.repeat(fillers), needed].concat().into_bytes();
    let mut config = server::Config::default();
    config.max_headers = u32::MAX;
    for _ in 0..times {
        let mut handshake = server::Handshake::new(config.clone());
        let outcome = head.chunks_mut(1).find_map(|byte| handshake.poll(&mut Input::new(byte)));
        assert!(matches!(outcome, Some(Incoming::Upgrade(_))));
    }
}
