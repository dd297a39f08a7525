//! Heads that are damaged at random give the same outcome however their bytes are cut, and never a
//! panic.

use crate::handshake::{GET, SWITCHING, answer, ask, asked_key, fed_by, request, serve};
use crate::support::random::{Wire, cases};
use proptest::prelude::*;
use sockless::client::{self, Outcome};
use sockless::handshake::Headers;
use sockless::server::{self, Incoming};

/// What is put into a head.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known: &'static [&str] = &[
        "\r\n",
        "\n",
        "\r",
        "\0",
        " ",
        "\t",
        ":",
        ",",
        ";",
        "\"",
        "=",
        "\r\n\r\n",
        "Host: b\r\n",
        "Upgrade: h2c\r\n",
        "Content-Length: 3\r\n",
        "HTTP/1.0",
        "13",
        "\r\n x",
        "websocket",
        "permessage-deflate",
        "server_max_window_bits=10",
        "; client_max_window_bits",
        ", ",
    ];
    prop_oneof![
        4 => prop::sample::select(known).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

/// A head with pieces put in, or in place of others.
fn damaged(head: Vec<u8>) -> impl Strategy<Value = Wire> {
    prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, piece()), 0..4).prop_map(
        move |damages| {
            let mut head = head.clone();
            for (at, removed, piece) in damages {
                let at = at.index(head.len() + 1);
                let end = (at + removed).min(head.len());
                head.splice(at..end, piece);
            }
            Wire(head)
        },
    )
}

/// A server that compresses, if it can.
fn config() -> server::Config {
    #[cfg(feature = "deflate")]
    {
        let mut config = server::Config::default();
        config.deflate = Some(sockless::deflate::Policy::default());
        config
    }
    #[cfg(not(feature = "deflate"))]
    server::Config::default()
}

fn served(outcome: Option<Incoming>) -> String {
    match outcome {
        Some(Incoming::Failed(rejected)) => format!("{:?}", rejected.error()),
        Some(Incoming::Upgrade(request)) => format!("{request:?} {}", listed(request.headers())),
        Some(Incoming::Http(plain)) => format!("{plain:?} {}", plain.head().escape_ascii()),
        None => String::new(),
    }
}

/// All of the headers: `Debug` shows no values.
fn listed(headers: Headers<'_>) -> String {
    format!("{:?}", headers.iter().collect::<Vec<_>>())
}

fn asked(outcome: Outcome) -> String {
    match outcome {
        Outcome::Open(opened) => {
            format!("{opened:?} {:?} {}", opened.protocol(), listed(opened.headers()))
        }
        Outcome::Refused(response) => {
            let (status, reason, cut) = (response.status(), response.reason(), response.is_cut());
            format!("{status} {reason} {cut} {} {:?}", listed(response.headers()), response.body())
        }
        Outcome::Failed(failure) => format!("{failure:?} {}", listed(failure.headers())),
    }
}

fn is_reusable(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(response) if response.is_reusable())
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn of_a_request(
        empty in prop::sample::select(&["", "\r\n"][..]),
        wire in damaged(request(GET, &[("Origin", &["http://a.example"]), ("Sec-WebSocket-Protocol", &["x, y"]), ("Sec-WebSocket-Extensions", &["a; b=\"c\", permessage-deflate; client_max_window_bits"])])),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let wire = [empty.as_bytes(), &wire].concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.index(wire.len() + 1)).collect();
        cuts.sort_unstable();
        let config = config();
        let singly: Vec<usize> = (1..wire.len()).collect();
        let (single, taken) = serve(&config, &wire, &singly);
        let (whole, _) = serve(&config, &wire, &[]);
        let (cut, fed) = serve(&config, &wire, &cuts);
        let single = served(single);
        prop_assert_eq!(&single, &served(whole));
        prop_assert_eq!((single, fed_by(taken, &cuts, wire.len())), (served(cut), fed));
    }

    #[test]
    fn of_an_answer(
        wire in prop_oneof![
            damaged(answer(SWITCHING, &asked_key(), &[("Sec-WebSocket-Protocol", &["x"])])),
            damaged(answer(
                SWITCHING,
                &asked_key(),
                &[("Sec-WebSocket-Extensions", &["permessage-deflate; server_no_context_takeover; server_max_window_bits=\"10\""])],
            )),
            damaged(b"HTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n".to_vec()),
            damaged(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhello".to_vec()),
            damaged(b"HTTP/1.1 403 Forbidden\nX: y\n z\r\nContent-Length: 5\n\nhello".to_vec()),
            damaged(answer(SWITCHING, &asked_key(), &[("Sec-WebSocket-Protocol", &[",\r\n x"]), ("Content-Length", &["7"])])),
        ],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.index(wire.len() + 1)).collect();
        cuts.sort_unstable();
        let config = client::Config::default();
        let singly: Vec<usize> = (1..wire.len()).collect();
        let (single, taken) = ask(&config, &wire, &singly);
        let (whole, _) = ask(&config, &wire, &[]);
        let (cut, fed) = ask(&config, &wire, &cuts);
        // Bytes behind the answer are seen in the read in which it ends, and in no later one.
        let ends_a_read = taken == wire.len() || cuts.contains(&taken);
        prop_assert!(!is_reusable(&whole) || taken == wire.len() && is_reusable(&cut));
        prop_assert!(!is_reusable(&cut) || ends_a_read && (taken < wire.len() || is_reusable(&whole)));
        let single = asked(single);
        prop_assert_eq!(&single, &asked(whole));
        prop_assert_eq!((single, fed_by(taken, &cuts, wire.len())), (asked(cut), fed));
    }
}
