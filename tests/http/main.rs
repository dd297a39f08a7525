//! The conversions from and to the types of the crate `http`: the same head has the same outcome,
//! whether it comes in bytes or in these types.
//!
//! [`server`] and [`client`] hold both ways against each other, over the corpora of the other tests
//! and under attack; [`replies`] are what a server sends; [`upgrade`] opens connections.

mod client;
mod replies;
mod server;
mod upgrade;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use sockless::HandshakeError::{self, *};
use sockless::handshake::Headers;

/// Whether a rule is about the form of a head, and a stack's to see to: what it makes of a head
/// that breaks one is its own.
fn is_form(error: HandshakeError) -> bool {
    matches!(error, IllegalByte | MalformedStartLine | MalformedHeader)
        || matches!(error, UnsupportedHttp | UnexpectedEnd)
}

/// The request that [`ask`](handshake::ask) sends, with the same offers.
fn offering() -> sockless::client::Request {
    let request = sockless::client::Request::new("ws://a.example/chat").unwrap();
    let request = request.protocol("x").and_then(|request| request.protocol("y")).unwrap();
    #[cfg(feature = "deflate")]
    let request = request.deflate({
        let mut offer = sockless::deflate::Offer::default();
        offer.server_no_context_takeover = true;
        offer.server_max_window_bits = sockless::deflate::WindowBits::new(10);
        offer.client_max_window_bits = sockless::deflate::ClientWindow::Fixed;
        offer
    });
    request
}

/// The headers in lower case, the values of a name in their order: what both ways have in common.
fn sorted(headers: Headers<'_>) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_vec())).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// The same of a map.
fn sorted_map(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// A request as a stack parses it; `None` if a stack would not take it.
fn parse_request(wire: &[u8]) -> Option<Request<()>> {
    let mut slots = [httparse::EMPTY_HEADER; 1100];
    let mut parsed = httparse::Request::new(&mut slots);
    parsed.parse(wire).ok().filter(httparse::Status::is_complete)?;
    let mut request = Request::new(());
    *request.method_mut() = parsed.method?.parse().ok()?;
    *request.uri_mut() = Uri::try_from(parsed.path?).ok()?;
    *request.version_mut() = version(parsed.version?);
    *request.headers_mut() = map(parsed.headers)?;
    Some(request)
}

/// An answer as a stack parses it, if it takes it.
fn parse_response(wire: &[u8]) -> Option<Response<()>> {
    let mut slots = [httparse::EMPTY_HEADER; 1100];
    let mut parsed = httparse::Response::new(&mut slots);
    parsed.parse(wire).ok().filter(httparse::Status::is_complete)?;
    let mut response = Response::new(());
    *response.status_mut() = parsed.code?.try_into().ok()?;
    *response.version_mut() = version(parsed.version?);
    *response.headers_mut() = map(parsed.headers)?;
    Some(response)
}

fn version(minor: u8) -> http::Version {
    if minor == 0 { http::Version::HTTP_10 } else { http::Version::HTTP_11 }
}

fn map(headers: &[httparse::Header<'_>]) -> Option<HeaderMap> {
    let mut map = HeaderMap::new();
    for header in headers {
        map.append(
            HeaderName::try_from(header.name).ok()?,
            HeaderValue::from_bytes(header.value).ok()?,
        );
    }
    Some(map)
}
