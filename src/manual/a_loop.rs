//! The loop, and what it must do.
//!
//! sockless does no I/O. Your loop moves bytes between a transport and an *endpoint*, and the
//! endpoint knows the protocol. There are four endpoints, and one loop drives them all, because
//! they share the trait [`Endpoint`]:
//!
//! | endpoint | what it is | it ends with |
//! |---|---|---|
//! | [`server::Handshake`] | a transport that came in | [`Incoming`](crate::server::Incoming) |
//! | [`client::Handshake`] | a transport that you opened | [`Outcome`](crate::client::Outcome) |
//! | [`Connection`] | an open WebSocket | [`Event::Closed`], then `Done` |
//! | [`server::Replying`] | an answer to who gets no connection | `Done` |
//!
//! # 1. Ask what is next
//!
//! A [`Workspace`] holds the buffers, one for each thread. A [`Turn`] is one endpoint's time with
//! it. [`Turn::step`] says what the loop does next. Ask again after each step.
//!
//! | step | do |
//! |---|---|
//! | [`Write`](crate::Step::Write) | one write, by [`Turn::write`] |
//! | [`Poll`](crate::Step::Poll) | take [`received(0)`](crate::Turn::received), poll until `None` |
//! | [`Shutdown`](crate::Step::Shutdown) | shut down the write side, by [`Turn::shutdown`] |
//! | [`Read`](crate::Step::Read) | one read, by [`Turn::read`], or wait for one |
//! | [`Wait`](crate::Step::Wait) | wait until the transport takes bytes, or for a deadline |
//! | [`Done`](crate::Step::Done) | drop the transport |
//!
//! The reasons:
//!
//! - **Write** comes first, because what was queued is to leave before more is read: so a whole
//!   batch of messages is answered in one write. One for each message can cost ten times as much.
//!   Pongs, Close frames and refusals are in it too, and not only what you sent.
//! - **Poll** comes before Read, because what is there already must not wait for a read that may
//!   bring nothing.
//! - **Shutdown** comes when all is said. Dropping the socket in its place may send a reset, which
//!   destroys the Close frame on its way. With TLS it is close_notify.
//! - **Read** goes on while what comes is only thrown away: unread bytes make the kernel send that
//!   reset too.
//! - **Wait** comes without Read when output waits and reading would only make more of it.
//! - **Done** is not [`Event::Closed`]: that says that nothing more arrives, and not that all has
//!   left.
//!
//! `step(true)` says that the transport may take bytes. After it has refused some ("would block"),
//! say `step(false)` until it is writable again. A loop that blocks in writing always says true.
//!
//! # 2. Tell what the transport answered
//!
//! [`Turn::write`] and [`Turn::read`] do it for you. They give the result back, and one error in it
//! is yours: after "would block", wait. Where a loop calls [`Turn::write_with`], [`Turn::received`]
//! or [`Transmit::pop`] itself, because its errors are no `io::Error`, it does this:
//!
//! | a write | do |
//! |---|---|
//! | took `n` bytes | nothing: the rest is shown by the next one |
//! | took 0 bytes | [`handle_write_error`](crate::Endpoint::handle_write_error) |
//! | would block | nothing: wait until it is writable, nothing was taken |
//! | was interrupted | nothing: ask for the next step |
//! | failed | [`handle_write_error`](crate::Endpoint::handle_write_error) |
//!
//! | a read | do |
//! |---|---|
//! | brought `n` bytes | [`received(n)`](crate::Turn::received), and poll until `None` |
//! | brought 0 bytes | [`handle_eof`](crate::Endpoint::handle_eof) |
//! | would block | nothing: wait until it is readable |
//! | was interrupted | nothing: ask for the next step |
//! | failed | [`handle_error`](crate::Endpoint::handle_error) |
//!
//! - **A write that fails is not the end.** The peer may have said goodbye and left before it took
//!   what you sent. Its Close frame is there to be read, so the next step is Read.
//! - **A write of 0 bytes counts as one that failed**, because a transport that takes nothing now
//!   takes nothing later.
//! - **A read of 0 bytes is the end of the stream.** What came before is still given by `poll`, and
//!   then `Closed`.
//! - **A read that fails is the end of the transport.** What is queued is dropped; the rest is the
//!   same.
//!
//! # 3. The loop
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use sockless::{Endpoint, Step, Turn};
//! use std::io::{Read, Write};
//!
//! /// Up to where there is something to poll. `false`: it is over, drop the transport.
//! fn next<E: Endpoint>(stream: &mut (impl Read + Write), turn: &mut Turn<'_, E>) -> bool {
//!     loop {
//!         match turn.step(true) {
//!             // What can go wrong with them, the turn tells the endpoint.
//!             Step::Write => drop(turn.write(|slices| stream.write_vectored(slices))),
//!             Step::Read => drop(turn.read(|to| stream.read(to))),
//!             Step::Shutdown => turn.shutdown(|| {}), // || stream.shutdown(Shutdown::Write)
//!             Step::Poll => return true,
//!             Step::Wait | Step::Done => return false, // A transport that blocks never waits.
//!         }
//!     }
//! }
//!
//! // Its first user: an echo. The transport gives what a client has sent, and keeps what it gets.
//! use sockless::{Config, Connection, Event, Extensions, Workspace};
//! # use std::io;
//! # struct Wire { sent: io::Cursor<Vec<u8>>, got: Vec<u8> }
//! # impl Read for Wire {
//! #     fn read(&mut self, to: &mut [u8]) -> io::Result<usize> { self.sent.read(to) }
//! # }
//! # impl Write for Wire {
//! #     fn write(&mut self, from: &[u8]) -> io::Result<usize> { self.got.write(from) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! let sent = b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0".to_vec(); // "hi" and a Close frame
//! let mut stream = Wire { sent: io::Cursor::new(sent), got: Vec::new() };
//!
//! let mut connection = Connection::server(Extensions::default(), Config::default());
//! let mut workspace = Workspace::default();
//! let mut turn = workspace.turn(&mut connection);
//! let mut closed = None;
//! while next(&mut stream, &mut turn) {
//!     let (connection, mut input) = turn.received(0);
//!     while let Some(event) = connection.poll(&mut input) {
//!         match event {
//!             Event::Text(text) => connection.send_text(text)?,
//!             Event::Closed(close_event) => closed = Some(close_event),
//!             _ => {}
//!         }
//!     }
//! }
//! assert!(closed.is_some_and(|closed| closed.clean));
//! assert_eq!(stream.got, b"\x81\x02hi\x88\x00");
//! # }
//! # Ok::<(), sockless::SendError>(())
//! ```
//!
//! # 4. Poll until `None`
//!
//! A read may bring many messages, or a part of one. Poll until `None` after each. Events borrow
//! from the buffer that was read into, and not from the connection: so you can answer while you
//! hold them.
//!
//! You may stop earlier. What is left of the input is not lost: it comes again, in front of what is
//! read next, in this turn or in the endpoint's next one. [`back_pressure`] says when to stop.
//!
//! **No error comes out of `poll`.** What a peer does wrong is an event like its goodbye:
//! [`Event::Closed`] has the [`Cause`], the right Close frame is queued already, and the loop goes
//! on as always. Pings are answered before you see them. An application that ignores all events but
//! messages is still correct.
//!
//! `Closed` is told exactly once, however a connection ends. It is not the end of the loop: the
//! loop ends with [`Step::Done`].
//!
//! The errors that there are: [`SendError`], when a send is refused and nothing was queued;
//! [`HandshakeError`], the reason in a failed handshake's outcome. [`limits`] lists them.
//!
//! # 5. Flush before you wait
//!
//! A transport that keeps bytes back, as TLS streams and `BufWriter` do, needs a flush after the
//! last write and before the loop waits, or reads in a way that blocks. Otherwise the peer waits
//! for your answer and you wait for the peer. Sockets keep nothing back: set TCP_NODELAY, because a
//! header and its payload may leave in two writes.
//!
//! # 6. From the handshake to the connection
//!
//! A handshake's `poll` gives its outcome once; then the handshake is done. The outcome has taken
//! over all that it needs, with what is left of the input: frames right behind the head, or a body.
//! End the handshake's turn, and begin one for what the outcome became, over the same transport and
//! in the same workspace:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use sockless::server::{Config, Handshake, Incoming};
//! use sockless::{Event, Step, Workspace};
//! # use std::io::Read;
//! # let mut stream = &b"GET / HTTP/1.1\r\nHost: a\r\n\
//! #     Upgrade: websocket\r\nConnection: Upgrade\r\n\
//! #     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
//! #     \x81\x82\0\0\0\0hi"[..];
//!
//! let mut workspace = Workspace::default();
//! let mut handshake = Handshake::new(Config::default());
//! let incoming = {
//!     let mut turn = workspace.turn(&mut handshake);
//!     let read = stream.read(turn.read_buf())?; // The request, and "hi" right behind it.
//!     let (handshake, mut input) = turn.received(read);
//!     handshake.poll(&mut input)
//! };
//! let Some(Incoming::Upgrade(request)) = incoming else { panic!() };
//! let mut connection = request.accept().open(sockless::Config::default());
//!
//! let mut turn = workspace.turn(&mut connection);
//! assert_eq!(turn.step(false), Step::Poll, "without another read");
//! let (connection, mut input) = turn.received(0);
//! assert_eq!(connection.poll(&mut input), Some(Event::Text("hi".into())));
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Do not read while you make up your mind whether to accept. `Incoming::Http` and
//! `Incoming::Failed` become a [`Replying`](crate::server::Replying), which the same loop drives to
//! its end. A client's `Outcome::Open` becomes a connection; behind any other outcome the transport
//! is yours to drop.
//!
//! # 7. Look at the time
//!
//! Without a clock nothing ever ends that a peer does not end. Call [`Heartbeat::poll`] for a
//! connection and [`Deadline::poll`] for all else, as the last thing before you wait, and at the
//! latest at the moment that it gave. What it changes, `step` sees, so ask once more. [`time`] has
//! the details.
//!
//! # 8. Send when nothing came
//!
//! Queue by [`send_text`](crate::Connection::send_text) and its like at any time, also between two
//! turns. Then give the connection a turn: nothing leaves by itself. A loop that waits has to be
//! woken for it, by mio's `Waker`, a channel or an eventfd.
//!
//! # Without a workspace
//!
//! [`Input::new`] wraps any bytes, and [`Connection::transmit`] gives what is to be sent: for owned
//! buffers, C callers and tests. Then what is left of an input is yours to keep: see
//! [`Input::into_rest`], and the completion-based loop in [`loops`].
//!
//! [`Cause`]: crate::Cause
//! [`Connection`]: crate::Connection
//! [`Connection::transmit`]: crate::Connection::transmit
//! [`Deadline::poll`]: crate::Deadline::poll
//! [`Endpoint`]: crate::Endpoint
//! [`Event::Closed`]: crate::Event::Closed
//! [`HandshakeError`]: crate::HandshakeError
//! [`Heartbeat::poll`]: crate::Heartbeat::poll
//! [`Input::into_rest`]: crate::Input::into_rest
//! [`Input::new`]: crate::Input::new
//! [`SendError`]: crate::SendError
//! [`Step::Done`]: crate::Step::Done
//! [`Transmit::pop`]: crate::Transmit::pop
//! [`Turn`]: crate::Turn
//! [`Turn::read`]: crate::Turn::read
//! [`Turn::received`]: crate::Turn::received
//! [`Turn::shutdown`]: crate::Turn::shutdown
//! [`Turn::step`]: crate::Turn::step
//! [`Turn::write`]: crate::Turn::write
//! [`Turn::write_with`]: crate::Turn::write_with
//! [`Workspace`]: crate::Workspace
//! [`back_pressure`]: super::back_pressure
//! [`client::Handshake`]: crate::client::Handshake
//! [`limits`]: super::limits
//! [`loops`]: super::loops
//! [`server::Handshake`]: crate::server::Handshake
//! [`server::Replying`]: crate::server::Replying
//! [`time`]: super::time
