//! The table of rules: a row of cases for each `HandshakeError`, in each role that can meet it,
//! under every cut of its bytes.
//!
//! A server answers with the row's status and goes to its end by the life cycle; a client gives the
//! error. The cases are [`requests`] to the one and [`answers`] to the other; [`generous`] is what
//! is served though no sender should send it; [`parts`] are requests that another's HTTP stack has
//! parsed.

pub(crate) mod answers;
mod generous;
mod parts;
pub(crate) mod requests;

use crate::handshake::{answered, ask, asked_key, cuttings, fed_by, serve};
use answers::answers;
use requests::requests;
use sockless::HandshakeError::{self, *};
use sockless::Input;
use sockless::client::{self, Outcome};
use sockless::server::{self, Incoming};

#[test]
fn every_rule_has_a_case() {
    let (requests, answers) = (requests(), answers(&asked_key()));
    let has =
        |cases: &[(HandshakeError, Vec<u8>)], error| cases.iter().any(|(other, _)| *other == error);
    // No bytes are too late by themselves: `heartbeat.rs` has that one.
    for error in
        HandshakeError::ALL.iter().copied().filter(|error| *error != HandshakeError::TimedOut)
    {
        let server_only = matches!(error.status(), 403 | 405)
            || matches!(
                error,
                MissingHost
                    | RepeatedHost
                    | InvalidHost
                    | InvalidTarget
                    | RequestBody
                    | HttpTooOld
                    | InvalidProtocols
                    | TooManyProtocols
                    | InvalidOrigin
            )
            || matches!(
                error,
                MissingVersion
                    | RepeatedVersion
                    | UnsupportedVersion
                    | MissingKey
                    | RepeatedKey
                    | InvalidKey
            );
        // Who offers no extension with parameters gets no answer with them.
        let with_deflate =
            matches!(error, RepeatedExtension | InvalidParameters | ParametersNotOffered);
        // To a server, no such token is a plain request.
        let client_only = error.status() == 502 || error == MissingUpgrade;
        assert_eq!(has(&requests, error), !client_only, "{error:?} of a server");
        let no_client = server_only || (with_deflate && !cfg!(feature = "deflate"));
        assert_eq!(has(&answers, error), !no_client, "{error:?} of a client");
        assert!(error.to_string().ends_with(&format!("({})", error.section())), "{error}");
    }
}

#[test]
fn a_server_answers_each_violation_in_every_split() {
    let config = server::Config::default();
    for (error, wire) in requests() {
        let singly: Vec<usize> = (1..wire.len()).collect();
        let (_, taken) = serve(&config, &wire, &singly);
        for cuts in cuttings(&wire) {
            let context = || {
                format!(
                    "{error:?} {:?} cut at {cuts:?}",
                    wire[..wire.len().min(300)].escape_ascii().to_string()
                )
            };
            let (outcome, fed) = serve(&config, &wire, &cuts);
            let Some(Incoming::Failed(rejected)) = outcome else {
                panic!("{} gave {outcome:?}", context())
            };
            assert_eq!(
                (rejected.error(), rejected.status(), fed),
                (Some(error), error.status(), fed_by(taken, &cuts, wire.len())),
                "{}",
                context()
            );
        }
        let (Some(Incoming::Failed(rejected)), _) = serve(&config, &wire, &[]) else {
            panic!("{error:?}")
        };
        let (status, headers, body) = answered(rejected);
        assert!(status.starts_with(&format!("HTTP/1.1 {} ", error.status())), "{status}");
        let has = |line: &str| headers.iter().any(|other| other == line);
        assert_eq!(has("Connection: close"), error.status() != 426, "{error:?}: {headers:?}");
        assert_eq!(has("Allow: GET"), error.status() == 405, "{error:?}: {headers:?}");
        for line in
            ["Upgrade: websocket", "Connection: Upgrade, close", "Sec-WebSocket-Version: 13"]
        {
            assert_eq!(has(line), error.status() == 426, "{error:?}: {headers:?}");
        }
        let text = format!("{error}\n");
        assert!(has(&format!("Content-Length: {}", text.len())), "{error:?}: {headers:?}");
        assert_eq!(
            body,
            if wire.starts_with(b"HEAD ") { b"" } else { text.as_bytes() },
            "{error:?}"
        );
    }
}

/// RFC 9110 §9.3.2. Nor where the head cannot be read, or does not come whole.
#[test]
fn no_answer_to_head_has_a_body() {
    let mut seen = Vec::new();
    for (_, wire) in requests() {
        let Some(rest) = wire.strip_prefix(b"GET ") else { continue };
        // What is no WebSocket request for its method is a plain one.
        let (Some(Incoming::Failed(rejected)), _) =
            serve(&server::Config::default(), &[b"HEAD ", rest].concat(), &[])
        else {
            continue;
        };
        seen.push(rejected.error().unwrap());
        answers_without_a_body(rejected);
    }
    for error in [
        HeadTooLarge,
        TooManyHeaders,
        IllegalByte,
        MalformedStartLine,
        MalformedHeader,
        UnsupportedHttp,
    ] {
        assert!(seen.contains(&error), "{error:?}");
    }
    let mut handshake = server::Handshake::new(server::Config::default());
    assert!(handshake.poll(&mut Input::new(&mut b"HEAD / HTTP/1.1\r\n".to_vec())).is_none());
    handshake.handle_timeout();
    let Some(Incoming::Failed(rejected)) = handshake.poll(&mut Input::empty()) else { panic!() };
    assert_eq!(rejected.error(), Some(TimedOut));
    answers_without_a_body(rejected);
}

fn answers_without_a_body(rejected: server::Replying) {
    let text = format!("{}\n", rejected.error().unwrap());
    let (_, headers, body) = answered(rejected);
    assert!(
        headers.contains(&format!("Content-Length: {}", text.len())) && body.is_empty(),
        "{text}: {headers:?} {body:?}"
    );
}

#[test]
fn a_client_tells_each_violation_in_every_split() {
    let config = client::Config::default();
    for (error, wire) in answers(&asked_key()) {
        let singly: Vec<usize> = (1..wire.len()).collect();
        let (_, taken) = ask(&config, &wire, &singly);
        for cuts in cuttings(&wire) {
            let context = || {
                format!(
                    "{error:?} {:?} cut at {cuts:?}",
                    wire[..wire.len().min(300)].escape_ascii().to_string()
                )
            };
            match ask(&config, &wire, &cuts) {
                (Outcome::Failed(failure), fed) => {
                    let expected = (error, fed_by(taken, &cuts, wire.len()));
                    assert_eq!((failure.error(), fed), expected, "{}", context())
                }
                (outcome, _) => panic!("{} gave {outcome:?}", context()),
            }
        }
    }
}
