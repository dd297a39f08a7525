//! Receiving: whole messages and fragmented ones, as a server and as a client, many that are there
//! at once, and one by one.
//!
//! Every crate reads the same wire again and again. All messages are looked at before the clock
//! runs and after it; in between they are counted.

use super::load::{self, Content, Message};
use super::{Connection, Group, Peer, Pipe, Setup, Tally, wanted};
use crate::args::Args;
use crate::contest::{self, Contestant, Pass};
use crate::peer::End;
use crate::rows::{Absent, Row};
use bytes::Bytes;
use std::cell::RefCell;

const K: usize = 1 << 10;
const M: usize = 1 << 20;

/// A row.
#[derive(Clone, Copy, Debug)]
struct Work {
    end: End,
    content: Content,
    len: usize,
    fragment: Option<usize>,
    /// Each message is all that there is to be read.
    alone: bool,
}

impl Work {
    const fn server(content: Content, len: usize) -> Self {
        Self { end: End::Server, content, len, fragment: None, alone: false }
    }

    fn name(self) -> String {
        let end = if self.end == End::Server { "server" } else { "client" };
        let fragment = self.fragment.map(|len| format!("/fragments-{len}")).unwrap_or_default();
        let alone = if self.alone { "/alone" } else { "" };
        format!("receive/{end}/{}/{}{fragment}{alone}", self.content.name(), self.len)
    }

    /// So many messages in a round that their time can be told, and that none takes long.
    fn count(self) -> usize {
        (256 * K / self.len).clamp(1, if self.alone { 256 } else { 4096 })
    }
}

pub(crate) fn groups(peers: &[Box<dyn Peer>], args: &Args) -> Vec<Group> {
    let server = |content, lens: &[usize]| {
        lens.iter().map(|len| Work::server(content, *len)).collect::<Vec<_>>()
    };
    let fragmented =
        |content, len, fragment| Work { fragment: Some(fragment), ..Work::server(content, len) };
    let client = |len| Work { end: End::Client, ..Work::server(Content::Binary, len) };
    let alone = |len| Work { alone: true, ..Work::server(Content::Binary, len) };
    let others = [
        Work::server(Content::Emoji, K),
        Work::server(Content::Mixed, K),
        Work::server(Content::Emoji, M),
        Work::server(Content::Mixed, M),
    ];
    let groups = [
        (
            "A server receives binary messages",
            server(Content::Binary, &[8, 125, K, 16 * K, 256 * K, 4 * M]),
        ),
        (
            "A server receives binary messages, one a read",
            vec![alone(8), alone(125), alone(K), alone(16 * K)],
        ),
        ("A server receives text, ASCII", server(Content::Ascii, &[8, 125, K, 16 * K])),
        ("A server receives text, CJK", server(Content::Cjk, &[125, K, 16 * K, 4 * M])),
        ("A server receives text, emoji and mixed scripts", others.to_vec()),
        (
            "A server receives fragmented text",
            vec![fragmented(Content::Mixed, 16 * K, 512), fragmented(Content::Emoji, M, K)],
        ),
        ("A client receives binary messages", vec![client(125), client(16 * K)]),
    ];
    let row = |work: Work| wanted(args, &work.name()).then(|| row(work, peers, args));
    let group = |(title, works): (_, Vec<Work>)| Group {
        title,
        rows: works.into_iter().filter_map(row).collect(),
    };
    groups.into_iter().map(group).filter(|group| !group.rows.is_empty()).collect()
}

/// One crate, and what it reads.
struct Reader<'a> {
    connection: Box<dyn Connection>,
    pipe: Pipe,
    wires: &'a [Bytes],
    /// How many messages each wire has.
    each: usize,
}

impl Reader<'_> {
    fn read<'e>(&mut self, expected: Option<&'e [Message]>) -> Tally<'e> {
        let mut tally = Tally { expected: expected.map(<[Message]>::iter), ..Tally::default() };
        for wire in self.wires {
            self.pipe.feed(wire);
            self.connection.receive(self.each, &mut tally).expect("it is what a sender may send");
        }
        tally
    }

    fn check(&mut self, name: &str, work: Work, messages: &[Message]) {
        let tally = self.read(Some(messages));
        if let Some(unlike) = tally.unlike {
            panic!("{name} does not receive what it should, {work:?}: {unlike}");
        }
        assert_eq!(tally.messages, messages.len() as u64, "{name}: {work:?}");
        assert!(self.pipe.is_dry(), "{name} leaves bytes unread: {work:?}");
    }
}

fn row(work: Work, peers: &[Box<dyn Peer>], args: &Args) -> Row {
    let messages = work.content.messages(work.len, work.count());
    let each = if work.alone { 1 } else { messages.len() };
    let wires: Vec<_> = messages
        .chunks(each)
        .map(|messages| load::wire(work.end, messages, work.fragment))
        .collect();
    let on_the_wire: usize = wires.iter().map(Bytes::len).sum();
    let (mut readers, mut absent) = (Vec::new(), Vec::new());
    for peer in peers {
        let pipe = Pipe::default();
        match peer.connect(
            Setup {
                end: work.end,
                batched: false,
                fragmented: work.fragment.is_some(),
                alone: work.alone.then_some(work.len),
            },
            &pipe,
        ) {
            Ok(connection) => readers
                .push((&**peer, RefCell::new(Reader { connection, pipe, wires: &wires, each }))),
            Err(why) => absent.push(Absent { name: peer.name(), why }),
        }
    }
    let check = || {
        readers
            .iter()
            .for_each(|(peer, reader)| reader.borrow_mut().check(peer.name(), work, &messages))
    };
    let pass = |reader: &RefCell<Reader<'_>>| {
        let reader = &mut *reader.borrow_mut();
        reader.pipe.take_calls();
        let tally = reader.read(None);
        assert_eq!(tally.bytes, (messages.len() * work.len) as u64);
        Pass {
            messages: tally.messages,
            bytes: on_the_wire as u64,
            calls: reader.pipe.take_calls(),
            aside: [0; 2],
        }
    };
    let contestant = |(peer, reader)| {
        let (peer, reader): (&dyn Peer, &RefCell<Reader<'_>>) = (peer, reader);
        Contestant { name: peer.name(), pass: Box::new(move || pass(reader)) }
    };
    check();
    let mut contestants: Vec<_> =
        readers.iter().map(|(peer, reader)| (*peer, reader)).map(contestant).collect();
    let measured = contest::run(&mut contestants, args.rounds());
    drop(contestants);
    check();
    Row { name: work.name(), message_bytes: work.len as f64, measured, absent }
}

/// What it refuses of text that is no UTF-8, RFC 6455 §8.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checks {
    /// A text of one frame.
    pub(crate) whole: bool,
    /// One of several.
    pub(crate) fragments: bool,
    /// One of several that ends in the middle of a character.
    pub(crate) end: bool,
}

impl Checks {
    pub(crate) fn of(peer: &dyn Peer) -> Self {
        let refuses = |text: &'static [u8], fragment: Option<usize>| {
            let pipe = Pipe::default();
            let setup = Setup {
                end: End::Server,
                batched: false,
                fragmented: fragment.is_some(),
                alone: None,
            };
            let mut connection = peer.connect(setup, &pipe).expect("all receive");
            pipe.feed(&load::wire(
                End::Server,
                &[Message::new(true, Bytes::from_static(text))],
                fragment,
            ));
            connection.receive(1, &mut Tally::default()).is_err()
        };
        Self {
            whole: refuses(b"text with a byte of another encoding, caf\xe9, in it", None),
            fragments: refuses(b"text with a byte of another encoding, caf\xe9, in it", Some(20)),
            end: refuses(b"text that ends in the middle of a character: caf\xc3", Some(20)),
        }
    }
}
