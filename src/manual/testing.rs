//! Testing: no sockets, no waiting, and the same bytes each time.
//!
//! A connection is a value. Nothing in it looks at a clock, a random device or a socket, so a test
//! passes in bytes, time and randomness, and sees all that comes out.
//!
//! # Two connections over a vector
//!
//! ```
//! use sockless::{CloseCode, Config, Connection, Event, Extensions, Input, Seed};
//!
//! /// All that one end has to say, as the other reads it.
//! fn carry(from: &mut Connection, to: &mut Connection) -> Vec<Event<'static>> {
//!     let mut wire = Vec::new();
//!     while let Some(bytes) = from.transmit().pop() {
//!         wire.extend_from_slice(&bytes);
//!     }
//!     let (mut input, mut events) = (Input::new(&mut wire), Vec::new());
//!     while let Some(event) = to.poll(&mut input) {
//!         events.push(event.into_owned());
//!     }
//!     events
//! }
//!
//! let seed = Seed::new([7; 32]);
//! let mut client = Connection::client(seed, Extensions::default(), Config::default());
//! let mut server = Connection::server(Extensions::default(), Config::default());
//!
//! client.send_text("hello")?;
//! client.ping(b"?")?;
//! let came = carry(&mut client, &mut server);
//! // A ping leaves before all that has not begun to.
//! assert_eq!(came, [Event::Ping(b"?"[..].into()), Event::Text("hello".into())]);
//! assert_eq!(carry(&mut server, &mut client), [Event::Pong(b"?"[..].into())]);
//!
//! server.close(Some(CloseCode::AWAY.into()))?;
//! let [Event::Closed(closed)] = &carry(&mut server, &mut client)[..] else { panic!() };
//! assert_eq!((closed.code, closed.clean), (1001, true));
//! let [Event::Closed(closed)] = &carry(&mut client, &mut server)[..] else { panic!() };
//! assert!(closed.clean);
//! # Ok::<(), sockless::SendError>(())
//! ```
//!
//! To test your own handling of events, keep it in a function of `(&mut Connection, Event<'_>)`, as
//! the [`loops`](super::loops) do. Then it needs no loop to be tested.
//!
//! # Time
//!
//! Pass in the moments that you want to see. [`time`](super::time) tests a dead peer's end in no
//! time. A test of a whole loop takes the moment that `Heartbeat::poll` gave for the next `now`.
//!
//! # Replay
//!
//! With one [`Seed`](crate::Seed) and the same calls, the bytes, the events and the deadlines are
//! the same each time. So a failure that you have recorded, calls and reads, happens again:
//!
//! ```
//! use sockless::client::{Handshake, Request};
//! use sockless::{Config, Connection, Extensions, Seed};
//!
//! let sent = |byte| {
//!     let request = Request::new("ws://a.example/").expect("an address");
//!     let mut handshake = Handshake::new(request, Seed::new([byte; 32]));
//!     let head = handshake.transmit().pop().expect("a request");
//!     let seed = Seed::new([byte; 32]);
//!     let mut client = Connection::client(seed, Extensions::default(), Config::default());
//!     client.send_text("hi").expect("it is open");
//!     (head, client.transmit().pop().expect("a masked frame"))
//! };
//! assert_eq!(sent(1), sent(1));
//! assert_ne!(sent(1), sent(2), "the key of the handshake, and the masks");
//! ```
//!
//! A seed that is used twice is right for a test and wrong for anything else (RFC 6455 §10.3).
//! Where connections share a compression pool, compressed bytes hang on the others too: see
//! [`compression`](super::compression).
//!
//! # Reads that split anywhere
//!
//! TCP keeps no borders between messages. A test that feeds a stream whole, and byte by byte, and
//! cut at each place, finds what depends on them. In sockless nothing does: this holds for each
//! stream.
//!
//! ```
//! use sockless::{Config, Connection, Event, Extensions, Input};
//!
//! let stream = b"\x81\x82\0\0\0\0hi\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b\x88\x80\0\0\0\0";
//! let events = |reads: &[&[u8]]| {
//!     let mut server = Connection::server(Extensions::default(), Config::default());
//!     let mut events = Vec::new();
//!     for read in reads {
//!         let mut read = read.to_vec();
//!         let mut input = Input::new(&mut read);
//!         while let Some(event) = server.poll(&mut input) {
//!             events.push(event.into_owned());
//!         }
//!     }
//!     events
//! };
//! let whole = events(&[stream]);
//! assert_eq!(whole[..2], [Event::Text("hi".into()), Event::Text("ab".into())]);
//! for at in 0..=stream.len() {
//!     let (front, back) = stream.split_at(at);
//!     assert_eq!(events(&[front, back]), whole, "cut at {at}");
//! }
//! let bytes: Vec<&[u8]> = stream.chunks(1).collect();
//! assert_eq!(events(&bytes), whole);
//! ```
//!
//! # Transports that misbehave
//!
//! Writes that take one byte, "would block" at any call, an end of stream in the middle of a frame:
//! each is a call that you make. [`write_with`](crate::Transmit::write_with) gives `Ok(1)` or an
//! `Err` as you like; [`handle_eof`](crate::Connection::handle_eof),
//! [`handle_error`](crate::Connection::handle_error) and
//! [`handle_write_error`](crate::Connection::handle_write_error) may be called at any time, in any
//! order. No order of calls panics.
//!
//! ```
//! use sockless::{Cause, Config, Connection, Event, Extensions, Input};
//!
//! let mut server = Connection::server(Extensions::default(), Config::default());
//! let mut cut = *b"\x81\x85\0\0\0\0hel"; // and then the line is cut
//! assert!(server.poll(&mut Input::new(&mut cut)).is_none());
//! server.handle_eof();
//! let Some(Event::Closed(closed)) = server.poll(&mut Input::empty()) else { panic!() };
//! assert_eq!((closed.code, closed.cause, closed.clean), (1006, Cause::Eof, false));
//! ```
