//! What happened, in numbers. Nothing in here is on the heap: what is live is compared.

use std::fmt;
use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) rounds: u64,
    pub(crate) pairs: u64,
    /// Whose handshake was over before the fault, if there was one.
    pub(crate) opened: u64,
    pub(crate) compressed: u64,
    /// Delivered, and found to be what was sent next.
    pub(crate) messages: u64,
    /// The bytes of these.
    pub(crate) bytes: u64,
    /// Bytes on the wire.
    pub(crate) wire: u64,
    pub(crate) prepared: u64,
    /// Turns of the workspace, and of these, how many left bytes for the next one.
    pub(crate) turns: u64,
    pub(crate) held: u64,
    /// How the pairs ended: none, and then the faults in their order.
    pub(crate) faults: [u64; Fault::ALL.len() + 1],
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Both directions are reset, with all that is on its way.
    Cut,
    /// One direction ends behind what is on its way, with no Close frame.
    End,
    /// Writing fails at one end.
    Write,
    /// Reading fails at one end.
    Read,
    /// What is sent gets lost, in one direction or both, and nobody is told: only time does.
    Lost,
    /// One end stands still until the other has given up.
    Stall,
    /// One end is told that its time is up.
    TimeOut,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] =
        [Self::Cut, Self::End, Self::Write, Self::Read, Self::Lost, Self::Stall, Self::TimeOut];

    fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::End => "end of stream",
            Self::Write => "write fails",
            Self::Read => "read fails",
            Self::Lost => "lost",
            Self::Stall => "stall",
            Self::TimeOut => "time-out",
        }
    }
}

impl Counts {
    pub(crate) fn end(&mut self, fault: Option<Fault>) {
        let index = fault
            .and_then(|fault| Fault::ALL.iter().position(|one| *one == fault))
            .map_or(0, |index| index + 1);
        self.faults[index] += 1;
    }

    /// What never happened in all the time.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        let Self { opened, compressed, messages, bytes, wire, prepared, turns, held, .. } = *self;
        let all = [
            (opened, "open"),
            (compressed, "compressed"),
            (messages, "messages"),
            (bytes, "bytes"),
            (wire, "wire"),
            (prepared, "prepared"),
            (turns, "turns"),
            (held, "bytes held between turns"),
            (self.faults[0], "clean"),
        ];
        let faults =
            Fault::ALL.iter().zip(&self.faults[1..]).map(|(fault, count)| (*count, fault.name()));
        all.into_iter().chain(faults).find_map(|(count, name)| (count == 0).then_some(name))
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.pairs += other.pairs;
        self.opened += other.opened;
        self.compressed += other.compressed;
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.wire += other.wire;
        self.prepared += other.prepared;
        self.turns += other.turns;
        self.held += other.held;
        self.faults.iter_mut().zip(other.faults).for_each(|(sum, count)| *sum += count);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rounds,
            pairs,
            opened,
            compressed,
            messages,
            bytes,
            wire,
            prepared,
            turns,
            held,
            faults,
        } = self;
        write!(
            f,
            "{rounds} rounds, {pairs} pairs ({opened} open, {compressed} compressed), {messages} messages of {} MB, ",
            bytes / 1_000_000
        )?;
        write!(
            f,
            "{} MB on the wire, {prepared} prepared, {turns} turns, {held} of them left bytes; ",
            wire / 1_000_000
        )?;
        write!(f, "ended: clean {}", faults[0])?;
        Fault::ALL
            .iter()
            .zip(&faults[1..])
            .try_for_each(|(fault, count)| write!(f, ", {} {count}", fault.name()))
    }
}
