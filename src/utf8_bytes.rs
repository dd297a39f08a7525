//! Text as shared bytes that are known to be UTF-8.

use crate::utf8::{self, InvalidUtf8};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::ops::{Bound, RangeBounds};

/// Text in [`Bytes`]: checked once, when it is made, and cheap to clone and to cut.
///
/// It is sent without another check, and a server queues it without a copy from 2 KiB on. Use it
/// for text that comes as bytes, from a broker or a file, or that is a part of another text. To
/// send one message to many connections, a [`PreparedMessage`](crate::PreparedMessage) is better:
/// it shares compressed forms too.
///
/// ```
/// use bytes::Bytes;
/// use sockless::{Config, Connection, Extensions, Utf8Bytes};
///
/// let news = Utf8Bytes::try_from(Bytes::from("{\"price\":7}"))?;
/// for _ in 0..3 {
///     let mut connection = Connection::server(Extensions::default(), Config::default());
///     connection.send_text(&news)?;
///     assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x81\x0b{\"price\":7}"[..]));
/// }
/// assert!(Utf8Bytes::try_from(Bytes::from_static(b"\xff")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utf8Bytes(Bytes);

impl Utf8Bytes {
    /// A text that is part of the program. Nothing is allocated.
    ///
    /// ```
    /// use sockless::Utf8Bytes;
    ///
    /// const GREETING: Utf8Bytes = Utf8Bytes::from_static("hello");
    /// assert_eq!(GREETING, "hello");
    /// ```
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The bytes, which are UTF-8.
    ///
    /// ```
    /// use sockless::Utf8Bytes;
    ///
    /// assert_eq!(Utf8Bytes::from("é").as_bytes(), b"\xc3\xa9");
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text. This checks the bytes again, because without unsafe code there is no other way to
    /// a `str`. If you need the text often, keep the result.
    ///
    /// ```
    /// use sockless::Utf8Bytes;
    ///
    /// assert_eq!(Utf8Bytes::from(String::from("é")).as_str(), "é");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        utf8::check(&self.0).unwrap_or_default()
    }

    /// The length in bytes.
    ///
    /// ```
    /// use sockless::Utf8Bytes;
    ///
    /// assert_eq!((Utf8Bytes::from("é").len(), Utf8Bytes::default().len()), (2, 0));
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is the empty text.
    ///
    /// ```
    /// use sockless::Utf8Bytes;
    ///
    /// assert!(Utf8Bytes::default().is_empty() && !Utf8Bytes::from("é").is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A part of the text, as a range of bytes, without a copy or another check. `None`: the range
    /// is beyond the text, begins or ends within a character, or ends before it begins.
    ///
    /// ```
    /// use sockless::Utf8Bytes;
    ///
    /// let text = Utf8Bytes::from("café au lait");
    /// assert_eq!(text.slice(..5).as_ref(), Some(&Utf8Bytes::from("café")));
    /// assert_eq!(text.slice(..4), None, "within é");
    /// assert_eq!(text.slice(9..), Some("lait".into()));
    /// assert_eq!(text.slice(9..100), None);
    /// ```
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Option<Self> {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.checked_add(1)?,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.checked_add(1)?,
            Bound::Excluded(end) => *end,
            Bound::Unbounded => self.0.len(),
        };
        let is_part = start <= end && self.is_boundary(start) && self.is_boundary(end);
        is_part.then(|| Self(self.0.slice(start..end)))
    }

    /// Whether a character begins at this place, or the text ends.
    fn is_boundary(&self, at: usize) -> bool {
        match self.0.get(at) {
            Some(byte) => byte & 0xc0 != 0x80,
            None => at == self.0.len(),
        }
    }
}

impl From<&'static str> for Utf8Bytes {
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl From<String> for Utf8Bytes {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// From the text of an [`Event::Text`](crate::Event::Text): owned text is moved, borrowed text is
/// copied.
impl From<Cow<'_, str>> for Utf8Bytes {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}

impl TryFrom<Bytes> for Utf8Bytes {
    type Error = InvalidUtf8;

    fn try_from(bytes: Bytes) -> Result<Self, InvalidUtf8> {
        match utf8::check(&bytes) {
            Some(_) => Ok(Self(bytes)),
            None => Err(InvalidUtf8),
        }
    }
}

impl TryFrom<Vec<u8>> for Utf8Bytes {
    type Error = InvalidUtf8;

    fn try_from(bytes: Vec<u8>) -> Result<Self, InvalidUtf8> {
        Bytes::from(bytes).try_into()
    }
}

impl From<Utf8Bytes> for Bytes {
    fn from(text: Utf8Bytes) -> Self {
        text.0
    }
}

impl AsRef<[u8]> for Utf8Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<str> for Utf8Bytes {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Utf8Bytes {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl fmt::Display for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// As of a `str`.
impl fmt::Debug for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// As `str::get` does, at every place and in every way to say it.
    #[test]
    fn a_part_is_one_of_whole_characters() {
        let whole = "aé€😀z";
        let text = Utf8Bytes::from(whole);
        let mut parts = 0;
        for start in 0..whole.len() + 2 {
            for end in 0..whole.len() + 2 {
                let expected = whole.get(start..end);
                let part = text.slice(start..end);
                assert_eq!(part.as_ref().map(Utf8Bytes::as_str), expected, "{start}..{end}");
                assert_eq!(text.slice((Bound::Included(start), Bound::Excluded(end))), part);
                if let (Some(before), Some(last)) = (start.checked_sub(1), end.checked_sub(1)) {
                    let bounds = (Bound::Excluded(before), Bound::Included(last));
                    assert_eq!(text.slice(bounds), part);
                }
                parts += usize::from(part.is_some());
            }
            assert_eq!(text.slice(start..).as_ref().map(Utf8Bytes::as_str), whole.get(start..));
            assert_eq!(text.slice(..start).as_ref().map(Utf8Bytes::as_str), whole.get(..start));
        }
        assert_eq!(parts, 6 * 7 / 2, "of 6 boundaries");
        let beyond = (Bound::Excluded(usize::MAX), Bound::Included(usize::MAX));
        assert_eq!(text.slice(beyond), None);
        assert_eq!(text.slice(..), Some(text.clone()));
    }

    #[test]
    fn it_is_shown_as_the_text() {
        let text = Utf8Bytes::from("\"é\"\n");
        assert_eq!(
            (format!("{text}"), format!("{text:?}")),
            ("\"é\"\n".into(), format!("{:?}", "\"é\"\n"))
        );
    }

    /// Where the bytes lie tells whether they were copied.
    #[test]
    fn what_is_owned_is_moved() {
        let owned = "é".repeat(1000);
        let place = owned.as_ptr();
        let text = Utf8Bytes::from(Cow::from(owned));
        assert_eq!(text.as_bytes().as_ptr(), place);
        let bytes = Bytes::from(text.slice(2..).unwrap());
        assert_eq!(bytes.as_ptr().addr(), place.addr() + 2);
        assert_eq!(Utf8Bytes::try_from(bytes).unwrap(), *"é".repeat(999));
        assert_eq!(Utf8Bytes::try_from(b"\xed\xa0\x80".to_vec()), Err(InvalidUtf8));
    }
}
