//! The report as one page that needs nothing else.

use crate::args::{Driver, Parts, Which};
use crate::results::{Case, Results, is_good, sum};
use serde_json::Value;
use std::fmt::Write;

pub(crate) fn render(results: &Results) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut page, results);
    page
}

fn write(page: &mut String, results: &Results) -> std::fmt::Result {
    let role = results.role.name();
    let (class, outcome) =
        if results.passed() { ("good", "Passed") } else { ("bad", "Not passed") };
    writeln!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Autobahn: {role}, {tally}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<header>\n\
         <h1>{who} as {role}</h1>\n<p class=\"outcome {class}\">{outcome}: {tally}</p>\n<p>{settings}</p>\n</header>",
        who = escape(results.testee),
        tally = escape(&sum(&results.tally)),
        style = include_str!("page.css"),
        settings = escape(&settings(results)),
    )?;
    if !results.passed() {
        writeln!(page, "<h2>Neither OK nor informational</h2>")?;
        for case in results.problems() {
            problem(page, case)?;
        }
    }
    writeln!(page, "<h2>All {} cases</h2>", results.cases.len())?;
    for section in &results.sections {
        let mut cases = results.cases.iter().filter(|case| case.section() == section.number);
        let title = escape(section.title);
        writeln!(
            page,
            "<section>\n<h3>{} <span>{title}</span> <em>{}</em></h3>\n<ol>",
            section.number,
            escape(&sum(&section.tally))
        )?;
        cases.try_for_each(|case| cell(page, case))?;
        writeln!(page, "</ol>\n</section>")?;
    }
    writeln!(page, "</body>\n</html>")
}

fn cell(page: &mut String, case: &Case) -> std::fmt::Result {
    let class = match case.verdict.as_str() {
        "OK" => "ok",
        "INFORMATIONAL" => "informational",
        _ => "bad",
    };
    let code = case.close_code.map_or("no Close".to_owned(), |code| format!("Close {code}"));
    writeln!(
        page,
        "<li class=\"{class}\" title=\"{}; closing: {}; {code}; {} ms\">{}</li>",
        escape(&case.behavior),
        escape(&case.behavior_close),
        case.milliseconds,
        escape(&case.id)
    )
}

fn problem(page: &mut String, case: &Case) -> std::fmt::Result {
    writeln!(
        page,
        "<details open>\n<summary><b>{}</b> {}</summary>\n<dl>",
        escape(&case.id),
        escape(&case.verdict)
    )?;
    if !is_good(&case.behavior_close) {
        entry(page, "closing", &case.behavior_close)?;
    }
    if let Some(details) = &case.details {
        entry(page, "the case", &plain(&details.description))?;
        entry(page, "wanted", &plain(&details.expectation))?;
        entry(page, "result", &details.result)?;
        entry(page, "result of closing", &details.result_close)?;
        entry(page, "expected", &json(&details.expected))?;
        entry(page, "received", &json(&details.received))?;
    }
    writeln!(page, "</dl>\n</details>")
}

fn entry(page: &mut String, term: &str, text: &str) -> std::fmt::Result {
    writeln!(page, "<dt>{term}</dt><dd>{}</dd>", escape(text))
}

/// The suite's texts have tags in them, of which none says anything here.
fn plain(text: &str) -> String {
    let tags = ["<br>", "<b>", "</b>"];
    let text = tags.iter().fold(text.to_owned(), |text, tag| text.replace(tag, " "));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(value: &Value) -> String {
    // A long payload says nothing more than its beginning.
    value.to_string().chars().take(600).collect()
}

fn settings(results: &Results) -> String {
    if results.testee != "sockless" {
        return format!("{:.0} s", results.seconds);
    }
    let driver = match results.driver {
        Driver::Blocking => "blocking sockets",
        Driver::Poll => "an event loop",
    };
    let delivery = match results.delivery {
        Parts::Whole => "whole messages",
        Parts::Chunks => "messages in parts",
    };
    let write =
        results.write.map(|bytes| format!(", writes of at most {bytes} bytes")).unwrap_or_default();
    let compress = match results.compress {
        Which::Auto => "",
        Which::All => ", all messages compressed",
        Which::None => ", no message compressed",
    };
    let pool = results.pool.map(|most| format!(", a pool of {most}")).unwrap_or_default();
    format!(
        "{driver}, {delivery}, reads of at most {} bytes{write}{compress}{pool}; {:.0} s",
        results.read, results.seconds
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            char => escaped.push(char),
        }
    }
    escaped
}
