//! The proxy's process: a folder of its own with its configuration and its certificate, ports of
//! its own, and an end with this.
//!
//! ```text
//!   plain      ─┐                                ┌─► our server: pages of the same host may connect
//!   secure     ─┤ Host is forwarded ─────────────┤
//!   impatient  ─┘ (it gives up in silence)       │
//!   renaming   ── Host is its name for our server┘
//!   listed     ── the same ────────────────────────► our server: pages of a list may connect
//!   dead       ────────────────────────────────────► nobody
//! ```

use crate::Failure;
use crate::program::Program;
use crate::server::Server;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(super) const PROGRAM: &str = "nginx";
/// After how many seconds without a byte from our server the impatient door closes.
pub(super) const IMPATIENCE: u16 = 5;
const CONFIGURATION: &str = include_str!("../../../peers/nginx/nginx.conf");
const START: Duration = Duration::from_secs(20);

/// What the proxy stands before.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) server: Server,
    pub(super) listing: Server,
}

/// Its process, and the address of each door, without a path.
#[derive(Debug)]
pub(super) struct Proxy {
    // Ends before its folder goes.
    _program: Program,
    folder: Folder,
    pub(super) plain: String,
    pub(super) secure: String,
    pub(super) impatient: String,
    pub(super) renaming: String,
    pub(super) listed: String,
    pub(super) dead: String,
}

impl Proxy {
    pub(super) fn start(behind: &Behind) -> Result<Self, Failure> {
        let folder = Folder::new()?;
        certify(&folder.0)?;
        // All at once, that they differ. The last belongs to nobody.
        let [plain, secure, impatient, renaming, listed, dead, nobody] = free_ports()?;
        let words = [
            ("plain", plain),
            ("secure", secure),
            ("impatient", impatient),
            ("renaming", renaming),
            ("listed", listed),
            ("dead", dead),
            ("nobody", nobody),
            ("server", behind.server.port()),
            ("listing", behind.listing.port()),
            ("impatience", IMPATIENCE),
        ];
        let fill = |text: String, (word, value): (&str, u16)| {
            text.replace(&format!("@{word}@"), &value.to_string())
        };
        fs::write(
            folder.0.join("nginx.conf"),
            words.into_iter().fold(CONFIGURATION.to_owned(), fill),
        )?;
        let checked = Command::new(PROGRAM)
            .arg("-t")
            .args(folder.arguments())
            .stdin(Stdio::null())
            .output()?;
        if !checked.status.success() {
            return Err(
                format!("its configuration: {}", String::from_utf8_lossy(&checked.stderr)).into()
            );
        }
        // It does not heed its standard input: the shell does, and ends it, however this program
        // ends.
        let mut command = Command::new("sh");
        command
            .args(["-c", "\"$@\" & read -r _; kill $!; wait", "sh", PROGRAM])
            .args(folder.arguments());
        let program = Program::start(&mut command)?;
        wait_for(plain, &folder)?;
        let at = |scheme: &str, port: u16| format!("{scheme}://127.0.0.1:{port}");
        Ok(Self {
            _program: program,
            folder,
            plain: at("ws", plain),
            secure: at("wss", secure),
            impatient: at("ws", impatient),
            renaming: at("ws", renaming),
            listed: at("ws", listed),
            dead: at("ws", dead),
        })
    }

    pub(super) fn certificate(&self) -> io::Result<Vec<u8>> {
        fs::read(self.folder.0.join("certificate.pem"))
    }
}

/// Until somebody listens at this port.
fn wait_for(port: u16, folder: &Folder) -> Result<(), Failure> {
    let from = Instant::now();
    while from.elapsed() < START {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(format!(
        "it does not listen: {}",
        fs::read_to_string(folder.0.join("error.log")).unwrap_or_default()
    )
    .into())
}

/// A folder that goes with this.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path =
            std::env::temp_dir().join(format!("sockless-interop-nginx-{}", std::process::id()));
        // Left by a run that was killed, and had the same number.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Where nginx finds its configuration, and what it says before it has read it.
    fn arguments(&self) -> [PathBuf; 6] {
        [
            "-p".into(),
            self.0.clone(),
            "-c".into(),
            "nginx.conf".into(),
            "-e".into(),
            "error.log".into(),
        ]
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it is the system's to clear away.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A certificate of this address that nobody signed but itself.
fn certify(folder: &Path) -> Result<(), Failure> {
    const REQUEST: &str = "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = leaf\n[name]\nCN = sockless interop\n\
        [leaf]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = IP:127.0.0.1\n";
    fs::write(folder.join("certificate.conf"), REQUEST)?;
    let made = Command::new("openssl")
        .args(["req", "-x509", "-config", "certificate.conf", "-days", "2", "-noenc"])
        .args([
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()?;
    match made.status.success() {
        true => Ok(()),
        false => Err(format!("no certificate: {}", String::from_utf8_lossy(&made.stderr)).into()),
    }
}

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> Result<[u16; N], Failure> {
    let listeners = (0..N)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<io::Result<Vec<_>>>()?;
    let ports = listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port()))
        .collect::<io::Result<Vec<_>>>()?;
    Ok(ports.try_into().expect("as many ports as were bound"))
}
