//! Chromium, as it comes: headless, driven over its DevTools protocol by Node. A browser is a
//! client only.

use super::{Peer, folder, output};
use crate::Failure;
use crate::program::{self, Compression};
use crate::report::Report;
use std::env;
use std::process::Command;

pub(crate) const PEER: Peer =
    Peer { name: "chromium", version, install: "apt-get install chromium nodejs", run };

/// The variable CHROMIUM names another program than `chromium`.
fn version() -> Option<String> {
    let chromium = output(
        Command::new(env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into())).arg("--version"),
    )?;
    output(Command::new("node").arg("--version"))?;
    Some(chromium.split(" built on").next().unwrap_or_default().to_owned())
}

fn run(report: &mut Report) -> Result<(), Failure> {
    for (script, compression) in
        [("client.mjs", Compression::Off), ("compression.mjs", Compression::On)]
    {
        let mut command = Command::new("node");
        command.arg(folder("chromium").join(script));
        program::check_server(report, command, compression)?;
    }
    Ok(())
}
