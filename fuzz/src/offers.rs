//! The negotiation of permessage-deflate, both ways.

use crate::choices::Choices;
use sockless::HandshakeError;
use sockless::deflate::{ClientWindow, Offer, Parameters, Policy, WindowBits};

/// Arbitrary lines of `Sec-WebSocket-Extensions`, as an offer to any policy and as an answer to any
/// offers:
///
/// - several lines are one list, and the first element of it that can be accepted is the one that
///   is;
/// - an answer keeps to the policy, and the client whose offer it accepts agrees to the same; said
///   in another order, or to a client that offers more besides, it means the same;
/// - what a client takes as an answer is inside the grammar for a server too, and within what one
///   of its offers allows.
///
/// Of `data`, the first bytes choose the policy and the offers; the rest are the lines, each ended
/// by a line feed.
pub fn offers(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut policy = Policy::default();
    let flags = choices.byte();
    (policy.server_no_context_takeover, policy.client_no_context_takeover) =
        (flags & 1 != 0, flags & 2 != 0);
    policy.server_max_window_bits = bits(&mut choices);
    policy.client_max_window_bits = bits(&mut choices);
    let offers: Vec<Offer> = (0..flags >> 6).map(|_| offer(&mut choices)).collect();
    let rest = choices.rest();
    let lines: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();

    ask(&policy, &lines);
    answer(&policy, &offers, &lines);
    for offer in &offers {
        meet(&policy, offer, &offers);
    }
}

fn bits(choices: &mut Choices<'_>) -> WindowBits {
    WindowBits::new(15 - choices.byte() % 8).unwrap()
}

fn offer(choices: &mut Choices<'_>) -> Offer {
    let mut offer = Offer::default();
    let flags = choices.byte();
    (offer.server_no_context_takeover, offer.client_no_context_takeover) =
        (flags & 1 != 0, flags & 2 != 0);
    offer.server_max_window_bits = (flags & 4 != 0).then(|| bits(choices));
    offer.client_max_window_bits = match flags >> 4 & 3 {
        0 => ClientWindow::Fixed,
        1 => ClientWindow::AtMost(bits(choices)),
        _ => ClientWindow::Negotiable,
    };
    offer
}

/// The lines as a request's.
fn ask(policy: &Policy, lines: &[&[u8]]) {
    let Ok(answered) = policy.negotiate(lines.iter().copied()) else {
        assert_eq!(policy.negotiate(lines.iter().copied()), Err(HandshakeError::InvalidExtensions));
        return;
    };
    assert_eq!(
        policy.negotiate([&lines.join(&b','.to_owned())[..]]),
        Ok(answered),
        "several lines are one list"
    );
    // In a list that is inside the grammar no comma stands in a value.
    let mut elements = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    let first = elements.find_map(|element| {
        naive(element).filter(|offer| is_acceptable(policy, offer)).map(|offer| (element, offer))
    });
    let alone = first.map(|(element, _)| policy.negotiate([element]).unwrap());
    assert_eq!(alone.unwrap_or_default(), answered, "the first that is acceptable");
    assert_eq!(first.is_some(), answered.is_some(), "one that is acceptable is accepted");
    let (Some((_, offer)), Some(answer)) = (first, answered) else { return };
    let agreed = answer.parameters();
    keeps(policy, agreed);
    assert!(allows(&offer, agreed), "it keeps to the offer");
    let said = answer.to_string();
    assert_eq!(naive(said.as_bytes()).map(|offer| offer.to_string()), Some(said), "it can be read");
}

/// The lines as an answer's.
fn answer(policy: &Policy, offers: &[Offer], lines: &[&[u8]]) {
    let Ok(extensions) = Offer::check_answer(offers, lines.iter().copied()) else { return };
    assert!(policy.negotiate(lines.iter().copied()).is_ok());
    match extensions.deflate {
        None => assert!(
            lines.iter().all(|line| line.iter().all(|byte| b", \t\r\x0c".contains(byte))),
            "it accepts nothing"
        ),
        Some(agreed) => assert!(offers.iter().any(|offer| allows(offer, agreed))),
    }
}

/// A client with its offers meets a server.
fn meet(policy: &Policy, offer: &Offer, others: &[Offer]) {
    let said = offer.to_string();
    let answer = policy.negotiate([said.as_bytes()]).unwrap();
    assert_eq!(answer.is_some(), is_acceptable(policy, offer));
    let Some(answer) = answer else { return };
    keeps(policy, answer.parameters());
    let answered = answer.to_string();
    assert_eq!(Offer::check_answer(&[*offer], [answered.as_bytes()]), Ok(answer.extensions()));
    // It may fit several offers: then the client does less than it may, never more.
    let agreed = Offer::check_answer(others, [answered.as_bytes()]).unwrap().deflate.unwrap();
    let alone = answer.parameters();
    assert_eq!(agreed.server_no_context_takeover, alone.server_no_context_takeover);
    assert_eq!(agreed.server_max_window_bits, alone.server_max_window_bits);
    assert!(agreed.client_no_context_takeover >= alone.client_no_context_takeover);
    assert!(agreed.client_max_window_bits <= alone.client_max_window_bits);
    let mut turned: Vec<&str> = answered.split("; ").collect();
    turned[1..].reverse();
    assert_eq!(
        Offer::check_answer(&[*offer], [turned.join(";").as_bytes()]),
        Ok(answer.extensions())
    );
}

/// Whether a server can do what is offered: it has no window of 8 bits to compress with, and a
/// client that does not say so cannot be limited. RFC 7692 §7.1.2.
fn is_acceptable(policy: &Policy, offer: &Offer) -> bool {
    let limits = policy.client_max_window_bits < WindowBits::MAX;
    offer.server_max_window_bits != Some(WindowBits::MIN)
        && !(limits && offer.client_max_window_bits == ClientWindow::Fixed)
}

/// Whether the policy's limits are kept.
fn keeps(policy: &Policy, agreed: Parameters) {
    assert!(agreed.server_no_context_takeover >= policy.server_no_context_takeover);
    assert!(agreed.client_no_context_takeover >= policy.client_no_context_takeover);
    assert!(
        agreed.server_max_window_bits
            <= policy.server_max_window_bits.max(WindowBits::new(9).unwrap())
    );
    assert!(
        agreed.server_max_window_bits > WindowBits::MIN,
        "no window that zlib cannot compress with"
    );
    assert!(agreed.client_max_window_bits <= policy.client_max_window_bits);
}

/// Whether what was agreed on is within an offer. RFC 7692 §7.1.
fn allows(offer: &Offer, agreed: Parameters) -> bool {
    agreed.server_no_context_takeover >= offer.server_no_context_takeover
        && agreed.client_no_context_takeover >= offer.client_no_context_takeover
        && offer.server_max_window_bits.is_none_or(|bits| agreed.server_max_window_bits <= bits)
        && match offer.client_max_window_bits {
            ClientWindow::Fixed => agreed.client_max_window_bits == WindowBits::MAX,
            ClientWindow::Negotiable => true,
            ClientWindow::AtMost(bits) => agreed.client_max_window_bits <= bits,
        }
}

/// An element of a list that is inside the grammar, read naively: no parameter comes twice, and no
/// number begins with 0.
fn naive(element: &[u8]) -> Option<Offer> {
    let element: String =
        std::str::from_utf8(element).ok()?.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
    let mut parts = element.split(';').map(str::trim_ascii);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    let mut offer = Offer::default();
    offer.client_max_window_bits = ClientWindow::Fixed;
    let mut names = Vec::new();
    // RFC 9110 §5.6.6: an empty one is none.
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = match part.split_once('=') {
            Some((name, value))
                if value.trim_ascii().starts_with(|first: char| matches!(first, '1'..='9')) =>
            {
                (name.trim_ascii(), Some(WindowBits::new(value.trim_ascii().parse().ok()?)?))
            }
            Some(_) => return None,
            None => (part, None),
        };
        if names.contains(&name) {
            return None;
        }
        names.push(name);
        match (name, value) {
            ("server_no_context_takeover", None) => offer.server_no_context_takeover = true,
            ("client_no_context_takeover", None) => offer.client_no_context_takeover = true,
            ("server_max_window_bits", Some(bits)) => offer.server_max_window_bits = Some(bits),
            ("client_max_window_bits", None) => {
                offer.client_max_window_bits = ClientWindow::Negotiable
            }
            ("client_max_window_bits", Some(bits)) => {
                offer.client_max_window_bits = ClientWindow::AtMost(bits)
            }
            _ => return None,
        }
    }
    Some(offer)
}
