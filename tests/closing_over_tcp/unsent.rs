//! Megabytes that the peer has not read. All that was queued before our own close arrives, in
//! order, then our Close frame, then the end of the stream. Where the peer closes first, what has
//! begun to leave arrives, then our answer, and the rest is dropped and counted. §5.5.1.

use crate::ends::{Account, End, Plan};
use crate::loops::Loop;
use crate::peer::{Peer, code, connect};
use crate::support::{BINARY, CLOSE, Frame, PONG, Side, TEXT};
use crate::{SOON, everywhere};
use sockless::{Cause, CloseCode};
use std::thread::sleep;
use std::time::Duration;

/// More than the kernel takes for a peer that does not read, which is about 4 MiB in front of the
/// peer, and some MiB behind.
const MESSAGES: usize = 8;
const LEN: usize = 1 << 20;

fn backlog() -> Plan {
    Plan { say: vec![LEN; MESSAGES], ..Plan::default() }
}

/// Time for our end to fill what the kernel takes.
fn let_it_fill() {
    sleep(Duration::from_millis(60));
}

fn read_slowly(peer: &mut Peer) -> Vec<Frame> {
    peer.read_close_slowly(256 << 10, |_| sleep(Duration::from_millis(1)))
}

/// All messages, and our Close behind them.
fn assert_all(frames: &[Frame], told: u16) {
    let (close, messages) = frames.split_last().expect("at least our Close");
    assert_eq!((code(close), messages.len()), (told, MESSAGES));
    for (number, frame) in messages.iter().enumerate() {
        assert_eq!((frame.first, frame.payload.len()), (BINARY, LEN));
        assert!(frame.payload == vec![number as u8; LEN], "{number}");
    }
}

#[test]
fn what_is_queued_when_we_close_arrives_in_front_of_our_close() {
    everywhere(|looped, side| {
        let (socket, mut peer) = connect(side);
        let running = looped
            .start(socket, End::open(side, Plan { close: Some(CloseCode::AWAY), ..backlog() }));
        let_it_fill();
        let frames = read_slowly(&mut peer);
        assert_all(&frames, 1001);
        peer.send(&peer.frame(CLOSE, b"\x03\xe9"));
        peer.leave();
        assert_eq!(running.ends(SOON).closed(), (1001, true, Cause::Local));
    });
}

#[test]
fn what_is_unread_when_we_close_is_read_up_to_the_peers_close() {
    everywhere(|looped, side| {
        let (socket, mut peer) = connect(side);
        // Both ends send megabytes before either reads.
        let flood = peer.flood(peer.zeros(LEN).repeat(8));
        let_it_fill();
        let running = looped
            .start(socket, End::open(side, Plan { close: Some(CloseCode::AWAY), ..backlog() }));
        let frames = read_slowly(&mut peer);
        assert_all(&frames, 1001);
        flood.join().unwrap().unwrap();
        peer.send(&peer.frame(CLOSE, b"\x03\xe8"));
        peer.leave();
        let account = running.ends(SOON);
        assert_eq!((account.messages, account.closed()), (8, (1000, true, Cause::Local)));
    });
}

#[test]
fn what_is_queued_when_the_peer_breaks_a_rule_arrives_too() {
    everywhere(|looped, side| {
        for (wrong, code) in [(vec![0x83; 2 << 20], 1002), (peer_text(side), 1007)] {
            let (socket, mut peer) = connect(side);
            let running = looped.start(socket, End::open(side, backlog()));
            let_it_fill();
            let flood = peer.flood(wrong);
            let_it_fill();
            let frames = read_slowly(&mut peer);
            assert_all(&frames, code);
            flood.join().unwrap().unwrap();
            peer.leave();
            assert!(matches!(running.ends(SOON).closed(), (1006, false, Cause::Violation(_))));
        }
    });
}

fn peer_text(ours: Side) -> Vec<u8> {
    ours.other().frame(TEXT, b"not UTF-8: \xff")
}

/// The frames that had begun to leave, our Close behind them, and a count of the others. A blocking
/// loop writes all before it reads the peer's Close.
fn assert_begun(looped: Loop, side: Side, frames: &[Frame], account: &Account) {
    let (close, messages) = frames.split_last().expect("at least our Close");
    assert_eq!((code(close), account.closed()), (1000, (1000, true, Cause::Peer)));
    for (number, frame) in messages.iter().enumerate() {
        assert_eq!((frame.first, frame.payload.len()), (BINARY, LEN));
        assert!(frame.payload == vec![number as u8; LEN], "{number}");
    }
    let header = if side == Side::Server { 10 } else { 14 };
    let dropped = MESSAGES - messages.len();
    assert_eq!(dropped > 0, matches!(looped, Loop::Events), "{dropped}");
    assert_eq!(account.closures[0].unsent, (dropped * (header + LEN)) as u64);
}

/// Time for our end to see the Close, on a machine that is busy.
fn let_it_hear() {
    sleep(Duration::from_millis(400));
}

#[test]
fn what_has_not_begun_to_leave_when_the_peer_closes_is_dropped_and_counted() {
    everywhere(|looped, side| {
        for fin_behind in [false, true] {
            let (socket, mut peer) = connect(side);
            let running = looped.start(socket, End::open(side, backlog()));
            let_it_hear();
            peer.send(&peer.frame(CLOSE, b"\x03\xe8bye"));
            if fin_behind {
                peer.finish();
            }
            let_it_hear();
            let frames = read_slowly(&mut peer);
            if fin_behind {
                assert_eq!(peer.read_end(), b"")
            } else {
                peer.leave()
            }
            assert_begun(looped, side, &frames, &running.ends(SOON));
        }
    });
}

/// Who has sent its Close, and not received ours, still has to answer pings: §5.5.2.
#[test]
fn pongs_behind_the_peers_close_destroy_nothing() {
    everywhere(|looped, side| {
        let (socket, mut peer) = connect(side);
        let running = looped.start(socket, End::open(side, backlog()));
        let_it_hear();
        peer.send(&peer.frame(CLOSE, b"\x03\xe8bye"));
        let_it_hear();
        let frames = peer.read_close_slowly(256 << 10, |peer| {
            peer.send(&peer.frame(PONG, b"?"));
            sleep(Duration::from_millis(1));
        });
        peer.leave();
        assert_begun(looped, side, &frames, &running.ends(SOON));
    });
}
