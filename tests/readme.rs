//! The README shows an example to the letter, and what it shows is right.

#[allow(dead_code, missing_docs, unreachable_pub)]
#[path = "../examples/hello.rs"]
mod hello;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

#[test]
fn the_readme_shows_the_example() {
    let (readme, hello) = (include_str!("../README.md"), include_str!("../examples/hello.rs"));
    let (_, code) = hello.split_once("\n\n").unwrap();
    assert!(readme.contains(&format!("```rust,no_run\n{code}```\n")), "copy examples/hello.rs");
    let lines = code.lines().filter(|line| !line.is_empty() && !line.starts_with("use "));
    assert!(lines.filter(|line| !line.trim_start().starts_with("//")).count() <= 40);
}

#[test]
fn the_readme_fits_on_a_screen() {
    let readme = include_str!("../README.md");
    let prose = readme.split("```").step_by(2).collect::<String>();
    let words = prose.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    assert!(words.count() <= 700);
}

/// A connection to what the example serves, and what it answers to `sent`, up to its end.
fn talk(sent: &[&[u8]], shutdown: bool) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    let serving = std::thread::spawn(move || assert!(hello::serve(&server).is_none()));
    client.write_all(&sent.concat()).unwrap();
    if shutdown {
        client.shutdown(Shutdown::Write).unwrap();
    }
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    drop(client);
    serving.join().unwrap();
    answer
}

const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[test]
fn it_echoes_and_closes() {
    let messages = b"\x81\x82\0\0\0\0hi\x82\x81\0\0\0\0x\x88\x82\0\0\0\0\x03\xe8";
    for shutdown in [false, true] {
        let answer = talk(&[HEAD, messages], shutdown);
        assert!(answer.starts_with(b"HTTP/1.1 101 "));
        assert!(answer.ends_with(b"\r\n\r\n\x81\x02hi\x82\x01x\x88\x02\x03\xe8"));
    }
}

#[test]
fn it_loses_no_echo_of_a_large_batch() {
    // More than the high-water mark, in frames that come in one read.
    let message = [&b"\x82\xfe\xff\xff\0\0\0\0"[..], &[7; 0xffff]].concat();
    let mut sent = vec![HEAD];
    sent.extend([&message[..]; 80]);
    let answer = talk(&sent, true);
    let head = 1 + answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 3;
    assert_eq!(answer.len() - head, 80 * (4 + 0xffff));
}

#[test]
fn it_answers_who_wants_no_websocket() {
    assert!(talk(&[b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"], true).starts_with(b"HTTP/1.1 426 "));
    assert!(talk(&[b"nonsense\r\n\r\n"], false).starts_with(b"HTTP/1.1 400 "));
}
