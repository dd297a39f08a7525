//! What a server makes of offers: the first that its policy lets it accept is answered, the others
//! are declined, and so it is however the bytes come and whoever parsed them.

use crate::handshake::{self, GET, cuttings, request, sent, serve};
use crate::handshake_deflate::wrong::WRONG;
use crate::handshake_deflate::{MAX, extensions, lines, negotiate, parameters, policy};
use sockless::deflate::Policy;
use sockless::server::{self, Incoming, OriginPolicy, Request};
use sockless::{Extensions, HandshakeError};

/// Policies, the lines of a request, and the value in the answer.
fn offers() -> Vec<(Policy, Vec<&'static str>, Option<&'static str>)> {
    let any = Policy::default();
    let fresh_server = policy(true, false, MAX, MAX);
    let fresh_client = policy(false, true, MAX, MAX);
    let small_server = policy(false, false, 11, MAX);
    let small_client = policy(false, false, MAX, 11);
    let tight = policy(true, true, 9, 9);
    let plain = Some("permessage-deflate");
    let mut all = vec![
        // As browsers offer it, and others.
        (any, vec!["permessage-deflate"], plain),
        (any, vec!["permessage-deflate; client_max_window_bits"], plain),
        (tight, vec!["permessage-deflate"], None),
        (
            tight,
            vec!["permessage-deflate; client_max_window_bits"],
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9",
            ),
        ),
        // §7.1.1.1.
        (
            any,
            vec!["permessage-deflate; server_no_context_takeover"],
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        (
            fresh_server,
            vec!["permessage-deflate"],
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        (
            fresh_server,
            vec!["permessage-deflate; server_no_context_takeover"],
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        // §7.1.1.2.
        (
            any,
            vec!["permessage-deflate; client_no_context_takeover"],
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (
            fresh_client,
            vec!["permessage-deflate"],
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (
            fresh_client,
            vec!["permessage-deflate; server_no_context_takeover"],
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        ),
        // §7.1.2.1.
        (
            any,
            vec!["permessage-deflate; server_max_window_bits=9"],
            Some("permessage-deflate; server_max_window_bits=9"),
        ),
        (
            any,
            vec!["permessage-deflate; server_max_window_bits=15"],
            Some("permessage-deflate; server_max_window_bits=15"),
        ),
        (any, vec!["permessage-deflate; server_max_window_bits=8"], None),
        (
            small_server,
            vec!["permessage-deflate"],
            Some("permessage-deflate; server_max_window_bits=11"),
        ),
        (
            small_server,
            vec!["permessage-deflate; server_max_window_bits=12"],
            Some("permessage-deflate; server_max_window_bits=11"),
        ),
        (
            small_server,
            vec!["permessage-deflate; server_max_window_bits=10"],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            policy(false, false, 8, MAX),
            vec!["permessage-deflate"],
            Some("permessage-deflate; server_max_window_bits=9"),
        ),
        (policy(false, false, 8, MAX), vec!["permessage-deflate; server_max_window_bits=8"], None),
        // §7.1.2.2.
        (
            any,
            vec!["permessage-deflate; client_max_window_bits=8"],
            Some("permessage-deflate; client_max_window_bits=8"),
        ),
        (any, vec!["permessage-deflate; client_max_window_bits=15"], plain),
        (
            small_client,
            vec!["permessage-deflate; client_max_window_bits"],
            Some("permessage-deflate; client_max_window_bits=11"),
        ),
        (
            small_client,
            vec!["permessage-deflate; client_max_window_bits=12"],
            Some("permessage-deflate; client_max_window_bits=11"),
        ),
        (
            small_client,
            vec!["permessage-deflate; client_max_window_bits=10"],
            Some("permessage-deflate; client_max_window_bits=10"),
        ),
        (small_client, vec!["permessage-deflate"], None),
        (
            policy(false, false, MAX, 8),
            vec!["permessage-deflate; client_max_window_bits"],
            Some("permessage-deflate; client_max_window_bits=8"),
        ),
        // All at once, in another order, with other spaces and quotes.
        (
            any,
            vec![
                "\tpermessage-deflate;client_max_window_bits = \"1\\0\"  ; server_max_window_bits=\"9\";client_no_context_takeover ;\tserver_no_context_takeover",
            ],
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10",
            ),
        ),
        // §5: the first that is acceptable, in one line or in several; what else is offered is
        // declined.
        (
            any,
            vec!["permessage-deflate; server_no_context_takeover, permessage-deflate"],
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        (any, vec!["permessage-deflate", "permessage-deflate; server_no_context_takeover"], plain),
        (
            small_client,
            vec!["permessage-deflate, permessage-deflate; client_max_window_bits"],
            Some("permessage-deflate; client_max_window_bits=11"),
        ),
        (
            small_client,
            vec!["permessage-deflate", "permessage-deflate; client_max_window_bits"],
            Some("permessage-deflate; client_max_window_bits=11"),
        ),
        (
            any,
            vec![
                "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10",
            ],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            any,
            vec!["permessage-deflate; mode=fast, , permessage-deflate; client_no_context_takeover"],
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (
            any,
            vec![
                "x-webkit-deflate-frame; no_context_takeover",
                "foo;permessage-deflate, permessage-deflate",
                "bar",
            ],
            plain,
        ),
        (any, vec!["foo; server_no_context_takeover", "permessage-bzip2"], None),
        (any, vec!["permessage-deflat, permessage-deflates, xpermessage-deflate"], None),
        // Names are compared with their case.
        (any, vec!["Permessage-Deflate"], None),
        (any, vec!["permessage-deflate; Server_No_Context_Takeover"], None),
        (any, vec![], None),
    ];
    // §7: what is wrong with an offer declines it, and only it.
    for wrong in WRONG.iter().copied() {
        all.push((any, vec![wrong], None));
        all.push((
            any,
            vec![wrong, "permessage-deflate; server_no_context_takeover"],
            Some("permessage-deflate; server_no_context_takeover"),
        ));
    }
    all
}

#[test]
fn a_server_answers_the_first_offer_that_it_accepts() {
    for (policy, offered, expected) in offers() {
        let value = policy.negotiate(lines(&offered)).unwrap().map(|answer| answer.to_string());
        assert_eq!(value.as_deref(), expected, "{offered:?} under {policy:?}");
        let (answered, agreed) = negotiate(Some(policy), &offered, &[]).unwrap();
        assert_eq!(
            (answered, agreed.deflate.is_some()),
            (value.into_iter().collect(), expected.is_some()),
            "{offered:?} under {policy:?}"
        );
        // Who did not ask for it does not get it.
        assert_eq!(negotiate(None, &offered, &[]), Ok((vec![], Extensions::default())));
    }
}

#[test]
fn how_the_bytes_come_makes_no_difference() {
    let offered = [
        "foo, permessage-deflate; server_max_window_bits=\"8\"",
        "permessage-deflate;client_max_window_bits=\"1\\1\";server_no_context_takeover",
    ];
    let whole = negotiate(Some(Policy::default()), &offered, &[]).unwrap();
    assert_eq!(
        whole.0,
        ["permessage-deflate; server_no_context_takeover; client_max_window_bits=11"]
    );
    for cuts in cuttings(&request(GET, &[("Sec-WebSocket-Extensions", &offered)])) {
        assert_eq!(
            negotiate(Some(Policy::default()), &offered, &cuts),
            Ok(whole.clone()),
            "cut at {cuts:?}"
        );
    }
}

#[test]
fn real_clients_negotiate() {
    let mut config = server::Config::default();
    config.origin = OriginPolicy::Any;
    let small = policy(true, false, 12, 10);
    for (name, head) in handshake::REQUESTS {
        let offers = matches!(name, "chromium" | "ws" | "websockets");
        for (policy, expected, agreed) in [
            (Policy::default(), "permessage-deflate", parameters(false, false, MAX, MAX)),
            (
                small,
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10",
                parameters(true, false, 12, 10),
            ),
        ] {
            config.deflate = Some(policy);
            let (Some(Incoming::Upgrade(request)), _) = serve(&config, head, &[]) else {
                panic!("{name}")
            };
            assert_eq!(request.extensions().deflate, offers.then_some(agreed), "{name}");
            let answered = extensions(&sent(
                &mut request.accept().protocol("chat.v1").open(sockless::Config::default()),
            ));
            assert_eq!(answered, Vec::from_iter(offers.then_some(expected)), "{name}");
        }
    }
}

#[test]
fn a_server_can_still_decline() {
    let mut config = server::Config::default();
    config.deflate = Some(Policy::default());
    let wire = request(GET, &[("Sec-WebSocket-Extensions", &["permessage-deflate"])]);
    let (Some(Incoming::Upgrade(request)), _) = serve(&config, &wire, &[]) else { panic!() };
    let accept = request.accept().without_deflate();
    assert_eq!(accept.extensions(), Extensions::default());
    assert_eq!(extensions(&sent(&mut accept.open(sockless::Config::default()))), [""; 0]);
}

#[test]
fn an_http_stack_gets_the_same() {
    let mut config = server::Config::default();
    config.deflate = Some(Policy::default());
    let parts = |extensions: &'static [u8]| {
        let good = [
            ("host", &b"a.example"[..]),
            ("upgrade", b"websocket"),
            ("connection", b"upgrade"),
            ("sec-websocket-version", b"13"),
        ];
        let more = [
            ("sec-websocket-key", handshake::KEY.as_bytes()),
            ("x", b"y"),
            ("Sec-WebSocket-Extensions", extensions),
        ];
        Request::from_parts("GET", "/", (1, 1), good.into_iter().chain(more), &config)
    };
    let request = parts(b"permessage-deflate; server_max_window_bits=12").unwrap();
    assert_eq!(
        request.deflate().unwrap().to_string(),
        "permessage-deflate; server_max_window_bits=12"
    );
    assert_eq!(request.extensions().deflate, Some(parameters(false, false, 12, MAX)));
    assert_eq!(parts(b"permessage-deflate; server_max_window_bits=8").unwrap().deflate(), None);
    assert_eq!(parts(b"permessage-deflate; =").unwrap_err(), HandshakeError::InvalidExtensions);
}
