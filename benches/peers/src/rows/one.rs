//! One connection, one direction: sending as a server, receiving as either end.
//!
//! The corpus is sent again and again as one stream, a part of it in each round: what lies in the
//! window when it begins anew is always its end, so that under takeover too the same wire can be
//! read each time. All of it is checked twice before the clock runs, and once after it.

use super::{Absent, Row};
use crate::contest::{self, Contestant, Pass};
use crate::corpus::{Corpus, Message};
use crate::peer::{Batch, Connection, End, Peer, Setting, Tally};
use crate::transport::Sink;
use crate::wire::{Decoder, Encoder};
use std::cell::RefCell;
use std::rc::Rc;

/// What is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    Send,
    Receive(End),
}

pub(crate) fn name(work: Work, corpus: Corpus, setting: Setting) -> String {
    let work = match work {
        Work::Send => format!("send/level-{}", setting.level),
        Work::Receive(End::Server) => "receive/server".to_owned(),
        Work::Receive(End::Client) => "receive/client".to_owned(),
    };
    format!("{}/{work}/{}", corpus.name(), takeover(setting))
}

pub(crate) fn takeover(setting: Setting) -> &'static str {
    if setting.takeover { "takeover" } else { "no-takeover" }
}

pub(crate) fn row(
    work: Work,
    corpus: Corpus,
    setting: Setting,
    peers: &[Box<dyn Peer>],
    times: usize,
) -> Row {
    let messages = corpus.messages();
    let batch = corpus.batch();
    let end = match work {
        Work::Send => End::Server,
        Work::Receive(end) => end,
    };
    let mut encoder = Encoder::new(end, setting);
    let passes = [encoder.batches(&messages, batch), encoder.batches(&messages, batch)];
    let (mut contestants, mut checks, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for peer in peers {
        let name = peer.name();
        let connection = match peer.connect(end, setting) {
            Ok(connection) => connection,
            Err(why) => {
                absent.push(Absent { name, why });
                continue;
            }
        };
        match work {
            Work::Send => {
                let sender = Rc::new(RefCell::new(Sender {
                    connection,
                    sink: Sink::default(),
                    decoder: Decoder::new(setting),
                }));
                let (check, messages) = (sender.clone(), &messages[..]);
                let check: Box<dyn Fn() -> bool> =
                    Box::new(move || check.borrow_mut().check(messages, batch));
                let mut parts = messages.chunks(messages.len() / corpus.parts()).cycle();
                let pass: Box<dyn FnMut() -> Pass> = Box::new(move || {
                    sender.borrow_mut().pass(parts.next().expect("they never end"), batch)
                });
                assert!(
                    check() && check(),
                    "{name} does not send what it should: {work:?}, {corpus:?}, {setting:?}"
                );
                contestants.push(Contestant { name, pass });
                checks.push(check);
            }
            Work::Receive(_) => {
                let connection = Rc::new(RefCell::new(connection));
                let (check, messages, again) = (connection.clone(), &messages[..], &passes[1]);
                let check = move |batches: &[Batch]| {
                    let tally = receive(&mut **check.borrow_mut(), batches, Some(messages));
                    !tally.wrong && tally.messages == messages.len() as u64
                };
                assert!(
                    check(&passes[0]) && check(again),
                    "{name} does not receive what it should: {work:?}, {corpus:?}, {setting:?}"
                );
                let mut parts = again.chunks(again.len() / corpus.parts()).cycle();
                let pass: Box<dyn FnMut() -> Pass> = Box::new(move || {
                    let part = parts.next().expect("they never end");
                    let tally = receive(&mut **connection.borrow_mut(), part, None);
                    Pass {
                        messages: tally.messages,
                        bytes: part.iter().map(|batch| batch.bytes.len() as u64).sum(),
                        calls: tally.reads,
                        aside: [0; 2],
                    }
                });
                contestants.push(Contestant { name, pass });
                checks.push(Box::new(move || check(again)));
            }
        }
    }
    let measured = contest::run(&mut contestants, times * corpus.parts());
    for (contestant, check) in contestants.iter().zip(&checks) {
        assert!(check(), "{} lost its way: {work:?}, {corpus:?}, {setting:?}", contestant.name);
    }
    drop((contestants, checks));
    Row {
        name: self::name(work, corpus, setting),
        message_bytes: mean(&messages),
        measured,
        absent,
    }
}

pub(crate) fn mean(messages: &[Message]) -> f64 {
    messages.iter().map(|message| message.bytes.len()).sum::<usize>() as f64 / messages.len() as f64
}

struct Sender {
    connection: Box<dyn Connection>,
    sink: Sink,
    decoder: Decoder,
}

impl Sender {
    fn pass(&mut self, messages: &[Message], batch: usize) -> Pass {
        self.sink.bytes.clear();
        self.sink.calls = 0;
        for batch in messages.chunks(batch) {
            self.connection.send(batch, &mut self.sink);
        }
        Pass {
            messages: messages.len() as u64,
            bytes: self.sink.bytes.len() as u64,
            calls: self.sink.calls,
            aside: [0; 2],
        }
    }

    fn check(&mut self, messages: &[Message], batch: usize) -> bool {
        self.pass(messages, batch);
        self.decoder.says(&self.sink.bytes, messages)
    }
}

fn receive<'a>(
    connection: &mut dyn Connection,
    batches: &[Batch],
    expected: Option<&'a [Message]>,
) -> Tally<'a> {
    let mut tally = Tally { expected: expected.map(<[Message]>::iter), ..Tally::default() };
    for batch in batches {
        connection.receive(batch, &mut tally).expect("it is what a sender may send");
    }
    tally
}

/// Whether it refuses a compressed text that is no UTF-8. RFC 6455 §8.1.
pub(crate) fn checks_utf8(peer: &dyn Peer) -> bool {
    let setting = Setting { level: 6, takeover: false, bits: 15 };
    let mut bytes = Vec::new();
    Encoder::new(End::Server, setting)
        .frame(b"text that ends in a byte of another encoding: caf\xe9", &mut bytes);
    let mut connection = peer.connect(End::Server, setting).expect("all can do that");
    connection.receive(&Batch { bytes: bytes.into(), messages: 1 }, &mut Tally::default()).is_err()
}
