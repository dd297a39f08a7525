//! The least that is an echo server, and right: `cargo run --example hello`.

use sockless::server::{Config, Handshake, Replying};
use sockless::{Connection, Endpoint, Event, Input, Step, Workspace};
use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

fn main() {
    for tcp in TcpListener::bind("127.0.0.1:9001").unwrap().incoming().flatten() {
        std::thread::spawn(move || serve(&tcp));
    }
}

pub(crate) fn serve(tcp: &TcpStream) -> Option<Infallible> {
    match run(tcp, &mut Handshake::new(Config::default()), Handshake::poll)?.into_upgrade() {
        Ok(request) => run(tcp, &mut request.accept().open(Default::default()), echo),
        Err(mut refusal) => run(tcp, &mut refusal, Replying::poll),
    }
}

fn echo(peer: &mut Connection, input: &mut Input<'_>) -> Option<Infallible> {
    while !peer.above_high_water() {
        let _ = match peer.poll(input)? {
            Event::Text(text) => peer.send_text(text),
            Event::Binary(data) => peer.send_binary(data),
            _ => Ok(()), // Pings are answered already.
        };
    }
    None // What is left comes again, when the peer has taken some.
}

type Poll<E, T> = fn(&mut E, &mut Input<'_>) -> Option<T>;

/// The loop, for everything that talks: until `poll` gives something, or it is over.
fn run<E: Endpoint, T>(mut tcp: &TcpStream, endpoint: &mut E, poll: Poll<E, T>) -> Option<T> {
    let mut workspace = Workspace::default();
    let mut turn = workspace.turn(endpoint);
    loop {
        match turn.step(true) {
            Step::Write => drop(turn.write(|slices| tcp.write_vectored(slices))),
            Step::Read => drop(turn.read(|to| tcp.read(to))),
            Step::Shutdown => drop(turn.shutdown(|| tcp.shutdown(Shutdown::Write))),
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
