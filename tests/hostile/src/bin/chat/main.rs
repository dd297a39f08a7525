//! The chat, made of the example's own modules, over an allocator that counts. Its arguments are
//! the chat's.
//!
//! Behind the address that the chat prints, each line `live` on standard input is answered by
//! `live BYTES BLOCKS` on standard output: what is allocated and not freed. The program ends when
//! its standard input does, so that it does not outlive who started it.

#[path = "../../../../../examples/chat/args.rs"]
mod args;
#[path = "../../../../../examples/chat/invisible.rs"]
mod invisible;
#[path = "../../../../../examples/chat/peer.rs"]
mod peer;
#[path = "../../../../../examples/chat/pump.rs"]
mod pump;
#[path = "../../../../../examples/chat/room/mod.rs"]
mod room;
#[path = "../../../../../examples/chat/server.rs"]
mod server;
#[path = "../../../../../examples/chat/signals.rs"]
mod signals;
#[path = "../../../../../examples/chat/site.rs"]
mod site;
#[path = "../../../../../examples/chat/stats.rs"]
mod stats;
#[path = "../../../../../examples/chat/terms.rs"]
mod terms;
#[path = "../../../../../examples/chat/timers.rs"]
mod timers;

use crate::args::Args;
use crate::server::Server;
use stats_alloc::StatsAlloc;
use std::alloc::System;
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::thread;

#[global_allocator]
static HEAP: StatsAlloc<System> = StatsAlloc::system();

/// How it ends when nobody is left to ask anything.
const ORPHANED: i32 = 3;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let Args::Serve(settings) = Args::parse(std::env::args_os().skip(1))? else {
        return Err(args::HELP.into());
    };
    let mut server = Server::bind(&settings)?;
    println!("http://{}/", server.address()?);
    thread::spawn(answer);
    server.run()?;
    Ok(())
}

/// Answers until nobody asks any more.
fn answer() {
    let mut line = String::with_capacity(64);
    while io::stdin().read_line(&mut line).is_ok_and(|n| n > 0) {
        if line.trim_end() == "live" {
            let heap = HEAP.stats();
            let bytes = heap.bytes_allocated.wrapping_sub(heap.bytes_deallocated);
            println!("live {bytes} {}", heap.allocations.wrapping_sub(heap.deallocations));
        }
        line.clear();
    }
    std::process::exit(ORPHANED);
}
