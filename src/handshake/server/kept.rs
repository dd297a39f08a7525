//! The head of a request, and where its parts lie. Requests and refusals keep it.
//!
//! A malformed or cut head is kept as far as it can be read: the whole lines, and if the request
//! line itself was cut, what there is of its target.

use crate::handshake::fields::{is_control, is_token};
use crate::handshake::head::{Parsed, Request, RequestLine};
use crate::handshake::headers::Headers;
use alloc::vec::Vec;
use core::fmt;
use core::str;

/// Where the parts of a request lie in its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Where the method begins.
    start: usize,
    /// How long it is; 0 if it cannot be read.
    method: usize,
    target: usize,
    headers_start: usize,
}

/// A head and where its parts lie.
pub(super) struct Head {
    /// With what is written behind it.
    pub(super) bytes: Vec<u8>,
    asked: Asked,
    pub(super) max_discard: u64,
    /// What came behind it.
    pub(super) rest: Vec<u8>,
}

impl Asked {
    pub(super) fn of(head: &Parsed<'_, '_, Request>) -> Self {
        let RequestLine { method, target, .. } = head.line;
        let start = head.place(method.as_bytes()).start;
        Self {
            start,
            method: method.len(),
            target: target.len(),
            headers_start: head.headers_start,
        }
    }

    /// What can be read of a head that failed, or that did not come whole, and where that ends.
    fn of_part(bytes: &[u8]) -> (Self, usize) {
        // RFC 9112 §2.2: an empty line may stand in front.
        let start = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
        let text = bytes.get(start..).unwrap_or_default();
        let word =
            |text: &[u8]| text.iter().take_while(|byte| **byte > b' ' && **byte != 0x7f).count();
        let method = word(text);
        let is_method = text.get(method) == Some(&b' ') && text.get(..method).is_some_and(is_token);
        if !is_method {
            return (Self { start, method: 0, target: 0, headers_start: start }, start);
        }
        let behind = text.get(method + 1..).unwrap_or_default();
        let target = word(behind);
        let line = text
            .split_inclusive(|byte| *byte == b'\n')
            .next()
            .filter(|line| line.ends_with(b"\r\n"));
        let headers_start = start + line.map_or(method + 1 + target, <[u8]>::len);
        let lines =
            bytes.get(headers_start..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
        let readable: usize = lines.take_while(|line| is_field(line)).map(<[u8]>::len).sum();
        (Self { start, method, target, headers_start }, headers_start + readable)
    }
}

/// Whether a line is a header line, with its end.
fn is_field(line: &[u8]) -> bool {
    let Some(line) = line.strip_suffix(b"\r\n") else { return false };
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let (name, value) = line.split_at(colon);
    is_token(name) && !value.iter().any(|byte| is_control(*byte))
}

impl Head {
    pub(super) fn new(bytes: Vec<u8>, asked: Asked, max_discard: u64) -> Self {
        Self { bytes, asked, max_discard, rest: Vec::new() }
    }

    /// Of one that failed, or that did not come whole, what can be read.
    pub(super) fn of_part(mut bytes: Vec<u8>, max_discard: u64) -> Self {
        let (asked, end) = Asked::of_part(&bytes);
        bytes.truncate(end);
        Self { bytes, asked, max_discard, rest: Vec::new() }
    }

    /// Empty if it cannot be read.
    pub(super) fn method(&self) -> &str {
        self.text(self.asked.start, self.asked.method)
    }

    /// Empty if it cannot be read.
    pub(super) fn target(&self) -> &str {
        // One space stands between the two.
        self.text(self.asked.start + self.asked.method + 1, self.asked.target)
    }

    pub(super) fn headers(&self) -> Headers<'_> {
        Headers::new(self.bytes.get(self.asked.headers_start..).unwrap_or_default())
    }

    fn text(&self, start: usize, len: usize) -> &str {
        self.bytes
            .get(start..start + len)
            .and_then(|text| str::from_utf8(text).ok())
            .unwrap_or_default()
    }

    /// What a log may show, as the fields of a struct.
    pub(super) fn show(&self, shown: &mut fmt::DebugStruct<'_, '_>) {
        shown
            .field("method", &self.method())
            .field("target", &self.target())
            .field("headers", &self.headers());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_far_as_it_can_be_read() {
        for (bytes, method, target, headers) in [
            ("", "", "", 0),
            ("GET", "", "", 0),
            ("GET ", "GET", "", 0),
            ("GET /ab", "GET", "/ab", 0),
            ("GET /ab HTT", "GET", "/ab", 0),
            ("GET /ab\0", "GET", "/ab", 0),
            ("GET /ab\x7f", "GET", "/ab", 0),
            ("GET /ab HTTP/1.1\r\n", "GET", "/ab", 0),
            ("\r\nGET /ab HTTP/1.1\r\nA: b\r\n", "GET", "/ab", 1),
            ("GET /ab HTTP/1.1\r\nA: b\r\nC:", "GET", "/ab", 1),
            ("GET /ab HTTP/1.1\r\nA: b\r\nC:d\r\n\r\n", "GET", "/ab", 2),
            ("GET /ab HTTP/1.1\r\nA: b\r\nC :d\r\nE: f\r\n\r\n", "GET", "/ab", 1),
            ("GET /ab HTTP/1.1\r\n folded\r\nE: f\r\n\r\n", "GET", "/ab", 0),
            ("GET /ab HTTP/1.1\nE: f\r\n\r\n", "GET", "/ab", 0),
            ("G@T /ab HTTP/1.1\r\nA: b\r\n\r\n", "", "", 0),
            (" GET /ab HTTP/1.1\r\nA: b\r\n\r\n", "", "", 0),
            ("\x16\x03\x01", "", "", 0),
        ] {
            let head = Head::of_part(bytes.as_bytes().to_vec(), 0);
            assert_eq!((head.method(), head.target()), (method, target), "{bytes:?}");
            assert_eq!(head.headers().iter().count(), headers, "{bytes:?}");
            assert!(bytes.as_bytes().starts_with(&head.bytes), "{bytes:?}");
        }
    }
}
