//! The clients: sockless's own, in one thread over epoll.

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use sockless::client::{Handshake, Outcome, Request};
use sockless::deflate::Offer;
use sockless::{Config, Connection, Endpoint, Event, Input, Seed};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

/// For all to have done what they shall.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many begin something before the others get a turn: more at once than the listener's queue
/// holds would wait for a second.
const AT_ONCE: usize = 128;

/// What one says who has not joined is answered with these words …
const ANSWER: &str = "refused order";

/// … so what makes 1 KiB is pongs: so many, each of as much as a pong can hold.
const PINGS: usize = 9;

/// Clients on one server.
#[derive(Debug)]
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Client {
    socket: TcpStream,
    stage: Stage,
    /// Whether compression shall be agreed on.
    compresses: bool,
    answers: usize,
    pongs: usize,
}

#[derive(Debug)]
enum Stage {
    Asking(Box<Handshake>),
    Open(Box<Connection>),
    /// Closed cleanly, and the socket gone too.
    Over,
}

impl Crowd {
    /// So many, with the handshake behind them.
    pub(crate) fn open(url: &str, compresses: bool, clients: u32) -> io::Result<Self> {
        let mut request = Request::new(url).map_err(io::Error::other)?;
        if compresses {
            request = request.deflate(Offer::default());
        }
        let mut crowd = Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            clients: Vec::new(),
            scratch: vec![0; 64 << 10],
        };
        for index in 0..clients as usize {
            let socket = std::net::TcpStream::connect((request.host(), request.port()))?;
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            let mut socket = TcpStream::from_std(socket);
            crowd.poll.registry().register(
                &mut socket,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&(index as u64).to_ne_bytes());
            let handshake = Handshake::new(request.clone(), Seed::new(seed));
            let mut client = Client {
                socket,
                stage: Stage::Asking(Box::new(handshake)),
                compresses,
                answers: 0,
                pongs: 0,
            };
            client.turn(&mut crowd.scratch)?;
            crowd.clients.push(client);
            if index % AT_ONCE == 0 {
                crowd.wait("opened", |client| matches!(client.stage, Stage::Open(_)))?;
            }
        }
        crowd.wait("opened", |client| matches!(client.stage, Stage::Open(_)))?;
        Ok(crowd)
    }

    /// Each says a message of 1 KiB, and hears as much.
    pub(crate) fn talk(&mut self) -> io::Result<()> {
        let text = "a word ".repeat(147)[..1024].to_owned();
        self.each(
            "answered",
            |client| (client.answers, client.pongs) == (1, PINGS),
            |connection| {
                connection.send_text(&text)?;
                (0..PINGS).try_for_each(|_| connection.ping(&[b'?'; 125]))
            },
        )
    }

    /// All say goodbye, and are gone when the server has, too.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.each(
            "closed",
            |client| matches!(client.stage, Stage::Over),
            |connection| connection.close(None),
        )
    }

    /// Lets each do something, and waits until it is done by all.
    fn each(
        &mut self,
        what: &str,
        is_done: fn(&Client) -> bool,
        act: impl Fn(&mut Connection) -> Result<(), sockless::SendError>,
    ) -> io::Result<()> {
        for index in 0..self.clients.len() {
            let client = &mut self.clients[index];
            let Stage::Open(connection) = &mut client.stage else {
                return Err(io::Error::other("a connection is closed"));
            };
            act(connection).map_err(io::Error::other)?;
            client.turn(&mut self.scratch)?;
            if index % AT_ONCE == 0 {
                self.serve(Duration::ZERO)?;
            }
        }
        self.wait(what, is_done)
    }

    fn wait(&mut self, what: &str, is_done: fn(&Client) -> bool) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let missing = self.clients.iter().filter(|client| !is_done(client)).count();
            if missing == 0 {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    format!("{missing} of {} are not {what}", self.clients.len()),
                ));
            }
            self.serve(Duration::from_millis(100))?;
        }
    }

    /// Gives a turn to all who are ready.
    fn serve(&mut self, timeout: Duration) -> io::Result<()> {
        self.poll.poll(&mut self.events, Some(timeout))?;
        for event in &self.events {
            if let Some(client) = self.clients.get_mut(event.token().0) {
                client.turn(&mut self.scratch)?;
            }
        }
        Ok(())
    }
}

impl Client {
    /// Writes and reads until the socket would block.
    fn turn(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        loop {
            let side: &mut dyn Endpoint = match &mut self.stage {
                Stage::Asking(handshake) => &mut **handshake,
                Stage::Open(connection) => &mut **connection,
                Stage::Over => return Ok(()),
            };
            while side.wants_write() {
                match side.transmit().write_with(|slices| self.socket.write_vectored(slices)) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
            if side.wants_shutdown() {
                self.socket.shutdown(Shutdown::Write)?;
                side.shutdown_done();
            }
            if side.is_done() {
                self.stage = Stage::Over;
                return Ok(());
            }
            let read = match self.socket.read(scratch) {
                Ok(0) => {
                    side.handle_eof();
                    0
                }
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.digest(&mut Input::new(&mut scratch[..read]))?;
        }
    }

    fn digest(&mut self, input: &mut Input<'_>) -> io::Result<()> {
        if let Stage::Asking(handshake) = &mut self.stage {
            match handshake.poll(input) {
                None => return Ok(()),
                Some(Outcome::Open(accepted))
                    if accepted.extensions().deflate.is_some() == self.compresses =>
                {
                    self.stage = Stage::Open(Box::new(accepted.open(Config::default())));
                }
                Some(Outcome::Open(_)) => {
                    return Err(io::Error::other("compression is not as it was asked for"));
                }
                Some(Outcome::Refused(response)) => {
                    return Err(io::Error::other(format!("refused with {}", response.status())));
                }
                Some(Outcome::Failed(error)) => return Err(io::Error::other(error)),
            }
        }
        let Stage::Open(connection) = &mut self.stage else { return Ok(()) };
        while let Some(event) = connection.poll(input) {
            match event {
                Event::Text(text) if text == ANSWER => self.answers += 1,
                Event::Pong(data) if *data == [b'?'; 125] => self.pongs += 1,
                // The chat's heartbeat; it is answered already.
                Event::Ping(_) => {}
                Event::Closed(close_event) if close_event.clean => {}
                other => return Err(io::Error::other(format!("it says {other:?}"))),
            }
        }
        Ok(())
    }
}
