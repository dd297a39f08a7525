//! The record: a line that says what it was made with, then a line for each case.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// How much more than the record is too much.
const MOST: f64 = 1.05;

const HEADING: &str = "\
# Instructions of a message, counted by callgrind. `cargo run --release --manifest-path benches/instructions/Cargo.toml -- --write` writes this file.
# Who makes a count grow by more than 5 % writes it in the same commit, and says why.
";

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) machine: String,
    pub(crate) counts: BTreeMap<String, f64>,
}

impl Record {
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let machine = lines.next().unwrap_or_default().to_owned();
        let counts = lines.filter_map(|line| {
            let (name, count) = line.split_once(' ')?;
            Some((name.to_owned(), count.trim().parse().ok()?))
        });
        Ok(Self { machine, counts: counts.collect() })
    }

    /// Writes the counts, beside those `others` that were not made anew. What they were made with
    /// has to be the same.
    pub(crate) fn write_beside(&self, others: Option<Self>, path: &Path) -> io::Result<()> {
        let mut all = BTreeMap::new();
        if let Some(others) = others {
            if others.machine != self.machine {
                return Err(io::Error::other(format!(
                    "the record is of {}: write all cases, or none",
                    others.machine
                )));
            }
            all = others.counts;
        }
        all.extend(self.counts.clone());
        let mut text = format!("{HEADING}{}\n", self.machine);
        for (name, count) in &all {
            let _ = writeln!(text, "{name:24} {count:9.1}");
        }
        fs::write(path, text)
    }

    /// Prints the counts beside the record's, and tells whether none of them is too large.
    pub(crate) fn compare(&self, record: &Self) -> bool {
        let same = self.machine == record.machine;
        println!("{}", self.machine);
        if !same {
            println!("The record is of {}: nothing is held to it.", record.machine);
        }
        let mut within = true;
        for (name, count) in &self.counts {
            let told = match record.counts.get(name) {
                None => {
                    within &= !same;
                    String::from("not in the record")
                }
                Some(recorded) => {
                    let too_much = *count > recorded * MOST;
                    within &= !same || !too_much;
                    let told = if same && too_much { "  TOO MUCH" } else { "" };
                    format!("{recorded:9.1}  {:+5.1} %{told}", (count / recorded - 1.0) * 100.0)
                }
            };
            println!("{name:24} {count:9.1}  {told}");
        }
        within
    }
}
