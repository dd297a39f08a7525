//! The command line.

use crate::compression;
use lexopt::prelude::{Long, Short, Value, ValueExt};
use sockless::client::Request;
use sockless::handshake::Header;
use std::ffi::OsString;
use std::time::Duration;

pub(crate) const HELP: &str = "\
A WebSocket in the terminal: each line that you type is sent as a message, what comes is printed.

Usage: client [OPTIONS] URL

  URL                  ws://HOST[:PORT][/PATH][?QUERY]; there is no TLS in this example, so no wss://

Options:
  --subprotocol NAME   offer a subprotocol; repeatable, the preferred one first
  --header 'NAME: V'   send a header with the request; repeatable
  --origin ORIGIN      say that a page of this site connects, as a browser would
  --ping SECONDS       send a ping this often and print how long its pong takes; no pong for 20 seconds is the end
  --wait SECONDS       at the end of the input, leave this much time for answers; 0 closes at once
                       [default: 1; 0 if the input is a terminal]
  --binary             send each line as a binary message
  --deflate            offer to compress messages, and say what was agreed; for this, build with --features deflate
  -h, --help           show this and stop

Printed are, a line each, with control characters escaped:
  < TEXT               a text message
  <# N bytes: HEX      a binary message, the first 32 bytes of it
  * EVENT              everything else: open, ping, pong, closed

The end of the input (Ctrl-D; see --wait) or Ctrl-C closes with 1000, which the server has 5 seconds
to answer; a second Ctrl-C does not wait for it. The time for answers begins when all was sent, and
ends when the server closes. A line has at most 1 MiB; a longer one ends the input.

Exit status:
  0  closed in good order, with 1000, 1001 or no code
  1  closed with another code, or not in good order: lost, timed out, a broken rule, interrupted
  2  these arguments make no sense
  3  there is no connection: no such host, nobody listens, no answer
  4  the server refuses the upgrade, or speaks something else; its answer is on stderr
  5  a line of the input is longer than 1 MiB; neither it nor what follows was sent";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Args {
    /// Explain and stop.
    Help,
    /// Connect.
    Connect(Box<Settings>),
}

/// How to connect, and what to do then.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) request: Request,
    pub(crate) ping: Option<Duration>,
    /// How much time answers have at the end of the input; see [`Settings::wait`].
    wait: Option<Duration>,
    pub(crate) binary: bool,
    pub(crate) deflate: bool,
}

/// The default of [`Settings::wait`] where the input is no terminal.
const WAIT: Duration = Duration::from_secs(1);

impl Settings {
    /// How much time answers have at the end of the input. At a terminal, a person sees them come
    /// and ends the input afterwards.
    pub(crate) fn wait(&self, from_terminal: bool) -> Duration {
        self.wait.unwrap_or(if from_terminal { Duration::ZERO } else { WAIT })
    }
}

impl Args {
    /// Reads the arguments that follow the program's name. An error is one line for a person.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        read(args).map_err(|error| error.to_string())
    }
}

fn read(args: impl IntoIterator<Item = OsString>) -> Result<Args, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut url = None;
    let (mut ping, mut wait) = (None, None);
    let (mut binary, mut deflate) = (false, false);
    let mut origin = None;
    let mut protocols = Vec::new();
    let mut headers = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Value(value) if url.is_none() => url = Some(value.string()?),
            Long("subprotocol") => protocols.push(parser.value()?.string()?),
            Long("header") => headers.push(parser.value()?.string()?),
            Long("origin") => origin = Some(parser.value()?.string()?),
            Long("ping") => ping = Some(parser.value()?.parse_with(interval)?),
            Long("wait") => wait = Some(parser.value()?.parse_with(seconds)?),
            Long("binary") => binary = true,
            Long("deflate") => deflate = true,
            Short('h') | Long("help") => return Ok(Args::Help),
            _ => return Err(arg.unexpected()),
        }
    }
    let url = url.ok_or("a URL is missing: ws://HOST:PORT/PATH (--help says more)")?;
    let mut request = Request::new(&url).map_err(|error| format!("{url:?} is {error}"))?;
    if request.is_secure() {
        return Err(
            "wss:// is WebSocket over TLS, which is the caller's; this example has none. Try ws://"
                .into(),
        );
    }
    for protocol in &protocols {
        request = request
            .protocol(protocol)
            .map_err(|error| format!("--subprotocol {protocol:?}: {error}"))?;
    }
    for header in &headers {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("--header wants 'NAME: VALUE', not {header:?}"))?;
        request = request.header(
            Header::new(name.trim(), value.trim())
                .map_err(|error| format!("--header {header:?}: {error}"))?,
        );
    }
    if let Some(origin) = &origin {
        request =
            request.origin(origin).map_err(|error| format!("--origin {origin:?}: {error}"))?;
    }
    if deflate {
        request = compression::offer(request)?;
    }
    Ok(Args::Connect(Box::new(Settings { url, request, ping, wait, binary, deflate })))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| String::from("not a number of seconds"))
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = seconds(text).ok().filter(|interval| *interval >= Duration::from_millis(1));
    interval.ok_or_else(|| String::from("not a number of seconds from 0.001 on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, String> {
        Args::parse(args.iter().map(OsString::from))
    }

    fn settings(args: &[&str]) -> Settings {
        match parse(args) {
            Ok(Args::Connect(settings)) => *settings,
            other => panic!("{args:?}: {other:?}"),
        }
    }

    #[test]
    fn takes_its_flags() {
        let plain = settings(&["ws://127.0.0.1:8080/chat"]);
        assert_eq!(
            (plain.request.host(), plain.request.port(), plain.request.target()),
            ("127.0.0.1", 8080, "/chat")
        );
        assert_eq!((plain.ping, plain.binary), (None, false));
        let args = [
            "--ping",
            "0.5",
            "--binary",
            "--subprotocol",
            "a",
            "ws://[::1]",
            "--subprotocol=b",
            "--header",
            "X: y:z",
            "--origin",
            "null",
        ];
        let all = settings(&args);
        assert_eq!(
            (all.request.host(), all.ping, all.binary),
            ("::1", Some(Duration::from_millis(500)), true)
        );
        let waits =
            |args: &[&str]| [false, true].map(|from_terminal| settings(args).wait(from_terminal));
        assert_eq!(waits(&["ws://[::1]"]), [WAIT, Duration::ZERO]);
        assert_eq!(waits(&["ws://[::1]", "--wait", "0"]), [Duration::ZERO; 2]);
        assert_eq!(waits(&["ws://[::1]", "--wait=2.5"]), [Duration::from_millis(2500); 2]);
        for help in ["-h", "--help"] {
            assert!(matches!(parse(&[help]), Ok(Args::Help)));
        }
    }

    #[test]
    fn refuses_the_rest_in_one_line() {
        let url = "ws://a.example";
        for args in [
            &[][..],
            &["a.example"],
            &["http://a.example"],
            &["wss://a.example"],
            &["ws://a.example/#top"],
            &["ws://a.example/\u{1b}[2J\n"],
            &[url, url],
            &[url, "--ping"],
            &[url, "--ping", "0"],
            &[url, "--ping", "-1"],
            &[url, "--ping", "inf"],
            &[url, "--ping", "often"],
            &[url, "--wait"],
            &[url, "--wait", "-1"],
            &[url, "--wait", "long"],
            &[url, "--wait", "nan"],
            &[url, "--subprotocol", "a b"],
            &[url, "--subprotocol", "a", "--subprotocol", "a"],
            &[url, "--header", "X"],
            &[url, "--header", "Host: b.example"],
            &[url, "--header", "X: a\r\nY: b"],
            &[url, "--origin", "a\nb"],
            &[url, "--quiet"],
        ] {
            let problem = parse(args).unwrap_err();
            assert!(
                !problem.is_empty() && !problem.contains(char::is_control),
                "{args:?}: {problem:?}"
            );
        }
    }
}
