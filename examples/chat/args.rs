//! The command line.

use lexopt::prelude::{Long, Short, ValueExt};
use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};

pub(crate) const HELP: &str = "\
A chat room in a browser, served by one thread.

Usage: chat [--addr HOST:PORT]

Options:
  --addr HOST:PORT  where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
  -h, --help        show this and stop

The first line printed is the address to open. Ctrl-C says goodbye to everyone and stops.
Behind a reverse proxy, forward the Host header: pages of other hosts are refused.";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Args {
    /// Explain and stop.
    Help,
    /// Serve on the first of these addresses that is free: a host name can have several.
    Serve(Vec<SocketAddr>),
}

impl Args {
    /// Reads the arguments that follow the program's name. An error is one line for a person.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        read(args).map_err(|error| error.to_string())
    }
}

fn read(args: impl IntoIterator<Item = OsString>) -> Result<Args, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut addr = String::from("127.0.0.1:8080");
    while let Some(arg) = parser.next()? {
        match arg {
            Long("addr") => addr = parser.value()?.string()?,
            Short('h') | Long("help") => return Ok(Args::Help),
            _ => return Err(arg.unexpected()),
        }
    }
    match addr.to_socket_addrs() {
        Ok(found) => Ok(Args::Serve(found.collect())),
        Err(error) => Err(format!("--addr wants HOST:PORT, not {addr:?}: {error}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, String> {
        Args::parse(args.iter().map(OsString::from))
    }

    #[test]
    fn takes_its_flags() {
        let serve = |addr: &str| Ok(Args::Serve(vec![addr.parse().unwrap()]));
        assert_eq!(parse(&[]), serve("127.0.0.1:8080"));
        assert_eq!(parse(&["--addr", "127.0.0.1:0"]), serve("127.0.0.1:0"));
        assert_eq!(parse(&["--addr=[::1]:9000"]), serve("[::1]:9000"));
        assert_eq!(parse(&["-h"]), Ok(Args::Help));
        assert_eq!(parse(&["--help"]), Ok(Args::Help));
    }

    #[test]
    fn refuses_the_rest_in_one_line() {
        for args in [&["--port"][..], &["--addr"], &["--addr", "8080"], &["--addr", "127.0.0.1:70000"], &["--addr", ""], &["room"]] {
            let problem = parse(args).unwrap_err();
            assert!(!problem.is_empty() && !problem.contains('\n'), "{args:?}: {problem:?}");
        }
    }
}
