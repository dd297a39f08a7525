//! What is sent: texts as they go through real connections, made anew in each run, the same each
//! time.
//!
//! No message comes twice within many times the largest window: a repeated one would be nothing but
//! a reference to itself.

use bytes::Bytes;

/// A message in the forms that the crates take it in.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) bytes: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Corpus {
    /// What people write to each other, 90 to 300 bytes.
    Chat,
    /// A record of 1 KiB.
    Json1,
    /// A list of records, 64 KiB.
    Json64,
}

impl Corpus {
    pub(crate) const ALL: [Self; 3] = [Self::Chat, Self::Json1, Self::Json64];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Json1 => "json-1k",
            Self::Json64 => "json-64k",
        }
    }

    /// How many messages are at hand when the transport is: sent with one flush, read with one
    /// read.
    pub(crate) fn batch(self) -> usize {
        match self {
            Self::Chat | Self::Json1 => 16,
            Self::Json64 => 1,
        }
    }

    /// In how many rounds all of it is sent or received.
    pub(crate) fn parts(self) -> usize {
        match self {
            Self::Chat => 16,
            Self::Json1 | Self::Json64 => 12,
        }
    }

    pub(crate) fn messages(self) -> Vec<Message> {
        let mut random = Random(0x5eed);
        let (count, make): (_, fn(&mut Random) -> String) = match self {
            Self::Chat => (1024, chat),
            Self::Json1 => (384, |random| records(random, 1 << 10)),
            Self::Json64 => (12, |random| records(random, 64 << 10)),
        };
        (0..count)
            .map(|_| make(&mut random))
            .map(|text| Message { bytes: Bytes::from(text.clone()), text })
            .collect()
    }
}

fn chat(random: &mut Random) -> String {
    let words = 2 + random.below(24);
    let text = sentence(random, words);
    let (user, room) = (random.one_of(NAMES), random.one_of(ROOMS));
    let (id, time) = (random.below(1 << 30), 1_780_000_000_000 + random.below(1 << 32));
    format!(
        r#"{{"type":"message","id":{id},"room":"{room}","from":"{user}","sent":{time},"text":"{text}"}}"#
    )
}

/// Records up to a length, and the last one cut to end there.
fn records(random: &mut Random, len: usize) -> String {
    let mut text = String::from("[");
    loop {
        let (id, price) = (random.below(1 << 24), random.below(1_000_000));
        let (words, stock, name) = (3 + random.below(6), random.below(500), random.one_of(NAMES));
        let title = sentence(random, words);
        let rating = random.below(50);
        let record = format!(
            r#"{{"id":{id},"title":"{title}","price":{}.{:02},"stock":{stock},"seller":{{"name":"{name}","rating":{}.{}}},"tags":["{}","{}"],"active":{}}}"#,
            price / 100,
            price % 100,
            rating / 10,
            rating % 10,
            random.one_of(WORDS),
            random.one_of(WORDS),
            random.below(4) > 0,
        );
        if text.len() + record.len() + 1 > len {
            break;
        }
        text.push_str(&record);
        text.push(',');
    }
    // White space is the only thing that JSON takes anywhere.
    text.pop();
    while text.len() < len - 1 {
        text.push(' ');
    }
    text.push(']');
    text
}

/// Common words more often than rare ones, as in any language.
fn sentence(random: &mut Random, words: u64) -> String {
    let mut text = String::new();
    for _ in 0..words {
        let most = WORDS.len() as u64;
        let rank = random.below(most).min(random.below(most));
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(WORDS[rank as usize]);
    }
    text
}

/// SplitMix64.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

const NAMES: &[&str] = &[
    "mira",
    "jonas",
    "zoë",
    "amélie",
    "tariq",
    "李明",
    "olga",
    "søren",
    "kofi",
    "bruno",
    "yuki",
    "Дмитрий",
    "ines",
    "pavel",
];
const ROOMS: &[&str] = &["general", "random", "release-planning", "support", "lunch", "incidents"];

const WORDS: &[&str] = &[
    "the",
    "to",
    "and",
    "a",
    "of",
    "it",
    "is",
    "in",
    "that",
    "for",
    "you",
    "we",
    "on",
    "this",
    "with",
    "be",
    "not",
    "have",
    "I",
    "can",
    "but",
    "are",
    "at",
    "so",
    "what",
    "if",
    "just",
    "do",
    "my",
    "was",
    "or",
    "as",
    "will",
    "they",
    "all",
    "one",
    "when",
    "how",
    "there",
    "from",
    "would",
    "now",
    "out",
    "up",
    "about",
    "time",
    "see",
    "like",
    "more",
    "no",
    "should",
    "then",
    "some",
    "your",
    "me",
    "get",
    "know",
    "them",
    "here",
    "our",
    "think",
    "good",
    "need",
    "only",
    "who",
    "new",
    "has",
    "make",
    "today",
    "still",
    "back",
    "well",
    "work",
    "after",
    "way",
    "could",
    "than",
    "right",
    "first",
    "into",
    "over",
    "because",
    "tomorrow",
    "really",
    "before",
    "meeting",
    "again",
    "server",
    "where",
    "why",
    "release",
    "great",
    "maybe",
    "other",
    "same",
    "very",
    "thanks",
    "two",
    "every",
    "people",
    "please",
    "which",
    "found",
    "better",
    "look",
    "problem",
    "question",
    "already",
    "without",
    "morning",
    "issue",
    "never",
    "someone",
    "window",
    "между",
    "deploy",
    "always",
    "version",
    "update",
    "coffee",
    "somehow",
    "number",
    "changed",
    "branch",
    "through",
    "report",
    "waiting",
    "customer",
    "minutes",
    "later",
    "message",
    "instead",
    "believe",
    "important",
    "noticed",
    "日本",
    "interesting",
    "connection",
    "probably",
    "yesterday",
    "together",
    "schedule",
    "naïve",
    "different",
    "browser",
    "understand",
    "café",
    "documentation",
    "compression",
    "straße",
    "finally",
    "somewhere",
    "measurement",
    "🙂",
    "happened",
    "afternoon",
    "weird",
    "replaced",
    "garden",
    "keyboard",
    "umbrella",
    "latency",
    "orchestra",
    "voilà",
    "quietly",
    "sandwich",
    "protocol",
    "🎉",
    "crossing",
    "lantern",
    "harbour",
    "velvet",
];
