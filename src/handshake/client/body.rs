//! The body of a refusal, RFC 9112 §6 and §7.1: of a known length, in chunks, or until the end of
//! the stream.
//!
//! ```text
//!   chunked:   ┌──► hex size [; extension] CR LF ──► that many bytes ──► CR LF ──┐
//!              └─────────────────────────────────────────────────────────────────┘
//!                   size 0 ──► trailers, ignored ──► empty line: over
//! ```
//!
//! The body is marked as cut, and its rest is left out, if it exceeds the limit, if the stream ends
//! early, or behind a malformed chunk. That is no error, because the status and the headers are
//! worth reporting in any case. A body whose length is in doubt is not read at all. The buffer
//! grows with what comes, never by a declared length. The bytes between the chunks are not kept;
//! there may be as many of them as of the largest body, and 4 KiB more.

use crate::handshake::fields::is_control;
use crate::input::Input;
use alloc::vec::Vec;

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
    /// All bytes until the end of the stream.
    ToEnd,
    /// The headers leave it in doubt.
    Doubtful,
}

/// What was read of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    /// A part is missing.
    pub(super) cut: bool,
    /// Its end was seen, and another answer could begin behind it.
    pub(super) delimited: bool,
}

/// A body being read.
pub(super) struct Body {
    bytes: Vec<u8>,
    max: usize,
    /// How many bytes may still come between the chunks.
    framing: usize,
    rest: Rest,
    cut: bool,
}

/// What is still to come.
#[derive(Clone, Copy, Debug)]
enum Rest {
    /// This many bytes.
    Bytes(u64),
    /// The line with the size of the next chunk.
    Size(Line),
    /// This many bytes of a chunk.
    Chunk(u64),
    /// The end of a chunk's line; whether its CR came.
    ChunkEnd { cr: bool },
    /// What stands behind the last chunk: whether the line under way has something in it, and
    /// whether its CR came.
    Trailers { line: bool, cr: bool },
    /// All that comes.
    All,
    /// Nothing.
    Nothing,
    /// Nothing, and where the body ends is not known.
    Lost,
}

/// What came of the line with the size of a chunk.
#[derive(Clone, Copy, Debug)]
enum Line {
    /// Nothing.
    Empty,
    /// Digits.
    Size(u64),
    /// White space behind them.
    Space(u64),
    /// An extension, which is ignored.
    Extension(u64),
    /// The CR.
    Cr(u64),
}

/// How many bytes may come between the chunks, beside as many as those of the largest body.
const FRAMING: usize = 4096;

impl Body {
    pub(super) fn new(framing: Framing, max: u64) -> Self {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let rest = match framing {
            Framing::Length(0) => Rest::Nothing,
            Framing::Length(length) => Rest::Bytes(length),
            Framing::Chunked => Rest::Size(Line::Empty),
            Framing::ToEnd => Rest::All,
            Framing::Doubtful => Rest::Lost,
        };
        let cut = framing == Framing::Doubtful;
        Self { bytes: Vec::new(), max, framing: max.saturating_add(FRAMING), rest, cut }
    }

    /// Takes what came of the body. `true`: it is complete.
    pub(super) fn feed(&mut self, input: &mut Input<'_>) -> bool {
        while !input.is_empty() && !self.is_over() {
            match self.rest {
                Rest::Bytes(rest) => match self.collect(input, rest) {
                    0 => self.rest = Rest::Nothing,
                    rest => self.rest = Rest::Bytes(rest),
                },
                Rest::Chunk(rest) => match self.collect(input, rest) {
                    0 => self.rest = Rest::ChunkEnd { cr: false },
                    rest => self.rest = Rest::Chunk(rest),
                },
                Rest::All => drop(self.collect(input, u64::MAX)),
                Rest::Size(_) | Rest::ChunkEnd { .. } | Rest::Trailers { .. } => {
                    self.step(input.take(1).first().copied().unwrap_or_default());
                }
                Rest::Nothing | Rest::Lost => {}
            }
        }
        self.is_over()
    }

    /// The body. `eof`: the stream ended in good order.
    pub(super) fn finish(self, eof: bool) -> Read {
        let whole = match self.rest {
            Rest::Nothing | Rest::Trailers { .. } | Rest::Lost => true,
            Rest::All => eof,
            Rest::Bytes(_) | Rest::Size(_) | Rest::Chunk(_) | Rest::ChunkEnd { .. } => false,
        };
        Read {
            bytes: self.bytes,
            cut: self.cut || !whole,
            delimited: matches!(self.rest, Rest::Nothing),
        }
    }

    fn is_over(&self) -> bool {
        self.cut || matches!(self.rest, Rest::Nothing | Rest::Lost)
    }

    /// Takes at most this many bytes, and gives how many are still to come.
    fn collect(&mut self, input: &mut Input<'_>, rest: u64) -> u64 {
        let offered = usize::try_from(rest).map_or(input.len(), |rest| rest.min(input.len()));
        let room = self.max.saturating_sub(self.bytes.len());
        self.cut |= offered > room;
        let taken = input.take(offered.min(room));
        self.bytes.extend_from_slice(taken);
        rest - taken.len() as u64
    }

    /// One byte between the chunks. §7.1.
    fn step(&mut self, byte: u8) {
        let next = match self.rest {
            Rest::Size(line) => line.next(byte),
            Rest::ChunkEnd { cr: false } if byte == b'\r' => Some(Rest::ChunkEnd { cr: true }),
            Rest::ChunkEnd { cr: true } if byte == b'\n' => Some(Rest::Size(Line::Empty)),
            Rest::Trailers { line: false, cr: true } if byte == b'\n' => Some(Rest::Nothing),
            Rest::Trailers { line: true, cr: true } if byte == b'\n' => {
                Some(Rest::Trailers { line: false, cr: false })
            }
            Rest::Trailers { line, cr: false } if byte == b'\r' => {
                Some(Rest::Trailers { line, cr: true })
            }
            Rest::Trailers { cr: false, .. } if !is_control(byte) => {
                Some(Rest::Trailers { line: true, cr: false })
            }
            _ => None,
        };
        match (next, self.framing.checked_sub(1)) {
            (Some(next), Some(framing)) => (self.rest, self.framing) = (next, framing),
            // The body itself is whole.
            _ if matches!(self.rest, Rest::Trailers { .. }) => self.rest = Rest::Lost,
            _ => self.cut = true,
        }
    }
}

impl Line {
    /// What is to come behind one more byte; `None` when none can be there.
    fn next(self, byte: u8) -> Option<Rest> {
        let line = match (self, byte) {
            (Self::Cr(0), b'\n') => return Some(Rest::Trailers { line: false, cr: false }),
            (Self::Cr(size), b'\n') => return Some(Rest::Chunk(size)),
            (Self::Cr(_), _) => return None,
            (Self::Empty, _) => Self::Size(digit(byte)?),
            (Self::Size(size) | Self::Space(size) | Self::Extension(size), b'\r') => Self::Cr(size),
            (Self::Size(size) | Self::Space(size), b';') => Self::Extension(size),
            (Self::Size(size) | Self::Space(size), b' ' | b'\t') => Self::Space(size),
            (Self::Size(size), _) => Self::Size(size.checked_mul(16)?.checked_add(digit(byte)?)?),
            (Self::Extension(size), _) if !is_control(byte) => Self::Extension(size),
            (Self::Space(_) | Self::Extension(_), _) => return None,
        };
        Some(Rest::Size(line))
    }
}

fn digit(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// Feeds a body in two parts: what was read, whether it is cut, and how much was left.
    fn read(framing: Framing, max: usize, stream: &[u8], at: usize) -> (Vec<u8>, bool, usize) {
        let mut body = Body::new(framing, max as u64);
        let mut stream = stream.to_vec();
        let (one, other) = stream.split_at_mut(at);
        let mut left = 0;
        for part in [one, other] {
            let mut input = Input::new(part);
            let over = body.feed(&mut input);
            assert!(over || input.is_empty());
            left += input.len();
        }
        let read = body.finish(true);
        assert!(!read.cut || !read.delimited);
        (read.bytes, read.cut, left)
    }

    #[test]
    fn bodies_in_every_split() {
        use Framing::{Chunked, Doubtful, Length, ToEnd};
        let cases: &[(Framing, usize, &str, &str, bool, usize)] = &[
            (Length(0), 9, "more", "", false, 4),
            (Length(5), 9, "hello", "hello", false, 0),
            (Length(5), 9, "hello world", "hello", false, 6),
            (Length(5), 5, "hello world", "hello", false, 6),
            (Length(5), 9, "hel", "hel", true, 0),
            (Length(5), 4, "hello", "hell", true, 1),
            (Length(u64::MAX), 3, "hello", "hel", true, 2),
            (Length(5), 0, "hello", "", true, 5),
            (ToEnd, 5, "hello", "hello", false, 0),
            (ToEnd, 4, "hello", "hell", true, 1),
            (ToEnd, 9, "", "", false, 0),
            (Doubtful, 9, "hello", "", true, 5),
            (Chunked, 9, "0\r\n\r\n", "", false, 0),
            (Chunked, 9, "0\r\n\r\nmore", "", false, 4),
            (Chunked, 9, "5\r\nhello\r\n0\r\n\r\n", "hello", false, 0),
            (
                Chunked,
                9,
                "2\r\nhe\r\n003 ; a=\"b\"\r\nllo\r\n0\r\nX: y\r\n\r\nmore",
                "hello",
                false,
                4,
            ),
            (Chunked, 9, "5\r\nhello\r\n0\r\nX:\ty\r\nZ\r\n\r\n\r\n", "hello", false, 2),
            // Malformed trailers take nothing from the body.
            (Chunked, 9, "5\r\nhello\r\n0\r\nX\nmore", "hello", false, 4),
            (Chunked, 9, "5\r\nhello\r\n0\r\n\nmore", "hello", false, 4),
            (Chunked, 9, "5\r\nhello\r\n0\r\n\r\rmore", "hello", false, 4),
            (Chunked, 9, "5\r\nhello\r\n0\r\nX\0more", "hello", false, 4),
            (Chunked, 4, "5\r\nhello\r\n0\r\n\r\n", "hell", true, 8),
            (Chunked, 5, "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello", true, 8),
            (Chunked, 9, "5\r\nhello\r\n", "hello", true, 0),
            (Chunked, 9, "5\r\nhel", "hel", true, 0),
            (Chunked, 9, "5\r\nhelloX0\r\n", "hello", true, 3),
            (Chunked, 9, "5\r\nhello\r\r\n0\r\n", "hello", true, 4),
            (Chunked, 9, "5\r\nhello\n0\r\n", "hello", true, 3),
            (Chunked, 9, "aB\r\nhello worl", "hello wor", true, 1),
            (Chunked, 9, "5\t \r\nhello\r\n0;\r\n", "hello", false, 0),
            (Chunked, 9, "5\nhello\r\n0\r\n\r\n", "", true, 12),
            (Chunked, 9, "5\r\r\nhello\r\n0\r\n\r\n", "", true, 13),
            (Chunked, 9, "5;a\r\r\nhello", "", true, 6),
            (Chunked, 9, "5;a\nhello", "", true, 5),
            (Chunked, 9, "5;\0\r\nhello", "", true, 7),
            (Chunked, 9, "\r\n", "", true, 1),
            (Chunked, 9, ";a\r\n", "", true, 3),
            (Chunked, 9, " 5\r\nhello", "", true, 8),
            (Chunked, 9, "-5\r\nhello", "", true, 8),
            (Chunked, 9, "+5\r\nhello", "", true, 8),
            (Chunked, 9, "5g\r\nhello", "", true, 7),
            (Chunked, 9, "5 5\r\nhello", "", true, 7),
            (Chunked, 9, "10000000000000000\r\nhello", "", true, 7),
            (Chunked, 3, "ffffffffffffffff\r\nhello", "hel", true, 2),
        ];
        for (framing, max, stream, bytes, cut, left) in cases {
            for at in 0..=stream.len() {
                assert_eq!(
                    read(*framing, *max, stream.as_bytes(), at),
                    (bytes.as_bytes().to_vec(), *cut, *left),
                    "{stream:?} cut at {at}"
                );
            }
        }
    }

    #[test]
    fn what_comes_between_the_chunks_is_bounded() {
        for (unit, cut) in [(&b"0"[..], true), (b"1;a", true), (b"1\t", true), (b"0\r\nX", false)] {
            let stream: Vec<u8> = unit
                .iter()
                .copied()
                .chain(core::iter::repeat_n(unit[unit.len() - 1], 100_000))
                .collect();
            assert_eq!(
                read(Framing::Chunked, 9, &stream, 1),
                (Vec::new(), cut, stream.len() - 9 - FRAMING - 1)
            );
        }
        // Small chunks with long extensions: what is read is in proportion to what is kept.
        let (max, stream) = (1000, b"1;extension\r\nx\r\n".repeat(1000));
        let (bytes, cut, left) = read(Framing::Chunked, max, &stream, 1);
        assert_eq!((bytes.len() + max + FRAMING + 1, cut), (stream.len() - left, true));
        let (bytes, cut, left) =
            read(Framing::Chunked, 20_000, &[&stream[..], b"0\r\n"].concat(), 1);
        assert_eq!((bytes, cut, left), (vec![b'x'; 1000], false, 0));
    }

    #[test]
    fn a_broken_stream_cuts_the_body() {
        let mut body = Body::new(Framing::ToEnd, 9);
        assert!(!body.feed(&mut Input::new(&mut b"hello".to_vec())));
        assert_eq!(
            body.finish(false),
            Read { bytes: b"hello".to_vec(), cut: true, delimited: false }
        );
    }

    #[test]
    fn only_an_end_that_was_seen_delimits() {
        use Framing::{Chunked, Doubtful, Length, ToEnd};
        for (framing, stream, delimited) in [
            (Length(0), "", true),
            (Length(2), "ok", true),
            (Length(3), "ok", false),
            (ToEnd, "ok", false),
            (Doubtful, "", false),
            (Chunked, "2\r\nok\r\n0\r\n\r\n", true),
            (Chunked, "2\r\nok\r\n0\r\nX: y\r\n\r\n", true),
            (Chunked, "2\r\nok\r\n0\r\n", false),
            (Chunked, "2\r\nok\r\n0\r\nX: y\r\n", false),
            (Chunked, "2\r\nok\r\n0\r\n\n", false),
        ] {
            let mut body = Body::new(framing, 9);
            body.feed(&mut Input::new(&mut stream.as_bytes().to_vec()));
            assert_eq!(body.finish(true).delimited, delimited, "{framing:?} {stream:?}");
        }
    }
}
