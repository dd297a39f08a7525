//! When pings are sent, and how many wait.

use crate::heartbeat::{SECOND, beating, is_closed, timeouts};
use crate::support::pair::Pair;
use crate::support::{BINARY, PING, SIDES, Side, frames, output, write};
use sockless::{Config, Event};
use std::time::Duration;

#[test]
fn pings_go_out_at_every_interval_and_keep_both_alive() {
    for side in SIDES {
        let mut pair = Pair::new(&Config::default());
        pair.delay = SECOND / 100;
        pair.beat(side, timeouts(10, 5, 30, 5));
        pair.run_until(SECOND * 100);
        let (near, far) = pair.both(side);
        let pings: Vec<Duration> = far
            .events
            .iter()
            .zip(&far.times)
            .filter(|(event, _)| matches!(event, Event::Ping(_)))
            .map(|(_, time)| *time)
            .collect();
        let expected: Vec<Duration> = (1..=9).map(|i| SECOND * 10 * i + SECOND / 100).collect();
        assert_eq!(pings, expected, "each interval counts from the ping before it");
        assert_eq!(near.heartbeat.as_ref().unwrap().round_trip(), Some(SECOND / 50));
        assert_eq!(near.due, Some(SECOND * 105), "the tenth ping's pong");
        assert!(!is_closed(&mut pair, side));
    }
}

#[test]
fn pings_that_nobody_reads_do_not_pile_up() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(1, 0, 0, 3));
        connection.send_text("begun").unwrap();
        write(&mut connection, 1);
        for i in 0..1000 {
            heartbeat.poll(SECOND * i, &mut connection);
        }
        assert!(connection.queued() < 40, "{}", connection.queued());
    }
}

/// One ping waits for its turn at most, wherever it waits: alone, cut by a write, or behind a frame
/// that has begun; one that has left is followed by the next.
#[test]
fn a_ping_that_has_not_left_is_not_followed_by_another() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(1, 0, 0, 0));
        let mut now = 0;
        let mut beat = |connection: &mut _| {
            now += 1;
            assert_eq!(
                heartbeat.poll(now * SECOND, connection),
                Some((now + 1) * SECOND),
                "no deadline lies behind"
            );
        };
        beat(&mut connection);
        let ping = connection.queued();
        assert!(ping > 0);
        beat(&mut connection);
        assert_eq!(connection.queued(), ping, "alone");
        write(&mut connection, 1);
        beat(&mut connection);
        assert_eq!(connection.queued(), ping - 1, "cut");
        connection.send_binary(&[7; 1000]).unwrap();
        let queued = connection.queued();
        beat(&mut connection);
        assert_eq!(connection.queued(), queued, "before a frame");
        write(&mut connection, ping);
        let queued = connection.queued();
        beat(&mut connection);
        assert_eq!(connection.queued(), queued + ping, "it has left, and a frame has begun");
        beat(&mut connection);
        assert_eq!(connection.queued(), queued + ping, "behind that frame");
    }
}

#[test]
fn a_full_queue_does_not_keep_the_ping_back() {
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (0, 10);
    let mut connection = Side::Server.open(config);
    connection.send_binary(&[0; 100]).unwrap();
    let mut heartbeat = sockless::Heartbeat::new(timeouts(10, 5, 0, 3));
    heartbeat.poll(Duration::ZERO, &mut connection);
    heartbeat.poll(SECOND * 10, &mut connection);
    let firsts: Vec<u8> =
        frames(&output(&mut connection)).iter().map(|frame| frame.first).collect();
    assert_eq!(firsts, [PING, BINARY]);
}
