//! The chat example as a process of its own, which ends with its handle.

use crate::example::{self, lines};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

pub(crate) struct Chat {
    pub(crate) addr: SocketAddr,
    child: Child,
    complaints: Receiver<String>,
}

/// Beside its sockets a process has other descriptors.
const OTHERS: usize = 100;
/// For the program to start, and for an answer to a signal.
const PATIENCE: Duration = Duration::from_secs(10);

impl Chat {
    /// Starts the chat on a free port, with room for so many sockets.
    pub(crate) fn start(args: &[&str], sockets: usize) -> Self {
        // The shell sets the limit and becomes the chat. Where the limit cannot be set, it stays,
        // and may well suffice.
        let mut child = Command::new("sh")
            .args([
                "-c",
                r#"ulimit -n "$0" 2>/dev/null; exec "$@""#,
                &(sockets + OTHERS).to_string(),
            ])
            .arg(example::program("chat"))
            .args(["--addr", "127.0.0.1:0"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let out = lines(child.stdout.take().expect("it is piped"));
        let complaints = lines(child.stderr.take().expect("it is piped"));
        // From here on, the chat ends with this.
        let mut chat = Self { addr: ([127, 0, 0, 1], 0).into(), child, complaints };
        let url = out.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            panic!("the chat did not start: {:?}", chat.complaints.recv_timeout(PATIENCE))
        });
        let addr = url.strip_prefix("http://").and_then(|url| url.strip_suffix('/'));
        chat.addr = addr
            .and_then(|addr| addr.parse().ok())
            .unwrap_or_else(|| panic!("the chat is at {url:?}"));
        chat
    }

    /// The line of statistics that the chat prints on request.
    pub(crate) fn stats(&self) -> String {
        self.signal("USR1");
        let until = Instant::now() + PATIENCE;
        loop {
            let line = self
                .complaints
                .recv_timeout(until.saturating_duration_since(Instant::now()))
                .expect("a line of statistics");
            if line.starts_with("chat: connections ") {
                return line;
            }
        }
    }

    /// Tells the chat to stop; it must, and well, within the time. `meanwhile` is called over and
    /// over.
    pub(crate) fn stop(mut self, within: Duration, mut meanwhile: impl FnMut()) {
        self.signal("TERM");
        let from = Instant::now();
        let status: ExitStatus = loop {
            meanwhile();
            match self.child.try_wait().expect("it is our child") {
                Some(status) => break status,
                None => assert!(from.elapsed() < within, "the chat did not stop within {within:?}"),
            }
        };
        assert!(
            status.success(),
            "the chat ended with {status}: {:?}",
            self.complaints.try_iter().collect::<Vec<_>>()
        );
    }

    /// To this process alone: it is our child, and was not waited for yet.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill -s {name}");
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this process may have so many sockets. Where it may not but could, the test is run again
/// by a shell that raises the limit, and its result is this one's; there is nothing left to do
/// then.
pub(crate) fn descriptors_suffice(sockets: usize, test: &str) -> bool {
    let needed = (sockets + OTHERS).to_string();
    let soft = Command::new("sh").args(["-c", "ulimit -n"]).output().expect("sh starts");
    let soft = String::from_utf8_lossy(&soft.stdout).trim().to_owned();
    if soft == "unlimited" || soft.parse().is_ok_and(|soft: usize| soft >= sockets + OTHERS) {
        return true;
    }
    let again = Command::new("sh")
        .args(["-c", r#"ulimit -n "$0" || exit 99; exec "$@""#, &needed])
        .arg(std::env::current_exe().expect("our own path"))
        .args([test, "--exact", "--nocapture"])
        .status()
        .expect("sh starts");
    assert_ne!(
        again.code(),
        Some(99),
        "this test needs {needed} descriptors and may have {soft}: raise the hard limit, `ulimit -Hn`"
    );
    assert!(again.success(), "with {needed} descriptors, the test failed");
    false
}
