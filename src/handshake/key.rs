//! The key of the handshake, and the proof that the server has read it, RFC 6455 §1.3, §4.1 point 7
//! and §4.2.2 point 5.4.
//!
//! ```text
//!   16 random bytes ── base64 ──► Sec-WebSocket-Key ── + GUID, SHA-1, base64 ──► Sec-WebSocket-Accept
//! ```

use super::class::Class;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use core::str;
use sha1::{Digest, Sha1};

/// The `Sec-WebSocket-Accept` that belongs to a `Sec-WebSocket-Key`. RFC 6455 §4.2.2 point 5.4.
///
/// This is for an HTTP stack of your own. Spaces around the key are ignored. Whether the key is
/// valid is not checked here, but by
/// [`server::Request::from_parts`](crate::server::Request::from_parts).
///
/// ```
/// use sockless::handshake::accept_key;
///
/// // The example of §1.3.
/// assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ==").as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: impl AsRef<[u8]>) -> AcceptKey {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; AcceptKey::LEN];
    // 20 bytes are 28 characters: the buffer fits exactly.
    let _ = STANDARD.encode_slice(digest, &mut accept);
    AcceptKey(accept)
}

/// The value of a `Sec-WebSocket-Accept`: 28 characters of base64, see [`accept_key`].
///
/// ```
/// use sockless::handshake::{AcceptKey, accept_key};
///
/// let accept: AcceptKey = accept_key("dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(accept.to_string(), accept.as_str());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AcceptKey([u8; Self::LEN]);

impl AcceptKey {
    const LEN: usize = 28;

    /// The value as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for AcceptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AcceptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AcceptKey({})", self.as_str())
    }
}

/// A `Sec-WebSocket-Key`: base64 of 16 bytes. The hash is over its characters as they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key([u8; Self::LEN]);

impl Key {
    pub(super) const LEN: usize = 24;

    /// A new one out of random bytes.
    pub(super) fn new(nonce: [u8; 16]) -> Self {
        let mut key = [0; Self::LEN];
        // 16 bytes are 24 characters: the buffer fits exactly.
        let _ = STANDARD.encode_slice(nonce, &mut key);
        Self(key)
    }

    /// One that was received, if it is 16 bytes when decoded. §4.2.1 point 5.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let key: [u8; Self::LEN] = value.try_into().ok()?;
        // The last digit carries two bits of the 16th byte. Its other four may be anything, as in
        // the key of §4.1: RFC 4648 §3.5 leaves it to the decoder.
        let digits = key.strip_suffix(b"==")?;
        Some(Self(key)).filter(|_| Class::BASE64.spans(digits))
    }

    /// What the server answers to it.
    pub(super) fn accept(&self) -> AcceptKey {
        accept_key(self.0)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// §1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use super::*;
    use base64::alphabet::STANDARD as STANDARD_ALPHABET;
    use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        let good = [
            "dGhlIHNhbXBsZSBub25jZQ==",
            // The spare bits of its last digit are set.
            "dGhlIHNhbXBsZSBub25jZR==",
            "AQIDBAUGBwgJCgsMDQ4PEC==",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "//////////////////////==",
            "44/rEY0LScZ/u2wJCpVbzg==",
        ];
        for key in good {
            assert!(Key::parse(key.as_bytes()).is_some(), "{key}");
        }
        let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let generous = GeneralPurpose::new(&STANDARD_ALPHABET, config);
        for (place, byte) in (0..24).flat_map(|place| (0..=255).map(move |byte| (place, byte))) {
            let mut key = *b"dGhlIHNhbXBsZSBub25jZQ==";
            key[place] = byte;
            let sixteen = generous.decode(key).is_ok_and(|bytes| bytes.len() == 16);
            assert_eq!(Key::parse(&key).is_some(), sixteen, "{byte} at {place}");
        }
        let bad = [
            "",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25j",
            "dGhlIHNhbXBsZSBub25jZQ==A",
            "dGhlIHNhbXBsZSBub25jZ===",
            "dGhl-HNhbXBsZSBub25jZQ==",
        ];
        for key in bad {
            assert!(Key::parse(key.as_bytes()).is_none(), "{key}");
        }
    }

    #[test]
    fn a_new_key_is_valid() {
        for byte in 0..=255 {
            let key = Key::new([byte; 16]);
            assert_eq!(Key::parse(key.as_bytes()), Some(key));
        }
    }
}
