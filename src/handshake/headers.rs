//! Header lines: those that came, as a view, and those that are to be sent.
//!
//! A view has only the bytes of the head, and goes through the lines for each question; the size of
//! a head is limited. Names are compared without case (RFC 9110 §5.1), and values have no white
//! space around them (§5.5).

use super::fields::{Known, is_control, is_token};
use alloc::vec::Vec;
use core::fmt;
use core::str;

/// The header lines of a request or of an answer, in the order in which they came.
///
/// `Debug` shows the names, and the lengths of the values instead of the values: some are secrets.
///
/// ```
/// use sockless::server::{Config, Handshake, Incoming};
/// use sockless::Input;
///
/// let mut read = *b"GET /about HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\naccept: text/plain\r\n\r\n";
/// let Some(Incoming::Http(plain)) = Handshake::new(Config::default()).poll(&mut Input::new(&mut read)) else { panic!() };
/// let headers = plain.headers();
/// assert_eq!(headers.get("host"), Some(&b"a.example"[..]));
/// assert_eq!(headers.text("Accept"), Some("text/html"));
/// assert_eq!(headers.get_all("accept").count(), 2);
/// assert_eq!(headers.iter().last(), Some(("accept", &b"text/plain"[..])));
/// ```
#[derive(Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `name: value CR LF`, checked by the parser, up to an empty line.
    lines: &'a [u8],
}

impl<'a> Headers<'a> {
    pub(super) fn new(lines: &'a [u8]) -> Self {
        Self { lines }
    }

    /// The first value under this name, as the bytes that came.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// The first value under this name, if it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(|value| str::from_utf8(value).ok())
    }

    /// All values under this name.
    pub fn get_all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        self.lines.split(|byte| *byte == b'\n').take_while(|line| *line != b"\r").filter_map(
            |line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let (name, value) = line.split_at(colon);
                Some((str::from_utf8(name).ok()?, value.get(1..)?.trim_ascii()))
            },
        )
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(name, value)| (name, Redacted(value.len()))))
            .finish()
    }
}

/// Shown in the place of a value that may be a secret.
struct Redacted(usize);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

/// A header that can be sent: its name is a token, its value holds no control characters, and the
/// handshake does not write it itself.
///
/// Only this constructor can fail. So the builders of requests and answers accept any `Header`.
///
/// The handshake writes `Host`, `Origin` (see
/// [`client::Request::origin`](crate::client::Request::origin)), `Upgrade`, `Connection`,
/// `Content-Length`, `Transfer-Encoding` and all that begins with `Sec-WebSocket-`.
///
/// `Debug` shows its name, and the length of its value instead of the value, which may be a secret.
///
/// ```
/// use sockless::handshake::{Header, HeaderError};
///
/// let header = Header::new("Cache-Control", "no-store")?;
/// assert_eq!((header.name(), header.value()), ("Cache-Control", "no-store"));
/// assert_eq!(Header::new("X-Name", "two\r\nlines"), Err(HeaderError::Value));
/// assert_eq!(Header::new("content-length", "0"), Err(HeaderError::Reserved));
/// # Ok::<(), HeaderError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    name: &'a str,
    value: &'a str,
    /// The value is sent in Latin-1, and not in UTF-8.
    latin1: bool,
}

impl<'a> Header<'a> {
    /// A header with this name and value. Characters outside ASCII are sent as UTF-8, as `obs-text`
    /// (RFC 9110 §5.5).
    ///
    /// # Errors
    /// The name is not a token, the value holds a control character, or the header is one that the
    /// handshake writes.
    pub fn new(name: &'a str, value: &'a str) -> Result<Self, HeaderError> {
        check(name, value.as_bytes())?;
        let ours = Known::from_name(name).is_some()
            || name.get(..OURS.len()).is_some_and(|start| start.eq_ignore_ascii_case(OURS));
        if ours { Err(HeaderError::Reserved) } else { Ok(Self { name, value, latin1: false }) }
    }

    /// A header with this name and value, the value sent as Latin-1 (ISO 8859-1), one byte for each
    /// character, for older peers. RFC 9110 §5.5, `obs-text`.
    ///
    /// ```
    /// use sockless::handshake::{Header, HeaderError};
    ///
    /// let header = Header::latin1("X-Name", "Zo\u{eb}")?; // 5A 6F EB
    /// assert_eq!(header.value(), "Zo\u{eb}");
    /// assert_eq!(Header::latin1("X-Price", "7 \u{20ac}"), Err(HeaderError::NotLatin1));
    /// # Ok::<(), HeaderError>(())
    /// ```
    ///
    /// # Errors
    /// As those of [`new`](Self::new), or [`HeaderError::NotLatin1`] for a character above U+00FF.
    pub fn latin1(name: &'a str, value: &'a str) -> Result<Self, HeaderError> {
        let header = Self::new(name, value)?;
        if !value.chars().all(|character| u8::try_from(character).is_ok()) {
            return Err(HeaderError::NotLatin1);
        }
        Ok(Self { latin1: true, ..header })
    }

    /// The name, as it is sent.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The value, as text.
    #[must_use]
    pub fn value(&self) -> &'a str {
        self.value
    }

    /// Appends its line.
    pub(super) fn push(self, to: &mut Vec<u8>) {
        if !self.latin1 {
            return push(to, self.name, self.value);
        }
        push(to, self.name, "");
        let bytes = self.value.chars().filter_map(|character| u8::try_from(character).ok());
        // In front of the line's end.
        let end = to.len() - "\r\n".len();
        to.splice(end..end, bytes);
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({:?}: {:?})", self.name, Redacted(self.value.len()))
    }
}

/// A [`Header`], or a subprotocol, that cannot be sent.
///
/// ```
/// use sockless::handshake::{Header, HeaderError};
///
/// assert_eq!(Header::new("X Name", "x"), Err(HeaderError::Name));
/// assert_eq!(HeaderError::Name.to_string(), "not a token (RFC 9110 §5.6.2)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// A header's name, or a subprotocol, is not a token.
    #[error("not a token (RFC 9110 §5.6.2)")]
    Name,
    /// A value holds CR, LF, NUL or another control character.
    #[error("a control character in a header's value (RFC 9110 §5.5)")]
    Value,
    /// A value that is to be sent in Latin-1 holds a character above U+00FF.
    #[error("a character outside Latin-1 in a header's value")]
    NotLatin1,
    /// A value, given as bytes, is not UTF-8.
    #[error("a header's value that is not UTF-8")]
    NotUtf8,
    /// A header that the handshake itself writes.
    #[error("a header that the handshake writes itself")]
    Reserved,
    /// A subprotocol that was offered before.
    #[error("a subprotocol offered twice (RFC 6455 §4.1)")]
    Repeated,
}

/// Whether this header can be sent, by anyone.
pub(super) fn check(name: &str, value: &[u8]) -> Result<(), HeaderError> {
    if !is_token(name.as_bytes()) {
        return Err(HeaderError::Name);
    }
    if value.iter().any(|byte| is_control(*byte)) {
        return Err(HeaderError::Value);
    }
    Ok(())
}

/// Appends a header line.
#[inline]
pub(super) fn push(to: &mut Vec<u8>, name: &str, value: impl AsRef<[u8]>) {
    for part in [name.as_bytes(), b": ", value.as_ref(), b"\r\n"] {
        to.extend_from_slice(part);
    }
}

/// §11.3: headers that begin so are written by the handshake.
const OURS: &str = "Sec-WebSocket-";

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn what_is_sent_has_no_control_characters() {
        for (name, value, error) in [
            ("", "x", HeaderError::Name),
            ("a b", "x", HeaderError::Name),
            ("a:", "x", HeaderError::Name),
            ("a\r\nb", "x", HeaderError::Name),
            ("ä", "x", HeaderError::Name),
            ("a", "x\r\ny: z", HeaderError::Value),
            ("a", "x\ny", HeaderError::Value),
            ("a", "x\ry", HeaderError::Value),
            ("a", "\0", HeaderError::Value),
            ("a", "\x7f", HeaderError::Value),
            ("sec-websocket-anything", "x", HeaderError::Reserved),
            ("HOST", "x", HeaderError::Reserved),
            ("transfer-encoding", "x", HeaderError::Reserved),
        ] {
            assert_eq!(Header::new(name, value), Err(error), "{name:?} {value:?}");
        }
        let mut lines = Vec::new();
        Header::new("X-Size", "tab\tand größe").unwrap().push(&mut lines);
        assert_eq!(lines, "X-Size: tab\tand größe\r\n".as_bytes());
    }

    #[test]
    fn latin1_is_a_byte_for_each_character() {
        let all: String = (' '..='\u{ff}').filter(|character| *character != '\x7f').collect();
        let mut lines = Vec::from(*b"X: y\r\n");
        Header::latin1("A", &all).unwrap().push(&mut lines);
        let bytes: Vec<u8> = (0x20..=0xff).filter(|byte| *byte != 0x7f).collect();
        assert_eq!(lines, [b"X: y\r\nA: ", &bytes[..], b"\r\n"].concat());
        for (name, value, error) in [
            ("a", "x\u{100}", HeaderError::NotLatin1),
            ("a", "\u{10d}\u{10a}", HeaderError::NotLatin1),
            ("a", "\u{e4}\r\nb: c", HeaderError::Value),
            ("\u{e4}", "x", HeaderError::Name),
            ("Host", "x", HeaderError::Reserved),
        ] {
            assert_eq!(Header::latin1(name, value), Err(error), "{name:?} {value:?}");
        }
    }

    #[test]
    fn nothing_shown_tells_a_value() {
        let lines = b"Cookie: s3cret\r\nX: \r\n\r\n";
        assert_eq!(format!("{:?}", Headers::new(lines)), r#"{"Cookie": 6 bytes, "X": 0 bytes}"#);
        let header = Header::new("Authorization", "s3cret").unwrap();
        assert_eq!(format!("{header:?}"), r#"Header("Authorization": 6 bytes)"#);
    }
}
