//! Proxies: messages from one connection to another.
//!
//! A proxy has two connections, near and far, and passes on what each receives to the other.
//! [`forward`](crate::Connection::forward) does it for each kind of event:
//!
//! | event | is passed on as |
//! |---|---|
//! | a whole message | the same |
//! | a chunk | a fragment |
//! | a ping, a pong | nothing: call `ping` and `pong` if you want the same |
//! | `Closed` | a Close frame with its code and reason, if they may be sent |
//!
//! # Whole messages or chunks
//!
//! A text that came whole is known to be UTF-8. [`Text`](crate::Text) takes it as it is, borrowed
//! or owned, and it is not checked again. Received and sent on, a short message costs a copy into
//! the queue.
//!
//! With [`Delivery::Chunks`](crate::Delivery::Chunks) a message is passed on while it still comes,
//! and is never in memory as a whole. Each chunk leaves as a fragment, and text in it is not checked
//! again. (What you write by [`write_fragment`](crate::Connection::write_fragment) is: it comes as
//! bytes.)
//!
//! # Pings and pongs
//!
//! Each connection answers its own pings, so nothing needs to be passed on: each side learns that
//! the proxy lives. Give both a [`Heartbeat`](crate::Heartbeat), and both sides are found out when
//! they die.
//!
//! To pass on pings and pongs too, send the same on the other side. The answer of the proxy itself
//! cannot be kept back, so the sender of a ping gets two pongs. That is allowed (RFC 6455 §5.5.3).
//!
//! # The end
//!
//! When one side is closed, close the other: `forward` does. The codes 1005 and 1006 are never sent.
//! A Close frame that came without a code, 1005, goes on without one. Where none came, 1006, the
//! other side is told 1014, bad gateway.
//!
//! ```
//! use sockless::{Config, Connection, Delivery, Event, Extensions, Input, Seed, SendError};
//!
//! /// Passes on what came, as far as `to` takes it. What is left of the input comes again.
//! fn pass(
//!     from: &mut Connection,
//!     to: &mut Connection,
//!     input: &mut Input<'_>,
//! ) -> Result<(), SendError> {
//!     while !to.above_high_water() {
//!         match from.poll(input) {
//!             Some(Event::Ping(data)) => to.ping(&data)?,
//!             Some(Event::Pong(data)) => to.pong(&data)?,
//!             Some(event) => to.forward(event)?,
//!             None => return Ok(()),
//!         }
//!     }
//!     Ok(())
//! }
//!
//! let mut config = Config::default();
//! config.delivery = Delivery::Chunks;
//! let mut near = Connection::server(Extensions::default(), config.clone());
//! let mut far = Connection::client(Seed::new([7; 32]), Extensions::default(), config.clone());
//!
//! // Two thirds of "abc", a ping in between, the rest, and a goodbye with 1001.
//! let mut read = [
//!     &b"\x01\x82\0\0\0\0ab\x89\x81\0\0\0\0?"[..],
//!     b"\x80\x81\0\0\0\0c\x88\x82\0\0\0\0\x03\xe9",
//! ]
//! .concat();
//! pass(&mut near, &mut far, &mut Input::new(&mut read))?;
//!
//! // What the server behind the proxy sees.
//! let mut server = Connection::server(Extensions::default(), Config::default());
//! let (mut wire, mut seen) = (Vec::new(), Vec::new());
//! while let Some(bytes) = far.transmit().pop() {
//!     wire.extend_from_slice(&bytes);
//! }
//! let mut input = Input::new(&mut wire);
//! while let Some(event) = server.poll(&mut input) {
//!     seen.push(event.into_owned());
//! }
//! assert_eq!(seen[0], Event::Ping(b"?"[..].into()), "it leaves before what has not begun to");
//! assert_eq!(seen[1], Event::Text("abc".into()));
//! assert!(matches!(&seen[2], Event::Closed(closed) if closed.code == 1001 && closed.clean));
//!
//! // Who is gone without a goodbye:
//! let mut near = Connection::server(Extensions::default(), config.clone());
//! let mut far = Connection::client(Seed::new([7; 32]), Extensions::default(), config);
//! near.handle_eof();
//! pass(&mut near, &mut far, &mut Input::empty())?;
//! let mut wire = far.transmit().pop().expect("a Close frame").to_vec();
//! let mut server = Connection::server(Extensions::default(), Config::default());
//! let Some(Event::Closed(closed)) = server.poll(&mut Input::new(&mut wire)) else { panic!() };
//! assert_eq!(closed.code, 1014);
//! # Ok::<(), SendError>(())
//! ```
//!
//! Both sides may end at the same time. Then a send is refused with
//! [`SendError::Closed`](crate::SendError::Closed): nobody would hear it. End the loop of a
//! connection when its own [`is_done`](crate::Connection::is_done) says so, and not when the other
//! side's does.
//!
//! # Back-pressure through the proxy
//!
//! While `far` is above its mark, nothing of `near` is polled, and nothing of it is to be read:
//! then the proxy holds one read and the queue up to its mark, and `near`'s peer has to wait. Take
//! the steps `Poll` and `Read` of `near` for [`Wait`](crate::Step::Wait) for as long, go on
//! writing, and tell its heartbeat by [`paused`](crate::Heartbeat::paused), for silence is then no
//! sign of death. When `far` has written enough, give `near` a turn: its next step is to poll what
//! was left.
//!
//! Choose smaller marks for a proxy than the default: 64 and 256 KiB, for example.
//!
//! # Compression
//!
//! It is agreed on with each side by itself, so a message may come compressed and leave plain. To
//! pass on the compressed bytes themselves is not possible: they refer to messages before them.
