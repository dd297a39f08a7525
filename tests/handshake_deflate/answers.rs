//! What a client makes of an answer: it takes what it offered, or less, and nothing else.

use crate::handshake_deflate::wrong::WRONG;
use crate::handshake_deflate::{MAX, bits, check, lines, offer, parameters};
use sockless::deflate::{ClientWindow, Offer};
use sockless::{Extensions, HandshakeError};

#[test]
fn a_client_takes_what_it_offered() {
    use ClientWindow::{AtMost, Fixed, Negotiable};
    use HandshakeError::{
        ExtensionNotOffered, InvalidParameters, ParametersNotOffered, RepeatedExtension,
    };
    let any = Offer::default();
    let bare = offer(false, false, None, Fixed);
    let fresh_server = offer(true, false, None, Negotiable);
    let fresh_client = offer(false, true, None, Negotiable);
    let small_server = offer(false, false, Some(11), Negotiable);
    let small_client = offer(false, false, None, AtMost(bits(11)));
    let agreed = |server_fresh, client_fresh, server, client| {
        let mut agreement = Extensions::default();
        agreement.deflate = Some(parameters(server_fresh, client_fresh, server, client));
        Ok(agreement)
    };
    let all = agreed(false, false, MAX, MAX);

    let mut cases = vec![
        (vec![any], vec![], Ok(Extensions::default())),
        (vec![], vec![], Ok(Extensions::default())),
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
        (
            vec![any, bare],
            vec!["permessage-deflate; client_max_window_bits=10", "permessage-deflate"],
            Err(RepeatedExtension),
        ),
        // §7.1.1.1: it may come unasked; who asked for it has to get it.
        (
            vec![any],
            vec!["permessage-deflate; server_no_context_takeover"],
            agreed(true, false, MAX, MAX),
        ),
        (
            vec![fresh_server],
            vec!["permessage-deflate; server_no_context_takeover"],
            agreed(true, false, MAX, MAX),
        ),
        (vec![fresh_server], vec!["permessage-deflate"], Err(ParametersNotOffered)),
        (
            vec![fresh_server],
            vec!["permessage-deflate; client_no_context_takeover"],
            Err(ParametersNotOffered),
        ),
        // §7.1.1.2: it may come unasked, and holds if it was announced.
        (
            vec![any],
            vec!["permessage-deflate; client_no_context_takeover"],
            agreed(false, true, MAX, MAX),
        ),
        (
            vec![fresh_client],
            vec!["permessage-deflate; client_no_context_takeover"],
            agreed(false, true, MAX, MAX),
        ),
        (vec![fresh_client], vec!["permessage-deflate"], agreed(false, true, MAX, MAX)),
        // §7.1.2.1: it may come unasked; who asked for it gets it, or less.
        (
            vec![any],
            vec!["permessage-deflate; server_max_window_bits=8"],
            agreed(false, false, 8, MAX),
        ),
        (vec![any], vec!["permessage-deflate; server_max_window_bits=15"], all),
        (
            vec![bare],
            vec!["permessage-deflate; server_max_window_bits=\"1\\2\""],
            agreed(false, false, 12, MAX),
        ),
        (
            vec![small_server],
            vec!["permessage-deflate; server_max_window_bits=11"],
            agreed(false, false, 11, MAX),
        ),
        (
            vec![small_server],
            vec!["permessage-deflate; server_max_window_bits=10"],
            agreed(false, false, 10, MAX),
        ),
        (
            vec![small_server],
            vec!["permessage-deflate; server_max_window_bits=12"],
            Err(ParametersNotOffered),
        ),
        (vec![small_server], vec!["permessage-deflate"], Err(ParametersNotOffered)),
        (
            vec![offer(false, false, Some(MAX), Fixed)],
            vec!["permessage-deflate"],
            Err(ParametersNotOffered),
        ),
        // §7.1.2.2: only if it was offered; the same or less; what was announced holds.
        (
            vec![any],
            vec!["permessage-deflate; client_max_window_bits=8"],
            agreed(false, false, MAX, 8),
        ),
        (vec![any], vec!["permessage-deflate; client_max_window_bits=15"], all),
        (vec![any], vec!["permessage-deflate; client_max_window_bits"], Err(InvalidParameters)),
        (
            vec![bare],
            vec!["permessage-deflate; client_max_window_bits=10"],
            Err(ParametersNotOffered),
        ),
        (
            vec![bare],
            vec!["permessage-deflate; client_max_window_bits=15"],
            Err(ParametersNotOffered),
        ),
        (
            vec![small_client],
            vec!["permessage-deflate; client_max_window_bits=11"],
            agreed(false, false, MAX, 11),
        ),
        (
            vec![small_client],
            vec!["permessage-deflate; client_max_window_bits=9"],
            agreed(false, false, MAX, 9),
        ),
        (
            vec![small_client],
            vec!["permessage-deflate; client_max_window_bits=12"],
            Err(ParametersNotOffered),
        ),
        (vec![small_client], vec!["permessage-deflate"], agreed(false, false, MAX, 11)),
        // Several offers: one that is met is enough; where several are, the client keeps to all
        // that it announced.
        (vec![small_server, any], vec!["permessage-deflate"], all),
        (
            vec![small_server, any],
            vec!["permessage-deflate; server_max_window_bits=10"],
            agreed(false, false, 10, MAX),
        ),
        (
            vec![small_server, any],
            vec!["permessage-deflate; server_max_window_bits=12"],
            agreed(false, false, 12, MAX),
        ),
        (vec![fresh_server, small_server], vec!["permessage-deflate"], Err(ParametersNotOffered)),
        (
            vec![bare, small_client],
            vec!["permessage-deflate; client_max_window_bits=10"],
            agreed(false, false, MAX, 10),
        ),
        (
            vec![bare, small_client, fresh_client],
            vec!["permessage-deflate"],
            agreed(false, true, MAX, 11),
        ),
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
        assert_eq!(
            Offer::check_answer(&offers, lines(&lines_)),
            expected,
            "{lines_:?} to {offers:?}"
        );
        assert_eq!(check(&offers, &lines_), expected, "{lines_:?} to {offers:?}");
    }
}
