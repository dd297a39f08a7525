//! What was measured, as tables in Markdown.
//!
//! A cell has nanoseconds a message and how many times as long as ours that is; ours has
//! nanoseconds alone.

use super::handshake::checks_answer;
use super::receive::Checks;
use super::{Group, Peer, peers};
use crate::contest::Measured;
use crate::rows::Row;

/// What a system call costs at the least, about: shown as if each call of the transport were one.
pub(crate) const CALL: f64 = 1000.0;

pub(crate) fn peers() {
    for peer in peers::all() {
        let checks = Checks::of(&*peer);
        let utf8 = match (checks.whole && checks.fragments, checks.end) {
            (true, true) => "",
            (true, false) => "; TAKES FRAGMENTED TEXT THAT ENDS IN THE MIDDLE OF A CHARACTER",
            (false, _) => "; DOES NOT CHECK UTF-8",
        };
        let answer =
            if checks_answer(&*peer) { "" } else { "; ITS CLIENT TAKES THE ANSWER TO ANOTHER KEY" };
        println!("{:<20} {}{utf8}{answer}", peer.name(), peer.about());
    }
}

/// The tables of a group.
pub(crate) fn group(group: &Group) -> String {
    let peers = peers::all();
    let unchecked = |peer: &dyn Peer| group.title.contains("text") && !Checks::of(peer).whole;
    let names: Vec<_> = peers.iter().map(|peer| (peer.name(), unchecked(&**peer))).collect();
    let ratio = |one: &Measured| format!("({:.2})", one.ratio);
    let mut text = format!("### {}\n\n", group.title);
    text += &table(group, &names, "ns", |one| one.nanoseconds, ratio);
    text += &format!(
        "\nWith {CALL} ns added for each call of the transport; in brackets the calls a message:\n\n"
    );
    text += &table(
        group,
        &names,
        "ns",
        |one| one.nanoseconds + CALL * one.calls,
        |one| format!("[{}]", short(one.calls)),
    );
    if group.title == "Handshakes" {
        text += "\nAllocations:\n\n";
        text += &table(group, &names, "", |one| one.allocations, |_| String::new());
    }
    for absent in group.rows.first().map(|row| &*row.absent).unwrap_or_default() {
        text += &format!("\n{}: {}.\n", absent.name, absent.why);
    }
    text
}

fn table(
    group: &Group,
    names: &[(&str, bool)],
    unit: &str,
    value: impl Fn(&Measured) -> f64,
    note: impl Fn(&Measured) -> String,
) -> String {
    let present =
        |name: &str| group.rows.iter().any(|row| row.measured.iter().any(|one| one.name == name));
    let names: Vec<_> = names.iter().filter(|(name, _)| present(name)).collect();
    let mut text = format!("| {unit} |");
    for (name, unchecked) in &names {
        text += &format!(" {name}{} |", if *unchecked { ", no UTF-8 check" } else { "" });
    }
    text += &format!("\n|---|{}\n", "---:|".repeat(names.len()));
    for row in &group.rows {
        text += &format!("| {} |", label(row));
        for (name, _) in &names {
            text += &match row.measured.iter().find(|one| one.name == *name) {
                Some(one) => format!(" {} {} |", short(value(one)), note(one)),
                None => String::from(" – |"),
            };
        }
        text += "\n";
    }
    text
}

/// What tells a row from the others of its group.
pub(crate) fn label(row: &Row) -> String {
    let parts: Vec<_> = row.name.split('/').collect();
    match parts[..] {
        ["receive", _, content, _, ..] => {
            let fragment = parts.iter().find_map(|part| part.strip_prefix("fragments-"));
            let fragment = fragment
                .map(|len| format!(" in {}", size(len.parse().unwrap_or_default())))
                .unwrap_or_default();
            format!("{content} {}{fragment}", size(row.message_bytes as usize))
        }
        ["handshake", end] => end.to_owned(),
        _ => size(row.message_bytes as usize),
    }
}

pub(crate) fn size(len: usize) -> String {
    match len {
        0..1024 => format!("{len} B"),
        1024..0x10_0000 => format!("{} KiB", len >> 10),
        _ => format!("{} MiB", len >> 20),
    }
}

/// Three figures, and thousands as such.
pub(crate) fn short(value: f64) -> String {
    match value {
        0.0..0.0995 => format!("{value:.3}"),
        ..9.95 if value.fract() == 0.0 => format!("{value}"),
        ..9.95 => format!("{value:.2}"),
        ..99.5 => format!("{value:.1}"),
        ..9_995.0 => format!("{value:.0}"),
        ..99_950.0 => format!("{:.1}k", value / 1e3),
        _ => format!("{:.0}k", value / 1e3),
    }
}
