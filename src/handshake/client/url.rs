//! The address of a WebSocket, RFC 6455 §3 and RFC 3986.
//!
//! ```text
//!   ( "ws:" / "wss:" ) "//" host [ ":" port ] path [ "?" query ]
//!       80      443                                   no user information, no fragment
//! ```
//!
//! A path and a query are sent as a browser sends them, by the URL standard (WHATWG), "path state"
//! and "query state":
//!
//! | where | percent-encoded, byte by byte                      | as they are            |
//! |-------|----------------------------------------------------|------------------------|
//! | path  | controls, space, not ASCII, ``"<>^`{}``; `\` is `/` | all else: ``[]|%'``    |
//! | query | controls, space, not ASCII, `"<>'`                 | all else: ``[]|%^`{}\`` |
//!
//! Tabs and line breaks, and spaces and control characters at the end, are errors; a browser
//! removes them silently. Dot segments (`/a/../b`) stay. A host must be ASCII, and is used as it
//! is; pass other names in Punycode.

use crate::handshake::authority::{Host, parse_port, split};
use crate::handshake::class::Class;
use crate::handshake::fields::is_spelt;
use alloc::vec::Vec;

/// An address that is not one of a WebSocket.
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
    /// Its path or query holds a tab or a line break, or ends in a space or a control character.
    #[error("a tab, a line break, or white space at the end of an address (RFC 3986 §3.3)")]
    Target,
}

/// An address, taken apart where it lies. All of it but the target is ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) secure: bool,
    /// As it was written, an IPv6 address in its brackets.
    pub(super) host: &'a [u8],
    pub(super) port: u16,
    /// The port's digits; none if it is the default one of the scheme.
    pub(super) digits: &'a [u8],
    /// The path, perhaps empty, and the query: see [`push_target`].
    pub(super) target: &'a [u8],
}

/// Appends a target as it is sent: nothing in it ends a line or a word.
pub(super) fn push_target(to: &mut Vec<u8>, target: &[u8]) {
    if is_sent_as_it_is(target) {
        to.extend_from_slice(target);
        return;
    }
    let (path, query) = split_before(target, |byte| byte == b'?');
    for byte in path {
        match byte {
            // The URL standard, "path state": in a special scheme.
            b'\\' => to.push(b'/'),
            b'^' | b'`' | b'{' | b'}' => push_encoded(to, *byte),
            byte => push_byte(to, *byte),
        }
    }
    for byte in query {
        match byte {
            // The special-query percent-encode set.
            b'\'' => push_encoded(to, b'\''),
            byte => push_byte(to, *byte),
        }
    }
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
            // Neither a host nor a port has a `#` in it, so it is looked for where one of them is
            // wrong; and so is the `@`.
            _ if rest.contains(&b'#') => UrlError::Fragment,
            _ if authority.contains(&b'@') => UrlError::UserInfo,
            // A bracket belongs to a host, and here to one that is none.
            UrlError::Port if authority.contains(&b']') && !host.ends_with(b"]") => UrlError::Host,
            error => error,
        };
        Host::parse(host).ok_or_else(|| blame(UrlError::Host))?;
        let port = parse_port(digits).ok_or_else(|| blame(UrlError::Port))?.unwrap_or(default_port);
        if !is_sent_as_it_is(target) {
            check_target(target)?;
        }
        let digits = digits.filter(|_| port != default_port).unwrap_or_default();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        Ok(Self { secure, host, port, digits: digits.get(zeros..).unwrap_or_default(), target })
    }
}

/// Whether a target is nothing but what is never encoded: most are.
fn is_sent_as_it_is(target: &[u8]) -> bool {
    Class::PATH.spans(target) && !target.contains(&b'\'')
}

fn check_target(target: &[u8]) -> Result<(), UrlError> {
    if target.contains(&b'#') {
        return Err(UrlError::Fragment);
    }
    let breaks = target.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r'));
    let ends_blank = target.last().is_some_and(|last| *last <= b' ');
    if breaks || ends_blank { Err(UrlError::Target) } else { Ok(()) }
}

/// Appends a byte of a path or a query. The query percent-encode set, which the path's has in it.
fn push_byte(to: &mut Vec<u8>, byte: u8) {
    match byte {
        ..=b' ' | b'"' | b'#' | b'<' | b'>' | 0x7f.. => push_encoded(to, byte),
        byte => to.push(byte),
    }
}

fn push_encoded(to: &mut Vec<u8>, byte: u8) {
    let digit = |half: u8| b"0123456789ABCDEF".get(usize::from(half)).copied().unwrap_or_default();
    to.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
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
            ("ws://a.example/\r\nX: y", UrlError::Target),
            ("ws://a.example/a\nb", UrlError::Target),
            ("ws://a.example/?a\tb", UrlError::Target),
            ("ws://a.example/a ", UrlError::Target),
            ("ws://a.example/?a ", UrlError::Target),
            ("ws://a.example/\0", UrlError::Target),
            ("ws://a.example/\n", UrlError::Target),
            ("ws://a.example/ \u{1}#", UrlError::Fragment),
            ("ws://a..b^c/", UrlError::Host),
            ("ws://a|b/", UrlError::Host),
            ("ws://a.example\\@b.example/", UrlError::UserInfo),
        ] {
            assert_eq!(Url::parse(text), Err(error), "{text:?}");
        }
    }

    /// Each expected value is what `new URL(…)` of Chromium and Firefox gives as `pathname` and
    /// `search`.
    #[test]
    fn a_target_is_sent_as_a_browser_sends_it() {
        for (target, sent) in [
            ("", ""),
            ("/?ids[]=1", "/?ids[]=1"),
            ("/a|b", "/a|b"),
            ("/a^b?a^b", "/a%5Eb?a^b"),
            ("/{}?{}", "/%7B%7D?{}"),
            ("/\"?\"", "/%22?%22"),
            ("/`?`", "/%60?`"),
            ("/<>?<>", "/%3C%3E?%3C%3E"),
            ("/'?'", "/'?%27"),
            ("/%?%&%2&%zz&%20", "/%?%&%2&%zz&%20"),
            ("/a b?c d", "/a%20b?c%20d"),
            ("/\0x?\u{1f}x", "/%00x?%1Fx"),
            ("/\x7f?\x7f", "/%7F?%7F"),
            ("/ä?€", "/%C3%A4?%E2%82%AC"),
            ("/a\\b?a\\b", "/a/b?a\\b"),
            ("/a?b?c/d", "/a?b?c/d"),
            ("/~!$&()*+,;=:@-._", "/~!$&()*+,;=:@-._"),
            ("/a/../b/.", "/a/../b/."),
        ] {
            let mut to = Vec::new();
            push_target(&mut to, target.as_bytes());
            assert_eq!(to, sent.as_bytes(), "{target:?}");
            assert!(Url::parse(&alloc::format!("ws://a.example{target}")).is_ok(), "{target:?}");
        }
    }

    /// Whatever it is, no byte of it ends a line or a word, and none is a control character.
    #[test]
    fn every_character_of_a_target() {
        for char in (0..0x2000).filter_map(char::from_u32) {
            for text in [
                alloc::format!("ws://a.example/{char}x"),
                alloc::format!("ws://a.example/?{char}x"),
            ] {
                match Url::parse(&text) {
                    Ok(url) => {
                        let mut to = Vec::new();
                        push_target(&mut to, url.target);
                        assert!(
                            to.iter().all(u8::is_ascii_graphic) && !to.contains(&b'#'),
                            "{char:?}"
                        );
                    }
                    Err(error) => {
                        let expected =
                            if char == '#' { UrlError::Fragment } else { UrlError::Target };
                        assert!(
                            error == expected && matches!(char, '#' | '\t' | '\n' | '\r'),
                            "{char:?}"
                        );
                    }
                }
            }
        }
    }
}
