//! What the client meets: a server for one connection, which takes or turns away, and echoes or
//! takes its time, and somebody between the two who passes on the handshake and then says something
//! else. Each is a thread with a port of its own.

use sockless::server::{Handshake, Incoming, Replying, Request};
use sockless::{CloseEvent, Config, Connection, Endpoint, Event, Step, Turn, Workspace};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) fn accept(request: Request) -> Result<Connection, Replying> {
    Ok(request.accept().open(Config::default()))
}

pub(crate) fn close_event(server: JoinHandle<Option<CloseEvent>>) -> CloseEvent {
    server.join().expect("the server is well").expect("it was closed")
}

/// Serves one client: an echo, after what `opened` does.
pub(crate) fn serve(
    decide: impl FnOnce(Request) -> Result<Connection, Replying> + Send + 'static,
    opened: impl FnOnce(&mut Connection) + Send + 'static,
) -> (SocketAddr, JoinHandle<Option<CloseEvent>>) {
    serve_with(any_origin(), decide, opened)
}

pub(crate) fn serve_with(
    config: sockless::server::Config,
    decide: impl FnOnce(Request) -> Result<Connection, Replying> + Send + 'static,
    opened: impl FnOnce(&mut Connection) + Send + 'static,
) -> (SocketAddr, JoinHandle<Option<CloseEvent>>) {
    meet(config, decide, |mut connection, stream, mut workspace| {
        opened(&mut connection);
        let mut close_event = None;
        while !connection.is_done() {
            let mut turn = workspace.turn(&mut connection);
            until_poll(&mut turn, &stream);
            let (connection, mut input) = turn.received(0);
            while let Some(event) = connection.poll(&mut input) {
                match event {
                    Event::Text(text) => connection.send_text(text).unwrap(),
                    Event::Binary(data) => connection.send_binary(data).unwrap(),
                    Event::Closed(closed) => close_event = Some(closed),
                    _ => {}
                }
            }
        }
        close_event
    })
}

/// Serves one client: does this so much later than its first message came. Until then, and
/// afterwards, it listens.
pub(crate) fn late(
    after: Duration,
    answer: impl FnOnce(&mut Connection) + Send + 'static,
) -> (SocketAddr, JoinHandle<Option<CloseEvent>>) {
    meet(any_origin(), accept, move |mut connection, stream, mut workspace| {
        let (mut close_event, mut answer, mut heard) = (None, Some(answer), None::<Instant>);
        while !connection.is_done() {
            stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
            let mut turn = workspace.turn(&mut connection);
            until_poll(&mut turn, &stream);
            let (near, mut input) = turn.received(0);
            while let Some(event) = near.poll(&mut input) {
                match event {
                    Event::Text(_) => heard = heard.or_else(|| Some(Instant::now())),
                    Event::Closed(closed) => close_event = Some(closed),
                    _ => {}
                }
            }
            drop(input);
            drop(turn);
            if heard.is_some_and(|heard| heard.elapsed() >= after) {
                answer.take().into_iter().for_each(|answer| answer(&mut connection));
            }
        }
        close_event
    })
}

/// Meets one client, in a thread: reads its request, and goes on with `talk` if it is let in.
fn meet(
    config: sockless::server::Config,
    decide: impl FnOnce(Request) -> Result<Connection, Replying> + Send + 'static,
    talk: impl FnOnce(Connection, TcpStream, Workspace) -> Option<CloseEvent> + Send + 'static,
) -> (SocketAddr, JoinHandle<Option<CloseEvent>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let stream = listener.accept().unwrap().0;
        let mut workspace = Workspace::new(4096, 1 << 20);
        let mut handshake = Handshake::new(config);
        let request = loop {
            let mut turn = workspace.turn(&mut handshake);
            until_poll(&mut turn, &stream);
            let (handshake, mut input) = turn.received(0);
            match handshake.poll(&mut input) {
                Some(Incoming::Upgrade(request)) => break request,
                Some(other) => panic!("{other:?}"),
                None => assert!(!handshake.is_done()),
            }
        };
        match decide(request) {
            Ok(connection) => talk(connection, stream, workspace),
            Err(mut rejected) => {
                while !rejected.is_done() {
                    let mut turn = workspace.turn(&mut rejected);
                    until_poll(&mut turn, &stream);
                    let (rejected, mut input) = turn.received(0);
                    rejected.poll(&mut input);
                }
                None
            }
        }
    });
    (addr, server)
}

pub(crate) fn any_origin() -> sockless::server::Config {
    let mut config = sockless::server::Config::default();
    config.origin = sockless::server::OriginPolicy::Any;
    config
}

/// A turn over a blocking socket, up to where there is something to poll or a wait was in vain.
fn until_poll<E: Endpoint>(turn: &mut Turn<'_, E>, mut stream: &TcpStream) {
    loop {
        match turn.step(true) {
            Step::Write => drop(turn.write(|slices| stream.write_vectored(slices))),
            Step::Shutdown => drop(turn.shutdown(|| stream.shutdown(Shutdown::Write))),
            Step::Read if turn.read(|to| stream.read(to)).is_err() => return,
            Step::Read => {}
            _ => return,
        }
    }
}

/// Passes the handshake on, then gives the client these bytes instead of the server's; without any,
/// the end of the stream. What the client says then is read, and nobody's business.
pub(crate) fn tamper(server: SocketAddr, bytes: &'static [u8]) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let between = thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        let mut server = TcpStream::connect(server).unwrap();
        let head = read_head(&mut client);
        server.write_all(&head).unwrap();
        let answer = read_head(&mut server);
        client.write_all(&[&answer, bytes].concat()).unwrap();
        if bytes.is_empty() {
            client.shutdown(Shutdown::Write).unwrap();
        }
        while let Ok(1..) = client.read(&mut [0; 1024]) {}
    });
    (addr, between)
}

fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1);
        head.push(byte[0]);
    }
    head
}
