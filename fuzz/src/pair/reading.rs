//! The ways in which an end reads what has come: through an ordinary input, or by turns of a
//! workspace that others have turns of too.

use super::inbox::Inbox;
use super::station::Station;
use sockless::{Cause, Connection, Event, Input, Turn, Workspace};

/// A way to read.
#[derive(Clone, Copy, PartialEq)]
pub enum Reading {
    /// Until there are no more events.
    Whole,
    /// And nothing is polled yet.
    Unpolled,
    /// One event of it.
    Once,
}

/// One for each size, which all ends share that have chosen it.
#[derive(Default)]
pub struct Workspaces([Option<Workspace>; 16]);

/// The sizes of reads, and of the largest frames that stay until they are whole.
const READS: [usize; 4] = [100, 4096, 32, 70_000];
const FRAMES: [usize; 4] = [1 << 20, 200, 0, 20_000];

impl Workspaces {
    pub fn get(&mut self, which: Which) -> &mut Workspace {
        let which = usize::from(which.0);
        self.0[which].get_or_insert_with(|| Workspace::new(READS[which & 3], FRAMES[which >> 2]))
    }

    /// Nothing was to do for a while.
    pub fn shrink(&mut self) {
        self.0.iter_mut().flatten().for_each(Workspace::shrink);
    }
}

/// The workspace of an end.
#[derive(Clone, Copy)]
pub struct Which(u8);

impl Which {
    pub fn new(number: u8) -> Self {
        Self(number & 15)
    }

    fn largest_frame(self) -> usize {
        FRAMES[usize::from(self.0 >> 2)]
    }
}

/// What a connection holds between its turns.
#[derive(Default)]
pub struct Held {
    bytes: Vec<u8>,
    /// It is nothing but a part of a frame.
    is_polled: bool,
}

impl Held {
    /// So much is left of the bytes that came.
    fn leave(&mut self, left: usize, is_polled: bool) {
        self.bytes.drain(..self.bytes.len() - left);
        self.is_polled = is_polled;
    }

    /// Whether a poll makes something of it.
    pub fn is_unpolled(&self) -> bool {
        !self.bytes.is_empty() && !self.is_polled
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// What stays where it is, if it was polled, is a part of a frame that there is room for.
    fn check(&self, most: usize) {
        if self.is_polled && !self.bytes.is_empty() {
            assert!(self.bytes.len() < most, "{} bytes are left, of {most}", self.bytes.len());
            assert!(
                frame(&self.bytes).is_none_or(|len| self.bytes.len() < len && len <= most),
                "{:02x?}",
                self.bytes
            );
        }
    }
}

impl Station {
    /// Tells whether there was anything.
    pub fn read(&mut self, most: usize, reading: Reading, workspaces: &mut Workspaces) -> bool {
        if self.connection.is_done() {
            self.incoming.clear();
            self.held.clear();
            return false;
        }
        if self.incoming.is_empty() && self.ends && !self.told {
            let held = self.held.is_unpolled();
            self.told = self.connection.wants_read();
            if self.told {
                self.connection.handle_eof();
            }
            self.poll();
            return self.told || held;
        }
        let len = most.min(self.incoming.len());
        if len == 0 && !self.held.is_unpolled() {
            return false;
        }
        match self.turns {
            Some(which) => self.read_in_turn(len, reading, which, workspaces.get(which)),
            None => self.read_through(len, reading),
        }
        self.look();
        true
    }

    fn read_in_turn(
        &mut self,
        len: usize,
        reading: Reading,
        which: Which,
        workspace: &mut Workspace,
    ) {
        let Self { connection, incoming, inbox, held, hands_over, .. } = self;
        let mut turn = workspace.turn(connection);
        let mut read = receive(&mut turn, incoming, len, reading, held, inbox);
        while reading != Reading::Once && read < len {
            if *hands_over {
                // What was left goes to the connection, and comes back.
                let _ = turn.endpoint();
            }
            read += receive(&mut turn, incoming, len - read, reading, held, inbox);
        }
        held.check(which.largest_frame());
    }

    /// In front of that comes what a turn has left.
    fn read_through(&mut self, len: usize, reading: Reading) {
        let Self { connection, incoming, inbox, held, .. } = self;
        let mut read: Vec<u8> = incoming.drain(..len).collect();
        let mut input = Input::new(&mut read);
        let came = len + held.bytes.len();
        let (events, polled) = poll(connection, inbox, &mut input, reading);
        assert!(events <= came + 1, "{events} events of {came} bytes");
        let rest = input.into_rest();
        assert!(rest.is_empty() || !polled, "None means that all was consumed");
        incoming.splice(..0, rest.iter().copied());
        if polled {
            held.clear();
        }
    }

    /// Polls for what there is without a read. Nothing is held any more.
    pub(super) fn poll(&mut self) {
        let Self { connection, inbox, held, .. } = self;
        let came = held.bytes.len();
        let (events, _) = poll(connection, inbox, &mut Input::empty(), Reading::Whole);
        assert!(events <= came + 1, "{events} events of {came} bytes");
        held.clear();
        self.look();
    }

    /// Reads so much in a turn of a workspace of its own, and leaves the rest to other turns.
    pub fn read_elsewhere(&mut self, most: usize, reading: Reading) {
        if self.turns.is_none() || self.connection.is_done() {
            return;
        }
        let which = Which::new(most as u8);
        let len = most.min(self.incoming.len());
        self.read_in_turn(len, reading, which, Workspaces::default().get(which));
        self.look();
    }

    /// Behind an operation: what its turns have left is polled, if this end does so.
    pub fn rest(&mut self) {
        if self.polls {
            self.poll();
        }
    }
}

/// A read of at most so much in a turn: tells how much it was.
pub fn receive(
    turn: &mut Turn<'_, Connection>,
    incoming: &mut Vec<u8>,
    most: usize,
    reading: Reading,
    held: &mut Held,
    inbox: &mut Inbox,
) -> usize {
    let len = if most == 0 {
        0
    } else {
        let room = turn.read_buf();
        assert!(!room.is_empty(), "a read of no bytes would be taken for the end");
        let len = most.min(room.len());
        room[..len].copy_from_slice(&incoming[..len]);
        held.bytes.extend(incoming.drain(..len));
        len
    };
    let (connection, mut input) = turn.received(len);
    let came = held.bytes.len();
    assert_eq!(input.len(), came, "what was left, and what was read");
    let (events, polled) = poll(connection, inbox, &mut input, reading);
    assert!(events <= came + 1, "{events} events of {came} bytes");
    held.leave(input.len(), polled);
    len
}

/// Polls until there are no more events, or once, or not at all: how many there were, and whether
/// there are none any more.
fn poll(
    connection: &mut Connection,
    inbox: &mut Inbox,
    input: &mut Input<'_>,
    reading: Reading,
) -> (usize, bool) {
    let mut events = 0;
    if reading == Reading::Unpolled {
        return (0, false);
    }
    loop {
        let (queued, was_open) = (connection.queued(), connection.is_open());
        let Some(event) = connection.poll(input) else { break };
        if let Event::Closed(close_event) = &event {
            let (unsent, left) = (close_event.unsent, connection.queued() as u64);
            assert!(unsent == 0 || was_open && close_event.cause == Cause::Peer, "{close_event:?}");
            let all = queued as u64;
            assert!(
                unsent <= all && left + unsent >= all,
                "{unsent} of {all}, and {left} are left"
            );
        }
        inbox.take(&event, connection.is_open());
        events += 1;
        if reading == Reading::Once {
            return (events, false);
        }
    }
    (events, true)
}

/// How long the frame is that begins here, header and payload, if the header is whole.
fn frame(bytes: &[u8]) -> Option<usize> {
    let second = usize::from(*bytes.get(1)?);
    let (header, payload) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        len => (2, len),
    };
    let header = header + (second >> 7) * 4;
    (bytes.len() >= header).then_some(header + payload)
}
