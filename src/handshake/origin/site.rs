//! One origin: that of a web page, which is compared by its parts (RFC 6454 §4, §5), or a text that
//! another client sends as `Origin`.

use crate::handshake::authority::Authority;
use crate::handshake::class::Class;
use crate::handshake::fields::is_spelt;
use alloc::string::String;

/// A site: a scheme, a host and an optional port (RFC 6454 §4). Or a text that is sent as `Origin`
/// and names no site.
///
/// ```
/// use sockless::server::{InvalidOrigin, Origin};
///
/// // Case does not matter, nor whether a default port is written.
/// assert_eq!(Origin::new("https://app.example"), Origin::new("HTTPS://App.Example:443"));
/// assert_eq!(Origin::new("https://app.example/"), Err(InvalidOrigin));
/// assert_eq!(Origin::new("https://*.example"), Err(InvalidOrigin));
///
/// // A text that names no site is compared byte by byte.
/// assert_ne!(Origin::text("file://")?, Origin::text("FILE://")?);
/// # Ok::<(), InvalidOrigin>(())
/// ```
#[derive(Clone, Debug)]
pub struct Origin {
    written: String,
    /// It is compared byte by byte.
    is_text: bool,
}

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// It is not a scheme, a host and an optional port, with nothing around them; or there is a `*`
    /// in it, which would match only itself.
    pub fn new(origin: &str) -> Result<Self, InvalidOrigin> {
        let site = Parts::parse(origin.as_bytes()).filter(|_| !origin.contains('*'));
        site.map(|_| Self { written: origin.into(), is_text: false }).ok_or(InvalidOrigin)
    }

    /// A text that a client sends as `Origin` and that names no site: `null`, `file://`, the name
    /// of an app. It is compared byte by byte.
    ///
    /// Browsers send `null` for a page of *any* site that runs in a sandboxed frame, and for files:
    /// a list with `null` lets every page in, as [`OriginPolicy::Any`](super::OriginPolicy::Any)
    /// does.
    ///
    /// ```
    /// use sockless::server::{InvalidOrigin, Origin, OriginPolicy};
    ///
    /// let list = [Origin::new("https://app.example")?, Origin::text("my-app/1")?];
    /// let policy = OriginPolicy::origins(list);
    /// assert!(policy.check(Some("my-app/1"), "chat.example").is_ok());
    /// assert!(policy.check(Some("my-app/2"), "chat.example").is_err());
    ///
    /// assert_eq!(Origin::text("https://app.example"), Err(InvalidOrigin));
    /// # Ok::<(), InvalidOrigin>(())
    /// ```
    ///
    /// # Errors
    /// It is a site, which is for [`new`](Self::new). Or no client can send it: it is empty, has a
    /// character outside ASCII or a control character, or has white space around it.
    pub fn text(origin: &str) -> Result<Self, InvalidOrigin> {
        let bytes = origin.as_bytes();
        let comes = !bytes.is_empty()
            && bytes.trim_ascii() == bytes
            && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
        if !comes || Parts::parse(bytes).is_some() {
            return Err(InvalidOrigin);
        }
        Ok(Self { written: origin.into(), is_text: true })
    }

    /// The origin as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether this is what a request says, which was taken apart if it can be.
    pub(super) fn is(&self, origin: &[u8], parts: Option<&Parts<'_>>) -> bool {
        if self.is_text {
            self.written.as_bytes() == origin
        } else {
            self.parts().as_ref() == parts && parts.is_some()
        }
    }

    fn parts(&self) -> Option<Parts<'_>> {
        Parts::parse(self.written.as_bytes())
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.is_text == other.is_text && self.is(other.written.as_bytes(), other.parts().as_ref())
    }
}

impl Eq for Origin {}

/// Not an origin: not a scheme, a host and an optional port. RFC 6454 §6.2.
///
/// ```
/// assert_eq!(sockless::server::Origin::new("null").unwrap_err().to_string(), "not an origin (RFC 6454 §6.2)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin (RFC 6454 §6.2)")]
pub struct InvalidOrigin;

/// An origin taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) scheme: &'a [u8],
    pub(super) authority: Authority<'a>,
}

impl<'a> Parts<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        // RFC 3986 §3.1.
        let (scheme, rest) = text.split_at(Class::SCHEME.prefix(text));
        let authority = Authority::parse(rest.strip_prefix(b"://")?)?;
        Some(Self { scheme, authority })
            .filter(|_| scheme.first().is_some_and(u8::is_ascii_alphabetic))
    }

    /// Its port, one that is left out being the default of its scheme.
    pub(super) fn port(&self) -> Option<u16> {
        self.authority.port.or(self.default_port())
    }

    pub(super) fn default_port(&self) -> Option<u16> {
        match self.scheme {
            scheme if is_spelt(scheme, b"http") || is_spelt(scheme, b"ws") => Some(80),
            scheme if is_spelt(scheme, b"https") || is_spelt(scheme, b"wss") => Some(443),
            _ => None,
        }
    }
}

impl PartialEq for Parts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.authority.host == other.authority.host
            && self.port() == other.port()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_wildcards() {
        for origin in [
            "*",
            "*://a.example",
            "https://*",
            "https://*.a.example",
            "https://a.*:80",
            "https://a.example:*",
        ] {
            assert_eq!(Origin::new(origin), Err(InvalidOrigin), "{origin}");
        }
    }

    #[test]
    fn a_text_is_what_can_come_and_names_no_site() {
        for text in
            ["null", "file://", "my-app/1", "My App", "a.example", "https://a.example/", "*"]
        {
            assert_eq!(Origin::text(text).unwrap().as_str(), text);
        }
        for text in
            ["", " null", "null\t", "a\tb", "a\r\nb", "\u{e4}", "https://a.example", "app://local"]
        {
            assert_eq!(Origin::text(text), Err(InvalidOrigin), "{text:?}");
        }
        assert_ne!(Origin::text("Null").unwrap(), Origin::text("null").unwrap());
    }
}
