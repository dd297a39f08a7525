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
use alloc::format;
use alloc::string::String;

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

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) secure: bool,
    /// In lower case, without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// What goes into `Host`: the brackets on, a default port left out. §4.1 point 4.
    pub(super) authority: String,
    /// The resource name: the path, `/` for an empty one, and the query. §3.
    pub(super) target: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case("ws") => false,
            _ if scheme.eq_ignore_ascii_case("wss") => true,
            _ => return Err(UrlError::Scheme),
        };
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, port) = split(authority.as_bytes());
        Host::parse(host).ok_or(UrlError::Host)?;
        let default_port = if secure { 443 } else { 80 };
        let port = parse_port(port).ok_or(UrlError::Port)?.unwrap_or(default_port);
        if !Class::PATH.spans_encoded(target.as_bytes()) {
            return Err(UrlError::Target);
        }
        let host = authority.get(..host.len()).unwrap_or_default().to_ascii_lowercase();
        Ok(Self {
            secure,
            port,
            authority: if port == default_port { host.clone() } else { format!("{host}:{port}") },
            host: host.trim_start_matches('[').trim_end_matches(']').into(),
            target: if target.starts_with('/') { target.into() } else { format!("/{target}") },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, secure, host, port, authority, target) in [
            ("ws://a.example", false, "a.example", 80, "a.example", "/"),
            ("wss://a.example", true, "a.example", 443, "a.example", "/"),
            ("WSS://A.Example:443/Chat", true, "a.example", 443, "a.example", "/Chat"),
            ("ws://a.example:443/", false, "a.example", 443, "a.example:443", "/"),
            ("ws://a.example:/?a=b&c=%20/?", false, "a.example", 80, "a.example", "/?a=b&c=%20/?"),
            ("ws://a.example?a", false, "a.example", 80, "a.example", "/?a"),
            ("ws://[::1]:9001/x", false, "::1", 9001, "[::1]:9001", "/x"),
            ("ws://[2001:DB8::1]", false, "2001:db8::1", 80, "[2001:db8::1]", "/"),
            ("ws://127.0.0.1:65535//x@y:z", false, "127.0.0.1", 65535, "127.0.0.1:65535", "//x@y:z"),
        ] {
            let url = Url { secure, host: host.into(), port, authority: authority.into(), target: target.into() };
            assert_eq!(Url::parse(text), Ok(url), "{text}");
        }
    }

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
