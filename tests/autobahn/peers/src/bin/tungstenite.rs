//! tungstenite, a thread a connection.

use sockless_autobahn_peers::Task;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use tungstenite::{Error, Message, WebSocket, accept, connect};

fn main() {
    match Task::from_args() {
        Task::Server { address } => {
            let listener = TcpListener::bind(address).expect("a free port");
            for stream in listener.incoming().flatten() {
                thread::spawn(|| drop(accept(stream).map(echo)));
            }
        }
        Task::Client { urls } => urls.iter().for_each(|url| match connect(url) {
            Ok((socket, _)) => drop(echo(socket)),
            Err(error) => eprintln!("{url}: {error}"),
        }),
    }
}

fn echo<S: Read + Write>(mut socket: WebSocket<S>) -> Result<(), Error> {
    loop {
        match socket.read()? {
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message)?,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
        }
    }
}
