//! What was measured, as charts in SVG: dots on a scale of ratios, ours at 1, to the right of it
//! what takes longer.

use super::Group;
use super::table::label;
use crate::contest::Measured;
use std::fmt::Write as _;
use std::path::Path;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 270.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 92.0;
const LINE: f64 = 26.0;

/// A colour for each, that those who see few colours can tell apart.
const COLOURS: [(&str, &str); 10] = [
    ("sockless", "#111111"),
    ("tungstenite", "#d55e00"),
    ("tokio-websockets", "#0072b2"),
    ("fastwebsockets", "#009e73"),
    ("sockudo-ws", "#cc79a7"),
    ("nexus-web", "#e69f00"),
    ("yawc", "#56b4e9"),
    ("wtx", "#7a5c3e"),
    ("web-socket", "#999999"),
    ("by hand", "#cccccc"),
];

/// What an overview has: a few rows of everything.
const OVERVIEW: [(&str, &str); 14] = [
    ("receive/server/binary/8", "receive 8 B"),
    ("receive/server/binary/125", "receive 125 B"),
    ("receive/server/binary/1024", "receive 1 KiB"),
    ("receive/server/binary/16384", "receive 16 KiB"),
    ("receive/server/binary/4194304", "receive 4 MiB"),
    ("receive/server/ascii/125", "receive ASCII text, 125 B"),
    ("receive/server/cjk/16384", "receive CJK text, 16 KiB"),
    ("receive/server/emoji/1048576/fragments-1024", "receive 1 MiB of text in fragments"),
    ("send/server/125/1-a-flush", "send 125 B"),
    ("send/server/125/64-a-flush", "send 125 B, 64 a flush"),
    ("send/client/125/64-a-flush", "send 125 B as a client, 64 a flush"),
    ("send/client/4194304/1-a-flush", "send 4 MiB as a client"),
    ("handshake/server", "handshake, server"),
    ("handshake/client", "handshake, client"),
];

/// A chart for each group, and `overview.svg`.
///
/// # Errors
/// The folder cannot be made or written to.
pub(crate) fn write(groups: &[Group], folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for group in groups {
        let lines: Vec<_> = group.rows.iter().map(|row| (label(row), &*row.measured)).collect();
        let name = group.title.to_lowercase().replace([',', '.'], "").replace(' ', "-");
        std::fs::write(folder.join(format!("{name}.svg")), draw(group.title, &lines))?;
    }
    let rows: Vec<_> = groups.iter().flat_map(|group| &group.rows).collect();
    let of = |(name, label): &(&str, &str)| {
        rows.iter().find(|row| row.name == *name).map(|row| ((*label).to_owned(), &*row.measured))
    };
    let lines: Vec<_> = OVERVIEW.iter().filter_map(of).collect();
    if !lines.is_empty() {
        std::fs::write(
            folder.join("overview.svg"),
            draw("Time for a message, or a handshake", &lines),
        )?;
    }
    Ok(())
}

fn draw(title: &str, lines: &[(String, &[Measured])]) -> String {
    let ratios = lines.iter().flat_map(|(_, measured)| measured.iter().map(|one| one.ratio));
    let (least, most) =
        ratios.fold((1.0_f64, 2.0_f64), |(least, most), ratio| (least.min(ratio), most.max(ratio)));
    let (from, to) = (least.log2().floor(), most.log2().ceil());
    let x = |ratio: f64| LEFT + (ratio.log2() - from) / (to - from) * (WIDTH - LEFT - RIGHT);
    let height = TOP + LINE * lines.len() as f64 + 34.0;
    let bottom = height - 30.0;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13">
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="16" y="26" font-size="17" font-weight="600">{title}</text>
<text x="16" y="46" fill="#555555">how many times as long as sockless; one process, in memory, the same bytes</text>"##
    );
    let present: Vec<_> = COLOURS
        .iter()
        .filter(|(name, _)| {
            lines.iter().any(|(_, measured)| measured.iter().any(|one| one.name == *name))
        })
        .collect();
    let mut at = 16.0;
    for (name, colour) in present {
        let _ = writeln!(
            svg,
            r##"<circle cx="{:.0}" cy="66" r="5" fill="{colour}" stroke="#111111" stroke-width="0.6"/><text x="{:.0}" y="70" font-size="12">{name}</text>"##,
            at + 5.0,
            at + 14.0
        );
        at += 26.0 + 6.6 * name.len() as f64;
    }
    for power in from as i32..=to as i32 {
        let ratio = 2f64.powi(power);
        let (stroke, width) = if power == 0 { ("#111111", 1.5) } else { ("#dddddd", 1.0) };
        let label = if power < 0 { format!("{ratio:.2}") } else { format!("{ratio}×") };
        let _ = writeln!(
            svg,
            r##"<line x1="{0:.1}" x2="{0:.1}" y1="{1}" y2="{bottom}" stroke="{stroke}" stroke-width="{width}"/><text x="{0:.1}" y="{2}" text-anchor="middle" fill="#555555">{label}</text>"##,
            x(ratio),
            TOP - 8.0,
            bottom + 18.0
        );
    }
    for (index, (label, measured)) in lines.iter().enumerate() {
        let y = TOP + LINE * index as f64 + LINE / 2.0;
        let _ = writeln!(
            svg,
            r##"<line x1="{LEFT}" x2="{}" y1="{y}" y2="{y}" stroke="#eeeeee"/>"##,
            WIDTH - RIGHT
        );
        let _ = writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{label}</text>"#,
            LEFT - 14.0,
            y + 4.5
        );
        // Ours last, on top.
        for one in measured.iter().rev() {
            let colour = COLOURS
                .iter()
                .find(|(name, _)| *name == one.name)
                .map_or("#000000", |(_, colour)| colour);
            let _ = writeln!(
                svg,
                r##"<circle cx="{:.1}" cy="{y}" r="5.5" fill="{colour}" fill-opacity="0.9" stroke="#111111" stroke-width="0.6"><title>{}: {:.2}, {:.0} ns</title></circle>"##,
                x(one.ratio),
                one.name,
                one.ratio,
                one.nanoseconds
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
