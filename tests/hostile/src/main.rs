//! Hostile peers beside honest ones on the chat, over loopback: the honest must notice nothing, and
//! the memory must come back.
//!
//! ```text
//!   this process:  200 honest ones, one thread  (honest) ──► the chat, a process of its own (bin/chat)
//!                  200 hostile ones, one thread (mob)    ──► the same chat; in the control run a dummy sink (bin/sink)
//!                    kinds ─► plans ─► session ─► tally        what each kind does, and how each of its sessions has to end
//! ```
//!
//! 1. All of them come for a few seconds, so that nothing is counted that is there once, and go. A
//!    few say what fills the room's memory of the past with texts of known lengths. What is
//!    allocated now is the start.
//! 2. All come again, for the whole time. Asserted: each honest one hears each message of each
//!    honest one once and in order, is never disconnected, and goes with a clean 1000; each hostile
//!    one ends as its kind has to, and none of the kinds is missing.
//! 3. All have left, and the few say as much again. Asserted: as many blocks are allocated as at
//!    the start, and as many bytes, to within [`SLACK`].
//! 4. Asserted: the chat ends with status 0 when it is asked, and has complained of nothing.
//! 5. Control: the honest on another chat, while the same attacks go to a sink. Reported beside the
//!    run before, and not asserted: the latency of the honest.

mod args;
mod honest;
mod kinds;
mod mob;
mod process;
#[path = "../../../examples/chat/pump.rs"]
mod pump;
mod report;
mod session;
mod tally;
mod wire;

use args::Args;
use clap::Parser;
use honest::{Account, HONEST, People};
use kinds::{KINDS, SLOW};
use mob::{HOSTILE, Mob};
use process::{Live, Process, build};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use tally::Tally;

/// How long all of them come at first.
const WARM_UP: Duration = Duration::from_secs(5);
/// The honest go on for so long when the hostile have left.
const AFTERWARDS: Duration = Duration::from_millis(500);
/// By how many bytes the end may differ from the start, in the same blocks: the chat's loop keeps
/// two buffers for whichever connection has its turn (`sockless::Buffers`), as large as they were
/// last needed: one for output, of at most 1 MiB, and one for messages, of which 64 KiB is the
/// longest.
const SLACK: u64 = (1 << 20) + (128 << 10);
/// Who fills the past: together they say more than the 50 messages that the room keeps, and each
/// less than the 20 that it lets be.
const RINSERS: usize = 3;
const RINSE: usize = 17;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(complaints) if complaints.is_empty() => {
            println!("all held");
            ExitCode::SUCCESS
        }
        Ok(complaints) => {
            complaints.iter().for_each(|complaint| println!("FAILED: {complaint}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was not as it should be; an error is what kept the run from its end.
fn run(args: &Args) -> io::Result<Vec<String>> {
    let time = args.time();
    let folder = build()?;
    println!(
        "{HONEST} honest and {HOSTILE} hostile peers, {} s, seed {}",
        time.as_secs(),
        args.seed
    );
    let complaints = attacked(&folder, time, args.seed)?;
    if !args.quick {
        control(&folder, time, args.seed)?;
    }
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!("\nload of the machine, the last minutes first: {}", load.trim_end());
    Ok(complaints)
}

const CHAT: &[&str] = &["--addr", "127.0.0.1:0"];

/// The run that counts.
fn attacked(folder: &Path, time: Duration, seed: u64) -> io::Result<Vec<String>> {
    let mut chat = Process::start(folder, "chat", CHAT)?;
    let address = chat.address;
    together(address, address, false, WARM_UP, seed)?;
    let start = rinsed(&mut chat)?;
    let (resident, cpu) = (chat.resident()?, chat.cpu()?);
    let (account, tallies) = together(address, address, false, time, seed)?;
    chat.at_rest()?;
    let (stats, cpu) = (chat.stats()?, chat.cpu()? - cpu);
    let end = rinsed(&mut chat)?;
    let after = chat.resident()?;
    chat.stop()?;

    report::kinds(&tallies);
    println!("\n{stats}");
    println!("chat: {:.1} s of processor time", cpu.as_secs_f64());
    println!(
        "chat: resident {} KiB before, {} KiB after, {} KiB at most",
        resident.now >> 10,
        after.now >> 10,
        after.peak >> 10
    );
    println!(
        "chat: live {} bytes in {} blocks before, {} bytes in {} blocks after",
        start.bytes, start.blocks, end.bytes, end.blocks
    );
    report::latency("beside the hostile", &account);
    let mut complaints: Vec<_> =
        KINDS.iter().zip(&tallies).flat_map(|(kind, tally)| tally.complaints(kind, time)).collect();
    let let_go: u64 = KINDS
        .iter()
        .zip(&tallies)
        .filter(|(kind, _)| kind.name == SLOW)
        .map(|(_, tally)| tally.expected)
        .sum();
    let counted = stats
        .split(", ")
        .find_map(|part| part.strip_prefix("slow readers dropped ")?.parse::<u64>().ok());
    if counted.is_none_or(|counted| counted < let_go) {
        complaints.push(format!(
            "{let_go} who did not read were let go, of whom the chat does not know: {stats}"
        ));
    }
    if end.blocks != start.blocks || end.bytes.abs_diff(start.bytes) > SLACK {
        complaints.push(format!("the memory does not come back: {start:?} before, {end:?} after"));
    }
    Ok(complaints)
}

/// The same attacks, and the honest elsewhere.
fn control(folder: &Path, time: Duration, seed: u64) -> io::Result<()> {
    let sink = Process::start(folder, "sink", &[])?;
    let mut chat = Process::start(folder, "chat", CHAT)?;
    let (account, tallies) = together(chat.address, sink.address, true, time, seed)?;
    chat.at_rest()?;
    report::latency("control, the hostile at a sink", &account);
    println!("chat: {:.1} s of processor time", chat.cpu()?.as_secs_f64());
    let (sessions, sent) = tallies
        .iter()
        .fold((0, 0), |(sessions, sent), tally| (sessions + tally.sessions, sent + tally.sent));
    println!(
        "sink: {sessions} sessions, {} MB, {:.1} s of processor time",
        sent / 1_000_000,
        sink.cpu()?.as_secs_f64()
    );
    chat.stop()
}

/// All at once: the honest on the chat, the hostile wherever they are sent.
fn together(
    chat: SocketAddr,
    target: SocketAddr,
    dummy: bool,
    time: Duration,
    seed: u64,
) -> io::Result<(Account, Vec<Tally>)> {
    let mut people = People::come(chat, 0, HONEST)?;
    let mob = Mob::new(target, dummy, seed)?;
    thread::scope(|scope| {
        let mob = scope.spawn(|| mob.run(time));
        people.talk(time + AFTERWARDS)?;
        let account = people.go()?;
        let tallies =
            mob.join().unwrap_or_else(|_| Err(io::Error::other("the hostile ones panicked")))?;
        Ok((account, tallies))
    })
}

/// What is allocated when nobody is there and the past is of known lengths.
fn rinsed(chat: &mut Process) -> io::Result<Live> {
    chat.at_rest()?;
    let mut people = People::come(chat.address, 1000, RINSERS)?;
    people.talk_at_once(RINSE)?;
    people.go()?;
    chat.at_rest()
}
