//! What was found: printed as it comes, added up at the end.

use crate::Failure;
use serde::Serialize;
use std::time::{Duration, Instant};

#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    visits: Vec<Visit>,
    /// Named on the command line, and not installed.
    missing: Vec<&'static str>,
}

/// One peer's checks.
#[derive(Debug, Serialize)]
struct Visit {
    peer: &'static str,
    version: String,
    seconds: f64,
    checks: Vec<Check>,
    #[serde(skip)]
    from: Instant,
}

#[derive(Debug, Serialize)]
struct Check {
    group: String,
    name: String,
    /// Why it failed.
    failure: Option<String>,
}

impl Report {
    pub(crate) fn begin(&mut self, peer: &'static str, version: &str) {
        println!("{peer}: {version}");
        self.visits.push(Visit {
            peer,
            version: version.to_owned(),
            seconds: 0.0,
            checks: Vec::new(),
            from: Instant::now(),
        });
    }

    /// The checks that follow belong together.
    pub(crate) fn group(&mut self, heading: &str) -> Group<'_> {
        println!("  {heading}");
        Group { report: self, heading: heading.to_owned() }
    }

    /// A check outside any group.
    pub(crate) fn tell(&mut self, name: &str, result: Result<(), Failure>) {
        self.note("all of it", name, result);
    }

    pub(crate) fn end(&mut self) {
        if let Some(visit) = self.visits.last_mut() {
            visit.seconds = visit.from.elapsed().as_secs_f64();
            println!("  {}\n", visit.tally());
        }
    }

    pub(crate) fn missing(&mut self, peer: &'static str, install: &str, named: bool) {
        println!("{peer}: not installed: {install}\n");
        if named {
            self.missing.push(peer);
        }
    }

    /// The tallies again, where one can see them together.
    pub(crate) fn finish(&self) {
        for visit in &self.visits {
            println!("{:<9} {:<44} {}", visit.peer, visit.version, visit.tally());
            for check in &visit.checks {
                if let Some(why) = &check.failure {
                    println!("  FAILED  {}: {}: {why}", check.group, check.name);
                }
            }
        }
        for peer in &self.missing {
            println!("{peer:<9} FAILED: not installed");
        }
        let checks = || self.visits.iter().flat_map(|visit| &visit.checks);
        println!(
            "{} checks, {} failed",
            checks().count(),
            checks().filter(|check| check.failure.is_some()).count()
        );
    }

    /// Whether there was anything to check, and all of it held.
    pub(crate) fn passed(&self) -> bool {
        let well = |visit: &Visit| !visit.checks.is_empty() && visit.failed() == 0;
        self.missing.is_empty() && !self.visits.is_empty() && self.visits.iter().all(well)
    }

    fn note(&mut self, group: &str, name: &str, result: Result<(), Failure>) {
        let failure = result.err().map(|failure| failure.to_string());
        match &failure {
            None => println!("    ok      {name}"),
            Some(why) => println!("    FAILED  {name}: {why}"),
        }
        if let Some(visit) = self.visits.last_mut() {
            visit.checks.push(Check { group: group.to_owned(), name: name.to_owned(), failure });
        }
    }
}

impl Visit {
    fn failed(&self) -> usize {
        self.checks.iter().filter(|check| check.failure.is_some()).count()
    }

    fn tally(&self) -> String {
        let time = Duration::from_secs_f64(self.seconds);
        format!(
            "{} checks, {} failed, {:.1} s",
            self.checks.len(),
            self.failed(),
            time.as_secs_f64()
        )
    }
}

/// Checks that belong together.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    report: &'a mut Report,
    heading: String,
}

impl Group<'_> {
    /// Carries out a check.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<(), Failure>) {
        self.tell(name, check());
    }

    /// A check that was carried out elsewhere.
    pub(crate) fn tell(&mut self, name: &str, result: Result<(), Failure>) {
        self.report.note(&self.heading, name, result);
    }
}
