//! The notation of the cases beside this file.
//!
//! ```text
//! # a comment
//! 5.6: what the case shows                      a case: the number of the suite's case, and what it is about
//!   sends text more "frag"                      the peer sends a frame
//!   sends ping "now?"
//!   answers pong "now?"                         the ping is delivered, and its pong comes back
//!   sends 3 times continuation more "o"*2       the same frame three times
//!   sends continuation x6d656e74                hexadecimal
//!   echoes text "frag" "oo"*3 "ment"            the message is delivered, and its echo comes back
//! ```
//!
//! A frame is an opcode (`text`, `binary`, `continuation`, `ping`, `pong`, `close` or `opcode` and
//! a number), then `more` where FIN is missing and `rsv` with the three reserved bits as a number,
//! then its payload: pieces put together, each a text, hexadecimal, or the number of a close code.
//! After `of` and a number of bytes only the payload's beginning comes; lines of `rest` continue
//! it.
//!
//! `may-echo` is `echoes`, but that the echo may be missing where the peer's Close came in the same
//! read. Besides `answers` and `echoes` there are `delivers`, an event to which nothing is
//! answered; `closes`, the peer's Close is answered with the same and the close is clean; and
//! `fails`, the connection is failed with that code. An expectation is met as soon as the line
//! above it was sent and nothing else comes. Where neither `closes` nor `fails` is said, a clean
//! close with 1000 follows.

use crate::support::{BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, TEXT};

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// Each with its line.
    pub(crate) steps: Vec<(usize, Step)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Sends(Sent),
    Echoes(Sent),
    MayEcho(Sent),
    Answers(Sent),
    Delivers(Sent),
    Closes(Sent),
    Fails(u16),
}

/// A frame, or what comes of it at once.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) times: usize,
    /// The first byte; none in the rest of a frame.
    pub(crate) first: Option<u8>,
    /// The length that the header declares.
    pub(crate) of: usize,
    pub(crate) payload: Vec<u8>,
}

/// All cases of a file. Panics name the line.
pub(crate) fn parse(file: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::<Case>::new();
    for (number, line) in
        (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        let at = || format!("{file}:{number}: {line}");
        if !line.starts_with(' ') {
            finish(cases.last_mut());
            let id = line.split(':').next().unwrap_or(line).to_owned();
            cases.push(Case { id, steps: vec![] });
            continue;
        }
        let step = step(line.trim()).unwrap_or_else(|| panic!("{}: not in the notation", at()));
        cases
            .last_mut()
            .unwrap_or_else(|| panic!("{}: outside a case", at()))
            .steps
            .push((number, step));
    }
    finish(cases.last_mut());
    cases
}

/// A clean close, where the case does not end otherwise.
fn finish(case: Option<&mut Case>) {
    let Some(case) = case else { return };
    if !case.steps.iter().any(|(_, step)| matches!(step, Step::Closes(_) | Step::Fails(_))) {
        let line = case.steps.last().map_or(0, |(line, _)| *line);
        let close =
            Sent { times: 1, first: Some(CLOSE), of: 2, payload: 1000_u16.to_be_bytes().into() };
        case.steps.extend([(line, Step::Sends(close.clone())), (line, Step::Closes(close))]);
    }
}

fn step(line: &str) -> Option<Step> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match verb {
        "sends" => Step::Sends(sent(rest)?),
        "echoes" => Step::Echoes(sent(rest)?),
        "may-echo" => Step::MayEcho(sent(rest)?),
        "answers" => Step::Answers(sent(rest)?),
        "delivers" => Step::Delivers(sent(rest)?),
        "closes" => Step::Closes(sent(&format!("close {rest}"))?),
        "fails" => Step::Fails(rest.parse().ok()?),
        _ => return None,
    })
}

fn sent(text: &str) -> Option<Sent> {
    let (times, text) = match text.split_once(" times ") {
        Some((times, text)) => (times.parse().ok()?, text),
        None => (1, text),
    };
    let mut words = text.trim();
    let first = match word(&mut words) {
        "text" => Some(TEXT),
        "binary" => Some(BINARY),
        "continuation" => Some(CONTINUATION),
        "ping" => Some(PING),
        "pong" => Some(PONG),
        "close" => Some(CLOSE),
        "rest" => None,
        opcode => Some(0x80 | opcode.strip_prefix("opcode")?.parse::<u8>().ok()?),
    };
    let mut sent = Sent { times, first, of: 0, payload: vec![] };
    let mut of = None;
    while !words.is_empty() {
        if let Some(text) = words.strip_prefix('"') {
            let (text, rest) = text.split_once('"')?;
            words = rest;
            push(&mut sent.payload, text.as_bytes(), word(&mut words))?;
            continue;
        }
        match word(&mut words) {
            "more" => sent.first = Some(sent.first? & MORE),
            "of" => of = Some(word(&mut words).parse().ok()?),
            other => match (other.strip_prefix("rsv"), other.strip_prefix('x')) {
                (Some(bits), _) => sent.first = Some(sent.first? | bits.parse::<u8>().ok()? << 4),
                (_, Some(hex)) => {
                    let (hex, repeat) = hex.split_at(hex.find('*').unwrap_or(hex.len()));
                    let digits = (0..hex.len()).step_by(2);
                    let bytes: Option<Vec<u8>> = digits
                        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
                        .collect();
                    push(&mut sent.payload, &bytes?, repeat)?;
                }
                _ => sent.payload.extend(other.parse::<u16>().ok()?.to_be_bytes()),
            },
        }
    }
    sent.of = of.unwrap_or(sent.payload.len());
    Some(sent)
}

/// Adds a piece as many times as `*3` says.
fn push(payload: &mut Vec<u8>, piece: &[u8], repeat: &str) -> Option<()> {
    let times = match repeat {
        "" => 1,
        repeat => repeat.strip_prefix('*')?.parse().ok()?,
    };
    payload.extend(piece.repeat(times));
    Some(())
}

/// Takes the next word, up to a space.
fn word<'a>(words: &mut &'a str) -> &'a str {
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    *words = rest.trim_start();
    word
}
