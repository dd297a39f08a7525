//! What a request must be to become a WebSocket, RFC 6455 §4.2.1.
//!
//! The headers are read once. Then the rules are checked in the order in which their answers help
//! the client most: the method and the version of HTTP first, and the version of the protocol
//! before its key.

use super::Config;
use super::absolute::Absolute;
#[cfg(feature = "deflate")]
use crate::deflate::Answer;
use crate::extensions::Extensions;
use crate::handshake::authority::Authority;
use crate::handshake::class::Class;
use crate::handshake::error::HandshakeError;
use crate::handshake::extensions;
use crate::handshake::fields::{Known, Single, elements, has_element, is_token};
use crate::handshake::head::{Parsed, Request, RequestLine};
use crate::handshake::key::Key;
use crate::handshake::origin::{Asked, OriginRefusal};
use core::ops::Range;
use httparse::Header;

/// What a request to upgrade brings.
#[derive(Debug)]
pub(super) struct Upgrade {
    /// Where the key begins in the head.
    pub(super) key: usize,
    /// Where the lines with the subprotocols lie in the head.
    pub(super) protocols: Range<usize>,
    /// The answer to the offer of compression that is accepted.
    #[cfg(feature = "deflate")]
    pub(super) compression: Option<Answer>,
}

impl Upgrade {
    /// What is negotiated, if the request is accepted.
    pub(super) fn extensions(&self) -> Extensions {
        Extensions {
            #[cfg(feature = "deflate")]
            deflate: self.compression.map(|answer| answer.parameters()),
        }
    }
}

/// Why a request is not checked to its end.
pub(super) enum Stop {
    Broken(Broken),
    /// Its target is in absolute form: it is to be rewritten to origin form and checked again.
    Absolute(Absolute),
}

/// The rule that a request breaks, and, if that is the server's policy, why.
#[derive(Clone, Copy)]
pub(super) struct Broken {
    pub(super) error: HandshakeError,
    pub(super) origin: Option<OriginRefusal>,
}

impl From<HandshakeError> for Broken {
    fn from(error: HandshakeError) -> Self {
        Self { error, origin: None }
    }
}

impl From<HandshakeError> for Stop {
    fn from(error: HandshakeError) -> Self {
        Self::Broken(error.into())
    }
}

/// Checks a request to upgrade; `None` for a plain request.
pub(super) fn check(
    head: &Parsed<'_, '_, Request>,
    config: &Config,
) -> Result<Option<Upgrade>, Stop> {
    let fields = Fields::of(head.headers);
    // §4.2.1 point 3.
    if !fields.websocket {
        return Ok(None);
    }
    let RequestLine { method, target, minor } = head.line;
    // §4.2.1 point 1.
    if method != "GET" {
        return Err(HandshakeError::Method.into());
    }
    // RFC 9110 §7.8 would ignore the Upgrade of HTTP/1.0. §4.2.1 requires 1.1 for a WebSocket, and
    // a 400 tells the client so.
    if minor == 0 {
        return Err(HandshakeError::HttpTooOld.into());
    }
    // §4.2.1 point 2.
    let host = fields.host.one(HandshakeError::MissingHost, HandshakeError::RepeatedHost)?;
    // RFC 9112 §3.2: it is empty where what is asked for has no authority. One that is no host is
    // a 400, also where the target says who is asked.
    if !host.is_empty() && Authority::parse(host).is_none() {
        return Err(HandshakeError::InvalidHost.into());
    }
    // §3: no fragment. Otherwise what browsers leave as it is: more than RFC 3986 allows (`[`, `|`,
    // a `%` without digits), and more than our own client sends, but none of these.
    if !Class::RESOURCE.spans(target.as_bytes()) {
        return Err(HandshakeError::InvalidTarget.into());
    }
    if !target.starts_with('/') {
        return Err(Absolute::of(head).map_or(HandshakeError::InvalidTarget.into(), Stop::Absolute));
    }
    // §4.2.1 point 4.
    if !fields.upgrade {
        return Err(HandshakeError::MissingConnection.into());
    }
    // §4.2.1 point 6, §4.4.
    if fields.version.one(HandshakeError::MissingVersion, HandshakeError::RepeatedVersion)? != b"13"
    {
        return Err(HandshakeError::UnsupportedVersion.into());
    }
    // §4.2.1 point 5.
    let key = fields.key.one(HandshakeError::MissingKey, HandshakeError::RepeatedKey)?;
    Key::parse(key).ok_or(HandshakeError::InvalidKey)?;
    // What follows the head are frames.
    if fields.body {
        return Err(HandshakeError::RequestBody.into());
    }
    // §4.1 point 10.
    let protocols = head.headers.get(fields.protocols).unwrap_or_default();
    if !protocols.is_empty() {
        check_protocols(protocols)?;
    }
    // §9.1.
    let extensions = extensions::lines(head.headers.get(fields.extensions).unwrap_or_default());
    #[cfg(feature = "deflate")]
    let compression = match config.deflate {
        Some(policy) => policy.negotiate(extensions)?,
        None => extensions::for_each(extensions, |_, _| Ok(())).map(|()| None)?,
    };
    // What is not answered is declined.
    #[cfg(not(feature = "deflate"))]
    extensions::for_each(extensions, |_, _| Ok(()))?;
    // §4.2.2 point 4.
    let origin = fields.origin.at_most_one(HandshakeError::RepeatedOrigin)?;
    // This holds for any policy: an application that reads it as text would take it for a missing
    // one.
    if !origin.is_none_or(<[u8]>::is_ascii) {
        return Err(HandshakeError::InvalidOrigin.into());
    }
    if let Err(refusal) = config.origin.allow(origin, Asked::read(host)) {
        return Err(Stop::Broken(Broken {
            error: HandshakeError::ForbiddenOrigin,
            origin: Some(refusal),
        }));
    }
    Ok(Some(Upgrade {
        key: head.place(key).start,
        protocols: place(head, protocols),
        #[cfg(feature = "deflate")]
        compression,
    }))
}

/// What the headers say, with all lines of one name taken together.
#[derive(Default)]
struct Fields<'b> {
    /// Upgrade has the token "websocket".
    websocket: bool,
    /// Connection has the token "upgrade".
    upgrade: bool,
    /// There is a body, or a header that announces one.
    body: bool,
    host: Single<'b>,
    origin: Single<'b>,
    key: Single<'b>,
    version: Single<'b>,
    /// The headers from the first with subprotocols to the last.
    protocols: Range<usize>,
    /// The headers from the first with extensions to the last.
    extensions: Range<usize>,
}

impl<'b> Fields<'b> {
    fn of(headers: &[Header<'b>]) -> Self {
        let mut fields = Self::default();
        for (i, Header { name, value }) in headers.iter().enumerate() {
            match Known::from_name(name) {
                Some(Known::Host) => fields.host.add(value),
                Some(Known::Origin) => fields.origin.add(value),
                Some(Known::Upgrade) => fields.websocket |= has_element(value, b"websocket"),
                Some(Known::Connection) => fields.upgrade |= has_element(value, b"upgrade"),
                Some(Known::ContentLength) => fields.body |= *value != b"0",
                Some(Known::TransferEncoding) => fields.body = true,
                Some(Known::Key) => fields.key.add(value),
                Some(Known::Version) => fields.version.add(value),
                Some(Known::Protocol) => widen(&mut fields.protocols, i),
                Some(Known::Extensions) => widen(&mut fields.extensions, i),
                Some(Known::Accept) | None => {}
            }
        }
        fields
    }
}

/// Lets a range of headers reach to this one.
fn widen(range: &mut Range<usize>, to: usize) {
    if range.start == range.end {
        range.start = to;
    }
    range.end = to + 1;
}

/// Whether the subprotocols are tokens, no two the same. §4.1 point 10. A list of none is as if it
/// were not there.
fn check_protocols(headers: &[Header<'_>]) -> Result<(), HandshakeError> {
    // To clear room for a hundred costs more than to check the few that nearly all clients offer.
    match check_at_most::<8>(headers) {
        Err(HandshakeError::TooManyProtocols) => check_at_most::<MAX_PROTOCOLS>(headers),
        checked => checked,
    }
}

fn check_at_most<const MAX: usize>(headers: &[Header<'_>]) -> Result<(), HandshakeError> {
    let mut offered = [&[][..]; MAX];
    let mut count = 0;
    for protocol in protocols(headers) {
        if !is_token(protocol) {
            return Err(HandshakeError::InvalidProtocols);
        }
        *offered.get_mut(count).ok_or(HandshakeError::TooManyProtocols)? = protocol;
        count += 1;
    }
    let (offered, _) = offered.split_at_mut(count);
    // Equal ones come to stand side by side.
    offered.sort_unstable();
    if offered.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(HandshakeError::InvalidProtocols);
    }
    Ok(())
}

/// More than anyone offers, and few enough to be compared on the stack.
const MAX_PROTOCOLS: usize = 100;

fn protocols<'b>(headers: &[Header<'b>]) -> impl Iterator<Item = &'b [u8]> {
    headers
        .iter()
        .filter(|header| Known::from_name(header.name) == Some(Known::Protocol))
        .flat_map(|header| elements(header.value))
}

/// Where these headers lie in the head.
fn place(head: &Parsed<'_, '_, Request>, headers: &[Header<'_>]) -> Range<usize> {
    match (headers.first(), headers.last()) {
        (Some(first), Some(last)) => {
            head.place(first.name.as_bytes()).start..head.place(last.value).end
        }
        _ => 0..0,
    }
}
