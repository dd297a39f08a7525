//! The negotiation of permessage-deflate, RFC 7692 §5 and §7: what a server makes of offers, what a
//! client makes of answers, and that both then mean the same.
//!
//! Each role has a table, a row for each thing that may be said to it: [`offers`] to a server,
//! [`answers`] to a client; what may be said to neither, [`wrong`], stands in both. A row is held
//! twice, by the function that negotiates and by a whole handshake.
#![cfg(feature = "deflate")]

mod agreements;
mod answers;
mod offers;
mod wrong;

use crate::handshake::{GET, SWITCHING, answer, client, feed, request, sent, serve};
use sockless::client::Outcome;
use sockless::deflate::{ClientWindow, Offer, Parameters, Policy, WindowBits};
use sockless::server::{self, Incoming};
use sockless::{Extensions, HandshakeError, client as client_side};

const MAX: u8 = 15;

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

fn offer(
    server_fresh: bool,
    client_fresh: bool,
    server: Option<u8>,
    window: ClientWindow,
) -> Offer {
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
fn negotiate(
    policy: Option<Policy>,
    lines: &[&str],
    cuts: &[usize],
) -> Result<(Vec<String>, Extensions), HandshakeError> {
    let mut config = server::Config::default();
    config.deflate = policy;
    let wire = request(GET, &[("Sec-WebSocket-Extensions", lines)]);
    match serve(&config, &wire, cuts).0 {
        Some(Incoming::Upgrade(request)) => {
            let (told, answer) = (request.extensions(), request.deflate());
            assert_eq!(answer.map(|answer| answer.extensions()).unwrap_or_default(), told);
            let accept = request.accept();
            assert_eq!(accept.extensions(), told);
            let extensions = extensions(&sent(&mut accept.open(sockless::Config::default())));
            assert_eq!(
                extensions,
                answer.map(|answer| answer.to_string()).into_iter().collect::<Vec<_>>()
            );
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
    head.lines()
        .filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "))
        .map(str::to_owned)
        .collect()
}

/// What a whole handshake makes of these lines in an answer.
fn check(offers: &[Offer], lines: &[&str]) -> Result<Extensions, HandshakeError> {
    let mut request = client_side::Request::new("ws://a.example").unwrap();
    for offer in offers {
        request = request.deflate(*offer);
    }
    let (mut handshake, key) = client(request, client_side::Config::default());
    let wire = answer(SWITCHING, &key, &[("Sec-WebSocket-Extensions", lines)]);
    match feed(&wire, &[], |input| handshake.poll(input)).0 {
        Some(Outcome::Open(opened)) => Ok(opened.extensions()),
        Some(Outcome::Failed(failure)) => Err(failure.error()),
        other => panic!("{other:?}"),
    }
}
