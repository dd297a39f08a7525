//! What a loop does for each endpoint: the contract between the two.
//!
//! ```text
//!            Write ────► write, as far as the transport takes it
//!           ╱
//!          ├─ Poll ────► poll until None
//!   step ──┼─ Shutdown ► shut down the write side once, then shutdown_done()
//!          ├─ Read ────► read; end of stream: handle_eof(); failure: handle_error()
//!          ├─ Wait ────► wait for the transport to take more, or for a deadline
//!           ╲
//!            Done ─────► drop the transport
//! ```
//!
//! [`Linger`] is here too. It decides how a transport comes to its end, for connections and for
//! refused handshakes alike.

use crate::held::Held;
use crate::outbox::{Spare, Transmit};
use alloc::boxed::Box;
use core::num::NonZeroU32;

/// One end of a transport, as a loop sees it: a [`Connection`](crate::Connection), a
/// [`server::Handshake`](crate::server::Handshake), a
/// [`client::Handshake`](crate::client::Handshake) or a
/// [`server::Replying`](crate::server::Replying).
///
/// Each of these types also has the methods of the trait as inherent ones, so a call needs no
/// import. The trait is for loops that drive any of them. It is dyn-compatible; and it is sealed,
/// so that methods can be added.
///
/// # The contract of a loop
///
/// A loop does the following until [`is_done`](Self::is_done), in the order that
/// [`step`](Self::step) gives:
///
/// | do | when | because |
/// |---|---|---|
/// | write what there is to send | [`wants_write`](Self::wants_write) | pongs, Close frames and refusals are to be sent too, and not only your messages. Write once for a batch of input: a write for each message costs ten times as much. Flush a transport that has a buffer of its own, such as TLS, before you wait |
/// | `poll` until `None` | after each read, and when [`wants_poll`](Self::wants_poll) says so | frames may have come right behind a handshake, or been left by the last poll |
/// | shut down the write side once, then [`shutdown_done`](Self::shutdown_done) | [`wants_shutdown`](Self::wants_shutdown) | all output has left and no more will follow. If the socket is dropped instead, it may send a reset, which destroys the Close frame before the peer has read it. Over TLS, send close_notify |
/// | read | [`wants_read`](Self::wants_read) | more may come. After the end, what comes is read and thrown away, so that no reset is sent |
/// | [`handle_eof`](Self::handle_eof), then poll until `None` | a read gives 0 bytes | events from what came before are still given, and then `Closed`, once |
/// | [`handle_error`](Self::handle_error), then the same; after a failed write [`handle_write_error`](Self::handle_write_error), and read on | a read or a write fails, with an error other than "would block" and "interrupted" | the peer may have closed and gone before it took what you sent: its Close frame can still be read |
/// | [`Heartbeat::poll`](crate::Heartbeat::poll) or [`Deadline::poll`](crate::Deadline::poll), then ask for the next step again | as the last thing before you wait, and at the moment that they give | nothing else limits how long a peer may be silent |
/// | drop the transport | [`is_done`](Self::is_done) | before that, output may still wait: `Closed` means that nothing more arrives, not that everything has left. When a handshake is done, its outcome goes on with the transport |
///
/// A violation by the peer is not an error that the loop has to handle: the right Close frame is
/// queued, `Closed` names the rule, and the loop goes on as always. With a [`Turn`](crate::Turn) a
/// whole loop is 30 lines: see there, and [`manual::loops`](crate::manual::loops) for each kind of
/// I/O.
///
/// ```
/// use sockless::{Config, Connection, Endpoint, Extensions, Step};
///
/// let mut connection = Connection::server(Extensions::default(), Config::default());
/// connection.send_text("hi")?;
/// let side: &mut dyn Endpoint = &mut connection;
/// assert_eq!(side.step(true), Step::Write);
///
/// // A partial write is no problem.
/// let taken = side.transmit().write_slice_with(|bytes| Ok::<_, ()>(bytes.len() - 1));
/// assert_eq!((taken, side.step(true)), (Ok(3), Step::Write));
/// assert_eq!(side.transmit().pop().as_deref(), Some(&b"i"[..]));
/// assert_eq!(side.step(true), Step::Read);
/// # Ok::<(), sockless::SendError>(())
/// ```
pub trait Endpoint: sealed::Sealed + Send + Sync {
    /// What the loop does next. Ask again after each step, because each may change the answer.
    /// Within a turn, ask [`Turn::step`](crate::Turn::step) instead.
    ///
    /// `writable` says whether the transport may take bytes. Pass `false` after a write would have
    /// blocked, until the transport is writable again. A loop with blocking writes always passes
    /// `true`.
    ///
    /// ```
    /// use sockless::server::{Config, Handshake, Incoming};
    /// use sockless::{Endpoint, Input, Step};
    /// use std::io::{Cursor, Read, Write};
    ///
    /// /// Sends an answer, over a transport that blocks.
    /// fn send(side: &mut dyn Endpoint, stream: &mut (impl Read + Write)) -> std::io::Result<()> {
    ///     loop {
    ///         match side.step(true) {
    ///             Step::Write => drop(side.transmit().write_with(|out| stream.write_vectored(out))?),
    ///             Step::Shutdown => side.shutdown_done(), // Shut it down first, where it can be.
    ///             Step::Read => match stream.read(&mut [0; 1024])? {
    ///                 0 => side.handle_eof(),
    ///                 _ => {} // It is thrown away.
    ///             },
    ///             _ => return Ok(()),
    ///         }
    ///     }
    /// }
    ///
    /// let mut head = *b"GET / HTTP/1.1\r\n\r\n";
    /// let incoming = Handshake::new(Config::default()).poll(&mut Input::new(&mut head));
    /// let Some(Incoming::Http(plain)) = incoming else { panic!("{incoming:?}") };
    /// let mut answer = plain.reply(404).into_replying();
    /// let mut stream = Cursor::new(Vec::new());
    /// send(&mut answer, &mut stream)?;
    /// assert!(answer.is_done() && stream.into_inner().starts_with(b"HTTP/1.1 404 Not Found\r\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn step(&self, writable: bool) -> Step {
        next_step(self, writable, false)
    }

    /// The bytes to send, for a loop without a [`Workspace`](crate::Workspace): see [`Transmit`].
    fn transmit(&mut self) -> Transmit<'_>;

    /// Whether [`transmit`](Self::transmit) has bytes.
    fn wants_write(&self) -> bool;

    /// Whether reading makes sense. It is harmless to read anyway, and also not to read for a
    /// while, for back-pressure.
    fn wants_read(&self) -> bool;

    /// Whether polling may give something without another read: from bytes that came and were not
    /// taken, such as frames right behind the head of a handshake, or because of
    /// [`handle_eof`](Self::handle_eof), [`handle_error`](Self::handle_error) or a time-out.
    fn wants_poll(&self) -> bool;

    /// Whether it is time to shut down the write side of the transport: all output was taken and
    /// nothing will follow.
    fn wants_shutdown(&self) -> bool;

    /// Tells the endpoint that the write side was shut down. Call it also if that failed, or if the
    /// transport has no half-close. It does nothing if [`wants_shutdown`](Self::wants_shutdown) is
    /// false.
    fn shutdown_done(&mut self);

    /// Tells the endpoint that the peer's stream has ended: a read gave 0 bytes. `poll` still gives
    /// the events from all that came before, and then tells the end.
    ///
    /// ```
    /// use sockless::{Cause, Config, Connection, Event, Extensions, Input};
    ///
    /// let mut server = Connection::server(Extensions::default(), Config::default());
    /// let mut read = *b"\x81\x82\0\0\0\0hi";
    /// let mut input = Input::new(&mut read);
    /// server.handle_eof();
    /// assert_eq!(server.poll(&mut input), Some(Event::Text("hi".into())));
    /// let Some(Event::Closed(closed)) = server.poll(&mut input) else { panic!() };
    /// assert_eq!((closed.code, closed.cause), (1006, Cause::Eof));
    /// ```
    fn handle_eof(&mut self);

    /// Tells the endpoint that the transport failed: a read gave an error other than "try again".
    /// Output is dropped. `poll` still gives the events from all that came before, and then tells
    /// the end.
    fn handle_error(&mut self);

    /// Tells the endpoint that a write failed with an error other than "try again". Output is
    /// dropped, and no more will follow. Reading goes on: the peer may have closed and gone before
    /// it took what was sent, and then its Close frame can still be read. If reading is not
    /// possible either, call [`handle_error`](Self::handle_error) instead.
    ///
    /// ```
    /// use sockless::{Extensions, Cause, Config, Connection, Event, Input, Endpoint};
    ///
    /// let mut server = Connection::server(Extensions::default(), Config::default());
    /// server.send_text("news")?;
    /// server.handle_write_error(); // "broken pipe"
    /// assert!(!server.wants_write() && server.wants_read() && !server.is_open());
    ///
    /// // What the peer had sent before: Close, 1001, masked with zeros.
    /// let mut read = *b"\x88\x82\0\0\0\0\x03\xe9";
    /// let Some(Event::Closed(close_event)) = server.poll(&mut Input::new(&mut read)) else { panic!() };
    /// assert_eq!((close_event.code, close_event.clean, close_event.cause), (1001, false, Cause::Peer));
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    fn handle_write_error(&mut self);

    /// Tells the endpoint that its time is up: for the handshake, for its answer to be taken, or
    /// for the closing handshake. It ends as when the transport fails. One exception: a server's
    /// handshake that has begun still answers, by the outcome of the next `poll`.
    /// [`Deadline`](crate::Deadline) calls this for you.
    fn handle_timeout(&mut self);

    /// Whether it is over: drop the transport now. After a handshake has given its outcome, the
    /// transport belongs to the outcome.
    fn is_done(&self) -> bool;
}

/// What a loop does next: see [`Endpoint::step`].
///
/// ```
/// use sockless::{Extensions, Config, Connection, Endpoint, Step};
///
/// let mut connection = Connection::server(Extensions::default(), Config::default());
/// assert_eq!(connection.step(true), Step::Read);
/// connection.send_text("hi")?;
/// assert_eq!((connection.step(true), connection.step(false)), (Step::Write, Step::Read));
/// # Ok::<(), sockless::SendError>(())
/// ```
// Exhaustive, as outcomes are: a loop that ignored a step it does not know would stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Write what there is to send.
    Write,
    /// Poll until `None`, with what was left, or with [`Input::empty`](crate::Input::empty).
    ///
    /// A loop that cannot take messages now, because what it passes them on to is full, treats
    /// `Poll` and `Read` as `Wait`.
    Poll,
    /// Shut down the write side of the transport, then call
    /// [`shutdown_done`](Endpoint::shutdown_done).
    Shutdown,
    /// Read, or wait until there is something to read, or until the transport takes what waits to
    /// be written.
    Read,
    /// Wait until the transport takes what waits to be written, or for a deadline.
    Wait,
    /// Drop the transport. When a handshake is done, its outcome goes on with the transport.
    Done,
}

pub(crate) mod sealed {
    use super::{Box, Held, NonZeroU32, Spare};

    /// Other crates cannot name it, so they cannot implement [`Endpoint`](super::Endpoint).
    pub trait Sealed {
        /// Begins a turn: takes the buffers of the loop.
        #[doc(hidden)]
        fn begin_turn(&mut self, turn: NonZeroU32, spare: &mut Spare);

        /// Ends this turn, if the endpoint is in it: gives the buffers back.
        #[doc(hidden)]
        fn end_turn(&mut self, turn: NonZeroU32, spare: &mut Spare);

        /// Whether the endpoint is in this turn. It is false for another endpoint that was put in the
        /// place of the one that began it.
        #[doc(hidden)]
        fn is_in_turn(&self, turn: NonZeroU32) -> bool;

        /// Keeps bytes that came and were not taken; they come before all that comes next.
        #[doc(hidden)]
        fn hold(&mut self, held: Option<Box<Held>>);

        /// Gives these bytes back.
        #[doc(hidden)]
        fn take_held(&mut self) -> Option<Box<Held>>;

        /// Whether more is queued than should be, so that what was left is not to be polled.
        #[doc(hidden)]
        fn pushes_back(&self) -> bool {
            false
        }
    }
}

/// The methods of a type, as those of [`Endpoint`].
macro_rules! endpoint {
    ($type:ty) => {
        impl $type {
            /// What a loop does next: see [`Endpoint::step`](crate::Endpoint::step).
            #[must_use]
            #[inline]
            pub fn step(&self, writable: bool) -> $crate::endpoint::Step {
                $crate::endpoint::next_step(self, writable, false)
            }
        }

        impl $crate::endpoint::Endpoint for $type {
            #[inline]
            fn transmit(&mut self) -> $crate::outbox::Transmit<'_> {
                <$type>::transmit(self)
            }

            #[inline]
            fn wants_write(&self) -> bool {
                <$type>::wants_write(self)
            }

            #[inline]
            fn wants_read(&self) -> bool {
                <$type>::wants_read(self)
            }

            #[inline]
            fn wants_poll(&self) -> bool {
                <$type>::wants_poll(self)
            }

            #[inline]
            fn wants_shutdown(&self) -> bool {
                <$type>::wants_shutdown(self)
            }

            fn shutdown_done(&mut self) {
                <$type>::shutdown_done(self);
            }

            fn handle_eof(&mut self) {
                <$type>::handle_eof(self);
            }

            fn handle_error(&mut self) {
                <$type>::handle_error(self);
            }

            fn handle_write_error(&mut self) {
                <$type>::handle_write_error(self);
            }

            fn handle_timeout(&mut self) {
                <$type>::handle_timeout(self);
            }

            #[inline]
            fn is_done(&self) -> bool {
                <$type>::is_done(self)
            }
        }
    };
}
pub(crate) use endpoint;

/// What a loop does next. `unpolled`: bytes of a turn were left, and a poll makes something of
/// them.
pub(crate) fn next_step<E: Endpoint + ?Sized>(side: &E, writable: bool, unpolled: bool) -> Step {
    if side.is_done() {
        Step::Done
    } else if writable && side.wants_write() {
        Step::Write
    } else if side.wants_poll() || unpolled && !side.pushes_back() {
        Step::Poll
    } else if writable && side.wants_shutdown() {
        Step::Shutdown
    } else if side.wants_read() && !unpolled {
        Step::Read
    } else {
        Step::Wait
    }
}

/// How far the transport is on the way to its end. RFC 6455 §7.1.1.
#[derive(Debug, Default)]
pub(crate) struct Linger {
    /// The peer's end of stream was seen.
    pub(crate) eof: bool,
    /// The transport failed.
    pub(crate) broken: bool,
    /// Our write side was shut down.
    pub(crate) shut: bool,
    /// Writing failed.
    pub(crate) write_failed: bool,
    /// What may still be read and thrown away before the transport is dropped: closing a socket
    /// with unread bytes makes the kernel send a reset, which destroys what we sent last.
    pub(crate) discard: u32,
}

impl Linger {
    pub(crate) fn new(max_discard: u64) -> Self {
        let discard = u32::try_from(max_discard).unwrap_or(u32::MAX);
        Self { discard, ..Self::default() }
    }

    /// `n` bytes came that are thrown away.
    pub(crate) fn discarded(&mut self, n: usize) {
        self.discard = self.discard.saturating_sub(u32::try_from(n).unwrap_or(u32::MAX));
    }

    /// Whether reading can still bring anything.
    pub(crate) fn readable(&self) -> bool {
        !self.eof && !self.broken
    }

    /// Whether reading makes sense when all that comes is thrown away.
    pub(crate) fn discards(&self) -> bool {
        self.readable() && self.discard > 0
    }

    /// Whether the write side is to be shut down, given that nothing will be written any more.
    pub(crate) fn wants_shutdown(&self) -> bool {
        !self.shut && !self.broken && !self.write_failed
    }

    /// Whether the transport can be dropped: we have shut down, or cannot, and the peer's stream
    /// has ended, or as much of it was thrown away as may be.
    pub(crate) fn lingered(&self) -> bool {
        self.broken || ((self.shut || self.write_failed) && (self.eof || self.discard == 0))
    }
}
