//! The search for the end of a head, byte by byte, so that it does not matter how reads cut the
//! head.

use crate::handshake::error::HandshakeError;
use crate::handshake::fields::is_control;

/// The search for the end of a head, across reads.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// How many bytes were seen.
    seen: usize,
    /// How many lines ended, the first among them.
    pub(super) lines: usize,
    place: Place,
    /// LF alone has ended a line.
    pub(super) bare_lf: bool,
}

/// Where in a line the search is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// In front of it.
    #[default]
    Start,
    /// Behind some of its bytes.
    Within,
    /// Behind a CR in front of it.
    StartCr,
    /// Behind a CR behind some of its bytes.
    WithinCr,
}

/// Where the search stops.
#[derive(Debug)]
pub(super) enum Found {
    /// The empty line behind the headers.
    End,
    /// An empty line where the first line should be.
    EmptyLine,
    /// LF without CR before it: [`Search::pass_lf`] goes on behind it.
    BareLf,
    /// What no head holds, or a limit.
    Wrong(HandshakeError),
}

impl Search {
    /// Looks at more bytes: how many were needed, and what was found with the last of them.
    #[inline]
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        room: usize,
        max_headers: usize,
    ) -> (usize, Option<Found>) {
        let before = self.seen;
        for byte in bytes {
            self.seen += 1;
            // Nearly all bytes are such.
            if self.place != Place::Within || is_control(*byte) {
                if let Some(found) = self.step(*byte, max_headers) {
                    return (self.seen - before, Some(found));
                }
            }
            if self.seen >= room {
                return (self.seen - before, Some(Found::Wrong(HandshakeError::HeadTooLarge)));
            }
        }
        (bytes.len(), None)
    }

    /// Lets the LF pass that was found last: what is found with it.
    pub(super) fn pass_lf(&mut self, room: usize, max_headers: usize) -> Option<Found> {
        self.bare_lf = true;
        self.end_line(max_headers).or_else(|| self.full(room))
    }

    /// A byte that is no other one within a line.
    #[inline(never)]
    fn step(&mut self, byte: u8, max_headers: usize) -> Option<Found> {
        match (byte, self.place) {
            (b'\n', Place::StartCr | Place::WithinCr) => return self.end_line(max_headers),
            (b'\n', Place::Start | Place::Within) => return Some(Found::BareLf),
            (b'\r', Place::Start) => self.place = Place::StartCr,
            (b'\r', Place::Within) => self.place = Place::WithinCr,
            (byte, Place::Start) if !is_control(byte) => self.place = Place::Within,
            // RFC 9112 §2.2: CR does not stand alone; and no other control byte stands in a head.
            _ => return Some(Found::Wrong(HandshakeError::IllegalByte)),
        }
        None
    }

    fn end_line(&mut self, max_headers: usize) -> Option<Found> {
        if matches!(self.place, Place::Start | Place::StartCr) {
            return Some(if self.lines == 0 { Found::EmptyLine } else { Found::End });
        }
        self.place = Place::Start;
        self.lines += 1;
        (self.lines - 1 > max_headers).then_some(Found::Wrong(HandshakeError::TooManyHeaders))
    }

    fn full(&self, room: usize) -> Option<Found> {
        (self.seen >= room).then_some(Found::Wrong(HandshakeError::HeadTooLarge))
    }
}
