//! A peer that breaks a rule, sends megabytes more and reads only then. RFC 6455 §7.1.7.

use crate::ends::{End, Plan};
use crate::peer::{code, connect, until};
use crate::support::{BINARY, Side, TEXT};
use crate::{SOON, everywhere};
use sockless::Cause;
use std::io::ErrorKind;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What breaks a rule, and the code that it is told with.
fn violation(peer: Side, number: usize) -> (Vec<u8>, u16) {
    match number % 4 {
        0 => (vec![0x83], 1002),
        1 => (peer.frame(TEXT, b"\xff"), 1007),
        // Masked by a server, or not by a client.
        2 => (peer.other().frame(TEXT, b"hi"), 1002),
        // 1 TiB.
        _ => (
            vec![
                BINARY,
                if peer == Side::Client { 0xff } else { 127 },
                0,
                0,
                1,
                0,
                0,
                0,
                0,
                0,
                1,
                2,
                3,
                4,
            ],
            1009,
        ),
    }
}

#[test]
fn who_sends_on_behind_a_violation_hears_of_it() {
    everywhere(|looped, side| {
        for round in 0..24 {
            let (wrong, told) = violation(side.other(), round);
            let more = [0, 1, 100 << 10, 1 << 20, 8 << 20, 20 << 20][round % 6] + 317 * round;
            let wire = [wrong, vec![0xa5; more]].concat();
            let (socket, mut peer) = connect(side);
            let running = looped.start(socket, End::open(side, Plan::default()));
            let flood = peer.flood(wire);
            // It reads at once, while it sends, or when it has sent all.
            match round / 2 % 3 {
                0 => {}
                1 => sleep(Duration::from_millis(round as u64 % 4)),
                _ => until("all is sent", || flood.is_finished()),
            }
            let frames = peer.read_close();
            assert_eq!((frames.len(), code(&frames[0])), (1, told), "{looped:?} {side:?} {round}");
            flood
                .join()
                .unwrap()
                .unwrap_or_else(|error| panic!("{looped:?} {side:?} {round}: {error}"));
            peer.leave();
            let account = running.ends(SOON);
            assert!(
                matches!(account.closures[..], [ref close_event] if matches!(close_event.cause, Cause::Violation(_)) && close_event.code == 1006)
            );
        }
    });
}

/// What is thrown away has a bound, [`Config::max_discard`](sockless::Config::max_discard): up to
/// it our Close arrives …
#[test]
fn within_the_bound_on_what_is_thrown_away_our_close_arrives() {
    everywhere(|looped, side| {
        for round in 0..6 {
            let (socket, mut peer) = connect(side);
            let running = looped.start(socket, End::open(side, small_bound()));
            let flood = peer.flood(vec![0x83; BOUND - 1 - round]);
            let frames = peer.read_close_slowly(64 << 10, |_| sleep(Duration::from_millis(1)));
            assert_eq!((frames.len(), code(&frames[0])), (1, 1002));
            flood.join().unwrap().unwrap();
            peer.leave();
            assert_eq!(running.ends(SOON).closures.len(), 1);
        }
    });
}

/// … and beyond it the transport is dropped: nobody sends for ever.
#[test]
fn beyond_the_bound_on_what_is_thrown_away_the_transport_is_dropped() {
    everywhere(|looped, side| {
        let (socket, peer) = connect(side);
        let from = Instant::now();
        let running = looped.start(socket, End::open(side, small_bound()));
        let flood = peer.flood(vec![0x83; 64 << 20]);
        let account = running.ends(SOON);
        let error = flood.join().unwrap().expect_err("our end is gone");
        assert!(
            matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
            "{error}"
        );
        assert!(from.elapsed() < SOON);
        assert_eq!(account.closures.len(), 1);
    });
}

const BOUND: usize = 1 << 20;

fn small_bound() -> Plan {
    let mut plan = Plan::default();
    plan.config.max_discard = BOUND as u64;
    plan
}
