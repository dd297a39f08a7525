//! How the sessions of a kind ended.

use crate::kinds::Kind;
use crate::session::{Ending, How};
use std::collections::BTreeMap;
use std::time::Duration;

/// Of one kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sessions: u64,
    /// As the kind says.
    pub(crate) expected: u64,
    /// The run was over before they were.
    pub(crate) cut_short: u64,
    /// Bytes.
    pub(crate) sent: u64,
    /// What each was answered, and how often.
    pub(crate) endings: BTreeMap<String, u64>,
    /// The first few that ended otherwise.
    pub(crate) unexpected: Vec<String>,
}

/// So many are told of.
const EXAMPLES: usize = 3;
/// A session that lasts may have begun so much later than the run, and take so much longer.
const MARGIN: Duration = Duration::from_millis(2500);

impl Tally {
    pub(crate) fn add(&mut self, kind: &Kind, ending: Ending) {
        self.sessions += 1;
        self.sent += ending.sent;
        *self.endings.entry(describe(&ending)).or_default() += 1;
        if ending.how == How::CutShort {
            self.cut_short += 1;
        } else if kind.is_expected(&ending) {
            self.expected += 1;
        } else if self.unexpected.len() < EXAMPLES {
            let Ending { heard, sent, took, .. } = &ending;
            let more = format!(
                "{sent} bytes sent, {} pongs, {} times refused",
                heard.pongs, heard.refused
            );
            self.unexpected.push(format!(
                "{} after {:.1} s; {more}",
                describe(&ending),
                took.as_secs_f64()
            ));
        }
    }

    /// What is wrong with how the chat dealt with a kind in a run of this length.
    pub(crate) fn complaints(&self, kind: &Kind, time: Duration) -> Vec<String> {
        let mut complaints: Vec<_> = self
            .unexpected
            .iter()
            .map(|ending| format!("{}: {ending}, instead of: {}", kind.name, kind.answer))
            .collect();
        if self.sessions == 0 {
            complaints.push(format!("{}: none attacked", kind.name));
        } else if self.expected == 0 && time > Duration::from_millis(kind.lasts) + MARGIN {
            complaints.push(format!("{}: none of {} came to its end", kind.name, self.sessions));
        }
        complaints
    }
}

/// What one was told, and who ended it.
fn describe(ending: &Ending) -> String {
    let told = match (ending.heard.status, ending.heard.close) {
        (0, _) => String::from("nothing"),
        (101, None) => String::from("101"),
        (101, Some(code)) => code.to_string(),
        (status, _) => status.to_string(),
    };
    let how = match ending.how {
        How::Ended => "ended",
        How::WasReset => "was reset",
        How::Left => "left",
        How::Overdue => "waited in vain",
        How::CutShort => "cut short",
    };
    format!("{told}, {how}")
}
