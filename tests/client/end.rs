//! The end, and what never begins: each has its line and its exit status, whichever side it was
//! that closed, refused, was lost or broke a rule.

use crate::program::Client;
use crate::servers::{accept, close_event, serve, tamper};
use sockless::handshake::Header;
use sockless::server::Request;
use sockless::{CloseCode, CloseFrame};
use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn the_exit_status_says_how_it_was_closed() {
    let close = |code, reason| CloseFrame::new(code, reason).ok();
    for (frame, status, line) in [
        (close(CloseCode::NORMAL, ""), 0, "* closed: 1000, by the server"),
        (
            close(CloseCode::AWAY, "see\u{7}you"),
            0,
            "* closed: 1001, \"see\\u{7}you\", by the server",
        ),
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
    for (bytes, line) in [
        (&b""[..], "* closed: 1006, the connection was lost"),
        (b"\xc1\0", "* closed: 1006, the server broke a rule: "),
    ] {
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
        Err(reject.body("come again\nlater \u{1b}[2J").into_replying())
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
    for (args, part) in [
        (&["http://a.example"][..], "not a ws:"),
        (&["wss://a.example"], "TLS"),
        (&[], "missing"),
        (&["--loud"], "--loud"),
    ] {
        let ended = Client::start(args).ends();
        assert_eq!((ended.status, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains(part), "{}", ended.err);
    }
}

#[test]
fn ctrl_c_says_goodbye() {
    let (addr, server) = serve(accept, |_| {});
    let mut client = Client::start(&[&format!("ws://{addr}")]);
    client.hears("* open");
    client.interrupt();
    client.hears("* closed: 1000, by us");
    assert_eq!(client.ends().status, 0);
    assert_eq!(close_event(server).code, 1000);
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
