//! The command line.

use lexopt::prelude::{Long, Short, ValueExt};
use sockless::server::OriginPolicy;
use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;

pub(crate) const HELP: &str = "\
A chat room in a browser, served by one thread.

Usage: chat [OPTIONS]

Options:
  --addr HOST:PORT   where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
  --max-clients N    how many may chat at once; more are told 503 and when to come again [default: 1000]
  --rate N           how many messages one may say in 10 seconds [default: 20]
  --origin ORIGIN    a site whose pages may chat, as https://chat.example; repeatable, and * is any
                     [default: pages of the host that is asked]
  -h, --help         show this and stop

The first line printed is the address to open. Ctrl-C or SIGTERM says goodbye to everyone (1001) and stops within
5 seconds, a second one at once. SIGUSR1 prints a line of statistics to stderr.

Who comes hears the last 50 messages. A message has at most 2000 characters. Who does not read is let go (1008) when
1 MiB waits for them; who does not answer pings, 20 seconds after the ping. A request may take 10 seconds.
Behind a reverse proxy, forward the Host header or say --origin: pages of other hosts are refused.";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Args {
    /// Explain and stop.
    Help,
    /// Serve.
    Serve(Settings),
}

/// How to serve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Listen on the first of these addresses that is free: a host name can have several.
    pub(crate) addrs: Vec<SocketAddr>,
    /// How many WebSockets may be open.
    pub(crate) max_clients: u32,
    /// How many messages one may say in [`WINDOW`](crate::room::WINDOW).
    pub(crate) rate: NonZeroU32,
    /// Whose pages may chat.
    pub(crate) origin: OriginPolicy,
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
    let mut max_clients = 1000;
    let mut rate = NonZeroU32::MIN.saturating_add(19);
    let mut origins = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("addr") => addr = parser.value()?.string()?,
            Long("max-clients") => max_clients = parser.value()?.parse()?,
            Long("rate") => rate = parser.value()?.parse()?,
            Long("origin") => origins.push(parser.value()?.string()?),
            Short('h') | Long("help") => return Ok(Args::Help),
            _ => return Err(arg.unexpected()),
        }
    }
    let addrs = addr
        .to_socket_addrs()
        .map_err(|error| format!("--addr wants HOST:PORT, not {addr:?}: {error}"))?
        .collect();
    Ok(Args::Serve(Settings { addrs, max_clients, rate, origin: policy(&origins)? }))
}

fn policy(origins: &[String]) -> Result<OriginPolicy, String> {
    if origins.is_empty() {
        return Ok(OriginPolicy::SameHost);
    }
    if origins.iter().any(|origin| origin == "*") {
        return Ok(OriginPolicy::Any);
    }
    OriginPolicy::list(origins.iter().map(String::as_str)).map_err(|_| {
        format!(
            "--origin wants a scheme, a host and perhaps a port, as https://chat.example, not {:?}",
            origins.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, String> {
        Args::parse(args.iter().map(OsString::from))
    }

    fn settings(args: &[&str]) -> Settings {
        match parse(args) {
            Ok(Args::Serve(settings)) => settings,
            other => panic!("{args:?}: {other:?}"),
        }
    }

    #[test]
    fn takes_its_flags() {
        let addrs = |addr: &str| vec![addr.parse().unwrap()];
        let default = settings(&[]);
        assert_eq!(
            (&default.addrs, default.max_clients, default.rate.get()),
            (&addrs("127.0.0.1:8080"), 1000, 20)
        );
        assert_eq!(default.origin, OriginPolicy::SameHost);
        assert_eq!(settings(&["--addr", "127.0.0.1:0"]).addrs, addrs("127.0.0.1:0"));
        assert_eq!(settings(&["--addr=[::1]:9000"]).addrs, addrs("[::1]:9000"));
        let other = settings(&["--max-clients", "0", "--rate", "3"]);
        assert_eq!((other.max_clients, other.rate.get()), (0, 3));
        assert_eq!(parse(&["-h"]), Ok(Args::Help));
        assert_eq!(parse(&["--help"]), Ok(Args::Help));
    }

    #[test]
    fn origins_are_a_list_or_any() {
        let list = OriginPolicy::list(["https://a.example", "http://b.example:8080"]).unwrap();
        assert_eq!(
            settings(&["--origin", "https://a.example", "--origin=http://b.example:8080"]).origin,
            list
        );
        assert_eq!(
            settings(&["--origin", "https://a.example", "--origin", "*"]).origin,
            OriginPolicy::Any
        );
    }

    #[test]
    fn refuses_the_rest_in_one_line() {
        for args in [
            &["--port"][..],
            &["--addr"],
            &["--addr", "8080"],
            &["--addr", "127.0.0.1:70000"],
            &["--addr", ""],
            &["--max-clients", "-1"],
            &["--max-clients", "many"],
            &["--rate", "0"],
            &["--origin", "a.example"],
            &["--origin", "https://a.example/"],
            &["room"],
        ] {
            let problem = parse(args).unwrap_err();
            assert!(!problem.is_empty() && !problem.contains('\n'), "{args:?}: {problem:?}");
        }
    }
}
