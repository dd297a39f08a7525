//! What a peer can make a server spend: the heap that it holds, and the processor time of each
//! byte.
//!
//! ```text
//! cargo run --release --manifest-path benches/Cargo.toml --bin costs
//! ```
//!
//! `SECURITY.md` states these figures. [`memory`] counts allocations, which is exact and the same
//! on every 64-bit machine; [`time`] takes the best of many rounds; [`wire`] has what the peer
//! sends.

#[path = "../../tests/support/alloc.rs"]
#[allow(dead_code)] // The tests ask for more.
mod alloc;
mod memory;
mod time;
mod wire;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

const HELP: &str = "\
What a peer can make a server spend, as tables for SECURITY.md. About 12 seconds.

Usage: costs [OPTIONS]

Options:
  --quick     each row for a tenth of the time
  -h, --help  show this and stop";

/// For each row of the second table.
const ROUNDS: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let mut rounds = ROUNDS;
    for arg in env::args().skip(1) {
        match arg.as_str() {
            "--quick" => rounds = ROUNDS / 10,
            "-h" | "--help" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("costs: there is no {arg:?}; --help says what there is");
                return ExitCode::from(2);
            }
        }
    }
    memory::print();
    println!();
    time::print(rounds);
    ExitCode::SUCCESS
}
