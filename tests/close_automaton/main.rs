//! The closing handshake of a pair, RFC 6455 §7, explored: every order of what can happen to a
//! client and a server while they close, breadth first over distinct states. In each state both
//! ends are what a second, naive statement of the RFC (`model`) says that they are, calls that mean
//! nothing change nothing, and from it loops that do their part, or time alone, end both.
//!
//! What can happen to either end is an `Act`. Of its own messages (one short, one long) and pings
//! one each is under way at a time, and one bad frame: so there is an end to the states.
//!
//! An optimised build sees all states that there are of acts by which nothing fails, and of acts by
//! which whole batches are written and read and anything fails, time too. To a depth it goes with
//! pings besides, with a long message in the queue, with slow lines and slow loops, and of all acts
//! together. A build for debugging goes to a depth everywhere.
//!
//! A refused handshake, which ends likewise, has a page of its own, `refusal`.
//!
//! How many states there are is asserted: a change of behaviour shows there first. RELIABILITY.md
//! states it.
//!
//! ```sh
//! cargo test --test all close_automaton::
//! cargo test --release --test all close_automaton::     # a minute and a half
//! ```

mod checks;
mod end;
mod heart;
mod line;
mod model;
mod pair;
mod queue;
mod refusal;
mod shown;
mod state;

use crate::support::{CLOSE, SIDES};
use end::End;
use heart::Patience;
use pair::{ACTS, Act, FAULTS, Pair, QUEUED, Step, TIMES, Terms, WELL};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What an exploration is about.
struct Exploration {
    terms: Terms,
    acts: &'static [Act],
    /// The number of each state, until it was reached a second time.
    seen: HashMap<u64, Option<usize>>,
    /// How each state was reached first: the state before it, and the step from there.
    states: Vec<(usize, Option<Step>)>,
}

impl Exploration {
    /// How many states all orders of at most `depth` steps lead to, and how many steps the last of
    /// them takes.
    fn count(terms: Terms, acts: &'static [Act], depth: usize) -> (usize, usize) {
        let mut found = Self { terms, acts, seen: HashMap::new(), states: Vec::new() };
        found.reach(Pair::new(terms), (0, None));
        let (mut level, mut steps) = (0..1, 0);
        while steps < depth {
            for from in level.clone() {
                found.expand(from);
            }
            level = level.end..found.states.len();
            if level.is_empty() {
                break;
            }
            steps += 1;
        }
        (found.states.len(), steps)
    }

    /// Every step from a state.
    fn expand(&mut self, from: usize) {
        let path = self.path(from);
        let mut unchanged = None;
        for side in SIDES {
            for act in self.acts {
                let mut pair = unchanged.take().unwrap_or_else(|| replay(self.terms, &path));
                if pair.apply(side, *act) {
                    self.reach(pair, (from, Some((side, *act))));
                } else {
                    unchanged = Some(pair);
                }
            }
        }
    }

    /// A state: if it is a new one, all that holds in it is checked.
    fn reach(&mut self, mut pair: Pair, from: (usize, Option<Step>)) {
        pair.ends.iter_mut().for_each(End::look);
        // Of these the digest tells nothing apart.
        pair.ends.iter_mut().filter(|end| end.connection.is_done()).for_each(checks::stays_done);
        let state = self.states.len();
        match self.seen.entry(state::digest(&pair)) {
            Entry::Occupied(mut first) => {
                if let Some(first) = first.get_mut().take() {
                    self.compare(first, from);
                }
                return;
            }
            Entry::Vacant(new) => _ = new.insert(Some(state)),
        }
        self.states.push(from);
        pair.ends.iter_mut().for_each(checks::nothing_changes);
        checks::ends_by_time(&mut pair);
        // Now the one closes first, if none does, now the other.
        checks::ends_with_its_peer(&mut replay(self.terms, &self.path(state)), state);
    }

    /// A state that was reached by another way: something that can happen next, not the same for
    /// each state, leads from both to one. So the digest leaves nothing out.
    fn compare(&self, first: usize, (before, step): (usize, Option<Step>)) {
        let ways = [self.path(first), self.path(before).into_iter().chain(step).collect()];
        let all = SIDES.len() * self.acts.len();
        for next in (first..first + all).map(|next| next % all) {
            let (side, act) = (SIDES[next / self.acts.len()], self.acts[next % self.acts.len()]);
            let led = ways.each_ref().map(|way| {
                let mut pair = replay(self.terms, way);
                pair.apply(side, act).then(|| {
                    pair.ends.iter_mut().for_each(End::look);
                    state::digest(&pair)
                })
            });
            assert_eq!(led[0], led[1], "{side:?} {act:?}, behind {ways:?}");
            if led[0].is_some() {
                return;
            }
        }
    }

    /// The steps to a state.
    fn path(&self, mut state: usize) -> Vec<Step> {
        let mut path = Vec::new();
        while let (before, Some(step)) = self.states[state] {
            path.push(step);
            state = before;
        }
        path.reverse();
        path
    }
}

fn replay(terms: Terms, path: &[Step]) -> Pair {
    let mut pair = Pair::new(terms);
    for (side, act) in path {
        assert!(pair.apply(*side, *act), "what was possible once is again");
    }
    pair
}

/// A server that names a reason and a client that does not, a bad opcode, and room to throw away
/// what comes behind the end. There are no pings; output may be stuck for a second.
const PATIENT: Terms = Terms {
    max_discard: 64 << 20,
    closes: [Some((3001, "bye")), None],
    violation: (model::RESERVED, b""),
    patience: Patience { idle: Some(2), close: Some(1), write: Some(1), ..Patience::NEVER },
};
/// The other way round, a bad Close frame, and no room. Output may wait for two seconds, stuck or
/// not.
const SHORT: Terms = Terms {
    max_discard: 0,
    closes: [None, Some((4002, "enough"))],
    violation: (CLOSE, &1005_u16.to_be_bytes()),
    patience: Patience { idle: Some(2), close: Some(1), drain: Some(2), ..Patience::NEVER },
};
/// With pings, and times of which each comes first in some order.
const BEATING: Patience = Patience { drain: None, ..Patience::all([2, 2, 3, 1, 1, 1]) };
/// With pings, and longer times.
const SLOW: Patience = Patience::all([4, 3, 6, 2, 2, 5]);
/// A transport may be stuck for ever, but is not waited for as long.
const STUCK: Patience = Patience { write: None, ..SLOW };

/// As deep as there is anything new.
const ALL: usize = usize::MAX;

/// Explores to a depth, and compares how many states there are, and the steps to the farthest: a
/// debug build those that are near, an optimised one the others.
fn explore(
    terms: Terms,
    acts: &'static [Act],
    near: (usize, (usize, usize)),
    far: (usize, (usize, usize)),
) {
    let (depth, expected) = if cfg!(debug_assertions) { near } else { far };
    assert_eq!(Exploration::count(terms, acts, depth), expected);
}

#[test]
fn a_pair_that_is_well_closes_as_the_rfc_says() {
    explore(PATIENT, &WELL, (7, (5983, 7)), (ALL, (176_689, 26)));
}

#[test]
fn a_pair_with_faults_closes_as_the_rfc_says() {
    explore(PATIENT, &FAULTS, (6, (5142, 6)), (ALL, (30_492, 14)));
}

#[test]
fn a_pair_with_faults_that_throws_nothing_away_closes_as_the_rfc_says() {
    explore(SHORT, &FAULTS, (5, (1839, 5)), (ALL, (16_277, 12)));
}

#[test]
fn a_pair_with_faults_and_pings_closes_as_the_rfc_says() {
    explore(Terms { patience: BEATING, ..PATIENT }, &FAULTS, (5, (4251, 5)), (10, (242_887, 10)));
}

#[test]
fn a_queue_of_more_than_one_message_closes_as_the_rfc_says() {
    explore(PATIENT, &QUEUED, (4, (388, 4)), (7, (3395, 7)));
}

#[test]
fn time_ends_what_does_not_move_and_nothing_else() {
    explore(Terms { patience: SLOW, ..PATIENT }, &TIMES, (3, (780, 3)), (6, (128_801, 6)));
}

#[test]
fn without_a_write_time_out_time_ends_what_does_not_move_and_nothing_else() {
    explore(Terms { patience: STUCK, ..PATIENT }, &TIMES, (3, (750, 3)), (5, (23_387, 5)));
}

#[test]
fn everything_that_can_happen_closes_as_the_rfc_says() {
    explore(Terms { patience: BEATING, ..PATIENT }, &ACTS, (3, (1641, 3)), (5, (79_764, 5)));
    assert_eq!(Exploration::count(SHORT, &ACTS, 3), (1329, 3));
}
