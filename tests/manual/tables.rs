//! The tables of `manual::limits` say what the code does, and leave nothing out.

use sockless::{
    Config, HandshakeError, Limits, ProtocolError, SendError, Timeouts, client, server,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const PAGE: &str = include_str!("../../src/manual/limits.rs");

/// The rows of the table below a heading that begins so, without the marks of code.
fn table(heading: &str) -> Vec<Vec<String>> {
    let heading = format!("//! # {heading}");
    let section = PAGE.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
    let section = section.take_while(|line| !line.starts_with("//! # "));
    let rows = section.filter_map(|line| line.strip_prefix("//! | ")).skip(1);
    let rows: Vec<Vec<String>> =
        rows.map(|row| row.split('|').map(|cell| cell.trim().replace('`', "")).collect()).collect();
    assert!(!rows.is_empty(), "{heading}");
    rows
}

/// What the tables of settings say: the name and the default.
fn said() -> BTreeMap<String, String> {
    let headings = ["What is accepted", "How a connection delivers", "Who is let in", "Time"];
    let rows = headings.into_iter().flat_map(table);
    rows.map(|row| (row[0].clone(), row[1].clone())).collect()
}

fn bytes(n: impl TryInto<u64>) -> String {
    let n = n.try_into().ok().unwrap();
    match n {
        u64::MAX => "never".into(),
        _ if n >= 1 << 20 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        _ if n >= 1 << 10 && n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        _ => n.to_string(),
    }
}

fn time(duration: Option<Duration>) -> String {
    duration.map_or("never".into(), |duration| format!("{} s", duration.as_secs()))
}

#[test]
fn every_default_is_the_one_of_the_code() {
    let (config, limits) = (Config::default(), Limits::default());
    let (server, client) = (server::Config::default(), client::Config::default());
    let timeouts = Timeouts::default();
    assert_eq!(config.limits, limits);
    #[cfg_attr(not(feature = "deflate"), allow(unused_mut))]
    let mut is = vec![
        ("Limits::max_frame", bytes(limits.max_frame)),
        ("Limits::max_message", bytes(limits.max_message)),
        ("Limits::max_fragments", "131,072".into()),
        ("Config::max_discard", bytes(config.max_discard)),
        ("Config::delivery", format!("{:?}", config.delivery).to_lowercase()),
        ("Config::fragment_above", bytes(config.fragment_above)),
        ("Config::high_water_mark", bytes(config.high_water_mark)),
        ("Config::low_water_mark", bytes(config.low_water_mark)),
        ("server::Config::max_head", bytes(server.max_head)),
        ("server::Config::max_headers", bytes(server.max_headers)),
        ("server::Config::max_discard", bytes(server.max_discard)),
        ("server::Config::origin", "same host".into()),
        ("client::Config::max_head", bytes(client.max_head)),
        ("client::Config::max_headers", bytes(client.max_headers)),
        ("client::Config::max_body", bytes(client.max_body)),
        ("Timeouts::ping_interval", time(timeouts.ping_interval)),
        ("Timeouts::pong_timeout", time(timeouts.pong_timeout)),
        ("Timeouts::idle_timeout", time(timeouts.idle_timeout)),
        ("Timeouts::write_timeout", time(timeouts.write_timeout)),
        ("Timeouts::close_timeout", time(timeouts.close_timeout)),
        ("Timeouts::drain_timeout", time(timeouts.drain_timeout)),
    ];
    assert_eq!(limits.max_fragments, 131_072);
    assert_eq!(server.origin, server::OriginPolicy::SameHost);
    let mut said = said();
    #[cfg(feature = "deflate")]
    {
        let settings = &config.deflate;
        assert_eq!(settings.level, sockless::deflate::Level::new(6).unwrap());
        assert!(settings.pool.is_none() && server.deflate.is_none());
        is.extend([
            ("Settings::compress", format!("{:?}", settings.compress).to_lowercase()),
            ("Settings::threshold", settings.threshold.to_string()),
            ("Settings::level", "6".into()),
            ("Settings::pool", "none".into()),
            ("server::Config::deflate", "none".into()),
        ]);
    }
    #[cfg(not(feature = "deflate"))]
    said.retain(|name, _| !name.starts_with("Settings") && name != "server::Config::deflate");
    for (name, is) in is {
        assert_eq!(said.remove(name).as_deref(), Some(is.as_str()), "{name}");
    }
    assert!(said.is_empty(), "{said:?}");
}

/// By what `{:?}` shows, so that a new field is missed.
#[test]
fn no_field_is_left_out() {
    let said: BTreeSet<String> = said().into_keys().collect();
    let shown = [
        ("Config", format!("{:?}", Config::default())),
        ("server::Config", format!("{:?}", server::Config::default())),
        ("client::Config", format!("{:?}", client::Config::default())),
        ("Limits", format!("{:?}", Limits::default())),
        ("Timeouts", format!("{:?}", Timeouts::default())),
    ];
    for (name, shown) in shown {
        for field in outer_fields(&shown) {
            // They have tables, or rows, of their own.
            if name == "Config" && ["limits", "deflate"].contains(&field.as_str()) {
                continue;
            }
            assert!(said.contains(&format!("{name}::{field}")), "{name}::{field}");
        }
    }
    #[cfg(feature = "deflate")]
    for field in outer_fields(&format!("{:?}", Config::default().deflate)) {
        assert!(said.contains(&format!("Settings::{field}")), "{field}");
    }
}

/// The names in front of a colon, of the outermost braces only.
fn outer_fields(shown: &str) -> Vec<String> {
    let (mut depth, mut name, mut names) = (0, String::new(), Vec::new());
    let mut characters = shown.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            ':' if depth == 1 && characters.peek() == Some(&' ') => names.push(name.clone()),
            _ => {}
        }
        if character.is_alphanumeric() || character == '_' {
            name.push(character);
        } else {
            name.clear();
        }
    }
    assert!(!names.is_empty(), "{shown}");
    names
}

#[test]
fn every_violation_has_its_code_and_section() {
    let is = ProtocolError::ALL.iter().map(|error| {
        let code = error.close_code().get().to_string();
        [format!("{error:?}"), code, error.section().to_owned()]
    });
    assert!(table("Violations").iter().map(|row| &row[..3]).eq(is), "{PAGE}");
}

#[test]
fn every_failed_handshake_has_its_status_and_section() {
    let is = HandshakeError::ALL.iter().map(|error| {
        [format!("{error:?}"), error.status().to_string(), error.section().to_owned()]
    });
    assert!(table("Handshakes that fail").iter().map(|row| &row[..3]).eq(is), "{PAGE}");
}

/// The names as the code has them, for those enums that have no list.
#[test]
fn every_refusal_and_every_cause_is_named() {
    let names = |source: &str, begin: &str| -> Vec<String> {
        let body = source.split(begin).nth(1).unwrap().split("\n}").next().unwrap();
        let variants = body
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with(|character: char| character.is_ascii_uppercase()));
        variants.map(|line| line.split(['(', ',']).next().unwrap().to_owned()).collect()
    };
    let first =
        |heading| -> Vec<String> { table(heading).iter().map(|row| row[0].clone()).collect() };
    let send = names(include_str!("../../src/connection/send.rs"), "pub enum SendError {");
    assert_eq!(first("Sends that are refused"), send);
    assert_eq!(send.last().unwrap(), &format!("{:?}", SendError::QueueFull));
    let cause = names(include_str!("../../src/event.rs"), "pub enum Cause {");
    assert_eq!(first("How a connection ended"), cause);
}

/// What is said beside the tables.
#[test]
fn what_cannot_be_set_is_as_it_is_said() {
    for (said, source, line) in [
        (
            "4 KiB of pongs",
            include_str!("../../src/outbox/waiting.rs"),
            "const MOST: usize = 4096;",
        ),
        (
            "fits into 128 KiB",
            include_str!("../../src/connection/receive.rs"),
            "const ANSWERS: u64 = 128 << 10;",
        ),
        (
            "100 subprotocols",
            include_str!("../../src/handshake/server/check.rs"),
            "const MAX_PROTOCOLS: usize = 100;",
        ),
    ] {
        assert!(PAGE.contains(said) && source.contains(line), "{said}: {line}");
    }
}
