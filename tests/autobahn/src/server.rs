//! The echo server under test.

use crate::args::Driver;
use crate::blocking;
use crate::polling::Link;
use crate::talk::{Pace, Server};
use mio::{Events, Interest, Poll, Token};
use sockless::Workspace;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

/// Listens on a free port and serves until the program ends.
pub(crate) fn start(driver: Driver, pace: Pace) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        let result = match driver {
            Driver::Blocking => a_thread_each(&listener, &pace),
            Driver::Poll => one_loop(listener, &pace),
        };
        if let Err(error) = result {
            eprintln!("autobahn: the echo server stopped: {error}");
        }
    });
    Ok(port)
}

fn a_thread_each(listener: &TcpListener, pace: &Pace) -> io::Result<()> {
    for stream in listener.incoming() {
        let (stream, pace) = (stream?, pace.clone());
        thread::spawn(move || blocking::run(stream, &mut Server::new(pace.clone()), &pace));
    }
    Ok(())
}

fn one_loop(listener: TcpListener, pace: &Pace) -> io::Result<()> {
    const LISTENER: Token = Token(0);
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut links = BTreeMap::new();
    let mut workspace = Workspace::default();
    // Numbers are given once and never again: an event that was on its way when its connection
    // ended finds nobody.
    let mut next = LISTENER.0 + 1;
    let mut events = Events::with_capacity(64);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Some(mut socket) = accept(&listener)? {
                    poll.registry().register(
                        &mut socket,
                        Token(next),
                        Interest::READABLE | Interest::WRITABLE,
                    )?;
                    links.insert(next, Link::new(socket, Server::new(pace.clone()), pace));
                    next += 1;
                }
            } else if let Some(link) = links.get_mut(&event.token().0) {
                link.ready(event);
                if link.turn(&mut workspace) {
                    links.remove(&event.token().0);
                }
            }
        }
    }
}

/// `None` when nobody waits.
fn accept(listener: &mio::net::TcpListener) -> io::Result<Option<mio::net::TcpStream>> {
    loop {
        match listener.accept() {
            Ok((socket, _)) => return Ok(Some(socket)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
