//! The hostile ones: 200 of them in one thread, each beginning a session of its kind whenever its
//! time has come, however the one before it ended.

use crate::kinds::{Arsenal, KINDS, Number};
use crate::session::{How, Session, Turn, connect};
use crate::tally::Tally;
use mio::{Events, Interest, Poll, Token};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many are hostile at once.
pub(crate) const HOSTILE: usize = 200;
/// After so long, who waits for nothing but time has a turn.
const TICK: Duration = Duration::from_millis(5);
/// How long after another each begins.
const APART: Duration = Duration::from_millis(5);

pub(crate) struct Mob {
    poll: Poll,
    address: SocketAddr,
    /// Nobody stands against them.
    dummy: bool,
    arsenal: Arsenal,
    slots: Vec<Slot>,
    /// Of each kind: how many sessions were begun, and how they ended.
    begun: Vec<usize>,
    tallies: Vec<Tally>,
}

struct Slot {
    kind: usize,
    session: Option<Session>,
    next: Instant,
    /// There may be more to do right away.
    due: bool,
}

impl Mob {
    pub(crate) fn new(address: SocketAddr, dummy: bool, seed: u64) -> io::Result<Self> {
        let now = Instant::now();
        let slot = |number: usize| Slot {
            kind: number % KINDS.len(),
            session: None,
            next: now + APART * number as u32,
            due: false,
        };
        Ok(Self {
            poll: Poll::new()?,
            address,
            dummy,
            arsenal: Arsenal::new(seed),
            slots: (0..HOSTILE).map(slot).collect(),
            begun: vec![0; KINDS.len()],
            tallies: KINDS.iter().map(|_| Tally::default()).collect(),
        })
    }

    /// Attacks for so long, and leaves. It tells how each kind fared, in the order of [`KINDS`].
    pub(crate) fn run(mut self, time: Duration) -> io::Result<Vec<Tally>> {
        let until = Instant::now() + time;
        let mut events = Events::with_capacity(1024);
        let mut scratch = vec![0; 64 << 10];
        loop {
            let patience =
                if self.slots.iter().any(|slot| slot.due) { Duration::ZERO } else { TICK };
            self.poll.poll(&mut events, Some(patience))?;
            for event in &events {
                if let Some(session) = &mut self.slots[event.token().0].session {
                    session.ready(event);
                }
            }
            let now = Instant::now();
            if now > until {
                break;
            }
            for number in 0..self.slots.len() {
                self.turn(number, &mut scratch, now)?;
            }
        }
        let now = Instant::now();
        for slot in &mut self.slots {
            if let Some(session) = slot.session.take() {
                session.reset();
                self.tallies[slot.kind]
                    .add(&KINDS[slot.kind], session.into_ending(How::CutShort, now));
            }
        }
        Ok(self.tallies)
    }

    fn turn(&mut self, number: usize, scratch: &mut [u8], now: Instant) -> io::Result<()> {
        let slot = &mut self.slots[number];
        let kind = &KINDS[slot.kind];
        let Some(session) = &mut slot.session else {
            if slot.next <= now {
                slot.next = now + kind.every();
                let plan = kind
                    .plan(&self.arsenal, &Number { slot: number, session: self.begun[slot.kind] });
                self.begun[slot.kind] += 1;
                let mut session = Session::new(
                    connect(self.address, kind.small)?,
                    plan,
                    kind.limit(),
                    self.dummy,
                    now,
                );
                self.poll.registry().register(
                    &mut session.socket,
                    Token(number),
                    Interest::READABLE | Interest::WRITABLE,
                )?;
                slot.session = Some(session);
            }
            return Ok(());
        };
        let turn = session.turn(scratch, now);
        slot.due = matches!(turn, Turn::Again);
        if let Turn::Over(how) = turn {
            let ended = slot.session.take().map(|session| session.into_ending(how, now));
            ended.into_iter().for_each(|ending| self.tallies[slot.kind].add(kind, ending));
        }
        Ok(())
    }
}
