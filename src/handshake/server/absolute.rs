//! A target in absolute form, written in origin form: RFC 9112 §3.2.1, §3.2.2.
//!
//! ```text
//!   GET wss://a.example/x?y HTTP/1.1          GET /x?y HTTP/1.1
//!   Host: b.example                      ──►  Host: a.example
//! ```
//!
//! Such a target names the host that is asked, and `Host` is ignored. The request is rewritten, as
//! a proxy has to do before it forwards one, so that the target, the headers and the `Origin`
//! policy agree on the host.

use crate::handshake::authority::Authority;
use crate::handshake::fields::Known;
use crate::handshake::head::{Parsed, Request};
use alloc::vec::Vec;
use core::ops::Range;

/// Where the parts lie that are written in another way.
pub(super) struct Absolute {
    /// Where the target begins.
    target: usize,
    /// The authority in it; the path follows.
    authority: Range<usize>,
    /// Where the name `Host` ends.
    host: usize,
}

impl Absolute {
    /// `None` if the target is not in absolute form with a scheme of HTTP or WebSocket. User
    /// information is not allowed in the authority: RFC 9110 §4.2.4 warns of it, and RFC 6455 §3
    /// does not have it.
    pub(super) fn of(head: &Parsed<'_, '_, Request>) -> Option<Self> {
        let target = head.line.target;
        let (scheme, rest) = target.split_once("://")?;
        if !["ws", "wss", "http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let authority =
            rest.as_bytes().get(..end).filter(|authority| Authority::parse(authority).is_some())?;
        let host = head
            .headers
            .iter()
            .find(|header| Known::from_name(header.name) == Some(Known::Host))?;
        Some(Self {
            target: head.place(target.as_bytes()).start,
            authority: head.place(authority),
            host: head.place(host.name.as_bytes()).end,
        })
    }

    /// The same request, its target in origin form. It is shorter.
    pub(super) fn rewrite(&self, head: &[u8]) -> Vec<u8> {
        let part = |range: Range<usize>| head.get(range).unwrap_or_default();
        let behind = part(self.host..head.len());
        let line_end =
            self.host + behind.iter().position(|byte| *byte == b'\r').unwrap_or(behind.len());
        // RFC 9112 §3.2.1: an empty path is sent as "/".
        let slash: &[u8] = if head.get(self.authority.end) == Some(&b'/') { b"" } else { b"/" };
        [
            part(0..self.target),
            slash,
            part(self.authority.end..self.host),
            b": ",
            part(self.authority.clone()),
            part(line_end..head.len()),
        ]
        .concat()
    }
}
