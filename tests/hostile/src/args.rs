//! The command line.

use clap::Parser;
use std::time::Duration;

/// Sends 200 hostile and 200 honest peers to the chat, and fails unless the honest notice nothing
/// and the memory comes back
#[derive(Debug, Parser)]
#[command(name = "hostile")]
pub(crate) struct Args {
    /// How long they attack; who is half open is seen off from 50 s on
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(3..=3600))]
    seconds: u64,

    /// 14 s, and no control run
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) quick: bool,

    /// What the noise comes from
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: u64,
}

impl Args {
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(if self.quick { 14 } else { self.seconds })
    }
}
