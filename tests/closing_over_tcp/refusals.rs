//! A client that gets no connection reads why, whatever it sends behind its head.

use crate::ends::{End, Plan};
use crate::peer::{connect, until};
use crate::support::Side;
use crate::{LOOPS, SOON};
use std::io::{ErrorKind, Read};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Heads that are refused, and how.
fn head(number: usize) -> (Vec<u8>, u16) {
    match number % 4 {
        0 => (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".to_vec(), 400),
        1 => (
            b"POST /upload HTTP/1.1\r\nHost: a.example\r\nContent-Length: 99999999\r\n\r\n"
                .to_vec(),
            426,
        ),
        2 => (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(2), 400),
        // It has no end.
        _ => ([&b"GET / HTTP/1.1\r\nHost: a.example\r\nX: "[..], &[b'x'; 20 << 10]].concat(), 431),
    }
}

#[test]
fn who_sends_on_behind_a_bad_head_reads_the_answer() {
    for looped in LOOPS {
        for round in 0..24 {
            let (head, status) = head(round);
            let more = [0, 1, 300 << 10, 900 << 10, 8 << 20, 20 << 20][round % 6] + 317 * round;
            let wire = [head, vec![b'x'; more]].concat();
            let plan = Plan {
                refusal_discard: if round % 6 < 4 { 1 << 20 } else { 32 << 20 },
                ..Plan::default()
            };
            let (socket, mut peer) = connect(Side::Server);
            let running = looped.start(socket, End::new(Side::Server, plan));
            let flood = peer.flood(wire);
            match round / 2 % 3 {
                0 => {}
                1 => sleep(Duration::from_millis(round as u64 % 4)),
                _ => until("all is sent", || flood.is_finished()),
            }
            let answer = String::from_utf8(peer.read_end()).unwrap();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains("\r\n\r\n"),
                "{looped:?} {round}: {answer}"
            );
            flood.join().unwrap().unwrap();
            drop(peer);
            let account = running.ends(SOON);
            assert_eq!((account.refused, account.closures.len()), (Some(status), 0));
        }
    }
}

/// Beyond [`max_discard`](sockless::server::Config::max_discard) the transport is dropped. Who has
/// read its answer by then has it.
#[test]
fn who_sends_for_ever_behind_a_bad_head_is_dropped() {
    for looped in LOOPS {
        let (socket, mut peer) = connect(Side::Server);
        let from = Instant::now();
        let running = looped.start(socket, End::new(Side::Server, Plan::default()));
        let (head, status) = head(0);
        peer.send(&head);
        let mut answer = [0; 13];
        peer.stream.read_exact(&mut answer).expect("the answer");
        assert_eq!(&answer[..], format!("HTTP/1.1 {status} ").as_bytes());
        let error = peer.flood(vec![b'x'; 64 << 20]).join().unwrap().expect_err("our end is gone");
        assert!(
            matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
            "{error}"
        );
        running.ends(SOON);
        assert!(from.elapsed() < SOON);
    }
}

#[test]
fn who_takes_no_refusal_is_left_at_the_deadline() {
    for looped in LOOPS {
        let short = Duration::from_millis(200);
        let (socket, mut peer) = connect(Side::Server);
        let running = looped
            .start(socket, End::new(Side::Server, Plan { deadline: short, ..Plan::default() }));
        peer.send(&head(0).0);
        let account = running.ends(SOON);
        assert!(account.took >= short && account.turns < 60, "{account:?}");
    }
}
