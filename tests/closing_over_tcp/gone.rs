//! Peers that vanish without a word, and those that reset the connection: one `Closed` each, by the
//! deadline or at once, and no busy waiting.

use crate::ends::{Account, End, Plan};
use crate::peer::{Peer, connect, until};
use crate::support::{BINARY, CLOSE, Side};
use crate::{SOON, everywhere};
use sockless::{Cause, CloseCode, HandshakeError, Timeout};
use std::thread::sleep;
use std::time::Duration;

/// A deadline that is to run out.
const SHORT: Duration = Duration::from_millis(100);
/// More turns than a quiet connection can need, and fewer than a loop makes that does not wait.
const TURNS: usize = 60;

/// Everything may take as long as it likes.
fn patient() -> Plan {
    let mut plan = Plan::default();
    (plan.timeouts.ping_interval, plan.timeouts.pong_timeout) = (None, None);
    plan
}

/// Over at its deadline, not before it, and not by turning round and round.
fn assert_over_at(account: &Account, deadline: Duration) {
    assert!(account.took >= deadline && account.took < deadline + SOON, "{account:?}");
    assert!(account.turns < TURNS, "{account:?}");
}

#[test]
fn who_answers_no_ping_is_given_up() {
    everywhere(|looped, side| {
        let (socket, _peer) = connect(side);
        let mut plan = patient();
        (plan.timeouts.ping_interval, plan.timeouts.pong_timeout) = (Some(SHORT), Some(SHORT));
        plan.timeouts.close_timeout = Some(SHORT);
        let account = looped.start(socket, End::open(side, plan)).ends(SOON);
        assert_eq!(account.closed(), (1006, false, Cause::Timeout(Timeout::Pong)));
        assert_over_at(&account, 3 * SHORT);
    });
}

/// With megabytes unsent, too: it is the transport then that is waited for.
#[test]
fn who_says_nothing_is_given_up() {
    everywhere(|looped, side| {
        for (say, timeout) in [(vec![], Timeout::Idle), (vec![24 << 20], Timeout::Write)] {
            let (socket, _peer) = connect(side);
            let mut plan = Plan { say, ..patient() };
            (plan.timeouts.idle_timeout, plan.timeouts.close_timeout) = (Some(SHORT), Some(SHORT));
            plan.timeouts.write_timeout = Some(SHORT);
            let account = looped.start(socket, End::open(side, plan)).ends(SOON);
            assert_eq!(account.closed(), (1006, false, Cause::Timeout(timeout)));
            assert!(account.took >= 2 * SHORT && account.took < SOON, "{account:?}");
        }
    });
}

#[test]
fn who_does_not_answer_our_close_is_left_at_the_deadline() {
    everywhere(|looped, side| {
        let (socket, _peer) = connect(side);
        let mut plan = Plan { close: Some(CloseCode::NORMAL), ..patient() };
        plan.timeouts.close_timeout = Some(SHORT);
        let account = looped.start(socket, End::open(side, plan)).ends(SOON);
        assert_eq!(account.closed(), (1006, false, Cause::Timeout(Timeout::Close)));
        assert_over_at(&account, SHORT);
    });
}

#[test]
fn who_broke_a_rule_and_stays_is_left_at_the_deadline() {
    everywhere(|looped, side| {
        let (socket, mut peer) = connect(side);
        let mut plan = patient();
        plan.timeouts.close_timeout = Some(SHORT);
        let running = looped.start(socket, End::open(side, plan));
        peer.send(&[0x83]);
        let account = running.ends(SOON);
        assert!(matches!(account.closed(), (1006, false, Cause::Violation(_))));
        assert_over_at(&account, SHORT);
    });
}

/// Bytes do not put the end of a handshake off.
#[test]
fn a_handshake_ends_at_its_deadline() {
    everywhere(|looped, side| {
        let head = match side {
            Side::Server => "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            Side::Client => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n",
        };
        for sent in ["", head] {
            let (socket, mut peer) = connect(side);
            let running =
                looped.start(socket, End::new(side, Plan { deadline: SHORT, ..patient() }));
            peer.send(sent.as_bytes());
            match side {
                // Who has begun is told so, and has as long again to take it.
                Side::Server if !sent.is_empty() => {
                    let answer = String::from_utf8(peer.read_end()).unwrap();
                    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
                    let account = running.ends(SOON);
                    assert_eq!(account.refused, Some(408));
                    assert_over_at(&account, 2 * SHORT);
                }
                Side::Server => assert_over_at(&running.ends(SOON), SHORT),
                Side::Client => {
                    let account = running.ends(SOON);
                    assert_eq!(account.failure, Some(HandshakeError::TimedOut));
                    assert_over_at(&account, SHORT);
                }
            }
        }
    });
}

/// When the peer resets the connection.
struct Moment {
    when: &'static str,
    plan: Plan,
    before: fn(&mut Peer),
}

/// The kernel resets a connection whose socket is closed with bytes that nobody read.
#[test]
fn a_reset_is_told_once_and_at_once() {
    let moments = [
        Moment { when: "it is open", plan: Plan { say: vec![5], ..patient() }, before: |_| {} },
        Moment {
            when: "in the middle of a frame",
            plan: Plan { say: vec![5], ..patient() },
            before: |peer| {
                let frame = peer.frame(BINARY, &[7; 1000]);
                peer.send(&frame[..500]);
            },
        },
        Moment {
            when: "after our Close",
            plan: Plan { close: Some(CloseCode::NORMAL), ..patient() },
            before: |_| {},
        },
        Moment {
            when: "while we write",
            plan: Plan { say: vec![24 << 20], ..patient() },
            before: |_| sleep(SHORT / 5),
        },
    ];
    everywhere(|looped, side| {
        for Moment { when, plan, before } in &moments {
            let (socket, mut peer) = connect(side);
            let running = looped.start(socket, End::open(side, plan.clone()));
            before(&mut peer);
            peer.look();
            drop(peer);
            let account = running.ends(SOON);
            assert_eq!(account.closed(), (1006, false, Cause::Eof), "{when}, {looped:?} {side:?}");
            // As many turns as writes, where there is much to write.
            assert!(account.turns < TURNS + 24 * 16, "{when}, {looped:?} {side:?}: {account:?}");
        }
    });
}

/// It says why, and leaves with megabytes of ours unread: what fails first is our write, and its
/// Close frame still lies there.
#[test]
fn a_close_is_told_though_our_writes_fail() {
    everywhere(|looped, side| {
        for _ in 0..5 {
            let (socket, mut peer) = connect(side);
            let running =
                looped.start(socket, End::open(side, Plan { say: vec![24 << 20], ..patient() }));
            peer.look();
            peer.send(&peer.frame(CLOSE, b"\x03\xf1"));
            drop(peer);
            let (code, _, cause) = running.ends(SOON).closed();
            assert_eq!((code, cause), (1009, Cause::Peer), "{looped:?} {side:?}");
        }
    });
}

#[test]
fn a_reset_behind_the_peers_close_is_not_told() {
    everywhere(|looped, side| {
        let (socket, mut peer) = connect(side);
        let running = looped.start(socket, End::open(side, Plan { say: vec![5], ..patient() }));
        peer.look();
        peer.send(&peer.frame(CLOSE, b"\x03\xe8"));
        // Our answer is on its way, behind what was not read either.
        until("our answer has come", || {
            peer.stream.peek(&mut [0; 64]).is_ok_and(|n| n >= 5 + 2 + 4)
        });
        drop(peer);
        assert_eq!(running.ends(SOON).closed(), (1000, true, Cause::Peer), "{looped:?} {side:?}");
    });
}

#[test]
fn a_reset_in_the_handshake_ends_it() {
    for looped in crate::LOOPS {
        // A server has nothing of the client that could be left unread before it has answered: it
        // is reset while it refuses.
        let (socket, mut peer) = connect(Side::Server);
        let running = looped.start(socket, End::new(Side::Server, patient()));
        peer.send(b"no HTTP at all\r\n\r\n");
        peer.look();
        drop(peer);
        let account = running.ends(SOON);
        assert_eq!((account.refused, account.closures.len()), (Some(400), 0));
        assert!(account.turns < TURNS, "{account:?}");

        for answer in ["", "HTTP/1.1 101 Switching"] {
            let (socket, mut peer) = connect(Side::Client);
            let running = looped.start(socket, End::new(Side::Client, patient()));
            peer.send(answer.as_bytes());
            peer.look();
            drop(peer);
            let account = running.ends(SOON);
            assert_eq!(
                (account.failure, account.closures.len()),
                (Some(HandshakeError::UnexpectedEnd), 0)
            );
            assert!(account.turns < TURNS, "{account:?}");
        }
    }
}
