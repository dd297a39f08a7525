//! The crates, a file each; and the floor.

mod by_hand;
mod fastwebsockets;
mod nexus;
mod sockless;
mod sockudo;
mod tokio_websockets;
mod tungstenite;
mod web_socket;
mod wtx;
mod yawc;

use super::Peer;

/// The most that waits to be written, in those who batch as far as they are told.
const BATCH: usize = 256 << 10;

/// What is read at once, by those who let one choose and do not advise otherwise.
const READ: usize = 64 << 10;

/// What a message may be long.
const MOST: usize = 64 << 20;

/// All that are compared, ours first.
pub(crate) fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(sockless::Sockless::new()),
        Box::new(tungstenite::Tungstenite),
        Box::new(tokio_websockets::TokioWebsockets),
        Box::new(fastwebsockets::FastWebsockets),
        Box::new(sockudo::Sockudo),
        Box::new(nexus::Nexus),
        Box::new(yawc::Yawc),
        Box::new(wtx::Wtx),
        Box::new(web_socket::WebSocket),
        Box::new(by_hand::ByHand),
    ]
}
