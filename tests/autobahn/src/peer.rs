//! Other implementations in our place, for comparison: programs in `peers/`, run by the same
//! command.

use crate::Failure;
use clap::ValueEnum;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    Tungstenite,
    TokioWebsockets,
    Fastwebsockets,
    /// Node's
    Ws,
}

/// A peer's process. It ends with the last of its handles.
#[derive(Clone, Debug)]
pub(crate) struct Running(Arc<Mutex<Process>>);

#[derive(Debug)]
struct Process(Child);

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tungstenite => "tungstenite",
            Self::TokioWebsockets => "tokio-websockets",
            Self::Fastwebsockets => "fastwebsockets",
            Self::Ws => "ws",
        }
    }

    /// Makes it ready to be started.
    pub(crate) fn prepare(self) -> Result<(), Failure> {
        match self {
            Self::Ws => {
                let folder = folder().join("ws");
                match folder.join("node_modules/ws").exists() {
                    true => Ok(()),
                    false => Err(format!(
                        "ws is not installed: npm install --prefix {}",
                        folder.display()
                    )
                    .into()),
                }
            }
            _ => match self.cargo("build").status()?.success() {
                true => Ok(()),
                false => Err(format!("{} does not build", self.name()).into()),
            },
        }
    }

    pub(crate) fn start(self, args: &[&str]) -> Result<Running, Failure> {
        let mut command = match self {
            Self::Ws => {
                let mut command = Command::new("node");
                command.arg(folder().join("ws/ws.mjs"));
                command
            }
            // It becomes the program that it runs.
            _ => {
                let mut command = self.cargo("run");
                command.arg("--");
                command
            }
        };
        Ok(Running(Arc::new(Mutex::new(Process(command.args(args).stdin(Stdio::null()).spawn()?)))))
    }

    fn cargo(self, what: &str) -> Command {
        let mut command = Command::new("cargo");
        command
            .args([what, "--quiet", "--release", "--bin", self.name(), "--manifest-path"])
            .arg(folder().join("Cargo.toml"));
        command
    }
}

impl Running {
    /// Whether it ended.
    pub(crate) fn ended(&self) -> Result<bool, Failure> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).0.try_wait()?.is_some())
    }

    /// Waits until it accepts connections.
    pub(crate) fn listens(&self, port: u16) -> Result<(), Failure> {
        let from = Instant::now();
        while from.elapsed() < Duration::from_secs(20) && !self.ended()? {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    thread::sleep(Duration::from_millis(20))
                }
                result => return result.map(drop).map_err(Failure::from),
            }
        }
        Err("the peer does not listen".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where it has ended already, there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}
