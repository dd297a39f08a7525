//! The closing handshake of a pair, RFC 6455 §7, explored: every order of what can happen to a client and a server while they close, breadth first over distinct
//! states. In each state both ends are what a second, naive statement of the RFC (`model`) says that they are, calls that mean nothing change nothing, and
//! from it loops that do their part, or time alone, end both.
//!
//! What can happen to either end is an `Act`. Of its own messages and pings one each is under way at a time, and one bad frame: so there is an end to the states.
//! Of acts by which nothing fails, and of acts by which whole batches are written and read and anything fails, an optimised build sees all states that there
//! are; one for debugging, and either of all acts together, goes to a depth.
//!
//! A refused handshake, which ends likewise, has a page of its own, `refusal`.
//!
//! How many states there are is asserted: a change of behaviour shows there first. ARCHITECTURE.md states it.
//!
//! ```sh
//! cargo test --test close_automaton
//! cargo test --release --test close_automaton     # a minute and a half
//! ```

mod checks;
mod end;
mod line;
mod model;
mod pair;
mod queue;
mod refusal;
mod state;
#[path = "../support/mod.rs"]
mod support;

use end::End;
use pair::{ACTS, Act, FAULTS, Pair, Step, Terms, WELL};
use sockless::LifeCycle;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use support::{CLOSE, SIDES};

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
    /// How many states all orders of at most `depth` steps lead to, and how many steps the last of them takes.
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

    /// A state that was reached by another way: something that can happen next, not the same for each state, leads from both to one. So the digest
    /// leaves nothing out.
    fn compare(&self, first: usize, (before, step): (usize, Option<Step>)) {
        let ways = [self.path(first), self.path(before).into_iter().chain(step).collect()];
        let all = SIDES.len() * self.acts.len();
        for next in (first..first + all).map(|next| next % all) {
            let (side, act) = (SIDES[next / self.acts.len()], self.acts[next % self.acts.len()]);
            let led = ways.each_ref().map(|way| {
                let mut pair = replay(self.terms, way);
                pair.apply(side, act).then(|| state::digest(&pair))
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

/// A server that names a reason and a client that does not, a bad opcode, and room to throw away what comes behind the end.
const PATIENT: Terms = Terms { max_discard: 64 << 20, closes: [Some((3001, "bye")), None], violation: (model::RESERVED, b"") };
/// The other way round, a bad Close frame, and no room.
const SHORT: Terms = Terms { max_discard: 0, closes: [None, Some((4002, "enough"))], violation: (CLOSE, &1005_u16.to_be_bytes()) };

/// As deep as there is anything new.
const ALL: usize = usize::MAX;

/// Explores to a depth, and compares how many states there are, and the steps to the farthest: a debug build those that are near, an optimised one the others.
fn explore(terms: Terms, acts: &'static [Act], near: (usize, (usize, usize)), far: (usize, (usize, usize))) {
    let (depth, expected) = if cfg!(debug_assertions) { near } else { far };
    assert_eq!(Exploration::count(terms, acts, depth), expected);
}

#[test]
fn a_pair_that_is_well_closes_as_the_rfc_says() {
    explore(PATIENT, &WELL, (7, (7210, 7)), (ALL, (117_832, 21)));
}

#[test]
fn a_pair_with_faults_closes_as_the_rfc_says() {
    explore(PATIENT, &FAULTS, (6, (6570, 6)), (ALL, (206_284, 19)));
}

#[test]
fn a_pair_with_faults_that_throws_nothing_away_closes_as_the_rfc_says() {
    explore(SHORT, &FAULTS, (5, (2263, 5)), (ALL, (84_062, 18)));
}

#[test]
fn everything_that_can_happen_closes_as_the_rfc_says() {
    explore(PATIENT, &ACTS, (4, (4692, 4)), (6, (98_186, 6)));
    assert_eq!(Exploration::count(SHORT, &ACTS, 3), (846, 3));
}
