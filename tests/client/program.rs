//! The client as a program: started with its arguments, fed, interrupted, and waited for with an
//! end.

use crate::example;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// The program.
pub(crate) struct Client {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
    heard: Vec<String>,
}

pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Client {
    /// Its input stays open.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = Command::new(example::program("client"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = example::lines(child.stdout.take().unwrap());
        let err = example::lines(child.stderr.take().unwrap());
        Self { child, out, err, heard: Vec::new() }
    }

    /// Waits for a line that begins so.
    pub(crate) fn hears(&mut self, begin: &str) {
        let line = self
            .out
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("{begin:?} did not come after {:?}", self.heard));
        assert!(line.starts_with(begin), "{line:?} is not {begin:?}");
        self.heard.push(line);
    }

    /// To this process alone: it is our child, and was not waited for yet.
    pub(crate) fn interrupt(&self) {
        assert!(
            Command::new("kill")
                .args(["-s", "INT", &self.child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn input_ends(&mut self) {
        drop(self.child.stdin.take());
    }

    /// What it has used of the processor, in ticks of usually 10 ms: `utime` and `stime` of
    /// `/proc/PID/stat`, the 14th and 15th field.
    #[cfg(target_os = "linux")]
    pub(crate) fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The second field is the name, in parentheses, and may hold anything.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    pub(crate) fn ends_with_input(mut self, input: &[u8]) -> Ended {
        self.child.stdin.take().unwrap().write_all(input).unwrap();
        self.ends()
    }

    pub(crate) fn ends(mut self) -> Ended {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status.code().unwrap_or(-1),
                None => assert!(
                    Instant::now() < end,
                    "it does not end; it printed {:?}",
                    self.out.try_iter().collect::<Vec<_>>()
                ),
            }
            thread::sleep(Duration::from_millis(5));
        };
        let all = |lines: &Receiver<String>| {
            lines.iter().fold(String::new(), |all, line| all + &line + "\n")
        };
        Ended { status, out: all(&self.out), err: all(&self.err) }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    pub(crate) fn line(&self, n: usize) -> &str {
        self.out
            .lines()
            .nth(n)
            .unwrap_or_else(|| panic!("no line {n}: {:?}, {:?}", self.out, self.err))
    }
}
