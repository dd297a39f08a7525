//! Upgrades by hand, to see who is let in and what the others are told.

use crate::chat::Chat;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The stream, which stays open as long as it is kept, and the head of the answer.
pub(crate) fn knock(chat: &Chat, origin: Option<&str>) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(chat.addr).expect("the chat listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let origin = origin.map_or(String::new(), |origin| format!("Origin: {origin}\r\n"));
    let request = format!(
        "GET /chat HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{origin}\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        chat.addr
    );
    stream.write_all(request.as_bytes()).expect("the chat reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream
            .read_exact(&mut byte)
            .unwrap_or_else(|error| panic!("{error} after {:?}", String::from_utf8_lossy(&head)));
        head.push(byte[0]);
    }
    (stream, String::from_utf8(head).expect("a head is ASCII"))
}

/// For an answer.
const PATIENCE: Duration = Duration::from_secs(10);
