//! What stands in front of a head's first line, and is no part of it.

use crate::handshake::{self, GET, SWITCHING, answer, asked_key, request, serve};
use sockless::client::{self, Outcome};
use sockless::server::{self, Incoming};

/// White space in front of the method: httparse 1.9.3 to 1.9.5, below a good part of the servers in
/// Rust, took it for the method's first character, so that a filter for `GET` did not see one; and
/// parsers that skip any CR or LF in front of a request begin it at another byte than the proxy
/// before them.
///
/// Here a head begins with its first line, RFC 9112 §2.1, and httparse is required from 1.10 on;
/// the gate runs this with the oldest one. Asserted, in both roles, with a good head behind it and
/// under every cut: white space, a control character, CR or LF alone, and empty lines that end
/// otherwise than in CR LF are refused, and nothing of it becomes a request.
#[test]
fn whitespace_before_the_first_line() {
    let white = [" ", "\t", "  ", "\x0b", "\x0c", "\0", "\r\n ", "\r\n\t"];
    let ends = ["\r", "\r ", "\r\r\n", "\n", "\n\n", "\r\n\n", "\n\r\n"];
    let in_front = white.into_iter().chain(ends);
    for before in in_front.clone() {
        let wire = [before.as_bytes(), &request(GET, &[])].concat();
        let plain = [before.as_bytes(), b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"].concat();
        for wire in [wire, plain] {
            let bytes: Vec<usize> = (1..wire.len()).collect();
            for cuts in
                [vec![], vec![1], vec![2], vec![before.len()], vec![before.len() + 2], bytes]
            {
                let (outcome, _) = serve(&server::Config::default(), &wire, &cuts);
                let Some(Incoming::Failed(rejected)) = outcome else {
                    panic!("{before:?} {cuts:?}: {outcome:?}")
                };
                assert!(rejected.status() == 400 && rejected.error().is_some(), "{before:?}");
            }
        }
    }
    // RFC 9112 §2.2 lets a server ignore an empty line in front of a request; none is in front of
    // an answer.
    let in_front = in_front.filter(|before| !before.starts_with('\n'));
    for before in in_front.chain(["\r\n", "\r\n\r\n"]) {
        let wire = [before.as_bytes(), &answer(SWITCHING, &asked_key(), &[])].concat();
        let bytes: Vec<usize> = (1..wire.len()).collect();
        for cuts in [vec![], vec![before.len()], bytes] {
            let request = client::Request::new("ws://a.example").unwrap();
            let (mut handshake, _) = handshake::client(request, client::Config::default());
            let (outcome, _) = handshake::feed(&wire, &cuts, |input| handshake.poll(input));
            assert!(
                matches!(outcome, Some(Outcome::Failed(_))),
                "{before:?} {cuts:?}: {outcome:?}"
            );
        }
    }
}
