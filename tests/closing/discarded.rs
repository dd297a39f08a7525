//! What comes behind the end is thrown away, and only so much of it: `Config::max_discard` holds to
//! the byte, in each role, so that no peer holds a connection by sending for ever.

use crate::closing::closed;
use crate::support::{CLOSE, SIDES, Side, TEXT, feed, output};
use sockless::Config;

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
        for wire in
            [&[0x83; 1000][..], &[&side.other().frame(TEXT, b"\xff")[..], &[0; 1000]].concat()]
        {
            let mut config = Config::default();
            config.max_discard = 900;
            let mut connection = side.open(config);
            closed(&feed(&mut connection, wire));
            assert!(!connection.wants_read());
        }
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
        assert!(
            !connection.wants_read() && connection.wants_write(),
            "a peer that sends for ever and reads nothing"
        );
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
