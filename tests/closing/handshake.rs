//! Closing with Close frames: either side's, or both at once, with any code and reason, behind what
//! is queued and in the middle of what comes; one from each side, and each role goes to its end
//! from there.

use crate::closing::{close_sent, closed, goes_to_its_end, open, told};
use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, Side, TEXT, feed, frames, output,
};
use sockless::{Cause, CloseCode, CloseFrame, Event, SendError};

#[test]
fn the_peer_closes() {
    for side in SIDES {
        for (body, code, reason) in [
            (&b""[..], 1005, ""),
            (b"\x03\xe8", 1000, ""),
            (b"\x03\xe9gone", 1001, "gone"),
            (b"\x13\x87\xe2\x82\xac", 4999, "€"),
        ] {
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
        for frame in
            [None, Some(CloseCode::NORMAL.into()), CloseFrame::new(CloseCode::AWAY, "later").ok()]
        {
            let mut connection = open(side);
            connection.close(frame).unwrap();
            let body = frame.map_or(Vec::new(), |frame| {
                [&frame.code().get().to_be_bytes()[..], frame.reason().as_bytes()].concat()
            });
            assert_eq!(close_sent(&mut connection), [body]);
            // The peer's messages still arrive until its Close, and its pings.
            assert!(
                !connection.wants_shutdown() && connection.wants_read() && !connection.is_done()
            );
            let wire =
                [side.other().frame(TEXT, b"still here"), side.other().frame(PING, b"?")].concat();
            assert_eq!(
                feed(&mut connection, &wire),
                [Event::Text("still here".into()), Event::Ping(b"?".into())]
            );
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
        let wire = [
            peer.frame(TEXT & MORE, b"never "),
            peer.frame(CLOSE, b"\x03\xe8"),
            peer.frame(CONTINUATION, b"finished"),
        ]
        .concat();
        assert_eq!(told(&feed(&mut connection, &wire)), (1000, "", true, Cause::Peer));
        assert_eq!(close_sent(&mut connection), [b"\x03\xe8"]);
        goes_to_its_end(side, &mut connection);
    }
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
