//! What two ends can agree on: RFC 7692 §7.1.

use core::fmt;

/// The size of a window, as the base-2 logarithm of its bytes: 8 to 15, for 256 bytes to 32 KiB.
/// RFC 7692 §7.1.2.
///
/// ```
/// use sockless::deflate::WindowBits;
///
/// let bits = WindowBits::new(10).expect("8 to 15");
/// assert_eq!((bits.get(), bits.bytes()), (10, 1024));
/// assert_eq!(WindowBits::new(16), None);
/// assert_eq!(WindowBits::default(), WindowBits::MAX);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 256 bytes. To a peer that asks for this, messages are sent uncompressed: zlib cannot
    /// compress with such a window.
    pub const MIN: Self = Self(8);
    /// 32 KiB, the default.
    pub const MAX: Self = Self(15);

    /// The smallest window that zlib compresses with.
    pub(crate) const SMALLEST_TO_COMPRESS: Self = Self(9);

    /// `None`: not 8 to 15.
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self(bits)),
            _ => None,
        }
    }

    /// Reads the value of a parameter, a quoted one as it lies between its quotes. §7.1.2.1: 8 to
    /// 15, without leading zeros.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        // RFC 9110 §5.6.4: no token has a backslash, so each one here stands before the byte that
        // is meant.
        let mut digits = value.iter().filter(|byte| **byte != b'\\');
        match (digits.next(), digits.next(), digits.next()) {
            (Some(one @ b'8'..=b'9'), None, None) => Some(Self(one - b'0')),
            (Some(b'1'), Some(one @ b'0'..=b'5'), None) => Some(Self(10 + one - b'0')),
            _ => None,
        }
    }

    /// 8 to 15.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The window's size in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        1 << self.0
    }
}

impl Default for WindowBits {
    fn default() -> Self {
        Self::MAX
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What both ends agreed on. RFC 7692 §7.1.
///
/// They are the result, and not the text of a header: that is an [`Offer`](super::Offer) or an
/// [`Answer`](super::Answer).
///
/// ```
/// use sockless::deflate::{Parameters, WindowBits};
/// use sockless::{Extensions, Config, Connection};
///
/// // Negotiated elsewhere.
/// let mut parameters = Parameters::default();
/// assert_eq!(parameters.client_max_window_bits, WindowBits::MAX);
/// parameters.server_no_context_takeover = true;
///
/// let mut agreed = Extensions::default();
/// agreed.deflate = Some(parameters);
/// let connection = Connection::server(agreed, Config::default());
/// # assert!(connection.is_open());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Parameters {
    /// The server compresses each message without the context of those before it. §7.1.1.1.
    pub server_no_context_takeover: bool,
    /// The client compresses each message without the context of those before it. §7.1.1.2.
    pub client_no_context_takeover: bool,
    /// How far back in its messages the server refers at most. §7.1.2.1.
    pub server_max_window_bits: WindowBits,
    /// How far back in its messages the client refers at most. §7.1.2.2.
    pub client_max_window_bits: WindowBits,
}

impl Parameters {
    /// The same, and of the client what either allows.
    pub(crate) fn with_less_of_client(self, other: Self) -> Self {
        Self {
            client_no_context_takeover: self.client_no_context_takeover
                || other.client_no_context_takeover,
            client_max_window_bits: self.client_max_window_bits.min(other.client_max_window_bits),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_value_is_a_number_without_frills() {
        for bits in 0..=255_u8 {
            assert_eq!(
                WindowBits::parse(format!("{bits}").as_bytes()),
                WindowBits::new(bits),
                "{bits}"
            );
        }
        assert_eq!(WindowBits::parse(b"\\1\\2"), WindowBits::new(12));
        for value in [
            "", "+9", "-9", "08", "010", "0", "9.", "9x", "x9", "1", "16", "1:", "150", "115",
            "0xa", "ten", "\u{b2}",
        ] {
            assert_eq!(WindowBits::parse(value.as_bytes()), None, "{value}");
        }
    }
}
