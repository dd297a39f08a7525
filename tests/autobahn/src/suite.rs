//! The suite's program, `wstest`, as a child: told what to do by a file, heard line by line, ended
//! by its handle.
//!
//! It runs in the output folder and knows only paths below it, so that a script which runs it in a
//! container can stand in for it.

use crate::Failure;
use crate::args::Args;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// Where the suite's own reports go, below the output folder.
pub(crate) const RAW: &str = "suite";
const SPEC: &str = "suite.json";
const LOG: &str = "suite.log";

/// Which end the suite is.
#[derive(Debug)]
pub(crate) enum Mode {
    /// It runs its cases against the server at `port`, and ends.
    Client { port: u16 },
    /// It waits at `port` to be asked for cases.
    Server { port: u16 },
}

/// What there is to hear during a run.
#[derive(Debug)]
pub(crate) enum News {
    /// The suite says something.
    Line(String),
    /// The suite says no more.
    Ended,
    /// The other end cannot go on.
    Failed(Failure),
}

#[derive(Debug)]
pub(crate) struct Suite {
    child: Child,
    news: (Sender<News>, Receiver<News>),
    patience: Duration,
    /// The case under way.
    case: Option<String>,
}

impl Suite {
    pub(crate) fn start(args: &Args, out: &Path, mode: &Mode) -> Result<Self, Failure> {
        let (name, spec) = match mode {
            Mode::Client { port } => {
                let server =
                    json!({ "agent": args.testee(), "url": format!("ws://127.0.0.1:{port}") });
                (
                    "fuzzingclient",
                    json!({ "outdir": RAW, "servers": [server], "cases": args.cases }),
                )
            }
            Mode::Server { port } => (
                "fuzzingserver",
                json!({ "outdir": RAW, "url": format!("ws://127.0.0.1:{port}"), "cases": args.cases }),
            ),
        };
        fs::write(out.join(SPEC), spec.to_string())?;
        // A path is one of this folder, a name one of PATH.
        let program = if args.wstest.components().count() > 1 {
            fs::canonicalize(&args.wstest)
        } else {
            Ok(args.wstest.clone())
        };
        let child = program.and_then(|program| {
            Command::new(program)
                .args(["--mode", name, "--spec", SPEC, "--webport", "0"])
                .current_dir(out)
                .env("PYTHONUNBUFFERED", "1")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(File::create(out.join(LOG))?)
                .spawn()
        });
        let mut child = child.map_err(|error| {
            format!("{}: {error}; make one with .ci/install_autobahn.sh DIR and give it by --wstest DIR/wstest", args.wstest.display())
        })?;
        let news = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            let tell = news.0.clone();
            thread::spawn(move || {
                let lines =
                    BufReader::new(stdout).lines().map_while(io::Result::ok).map(News::Line);
                lines.chain([News::Ended]).try_for_each(|news| tell.send(news))
            });
        }
        Ok(Self { child, news, patience: args.patience(), case: None })
    }

    /// Where to tell that the other end failed.
    pub(crate) fn news(&self) -> Sender<News> {
        self.news.0.clone()
    }

    /// The cases that it is going to run, of which it tells first.
    pub(crate) fn cases(&mut self) -> Result<Vec<String>, Failure> {
        while let Some(line) = self.line()? {
            if let Some(list) = line.strip_prefix("Cases = ") {
                // A list as Python writes it: ['1.1.1', '1.1.2'].
                let cases: Vec<_> =
                    list.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
                return if cases.is_empty() {
                    Err("the suite has no such case".into())
                } else {
                    Ok(cases)
                };
            }
        }
        Err(format!("the suite did not start: see {LOG} in the output folder").into())
    }

    /// The next case that begins; `None` when the suite ended.
    pub(crate) fn next_case(&mut self) -> Result<Option<String>, Failure> {
        while let Some(line) = self.line()? {
            if let Some(rest) = line.strip_prefix("Running test case ID ") {
                self.case = rest.split(' ').next().map(str::to_owned);
                return Ok(self.case.clone());
            }
        }
        Ok(None)
    }

    /// `None` at its end.
    fn line(&mut self) -> Result<Option<String>, Failure> {
        match self.news.1.recv_timeout(self.patience) {
            Ok(News::Line(line)) => Ok(Some(line)),
            Ok(News::Ended) => Ok(None),
            Ok(News::Failed(failure)) => Err(failure),
            Err(_) => {
                let during = self
                    .case
                    .as_deref()
                    .map_or("before the first case".to_owned(), |case| format!("in case {case}"));
                Err(format!("nothing happened for {} s, {during}", self.patience.as_secs()).into())
            }
        }
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        // Where it has ended already, there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago: the suite wants to be told one.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
