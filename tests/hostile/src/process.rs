//! The servers as processes of their own: built with this program, started, asked and ended. They
//! end with this process, however that ends, for their standard input does.

use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// For a program to start, to come to rest, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is allocated and not freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) bytes: u64,
    pub(crate) blocks: u64,
}

/// In bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

/// A server.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    pub(crate) address: SocketAddr,
    lines: Receiver<String>,
    complaints: Receiver<String>,
}

/// Builds the servers, as old ones would test nothing, and tells where they are.
pub(crate) fn build() -> io::Result<PathBuf> {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args([
        "build",
        "--quiet",
        "--release",
        "--bin",
        "chat",
        "--bin",
        "sink",
        "--message-format",
        "json",
        "--manifest-path",
    ]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!(
            "the servers were not built: cargo ended with {}",
            output.status
        )));
    }
    let folder = |line: &[u8]| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        let is_chat = message["target"]["name"] == "chat";
        Some(Path::new(message["executable"].as_str().filter(|_| is_chat)?).parent()?.to_owned())
    };
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .find_map(folder)
        .ok_or_else(|| io::Error::other("cargo names no program of the chat"))
}

impl Process {
    pub(crate) fn start(folder: &Path, name: &'static str, args: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(folder.join(name));
        let mut child = command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (out, complaints) = (child.stdout.take().map(lines), child.stderr.take().map(lines));
        let (Some(lines), Some(complaints)) = (out, complaints) else {
            unreachable!("both are piped")
        };
        let mut process =
            Self { name, child, address: ([127, 0, 0, 1], 0).into(), lines, complaints };
        let url = process.line()?;
        let address =
            url.strip_prefix("http://").and_then(|url| url.strip_suffix('/')?.parse().ok());
        process.address = address.ok_or_else(|| process.failed(format!("it is at {url:?}")))?;
        Ok(process)
    }

    /// What is allocated when the chat says that nobody is connected.
    pub(crate) fn at_rest(&mut self) -> io::Result<Live> {
        let until = Instant::now() + PATIENCE;
        loop {
            let stats = self.stats()?;
            if stats.starts_with("chat: connections 0, clients 0, members 0, ")
                && stats.ends_with(" bytes queued 0")
            {
                return self.live();
            }
            if Instant::now() > until {
                return Err(self.failed(format!("all have left, and it says {stats:?}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The chat's own line of statistics.
    pub(crate) fn stats(&self) -> io::Result<String> {
        kill_process(Pid::from_child(&self.child), Signal::USR1)?;
        let line = self
            .complaints
            .recv_timeout(PATIENCE)
            .map_err(|_| self.failed("it tells nothing of itself"))?;
        if line.starts_with("chat: connections ") { Ok(line) } else { Err(self.failed(line)) }
    }

    pub(crate) fn resident(&self) -> io::Result<Resident> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kibibytes =
                line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            kibibytes
                .map(|kibibytes| kibibytes * 1024)
                .ok_or_else(|| io::Error::other(format!("/proc tells no {name}")))
        };
        Ok(Resident { now: bytes("VmRSS")?, peak: bytes("VmHWM")? })
    }

    /// The processor time that it took.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name in brackets: the state, and 10 more before the two times.
        let fields = stat.rsplit_once(") ").map(|(_, rest)| {
            rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok())
        });
        let ticks: u64 = fields.into_iter().flatten().sum();
        Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
    }

    /// Says that it shall end; it must, and well, with nothing to complain of.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => break,
                Some(status) => return Err(self.failed(format!("it ended with {status}"))),
                None if Instant::now() > until => return Err(self.failed("it does not stop")),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        // Until the pipe's end: all of it.
        let complaints: Vec<_> = self.complaints.iter().collect();
        if complaints.is_empty() { Ok(()) } else { Err(self.failed(complaints.join("; "))) }
    }

    fn live(&mut self) -> io::Result<Live> {
        let Some(stdin) = &mut self.child.stdin else { unreachable!("it is piped") };
        stdin.write_all(b"live\n")?;
        let line = self.line()?;
        let parse = || {
            let (bytes, blocks) = line.strip_prefix("live ")?.split_once(' ')?;
            Some(Live { bytes: bytes.parse().ok()?, blocks: blocks.parse().ok()? })
        };
        parse().ok_or_else(|| self.failed(format!("it says {line:?}")))
    }

    fn line(&self) -> io::Result<String> {
        self.lines.recv_timeout(PATIENCE).map_err(|_| self.failed("it says nothing"))
    }

    fn failed(&self, what: impl fmt::Display) -> io::Error {
        let complaints: Vec<_> = self.complaints.try_iter().collect();
        io::Error::other(format!("the {}: {what} {}", self.name, complaints.join("; ")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // It may have ended by itself.
        let _ = self.child.wait();
    }
}

/// The lines of a pipe as they come; nobody has to read them for the writer to go on.
fn lines(pipe: impl io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    receiver
}
