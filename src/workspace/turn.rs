//! One endpoint's time with the buffers of the loop.

use super::{Held, Workspace};
use crate::endpoint::{Endpoint, Step, next_step};
use crate::input::Input;
use alloc::boxed::Box;
use core::fmt;
use core::num::NonZeroU32;

/// One endpoint's time with a [`Workspace`]: see [`Workspace::turn`].
///
/// Ask [`step`](Self::step) what to do next, and do it, until it says `Wait` or `Done`, or the
/// transport would block. A blocking loop with one endpoint needs one turn; an event loop one for
/// each endpoint that is ready; an async connection one in each call of its `poll`.
///
/// When a turn is dropped, its buffers are free for the next one. Bytes that were not taken go to
/// the endpoint, and its next turn begins with them: nothing is lost, and nothing reaches another
/// endpoint.
///
/// ```
/// use sockless::{Config, Connection, Event, Extensions, Seed, Step, Workspace};
/// use std::io::{self, Read, Write};
///
/// /// Echoes until the connection is over, on a transport that blocks.
/// fn echo(stream: &mut (impl Read + Write), connection: &mut Connection) {
///     let mut workspace = Workspace::default();
///     let mut turn = workspace.turn(connection);
///     loop {
///         match turn.step(true) {
///             Step::Write => drop(turn.write(|slices| stream.write_vectored(slices))),
///             Step::Read => drop(turn.read(|to| stream.read(to))),
///             Step::Shutdown => turn.shutdown(|| {}), // || stream.shutdown(Shutdown::Write)
///             Step::Poll => {
///                 let (connection, mut input) = turn.received(0);
///                 // What is left, because a peer takes less than it is sent, comes again.
///                 while !connection.above_high_water() {
///                     let Some(event) = connection.poll(&mut input) else { break };
///                     let _ = match event {
///                         Event::Text(text) => connection.send_text(text),
///                         Event::Binary(data) => connection.send_binary(data),
///                         _ => Ok(()),
///                     };
///                 }
///             }
///             _ => return,
///         }
///     }
/// }
///
/// // Its transport here: what a client sends, and room for what it gets.
/// struct Both(io::Cursor<Vec<u8>>, Vec<u8>);
/// # impl Read for Both { fn read(&mut self, to: &mut [u8]) -> io::Result<usize> { self.0.read(to) } }
/// # impl Write for Both {
/// #     fn write(&mut self, from: &[u8]) -> io::Result<usize> { self.1.write(from) }
/// #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// # }
/// let mut client = Connection::client(Seed::new([7; 32]), Extensions::default(), Config::default());
/// client.send_text("hi")?;
/// client.close(None)?;
/// let mut sent = Vec::new();
/// while let Some(bytes) = client.transmit().pop() {
///     sent.extend_from_slice(&bytes);
/// }
/// let mut stream = Both(io::Cursor::new(sent), Vec::new());
/// let mut server = Connection::server(Extensions::default(), Config::default());
/// echo(&mut stream, &mut server);
/// assert!(server.is_done());
/// assert_eq!(stream.1, b"\x81\x02hi\x88\x00");
/// # Ok::<(), sockless::SendError>(())
/// ```
pub struct Turn<'a, E: Endpoint + ?Sized> {
    workspace: &'a mut Workspace,
    endpoint: &'a mut E,
    /// The number by which the endpoint is recognized.
    number: NonZeroU32,
    /// Where the endpoint's own bytes were, and may be again.
    held: Option<Box<Held>>,
    /// What was left is with the endpoint.
    handed_over: bool,
}

impl<'a, E: Endpoint + ?Sized> Turn<'a, E> {
    #[inline]
    pub(super) fn begin(workspace: &'a mut Workspace, endpoint: &'a mut E) -> Self {
        let number = workspace.next_turn();
        endpoint.begin_turn(number, &mut workspace.spare);
        let mut held = endpoint.take_held();
        workspace.buffer.begin(held.as_deref_mut());
        Self { workspace, endpoint, number, held, handed_over: false }
    }

    /// What the loop does next, as [`Endpoint::step`] says it. It is `Poll` also if bytes of this
    /// turn were left, unless they are only a part of a frame.
    ///
    /// `writable` says whether the transport may take bytes. Pass `false` after a write would have
    /// blocked, until the transport is writable again. A loop with blocking writes always passes
    /// `true`.
    #[inline]
    #[must_use]
    pub fn step(&self, writable: bool) -> Step {
        next_step(&*self.endpoint, writable, self.workspace.buffer.is_unpolled())
    }

    /// Where the next read goes to. It is never empty, unless memory runs out.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Workspace};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// let mut workspace = Workspace::new(16 << 10, 1 << 20);
    /// assert_eq!(workspace.turn(&mut connection).read_buf().len(), 16 << 10);
    /// ```
    #[inline]
    pub fn read_buf(&mut self) -> &mut [u8] {
        self.take_back();
        self.workspace.buffer.room()
    }

    /// The endpoint and its input: the bytes that were left before, and behind them the `n` bytes
    /// that a read has put at the front of [`read_buf`](Self::read_buf). Poll until `None`.
    ///
    /// Pass 0 for [`Step::Poll`]: the input then has only what was left. An `n` that is larger than
    /// `read_buf` was counts as 0.
    ///
    /// Bytes that are not polled are kept: see [`Input`]. The exception is an `Input` that is
    /// leaked, as by `mem::forget`: then what is left of it is lost.
    #[inline]
    pub fn received(&mut self, n: usize) -> (&mut E, Input<'_>) {
        self.take_back();
        (&mut *self.endpoint, self.workspace.buffer.received(n))
    }

    /// Reads once into [`read_buf`](Self::read_buf), with a call of [`std::io::Read::read`] or its
    /// like. After that, [`step`](Self::step) says `Poll`. An end of stream and a failure are
    /// passed to the endpoint, by [`handle_eof`](Endpoint::handle_eof) and
    /// [`handle_error`](Endpoint::handle_error).
    ///
    /// # Errors
    /// Those of `read`. After "would block" there is nothing more to read now. After
    /// any other, ask for the next step: "interrupted" means to try again, and a failure was passed
    /// to the endpoint already.
    ///
    /// ```
    /// use sockless::{Config, Connection, Event, Extensions, Step, Workspace};
    /// use std::io::Read;
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// let mut workspace = Workspace::default();
    /// let mut turn = workspace.turn(&mut connection);
    /// let mut stream = &b"\x81\x82\0\0\0\0hi"[..];
    /// assert_eq!(turn.read(|to| stream.read(to))?, 8);
    /// assert_eq!(turn.step(true), Step::Poll);
    /// {
    ///     let (connection, mut input) = turn.received(0);
    ///     assert_eq!(connection.poll(&mut input), Some(Event::Text("hi".into())));
    /// }
    /// assert_eq!(turn.read(|to| stream.read(to))?, 0, "the end of the stream");
    /// assert_eq!(turn.step(true), Step::Poll, "for `Closed`");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn read(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> std::io::Result<usize>,
    ) -> std::io::Result<usize> {
        let room = self.read_buf();
        // Without room, a read of no bytes would be taken for the end of the stream.
        let result = match room {
            [] => Err(std::io::ErrorKind::OutOfMemory.into()),
            room => read(room),
        };
        match &result {
            Ok(0) => self.endpoint().handle_eof(),
            Ok(n) => drop(self.received(*n)),
            Err(error) if is_passing(error) => {}
            Err(_) => self.endpoint().handle_error(),
        }
        result
    }

    /// Writes once, with one call of [`std::io::Write::write_vectored`] or its like. If that fails,
    /// or takes 0 bytes, it is passed to the endpoint by
    /// [`handle_write_error`](Endpoint::handle_write_error). An error says that nothing was taken: a
    /// `write_all` that fails half-way would send its beginning twice.
    ///
    /// # Errors
    /// Those of `write`. After "would block", pass `false` to [`step`](Self::step) until the
    /// transport is writable again; a loop that blocks asks for the next step. After any other, ask for the next step: "interrupted"
    /// means to try again, and a failure was passed to the endpoint already.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Step, Workspace};
    /// use std::io::Write;
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text("hi")?;
    /// let mut workspace = Workspace::default();
    /// let mut turn = workspace.turn(&mut connection);
    /// let mut stream = Vec::new();
    /// assert_eq!(turn.write(|slices| stream.write_vectored(slices)).ok(), Some(4));
    /// assert_eq!((&stream[..], turn.step(true)), (&b"\x81\x02hi"[..], Step::Read));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn write(
        &mut self,
        write: impl FnOnce(&[std::io::IoSlice<'_>]) -> std::io::Result<usize>,
    ) -> std::io::Result<usize> {
        if !self.endpoint.wants_write() {
            return Ok(0);
        }
        let result = self.write_with(write);
        match &result {
            Ok(1..) => {}
            Err(error) if is_passing(error) => {}
            _ => self.endpoint().handle_write_error(),
        }
        result
    }

    /// Shuts down the write side of the transport, for [`Step::Shutdown`], and tells the endpoint
    /// by [`shutdown_done`](Endpoint::shutdown_done). It counts as done also if it fails or cannot
    /// be done: the next read tells why. For a transport that needs several calls for it, such as
    /// TLS, call `shutdown_done` yourself after the last.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Step, Workspace};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.handle_eof();
    /// assert!(connection.poll(&mut sockless::Input::empty()).is_some(), "closed");
    /// let mut workspace = Workspace::default();
    /// let mut turn = workspace.turn(&mut connection);
    /// assert_eq!(turn.step(true), Step::Shutdown);
    /// turn.shutdown(|| {}); // || stream.shutdown(Shutdown::Write)
    /// assert_eq!(turn.step(true), Step::Done);
    /// ```
    pub fn shutdown<T>(&mut self, shutdown: impl FnOnce() -> T) -> T {
        let result = shutdown();
        self.endpoint().shutdown_done();
        result
    }

    /// Writes once: calls `write` with the bytes to send, as one or more slices, none of them
    /// empty. `write` returns how many bytes the transport took; these are not shown again. If
    /// there is nothing to send, `write` is not called and the result is 0.
    ///
    /// If `write` returns an error, no byte counts as taken, and the error is returned as it is.
    /// After `WouldBlock`, pass `false` to [`step`](Self::step) until the transport is writable
    /// again. After an error other than "try again", call
    /// [`handle_write_error`](Endpoint::handle_write_error), and read on.
    ///
    /// # Errors
    /// Those of `write`.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Workspace};
    /// use std::io::{ErrorKind, Write};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text("hi")?;
    /// let mut workspace = Workspace::default();
    /// let mut turn = workspace.turn(&mut connection);
    ///
    /// // A transport that takes three bytes, and then no more.
    /// let mut stream = [0; 3];
    /// let mut room = &mut stream[..];
    /// assert_eq!(turn.write_with(|slices| room.write_vectored(slices)).ok(), Some(3));
    /// let full = turn.write_with(|_| Err::<usize, _>(ErrorKind::WouldBlock));
    /// assert_eq!(full, Err(ErrorKind::WouldBlock));
    /// assert_eq!(turn.write_with(|slices| Ok::<_, ()>(slices[0].len())), Ok(1));
    /// assert_eq!(&stream, b"\x81\x02h");
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn write_with<Error>(
        &mut self,
        write: impl FnOnce(&[std::io::IoSlice<'_>]) -> Result<usize, Error>,
    ) -> Result<usize, Error> {
        self.endpoint.transmit().write_with(write)
    }

    /// Writes once, as [`write_with`](Self::write_with) does, but with one slice: for transports
    /// without vectored writes, and without `std`. A message that is queued by reference then takes
    /// two writes, one for its header and one for its payload.
    ///
    /// # Errors
    /// Those of `write`.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Workspace};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text("hi")?;
    /// let mut workspace = Workspace::default();
    /// let mut turn = workspace.turn(&mut connection);
    /// let mut uart = Vec::new();
    /// let taken = turn.write_slice_with(|bytes| {
    ///     uart.extend_from_slice(bytes);
    ///     Ok::<_, ()>(bytes.len())
    /// });
    /// assert_eq!((taken, &uart[..]), (Ok(4), &b"\x81\x02hi"[..]));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[inline]
    pub fn write_slice_with<Error>(
        &mut self,
        write: impl FnOnce(&[u8]) -> Result<usize, Error>,
    ) -> Result<usize, Error> {
        self.endpoint.transmit().write_slice_with(write)
    }

    /// The endpoint: to send, to close, for a heartbeat, and for the rest of [`Endpoint`].
    ///
    /// What is left of the turn's bytes comes in front of what the endpoint is told or polled for
    /// here, but for a part of a frame, which stays with the turn: do not poll an input of your own
    /// here. Another endpoint that is put in the place of this one gets nothing of its bytes.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Step, Workspace};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// let mut workspace = Workspace::default();
    /// let mut turn = workspace.turn(&mut connection);
    /// turn.endpoint().send_text("hi")?;
    /// assert_eq!(turn.step(true), Step::Write);
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[inline]
    pub fn endpoint(&mut self) -> &mut E {
        if self.workspace.buffer.is_unpolled() {
            self.hand_over();
        }
        self.endpoint
    }

    /// Gives what was left to the endpoint: it comes before what the endpoint is told or polled for
    /// next.
    #[cold]
    fn hand_over(&mut self) {
        let held = self.workspace.buffer.hand_over(self.held.take());
        if self.endpoint.is_in_turn(self.number) {
            self.endpoint.hold(held);
        }
        self.handed_over = true;
    }

    #[inline]
    fn take_back(&mut self) {
        if self.handed_over || !self.endpoint.is_in_turn(self.number) {
            self.begin_again();
        }
    }

    /// Goes on with what the endpoint holds. If another endpoint was put in its place, the bytes of
    /// the first are dropped.
    #[cold]
    fn begin_again(&mut self) {
        let (resumes, buffer) = (self.endpoint.is_in_turn(self.number), &mut self.workspace.buffer);
        self.handed_over = false;
        self.endpoint.begin_turn(self.number, &mut self.workspace.spare);
        self.held = self.endpoint.take_held();
        if resumes {
            buffer.resume(self.held.as_deref_mut());
        } else {
            buffer.begin(self.held.as_deref_mut());
        }
    }
}

impl<E: Endpoint + ?Sized> Drop for Turn<'_, E> {
    #[inline]
    fn drop(&mut self) {
        let held = self.workspace.buffer.end(self.held.take());
        if held.is_some() && self.endpoint.is_in_turn(self.number) {
            self.endpoint.hold(held);
        }
        self.endpoint.end_turn(self.number, &mut self.workspace.spare);
    }
}

impl<E: Endpoint + ?Sized> fmt::Debug for Turn<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

/// Whether an error only means to try again later.
#[cfg(feature = "std")]
fn is_passing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    // With a time-out for reads, Windows says "timed out" where others say "would block". Elsewhere
    // it is a peer that is gone.
    matches!(error.kind(), Interrupted | WouldBlock) || cfg!(windows) && error.kind() == TimedOut
}
