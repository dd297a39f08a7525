//! How far a run is: one line that is written over on a terminal, elsewhere a line a section, and
//! one for each part of those that take minutes.

use std::io::{self, IsTerminal, Write};

#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    begun: usize,
    section: String,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        Self { total, begun: 0, section: String::new(), terminal: io::stdout().is_terminal() }
    }

    pub(crate) fn show(&mut self, case: &str) {
        self.begun += 1;
        let section = match case.rsplit_once('.') {
            Some((part, _)) if case.starts_with("12.") || case.starts_with("13.") => part,
            _ => case.split('.').next().unwrap_or_default(),
        };
        if self.terminal {
            print!("\r{:>4} of {}  {case:<12}", self.begun, self.total);
            let _ = io::stdout().flush();
        } else if section != self.section {
            println!("{:>4} of {}  section {section}", self.begun, self.total);
        }
        section.clone_into(&mut self.section);
    }

    pub(crate) fn finish(&self) {
        if self.terminal {
            print!("\r{:40}\r", "");
        }
    }
}
