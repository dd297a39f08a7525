//! Buffers that an event loop lends to the connection that it is busy with.
//!
//! An idle connection holds no heap, so a busy one would allocate a buffer for each batch that it
//! sends, and one for each message that a read had cut. A loop that is busy with one connection at
//! a time needs one such buffer for all of them.
//!
//! ```text
//!   Buffers ──lend()──► Lent, a connection with buffers ──drop──► Buffers
//!                       poll, send_…, transmit               what is empty again
//! ```

use super::{Connection, Reception};
use crate::event::Event;
use crate::outbox::Spare;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

/// Buffers for what is sent, and for messages that a read had cut, which one event loop
/// [lends](Self::lend) to one connection after the other.
///
/// With them a connection that is drained at the end of its turn allocates nothing for what it
/// sends, and still holds no heap between its turns. What it could not send by then stays with it,
/// in a buffer of its own if the lent one is much larger.
///
/// ```
/// use bytes::Buf;
/// use sockless::{Extensions, Buffers, Config, Connection, Event, Input, Endpoint};
///
/// let mut connections: Vec<_> =
///     (0..100).map(|_| Connection::server(Extensions::default(), Config::default())).collect();
/// let mut buffers = Buffers::default();
/// for connection in &mut connections {
///     let mut connection = buffers.lend(connection);
///     let mut read = *b"\x81\x82\0\0\0\0hi";
///     let mut input = Input::new(&mut read);
///     while let Some(event) = connection.poll(&mut input) {
///         if let Event::Text(text) = &event {
///             connection.send_text(text)?;
///         }
///         connection.reclaim(event);
///     }
///     let mut out = connection.transmit();
///     assert_eq!(out.chunk(), b"\x81\x02hi");
///     out.advance(4);
/// } // Here the buffers come back.
/// # Ok::<(), sockless::SendError>(())
/// ```
#[derive(Debug)]
pub struct Buffers {
    outbox: Spare,
    message: Vec<u8>,
    most: usize,
}

impl Buffers {
    /// Buffers that are made when they are needed first, and not kept from one connection to the
    /// next if they have grown above `most` bytes. The default is 1 MiB.
    ///
    /// ```
    /// let buffers = sockless::Buffers::new(64 << 10);
    /// ```
    pub fn new(most: usize) -> Self {
        Self { outbox: Spare::default(), message: Vec::new(), most }
    }

    /// Lends them to a connection, until the [`Lent`] is dropped.
    #[inline]
    pub fn lend<'a>(&'a mut self, connection: &'a mut Connection) -> Lent<'a> {
        connection.outbox.lend(&mut self.outbox);
        if let Reception::Whole(assembly) = &mut connection.message {
            assembly.lend(&mut self.message);
        }
        Lent { connection, buffers: self }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new(1 << 20)
    }
}

/// A connection with [`Buffers`], which it gives back when this is dropped: use it as the
/// [`Connection`] that it is.
#[derive(Debug)]
pub struct Lent<'a> {
    connection: &'a mut Connection,
    buffers: &'a mut Buffers,
}

impl Lent<'_> {
    /// Takes the buffer out of an event that is not needed any more: the next message that a read
    /// cuts is put together in it. Where the event has none, as one that lay whole in a read,
    /// nothing happens.
    ///
    /// ```
    /// use sockless::{Extensions, Buffers, Config, Connection, Event, Input, Seed};
    ///
    /// let mut connection = Connection::client(Seed::new([7; 32]), Extensions::default(), Config::default());
    /// let mut buffers = Buffers::default();
    /// let mut connection = buffers.lend(&mut connection);
    /// let (mut read, mut next) = (*b"\x82\x05He", *b"llo\x82\x05wo");
    /// assert_eq!(connection.poll(&mut Input::new(&mut read)), None);
    /// let mut input = Input::new(&mut next);
    /// let event = connection.poll(&mut input).expect("a message");
    /// assert_eq!(event, Event::Binary(b"Hello".into()));
    /// connection.reclaim(event);
    /// assert_eq!(connection.poll(&mut input), None, "of the next message two bytes have come, and lie in the same buffer");
    /// ```
    #[inline]
    pub fn reclaim(&mut self, event: Event<'_>) {
        match event {
            Event::Text(Cow::Owned(text)) => self.reclaim_buffer(text.into_bytes()),
            Event::Binary(Cow::Owned(bytes)) => self.reclaim_buffer(bytes),
            _ => {}
        }
    }

    #[inline(never)]
    fn reclaim_buffer(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        if let Reception::Whole(assembly) = &mut self.connection.message {
            assembly.reclaim(buffer);
        }
    }
}

impl Deref for Lent<'_> {
    type Target = Connection;

    #[inline]
    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Lent<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}

impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        let Buffers { outbox, message, most } = self.buffers;
        self.connection.outbox.take_back(outbox, *most);
        if let Reception::Whole(assembly) = &mut self.connection.message {
            assembly.take_back(message, *most);
        }
    }
}
