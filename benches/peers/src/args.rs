//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Runs sockless beside other WebSocket crates, in one process and on the same bytes.
#[derive(Debug, Parser)]
#[command(name = "peers")]
pub(crate) struct Args {
    /// Fewer rounds: under a minute instead of a few
    #[arg(long)]
    pub(crate) quick: bool,

    /// Writes everything that was measured
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Draws charts of what was measured without compression
    #[arg(long, value_name = "FOLDER")]
    pub(crate) svg: Option<PathBuf>,

    /// Writes what was measured, and nothing else, as tables: in-memory.md and compression.md
    #[arg(long, value_name = "FOLDER")]
    pub(crate) markdown: Option<PathBuf>,

    /// Only the rows whose names hold one of these; all without any
    #[arg(value_name = "ROW")]
    pub(crate) rows: Vec<String>,
}

impl Args {
    pub(crate) fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|part| row.contains(part.as_str()))
    }

    /// How often everything without compression is measured.
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 41 } else { 301 }
    }

    /// How often everything is measured: a multiple of this.
    pub(crate) fn times(&self) -> usize {
        if self.quick { 3 } else { 30 }
    }
}
