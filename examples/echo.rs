//! An echo server over blocking sockets, a thread a connection: `cargo run --example echo`, then
//! connect to ws://127.0.0.1:9001.

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;
use sockless::server::{Config, Handshake, Incoming, OriginPolicy, Replying};
use sockless::{Connection, Endpoint, Event, HandshakeError, SendError, Step, Turn, Workspace};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

const HELP: &str = "\
An echo server. Usage: echo [--origin ORIGIN[,ORIGIN...]] [HOST:PORT]

  HOST:PORT        where to listen; port 0 takes a free one [default: 127.0.0.1:9001]
  --origin ORIGIN  sites whose pages may connect, as http://localhost:5173; * is any
                   [default: pages of the host that is asked; programs may always connect]";

/// For a browser that loads the address as a page.
const NO_PAGE: &str = "\
This is a WebSocket server, not a page. To try it, type in this page's console:
s = new WebSocket('ws://' + location.host), s.onmessage = m => console.log(m.data),
s.onopen = () => s.send('hello')
";

fn main() {
    if let Err(problem) = run() {
        eprintln!("echo: {problem}");
        std::process::exit(2);
    }
}

fn run() -> Result<(), lexopt::Error> {
    let (mut addr, mut config) = (String::from("127.0.0.1:9001"), Config::default());
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Value(value) => addr = value.string()?,
            Long("origin") => config.origin = policy(&args.value()?.string()?)?,
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            _ => return Err(arg.unexpected()),
        }
    }
    let cannot_listen = |error| format!("cannot listen on {addr:?}: {error}");
    let listener = TcpListener::bind(&addr).map_err(cannot_listen)?;
    println!("ws://{}", listener.local_addr().map_err(cannot_listen)?);
    for stream in listener.incoming() {
        let config = config.clone();
        match stream {
            Ok(stream) => drop(std::thread::spawn(move || serve(stream, config))),
            Err(error) => {
                eprintln!("no room for one more: {error}"); // Those who are here go on; some may leave.
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
    Ok(())
}

fn policy(origins: &str) -> Result<OriginPolicy, String> {
    if origins == "*" {
        return Ok(OriginPolicy::Any);
    }
    let list = OriginPolicy::list(origins.split(','));
    list.map_err(|_| format!("--origin wants a site as http://localhost:5173, not {origins:?}"))
}

fn serve(stream: TcpStream, config: Config) {
    let _ = stream.set_nodelay(true);
    let (mut workspace, mut handshake) = (Workspace::default(), Handshake::new(config));
    let mut turn = workspace.turn(&mut handshake);
    let incoming = loop {
        let Some(read) = next_poll(&mut turn, &stream) else { return };
        let (handshake, mut input) = turn.received(read);
        if let Some(incoming) = handshake.poll(&mut input) {
            break incoming;
        }
    };
    drop(turn);
    match incoming {
        Incoming::Upgrade(request) => echo(request.accept().open(Default::default()), &stream),
        Incoming::Http(plain) => answer(plain.reply(426).body(NO_PAGE).into_replying(), &stream),
        Incoming::Failed(replying) => {
            if replying.error() == Some(HandshakeError::ForbiddenOrigin) {
                eprintln!("a page of another site was refused; --origin says whose may connect");
            }
            answer(replying, &stream);
        }
    }
}

fn echo(mut connection: Connection, stream: &TcpStream) {
    let mut workspace = Workspace::default();
    let mut turn = workspace.turn(&mut connection);
    while let Some(read) = next_poll(&mut turn, stream) {
        let (connection, mut input) = turn.received(read);
        // Who takes less than it is sent has to wait: what is left of the input comes again.
        while !connection.above_high_water() {
            let Some(event) = connection.poll(&mut input) else { break };
            let answered = match event {
                Event::Text(text) => connection.send_text(text),
                Event::Binary(data) => connection.send_binary(data),
                _ => Ok(()), // Pings are answered already.
            };
            // If it is closing, the peer would not hear it.
            debug_assert!(matches!(answered, Ok(()) | Err(SendError::Closed)));
        }
    }
}

/// Tells a client that gets no connection why.
fn answer(mut replying: Replying, stream: &TcpStream) {
    let mut workspace = Workspace::new(4096, 0);
    let mut turn = workspace.turn(&mut replying);
    while let Some(read) = next_poll(&mut turn, stream) {
        let (replying, mut input) = turn.received(read);
        replying.poll(&mut input);
    }
}

/// The loop, the same for everything that talks: up to where there is something to poll, with so
/// many bytes that were read. `None`: it is over.
fn next_poll<E: Endpoint>(turn: &mut Turn<'_, E>, mut stream: &TcpStream) -> Option<usize> {
    loop {
        match turn.step(true) {
            Step::Write => match turn.write_with(|slices| stream.write_vectored(slices)) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => turn.endpoint().handle_write_error(),
            },
            Step::Poll => return Some(0),
            Step::Shutdown => {
                let _ = stream.shutdown(Shutdown::Write); // If it fails, reading tells why.
                turn.endpoint().shutdown_done();
            }
            Step::Read => match stream.read(turn.read_buf()) {
                Ok(n @ 1..) => return Some(n),
                Ok(_) => turn.endpoint().handle_eof(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => turn.endpoint().handle_error(),
            },
            Step::Wait | Step::Done => return None,
        }
    }
}
