//! The driver client under test: it asks the suite's server for one case after the other, each on a
//! connection of its own, and echoes.

use crate::Failure;
use crate::args::Driver;
use crate::blocking;
use crate::peer::{Peer, Running};
use crate::polling::Link;
use crate::suite::News;
use crate::talk::{Client, Pace, Task};
use mio::{Events, Interest, Poll, Token};
use sockless::client::{Handshake, Request};
use sockless::deflate::Offer;
use sockless::{Seed, Workspace};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// The suite's server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suite {
    pub(crate) port: u16,
    /// What it is to call the client.
    pub(crate) agent: &'static str,
    pub(crate) cases: usize,
}

/// Runs all cases on a thread of its own. Where it fails, it tells the suite's listener.
pub(crate) fn start(driver: Driver, pace: Pace, suite: Suite, news: Sender<News>) {
    thread::spawn(move || {
        let panicked = |_| Err("the client panicked".into());
        if let Err(failure) =
            thread::spawn(move || run(driver, &pace, suite)).join().unwrap_or_else(panicked)
        {
            let _ = news.send(News::Failed(failure)); // Nobody listens any more when the suite ended first.
        }
    });
}

/// The same, by another implementation.
pub(crate) fn start_peer(
    peer: Peer,
    pace: Pace,
    suite: Suite,
    news: Sender<News>,
) -> Result<Running, Failure> {
    drop(connect(suite.port)?);
    let url = format!("ws://127.0.0.1:{}/runCase?agent={}&case=", suite.port, suite.agent);
    let running = peer.start(&["client", &url, &suite.cases.to_string()])?;
    let watched = running.clone();
    thread::spawn(move || {
        let ended = || -> Result<(), Failure> {
            while !watched.ended()? {
                thread::sleep(Duration::from_millis(20));
            }
            finish(Driver::Blocking, &pace, suite)
        };
        if let Err(failure) = ended() {
            let _ = news.send(News::Failed(failure));
        }
    });
    Ok(running)
}

fn run(driver: Driver, pace: &Pace, suite: Suite) -> Result<(), Failure> {
    let Suite { port, agent, cases } = suite;
    let count = call(driver, pace, port, "/getCaseCount", Task::Listen(None))?;
    if count.as_deref() != Some(&*cases.to_string()) {
        return Err(format!("the suite has {cases} cases and tells of {count:?}").into());
    }
    for case in 1..=cases {
        call(driver, pace, port, &format!("/runCase?agent={agent}&case={case}"), Task::Echo)?;
    }
    finish(driver, pace, suite)
}

/// Lets the suite write its reports, after which it ends.
fn finish(driver: Driver, pace: &Pace, suite: Suite) -> Result<(), Failure> {
    let target = format!("/updateReports?agent={}&shutdownOnComplete=true", suite.agent);
    // It may end before it answers. If it does not end at all, its listener tells.
    let _ = call(driver, pace, suite.port, &target, Task::Listen(None));
    Ok(())
}

/// One connection, from its beginning to its end.
fn call(
    driver: Driver,
    pace: &Pace,
    port: u16,
    target: &str,
    task: Task,
) -> Result<Option<String>, Failure> {
    // The suite's server chooses the parameters of its cases itself, and this offer, that of
    // browsers, leaves it all of them.
    let request =
        Request::new(&format!("ws://127.0.0.1:{port}{target}"))?.deflate(Offer::default());
    let mut client = Client::new(Handshake::new(request, Seed::random()?), pace.clone(), task);
    let stream = connect(port)?;
    match driver {
        Driver::Blocking => blocking::run(stream, &mut client, pace),
        Driver::Poll => client = poll(stream, client, pace)?,
    }
    client.into_answer()
}

/// The suite tells of its cases a moment before it listens.
fn connect(port: u16) -> io::Result<TcpStream> {
    let from = Instant::now();
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Err(error)
                if error.kind() == ErrorKind::ConnectionRefused
                    && from.elapsed() < Duration::from_secs(10) =>
            {
                thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

fn poll(stream: TcpStream, client: Client, pace: &Pace) -> io::Result<Client> {
    stream.set_nonblocking(true)?;
    let mut link = Link::new(mio::net::TcpStream::from_std(stream), client, pace);
    let mut poll = Poll::new()?;
    poll.registry().register(
        &mut link.line.socket,
        Token(0),
        Interest::READABLE | Interest::WRITABLE,
    )?;
    let mut events = Events::with_capacity(4);
    let mut workspace = Workspace::default();
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            link.ready(event);
        }
        if link.turn(&mut workspace) {
            return Ok(link.talk);
        }
    }
}
