//! nginx as a reverse proxy between our client and our server, plain and with TLS. Its doors, and
//! what is behind each, are in `proxy`.

mod checks;
mod proxy;

use super::{Peer, output};
use crate::Failure;
use crate::checks as common;
use crate::program::{Compression, PeerServer};
use crate::report::Report;
use crate::server::Server;
use crate::transport;
use proxy::{Behind, Proxy};
use sockless::server::OriginPolicy;
use std::process::{Command, Stdio};

pub(crate) const PEER: Peer = Peer { name: "nginx", version, install: ".ci/install_nginx.sh", run };

/// The page of another site whose scripts may connect where the policy is a list.
const LISTED: &str = "https://app.example";

/// It tells on standard error. Without openssl there is no certificate.
fn version() -> Option<String> {
    output(Command::new("openssl").arg("version"))?;
    let told = Command::new(proxy::PROGRAM).arg("-v").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(told.stderr).ok()?;
    text.trim().strip_prefix("nginx version: nginx/").map(|version| format!("nginx {version}"))
}

fn run(report: &mut Report) -> Result<(), Failure> {
    let behind = Behind {
        server: Server::compressing()?,
        listing: Server::listing(OriginPolicy::list([LISTED])?)?,
    };
    let proxy = Proxy::start(&behind)?;
    transport::trust(&proxy.certificate()?)?;
    for (heading, url) in
        [("our client, it, our server", &proxy.plain), ("the same with TLS", &proxy.secure)]
    {
        let mut group = report.group(heading);
        let server = PeerServer::at(url.clone(), Compression::Off);
        common::echoes(&mut group, &server);
        common::fragments(&mut group, &server);
        common::pings(&mut group, &server);
        common::protocols(&mut group, &server);
        checks::closes(&mut group, url, &behind.server);
        checks::requests(&mut group, url);
    }
    for (heading, url) in
        [("the same, compressed", &proxy.plain), ("the same with TLS, compressed", &proxy.secure)]
    {
        let mut group = report.group(heading);
        let server = PeerServer::at(url.clone(), Compression::On);
        common::echoes(&mut group, &server);
        common::fragments(&mut group, &server);
        checks::compression(&mut group, &server);
    }
    checks::origins(&mut report.group("web pages of which it tells our server"), &proxy);
    let mut group = report.group("what a proxy does by itself");
    checks::silence(&mut group, &proxy, &behind.server);
    checks::nobody(&mut group, &proxy);
    checks::page(&mut group, &proxy);
    Ok(())
}
