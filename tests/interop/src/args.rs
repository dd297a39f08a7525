//! The command line.

use crate::peers::{PEERS, Peer};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;

/// Runs real peers against both roles of sockless and fails unless every check passed.
#[derive(Debug, Parser)]
#[command(name = "interop")]
pub(crate) struct Args {
    /// Which peers, all of which must be installed [default: those that are]
    #[arg(value_name = "PEER", value_parser = PossibleValuesParser::new(PEERS.map(|peer| peer.name)))]
    pub(crate) peers: Vec<String>,

    /// Where the results go, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl Args {
    pub(crate) fn wants(&self, peer: &Peer) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|name| name == peer.name)
    }
}
