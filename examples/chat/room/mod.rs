//! The room: who is here, under which name, and what everyone hears. It knows no sockets: texts go
//! in, [`Effect`]s come out.
//!
//! The protocol: each WebSocket text message is a verb, a space and the rest. `⏎` is a line feed;
//! names hold none.
//!
//! | the page says    | to                                                                                           |
//! |------------------|----------------------------------------------------------------------------------------------|
//! | `join KEY NAME`  | sit down as NAME; KEY is the page's own secret, with which it may take its seat again        |
//! | `say TEXT`       | be heard by everyone, oneself too                                                            |
//!
//! | the room says         | when                                                                                    |
//! |-----------------------|-----------------------------------------------------------------------------------------|
//! | `said ID NAME⏎TEXT`   | someone said TEXT, perhaps you                                                          |
//! | `yours ID NAME⏎TEXT`  | the same, out of the past: your KEY said it                                             |
//! | `here NAME⏎NAME…`     | you are in, under the first of these names; the others are here too                     |
//! | `joined NAME`         | someone came, perhaps you                                                               |
//! | `left NAME`           | someone went                                                                            |
//! | `refused WHY`         | nothing happened: `taken` or `name` (the name), `text` (empty), `long` (the text), `fast` (too many), `order` (no such verb, or not now) |
//!
//! Who joins first hears the last [`HISTORY`] messages, then `here`. A message keeps its ID,
//! so a page that reconnects shows none twice. The ID is the time of the message, in ms since 1970,
//! or the next free number. Every `say` is answered in turn, by one's own
//! `said` or by `refused`.
//!
//! A connection without a seat has the same credit as one with a seat, and every message uses it: a
//! connection that guesses names is soon `fast`. To come in costs nothing of what one may say then.
//!
//! A connection that was lost without a word still sits on its seat. Whoever comes with the same
//! name and key gets the seat; the others notice nothing and the old connection is dismissed.

mod credit;
mod name;
#[cfg(test)]
mod tests;

pub(crate) use credit::WINDOW;

use credit::Credit;
use name::Name;
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is to be done after the room heard something, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Send a text to one.
    Tell(usize, String),
    /// Send a text to all [`Room::members`].
    TellAll(String),
    /// Close a connection whose seat was taken by a newer one of the same page.
    Dismiss(usize),
}

/// Everyone who has a seat, by the connection's number, and what was said last.
#[derive(Debug)]
pub(crate) struct Room {
    seats: BTreeMap<usize, Seat>,
    /// Who sits under which name, in lower case: `Ada` and `ada` cannot both be here, nobody could
    /// tell them apart in a hurry.
    names: BTreeMap<String, usize>,
    /// Who said something and has no seat.
    guests: BTreeMap<usize, Credit>,
    history: VecDeque<Said>,
    /// What saying something costs of the time of [`WINDOW`].
    cost: Duration,
    /// The time that all moments count from, in ms since 1970.
    opened: u64,
    last_id: u64,
    said: u64,
}

#[derive(Debug)]
struct Seat {
    name: Name,
    key: String,
    credit: Credit,
}

/// Something that was said.
#[derive(Debug)]
struct Said {
    key: String,
    /// `ID NAME⏎TEXT`.
    what: String,
}

/// How much of the past is told.
const HISTORY: usize = 50;
const KEY_MAX: usize = 64;
const TEXT_MAX: usize = 2000;

impl Room {
    /// A room in which everyone may say `rate` messages in [`WINDOW`]. The time begins now.
    pub(crate) fn new(rate: NonZeroU32) -> Self {
        let opened = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            seats: BTreeMap::new(),
            names: BTreeMap::new(),
            guests: BTreeMap::new(),
            history: VecDeque::new(),
            cost: WINDOW / rate.get(),
            opened: u64::try_from(opened.as_millis()).unwrap_or_default(),
            last_id: 0,
            said: 0,
        }
    }

    /// Someone said something.
    pub(crate) fn hear(&mut self, who: usize, text: &str, now: Duration) -> Vec<Effect> {
        match (text.split_once(' '), self.seats.contains_key(&who)) {
            (_, false) if !self.guests.entry(who).or_default().pay(self.cost, now) => Err("fast"),
            (Some(("join", rest)), false) => self.join(who, rest),
            (Some(("say", text)), true) => self.say(who, text, now),
            _ => Err("order"),
        }
        .unwrap_or_else(|why| vec![Effect::Tell(who, format!("refused {why}"))])
    }

    /// A connection is gone, whether it had a seat or not.
    pub(crate) fn leave(&mut self, who: usize) -> Vec<Effect> {
        self.guests.remove(&who);
        let Some(seat) = self.seats.remove(&who) else { return vec![] };
        self.names.remove(&seat.name.in_lower_case());
        vec![Effect::TellAll(format!("left {}", seat.name.as_str()))]
    }

    /// Who hears what is told to all.
    pub(crate) fn members(&self) -> impl ExactSizeIterator<Item = usize> {
        self.seats.keys().copied()
    }

    /// How many messages were said.
    pub(crate) fn said(&self) -> u64 {
        self.said
    }

    fn join(&mut self, who: usize, rest: &str) -> Result<Vec<Effect>, &'static str> {
        let (key, name) = rest.split_once(' ').ok_or("order")?;
        if !(1..=KEY_MAX).contains(&key.len()) {
            return Err("order");
        }
        let name = Name::parse(name).ok_or("name")?;
        let lower = name.in_lower_case();
        let old =
            self.names.get(&lower).and_then(|old| Some((*old, self.seats.get(old)?.key == key)));
        let (last, credit) = match old {
            None => (Effect::TellAll(format!("joined {}", name.as_str())), Credit::default()),
            Some((old, true)) => (
                Effect::Dismiss(old),
                self.seats.remove(&old).map_or(Credit::default(), |seat| seat.credit),
            ),
            Some((_, false)) => return Err("taken"),
        };
        let mut effects: Vec<_> =
            self.history.iter().map(|said| Effect::Tell(who, said.to(key))).collect();
        effects.extend([Effect::Tell(who, self.everyone(&name)), last]);
        self.guests.remove(&who);
        self.names.insert(lower, who);
        self.seats.insert(who, Seat { name, key: key.to_owned(), credit });
        Ok(effects)
    }

    fn everyone(&self, first: &Name) -> String {
        self.seats
            .values()
            .fold(format!("here {}", first.as_str()), |list, seat| list + "\n" + seat.name.as_str())
    }

    fn say(&mut self, who: usize, text: &str, now: Duration) -> Result<Vec<Effect>, &'static str> {
        let seat = self.seats.get_mut(&who).ok_or("order")?;
        let text = text.trim();
        if text.is_empty() {
            return Err("text");
        }
        if text.chars().count() > TEXT_MAX {
            return Err("long");
        }
        if !seat.credit.pay(self.cost, now) {
            return Err("fast");
        }
        let at = self.opened.saturating_add(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        self.last_id = at.max(self.last_id.saturating_add(1));
        self.said += 1;
        let what = format!("{} {}\n{text}", self.last_id, seat.name.as_str());
        let effect = Effect::TellAll(format!("said {what}"));
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Said { key: seat.key.clone(), what });
        Ok(vec![effect])
    }
}

impl Said {
    /// As it is told to who comes with this key.
    fn to(&self, key: &str) -> String {
        format!("{} {}", if self.key == key { "yours" } else { "said" }, self.what)
    }
}
