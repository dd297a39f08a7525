//! The closing handshake, RFC 6455 §7, and the life cycle around it: every way a connection ends, and that `Closed` comes exactly once in each.

mod support;

use sockless::{Cause, CloseCode, CloseFrame, Closure, Config, Connection, Event, LifeCycle, SendError};
use support::{BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, eof, feed, frames, output};

fn open(side: Side) -> Connection {
    side.open(Config::default())
}

fn closed<'a>(events: &'a [Event<'static>]) -> &'a Closure {
    match events {
        [Event::Closed(closure)] => closure,
        other => panic!("{other:?}"),
    }
}

/// Code, reason, clean, cause.
fn told<'a>(events: &'a [Event<'static>]) -> (u16, &'a str, bool, Cause) {
    let closure = closed(events);
    (closure.code, &closure.reason, closure.clean, closure.cause)
}

/// The payloads of the Close frames that wait to be sent.
fn close_sent(connection: &mut Connection) -> Vec<Vec<u8>> {
    frames(&output(connection)).into_iter().filter(|frame| frame.first == CLOSE).map(|frame| frame.payload).collect()
}

/// From both Close frames to the end, as each role has to go it: §7.1.1.
fn goes_to_its_end(side: Side, connection: &mut Connection) {
    assert!(!connection.is_done() && !connection.wants_write());
    match side {
        Side::Server => {
            assert!(connection.wants_shutdown());
            connection.shutdown_done();
            assert!(connection.wants_read() && !connection.is_done(), "pongs may still come, and destroy our Close if nobody reads them");
            assert_eq!(feed(connection, &Side::Client.frame(PONG, b"")), []);
            assert_eq!(eof(connection), []);
            assert!(connection.is_done());
        }
        Side::Client => {
            assert!(!connection.wants_shutdown() && connection.wants_read(), "a client lets the server close first");
            assert_eq!(eof(connection), []);
            assert!(connection.wants_shutdown() && !connection.wants_read() && !connection.is_done());
            connection.shutdown_done();
            assert!(connection.is_done());
        }
    }
    assert!(!connection.wants_read() && !connection.wants_write() && !connection.wants_shutdown());
    assert_eq!(feed(connection, b"\x83 anything"), []);
}

#[test]
fn the_peer_closes() {
    for side in SIDES {
        for (body, code, reason) in
            [(&b""[..], 1005, ""), (b"\x03\xe8", 1000, ""), (b"\x03\xe9gone", 1001, "gone"), (b"\x13\x87\xe2\x82\xac", 4999, "€")]
        {
            let mut connection = open(side);
            let events = feed(&mut connection, &side.other().frame(CLOSE, body));
            assert_eq!(told(&events), (code, reason, true, Cause::Peer));
            assert_eq!(close_sent(&mut connection), [body], "code and reason are echoed");
            goes_to_its_end(side, &mut connection);
        }
    }
}

#[test]
fn every_code_that_may_be_sent_is_received_and_echoed() {
    for code in (1000..=1003).chain(1007..=1014).chain(3000..=4999_u16) {
        let mut server = open(Side::Server);
        let events = feed(&mut server, &Side::Client.frame(CLOSE, &code.to_be_bytes()));
        assert_eq!(told(&events), (code, "", true, Cause::Peer));
        assert_eq!(close_sent(&mut server), [code.to_be_bytes()]);
    }
}

#[test]
fn we_close() {
    for side in SIDES {
        for frame in [None, Some(CloseCode::NORMAL.into()), CloseFrame::new(CloseCode::AWAY, "later").ok()] {
            let mut connection = open(side);
            connection.close(frame).unwrap();
            let body = frame.map_or(Vec::new(), |frame| [&frame.code().get().to_be_bytes()[..], frame.reason().as_bytes()].concat());
            assert_eq!(close_sent(&mut connection), [body]);
            // The peer's messages still arrive until its Close, and its pings.
            assert!(!connection.wants_shutdown() && connection.wants_read() && !connection.is_done());
            let wire = [side.other().frame(TEXT, b"still here"), side.other().frame(PING, b"?")].concat();
            assert_eq!(feed(&mut connection, &wire), [Event::Text("still here".into()), Event::Ping(b"?".into())]);
            assert_eq!(output(&mut connection), b"", "nothing is sent behind our Close");
            let events = feed(&mut connection, &side.other().frame(CLOSE, b"\x03\xe8"));
            assert_eq!(told(&events), (1000, "", true, Cause::Local));
            assert_eq!(output(&mut connection), b"", "one Close is enough");
            goes_to_its_end(side, &mut connection);
        }
    }
}

#[test]
fn both_close_at_once() {
    let (mut server, mut client) = (open(Side::Server), open(Side::Client));
    server.close(Some(CloseCode::AWAY.into())).unwrap();
    client.close(Some(CloseCode::NORMAL.into())).unwrap();
    let (from_server, from_client) = (output(&mut server), output(&mut client));
    assert_eq!(told(&feed(&mut server, &from_client)), (1000, "", true, Cause::Local));
    assert_eq!(told(&feed(&mut client, &from_server)), (1001, "", true, Cause::Local));
    goes_to_its_end(Side::Server, &mut server);
    goes_to_its_end(Side::Client, &mut client);
}

#[test]
fn our_close_goes_behind_what_is_queued() {
    let mut server = open(Side::Server);
    server.send_text("one").unwrap();
    server.send_binary(vec![7; 100_000]).unwrap();
    server.close(None).unwrap();
    let firsts: Vec<u8> = frames(&output(&mut server)).iter().map(|frame| frame.first).collect();
    assert_eq!(firsts, [TEXT, BINARY, CLOSE]);
}

#[test]
fn a_close_in_the_middle_of_a_fragmented_message() {
    for side in SIDES {
        let peer = side.other();
        let mut connection = open(side);
        let wire = [peer.frame(TEXT & MORE, b"never "), peer.frame(CLOSE, b"\x03\xe8"), peer.frame(CONTINUATION, b"finished")].concat();
        assert_eq!(told(&feed(&mut connection, &wire)), (1000, "", true, Cause::Peer));
        assert_eq!(close_sent(&mut connection), [b"\x03\xe8"]);
        goes_to_its_end(side, &mut connection);
    }
}

#[test]
fn an_end_of_stream_before_close_is_not_clean() {
    for side in SIDES {
        let peer = side.other();
        for before in [
            vec![],
            peer.frame(TEXT & MORE, b"half"),
            peer.frame(TEXT, b"whole")[..4].to_vec(),
            peer.frame(CLOSE, b"\x03\xe8")[..3].to_vec(),
        ] {
            let mut connection = open(side);
            assert_eq!(feed(&mut connection, &before), []);
            assert_eq!(told(&eof(&mut connection)), (1006, "", false, Cause::Eof));
            assert_eq!(connection.send_text("x"), Err(SendError::Closed));
            assert!(!connection.wants_read() && connection.wants_shutdown() && !connection.is_done());
            connection.shutdown_done();
            assert!(connection.is_done());
        }
    }
}

#[test]
fn what_is_queued_at_an_end_of_stream_can_still_be_sent() {
    let mut server = open(Side::Server);
    server.send_text("queued").unwrap();
    assert_eq!(told(&eof(&mut server)), (1006, "", false, Cause::Eof));
    assert!(!server.wants_shutdown() && !server.is_done());
    assert_eq!(output(&mut server), support::frame(TEXT, b"queued", None));
    assert!(server.wants_shutdown());
}

#[test]
fn a_close_and_an_end_of_stream_together_are_clean() {
    for side in SIDES {
        let mut connection = open(side);
        assert_eq!(told(&feed(&mut connection, &side.other().frame(CLOSE, b"\x03\xe8"))), (1000, "", true, Cause::Peer));
        assert_eq!(eof(&mut connection), []);
        // The peer may have closed its half only: the answer is still sent.
        assert_eq!(close_sent(&mut connection), [b"\x03\xe8"]);
        assert!(connection.wants_shutdown() && !connection.is_done());
        connection.shutdown_done();
        assert!(connection.is_done());
    }
}

#[test]
fn an_end_of_stream_while_our_close_waits_for_its_answer() {
    for side in SIDES {
        let mut connection = open(side);
        connection.close(None).unwrap();
        output(&mut connection);
        assert_eq!(told(&eof(&mut connection)), (1006, "", false, Cause::Eof));
        assert!(connection.wants_shutdown());
        connection.shutdown_done();
        assert!(connection.is_done());
    }
}

#[test]
fn a_transport_that_fails_ends_it_at_once() {
    for side in SIDES {
        let mut connection = open(side);
        connection.send_text("never leaves").unwrap();
        connection.handle_error();
        assert!(!connection.wants_write() && !connection.wants_read() && !connection.is_done(), "Closed was not told yet");
        assert_eq!(told(&feed(&mut connection, b"")), (1006, "", false, Cause::Eof));
        assert!(connection.is_done() && !connection.wants_shutdown());
        assert_eq!(connection.send_text("x"), Err(SendError::Closed));

        // After Closed nothing more is told.
        let mut connection = open(side);
        closed(&feed(&mut connection, &side.other().frame(CLOSE, b"")));
        connection.handle_error();
        assert_eq!(feed(&mut connection, b""), []);
        assert!(connection.is_done() && !connection.wants_write());
    }
}

/// The peer said goodbye and left before it took what we sent: what it said is told.
#[test]
fn a_write_that_fails_does_not_keep_what_was_sent_from_being_read() {
    for side in SIDES {
        let peer = side.other();
        let mut connection = open(side);
        connection.send_text("never leaves").unwrap();
        connection.ping(b"nor does this").unwrap();
        connection.handle_write_error();
        assert!(!connection.wants_write() && !connection.wants_shutdown() && connection.wants_read() && !connection.is_done());
        assert_eq!((connection.queued(), connection.is_open()), (0, false));
        for refused in [connection.send_text("x"), connection.ping(b""), connection.close(None), connection.begin(sockless::Kind::Text)] {
            assert_eq!(refused, Err(SendError::Closed));
        }
        let read = [peer.frame(TEXT, b"before"), peer.frame(PING, b"?"), peer.frame(CLOSE, b"\x03\xf1too big")].concat();
        let events = feed(&mut connection, &read);
        assert_eq!(events[..2], [Event::Text("before".into()), Event::Ping(b"?".into())]);
        assert_eq!(told(&events[2..]), (1009, "too big", false, Cause::Peer));
        assert!(!connection.wants_write() && !connection.wants_shutdown() && connection.wants_read() && !connection.is_done());
        assert_eq!(eof(&mut connection), []);
        assert!(connection.is_done());

        // It says nothing more, or something wrong: the connection is lost all the same.
        let mut connection = open(side);
        connection.handle_write_error();
        assert_eq!(told(&eof(&mut connection)), (1006, "", false, Cause::Eof));
        assert!(connection.is_done() && !connection.wants_write());
        let mut connection = open(side);
        connection.handle_write_error();
        assert!(matches!(closed(&feed(&mut connection, b"\x83")).cause, Cause::Violation(_)));
        assert!(!connection.wants_write());

        // Our Close was queued, and did not leave.
        let mut connection = open(side);
        connection.close(None).unwrap();
        connection.handle_write_error();
        assert_eq!(told(&feed(&mut connection, &peer.frame(CLOSE, b"\x03\xe8"))), (1000, "", false, Cause::Local));
        assert!(!connection.wants_write() && !connection.wants_shutdown());

        // After Closed nothing more is told, and nothing more is waited for than the end of stream.
        let mut connection = open(side);
        closed(&feed(&mut connection, &peer.frame(CLOSE, b"")));
        connection.handle_write_error();
        assert_eq!(feed(&mut connection, b""), []);
        assert!(!connection.wants_write() && connection.wants_read() && !connection.is_done());
        assert_eq!(eof(&mut connection), []);
        assert!(connection.is_done());
    }
}

#[test]
fn a_failed_connection_discards_within_its_bound() {
    for side in SIDES {
        let mut config = Config::default();
        config.max_discard = 1000;
        let mut connection = side.open(config);
        closed(&feed(&mut connection, b"\x83"));
        output(&mut connection);
        connection.shutdown_done();
        for _ in 0..9 {
            assert_eq!(feed(&mut connection, &[0; 100]), []);
            assert!(!connection.is_done() && connection.wants_read());
        }
        assert_eq!(feed(&mut connection, &[0; 99]), []);
        assert!(connection.is_done() && !connection.wants_read());
    }
}

#[test]
fn what_comes_in_the_same_read_as_the_violation_counts() {
    for side in SIDES {
        for wire in [&[0x83; 1000][..], &[&side.other().frame(TEXT, b"\xff")[..], &[0; 1000]].concat()] {
            let mut config = Config::default();
            config.max_discard = 900;
            let mut connection = side.open(config);
            closed(&feed(&mut connection, wire));
            assert!(!connection.wants_read());
        }
    }
}

#[test]
fn a_shutdown_that_was_not_wanted_is_none() {
    for side in SIDES {
        let mut connection = open(side);
        connection.shutdown_done();
        connection.send_text("still open").unwrap();
        closed(&feed(&mut connection, &side.other().frame(CLOSE, b"")));
        connection.shutdown_done();
        assert!(!connection.is_done() && connection.wants_write(), "the answer was not written");
        output(&mut connection);
        goes_to_its_end(side, &mut connection);
    }
}

#[test]
fn the_bound_on_what_is_discarded_holds_while_the_answer_waits_too() {
    for side in SIDES {
        let mut config = Config::default();
        config.max_discard = 1000;
        let mut connection = side.open(config);
        closed(&feed(&mut connection, b"\x83"));
        assert_eq!(feed(&mut connection, &[0; 999]), []);
        assert!(!connection.wants_read() && connection.wants_write(), "a peer that sends for ever and reads nothing");
        output(&mut connection);
        assert!(connection.wants_shutdown());
        connection.shutdown_done();
        assert!(connection.is_done());
    }
}

#[test]
fn a_server_that_never_closes_does_not_hold_a_client_for_ever() {
    let mut config = Config::default();
    config.max_discard = 10;
    let mut client = Side::Client.open(config);
    client.close(None).unwrap();
    output(&mut client);
    closed(&feed(&mut client, &Side::Server.frame(CLOSE, b"")));
    assert_eq!(feed(&mut client, &[0; 10]), []);
    assert!(client.wants_shutdown());
    client.shutdown_done();
    assert!(client.is_done());
}

#[test]
fn a_client_that_never_closes_does_not_hold_a_server_for_ever() {
    let mut config = Config::default();
    config.max_discard = 10;
    let mut server = Side::Server.open(config);
    closed(&feed(&mut server, &Side::Client.frame(CLOSE, b"")));
    output(&mut server);
    server.shutdown_done();
    assert_eq!(feed(&mut server, &[0; 9]), []);
    assert!(server.wants_read() && !server.is_done());
    assert_eq!(feed(&mut server, &[0; 1]), []);
    assert!(server.is_done());
}

#[test]
fn closing_twice_is_refused_and_changes_nothing() {
    for side in SIDES {
        let mut connection = open(side);
        connection.close(Some(CloseCode::NORMAL.into())).unwrap();
        for _ in 0..2 {
            assert_eq!(connection.close(Some(CloseCode::AWAY.into())), Err(SendError::Closed));
            assert_eq!(connection.send_binary(b"x"), Err(SendError::Closed));
            assert_eq!(connection.ping(b"x"), Err(SendError::Closed));
        }
        assert_eq!(close_sent(&mut connection), [b"\x03\xe8"]);
    }
}

/// Every order of a few calls, to some depth: no panic, `Closed` at most once, and a peer that is patient gets us done.
#[test]
fn every_order_of_calls_ends_with_one_closed() {
    const STEPS: usize = 12;
    const DEPTH: u32 = 4;
    for side in SIDES {
        let peer = side.other();
        for history in 0..STEPS.pow(DEPTH) {
            let mut connection = open(side);
            let mut events = Vec::new();
            for place in 0..DEPTH {
                match history / STEPS.pow(place) % STEPS {
                    0 => drop(connection.send_text("x")),
                    1 => drop(connection.ping(b"x")),
                    2 => drop(connection.close(None)),
                    3 => events.extend(feed(&mut connection, &peer.frame(TEXT & MORE, b"a"))),
                    4 => events.extend(feed(&mut connection, &peer.frame(CONTINUATION, b"b"))),
                    5 => events.extend(feed(&mut connection, &peer.frame(CLOSE, b"\x03\xe8"))),
                    6 => events.extend(feed(&mut connection, b"\x83")),
                    7 => connection.handle_eof(),
                    8 => connection.handle_error(),
                    9 => connection.shutdown_done(),
                    10 => {
                        connection.handle_write_error();
                        assert!(!connection.wants_write() && !connection.is_open());
                    }
                    _ => drop(output(&mut connection)),
                }
            }
            // A patient end: everything is written, the peer's end of stream comes.
            events.extend(feed(&mut connection, b""));
            events.extend(eof(&mut connection));
            output(&mut connection);
            if connection.wants_shutdown() {
                connection.shutdown_done();
            }
            assert!(connection.is_done(), "{side:?}, history {history}: {connection:?}");
            let closures = events.iter().filter(|event| matches!(event, Event::Closed(_))).count();
            assert_eq!(closures, 1, "{side:?}, history {history}: {events:?}");
            assert!(matches!(events.last(), Some(Event::Closed(_))));
        }
    }
}
