//! Ours, as the loop in its README drives it.

use crate::corpus::Message;
use crate::peer::{Batch, Connection, End, Peer, Refused, Setting, Tally};
use crate::transport::Sink;
use sockless::deflate::{Level, Parameters, Pool, WindowBits};
use sockless::{Config, Event, Extensions, Seed, Workspace};
use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

/// sockless, with or without a pool that its connections share.
#[derive(Debug)]
pub(crate) struct Sockless {
    keep: Keep,
    pool: Option<Pool>,
    workspace: Rc<RefCell<Workspace>>,
}

/// What waits between two messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// As many compressors and decompressors, in a pool.
    Pool(usize),
    /// What each connection keeps for itself.
    Nothing,
}

impl Sockless {
    pub(crate) fn new(keep: Keep) -> Self {
        let pool = match keep {
            Keep::Pool(most) => Some(Pool::new(most)),
            Keep::Nothing => None,
        };
        Self { keep, pool, workspace: Rc::default() }
    }

    pub(crate) fn open(&self, end: End, setting: Setting) -> sockless::Connection {
        let bits = WindowBits::new(setting.bits).expect("8 to 15");
        let mut parameters = Parameters::default();
        (parameters.server_no_context_takeover, parameters.client_no_context_takeover) =
            (!setting.takeover, !setting.takeover);
        (parameters.server_max_window_bits, parameters.client_max_window_bits) = (bits, bits);
        let mut extensions = Extensions::default();
        extensions.deflate = Some(parameters);
        let mut config = Config::default();
        config.deflate.level = Level::new(setting.level).expect("1 to 9");
        config.deflate.pool = self.pool.clone();
        match end {
            End::Server => sockless::Connection::server(extensions, config),
            End::Client => sockless::Connection::client(Seed::new([7; 32]), extensions, config),
        }
    }
}

impl Peer for Sockless {
    fn name(&self) -> &'static str {
        match self.keep {
            Keep::Pool(1) => "sockless, pool of 1",
            Keep::Pool(_) => "sockless, pool",
            Keep::Nothing => "sockless, no pool",
        }
    }

    fn about(&self) -> &'static str {
        match self.keep {
            Keep::Pool(1) => {
                "compresses by flate2 with zlib-rs, inflates by zlib-rs itself; one compressor and one decompressor for all connections, primed with the window of each"
            }
            Keep::Pool(_) => {
                "compresses by flate2 with zlib-rs, inflates by zlib-rs itself; a pool with room for every connection"
            }
            Keep::Nothing => {
                "compresses by flate2 with zlib-rs, inflates by zlib-rs itself; without takeover a compressor or decompressor is made for each message"
            }
        }
    }

    fn connect(&self, end: End, setting: Setting) -> Result<Box<dyn Connection>, &'static str> {
        Ok(Box::new(Driven {
            connection: self.open(end, setting),
            workspace: self.workspace.clone(),
        }))
    }
}

struct Driven {
    connection: sockless::Connection,
    /// Of the loop, for all its connections.
    workspace: Rc<RefCell<Workspace>>,
}

impl Connection for Driven {
    fn send(&mut self, messages: &[Message], sink: &mut Sink) {
        let mut workspace = self.workspace.borrow_mut();
        let mut turn = workspace.turn(&mut self.connection);
        let connection = turn.endpoint();
        for message in messages {
            connection.send_text(&message.text).expect("it is open, and its queue not full");
        }
        write(connection, sink);
    }

    fn receive(&mut self, batch: &Batch, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let mut workspace = self.workspace.borrow_mut();
        let mut turn = workspace.turn(&mut self.connection);
        let mut left = &batch.bytes[..];
        while !left.is_empty() {
            tally.reads += 1;
            let room = turn.read_buf();
            let (read, rest) = left.split_at(room.len().min(left.len()));
            room[..read.len()].copy_from_slice(read);
            left = rest;
            let (connection, mut input) = turn.received(read.len());
            while let Some(event) = connection.poll(&mut input) {
                match event {
                    Event::Text(text) => tally.text(text.as_bytes()),
                    Event::Closed(_) => return Err(Refused),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Writes all that is queued.
pub(crate) fn write(connection: &mut sockless::Connection, sink: &mut Sink) {
    while connection.wants_write() {
        let Ok(_) = connection.transmit().write_with(|slices| {
            Ok::<_, Infallible>(sink.write_vectored(slices.iter().map(|slice| &**slice)))
        });
    }
}
