//! Mistakes that are easily made, what happens, and what to do instead.
//!
//! | who tells | of |
//! |---|---|
//! | the compiler, by an error | 3, in part |
//! | the compiler, by a warning | 6, in part |
//! | a wrong result, at once | 1, 2, 4, 10 (no flush) |
//! | a wrong result, some day | 3 (another's bytes), 5, 6, 7, 8, 9, 11, 12, 13 |
//! | a processor that is always busy | 14 |
//! | nobody: it is only slow | 10 (a write for each message) |
//!
//! # 1. Dropping the transport at `Closed`
//!
//! *What happens:* our Close frame, and the last messages, may not have left. Or they have, and the
//! kernel sends a reset behind them, because unread bytes are there; the peer then loses them. It
//! reports 1006 instead of a clean end.
//!
//! *Instead:* go on until [`Step::Done`](crate::Step::Done).
//!
//! ```
//! use sockless::{Config, Connection, Event, Extensions, Input, Step};
//!
//! let mut server = Connection::server(Extensions::default(), Config::default());
//! let mut close = *b"\x88\x80\0\0\0\0";
//! assert!(matches!(server.poll(&mut Input::new(&mut close)), Some(Event::Closed(_))));
//! assert_eq!(server.step(true), Step::Write, "the answer to the Close");
//! assert!(!server.is_done());
//! ```
//!
//! # 2. Not polling when `step` says so
//!
//! *What happens:* behind a handshake, frames that came with the head are stuck until the next
//! read, which may bring nothing: a client that greets first hangs. Behind an end of stream, nobody
//! learns that the connection is over, and the loop spins.
//!
//! *Instead:* [`received(0)`](crate::Turn::received), and poll until `None`; without a turn, poll
//! with [`Input::empty`](crate::Input::empty).
//!
//! ```
//! # let head = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//! #     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
//! use sockless::server::{Config, Handshake, Incoming};
//! use sockless::{Input, Step};
//!
//! let mut read = [&head[..], b"\x81\x82\0\0\0\0hi"].concat();
//! let incoming = Handshake::new(Config::default()).poll(&mut Input::new(&mut read));
//! let Some(Incoming::Upgrade(request)) = incoming else { panic!() };
//! let mut connection = request.accept().open(Default::default());
//! assert!(connection.transmit().pop().is_some(), "the 101");
//! assert_eq!(connection.step(true), Step::Poll);
//! ```
//!
//! # 3. Using a turn's input elsewhere
//!
//! *What happens:* to keep it, or an event, beyond the turn does not compile. To poll another
//! connection with it does: an input is only bytes, and the other takes them for its own.
//!
//! *Instead:* [`into_owned`](crate::Event::into_owned) what is kept, and poll the endpoint that
//! `received` gave beside the input.
//!
//! ```compile_fail,E0499
//! use sockless::{Config, Connection, Extensions, Workspace};
//!
//! let server = || Connection::server(Extensions::default(), Config::default());
//! let (mut one, mut two, mut workspace) = (server(), server(), Workspace::default());
//! let mut turn = workspace.turn(&mut one);
//! let (one, mut input) = turn.received(0);
//! let event = one.poll(&mut input);
//! let other = workspace.turn(&mut two); // The first one is still in use.
//! drop(event);
//! ```
//!
//! # 4. A wrong `n` in `received`
//!
//! *What happens:* with too small a number the last bytes of the read are lost: the next frame is
//! garbage, and the connection closes. With too large a one, old bytes of the buffer are taken for
//! new ones. More than there was room for counts as nothing.
//!
//! *Instead:* [`Turn::read`](crate::Turn::read), which passes on what the read gave.
//!
//! # 5. Dropping `Input::new` with bytes in it
//!
//! *What happens:* they are lost: messages are missing, or, if a frame was cut, what comes next is
//! garbage. (Of a turn's input nothing is lost.)
//!
//! *Instead:* poll until `None`, or keep [`into_rest`](crate::Input::into_rest) and give it again.
//!
//! ```
//! use sockless::{Config, Connection, Event, Extensions, Input};
//!
//! let mut server = Connection::server(Extensions::default(), Config::default());
//! let mut read = *b"\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b";
//! let mut input = Input::new(&mut read);
//! assert_eq!(server.poll(&mut input), Some(Event::Text("a".into())));
//! let rest = input.into_rest();
//! assert_eq!(server.poll(&mut Input::new(rest)), Some(Event::Text("b".into())));
//! ```
//!
//! # 6. Holding popped buffers
//!
//! *What happens:* [`pop`](crate::Transmit::pop) counts as sent. Whoever pops all and writes later
//! has a queue without a bound; the marks and `write_timeout` see nothing of it, and the write side
//! is shut down before the bytes have left. (The compiler warns if a popped buffer is not used at
//! all.)
//!
//! *Instead:* one buffer at a time, and `step(false)` until it was written whole.
//!
//! ```
//! use sockless::{Config, Connection, Extensions};
//!
//! let mut connection = Connection::server(Extensions::default(), Config::default());
//! connection.send_binary(vec![0; 2 << 20])?;
//! assert!(connection.above_high_water());
//! let held: Vec<_> = std::iter::from_fn(|| connection.transmit().pop()).collect();
//! assert!(!connection.above_high_water(), "though nothing was written");
//! # Ok::<(), sockless::SendError>(())
//! ```
//!
//! # 7. Sleeping instead of polling the heartbeat
//!
//! *What happens:* without calls nothing is pinged, and a dead peer stays for ever. Called by a
//! slow timer, it finds the dead late.
//!
//! *Instead:* wait for the transport and for the moment that
//! [`Heartbeat::poll`](crate::Heartbeat::poll) gave, whichever comes first. See
//! [`time`](super::time).
//!
//! # 8. Reading on while above the mark
//!
//! *What happens:* answers are refused with `QueueFull`, and messages go unanswered; or, if you
//! keep them in a list of your own, a peer that does not read fills your memory.
//!
//! *Instead:* stop polling and reading: see [`back_pressure`](super::back_pressure).
//!
//! # 9. A secret beside text of others, compressed
//!
//! *What happens:* who sees the lengths of messages finds the secret out.
//!
//! *Instead:* `Compress::No` for it: see [`compression`](super::compression).
//!
//! # 10. Writing for each message, and not flushing
//!
//! *What happens:* a write for each message is not wrong, and may take ten times as long. Without a
//! flush, TLS or a `BufWriter` keeps the last message on this side, and both ends wait.
//!
//! *Instead:* queue all answers to a read, let `step` say when to write, and flush before the loop
//! waits: see [`a_loop`](super::a_loop#5-flush-before-you-wait).
//!
//! # 11. A seed that is not random
//!
//! *What happens:* keys and masks of a client can be foretold (RFC 6455 §10.3), and nobody notices.
//! `Seed::new([7; 32])` in these examples makes them repeatable; it is not for use.
//!
//! *Instead:* `Seed::random()`, with the feature `getrandom`; or 32 bytes of the system's.
//!
//! # 12. `write_all` within `Turn::write`
//!
//! *What happens:* if it fails half-way, what it has written is shown again, and sent twice.
//!
//! *Instead:* one call of `write` or `write_vectored`, and the number that it gives.
//!
//! # 13. Chunks, and only whole messages handled
//!
//! *What happens:* with [`Delivery::Chunks`](crate::Delivery::Chunks) each message comes as
//! `Event::Chunk`, small ones too; `Text` and `Binary` never come.
//!
//! *Instead:* handle `Chunk`, whose `first` and `last` tell where messages begin and end.
//!
//! # 14. `step(true)` on a socket that does not block
//!
//! *What happens:* while the socket is full, `step` says `Write` for ever.
//!
//! *Instead:* behind "would block", `step(false)` until the socket is writable again.
