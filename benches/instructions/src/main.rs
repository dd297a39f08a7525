//! Counts the instructions of a message, with callgrind, and holds them to the record in
//! `record.txt`.
//!
//! ```text
//!   instructions of (many runs) − instructions of (few runs)
//!   ────────────────────────────────────────────────────────  = instructions of a message
//!                 messages more
//! ```
//!
//! Each count comes of two runs of this program, in which nothing differs but how often the same is
//! done. It does not depend on the time that anything takes. It depends on the compiler, and on
//! whether the CPU has AVX2: to a record of others nothing is held.

mod cases;
mod record;

use cases::{BATCH, CASES, Run};
use record::Record;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/record.txt");

/// How often a case is done, in batches, in the two runs.
const FEW: usize = 20;
const MANY: usize = 40;

const HELP: &str = "\
Usage: sockless-instructions [--write] [CASE…]

  --write   make the counts the record
  CASE      count only the cases with this in their names";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let (mut write, mut run, mut names) = (false, None, Vec::new());
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("help") => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            lexopt::Arg::Long("write") => write = true,
            // What valgrind runs.
            lexopt::Arg::Long("run") => {
                run = Some(lexopt::ValueExt::parse::<usize>(&args.value()?)?)
            }
            lexopt::Arg::Value(name) => {
                names.push(name.into_string().map_err(|_| "a name that is not UTF-8")?)
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let chosen = || {
        all().filter(|(name, ..)| {
            names.is_empty()
                || names.iter().any(|part| {
                    part.strip_suffix('$')
                        .map_or_else(|| name.contains(part.as_str()), |whole| name == whole)
                })
        })
    };
    if let Some(times) = run {
        for (_, run, len) in chosen() {
            run(len, times);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen: Vec<String> = chosen().map(|(name, ..)| name).collect();
    let counts = Record { machine: machine(), counts: count(&chosen)? };
    if counts.counts.is_empty() {
        return Err("there is no such case".into());
    }
    let path = Path::new(RECORD);
    if write {
        // Who counts only some leaves the others as they stand.
        let others = if names.is_empty() { None } else { Some(Record::read(path)?) };
        counts.write_beside(others, path)?;
    }
    let within = counts.compare(&Record::read(path)?);
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Each case of each size, by its name.
fn all() -> impl Iterator<Item = (String, Run, usize)> {
    CASES.into_iter().flat_map(|(name, sizes, run)| {
        sizes.iter().map(move |len| {
            (if *len == 0 { name.to_owned() } else { format!("{name}/{len}") }, run, *len)
        })
    })
}

/// What the counts depend on beside the code.
fn machine() -> String {
    #[cfg(target_arch = "x86_64")]
    let vectors =
        if std::arch::is_x86_feature_detected!("avx2") { "with AVX2" } else { "without AVX2" };
    #[cfg(not(target_arch = "x86_64"))]
    let vectors = "without AVX2";
    format!("{}, {}, {vectors}", env!("RUSTC_VERSION"), std::env::consts::ARCH)
}

/// Counts the cases, two at a time.
fn count(names: &[String]) -> Result<BTreeMap<String, f64>, Box<dyn Error>> {
    let mut counts = BTreeMap::new();
    for pair in names.chunks(2) {
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> =
                pair.iter().map(|name| scope.spawn(move || count_one(name))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| String::from("a thread panicked"))?)
                .collect()
        });
        for (name, result) in pair.iter().zip(results) {
            counts.insert(name.clone(), result?);
        }
    }
    Ok(counts)
}

fn count_one(name: &str) -> Result<f64, String> {
    let (few, many) = (total(name, FEW)?, total(name, MANY)?);
    Ok((many - few) / ((MANY - FEW) * BATCH) as f64)
}

/// All instructions of a run.
fn total(name: &str, times: usize) -> Result<f64, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        // A long copy is counted in vectors, and not in bytes, as it is where it is a single
        // instruction.
        .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=1073741824")
        .arg(this)
        .args(["--run", &times.to_string(), &format!("{name}$")])
        .output()
        .map_err(|error| {
            format!("valgrind does not start (its package has the same name): {error}")
        })?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected =
        told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("{name}: {told}")),
    }
}
