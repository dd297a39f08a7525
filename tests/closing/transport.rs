//! A transport that ends or fails, before, during and behind the closing handshake: what can still
//! be sent is, what can still be read is told, and nothing is clean for which a Close frame is
//! missing.

use crate::closing::{close_sent, closed, open, told};
use crate::support::{self, CLOSE, MORE, PING, SIDES, Side, TEXT, eof, feed, output};
use sockless::{Cause, Event, SendError};

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
            assert!(
                !connection.wants_read() && connection.wants_shutdown() && !connection.is_done()
            );
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
        assert_eq!(
            told(&feed(&mut connection, &side.other().frame(CLOSE, b"\x03\xe8"))),
            (1000, "", true, Cause::Peer)
        );
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
        assert!(
            !connection.wants_write() && !connection.wants_read() && !connection.is_done(),
            "Closed was not told yet"
        );
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
        assert!(
            !connection.wants_write()
                && !connection.wants_shutdown()
                && connection.wants_read()
                && !connection.is_done()
        );
        assert_eq!((connection.queued(), connection.is_open()), (0, false));
        for refused in [
            connection.send_text("x"),
            connection.ping(b""),
            connection.close(None),
            connection.begin_message(sockless::MessageKind::Text),
        ] {
            assert_eq!(refused, Err(SendError::Closed));
        }
        let read = [
            peer.frame(TEXT, b"before"),
            peer.frame(PING, b"?"),
            peer.frame(CLOSE, b"\x03\xf1too big"),
        ]
        .concat();
        let events = feed(&mut connection, &read);
        assert_eq!(events[..2], [Event::Text("before".into()), Event::Ping(b"?".into())]);
        assert_eq!(told(&events[2..]), (1009, "too big", false, Cause::Peer));
        assert!(
            !connection.wants_write()
                && !connection.wants_shutdown()
                && connection.wants_read()
                && !connection.is_done()
        );
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
        assert_eq!(
            told(&feed(&mut connection, &peer.frame(CLOSE, b"\x03\xe8"))),
            (1000, "", false, Cause::Local)
        );
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
