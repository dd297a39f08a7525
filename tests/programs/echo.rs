//! The echo server and those it does not serve: a page load and a page of another site are told
//! what to do.

use crate::example::{lines, program};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// The program, which ends with this.
struct Echo {
    child: Child,
    addr: String,
    err: Receiver<String>,
}

impl Echo {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(program("echo"));
        command.arg("127.0.0.1:0").args(args).stdin(Stdio::null());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let out = lines(child.stdout.take().expect("it is piped"));
        let err = lines(child.stderr.take().expect("it is piped"));
        let mut echo = Self { child, addr: String::new(), err };
        let url = out.recv_timeout(PATIENCE).expect("its address");
        echo.addr = url.strip_prefix("ws://").expect("an address").to_owned();
        echo
    }

    /// What a request is answered, up to `end`, or else to the end of the stream.
    fn ask(&self, lines: &str, end: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n{lines}\r\n", self.addr);
        stream.write_all(request.as_bytes()).expect("it reads");
        let (mut answer, mut byte) = (Vec::new(), [0]);
        while !answer.ends_with(end.as_bytes()) || end.is_empty() {
            match stream.read_exact(&mut byte) {
                Ok(()) => answer.extend(byte),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => panic!("{error} behind {:?}", String::from_utf8_lossy(&answer)),
            }
        }
        String::from_utf8(answer).expect("text")
    }

    fn knock(&self, origin: &str) -> String {
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        self.ask(&format!("{upgrade}Origin: {origin}\r\n"), "\r\n\r\n")
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_page_load_is_told_what_to_do() {
    let answer = Echo::start(&[]).ask("", "");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{answer}");
    assert!(body.starts_with("This is a WebSocket server, not a page."), "{body}");
    assert!(body.contains("new WebSocket('ws://' + location.host)"), "{body}");
}

#[test]
fn pages_of_other_sites_come_in_if_that_was_said() {
    let (here, there) = ("http://localhost:5173", "https://a.example");
    for (args, origin, welcome) in [
        (&[][..], there, false),
        (&["--origin", here], there, false),
        (&["--origin", here], here, true),
        (&["--origin", "http://localhost:5173,https://a.example"], there, true),
        (&["--origin", "*"], there, true),
    ] {
        let echo = Echo::start(args);
        let status = if welcome { 101 } else { 403 };
        let head = echo.knock(origin);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{args:?}, {origin}: {head}");
        match echo.err.recv_timeout(if welcome { Duration::from_millis(100) } else { PATIENCE }) {
            Ok(line) => {
                assert!(!welcome && line.contains("--origin"), "{args:?}, {origin}: {line}")
            }
            Err(_) => assert!(welcome, "{args:?}, {origin}: nothing is said of it"),
        }
    }
    let echo = Echo::start(&[]);
    assert!(echo.knock(&format!("http://{}", echo.addr)).starts_with("HTTP/1.1 101 "));
}
