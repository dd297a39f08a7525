//! What an answer must be to open a connection, RFC 6455 §4.1 (the checks at its end) and §4.2.2, and how long a refusing answer's body
//! is, RFC 9112 §6.3.

use super::body::Framing;
use super::request::Offered;
use crate::agreement::Agreement;
#[cfg(feature = "deflate")]
use crate::deflate::Offer;
use crate::handshake::error::HandshakeError;
use crate::handshake::extensions;
use crate::handshake::head::{Parsed, Response, StatusLine};
use crate::handshake::headers::{Known, Single, elements, has_element};
use crate::handshake::key::Key;
use core::ops::Range;
use core::str;
use httparse::Header;

/// What an answer is.
#[derive(Debug)]
pub(super) enum Answer {
    /// A 101 that meets all rules; where its subprotocol lies in the head, and what it accepts of the extensions.
    Open { protocol: Option<Range<usize>>, agreement: Agreement },
    /// Not the last word. RFC 9110 §15.2.
    Interim,
    /// Any other status.
    Refused { status: u16, framing: Framing },
}

pub(super) fn check(head: &Parsed<'_, '_, Response>, key: &Key, offered: &Offered) -> Result<Answer, HandshakeError> {
    let StatusLine { status, minor } = head.line;
    let fields = Fields::of(head.headers);
    match status {
        101 => {
            let (protocol, agreement) = fields.check(minor, key, offered, head.headers)?;
            Ok(Answer::Open { protocol: protocol.map(|protocol| head.place(protocol)), agreement })
        }
        100..=199 => Ok(Answer::Interim),
        200.. => Ok(Answer::Refused { status, framing: fields.framing(status, minor)? }),
        _ => Err(HandshakeError::MalformedStartLine),
    }
}

/// What the headers say, all lines of a kind taken together.
#[derive(Default)]
struct Fields<'b> {
    upgrade: Single<'b>,
    /// Connection has the token "upgrade".
    connection: bool,
    accept: Single<'b>,
    protocol: Single<'b>,
    length: Length,
    /// The last coding, if there is any.
    coding: Option<&'b [u8]>,
}

impl<'b> Fields<'b> {
    fn of(headers: &[Header<'b>]) -> Self {
        let mut fields = Self::default();
        for Header { name, value } in headers {
            match Known::from_name(name) {
                Some(Known::Upgrade) => fields.upgrade.add(value),
                Some(Known::Connection) => fields.connection |= has_element(value, b"upgrade"),
                Some(Known::Accept) => fields.accept.add(value),
                Some(Known::Protocol) => fields.protocol.add(value),
                Some(Known::ContentLength) => fields.length.add(value),
                // An empty line says nothing of the codings in those before it.
                Some(Known::TransferEncoding) => fields.coding = elements(value).last().or(fields.coding).or(Some(&[])),
                Some(Known::Host | Known::Origin | Known::Key | Known::Version | Known::Extensions) | None => {}
            }
        }
        fields
    }

    /// The subprotocol and the extensions of a 101 that breaks no rule.
    fn check(
        &self,
        minor: u8,
        key: &Key,
        offered: &Offered,
        headers: &[Header<'b>],
    ) -> Result<(Option<&'b [u8]>, Agreement), HandshakeError> {
        if minor == 0 {
            return Err(HandshakeError::HttpTooOld);
        }
        // §4.1: "2."
        if !self.upgrade.one(HandshakeError::MissingUpgrade, HandshakeError::InvalidUpgrade)?.eq_ignore_ascii_case(b"websocket") {
            return Err(HandshakeError::InvalidUpgrade);
        }
        // §4.1: "3."
        if !self.connection {
            return Err(HandshakeError::MissingConnection);
        }
        // §4.1: "4."
        if self.accept.one(HandshakeError::MissingAccept, HandshakeError::RepeatedAccept)? != key.accept().as_bytes() {
            return Err(HandshakeError::WrongAccept);
        }
        // §4.1: "5.", §9.1.
        let agreement = extend(extensions::lines(headers), offered)?;
        // RFC 9110 §8.6, RFC 9112 §6.1: what follows the head are frames.
        if self.coding.is_some() || !matches!(self.length, Length::None | Length::Bytes(0)) {
            return Err(HandshakeError::AnswerBody);
        }
        // §4.1: "6.", §11.3.4.
        let protocol = self.protocol.at_most_one(HandshakeError::SeveralProtocols)?;
        match protocol {
            Some(list) if elements(list).count() > 1 => Err(HandshakeError::SeveralProtocols),
            Some(protocol) if !elements(offered.protocols.as_bytes()).any(|offered| offered == protocol) => {
                Err(HandshakeError::ProtocolNotOffered)
            }
            protocol => Ok((protocol, agreement)),
        }
    }

    /// RFC 9112 §6.3.
    fn framing(&self, status: u16, minor: u8) -> Result<Framing, HandshakeError> {
        if matches!(status, 204 | 304) {
            return Ok(Framing::Length(0));
        }
        match (self.coding, self.length) {
            // A coding overrides a length. HTTP/1.0 knows no coding: such a message is faulty, and ends with its stream.
            (Some(last), _) if minor > 0 && last.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
            (Some(_), _) | (None, Length::None) => Ok(Framing::ToEnd),
            (None, Length::Bytes(length)) => Ok(Framing::Length(length)),
            (None, Length::Invalid) => Err(HandshakeError::InvalidLength),
        }
    }
}

/// What an answer accepts of the extensions that were offered.
#[cfg(feature = "deflate")]
fn extend<'b>(lines: impl Iterator<Item = &'b [u8]>, offered: &Offered) -> Result<Agreement, HandshakeError> {
    Offer::check_answer(&offered.deflate, lines)
}

/// None is offered.
#[cfg(not(feature = "deflate"))]
fn extend<'b>(lines: impl Iterator<Item = &'b [u8]>, _: &Offered) -> Result<Agreement, HandshakeError> {
    extensions::for_each(lines, |_, _| Err(HandshakeError::ExtensionNotOffered)).map(|()| Agreement::default())
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
