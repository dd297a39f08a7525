//! What both ends then mean: every offer under every policy, several offers in random mixes, and
//! the connections that come of it.
//!
//! An answer is held against RFC 7692 §7.1 stated a second time, and both ends are ours, byte by
//! byte.

use crate::handshake::{feed, sent, serve};
use crate::handshake_deflate::{MAX, bits, extensions, offer, policy};
use crate::support::random::cases;
use proptest::prelude::*;
use sockless::client::Outcome;
use sockless::deflate::{ClientWindow, Offer, Policy, WindowBits};
use sockless::server::{self, Incoming};
use sockless::{Connection, Event, Extensions, Input, client as client_side};

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
    let names = [
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "client_max_window_bits",
    ];
    assert!(parts.iter().all(|(name, _)| names.contains(name)), "{}", context());
    let [server_fresh, client_fresh, server_bits, client_bits] = names.map(said);
    assert_eq!(
        server_fresh,
        (offer.server_no_context_takeover || policy.server_no_context_takeover).then_some(None),
        "{}",
        context()
    );
    assert_eq!(
        client_fresh,
        (offer.client_no_context_takeover || policy.client_no_context_takeover).then_some(None),
        "{}",
        context()
    );
    // A number with its value, inside what the offer and the policy allow.
    let server_bits = server_bits.map(|value| value.expect("a value"));
    let limit = policy.server_max_window_bits.get().max(9);
    assert!(
        server_bits.unwrap_or(MAX) <= limit
            && server_bits.is_none_or(|bits| (9..=MAX).contains(&bits)),
        "{}",
        context()
    );
    if let Some(offered) = offer.server_max_window_bits {
        assert!(server_bits.is_some_and(|bits| bits <= offered.get()), "{}", context());
    }
    let client_bits = client_bits.map(|value| value.expect("a value"));
    assert!(client_bits.unwrap_or(MAX) <= policy.client_max_window_bits.get(), "{}", context());
    assert!(client_bits.is_none_or(|bits| (8..=MAX).contains(&bits)), "{}", context());
    match offer.client_max_window_bits {
        ClientWindow::Fixed => assert_eq!(client_bits, None, "{}", context()),
        ClientWindow::Negotiable => {}
        ClientWindow::AtMost(offered) => {
            assert!(client_bits.is_none_or(|bits| bits <= offered.get()), "{}", context())
        }
    }
}

fn all_offers() -> Vec<Offer> {
    let windows = [ClientWindow::Fixed, ClientWindow::Negotiable]
        .into_iter()
        .chain((8..=MAX).map(|n| ClientWindow::AtMost(bits(n))));
    let windows: Vec<_> = windows.collect();
    let mut all = Vec::new();
    for fresh in 0..4 {
        for server in [None].into_iter().chain((8..=MAX).map(Some)) {
            all.extend(
                windows.iter().map(|window| offer(fresh & 1 > 0, fresh & 2 > 0, server, *window)),
            );
        }
    }
    all
}

fn all_policies() -> Vec<Policy> {
    let mut all = Vec::new();
    for fresh in 0..4 {
        for server in 8..=MAX {
            all.extend(
                (8..=MAX).map(|client| policy(fresh & 1 > 0, fresh & 2 > 0, server, client)),
            );
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
            // What cannot be had: a window that zlib does not compress with, and a limit that may
            // not be said.
            let declined = offer.server_max_window_bits == Some(bits(8))
                || (offer.client_max_window_bits == ClientWindow::Fixed
                    && policy.client_max_window_bits < WindowBits::MAX);
            assert_eq!(answer.is_none(), declined, "{line} under {policy:?}");
            let Some(answer) = answer else { continue };
            let text = answer.to_string();
            assert_valid(&text, offer, policy);
            assert_eq!(
                Offer::check_answer(&[*offer], [text.as_bytes()]),
                Ok(answer.extensions()),
                "{text} to {line} under {policy:?}"
            );
            accepted += 1;
        }
    }
    // 8 of 9 windows for the server; of the client's 10, the fixed one under 32 policies.
    assert_eq!(accepted, 4 * 8 * (9 * 256 + 32));
}

/// What one of our servers and one of our clients, byte by byte, make of each other: what each
/// agreed on, and its connection.
fn shake_hands(offers: &[Offer], policy: Policy) -> [(Extensions, Connection); 2] {
    let mut request = client_side::Request::new("ws://a.example/").unwrap();
    for offer in offers {
        request = request.deflate(*offer);
    }
    let mut client = client_side::Handshake::new(request, sockless::Seed::new([7; 32]));
    let wire = sent(&mut client);
    assert_eq!(extensions(&wire).len(), usize::from(!offers.is_empty()));
    let mut config = server::Config::default();
    config.deflate = Some(policy);
    let Some(Incoming::Upgrade(request)) = serve(&config, &wire, &[]).0 else {
        panic!("{}", wire.escape_ascii())
    };
    let of_server = request.extensions();
    let mut server = request.accept().open(sockless::Config::default());
    let answer = sent(&mut server);
    match feed(&answer, &[], |input| client.poll(input)).0 {
        Some(Outcome::Open(opened)) => {
            [(of_server, server), (opened.extensions(), opened.open(sockless::Config::default()))]
        }
        other => panic!("{other:?}: {}", answer.escape_ascii()),
    }
}

fn any_offer() -> impl Strategy<Value = Offer> {
    prop::sample::select(all_offers())
}

proptest! {
    #![proptest_config(cases(2000))]

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
            assert_eq!(
                ends[1 - sender].poll(&mut Input::new(&mut wire)),
                Some(Event::Text(text.as_str().into()))
            );
        }
    }
}
