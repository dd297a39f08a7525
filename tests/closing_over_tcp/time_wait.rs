//! Who closes TCP first, and so keeps the port for a while in TIME_WAIT: the server, RFC 6455
//! §7.1.1. Linux tells.
#![cfg(target_os = "linux")]

use crate::ends::{End, Plan};
use crate::peer::{connect, until};
use crate::support::{CLOSE, Side};
use crate::{LOOPS, SOON, everywhere};
use sockless::{Cause, CloseCode};
use std::fs::read_to_string;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

/// A socket's row in the kernel's table: our port and the peer's.
type Ports = (u16, u16);

fn ports(stream: &TcpStream) -> Ports {
    (stream.local_addr().expect("bound").port(), stream.peer_addr().expect("connected").port())
}

/// Waits until both ends are closed, and tells which of them are in TIME_WAIT.
fn time_wait(ours: Ports) -> (bool, bool) {
    let theirs = (ours.1, ours.0);
    let mut found = (None, None);
    until("both ends are closed", || {
        found = (state(ours), state(theirs));
        [found.0, found.1].iter().all(|state| matches!(state, None | Some(TIME_WAIT)))
    });
    (found.0.is_some(), found.1.is_some())
}

const TIME_WAIT: u8 = 6;

/// The state of a socket; none if there is none any more.
fn state((local, remote): Ports) -> Option<u8> {
    let table = read_to_string("/proc/net/tcp").expect("Linux has it");
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let mut port = || u16::from_str_radix(fields.next()?.rsplit_once(':')?.1, 16).ok();
        let found = (port()?, port()?) == (local, remote);
        found.then(|| {
            u8::from_str_radix(fields.next().expect("a state"), 16).expect("in hexadecimal digits")
        })
    })
}

#[test]
fn closed_cleanly_the_server_keeps_the_port() {
    everywhere(|looped, side| {
        for we_begin in [false, true] {
            let (socket, mut peer) = connect(side);
            let ours = ports(&socket);
            let plan = Plan { close: we_begin.then_some(CloseCode::NORMAL), ..Plan::default() };
            let running = looped.start(socket, End::open(side, plan));
            if !we_begin {
                peer.send(&peer.frame(CLOSE, b"\x03\xe8"));
            }
            peer.read_close();
            if we_begin {
                peer.send(&peer.frame(CLOSE, b"\x03\xe8"));
            }
            // Whoever does not wait for the other closes now.
            sleep(Duration::from_millis(20));
            peer.leave();
            assert!(running.ends(SOON).closures[0].clean);
            assert_eq!(
                time_wait(ours),
                (side == Side::Server, side == Side::Client),
                "{looped:?} {side:?}, we begin: {we_begin}"
            );
        }
    });
}

#[test]
fn a_server_that_fails_the_connection_keeps_the_port() {
    for looped in LOOPS {
        let side = Side::Server;
        let (socket, mut peer) = connect(side);
        let ours = ports(&socket);
        let running = looped.start(socket, End::open(side, Plan::default()));
        peer.send(&[0x83]);
        peer.read_close();
        peer.send(&peer.frame(CLOSE, b"\x03\xea"));
        // Whoever does not wait for the other closes now.
        sleep(Duration::from_millis(20));
        peer.leave();
        let closures = running.ends(SOON).closures;
        assert!(matches!(closures[0].cause, Cause::Violation(_)));
        assert_eq!(time_wait(ours), (true, false), "{looped:?}");
    }
}

#[test]
fn two_of_us_close_at_once() {
    everywhere(|looped, side| {
        let (socket, peer) = connect(side);
        let ours = ports(&socket);
        let plan = Plan { close: Some(CloseCode::NORMAL), ..Plan::default() };
        let one = looped.start(socket, End::open(side, plan.clone()));
        let other = crate::Loop::Events.start(peer.stream, End::open(side.other(), plan));
        for running in [one, other] {
            assert!(running.ends(SOON).closures[0].clean);
        }
        assert_eq!(
            time_wait(ours),
            (side == Side::Server, side == Side::Client),
            "{looped:?} {side:?}"
        );
    });
}
