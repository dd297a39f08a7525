//! A host and an optional port, as in a URL, a `Host` and an `Origin`. RFC 3986 §3.2.
//!
//! ```text
//!   authority = host [ ":" [ port ] ]         no user information: neither Host nor Origin has any, and a ws URL must not
//!   host      = "[" IPv6 address "]" / 1*( unreserved / sub-delims / "%" hex hex )
//! ```

use super::class::Class;
use core::net::Ipv6Addr;
use core::str;

/// A host and an optional port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    pub(super) host: Host<'a>,
    pub(super) port: Option<u16>,
}

/// A name or an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Host<'a> {
    /// A registered name or an IPv4 address: ASCII.
    Name(&'a [u8]),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

impl<'a> Authority<'a> {
    /// Reads an authority, if it is one.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let (host, port) = split(text);
        Some(Self { host: Host::parse(host)?, port: parse_port(port)? })
    }
}

impl<'a> Host<'a> {
    #[inline]
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        match text {
            [] => None,
            [b'[', address @ .., b']'] => str::from_utf8(address).ok()?.parse().ok().map(Self::V6),
            name => Some(Self::Name(name)).filter(|_| Class::HOST.spans_encoded(name)),
        }
    }
}

/// Names are equal whatever their case, addresses whatever their spelling.
impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // Nearly always they are spelt the same.
            (Self::Name(one), Self::Name(other)) => one == other || one.eq_ignore_ascii_case(other),
            (Self::V6(one), Self::V6(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

/// Cuts an authority into its host and what stands behind the colon.
pub(super) fn split(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    // The colons of an IPv6 address stand inside its brackets.
    let address = match text {
        [b'[', ..] => text.iter().rposition(|byte| *byte == b']').unwrap_or(0),
        _ => 0,
    };
    let (_, rest) = text.split_at(address);
    match rest.iter().position(|byte| *byte == b':').map(|colon| text.split_at(address + colon)) {
        Some((host, port)) => (host, port.get(1..)),
        None => (text, None),
    }
}

/// The port behind the colon: `Some(None)` when it is left out, `None` when it is not a port.
pub(super) fn parse_port(text: Option<&[u8]>) -> Option<Option<u16>> {
    let Some(digits @ [_, ..]) = text else { return Some(None) };
    let port = digits.iter().try_fold(0_u16, |port, digit| {
        let digit = Some(digit.wrapping_sub(b'0')).filter(|digit| *digit < 10)?;
        port.checked_mul(10)?.checked_add(u16::from(digit))
    })?;
    Some(port).filter(|port| *port != 0).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        let localhost = Host::V6(Ipv6Addr::LOCALHOST);
        for (text, host, port) in [
            ("a.example", Host::Name(b"A.EXAMPLE"), None),
            ("a.example:", Host::Name(b"a.example"), None),
            ("a.example:8080", Host::Name(b"a.example"), Some(8080)),
            ("127.0.0.1:65535", Host::Name(b"127.0.0.1"), Some(65535)),
            ("[::1]", localhost, None),
            ("[0:0::1]:80", localhost, Some(80)),
            ("a_b%20c", Host::Name(b"a_b%20c"), None),
        ] {
            assert_eq!(Authority::parse(text.as_bytes()), Some(Authority { host, port }), "{text}");
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
            assert_eq!(Authority::parse(text.as_bytes()), None, "{text}");
        }
    }
}
