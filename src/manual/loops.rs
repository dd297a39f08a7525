//! The whole loop, for each kind of I/O.
//!
//! Each of these serves one or many transports from the first byte to the last: the handshake, the
//! answer to a request that is no WebSocket, the connection, its time-outs, back-pressure and both
//! directions of closing. What to do with an event is yours: `on_event`. Copy the one that you
//! need; each is a file in `examples/loops`, and runs over real sockets in `tests/manual`.
//!
//! | you have | take | what is special |
//! |---|---|---|
//! | a thread for each connection | [blocking](#blocking) | the heartbeat bounds each wait |
//! | mio, epoll, kqueue | [non-blocking](#non-blocking) | "would block" is remembered |
//! | tokio, smol, any executor | [async](#async) | each call of `poll` is a turn |
//! | io_uring, IOCP | [completion-based](#completion-based) | the kernel owns the buffers |
//!
//! A client's loop is the same around [`client::Handshake`](crate::client::Handshake): connect to
//! its [`host()`](crate::client::Request::host) and [`port()`](crate::client::Request::port) first.
//!
//! # Blocking
//!
//! A thread that is blocked in a write does not read. If the peer does the same, both wait until
//! the heartbeat's `write_timeout` ends the connection. Where both sides send much at once, take
//! one of the other loops.
//!
//! ```no_run
#![doc = include_str!("../../examples/loops/blocking.rs")]
//! ```
//!
//! # Non-blocking
//!
//! mio tells each change of readiness once, so each direction's readiness is kept until a call says
//! "would block". A peer that sends without a pause is left after 16 polls, so that the others get
//! their turns. For a loop with level-triggered readiness (plain `poll(2)`), register for writing
//! only while `step(true)` is `Write`.
//!
//! ```no_run
#![doc = include_str!("../../examples/loops/nonblocking.rs")]
//! ```
//!
//! # Async
//!
//! A plain socket of tokio says when it is ready, and is then read and written without waiting. A
//! turn lasts from one wait to the next, so nothing is borrowed across an `.await`, and one workspace
//! serves all tasks of a thread. (Text, because this package does not depend on tokio.)
//!
//! ```text
//! async fn run<E: Endpoint, T>(
//!     tcp: &mut TcpStream,
//!     endpoint: &mut E,
//!     mut time: impl FnMut(&mut E) -> Option<Instant>, // Heartbeat::poll, Deadline::poll
//!     mut poll: impl FnMut(&mut E, &mut Input<'_>) -> Option<T>,
//! ) -> Option<T> {
//!     let blocks = |done: io::Result<usize>| done.is_err_and(|e| e.kind() == WouldBlock);
//!     loop {
//!         let mut due = None;
//!         let step = WORKSPACE.with_borrow_mut(|workspace| {
//!             let mut turn = workspace.turn(endpoint);
//!             let (mut readable, mut writable) = (true, true);
//!             loop {
//!                 due = time(turn.endpoint());
//!                 match turn.step(writable) {
//!                     Step::Write => {
//!                         writable = !blocks(turn.write(|from| tcp.try_write_vectored(from)));
//!                     }
//!                     Step::Read if readable => {
//!                         readable = !blocks(turn.read(|to| tcp.try_read(to)));
//!                     }
//!                     Step::Poll => {
//!                         let (endpoint, mut input) = turn.received(0);
//!                         if let Some(outcome) = poll(endpoint, &mut input) {
//!                             return Err(outcome);
//!                         }
//!                     }
//!                     step => return Ok(step),
//!                 }
//!             }
//!         });
//!         let interest = match step {
//!             Err(outcome) => return Some(outcome),
//!             Ok(Step::Shutdown) => {
//!                 let _ = tcp.shutdown().await;
//!                 endpoint.shutdown_done();
//!                 continue;
//!             }
//!             Ok(Step::Read) if endpoint.wants_write() => Interest::READABLE | Interest::WRITABLE,
//!             Ok(Step::Read) => Interest::READABLE,
//!             Ok(Step::Wait) => Interest::WRITABLE,
//!             Ok(_) => return None,
//!         };
//!         match due {
//!             Some(due) => drop(timeout_at(due, tcp.ready(interest)).await),
//!             None => drop(tcp.ready(interest).await),
//!         }
//!     }
//! }
//! ```
//!
//! Over TLS, or another runtime, the loop is a `poll` function, because neither a turn nor its buffers can be held across an
//! `.await` by a future that reads and writes at the same time. `Io` is what it asks of a runtime.
//! For tokio:
//!
//! ```text
//! struct Tokio<T> { stream: T, sleep: Pin<Box<tokio::time::Sleep>> }
//!
//! impl<T: AsyncRead + AsyncWrite + Unpin> Io for Tokio<T> {
//!     fn poll_read(
//!         &mut self,
//!         context: &mut Context<'_>,
//!         to: &mut [u8],
//!     ) -> Poll<io::Result<usize>> {
//!         let mut to = ReadBuf::new(to);
//!         ready!(Pin::new(&mut self.stream).poll_read(context, &mut to))?;
//!         Poll::Ready(Ok(to.filled().len()))
//!     }
//!     fn poll_write_vectored(
//!         &mut self,
//!         context: &mut Context<'_>,
//!         from: &[IoSlice<'_>],
//!     ) -> Poll<io::Result<usize>> {
//!         Pin::new(&mut self.stream).poll_write_vectored(context, from)
//!     }
//!     fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
//!         Pin::new(&mut self.stream).poll_flush(context)
//!     }
//!     fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
//!         Pin::new(&mut self.stream).poll_shutdown(context)
//!     }
//!     fn poll_sleep_until(&mut self, context: &mut Context<'_>, moment: Instant) -> Poll<()> {
//!         if self.sleep.deadline().into_std() != moment {
//!             self.sleep.as_mut().reset(moment.into());
//!         }
//!         self.sleep.as_mut().poll(context)
//!     }
//! }
//! ```
//!
//! To send from other tasks, poll a channel's receiver in front of `step`. `on_event` must not poll
//! another connection of the thread: the workspace is in use.
//!
//! ```no_run
#![doc = include_str!("../../examples/loops/asynchronous.rs")]
//! ```
//!
//! # Completion-based
//!
//! The kernel owns a buffer from the call to the completion, so there is no workspace: an [`Input`]
//! wraps the buffer that came back, and [`Transmit::pop`] gives what is to be written, owned. What
//! was popped counts as sent. So pop one buffer at a time, and tell `step` that the transport is
//! not writable until it was written whole: then nothing is shut down too early, and the heartbeat
//! sees how the transport moves. A ring that serves many connections finds each by the user data of
//! its completion.
//!
//! When the loop is over, cancel the read that may still be under way, and then close the socket.
//!
//! ```no_run
#![doc = include_str!("../../examples/loops/completion.rs")]
//! ```
//!
//! [`Input`]: crate::Input
//! [`Transmit::pop`]: crate::Transmit::pop
