//! Whatever the room hears: what it tells whom, and what it remembers of them.

use super::Effect::{Dismiss, Tell, TellAll};
use super::name::NAME_MAX;
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
    assert_eq!(
        room.hear(2, "join k2  Bob B. ", START),
        [tell(2, "here Bob B.\nAda"), all("joined Bob B.")]
    );
    assert_eq!(room.members().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_is_said_goes_to_all_as_it_is() {
    let mut room = ada_and_bob();
    assert_eq!(
        room.hear(1, "say  <b>two\nlines</b> 🎈 ", START),
        [all("said 1000 Ada\n<b>two\nlines</b> 🎈")]
    );
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
    assert_eq!(
        room.hear(4, "join k4 Ada", START)[..2],
        [tell(4, "said 1000 Ada\none"), tell(4, "said 1001 Bob\ntwo")]
    );
    assert_eq!(
        room.hear(5, "join k2 Bob", START),
        [
            tell(5, "said 1000 Ada\none"),
            tell(5, "yours 1001 Bob\ntwo"),
            tell(5, "here Bob\nEve\nAda"),
            Dismiss(2)
        ]
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
    assert_eq!(
        room.hear(1, &format!("say {longest}"), START),
        [all(&format!("said 1000 Ada\n{longest}"))]
    );
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
    assert_eq!(
        room.hear(3, "join k3 Eve", at(1000)),
        [tell(3, "here Eve\nAda\nBob"), all("joined Eve")]
    );
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
        assert_eq!(
            empty().hear(1, &format!("join k {name}"), START),
            [tell(1, "refused name")],
            "{name:?}"
        );
    }
}

#[test]
fn a_name_is_there_once_in_whatever_case() {
    let mut room = ada_and_bob();
    assert_eq!(room.hear(3, "join k3 ADA", START), [tell(3, "refused taken")]);
    assert_eq!(
        room.hear(3, "join k3 Eve", START),
        [tell(3, "here Eve\nAda\nBob"), all("joined Eve")]
    );
}

#[test]
fn names_are_found_as_long_as_they_are_here() {
    let mut room = ada_and_bob();
    let names = |room: &Room| {
        room.names.iter().map(|(name, who)| format!("{name} {who}")).collect::<Vec<_>>().join(", ")
    };
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
    for (who, text) in [
        (1, "join k1 Eve"),
        (1, "say"),
        (1, "sing la la"),
        (1, ""),
        (3, "say hi"),
        (3, "join Eve"),
        (3, "join  Eve"),
        (3, &too_long),
    ] {
        assert_eq!(room.hear(who, text, START), [tell(who, "refused order")], "{text:?}");
    }
}
