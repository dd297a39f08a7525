//! Many connections in turn, one message each: what it costs that each has its own context, in a
//! cache that does not hold them all, or has to be primed.
//!
//! Each connection says, or is told, the corpus from another place on.

use super::one::{Work, mean, takeover};
use super::{Absent, Row};
use crate::contest::{self, Contestant, Pass};
use crate::corpus::{Corpus, Message};
use crate::peer::{Batch, Connection, End, Peer, Setting, Tally};
use crate::transport::Sink;
use crate::wire::{Decoder, Encoder};

pub(crate) const CROWD: usize = 100;

/// How many rounds there are, each with a message for each connection, as a multiple of what is
/// asked for.
const ROUNDS: usize = 4;

pub(crate) fn name(work: Work, corpus: Corpus, setting: Setting) -> String {
    let work = if let Work::Send = work { "send" } else { "receive" };
    format!("crowd/{}/{work}/{}", corpus.name(), takeover(setting))
}

pub(crate) fn row(
    work: Work,
    corpus: Corpus,
    setting: Setting,
    peers: &[Box<dyn Peer>],
    times: usize,
) -> Row {
    let rounds = times * ROUNDS;
    let messages = &corpus.messages()[..];
    let mean = mean(messages);
    // The windows are full before the clock runs.
    let before = ((1 << setting.bits) as f64 / mean) as usize + 1;
    let turns = before + rounds;
    let wires: Vec<_> =
        (0..CROWD).map(|connection| Wire::new(connection, turns, messages, setting)).collect();
    let (mut contestants, mut absent) = (Vec::new(), Vec::new());
    for peer in peers {
        let crowd: Result<Vec<_>, _> =
            (0..CROWD).map(|_| peer.connect(End::Server, setting)).collect();
        let mut crowd = match crowd {
            Ok(crowd) => crowd,
            Err(why) => {
                absent.push(Absent { name: peer.name(), why });
                continue;
            }
        };
        let mut decoders: Vec<_> = (0..CROWD).map(|_| Decoder::new(setting)).collect();
        for turn in 0..before {
            for ((place, connection), decoder) in crowd.iter_mut().enumerate().zip(&mut decoders) {
                let said = said(messages, place, turn);
                let right = match work {
                    Work::Send => {
                        let mut sink = Sink::default();
                        connection.send(said, &mut sink);
                        decoder.says(&sink.bytes, said)
                    }
                    Work::Receive(_) => {
                        let mut tally = Tally { expected: Some(said.iter()), ..Tally::default() };
                        connection.receive(&wires[place].batches[turn], &mut tally).is_ok()
                            && tally.messages == 1
                            && !tally.wrong
                    }
                };
                assert!(right, "{}: {work:?}, {corpus:?}, {setting:?}", peer.name());
            }
        }
        let (mut turn, wires, mut sink) = (before, &wires, Sink::default());
        let pass = move || {
            let mut pass = Pass::default();
            for (place, connection) in crowd.iter_mut().enumerate() {
                pass.add(one(
                    &mut **connection,
                    work,
                    said(messages, place, turn),
                    &wires[place].batches[turn],
                    &mut sink,
                ));
            }
            turn += 1;
            pass
        };
        contestants.push(Contestant { name: peer.name(), pass: Box::new(pass) });
    }
    let measured = contest::run(&mut contestants, rounds);
    Row { name: name(work, corpus, setting), message_bytes: mean, measured, absent }
}

fn one(
    connection: &mut dyn Connection,
    work: Work,
    said: &[Message],
    batch: &Batch,
    sink: &mut Sink,
) -> Pass {
    match work {
        Work::Send => {
            sink.bytes.clear();
            sink.calls = 0;
            connection.send(said, sink);
            Pass { messages: 1, bytes: sink.bytes.len() as u64, calls: sink.calls, aside: [0; 2] }
        }
        Work::Receive(_) => {
            let mut tally = Tally::default();
            connection.receive(batch, &mut tally).expect("it is what a sender may send");
            Pass {
                messages: tally.messages,
                bytes: batch.bytes.len() as u64,
                calls: tally.reads,
                aside: [0; 2],
            }
        }
    }
}

fn said(messages: &[Message], connection: usize, turn: usize) -> &[Message] {
    let at = (connection * messages.len() / CROWD + turn) % messages.len();
    std::slice::from_ref(&messages[at])
}

/// What one connection receives, turn by turn.
struct Wire {
    batches: Vec<Batch>,
}

impl Wire {
    fn new(connection: usize, turns: usize, messages: &[Message], setting: Setting) -> Self {
        let mut encoder = Encoder::new(End::Server, setting);
        let batches = (0..turns)
            .flat_map(|turn| encoder.batches(said(messages, connection, turn), 1))
            .collect();
        Self { batches }
    }
}
