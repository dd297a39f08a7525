//! What every loop has to do for everything that talks: the contract between the two.
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
//! How a transport comes to its end is decided here too ([`Linger`]), once for a connection and for a
//! refused handshake.

use crate::held::Held;
use crate::outbox::{Spare, Transmit};
use alloc::boxed::Box;
use core::num::NonZeroU32;

/// What a loop asks of everything that talks: of a [`Connection`](crate::Connection), of a
/// [`server::Handshake`](crate::server::Handshake) or
/// [`client::Handshake`](crate::client::Handshake), and of a
/// [`server::Replying`](crate::server::Replying).
///
/// Each of these has the same methods as its own, so a call needs no import. The trait is for loops
/// that drive any of them; it is dyn-compatible, and sealed, so that it can grow.
///
/// # The contract of a loop
///
/// Until [`is_done`](Self::is_done), in the order that [`step`](Self::step) gives:
///
/// | do | when | because |
/// |---|---|---|
/// | write what there is to send | [`wants_write`](Self::wants_write) | it holds pongs, Close frames and refusals, and not only what you sent. Write once for a batch of input: a write for each message costs ten times as much. Flush a transport that has a buffer of its own, such as TLS, before you wait |
/// | `poll` until `None` | after each read, and when [`wants_poll`](Self::wants_poll) says so | frames may have come right behind a handshake, or been left by the last poll |
/// | shut down the write side once, then [`shutdown_done`](Self::shutdown_done) | [`wants_shutdown`](Self::wants_shutdown) | all is said. A socket that is dropped instead sends a reset, which destroys the Close frame before the peer has read it. Over TLS, send close_notify |
/// | read | [`wants_read`](Self::wants_read) | also while what comes is only thrown away, for the same reason |
/// | [`handle_eof`](Self::handle_eof), then poll until `None` | a read gives 0 bytes | what came before is still given, and then `Closed`, once |
/// | [`handle_error`](Self::handle_error), then the same; after a failed write [`handle_write_error`](Self::handle_write_error), and read on | a read or a write fails, but for "would block" and "interrupted" | the peer may have closed and left before it took what you sent: its Close frame is still there to be read |
/// | [`Heartbeat::poll`](crate::Heartbeat::poll) or [`Deadline::poll`](crate::Deadline::poll), then ask for the next step again | once a turn, and at the moment that they give | without them nothing bounds how long a peer may be silent |
/// | drop the transport | [`is_done`](Self::is_done) | and not before: `Closed` says that nothing more arrives, not that everything has left. Of a handshake, its outcome goes on with the transport |
///
/// A violation by the peer is no error to handle: the right Close frame is queued, `Closed` names
/// the rule, and the loop goes on as always. With a [`Turn`](crate::Turn) a whole loop is 30 lines:
/// see there, and `manual::loops` for each kind of I/O.
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
    /// What the loop does next. Ask again after each step, for one may lead to another. Within a
    /// turn, ask [`Turn::step`](crate::Turn::step).
    ///
    /// `writable`: whether the transport may take bytes. It is false after the transport has
    /// refused some ("would block"), until it says that it takes more. A loop that blocks in
    /// writing says true.
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
    ///                 _ => {} // Nobody wants it.
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

    /// Whether reading makes sense. Reading while it does not, or not reading for a while, as for
    /// back-pressure, is harmless.
    fn wants_read(&self) -> bool;

    /// Whether polling gives something without another read: bytes that came and were not taken, as
    /// frames right behind the head of a handshake; or what [`handle_eof`](Self::handle_eof),
    /// [`handle_error`](Self::handle_error) or a time-out has brought.
    fn wants_poll(&self) -> bool;

    /// Whether it is time to shut down the write side of the transport: all output was taken and
    /// nothing will follow.
    fn wants_shutdown(&self) -> bool;

    /// The write side was shut down, or cannot be (a transport without half-close, or one that
    /// fails: say so all the same). Without a wish for it before, nothing happens.
    fn shutdown_done(&mut self);

    /// The peer's end of stream came: a read gave zero bytes. What came before is still given by
    /// `poll`, be it in a turn, held since the last one, or in an input of your own; when a poll has
    /// nothing more to give, it tells the end.
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

    /// The transport failed: a read gave an error that is not "try again". Output is dropped; what
    /// came before is still given, as above.
    fn handle_error(&mut self);

    /// Writing failed with an error that is not "try again". Output is dropped, and there will be
    /// none; but reading goes on: the peer may have said goodbye and left before it took what was
    /// sent, and then its Close frame still lies there to be read. Who cannot read any more either
    /// calls [`handle_error`](Self::handle_error).
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

    /// The time is up that you allow it: for a handshake, for an answer to be taken, for the
    /// closing handshake. It ends as it does when the transport fails; only a server's handshake
    /// that has begun still has an answer, the outcome of the next `poll`. See
    /// [`Deadline`](crate::Deadline).
    fn handle_timeout(&mut self);

    /// Whether it is over: drop the transport now. Of a handshake whose outcome was given, the
    /// outcome has the transport.
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
// Exhaustive, as outcomes are: a loop that passes over a step that it does not know stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Write what there is to send.
    Write,
    /// Poll until `None`, with what was left, or with [`Input::empty`](crate::Input::empty).
    ///
    /// A loop that holds back, because what it hands messages on to is full, takes this and `Read`
    /// for `Wait`.
    Poll,
    /// Shut down the write side of the transport, then call
    /// [`shutdown_done`](Endpoint::shutdown_done).
    Shutdown,
    /// Read, or wait until there is something to read, or until the transport takes what waits to
    /// be written.
    Read,
    /// Wait until the transport takes what waits to be written, or for a deadline.
    Wait,
    /// Drop the transport. Of a handshake, its outcome goes on with it.
    Done,
}

pub(crate) mod sealed {
    use super::{Box, Held, NonZeroU32, Spare};

    /// Nobody else can name it.
    pub trait Sealed {
        /// A turn begins: takes the buffers of the loop.
        #[doc(hidden)]
        fn begin_turn(&mut self, turn: NonZeroU32, spare: &mut Spare);

        /// It ends, if it is in this one: gives the buffers back.
        #[doc(hidden)]
        fn end_turn(&mut self, turn: NonZeroU32, spare: &mut Spare);

        /// Whether it is in this turn. Another one in the place of that which began it is not.
        #[doc(hidden)]
        fn is_in_turn(&self, turn: NonZeroU32) -> bool;

        /// Takes what came and was not taken, which comes before all that comes next.
        #[doc(hidden)]
        fn hold(&mut self, held: Option<Box<Held>>);

        /// Gives that back.
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

/// What a loop does next; `unpolled`: bytes of a turn were left of which a poll makes something.
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

/// How far the transport has come to its end, seen from above it. RFC 6455 §7.1.1.
#[derive(Debug, Default)]
pub(crate) struct Linger {
    /// The peer's end of stream was seen.
    pub(crate) eof: bool,
    /// The transport failed.
    pub(crate) broken: bool,
    /// Our write side was shut down.
    pub(crate) shut: bool,
    /// Writing failed.
    pub(crate) mute: bool,
    /// What may still be read and thrown away before the transport is dropped: closing a socket
    /// with unread bytes makes the kernel send a reset, which destroys what we sent last.
    pub(crate) discard: u32,
}

impl Linger {
    pub(crate) fn new(max_discard: u64) -> Self {
        let discard = u32::try_from(max_discard).unwrap_or(u32::MAX);
        Self { discard, ..Self::default() }
    }

    /// `n` bytes came that nobody wants any more.
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
        !self.shut && !self.broken && !self.mute
    }

    /// Whether we have shut down, or cannot, and the peer's last bytes were seen, or more of them
    /// than we care for.
    pub(crate) fn lingered(&self) -> bool {
        self.broken || ((self.shut || self.mute) && (self.eof || self.discard == 0))
    }
}
