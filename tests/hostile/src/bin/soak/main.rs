//! A soak: random pairs of a client and a server, for as long as one likes, with compression and
//! faults, and memory that has to stay flat.
//!
//! ```text
//!   round(seed)   4 pairs, a pool, a workspace, prepared messages; all dropped at its end  ──► live bytes, as many as before
//!     └─ station  an end: handshake, connection, its loop, and what it has to hear
//!          └─ pipe  one direction of its transport: little room, partial writes and reads, cuts, ends, errors, silence
//! ```
//!
//! Asserted, besides that nothing panics: each message arrives once, whole and in order, up to the
//! fault; without a fault all of them do and both ends close cleanly; with one, both ends find out,
//! in the time of a heartbeat at the latest, and are told once; and behind each round exactly as
//! many bytes are allocated, in as many blocks, as behind the first few. Time is simulated; no
//! sockets.
//!
//! A round is its seed: the one that fails is named, and `--seed N --rounds 1` is that round again.

mod counts;
mod pipe;
mod round;
mod station;
mod talk;

use clap::Parser;
use counts::Counts;
use stats_alloc::StatsAlloc;
use std::alloc::System;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[global_allocator]
static HEAP: StatsAlloc<System> = StatsAlloc::system();

/// Random pairs with compression and faults, and memory that stays flat
#[derive(Debug, Parser)]
#[command(name = "soak")]
struct Args {
    /// How long; 0.5 is half a minute
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    minutes: f64,

    /// The first round's seed; each further round takes the next one [default: the time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// So many rounds and no more, however long they take
    #[arg(long, value_name = "N", conflicts_with = "minutes")]
    rounds: Option<u64>,
}

/// Behind so many rounds, everything is there that is made once.
const WARM_UP: u64 = 5;
/// How often it tells how far it is.
const TELL: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let Args { minutes, seed, rounds } = Args::parse();
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let first = seed.unwrap_or(time.as_secs());
    println!("seed {first}");
    let (from, mut told) = (Instant::now(), Instant::now());
    let mut all = Counts::default();
    let mut flat = None;
    while rounds.map_or(from.elapsed().as_secs_f64() < minutes * 60.0, |rounds| all.rounds < rounds)
    {
        let seed = first.wrapping_add(all.rounds);
        let Ok(counts) = catch_unwind(|| round::run(seed)) else {
            println!("FAILED in round {}: --seed {seed} --rounds 1", all.rounds);
            return ExitCode::FAILURE;
        };
        all += counts;
        let now = live();
        if all.rounds <= WARM_UP {
            flat = Some(now);
        } else if flat != Some(now) {
            println!(
                "FAILED: {now:?} bytes and blocks are live behind round {} (seed {seed}), and were {flat:?} before",
                all.rounds
            );
            return ExitCode::FAILURE;
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            println!("{:.0} s: {all}; live {now:?}", from.elapsed().as_secs_f64());
        }
    }
    println!("{:.0} s: {all}", from.elapsed().as_secs_f64());
    println!("live behind each round from the {WARM_UP}th on: {flat:?} bytes and blocks");
    // What never happened was not tested. A few rounds cannot have everything.
    match all.missing().filter(|_| all.rounds >= 100) {
        Some(missing) => {
            println!("FAILED: {missing}: never");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

/// Bytes and blocks that are allocated and not freed.
fn live() -> (usize, usize) {
    let heap = HEAP.stats();
    (
        heap.bytes_allocated.wrapping_sub(heap.bytes_deallocated),
        heap.allocations.wrapping_sub(heap.deallocations),
    )
}
