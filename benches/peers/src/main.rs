//! sockless beside other WebSocket crates: messages as they are ([`plain`]), and compressed.
//!
//! ```text
//!   corpus ──► each crate sends ──► a neutral decoder: is it what was said?
//!   corpus ──► a neutral encoder ──► each crate receives: is it what was said?
//! ```
//!
//! All in one process and thread, on the same bytes, over a transport in memory whose calls are
//! counted; in rounds, in which all do the same work one after the other. flate2 stands beside
//! them, driven by hand: what none can be faster than, unless it does less.
//!
//! All crates but one compress with the same zlib-rs. Left out are soketto, which makes a
//! compressor for each message, of level 1 and without takeover, and ratchet: both ask flate2 for
//! the zlib that is written in C, and so all others in this process would get it too.

mod alloc;
mod args;
mod contest;
mod corpus;
mod markdown;
mod peer;
mod peers;
mod plain;
mod rows;
mod table;
mod transport;
mod wire;

use args::Args;
use clap::Parser;
use corpus::Corpus;
use peer::{End, Peer, Setting};
use peers::{Keep, Sockless};
use rows::memory::Held;
use rows::one::Work;
use rows::{Row, crowd, memory, one, prepared};
use serde::Serialize;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

#[derive(Debug, Default, Serialize)]
struct Report {
    plain: Vec<plain::Group>,
    rows: Vec<Row>,
    memory: Vec<Held>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut report = Report::default();
    println!("Messages as they are\n");
    plain::table::peers();
    report.plain = plain::run(&args);
    plain::promises::show(&report.plain);
    if let Some(folder) = &args.svg
        && let Err(error) = plain::chart::write(&report.plain, folder)
    {
        eprintln!("peers: {}: {error}", folder.display());
        return ExitCode::from(2);
    }
    println!("\nCompressed messages\n");
    let all: Vec<_> = peers::all()
        .into_iter()
        .map(|peer| (one::checks_utf8(&*peer), peer))
        .map(|(checks, peer)| (peer, checks))
        .collect();
    table::peers(&all);
    singles(&args, &mut report);
    crowds(&args, &mut report);
    for (corpus, setting) in [Corpus::Chat, Corpus::Json1]
        .into_iter()
        .flat_map(|corpus| settings(6).map(|setting| (corpus, setting)))
    {
        if args.wants(&prepared::name(corpus, setting)) {
            show(prepared::row(corpus, setting, args.times()), &mut report);
        }
    }
    memories(&args, &mut report);
    if report.plain.is_empty() && report.rows.is_empty() && report.memory.is_empty() {
        eprintln!("peers: no row has such a name");
        return ExitCode::from(2);
    }
    if let Some(folder) = &args.markdown
        && let Err(error) = markdown::write(&report, folder)
    {
        eprintln!("peers: {}: {error}", folder.display());
        return ExitCode::from(2);
    }
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report).expect("it is plain data");
        if let Err(error) = std::fs::write(path, json) {
            eprintln!("peers: {}: {error}", path.display());
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn settings(level: u8) -> [Setting; 2] {
    [true, false].map(|takeover| Setting { level, takeover, bits: 15 })
}

fn singles(args: &Args, report: &mut Report) {
    let works = [
        (Work::Send, 1),
        (Work::Send, 6),
        (Work::Receive(End::Server), 6),
        (Work::Receive(End::Client), 6),
    ];
    for corpus in Corpus::ALL {
        for (work, level) in works {
            for setting in settings(level) {
                if args.wants(&one::name(work, corpus, setting)) {
                    show(one::row(work, corpus, setting, &peers::all(), args.times()), report);
                }
            }
        }
    }
}

fn crowds(args: &Args, report: &mut Report) {
    for corpus in [Corpus::Chat, Corpus::Json1] {
        for work in [Work::Send, Work::Receive(End::Server)] {
            for setting in settings(6) {
                if args.wants(&crowd::name(work, corpus, setting)) {
                    let mut peers = peers::all();
                    peers.insert(1, Box::new(Sockless::new(Keep::Pool(1))));
                    show(crowd::row(work, corpus, setting, &peers, args.times()), report);
                }
            }
        }
    }
}

fn memories(args: &Args, report: &mut Report) {
    for bits in [15, 12, 9] {
        for setting in settings(6).map(|setting| Setting { bits, ..setting }) {
            if !args.wants(&memory::name(setting)) {
                continue;
            }
            let mut peers: Vec<Box<dyn Peer>> = peers::all();
            peers.insert(1, Box::new(Sockless::new(Keep::Pool(1))));
            let held: Vec<_> =
                peers.iter().filter_map(|peer| memory::held(&**peer, setting).ok()).collect();
            table::held(&memory::name(setting), &held);
            report.memory.extend(held);
        }
    }
}

fn show(row: Row, report: &mut Report) {
    table::row(&row);
    report.rows.push(row);
}
