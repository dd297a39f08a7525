//! The ways in which an end reads what has come: through an ordinary input, through a `Scratch`
//! that keeps what is cut, or straight into a message.

use super::inbox::Inbox;
use super::station::Station;
use super::transport::Held;
use bytes::BufMut;
use sockless::{Buffers, Cause, Endpoint, Event, Input, Scratch};

/// A way to read.
#[derive(Clone, Copy, PartialEq)]
pub enum Reading {
    /// Through an input, until there are no more events.
    Whole,
    /// Straight into a message, where there is room.
    Direct,
    /// Through an input, one event of it.
    Once,
}

/// A buffer that keeps what a read has cut.
pub struct Keeper {
    scratch: Scratch,
    /// The largest frame that it keeps.
    most: usize,
    /// Whether each operation is a turn of its own.
    turns: bool,
    /// How many bytes it keeps.
    rest: usize,
    /// All events of these were polled.
    polled: bool,
}

impl Keeper {
    /// 0 is none.
    pub fn new(how: u8) -> Option<Self> {
        let how = usize::from(how.checked_sub(1)?);
        let size = [100, 4096, 32, 70_000][how & 3];
        let most = [1 << 20, 200, 0, 20_000][how >> 2 & 3];
        Some(Self {
            scratch: Scratch::new(size, most),
            most,
            turns: how & 16 != 0,
            rest: 0,
            polled: true,
        })
    }

    /// A read of at most so much that is polled, but for more than one event if that is not wanted:
    /// tells how much it was.
    fn read(
        &mut self,
        incoming: &mut Vec<u8>,
        most: usize,
        once: bool,
        held: &mut Held<'_>,
        inbox: &mut Inbox,
    ) -> usize {
        let room = self.scratch.room();
        assert!(!room.is_empty() || !self.polled, "a read of no bytes would be taken for the end");
        let len = most.min(room.len());
        room[..len].copy_from_slice(&incoming[..len]);
        incoming.drain(..len);
        let mut input = self.scratch.input(len);
        let came = self.rest + len;
        assert_eq!(input.len(), came, "what is kept, and what was read");
        let (events, polled) = poll(held, inbox, &mut input, once);
        assert!(events <= came + 1, "{events} events of {came} bytes");
        let kept = input.into_rest();
        if polled && !kept.is_empty() {
            assert!(kept.len() < self.most, "{} bytes are kept, of {}", kept.len(), self.most);
            assert!(
                frame(kept).is_none_or(|len| kept.len() < len && len <= self.most),
                "{kept:02x?}"
            );
        }
        (self.rest, self.polled) = (kept.len(), polled);
        self.scratch.keep(self.rest);
        len
    }

    /// A read of at most so much in a turn of its own, which ends with nothing kept.
    fn turn(
        &mut self,
        incoming: &mut Vec<u8>,
        most: usize,
        held: &mut Held<'_>,
        inbox: &mut Inbox,
    ) {
        let mut turn = self.scratch.turn();
        let room = turn.room();
        let len = most.min(room.len());
        room[..len].copy_from_slice(&incoming[..len]);
        incoming.drain(..len);
        let mut input = turn.input(len);
        poll(held, inbox, &mut input, false);
        let kept = input.len();
        turn.keep(kept);
        let mut rest = turn.rest();
        assert_eq!(rest.len(), kept, "what was kept is what is taken over");
        poll(held, inbox, &mut rest, false);
        assert!(rest.is_empty(), "None means that all was consumed");
        drop(turn);
        assert!(self.scratch.rest().is_empty(), "nothing is left for the next connection");
    }

    /// Nothing was to do for a while.
    pub fn shrink(&mut self) {
        self.scratch.shrink();
    }

    fn rest(&mut self) -> Input<'_> {
        (self.rest, self.polled) = (0, true);
        self.scratch.rest()
    }
}

impl Station {
    /// Tells whether there was anything.
    pub fn read(&mut self, most: usize, reading: Reading, buffers: &mut Buffers) -> bool {
        if self.connection.is_done() {
            self.incoming.clear();
            self.end_turn(buffers);
            return false;
        }
        if self.incoming.is_empty() && self.ends && !self.told {
            let took = self.end_turn(buffers);
            self.told = self.connection.wants_read();
            if self.told {
                self.connection.handle_eof();
                self.poll(Input::empty());
            }
            return took || self.told;
        }
        let len = most.min(self.incoming.len());
        let unpolled = self.keeper.as_ref().is_some_and(|keeper| !keeper.polled);
        if len == 0 && !unpolled {
            return false;
        }
        if reading != Reading::Direct || unpolled || !self.read_directly(len, buffers) {
            self.read_through(len, reading == Reading::Once, buffers);
        }
        self.look();
        true
    }

    fn read_directly(&mut self, most: usize, buffers: &mut Buffers) -> bool {
        let Self { connection, incoming, inbox, lends, keeper, .. } = self;
        let mut held = Held::new(connection, lends.then_some(buffers));
        let (Some(mut into), _) = held.io() else { return false };
        assert!(
            keeper.as_ref().is_none_or(|keeper| keeper.rest == 0),
            "of a frame of which a part was consumed nothing is kept"
        );
        let len = most.min(into.remaining_mut());
        into.put_slice(&incoming[..len]);
        incoming.drain(..len);
        let (events, _) = poll(&mut held, inbox, &mut Input::empty(), false);
        assert!(events <= len + 1, "{events} events of {len} bytes");
        true
    }

    fn read_through(&mut self, len: usize, once: bool, buffers: &mut Buffers) {
        let Self { connection, incoming, inbox, lends, keeper, .. } = self;
        let mut held = Held::new(connection, lends.then_some(buffers));
        if let Some(keeper) = keeper {
            let mut read = keeper.read(incoming, len, once, &mut held, inbox);
            while !once && read < len {
                read += keeper.read(incoming, len - read, once, &mut held, inbox);
            }
            return;
        }
        let mut read: Vec<u8> = incoming.drain(..len).collect();
        let mut input = Input::new(&mut read);
        let (events, polled) = poll(&mut held, inbox, &mut input, once);
        assert!(events <= len + 1, "{events} events of {len} bytes");
        let rest = input.into_rest();
        assert!(rest.is_empty() || !polled, "None means that all was consumed");
        incoming.splice(..0, rest.iter().copied());
    }

    /// Reads in a turn of a `Scratch`, if that is what it reads to and there is something.
    pub fn read_in_turn(&mut self, most: usize, buffers: &mut Buffers) {
        self.end_turn(buffers);
        let Self { connection, incoming, inbox, lends, keeper, .. } = self;
        let Some(keeper) = keeper else { return };
        if incoming.is_empty() || connection.is_done() {
            return;
        }
        let mut held = Held::new(connection, lends.then_some(buffers));
        keeper.turn(incoming, most.min(incoming.len()), &mut held, inbox);
        drop(held);
        self.look();
    }

    /// The connection takes over what is kept: tells whether that was anything.
    pub fn end_turn(&mut self, buffers: &mut Buffers) -> bool {
        let Self { connection, inbox, lends, keeper, .. } = self;
        let Some(keeper) = keeper else { return false };
        let kept = keeper.rest;
        let mut input = keeper.rest();
        assert_eq!(input.len(), kept);
        let (events, _) =
            poll(&mut Held::new(connection, lends.then_some(buffers)), inbox, &mut input, false);
        assert!(input.is_empty(), "None means that all was consumed");
        assert!(events <= kept + 1, "{events} events of {kept} bytes");
        self.look();
        kept > 0
    }

    /// Behind an operation, which may be a turn.
    pub fn rest(&mut self, buffers: &mut Buffers) {
        if self.keeper.as_ref().is_some_and(|keeper| keeper.turns) {
            self.end_turn(buffers);
        }
    }
}

/// Polls until there are no more events, or once: how many there were, and whether there are none
/// any more.
fn poll(
    held: &mut Held<'_>,
    inbox: &mut Inbox,
    input: &mut Input<'_>,
    once: bool,
) -> (usize, bool) {
    let mut events = 0;
    loop {
        let (queued, was_open) = (held.queued(), held.is_open());
        let Some(event) = held.poll(input) else { break };
        if let Event::Closed(close_event) = &event {
            let (unsent, left) = (close_event.unsent, held.queued() as u64);
            assert!(unsent == 0 || was_open && close_event.cause == Cause::Peer, "{close_event:?}");
            let all = queued as u64;
            assert!(
                unsent <= all && left + unsent >= all,
                "{unsent} of {all}, and {left} are left"
            );
        }
        inbox.take(&event, held.is_open());
        held.reclaim(event);
        events += 1;
        if once {
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
