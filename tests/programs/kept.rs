//! How long the chat keeps a socket that is closed: no longer than it takes to notice, however it
//! was closed. A loop that waits for a timer where it could go on keeps each of them for the
//! time-out of the closing handshake, or of a request.

use crate::chat::Chat;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// What the chat allows a goodbye, and a request.
const GOODBYE: Duration = Duration::from_secs(3);
const REQUEST: Duration = Duration::from_secs(10);
/// Far below both.
const SOON: Duration = Duration::from_millis(1500);
const PATIENCE: Duration = Duration::from_secs(10);

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// Close, 1000, masked with zeros.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

/// A client by hand.
struct Visitor(TcpStream);

impl Visitor {
    fn come(chat: &Chat) -> Self {
        let stream = TcpStream::connect(chat.addr).expect("the chat listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        Self(stream)
    }

    fn open(chat: &Chat) -> Self {
        let mut visitor = Self::come(chat);
        visitor.says(UPGRADE.as_bytes());
        visitor.hears_until(b"\r\n\r\n");
        visitor
    }

    fn says(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the chat reads");
    }

    /// A read, once more where a stopped process was continued: with a time-out, that interrupts
    /// it.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn hears_until(&mut self, end: &[u8]) {
        let (mut heard, mut byte) = (Vec::new(), [0]);
        while !heard.ends_with(end) {
            let n = self.read(&mut byte).expect("in time");
            assert_eq!(n, 1, "the stream ended behind {:?}", String::from_utf8_lossy(&heard));
            heard.extend(byte);
        }
    }

    /// Reads up to the chat's end of stream, which comes without a wait.
    fn hears_the_end(&mut self) {
        let from = Instant::now();
        while self.read(&mut [0; 4096]).expect("in time") > 0 {}
        assert!(from.elapsed() < SOON, "the chat shut down after {:?}", from.elapsed());
    }

    fn shuts_down(&mut self) {
        self.0.shutdown(Shutdown::Write).expect("it is open");
    }
}

/// The chat keeps nothing of what `leave` leaves behind, soon after it has left.
#[track_caller]
fn nothing_is_kept(leave: impl Fn(&Chat)) {
    let chat = Chat::start(&[], 10);
    // Twice: what is seen by chance once is not seen by chance again.
    for _ in 0..2 {
        leave(&chat);
        nothing_is_left(&chat);
    }
}

#[track_caller]
fn nothing_is_left(chat: &Chat) {
    let from = Instant::now();
    while !chat.stats().starts_with("chat: connections 0, clients 0, members 0, ") {
        assert!(from.elapsed() < SOON, "kept for {SOON:?}: {}", chat.stats());
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn closed_in_good_order() {
    nothing_is_kept(|chat| {
        let mut visitor = Visitor::open(chat);
        visitor.says(CLOSE);
        visitor.hears_until(b"\x88\x02\x03\xe8");
        visitor.hears_the_end();
    });
}

#[test]
fn closed_and_shut_down_at_once() {
    nothing_is_kept(|chat| {
        let mut visitor = Visitor::open(chat);
        visitor.says(&[b"\x81\x8a\0\0\0\0join k ada", CLOSE].concat());
        visitor.shuts_down();
        visitor.hears_the_end();
    });
}

#[test]
fn closed_and_gone_without_a_look() {
    nothing_is_kept(|chat| Visitor::open(chat).says(CLOSE));
}

#[test]
fn lost_without_a_word() {
    nothing_is_kept(|chat| drop(Visitor::open(chat)));
    nothing_is_kept(|chat| {
        let mut visitor = Visitor::open(chat);
        // A message that is cut.
        visitor.says(b"\x81\x8a\0\0\0\0join k");
        visitor.shuts_down();
        visitor.hears_the_end();
    });
}

#[test]
fn a_broken_rule() {
    nothing_is_kept(|chat| {
        let mut visitor = Visitor::open(chat);
        visitor.says(b"\xff\xff and more");
        visitor.hears_the_end();
    });
}

#[test]
fn turned_away_or_given_a_page() {
    for request in [
        "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "GET /chat HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost",
    ] {
        nothing_is_kept(|chat| {
            let mut visitor = Visitor::come(chat);
            visitor.says(request.as_bytes());
            visitor.hears_the_end();
        });
    }
    let other = UPGRADE.replace("/chat", "/other");
    nothing_is_kept(|chat| {
        let mut visitor = Visitor::come(chat);
        visitor.says(other.as_bytes());
        visitor.hears_the_end();
    });
}

#[test]
fn gone_before_the_request_was_whole() {
    nothing_is_kept(|chat| drop(Visitor::come(chat)));
    nothing_is_kept(|chat| {
        let mut visitor = Visitor::come(chat);
        visitor.says(&UPGRADE.as_bytes()[..60]);
        visitor.shuts_down();
        visitor.hears_the_end();
    });
}

#[test]
fn taken_over_by_a_newer_connection() {
    nothing_is_kept(|chat| {
        let [mut old, mut new] = [(); 2].map(|()| Visitor::open(chat));
        for visitor in [&mut old, &mut new] {
            visitor.says(b"\x81\x8a\0\0\0\0join k ada");
            visitor.hears_until(b"here ada");
        }
        // 4001, which the old one answers before it goes.
        old.hears_until(b"taken over by a newer connection");
        old.says(b"\x88\x82\0\0\0\0\x0f\xa1");
        old.hears_the_end();
    });
}

/// A reset, with bytes unread and more on their way.
#[test]
fn reset() {
    nothing_is_kept(|chat| {
        let mut visitor = Visitor::open(chat);
        visitor.says(b"\x81\x8a\0\0\0\0join k ada\x89\x80\0\0\0\0\x89\x80\0\0\0\0");
        // What was heard and not read makes the kernel reset the connection when it is dropped.
        assert_eq!(visitor.0.peek(&mut [0; 1]).expect("in time"), 1);
    });
}

/// The time of a request is up: it is told so at that moment, and not when the answer's time is up
/// as well.
#[test]
fn who_stalls_in_the_request_is_told_so_in_time() {
    let chat = Chat::start(&[], 10);
    let mut visitor = Visitor::come(&chat);
    visitor.says(&UPGRADE.as_bytes()[..60]);
    let from = Instant::now();
    visitor.0.set_read_timeout(Some(2 * PATIENCE)).expect("a time-out");
    visitor.hears_until(b"HTTP/1.1 408 Request Timeout\r\n");
    visitor.hears_the_end();
    assert!(from.elapsed() < REQUEST + SOON, "told after {:?}", from.elapsed());
    drop(visitor);
    nothing_is_left(&chat);
}

/// The time of a goodbye is up: nobody is waited for any longer.
#[test]
fn who_does_not_answer_a_goodbye_is_dropped_in_time() {
    let chat = Chat::start(&[], 10);
    let mut visitor = Visitor::open(&chat);
    // Data, which the chat does not want: 1003.
    visitor.says(b"\x82\x80\0\0\0\0");
    visitor.hears_until(b"only text is spoken here");
    let from = Instant::now();
    visitor.0.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let ended = visitor.read(&mut [0; 1]);
    assert!(!matches!(ended, Ok(1..)), "nothing more is said");
    assert!(from.elapsed() < GOODBYE + SOON, "dropped after {:?}", from.elapsed());
    nothing_is_left(&chat);
}
