//! Echo over loopback: what a message costs a server, in CPU time as the kernel counts it, and how
//! long it takes.
//!
//! ```text
//!   one core: the client, over epoll ──► TCP on 127.0.0.1 ──► another core: a server in a process of its own
//! ```
//!
//! All servers of a cell run at the same time with their connections open, and have work one after
//! the other, in rounds and in another order in each. The client sends frames that were made
//! beforehand, compares each byte that comes back, and sends the next message when one is complete.
//!
//! A server ends when its standard input does: no child outlives this process, however that ends.

mod cell;
mod client;
mod cpu;
mod report;
mod server;
mod servers;
mod shake;

use cell::Cell;
use clap::Parser;
use server::Kind;
use std::path::PathBuf;
use std::process::ExitCode;

/// Echo servers of several crates over loopback: CPU time per message, and latency
#[derive(Debug, Parser)]
#[command(name = "echo")]
struct Args {
    /// A few cells and rounds: under a minute
    #[arg(long)]
    quick: bool,

    /// Writes everything that was measured
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Only servers whose names hold one of these
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Is a server, for messages of so many bytes, of which so many are in flight
    #[arg(long, hide = true, num_args = 3, value_names = ["SERVER", "BYTES", "IN FLIGHT"])]
    serve: Option<Vec<String>>,

    /// Only the cells whose names hold one of these; all without any
    #[arg(value_name = "CELL")]
    cells: Vec<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match &args.serve {
        Some(serve) => server::serve(serve),
        None => compare(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(args: &Args) -> std::io::Result<()> {
    cpu::pin(0)?;
    let kinds: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|kind| {
            args.only.is_empty() || args.only.iter().any(|part| kind.name().contains(part))
        })
        .collect();
    let mut measured = Vec::new();
    for cell in Cell::all(args.quick) {
        if args.cells.is_empty() || args.cells.iter().any(|part| cell.name().contains(part)) {
            let rows = cell.run(&kinds, if args.quick { 5 } else { 11 })?;
            report::show(&cell, &rows);
            measured.push((cell.name(), rows));
        }
    }
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&measured)?)?;
    }
    Ok(())
}
