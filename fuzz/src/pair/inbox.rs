//! What arrives at an end, against what its peer sent.

use sockless::{Chunk, CloseEvent, Event, MessageKind};
use std::collections::VecDeque;

/// So many of the longest pongs wait, each of them, before the newest replaces the last: in 4 KiB.
const ROOM: usize = 4096 / (14 + 125);

#[derive(Default)]
pub struct Inbox {
    /// What the peer sent and did not arrive yet.
    messages: VecDeque<(MessageKind, Vec<u8>)>,
    pings: VecDeque<Vec<u8>>,
    /// What this end asked the peer with.
    asked: VecDeque<Vec<u8>>,
    /// The pongs of the peer for which nobody asked.
    unasked: VecDeque<Vec<u8>>,
    /// How many pings were answered, or passed over.
    answered: usize,
    /// How many pings came, and how many of them before this end was to close: these it answers.
    pinged: usize,
    owes: usize,
    /// Chunks of the message under way.
    chunks: Vec<u8>,
    pub close_event: Option<CloseEvent>,
    /// Other bytes came than the peer sent: they may be anything.
    pub garbled: bool,
    /// Others ping besides: heartbeats, or who garbled what came to the peer.
    pub others_ping: bool,
}

impl Inbox {
    pub fn new(others_ping: bool) -> Self {
        Self { others_ping, ..Self::default() }
    }

    /// The peer sent a message.
    pub fn expect(&mut self, kind: MessageKind, bytes: Vec<u8>) {
        self.messages.push_back((kind, bytes));
    }

    /// The peer sent a ping.
    pub fn expect_ping(&mut self, data: &[u8]) {
        self.pings.push_back(data.to_vec());
    }

    /// This end sent a ping.
    pub fn expect_pong(&mut self, data: &[u8]) {
        self.asked.push_back(data.to_vec());
    }

    /// The peer sent a pong.
    pub fn expect_unasked(&mut self, data: &[u8]) {
        self.unasked.push_back(data.to_vec());
    }

    /// All that the peer sent has arrived, but for the messages that it dropped, if it did.
    pub fn is_empty(&self, dropped: bool) -> bool {
        (self.messages.is_empty() || dropped) && (self.pings.is_empty() || self.others_ping)
    }

    /// All that this end asked was answered, as long as there was room for all the answers.
    pub fn is_answered(&self, peer: &Self) -> bool {
        self.others_ping || peer.owes > ROOM || peer.owes <= self.answered
    }

    /// `open`: whether the connection is, behind this event.
    pub fn take(&mut self, event: &Event<'_>, open: bool) {
        assert!(self.close_event.is_none(), "{event:?} behind Closed");
        match event {
            Event::Closed(close_event) => self.close_event = Some(close_event.clone()),
            _ if self.garbled => {}
            Event::Text(text) => self.message(MessageKind::Text, text.as_bytes()),
            Event::Binary(data) => self.message(MessageKind::Binary, data),
            Event::Chunk(chunk) => self.chunk(chunk),
            Event::Ping(_) | Event::Pong(_) if self.others_ping => {}
            Event::Ping(data) => {
                assert_eq!(Some(&data[..]), self.pings.pop_front().as_deref());
                self.pinged += 1;
                self.owes = if open { self.pinged } else { self.owes };
            }
            // A newer one may have replaced it, if many waited.
            Event::Pong(data) if self.unasked.iter().any(|unasked| *unasked == **data) => {
                while self.unasked.pop_front().is_some_and(|unasked| unasked != **data) {}
            }
            // Of many that wait, only the last is answered.
            Event::Pong(data) => loop {
                self.answered += 1;
                if self.asked.pop_front().expect("nothing else was asked") == **data {
                    break;
                }
            },
            other => panic!("{other:?}"),
        }
    }

    fn message(&mut self, kind: MessageKind, bytes: &[u8]) {
        let (expected, sent) = self.messages.pop_front().expect("nothing else was sent");
        assert!(kind == expected && bytes == sent, "{} bytes of {}", bytes.len(), sent.len());
    }

    fn chunk(&mut self, Chunk { data, first, last, .. }: &Chunk<'_>) {
        let bytes = data.as_bytes();
        assert!(!bytes.is_empty() || *last, "an empty chunk, and not the last");
        assert_eq!(*first, self.chunks.is_empty(), "the first one, and no other, says that it is");
        if let Some((_, sent)) = self.messages.front() {
            assert!(
                sent[self.chunks.len()..].starts_with(bytes),
                "{} bytes behind {}",
                bytes.len(),
                self.chunks.len()
            );
        }
        self.chunks.extend_from_slice(bytes);
        if *last {
            let whole = std::mem::take(&mut self.chunks);
            self.message(data.kind(), &whole);
        }
    }
}
