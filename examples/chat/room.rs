//! The room: who is here, under which name, and what everyone hears. It knows no sockets: texts go in, [`Effect`]s come out.
//!
//! The protocol: each WebSocket text message is a verb, a space and the rest. `⏎` is a line feed; names hold none.
//!
//! | the page says    | to                                                                                           |
//! |------------------|----------------------------------------------------------------------------------------------|
//! | `join KEY NAME`  | sit down as NAME; KEY is the page's own secret, with which it may take its seat again        |
//! | `say TEXT`       | be heard by everyone, oneself too                                                            |
//!
//! | the room says    | when                                                                                         |
//! |------------------|----------------------------------------------------------------------------------------------|
//! | `here NAME⏎NAME…`| you are in, under the first of these names; the others are here too                          |
//! | `joined NAME`    | someone came, perhaps you                                                                    |
//! | `left NAME`      | someone went                                                                                 |
//! | `said NAME⏎TEXT` | someone said TEXT, perhaps you                                                               |
//! | `refused WHY`    | nothing happened: `taken` or `name` (the name), `text` (empty or too long), `order` (no such verb, or not now) |
//!
//! A connection that was lost without a word still sits on its seat. Whoever comes with the same name and key gets the seat; the others
//! notice nothing and the old connection is dismissed.

use std::collections::BTreeMap;

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

/// Everyone who has a seat, by the connection's number.
#[derive(Debug, Default)]
pub(crate) struct Room {
    seats: BTreeMap<usize, Seat>,
}

#[derive(Debug)]
struct Seat {
    name: Name,
    key: String,
}

impl Room {
    /// Someone said something.
    pub(crate) fn hear(&mut self, who: usize, text: &str) -> Vec<Effect> {
        let refuse = |why: &str| vec![Effect::Tell(who, format!("refused {why}"))];
        match (text.split_once(' '), self.seats.get(&who)) {
            (Some(("join", rest)), None) => self.join(who, rest).unwrap_or_else(refuse),
            (Some(("say", text)), Some(seat)) => say(&seat.name, text).unwrap_or_else(refuse),
            _ => refuse("order"),
        }
    }

    /// A connection is gone, whether it had a seat or not.
    pub(crate) fn leave(&mut self, who: usize) -> Vec<Effect> {
        match self.seats.remove(&who) {
            Some(seat) => vec![Effect::TellAll(format!("left {}", seat.name.0))],
            None => vec![],
        }
    }

    /// Who hears what is told to all.
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> {
        self.seats.keys().copied()
    }

    fn join(&mut self, who: usize, rest: &str) -> Result<Vec<Effect>, &'static str> {
        let (key, name) = rest.split_once(' ').ok_or("order")?;
        if !(1..=KEY_MAX).contains(&key.len()) {
            return Err("order");
        }
        let name = Name::parse(name).ok_or("name")?;
        let holder = self.seats.iter().find(|(_, seat)| seat.name.is_like(&name));
        let old = holder.map(|(&old, seat)| (old, seat.key == key));
        let mut effects = match old {
            None => vec![Effect::TellAll(format!("joined {}", name.0))],
            Some((old, true)) => {
                self.seats.remove(&old);
                vec![Effect::Dismiss(old)]
            }
            Some((_, false)) => return Err("taken"),
        };
        effects.insert(0, Effect::Tell(who, self.everyone(&name)));
        self.seats.insert(who, Seat { name, key: key.to_owned() });
        Ok(effects)
    }

    fn everyone(&self, first: &Name) -> String {
        self.seats.values().fold(format!("here {}", first.0), |list, seat| list + "\n" + &seat.name.0)
    }
}

fn say(name: &Name, text: &str) -> Result<Vec<Effect>, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_MAX {
        return Err("text");
    }
    Ok(vec![Effect::TellAll(format!("said {}\n{text}", name.0))])
}

/// A name fit to be shown: trimmed, 1 to 32 characters, none of them invisible.
#[derive(Debug)]
struct Name(String);

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let name = text.trim();
        let fits = (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(is_invisible);
        fits.then(|| Self(name.to_owned()))
    }

    /// `Ada` and `ada` cannot both be here: nobody could tell them apart in a hurry.
    fn is_like(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

/// Control characters, and what Unicode has to write names that look like another's: marks of no width and of direction.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

const NAME_MAX: usize = 32;
const KEY_MAX: usize = 64;
const TEXT_MAX: usize = 2000;

#[cfg(test)]
mod tests {
    use super::Effect::{Dismiss, Tell, TellAll};
    use super::*;

    fn tell(who: usize, text: &str) -> Effect {
        Tell(who, text.to_owned())
    }

    fn all(text: &str) -> Effect {
        TellAll(text.to_owned())
    }

    /// Ada is number 1 with key `k1`, Bob number 2 with key `k2`.
    fn ada_and_bob() -> Room {
        let mut room = Room::default();
        room.hear(1, "join k1 Ada");
        room.hear(2, "join k2 Bob");
        room
    }

    #[test]
    fn who_joins_learns_who_is_here_and_all_learn_of_them() {
        let mut room = Room::default();
        assert_eq!(room.hear(1, "join k1 Ada"), [tell(1, "here Ada"), all("joined Ada")]);
        assert_eq!(room.hear(2, "join k2  Bob B. "), [tell(2, "here Bob B.\nAda"), all("joined Bob B.")]);
        assert_eq!(room.members().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn what_is_said_goes_to_all_as_it_is() {
        let mut room = ada_and_bob();
        assert_eq!(room.hear(1, "say  <b>two\nlines</b> 🎈 "), [all("said Ada\n<b>two\nlines</b> 🎈")]);
    }

    #[test]
    fn texts_have_bounds() {
        let mut room = ada_and_bob();
        let longest = "é".repeat(TEXT_MAX);
        assert_eq!(room.hear(1, &format!("say {longest}")), [all(&format!("said Ada\n{longest}"))]);
        assert_eq!(room.hear(1, &format!("say {longest}é")), [tell(1, "refused text")]);
        assert_eq!(room.hear(1, "say  \n "), [tell(1, "refused text")]);
    }

    #[test]
    fn names_have_bounds() {
        let longest = "é".repeat(NAME_MAX);
        for name in ["A", "ßüß", "李 小龙", "O'Neill 🎈", &longest] {
            assert_eq!(Room::default().hear(1, &format!("join k {name}")).len(), 2, "{name}");
        }
        for name in ["", "  ", "a\nb", "a\tb", "a\u{202e}b", "Ada\u{200b}", "\u{7f}", &format!("{longest}é")] {
            assert_eq!(Room::default().hear(1, &format!("join k {name}")), [tell(1, "refused name")], "{name:?}");
        }
    }

    #[test]
    fn a_name_is_there_once_in_whatever_case() {
        let mut room = ada_and_bob();
        assert_eq!(room.hear(3, "join k3 ADA"), [tell(3, "refused taken")]);
        assert_eq!(room.hear(3, "join k3 Eve"), [tell(3, "here Eve\nAda\nBob"), all("joined Eve")]);
    }

    #[test]
    fn the_same_key_gets_its_seat_again_and_the_others_notice_nothing() {
        let mut room = ada_and_bob();
        assert_eq!(room.hear(3, "join k1 Ada"), [tell(3, "here Ada\nBob"), Dismiss(1)]);
        assert_eq!(room.leave(1), []);
        assert_eq!(room.members().collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn who_leaves_is_missed_once_and_only_if_seated() {
        let mut room = ada_and_bob();
        assert_eq!(room.leave(3), []);
        assert_eq!(room.leave(1), [all("left Ada")]);
        assert_eq!(room.leave(1), []);
        assert_eq!(room.hear(4, "join k4 Ada"), [tell(4, "here Ada\nBob"), all("joined Ada")]);
    }

    #[test]
    fn anything_else_is_refused() {
        let mut room = ada_and_bob();
        let too_long = format!("join {} Eve", "k".repeat(KEY_MAX + 1));
        for (who, text) in
            [(1, "join k1 Eve"), (1, "say"), (1, "sing la la"), (1, ""), (3, "say hi"), (3, "join Eve"), (3, "join  Eve"), (3, &too_long)]
        {
            assert_eq!(room.hear(who, text), [tell(who, "refused order")], "{text:?}");
        }
    }
}
