//! Sending binary messages, as a server and as a client: a flush for each, and one for many.
//!
//! The caller keeps its payloads, as a server does that sends one message to many. The bytes
//! written are decoded and compared before the clock runs and after it.

use super::load::{self, Content, Message};
use super::{Connection, Group, Peer, Pipe, Setup, wanted};
use crate::args::Args;
use crate::contest::{self, Contestant, Pass};
use crate::peer::End;
use crate::rows::{Absent, Row};
use std::cell::RefCell;

const K: usize = 1 << 10;

/// A row.
#[derive(Clone, Copy, Debug)]
struct Work {
    end: End,
    len: usize,
    /// How many messages are sent before a flush.
    batch: usize,
}

impl Work {
    fn name(self) -> String {
        let end = if self.end == End::Server { "server" } else { "client" };
        format!("send/{end}/{}/{}-a-flush", self.len, self.batch)
    }

    /// So many messages in a round that their time can be told, and that none takes long.
    fn count(self) -> usize {
        (256 * K / self.len).clamp(1, 1024).next_multiple_of(self.batch)
    }
}

pub(crate) fn groups(peers: &[Box<dyn Peer>], args: &Args) -> Vec<Group> {
    let works = |end, batch, lens: &[usize]| {
        lens.iter().map(|len| Work { end, len: *len, batch }).collect::<Vec<_>>()
    };
    let groups = [
        ("A server sends, a flush for each", works(End::Server, 1, &[8, 125, K, 16 * K, 256 * K])),
        ("A server sends, 64 a flush", works(End::Server, 64, &[8, 125, K, 16 * K, 256 * K])),
        (
            "A client sends, a flush for each",
            works(End::Client, 1, &[8, 125, K, 16 * K, 256 * K, 4096 * K]),
        ),
        ("A client sends, 64 a flush", works(End::Client, 64, &[8, 125, K, 16 * K, 256 * K])),
    ];
    let row = |work: Work| wanted(args, &work.name()).then(|| row(work, peers, args));
    let group = |(title, works): (_, Vec<Work>)| Group {
        title,
        rows: works.into_iter().filter_map(row).collect(),
    };
    groups.into_iter().map(group).filter(|group| !group.rows.is_empty()).collect()
}

struct Writer {
    connection: Box<dyn Connection>,
    pipe: Pipe,
}

impl Writer {
    fn check(&mut self, name: &str, work: Work, messages: &[Message]) {
        self.pipe.keep();
        messages.chunks(work.batch).for_each(|batch| self.connection.send(batch));
        if let Err(unlike) = load::says(work.end, &self.pipe.take_kept(), messages) {
            panic!("{name} does not send what it should, {work:?}: {unlike}");
        }
        self.pipe.take_written();
        self.pipe.take_calls();
    }
}

fn row(work: Work, peers: &[Box<dyn Peer>], args: &Args) -> Row {
    let messages = Content::Binary.messages(work.len, work.count());
    let said = (messages.len() * work.len) as u64;
    let (mut writers, mut absent) = (Vec::new(), Vec::new());
    for peer in peers {
        let pipe = Pipe::default();
        match peer.connect(
            Setup { end: work.end, batched: work.batch > 1, fragmented: false, alone: None },
            &pipe,
        ) {
            Ok(connection) => writers.push((&**peer, RefCell::new(Writer { connection, pipe }))),
            Err(why) => absent.push(Absent { name: peer.name(), why }),
        }
    }
    let check = || {
        writers
            .iter()
            .for_each(|(peer, writer)| writer.borrow_mut().check(peer.name(), work, &messages))
    };
    let pass = |writer: &RefCell<Writer>| {
        let writer = &mut *writer.borrow_mut();
        messages.chunks(work.batch).for_each(|batch| writer.connection.send(batch));
        let written = writer.pipe.take_written();
        assert!(written > said, "something was not written");
        Pass {
            messages: messages.len() as u64,
            bytes: written,
            calls: writer.pipe.take_calls(),
            aside: [0; 2],
        }
    };
    let contestant = |(peer, writer)| {
        let (peer, writer): (&dyn Peer, &RefCell<Writer>) = (peer, writer);
        Contestant { name: peer.name(), pass: Box::new(move || pass(writer)) }
    };
    check();
    let mut contestants: Vec<_> =
        writers.iter().map(|(peer, writer)| (*peer, writer)).map(contestant).collect();
    let measured = contest::run(&mut contestants, args.rounds());
    drop(contestants);
    check();
    Row { name: work.name(), message_bytes: work.len as f64, measured, absent }
}
