//! The grammar of `Sec-WebSocket-Extensions`, RFC 6455 §9.1.
//!
//! ```text
//!   list      = 1#extension                            elements between commas, empty ones ignored (RFC 9110 §5.6.1)
//!   extension = token *( ";" token [ "=" value ] )
//!   value     = token / quoted-string                  the string, unescaped, is a token too
//! ```
//!
//! No extension is known yet, so nothing is taken out of a list: a server declines every offer by not answering it, and a client offers
//! none. What is outside the grammar fails the handshake all the same, in either role.

use super::error::HandshakeError;
use super::headers::is_token_byte;

/// What all lines of the header list together: at least one extension, if the header is there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Listed {
    #[default]
    NoHeader,
    Extensions(usize),
    Malformed,
}

impl Listed {
    pub(super) fn add(&mut self, line: &[u8]) {
        *self = match (*self, count(line)) {
            (Self::Malformed, _) | (_, None) => Self::Malformed,
            (Self::NoHeader, Some(count)) => Self::Extensions(count),
            (Self::Extensions(before), Some(count)) => Self::Extensions(before + count),
        };
    }

    /// How many extensions there are. §9.1: a header outside the grammar fails the handshake.
    pub(super) fn check(self) -> Result<usize, HandshakeError> {
        match self {
            Self::NoHeader => Ok(0),
            Self::Extensions(0) | Self::Malformed => Err(HandshakeError::InvalidExtensions),
            Self::Extensions(count) => Ok(count),
        }
    }
}

/// How many extensions a line lists, or `None` when it is outside the grammar.
fn count(line: &[u8]) -> Option<usize> {
    let mut rest = Cursor(line);
    let mut extensions = 0;
    loop {
        rest.skip_space();
        if rest.token().is_some() {
            extensions += 1;
            rest.params()?;
        }
        rest.skip_space();
        if rest.0.is_empty() {
            return Some(extensions);
        }
        rest.eat(b',')?;
    }
}

/// What was not read yet.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn params(&mut self) -> Option<()> {
        loop {
            self.skip_space();
            if self.eat(b';').is_none() {
                return Some(());
            }
            self.skip_space();
            self.token()?;
            self.skip_space();
            if self.eat(b'=').is_some() {
                self.skip_space();
                self.value()?;
            }
        }
    }

    fn value(&mut self) -> Option<()> {
        if self.eat(b'"').is_none() {
            return self.token().map(drop);
        }
        let mut length = 0;
        while self.eat(b'"').is_none() {
            // RFC 9110 §5.6.4: a backslash stands before the byte that is meant.
            let _ = self.eat(b'\\');
            let (byte, rest) = self.0.split_first()?;
            if !is_token_byte(*byte) {
                return None;
            }
            self.0 = rest;
            length += 1;
        }
        Some(()).filter(|()| length > 0)
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(token).filter(|token| !token.is_empty())
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_the_grammar() {
        for (line, extensions) in [
            ("permessage-deflate", 1),
            ("permessage-deflate; client_max_window_bits", 1),
            ("permessage-deflate;client_max_window_bits=15 ; server_no_context_takeover", 1),
            ("permessage-deflate; a=\"10\", permessage-deflate", 2),
            ("foo; bar = \"b\\a\\z\"", 1),
            (" , foo ,, bar;x\t,", 2),
            ("", 0),
            (",", 0),
        ] {
            assert_eq!(count(line.as_bytes()), Some(extensions), "{line}");
        }
    }

    #[test]
    fn outside_the_grammar() {
        for line in [
            "foo bar",
            "foo;",
            "foo; ",
            "foo;;bar",
            ";",
            ";a",
            "foo; =1",
            "foo; a=",
            "foo; a=,",
            "foo; a==1",
            "foo; a=\"\"",
            "foo; a=\"1",
            "foo; a=\"1 2\"",
            "foo; a=\"1,2\"",
            "foo; a=\"1\"2",
            "foo; a=\"\\",
            "foo; a=\"\\\"\"",
            "foo=1",
            "\"foo\"",
            "foo/1",
            "foo, bar;",
            "f\u{e4}",
            "foo; a=\u{e4}",
        ] {
            assert_eq!(count(line.as_bytes()), None, "{line}");
        }
    }
}
