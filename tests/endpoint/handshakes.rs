//! Handshakes in both roles, and refusals: one outcome, which takes over, or done; a refusal shuts
//! down once, behind its answer.

use crate::endpoint::{CASES, Io, SECOND, Watched, io};
use crate::support::random::cases;
use crate::support::{SIDES, Side};
use proptest::prelude::*;
use sockless::client::{self, Request};
use sockless::server::{self, Incoming, Replying};
use sockless::{Deadline, Endpoint, Input, Seed};

proptest! {
    #![proptest_config(cases(CASES))]

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
                    watched.look(&mut handshake);
                    prop_assert!(watched.wire.is_empty() && !handshake.wants_write() && !handshake.wants_shutdown());
                    let rejected = match handshake.poll(&mut input) {
                        Some(Incoming::Upgrade(request)) => request.reject(404).into_replying(),
                        Some(Incoming::Http(plain)) => plain.reply(426).into_replying(),
                        Some(Incoming::Failed(rejected)) => rejected,
                        None => {
                            prop_assert!(handshake.wants_read() != handshake.is_done());
                            continue;
                        }
                    };
                    watched.look(&mut handshake);
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
                        watched.look(&mut handshake);
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

/// Drives a handshake over a stream that ends behind these bytes, by the rules and without a look
/// at what comes of it: how many turns it takes until it is done, and whether there was an outcome.
fn until_done<H: Endpoint, T>(
    mut handshake: H,
    poll: impl Fn(&mut H, &mut Input<'_>) -> Option<T>,
    wire: &[u8],
) -> (usize, bool) {
    let mut wire = wire.to_vec();
    let (mut parts, mut outcome, mut turns) = (wire.chunks_mut(50), false, 0);
    while !handshake.is_done() {
        turns += 1;
        assert!(turns < 100, "it never ends");
        while handshake.transmit().pop().is_some() {}
        let mut input = Input::empty();
        if handshake.wants_read() {
            match parts.next() {
                Some(part) => input = Input::new(part),
                None => handshake.handle_eof(),
            }
        }
        outcome |= poll(&mut handshake, &mut input).is_some();
    }
    (turns, outcome)
}

#[test]
fn one_loop_ends_over_both_roles() {
    for (request, answer) in HEADS {
        let turns = request.len().div_ceil(50);
        let cut = !request.ends_with(b"\x81") && !request.ends_with(b"\r\n\r\n");
        let served = until_done(
            server::Handshake::new(Default::default()),
            server::Handshake::poll,
            request,
        );
        assert_eq!(served, (turns + usize::from(cut), !cut), "{}", request.escape_ascii());
        let asks =
            client::Handshake::new(Request::new("ws://a.example/").unwrap(), Seed::new([7; 32]));
        let (turns, outcome) = until_done(asks, client::Handshake::poll, answer);
        assert!(
            outcome && turns <= answer.len().div_ceil(50) + 1,
            "{turns} for {}",
            answer.escape_ascii()
        );
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
    side: &mut dyn Endpoint,
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

fn over(side: &dyn Endpoint) {
    assert!(!side.wants_write() && !side.wants_read() && !side.wants_shutdown() && side.is_done());
}

/// A refusal, under the same calls.
fn refuse(mut rejected: Replying, ops: &[Result<usize, Io>]) {
    let mut watched = Watched::new();
    let mut deadline = Deadline::after(SECOND * 20);
    for op in ops {
        match op {
            Ok(n) => _ = rejected.poll(&mut Input::new(&mut vec![0; *n])),
            Err(Io::Beat(seconds)) => {
                watched.now += SECOND * u32::from(*seconds);
                deadline.poll(watched.now, &mut rejected);
                watched.mute |= rejected.is_done();
            }
            Err(io) => watched.call(&mut rejected, *io),
        }
        watched.look(&mut rejected);
        assert!(
            rejected.is_done()
                != (rejected.wants_write() || rejected.wants_read() || rejected.wants_shutdown()),
            "{rejected:?}"
        );
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
