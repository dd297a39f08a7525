//! Proxies: messages from one connection to another.
//!
//! A proxy has two connections, near and far, and passes on what each receives to the other. What
//! to pass on in which form is a choice for each kind of event:
//!
//! | event | pass it on as |
//! |---|---|
//! | a whole message | the same: [`send_text`](crate::Connection::send_text) |
//! | a chunk | a fragment: [`write_fragment`](crate::Connection::write_fragment) |
//! | a ping, a pong | nothing, or the same |
//! | `Closed` | a Close frame with its code and reason, if it may be sent |
//!
//! # Whole messages or chunks
//!
//! A text that came whole is known to be UTF-8. [`Text`](crate::Text) takes it as it is, borrowed
//! or owned, and it is not checked again. Received and sent on, a short message costs a copy into
//! the queue.
//!
//! With [`Delivery::Chunks`](crate::Delivery::Chunks) a message is passed on while it still comes,
//! and is never in memory as a whole. Each chunk leaves as a fragment. Parts of a text are checked
//! once more when they are sent, because they come as bytes.
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
//! When one side is closed, close the other. The codes 1005 and 1006 are never sent: they say that
//! no code came. `CloseCode::new` gives `None` for them.
//!
//! ```
//! use sockless::{ChunkData, CloseCode, CloseEvent, CloseFrame, Config, Connection, Delivery};
//! use sockless::{Event, Extensions, Input, Seed, SendError};
//!
//! /// Passes on what came, as far as `to` takes it. What is left of the input comes again.
//! fn pass(
//!     from: &mut Connection,
//!     to: &mut Connection,
//!     input: &mut Input<'_>,
//! ) -> Result<(), SendError> {
//!     while !to.above_high_water() {
//!         match from.poll(input) {
//!             Some(Event::Chunk(chunk)) => match chunk.data {
//!                 // Whole messages stay whole, and text is not checked again.
//!                 ChunkData::Text(text) if chunk.first && chunk.last => to.send_text(text)?,
//!                 ChunkData::Binary(data) if chunk.first && chunk.last => to.send_binary(data)?,
//!                 data => {
//!                     if chunk.first {
//!                         to.begin_message(data.kind())?;
//!                     }
//!                     to.write_fragment(data.as_bytes())?;
//!                     if chunk.last {
//!                         to.finish_message()?;
//!                     }
//!                 }
//!             },
//!             Some(Event::Ping(data)) => to.ping(&data)?,
//!             Some(Event::Pong(data)) => to.pong(&data)?,
//!             Some(Event::Closed(closed)) => to.close(goodbye(&closed))?,
//!             Some(_) => {}
//!             None => return Ok(()),
//!         }
//!     }
//!     Ok(())
//! }
//!
//! /// What the other side is told.
//! fn goodbye(closed: &CloseEvent) -> Option<CloseFrame<'_>> {
//!     match CloseCode::new(closed.code) {
//!         Some(code) => Some(CloseFrame::truncated(code, &closed.reason)),
//!         None if closed.clean => None, // 1005: it came without a code, and goes without one.
//!         None => Some(CloseCode::BAD_GATEWAY.into()), // 1006: it just was gone.
//!     }
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
