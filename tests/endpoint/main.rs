//! Arbitrary orders of every call that a loop can make, right or wrong, on everything that talks:
//! what each answer promises holds after each of them, and there is always a next thing to do until
//! it is done.

mod connection;
mod handshakes;

use proptest::prelude::*;
use sockless::{Endpoint, Step};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// How many orders.
const CASES: u32 = 2000;

/// A call that an I/O loop makes.
#[derive(Clone, Copy, Debug)]
enum Io {
    /// So many bytes are written.
    Write(usize),
    /// The transport takes nothing.
    Refuse,
    /// All is taken out by `pop`.
    Pop,
    Shutdown,
    Eof,
    Error,
    WriteError,
    Timeout,
    /// The time moves on by so many seconds and is told.
    Beat(u8),
}

fn io() -> impl Strategy<Value = Io> {
    prop_oneof![
        8 => prop_oneof![1..20_usize, Just(usize::MAX)].prop_map(Io::Write),
        1 => Just(Io::Refuse),
        2 => Just(Io::Pop),
        8 => Just(Io::Shutdown),
        2 => Just(Io::Eof),
        1 => Just(Io::Error),
        2 => Just(Io::WriteError),
        1 => Just(Io::Timeout),
        4 => (0..25_u8).prop_map(Io::Beat),
    ]
}

/// A life cycle under arbitrary calls, and what was seen of it.
struct Watched {
    now: Duration,
    /// Nothing may be written any more.
    mute: bool,
    /// Its write side was shut down when it asked for that.
    shut: bool,
    done: bool,
    wire: Vec<u8>,
}

impl Watched {
    fn new() -> Self {
        Self { now: SECOND, mute: false, shut: false, done: false, wire: Vec::new() }
    }

    fn call(&mut self, side: &mut dyn Endpoint, io: Io) {
        match io {
            Io::Write(most) => {
                let (wants, mut shown) = (side.wants_write(), false);
                let written = side.transmit().write_slice_with(|bytes| {
                    assert!(!bytes.is_empty());
                    shown = true;
                    let n = bytes.len().min(most);
                    self.wire.extend_from_slice(&bytes[..n]);
                    Ok::<_, ()>(n)
                });
                assert_eq!((shown, written.is_ok_and(|n| n > 0)), (wants, wants));
            }
            Io::Refuse => {
                let wants = side.wants_write();
                let refused = side.transmit().write_with(|_| Err::<usize, _>("full"));
                assert_eq!(refused, if wants { Err("full") } else { Ok(0) });
            }
            Io::Pop => {
                while side.wants_write() {
                    let popped = side.transmit().pop();
                    self.wire.extend_from_slice(&popped.expect("it wants to write"));
                }
                assert!(side.transmit().pop().is_none());
            }
            Io::Shutdown => {
                let wanted = side.wants_shutdown();
                side.shutdown_done();
                self.shut |= wanted;
            }
            Io::Eof => side.handle_eof(),
            Io::Error => side.handle_error(),
            Io::WriteError => side.handle_write_error(),
            Io::Timeout => side.handle_timeout(),
            Io::Beat(_) => unreachable!("whoever has a clock does that"),
        }
        if matches!(io, Io::Error | Io::WriteError | Io::Timeout) {
            self.mute = true;
        }
    }

    /// What always holds.
    fn look(&mut self, side: &mut dyn Endpoint) {
        let (write, read, shutdown, done) =
            (side.wants_write(), side.wants_read(), side.wants_shutdown(), side.is_done());
        assert!(!(done && side.wants_poll()), "done, and yet there is something to poll for");
        assert!(!(self.mute && write), "output, though no one can write it");
        assert!(!(self.mute && shutdown), "nothing is left to shut down");
        assert!(!(shutdown && write), "all is written before the shutdown");
        assert!(!(self.shut && (write || shutdown)), "shut down once, and nothing behind it");
        assert!(!(done && (write || read || shutdown)), "done, and yet there is something to do");
        assert!(!self.done || done, "what is done stays so");
        self.done = done;
    }
}

/// An async loop over any of them can be spawned.
#[test]
fn a_loop_over_all_of_them_can_go_to_another_thread() {
    fn can_go<T: Send + Sync + ?Sized>() {}
    can_go::<dyn Endpoint>();
    can_go::<Box<dyn Endpoint>>();
    can_go::<sockless::Input<'_>>();
    can_go::<sockless::Event<'_>>();
}

/// The last step of a connection that closed: no loop that asks for its step waits for a timer.
#[test]
fn what_shuts_down_last_is_done() {
    use crate::support::{CLOSE, Side, feed, output};
    let mut server = Side::Server.open(Default::default());
    feed(&mut server, &Side::Client.frame(CLOSE, b""));
    assert_eq!((server.step(true), server.step(false)), (Step::Write, Step::Read));
    output(&mut server);
    server.handle_eof();
    assert_eq!(server.step(true), Step::Shutdown);
    server.shutdown_done();
    assert_eq!((server.step(true), server.step(false)), (Step::Done, Step::Done));
}
