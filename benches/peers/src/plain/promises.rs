//! What sockless is meant to reach beside the others, and what it reached.
//!
//! A figure is how many times as long as the faster of our loops the fastest of the others takes,
//! or of those that are named; and what takes no more than it must, by hand. Who does not check
//! text is no peer where there is text.

use super::receive::Checks;
use super::table::{CALL, label, short};
use super::{Group, peers};
use crate::contest::Measured;
use crate::rows::Row;

/// A bound on rows.
struct Promise {
    what: &'static str,
    rows: &'static [&'static str],
    /// All, if there are none.
    peers: &'static [&'static str],
    at_least: f64,
    with_calls: bool,
}

/// What became of it in a row.
struct Reached {
    row: String,
    /// The fastest peer's to ours.
    ratio: f64,
    peer: &'static str,
    /// The floor's to ours.
    by_hand: Option<f64>,
}

const fn promise(what: &'static str, rows: &'static [&'static str], at_least: f64) -> Promise {
    Promise { what, rows, peers: &[], at_least, with_calls: false }
}

const PROMISES: &[Promise] = &[
    Promise {
        peers: &["tungstenite", "tokio-websockets"],
        ..promise(
            "receive 8 to 125 B, beside tungstenite and tokio-websockets",
            &["receive/server/binary/8", "receive/server/binary/125"],
            5.0,
        )
    },
    Promise {
        peers: &["nexus-web"],
        ..promise(
            "receive 8 to 125 B, beside nexus-web",
            &["receive/server/binary/8", "receive/server/binary/125"],
            2.0,
        )
    },
    promise("receive 1 KiB", &["receive/server/binary/1024"], 1.6),
    Promise {
        with_calls: true,
        ..promise("receive 16 KiB, with the calls", &["receive/server/binary/16384"], 1.0)
    },
    promise("receive 256 KiB", &["receive/server/binary/262144"], 0.95),
    promise("receive 4 MiB", &["receive/server/binary/4194304"], 1.25),
    promise(
        "receive text of any script",
        &[
            "receive/server/ascii/8",
            "receive/server/ascii/125",
            "receive/server/ascii/1024",
            "receive/server/ascii/16384",
            "receive/server/cjk/125",
            "receive/server/cjk/1024",
            "receive/server/cjk/16384",
            "receive/server/cjk/4194304",
            "receive/server/emoji/1024",
            "receive/server/emoji/1048576",
            "receive/server/mixed/1024",
            "receive/server/mixed/1048576",
        ],
        0.95,
    ),
    promise(
        "receive fragmented text",
        &[
            "receive/server/mixed/16384/fragments-512",
            "receive/server/emoji/1048576/fragments-1024",
        ],
        1.4,
    ),
    promise(
        "a server sends, 64 a flush",
        &[
            "send/server/8/64-a-flush",
            "send/server/125/64-a-flush",
            "send/server/1024/64-a-flush",
            "send/server/16384/64-a-flush",
        ],
        2.0,
    ),
    promise(
        "a client sends, small",
        &[
            "send/client/8/1-a-flush",
            "send/client/125/1-a-flush",
            "send/client/8/64-a-flush",
            "send/client/125/64-a-flush",
        ],
        1.6,
    ),
    promise(
        "a client sends, from 256 KiB on",
        &[
            "send/client/262144/1-a-flush",
            "send/client/262144/64-a-flush",
            "send/client/4194304/1-a-flush",
        ],
        2.0,
    ),
    promise("handshake", &["handshake/server", "handshake/client"], 1.5),
];

pub(crate) fn show(groups: &[Group]) {
    let peers = peers::all();
    let unchecked: Vec<_> =
        peers.iter().filter(|peer| !Checks::of(&***peer).whole).map(|peer| peer.name()).collect();
    let rows: Vec<_> = groups.iter().flat_map(|group| &group.rows).collect();
    println!(
        "\n### What is promised, and what was reached\n\n| | at least | reached, row by row, beside the fastest |\n|---|---:|---|"
    );
    for promise in PROMISES {
        let reached: Vec<_> = promise
            .rows
            .iter()
            .filter_map(|name| rows.iter().find(|row| row.name == *name))
            .filter_map(|row| promise.of(row, &unchecked))
            .collect();
        if reached.is_empty() {
            continue;
        }
        let short_of =
            if reached.iter().any(|one| one.ratio < promise.at_least) { " **SHORT**" } else { "" };
        let floor = |one: &Reached| {
            one.by_hand.map(|ratio| format!(", by hand {}", short(ratio))).unwrap_or_default()
        };
        let each = |one: &Reached| {
            format!("{}: {} ({}{})", one.row, short(one.ratio), one.peer, floor(one))
        };
        let each: Vec<_> = reached.iter().map(each).collect();
        println!("| {} | {} | {}{short_of} |", promise.what, promise.at_least, each.join("; "));
    }
}

impl Promise {
    /// The fastest peer's ratio to ours.
    fn of(&self, row: &Row, unchecked: &[&str]) -> Option<Reached> {
        let text =
            ["ascii", "cjk", "emoji", "mixed"].iter().any(|content| row.name.contains(content));
        let other = |name: &str| {
            !(name == "sockless" || name == "by hand" || text && unchecked.contains(&name))
        };
        let counts = |name: &str| {
            if self.peers.is_empty() { other(name) } else { self.peers.contains(&name) }
        };
        let time =
            |one: &Measured| one.nanoseconds + if self.with_calls { CALL * one.calls } else { 0.0 };
        let ours = row.measured.iter().find(|one| one.name == "sockless").map(time)?;
        let best = row
            .measured
            .iter()
            .filter(|one| counts(one.name))
            .map(|one| (time(one) / ours, one.name));
        let (ratio, peer) = best.min_by(|one, other| one.0.total_cmp(&other.0))?;
        let by_hand =
            row.measured.iter().find(|one| one.name == "by hand").map(|one| time(one) / ours);
        Some(Reached { row: label(row), ratio, peer, by_hand })
    }
}
