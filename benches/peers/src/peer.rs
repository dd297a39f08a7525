//! What is measured: a crate with a choice of settings, and the connections that it makes.

use crate::corpus::Message;
use crate::transport::Sink;
use bytes::Bytes;
use serde::Serialize;

/// What both ends agreed on, and how hard the sender compresses. Both directions have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Setting {
    /// As in zlib.
    pub(crate) level: u8,
    pub(crate) takeover: bool,
    /// The window.
    pub(crate) bits: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Server,
    Client,
}

/// A crate, set up in one way.
pub(crate) trait Peer {
    fn name(&self) -> &'static str;

    /// What compresses, and what has to be known beside.
    fn about(&self) -> &'static str;

    /// An open connection.
    ///
    /// # Errors
    /// Why there is none with this setting.
    fn connect(&self, end: End, setting: Setting) -> Result<Box<dyn Connection>, &'static str>;
}

/// An open connection that compresses.
pub(crate) trait Connection {
    /// Sends a batch of texts, and flushes once if it can.
    fn send(&mut self, messages: &[Message], sink: &mut Sink);

    /// Reads a batch, until it has come through.
    ///
    /// # Errors
    /// The connection refuses what it read.
    fn receive(&mut self, batch: &Batch, tally: &mut Tally<'_>) -> Result<(), Refused>;
}

/// The peer broke a rule: what a test of texts that are none wants to see.
#[derive(Debug)]
pub(crate) struct Refused;

/// Bytes that are there to be read at once: these many whole messages.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Bytes,
    pub(crate) messages: usize,
}

/// What was delivered.
#[derive(Debug, Default)]
pub(crate) struct Tally<'a> {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) reads: u64,
    /// What is to come, if each message is to be looked at.
    pub(crate) expected: Option<std::slice::Iter<'a, Message>>,
    pub(crate) wrong: bool,
}

impl Tally<'_> {
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.messages += 1;
        self.bytes += text.len() as u64;
        if let Some(expected) = &mut self.expected {
            self.wrong |= expected.next().is_none_or(|message| message.bytes != text);
        }
    }
}
