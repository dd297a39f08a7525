//! The command line.

use crate::peer::Peer;
use crate::talk::Pace;
use clap::{Parser, ValueEnum};
use serde::Serialize;
use sockless::Delivery;
use sockless::deflate::{Compress, Pool};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Runs the Autobahn suite against sockless and fails on anything but OK and INFORMATIONAL.
#[derive(Debug, Parser)]
#[command(name = "autobahn")]
pub(crate) struct Args {
    /// Which end of the connection is tested
    pub(crate) role: Role,

    /// Which cases, as the suite writes them; 12 and 13, those of compression, take about a quarter
    /// of an hour, the others 15 s
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',', default_value = "*")]
    pub(crate) cases: Vec<String>,

    /// The suite's program; .ci/install_autobahn.sh makes one
    #[arg(long, value_name = "PATH", default_value = "wstest")]
    pub(crate) wstest: PathBuf,

    /// Reads of at most so many bytes
    #[arg(long, value_name = "BYTES", default_value = "65536")]
    pub(crate) read: NonZeroUsize,

    /// Writes of at most so many bytes
    #[arg(long, value_name = "BYTES")]
    pub(crate) write: Option<NonZeroUsize>,

    /// How messages are delivered and echoed: whole, or in parts as they arrive
    #[arg(long, value_enum, default_value_t = Parts::Whole)]
    pub(crate) delivery: Parts,

    /// Which messages are compressed where it was agreed on: those that it makes shorter, from 64
    /// bytes on; all of them; or none
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Which::Auto)]
    pub(crate) compress: Which,

    /// Between two messages compressors and decompressors wait in a pool, so many of each at most,
    /// and not in their connections
    #[arg(long, value_name = "MOST")]
    pub(crate) pool: Option<usize>,

    /// The loop: that of examples/echo.rs, or that of examples/chat
    #[arg(long = "loop", value_name = "LOOP", value_enum, default_value_t = Driver::Blocking)]
    pub(crate) driver: Driver,

    /// Another implementation in the place of sockless, for comparison; what is said above of how
    /// sockless runs is not for it
    #[arg(long, value_name = "NAME", value_enum, conflicts_with_all = ["read", "write", "delivery", "compress", "pool", "driver"])]
    pub(crate) peer: Option<Peer>,

    /// Where the reports go [default: reports/[PEER-]ROLE beside this package's Cargo.toml]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// How long one case may take before the run is given up
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub(crate) patience: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Our echo server, by the suite's client
    Server,
    /// Our client, by the suite's server
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Parts {
    Whole,
    Chunks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Which {
    Auto,
    All,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Driver {
    Blocking,
    Poll,
}

impl Args {
    pub(crate) fn out(&self) -> PathBuf {
        let name = match self.peer {
            None => self.role.name().to_owned(),
            Some(peer) => format!("{}-{}", peer.name(), self.role.name()),
        };
        self.out
            .clone()
            .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("reports").join(name))
    }

    /// What is tested.
    pub(crate) fn testee(&self) -> &'static str {
        self.peer.map_or("sockless", Peer::name)
    }

    pub(crate) fn pace(&self) -> Pace {
        let delivery = match self.delivery {
            Parts::Whole => Delivery::Whole,
            Parts::Chunks => Delivery::Chunks,
        };
        let compress = match self.compress {
            Which::Auto => Compress::Auto,
            Which::All => Compress::Yes,
            Which::None => Compress::No,
        };
        let (read, write) = (self.read.get(), self.write.map_or(usize::MAX, NonZeroUsize::get));
        Pace { read, write, delivery, compress, pool: self.pool.map(Pool::new) }
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}
