//! Which web pages may connect: the check of `Origin`, RFC 6455 §4.2.2 point 4 and §10.2.
//!
//! A browser says in `Origin` which site's script opens the connection, and sends that user's cookies along: without a check every
//! site can act as the user. Other clients send no `Origin`, and could send any.
//!
//! | Origin           | `SameHost`                          | `List`     | `Any`   |
//! |------------------|-------------------------------------|------------|---------|
//! | none             | allowed                             | allowed    | allowed |
//! | `null`           | refused                             | refused    | allowed |
//! | no origin at all | refused                             | refused    | allowed |
//! | an origin        | allowed if host and port are Host's | if it is in the list | allowed |
//!
//! Two of them are refused whatever the policy, and so is one with bytes outside ASCII.

use super::authority::Authority;
use super::class::Class;
use super::headers::is_spelt;
use alloc::string::String;
use alloc::sync::Arc;

/// Which web pages may connect.
///
/// ```
/// use sockless::server::{Config, InvalidOrigin, OriginPolicy};
///
/// let mut config = Config::default();
/// assert_eq!(config.origin, OriginPolicy::SameHost);
/// config.origin = OriginPolicy::list(["https://app.example", "http://localhost:5173"])?;
/// # Ok::<(), InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginPolicy {
    /// Pages of this very host: the host and the port of `Origin` equal those of `Host`. A port that is left out, there or here, is the default
    /// of the Origin's scheme; the scheme itself is not compared, for a proxy may have ended the TLS. Behind a proxy that changes `Host`,
    /// use a list. On localhost and in a private network too: any site can let its name point to your address (DNS rebinding), and then its
    /// pages are of this very host.
    #[default]
    SameHost,
    /// Pages of these origins, see [`list`](Self::list).
    List(Arc<[Origin]>),
    /// Pages of any site. Right only where a connection proves nothing about its user: no cookies, no trusted network.
    Any,
}

impl OriginPolicy {
    /// Pages of these origins, each a scheme, a host and perhaps a port: `https://app.example`. There are no wildcards: name each host.
    ///
    /// # Errors
    /// One of them is not an origin. A path, even a single `/`, is not part of one; a `*` is not part of a host.
    pub fn list<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidOrigin> {
        origins.into_iter().map(Origin::new).collect::<Result<_, _>>().map(Self::List)
    }

    /// Whether an origin may connect to this host; `text` is how the host was written.
    pub(super) fn allows(&self, origin: Option<&[u8]>, host: Authority<'_>, text: &[u8]) -> bool {
        let Some(origin) = origin else { return true };
        // "null" has no scheme: it is refused by not being parsed, as all that is malformed.
        let parsed = || Parts::parse(origin);
        match self {
            // Browsers spell both the same, and then there is nothing to take apart: what is left out in one is left out in the other.
            Self::SameHost if matches!(origin.strip_suffix(text), Some(b"http://" | b"https://")) => true,
            Self::SameHost => parsed().is_some_and(|origin| origin.is_page_of(host)),
            Self::List(list) => parsed().is_some_and(|origin| list.iter().filter_map(Origin::parts).any(|listed| listed == origin)),
            Self::Any => true,
        }
    }
}

/// A site: a scheme, a host and perhaps a port. RFC 6454 §4.
///
/// ```
/// use sockless::server::{InvalidOrigin, Origin};
///
/// // Equal whatever the case, a default port said or not.
/// assert_eq!(Origin::new("https://app.example"), Origin::new("HTTPS://App.Example:443"));
/// assert_eq!(Origin::new("https://app.example/"), Err(InvalidOrigin));
/// assert_eq!(Origin::new("https://*.example"), Err(InvalidOrigin));
/// ```
#[derive(Clone, Debug)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// It is not a scheme, a host and perhaps a port, with nothing around them; or there is a `*` in it, which would match nothing but itself.
    pub fn new(origin: &str) -> Result<Self, InvalidOrigin> {
        Parts::parse(origin.as_bytes()).filter(|_| !origin.contains('*')).map(|_| Self(origin.into())).ok_or(InvalidOrigin)
    }

    /// The origin as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> Option<Parts<'_>> {
        Parts::parse(self.0.as_bytes())
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Origin {}

/// Not an origin: not a scheme, a host and perhaps a port. RFC 6454 §6.2.
///
/// ```
/// assert_eq!(sockless::server::Origin::new("null").unwrap_err().to_string(), "not an origin (RFC 6454 §6.2)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin (RFC 6454 §6.2)")]
pub struct InvalidOrigin;

/// An origin taken apart.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    scheme: &'a [u8],
    authority: Authority<'a>,
}

impl<'a> Parts<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        // RFC 3986 §3.1.
        let (scheme, rest) = text.split_at(Class::SCHEME.prefix(text));
        let authority = Authority::parse(rest.strip_prefix(b"://")?)?;
        Some(Self { scheme, authority }).filter(|_| scheme.first().is_some_and(u8::is_ascii_alphabetic))
    }

    /// Whether its host and port are these, its own default being that of a port left out.
    fn is_page_of(&self, host: Authority<'_>) -> bool {
        let default = self.default_port();
        let port = self.authority.port.or(default);
        self.authority.host == host.host && port.is_some() && port == host.port.or(default)
    }

    fn default_port(&self) -> Option<u16> {
        match self.scheme {
            scheme if is_spelt(scheme, b"http") || is_spelt(scheme, b"ws") => Some(80),
            scheme if is_spelt(scheme, b"https") || is_spelt(scheme, b"wss") => Some(443),
            _ => None,
        }
    }

    fn port(&self) -> Option<u16> {
        self.authority.port.or(self.default_port())
    }
}

impl PartialEq for Parts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme) && self.authority.host == other.authority.host && self.port() == other.port()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(policy: &OriginPolicy, origin: &str, host: &str) -> bool {
        policy.allows(Some(origin.as_bytes()), Authority::parse(host.as_bytes()).unwrap(), host.as_bytes())
    }

    #[test]
    fn same_host() {
        let policy = OriginPolicy::SameHost;
        for (origin, host) in [
            ("http://a.example", "a.example"),
            ("https://a.example", "a.example"),
            ("https://A.example", "a.EXAMPLE"),
            ("ws://a.example", "a.example:80"),
            ("wss://a.example", "a.example:443"),
            ("http://a.example", "a.example:80"),
            ("https://a.example", "a.example:443"),
            ("https://a.example:443", "a.example"),
            ("http://a.example:8080", "a.example:8080"),
            ("https://a.example:8080", "a.example:8080"),
            ("http://[::1]:9001", "[0:0:0:0:0:0:0:1]:9001"),
        ] {
            assert!(allows(&policy, origin, host), "{origin} at {host}");
        }
        for (origin, host) in [
            ("null", "a.example"),
            ("", "a.example"),
            ("a.example", "a.example"),
            ("http://", "a.example"),
            ("http://b.example", "a.example"),
            ("http://a.example.evil", "a.example"),
            ("http://evil.a.example", "a.example"),
            ("http://a.example", "a.example:8080"),
            ("http://a.example:8080", "a.example"),
            ("http://a.example", "a.example:443"),
            ("https://a.example", "a.example:80"),
            ("http://a.example@evil", "a.example"),
            ("http://evil@a.example", "a.example"),
            ("http://a.example/", "a.example"),
            ("http://a.example#", "a.example"),
            ("http://a.example http://b.example", "a.example"),
            ("http://[::1]", "[::2]"),
            ("http://[::1]", "a.example"),
            ("custom://a.example", "a.example"),
            ("custom://a.example", "a.example:80"),
            ("://a.example", "a.example"),
            ("1http://a.example:80", "a.example:80"),
            ("-http://a.example:80", "a.example:80"),
        ] {
            assert!(!allows(&policy, origin, host), "{origin} at {host}");
        }
        assert!(allows(&policy, "custom://a.example:80", "a.example:80"));
        assert!(policy.allows(None, Authority::parse(b"a.example").unwrap(), b"a.example"));
    }

    #[test]
    fn lists_compare_the_scheme() {
        let policy = OriginPolicy::list(["https://app.example", "http://localhost:5173"]).unwrap();
        for origin in ["https://app.example", "HTTPS://APP.example:443", "http://localhost:5173"] {
            assert!(allows(&policy, origin, "a.example"), "{origin}");
        }
        for origin in
            ["http://app.example", "http://app.example:443", "https://app.example:80", "http://localhost", "null", "https://a.example"]
        {
            assert!(!allows(&policy, origin, "a.example"), "{origin}");
        }
        assert!(policy.allows(None, Authority::parse(b"a.example").unwrap(), b"a.example"));
    }

    #[test]
    fn there_are_no_wildcards() {
        for origin in ["*", "*://a.example", "https://*", "https://*.a.example", "https://a.*:80", "https://a.example:*"] {
            assert_eq!(OriginPolicy::list(["https://a.example", origin]), Err(InvalidOrigin), "{origin}");
        }
    }

    #[test]
    fn any_asks_nothing() {
        for origin in ["null", "", "http://b.example"] {
            assert!(allows(&OriginPolicy::Any, origin, "a.example"), "{origin}");
        }
    }
}
