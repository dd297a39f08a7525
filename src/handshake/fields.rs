//! The header lines that a handshake knows, and the lists and tokens in them.

use super::class::Class;

/// The headers that mean something to the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Host,
    Origin,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Accept,
    Version,
    Protocol,
    Extensions,
}

impl Known {
    /// The length decides first: most names need one comparison or none.
    #[inline]
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        let (known, spelt) = match name.len() {
            4 => (Self::Host, is_spelt(name, b"host")),
            6 => (Self::Origin, is_spelt(name, b"origin")),
            7 => (Self::Upgrade, is_spelt(name, b"upgrade")),
            10 => (Self::Connection, is_spelt(name, b"connection")),
            14 => (Self::ContentLength, is_spelt(name, b"content-length")),
            17 if is_spelt(name, b"sec-websocket-key") => (Self::Key, true),
            17 => (Self::TransferEncoding, is_spelt(name, b"transfer-encoding")),
            20 => (Self::Accept, is_spelt(name, b"sec-websocket-accept")),
            21 => (Self::Version, is_spelt(name, b"sec-websocket-version")),
            22 => (Self::Protocol, is_spelt(name, b"sec-websocket-protocol")),
            24 => (Self::Extensions, is_spelt(name, b"sec-websocket-extensions")),
            _ => return None,
        };
        Some(known).filter(|_| spelt)
    }
}

/// Whether a text is this word, case ignored: the same as `eq_ignore_ascii_case`, but all bytes at
/// once, as the word's length is known to the compiler.
///
/// The word has letters of lower case, and in names `-`. Bit 5 makes such a letter out of its other
/// case and out of nothing else, and a `-` out of a CR, which no name holds.
#[inline]
pub(super) fn is_spelt<const N: usize>(text: &[u8], word: &[u8; N]) -> bool {
    text.first_chunk::<N>().is_some_and(|text| {
        text.iter().zip(word).fold(0, |apart, (byte, lower)| apart | ((byte | 0x20) ^ lower)) == 0
    }) && text.len() == N
}

/// A header that may stand once.
#[derive(Clone, Copy, Default)]
pub(super) struct Single<'b> {
    value: Option<&'b [u8]>,
    repeated: bool,
}

impl<'b> Single<'b> {
    pub(super) fn add(&mut self, value: &'b [u8]) {
        self.repeated |= self.value.is_some();
        self.value.get_or_insert(value);
    }

    /// The value, if there is one; the error, if there are more.
    pub(super) fn at_most_one<E>(self, repeated: E) -> Result<Option<&'b [u8]>, E> {
        if self.repeated { Err(repeated) } else { Ok(self.value) }
    }

    /// The one value, or which error it is.
    pub(super) fn one<E>(self, missing: E, repeated: E) -> Result<&'b [u8], E> {
        self.at_most_one(repeated)?.ok_or(missing)
    }
}

/// The elements of a list, RFC 9110 §5.6.1: between commas, empty ones ignored.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Whether a list has this word as an element, case ignored: see [`is_spelt`].
#[inline]
pub(super) fn has_element<const N: usize>(value: &[u8], word: &[u8; N]) -> bool {
    // Most lists have one element, and nothing around it.
    is_spelt(value, word) || elements(value).any(|element| is_spelt(element, word))
}

/// RFC 9110 §5.6.2.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && Class::TOKEN.spans(text)
}

/// A byte that no line of a head can hold.
pub(super) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_ignore_case_white_space_and_empty_elements() {
        for value in [
            "Upgrade",
            "upgrade",
            "keep-alive, Upgrade",
            ",, \tUPGRADE\t ,",
            "keep-alive,Upgrade,x",
        ] {
            assert!(has_element(value.as_bytes(), b"upgrade"), "{value}");
        }
        for value in ["", ",", "Upgrades", "Up grade", "up,grade", "upgrade;q=1"] {
            assert!(!has_element(value.as_bytes(), b"upgrade"), "{value}");
        }
    }
}
