//! The servers: which there are, and how one is started and ended.

use crate::cell::Cell;
use crate::cpu;
use crate::servers;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

/// A server, and its loop: "each" flushes each message, "batch" flushes once what was there to be
/// read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sockless,
    SocklessTokio,
    TungsteniteEach,
    TungsteniteBatch,
    NexusEach,
    NexusBatch,
    TokioWebsocketsEach,
    TokioWebsocketsBatch,
    FastWebsocketsEach,
    FastWebsocketsBatch,
    SockudoEach,
    SockudoBatch,
    YawcEach,
    YawcBatch,
}

impl Kind {
    /// Ours first.
    pub(crate) const ALL: [Self; 14] = [
        Self::Sockless,
        Self::SocklessTokio,
        Self::TungsteniteEach,
        Self::TungsteniteBatch,
        Self::NexusEach,
        Self::NexusBatch,
        Self::TokioWebsocketsEach,
        Self::TokioWebsocketsBatch,
        Self::FastWebsocketsEach,
        Self::FastWebsocketsBatch,
        Self::SockudoEach,
        Self::SockudoBatch,
        Self::YawcEach,
        Self::YawcBatch,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sockless => "sockless, mio",
            Self::SocklessTokio => "sockless, tokio",
            Self::TungsteniteEach => "tungstenite, mio, each",
            Self::TungsteniteBatch => "tungstenite, mio, batch",
            Self::NexusEach => "nexus-web, mio, each",
            Self::NexusBatch => "nexus-web, mio, batch",
            Self::TokioWebsocketsEach => "tokio-websockets, each",
            Self::TokioWebsocketsBatch => "tokio-websockets, batch",
            Self::FastWebsocketsEach => "fastwebsockets, tokio, each",
            Self::FastWebsocketsBatch => "fastwebsockets, tokio, batch",
            Self::SockudoEach => "sockudo-ws, tokio, each",
            Self::SockudoBatch => "sockudo-ws, tokio, batch",
            Self::YawcEach => "yawc, tokio, each",
            Self::YawcBatch => "yawc, tokio, batch",
        }
    }
}

impl Kind {
    pub(crate) fn blame(self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.name()))
    }
}

/// What a server may know beforehand, to set its buffers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) len: usize,
    pub(crate) in_flight: usize,
}

/// A server in a process of its own; it ends with this.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    pub(crate) fn start(kind: Kind, cell: &Cell) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve", kind.name(), &cell.len.to_string(), &cell.in_flight.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let mut running = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        running.address = line
            .trim()
            .parse()
            .map_err(|_| io::Error::other(format!("{}: it does not start", kind.name())))?;
        Ok(running)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill(); // It may have ended by itself.
        let _ = self.child.wait();
    }
}

/// Is a server until standard input ends.
///
/// # Errors
/// There is no such server, or no socket.
pub(crate) fn serve(what: &[String]) -> io::Result<()> {
    let [name, len, in_flight] = what else {
        return Err(io::Error::other("a server, bytes, in flight"));
    };
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| io::Error::other("no such server"))?;
    let number = |text: &String| text.parse().map_err(io::Error::other);
    let load = Load { len: number(len)?, in_flight: number(in_flight)? };
    cpu::unpin()?;
    cpu::pin(1)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    io::stdout().flush()?;
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]); // It ends, or fails: so does this.
        std::process::exit(0);
    });
    servers::run(kind, load, listener)
}
