//! A cell of the comparison: messages of one length, on so many connections, so many of them in
//! flight on each.

use crate::client::{Crowd, Sample};
use crate::cpu;
use crate::server::{Kind, Running};
use serde::Serialize;
use std::io;
use std::time::Duration;

/// No cell has more than this in flight: neither buffers nor memory are what is measured.
const MOST_IN_FLIGHT: usize = 64 << 20;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) len: usize,
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
}

/// One server in a cell: medians of the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// Nanoseconds a message.
    pub(crate) cpu: f64,
    /// How many times ours, over mio, within a round.
    pub(crate) ratio: f64,
    /// Messages a second.
    pub(crate) rate: f64,
    /// Microseconds from the write to the last byte of the echo.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Cell {
    pub(crate) fn all(quick: bool) -> Vec<Self> {
        let some = [
            (125, 1, 1),
            (125, 100, 1),
            (125, 100, 16),
            (1 << 10, 100, 16),
            (16 << 10, 100, 1),
            (1 << 20, 1, 1),
        ];
        if quick {
            return some
                .into_iter()
                .map(|(len, connections, in_flight)| Self { len, connections, in_flight })
                .collect();
        }
        let mut cells = Vec::new();
        for len in [20, 125, 1 << 10, 16 << 10, 1 << 20] {
            for connections in [1, 100, 1000] {
                for in_flight in [1, 16] {
                    if len * connections * in_flight <= MOST_IN_FLIGHT {
                        cells.push(Self { len, connections, in_flight });
                    }
                }
            }
        }
        cells
    }

    pub(crate) fn name(&self) -> String {
        format!("{}B/{}-connections/{}-in-flight", self.len, self.connections, self.in_flight)
    }

    /// How long a server has work in a round.
    fn turn(&self) -> Duration {
        Duration::from_millis(if self.len * self.connections * self.in_flight > 4 << 20 {
            150
        } else {
            80
        })
    }

    pub(crate) fn run(&self, kinds: &[Kind], rounds: usize) -> io::Result<Vec<Measured>> {
        let mut sides = Vec::new();
        for kind in kinds {
            let server = Running::start(*kind, self)?;
            let crowd = Crowd::connect(server.address(), self)?;
            sides.push((server, crowd, Vec::new()));
        }
        // Not counted: everything is warm afterwards, and proved to work.
        for (kind, (_, crowd, _)) in kinds.iter().zip(&mut sides) {
            crowd.talk(Duration::from_millis(30)).map_err(|error| kind.blame(error))?;
        }
        let mut order: Vec<_> = (0..sides.len()).collect();
        for round in 0..rounds {
            let len = order.len();
            order.rotate_left(1);
            order.swap(round % len, (round * 7 + 3) % len);
            for &which in &order {
                let (server, crowd, samples) = &mut sides[which];
                let before = cpu::time_of(server.id())?;
                let sample = crowd.talk(self.turn()).map_err(|error| kinds[which].blame(error))?;
                let spent = cpu::time_of(server.id())? - before;
                samples.push((spent as f64 / sample.messages as f64, sample));
            }
        }
        let ours: Vec<f64> = sides
            .first()
            .map(|(_, _, samples)| samples.iter().map(|(cpu, _)| *cpu).collect())
            .unwrap_or_default();
        let measured = |(kind, (_, _, samples)): (&Kind, &(_, _, Vec<(f64, Sample)>))| Measured {
            name: kind.name(),
            cpu: median(samples.iter().map(|(cpu, _)| *cpu)),
            ratio: median(samples.iter().zip(&ours).map(|((cpu, _), ours)| cpu / ours)),
            rate: median(samples.iter().map(|(_, sample)| sample.rate())),
            p50: median(samples.iter().map(|(_, sample)| sample.quantile(0.5))),
            p99: median(samples.iter().map(|(_, sample)| sample.quantile(0.99))),
        };
        Ok(kinds.iter().zip(&sides).map(measured).collect())
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
