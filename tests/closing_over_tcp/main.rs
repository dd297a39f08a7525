//! The end of a connection over real TCP, through both loops that users copy, in both roles:
//! whoever reads gets our Close frame, or our refusal, and the end of the stream, never a reset
//! instead; and what gets no further has an end.
//!
//! [`failing`] is about peers that break a rule and send on, [`unsent`] about peers that do not
//! read, [`gone`] about those that vanish, [`half`] about those that close one half or all of TCP,
//! [`refusals`] about HTTP, [`time_wait`] about who closes TCP first.

mod echo;
mod ends;
#[path = "../example/mod.rs"]
mod example;
mod failing;
mod gone;
mod half;
mod loops;
mod peer;
#[path = "../../examples/chat/pump.rs"]
mod pump;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
mod time_wait;
mod unsent;

use loops::{LOOPS, Loop};
use std::time::Duration;
use support::{SIDES, Side};

/// A time-out that is not to run out.
const NEVER: Duration = Duration::from_secs(120);
/// For an end that does not run into a time-out: long on any machine, a busy one and a build
/// without optimization too, and well below [`NEVER`].
const SOON: Duration = Duration::from_secs(60);

/// Both loops, in both roles.
fn everywhere(mut test: impl FnMut(Loop, Side)) {
    for side in SIDES {
        for looped in LOOPS {
            test(looped, side);
        }
    }
}
