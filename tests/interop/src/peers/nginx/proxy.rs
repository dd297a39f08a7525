//! The proxy's process: a folder of its own with its configuration and its certificate, ports of its own, and an end with this.
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
pub(super) const IMPATIENCE: u64 = 5;
const START: Duration = Duration::from_secs(20);

/// What the proxy stands before.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) server: Server,
    pub(super) listing: Server,
}

#[derive(Debug)]
pub(super) struct Proxy {
    // Ends before its folder goes.
    _program: Program,
    folder: Folder,
    doors: Doors,
}

/// A port for each way to be let through.
#[derive(Clone, Copy, Debug)]
struct Doors {
    plain: u16,
    secure: u16,
    impatient: u16,
    renaming: u16,
    listed: u16,
    dead: u16,
}

impl Proxy {
    pub(super) fn start(behind: &Behind) -> Result<Self, Failure> {
        let folder = Folder::new()?;
        certify(&folder.0)?;
        // All at once, that they differ. The last belongs to nobody.
        let ports = free_ports::<7>()?;
        let [plain, secure, impatient, renaming, listed, dead, nobody] = ports;
        let doors = Doors { plain, secure, impatient, renaming, listed, dead };
        fs::write(folder.0.join("nginx.conf"), configuration(&doors, behind, nobody))?;
        let checked = Command::new(PROGRAM).arg("-t").args(folder.arguments()).stdin(Stdio::null()).output()?;
        if !checked.status.success() {
            return Err(format!("its configuration: {}", String::from_utf8_lossy(&checked.stderr)).into());
        }
        // It does not heed its standard input: the shell does, and ends it, however this program ends.
        let mut command = Command::new("sh");
        command.args(["-c", "\"$@\" & read -r _; kill $!; wait", "sh", PROGRAM]).args(folder.arguments());
        let proxy = Self { _program: Program::start(&mut command)?, folder, doors };
        proxy.wait()?;
        Ok(proxy)
    }

    pub(super) fn plain(&self) -> String {
        format!("ws://127.0.0.1:{}", self.doors.plain)
    }

    pub(super) fn secure(&self) -> String {
        format!("wss://127.0.0.1:{}", self.doors.secure)
    }

    pub(super) fn impatient(&self) -> String {
        format!("ws://127.0.0.1:{}", self.doors.impatient)
    }

    pub(super) fn renaming(&self) -> String {
        format!("ws://127.0.0.1:{}", self.doors.renaming)
    }

    pub(super) fn listed(&self) -> String {
        format!("ws://127.0.0.1:{}", self.doors.listed)
    }

    pub(super) fn dead(&self) -> String {
        format!("ws://127.0.0.1:{}", self.doors.dead)
    }

    pub(super) fn certificate(&self) -> io::Result<Vec<u8>> {
        fs::read(self.folder.0.join("certificate.pem"))
    }

    /// Until it listens.
    fn wait(&self) -> Result<(), Failure> {
        let from = Instant::now();
        while from.elapsed() < START {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.doors.plain)).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!("it does not listen: {}", fs::read_to_string(self.folder.0.join("error.log")).unwrap_or_default()).into())
    }
}

/// A folder that goes with this.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("sockless-interop-nginx-{}", std::process::id()));
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
        ["-p".into(), self.0.clone(), "-c".into(), "nginx.conf".into(), "-e".into(), "error.log".into()]
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
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "key.pem", "-out", "certificate.pem"])
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
    let listeners = (0..N).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<Vec<_>>>()?;
    let ports = listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect::<io::Result<Vec<_>>>()?;
    Ok(ports.try_into().expect("as many ports as were bound"))
}

/// One process, for it to end at once and alone; nothing outside of its folder. Each door is a line of its own in the drawing above.
fn configuration(doors: &Doors, behind: &Behind, nobody: u16) -> String {
    const FORWARD: &str = "proxy_set_header Host $http_host;";
    let (server, listing) = (behind.server.port(), behind.listing.port());
    let door = |port: u16, to: u16, more: &str| {
        format!(
            "    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{to}; {more} include upgrade.conf; }} }}\n"
        )
    };
    let doors = [
        door(doors.plain, server, FORWARD),
        door(doors.secure, server, FORWARD).replacen("; location", " ssl; location", 1),
        door(doors.impatient, server, &format!("{FORWARD} proxy_read_timeout {IMPATIENCE}s;")),
        door(doors.renaming, server, ""),
        door(doors.listed, listing, ""),
        door(doors.dead, nobody, FORWARD),
    ]
    .concat();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log;\nevents {{}}\nhttp {{\n    access_log off;\n    \
         client_body_temp_path body;\n    proxy_temp_path proxy;\n    fastcgi_temp_path fastcgi;\n    uwsgi_temp_path uwsgi;\n    \
         scgi_temp_path scgi;\n    ssl_certificate certificate.pem;\n    ssl_certificate_key key.pem;\n    \
         map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}\n{doors}}}\n"
    )
    .replace("include upgrade.conf;", UPGRADE)
}

/// As nginx's documentation has it for WebSockets.
const UPGRADE: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;";
