//! What neither an offer nor an answer may hold: parameters that mean nothing, which decline an
//! offer and fail an answer, and lines outside the grammar, which fail the handshake of either
//! role.

use crate::handshake_deflate::{check, lines, negotiate};
use sockless::HandshakeError;
use sockless::deflate::{Offer, Policy};

/// What neither an offer nor an answer may hold. §7.
pub(crate) const WRONG: &[&str] = &[
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
fn a_header_outside_the_grammar_fails_the_handshake_of_either_role() {
    for wrong in [
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate; server_max_window_bits=\"10",
        "permessage-deflate; server_max_window_bits=1\\0",
        "permessage-deflate; server_max_window_bits=\"1 0\"",
        "permessage-deflate; server_max_window_bits 10",
        "permessage-deflate; ; client_max_window_bits=",
        ";",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate=1",
        "\"permessage-deflate\"",
    ] {
        for list in [&[wrong][..], &["permessage-deflate", wrong], &[wrong, "permessage-deflate"]] {
            assert_eq!(
                negotiate(Some(Policy::default()), list, &[]),
                Err(HandshakeError::InvalidExtensions),
                "{list:?}"
            );
            assert_eq!(
                negotiate(None, list, &[]),
                Err(HandshakeError::InvalidExtensions),
                "{list:?}"
            );
            assert_eq!(
                Policy::default().negotiate(lines(list)),
                Err(HandshakeError::InvalidExtensions),
                "{list:?}"
            );
            for offers in [&[Offer::default()][..], &[]] {
                assert_eq!(check(offers, list), Err(HandshakeError::InvalidExtensions), "{list:?}");
                assert_eq!(
                    Offer::check_answer(offers, lines(list)),
                    Err(HandshakeError::InvalidExtensions),
                    "{list:?}"
                );
            }
        }
    }
}

/// RFC 9110 §5.6.1.2, §5.6.6: what is empty is as if it were not there.
#[test]
fn what_is_empty_in_a_list_says_nothing_in_either_role() {
    let offers = [Offer::default()];
    let same = [
        (
            "permessage-deflate",
            &["permessage-deflate;", "permessage-deflate ; ;;", ", permessage-deflate ;, ,"][..],
        ),
        (
            "permessage-deflate; server_no_context_takeover",
            &[
                "permessage-deflate; ; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover;",
            ],
        ),
        ("", &[",", " ,\t, "]),
    ];
    for (plain, others) in same {
        let plain = if plain.is_empty() { &[][..] } else { &[plain][..] };
        for other in others.iter().chain(if plain.is_empty() { &[""][..] } else { &[] }) {
            for list in [&[*other][..], &["", other], &[other, ","]] {
                assert_eq!(
                    negotiate(Some(Policy::default()), list, &[]),
                    negotiate(Some(Policy::default()), plain, &[]),
                    "{list:?}"
                );
                assert_eq!(
                    Policy::default().negotiate(lines(list)),
                    Policy::default().negotiate(lines(plain)),
                    "{list:?}"
                );
                assert_eq!(check(&offers, list), check(&offers, plain), "{list:?}");
                assert!(check(&offers, list).is_ok(), "{list:?}");
                assert_eq!(
                    Offer::check_answer(&offers, lines(list)),
                    Offer::check_answer(&offers, lines(plain)),
                    "{list:?}"
                );
            }
        }
    }
    // Nor does it need an offer.
    assert_eq!(check(&[], &[""]), check(&[], &[]));
}
