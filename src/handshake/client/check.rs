//! What an answer must be to open a connection, RFC 6455 §4.1 (the checks at its end) and §4.2.2,
//! and how long the body of a refusal is, RFC 9112 §6.3.

use super::body::Framing;
use super::request::Offered;
#[cfg(feature = "deflate")]
use crate::deflate::Offer;
use crate::extensions::Extensions;
use crate::handshake::error::HandshakeError;
use crate::handshake::extensions;
use crate::handshake::fields::{Known, Single, elements, has_element, is_spelt, is_token};
use crate::handshake::head::{Parsed, Response, StatusLine};
use crate::handshake::key::Key;
use core::ops::Range;
use core::str;
use httparse::Header;

/// What an answer is.
#[derive(Debug)]
pub(super) enum Answer {
    /// A 101 that meets all rules; where its subprotocol lies in the head, and what it accepts of
    /// the extensions.
    Open { protocol: Option<Range<usize>>, extensions: Extensions },
    /// An interim answer. RFC 9110 §15.2.
    Interim,
    /// Any other status. `reusable`: nothing in the head forbids another request on the connection.
    Refused { status: u16, framing: Framing, reusable: bool },
}

pub(super) fn check(
    head: &Parsed<'_, '_, Response>,
    key: &Key,
    offered: &Offered,
) -> Result<Answer, HandshakeError> {
    let StatusLine { status, minor } = head.line;
    let fields = Fields::of(head.headers);
    match status {
        101 => {
            let (protocol, extensions) = fields.check(key, offered, head.headers)?;
            Ok(Answer::Open { protocol: protocol.map(|protocol| head.place(protocol)), extensions })
        }
        100..=199 => Ok(Answer::Interim),
        200.. => {
            let (framing, certain) = fields.framing(status, minor);
            // RFC 9112 §9.3; of HTTP/1.0 it takes more than a word to be sure.
            let reusable = certain && minor > 0 && !closes(head.headers) && !head.bare_lf;
            Ok(Answer::Refused { status, framing, reusable })
        }
        _ => Err(HandshakeError::MalformedStartLine),
    }
}

/// Whether Connection has the token "close". RFC 9112 §9.6.
fn closes(headers: &[Header<'_>]) -> bool {
    let is_connection =
        |header: &&Header<'_>| Known::from_name(header.name) == Some(Known::Connection);
    headers.iter().filter(is_connection).any(|header| has_element(header.value, b"close"))
}

/// What the headers say, with all lines of one name taken together.
#[derive(Default)]
struct Fields<'b> {
    upgrade: Single<'b>,
    /// Connection has the token "upgrade".
    connection: bool,
    accept: Single<'b>,
    /// The subprotocols that are named, in whichever lines: §11.3.4.
    protocol: Single<'b>,
    length: Length,
    codings: Codings,
}

impl<'b> Fields<'b> {
    fn of(headers: &[Header<'b>]) -> Self {
        let mut fields = Self::default();
        for Header { name, value } in headers {
            match Known::from_name(name) {
                Some(Known::Upgrade) => fields.upgrade.add(value),
                Some(Known::Connection) => fields.connection |= has_element(value, b"upgrade"),
                Some(Known::Accept) => fields.accept.add(value),
                // RFC 9110 §5.6.1: an empty element, or list, is as if it were not there.
                Some(Known::Protocol) => {
                    elements(value).for_each(|protocol| fields.protocol.add(protocol))
                }
                Some(Known::ContentLength) => fields.length.add(value),
                Some(Known::TransferEncoding) => fields.codings.add(value),
                Some(
                    Known::Host | Known::Origin | Known::Key | Known::Version | Known::Extensions,
                )
                | None => {}
            }
        }
        fields
    }

    /// The subprotocol and the extensions of a 101 that breaks no rule.
    fn check(
        &self,
        key: &Key,
        offered: &Offered,
        headers: &[Header<'b>],
    ) -> Result<(Option<&'b [u8]>, Extensions), HandshakeError> {
        // §4.1: "2."
        if !self
            .upgrade
            .one(HandshakeError::MissingUpgrade, HandshakeError::InvalidUpgrade)?
            .eq_ignore_ascii_case(b"websocket")
        {
            return Err(HandshakeError::InvalidUpgrade);
        }
        // §4.1: "3."
        if !self.connection {
            return Err(HandshakeError::MissingConnection);
        }
        // §4.1: "4."
        if self.accept.one(HandshakeError::MissingAccept, HandshakeError::RepeatedAccept)?
            != key.accept().as_bytes()
        {
            return Err(HandshakeError::WrongAccept);
        }
        // §4.1: "5.", §9.1.
        let extensions = extend(extensions::lines(headers), offered)?;
        // RFC 9112 §6.3: a 1xx has no body, whatever its headers say. What follows the head are
        // frames.
        // §4.1: "6.", §11.3.4.
        match self.protocol.at_most_one(HandshakeError::SeveralProtocols)? {
            Some(protocol)
                if !elements(offered.protocols.as_bytes()).any(|offered| offered == protocol) =>
            {
                Err(HandshakeError::ProtocolNotOffered)
            }
            protocol => Ok((protocol, extensions)),
        }
    }

    /// How long the body is, and whether that is beyond doubt. RFC 9112 §6.3.
    fn framing(&self, status: u16, minor: u8) -> (Framing, bool) {
        let Codings { last, doubtful } = self.codings;
        match (last, self.length) {
            // A 304 may say how long its body would be (RFC 9110 §8.6), or how it would be coded
            // (§6.1), within the rules for a body that is there.
            (Coding::None, length) if status == 304 => {
                (Framing::Length(0), !matches!(length, Length::Invalid))
            }
            (Coding::Chunked, Length::None) if status == 304 => (Framing::Length(0), !doubtful),
            _ if status == 304 => (Framing::Length(0), false),
            // A 204 must have neither.
            (coding, length) if status == 204 => {
                let says_none = matches!(length, Length::None | Length::Bytes(0));
                (Framing::Length(0), says_none && coding == Coding::None)
            }
            // A coding overrides a length. HTTP/1.0 knows no coding: such a message is faulty, and
            // ends with its stream.
            (Coding::Chunked, length) if minor > 0 => {
                (Framing::Chunked, matches!(length, Length::None) && !doubtful)
            }
            (Coding::Chunked | Coding::Other, _) | (Coding::None, Length::None) => {
                (Framing::ToEnd, false)
            }
            (Coding::None, Length::Bytes(length)) => (Framing::Length(length), true),
            (Coding::None, Length::Invalid) => (Framing::Doubtful, false),
        }
    }
}

/// What an answer accepts of the extensions that were offered.
#[cfg(feature = "deflate")]
fn extend<'b>(
    lines: impl Iterator<Item = &'b [u8]>,
    offered: &Offered,
) -> Result<Extensions, HandshakeError> {
    Offer::check_answer(&offered.compression, lines)
}

/// None is offered.
#[cfg(not(feature = "deflate"))]
fn extend<'b>(
    lines: impl Iterator<Item = &'b [u8]>,
    _: &Offered,
) -> Result<Extensions, HandshakeError> {
    extensions::for_each(lines, |_, _| Err(HandshakeError::ExtensionNotOffered))
        .map(|()| Extensions::default())
}

/// What all lines of `Transfer-Encoding` say together. RFC 9112 §6.1.
#[derive(Clone, Copy, Default)]
struct Codings {
    last: Coding,
    /// Another reader could find another last one.
    doubtful: bool,
}

/// The last coding.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Coding {
    /// No line names any.
    #[default]
    None,
    Chunked,
    /// Another one, or there is none in the list.
    Other,
}

impl Codings {
    fn add(&mut self, value: &[u8]) {
        for coding in elements(value) {
            // §6.1: "chunked" stands once, at the end. A parameter (§7) may hold a comma that is
            // no end of an element: only plain tokens are beyond doubt.
            self.doubtful |= self.last == Coding::Chunked || !is_token(coding);
            self.last = if is_spelt(coding, b"chunked") { Coding::Chunked } else { Coding::Other };
        }
        // An empty line says nothing of the codings in those before it.
        if self.last == Coding::None {
            self.last = Coding::Other;
        }
    }
}

/// What all lines of `Content-Length` say together. RFC 9110 §8.6: the same number may be repeated.
#[derive(Clone, Copy, Default)]
enum Length {
    #[default]
    None,
    Bytes(u64),
    Invalid,
}

impl Length {
    fn add(&mut self, value: &[u8]) {
        for number in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            // `parse` takes a sign, HTTP does not.
            let digits = Some(number).filter(|number| number.iter().all(u8::is_ascii_digit));
            let bytes = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
            *self = match (*self, bytes) {
                (Self::None, Some(bytes)) => Self::Bytes(bytes),
                (Self::Bytes(before), Some(bytes)) if before == bytes => Self::Bytes(bytes),
                _ => Self::Invalid,
            };
        }
    }
}
