//! A client that blocks, by the same loop as the blocking server.

use crate::blocking::{next, run};
use sockless::client::{Handshake, Outcome, Request};
use sockless::{CloseEvent, Connection, Event, Seed, Workspace};
use std::net::TcpStream;

/// What it got, and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) texts: Vec<String>,
    pub(crate) closed: Vec<CloseEvent>,
}

impl Seen {
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(text) => self.texts.push(text.to_string()),
            Event::Closed(close_event) => self.closed.push(close_event.clone()),
            _ => {}
        }
    }
}

/// Opens a connection, sends the texts, and hears what comes until the end; `close`: when it has
/// got as many texts as it sent, it closes.
pub(crate) fn talk(stream: &TcpStream, texts: &[&str], close: bool) -> Seen {
    let (mut seen, mut workspace) = (Seen::default(), Workspace::default());
    let mut connection = open(stream, &mut workspace);
    for text in texts {
        connection.send_text(*text).unwrap();
    }
    run(stream, &mut workspace, connection, |connection, event| {
        seen.take(&event);
        if close && seen.texts.len() == texts.len() && connection.is_open() {
            connection.close(None).unwrap();
        }
    });
    seen
}

pub(crate) fn open(stream: &TcpStream, workspace: &mut Workspace) -> Connection {
    let request = Request::new("ws://127.0.0.1/").unwrap();
    let mut handshake = Handshake::new(request, Seed::new([7; 32]));
    let mut turn = workspace.turn(&mut handshake);
    loop {
        assert!(next(stream, &mut turn, &mut |_| None), "an outcome");
        let (handshake, mut input) = turn.received(0);
        match handshake.poll(&mut input) {
            Some(Outcome::Open(accepted)) => return accepted.open(sockless::Config::default()),
            None => {}
            other => panic!("{other:?}"),
        }
    }
}
