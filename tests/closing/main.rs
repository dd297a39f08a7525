//! The closing handshake, RFC 6455 §7, and the life cycle around it: every way a connection ends,
//! and that `Closed` comes exactly once in each.
//!
//! [`handshake`] closes it with Close frames, [`transport`] takes the stream away from it,
//! [`discarded`] goes on sending behind its end; here stands every order of a few calls.

mod discarded;
mod handshake;
mod transport;

use crate::support::{
    CLOSE, CONTINUATION, MORE, PONG, SIDES, Side, TEXT, eof, feed, frames, output,
};
use sockless::{Cause, CloseEvent, Config, Connection, Event};

fn open(side: Side) -> Connection {
    side.open(Config::default())
}

fn closed<'a>(events: &'a [Event<'static>]) -> &'a CloseEvent {
    match events {
        [Event::Closed(close_event)] => close_event,
        other => panic!("{other:?}"),
    }
}

/// Code, reason, clean, cause.
fn told<'a>(events: &'a [Event<'static>]) -> (u16, &'a str, bool, Cause) {
    let close_event = closed(events);
    (close_event.code, &close_event.reason, close_event.clean, close_event.cause)
}

/// The payloads of the Close frames that wait to be sent.
fn close_sent(connection: &mut Connection) -> Vec<Vec<u8>> {
    frames(&output(connection))
        .into_iter()
        .filter(|frame| frame.first == CLOSE)
        .map(|frame| frame.payload)
        .collect()
}

/// From both Close frames to the end, as each role has to go it: §7.1.1.
fn goes_to_its_end(side: Side, connection: &mut Connection) {
    assert!(!connection.is_done() && !connection.wants_write());
    match side {
        Side::Server => {
            assert!(connection.wants_shutdown());
            connection.shutdown_done();
            assert!(
                connection.wants_read() && !connection.is_done(),
                "pongs may still come, and destroy our Close if nobody reads them"
            );
            assert_eq!(feed(connection, &Side::Client.frame(PONG, b"")), []);
            assert_eq!(eof(connection), []);
            assert!(connection.is_done());
        }
        Side::Client => {
            assert!(
                !connection.wants_shutdown() && connection.wants_read(),
                "a client lets the server close first"
            );
            assert_eq!(eof(connection), []);
            assert!(
                connection.wants_shutdown() && !connection.wants_read() && !connection.is_done()
            );
            connection.shutdown_done();
            assert!(connection.is_done());
        }
    }
    assert!(!connection.wants_read() && !connection.wants_write() && !connection.wants_shutdown());
    assert_eq!(feed(connection, b"\x83 anything"), []);
}

/// Every order of a few calls, to some depth: no panic, `Closed` at most once, and a peer that is
/// patient gets us done.
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
