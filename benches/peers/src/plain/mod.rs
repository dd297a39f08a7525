//! Messages as they are: uncompressed, on all crates.
//!
//! ```text
//!   frames ──► Pipe ──► each crate receives ──► Tally: is it what was said?
//!   messages ──► each crate sends ──► Pipe ──► are these frames what was said?
//!   a head ──► each crate shakes hands
//! ```
//!
//! Each crate is set up as its documentation says is fastest, and has, where it allows that, a
//! second way to send: many messages, then one flush.

pub(crate) mod chart;
mod handshake;
mod load;
mod peers;
mod pipe;
pub(crate) mod promises;
mod receive;
mod send;
pub(crate) mod table;

use crate::args::Args;
use crate::peer::{End, Refused};
use crate::rows::Row;
use load::{Message, Unlike};
use pipe::Pipe;

/// Rows that make one table.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// All that is wanted, and shown.
pub(crate) fn run(args: &Args) -> Vec<Group> {
    let peers = peers::all();
    let mut groups = receive::groups(&peers, args);
    groups.extend(send::groups(&peers, args));
    groups.extend(handshake::group(&peers, args));
    groups.iter().for_each(|group| println!("\n{}", table::group(group)));
    groups
}

/// Whether a row is wanted; all of them are called "plain/…" too.
fn wanted(args: &Args, row: &str) -> bool {
    args.wants(&format!("plain/{row}"))
}

/// What a connection is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) end: End,
    /// Many messages, then one flush; else a flush for each.
    pub(crate) batched: bool,
    /// Messages come in fragments.
    pub(crate) fragmented: bool,
    /// They come one by one, and are so long.
    pub(crate) alone: Option<usize>,
}

/// A crate.
trait Peer {
    fn name(&self) -> &'static str;

    /// How it is set up.
    fn about(&self) -> &'static str;

    /// An open connection.
    ///
    /// # Errors
    /// Why there is none of this kind.
    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str>;

    /// Answers the request that is there to be read.
    ///
    /// # Errors
    /// Why it cannot.
    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str>;

    /// Asks for a connection, and reads the answer.
    ///
    /// # Errors
    /// Why it cannot.
    fn request(&self, pipe: &Pipe) -> Result<(), &'static str>;
}

/// An open connection. Its transport is a [`Pipe`].
trait Connection {
    /// Reads so many whole messages, all of which are there.
    ///
    /// # Errors
    /// It refuses what it read.
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused>;

    /// Sends binary messages, and flushes as it was set up.
    fn send(&mut self, messages: &[Message]);
}

/// What was delivered.
#[derive(Debug, Default)]
struct Tally<'a> {
    messages: u64,
    bytes: u64,
    /// What is to come, if each message is to be looked at.
    expected: Option<std::slice::Iter<'a, Message>>,
    unlike: Option<Unlike>,
}

impl Tally<'_> {
    #[inline]
    fn deliver(&mut self, text: bool, data: &[u8]) {
        self.messages += 1;
        self.bytes += data.len() as u64;
        std::hint::black_box(data);
        if let Some(expected) = &mut self.expected {
            self.unlike = self.unlike.take().or(Unlike::find(expected.next(), text, data));
        }
    }
}
