//! Finding the end of a head, and parsing it, in work that is linear in its bytes.
//!
//! ```text
//!   first read ──► httparse, on the bytes as they lie ──► whole and good: copied once, done
//!                        │ anything else
//!                        ▼
//!   every read ──► search: each byte is looked at once, then stored
//!                        ├─► a byte that no head can hold, or a limit: failed, there and then
//!                        └─► CR LF CR LF: what was stored is parsed, once
//! ```
//!
//! The search alone decides when a head has ended or failed, and it decides byte by byte: where the reads cut the head makes no difference. The
//! first way is a short cut to the same end.
//!
//! httparse takes more than RFC 9112 wants to see: lines that end in LF alone, and empty lines in front. Two parsers that disagree about where a
//! line ends are what request smuggling is made of (§11.2), so both are refused here. Folded lines, white space before a colon, NUL, and CR
//! alone are refused by httparse.

use super::error::HandshakeError;
use super::headers::is_control;
use crate::input::Input;
use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::ops::Range;
use httparse::{Header, ParserConfig};

/// Which head is expected.
pub(super) trait Kind {
    /// Its first line.
    type Line<'b>;

    /// Lets httparse read a head.
    fn parse<'h, 'b>(
        bytes: &'b [u8],
        slots: &'h mut [MaybeUninit<Header<'b>>],
    ) -> (Self::Line<'b>, &'h [Header<'b>], httparse::Result<usize>);
}

/// What a client sends.
#[derive(Debug)]
pub(super) enum Request {}

/// What a server sends.
#[derive(Debug)]
pub(super) enum Response {}

/// The first line of a request.
pub(super) struct RequestLine<'b> {
    pub(super) method: &'b str,
    pub(super) target: &'b str,
    pub(super) minor: u8,
}

/// The first line of an answer.
pub(super) struct StatusLine {
    pub(super) status: u16,
    pub(super) minor: u8,
}

/// A head, parsed where it lies.
pub(super) struct Parsed<'h, 'b, K: Kind> {
    pub(super) line: K::Line<'b>,
    pub(super) headers: &'h [Header<'b>],
    /// Where the header lines begin.
    pub(super) headers_start: usize,
    bytes: &'b [u8],
    /// Where the head ends.
    len: usize,
}

impl<K: Kind> Parsed<'_, '_, K> {
    /// Where a part of the head lies.
    pub(super) fn place(&self, part: &[u8]) -> Range<usize> {
        let start = offset(self.bytes, part);
        start..start + part.len()
    }
}

/// Takes heads out of the input.
#[derive(Debug)]
pub(super) struct HeadReader<K> {
    kind: PhantomData<K>,
    max_headers: usize,
    /// What the buffer of a head has beside it.
    reply_room: usize,
    /// How many bytes the heads that are still to come may have.
    room: usize,
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
    pub(super) fn new(max_head: usize, max_headers: usize) -> Self {
        Self {
            kind: PhantomData,
            max_headers,
            reply_room: 0,
            room: max_head,
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

    /// Takes the next head off the input, and reads what is wanted out of it. `None`: all input was taken and the head is not whole.
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
            match parse::<K>(bytes, slots.split_at_mut(usable).0).map(|parsed| (parsed.len, read(&parsed))) {
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
        self.poll_stored(input).map(|head| {
            let head = head?;
            self.looked_at(head.len());
            self.room = self.room.saturating_sub(head.len());
            let mut slots = vec![MaybeUninit::uninit(); mem::take(&mut self.search).lines];
            let result = read(&parse::<K>(&head, &mut slots)?);
            Ok((head, result))
        })
    }

    /// Whether part of a head came.
    pub(super) fn has_begun(&self) -> bool {
        !self.stored.is_empty()
    }

    #[cold]
    fn poll_stored(&mut self, input: &mut Input<'_>) -> Option<Result<Vec<u8>, HandshakeError>> {
        let (len, found) = self.search.feed(input.peek(), self.room, self.max_headers);
        self.looked_at(len);
        self.stored.extend_from_slice(input.take(len));
        found.map(|end| {
            // Taken in any case: a head that failed is of no use to anyone.
            let head = mem::take(&mut self.stored);
            end.map(|()| head)
        })
    }

    /// Tells the tests how much work was done.
    fn looked_at(&mut self, _bytes: usize) {
        #[cfg(test)]
        {
            self.work += _bytes;
        }
    }
}

/// The search for the end of a head, across reads.
#[derive(Debug, Default)]
struct Search {
    /// How many bytes were seen.
    seen: usize,
    /// How many lines ended, the first among them.
    lines: usize,
    /// How many bytes the line under way has.
    line: usize,
    /// The last byte was a CR.
    cr: bool,
}

impl Search {
    /// Looks at more bytes: how many were needed, and whether the head ended or failed with the last of them.
    fn feed(&mut self, bytes: &[u8], room: usize, max_headers: usize) -> (usize, Option<Result<(), HandshakeError>>) {
        for (i, byte) in bytes.iter().enumerate() {
            if let Some(found) = self.step(*byte, room, max_headers) {
                return (i + 1, Some(found));
            }
        }
        (bytes.len(), None)
    }

    #[inline]
    fn step(&mut self, byte: u8, room: usize, max_headers: usize) -> Option<Result<(), HandshakeError>> {
        self.seen += 1;
        match byte {
            // RFC 9112 §2.2: lines end in CR LF, and neither stands alone.
            b'\n' if self.cr => {
                self.cr = false;
                if self.line == 0 {
                    return Some(if self.lines == 0 { Err(HandshakeError::MalformedStartLine) } else { Ok(()) });
                }
                self.line = 0;
                self.lines += 1;
                if self.lines - 1 > max_headers {
                    return Some(Err(HandshakeError::TooManyHeaders));
                }
            }
            _ if self.cr => return Some(Err(HandshakeError::IllegalByte)),
            b'\r' => self.cr = true,
            byte if is_control(byte) => return Some(Err(HandshakeError::IllegalByte)),
            _ => self.line += 1,
        }
        Some(Err(HandshakeError::HeadTooLarge)).filter(|_| self.seen >= room)
    }
}

impl Kind for Request {
    type Line<'b> = RequestLine<'b>;

    fn parse<'h, 'b>(
        bytes: &'b [u8],
        slots: &'h mut [MaybeUninit<Header<'b>>],
    ) -> (Self::Line<'b>, &'h [Header<'b>], httparse::Result<usize>) {
        let mut request = httparse::Request::new(&mut []);
        let status = ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, slots);
        let line = RequestLine {
            method: request.method.unwrap_or_default(),
            target: request.path.unwrap_or_default(),
            minor: request.version.unwrap_or_default(),
        };
        (line, request.headers, status)
    }
}

impl Kind for Response {
    type Line<'b> = StatusLine;

    fn parse<'h, 'b>(
        bytes: &'b [u8],
        slots: &'h mut [MaybeUninit<Header<'b>>],
    ) -> (Self::Line<'b>, &'h [Header<'b>], httparse::Result<usize>) {
        let mut response = httparse::Response::new(&mut []);
        let status = ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, slots);
        let line = StatusLine { status: response.code.unwrap_or_default(), minor: response.version.unwrap_or_default() };
        (line, response.headers, status)
    }
}

/// Parses the head at the front of these bytes; one that is not whole is malformed too.
fn parse<'h, 'b, K: Kind>(bytes: &'b [u8], slots: &'h mut [MaybeUninit<Header<'b>>]) -> Result<Parsed<'h, 'b, K>, HandshakeError> {
    let (line, headers, status) = K::parse(bytes, slots);
    let len = match status {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Err(HandshakeError::MalformedStartLine),
        Err(error) => return Err(blame(error, bytes)),
    };
    let headers_start = match headers.first() {
        Some(first) => offset(bytes, first.name.as_bytes()),
        None => len.saturating_sub(2),
    };
    let lines_end_well = headers.iter().all(|header| ends_line(bytes, offset(bytes, header.name.as_bytes())))
        && bytes.get(..len).is_some_and(|head| head.ends_with(b"\r\n\r\n"))
        && !bytes.starts_with(b"\r")
        && !bytes.starts_with(b"\n");
    if !lines_end_well {
        return Err(HandshakeError::IllegalByte);
    }
    Ok(Parsed { line, headers, headers_start, bytes, len })
}

/// Where a part begins in the whole.
fn offset(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize)
}

/// Whether a line ended in CR LF just before this place.
fn ends_line(bytes: &[u8], at: usize) -> bool {
    bytes.get(..at).is_some_and(|before| before.ends_with(b"\r\n"))
}

/// Which rule it is that httparse saw broken.
fn blame(error: httparse::Error, head: &[u8]) -> HandshakeError {
    match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue => HandshakeError::MalformedHeader,
        httparse::Error::TooManyHeaders => HandshakeError::TooManyHeaders,
        httparse::Error::Version if has_other_version(head) => HandshakeError::UnsupportedHttp,
        _ => HandshakeError::MalformedStartLine,
    }
}

/// Whether the first line names a version of HTTP where it should, and not 1.0 or 1.1. RFC 9112 §2.3.
fn has_other_version(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let word = match words.next() {
        Some(first) if first.starts_with(b"HTTP/") => Some(first),
        // A request line has three words.
        _ => words.nth(1).filter(|_| words.next().is_none()),
    };
    match word.and_then(|word| word.strip_prefix(b"HTTP/")) {
        Some(b"1.0" | b"1.1") | None => false,
        Some(version) => matches!(version, [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// Feeds in parts of this size, as often as there is a head; gives the heads' number and how many bytes were looked at.
    fn work<K: Kind>(wire: &[u8], part: usize) -> (usize, usize) {
        let mut reader = HeadReader::<K>::new(usize::MAX, usize::MAX);
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
            let wire = format!("GET / HTTP/1.1\r\n{}\r\n", "Name: some value\r\n".repeat(lines)).into_bytes();
            assert_eq!(work::<Request>(&wire, wire.len()).0, 1);
            for part in [1, 2, 3, 16, 100, 1000] {
                let (heads, work) = work::<Request>(&wire, part);
                assert_eq!(heads, 1);
                // The short cut on the first part, the search, and parsing once.
                assert!(work <= 3 * wire.len(), "{work} for {} bytes in parts of {part}", wire.len());
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
