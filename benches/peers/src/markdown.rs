//! What was measured, as pages of tables in Markdown, each with what it was measured on.

use crate::Report;
use crate::contest::Measured;
use crate::plain::table;
use crate::rows::Row;
use crate::rows::memory::{self, Held};
use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// `in-memory.md` and `compression.md`, of what there is.
///
/// # Errors
/// The folder cannot be made or written to.
pub(crate) fn write(report: &Report, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if !report.plain.is_empty() {
        let groups: Vec<_> = report.plain.iter().map(table::group).collect();
        let page = page("Messages as they are, in memory", &groups);
        fs::write(folder.join("in-memory.md"), page)?;
    }
    let mut tables = rows(&report.rows);
    tables.extend(held(&report.memory));
    if !tables.is_empty() {
        fs::write(folder.join("compression.md"), page("Compressed messages, in memory", &tables))?;
    }
    Ok(())
}

fn page(title: &str, tables: &[String]) -> String {
    let said = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    let said = |program, args| said(program, args).unwrap_or_else(|| String::from("unknown"));
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name"));
    format!(
        "# {title}\n\nWritten by `benches/peers --markdown` on {}, at commit {},\n\
         with {}, on {}.\n\
         [BENCHMARKS.md](../../BENCHMARKS.md) says what is measured and how.\n\n\
         Medians of ns a message, and of how many times as long as ours that is within a round.\n\n{}",
        said("date", &["-u", "+%Y-%m-%d"]),
        said("git", &["describe", "--always", "--dirty"]),
        said("rustc", &["--version"]),
        processor.map_or("an unknown processor", |name| name.trim_matches([' ', '\t', ':'])),
        tables.join("\n"),
    )
}

/// Rows that follow each other and have the same contestants, as a table.
fn rows(rows: &[Row]) -> Vec<String> {
    let names = |row: &Row| {
        let absent = row.absent.iter().map(|one| one.name);
        row.measured.iter().map(|one| one.name).chain(absent).collect::<Vec<_>>()
    };
    let sorted = |row: &Row| {
        let mut names = names(row);
        names.sort_unstable();
        names
    };
    let tables = rows.chunk_by(|one, other| sorted(one) == sorted(other));
    tables.map(|rows| of_same(rows, &names(&rows[0]))).collect()
}

/// ns a message, the ratio to ours, and the bytes on the wire.
fn of_same(rows: &[Row], names: &[&str]) -> String {
    let mut text = format!(
        "| ns (to ours), bytes on the wire | {} |\n|---|{}\n",
        names.join(" | "),
        "---:|".repeat(names.len())
    );
    for row in rows {
        let cell = |name: &&str| match row.measured.iter().find(|one| one.name == *name) {
            Some(Measured { nanoseconds, ratio, wire_bytes, .. }) => {
                format!("{} ({ratio:.2}), {wire_bytes:.1}", table::short(*nanoseconds))
            }
            None => String::from("–"),
        };
        let cells: Vec<_> = names.iter().map(cell).collect();
        text += &format!("| {} | {} |\n", row.name, cells.join(" | "));
    }
    text
}

/// Bytes on the heap, a setting a row.
fn held(held: &[Held]) -> Option<String> {
    let settings: Vec<_> = held
        .chunk_by(|one, other| memory::name(one.setting) == memory::name(other.setting))
        .collect();
    let names: Vec<_> =
        settings.iter().max_by_key(|all| all.len())?.iter().map(|one| one.name).collect();
    let mut text = format!(
        "Bytes on the heap of an idle connection, and in the pool of all, after 48 KiB each way:\n\n\
         | | {} |\n|---|{}\n",
        names.join(" | "),
        "---:|".repeat(names.len())
    );
    for of_setting in settings {
        let cell = |name: &&str| match of_setting.iter().find(|one| one.name == *name) {
            Some(one) => format!("{}, {}", one.each, one.shared),
            None => String::from("–"),
        };
        let cells: Vec<_> = names.iter().map(cell).collect();
        text += &format!("| {} | {} |\n", memory::name(of_setting[0].setting), cells.join(" | "));
    }
    Some(text)
}
