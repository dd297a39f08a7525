//! The negotiation of permessage-deflate, RFC 7692 §5 and §7: from lines of
//! `Sec-WebSocket-Extensions` to the types of [`crate::deflate`], and back. It is here and not
//! there, because the grammar of these lines and the errors of a handshake are.
//!
//! A server accepts the first offer that it can, and declines all others by not answering them. An
//! invalid offer is declined and does not affect the others. A client accepts an answer that
//! matches one of its offers, and fails the handshake otherwise.

use super::error::HandshakeError;
use super::extensions::for_each;
use crate::deflate::{Answer, Offer, Parameters, Policy};
use crate::extensions::Extensions;
use alloc::vec::Vec;
use core::fmt;
use std::io::Write as _;

impl Policy {
    /// Answers the first acceptable offer in a request's `Sec-WebSocket-Extensions`. `None`: there
    /// is none. RFC 7692 §5.
    ///
    /// This is for an HTTP stack of your own; [`server::Handshake`](crate::server::Handshake) does
    /// it by itself. Pass all lines of the header: together they are one list. Other extensions in
    /// it are declined. Send the answer, if there is one, as `Sec-WebSocket-Extensions`, and start
    /// the connection with its [extensions](Answer::extensions).
    ///
    /// ```
    /// use sockless::deflate::{Policy, WindowBits};
    /// use sockless::{Config, Connection, HandshakeError};
    ///
    /// let lines = [&b"x-webkit-deflate-frame, permessage-deflate; mode=fast"[..], b"permessage-deflate; client_max_window_bits=\"12\""];
    /// let answer = Policy::default().negotiate(lines)?.expect("it is accepted");
    /// assert_eq!(answer.to_string(), "permessage-deflate; client_max_window_bits=12");
    /// assert_eq!(Some(answer.parameters().client_max_window_bits), WindowBits::new(12));
    /// let connection = Connection::server(answer.extensions(), Config::default());
    /// # assert!(connection.is_open());
    ///
    /// let error = Policy::default().negotiate([&b"permessage-deflate; x="[..]]).unwrap_err();
    /// assert_eq!(error, HandshakeError::InvalidExtensions);
    /// # Ok::<(), HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError::InvalidExtensions`]: a line is outside the grammar of RFC 6455 §9.1.
    /// Answer the request with the error's status, 400.
    pub fn negotiate<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Answer>, HandshakeError> {
        let mut answer = None;
        for_each(lines, |name, params| {
            if answer.is_none() && name == Offer::NAME.as_bytes() {
                // §7: what is wrong with an offer declines it.
                answer = Offer::read(params).and_then(|offer| self.accept(&offer));
            }
            Ok(())
        })?;
        Ok(answer)
    }
}

impl Offer {
    /// Checks an answer's `Sec-WebSocket-Extensions` against what was offered. RFC 7692 §7.
    ///
    /// This is for an HTTP stack of your own; [`client::Handshake`](crate::client::Handshake) does
    /// it by itself. An answer without such a line declines the offers, which is allowed.
    ///
    /// An answer does not name the offer that it accepts. If it matches several, the client keeps
    /// to the limits that it announced for itself in all of them.
    ///
    /// ```
    /// use sockless::deflate::Offer;
    /// use sockless::{Extensions, HandshakeError};
    ///
    /// let offers = [Offer::default()];
    /// let agreed = Offer::check_answer(&offers, [&b"permessage-deflate; server_no_context_takeover"[..]])?;
    /// assert!(agreed.deflate.is_some_and(|parameters| parameters.server_no_context_takeover));
    /// assert_eq!(Offer::check_answer(&offers, [])?, Extensions::default());
    ///
    /// let error = Offer::check_answer(&offers, [&b"permessage-deflate; server_max_window_bits=16"[..]]).unwrap_err();
    /// assert_eq!(error, HandshakeError::InvalidParameters);
    /// # Ok::<(), HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// The rule that the answer breaks. Drop the transport then.
    pub fn check_answer<'a>(
        offers: &[Self],
        lines: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Extensions, HandshakeError> {
        let mut agreed = Extensions::default();
        for_each(lines, |name, params| {
            // RFC 6455 §4.1: "5."
            if offers.is_empty() || name != Self::NAME.as_bytes() {
                return Err(HandshakeError::ExtensionNotOffered);
            }
            // §5: two of them would both want the bit RSV1.
            if agreed.deflate.is_some() {
                return Err(HandshakeError::RepeatedExtension);
            }
            let answer = Answer::read(params).ok_or(HandshakeError::InvalidParameters)?;
            let met = offers.iter().filter_map(|offer| answer.meets(offer));
            agreed.deflate = Some(
                met.reduce(Parameters::with_less_of_client)
                    .ok_or(HandshakeError::ParametersNotOffered)?,
            );
            Ok(())
        })?;
        Ok(agreed)
    }
}

/// The length of the longest header line of an answer.
pub(super) const LONGEST_ANSWER: usize = 156;

/// Appends the header line with these offers, or with this answer, if there is any.
pub(super) fn push_extensions(
    to: &mut Vec<u8>,
    elements: impl IntoIterator<Item = impl fmt::Display>,
) {
    let start = to.len();
    for element in elements {
        let before = if to.len() == start { "Sec-WebSocket-Extensions: " } else { ", " };
        // Writing to a vector does not fail.
        let _ = write!(to, "{before}{element}");
    }
    if to.len() > start {
        to.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::super::extensions::tests::LOOKED_AT;
    use super::*;
    use crate::deflate::WindowBits;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn the_longest_answer() {
        let line = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10";
        let answer = Policy::default().negotiate([line.as_bytes()]).unwrap().unwrap();
        let mut lines = Vec::new();
        push_extensions(&mut lines, Some(answer));
        assert_eq!(lines, format!("Sec-WebSocket-Extensions: {line}\r\n").as_bytes());
        assert_eq!(lines.len(), LONGEST_ANSWER);
    }

    #[test]
    fn no_byte_is_looked_at_more_than_twice() {
        // It declines them all, and reads on.
        let policy = Policy { client_max_window_bits: WindowBits::MIN, ..Policy::default() };
        let repeated = |start: &str, unit: &str, end: &str| {
            format!("{start}{}{end}", unit.repeat((16 << 10) / unit.len()))
        };
        let lines: &[String] = &[
            repeated("", "permessage-deflate, ", "permessage-deflate"),
            repeated(
                "",
                "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10, ",
                "",
            ),
            repeated("permessage-deflate", "; client_max_window_bits", ""),
            repeated("permessage-deflate", ";a=\"\\1\"", ""),
            repeated("permessage-deflate; server_max_window_bits=\"", "\\1", "\""),
            repeated("permessage-deflate; server_max_window_bits=\"", "1", ""),
            repeated("permessage-deflate;", " ", "x"),
            repeated("permessage-deflate", " ", ";x"),
            repeated("", "a;", ""),
            repeated("a", " ;", ""),
            repeated("permessage-deflate", ";;", "="),
            repeated("", ", ", "foo"),
            repeated("", "a", ""),
        ];
        for line in lines {
            for lines in [1, 10] {
                let list = || core::iter::repeat_n(line.as_bytes(), lines);
                LOOKED_AT.set(0);
                let _ = policy.negotiate(list());
                assert!(
                    LOOKED_AT.get() <= 2 * lines * line.len(),
                    "{} for {lines} of {line:.60}",
                    LOOKED_AT.get()
                );
                LOOKED_AT.set(0);
                let _ = Offer::check_answer(&[Offer::default(); 10], list());
                assert!(
                    LOOKED_AT.get() <= 2 * lines * line.len(),
                    "{} for {lines} of {line:.60}",
                    LOOKED_AT.get()
                );
            }
        }
    }
}
