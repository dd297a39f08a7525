//! Calls that come late, and in any order within a turn: nothing is thrown away that the socket
//! holds.

use crate::heartbeat::{SECOND, TICK, at, beating, ended, timeouts};
use crate::support::{PONG, SIDES, Side, TEXT, feed, output, write};
use sockless::{Cause, Connection, Event, Heartbeat, Timeout, Timeouts};
use std::time::Duration;

/// A loop whose program stalls, and what its socket holds.
struct Loop {
    side: Side,
    connection: Connection,
    heartbeat: Heartbeat,
    socket: Vec<u8>,
    events: Vec<Event<'static>>,
}

impl Loop {
    fn new(side: Side, timeouts: Timeouts) -> Self {
        let (connection, heartbeat) = beating(side, timeouts);
        Self { side, connection, heartbeat, socket: vec![], events: vec![] }
    }

    /// The natural order of async code: the timer's branch first, and only then what can be read.
    fn turn(&mut self, now: Duration) -> Option<Duration> {
        let due = self.heartbeat.poll(now, &mut self.connection);
        self.events.extend(feed(&mut self.connection, b""));
        let sent = output(&mut self.connection);
        if sent.first() == Some(&0x89) {
            // The peer answers at once.
            self.socket.extend(self.side.other().frame(PONG, b"\0\0\0\x01"));
            self.socket.extend(self.side.other().frame(TEXT, b"and more"));
        }
        due
    }

    fn read(&mut self) {
        self.events.extend(feed(&mut self.connection, &std::mem::take(&mut self.socket)));
    }
}

#[test]
fn a_stall_of_the_program_closes_no_live_peer() {
    for side in SIDES {
        for stall in [20, 21, 25, 29, 30, 40, 100, 100_000] {
            let mut looped = Loop::new(side, Timeouts::default());
            looped.turn(at(20));
            looped.turn(at(21));
            // Meanwhile the pong and a message lie in the socket.
            for (now, reads) in [
                (at(21 + stall), false),
                (at(21 + stall) + TICK, false),
                (at(21 + stall) + SECOND / 2, true),
            ] {
                looped.turn(now);
                if reads {
                    looped.read();
                }
            }
            looped.turn(at(23 + stall));
            assert!(looped.connection.is_open(), "{side:?} {stall}");
            assert!(
                matches!(&looped.events[..], [Event::Pong(_), Event::Text(_)]),
                "{:?}",
                looped.events
            );
        }
    }
}

/// A slow job in each turn, and the timer's branch wins each time: the loop reads at last.
#[test]
fn a_loop_that_is_busy_for_long_is_waited_for() {
    for side in SIDES {
        for job in [1060, 1100, 1500, 1900, 2000, 2500, 4000] {
            let mut looped = Loop::new(side, Timeouts::default());
            looped.turn(at(20));
            let mut now = at(20);
            while now < at(56) {
                now += Duration::from_millis(job);
                looped.turn(now);
            }
            assert!(looped.connection.is_open(), "{side:?} {job}");
            looped.read();
            looped.turn(now + SECOND);
            assert!(looped.connection.is_open());
            assert_eq!(looped.events.len(), 2);
        }
    }
}

/// A peer that is dead is found out all the same, by a loop that is never on time.
#[test]
fn a_loop_that_is_always_late_ends_a_dead_peer() {
    for side in SIDES {
        for (step, most) in
            [(SECOND / 10, 42), (SECOND * 2, 70), (SECOND * 5, 75), (SECOND * 9, 100)]
        {
            let mut looped = Loop::new(side, Timeouts::default());
            let mut now = Duration::ZERO;
            while looped.events.is_empty() {
                now += step;
                looped.turn(now);
                looped.socket.clear();
                assert!(now < at(most), "{step:?}");
            }
            let [Event::Closed(close_event)] = &looped.events[..] else {
                panic!("{:?}", looped.events)
            };
            assert_eq!(close_event.cause, Cause::Timeout(Timeout::Pong));
        }
    }
}

/// A laptop that was suspended: of all the time that passed meanwhile, none counts.
#[test]
fn time_in_which_the_program_stood_still_does_not_count() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, Timeouts::default());
        connection.send_binary(vec![7; 1 << 20]).unwrap();
        write(&mut connection, 1000);
        heartbeat.poll(at(1), &mut connection);
        // An hour later the kernel's buffer is as full as it was, and takes more after half a
        // minute.
        for second in 3600..3630 {
            heartbeat.poll(at(second), &mut connection);
            assert!(connection.is_open(), "{second}");
        }
        output(&mut connection);
        heartbeat.poll(at(3630), &mut connection);
        assert!(connection.is_open());
        // And then all goes on as ever.
        let over = (3631..3700).find(|second| {
            heartbeat.poll(at(*second), &mut connection);
            output(&mut connection);
            ended(&mut connection).is_some()
        });
        assert!(over.is_some_and(|over| over < 3630 + 43), "{over:?}");
    }
}

/// The peer's Close lies in the socket when the time of the closing is over.
#[test]
fn a_stall_while_closing_does_not_lose_the_peers_close() {
    for side in SIDES {
        let (mut connection, mut heartbeat) = beating(side, timeouts(0, 0, 0, 10));
        connection.close(None).unwrap();
        output(&mut connection);
        heartbeat.poll(at(1), &mut connection);
        heartbeat.poll(at(15), &mut connection);
        let wire =
            [side.other().frame(TEXT, b"last words"), side.other().frame(0x88, b"")].concat();
        let events = feed(&mut connection, &wire);
        assert!(
            matches!(&events[..], [Event::Text(_), Event::Closed(close_event)] if close_event.clean),
            "{events:?}"
        );
        assert!(!connection.is_done() || side == Side::Client);
    }
}
