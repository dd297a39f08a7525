//! The client example: its own tests, and the program against servers that do as they like.
#![cfg(unix)]
#![allow(clippy::result_large_err)] // One a test.

#[path = "../examples/client/args.rs"]
#[allow(dead_code)]
mod args;
#[path = "../examples/client/compression.rs"]
#[allow(dead_code)]
mod compression;
mod example;
#[path = "../examples/chat/invisible.rs"]
mod invisible;
#[path = "../examples/client/shown.rs"]
#[allow(dead_code)]
mod shown;
#[path = "../examples/client/stdin.rs"]
#[allow(dead_code)]
mod stdin;

use bytes::Buf;
use sockless::handshake::Header;
use sockless::server::{Handshake, Incoming, Rejected, Request};
use sockless::{CloseCode, CloseFrame, Closure, Config, Connection, Event, Input, LifeCycle};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn lines_go_out_and_come_back_harmless() {
    let (addr, server) = serve(accept, |_| {});
    let ended = Client::start(&[&format!("ws://{addr}/a?b")]).ends_with_input("hello\r\ntwo words\n\n\u{1b}[2J\u{202e}end".as_bytes());
    assert_eq!(
        (ended.status, ended.out.as_str()),
        (0, format!("* open: ws://{addr}/a?b\n< hello\n< two words\n< \n< \\u{{1b}}[2J\\u{{202e}}end\n* closed: 1000, by us\n").as_str())
    );
    assert_eq!(closure(server).code, 1000);
}

#[test]
fn bytes_go_out_and_come_back() {
    let (addr, _) = serve(accept, |_| {});
    let ended = Client::start(&["--binary", &format!("ws://{addr}")]).ends_with_input(b"\xff\0\nhi");
    assert_eq!((ended.status, ended.line(1), ended.line(2)), (0, "<# 2 bytes: ff 00", "<# 2 bytes: 68 69"));
}

#[test]
fn what_is_no_text_is_told() {
    let (addr, _) = serve(accept, |_| {});
    let ended = Client::start(&[&format!("ws://{addr}")]).ends_with_input(b"\xff\nhi\n");
    assert_eq!((ended.status, ended.line(1)), (0, "< hi"));
    assert!(ended.err.contains("not UTF-8"), "{}", ended.err);
}

#[test]
fn a_line_that_is_too_long_ends_it() {
    let longest = vec![b'a'; stdin::LINE_MAX];
    let (addr, server) = serve(accept, |_| {});
    let ended = Client::start(&[&format!("ws://{addr}")]).ends_with_input(&[&longest[..], b"\r\n", &longest[..], b"aa"].concat());
    assert_eq!((ended.status, ended.line(1).len(), ended.line(2)), (5, "< ".len() + longest.len(), "* closed: 1000, by us"));
    assert!(ended.err.contains("longer than 1048576 bytes"), "{}", ended.err);
    assert_eq!(closure(server).code, 1000);
}

#[test]
fn the_request_is_as_asked() {
    let see = |request: Request| {
        assert_eq!(request.origin(), Some("https://a.example"));
        assert!(request.protocols().eq(["x", "chat.v1"]));
        assert_eq!((request.headers().text("x-a"), request.headers().text("authorization")), (Some("1:2"), Some("Bearer z")));
        Ok(request.accept().protocol("chat.v1").open(Config::default()))
    };
    let (addr, server) = serve(see, |_| {});
    let url = format!("ws://{addr}");
    let args = ["--origin", "https://a.example", "--subprotocol", "x", "--subprotocol", "chat.v1", "--header", "X-A: 1:2"];
    let ended = Client::start(&[&args[..], &["--header", "Authorization:Bearer z", &url]].concat()).ends_with_input(b"");
    assert_eq!((ended.status, ended.line(0)), (0, format!("* open: {url}, subprotocol chat.v1").as_str()), "{}", ended.err);
    assert_eq!(closure(server).code, 1000);
}

#[cfg(feature = "deflate")]
#[test]
fn messages_are_compressed_where_both_want_it() {
    use sockless::deflate::{Policy, WindowBits};
    let mut small = Policy::default();
    small.server_no_context_takeover = true;
    small.client_max_window_bits = WindowBits::new(10).unwrap();
    for (policy, said) in [
        (Some(Policy::default()), "compressed (we 15 bits; the server 15 bits)"),
        (Some(small), "compressed (we 10 bits; the server 15 bits, each message alone)"),
        (None, "not compressed: the server declines"),
    ] {
        let mut config = any_origin();
        config.deflate = policy;
        let (addr, _) = serve_with(config, accept, |_| {});
        let (line, url) = ("long ".repeat(100), format!("ws://{addr}"));
        let ended = Client::start(&["--deflate", &url]).ends_with_input(line.as_bytes());
        assert_eq!((ended.status, ended.line(0)), (0, format!("* open: {url}, {said}").as_str()), "{}", ended.err);
        assert_eq!(ended.line(1), format!("< {line}"));
    }
}

#[cfg(not(feature = "deflate"))]
#[test]
fn compression_that_was_not_built_is_told() {
    let ended = Client::start(&["--deflate", "ws://127.0.0.1:1"]).ends();
    assert_eq!(ended.status, 2);
    assert!(ended.err.contains("--features deflate"), "{}", ended.err);
}

#[test]
fn the_exit_status_says_how_it_was_closed() {
    let close = |code, reason| CloseFrame::new(code, reason).ok();
    for (frame, status, line) in [
        (close(CloseCode::NORMAL, ""), 0, "* closed: 1000, by the server"),
        (close(CloseCode::AWAY, "see\u{7}you"), 0, "* closed: 1001, \"see\\u{7}you\", by the server"),
        (None, 0, "* closed: no code, by the server"),
        (close(CloseCode::INTERNAL, "oh"), 1, "* closed: 1011, \"oh\", by the server"),
    ] {
        let (addr, _) = serve(accept, move |connection| connection.close(frame).unwrap());
        let ended = Client::start(&[&format!("ws://{addr}")]).ends();
        assert_eq!((ended.status, ended.line(1)), (status, line));
    }
}

#[test]
fn a_connection_that_is_lost_or_breaks_a_rule_is_told() {
    // An end of stream, and a frame with a reserved bit.
    for (bytes, line) in [(&b""[..], "* closed: 1006, the connection was lost"), (b"\xc1\0", "* closed: 1006, the server broke a rule: ")] {
        let (addr, _) = serve(accept, |_| {});
        let (between, _) = tamper(addr, bytes);
        let ended = Client::start(&[&format!("ws://{between}")]).ends();
        assert_eq!(ended.status, 1);
        assert!(ended.line(1).starts_with(line), "{}", ended.out);
    }
}

#[test]
fn a_refusal_is_shown() {
    let refuse = |request: Request| {
        let reject = request.reject(503).header(Header::new("Retry-After", "7").unwrap());
        Err(reject.body("come again\nlater \u{1b}[2J").into_rejected())
    };
    let (addr, _) = serve(refuse, |_| {});
    let ended = Client::start(&[&format!("ws://{addr}")]).ends();
    assert_eq!((ended.status, ended.out.as_str()), (4, ""));
    for part in ["status 503", "Retry-After: 7", "> come again\n", "> later \\u{1b}[2J\n"] {
        assert!(ended.err.contains(part), "{}", ended.err);
    }
}

#[test]
fn what_is_no_websocket_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || listener.accept().unwrap().0.write_all(b"220 mail.example ESMTP\r\n"));
    let ended = Client::start(&[&format!("ws://{addr}")]).ends();
    assert_eq!(ended.status, 4);
    assert!(ended.err.contains("no WebSocket"), "{}", ended.err);
}

#[test]
fn nobody_listens() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = Client::start(&[&format!("ws://{addr}")]).ends();
    assert_eq!((ended.status, ended.out.as_str()), (3, ""));
    assert!(ended.err.contains(&addr.to_string()), "{}", ended.err);
}

#[test]
fn arguments_that_make_no_sense() {
    for (args, part) in [(&["http://a.example"][..], "not a ws:"), (&["wss://a.example"], "TLS"), (&[], "missing"), (&["--loud"], "--loud")]
    {
        let ended = Client::start(args).ends();
        assert_eq!((ended.status, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains(part), "{}", ended.err);
    }
}

#[test]
fn pings_are_timed() {
    let (addr, _) = serve(accept, |_| {});
    let mut client = Client::start(&["--ping", "0.05", &format!("ws://{addr}")]);
    for line in ["* open", "* pong after ", "* pong after "] {
        client.hears(line);
    }
    assert_eq!(client.ends_with_input(b"").status, 0);
}

#[test]
fn ctrl_c_says_goodbye() {
    let (addr, server) = serve(accept, |_| {});
    let mut client = Client::start(&[&format!("ws://{addr}")]);
    client.hears("* open");
    client.interrupt();
    client.hears("* closed: 1000, by us");
    assert_eq!(client.ends().status, 0);
    assert_eq!(closure(server).code, 1000);
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let (addr, _) = serve(accept, |_| {});
    // Whoever is between them passes nothing on.
    let (between, _) = tamper(addr, b"\x81\x02hi");
    let mut client = Client::start(&[&format!("ws://{between}")]);
    client.hears("* open");
    client.hears("< hi");
    client.interrupt();
    thread::sleep(Duration::from_millis(100));
    client.interrupt();
    let from = Instant::now();
    assert_eq!(client.ends().status, 1);
    assert!(from.elapsed() < Duration::from_secs(3));
}

/// The program.
struct Client {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
    heard: Vec<String>,
}

struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Client {
    /// Its input stays open.
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(example::program("client"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = example::lines(child.stdout.take().unwrap());
        let err = example::lines(child.stderr.take().unwrap());
        Self { child, out, err, heard: Vec::new() }
    }

    /// Waits for a line that begins so.
    fn hears(&mut self, begin: &str) {
        let line = self.out.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{begin:?} did not come after {:?}", self.heard));
        assert!(line.starts_with(begin), "{line:?} is not {begin:?}");
        self.heard.push(line);
    }

    /// To this process alone: it is our child, and was not waited for yet.
    fn interrupt(&self) {
        assert!(Command::new("kill").args(["-s", "INT", &self.child.id().to_string()]).status().unwrap().success());
    }

    fn ends_with_input(mut self, input: &[u8]) -> Ended {
        self.child.stdin.take().unwrap().write_all(input).unwrap();
        self.ends()
    }

    fn ends(mut self) -> Ended {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status.code().unwrap_or(-1),
                None => assert!(Instant::now() < end, "it does not end; it printed {:?}", self.out.try_iter().collect::<Vec<_>>()),
            }
            thread::sleep(Duration::from_millis(5));
        };
        let all = |lines: &Receiver<String>| lines.iter().fold(String::new(), |all, line| all + &line + "\n");
        Ended { status, out: all(&self.out), err: all(&self.err) }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    fn line(&self, n: usize) -> &str {
        self.out.lines().nth(n).unwrap_or_else(|| panic!("no line {n}: {:?}, {:?}", self.out, self.err))
    }
}

fn accept(request: Request) -> Result<Connection, Rejected> {
    Ok(request.accept().open(Config::default()))
}

fn closure(server: JoinHandle<Option<Closure>>) -> Closure {
    server.join().expect("the server is well").expect("it was closed")
}

/// Serves one client: an echo, after what `opened` does.
fn serve(
    decide: impl FnOnce(Request) -> Result<Connection, Rejected> + Send + 'static,
    opened: impl FnOnce(&mut Connection) + Send + 'static,
) -> (SocketAddr, JoinHandle<Option<Closure>>) {
    serve_with(any_origin(), decide, opened)
}

fn serve_with(
    config: sockless::server::Config,
    decide: impl FnOnce(Request) -> Result<Connection, Rejected> + Send + 'static,
    opened: impl FnOnce(&mut Connection) + Send + 'static,
) -> (SocketAddr, JoinHandle<Option<Closure>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut scratch = vec![0; 4096];
        let mut handshake = Handshake::new(config);
        let request = loop {
            let mut input = turn(&mut handshake, &mut stream, &mut scratch);
            match handshake.poll(&mut input) {
                Some(Incoming::Upgrade(request)) => break request,
                Some(other) => panic!("{other:?}"),
                None => assert!(!handshake.is_done()),
            }
        };
        let mut connection = match decide(request) {
            Ok(connection) => connection,
            Err(mut rejected) => {
                while !rejected.is_done() {
                    let mut input = turn(&mut rejected, &mut stream, &mut scratch);
                    rejected.discard(&mut input);
                }
                return None;
            }
        };
        opened(&mut connection);
        let mut closure = None;
        while !connection.is_done() {
            let mut input = turn(&mut connection, &mut stream, &mut scratch);
            while let Some(event) = connection.poll_event(&mut input) {
                match event {
                    Event::Text(text) => connection.send_text(text).unwrap(),
                    Event::Binary(data) => connection.send_binary(data).unwrap(),
                    Event::Closed(closed) => closure = Some(closed),
                    _ => {}
                }
            }
        }
        closure
    });
    (addr, server)
}

fn any_origin() -> sockless::server::Config {
    let mut config = sockless::server::Config::default();
    config.origin = sockless::server::OriginPolicy::Any;
    config
}

/// One turn of the loop over a blocking socket.
fn turn<'b>(side: &mut dyn LifeCycle, stream: &mut TcpStream, scratch: &'b mut [u8]) -> Input<'b> {
    while side.wants_write() {
        let mut out = side.transmit();
        match stream.write(out.chunk()) {
            Ok(n) => out.advance(n),
            Err(_) => side.handle_write_error(),
        }
    }
    if side.wants_shutdown() {
        let _ = stream.shutdown(Shutdown::Write);
        side.shutdown_done();
    }
    if side.wants_read() {
        match stream.read(scratch) {
            Ok(0) => side.handle_eof(),
            Ok(n) => return Input::new(&mut scratch[..n]),
            Err(_) => side.handle_error(),
        }
    }
    Input::empty()
}

/// Passes the handshake on, then gives the client these bytes instead of the server's; without any, the end of the stream. What the client
/// says then is read, and nobody's business.
fn tamper(server: SocketAddr, bytes: &'static [u8]) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let between = thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        let mut server = TcpStream::connect(server).unwrap();
        let head = read_head(&mut client);
        server.write_all(&head).unwrap();
        let answer = read_head(&mut server);
        client.write_all(&[&answer, bytes].concat()).unwrap();
        if bytes.is_empty() {
            client.shutdown(Shutdown::Write).unwrap();
        }
        while let Ok(1..) = client.read(&mut [0; 1024]) {}
    });
    (addr, between)
}

fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1);
        head.push(byte[0]);
    }
    head
}
