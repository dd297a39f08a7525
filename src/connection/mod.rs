//! An open connection: frames in, events out; messages in, bytes out. RFC 6455 §5, §6 and §7.
//!
//! ```text
//!               close()                    the peer's Close
//!     ┌──────┐ ────────────► ┌─────────┐ ────────────────────► ┌──────┐
//!     │ Open │               │ Closing │                       │ Over │ Closed was told: input is thrown away
//!     └──────┘ ────────────────────────────────────────────►   └──────┘
//!        the peer's Close: answered; a violation: Close
//! ```
//!
//! When a write fails, `Open` becomes `ReceiveOnly`: nothing is sent any more, and everything is
//! received as in `Open`. After the end of the stream, a failure or a time-out, what came before is
//! still polled (`Draining`, if the connection was `Open`); then the connection is `Over`.
//!
//! After `Over` the transport is ended, §7.1.1: what is queued is sent, the write side is shut
//! down, and what still comes is thrown away, until the end of stream or [`Config::max_discard`].
//! After a clean close, the server shuts down first and the client waits for the server's end of
//! stream. After any other, each end shuts down at once.
//!
//! A peer that has sent its Close frame still answers our pings until it has ours, §5.5.2. If the
//! transport were dropped before these pongs have come, the kernel would answer them with a reset,
//! and what the peer has not read yet would be lost.

mod assembly;
mod chunks;
#[cfg(feature = "deflate")]
mod compression;
mod config;
mod forward;
mod liveness;
mod receive;
mod send;
mod stream;
mod transport;

use crate::close::CloseFrame;
use crate::decoder::{Decoder, Role};
use crate::endpoint::Linger;
use crate::endpoint::sealed::Sealed;
use crate::event::{Cause, Event, Timeout};
use crate::extensions::Extensions;
use crate::held::Held;
use crate::input::Input;
use crate::outbox::Outbox;
use crate::seed::{MaskKeys, Seed};
use alloc::boxed::Box;
use alloc::vec::Vec;
use assembly::{Assembly, ControlAssembly};
use chunks::Chunks;
use core::mem;
use core::num::NonZeroU32;
use liveness::Liveness;
use stream::Stream;

pub use config::{Config, Delivery};
pub use send::SendError;

/// A WebSocket connection after its handshake, as a state machine. [`Turn`](crate::Turn) shows a
/// loop that drives it, and [`Endpoint`](crate::Endpoint) has the contract of such a loop.
///
/// ```
/// use sockless::{Extensions, Config, Connection, Event, Input, Endpoint};
///
/// let mut server = Connection::server(Extensions::default(), Config::default());
///
/// // What a read brought: "Hello", masked (§5.7).
/// let mut read = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut input = Input::new(&mut read);
/// while let Some(event) = server.poll(&mut input) {
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
    /// The message and the control frame that a read had cut.
    message: Reception,
    control: ControlAssembly,
    outbox: Outbox,
    /// A client's mask keys. A server masks nothing.
    keys: Option<MaskKeys>,
    phase: Phase,
    /// It ended without the peer's Close frame: reported after what came before.
    ended: Option<Cause>,
    /// Between two turns: what came and was not taken.
    held: Option<Box<Held>>,
    /// The turn that it is in.
    turn: Option<NonZeroU32>,
    linger: Linger,
    fragment_above: usize,
    /// The message that is sent in parts.
    stream: Option<Stream>,
    liveness: Liveness,
    /// There is one if permessage-deflate was agreed on.
    #[cfg(feature = "deflate")]
    compression: Option<compression::Compression>,
}

/// What is kept of the message that is being received.
#[derive(Debug)]
enum Reception {
    Whole(Assembly),
    Chunks(Chunks),
}

/// How far the closing handshake has come. §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Messages go both ways.
    Open,
    /// The transport ended: what came before is still polled, and the peer's Close frame is
    /// answered.
    Draining,
    /// Our Close frame is queued; the peer may still send messages.
    Closing,
    /// Nothing can be written any more; the peer's messages, and its Close frame, may still be
    /// there to be read.
    ReceiveOnly,
    /// `Closed` was told.
    Over {
        /// Whether both Close frames exist.
        clean: bool,
    },
}

/// What a heartbeat needs to know of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    /// New bytes came since it looked last.
    pub(crate) heard: bool,
    /// Bytes of messages were among them.
    pub(crate) said: bool,
    /// The transport took bytes since it looked last.
    pub(crate) taken: bool,
    /// It took all that there was at some moment since then.
    pub(crate) drained: bool,
    /// The transport has refused some of what is queued.
    pub(crate) full: bool,
    /// More is queued than should be.
    pub(crate) above: bool,
    /// Output waits.
    pub(crate) queued: bool,
    /// A ping or a pong is among it.
    pub(crate) control_waits: bool,
    /// A pong came behind the last ping.
    pub(crate) answered: bool,
    /// Neither its own pong came nor one to a later ping.
    pub(crate) awaits_pong: bool,
}

impl Connection {
    /// A server's connection whose handshake was done elsewhere: by an HTTP library, or over
    /// HTTP/2, for example. Its frames are not masked; the peer's must be. §5.1.
    ///
    /// `extensions` is what that handshake negotiated.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions};
    ///
    /// let server = Connection::server(Extensions::default(), Config::default());
    /// assert!(server.is_open());
    /// ```
    #[must_use]
    pub fn server(extensions: Extensions, config: Config) -> Self {
        Self::with_outbox(None, extensions, config, Outbox::default())
    }

    /// A client's connection whose handshake was done elsewhere. Its frames are masked, with keys
    /// from the seed; the peer's must not be. §5.1, §5.3.
    ///
    /// ```
    /// use sockless::{Config, Connection, Extensions, Seed};
    ///
    /// // 32 bytes that nobody can guess; with the feature `getrandom`, `Seed::random()`.
    /// let seed = Seed::new([7; 32]);
    /// let client = Connection::client(seed, Extensions::default(), Config::default());
    /// assert!(client.is_open());
    /// ```
    #[must_use]
    pub fn client(seed: Seed, extensions: Extensions, config: Config) -> Self {
        Self::with_outbox(Some(seed), extensions, config, Outbox::default())
    }

    /// A connection whose handshake still has bytes to send; a client's, if there is a seed.
    pub(crate) fn with_outbox(
        seed: Option<Seed>,
        agreed: Extensions,
        config: Config,
        outbox: Outbox,
    ) -> Self {
        let role = if seed.is_none() { Role::Server } else { Role::Client };
        let mut decoder = Decoder::new(role, config.limits);
        #[cfg(not(feature = "deflate"))]
        let Extensions {} = agreed;
        #[cfg(feature = "deflate")]
        if agreed.deflate.is_some() {
            decoder = decoder.with_extension(compression::RSV1);
        }
        let message = match config.delivery {
            Delivery::Whole => Reception::Whole(Assembly::default()),
            Delivery::Chunks => {
                decoder.close_fast_path();
                Reception::Chunks(Chunks::default())
            }
        };
        Self {
            decoder,
            message,
            control: ControlAssembly::default(),
            outbox: outbox.with_marks(config.low_water_mark, config.high_water_mark),
            keys: seed.map(Seed::into_mask_keys),
            phase: Phase::Open,
            ended: None,
            held: None,
            turn: None,
            linger: Linger::new(config.max_discard),
            fragment_above: usize::try_from(config.fragment_above).unwrap_or(usize::MAX),
            stream: None,
            liveness: Liveness::default(),
            #[cfg(feature = "deflate")]
            compression: agreed
                .deflate
                .map(|agreed| compression::Compression::new(role, agreed, config.deflate)),
        }
    }

    /// The next event from the bytes of `input`.
    ///
    /// Call it until it gives `None`: after every read, after [`handle_eof`](Self::handle_eof),
    /// [`handle_error`](Self::handle_error) and a time-out, and whenever
    /// [`wants_poll`](Self::wants_poll) says so. `None` means that all bytes were consumed. (In a
    /// [`Turn`](crate::Turn), a part of a frame may be left, which is kept until the rest has
    /// come.) You may also stop earlier: see [`Input`].
    ///
    /// There is no error to handle. If the peer breaks a rule, the right Close frame is queued and
    /// [`Event::Closed`] names the rule. After `Closed`, all input is thrown away and `poll` gives
    /// `None`.
    ///
    /// ```
    /// use sockless::{Extensions, Cause, Config, Connection, Event, Input, Endpoint, ProtocolError};
    ///
    /// let mut server = Connection::server(Extensions::default(), Config::default());
    /// let mut read = *b"\x81\x02hi"; // Not masked.
    /// let mut input = Input::new(&mut read);
    /// let Some(Event::Closed(close_event)) = server.poll(&mut input) else { panic!() };
    /// assert_eq!(close_event.cause, Cause::Violation(ProtocolError::UnmaskedFrame));
    /// assert!(server.poll(&mut input).is_none() && input.is_empty());
    /// assert!(server.wants_write(), "a Close frame with 1002");
    /// ```
    #[must_use = "an event that is dropped is lost"]
    #[inline(always)]
    pub fn poll<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        match self.decoder.take_whole_message(input) {
            Some((kind, data)) => {
                self.liveness.hear();
                self.whole(kind, data, input)
            }
            // Most reads end with a message: then there is nothing to look for.
            None if input.is_empty() && self.decoder.is_idle() => None,
            None => {
                // The input and the event that are lent here are not the caller's own: those can
                // stay in registers.
                let mut rest = mem::take(input);
                let mut event = None;
                self.poll_pieces(&mut rest, &mut event);
                *input = rest;
                event
            }
        }
    }

    /// How many bytes wait to be sent. Unlike a browser's `bufferedAmount`, this counts frame
    /// headers, pings, pongs, and what is left of the handshake too.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text("Hello")?;
    /// assert_eq!(connection.queued(), 2 + 5);
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[must_use]
    pub fn queued(&self) -> usize {
        self.outbox.remaining()
    }

    /// Whether the peer takes less than it is sent. It becomes true when more than
    /// [`Config::high_water_mark`] bytes are queued, and false again when at most
    /// [`Config::low_water_mark`] are.
    ///
    /// Stop producing while it is true. If what you send answers what you read, stop reading and
    /// polling for events too. Go on writing, and calling
    /// [`Heartbeat::poll`](crate::Heartbeat::poll), which knows that a full transport does not mean
    /// a silent peer.
    ///
    /// It is false if the connection [is not open](Self::is_open): then nothing more can be sent,
    /// and what still comes is to be polled however much waits to be written.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Endpoint, SendError};
    ///
    /// let mut config = Config::default();
    /// (config.low_water_mark, config.high_water_mark) = (1000, 5000);
    /// let mut connection = Connection::server(Extensions::default(), config);
    /// // A message of any size fits as long as the queue is not above the mark already.
    /// connection.send_binary(vec![7; 100_000])?;
    /// assert!(connection.above_high_water());
    /// assert_eq!(connection.send_text("one more"), Err(SendError::QueueFull));
    /// while connection.above_high_water() {
    ///     let written = connection.transmit().pop();
    ///     assert!(written.is_some());
    /// }
    /// connection.send_text("one more")?;
    /// # Ok::<(), SendError>(())
    /// ```
    #[must_use]
    pub fn above_high_water(&self) -> bool {
        self.outbox.above_high_water() && self.is_open()
    }

    /// Whether messages can be sent: no Close frame was queued or received, and the transport has
    /// not ended or failed.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// assert!(connection.is_open());
    /// connection.close(None)?;
    /// assert!(!connection.is_open());
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// What happened since the last call, for the heartbeat.
    pub(crate) fn take_pulse(&mut self) -> Pulse {
        let pace = self.outbox.take_pace();
        let (heard, said) = self.liveness.take_heard();
        // What comes behind the end is thrown away.
        let reads = self.ended.is_none() && !matches!(self.phase, Phase::Over { .. });
        Pulse {
            heard,
            said: said && reads,
            taken: pace.taken(),
            drained: pace.drained(),
            full: pace.full() && !self.outbox.is_empty(),
            above: self.outbox.above_high_water()
                || self.held.as_ref().is_some_and(|held| held.is_unpolled()),
            queued: !self.outbox.is_empty(),
            control_waits: self.outbox.has_waiting(),
            answered: self.liveness.is_answered(),
            awaits_pong: self.liveness.awaits_pong(),
        }
    }

    /// Queues the heartbeat's ping, also into a full queue. `false`: none was queued, because the
    /// last one has not left yet.
    pub(crate) fn beat(&mut self, payload: [u8; 4]) -> bool {
        if self.liveness.awaits_pong() && self.outbox.has_waiting() {
            return false;
        }
        self.queue_ping(&payload);
        self.liveness.pinged(&payload);
        true
    }

    /// Ends the connection by a time-out. The Close frame is still sent, if the transport takes it.
    pub(crate) fn give_up(&mut self, timeout: Timeout, frame: CloseFrame<'_>) {
        if self.is_open() {
            self.queue_close(Some(frame));
            // §5.5.1: what comes before `Closed` is told is not answered with another.
            self.phase = Phase::Closing;
        }
        self.end(Cause::Timeout(timeout));
    }

    /// The connection, with bytes to poll that came right behind the handshake.
    pub(crate) fn holding(mut self, bytes: Vec<u8>) -> Self {
        self.hold(Held::unpolled(bytes));
        self
    }

    fn is_server(&self) -> bool {
        self.keys.is_none()
    }

    /// The connection has ended without the peer's Close frame: what came before is polled, and
    /// then `Closed` is reported. Nothing happens if it had ended before.
    fn end(&mut self, cause: Cause) {
        if self.ended.is_none() && !matches!(self.phase, Phase::Over { .. }) {
            self.ended = Some(cause);
            if self.phase == Phase::Open {
                self.phase = Phase::Draining;
            }
            // A poll without input has to look.
            self.decoder.close_fast_path();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Connection, Extensions};
    use alloc::vec;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_connection_is_small() {
        // ARCHITECTURE.md states it.
        assert_eq!(size_of::<Connection>(), if cfg!(feature = "deflate") { 472 } else { 400 });
    }

    /// 2³² would be none at all if it were cut off.
    #[test]
    fn sizes_beyond_what_is_kept_count_as_the_largest() {
        let mut config = Config::default();
        let most = 1 << 32;
        (config.low_water_mark, config.high_water_mark, config.max_discard) = (most, most, most);
        config.fragment_above = u64::MAX;
        let mut connection = Connection::server(Extensions::default(), config);
        for _ in 0..2 {
            connection.send_binary(vec![7; 100_000]).unwrap();
        }
        assert_eq!(connection.queued(), 2 * (10 + 100_000), "one frame each");
        assert_eq!(connection.linger.discard, u32::MAX);
    }

    #[test]
    fn a_connection_can_go_anywhere() {
        fn anywhere<T: Send + Sync + Unpin + 'static>() {}
        anywhere::<Connection>();
    }
}
