//! `--deflate`: what is offered, and what came of it. It needs the feature `deflate`, and without
//! it says so.

use sockless::client::{Accepted, Request};
#[cfg(feature = "deflate")]
use sockless::deflate::{Offer, WindowBits};

/// Offers what browsers offer.
#[cfg(feature = "deflate")]
pub(crate) fn offer(request: Request) -> Result<Request, &'static str> {
    Ok(request.deflate(Offer::default()))
}

#[cfg(not(feature = "deflate"))]
pub(crate) fn offer(_: Request) -> Result<Request, &'static str> {
    Err("--deflate: this client was built without it; build it with --features deflate")
}

/// What was agreed on, for who offered it.
#[cfg(feature = "deflate")]
pub(crate) fn agreed(accepted: &Accepted) -> String {
    let side = |bits: WindowBits, alone| {
        format!("{bits} bits{}", if alone { ", each message alone" } else { "" })
    };
    match accepted.extensions().deflate {
        Some(agreed) => format!(
            ", compressed (we {}; the server {})",
            side(agreed.client_max_window_bits, agreed.client_no_context_takeover),
            side(agreed.server_max_window_bits, agreed.server_no_context_takeover)
        ),
        None => String::from(", not compressed: the server declines"),
    }
}

#[cfg(not(feature = "deflate"))]
pub(crate) fn agreed(_: &Accepted) -> String {
    String::new()
}
