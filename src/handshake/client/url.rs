//! The address of a WebSocket, RFC 6455 §3 and RFC 3986.
//!
//! ```text
//!   ( "ws:" / "wss:" ) "//" host [ ":" port ] path [ "?" query ]
//!       80      443                                   no user information, no fragment
//! ```
//!
//! An address with characters outside ASCII is to be percent-encoded, its host in Punycode, before it comes here.

use crate::handshake::authority::{Host, parse_port, split};
use crate::handshake::class::Class;
use crate::handshake::headers::is_spelt;

/// An address that is none of a WebSocket.
///
/// ```
/// use sockless::client::{Request, UrlError};
///
/// assert_eq!(Request::new("http://a.example").unwrap_err(), UrlError::Scheme);
/// assert_eq!(Request::new("ws://a.example/#top").unwrap_err(), UrlError::Fragment);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It does not begin with `ws://` or `wss://`.
    #[error("not a ws: or wss: address (RFC 6455 §3)")]
    Scheme,
    /// It has a fragment, behind `#`.
    #[error("an address with a fragment (RFC 6455 §3)")]
    Fragment,
    /// It has a user's name or password, before `@`.
    #[error("an address with user information (RFC 6455 §3)")]
    UserInfo,
    /// Its host is missing, or is neither a name nor an address.
    #[error("not a host (RFC 3986 §3.2.2)")]
    Host,
    /// Its port is not a number from 1 to 65535.
    #[error("not a port (RFC 3986 §3.2.3)")]
    Port,
    /// Its path or query holds what is to be percent-encoded.
    #[error("not a path and a query (RFC 3986 §3.3)")]
    Target,
}

/// An address, taken apart where it lies. All of it is ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) secure: bool,
    /// As it was written, an IPv6 address in its brackets.
    pub(super) host: &'a [u8],
    pub(super) port: u16,
    /// The port's digits; none if it is the default one of the scheme.
    pub(super) digits: &'a [u8],
    /// The path, perhaps empty, and the query.
    pub(super) target: &'a [u8],
}

impl<'a> Url<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, UrlError> {
        let (scheme, rest) = split_before(text.as_bytes(), |byte| byte == b':');
        let rest = rest.strip_prefix(b"://").ok_or(UrlError::Scheme)?;
        let (secure, default_port) = match scheme {
            scheme if is_spelt(scheme, b"ws") => (false, 80),
            scheme if is_spelt(scheme, b"wss") => (true, 443),
            _ => return Err(UrlError::Scheme),
        };
        let (authority, target) = split_before(rest, |byte| matches!(byte, b'/' | b'?'));
        let (host, digits) = split(authority);
        let blame = |error| match error {
            // Neither a host, a port nor a path has a `#` in it, so it is looked for where one of them is wrong; and so is the `@`.
            _ if rest.contains(&b'#') => UrlError::Fragment,
            _ if authority.contains(&b'@') => UrlError::UserInfo,
            // A bracket belongs to a host, and here to one that is none.
            UrlError::Port if authority.contains(&b']') && !host.ends_with(b"]") => UrlError::Host,
            error => error,
        };
        Host::parse(host).ok_or_else(|| blame(UrlError::Host))?;
        let port = parse_port(digits).ok_or_else(|| blame(UrlError::Port))?.unwrap_or(default_port);
        if !Class::PATH.spans_encoded(target) {
            return Err(blame(UrlError::Target));
        }
        let digits = digits.filter(|_| port != default_port).unwrap_or_default();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        Ok(Self { secure, host, port, digits: digits.get(zeros..).unwrap_or_default(), target })
    }
}

/// Cuts a text in two in front of the first such byte.
fn split_before(text: &[u8], byte: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|other| byte(*other)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none() {
        for (text, error) in [
            ("", UrlError::Scheme),
            ("a.example", UrlError::Scheme),
            ("ws:a.example", UrlError::Scheme),
            ("http://a.example", UrlError::Scheme),
            (" ws://a.example", UrlError::Scheme),
            ("ws://a.example#", UrlError::Fragment),
            ("ws://a.example/x#y", UrlError::Fragment),
            ("ws://user@a b:x/#y", UrlError::Fragment),
            ("ws://user@a b:x/ ", UrlError::UserInfo),
            ("ws://user@a.example", UrlError::UserInfo),
            ("ws://user:secret@a.example/", UrlError::UserInfo),
            ("ws://", UrlError::Host),
            ("ws:///x", UrlError::Host),
            ("ws://:80", UrlError::Host),
            ("ws://a b/", UrlError::Host),
            ("ws://a\r\nb/", UrlError::Host),
            ("ws://ä.example", UrlError::Host),
            ("ws://[::1/", UrlError::Host),
            ("ws://[::g]/", UrlError::Host),
            ("ws://a.example\\b", UrlError::Host),
            ("ws://::1]:80/", UrlError::Host),
            ("ws://a.example:0", UrlError::Port),
            ("ws://a.example:65536", UrlError::Port),
            ("ws://a.example:+80", UrlError::Port),
            ("ws://a.example:80:80", UrlError::Port),
            ("ws://a.example/a b", UrlError::Target),
            ("ws://a.example/\r\nX: y", UrlError::Target),
            ("ws://a.example/ä", UrlError::Target),
            ("ws://a.example/%", UrlError::Target),
            ("ws://a.example/%zz", UrlError::Target),
            ("ws://a.example/\0", UrlError::Target),
        ] {
            assert_eq!(Url::parse(text), Err(error), "{text:?}");
        }
    }
}
