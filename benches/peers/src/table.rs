//! What was measured, to be read.

use crate::peer::Peer;
use crate::rows::Row;
use crate::rows::memory::Held;

pub(crate) fn peers(peers: &[(Box<dyn Peer>, bool)]) {
    for (peer, checks_utf8) in peers {
        let utf8 = if *checks_utf8 { "" } else { "; DOES NOT CHECK UTF-8" };
        println!("{:<20} {}{utf8}", peer.name(), peer.about());
    }
}

pub(crate) fn row(row: &Row) {
    println!("\n{}: messages of {:.0} B", row.name, row.message_bytes);
    println!(
        "  {:<32} {:>12} {:>23} {:>8} {:>12} {:>12}",
        "", "ns/message", "half of the rounds", "to ours", "wire B/msg", "calls/msg"
    );
    for one in &row.measured {
        let within = format!("{:.0} to {:.0}", one.quartiles[0], one.quartiles[1]);
        println!(
            "  {:<32} {:>12.0} {within:>23} {:>8.2} {:>12.1} {:>12.3}",
            one.name, one.nanoseconds, one.ratio, one.wire_bytes, one.calls
        );
    }
    for one in &row.absent {
        println!("  {:<32} absent: {}", one.name, one.why);
    }
}

pub(crate) fn held(name: &str, held: &[Held]) {
    println!("\n{name}: bytes on the heap, idle after 48 KiB each way");
    println!("  {:<32} {:>12} {:>12}", "", "each", "pool of all");
    for one in held {
        println!("  {:<32} {:>12} {:>12}", one.name, one.each, one.shared);
    }
}
