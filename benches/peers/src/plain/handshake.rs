//! The opening handshake: a server that answers Chromium's head, a client that asks and checks the
//! answer.
//!
//! The other end of the client is a few lines here; their time is set aside. What a server says is
//! checked to belong to the key.

use super::{Group, Peer, Pipe, wanted};
use crate::args::Args;
use crate::contest::{self, Contestant, Pass};
use crate::peer::End;
use crate::rows::{Absent, Row};
use bytes::Bytes;

/// What Chromium 156 sends.
const CHROMIUM: &[u8] = include_bytes!("../../../../tests/data/heads/requests/chromium-156.http");

/// Handshakes in a round.
const EACH: usize = 64;

pub(crate) fn group(peers: &[Box<dyn Peer>], args: &Args) -> Option<Group> {
    let row = |end| wanted(args, name(end)).then(|| row(end, peers, args));
    let rows: Vec<_> = [End::Server, End::Client].into_iter().filter_map(row).collect();
    (!rows.is_empty()).then_some(Group { title: "Handshakes", rows })
}

fn name(end: End) -> &'static str {
    if end == End::Server { "handshake/server" } else { "handshake/client" }
}

fn row(end: End, peers: &[Box<dyn Peer>], args: &Args) -> Row {
    let head = request();
    let (mut present, mut absent) = (Vec::new(), Vec::new());
    for peer in peers {
        match once(end, &**peer, &head) {
            Ok(()) => present.push(peer),
            Err(why) => absent.push(Absent { name: peer.name(), why }),
        }
    }
    let mut contestants = Vec::new();
    for peer in &present {
        let (peer, head) = (&***peer, &head);
        let pipe = Pipe::default();
        contestants.push(Contestant {
            name: peer.name(),
            pass: Box::new(move || pass(end, peer, head, &pipe)),
        });
    }
    let measured = contest::run(&mut contestants, args.rounds());
    drop(contestants);
    for peer in present {
        assert_eq!(once(end, &**peer, &head), Ok(()), "{}", peer.name());
    }
    Row { name: name(end).to_owned(), message_bytes: head.len() as f64, measured, absent }
}

/// Chromium's head, from a page of the same host: some refuse other pages.
fn request() -> Bytes {
    let head = std::str::from_utf8(CHROMIUM).expect("a head is ASCII");
    let origin = head
        .lines()
        .find_map(|line| line.strip_prefix("Origin: http://"))
        .expect("browsers name it");
    let host = head.lines().find_map(|line| line.strip_prefix("Host: ")).expect("all name it");
    head.replace(&format!("Origin: http://{origin}"), &format!("Origin: http://{host}")).into()
}

/// # Errors
/// Why it has no such handshake.
fn once(end: End, peer: &dyn Peer, head: &Bytes) -> Result<(), &'static str> {
    let pipe = Pipe::default();
    match end {
        End::Server => {
            pipe.feed(head);
            pipe.keep();
            peer.accept(&pipe)?;
            let accept = accept_of(head).expect("it has a key");
            let said = String::from_utf8(pipe.take_kept()).expect("a head is ASCII");
            assert!(
                said.starts_with("HTTP/1.1 101 ")
                    && said.contains(&accept)
                    && said.ends_with("\r\n\r\n"),
                "{}: {said}",
                peer.name()
            );
        }
        End::Client => {
            pipe.answer_with(answer);
            peer.request(&pipe)?;
        }
    }
    Ok(())
}

/// Whether a client refuses what answers another key than its own. RFC 6455 §4.1.
pub(crate) fn checks_answer(peer: &dyn Peer) -> bool {
    let pipe = Pipe::default();
    pipe.answer_with(|request| {
        answer(request).map(|_| ANSWER.replace("{}", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=").into())
    });
    peer.request(&pipe).is_err()
}

fn pass(end: End, peer: &dyn Peer, head: &Bytes, pipe: &Pipe) -> Pass {
    for _ in 0..EACH {
        match end {
            End::Server => {
                pipe.feed(head);
                peer.accept(pipe).expect("it did so before");
            }
            End::Client => {
                pipe.answer_with(answer);
                peer.request(pipe).expect("it did so before");
            }
        }
    }
    let aside = pipe.take_aside();
    Pass {
        messages: EACH as u64,
        bytes: pipe.take_written(),
        calls: pipe.take_calls(),
        aside: [aside.nanoseconds, aside.allocations],
    }
}

const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n";

fn answer(request: &[u8]) -> Option<Bytes> {
    request
        .ends_with(b"\r\n\r\n")
        .then(|| ANSWER.replace("{}", &accept_of(request).expect("it has a key")).into())
}

/// What belongs to the key in this head. RFC 6455 §4.2.2.
fn accept_of(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let line =
        head.lines().find(|line| line.to_ascii_lowercase().starts_with("sec-websocket-key:"))?;
    Some(tungstenite::handshake::derive_accept_key(line.split_once(':')?.1.trim().as_bytes()))
}
