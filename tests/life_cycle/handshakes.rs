//! Handshakes in both roles, and refusals: one outcome, which takes over, or done; a refusal shuts down once, behind its answer.

use crate::support::{SIDES, Side};
use crate::{CASES, Io, SECOND, Watched, io};
use proptest::prelude::*;
use sockless::client::{self, Request};
use sockless::server::{self, Incoming, Rejected};
use sockless::{Deadline, Input, LifeCycle, Seed};

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn a_handshake_under_any_calls_has_one_outcome_or_is_done(
        side in prop::sample::select(&SIDES[..]),
        head in prop::sample::select(&HEADS[..]),
        ops in handshake_ops(),
        then in handshake_ops(),
    ) {
        match side {
            Side::Server => {
                let mut handshake = server::Handshake::new(Default::default());
                let mut watched = Watched::new();
                let mut deadline = Deadline::after(SECOND * 20);
                let mut rest = head.0.to_vec();
                let mut rest = &mut rest[..];
                for op in ops.iter().chain(&[Ok(usize::MAX), Err(Io::Eof), Err(Io::Timeout)]) {
                    let mut input = act(&mut handshake, &mut watched, &mut deadline, *op, &mut rest);
                    prop_assert!(watched.wire.is_empty() && !handshake.wants_write() && !handshake.wants_shutdown());
                    let rejected = match handshake.poll(&mut input) {
                        Some(Incoming::Upgrade(request)) => request.reject(404).into_rejected(),
                        Some(Incoming::Http(plain)) => plain.reply(426).into_rejected(),
                        Some(Incoming::Failed(rejected)) => rejected,
                        None => {
                            prop_assert!(handshake.wants_read() != handshake.is_done());
                            continue;
                        }
                    };
                    over(&handshake);
                    refuse(rejected, &then);
                    return Ok(());
                }
                prop_assert!(handshake.is_done());
            }
            Side::Client => {
                let mut handshake = client::Handshake::new(Request::new("ws://a.example/").unwrap(), Seed::new([7; 32]));
                let mut watched = Watched::new();
                let mut deadline = Deadline::after(SECOND * 20);
                let mut rest = head.1.to_vec();
                let mut rest = &mut rest[..];
                for op in ops.iter().chain(&[Ok(usize::MAX), Err(Io::Eof)]) {
                    let mut input = act(&mut handshake, &mut watched, &mut deadline, *op, &mut rest);
                    watched.look(&mut handshake);
                    if handshake.poll(&mut input).is_some() {
                        over(&handshake);
                        prop_assert!(handshake.poll(&mut Input::empty()).is_none());
                        return Ok(());
                    }
                    prop_assert!(handshake.wants_read() && !handshake.is_done());
                }
                prop_assert!(false, "no outcome");
            }
        }
    }
}

/// Calls on a handshake, and reads of so many bytes.
fn handshake_ops() -> impl Strategy<Value = Vec<Result<usize, Io>>> {
    prop::collection::vec(prop_oneof![io().prop_map(Err), (0..200_usize).prop_map(Ok)], 0..10)
}

/// What a client sends, and what a server answers.
const HEADS: [(&[u8], &[u8]); 4] = [
    (
        b"GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhello, and more",
    ),
    (b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nto the end"),
    (b"nonsense\r\n\r\n", b"nonsense\r\n\r\n"),
    (b"GET / HTTP/1.1\r\nHos", b"HTTP/1.1 101 Swit"),
];

/// One call on a handshake, or a read.
fn act<'b>(
    side: &mut dyn LifeCycle,
    watched: &mut Watched,
    deadline: &mut Deadline,
    op: Result<usize, Io>,
    rest: &mut &'b mut [u8],
) -> Input<'b> {
    match op {
        Ok(n) => {
            let most = n.min(rest.len());
            let (read, left) = std::mem::take(rest).split_at_mut(most);
            *rest = left;
            return Input::new(read);
        }
        Err(Io::Beat(seconds)) => {
            watched.now += SECOND * u32::from(seconds);
            deadline.poll(watched.now, side);
        }
        Err(io) => watched.call(side, io),
    }
    Input::empty()
}

fn over(side: &dyn LifeCycle) {
    assert!(!side.wants_write() && !side.wants_read() && !side.wants_shutdown() && !side.is_done());
}

/// A refusal, under the same calls.
fn refuse(mut rejected: Rejected, ops: &[Result<usize, Io>]) {
    let mut watched = Watched::new();
    let mut deadline = Deadline::after(SECOND * 20);
    for op in ops {
        match op {
            Ok(n) => rejected.discard(&mut Input::new(&mut vec![0; *n])),
            Err(Io::Beat(seconds)) => {
                watched.now += SECOND * u32::from(*seconds);
                deadline.poll(watched.now, &mut rejected);
                watched.mute |= rejected.is_done();
            }
            Err(io) => watched.call(&mut rejected, *io),
        }
        watched.look(&mut rejected);
        assert!(rejected.is_done() != (rejected.wants_write() || rejected.wants_read() || rejected.wants_shutdown()), "{rejected:?}");
    }
    watched.call(&mut rejected, Io::Pop);
    if rejected.wants_shutdown() {
        watched.call(&mut rejected, Io::Shutdown);
    }
    assert!(watched.mute || watched.shut, "a refusal shuts down, whatever was called before");
    rejected.handle_eof();
    assert!(rejected.is_done());
    assert!(watched.mute || watched.wire.starts_with(b"HTTP/1.1 "));
}
