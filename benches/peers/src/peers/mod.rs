//! The crates, a file each.

mod by_hand;
#[cfg(feature = "shiguredo")]
mod shiguredo;
mod sockless;
mod sockudo;
mod wtx;
mod yawc;

pub(crate) use by_hand::ByHand;
#[cfg(feature = "shiguredo")]
pub(crate) use shiguredo::Shiguredo;
pub(crate) use sockless::{Keep, Sockless, write};
pub(crate) use sockudo::Sockudo;
pub(crate) use wtx::Wtx;
pub(crate) use yawc::Yawc;

use crate::peer::Peer;

/// All that are compared, ours first.
pub(crate) fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(Sockless::new(Keep::Pool(256))),
        Box::new(Sockless::new(Keep::Nothing)),
        Box::new(ByHand),
        Box::new(Sockudo),
        Box::new(Yawc),
        Box::new(Wtx),
        #[cfg(feature = "shiguredo")]
        Box::new(Shiguredo),
    ]
}
