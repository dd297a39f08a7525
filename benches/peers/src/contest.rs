//! Who takes how long: all in turn, in many short rounds, so that what else the machine does falls
//! on few of them; in another order each time.
//!
//! Told are medians: of the times, and of the ratios to ours within a round.

use crate::alloc;
use crate::corpus::Random;
use serde::Serialize;
use std::time::Instant;

/// One that takes part: it does the same work in each round.
pub(crate) struct Contestant<'a> {
    pub(crate) name: &'static str,
    pub(crate) pass: Box<dyn FnMut() -> Pass + 'a>,
}

/// What was done in a round.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    pub(crate) messages: u64,
    /// On the wire.
    pub(crate) bytes: u64,
    /// Of the transport.
    pub(crate) calls: u64,
    /// What is not the contestant's: nanoseconds, and allocations.
    pub(crate) aside: [u64; 2],
}

impl Pass {
    pub(crate) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.calls += other.calls;
        self.aside[0] += other.aside[0];
        self.aside[1] += other.aside[1];
    }
}

/// Per message.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) nanoseconds: f64,
    /// Half of the rounds were within these.
    pub(crate) quartiles: [f64; 2],
    /// How many times as long as ours, the first.
    pub(crate) ratio: f64,
    pub(crate) wire_bytes: f64,
    pub(crate) calls: f64,
    pub(crate) allocations: f64,
}

pub(crate) fn run(contestants: &mut [Contestant<'_>], rounds: usize) -> Vec<Measured> {
    let mut times = vec![Vec::new(); contestants.len()];
    let mut sums = vec![Pass::default(); contestants.len()];
    let mut allocations = vec![0; contestants.len()];
    let mut order: Vec<_> = (0..contestants.len()).collect();
    let mut random = Random(0x0dde);
    for _ in 0..rounds {
        // Nobody always finds the caches as the same one left them.
        order.sort_by_cached_key(|_| random.next());
        for &which in &order {
            let before = alloc::calls();
            let from = Instant::now();
            let pass = (contestants[which].pass)();
            let elapsed = from.elapsed().as_nanos() as u64 - pass.aside[0];
            times[which].push(elapsed as f64 / pass.messages as f64);
            allocations[which] += alloc::calls() - before - pass.aside[1];
            sums[which].add(pass);
        }
    }
    let ours = times.first().cloned().unwrap_or_default();
    let measured = |(((contestant, times), pass), allocations): (
        ((&Contestant<'_>, &Vec<f64>), &Pass),
        &u64,
    )| Measured {
        name: contestant.name,
        nanoseconds: quantile(times.clone(), 0.5),
        quartiles: [quantile(times.clone(), 0.25), quantile(times.clone(), 0.75)],
        ratio: quantile(times.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect(), 0.5),
        wire_bytes: pass.bytes as f64 / pass.messages as f64,
        calls: pass.calls as f64 / pass.messages as f64,
        allocations: *allocations as f64 / pass.messages as f64,
    };
    contestants.iter().zip(&times).zip(&sums).zip(&allocations).map(measured).collect()
}

fn quantile(mut of: Vec<f64>, at: f64) -> f64 {
    of.sort_by(f64::total_cmp);
    of[((of.len() - 1) as f64 * at).round() as usize]
}
