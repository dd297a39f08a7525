//! The chat example's own tests. They are run from here because Cargo builds an example either to
//! be tested or to be started, and `tests/crowd` starts it.
#![allow(dead_code)]

#[path = "../examples/chat/args.rs"]
mod args;
#[path = "../examples/chat/invisible.rs"]
mod invisible;
#[path = "../examples/chat/pump.rs"]
mod pump;
#[path = "../examples/chat/room/mod.rs"]
mod room;
#[path = "../examples/chat/stats.rs"]
mod stats;
#[path = "../examples/chat/timers.rs"]
mod timers;

use mio::{Events, Interest, Poll, Token};
use pump::{Link, Pumped, pump};
use sockless::{Config, Connection, Event, Extensions, Workspace};
use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// A connection that is over as soon as it has shut down is dropped in that turn. On Linux an event
/// comes when both ends have shut down; where none does, the socket would be kept until a timer.
#[test]
fn a_turn_that_shuts_down_last_ends_the_connection() {
    // Close, 1000, masked with zeros; or not a word.
    ends_in_time(b"\x88\x82\0\0\0\0\x03\xe8");
    ends_in_time(b"");
}

/// The peer says this and shuts down.
fn ends_in_time(said: &[u8]) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = listener.accept().unwrap().0;
    peer.write_all(said).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();

    server.set_nonblocking(true).unwrap();
    let mut link = Link::new(mio::net::TcpStream::from_std(server));
    let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(4));
    poll.registry()
        .register(&mut link.socket, Token(0), Interest::READABLE | Interest::WRITABLE)
        .unwrap();
    let mut connection = Connection::server(Extensions::default(), Config::default());
    let mut workspace = Workspace::new(1024, 1024);
    let (mut steps, mut closed) = (Vec::new(), false);
    while steps.len() < 10 && steps.last() != Some(&Pumped::Done) {
        // As long as it says that it waits for the socket; each wait is one of the steps.
        if steps.last().is_none_or(|last| *last == Pumped::Blocked) {
            poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
            events.iter().for_each(|event| link.ready(event));
        }
        let mut turn = workspace.turn(&mut connection);
        let step = pump(&mut turn, &mut link);
        let (connection, mut input) = turn.received(0);
        while let Some(event) = connection.poll(&mut input) {
            closed |= matches!(event, Event::Closed(_));
        }
        steps.push(step);
    }
    // `Closed` is told, and then it shuts down, sees the end of the stream and is done.
    assert!(closed && steps.ends_with(&[Pumped::Poll, Pumped::Done]), "{steps:?}");
}
