//! A client's side of the opening handshake: any strings in the request, and any bytes as the
//! answer.

use crate::answers::{
    Mended, dechunk, has_one_chunked, has_one_length, is_status_line, length, status,
};
use crate::choices::{Choices, cut};
use crate::heads::{Fields, Head, is_reserved, is_token, is_value};
use crate::wire::{feed, output};
use sockless::client::{Accepted, Config, Failure, Handshake, Outcome, Request, Response};
use sockless::deflate::Offer;
use sockless::handshake::{Header, Headers};
use sockless::{Connection, HandshakeError, Input, Seed};
use tungstenite::handshake::derive_accept_key;

/// Arbitrary strings in a request, and arbitrary bytes as the answer to it, cut anywhere:
///
/// - what is written is the request that was asked for: the caller's headers and those that the
///   handshake writes, whatever strings are tried as an address, a header, an origin or a
///   subprotocol, and none besides;
/// - the outcome is the same however the answer is cut; no more than the limits is taken; only
///   whether the connection can be used again hangs on the read in which the answer ends; what came
///   behind a 101 is the connection's;
/// - a path and a query are sent as the URL standard says, which is said again here;
/// - what opens a connection keeps the rules at the end of RFC 6455 §4.1, as they are said again
///   here, behind any interim answers;
/// - a refusal has its status, and the body that a naive reader finds by its length, in its chunks
///   or up to the end of the stream, whole or marked as cut; its connection can be used again
///   exactly where that reader has no doubt;
/// - a failure has the status and the head that this reader finds;
/// - without an outcome more is asked for; the end of the stream, an error of the transport and a
///   time-out each bring one.
///
/// Of `data`, the first byte chooses what is offered, the limits and how many cuts there are, the
/// bytes behind it where they are; then come the strings for the request, with their length before
/// them, and how it ends; the rest is the answer, in which `{accept}` stands for what belongs to
/// the key.
pub fn client_head(data: &[u8]) {
    let mut choices = Choices::new(data);
    let flags = choices.byte();
    let cuts = choices.bytes(usize::from(flags >> 5));
    let said = String::from_utf8_lossy(choices.counted());
    let end = choices.pick(&[End::Stream, End::Transport, End::Time]);
    let mut config = Config::default();
    if flags & 1 != 0 {
        (config.max_head, config.max_headers, config.max_body) = (300, 6, 10);
    }
    let (protocols, deflate): (&[&str], _) =
        (if flags & 2 != 0 { &["chat", "Superchat"] } else { &[] }, flags & 4 != 0);
    let mut request = Request::new("ws://a.example:8080/chat?id=7").unwrap();
    for protocol in protocols {
        request = request.protocol(protocol).unwrap();
    }
    if deflate {
        request = request.deflate(Offer::default());
    }
    write(&said, &request, protocols, deflate);

    let mut handshake = Handshake::with_config(request.clone(), seed(), config.clone());
    let asked = output(&mut handshake);
    let key = Head::read(&asked).unwrap().all("sec-websocket-key")[0];
    let wire = replace(choices.rest(), b"{accept}", derive_accept_key(key).as_bytes());
    // Byte by byte no more comes than is taken.
    let single: Vec<&[u8]> = wire.chunks(1).collect();
    let (outcome, taken) = read(handshake, &single, end);
    let behind = &wire[taken..];
    let case = Case { key, protocols, deflate, config: &config, end };
    case.judge(&outcome, &wire, behind.len(), true);
    let told = told(outcome, b"");
    for parts in [&[&wire[..]][..], &cut(&wire, cuts)] {
        let mut handshake = Handshake::with_config(request.clone(), seed(), config.clone());
        output(&mut handshake);
        let (outcome, come) = read(handshake, parts, end);
        let rest = &behind[..come - taken];
        case.judge(&outcome, &wire, behind.len(), rest.is_empty());
        assert_eq!(self::told(outcome, rest), told);
    }
}

/// How it ends, if nothing else ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Stream,
    Transport,
    Time,
}

fn seed() -> Seed {
    Seed::new([5; 32])
}

/// Puts one thing for another.
fn replace(bytes: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(what.len()).position(|window| window == what) {
        replaced.extend([&rest[..at], by].concat());
        rest = &rest[at + what.len()..];
    }
    replaced.extend(rest);
    replaced
}

/// Tries a string wherever one can be set; what is written must be what was asked for.
fn write(said: &str, request: &Request, protocols: &[&str], deflate: bool) {
    let (name, value) = said.split_once('=').unwrap_or((said, said));
    let header = Header::new(name, value);
    assert_eq!(header.is_ok(), is_token(name) && is_value(value.as_bytes()) && !is_reserved(name));
    let header = header.ok();
    let mut request =
        header.into_iter().fold(request.clone(), |request, header| request.header(header));
    let mut fields = Fields::default().with_header(header);
    let origin = request.clone().origin(value);
    assert_eq!(origin.is_ok(), is_value(value.as_bytes()));
    if let Ok(with) = origin {
        (request, fields) = (with, fields.with("Origin", value));
    }
    let mut offered = protocols.to_vec();
    let protocol = request.clone().protocol(value);
    assert_eq!(protocol.is_ok(), is_token(value) && !protocols.contains(&value));
    if let Ok(with) = protocol {
        request = with;
        offered.push(value);
    }
    check(request, fields, &offered, deflate);
    for url in [said, &format!("ws://{said}"), &format!("wss://a.example/{said}")] {
        if let Ok(request) = Request::new(url) {
            check(request, Fields::default(), &[], false);
        }
    }
    let expected = target(&format!("/{said}"));
    assert_eq!(
        Request::new(&format!("wss://a.example/{said}"))
            .ok()
            .map(|request| request.target().to_owned()),
        expected
    );
}

/// A path and a query as the URL standard has them sent, if it takes nothing out of them and there
/// is no fragment.
fn target(text: &str) -> Option<String> {
    if text.contains(['#', '\t', '\n', '\r']) || text.ends_with(|last| last <= ' ') {
        return None;
    }
    let (path, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    let encode = |text: &str, also: &str| -> String {
        let encodes = |char: char| !(' '..='~').contains(&char) || also.contains(char);
        let encoded =
            |char: char| char.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        text.chars()
            .map(|char| if encodes(char) { encoded(char) } else { char.to_string() })
            .collect()
    };
    Some(encode(&path.replace('\\', "/"), " \"<>^`{}") + &encode(query, " \"<>'"))
}

fn check(request: Request, mut fields: Fields, protocols: &[&str], deflate: bool) {
    let mut handshake = Handshake::new(request.clone(), seed());
    let wire = output(&mut handshake);
    let head = Head::read(&wire).expect("it can be read");
    assert_eq!(
        (&head.first[..], head.rest),
        (&format!("GET {} HTTP/1.1", request.target())[..], &b""[..])
    );
    assert!(
        request.target().starts_with('/')
            && request.target().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
    );
    assert!(
        request.authority().starts_with(request.host())
            || request.authority().starts_with(&format!("[{}]", request.host()))
    );
    let key = head.all("sec-websocket-key");
    assert!(key.len() == 1 && key[0].len() == 24);
    fields = fields
        .with("Host", request.authority())
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade");
    fields = fields
        .with("Sec-WebSocket-Version", 13)
        .with("Sec-WebSocket-Key", std::str::from_utf8(key[0]).unwrap());
    if !protocols.is_empty() {
        fields = fields.with("Sec-WebSocket-Protocol", protocols.join(", "));
    }
    if deflate {
        fields = fields.with("Sec-WebSocket-Extensions", Offer::default());
    }
    head.assert_fields(fields);
}

/// Feeds an answer, and its end: the outcome, and how many bytes had come then.
fn read(mut handshake: Handshake, parts: &[&[u8]], end: End) -> (Outcome, usize) {
    let mut come = 0;
    for part in parts {
        assert!(handshake.wants_read() && !handshake.wants_shutdown() && !handshake.is_done());
        let mut scratch = part.to_vec();
        let mut input = Input::new(&mut scratch);
        come += part.len();
        if let Some(outcome) = handshake.poll(&mut input) {
            assert!(!handshake.wants_read() && !handshake.wants_write() && handshake.is_done());
            assert!(handshake.poll(&mut Input::empty()).is_none(), "given once");
            assert!(input.is_empty(), "the outcome has the rest");
            return (outcome, come);
        }
        assert!(input.is_empty(), "None means that all was consumed");
    }
    match end {
        End::Stream => handshake.handle_eof(),
        End::Transport => handshake.handle_error(),
        End::Time => handshake.handle_timeout(),
    }
    assert!(!handshake.wants_read() && !handshake.is_done());
    let outcome = handshake.poll(&mut Input::empty()).expect("an end brings an outcome");
    assert!(handshake.is_done() && handshake.poll(&mut Input::empty()).is_none(), "given once");
    (outcome, come)
}

/// All that an outcome tells, however the answer is cut, and that a connection has the `rest`.
fn told(outcome: Outcome, rest: &[u8]) -> String {
    let listed = |headers: Headers<'_>| format!("{:?}", headers.iter().collect::<Vec<_>>());
    match outcome {
        Outcome::Open(accepted) => {
            let told =
                format!("{accepted:?} {:?} {}", accepted.protocol(), listed(accepted.headers()));
            let (agreed, config) = (accepted.extensions(), sockless::Config::default());
            let expected = feed(&mut Connection::client(seed(), agreed, config.clone()), &[rest]);
            let mut connection = accepted.open(config);
            assert!(connection.is_open() && connection.wants_poll() != rest.is_empty());
            assert_eq!(feed(&mut connection, &[b""]), expected);
            told
        }
        Outcome::Refused(response) => {
            let (status, reason, cut) = (response.status(), response.reason(), response.is_cut());
            format!("{status} {reason} {cut} {} {:?}", listed(response.headers()), response.body())
        }
        Outcome::Failed(failure) => format!("{failure:?} {}", listed(failure.headers())),
    }
}

/// What an outcome hangs on, beside the answer.
struct Case<'a> {
    key: &'a [u8],
    protocols: &'a [&'a str],
    deflate: bool,
    config: &'a Config,
    end: End,
}

impl Case<'_> {
    /// Whether the outcome is right that took all but the last `rest` bytes. `alone`: none of these
    /// were in the read that brought it.
    fn judge(&self, outcome: &Outcome, wire: &[u8], rest: usize, alone: bool) {
        let taken = &wire[..wire.len() - rest];
        // Interim answers are passed over: RFC 9110 §15.2.
        let (mut start, mut mended) = (0, Mended::read(taken));
        while let Some(len) = mended
            .as_ref()
            .filter(|mended| mended.is_interim() && Head::read(&mended.bytes).is_some())
            .map(|mended| mended.len)
        {
            start += len;
            mended = Mended::read(&taken[start..]);
        }
        let head = mended.as_ref().and_then(|mended| Head::read(&mended.bytes));
        match outcome {
            Outcome::Open(accepted) => {
                let mended = mended.as_ref().expect("it is whole");
                assert!(
                    !mended.bare_lf && start + mended.len == taken.len(),
                    "what follows are frames"
                );
                self.open(accepted, &head.expect("it can be read"));
            }
            Outcome::Refused(response) => {
                let (mended, head) =
                    (mended.as_ref().expect("it is whole"), head.expect("it can be read"));
                assert_eq!(head.first.as_bytes()[9..12], *response.status().to_string().as_bytes());
                assert_eq!(response.reason(), head.first[12..].trim_ascii());
                assert!(
                    response
                        .headers()
                        .iter()
                        .map(|(name, value)| (name.to_lowercase(), value))
                        .eq(head.fields.clone())
                );
                assert!((200..1000).contains(&response.status()));
                let bare_lf = mended.bare_lf;
                self.refused(response, &head, bare_lf, &wire[start + mended.len..], rest, alone);
            }
            Outcome::Failed(failure) => {
                assert_eq!(failure.status(), status(&taken[start..]));
                let kept: Vec<(String, &[u8])> = failure
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_lowercase(), value))
                    .collect();
                assert!(kept.is_empty() || head.as_ref().is_some_and(|head| head.fields == kept));
                self.failed(failure, head, taken);
            }
        }
    }

    fn failed(&self, failure: &Failure, head: Option<Head<'_>>, taken: &[u8]) {
        let Self { key, protocols, config, end, .. } = *self;
        let whole = !failure.headers().iter().eq([]);
        match failure.error() {
            HandshakeError::UnexpectedEnd => assert!(head.is_none() && end != End::Time),
            HandshakeError::TimedOut => assert!(head.is_none() && end == End::Time),
            HandshakeError::HeadTooLarge => assert_eq!(taken.len() as u64, config.max_head),
            HandshakeError::IllegalByte => assert!(head.is_none()),
            HandshakeError::MissingUpgrade => assert!(head.unwrap().all("upgrade").is_empty()),
            HandshakeError::MissingConnection => {
                assert!(whole && !head.unwrap().says("connection", "upgrade"))
            }
            HandshakeError::MissingAccept => {
                assert!(whole && head.unwrap().all("sec-websocket-accept").is_empty())
            }
            HandshakeError::RepeatedAccept => {
                assert!(whole && head.unwrap().all("sec-websocket-accept").len() > 1)
            }
            HandshakeError::WrongAccept => assert_ne!(
                head.unwrap().all("sec-websocket-accept"),
                [derive_accept_key(key).as_bytes()]
            ),
            HandshakeError::ProtocolNotOffered => {
                let named = head.unwrap().list("sec-websocket-protocol");
                assert!(
                    named.len() == 1
                        && !protocols.iter().any(|protocol| protocol.as_bytes() == named[0])
                );
            }
            // §11.3.4, RFC 9110 §5.6.1: what is empty is not there.
            HandshakeError::SeveralProtocols => {
                assert!(head.unwrap().list("sec-websocket-protocol").len() > 1)
            }
            HandshakeError::InvalidUpgrade => assert!(whole && !upgrades_alone(&head.unwrap())),
            HandshakeError::TooManyHeaders => {
                assert!(
                    taken.iter().filter(|byte| **byte == b'\n').count()
                        > config.max_headers as usize
                )
            }
            HandshakeError::MalformedHeader => assert!(head.is_none()),
            HandshakeError::MalformedStartLine => {
                assert!(!head.is_some_and(|head| is_status_line(&head.first)))
            }
            HandshakeError::UnsupportedHttp => {
                assert!(!head.is_some_and(|head| is_status_line(&head.first)))
            }
            // What the lists of extensions may hold is not said again here: see the target
            // `offers`.
            HandshakeError::ExtensionNotOffered
            | HandshakeError::RepeatedExtension
            | HandshakeError::InvalidExtensions
            | HandshakeError::InvalidParameters
            | HandshakeError::ParametersNotOffered => {
                assert!(!head.unwrap().all("sec-websocket-extensions").is_empty())
            }
            other => panic!("{other:?}: a server is not told that"),
        }
    }

    /// RFC 6455 §4.1, the rules on an answer.
    fn open(&self, accepted: &Accepted, head: &Head<'_>) {
        let Self { key, protocols, deflate, .. } = *self;
        assert!(head.first.starts_with("HTTP/1.1 101") || head.first.starts_with("HTTP/1.0 101"));
        assert!(upgrades_alone(head));
        assert!(head.says("connection", "upgrade"));
        assert_eq!(head.all("sec-websocket-accept"), [derive_accept_key(key).as_bytes()]);
        let named: Vec<&[u8]> = accepted.protocol().map(str::as_bytes).into_iter().collect();
        assert_eq!(head.list("sec-websocket-protocol"), named);
        assert!(accepted.protocol().is_none_or(|protocol| protocols.contains(&protocol)));
        let extensions = head.list("sec-websocket-extensions");
        assert_eq!(extensions.len(), usize::from(accepted.extensions().deflate.is_some()));
        assert!(
            extensions.is_empty() || deflate && extensions[0].starts_with(b"permessage-deflate")
        );
        assert!(
            accepted
                .headers()
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value))
                .eq(head.fields.clone())
        );
    }

    /// The body of a refusal, RFC 9112 §6.3, and whether the connection can be used again, §9.3.
    /// `rest`: how many bytes were left; `alone`: none of them in the read with the answer's end,
    /// §9.2.
    fn refused(
        &self,
        response: &Response,
        head: &Head<'_>,
        bare_lf: bool,
        behind: &[u8],
        rest: usize,
        alone: bool,
    ) {
        let Self { config, end, .. } = *self;
        let max_body = config.max_body as usize;
        assert!(response.body().len() <= max_body);
        let modern = head.first.starts_with("HTTP/1.1");
        let coding =
            head.list("transfer-encoding").last().map(|coding| coding.to_ascii_lowercase());
        let (codes, says_length) =
            (!head.all("transfer-encoding").is_empty(), !head.all("content-length").is_empty());
        // The body, whether it is whole, and where its end was seen.
        let (body, whole, ends) = match response.status() {
            304 => {
                let sure = if codes {
                    !says_length && has_one_chunked(head)
                } else {
                    !says_length || has_one_length(head)
                };
                (vec![], true, sure.then_some(0))
            }
            204 => {
                (vec![], true, (!codes && (!says_length || length(head) == Some(0))).then_some(0))
            }
            _ if codes && modern && coding.as_deref() == Some(b"chunked") => {
                let (body, whole, ends) = dechunk(behind);
                (body, whole, ends.filter(|_| !says_length && has_one_chunked(head)))
            }
            _ if codes || !says_length => (behind.to_vec(), end == End::Stream, None),
            // With a length in doubt nothing is read.
            _ if !has_one_length(head) => (vec![], false, None),
            _ => match length(head).filter(|length| *length <= behind.len()) {
                Some(length) => (behind[..length].to_vec(), true, Some(length)),
                None => (behind.to_vec(), false, None),
            },
        };
        let kept = body.len().min(max_body);
        assert_eq!(response.body(), &body[..kept]);
        assert_eq!(response.is_cut(), !whole || body.len() > kept);
        let reusable = ends.is_some() && !response.is_cut() && modern && !bare_lf && alone;
        let reusable = reusable && !head.says("connection", "close");
        // Trailers are read within a limit, which is as large as any here but that of a small one.
        assert!(response.is_reusable() == reusable || reusable && behind.len() > max_body + 4000);
        if response.is_reusable() {
            assert_eq!(Some(behind.len() - rest), ends, "the next answer would begin there");
        }
    }
}

fn upgrades_alone(head: &Head<'_>) -> bool {
    matches!(head.all("upgrade")[..], [value] if value.eq_ignore_ascii_case(b"websocket"))
}
