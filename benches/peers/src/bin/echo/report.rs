//! What was measured, as tables in Markdown.

use crate::cell::{Cell, Measured};

pub(crate) fn show(cell: &Cell, rows: &[Measured]) {
    let plural = if cell.connections == 1 { "" } else { "s" };
    println!(
        "\n### {} B, {} connection{plural}, {} in flight on each\n",
        cell.len, cell.connections, cell.in_flight
    );
    println!(
        "| server | CPU ns/message | to ours | messages/s | p50 µs | p99 µs |\n|---|---:|---:|---:|---:|---:|"
    );
    for one in rows {
        println!(
            "| {} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} |",
            one.name, one.cpu, one.ratio, one.rate, one.p50, one.p99
        );
    }
}
