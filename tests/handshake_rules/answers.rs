//! What a server may send that no client takes, with the rule that it breaks, in the same order as
//! the requests. The client is the one of [`ask`](crate::handshake::ask), which says what was
//! offered.

use crate::handshake::{Changes, GET, SWITCHING, answer};
use sockless::HandshakeError::{self, *};
use sockless::client;

/// Answers that break a rule.
pub(crate) fn answers(key: &str) -> Vec<(HandshakeError, Vec<u8>)> {
    let mut all: Vec<(HandshakeError, Vec<u8>)> = Vec::new();

    // The form of a head.
    let good = String::from_utf8(answer(SWITCHING, key, &[])).unwrap();
    for wire in [
        "\x15\x03\x01\0\x02\x02\x0a",
        "HTTP/1.1 101 Switching\0\r\n",
        "HTTP/1.1 101 Switching\n",
        "HTTP/1.1 101\n",
        &good.replace("\r\n\r\n", "\r\n\n"),
        &good.replace("\r\n\r\n", "\n\n"),
        &good.replace("Upgrade: websocket", "Upgrade: websocket\x08"),
        &good.replace("Upgrade: websocket\r\n", "Upgrade: websocket\n"),
        &format!("\n{good}"),
        &format!("\r{good}"),
    ] {
        all.push((IllegalByte, wire.as_bytes().to_vec()));
    }
    for line in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 10",
        "HTTP/1.1 1010",
        "HTTP/1.1  101",
        "HTTP/1.1 099 x",
        "HTTP/1.1 xxx",
        " HTTP/1.1 101",
        "http/1.1 101",
        GET,
    ] {
        all.push((MalformedStartLine, answer(line, key, &[])));
    }
    // Of those that begin with white space, the first has no header to belong to.
    for line in [
        " Upgrade: websocket",
        "\tUpgrade: websocket",
        "Upgrade : websocket",
        "Upgrade\r\n : websocket",
        "Upgrade",
        ": websocket",
    ] {
        all.push((MalformedHeader, good.replace("Upgrade: websocket", line).into_bytes()));
    }
    let limit = client::Config::default().max_head as usize;
    all.push((HeadTooLarge, answer(SWITCHING, key, &[("X", &["x".repeat(limit).as_str()])])));
    all.push((
        HeadTooLarge,
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".repeat(1000).into_bytes(),
    ));
    all.push((TooManyHeaders, answer(SWITCHING, key, &[("X", &[""; 98])])));
    for version in ["0.9", "2.0"] {
        all.push((UnsupportedHttp, answer(&format!("HTTP/{version} 101 x"), key, &[])));
    }

    // What an answer must be.
    all.push((UnexpectedEnd, Vec::new()));
    all.push((UnexpectedEnd, good.as_bytes()[..good.len() - 1].to_vec()));
    all.push((UnexpectedEnd, b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()));
    let mut changed =
        |error, changes: Changes<'_>| all.push((error, answer(SWITCHING, key, changes)));
    changed(MissingUpgrade, &[("Upgrade", &[])]);
    for upgrade in ["", "h2c", "websocket, h2c", "websocket/13", "web socket", "websockets"] {
        changed(InvalidUpgrade, &[("Upgrade", &[upgrade])]);
    }
    changed(InvalidUpgrade, &[("Upgrade", &["websocket", "websocket"])]);
    changed(MissingConnection, &[("Connection", &[])]);
    changed(MissingConnection, &[("Connection", &["close"])]);
    changed(MissingAccept, &[("Sec-WebSocket-Accept", &[])]);
    let accept = sockless::handshake::accept_key(key);
    changed(RepeatedAccept, &[("Sec-WebSocket-Accept", &[accept.as_str(), accept.as_str()])]);
    for wrong in [
        "",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        key,
        &accept.as_str().to_ascii_lowercase(),
        &format!("{accept}="),
    ] {
        changed(WrongAccept, &[("Sec-WebSocket-Accept", &[wrong])]);
    }
    changed(InvalidExtensions, &[("Sec-WebSocket-Extensions", &["foo; a="])]);
    for extensions in ["permessage-bzip2", "Permessage-Deflate", "foo; a=\"1\""] {
        changed(ExtensionNotOffered, &[("Sec-WebSocket-Extensions", &[extensions])]);
    }
    #[cfg(not(feature = "deflate"))]
    changed(ExtensionNotOffered, &[("Sec-WebSocket-Extensions", &["permessage-deflate"])]);
    // The whole table is in `handshake_deflate/answers.rs`.
    #[cfg(feature = "deflate")]
    {
        let good = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
        changed(RepeatedExtension, &[("Sec-WebSocket-Extensions", &[good, good])]);
        changed(
            RepeatedExtension,
            &[("Sec-WebSocket-Extensions", &[&format!("{good}, permessage-deflate; foo")])],
        );
        for wrong in [
            "foo",
            "client_max_window_bits",
            "server_max_window_bits=10",
            "client_no_context_takeover=1",
        ] {
            changed(
                InvalidParameters,
                &[("Sec-WebSocket-Extensions", &[&format!("{good}; {wrong}")])],
            );
        }
        for other in [
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=11",
        ] {
            changed(ParametersNotOffered, &[("Sec-WebSocket-Extensions", &[other])]);
        }
        changed(
            ParametersNotOffered,
            &[("Sec-WebSocket-Extensions", &[&format!("{good}; client_max_window_bits=15")])],
        );
    }
    changed(InvalidUpgrade, &[("Upgrade", &["websocket\r\n , h2c"])]);
    changed(
        WrongAccept,
        &[("Sec-WebSocket-Accept", &[&accept.as_str().replacen('=', "\r\n =", 1)])],
    );
    for protocol in ["z", "X", "xy", "x;"] {
        changed(ProtocolNotOffered, &[("Sec-WebSocket-Protocol", &[protocol])]);
    }
    changed(SeveralProtocols, &[("Sec-WebSocket-Protocol", &["x, y"])]);
    changed(SeveralProtocols, &[("Sec-WebSocket-Protocol", &["x", "x"])]);
    changed(SeveralProtocols, &[("Sec-WebSocket-Protocol", &["x", "", "y"])]);
    // Lines that end in LF alone pass in a refusal only.
    for line in [
        "HTTP/1.1 101 x\nX: y",
        "HTTP/1.0 101 x\n",
        "HTTP/1.1 100 x\n",
        "HTTP/1.1 199 x\n",
        "HTTP/2.0 403 x\n",
        "HTTP/1.1 403x\n",
    ] {
        all.push((IllegalByte, answer(line, key, &[])));
    }
    for wire in [
        "HTTP/1.1 403 x\n\rX: y\n\n",
        "HTTP/1.1 403 x\nX: y\rz\n\n",
        "HTTP/1.1 403 x\nX: \0\n\n",
        "\nHTTP/1.1 403 x\n\n",
    ] {
        all.push((IllegalByte, wire.as_bytes().to_vec()));
    }
    for wire in ["HTTP/1.1 403 x\n X: y\n\n", "HTTP/1.1 403 x\nX : y\n\n", "HTTP/1.1 403 x\nX\n\n"]
    {
        all.push((MalformedHeader, wire.as_bytes().to_vec()));
    }
    all.push((TooManyHeaders, format!("HTTP/1.1 403 x\n{}\n", "X: y\n".repeat(101)).into_bytes()));
    all.push((TooManyHeaders, answer(SWITCHING, key, &[("X", &[&"\r\n y".repeat(97)])])));
    all.push((HeadTooLarge, format!("HTTP/1.1 403 x\nX: {}", "y".repeat(limit)).into_bytes()));
    // An empty line in front is ignored in front of requests only.
    all.push((MalformedStartLine, format!("\r\n{good}").into_bytes()));
    all.push((MalformedStartLine, format!("HTTP/1.1 100 Continue\r\n\r\n\r\n{good}").into_bytes()));
    all
}
