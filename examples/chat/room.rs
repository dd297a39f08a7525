//! The room: who is here, under which name, and what everyone hears. It knows no sockets: texts go in, [`Effect`]s come out.
//!
//! The protocol: each WebSocket text message is a verb, a space and the rest. `⏎` is a line feed; names hold none.
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
//! Who joins first hears the last [`HISTORY`] messages, then `here`. A message has the same ID whenever it is told, so that a page that comes
//! back shows none twice: the moment when it was said, in ms since 1970, or the next free number. Every `say` is answered in turn, by one's own
//! `said` or by `refused`.
//!
//! Who has no seat has the credit of one who has, for all that it says: who guesses names is soon `fast`. To come in costs nothing of what
//! one may say then.
//!
//! A connection that was lost without a word still sits on its seat. Whoever comes with the same name and key gets the seat; the others
//! notice nothing and the old connection is dismissed.

use crate::invisible::is_invisible;
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
    /// Who sits under which name, in lower case: `Ada` and `ada` cannot both be here, nobody could tell them apart in a hurry.
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

/// The moment to which what was said is paid for.
#[derive(Debug, Default)]
struct Credit(Duration);

/// Something that was said.
#[derive(Debug)]
struct Said {
    key: String,
    /// `ID NAME⏎TEXT`.
    what: String,
}

/// How long the messages count that one may say in a burst.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);
/// How much of the past is told.
const HISTORY: usize = 50;
const NAME_MAX: usize = 32;
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
        vec![Effect::TellAll(format!("left {}", seat.name.0))]
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
        let old = self.names.get(&lower).and_then(|old| Some((*old, self.seats.get(old)?.key == key)));
        let (last, credit) = match old {
            None => (Effect::TellAll(format!("joined {}", name.0)), Credit::default()),
            Some((old, true)) => (Effect::Dismiss(old), self.seats.remove(&old).map_or(Credit::default(), |seat| seat.credit)),
            Some((_, false)) => return Err("taken"),
        };
        let mut effects: Vec<_> = self.history.iter().map(|said| Effect::Tell(who, said.to(key))).collect();
        effects.extend([Effect::Tell(who, self.everyone(&name)), last]);
        self.guests.remove(&who);
        self.names.insert(lower, who);
        self.seats.insert(who, Seat { name, key: key.to_owned(), credit });
        Ok(effects)
    }

    fn everyone(&self, first: &Name) -> String {
        self.seats.values().fold(format!("here {}", first.0), |list, seat| list + "\n" + &seat.name.0)
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
        let what = format!("{} {}\n{text}", self.last_id, seat.name.0);
        let effect = Effect::TellAll(format!("said {what}"));
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Said { key: seat.key.clone(), what });
        Ok(vec![effect])
    }
}

impl Credit {
    /// Every message costs its part of [`WINDOW`], on credit of one window: a burst that uses the credit up, then one message for each part.
    fn pay(&mut self, cost: Duration, now: Duration) -> bool {
        let spent = self.0.max(now) + cost;
        let may = spent <= now + WINDOW;
        if may {
            self.0 = spent;
        }
        may
    }
}

impl Said {
    /// As it is told to who comes with this key.
    fn to(&self, key: &str) -> String {
        format!("{} {}", if self.key == key { "yours" } else { "said" }, self.what)
    }
}

/// A name fit to be shown: trimmed, 1 to 32 characters, none of them invisible.
#[derive(Debug)]
struct Name(String);

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let name = text.trim();
        let fits = (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(is_unseen);
        fits.then(|| Self(name.to_owned()))
    }

    fn in_lower_case(&self) -> String {
        self.0.to_lowercase()
    }
}

/// What makes a name look like another's. The joiners do, too.
fn is_unseen(c: char) -> bool {
    is_invisible(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::Effect::{Dismiss, Tell, TellAll};
    use super::*;

    const START: Duration = Duration::ZERO;

    fn tell(who: usize, text: &str) -> Effect {
        Tell(who, text.to_owned())
    }

    fn all(text: &str) -> Effect {
        TellAll(text.to_owned())
    }

    /// Opened at 1000 ms, and a message in each second may be said.
    fn empty() -> Room {
        Room { opened: 1000, ..Room::new(NonZeroU32::new(10).unwrap()) }
    }

    /// Ada is number 1 with key `k1`, Bob number 2 with key `k2`.
    fn ada_and_bob() -> Room {
        let mut room = empty();
        room.hear(1, "join k1 Ada", START);
        room.hear(2, "join k2 Bob", START);
        room
    }

    #[test]
    fn who_joins_learns_who_is_here_and_all_learn_of_them() {
        let mut room = empty();
        assert_eq!(room.hear(1, "join k1 Ada", START), [tell(1, "here Ada"), all("joined Ada")]);
        assert_eq!(room.hear(2, "join k2  Bob B. ", START), [tell(2, "here Bob B.\nAda"), all("joined Bob B.")]);
        assert_eq!(room.members().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn what_is_said_goes_to_all_as_it_is() {
        let mut room = ada_and_bob();
        assert_eq!(room.hear(1, "say  <b>two\nlines</b> 🎈 ", START), [all("said 1000 Ada\n<b>two\nlines</b> 🎈")]);
    }

    #[test]
    fn an_id_is_the_moment_or_the_next_number() {
        let mut room = ada_and_bob();
        let at = Duration::from_millis;
        assert_eq!(room.hear(1, "say a", at(0)), [all("said 1000 Ada\na")]);
        assert_eq!(room.hear(2, "say b", at(0)), [all("said 1001 Bob\nb")]);
        assert_eq!(room.hear(1, "say c", at(1)), [all("said 1002 Ada\nc")]);
        assert_eq!(room.hear(1, "say d", at(70)), [all("said 1070 Ada\nd")]);
        assert_eq!(room.said(), 4);
    }

    #[test]
    fn who_comes_hears_the_past_and_which_of_it_is_theirs() {
        let mut room = ada_and_bob();
        room.hear(1, "say one", START);
        room.hear(2, "say two", START);
        let past = [tell(3, "said 1000 Ada\none"), tell(3, "said 1001 Bob\ntwo")];
        assert_eq!(room.hear(3, "join k3 Eve", START)[..2], past);
        room.leave(1);
        // The name alone does not make it theirs.
        assert_eq!(room.hear(4, "join k4 Ada", START)[..2], [tell(4, "said 1000 Ada\none"), tell(4, "said 1001 Bob\ntwo")]);
        assert_eq!(
            room.hear(5, "join k2 Bob", START),
            [tell(5, "said 1000 Ada\none"), tell(5, "yours 1001 Bob\ntwo"), tell(5, "here Bob\nEve\nAda"), Dismiss(2)]
        );
    }

    #[test]
    fn the_past_has_an_end() {
        let mut room = ada_and_bob();
        for second in 0..=HISTORY as u64 {
            room.hear(1, &format!("say {second}"), Duration::from_secs(second));
        }
        let effects = room.hear(3, "join k3 Eve", START);
        assert_eq!(effects.len(), HISTORY + 2);
        assert_eq!(effects[0], tell(3, "said 2000 Ada\n1"));
        assert_eq!(effects[HISTORY - 1], tell(3, "said 51000 Ada\n50"));
        assert_eq!(effects[HISTORY..], [tell(3, "here Eve\nAda\nBob"), all("joined Eve")]);
    }

    #[test]
    fn texts_have_bounds() {
        let mut room = ada_and_bob();
        let longest = "é".repeat(TEXT_MAX);
        assert_eq!(room.hear(1, &format!("say {longest}"), START), [all(&format!("said 1000 Ada\n{longest}"))]);
        assert_eq!(room.hear(1, &format!("say {longest}é"), START), [tell(1, "refused long")]);
        assert_eq!(room.hear(1, "say  \n ", START), [tell(1, "refused text")]);
        assert_eq!(room.said(), 1);
    }

    #[test]
    fn who_talks_too_fast_is_told_so() {
        let mut room = ada_and_bob();
        let refused = [tell(1, "refused fast")];
        let at = Duration::from_millis;
        for _ in 0..10 {
            assert_ne!(room.hear(1, "say hi", START), refused);
        }
        assert_eq!(room.hear(1, "say hi", at(999)), refused);
        // The others are not slowed down, and a new connection does not make one faster.
        assert_ne!(room.hear(2, "say hi", START), refused);
        room.hear(3, "join k1 Ada", START);
        assert_eq!(room.hear(3, "say hi", at(999)), [tell(3, "refused fast")]);
        assert!(matches!(room.hear(3, "say hi", at(1000))[..], [TellAll(_)]));
        assert_eq!(room.hear(3, "say hi", at(1999)), [tell(3, "refused fast")]);
        for _ in 0..10 {
            assert!(matches!(room.hear(3, "say hi", at(60_000))[..], [TellAll(_)]));
        }
        assert_eq!(room.hear(3, "say hi", at(60_000)), [tell(3, "refused fast")]);
    }

    #[test]
    fn who_knocks_too_fast_is_told_so() {
        let mut room = ada_and_bob();
        let at = Duration::from_millis;
        for text in ["join k3 ADA", "sing la la", "join  Eve", "say hi", "join k3 \t"].repeat(2) {
            assert_ne!(room.hear(3, text, START), [tell(3, "refused fast")], "{text}");
        }
        // Even who could come in now must wait; nobody else must.
        for text in ["join k3 ADA", "sing la la", "join k3 Eve"] {
            assert_eq!(room.hear(3, text, at(999)), [tell(3, "refused fast")], "{text}");
        }
        assert_eq!(room.hear(4, "join k4 ADA", START), [tell(4, "refused taken")]);
        assert_eq!(room.hear(3, "join k3 Eve", at(1000)), [tell(3, "here Eve\nAda\nBob"), all("joined Eve")]);
        // What it took to come in is not held against them.
        for _ in 0..10 {
            assert!(matches!(room.hear(3, "say hi", at(1000))[..], [TellAll(_)]));
        }
        assert_eq!(room.hear(3, "say hi", at(1000)), [tell(3, "refused fast")]);
        // Of who has gone, nothing is kept.
        room.leave(4);
        assert!(room.guests.is_empty());
    }

    #[test]
    fn names_have_bounds() {
        let longest = "é".repeat(NAME_MAX);
        for name in ["A", "ßüß", "李 小龙", "O'Neill 🎈", &longest] {
            assert_eq!(empty().hear(1, &format!("join k {name}"), START).len(), 2, "{name}");
        }
        for name in [
            "",
            "  ",
            "a\nb",
            "a\tb",
            "a\u{202e}b",
            "Ada\u{200b}",
            "Ada\u{200d}",
            "A\u{ad}da",
            "\u{61c}Ada",
            "\u{7f}",
            &format!("{longest}é"),
        ] {
            assert_eq!(empty().hear(1, &format!("join k {name}"), START), [tell(1, "refused name")], "{name:?}");
        }
    }

    #[test]
    fn a_name_is_there_once_in_whatever_case() {
        let mut room = ada_and_bob();
        assert_eq!(room.hear(3, "join k3 ADA", START), [tell(3, "refused taken")]);
        assert_eq!(room.hear(3, "join k3 Eve", START), [tell(3, "here Eve\nAda\nBob"), all("joined Eve")]);
    }

    #[test]
    fn names_are_found_as_long_as_they_are_here() {
        let mut room = ada_and_bob();
        let names = |room: &Room| room.names.iter().map(|(name, who)| format!("{name} {who}")).collect::<Vec<_>>().join(", ");
        assert_eq!(names(&room), "ada 1, bob 2");
        // The same page, writing itself in another way.
        assert_eq!(room.hear(3, "join k1 ADA", START), [tell(3, "here ADA\nBob"), Dismiss(1)]);
        assert_eq!(names(&room), "ada 3, bob 2");
        // The old connection goes without the name.
        room.leave(1);
        assert_eq!(room.hear(4, "join k4 Ada", START), [tell(4, "refused taken")]);
        room.leave(3);
        assert_eq!(names(&room), "bob 2");
    }

    #[test]
    fn the_same_key_gets_its_seat_again_and_the_others_notice_nothing() {
        let mut room = ada_and_bob();
        assert_eq!(room.hear(3, "join k1 Ada", START), [tell(3, "here Ada\nBob"), Dismiss(1)]);
        assert_eq!(room.leave(1), []);
        assert_eq!(room.members().collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn who_leaves_is_missed_once_and_only_if_seated() {
        let mut room = ada_and_bob();
        assert_eq!(room.leave(3), []);
        assert_eq!(room.leave(1), [all("left Ada")]);
        assert_eq!(room.leave(1), []);
        assert_eq!(room.hear(4, "join k4 Ada", START), [tell(4, "here Ada\nBob"), all("joined Ada")]);
    }

    #[test]
    fn anything_else_is_refused() {
        let mut room = ada_and_bob();
        let too_long = format!("join {} Eve", "k".repeat(KEY_MAX + 1));
        for (who, text) in
            [(1, "join k1 Eve"), (1, "say"), (1, "sing la la"), (1, ""), (3, "say hi"), (3, "join Eve"), (3, "join  Eve"), (3, &too_long)]
        {
            assert_eq!(room.hear(who, text, START), [tell(who, "refused order")], "{text:?}");
        }
    }
}
