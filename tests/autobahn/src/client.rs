//! The driver client under test: it asks the suite's server for one case after the other, each on a connection of its own, and echoes.

use crate::Failure;
use crate::args::Driver;
use crate::blocking;
use crate::polling::{Link, Turn};
use crate::suite::{AGENT, News};
use crate::talk::{Client, Pace, Task};
use mio::{Events, Interest, Poll, Token};
use sockless::Seed;
use sockless::client::{Handshake, Request};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// Runs all cases on a thread of its own. Where it fails, it tells the suite's listener.
pub(crate) fn start(driver: Driver, pace: Pace, port: u16, news: Sender<News>) {
    thread::spawn(move || {
        let panicked = |_| Err("the client panicked".into());
        if let Err(failure) = thread::spawn(move || run(driver, pace, port)).join().unwrap_or_else(panicked) {
            let _ = news.send(News::Failed(failure)); // Nobody listens any more when the suite ended first.
        }
    });
}

fn run(driver: Driver, pace: Pace, port: u16) -> Result<(), Failure> {
    let call = |target: &str, task| call(driver, pace, port, target, task);
    let count = call("/getCaseCount", Task::Listen(None))?.ok_or("the suite does not tell how many cases it has")?;
    for case in 1..=count.parse::<usize>()? {
        call(&format!("/runCase?case={case}&agent={AGENT}"), Task::Echo)?;
    }
    // The suite ends when it has written its reports.
    call(&format!("/updateReports?agent={AGENT}&shutdownOnComplete=true"), Task::Listen(None))?;
    Ok(())
}

/// One connection, from its beginning to its end.
fn call(driver: Driver, pace: Pace, port: u16, target: &str, task: Task) -> Result<Option<String>, Failure> {
    let request = Request::new(&format!("ws://127.0.0.1:{port}{target}"))?;
    let mut client = Client::new(Handshake::new(request, Seed::random()?), pace, task);
    let stream = connect(port)?;
    match driver {
        Driver::Blocking => blocking::run(stream, &mut client, &pace),
        Driver::Poll => client = poll(stream, client, pace)?,
    }
    client.into_answer()
}

/// The suite tells of its cases a moment before it listens.
fn connect(port: u16) -> io::Result<TcpStream> {
    let from = Instant::now();
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused && from.elapsed() < Duration::from_secs(10) => {
                thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

fn poll(stream: TcpStream, client: Client, pace: Pace) -> io::Result<Client> {
    stream.set_nonblocking(true)?;
    let mut link = Link::new(mio::net::TcpStream::from_std(stream), client, pace);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut link.socket, Token(0), Interest::READABLE | Interest::WRITABLE)?;
    let mut events = Events::with_capacity(4);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            link.ready(event);
        }
        if link.turn() == Turn::Done {
            return Ok(link.talk);
        }
    }
}
