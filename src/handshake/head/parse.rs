//! Parses a head with httparse, and refuses what httparse accepts and RFC 9112 does not.
//!
//! These are lines that end in LF alone, and empty lines in front. If two parsers disagree about
//! where a line ends, requests can be smuggled (§11.2), so both are refused here. httparse itself
//! refuses folded lines, white space before a colon, NUL, and CR alone.
//!
//! Two of these are accepted in an answer, which is not forwarded. Folded lines: §5.2 tells a user
//! agent to replace each fold by spaces, and it stays clear where the head ends. And LF alone in a
//! refusal, because its status is useful and nothing is read behind it, neither frames nor another
//! answer.

use crate::handshake::error::HandshakeError;
use core::mem::MaybeUninit;
use core::ops::Range;
use httparse::{Header, ParserConfig};

/// Which head is expected.
pub(in crate::handshake) trait Kind {
    /// Its first line.
    type Line<'b>;

    /// Whether one empty line in front of the first line is ignored.
    const SKIPS_EMPTY_LINE: bool;

    /// Whether LF alone may end the lines of a head, of which this much came when the first LF did.
    fn passes_lf(_head: &[u8]) -> bool {
        false
    }

    /// Mends the lines of a whole head, in place, before it is parsed.
    fn unfold(_head: &mut [u8]) {}

    /// Lets httparse read a head.
    fn parse<'h, 'b>(
        bytes: &'b [u8],
        slots: &'h mut [MaybeUninit<Header<'b>>],
    ) -> (Self::Line<'b>, &'h [Header<'b>], httparse::Result<usize>);
}

/// What a client sends.
#[derive(Debug)]
pub(in crate::handshake) enum Request {}

/// What a server sends.
#[derive(Debug)]
pub(in crate::handshake) enum Response {}

/// The first line of a request.
pub(in crate::handshake) struct RequestLine<'b> {
    pub(in crate::handshake) method: &'b str,
    pub(in crate::handshake) target: &'b str,
    pub(in crate::handshake) minor: u8,
}

/// The first line of an answer.
pub(in crate::handshake) struct StatusLine {
    pub(in crate::handshake) status: u16,
    pub(in crate::handshake) minor: u8,
}

/// A head, parsed where it lies.
pub(in crate::handshake) struct Parsed<'h, 'b, K: Kind> {
    pub(in crate::handshake) line: K::Line<'b>,
    pub(in crate::handshake) headers: &'h [Header<'b>],
    /// Where the header lines begin.
    pub(in crate::handshake) headers_start: usize,
    /// LF alone ends one of its lines.
    pub(in crate::handshake) bare_lf: bool,
    bytes: &'b [u8],
    /// Where the head ends.
    pub(super) len: usize,
}

impl<K: Kind> Parsed<'_, '_, K> {
    /// Where a part of the head lies.
    pub(in crate::handshake) fn place(&self, part: &[u8]) -> Range<usize> {
        let start = offset(self.bytes, part);
        start..start + part.len()
    }
}

impl Kind for Request {
    type Line<'b> = RequestLine<'b>;

    /// RFC 9112 §2.2.
    const SKIPS_EMPTY_LINE: bool = true;

    fn parse<'h, 'b>(
        bytes: &'b [u8],
        slots: &'h mut [MaybeUninit<Header<'b>>],
    ) -> (Self::Line<'b>, &'h [Header<'b>], httparse::Result<usize>) {
        let mut request = httparse::Request::new(&mut []);
        let status =
            ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, slots);
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

    /// RFC 9112 §2.2 speaks of requests only.
    const SKIPS_EMPTY_LINE: bool = false;

    fn passes_lf(head: &[u8]) -> bool {
        status_of(head).is_some_and(|status| status >= 200)
    }

    /// RFC 9112 §5.2. A fold right behind the status line continues no header, and stays (§2.2).
    fn unfold(head: &mut [u8]) {
        let next = |head: &[u8], from: usize| {
            Some(head.get(from..)?.iter().position(|byte| *byte == b'\n')? + from)
        };
        let mut last = next(head, 0);
        while let Some(lf) = last.and_then(|last| next(head, last + 1)) {
            if let Some([before, lf, b' ' | b'\t']) = head.get_mut(lf - 1..lf + 2) {
                *lf = b' ';
                if *before == b'\r' {
                    *before = b' ';
                }
            }
            last = Some(lf);
        }
    }

    fn parse<'h, 'b>(
        bytes: &'b [u8],
        slots: &'h mut [MaybeUninit<Header<'b>>],
    ) -> (Self::Line<'b>, &'h [Header<'b>], httparse::Result<usize>) {
        let mut response = httparse::Response::new(&mut []);
        let status =
            ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, slots);
        let line = StatusLine {
            status: response.code.unwrap_or_default(),
            minor: response.version.unwrap_or_default(),
        };
        (line, response.headers, status)
    }
}

/// The status of an answer of which at least so much came. RFC 9112 §4.
pub(in crate::handshake) fn status_of(head: &[u8]) -> Option<u16> {
    let [b'0' | b'1', b' ', status @ ..] = head.strip_prefix(b"HTTP/1.")? else { return None };
    let (digits, [b' ' | b'\r' | b'\n', ..]) = status.split_at_checked(3)? else { return None };
    let number = digits
        .iter()
        .try_fold(0, |number, digit| Some(number * 10 + char::from(*digit).to_digit(10)?))?;
    u16::try_from(number).ok().filter(|status| *status >= 100)
}

/// Parses the head at the front of these bytes; one that is not whole is malformed too. `bare_lf`:
/// its lines may end in LF alone.
pub(super) fn parse<'h, 'b, K: Kind>(
    bytes: &'b [u8],
    slots: &'h mut [MaybeUninit<Header<'b>>],
    bare_lf: bool,
) -> Result<Parsed<'h, 'b, K>, HandshakeError> {
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
    let lines_end_well =
        headers.iter().all(|header| ends_line(bytes, offset(bytes, header.name.as_bytes())))
            && bytes.get(..len).is_some_and(|head| head.ends_with(b"\r\n\r\n"))
            && !bytes.starts_with(b"\r")
            && !bytes.starts_with(b"\n");
    if !lines_end_well && !bare_lf {
        return Err(HandshakeError::IllegalByte);
    }
    Ok(Parsed { line, headers, headers_start, bare_lf, bytes, len })
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
        httparse::Error::HeaderName | httparse::Error::HeaderValue => {
            HandshakeError::MalformedHeader
        }
        httparse::Error::TooManyHeaders => HandshakeError::TooManyHeaders,
        httparse::Error::Version if has_other_version(head) => HandshakeError::UnsupportedHttp,
        _ => HandshakeError::MalformedStartLine,
    }
}

/// Whether the first line names a version of HTTP where it should, and not 1.0 or 1.1, which are all
/// that httparse reads and all 1.x that exist. RFC 9112 §2.3.
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
        Some(version) => {
            matches!(version, [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
        }
    }
}
