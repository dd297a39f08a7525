//! What the suite found, added up.

use crate::Failure;
use crate::args::{Args, Driver, Parts, Role, Which};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) testee: &'static str,
    pub(crate) role: Role,
    pub(crate) delivery: Parts,
    #[serde(rename = "loop")]
    pub(crate) driver: Driver,
    pub(crate) compress: Which,
    pub(crate) pool: Option<usize>,
    pub(crate) read: usize,
    pub(crate) write: Option<usize>,
    pub(crate) seconds: f64,
    /// How many cases have which verdict.
    pub(crate) tally: Tally,
    pub(crate) sections: Vec<Section>,
    pub(crate) cases: Vec<Case>,
}

pub(crate) type Tally = BTreeMap<String, usize>;

#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) number: u32,
    pub(crate) title: &'static str,
    pub(crate) tally: Tally,
}

#[derive(Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// What it counts as: the worse of the two below.
    pub(crate) verdict: String,
    pub(crate) behavior: String,
    pub(crate) behavior_close: String,
    /// The close code that the suite was sent.
    pub(crate) close_code: Option<u16>,
    pub(crate) milliseconds: u64,
    /// Why, in the suite's words, where something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<Details>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(crate) struct Details {
    pub(crate) description: String,
    pub(crate) expectation: String,
    pub(crate) result: String,
    pub(crate) result_close: String,
    pub(crate) expected: Value,
    pub(crate) received: Value,
}

/// A case in the suite's `index.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    behavior: String,
    behavior_close: String,
    remote_close_code: Option<u16>,
    duration: u64,
    reportfile: String,
}

/// What a case counts as of which the suite says nothing.
const MISSING: &str = "MISSING";

impl Results {
    /// Reads the suite's reports; `wanted` are the cases that it was to run.
    pub(crate) fn read(
        raw: &Path,
        args: &Args,
        wanted: &[String],
        took: Duration,
    ) -> Result<Self, Failure> {
        let index = raw.join("index.json");
        let file = File::open(&index)
            .map_err(|error| format!("the suite wrote no report, {}: {error}", index.display()))?;
        let agents: BTreeMap<String, BTreeMap<String, Entry>> = serde_json::from_reader(file)?;
        let entries = agents.into_values().next().unwrap_or_default();
        let cases = wanted
            .iter()
            .map(|id| Case::new(id, entries.get(id), raw))
            .collect::<Result<Vec<_>, _>>()?;
        let mut sections = Vec::<Section>::new();
        for case in &cases {
            let number = case.section();
            if sections.last().is_none_or(|section| section.number != number) {
                sections.push(Section { number, title: title(number), tally: Tally::new() });
            }
            if let Some(section) = sections.last_mut() {
                *section.tally.entry(case.verdict.clone()).or_default() += 1;
            }
        }
        let mut tally = Tally::new();
        for case in &cases {
            *tally.entry(case.verdict.clone()).or_default() += 1;
        }
        let (read, write) = (args.read.get(), args.write.map(usize::from));
        let seconds = took.as_secs_f64();
        Ok(Self {
            testee: args.testee(),
            role: args.role,
            delivery: args.delivery,
            driver: args.driver,
            compress: args.compress,
            pool: args.pool,
            read,
            write,
            seconds,
            tally,
            sections,
            cases,
        })
    }

    pub(crate) fn passed(&self) -> bool {
        self.problems().next().is_none()
    }

    /// The cases that are neither OK nor INFORMATIONAL.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| !is_good(&case.verdict))
    }
}

impl Case {
    fn new(id: &str, entry: Option<&Entry>, raw: &Path) -> Result<Self, Failure> {
        let Some(entry) = entry else {
            let missing = || MISSING.to_owned();
            return Ok(Self {
                id: id.to_owned(),
                verdict: missing(),
                behavior: missing(),
                behavior_close: missing(),
                close_code: None,
                milliseconds: 0,
                details: None,
            });
        };
        let verdict = if is_good(&entry.behavior) && !is_good(&entry.behavior_close) {
            &entry.behavior_close
        } else {
            &entry.behavior
        };
        let details = if is_good(verdict) {
            None
        } else {
            Some(serde_json::from_str(&fs::read_to_string(raw.join(&entry.reportfile))?)?)
        };
        Ok(Self {
            id: id.to_owned(),
            verdict: verdict.clone(),
            behavior: entry.behavior.clone(),
            behavior_close: entry.behavior_close.clone(),
            close_code: entry.remote_close_code,
            milliseconds: entry.duration,
            details,
        })
    }

    pub(crate) fn section(&self) -> u32 {
        self.id.split('.').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

pub(crate) fn is_good(verdict: &str) -> bool {
    matches!(verdict, "OK" | "INFORMATIONAL")
}

fn title(section: u32) -> &'static str {
    match section {
        1 => "Messages of many lengths",
        2 => "Pings and pongs",
        3 => "Reserved bits",
        4 => "Reserved opcodes",
        5 => "Fragments",
        6 => "UTF-8",
        7 => "Closing",
        9 => "Large messages, many messages",
        10 => "Messages fragmented by the peer",
        12 => "Compression of many kinds of data",
        13 => "Compression with all parameters",
        _ => "",
    }
}

/// "298 OK, 3 INFORMATIONAL".
pub(crate) fn sum(tally: &Tally) -> String {
    let mut sorted: Vec<_> = tally.iter().collect();
    sorted.sort_by_key(|(_, count)| usize::MAX - **count);
    sorted
        .iter()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.sections {
            writeln!(f, "{:>4}  {:<34} {}", section.number, section.title, sum(&section.tally))?;
        }
        for case in self.problems() {
            write!(f, "{:>10}  {}", case.id, case.behavior)?;
            if !is_good(&case.behavior_close) {
                write!(f, ", closing: {}", case.behavior_close)?;
            }
            match &case.details {
                Some(details) if is_good(&case.behavior) => {
                    writeln!(f, ": {}", details.result_close)?
                }
                Some(details) => writeln!(f, ": {}", details.result)?,
                None => writeln!(f)?,
            }
        }
        writeln!(
            f,
            "{} as {}: {} of {} cases in {:.0} s",
            self.testee,
            self.role.name(),
            sum(&self.tally),
            self.cases.len(),
            self.seconds
        )
    }
}
