//! The head of an answer, kept as long as the outcome: the reason phrase and the headers, for a
//! log.

use crate::handshake::headers::Headers;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// The head of an answer: its bytes, with spaces where a line was folded. By default there is none.
#[derive(Default)]
pub(super) struct AnswerHead {
    bytes: Vec<u8>,
    headers_start: usize,
}

impl AnswerHead {
    pub(super) fn new(bytes: Vec<u8>, headers_start: usize) -> Self {
        Self { bytes, headers_start }
    }

    /// What stands behind the status. RFC 9112 §4.
    pub(super) fn reason(&self) -> Cow<'_, str> {
        let mut lines = self.bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
        let line = lines.next().unwrap_or_default();
        String::from_utf8_lossy(line.get(STATUS_LINE..).unwrap_or_default().trim_ascii())
    }

    pub(super) fn headers(&self) -> Headers<'_> {
        Headers::new(self.bytes.get(self.headers_start..).unwrap_or_default())
    }

    /// A part of it.
    pub(super) fn get(&self, place: Range<usize>) -> &[u8] {
        self.bytes.get(place).unwrap_or_default()
    }
}

/// How long the version and the status are.
const STATUS_LINE: usize = "HTTP/1.1 101".len();
