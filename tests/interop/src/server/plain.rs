//! Answers to plain HTTP.

use super::compressing;
use super::ledger::Ledger;
use super::service::{parameter, split};
use serde::Serialize;
use sockless::handshake::Header;
use sockless::server::{Plain, Replying};
use std::sync::Arc;
use std::time::Duration;

/// How long the end of a connection may be waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><title>interop</title>";

pub(crate) fn answer(request: Plain, ledger: &Arc<Ledger>) -> Replying {
    let (path, query) = split(request.target());
    let id = parameter(query, "id").unwrap_or_default();
    let (status, kind, body) = match (request.method(), path) {
        ("GET", "/page") => (200, "text/html", PAGE.to_owned()),
        ("GET", "/close_event") => match ledger.wait_for_close_event(&id, PATIENCE) {
            Some(seen) => (200, "application/json", json(&seen)),
            None => (404, "text/plain", "no such connection has ended\n".to_owned()),
        },
        ("GET", "/received") => match ledger.wait_for_close_event(&id, PATIENCE) {
            Some(seen) => (200, "application/json", json(&seen.received)),
            None => (404, "text/plain", "no such connection has ended\n".to_owned()),
        },
        ("GET", "/release") => {
            ledger.release(id);
            (204, "text/plain", String::new())
        }
        ("GET", "/refusals") => (200, "application/json", json(&ledger.refusals())),
        ("GET", "/compressing") => match compressing::start(query, ledger) {
            Ok(server) => (200, "text/plain", server.url()),
            Err(error) => (500, "text/plain", format!("{error}\n")),
        },
        _ => (404, "text/plain", "nothing is here\n".to_owned()),
    };
    let kind = Header::new("Content-Type", kind).expect("a token, and words");
    request.reply(status).header(kind).body(body).into_replying()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers, texts and lists")
}
