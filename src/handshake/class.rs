//! The classes of bytes in the grammars of a head, in one table: to check a byte is one look-up,
//! whatever the class.
//!
//! | class      | bytes                                            | where                                          |
//! |------------|--------------------------------------------------|------------------------------------------------|
//! | `TOKEN`    | letters, digits, ``!#$%&'*+-.^_`|~``             | names, subprotocols, extensions: RFC 9110 §5.6.2 |
//! | `SCHEME`   | letters, digits, `+-.`                           | an origin: RFC 3986 §3.1                       |
//! | `HOST`     | unreserved, sub-delims                           | a registered name: RFC 3986 §3.2.2             |
//! | `PATH`     | unreserved, sub-delims, `:@/?`                   | a path and a query: RFC 3986 §3.3, §3.4        |
//! | `RESOURCE` | ASCII without `#"<>`                             | what a server takes as target                  |
//! | `BASE64`   | letters, digits, `+/`                            | a key: RFC 4648 §4                             |
//!
//! Percent-encoded bytes are not in `HOST` and `PATH`: see [`Class::spans_encoded`].

/// Kinds of bytes.
#[derive(Clone, Copy)]
pub(super) struct Class(u8);

impl Class {
    pub(super) const TOKEN: Self = Self(1);
    pub(super) const SCHEME: Self = Self(2);
    pub(super) const HOST: Self = Self(4);
    pub(super) const PATH: Self = Self(8);
    pub(super) const RESOURCE: Self = Self(16);
    pub(super) const BASE64: Self = Self(32);

    /// Whether a byte is of this kind.
    #[inline]
    pub(super) fn has(self, byte: u8) -> bool {
        classes(byte) & self.0 != 0
    }

    /// Whether all bytes are of this kind.
    #[inline]
    pub(super) fn spans(self, text: &[u8]) -> bool {
        text.iter().fold(self.0, |common, byte| common & classes(*byte)) != 0
    }

    /// How many bytes at the front are of this kind.
    #[inline]
    pub(super) fn prefix(self, text: &[u8]) -> usize {
        let mut rest = text;
        // As long as there are more of them than a few, it is one branch for four.
        while let Some((_, behind)) =
            rest.split_first_chunk::<4>().filter(|(four, _)| self.spans(*four))
        {
            rest = behind;
        }
        text.len() - rest.len() + rest.iter().take_while(|byte| self.has(**byte)).count()
    }

    /// Whether all bytes are of this kind, or percent-encoded. RFC 3986 §2.1.
    #[inline]
    pub(super) fn spans_encoded(self, text: &[u8]) -> bool {
        self.spans(text) || self.spans_with_encoded(text)
    }

    fn spans_with_encoded(self, mut text: &[u8]) -> bool {
        loop {
            (_, text) = text.split_at(self.prefix(text));
            text = match text {
                [] => return true,
                [b'%', high, low, rest @ ..]
                    if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                {
                    rest
                }
                _ => return false,
            }
        }
    }
}

#[inline]
fn classes(byte: u8) -> u8 {
    TABLE.get(usize::from(byte)).copied().unwrap_or_default()
}

/// The classes of each byte.
static TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::indexing_slicing)] // Evaluated at compile time.
        {
            table[byte] = of(byte as u8);
        }
        byte += 1;
    }
    table
};

const fn of(byte: u8) -> u8 {
    let alphanumeric = byte.is_ascii_alphanumeric();
    let host = alphanumeric
        // RFC 3986 §2.3, unreserved; §2.2, sub-delims.
        || matches!(byte, b'-' | b'.' | b'_' | b'~')
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=');
    let token = alphanumeric
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        );
    (token as u8 * Class::TOKEN.0)
        | ((alphanumeric || matches!(byte, b'+' | b'-' | b'.')) as u8 * Class::SCHEME.0)
        | (host as u8 * Class::HOST.0)
        | ((host || matches!(byte, b':' | b'@' | b'/' | b'?')) as u8 * Class::PATH.0)
        | ((byte.is_ascii() && !matches!(byte, b'#' | b'"' | b'<' | b'>')) as u8
            * Class::RESOURCE.0)
        | ((alphanumeric || matches!(byte, b'+' | b'/')) as u8 * Class::BASE64.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    /// The bytes of a class that are neither letters nor digits, which must all be in it.
    fn marks(class: Class) -> String {
        assert!((0..=u8::MAX).filter(u8::is_ascii_alphanumeric).all(|byte| class.has(byte)));
        (0..=u8::MAX)
            .filter(|byte| class.has(*byte) && !byte.is_ascii_alphanumeric())
            .map(char::from)
            .collect()
    }

    #[test]
    fn what_is_in_each() {
        assert_eq!(marks(Class::TOKEN), "!#$%&'*+-.^_`|~");
        assert_eq!(marks(Class::SCHEME), "+-.");
        assert_eq!(marks(Class::HOST), "!$&'()*+,-.;=_~");
        assert_eq!(marks(Class::PATH), "!$&'()*+,-./:;=?@_~");
        assert_eq!(marks(Class::BASE64), "+/");
        let others: String = (0..=u8::MAX)
            .filter(|byte| !Class::RESOURCE.has(*byte) && byte.is_ascii())
            .map(char::from)
            .collect();
        assert_eq!(others, "\"#<>");
        assert!((0x80..=u8::MAX).all(|byte| classes(byte) == 0));
    }

    #[test]
    fn spans_and_prefixes() {
        assert!(Class::HOST.spans(b"") && Class::HOST.spans(b"a.example"));
        assert!(
            !Class::HOST.spans(b"a example")
                && !Class::HOST.spans(b"a%20")
                && !Class::HOST.spans("ä".as_bytes())
        );
        assert_eq!(
            (
                Class::TOKEN.prefix(b"abc; d"),
                Class::TOKEN.prefix(b"abc"),
                Class::TOKEN.prefix(b";")
            ),
            (3, 3, 0)
        );
        for text in ["", "a", "%20", "a%2fb%2Fc", "%41%42"] {
            assert!(Class::HOST.spans_encoded(text.as_bytes()), "{text}");
        }
        for text in ["%", "%2", "%zz", "a%2", "a%2x", "%2%20", "a b", "%20 "] {
            assert!(!Class::HOST.spans_encoded(text.as_bytes()), "{text}");
        }
    }
}
