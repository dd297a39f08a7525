//! A host and an optional port, as in a URL, a `Host` and an `Origin`. RFC 3986 §3.2.
//!
//! ```text
//!   authority = host [ ":" [ port ] ]         no user information: neither Host nor Origin has any, and a ws URL must not
//!   host      = "[" IPv6 address "]" / 1*( unreserved / sub-delims / "%" hex hex )
//! ```

use core::net::Ipv6Addr;

/// A host and an optional port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    pub(super) host: Host<'a>,
    pub(super) port: Option<u16>,
}

/// A name or an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Host<'a> {
    /// A registered name or an IPv4 address.
    Name(&'a str),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

impl<'a> Authority<'a> {
    /// Reads an authority, if it is one.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (host, port) = split(text);
        Some(Self { host: Host::parse(host)?, port: parse_port(port)? })
    }
}

impl<'a> Host<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address.parse().ok().map(Self::V6);
        }
        Some(Self::Name(text)).filter(|_| !text.is_empty() && is_made_of(text, |byte| is_unreserved(byte) || is_sub_delim(byte)))
    }
}

/// Names are equal whatever their case, addresses whatever their spelling.
impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(other)) => one.eq_ignore_ascii_case(other),
            (Self::V6(one), Self::V6(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

/// Cuts an authority into its host and what stands behind the colon.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    // The colons of an IPv6 address stand inside its brackets.
    let name_end = text.rfind(']').unwrap_or(0);
    let colon = text.get(name_end..).and_then(|rest| rest.find(':')).map(|at| name_end + at);
    match colon.and_then(|colon| Some((text.get(..colon)?, text.get(colon + 1..)?))) {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    }
}

/// The port behind the colon: `Some(None)` when it is left out, `None` when it is not a port.
pub(super) fn parse_port(text: Option<&str>) -> Option<Option<u16>> {
    match text {
        None | Some("") => Some(None),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().filter(|port| *port != 0).map(Some),
        Some(_) => None,
    }
}

/// Whether a text has only bytes of this kind, and percent-encoded ones. RFC 3986 §2.1.
pub(super) fn is_made_of(text: &str, kind: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'%' => [bytes.next(), bytes.next()].iter().all(|hex| hex.is_some_and(|hex| hex.is_ascii_hexdigit())),
            byte => kind(byte),
        };
        if !good {
            return false;
        }
    }
    true
}

/// RFC 3986 §2.3.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 3986 §2.2.
pub(super) fn is_sub_delim(byte: u8) -> bool {
    b"!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        let localhost = Host::V6(Ipv6Addr::LOCALHOST);
        for (text, host, port) in [
            ("a.example", Host::Name("A.EXAMPLE"), None),
            ("a.example:", Host::Name("a.example"), None),
            ("a.example:8080", Host::Name("a.example"), Some(8080)),
            ("127.0.0.1:65535", Host::Name("127.0.0.1"), Some(65535)),
            ("[::1]", localhost, None),
            ("[0:0::1]:80", localhost, Some(80)),
            ("a_b%20c", Host::Name("a_b%20c"), None),
        ] {
            assert_eq!(Authority::parse(text), Some(Authority { host, port }), "{text}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            ":80",
            "a.example:65536",
            "a.example:0",
            "a.example:+1",
            "a.example:80:80",
            "user@a.example",
            "a.example/",
            "a b",
            "::1",
            "[::1",
            "::1]",
            "[::1]80",
            "[::1]x:80",
            "[fe80::1%25eth0]",
            "[]",
            "a%2",
            "a%zz",
            "ä.example",
            "a.example#",
            "a\\b",
        ] {
            assert_eq!(Authority::parse(text), None, "{text}");
        }
    }
}
