//! Time, simulated: every time-out at its exact tick, in both roles and in every state.

mod support;

use bytes::Buf;
use sockless::client::{self, Outcome};
use sockless::server::{self, Incoming};
use sockless::{Cause, CloseCode, Closure, Config, Deadline, Event, HandshakeError, Heartbeat, Input, LifeCycle, Seed, Timeout, Timeouts};
use std::time::Duration;
use support::pair::Pair;
use support::{BINARY, CLOSE, MORE, PING, PONG, SIDES, Side, TEXT, feed, frames, output};

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_nanos(1);

/// All of them, in seconds.
fn timeouts(ping: u64, pong: u64, idle: u64, close: u64) -> Timeouts {
    let some = |n| (n > 0).then_some(Duration::from_secs(n));
    let mut timeouts = Timeouts::default();
    (timeouts.ping_interval, timeouts.pong_timeout, timeouts.idle_timeout, timeouts.close_timeout) =
        (some(ping), some(pong), some(idle), some(close));
    timeouts
}

fn closure(pair: &mut Pair, side: Side) -> (Duration, Closure) {
    let station = pair.both(side).0;
    let mut closures = station.events.iter().zip(&station.times).filter_map(|(event, time)| match event {
        Event::Closed(closure) => Some((*time, closure.clone())),
        _ => None,
    });
    let closure = closures.next().expect("it is closed");
    assert!(closures.next().is_none(), "once");
    closure
}

fn is_closed(pair: &mut Pair, side: Side) -> bool {
    pair.both(side).0.events.iter().any(|event| matches!(event, Event::Closed(_)))
}

#[test]
fn pings_go_out_at_every_interval_and_keep_both_alive() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.delay = SECOND / 100;
        pair.beat(side, timeouts(10, 5, 30, 5));
        pair.run_until(SECOND * 100);
        let (near, far) = pair.both(side);
        let pings: Vec<Duration> =
            far.events.iter().zip(&far.times).filter(|(event, _)| matches!(event, Event::Ping(_))).map(|(_, time)| *time).collect();
        let expected: Vec<Duration> = (1..=9).map(|i| SECOND * 10 * i + SECOND / 100).collect();
        assert_eq!(pings, expected, "each interval counts from the ping before it");
        assert_eq!(near.heartbeat.as_ref().unwrap().round_trip(), Some(SECOND / 50));
        assert_eq!(near.due, Some(SECOND * 105), "the tenth ping's pong");
        assert!(!is_closed(&mut pair, side));
    }
}

#[test]
fn no_pong_closes_at_its_tick() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(10, 5, 0, 3));
        pair.both(side.other()).0.deaf = true;
        pair.run_until(SECOND * 15 - TICK);
        assert!(!is_closed(&mut pair, side));
        pair.run_until(SECOND * 15);
        let (time, closure) = closure(&mut pair, side);
        assert_eq!((time, closure.cause, closure.code, closure.clean), (SECOND * 15, Cause::Timeout(Timeout::Pong), 1006, false));
        // The peer may hear again: a Close frame was sent. It does not, so the transport is dropped in time.
        assert!(!pair.connection(side).is_done());
        pair.run_until(SECOND * 18 - TICK);
        assert!(!pair.connection(side).is_done());
        pair.run_until(SECOND * 18);
        assert!(pair.connection(side).is_done());
    }
}

#[test]
fn a_peer_that_hears_is_told_why() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let mut heartbeat = Heartbeat::new(timeouts(10, 5, 0, 3));
        heartbeat.poll(Duration::ZERO, &mut connection);
        heartbeat.poll(SECOND * 10, &mut connection);
        heartbeat.poll(SECOND * 15, &mut connection);
        let sent = frames(&output(&mut connection));
        assert_eq!(sent.iter().map(|frame| frame.first).collect::<Vec<_>>(), [PING, CLOSE]);
        assert_eq!(sent[1].payload[..2], CloseCode::INTERNAL.get().to_be_bytes());
        assert!(matches!(&feed(&mut connection, b"")[..], [Event::Closed(_)]));
    }
}

#[test]
fn other_bytes_put_the_pong_off_but_not_the_idle_time_out_of_silence() {
    for side in SIDES {
        // The peer sends something at 14 s: it lives, its pong may take until 19 s.
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(10, 5, 0, 3));
        pair.both(side.other()).0.deaf = true;
        pair.run_until(SECOND * 14);
        pair.inject(side, &side.other().frame(BINARY & MORE, b"x")[..1]);
        pair.run_until(SECOND * 19 - TICK);
        assert!(!is_closed(&mut pair, side));
        pair.run_until(SECOND * 19);
        assert_eq!(closure(&mut pair, side).0, SECOND * 19);

        // Another pong than the one that is waited for is a sign of life, and not an answer.
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(10, 5, 0, 3));
        pair.both(side.other()).0.deaf = true;
        pair.run_until(SECOND * 12);
        pair.inject(side, &side.other().frame(PONG, &[0, 0, 0, 9]));
        pair.run_until(SECOND * 60);
        assert_eq!(closure(&mut pair, side).0, SECOND * 17);
        assert_eq!(pair.both(side).0.heartbeat.as_ref().unwrap().round_trip(), None);
    }
}

#[test]
fn pongs_of_others_do_not_hide_the_one_that_is_awaited() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let mut heartbeat = Heartbeat::new(timeouts(20, 20, 0, 3));
        heartbeat.poll(Duration::ZERO, &mut connection);
        heartbeat.poll(SECOND * 20, &mut connection);
        // A ping of the user's, of four bytes too, is answered in the same read, behind the heartbeat's.
        connection.ping(&7_u32.to_be_bytes()).unwrap();
        let wire = [side.other().frame(PONG, &1_u32.to_be_bytes()), side.other().frame(PONG, &7_u32.to_be_bytes())].concat();
        feed(&mut connection, &wire);
        assert_eq!(heartbeat.poll(SECOND * 21, &mut connection), Some(SECOND * 40));
        assert_eq!(heartbeat.round_trip(), Some(SECOND));
    }
}

#[test]
fn a_dead_peer_gets_one_ping_and_no_more_time_by_others() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(5, 12, 0, 3));
        pair.both(side.other()).0.deaf = true;
        pair.run_until(SECOND * 60);
        assert_eq!(closure(&mut pair, side).0, SECOND * 17);
    }
}

#[test]
fn pings_that_nobody_reads_do_not_pile_up() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.send_text("begun").unwrap();
        bytes::Buf::advance(&mut connection.transmit(), 1);
        let mut heartbeat = Heartbeat::new(timeouts(1, 0, 0, 3));
        for i in 0..1000 {
            heartbeat.poll(SECOND * i, &mut connection);
        }
        assert!(connection.queued() < 40, "{}", connection.queued());
    }
}

/// One ping waits for its turn at most, wherever it waits: alone, cut by a write, or behind a frame that has begun; one that has left is followed by the next.
#[test]
fn a_ping_that_has_not_left_is_not_followed_by_another() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let mut heartbeat = Heartbeat::new(timeouts(1, 0, 0, 0));
        let mut now = 0;
        let mut beat = |connection: &mut _| {
            now += 1;
            assert_eq!(heartbeat.poll(now * SECOND, connection), Some((now + 1) * SECOND), "no deadline lies behind");
        };
        beat(&mut connection);
        beat(&mut connection);
        let ping = connection.queued();
        assert!(ping > 0);
        beat(&mut connection);
        assert_eq!(connection.queued(), ping, "alone");
        connection.transmit().advance(1);
        beat(&mut connection);
        assert_eq!(connection.queued(), ping - 1, "cut");
        connection.send_binary(&[7; 1000]).unwrap();
        let queued = connection.queued();
        beat(&mut connection);
        assert_eq!(connection.queued(), queued, "before a frame");
        connection.transmit().advance(ping);
        let queued = connection.queued();
        beat(&mut connection);
        assert_eq!(connection.queued(), queued + ping, "it has left, and a frame has begun");
        beat(&mut connection);
        assert_eq!(connection.queued(), queued + ping, "behind that frame");
    }
}

#[test]
fn silence_closes_at_its_tick() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.beat(side, timeouts(0, 0, 30, 3));
        pair.run_until(SECOND * 20);
        pair.connection(side.other()).send_text("still here").unwrap();
        pair.run_until(SECOND * 50 - TICK);
        assert!(!is_closed(&mut pair, side));
        pair.run_until(SECOND * 50);
        let (time, closure) = closure(&mut pair, side);
        assert_eq!((time, closure.cause), (SECOND * 50, Cause::Timeout(Timeout::Idle)));
        // The peer is well: it gets our Close, and both are done at once.
        assert!(pair.is_done());
        assert_eq!(self::closure(&mut pair, side.other()).1.code, 1001);
    }
}

#[test]
fn the_closing_handshake_has_its_time_and_bytes_do_not_put_it_off() {
    for side in SIDES {
        let peer = side.other();
        // We close; we fail; the peer closes and its transport never ends; the stream ends while we cannot write.
        for state in 0..4 {
            let mut pair = Pair::new(&Config::default());
            pair.beat(side, timeouts(0, 0, 0, 10));
            pair.run_until(SECOND * 5);
            pair.both(peer).0.deaf = true;
            match state {
                0 => pair.connection(side).close(None).unwrap(),
                1 => pair.inject(side, b"\x83"),
                2 => pair.inject(side, &peer.frame(CLOSE, b"")),
                _ => {
                    pair.connection(side).send_text("stuck").unwrap();
                    pair.connection(side).handle_eof();
                }
            }
            if state == 3 {
                // Nothing can be written: only its heart beats.
                let station = pair.both(side).0;
                let heartbeat = station.heartbeat.as_mut().unwrap();
                feed(&mut station.connection, b"");
                assert_eq!(heartbeat.poll(SECOND * 5, &mut station.connection), Some(SECOND * 15));
                assert_eq!(heartbeat.poll(SECOND * 15 - TICK, &mut station.connection), Some(SECOND * 15));
                assert!(!station.connection.is_done());
                assert_eq!(heartbeat.poll(SECOND * 15, &mut station.connection), None);
                assert!(station.connection.is_done());
                continue;
            }
            for second in 6..15 {
                pair.run_until(SECOND * second);
                pair.inject(side, &peer.frame(TEXT, b"bytes"));
                assert!(!pair.connection(side).is_done(), "{side:?}, state {state}");
            }
            pair.run_until(SECOND * 15 - TICK);
            assert!(!pair.connection(side).is_done());
            pair.run_until(SECOND * 15);
            assert!(pair.connection(side).is_done(), "{side:?}, state {state}");
            let (time, closure) = closure(&mut pair, side);
            let expected = if state == 0 { (SECOND * 15, Cause::Timeout(Timeout::Close)) } else { (SECOND * 5, closure.cause) };
            assert_eq!((time, closure.cause), expected);
        }
    }
}

#[test]
fn a_heartbeat_called_only_at_its_deadlines_is_late_by_at_most_one_interval() {
    let mut connection = Side::Server.open(Config::default());
    let mut heartbeat = Heartbeat::new(timeouts(0, 0, 30, 3));
    assert_eq!(heartbeat.poll(SECOND * 100, &mut connection), Some(SECOND * 130), "time counts from the first call");
    feed(&mut connection, &Side::Client.frame(TEXT, b"at 101 s, but nobody looks"));
    assert_eq!(heartbeat.poll(SECOND * 130, &mut connection), Some(SECOND * 160));
    assert_eq!(heartbeat.poll(SECOND * 160, &mut connection), Some(SECOND * 163));
    assert!(matches!(&feed(&mut connection, b"")[..], [Event::Closed(_)]));
    // Time that stands still or goes back does no harm.
    assert_eq!(heartbeat.poll(SECOND, &mut connection), Some(SECOND * 163));
    assert_eq!(heartbeat.poll(Duration::MAX, &mut connection), None);
    assert!(connection.is_done());
    assert_eq!(heartbeat.poll(Duration::MAX, &mut connection), None);
}

#[test]
fn without_time_outs_nothing_is_ever_due() {
    let mut connection = Side::Server.open(Config::default());
    let mut heartbeat = Heartbeat::new(timeouts(0, 0, 0, 0));
    assert_eq!(heartbeat.poll(Duration::ZERO, &mut connection), None);
    assert_eq!(heartbeat.poll(Duration::MAX, &mut connection), None);
    connection.close(None).unwrap();
    assert_eq!(heartbeat.poll(Duration::MAX, &mut connection), None);
    assert!(!connection.is_done());
    // Pings without a time-out for their pongs go on when one is lost.
    let mut connection = Side::Server.open(Config::default());
    let mut heartbeat = Heartbeat::new(timeouts(10, 0, 0, 0));
    for i in 0..5 {
        assert_eq!(heartbeat.poll(SECOND * 10 * i, &mut connection), Some(SECOND * 10 * (i + 1)));
        assert_eq!(frames(&output(&mut connection)).len(), usize::from(i > 0));
    }
}

#[test]
fn a_full_queue_does_not_keep_the_ping_back() {
    let mut config = Config::default();
    (config.lower_mark, config.upper_mark) = (0, 10);
    let mut connection = Side::Server.open(config);
    connection.send_binary(&[0; 100]).unwrap();
    let mut heartbeat = Heartbeat::new(timeouts(10, 5, 0, 3));
    heartbeat.poll(Duration::ZERO, &mut connection);
    assert_eq!(heartbeat.poll(SECOND * 10, &mut connection), Some(SECOND * 15));
    let firsts: Vec<u8> = frames(&output(&mut connection)).iter().map(|frame| frame.first).collect();
    assert_eq!(firsts, [PING, BINARY]);
}

#[test]
fn a_handshake_has_its_deadline_and_bytes_do_not_put_it_off() {
    let mut handshake = server::Handshake::new(Default::default());
    let mut deadline = Deadline::after(SECOND * 10);
    for second in 5..15 {
        assert_eq!(deadline.poll(SECOND * second, &mut handshake), Some(SECOND * 15));
        assert!(handshake.poll(&mut Input::new(&mut b"GET".to_vec())).is_none());
    }
    assert_eq!(deadline.poll(SECOND * 15 - TICK, &mut handshake), Some(SECOND * 15));
    assert_eq!(deadline.poll(SECOND * 15, &mut handshake), None);
    let Some(Incoming::Failed(mut rejected)) = handshake.poll(&mut Input::empty()) else { panic!() };
    assert_eq!((rejected.status(), rejected.error()), (408, Some(HandshakeError::TimedOut)));
    assert!(output(&mut rejected).starts_with(b"HTTP/1.1 408 Request Timeout\r\n"));
    assert!(!handshake.is_done() && handshake.poll(&mut Input::new(&mut b"x".to_vec())).is_none());

    // The answer has a deadline of its own.
    let mut deadline = Deadline::after(SECOND);
    assert_eq!(deadline.poll(SECOND * 15, &mut rejected), Some(SECOND * 16));
    rejected.shutdown_done();
    assert!(!rejected.is_done());
    assert_eq!(deadline.poll(SECOND * 16, &mut rejected), None);
    assert!(rejected.is_done());
    assert_eq!(deadline.poll(SECOND * 17, &mut rejected), None);
}

#[test]
fn who_sent_nothing_at_all_gets_no_answer() {
    let mut handshake = server::Handshake::new(Default::default());
    let mut deadline = Deadline::after(SECOND);
    deadline.poll(Duration::ZERO, &mut handshake);
    assert_eq!(deadline.poll(SECOND, &mut handshake), None);
    assert!(handshake.poll(&mut Input::empty()).is_none() && handshake.is_done());
}

#[test]
fn a_client_gives_up_on_a_server_that_does_not_answer() {
    for answer in [&b""[..], b"HTTP/1.1 101 Sw"] {
        let request = client::Request::new("ws://a.example/").unwrap();
        let mut handshake = client::Handshake::new(request, Seed::new([1; 32]));
        let mut deadline = Deadline::after(SECOND);
        deadline.poll(Duration::ZERO, &mut handshake);
        assert!(handshake.poll(&mut Input::new(&mut answer.to_vec())).is_none());
        assert_eq!(deadline.poll(SECOND, &mut handshake), None);
        assert!(matches!(handshake.poll(&mut Input::empty()), Some(Outcome::Failed(HandshakeError::TimedOut))));
        assert!(!handshake.wants_write() && !handshake.wants_read() && !handshake.is_done());
    }
}
