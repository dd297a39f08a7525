//! What is printed of a run.

use crate::honest::Account;
use crate::kinds::KINDS;
use crate::tally::Tally;

/// How the sessions of each kind ended.
pub(crate) fn kinds(tallies: &[Tally]) {
    let row = |name: &str, tally: &Tally, endings: &str| {
        let Tally { sessions, expected, cut_short, sent, .. } = tally;
        println!(
            "{name:<28}{sessions:>9}{expected:>10}{cut_short:>11}{:>9.1}  {endings}",
            *sent as f64 / 1e6
        );
    };
    println!(
        "\n{:<28}{:>9}{:>10}{:>11}{:>9}  how they ended",
        "kind", "sessions", "expected", "cut short", "MB sent"
    );
    let mut all = Tally::default();
    for (kind, tally) in KINDS.iter().zip(tallies) {
        let endings: Vec<_> =
            tally.endings.iter().map(|(ending, count)| format!("{count} × {ending}")).collect();
        row(kind.name, tally, &endings.join("; "));
        all.sessions += tally.sessions;
        all.expected += tally.expected;
        all.cut_short += tally.cut_short;
        all.sent += tally.sent;
    }
    row("all", &all, "");
}

/// How long messages of the honest were on their way.
pub(crate) fn latency(heading: &str, account: &Account) {
    let Account { said, latencies } = account;
    let at = |permille: usize| {
        let index = (latencies.len() * permille / 1000).min(latencies.len().saturating_sub(1));
        latencies.get(index).map_or(0.0, |us| f64::from(*us) / 1000.0)
    };
    println!(
        "\n{heading}: {said} messages, {} deliveries, none lost or twice, nobody disconnected",
        latencies.len()
    );
    println!(
        "latency: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, at most {:.2} ms",
        at(500),
        at(990),
        at(999),
        at(1000)
    );
}
