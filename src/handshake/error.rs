//! The rules that a peer can break in the opening handshake: a table with one row per rule.
//!
//! Each row has the rule, the section of the RFC that states it, and the status that answers it.
//! `tests/handshake_rules` has a test for each row, in each role that can see it, under every split
//! of its bytes.

/// The peer's head breaks a rule of the opening handshake, or a limit of ours.
///
/// ```
/// use sockless::HandshakeError;
///
/// let error = HandshakeError::UnsupportedVersion;
/// assert_eq!((error.section(), error.status()), ("RFC 6455 §4.4", 426));
/// assert_eq!(error.to_string(), "a Sec-WebSocket-Version other than 13 (RFC 6455 §4.4)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{} ({})", self.rule(), self.section())]
#[non_exhaustive]
pub enum HandshakeError {
    /// A control byte, or a line that does not end in CR LF. In a refusal, LF alone is accepted.
    IllegalByte,
    /// A first line that is not a request line, or in an answer not a status line.
    MalformedStartLine,
    /// A malformed header line, or in a request a folded one.
    MalformedHeader,
    /// A head above the limit in bytes.
    HeadTooLarge,
    /// A head above the limit in header lines.
    TooManyHeaders,
    /// A version of HTTP other than 1.0 and 1.1.
    UnsupportedHttp,
    /// A request to upgrade over HTTP/1.0, which has no upgrade.
    HttpTooOld,
    /// A request to upgrade whose method is not GET.
    Method,
    /// A request target that is neither a path nor an absolute URI with a host, or that has a
    /// fragment or a character that no URI has.
    InvalidTarget,
    /// No Host.
    MissingHost,
    /// More than one Host.
    RepeatedHost,
    /// A Host that is not a host and an optional port.
    InvalidHost,
    /// No Upgrade with the token "websocket".
    MissingUpgrade,
    /// A server's Upgrade that is not "websocket" alone.
    InvalidUpgrade,
    /// No Connection with the token "Upgrade".
    MissingConnection,
    /// No Sec-WebSocket-Version.
    MissingVersion,
    /// More than one Sec-WebSocket-Version.
    RepeatedVersion,
    /// A Sec-WebSocket-Version other than 13.
    UnsupportedVersion,
    /// No Sec-WebSocket-Key.
    MissingKey,
    /// More than one Sec-WebSocket-Key.
    RepeatedKey,
    /// A Sec-WebSocket-Key that is not 16 bytes in base64.
    InvalidKey,
    /// A body behind a request to upgrade, or a header that announces one. RFC 6455 does not
    /// mention it, and RFC 9110 would read it; here, frames follow the head.
    RequestBody,
    /// A Sec-WebSocket-Protocol that is not a list of different tokens.
    InvalidProtocols,
    /// More than 100 subprotocols.
    TooManyProtocols,
    /// A Sec-WebSocket-Extensions outside its grammar.
    InvalidExtensions,
    /// More than one Origin.
    RepeatedOrigin,
    /// An Origin with bytes outside ASCII.
    InvalidOrigin,
    /// An Origin that the server's policy refuses.
    ForbiddenOrigin,
    /// No Sec-WebSocket-Accept.
    MissingAccept,
    /// More than one Sec-WebSocket-Accept.
    RepeatedAccept,
    /// A Sec-WebSocket-Accept that does not belong to the key.
    WrongAccept,
    /// A subprotocol in the answer that was not offered.
    ProtocolNotOffered,
    /// More than one subprotocol in the answer.
    SeveralProtocols,
    /// An extension in the answer that was not offered.
    ExtensionNotOffered,
    /// An extension in the answer more than once.
    RepeatedExtension,
    /// An answer to an offer of permessage-deflate with a parameter that is unknown, repeated,
    /// without its value or out of range.
    InvalidParameters,
    /// An answer to an offer of permessage-deflate that lacks what was asked for, or goes beyond
    /// it.
    ParametersNotOffered,
    /// The stream ended before the head was whole.
    UnexpectedEnd,
    /// The head was not whole in time.
    TimedOut,
}

impl HandshakeError {
    /// All errors, in the order of the table.
    pub const ALL: &'static [Self] = &{
        let mut all = [Self::IllegalByte; TABLE.len()];
        let mut i = 0;
        while i < all.len() {
            #[allow(clippy::indexing_slicing)] // Evaluated at compile time.
            {
                all[i] = TABLE[i].0;
            }
            i += 1;
        }
        all
    };

    /// The rule that was broken, in a few words.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.row().3
    }

    /// The RFC and its section that state the rule.
    #[must_use]
    pub fn section(self) -> &'static str {
        self.row().1
    }

    /// The HTTP status with which a server answers. For rules that only a server can break it is
    /// 502, as a gateway would answer.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().2
    }

    fn row(self) -> &'static Row {
        // The table has the order and the length of the enum, which a test checks, so the default
        // is never used.
        TABLE.get(self as usize).unwrap_or(&TABLE[0])
    }
}

type Row = (HandshakeError, &'static str, u16, &'static str);

/// Error, section, status, rule.
#[rustfmt::skip]
const TABLE: [Row; 39] = [
    (HandshakeError::IllegalByte,         "RFC 9112 §2.2",     400, "a control byte, or a line that does not end in CR LF"),
    (HandshakeError::MalformedStartLine,  "RFC 9112 §2.1",     400, "a malformed first line"),
    (HandshakeError::MalformedHeader,     "RFC 9112 §5",       400, "a malformed or folded header line"),
    (HandshakeError::HeadTooLarge,        "RFC 6585 §5",       431, "a head above the limit in bytes"),
    (HandshakeError::TooManyHeaders,      "RFC 6585 §5",       431, "a head above the limit in header lines"),
    (HandshakeError::UnsupportedHttp,     "RFC 9110 §15.6.6",  505, "a version of HTTP other than 1.0 and 1.1"),
    (HandshakeError::HttpTooOld,          "RFC 6455 §4.1",     400, "a version of HTTP before 1.1"),
    (HandshakeError::Method,              "RFC 6455 §4.2.1",   405, "a method other than GET"),
    (HandshakeError::InvalidTarget,       "RFC 6455 §4.2.1",   400, "a request target that names no resource of this host"),
    (HandshakeError::MissingHost,         "RFC 6455 §4.2.1",   400, "no Host"),
    (HandshakeError::RepeatedHost,        "RFC 9112 §3.2",     400, "more than one Host"),
    (HandshakeError::InvalidHost,         "RFC 9112 §3.2",     400, "a Host that is not a host and a port"),
    (HandshakeError::MissingUpgrade,      "RFC 6455 §4.1",     426, "no Upgrade to websocket"),
    (HandshakeError::InvalidUpgrade,      "RFC 6455 §4.1",     502, "an Upgrade to something other than websocket"),
    (HandshakeError::MissingConnection,   "RFC 6455 §4.1",     400, "no Connection with the token Upgrade"),
    (HandshakeError::MissingVersion,      "RFC 6455 §4.2.1",   426, "no Sec-WebSocket-Version"),
    (HandshakeError::RepeatedVersion,     "RFC 6455 §11.3.5",  400, "more than one Sec-WebSocket-Version"),
    (HandshakeError::UnsupportedVersion,  "RFC 6455 §4.4",     426, "a Sec-WebSocket-Version other than 13"),
    (HandshakeError::MissingKey,          "RFC 6455 §4.2.1",   400, "no Sec-WebSocket-Key"),
    (HandshakeError::RepeatedKey,         "RFC 6455 §11.3.1",  400, "more than one Sec-WebSocket-Key"),
    (HandshakeError::InvalidKey,          "RFC 6455 §4.2.1",   400, "a Sec-WebSocket-Key that is not 16 bytes in base64"),
    (HandshakeError::RequestBody,         "RFC 9110 §7.8",     400, "a body behind a request to upgrade"),
    (HandshakeError::InvalidProtocols,    "RFC 6455 §4.1",     400, "a Sec-WebSocket-Protocol that is not a list of different tokens"),
    (HandshakeError::TooManyProtocols,    "RFC 6585 §5",       431, "more than 100 subprotocols"),
    (HandshakeError::InvalidExtensions,   "RFC 6455 §9.1",     400, "a Sec-WebSocket-Extensions outside its grammar"),
    (HandshakeError::RepeatedOrigin,      "RFC 6454 §7.3",     403, "more than one Origin"),
    (HandshakeError::InvalidOrigin,       "RFC 6454 §7.1",     400, "an Origin with bytes outside ASCII"),
    (HandshakeError::ForbiddenOrigin,     "RFC 6455 §4.2.2",   403, "an Origin that this server does not allow"),
    (HandshakeError::MissingAccept,       "RFC 6455 §4.1",     502, "no Sec-WebSocket-Accept"),
    (HandshakeError::RepeatedAccept,      "RFC 6455 §11.3.3",  502, "more than one Sec-WebSocket-Accept"),
    (HandshakeError::WrongAccept,         "RFC 6455 §4.1",     502, "a Sec-WebSocket-Accept that does not belong to the key"),
    (HandshakeError::ProtocolNotOffered,  "RFC 6455 §4.1",     502, "a subprotocol that was not offered"),
    (HandshakeError::SeveralProtocols,    "RFC 6455 §11.3.4",  502, "more than one subprotocol in the answer"),
    (HandshakeError::ExtensionNotOffered, "RFC 6455 §4.1",     502, "an extension that was not offered"),
    (HandshakeError::RepeatedExtension,   "RFC 7692 §5",       502, "an extension more than once in the answer"),
    (HandshakeError::InvalidParameters,   "RFC 7692 §7",       502, "a parameter of permessage-deflate that is unknown, repeated or out of range"),
    (HandshakeError::ParametersNotOffered, "RFC 7692 §7.1",    502, "parameters of permessage-deflate that match no offer"),
    (HandshakeError::UnexpectedEnd,       "RFC 9112 §8",       502, "the stream ended before the answer"),
    (HandshakeError::TimedOut,            "RFC 9110 §15.5.9",  408, "a head that was not whole in time"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (i, error) in HandshakeError::ALL.iter().enumerate() {
            assert_eq!(*error as usize, i, "{error:?}");
        }
        assert_eq!(HandshakeError::TimedOut as usize + 1, TABLE.len());
    }
}
