//! What two ends can agree on: RFC 7692 §7.1.

use core::fmt;

/// The size of a window, as the base-2 logarithm of its bytes: 8 to 15, for 256 bytes to 32 KiB. RFC 7692 §7.1.2.
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
    /// 256 bytes. What is sent to a peer that asks for so little is not compressed: zlib has no such window.
    pub const MIN: Self = Self(8);
    /// 32 KiB: what holds where nothing was said.
    pub const MAX: Self = Self(15);

    /// `None`: not 8 to 15.
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self(bits)),
            _ => None,
        }
    }

    /// 8 to 15.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The window's size in bytes.
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

/// What a server's answer says and both ends keep to. RFC 7692 §7.1.
///
/// Shown, it is the element of `Sec-WebSocket-Extensions` that says so.
///
/// ```
/// use sockless::deflate::{Parameters, WindowBits};
///
/// let mut parameters = Parameters::default();
/// assert_eq!(parameters.to_string(), "permessage-deflate");
/// parameters.server_no_context_takeover = true;
/// parameters.client_max_window_bits = WindowBits::new(10).expect("8 to 15");
/// assert_eq!(parameters.to_string(), "permessage-deflate; server_no_context_takeover; client_max_window_bits=10");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Parameters {
    /// The server compresses each message without a look at those before it. §7.1.1.1.
    pub server_no_context_takeover: bool,
    /// The client compresses each message without a look at those before it. §7.1.1.2.
    pub client_no_context_takeover: bool,
    /// How far back in its messages the server refers at most. §7.1.2.1.
    pub server_max_window_bits: WindowBits,
    /// How far back in its messages the client refers at most. §7.1.2.2.
    pub client_max_window_bits: WindowBits,
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permessage-deflate")?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if self.server_max_window_bits < WindowBits::MAX {
            write!(f, "; server_max_window_bits={}", self.server_max_window_bits)?;
        }
        if self.client_max_window_bits < WindowBits::MAX {
            write!(f, "; client_max_window_bits={}", self.client_max_window_bits)?;
        }
        Ok(())
    }
}
