//! The transport between two ends, and time: writes, turns of a loop, faults and heartbeats.

use super::reading::Reading;
use super::station::Station;
use crate::choices::Choices;
use crate::wire;
use sockless::{Buffers, Connection, Endpoint, Event, Input, Lent};
use std::ops::{Deref, DerefMut};

impl Station {
    /// One turn of a loop: tells whether anything moved.
    pub fn turn(&mut self, to: &mut Self, buffers: &mut Buffers) -> bool {
        let wrote = self.write(to, usize::MAX, 1, buffers);
        let shuts = self.connection.wants_shutdown();
        if shuts {
            assert!(!self.connection.wants_write());
            self.connection.shutdown_done();
            assert!(!self.connection.wants_shutdown(), "only once");
        }
        let read = self.read(usize::MAX, Reading::Whole, buffers) | self.end_turn(buffers);
        // Who is done drops the transport.
        to.ends |= shuts || self.connection.is_done();
        wrote || shuts || read
    }

    pub fn write(&mut self, to: &mut Self, most: usize, how: u8, buffers: &mut Buffers) -> bool {
        let mut bytes = Vec::new();
        let queued = self.connection.queued();
        let mut held = Held::new(&mut self.connection, self.lends.then_some(buffers));
        while bytes.len() < most && held.wants_write() {
            let left = most - bytes.len();
            assert!(
                wire::write(&mut *held, left, how, &mut bytes) > 0,
                "it wants to write nothing"
            );
        }
        drop(held);
        if !bytes.is_empty() {
            self.flow.took(bytes.len(), queued);
        }
        self.look();
        // What comes behind a cut, or at an end that has dropped its transport, is lost.
        if !to.ends && !to.connection.is_done() {
            to.incoming.extend_from_slice(&bytes);
        }
        !bytes.is_empty()
    }

    pub(super) fn poll(&mut self, mut input: Input<'_>) {
        while let Some(event) = self.connection.poll(&mut input) {
            self.inbox.take(&event, self.connection.is_open());
        }
        self.look();
    }

    /// How much is on its way to this end.
    pub fn incoming(&self) -> usize {
        self.incoming.len()
    }

    /// Nothing more comes behind what is on its way.
    pub fn cut(&mut self) {
        self.ends = true;
    }

    /// Tells the connection what is wrong with the transport.
    pub fn fail(&mut self, tell: impl FnOnce(&mut dyn Endpoint)) {
        self.ask(|connection| tell(connection));
        self.poll(Input::empty());
    }

    /// Other bytes come than the peer sent.
    pub fn garble(&mut self, choices: &mut Choices<'_>, peer: &mut Self) {
        (self.inbox.garbled, peer.inbox.others_ping) = (true, true);
        let len = usize::from(choices.byte());
        self.incoming.extend_from_slice(choices.bytes(len));
    }
}

/// A connection for a turn, with buffers on loan or without.
pub enum Held<'a> {
    Own(&'a mut Connection),
    Lent(Lent<'a>),
}

impl<'a> Held<'a> {
    pub fn new(connection: &'a mut Connection, buffers: Option<&'a mut Buffers>) -> Self {
        match buffers {
            Some(buffers) => Self::Lent(buffers.lend(connection)),
            None => Self::Own(connection),
        }
    }

    pub fn reclaim(&mut self, event: Event<'_>) {
        if let Self::Lent(lent) = self {
            lent.reclaim(event);
        }
    }
}

impl Deref for Held<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(lent) => lent,
        }
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(lent) => lent,
        }
    }
}
