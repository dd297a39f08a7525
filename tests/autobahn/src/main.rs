//! The Autobahn suite against both roles of sockless, over real sockets.
//!
//! ```text
//!   server:  wstest fuzzingclient ──── runs the cases against ────► our echo server
//!   client:  wstest fuzzingserver ◄─── is asked for each case by ── our client, which echoes
//! ```
//!
//! Either way the suite judges and writes its report; this program starts both ends, shows how far
//! they are, adds the results up, and fails unless every case was run and is OK or INFORMATIONAL.

mod args;
mod blocking;
mod client;
mod page;
mod peer;
mod polling;
mod progress;
mod results;
mod server;
mod suite;
mod talk;

use args::{Args, Role};
use clap::Parser;
use progress::Progress;
use results::Results;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use std::{fs, io};
use suite::{Mode, Suite};

/// What keeps a run from coming to its end.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("autobahn: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn run(args: &Args) -> Result<bool, Failure> {
    let out = args.out();
    fs::create_dir_all(&out)?;
    // What an earlier run left must not be taken for this one's.
    match fs::remove_dir_all(out.join(suite::RAW)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    if let Some(peer) = args.peer {
        peer.prepare()?;
    }
    let from = Instant::now();
    let cases = match args.role {
        Role::Server => test_server(args, &out)?,
        Role::Client => test_client(args, &out)?,
    };
    let results = Results::read(&out.join(suite::RAW), args, &cases, from.elapsed())?;
    print!("{results}");
    fs::write(out.join("results.json"), serde_json::to_string_pretty(&results)?)?;
    fs::write(out.join("index.html"), page::render(&results))?;
    println!("{}", out.join("index.html").display());
    Ok(results.passed())
}

/// The cases that the suite was to run.
fn test_server(args: &Args, out: &Path) -> Result<Vec<String>, Failure> {
    let (port, _peer) = match args.peer {
        None => (server::start(args.driver, args.pace())?, None),
        Some(peer) => {
            let port = suite::free_port()?;
            let running = peer.start(&["server", &format!("127.0.0.1:{port}")])?;
            running.listens(port)?;
            (port, Some(running))
        }
    };
    let mut suite = Suite::start(args, out, &Mode::Client { port })?;
    let cases = suite.cases()?;
    watch(&mut suite, cases.len())?;
    Ok(cases)
}

/// The same.
fn test_client(args: &Args, out: &Path) -> Result<Vec<String>, Failure> {
    let port = suite::free_port()?;
    let mut suite = Suite::start(args, out, &Mode::Server { port })?;
    let cases = suite.cases()?;
    let suite_server = client::Suite { port, agent: args.testee(), cases: cases.len() };
    let _peer = match args.peer {
        None => {
            client::start(args.driver, args.pace(), suite_server, suite.news());
            None
        }
        Some(peer) => Some(client::start_peer(peer, args.pace(), suite_server, suite.news())?),
    };
    // It tells of a case when the client asks for it, and ends when the client has let it write its
    // reports.
    watch(&mut suite, cases.len())?;
    Ok(cases)
}

/// Shows how far the suite is, until it ends.
fn watch(suite: &mut Suite, cases: usize) -> Result<(), Failure> {
    let mut progress = Progress::new(cases);
    while let Some(case) = suite.next_case()? {
        progress.show(&case);
    }
    progress.finish();
    Ok(())
}
