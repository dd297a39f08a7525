//! Peers that close one half of TCP, or all of it, with their Close frame or without any.

use crate::ends::{End, Plan};
use crate::peer::{code, connect, frames};
use crate::support::{BINARY, CLOSE, Side};
use crate::{LOOPS, NEVER, SOON, everywhere};
use sockless::{Cause, CloseCode};
use std::time::Duration;

/// As Qt does.
#[test]
fn an_end_of_stream_right_behind_the_peers_close_does_not_lose_our_answer() {
    everywhere(|looped, side| {
        for round in 0..10 {
            let (socket, mut peer) = connect(side);
            let running =
                looped.start(socket, End::open(side, Plan { echo: true, ..Plan::default() }));
            let wire =
                [peer.zeros((64 + 6 * round) << 10), peer.frame(CLOSE, b"\x03\xe8")].concat();
            peer.send(&wire);
            peer.finish();
            let frames = peer.read_close();
            assert_eq!(
                (frames.len(), frames[0].payload.len(), code(&frames[1])),
                (2, (64 + 6 * round) << 10, 1000)
            );
            assert_eq!(peer.read_end(), b"");
            let account = running.ends(SOON);
            assert_eq!((account.closed(), account.messages), ((1000, true, Cause::Peer), 1));
        }
    });
}

#[test]
fn what_we_send_arrives_at_who_closed_its_half_without_a_close() {
    everywhere(|looped, side| {
        let (socket, mut peer) = connect(side);
        let running = looped.start(
            socket,
            End::open(side, Plan { echo: true, say: vec![8 << 20], ..Plan::default() }),
        );
        peer.send(&peer.frame(BINARY, b"one more"));
        peer.finish();
        let wire = peer.read_end();
        let all: Vec<_> =
            frames(&wire).into_iter().map(|frame| (frame.first, frame.payload.len())).collect();
        assert_eq!(all, [(BINARY, 8 << 20), (BINARY, 8)]);
        let account = running.ends(SOON);
        assert_eq!(account.closed(), (1006, false, Cause::Eof));
    });
}

#[test]
fn who_closes_at_once_behind_its_close_is_told_of_as_one_who_closed() {
    everywhere(|looped, side| {
        for round in 0..10 {
            let (socket, mut peer) = connect(side);
            let running = looped.start(socket, End::open(side, Plan::default()));
            // In one packet with the end, or in front of it.
            peer.send(&peer.frame(CLOSE, b"\x03\xe8"));
            std::thread::sleep(Duration::from_micros(50 * round));
            drop(peer);
            let account = running.ends(SOON);
            assert_eq!(account.closed(), (1000, true, Cause::Peer), "{looped:?} {side:?}");
            assert!(account.turns < 20, "{looped:?} {side:?}: {account:?}");
        }
    });
}

#[test]
fn who_answers_our_close_and_closes_at_once_is_told_of_as_one_who_answered() {
    everywhere(|looped, side| {
        let (socket, mut peer) = connect(side);
        let running = looped.start(
            socket,
            End::open(side, Plan { close: Some(CloseCode::NORMAL), ..Plan::default() }),
        );
        peer.read_close();
        peer.send(&peer.frame(CLOSE, b"\x03\xe8"));
        drop(peer);
        let account = running.ends(SOON);
        assert_eq!(account.closed(), (1000, true, Cause::Local), "{looped:?} {side:?}");
    });
}

/// A client waits for its server to close TCP, §7.1.1, but not for ever.
#[test]
fn a_server_that_never_closes_tcp_is_left_at_the_deadline() {
    for looped in LOOPS {
        for ours_first in [false, true] {
            let (socket, mut peer) = connect(Side::Client);
            let mut plan = Plan::default();
            plan.timeouts.close_timeout = Some(Duration::from_millis(300));
            plan.close = ours_first.then_some(CloseCode::NORMAL);
            let running = looped.start(socket, End::open(Side::Client, plan));
            peer.send(&peer.frame(CLOSE, b"\x03\xe8"));
            assert_eq!(peer.read_close().len(), 1);
            let account = running.ends(SOON);
            let (code, clean, _) = account.closed();
            assert_eq!((code, clean), (1000, true));
            assert!(
                account.took >= Duration::from_millis(300) && account.took < NEVER,
                "{account:?}"
            );
            assert!(account.turns < 20, "{account:?}");
            // It says so to who listens still.
            assert_eq!(peer.read_end(), b"");
        }
    }
}
