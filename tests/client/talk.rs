//! An open connection: it is asked for as the arguments say, what is typed goes out, what comes is
//! shown harmless, and pings are timed.

use crate::program::Client;
use crate::servers::{accept, close_event, serve};
use crate::stdin;
use sockless::Config;
use sockless::server::Request;

#[test]
fn lines_go_out_and_come_back_harmless() {
    let (addr, server) = serve(accept, |_| {});
    let ended = Client::start(&[&format!("ws://{addr}/a?b")])
        .ends_with_input("hello\r\ntwo words\n\n\u{1b}[2J\u{202e}end".as_bytes());
    assert_eq!(
        (ended.status, ended.out.as_str()),
        (0, format!("* open: ws://{addr}/a?b\n< hello\n< two words\n< \n< \\u{{1b}}[2J\\u{{202e}}end\n* closed: 1000, by us\n").as_str())
    );
    assert_eq!(close_event(server).code, 1000);
}

#[test]
fn bytes_go_out_and_come_back() {
    let (addr, _) = serve(accept, |_| {});
    let ended =
        Client::start(&["--binary", &format!("ws://{addr}")]).ends_with_input(b"\xff\0\nhi");
    assert_eq!(
        (ended.status, ended.line(1), ended.line(2)),
        (0, "<# 2 bytes: ff 00", "<# 2 bytes: 68 69")
    );
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
    let ended = Client::start(&[&format!("ws://{addr}")])
        .ends_with_input(&[&longest[..], b"\r\n", &longest[..], b"aa"].concat());
    assert_eq!(
        (ended.status, ended.line(1).len(), ended.line(2)),
        (5, "< ".len() + longest.len(), "* closed: 1000, by us")
    );
    assert!(ended.err.contains("longer than 1048576 bytes"), "{}", ended.err);
    assert_eq!(close_event(server).code, 1000);
}

#[test]
fn the_request_is_as_asked() {
    let see = |request: Request| {
        assert_eq!(request.origin(), Some("https://a.example"));
        assert!(request.protocols().eq(["x", "chat.v1"]));
        assert_eq!(
            (request.headers().text("x-a"), request.headers().text("authorization")),
            (Some("1:2"), Some("Bearer z"))
        );
        Ok(request.accept().protocol("chat.v1").open(Config::default()))
    };
    let (addr, server) = serve(see, |_| {});
    let url = format!("ws://{addr}");
    let args = [
        "--origin",
        "https://a.example",
        "--subprotocol",
        "x",
        "--subprotocol",
        "chat.v1",
        "--header",
        "X-A: 1:2",
    ];
    let ended = Client::start(&[&args[..], &["--header", "Authorization:Bearer z", &url]].concat())
        .ends_with_input(b"");
    assert_eq!(
        (ended.status, ended.line(0)),
        (0, format!("* open: {url}, subprotocol chat.v1").as_str()),
        "{}",
        ended.err
    );
    assert_eq!(close_event(server).code, 1000);
}

#[cfg(feature = "deflate")]
#[test]
fn messages_are_compressed_where_both_want_it() {
    use crate::servers::{any_origin, serve_with};
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
        assert_eq!(
            (ended.status, ended.line(0)),
            (0, format!("* open: {url}, {said}").as_str()),
            "{}",
            ended.err
        );
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
fn pings_are_timed() {
    let (addr, _) = serve(accept, |_| {});
    let mut client = Client::start(&["--ping", "0.05", &format!("ws://{addr}")]);
    for line in ["* open", "* pong after ", "* pong after "] {
        client.hears(line);
    }
    assert_eq!(client.ends_with_input(b"").status, 0);
}
