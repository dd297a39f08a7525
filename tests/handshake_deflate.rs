//! The negotiation of permessage-deflate, RFC 7692 §5 and §7: what a server makes of offers, what a client makes of answers, and that
//! both then mean the same.
#![cfg(feature = "deflate")]

mod handshake;

use handshake::{GET, SWITCHING, answer, client, cuttings, feed, request, sent, serve};
use proptest::prelude::*;
use sockless::client::Outcome;
use sockless::deflate::{ClientWindow, Offer, Parameters, Policy, WindowBits};
use sockless::server::{self, Incoming, OriginPolicy, Request};
use sockless::{Agreement, Connection, Event, HandshakeError, Input, client as client_side};

const MAX: u8 = 15;

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

fn offer(server_fresh: bool, client_fresh: bool, server: Option<u8>, window: ClientWindow) -> Offer {
    let mut offer = Offer::default();
    offer.server_no_context_takeover = server_fresh;
    offer.client_no_context_takeover = client_fresh;
    offer.server_max_window_bits = server.map(bits);
    offer.client_max_window_bits = window;
    offer
}

fn policy(server_fresh: bool, client_fresh: bool, server: u8, client: u8) -> Policy {
    let mut policy = Policy::default();
    policy.server_no_context_takeover = server_fresh;
    policy.client_no_context_takeover = client_fresh;
    policy.server_max_window_bits = bits(server);
    policy.client_max_window_bits = bits(client);
    policy
}

fn parameters(server_fresh: bool, client_fresh: bool, server: u8, client: u8) -> Parameters {
    let mut parameters = Parameters::default();
    parameters.server_no_context_takeover = server_fresh;
    parameters.client_no_context_takeover = client_fresh;
    parameters.server_max_window_bits = bits(server);
    parameters.client_max_window_bits = bits(client);
    parameters
}

fn lines<'a>(lines: &'a [&str]) -> impl Iterator<Item = &'a [u8]> {
    lines.iter().map(|line| line.as_bytes())
}

/// What a whole handshake answers to these lines: the lines of its 101, and what it agreed on.
fn negotiate(policy: Option<Policy>, lines: &[&str], cuts: &[usize]) -> Result<(Vec<String>, Agreement), HandshakeError> {
    let mut config = server::Config::default();
    config.deflate = policy;
    let wire = request(GET, &[("Sec-WebSocket-Extensions", lines)]);
    match serve(&config, &wire, cuts).0 {
        Some(Incoming::Upgrade(request)) => {
            let (told, answer) = (request.agreement(), request.deflate());
            assert_eq!(answer.map(|answer| answer.agreement()).unwrap_or_default(), told);
            let accept = request.accept();
            assert_eq!(accept.agreement(), told);
            let extensions = extensions(&sent(&mut accept.open(sockless::Config::default())));
            assert_eq!(extensions, answer.map(|answer| answer.to_string()).into_iter().collect::<Vec<_>>());
            Ok((extensions, told))
        }
        Some(Incoming::Failed(rejected)) => Err(rejected.error().unwrap()),
        other => panic!("{other:?}"),
    }
}

/// The lines about extensions in a head.
fn extensions(head: &[u8]) -> Vec<String> {
    let head = std::str::from_utf8(head).unwrap();
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    head.lines().filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ")).map(str::to_owned).collect()
}

/// What a whole handshake makes of these lines in an answer.
fn check(offers: &[Offer], lines: &[&str]) -> Result<Agreement, HandshakeError> {
    let mut request = client_side::Request::new("ws://a.example").unwrap();
    for offer in offers {
        request = request.deflate(*offer);
    }
    let (mut handshake, key) = client(request, client_side::Config::default());
    let wire = answer(SWITCHING, &key, &[("Sec-WebSocket-Extensions", lines)]);
    match feed(&wire, &[], |input| handshake.poll(input)).0 {
        Some(Outcome::Open(opened)) => Ok(opened.agreement()),
        Some(Outcome::Failed(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

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
        (any, vec!["permessage-deflate; server_no_context_takeover"], Some("permessage-deflate; server_no_context_takeover")),
        (fresh_server, vec!["permessage-deflate"], Some("permessage-deflate; server_no_context_takeover")),
        (fresh_server, vec!["permessage-deflate; server_no_context_takeover"], Some("permessage-deflate; server_no_context_takeover")),
        // §7.1.1.2.
        (any, vec!["permessage-deflate; client_no_context_takeover"], Some("permessage-deflate; client_no_context_takeover")),
        (fresh_client, vec!["permessage-deflate"], Some("permessage-deflate; client_no_context_takeover")),
        (
            fresh_client,
            vec!["permessage-deflate; server_no_context_takeover"],
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        ),
        // §7.1.2.1.
        (any, vec!["permessage-deflate; server_max_window_bits=9"], Some("permessage-deflate; server_max_window_bits=9")),
        (any, vec!["permessage-deflate; server_max_window_bits=15"], Some("permessage-deflate; server_max_window_bits=15")),
        (any, vec!["permessage-deflate; server_max_window_bits=8"], None),
        (small_server, vec!["permessage-deflate"], Some("permessage-deflate; server_max_window_bits=11")),
        (small_server, vec!["permessage-deflate; server_max_window_bits=12"], Some("permessage-deflate; server_max_window_bits=11")),
        (small_server, vec!["permessage-deflate; server_max_window_bits=10"], Some("permessage-deflate; server_max_window_bits=10")),
        (policy(false, false, 8, MAX), vec!["permessage-deflate"], Some("permessage-deflate; server_max_window_bits=9")),
        (policy(false, false, 8, MAX), vec!["permessage-deflate; server_max_window_bits=8"], None),
        // §7.1.2.2.
        (any, vec!["permessage-deflate; client_max_window_bits=8"], Some("permessage-deflate; client_max_window_bits=8")),
        (any, vec!["permessage-deflate; client_max_window_bits=15"], plain),
        (small_client, vec!["permessage-deflate; client_max_window_bits"], Some("permessage-deflate; client_max_window_bits=11")),
        (small_client, vec!["permessage-deflate; client_max_window_bits=12"], Some("permessage-deflate; client_max_window_bits=11")),
        (small_client, vec!["permessage-deflate; client_max_window_bits=10"], Some("permessage-deflate; client_max_window_bits=10")),
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
        // §5: the first that is acceptable, in one line or in several; what else is offered is declined.
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
            vec!["permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10"],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            any,
            vec!["permessage-deflate; mode=fast, , permessage-deflate; client_no_context_takeover"],
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (any, vec!["x-webkit-deflate-frame; no_context_takeover", "foo;permessage-deflate, permessage-deflate", "bar"], plain),
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

/// What neither an offer nor an answer may hold. §7.
const WRONG: &[&str] = &[
    // Not known.
    "permessage-deflate; foo",
    "permessage-deflate; foo=1",
    "permessage-deflate; server_max_window_bits=10; max_window_bits=10",
    "permessage-deflate; no_context_takeover",
    "permessage-deflate; server_no_context_takeove",
    "permessage-deflate; client_max_window_bits_=10",
    "permessage-deflate; permessage-deflate",
    // Twice.
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
    "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9; server_max_window_bits=11",
    "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
    "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
    "permessage-deflate; client_max_window_bits=10; client_max_window_bits",
    "permessage-deflate; client_max_window_bits; client_max_window_bits",
    // A value that is none of its own.
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_no_context_takeover=\"true\"",
    "permessage-deflate; client_no_context_takeover=0",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=0",
    "permessage-deflate; server_max_window_bits=08",
    "permessage-deflate; server_max_window_bits=010",
    "permessage-deflate; server_max_window_bits=\"010\"",
    "permessage-deflate; server_max_window_bits=+9",
    "permessage-deflate; server_max_window_bits=-9",
    "permessage-deflate; server_max_window_bits=9.0",
    "permessage-deflate; server_max_window_bits=1e1",
    "permessage-deflate; server_max_window_bits=0xa",
    "permessage-deflate; server_max_window_bits=110",
    "permessage-deflate; server_max_window_bits=266",
    "permessage-deflate; server_max_window_bits=4294967306",
    "permessage-deflate; server_max_window_bits=x",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=08",
    "permessage-deflate; client_max_window_bits=+9",
    "permessage-deflate; client_max_window_bits=\"16\"",
    "permessage-deflate; client_max_window_bits=265",
    "permessage-deflate; client_max_window_bits=true",
];

#[test]
fn a_server_answers_the_first_offer_that_it_accepts() {
    for (policy, offered, expected) in offers() {
        let value = policy.negotiate(lines(&offered)).unwrap().map(|answer| answer.to_string());
        assert_eq!(value.as_deref(), expected, "{offered:?} under {policy:?}");
        let (answered, agreed) = negotiate(Some(policy), &offered, &[]).unwrap();
        assert_eq!((answered, agreed.deflate.is_some()), (value.into_iter().collect(), expected.is_some()), "{offered:?} under {policy:?}");
        // Who did not ask for it does not get it.
        assert_eq!(negotiate(None, &offered, &[]), Ok((vec![], Agreement::default())));
    }
}

#[test]
fn a_header_outside_the_grammar_fails_the_handshake_of_either_role() {
    for wrong in [
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate; server_max_window_bits=\"10",
        "permessage-deflate; server_max_window_bits=1\\0",
        "permessage-deflate; server_max_window_bits=\"1 0\"",
        "permessage-deflate; server_max_window_bits 10",
        "permessage-deflate;",
        "permessage-deflate; ; client_max_window_bits",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate=1",
        "\"permessage-deflate\"",
        "",
    ] {
        for list in [&[wrong][..], &["permessage-deflate", wrong], &[wrong, "permessage-deflate"]] {
            // An empty line beside another is an empty element.
            if list.len() > 1 && wrong.is_empty() {
                continue;
            }
            assert_eq!(negotiate(Some(Policy::default()), list, &[]), Err(HandshakeError::InvalidExtensions), "{list:?}");
            assert_eq!(negotiate(None, list, &[]), Err(HandshakeError::InvalidExtensions), "{list:?}");
            assert_eq!(Policy::default().negotiate(lines(list)), Err(HandshakeError::InvalidExtensions), "{list:?}");
            for offers in [&[Offer::default()][..], &[]] {
                assert_eq!(check(offers, list), Err(HandshakeError::InvalidExtensions), "{list:?}");
                assert_eq!(Offer::check_answer(offers, lines(list)), Err(HandshakeError::InvalidExtensions), "{list:?}");
            }
        }
    }
}

#[test]
fn a_client_takes_what_it_offered() {
    use ClientWindow::{AtMost, Fixed, Negotiable};
    use HandshakeError::{ExtensionNotOffered, InvalidParameters, ParametersNotOffered, RepeatedExtension};
    let any = Offer::default();
    let bare = offer(false, false, None, Fixed);
    let fresh_server = offer(true, false, None, Negotiable);
    let fresh_client = offer(false, true, None, Negotiable);
    let small_server = offer(false, false, Some(11), Negotiable);
    let small_client = offer(false, false, None, AtMost(bits(11)));
    let agreed = |server_fresh, client_fresh, server, client| {
        let mut agreement = Agreement::default();
        agreement.deflate = Some(parameters(server_fresh, client_fresh, server, client));
        Ok(agreement)
    };
    let all = agreed(false, false, MAX, MAX);

    let mut cases = vec![
        (vec![any], vec![], Ok(Agreement::default())),
        (vec![], vec![], Ok(Agreement::default())),
        (vec![any], vec!["permessage-deflate"], all),
        (vec![any], vec![" , permessage-deflate\t,", ""], all),
        (vec![bare], vec!["permessage-deflate"], all),
        (vec![], vec!["permessage-deflate"], Err(ExtensionNotOffered)),
        (vec![any], vec!["foo"], Err(ExtensionNotOffered)),
        (vec![any], vec!["permessage-deflate, foo"], Err(ExtensionNotOffered)),
        (vec![any], vec!["Permessage-Deflate"], Err(ExtensionNotOffered)),
        (vec![any], vec!["foo; a, permessage-deflate; b"], Err(ExtensionNotOffered)),
        (vec![any], vec!["permessage-deflate; b", "foo"], Err(InvalidParameters)),
        (vec![any], vec!["permessage-deflate, permessage-deflate"], Err(RepeatedExtension)),
        (vec![any, bare], vec!["permessage-deflate; client_max_window_bits=10", "permessage-deflate"], Err(RepeatedExtension)),
        // §7.1.1.1: it may come unasked; who asked for it has to get it.
        (vec![any], vec!["permessage-deflate; server_no_context_takeover"], agreed(true, false, MAX, MAX)),
        (vec![fresh_server], vec!["permessage-deflate; server_no_context_takeover"], agreed(true, false, MAX, MAX)),
        (vec![fresh_server], vec!["permessage-deflate"], Err(ParametersNotOffered)),
        (vec![fresh_server], vec!["permessage-deflate; client_no_context_takeover"], Err(ParametersNotOffered)),
        // §7.1.1.2: it may come unasked, and holds if it was announced.
        (vec![any], vec!["permessage-deflate; client_no_context_takeover"], agreed(false, true, MAX, MAX)),
        (vec![fresh_client], vec!["permessage-deflate; client_no_context_takeover"], agreed(false, true, MAX, MAX)),
        (vec![fresh_client], vec!["permessage-deflate"], agreed(false, true, MAX, MAX)),
        // §7.1.2.1: it may come unasked; who asked for it gets it, or less.
        (vec![any], vec!["permessage-deflate; server_max_window_bits=8"], agreed(false, false, 8, MAX)),
        (vec![any], vec!["permessage-deflate; server_max_window_bits=15"], all),
        (vec![bare], vec!["permessage-deflate; server_max_window_bits=\"1\\2\""], agreed(false, false, 12, MAX)),
        (vec![small_server], vec!["permessage-deflate; server_max_window_bits=11"], agreed(false, false, 11, MAX)),
        (vec![small_server], vec!["permessage-deflate; server_max_window_bits=10"], agreed(false, false, 10, MAX)),
        (vec![small_server], vec!["permessage-deflate; server_max_window_bits=12"], Err(ParametersNotOffered)),
        (vec![small_server], vec!["permessage-deflate"], Err(ParametersNotOffered)),
        (vec![offer(false, false, Some(MAX), Fixed)], vec!["permessage-deflate"], Err(ParametersNotOffered)),
        // §7.1.2.2: only if it was offered; the same or less; what was announced holds.
        (vec![any], vec!["permessage-deflate; client_max_window_bits=8"], agreed(false, false, MAX, 8)),
        (vec![any], vec!["permessage-deflate; client_max_window_bits=15"], all),
        (vec![any], vec!["permessage-deflate; client_max_window_bits"], Err(InvalidParameters)),
        (vec![bare], vec!["permessage-deflate; client_max_window_bits=10"], Err(ParametersNotOffered)),
        (vec![bare], vec!["permessage-deflate; client_max_window_bits=15"], Err(ParametersNotOffered)),
        (vec![small_client], vec!["permessage-deflate; client_max_window_bits=11"], agreed(false, false, MAX, 11)),
        (vec![small_client], vec!["permessage-deflate; client_max_window_bits=9"], agreed(false, false, MAX, 9)),
        (vec![small_client], vec!["permessage-deflate; client_max_window_bits=12"], Err(ParametersNotOffered)),
        (vec![small_client], vec!["permessage-deflate"], agreed(false, false, MAX, 11)),
        // Several offers: one that is met is enough; where several are, the client keeps to all that it announced.
        (vec![small_server, any], vec!["permessage-deflate"], all),
        (vec![small_server, any], vec!["permessage-deflate; server_max_window_bits=10"], agreed(false, false, 10, MAX)),
        (vec![small_server, any], vec!["permessage-deflate; server_max_window_bits=12"], agreed(false, false, 12, MAX)),
        (vec![fresh_server, small_server], vec!["permessage-deflate"], Err(ParametersNotOffered)),
        (vec![bare, small_client], vec!["permessage-deflate; client_max_window_bits=10"], agreed(false, false, MAX, 10)),
        (vec![bare, small_client, fresh_client], vec!["permessage-deflate"], agreed(false, true, MAX, 11)),
        (
            vec![small_client, fresh_client],
            vec!["permessage-deflate; server_no_context_takeover; client_max_window_bits=12"],
            agreed(true, true, MAX, 12),
        ),
    ];
    for wrong in WRONG {
        cases.push((vec![any], vec![wrong], Err(InvalidParameters)));
        cases.push((vec![any, small_server, bare], vec![wrong], Err(InvalidParameters)));
    }
    for (offers, lines_, expected) in cases {
        assert_eq!(Offer::check_answer(&offers, lines(&lines_)), expected, "{lines_:?} to {offers:?}");
        assert_eq!(check(&offers, &lines_), expected, "{lines_:?} to {offers:?}");
    }
}

/// What an answer to an offer may say, written down apart: RFC 7692 §7.1 by its words.
fn assert_valid(answer: &str, offer: &Offer, policy: &Policy) {
    let context = || format!("{answer:?} to {offer} under {policy:?}");
    let mut parts = answer.split("; ");
    assert_eq!(parts.next(), Some("permessage-deflate"));
    let parts: Vec<(&str, Option<u8>)> = parts
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (name, Some(value.parse().unwrap())),
            None => (part, None),
        })
        .collect();
    let said = |name: &str| {
        let mut values = parts.iter().filter(|(other, _)| *other == name).map(|(_, value)| *value);
        let first = values.next();
        assert_eq!(values.next(), None, "{}", context());
        first
    };
    let names = ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"];
    assert!(parts.iter().all(|(name, _)| names.contains(name)), "{}", context());
    let [server_fresh, client_fresh, server_bits, client_bits] = names.map(said);
    assert_eq!(server_fresh, (offer.server_no_context_takeover || policy.server_no_context_takeover).then_some(None), "{}", context());
    assert_eq!(client_fresh, (offer.client_no_context_takeover || policy.client_no_context_takeover).then_some(None), "{}", context());
    // A number with its value, inside what the offer and the policy allow.
    let server_bits = server_bits.map(|value| value.expect("a value"));
    let limit = policy.server_max_window_bits.get().max(9);
    assert!(server_bits.unwrap_or(MAX) <= limit && server_bits.is_none_or(|bits| (9..=MAX).contains(&bits)), "{}", context());
    if let Some(offered) = offer.server_max_window_bits {
        assert!(server_bits.is_some_and(|bits| bits <= offered.get()), "{}", context());
    }
    let client_bits = client_bits.map(|value| value.expect("a value"));
    assert!(client_bits.unwrap_or(MAX) <= policy.client_max_window_bits.get(), "{}", context());
    assert!(client_bits.is_none_or(|bits| (8..=MAX).contains(&bits)), "{}", context());
    match offer.client_max_window_bits {
        ClientWindow::Fixed => assert_eq!(client_bits, None, "{}", context()),
        ClientWindow::Negotiable => {}
        ClientWindow::AtMost(offered) => assert!(client_bits.is_none_or(|bits| bits <= offered.get()), "{}", context()),
    }
}

fn all_offers() -> Vec<Offer> {
    let windows = [ClientWindow::Fixed, ClientWindow::Negotiable].into_iter().chain((8..=MAX).map(|n| ClientWindow::AtMost(bits(n))));
    let windows: Vec<_> = windows.collect();
    let mut all = Vec::new();
    for fresh in 0..4 {
        for server in [None].into_iter().chain((8..=MAX).map(Some)) {
            all.extend(windows.iter().map(|window| offer(fresh & 1 > 0, fresh & 2 > 0, server, *window)));
        }
    }
    all
}

fn all_policies() -> Vec<Policy> {
    let mut all = Vec::new();
    for fresh in 0..4 {
        for server in 8..=MAX {
            all.extend((8..=MAX).map(|client| policy(fresh & 1 > 0, fresh & 2 > 0, server, client)));
        }
    }
    all
}

#[test]
fn both_ends_come_to_the_same() {
    let (offers, policies) = (all_offers(), all_policies());
    assert_eq!((offers.len(), policies.len()), (360, 256));
    let mut accepted = 0;
    for offer in &offers {
        let line = offer.to_string();
        for policy in &policies {
            let answer = policy.negotiate([line.as_bytes()]).unwrap();
            // What cannot be had: a window that zlib does not compress with, and a limit that may not be said.
            let declined = offer.server_max_window_bits == Some(bits(8))
                || (offer.client_max_window_bits == ClientWindow::Fixed && policy.client_max_window_bits < WindowBits::MAX);
            assert_eq!(answer.is_none(), declined, "{line} under {policy:?}");
            let Some(answer) = answer else { continue };
            let text = answer.to_string();
            assert_valid(&text, offer, policy);
            assert_eq!(Offer::check_answer(&[*offer], [text.as_bytes()]), Ok(answer.agreement()), "{text} to {line} under {policy:?}");
            accepted += 1;
        }
    }
    // 8 of 9 windows for the server; of the client's 10, the fixed one under 32 policies.
    assert_eq!(accepted, 4 * 8 * (9 * 256 + 32));
}

/// What one of our servers and one of our clients, byte by byte, make of each other: what each agreed on, and its connection.
fn shake_hands(offers: &[Offer], policy: Policy) -> [(Agreement, Connection); 2] {
    let mut request = client_side::Request::new("ws://a.example/").unwrap();
    for offer in offers {
        request = request.deflate(*offer);
    }
    let mut client = client_side::Handshake::new(request, sockless::Seed::new([7; 32]));
    let wire = sent(&mut client);
    assert_eq!(extensions(&wire).len(), usize::from(!offers.is_empty()));
    let mut config = server::Config::default();
    config.deflate = Some(policy);
    let Some(Incoming::Upgrade(request)) = serve(&config, &wire, &[]).0 else { panic!("{}", wire.escape_ascii()) };
    let of_server = request.agreement();
    let mut server = request.accept().open(sockless::Config::default());
    let answer = sent(&mut server);
    match feed(&answer, &[], |input| client.poll(input)).0 {
        Some(Outcome::Open(opened)) => [(of_server, server), (opened.agreement(), opened.open(sockless::Config::default()))],
        other => panic!("{other:?}: {}", answer.escape_ascii()),
    }
}

fn any_offer() -> impl Strategy<Value = Offer> {
    prop::sample::select(all_offers())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_several_offers_the_client_goes_no_further_than_the_server_expects(
        offers in prop::collection::vec(any_offer(), 0..4),
        policy in prop::sample::select(all_policies()),
    ) {
        let [(server, _), (client, _)] = shake_hands(&offers, policy);
        let first = offers.iter().find_map(|offer| policy.negotiate([offer.to_string().as_bytes()]).unwrap());
        prop_assert_eq!(server.deflate, first.map(|answer| answer.parameters()));
        prop_assert_eq!(server.deflate.is_some(), client.deflate.is_some());
        if let (Some(server), Some(client)) = (server.deflate, client.deflate) {
            prop_assert_eq!(server.server_no_context_takeover, client.server_no_context_takeover);
            prop_assert_eq!(server.server_max_window_bits, client.server_max_window_bits);
            prop_assert!(client.client_no_context_takeover >= server.client_no_context_takeover);
            prop_assert!(client.client_max_window_bits <= server.client_max_window_bits);
            if offers.len() == 1 {
                prop_assert_eq!(server, client);
            }
        }
    }
}

#[test]
fn the_connections_do_what_was_agreed() {
    let text = "what is said again and again is ".repeat(30);
    for (offers, compresses) in [(&[][..], false), (&[Offer::default()], true)] {
        let [(_, server), (_, client)] = shake_hands(offers, Policy::default());
        let mut ends = [server, client];
        for sender in [0, 1] {
            ends[sender].send_text(&text).unwrap();
            let mut wire = sent(&mut ends[sender]);
            // RFC 7692 §6: RSV1 says that a message is compressed.
            assert_eq!(wire[0], if compresses { 0xc1 } else { 0x81 });
            assert_eq!(ends[1 - sender].poll_event(&mut Input::new(&mut wire)), Some(Event::Text(text.as_str().into())));
        }
    }
}

#[test]
fn how_the_bytes_come_makes_no_difference() {
    let offered = [
        "foo, permessage-deflate; server_max_window_bits=\"8\"",
        "permessage-deflate;client_max_window_bits=\"1\\1\";server_no_context_takeover",
    ];
    let whole = negotiate(Some(Policy::default()), &offered, &[]).unwrap();
    assert_eq!(whole.0, ["permessage-deflate; server_no_context_takeover; client_max_window_bits=11"]);
    for cuts in cuttings(&request(GET, &[("Sec-WebSocket-Extensions", &offered)])) {
        assert_eq!(negotiate(Some(Policy::default()), &offered, &cuts), Ok(whole.clone()), "cut at {cuts:?}");
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
            let (Some(Incoming::Upgrade(request)), _) = serve(&config, head, &[]) else { panic!("{name}") };
            assert_eq!(request.agreement().deflate, offers.then_some(agreed), "{name}");
            let answered = extensions(&sent(&mut request.accept().protocol("chat.v1").open(sockless::Config::default())));
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
    assert_eq!(accept.agreement(), Agreement::default());
    assert_eq!(extensions(&sent(&mut accept.open(sockless::Config::default()))), [""; 0]);
}

#[test]
fn an_http_stack_gets_the_same() {
    let mut config = server::Config::default();
    config.deflate = Some(Policy::default());
    let parts = |extensions: &'static [u8]| {
        let good = [("host", &b"a.example"[..]), ("upgrade", b"websocket"), ("connection", b"upgrade"), ("sec-websocket-version", b"13")];
        let more = [("sec-websocket-key", handshake::KEY.as_bytes()), ("x", b"y"), ("Sec-WebSocket-Extensions", extensions)];
        Request::from_parts("GET", "/", (1, 1), good.into_iter().chain(more), &config)
    };
    let request = parts(b"permessage-deflate; server_max_window_bits=12").unwrap();
    assert_eq!(request.deflate().unwrap().to_string(), "permessage-deflate; server_max_window_bits=12");
    assert_eq!(request.agreement().deflate, Some(parameters(false, false, 12, MAX)));
    assert_eq!(parts(b"permessage-deflate; server_max_window_bits=8").unwrap().deflate(), None);
    assert_eq!(parts(b"permessage-deflate; =").unwrap_err(), HandshakeError::InvalidExtensions);
}
