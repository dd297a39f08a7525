//! A server that accepts, answers the end of a head with a 101, and throws away whatever comes:
//! what the same attacks cost where nothing stands against them. It prints its address, and ends
//! when its standard input does.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::thread;

const LISTENER: Token = Token(0);
/// How much is read before the others get a turn.
const SCRATCH: usize = 16 * 1024;
/// Its clients look at the status alone.
const ANSWER: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

struct Client {
    socket: TcpStream,
    /// Of what ends a head, how much came last.
    ending: usize,
    answered: bool,
}

fn main() -> io::Result<()> {
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("http://{}/", listener.local_addr()?);
    thread::spawn(|| {
        while io::stdin().read_line(&mut String::new()).is_ok_and(|n| n > 0) {}
        std::process::exit(0);
    });
    let mut clients = BTreeMap::new();
    let mut next = 1;
    let mut events = Events::with_capacity(256);
    let mut scratch = vec![0; SCRATCH];
    // Who may have more to say than was read.
    let mut due: Vec<usize> = Vec::new();
    loop {
        let patience = if due.is_empty() { None } else { Some(std::time::Duration::ZERO) };
        match poll.poll(&mut events, patience) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            match event.token() {
                LISTENER => {
                    while let Ok((mut socket, _)) = listener.accept() {
                        poll.registry().register(&mut socket, Token(next), Interest::READABLE)?;
                        clients.insert(next, Client { socket, ending: 0, answered: false });
                        next += 1;
                    }
                }
                Token(number) => due.push(number),
            }
        }
        due.sort_unstable();
        due.dedup();
        due.retain(|number| {
            match clients.get_mut(number).map(|client| client.turn(&mut scratch)) {
                Some(Ok(more)) => more,
                Some(Err(_)) => {
                    clients.remove(number);
                    false
                }
                None => false,
            }
        });
    }
}

impl Client {
    /// Whether there may be more; an error is the end.
    fn turn(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        match self.socket.read(scratch) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                if !self.answered && self.ends_head(&scratch[..n]) {
                    self.answered = true;
                    self.socket.write_all(ANSWER)?;
                }
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn ends_head(&mut self, bytes: &[u8]) -> bool {
        const END: &[u8] = b"\r\n\r\n";
        for byte in bytes {
            self.ending = match (END.get(self.ending) == Some(byte), *byte) {
                (true, _) => self.ending + 1,
                (false, b'\r') => 1,
                _ => 0,
            };
            if self.ending == END.len() {
                return true;
            }
        }
        false
    }
}
