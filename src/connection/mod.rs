//! An open connection: frames in, events out; messages in, bytes out. RFC 6455 §5, §6 and §7.
//!
//! ```text
//!               close()                    the peer's Close
//!     ┌──────┐ ────────────► ┌─────────┐ ────────────────────► ┌──────┐
//!     │ Open │               │ Closing │                       │ Over │ Closed was told: input is thrown away
//!     └──────┘ ────────────────────────────────────────────►   └──────┘
//!        │      the peer's Close: answered; a violation: Close       ▲
//!        │                        │                                  │ next poll_event
//!        └────────────────────────┴───── end of stream, failure ► Lost
//! ```
//!
//! What follows `Over` is the transport's end. Closed cleanly, a server shuts down first and is done (§7.1.1), a client
//! waits for the server's end of stream. Closed otherwise, either end sends what is queued, shuts down, and throws
//! away what still comes, until the end of stream or [`Config::max_discard`].

mod assembly;
mod receive;
mod send;

use crate::agreement::Agreement;
use crate::decoder::{Decoder, End, Limits};
use crate::event::Event;
use crate::input::Input;
use crate::life_cycle::{Ending, LifeCycle};
use crate::outbox::{Outbox, Transmit};
use crate::seed::{MaskKeys, Seed};
use assembly::Assembly;

pub use send::SendError;

/// A WebSocket connection after its handshake, as a state machine: see the [crate's documentation](crate) for the loop that drives it.
///
/// ```
/// use sockless::{Agreement, Config, Connection, Event, Input, LifeCycle, Role};
///
/// let mut server = Connection::new(Role::Server, Agreement::default(), Config::default());
///
/// // What a read brought: "Hello", masked (§5.7).
/// let mut read = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut input = Input::new(&mut read);
/// while let Some(event) = server.poll_event(&mut input) {
///     match event {
///         Event::Text(text) => server.send_text(text)?,
///         Event::Binary(data) => server.send_binary(data)?,
///         _ => {}
///     }
/// }
/// assert_eq!(server.transmit().pop().as_deref(), Some(&b"\x81\x05Hello"[..]));
/// # Ok::<(), sockless::SendError>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    decoder: Decoder,
    assembly: Assembly,
    outbox: Outbox,
    /// A client's; a server masks nothing.
    keys: Option<MaskKeys>,
    phase: Phase,
    ending: Ending,
    fragment_above: usize,
}

/// Which end of the connection this is.
#[derive(Debug)]
pub enum Role {
    /// Its frames are not masked, the peer's must be. §5.1.
    Server,
    /// Its frames are masked with keys out of the seed, the peer's must not be. §5.1, §5.3.
    Client(Seed),
}

/// What a connection accepts and how it sends.
///
/// ```
/// let mut config = sockless::Config::default();
/// assert_eq!(config.limits.max_message, 16 << 20);
/// config.limits.max_message = 64 << 10;
/// config.fragment_above = 16 << 10;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What is accepted of the peer.
    pub limits: Limits,
    /// Messages above this size, in bytes, are sent in fragments of at most this size, text cut only between characters. Never, unless
    /// said otherwise. A fragment of text holds at least one character.
    pub fragment_above: usize,
    /// How many bytes of a peer that has to be let go are read and thrown away, so that our Close frame reaches it: closing a socket with unread
    /// bytes makes the kernel send a reset instead. 64 MiB unless said otherwise.
    pub max_discard: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { limits: Limits::default(), fragment_above: usize::MAX, max_discard: 64 << 20 }
    }
}

/// How far the closing handshake is. §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Messages go both ways.
    Open,
    /// Our Close frame is queued; the peer may still send messages.
    Closing,
    /// The transport ended without the peer's Close frame; to be told.
    Lost,
    /// `Closed` was told.
    Over {
        /// Whether both Close frames exist.
        clean: bool,
    },
}

impl Connection {
    /// A connection whose handshake was done elsewhere, over HTTP/2 for example, or by an HTTP library.
    ///
    /// `agreed` says what that handshake negotiated.
    pub fn new(role: Role, agreed: Agreement, config: Config) -> Self {
        Self::with_outbox(role, agreed, config, Outbox::default())
    }

    /// A connection whose handshake still has bytes to send.
    pub(crate) fn with_outbox(role: Role, agreed: Agreement, config: Config, outbox: Outbox) -> Self {
        // What is negotiated decides which reserved bits have a meaning; so far there is nothing to negotiate.
        let Agreement {} = agreed;
        let (end, keys) = match role {
            Role::Server => (End::Server, None),
            Role::Client(seed) => (End::Client, Some(seed.into_mask_keys())),
        };
        Self {
            decoder: Decoder::new(end, config.limits),
            assembly: Assembly::default(),
            outbox,
            keys,
            phase: Phase::Open,
            ending: Ending::new(config.max_discard),
            fragment_above: config.fragment_above,
        }
    }

    /// The next event out of the bytes in `input`.
    ///
    /// Call it after every read, [`handle_eof`](LifeCycle::handle_eof) and [`handle_error`](LifeCycle::handle_error) until it gives `None`,
    /// which means that all bytes were consumed. Stopping earlier is allowed if the rest of the input is kept and fed later.
    ///
    /// There is no error to handle: a violation by the peer queues the right Close frame and is told as [`Event::Closed`]; afterwards
    /// input is thrown away and the answer is `None`.
    #[inline]
    pub fn poll_event<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        match self.decoder.take_whole(input) {
            Some((kind, data)) => self.whole(kind, data, input),
            None => self.poll_pieces(input),
        }
    }

    /// How many bytes wait to be sent, frame headers included: the browser's `bufferedAmount`.
    pub fn queued(&self) -> usize {
        self.outbox.queued()
    }

    /// Whether messages can be sent: no Close frame was queued or received and the transport is well.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    fn is_server(&self) -> bool {
        self.keys.is_none()
    }
}

impl LifeCycle for Connection {
    fn transmit(&mut self) -> Transmit<'_> {
        Transmit::new(&mut self.outbox)
    }

    fn wants_write(&self) -> bool {
        !self.outbox.is_empty()
    }

    fn wants_read(&self) -> bool {
        self.ending.readable() && !self.is_done()
    }

    fn wants_shutdown(&self) -> bool {
        let nothing_follows = match self.phase {
            Phase::Open | Phase::Closing => false,
            // §7.1.1: the server closes first; a client waits for it, within bounds.
            Phase::Over { clean: true } => self.is_server() || self.ending.eof || self.ending.discard == 0,
            Phase::Over { clean: false } | Phase::Lost => true,
        };
        nothing_follows && self.outbox.is_empty() && self.ending.wants_shutdown()
    }

    fn shutdown_done(&mut self) {
        self.ending.shut = true;
    }

    fn handle_eof(&mut self) {
        self.ending.eof = true;
        self.lose();
    }

    fn handle_error(&mut self) {
        self.ending.broken = true;
        self.outbox.clear();
        self.lose();
    }

    fn is_done(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::Closing | Phase::Lost => false,
            Phase::Over { clean } => self.ending.lingered() || (clean && self.is_server() && self.ending.shut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Connection;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_connection_is_small() {
        // ARCHITECTURE.md states it.
        assert_eq!(size_of::<Connection>(), 384);
    }

    #[test]
    fn a_connection_can_go_anywhere() {
        fn anywhere<T: Send + Sync + Unpin + 'static>() {}
        anywhere::<Connection>();
    }
}
