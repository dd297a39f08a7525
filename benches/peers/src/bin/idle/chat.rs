//! The chat as a process of its own: built as its users build it, started, asked, and ended.

use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// For the program to start, to come to rest, and to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// With which features the chat is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    Plain,
    /// It compresses, without context takeover and with a pool, as `examples/chat/terms.rs` says.
    Deflate,
}

impl Build {
    pub(crate) const ALL: [Self; 2] = [Self::Plain, Self::Deflate];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "as it is",
            Self::Deflate => "with `deflate`, agreed on",
        }
    }

    pub(crate) fn compresses(self) -> bool {
        self == Self::Deflate
    }

    /// Where the program is. Both are built to the same place: start one before the other is built.
    pub(crate) fn build(self) -> io::Result<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut command =
            Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.args([
            "build",
            "--quiet",
            "--release",
            "--example",
            "chat",
            "--message-format",
            "json",
            "--manifest-path",
        ]);
        command.arg(root.join("Cargo.toml"));
        if self.compresses() {
            command.args(["--features", "deflate"]);
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(io::Error::other(format!(
                "the chat was not built: cargo ended with {}",
                output.status
            )));
        }
        let program = |line: &[u8]| {
            let message: serde_json::Value = serde_json::from_slice(line).ok()?;
            let is_chat =
                message["target"]["name"] == "chat" && message["target"]["kind"][0] == "example";
            message["executable"].as_str().filter(|_| is_chat).map(PathBuf::from)
        };
        output
            .stdout
            .split(|byte| *byte == b'\n')
            .find_map(program)
            .ok_or_else(|| io::Error::other("cargo names no program of the chat"))
    }
}

/// Bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// Of these, what is in no file.
    pub(crate) anonymous: u64,
}

/// It ends with this.
#[derive(Debug)]
pub(crate) struct Chat {
    child: Child,
    address: String,
    complaints: Receiver<String>,
}

impl Chat {
    /// On a free port, with room for so many.
    pub(crate) fn start(program: &Path, clients: u32) -> io::Result<Self> {
        // `setpriv` becomes the chat, which the kernel then ends with this process, however that
        // ends.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program);
        command.args(["--addr", "127.0.0.1:0", "--max-clients", &clients.to_string()]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (out, complaints) = (child.stdout.take().map(lines), child.stderr.take().map(lines));
        let (Some(out), Some(complaints)) = (out, complaints) else {
            unreachable!("both are piped")
        };
        let mut chat = Self { child, address: String::new(), complaints };
        let url = out.recv_timeout(PATIENCE).map_err(|_| chat.failed("it did not start"))?;
        let address = url.strip_prefix("http://").and_then(|url| url.strip_suffix('/'));
        chat.address = address.ok_or_else(|| chat.failed(&format!("it is at {url:?}")))?.to_owned();
        Ok(chat)
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/chat", self.address)
    }

    /// The memory that it has when it says that so many are connected, as WebSockets all of them,
    /// and that nothing waits to be written.
    pub(crate) fn at_rest(&mut self, clients: u32) -> io::Result<Memory> {
        let wanted = format!("chat: connections {clients}, clients {clients}, ");
        let until = Instant::now() + PATIENCE;
        loop {
            kill_process(Pid::from_child(&self.child), Signal::USR1)?;
            let line = self
                .complaints
                .recv_timeout(PATIENCE)
                .map_err(|_| self.failed("it tells nothing of itself"))?;
            if line.starts_with(&wanted) && line.ends_with(" bytes queued 0") {
                return self.memory();
            }
            if Instant::now() > until {
                return Err(self.failed(&format!("{clients} should be at rest: {line}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Says that it shall end; it must, and well.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.failed(&format!("it ended with {status}"))),
                None if Instant::now() > until => return Err(self.failed("it does not stop")),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn memory(&self) -> io::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kibibytes =
                line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            kibibytes
                .map(|kibibytes| kibibytes * 1024)
                .ok_or_else(|| io::Error::other(format!("/proc tells no {name}")))
        };
        Ok(Memory { resident: bytes("VmRSS")?, anonymous: bytes("RssAnon")? })
    }

    fn failed(&self, what: &str) -> io::Error {
        let complaints: Vec<_> = self.complaints.try_iter().collect();
        io::Error::other(format!("the chat: {what} {}", complaints.join("; ")))
    }
}

impl Drop for Chat {
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
