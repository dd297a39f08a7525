//! The kinds of hostile peers: a row each, with what one of them does and how the chat has to end
//! it.
//!
//! What one does is a plan (`session`), made anew for each session from its number; the bytes that
//! all of a kind send are made once ([`Arsenal`]).

mod plans;

pub(crate) use plans::Arsenal;

use crate::session::{Ending, How, Step};
use std::time::Duration;

pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What the chat has to do with each of them.
    pub(crate) answer: &'static str,
    /// How many ms after one session the next begins.
    pub(crate) every: u64,
    /// How many ms one may take: whoever still waits for the chat then has not got what the kind
    /// expects.
    pub(crate) limit: u64,
    /// How many ms the chat lets one go on: in a run that is shorter, none of these may come to an
    /// end.
    pub(crate) lasts: u64,
    /// Keeps the kernel's buffer for what comes as small as it can be.
    pub(crate) small: bool,
    plan: fn(&Arsenal, &Number) -> Vec<Step>,
    is_expected: fn(&Ending) -> bool,
}

/// Which session it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    /// Among those of all kinds.
    pub(crate) slot: usize,
    /// Among those of its kind: 0, 1, 2 …
    pub(crate) session: usize,
}

impl Kind {
    pub(crate) fn plan(&self, arsenal: &Arsenal, number: &Number) -> Vec<Step> {
        (self.plan)(arsenal, number)
    }

    /// Whether the chat did with this one as it has to.
    pub(crate) fn is_expected(&self, ending: &Ending) -> bool {
        (self.is_expected)(ending)
    }

    pub(crate) fn every(&self) -> Duration {
        Duration::from_millis(self.every)
    }

    pub(crate) fn limit(&self) -> Duration {
        Duration::from_millis(self.limit)
    }
}

/// Refused before the upgrade, with one of these.
fn refused(ending: &Ending, statuses: &[u16]) -> bool {
    ending.how == How::Ended && statuses.contains(&ending.heard.status)
}

/// Let in, and then told one of these codes.
fn closed(ending: &Ending, codes: &[u16]) -> bool {
    ending.how == How::Ended
        && ending.heard.status == 101
        && ending.heard.close.is_some_and(|code| codes.contains(&code))
}

/// Let in, let be, and gone by itself.
fn left(ending: &Ending) -> bool {
    ending.how == How::Left && ending.heard.status == 101 && ending.heard.close.is_none()
}

/// Let in, and dropped: 1008 is the last of what was queued, and there only for who takes all of it
/// within the time of a goodbye.
fn let_go(ending: &Ending) -> bool {
    matches!(ending.how, How::Ended | How::WasReset)
        && ending.heard.status == 101
        && matches!(ending.heard.close, None | Some(1008))
}

/// Whom the chat counts as slow readers.
pub(crate) const SLOW: &str = "asks and never reads";

const fn kind(
    (name, answer): (&'static str, &'static str),
    (every, limit, lasts): (u64, u64, u64),
    plan: fn(&Arsenal, &Number) -> Vec<Step>,
    is_expected: fn(&Ending) -> bool,
) -> Kind {
    Kind { name, answer, every, limit, lasts, small: false, plan, is_expected }
}

/// It will not read. Who reads later is none of these: through a window as small as that the kernel
/// passes some KB a second.
const fn blind(mut kind: Kind) -> Kind {
    kind.small = true;
    kind
}

/// A request's time in the chat is 10 s, a goodbye's 3 s, and a ping's answer may take 20 s, 20 s
/// after the last sign of life.
#[rustfmt::skip]
pub(crate) const KINDS: &[Kind] = &[
    kind(("says nothing",                     "ended at 10 s"),    (12_000, 30_000, 10_000), plans::silence,        |e| e.how == How::Ended && e.heard.status == 0),
    kind(("slow head",                        "408 at 10 s"),      (12_000, 30_000, 10_000), plans::slow_head,      |e| refused(e, &[408])),
    kind(("garbage for a head",               "400"),              (500,    30_000, 0),      plans::garbage_head,   |e| refused(e, &[400])),
    kind(("flood of headers",                 "431"),              (500,    30_000, 0),      plans::header_flood,   |e| refused(e, &[431])),
    kind(("forbidden heads",                  "400, 403, 426"),    (500,    30_000, 0),      plans::wrong_heads,    |e| refused(e, &[400, 403, 426])),
    kind(("garbage for frames",               "1002"),             (1000,   30_000, 0),      plans::garbage,        |e| closed(e, &[1002])),
    kind(("text that is none",                "1007"),             (1000,   30_000, 0),      plans::bad_text,       |e| closed(e, &[1007])),
    kind(("giant declared lengths",           "1009, 1002"),       (1000,   30_000, 0),      plans::giants,         |e| closed(e, &[1009, 1002])),
    kind(("slow body",                        "let be"),           (5000,   30_000, 4000),   plans::slow_body,      left),
    kind(("pings, reading the pongs",         "pongs, 1000"),      (2000,   30_000, 0),      plans::pings,          |e| closed(e, &[1000]) && e.heard.pongs > 0),
    blind(kind(("pings, never reading",       "let be"),           (2000,   30_000, 500),    plans::blind_pings,    left)),
    kind(("fragments of one byte",            "1009"),             (2000,   30_000, 0),      plans::tiny_fragments, |e| closed(e, &[1009])),
    kind(("empty fragments",                  "1008"),             (2000,   30_000, 0),      plans::empty_fragments, |e| closed(e, &[1008])),
    kind(("bombs",                            "1009"),             (1000,   30_000, 0),      plans::bombs,          |e| closed(e, &[1009])),
    kind(("compressed garbage",               "1007"),             (1000,   30_000, 0),      plans::bad_deflate,    |e| closed(e, &[1007])),
    kind(("talks too much",                   "refused, let be"),  (4000,   30_000, 1000),   plans::chatter,        |e| left(e) && e.heard.refused > 0),
    blind(kind(("in the room, never reading", "let be"),           (10_000, 20_000, 8000),   plans::blind,          left)),
    kind((SLOW,                               "let go"),           (10_000, 30_000, 25_000), plans::blind_asking,   let_go),
    kind(("resets at every point",            "let be"),           (500,    30_000, 0),      plans::resets,         |e| e.how == How::Left && e.heard.close.is_none()),
    kind(("half closed",                      "ended"),            (1000,   30_000, 0),      plans::half_closed,    |e| e.how == How::Ended && e.heard.status == 101),
    kind(("half open",                        "1011 after 40 s"),  (60_000, 55_000, 47_000), plans::half_open,      |e| closed(e, &[1011])),
];
