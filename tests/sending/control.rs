//! Pings and pongs overtake what is queued, and nothing that has begun to leave: a pong goes out
//! between frames, in its order, in front of a Close, behind a 101.

use crate::support::{self, CLOSE, PING, PONG, SIDES, Side, TEXT, feed, frames, output, write};
use sockless::{Config, Connection, SendError};

#[test]
fn pongs_answer_in_order_and_leave_between_frames() {
    let mut server = Side::Server.open(Config::default());
    server.send_text("first").unwrap();
    server.send_text("second").unwrap();
    // The first frame has begun to leave.
    write(&mut server, 3);
    let pings = [Side::Client.frame(PING, b"1"), Side::Client.frame(PING, b"2")].concat();
    feed(&mut server, &pings);
    let rest = output(&mut server);
    let whole = [&support::frame(TEXT, b"first", None)[..3], &rest].concat();
    let sent: Vec<_> =
        frames(&whole).into_iter().map(|frame| (frame.first, frame.payload)).collect();
    let expected = [(TEXT, &b"first"[..]), (PONG, b"1"), (PONG, b"2"), (TEXT, b"second")];
    assert_eq!(sent, expected.map(|(first, payload)| (first, payload.to_vec())));
}

#[test]
fn a_pong_still_goes_before_a_close_that_has_not_begun_to_leave() {
    let mut server = Side::Server.open(Config::default());
    server.close(None).unwrap();
    feed(&mut server, &Side::Client.frame(PING, b"x"));
    let firsts: Vec<u8> = frames(&output(&mut server)).iter().map(|frame| frame.first).collect();
    assert_eq!(firsts, [PONG, CLOSE]);

    let mut server = Side::Server.open(Config::default());
    server.close(None).unwrap();
    write(&mut server, 1);
    feed(&mut server, &Side::Client.frame(PING, b"x"));
    assert_eq!(output(&mut server), [0]);
}

#[test]
fn a_pong_that_has_begun_to_leave_is_not_replaced() {
    let mut server = Side::Server.open(Config::default());
    let ping = |server: &mut Connection, tag| feed(server, &Side::Client.frame(PING, &[tag; 125]));
    for tag in 0..40 {
        ping(&mut server, tag);
    }
    // All but the last half of the last pong leaves; then our own pings fill the row.
    let n = server.queued() - 60;
    let mut wire = write(&mut server, n);
    for _ in 0..40 {
        server.ping(&[9; 125]).unwrap();
    }
    ping(&mut server, 200);
    wire.extend(output(&mut server));
    let sent = frames(&wire);
    assert_eq!(sent.iter().filter(|frame| frame.first == PING).count(), 40);
    assert_eq!(sent.last().unwrap().payload, [200; 125]);
}

/// Of a full row of pongs the last makes way for a shorter one: that is no byte less that the peer
/// has to take before it is sent more.
#[test]
fn a_pong_that_makes_way_leaves_the_queue_above_its_mark() {
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (0, 12 + 32 * 127 - 1);
    let mut server = Side::Server.open(config);
    server.send_binary(&[0; 10]).unwrap();
    for _ in 0..32 {
        assert!(!server.above_high_water());
        feed(&mut server, &Side::Client.frame(PING, &[1; 125]));
    }
    assert!(server.above_high_water());
    feed(&mut server, &Side::Client.frame(PING, &[2; 100]));
    assert_eq!(server.queued(), 12 + 31 * 127 + 102);
    assert!(server.above_high_water());
    output(&mut server);
    assert!(!server.above_high_water());
}

#[test]
fn no_pong_stands_inside_the_101() {
    let headers = [
        ("host", &b"a.example"[..]),
        ("upgrade", b"websocket"),
        ("connection", b"Upgrade"),
        ("sec-websocket-version", b"13"),
        ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for begun in [0, 5] {
        let request =
            sockless::server::Request::from_parts("GET", "/", (1, 1), headers, &Default::default())
                .unwrap();
        let mut connection = request.accept().open(Config::default());
        connection.send_text("first").unwrap();
        let mut wire = write(&mut connection, begun);
        feed(&mut connection, &Side::Client.frame(PING, b"x"));
        wire.extend(output(&mut connection));
        assert!(wire.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
        assert!(wire.ends_with(b"\r\n\r\n\x8a\x01x\x81\x05first"), "{}", wire.escape_ascii());
    }
}

/// It leaves as a ping does, and no answer to the peer's pings makes way for it. §5.5.3.
#[test]
fn a_pong_that_nobody_asked_for() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.send_text("behind").unwrap();
        connection.pong(b"alive").unwrap();
        assert_eq!(connection.pong(&[0; 126]), Err(SendError::PingTooLong));
        let sent = frames(&output(&mut connection));
        let sent: Vec<_> = sent.iter().map(|frame| (frame.first, &frame.payload[..])).collect();
        assert_eq!(sent, [(PONG, &b"alive"[..]), (TEXT, b"behind")]);

        connection.send_text("begun").unwrap();
        write(&mut connection, 1);
        for i in 0..200_u8 {
            feed(&mut connection, &side.other().frame(PING, &[i; 20]));
            connection.pong(b"alive").unwrap();
        }
        let wire = output(&mut connection);
        let answers =
            wire.windows(20).filter(|window| window.iter().all(|byte| *byte == window[0])).count();
        assert!(
            answers > 0 || side == Side::Client,
            "answers were replaced by pongs that nobody waits for"
        );

        connection.close(None).unwrap();
        assert_eq!(connection.pong(b""), Err(SendError::Closed));
    }
}
