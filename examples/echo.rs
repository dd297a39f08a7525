//! An echo server over blocking sockets, a thread a connection: `cargo run --example echo`, then
//! connect to ws://127.0.0.1:9001.

use bytes::Buf;
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;
use sockless::server::{Config, Handshake, Incoming, OriginPolicy, Replying};
use sockless::{Connection, Endpoint, Event, HandshakeError, Input, SendError, Step};
use std::io::{ErrorKind, IoSlice, Read, Write};
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

fn serve(mut stream: TcpStream, config: Config) {
    let _ = stream.set_nodelay(true);
    let mut scratch = vec![0; 64 << 10];
    let mut handshake = Handshake::new(config);
    while !handshake.is_done() {
        let mut input = turn(&mut handshake, &mut stream, &mut scratch);
        match handshake.poll(&mut input) {
            Some(Incoming::Upgrade(request)) => {
                let mut connection = request.accept().open(Default::default());
                echo(&mut connection, input, &mut stream); // Frames may have come behind the request.
                while !connection.is_done() {
                    let input = turn(&mut connection, &mut stream, &mut scratch);
                    echo(&mut connection, input, &mut stream);
                }
                return;
            }
            Some(Incoming::Http(plain)) => {
                let text = plain.reply(426).body(NO_PAGE);
                return answer(text.into_replying(), &mut stream, &mut scratch);
            }
            Some(Incoming::Failed(replying)) => {
                if replying.error() == Some(HandshakeError::ForbiddenOrigin) {
                    eprintln!(
                        "a page of another site was refused; --origin says whose may connect"
                    );
                }
                return answer(replying, &mut stream, &mut scratch);
            }
            None => {}
        }
    }
}

fn echo(connection: &mut Connection, mut input: Input<'_>, stream: &mut TcpStream) {
    while let Some(event) = connection.poll(&mut input) {
        let answered = match event {
            Event::Text(text) => connection.send_text(text),
            Event::Binary(data) => connection.send_binary(data),
            _ => Ok(()), // Pings are answered already; after Closed the loop goes on until it is done.
        };
        match answered {
            // It is closing: the peer would not hear it.
            Ok(()) | Err(SendError::Closed) => {}
            Err(error) => eprintln!("an echo is lost: {error}"), // Never: all is written in time.
        }
        if connection.above_high_water() {
            write(connection, stream);
        }
    }
}

/// Tells a client that gets no connection why.
fn answer(mut replying: Replying, stream: &mut TcpStream, scratch: &mut [u8]) {
    while !replying.is_done() {
        let mut input = turn(&mut replying, stream, scratch);
        replying.discard(&mut input);
    }
}

/// One turn of the loop, the same for everything that talks: until a read brings something.
fn turn<'b>(side: &mut dyn Endpoint, stream: &mut TcpStream, scratch: &'b mut [u8]) -> Input<'b> {
    loop {
        match side.step(true) {
            Step::Write => write(side, stream),
            Step::Shutdown => {
                let _ = stream.shutdown(Shutdown::Write); // If it fails, reading tells why.
                side.shutdown_done();
            }
            Step::Read => match stream.read(scratch) {
                Ok(n @ 1..) => return Input::new(&mut scratch[..n]),
                Ok(_) => side.handle_eof(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => side.handle_error(),
            },
            Step::Wait | Step::Done => return Input::empty(),
        }
    }
}

fn write(side: &mut dyn Endpoint, stream: &mut TcpStream) {
    while side.wants_write() {
        let mut out = side.transmit();
        let mut slices = [IoSlice::new(&[]); 16]; // A header and its payload leave together.
        let count = out.chunks_vectored(&mut slices);
        match stream.write_vectored(&slices[..count]) {
            Ok(n @ 1..) => out.advance(n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => side.handle_write_error(),
        }
    }
}
