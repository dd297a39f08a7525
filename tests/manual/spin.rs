//! A loop that pushes back waits: no step says "poll" for what is not polled above the mark.

use sockless::{Config, Connection, Event, Extensions, Step, Workspace};

#[test]
fn above_the_mark_bytes_that_were_left_are_no_reason_to_poll() {
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (10, 100);
    let mut connection = Connection::server(Extensions::default(), config);
    let mut workspace = Workspace::default();
    let mut turn = workspace.turn(&mut connection);
    let two = [&b"\x81\x82\0\0\0\0hi"[..]; 2].concat();
    turn.read_buf()[..two.len()].copy_from_slice(&two);
    let (connection, mut input) = turn.received(two.len());
    assert_eq!(connection.poll(&mut input), Some(Event::Text("hi".into())));
    connection.send_binary(vec![0; 200]).unwrap();
    drop(input);
    assert_eq!(turn.step(false), Step::Wait);
    assert!(turn.endpoint().above_high_water());
    assert_eq!(turn.step(false), Step::Wait, "as a heartbeat looks at it");
}

/// Nobody would be told that it has ended, if a loop that pushes back did not poll.
#[test]
fn above_the_mark_an_end_is_polled_for() {
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (10, 100);
    let mut connection = Connection::server(Extensions::default(), config);
    let mut workspace = Workspace::default();
    let mut turn = workspace.turn(&mut connection);
    turn.endpoint().send_binary(vec![0; 200]).unwrap();
    assert!(turn.endpoint().above_high_water());
    turn.endpoint().handle_eof();
    assert_eq!(turn.step(false), Step::Poll);
    let (connection, mut input) = turn.received(0);
    assert!(!connection.above_high_water());
    assert!(matches!(connection.poll(&mut input), Some(Event::Closed(_))));
}
