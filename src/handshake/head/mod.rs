//! Finds the end of a head and parses it, in time that is linear in its bytes.
//!
//! ```text
//!   first read ──► httparse, on the bytes as they lie ──► whole and good: copied once, done
//!                        │ anything else
//!                        ▼
//!   every read ──► search: each byte is looked at once, then stored
//!                        ├─► a byte that no head can hold, or a limit: failed, there and then
//!                        ├─► CR LF in front of a request, once: dropped (RFC 9112 §2.2)
//!                        ├─► LF alone in a refusal: ends a line, here and from here on
//!                        └─► an empty line: what was stored is parsed, once, the folds in an answer
//!                            replaced by spaces (§5.2)
//! ```
//!
//! The search alone decides when a head has ended or failed. It goes byte by byte, so it does not
//! matter how reads cut the head. The first read has a fast path with the same result, for heads
//! that are whole and need nothing else.

mod parse;
mod search;

use self::parse::parse;
pub(super) use self::parse::{Kind, Parsed, Request, RequestLine, Response, StatusLine, status_of};
use self::search::{Found, Search};
use super::error::HandshakeError;
use crate::input::Input;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};

/// Takes heads out of the input.
pub(super) struct HeadReader<K> {
    kind: PhantomData<K>,
    max_headers: usize,
    /// What the buffer of a head has beside it.
    reply_room: usize,
    /// How many bytes the heads that are still to come may have.
    room: usize,
    /// An empty line in front was ignored.
    skipped: bool,
    search: Search,
    /// The bytes of the head that came so far, unless it came whole.
    stored: Vec<u8>,
    /// How many bytes were looked at, by whomever.
    #[cfg(test)]
    pub(super) work: usize,
}

/// For how many headers there is place on the stack.
const SLOTS: usize = 64;

impl<K: Kind> HeadReader<K> {
    pub(super) fn new(max_head: u64, max_headers: u32) -> Self {
        Self {
            kind: PhantomData,
            max_headers: usize::try_from(max_headers).unwrap_or(usize::MAX),
            reply_room: 0,
            room: usize::try_from(max_head).unwrap_or(usize::MAX),
            skipped: false,
            search: Search::default(),
            stored: Vec::new(),
            #[cfg(test)]
            work: 0,
        }
    }

    /// Leaves room for so many bytes behind a head.
    pub(super) fn with_reply_room(self, bytes: usize) -> Self {
        Self { reply_room: bytes, ..self }
    }

    /// Takes the next head off the input, and reads what is wanted out of it. `None`: all input was
    /// taken and the head is not whole.
    ///
    /// An error is final.
    pub(super) fn poll<T>(
        &mut self,
        input: &mut Input<'_>,
        read: impl Fn(&Parsed<'_, '_, K>) -> T,
    ) -> Option<Result<(Vec<u8>, T), HandshakeError>> {
        if self.stored.is_empty() {
            let bytes = input.peek().get(..self.room).unwrap_or(input.peek());
            let mut slots = [const { MaybeUninit::uninit() }; SLOTS];
            let usable = SLOTS.min(self.max_headers);
            let parsed = parse::<K>(bytes, slots.split_at_mut(usable).0, false);
            match parsed.map(|parsed| (parsed.len, read(&parsed))) {
                Ok((len, result)) => {
                    self.looked_at(len);
                    let mut head = Vec::with_capacity(len + self.reply_room);
                    head.extend_from_slice(input.take(len));
                    self.room -= len;
                    return Some(Ok((head, result)));
                }
                Err(_) => self.looked_at(bytes.len()),
            }
        }
        self.poll_stored(input).map(|end| {
            end?;
            self.looked_at(self.stored.len());
            self.room = self.room.saturating_sub(self.stored.len());
            K::unfold(&mut self.stored);
            let Search { lines, bare_lf, .. } = mem::take(&mut self.search);
            let mut slots = vec![MaybeUninit::uninit(); lines];
            let result = read(&parse::<K>(&self.stored, &mut slots, bare_lf)?);
            Ok((mem::take(&mut self.stored), result))
        })
    }

    /// Whether part of a head came.
    pub(super) fn has_begun(&self) -> bool {
        !self.stored.is_empty()
    }

    /// What came of a head that failed, or that is not whole.
    pub(super) fn take_stored(&mut self) -> Vec<u8> {
        mem::take(&mut self.stored)
    }

    #[cold]
    fn poll_stored(&mut self, input: &mut Input<'_>) -> Option<Result<(), HandshakeError>> {
        loop {
            let (len, found) = self.search.feed(input.peek(), self.room, self.max_headers);
            self.looked_at(len);
            match input.take(len) {
                // A slow head comes in single bytes, each of which would cost a call of `memcpy`.
                [byte] => self.stored.push(*byte),
                bytes => self.stored.extend_from_slice(bytes),
            }
            if let Some(end) = self.stop_at(found?) {
                return Some(end);
            }
        }
    }

    /// Ends the search; or lets it go on behind what may pass.
    #[inline(never)]
    fn stop_at(&mut self, found: Found) -> Option<Result<(), HandshakeError>> {
        let found = match found {
            Found::EmptyLine if K::SKIPS_EMPTY_LINE && !self.skipped => {
                self.skip();
                return None;
            }
            Found::BareLf if K::passes_lf(&self.stored) => {
                self.search.pass_lf(self.room, self.max_headers)?
            }
            found => found,
        };
        Some(match found {
            Found::End => Ok(()),
            Found::EmptyLine => Err(HandshakeError::MalformedStartLine),
            // RFC 9112 §2.2: lines end in CR LF.
            Found::BareLf => Err(HandshakeError::IllegalByte),
            Found::Wrong(error) => Err(error),
        })
    }

    /// Forgets the empty line that was stored; it counts towards the limit.
    fn skip(&mut self) {
        self.skipped = true;
        self.room = self.room.saturating_sub(self.stored.len());
        self.stored.clear();
        self.search = Search::default();
    }

    /// Tells the tests how much work was done.
    fn looked_at(&mut self, _bytes: usize) {
        #[cfg(test)]
        {
            self.work += _bytes;
        }
    }
}

/// What came may hold cookies and passwords: its length only.
impl<K> fmt::Debug for HeadReader<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadReader")
            .field("stored", &self.stored.len())
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// Feeds in parts of this size, as often as there is a head; gives the heads' number and how
    /// many bytes were looked at.
    fn work<K: Kind>(wire: &[u8], part: usize) -> (usize, usize) {
        let mut reader = HeadReader::<K>::new(u64::MAX, u32::MAX);
        let mut heads = 0;
        for part in wire.to_vec().chunks_mut(part) {
            let mut input = Input::new(part);
            while let Some(head) = reader.poll(&mut input, |_| ()) {
                head.unwrap();
                heads += 1;
            }
        }
        (heads, reader.work)
    }

    #[test]
    fn the_work_is_linear_however_slowly_a_head_comes() {
        for lines in [0, 1, 10, 100, 1000] {
            let wire = format!("GET / HTTP/1.1\r\n{}\r\n", "Name: some value\r\n".repeat(lines))
                .into_bytes();
            assert_eq!(work::<Request>(&wire, wire.len()).0, 1);
            for part in [1, 2, 3, 16, 100, 1000] {
                let (heads, work) = work::<Request>(&wire, part);
                assert_eq!(heads, 1);
                // The short cut on the first part, the search, and parsing once.
                assert!(
                    work <= 3 * wire.len(),
                    "{work} for {} bytes in parts of {part}",
                    wire.len()
                );
            }
        }
    }

    #[test]
    fn a_head_that_comes_whole_is_looked_at_once() {
        let wire = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
        assert_eq!(work::<Request>(wire, wire.len()), (1, wire.len()));
        let many = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n".repeat(1000);
        assert_eq!(work::<Response>(&many, many.len()), (1000, many.len()));
        for part in [1, 7, 1000] {
            let (heads, work) = work::<Response>(&many, part);
            assert!(heads == 1000 && work <= 3 * many.len() + 1000, "{work}");
        }
    }
}
