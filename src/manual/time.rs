//! Time: pings, time-outs, and how dead peers are found.
//!
//! There is no clock in sockless. `now` is a [`Duration`](core::time::Duration) since any moment
//! that you like, the same moment for all calls for one connection. So a test can pass hours in no
//! time.
//!
//! # What to call
//!
//! | for | call | for example |
//! |---|---|---|
//! | a connection | [`Heartbeat::poll`](crate::Heartbeat::poll) | `Timeouts::default()` |
//! | a handshake, an answer | [`Deadline::poll`](crate::Deadline::poll) | 10 s |
//!
//! Call it as the last thing before you wait, behind the writes, and at the latest at the moment
//! that it gave. It sends pings and ends what is dead. Then ask `step`, as always: there is a ping to
//! write, or a `Closed` to poll. Called earlier in a turn it does no harm, but sees what the turn
//! has written only at the next call: a close time-out of 10 s, which begins when our Close has
//! left, then begins with the next ping.
//!
//! ```
//! use sockless::{Cause, Config, Connection, Event, Extensions, Heartbeat, Input, Step};
//! use sockless::{Timeout, Timeouts};
//! use std::time::Duration;
//!
//! let mut connection = Connection::server(Extensions::default(), Config::default());
//! let mut heartbeat = Heartbeat::new(Timeouts::default());
//! let mut now = Duration::ZERO;
//!
//! // A peer that takes what it is sent, and never says anything.
//! while let Some(due) = heartbeat.poll(now, &mut connection) {
//!     if connection.step(true) == Step::Poll {
//!         break;
//!     }
//!     if connection.transmit().pop().is_none() {
//!         now = due; // Sleep until then, or until the transport is ready.
//!     }
//! }
//! let Some(Event::Closed(closed)) = connection.poll(&mut Input::empty()) else { panic!() };
//! assert_eq!(closed.cause, Cause::Timeout(Timeout::Pong));
//! // A ping after 20 s, 20 s for the answer, and a second to read.
//! assert_eq!(now.as_secs(), 41);
//! ```
//!
//! # When each time-out fires
//!
//! | time-out | default | it fires when |
//! |---|---:|---|
//! | `pong_timeout` | 20 s | nothing came since a ping has left |
//! | `idle_timeout` | never | nothing came, pongs included |
//! | `write_timeout` | 60 s | output waits and none of it moves |
//! | `drain_timeout` | never | output waits and is never taken whole |
//! | `close_timeout` | 10 s | our Close frame has left, and the end does not come |
//!
//! A ping is sent every `ping_interval`, 20 s, once the one before was answered. What each ends in,
//! [`Timeouts`](crate::Timeouts) has in a table.
//!
//! - **Any byte is an answer to a ping.** So is room in a transport that was full: the peer reads.
//!   A peer that is busy sending a large message is alive.
//! - **`write_timeout` is put off by progress,** however slow: by a byte that the transport takes,
//!   or by messages of a peer that pushes back. `drain_timeout` is not: it is the bound against a
//!   peer that takes a byte a second. Choose it for your slowest line and largest queue.
//! - **`close_timeout` never cuts off what was queued before the Close frame.** It begins when that
//!   has left.
//! - **A time-out that is due leaves the loop a second to read** (or its own time, if that is
//!   shorter). The answer may lie in the socket already, behind a slow handler of yours.
//! - **A program that stood still** for more than a minute, in a debugger or a suspended laptop,
//!   does not end its connections for it.
//!
//! # Do not sleep in its place
//!
//! A timer of your own that calls `poll` every few minutes is slower than the deadlines, and finds
//! a dead peer late. Wait for the transport *and* for the moment that `poll` gave, whichever comes
//! first: `set_read_timeout`, the time of `mio::Poll::poll`, a runtime's `sleep_until`. With many
//! connections keep the moments in a heap or a timer wheel.
//!
//! # When you do not read
//!
//! What you do not read cannot put a time-out off. If you stop reading because your own queue is
//! above its mark, the heartbeat knows. If you stop for another reason, as a proxy does whose other
//! side is full, call [`paused`](crate::Heartbeat::paused) before `poll` in each turn without a
//! read:
//!
//! ```
//! use sockless::{Config, Connection, Extensions, Heartbeat, Timeouts};
//! use std::time::Duration;
//!
//! let mut connection = Connection::server(Extensions::default(), Config::default());
//! let mut heartbeat = Heartbeat::new(Timeouts::default());
//! for second in 0..1000 {
//!     heartbeat.paused();
//!     heartbeat.poll(Duration::from_secs(second), &mut connection);
//!     while connection.transmit().pop().is_some() {}
//! }
//! assert!(connection.is_open());
//! ```
//!
//! # Without a heartbeat
//!
//! Then nothing is bounded. A peer that neither sends nor reads, or never closes its side, holds
//! its connection until you call [`handle_timeout`](crate::Connection::handle_timeout).
//!
//! # Behind large kernel buffers
//!
//! A pong waits behind everything that the kernel has buffered, here and at the peer. Keep that
//! below what the line carries in `pong_timeout`: on Linux by `TCP_NOTSENT_LOWAT`, elsewhere by
//! `SO_SNDBUF`.
