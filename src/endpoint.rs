//! The one life cycle of everything that talks: what an I/O loop needs to know, and nothing else.
//!
//! ```text
//!            wants_write ──► write transmit()         while !is_done():
//!           ╱                                            write while wants_write()
//!   loop ──┼── wants_shutdown ──► shut down once         shut down when wants_shutdown(), then shutdown_done()
//!           ╲                                            read while wants_read(); poll until None
//!            wants_read ──► read, poll until None        end of stream: handle_eof(); failure: handle_error(); poll until None
//! ```
//!
//! A write that fails is not the end of reading: `handle_write_error()`. What is next of all this,
//! [`step`](Endpoint::step) says.
//!
//! How the end of a connection is reached is decided here too ([`Linger`]), once for a connection
//! and for a refused handshake.

use crate::outbox::Transmit;
use alloc::vec::Vec;
use bytes::buf::Limit;

/// What any I/O loop asks of a [`Connection`](crate::Connection), of a
/// [`server::Handshake`](crate::server::Handshake) or
/// [`client::Handshake`](crate::client::Handshake), and of a
/// [`server::Replying`](crate::server::Replying).
///
/// The trait is dyn-compatible: one loop can drive them all. It is sealed, so that it can grow. Its
/// rules:
///
/// 1. While [`wants_write`](Self::wants_write), write what [`transmit`](Self::transmit) gives.
/// 2. When [`wants_shutdown`](Self::wants_shutdown), shut down the write side of the transport once
///    (TLS: send close_notify) and call [`shutdown_done`](Self::shutdown_done).
/// 3. While [`wants_read`](Self::wants_read), read. Hand what came to `poll` or `poll` until
///    it gives `None`. At the end of the stream call [`handle_eof`](Self::handle_eof), when reading
///    fails [`handle_error`](Self::handle_error), and poll with
///    [`Input::empty`](crate::Input::empty) until `None`. When writing fails,
///    [`handle_write_error`](Self::handle_write_error), and read on.
/// 4. When [`is_done`](Self::is_done), drop the transport; of a handshake, the outcome has it.
///
/// ```
/// use bytes::Buf;
/// use sockless::{Extensions, Config, Connection, Endpoint};
///
/// let mut connection = Connection::server(Extensions::default(), Config::default());
/// connection.send_text("hi")?;
/// let side: &mut dyn Endpoint = &mut connection;
/// assert!(side.wants_write() && side.wants_read() && !side.is_done());
///
/// // A partial write is no problem: advance by what was written.
/// let mut out = side.transmit();
/// assert_eq!(out.chunk(), b"\x81\x02hi");
/// out.advance(1);
/// assert_eq!(side.transmit().chunk(), b"\x02hi");
/// # Ok::<(), sockless::SendError>(())
/// ```
pub trait Endpoint: sealed::Sealed + Send + Sync {
    /// What the loop does next, in the order of the rules above. Ask again after each step, for one
    /// may lead to another: [`shutdown_done`](Self::shutdown_done) can end a connection.
    ///
    /// `writable`: whether the transport may take bytes. It is false after the transport has
    /// refused some ("would block"), until it says that it takes more. A loop that blocks in
    /// writing says true.
    ///
    /// ```
    /// use sockless::server::{Config, Handshake, Incoming};
    /// use sockless::{Input, Endpoint, Step};
    /// use std::io::{Read, Write};
    ///
    /// /// One loop for everything that talks, over a transport that blocks.
    /// fn run(side: &mut dyn Endpoint, stream: &mut (impl Read + Write)) -> std::io::Result<()> {
    ///     let mut read = [0; 1024];
    ///     loop {
    ///         match side.step(true) {
    ///             Step::Write => {
    ///                 let bytes = side.transmit().pop();
    ///                 stream.write_all(&bytes.unwrap_or_default())?;
    ///             }
    ///             Step::Shutdown => side.shutdown_done(), // Shut it down first, where it can be.
    ///             Step::Read => match stream.read(&mut read)? {
    ///                 0 => side.handle_eof(),
    ///                 _ => {} // Poll for what it brought.
    ///             },
    ///             Step::Wait | Step::Done => return Ok(()),
    ///         }
    ///     }
    /// }
    ///
    /// let mut head = *b"GET / HTTP/1.1\r\n\r\n";
    /// let Some(Incoming::Http(plain)) = Handshake::new(Config::default()).poll(&mut Input::new(&mut head)) else { panic!() };
    /// let mut answer = plain.reply(404).into_replying();
    /// let mut stream = std::io::Cursor::new(Vec::new());
    /// run(&mut answer, &mut stream)?;
    /// assert!(answer.is_done() && stream.into_inner().starts_with(b"HTTP/1.1 404 Not Found\r\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn step(&self, writable: bool) -> Step {
        if self.is_done() {
            Step::Done
        } else if writable && self.wants_write() {
            Step::Write
        } else if self.wants_shutdown() {
            Step::Shutdown
        } else if self.wants_read() {
            Step::Read
        } else {
            Step::Wait
        }
    }

    /// The bytes to send, as a [`bytes::Buf`]: look with `chunk` or `chunks_vectored`, then
    /// `advance` by what was written, with no other call between; or `pop`. See [`Transmit`].
    fn transmit(&mut self) -> Transmit<'_>;

    /// The same, and beside it, in the middle of a large binary message that is not compressed,
    /// where its rest can be read to: straight into its final place, without a copy, and in fewer
    /// and larger reads. `None`: read into a scratch buffer, as ever. It is always allowed to do
    /// so, too.
    ///
    /// Both can be used at once, as in a `select!` of tokio's `read_buf` and `write_buf`; a read
    /// that is given up half-way loses nothing. The first is a [`BufMut`](bytes::BufMut) that has
    /// room for `limit()` bytes (where `BufMut` is in scope, `remaining_mut()` says the same). For
    /// `std::io::Read`, `stream.take(limit as u64).read_to_end(vec)` reads until all of it came, or
    /// until a socket that does not block has no more, in small steps at first. Quicker for large
    /// messages: grow the vector by at most 64 KiB of zeros, read into these, and truncate it to
    /// what came.
    ///
    /// After the read call `poll`, with [`Input::empty`](crate::Input::empty), until it gives
    /// `None`: until then there is no room for the next. What was there before has to stay in the
    /// vector, and no more than the limit may come behind it; if not, the connection ends, with
    /// [`Cause::DirectRead`](crate::Cause::DirectRead).
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Event, Input, Endpoint, Seed};
    /// use std::io::Read;
    ///
    /// let mut client = Connection::client(Seed::new([7; 32]), Extensions::default(), Config::default());
    /// let wire = [&[0x82, 127][..], &(1_u64 << 20).to_be_bytes(), &[7; 1 << 20]].concat();
    /// let (mut stream, mut scratch) = (&wire[..], vec![0; 64 << 10]);
    /// let (mut reads, mut direct) = (0, 0);
    /// let data = loop {
    ///     let mut input = match client.io() {
    ///         (Some(into), _) => {
    ///             let limit = into.limit() as u64;
    ///             stream.by_ref().take(limit).read_to_end(into.into_inner())?; // 0: handle_eof()
    ///             direct += 1;
    ///             Input::empty()
    ///         }
    ///         (None, _) => {
    ///             let n = stream.read(&mut scratch)?;
    ///             reads += 1;
    ///             Input::new(&mut scratch[..n])
    ///         }
    ///     };
    ///     if let Some(Event::Binary(data)) = client.poll(&mut input) {
    ///         break data.into_owned();
    ///     }
    /// };
    /// assert_eq!((data.len(), reads, direct), (1 << 20, 1, 2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn io(&mut self) -> (Option<Limit<&mut Vec<u8>>>, Transmit<'_>) {
        (None, self.transmit())
    }

    /// Whether [`transmit`](Self::transmit) has bytes.
    fn wants_write(&self) -> bool;

    /// Whether reading makes sense. Reading while it does not, or not reading for a while
    /// (back-pressure), is harmless.
    fn wants_read(&self) -> bool;

    /// Whether it is time to shut down the write side of the transport: all output was taken and
    /// nothing will follow.
    fn wants_shutdown(&self) -> bool;

    /// The write side was shut down, or cannot be (a transport without half-close, or one that
    /// fails: say so all the same). Without a wish for it before, nothing happens.
    fn shutdown_done(&mut self);

    /// The peer's end of stream came: a read gave zero bytes. Feed first what you kept of the
    /// [`Input`](crate::Input), and poll for what was [read directly](Self::io): later it would be
    /// thrown away.
    fn handle_eof(&mut self);

    /// The transport failed: a read gave an error that is not "try again". Output is dropped; feed
    /// first what you kept, as above.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Write what [`transmit`](Endpoint::transmit) gives, and read meanwhile if reading is wanted
    /// and does not block.
    Write,
    /// Shut down the write side of the transport, then call
    /// [`shutdown_done`](Endpoint::shutdown_done).
    Shutdown,
    /// Read, or wait until the transport can be read or takes what waits to be written.
    Read,
    /// Wait until the transport takes what waits to be written, or for a deadline.
    Wait,
    /// Drop the transport.
    Done,
}

pub(crate) mod sealed {
    /// Nobody else can name it.
    pub trait Sealed {}
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
    pub(crate) fn new(discard: u32) -> Self {
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
