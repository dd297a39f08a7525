//! What a client may send that no server takes, with the rule that it breaks: first what is no
//! head, then heads that ask for something else, or ask wrongly.

use crate::handshake::{self, Changes, GET, request};
use sockless::HandshakeError::{self, *};
use sockless::server;

/// Requests that break a rule.
pub(crate) fn requests() -> Vec<(HandshakeError, Vec<u8>)> {
    let mut all: Vec<(HandshakeError, Vec<u8>)> = Vec::new();

    // The form of a head.
    let good = String::from_utf8(request(GET, &[])).unwrap();
    for wire in [
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
        "\0",
        "GET /\0 HTTP/1.1\r\n",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r\r\n",
        "GET / HTTP/1.1\rHost: x\r\n",
        &good.replace("Host: a.example", "Host: a.example\0"),
        &good.replace("Host: a.example", "Host: a.example\x7f"),
        &good.replace("Host: a.example", "Host: a.\x0bexample"),
        &good.replace("Host: a.example\r\n", "Host: a.example\n"),
        &good.replace("Host: a.example\r\n", "Host: a.example\r"),
        &good.replace("\r\n\r\n", "\r\n\n"),
        &good.replace("\r\n\r\n", "\n\r\n"),
        &good.replace("\r\n\r\n", "\n\n"),
        &good.replace("\r\n", "\n"),
        &format!("\n{good}"),
        &format!("\r{good}"),
    ] {
        all.push((IllegalByte, wire.as_bytes().to_vec()));
    }
    for line in [
        "",
        "GET",
        "GET ",
        "GET /",
        "GET / ",
        " GET / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.1 x",
        "GET /a b HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/11",
        "GET / HTTP/1",
        "GET / HTTP/1.",
        "GET / HTP/1.1",
        "GET / HTTP/1.10",
        "G@T / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "GET / HTTP/2.0 x",
        "HTTP/1.1 200 OK",
    ] {
        all.push((MalformedStartLine, request(line, &[])));
    }
    for line in [
        " Host: a.example",
        "\tHost: a.example",
        "Host : a.example",
        "Host\t: a.example",
        "Host",
        ": a.example",
        "Ho st: a.example",
        "H\u{f6}st: a.example",
        "Host a.example",
        "Host: a.example\r\n folded",
        "Host: a.example\r\n\tfolded: x",
        "\"Host\": a.example",
    ] {
        all.push((MalformedHeader, good.replace("Host: a.example", line).into_bytes()));
    }
    let limit = server::Config::default().max_head as usize;
    all.push((HeadTooLarge, request(GET, &[("X", &["x".repeat(limit).as_str()])])));
    all.push((HeadTooLarge, "G".repeat(limit).into_bytes()));
    all.push((
        HeadTooLarge,
        request(
            GET,
            &[("X", &["x".repeat(limit + 1 - request(GET, &[("X", &[""])]).len()).as_str()])],
        ),
    ));
    all.push((TooManyHeaders, request(GET, &[("X", &[""; 96])])));
    all.push((TooManyHeaders, format!("GET / HTTP/1.1\r\n{}", "a:\r\n".repeat(101)).into_bytes()));
    for version in ["0.9", "1.2", "2.0", "3.0"] {
        all.push((UnsupportedHttp, request(&format!("GET / HTTP/{version}"), &[])));
    }
    all.push((UnsupportedHttp, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()));

    // What a request to upgrade must be.
    all.push((HttpTooOld, request("GET / HTTP/1.0", &[])));
    for method in ["POST", "HEAD", "OPTIONS", "CONNECT", "get", "GETS"] {
        all.push((Method, request(&format!("{method} / HTTP/1.1"), &[])));
    }
    for target in [
        "*",
        "a.example",
        "a.example:80",
        "chat",
        "?x",
        "#",
        "/#",
        "/x#y",
        "/\"x\"",
        "/<x",
        "/?x>",
        "/\u{e4}",
        "http://x@a.example/",
        "ws://x@a.example/",
        "wss://x:y@b.example/",
        "ws://@a.example/",
        "http:///",
        "http://",
        "http://?x",
        "ws://:80/",
        "ws://a.example:x/",
        "ws://a.example:65536/",
        "ws://[::1/",
        "ws://a.example\\@b.example/",
        "ws://a.example/#",
        "ws:/a.example/",
        "ws:a.example",
        "ftp://a.example/",
        "wsss://a.example/",
        "//a.example/#",
    ] {
        all.push((InvalidTarget, request(&format!("GET {target} HTTP/1.1"), &[])));
    }
    // RFC 9112 §3.2: also where the target says who is asked.
    let absolute = "GET ws://a.example/chat HTTP/1.1";
    all.push((MissingHost, request(absolute, &[("Host", &[])])));
    all.push((RepeatedHost, request(absolute, &[("Host", &["a.example", "a.example"])])));
    all.push((InvalidHost, request(absolute, &[("Host", &["user@a.example"])])));
    all.push((MissingKey, request(absolute, &[("Sec-WebSocket-Key", &[])])));
    for origin in ["http://b.example", "http://a.example:81", "null"] {
        all.push((
            ForbiddenOrigin,
            request(absolute, &[("Host", &["b.example"]), ("Origin", &[origin])]),
        ));
    }
    for origin in ["http://", "http://a.example", "http://:80", ""] {
        all.push((ForbiddenOrigin, request(GET, &[("Host", &[""]), ("Origin", &[origin])])));
    }
    let mut changed = |error, changes: Changes<'_>| all.push((error, request(GET, changes)));
    changed(MissingHost, &[("Host", &[])]);
    changed(RepeatedHost, &[("Host", &["a.example", "a.example"])]);
    changed(RepeatedHost, &[("Host", &["a.example"]), ("host", &["b.example"])]);
    changed(RepeatedHost, &[("Host", &["", ""])]);
    for host in [
        ":80",
        "a.example, b.example",
        "a.example b.example",
        "user@a.example",
        "http://a.example",
        "a.example/",
        "[::1",
        "a.example:65536",
        "a.example:x",
        "\u{e4}",
    ] {
        changed(InvalidHost, &[("Host", &[host])]);
    }
    changed(MissingConnection, &[("Connection", &[])]);
    for connection in ["", "keep-alive", "Upgrades", "Up grade", "close, x-upgrade"] {
        changed(MissingConnection, &[("Connection", &[connection])]);
    }
    changed(MissingVersion, &[("Sec-WebSocket-Version", &[])]);
    changed(RepeatedVersion, &[("Sec-WebSocket-Version", &["13", "13"])]);
    changed(RepeatedVersion, &[("Sec-WebSocket-Version", &["13", "8"])]);
    for version in ["", "8", "12", "14", "013", "+13", "13, 8", "13.0", "0"] {
        changed(UnsupportedVersion, &[("Sec-WebSocket-Version", &[version])]);
    }
    changed(MissingKey, &[("Sec-WebSocket-Key", &[])]);
    changed(RepeatedKey, &[("Sec-WebSocket-Key", &[handshake::KEY, handshake::KEY])]);
    for key in [
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZTEyMw==",
        "dGhl IHNhbXBsZSBub25jZQ==",
        "dGhl-HNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        changed(InvalidKey, &[("Sec-WebSocket-Key", &[key])]);
    }
    for length in ["1", "5", "00", "-0", "0, 5", "0, 0", "x", ""] {
        changed(RequestBody, &[("Content-Length", &[length])]);
    }
    changed(RequestBody, &[("Content-Length", &["0", "5"])]);
    changed(RequestBody, &[("Content-Length", &["5", "0"])]);
    for coding in ["chunked", "identity", ""] {
        changed(RequestBody, &[("Transfer-Encoding", &[coding])]);
    }
    for protocols in ["a b", "a b,", "a;b", "\"a\"", "a, a", "a,b,c,a", "x\u{e4}", "a/b"] {
        changed(InvalidProtocols, &[("Sec-WebSocket-Protocol", &[protocols])]);
    }
    changed(InvalidProtocols, &[("Sec-WebSocket-Protocol", &["a", "b, a"])]);
    for bad in ["m, c", "m n", "m, n/o, p"] {
        changed(
            InvalidProtocols,
            &[("Sec-WebSocket-Protocol", &["a, b, c, d, e, f, g, h, i, j, k, l", bad])],
        );
    }
    let names: Vec<String> = (0..101).map(|i| format!("p{i}")).collect();
    changed(TooManyProtocols, &[("Sec-WebSocket-Protocol", &[&names.join(",")])]);
    changed(
        TooManyProtocols,
        &[("Sec-WebSocket-Protocol", &[&names[..40].join(","), &names[40..].join(", ")])],
    );
    changed(TooManyProtocols, &[("Sec-WebSocket-Protocol", &[&"a,".repeat(1000)])]);
    for extensions in
        [";", "foo bar", "foo; =", "foo; a=", "foo; a=\"b c\"", "foo; a=\"b", "=", "foo, ;a"]
    {
        changed(InvalidExtensions, &[("Sec-WebSocket-Extensions", &[extensions])]);
    }
    changed(InvalidExtensions, &[("Sec-WebSocket-Extensions", &["foo", "foo bar"])]);
    changed(RepeatedOrigin, &[("Origin", &["http://a.example", "http://a.example"])]);
    for origin in ["\u{e4}", "http://a.example\u{e4}", "http://\u{e4}.example"] {
        changed(InvalidOrigin, &[("Origin", &[origin])]);
    }
    for origin in [
        "null",
        "",
        "http://b.example",
        "http://a.example:81",
        "http://a.example/",
        "a.example",
        "http://a.example, http://b.example",
    ] {
        changed(ForbiddenOrigin, &[("Origin", &[origin])]);
    }
    all
}
