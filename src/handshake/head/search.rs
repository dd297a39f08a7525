//! The search for the end of a head, byte by byte, so that where the reads cut it makes no difference.

use crate::handshake::error::HandshakeError;
use crate::handshake::headers::is_control;

/// The search for the end of a head, across reads.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// How many bytes were seen.
    seen: usize,
    /// How many lines ended, the first among them.
    pub(super) lines: usize,
    /// How many bytes the line under way has.
    line: usize,
    /// The last byte was a CR.
    cr: bool,
}

impl Search {
    /// Looks at more bytes: how many were needed, and whether the head ended or failed with the last of them.
    pub(super) fn feed(&mut self, bytes: &[u8], room: usize, max_headers: usize) -> (usize, Option<Result<(), HandshakeError>>) {
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
