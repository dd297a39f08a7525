//! What the Autobahn suite checks of a connection in its sections 1 to 7 and 10, without the suite:
//! the cases in `tests/conformance/`, whose [`notation`] says how they are written, against both
//! roles, under every delivery and many splits.

#[path = "conformance/notation.rs"]
mod notation;

use crate::support::{BINARY, CLOSE, Frame, PONG, SIDES, Side, TEXT, frames, output};
use notation::{Case, Sent, Step};
use sockless::{Cause, Chunk, ChunkData, CloseEvent, Config, Connection, Delivery, Event, Input};
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

/// How the bytes of a case are cut into reads.
#[derive(Clone, Copy, Debug)]
enum Reads {
    /// One a line; what is expected must have come before the next line is sent.
    Line,
    /// One a byte, the same.
    Byte,
    /// All in one read.
    Whole,
    /// Anywhere, from this seed.
    Random(u64),
}

#[test]
fn every_case_ends_as_it_should() {
    let mut failures = Vec::new();
    for (file, cases) in files() {
        failures.extend(
            cases
                .iter()
                .filter_map(|case| Some(format!("tests/conformance/{file}:{}", failure(case)?))),
        );
    }
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
}

/// The line and the first way to run a case in which it does not end as it should.
fn failure(case: &Case) -> Option<String> {
    let reads =
        || [Reads::Line, Reads::Byte, Reads::Whole].into_iter().chain((1..=4).map(Reads::Random));
    for side in SIDES {
        for delivery in [Delivery::Whole, Delivery::Chunks] {
            for reads in reads() {
                if let Err((line, what)) = Run::new(side, delivery).case(case, reads) {
                    return Some(format!(
                        "{line}: case {}, {side:?}, Delivery::{delivery:?}, Reads::{reads:?}: {what}",
                        case.id
                    ));
                }
            }
        }
    }
    None
}

#[test]
fn no_case_is_missing() {
    let ids: Vec<_> =
        files().into_iter().flat_map(|(_, cases)| cases).map(|case| case.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each stands there once");
    let counts = [1, 2, 3, 4, 5, 6, 7, 10]
        .map(|section| ids.iter().filter(|id| id.starts_with(&format!("{section}."))).count());
    assert_eq!(counts, [16, 11, 7, 10, 20, 145, 37, 1]);
}

fn files() -> Vec<(String, Vec<Case>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths
        .iter()
        .map(|path| {
            (name(path), notation::parse(&name(path), &std::fs::read_to_string(path).unwrap()))
        })
        .collect()
}

/// A connection that echoes, and what has come of it that no expectation has met yet.
struct Run {
    side: Side,
    connection: Connection,
    delivered: VecDeque<Event<'static>>,
    answered: VecDeque<Frame>,
    /// The message whose parts are being delivered.
    parts: Vec<u8>,
}

impl Run {
    fn new(side: Side, delivery: Delivery) -> Self {
        let mut config = Config::default();
        config.delivery = delivery;
        let (delivered, answered) = Default::default();
        Self { side, connection: side.open(config), delivered, answered, parts: vec![] }
    }

    /// What went wrong, and at which line.
    fn case(mut self, case: &Case, reads: Reads) -> Result<(), (usize, String)> {
        let lines = self.wire(case);
        match reads {
            Reads::Line | Reads::Byte => {
                let mut lines = lines.iter();
                for (line, step) in &case.steps {
                    if let Step::Sends(_) = step {
                        self.nothing_else()
                            .map_err(|what| (*line, format!("before it, {what}")))?;
                        let bytes = lines.next().unwrap();
                        let size = if let Reads::Byte = reads { 1 } else { bytes.len() };
                        bytes.chunks(size).for_each(|read| self.read(read));
                    } else {
                        self.expect(step, reads).map_err(|what| (*line, what))?;
                    }
                }
            }
            Reads::Whole | Reads::Random(_) => {
                let mut rest = &lines.concat()[..];
                let mut random = if let Reads::Random(seed) = reads { seed } else { 0 };
                while !rest.is_empty() {
                    let size = if let Reads::Whole = reads {
                        rest.len()
                    } else {
                        size(&mut random).min(rest.len())
                    };
                    self.read(&rest[..size]);
                    rest = &rest[size..];
                }
                for (line, step) in &case.steps {
                    self.expect(step, reads).map_err(|what| (*line, what))?;
                }
            }
        }
        let last = case.steps.last().map_or(0, |(line, _)| *line);
        let failed = case.steps.iter().any(|(_, step)| matches!(step, Step::Fails(_)));
        self.nothing_else().and_then(|()| self.ends(failed)).map_err(|what| (last, what))
    }

    /// The bytes of each line that sends something, as this side's peer sends them.
    fn wire(&self, case: &Case) -> Vec<Vec<u8>> {
        let sent = || {
            case.steps.iter().filter_map(|(_, step)| {
                if let Step::Sends(sent) = step { Some(sent) } else { None }
            })
        };
        let mut lines = Vec::new();
        // The bytes of a frame that come in later lines.
        let mut frame = Vec::new();
        for (at, part) in sent().enumerate() {
            let mut len = part.payload.len();
            if let Some(first) = part.first {
                let rest = sent().skip(at + 1).take_while(|next| next.first.is_none());
                let mut payload: Vec<_> =
                    [part].into_iter().chain(rest).flat_map(|part| part.payload.clone()).collect();
                payload.resize(part.of, 0);
                frame = self.side.other().frame(first, &payload);
                len += frame.len() - part.of;
            }
            lines.push(frame.drain(..len).collect::<Vec<_>>().repeat(part.times));
        }
        lines
    }

    /// Feeds one read; replies at once, as an application would.
    fn read(&mut self, bytes: &[u8]) {
        let mut scratch = bytes.to_vec();
        let mut input = Input::new(&mut scratch);
        while let Some(event) = self.connection.poll(&mut input) {
            let whole = match event {
                Event::Chunk(chunk) => match self.join(&chunk) {
                    Some(message) => message,
                    None => continue,
                },
                event => event.into_owned(),
            };
            match &whole {
                Event::Text(text) => self.connection.send_text(text.as_ref()).unwrap(),
                Event::Binary(data) => self.connection.send_binary(data.as_ref()).unwrap(),
                _ => {}
            }
            self.delivered.push_back(whole);
        }
        if self.connection.wants_write() {
            self.answered.extend(frames(&output(&mut self.connection)));
        }
    }

    /// The message that a chunk completes.
    fn join(&mut self, chunk: &Chunk<'_>) -> Option<Event<'static>> {
        assert!(!chunk.first || self.parts.is_empty(), "a message begins inside another");
        self.parts.extend_from_slice(chunk.data.as_bytes());
        if !chunk.last {
            return None;
        }
        let message = std::mem::take(&mut self.parts);
        Some(match chunk.data {
            ChunkData::Text(_) => Event::Text(String::from_utf8(message).unwrap().into()),
            ChunkData::Binary(_) => Event::Binary(message.into()),
        })
    }

    fn expect(&mut self, step: &Step, reads: Reads) -> Result<(), String> {
        match step {
            Step::Sends(_) => Ok(()),
            Step::Delivers(sent) => self.delivers(&event(sent)),
            Step::Echoes(sent) => {
                self.delivers(&event(sent))?;
                self.comes_back(sent.first.unwrap(), &sent.payload)
            }
            // §5.5.1: what would keep the answer to a Close waiting is dropped.
            Step::MayEcho(sent) => {
                self.delivers(&event(sent))?;
                match self.answered.front() {
                    Some(frame)
                        if frame.first == CLOSE
                            && matches!(reads, Reads::Whole | Reads::Random(_)) =>
                    {
                        Ok(())
                    }
                    _ => self.comes_back(sent.first.unwrap(), &sent.payload),
                }
            }
            Step::Answers(pong) => {
                self.delivers(&Event::Ping((&pong.payload).into()))?;
                self.comes_back(PONG, &pong.payload)
            }
            Step::Closes(sent) => {
                let code = sent
                    .payload
                    .first_chunk()
                    .map_or(CloseEvent::NO_STATUS, |code| u16::from_be_bytes(*code));
                let close_event = self.closed()?;
                let reason = sent.payload.get(2..).unwrap_or_default();
                if (
                    close_event.code,
                    close_event.reason.as_bytes(),
                    close_event.clean,
                    close_event.cause,
                ) != (code, reason, true, Cause::Peer)
                {
                    return Err(format!(
                        "wanted a clean close with {code}, was told {close_event:?}"
                    ));
                }
                self.comes_back(CLOSE, &sent.payload)
            }
            Step::Fails(code) => {
                let close_event = self.closed()?;
                match close_event.cause {
                    Cause::Violation(error)
                        if error.close_code().get() == *code && !close_event.clean => {}
                    _ => {
                        return Err(format!(
                            "wanted the connection to be failed with {code}, was told {close_event:?}"
                        ));
                    }
                }
                self.close_comes_back(*code)
            }
        }
    }

    fn delivers(&mut self, wanted: &Event<'_>) -> Result<(), String> {
        match self.delivered.pop_front() {
            Some(event) if event == *wanted => Ok(()),
            event => Err(format!(
                "wanted {}, was told {}",
                short(wanted),
                event.map_or("nothing".to_owned(), |event| short(&event))
            )),
        }
    }

    fn closed(&mut self) -> Result<CloseEvent, String> {
        match self.delivered.pop_front() {
            Some(Event::Closed(close_event)) => Ok(close_event),
            event => Err(format!(
                "wanted the connection to be closed, was told {}",
                event.map_or("nothing".to_owned(), |event| short(&event))
            )),
        }
    }

    /// A frame, masked by a client only.
    fn comes_back(&mut self, first: u8, payload: &[u8]) -> Result<(), String> {
        match self.answered.pop_front() {
            Some(frame)
                if frame.first == first
                    && frame.payload == payload
                    && frame.mask.is_some() == (self.side == Side::Client) =>
            {
                Ok(())
            }
            frame => Err(format!(
                "wanted the frame {first:#x} {}, came {}",
                short(&payload),
                short(&frame)
            )),
        }
    }

    /// A Close frame of our own: its reason is ours to choose.
    fn close_comes_back(&mut self, code: u16) -> Result<(), String> {
        let payload = self.answered.front().map(|frame| frame.payload.clone()).unwrap_or_default();
        let reason = payload.strip_prefix(&code.to_be_bytes()).map(std::str::from_utf8);
        self.comes_back(CLOSE, &payload)?;
        if matches!(reason, Some(Ok(_))) {
            Ok(())
        } else {
            Err(format!("wanted a Close frame with {code}, came one with {}", short(&payload)))
        }
    }

    fn nothing_else(&self) -> Result<(), String> {
        match (self.delivered.front(), self.answered.front()) {
            (None, None) => Ok(()),
            (event, frame) => Err(format!("unexpectedly came {} {}", short(&event), short(&frame))),
        }
    }

    /// §7.1.1: the server shuts down first, and so does who fails the connection; a client waits
    /// for the server's end of stream.
    fn ends(&mut self, failed: bool) -> Result<(), String> {
        let first = self.connection.wants_shutdown();
        if first {
            self.connection.shutdown_done();
        }
        self.connection.handle_eof();
        self.read(&[]);
        if self.connection.wants_shutdown() {
            self.connection.shutdown_done();
        }
        self.nothing_else()?;
        match (first, self.connection.is_done()) {
            (_, false) => Err("it is over, and not done".to_owned()),
            (first, true) if first == (failed || self.side == Side::Server) => Ok(()),
            (first, true) => Err(format!("shuts down first: {first}")),
        }
    }
}

/// The event that a data frame or a pong becomes.
fn event(sent: &Sent) -> Event<'_> {
    let data = &sent.payload;
    match sent.first.unwrap() {
        TEXT => Event::Text(std::str::from_utf8(data).unwrap().into()),
        BINARY => Event::Binary(data.into()),
        PONG => Event::Pong(data.into()),
        first => panic!("{first:#x} is not delivered"),
    }
}

/// As much as one wants to see.
fn short(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    if text.len() <= 160 { text } else { text.chars().take(160).chain(['…']).collect() }
}

/// The next size of a read, between 1 and a few hundred, small ones more often. SplitMix64.
fn size(state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    1 + (z >> 8) as usize % (1 << (z % 9))
}
