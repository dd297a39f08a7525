//! An echo server over blocking sockets, a thread a connection: `cargo run --example echo`, then
//! connect to ws://127.0.0.1:9001.

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;
use sockless::server::{Config, Handshake, Incoming, OriginPolicy, Replying};
use sockless::{Connection, Endpoint, Event, HandshakeError, Input, SendError, Step, Workspace};
use std::convert::Infallible;
use std::io::{Read, Write};
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
    if let Err(problem) = listen() {
        eprintln!("echo: {problem}");
        std::process::exit(2);
    }
}

fn listen() -> Result<(), lexopt::Error> {
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

fn serve(stream: TcpStream, config: Config) -> Option<Infallible> {
    let _ = stream.set_nodelay(true);
    match run(&stream, &mut Handshake::new(config), Handshake::poll)? {
        Incoming::Upgrade(request) => {
            run(&stream, &mut request.accept().open(Default::default()), echo)
        }
        Incoming::Http(plain) => {
            let mut page = plain.reply(426).body(NO_PAGE).into_replying();
            run(&stream, &mut page, Replying::poll)
        }
        Incoming::Failed(mut refusal) => {
            if refusal.error() == Some(HandshakeError::ForbiddenOrigin) {
                eprintln!("a page of another site was refused; --origin says whose may connect");
            }
            run(&stream, &mut refusal, Replying::poll)
        }
    }
}

fn echo(peer: &mut Connection, input: &mut Input<'_>) -> Option<Infallible> {
    // Who takes less than it is sent has to wait: what is left of the input comes again.
    while !peer.above_high_water() {
        let answered = match peer.poll(input)? {
            Event::Text(text) => peer.send_text(text),
            Event::Binary(data) => peer.send_binary(data),
            _ => Ok(()), // Pings are answered already.
        };
        // If it is closing, the peer would not hear it.
        debug_assert!(matches!(answered, Ok(()) | Err(SendError::Closed)));
    }
    None
}

type Poll<E, T> = fn(&mut E, &mut Input<'_>) -> Option<T>;

/// The loop, for everything that talks: until `poll` gives something, or it is over.
fn run<E: Endpoint, T>(mut stream: &TcpStream, endpoint: &mut E, poll: Poll<E, T>) -> Option<T> {
    let mut workspace = Workspace::default();
    let mut turn = workspace.turn(endpoint);
    loop {
        match turn.step(true) {
            Step::Write => drop(turn.write(|slices| stream.write_vectored(slices))),
            Step::Read => drop(turn.read(|to| stream.read(to))),
            Step::Shutdown => drop(turn.shutdown(|| stream.shutdown(Shutdown::Write))),
            Step::Poll => {
                let (endpoint, mut input) = turn.received(0);
                if let outcome @ Some(_) = poll(endpoint, &mut input) {
                    return outcome;
                }
            }
            _ => return None,
        }
    }
}
