//! The transport between two ends, and time: writes, turns of a loop, faults and heartbeats.

use super::reading::{Reading, Workspaces, receive};
use super::station::Station;
use crate::choices::Choices;
use crate::wire;
use sockless::{Endpoint, Step};

impl Station {
    /// One turn of a loop: tells whether anything moved.
    pub fn turn(&mut self, to: &mut Self, workspaces: &mut Workspaces) -> bool {
        if self.turns.is_some() {
            return self.step(to, workspaces);
        }
        let wrote = self.write(to, usize::MAX, 1, workspaces);
        let shuts = self.connection.wants_shutdown();
        if shuts {
            assert!(!self.connection.wants_write());
            self.connection.shutdown_done();
            assert!(!self.connection.wants_shutdown(), "only once");
        }
        let read = self.read(usize::MAX, Reading::Whole, workspaces);
        // Who is done drops the transport.
        to.ends |= shuts || self.connection.is_done();
        wrote || shuts || read
    }

    /// The loop as it is meant to be, until there is nothing to do.
    fn step(&mut self, to: &mut Self, workspaces: &mut Workspaces) -> bool {
        let Some(which) = self.turns else { return false };
        let (mut bytes, mut moved, mut shuts) = (Vec::new(), false, false);
        let most = self.incoming.len() + self.connection.queued();
        let Self { connection, incoming, inbox, held, ends, told, flow, .. } = self;
        let mut turn = workspaces.get(which).turn(connection);
        let mut steps = 0;
        loop {
            steps += 1;
            assert!(steps < 1000 + 2 * most, "{:?} does not come to an end", turn.step(true));
            match turn.step(true) {
                Step::Write => {
                    let queued = turn.endpoint().queued();
                    let before = bytes.len();
                    let taken = turn.write(|slices| {
                        let slices: Vec<&[u8]> = slices.iter().map(|slice| &slice[..]).collect();
                        Ok(wire::take(&slices, usize::MAX, &mut bytes))
                    });
                    assert_eq!(taken.ok(), Some(bytes.len() - before));
                    assert!(bytes.len() > before, "it wants to write nothing");
                    flow.took(bytes.len() - before, queued);
                }
                Step::Poll => {
                    receive(&mut turn, incoming, 0, Reading::Whole, held, inbox);
                }
                Step::Shutdown => {
                    assert!(!turn.endpoint().wants_write());
                    turn.shutdown(|| shuts = true);
                    assert!(!turn.endpoint().wants_shutdown(), "only once");
                }
                Step::Read if !incoming.is_empty() => {
                    let most = incoming.len();
                    receive(&mut turn, incoming, most, Reading::Whole, held, inbox);
                }
                Step::Read if *ends && !*told => {
                    *told = true;
                    assert_eq!(turn.read(|_| Ok(0)).ok(), Some(0));
                }
                Step::Read | Step::Wait | Step::Done => break,
            }
            moved = true;
        }
        drop(turn);
        if self.connection.is_done() {
            self.incoming.clear();
            self.held.clear();
        }
        self.look();
        to.arrive(&bytes);
        to.ends |= shuts || self.connection.is_done();
        moved
    }

    pub fn write(
        &mut self,
        to: &mut Self,
        most: usize,
        how: u8,
        workspaces: &mut Workspaces,
    ) -> bool {
        let mut bytes = Vec::new();
        let queued = self.connection.queued();
        let mut write = |side: &mut dyn Endpoint| {
            while bytes.len() < most && side.wants_write() {
                let left = most - bytes.len();
                assert!(
                    wire::write(side.transmit(), left, how, &mut bytes) > 0,
                    "it wants to write nothing"
                );
            }
        };
        match self.turns.filter(|_| self.lends) {
            Some(which) => {
                let mut turn = workspaces.get(which).turn(&mut self.connection);
                write(turn.endpoint());
            }
            None => write(&mut self.connection),
        }
        assert_eq!(self.connection.queued(), queued - bytes.len());
        if !bytes.is_empty() {
            self.flow.took(bytes.len(), queued);
        }
        self.look();
        to.arrive(&bytes);
        !bytes.is_empty()
    }

    /// What comes behind a cut, or at an end that has dropped its transport, is lost.
    fn arrive(&mut self, bytes: &[u8]) {
        if !self.ends && !self.connection.is_done() {
            self.incoming.extend_from_slice(bytes);
        }
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
        self.poll();
    }

    /// Other bytes come than the peer sent.
    pub fn garble(&mut self, choices: &mut Choices<'_>, peer: &mut Self) {
        (self.inbox.garbled, peer.inbox.others_ping) = (true, true);
        let len = usize::from(choices.byte());
        self.incoming.extend_from_slice(choices.bytes(len));
    }
}
