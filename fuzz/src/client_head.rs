//! A client's side of the opening handshake: any strings in the request, and any bytes as the answer.

use crate::choices::{Choices, cut};
use crate::heads::{Fields, Head, is_reserved, is_token, is_value};
use crate::wire::output;
use sockless::client::{Config, Handshake, Opened, Outcome, Request, Response};
use sockless::deflate::Offer;
use sockless::handshake::Header;
use sockless::{HandshakeError, Input, LifeCycle, Seed};
use tungstenite::handshake::derive_accept_key;

/// Arbitrary strings in a request, and arbitrary bytes as the answer to it, cut anywhere:
///
/// - what is written is the request that was asked for: the caller's headers and those that the handshake writes, whatever strings are tried as an
///   address, a header, an origin or a subprotocol, and none besides;
/// - the outcome is the same however the answer is cut, and so is what is left of the input; no more than the limits is taken;
/// - what opens a connection keeps the rules at the end of RFC 6455 §4.1, as they are said again here, behind any interim answers;
/// - a refusal has its status, and the body that a naive reader finds by its length, in its chunks or up to the end of the stream, whole or marked as cut;
/// - without an outcome more is asked for; the end of the stream, an error of the transport and a time-out each bring one.
///
/// Of `data`, the first byte chooses what is offered, the limits and how many cuts there are, the bytes behind it where they are; then come the strings
/// for the request, with their length before them, and how it ends; the rest is the answer, in which `{accept}` stands for what belongs to the key.
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
    let (protocols, deflate): (&[&str], _) = (if flags & 2 != 0 { &["chat", "Superchat"] } else { &[] }, flags & 4 != 0);
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
    let (outcome, rest) = read(handshake, &[&wire], end);
    Case { key, protocols, deflate, config: &config, end }.judge(&outcome, &wire, rest);
    let told = told(outcome);
    let single: Vec<&[u8]> = wire.chunks(1).collect();
    for parts in [&cut(&wire, cuts), &single] {
        if parts.len() < 3000 {
            let handshake = Handshake::with_config(request.clone(), seed(), config.clone());
            let (outcome, left) = read(handshake, parts, end);
            assert_eq!((self::told(outcome), left), (told.clone(), rest));
        }
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
    let mut request = header.into_iter().fold(request.clone(), |request, header| request.header(header));
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
}

fn check(request: Request, mut fields: Fields, protocols: &[&str], deflate: bool) {
    let mut handshake = Handshake::new(request.clone(), seed());
    let wire = output(&mut handshake);
    let head = Head::read(&wire).expect("it can be read");
    assert_eq!((&head.first[..], head.rest), (&format!("GET {} HTTP/1.1", request.target())[..], &b""[..]));
    assert!(request.target().starts_with('/') && !request.target().contains([' ', '#']));
    assert!(request.authority().starts_with(request.host()) || request.authority().starts_with(&format!("[{}]", request.host())));
    let key = head.all("sec-websocket-key");
    assert!(key.len() == 1 && key[0].len() == 24);
    fields = fields.with("Host", request.authority()).with("Upgrade", "websocket").with("Connection", "Upgrade");
    fields = fields.with("Sec-WebSocket-Version", 13).with("Sec-WebSocket-Key", std::str::from_utf8(key[0]).unwrap());
    if !protocols.is_empty() {
        fields = fields.with("Sec-WebSocket-Protocol", protocols.join(", "));
    }
    if deflate {
        fields = fields.with("Sec-WebSocket-Extensions", Offer::default());
    }
    head.assert_fields(fields);
}

/// Feeds an answer, and its end: what came of it, and how many bytes are left.
fn read(mut handshake: Handshake, parts: &[&[u8]], end: End) -> (Outcome, usize) {
    let mut behind: usize = parts.iter().map(|part| part.len()).sum();
    for part in parts {
        assert!(handshake.wants_read() && !handshake.wants_shutdown() && !handshake.is_done());
        let mut scratch = part.to_vec();
        let mut input = Input::new(&mut scratch);
        behind -= part.len();
        if let Some(outcome) = handshake.poll(&mut input) {
            assert!(!handshake.wants_read() && !handshake.wants_write() && handshake.poll(&mut Input::empty()).is_none(), "given once");
            return (outcome, behind + input.len());
        }
        assert!(input.is_empty(), "None means that all was consumed");
    }
    match end {
        End::Stream => handshake.handle_eof(),
        End::Transport => handshake.handle_error(),
        End::Time => handshake.handle_timeout(),
    }
    assert!(!handshake.wants_read());
    let outcome = handshake.poll(&mut Input::empty()).expect("an end brings an outcome");
    assert!(handshake.poll(&mut Input::empty()).is_none(), "given once");
    (outcome, 0)
}

/// All that an outcome tells.
fn told(outcome: Outcome) -> String {
    match outcome {
        Outcome::Open(opened) => {
            let told = format!("{opened:?}");
            assert!(opened.open(sockless::Config::default()).is_open());
            told
        }
        Outcome::Refused(response) => format!("{response:?} {:?} {}", response.body(), response.is_cut()),
        Outcome::Failed(error) => format!("{error:?}"),
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
    /// Whether the outcome is right.
    fn judge(&self, outcome: &Outcome, wire: &[u8], rest: usize) {
        let Self { key, protocols, config, end, .. } = *self;
        let taken = &wire[..wire.len() - rest];
        // Interim answers are passed over: RFC 9110 §15.2.
        let mut head = Head::read(taken);
        let interim = |head: &Head<'_>| head.first.as_bytes().get(9) == Some(&b'1') && !head.first[9..].starts_with("101");
        while let Some(next) = head.as_ref().filter(|head| interim(head)).map(|head| head.rest) {
            head = Head::read(next);
        }
        match outcome {
            Outcome::Open(opened) => self.open(opened, &head.expect("it can be read")),
            Outcome::Refused(response) => {
                let head = head.expect("it can be read");
                assert_eq!(head.first.as_bytes()[9..12], *response.status().to_string().as_bytes());
                assert!(response.headers().iter().map(|(name, value)| (name.to_lowercase(), value)).eq(head.fields.clone()));
                assert!((200..1000).contains(&response.status()));
                self.refused(response, &head, &wire[taken.len() - head.rest.len()..]);
            }
            Outcome::Failed(error) => match error {
                HandshakeError::UnexpectedEnd => assert!(head.is_none() && end != End::Time),
                HandshakeError::TimedOut => assert!(head.is_none() && end == End::Time),
                HandshakeError::HeadTooLarge => assert_eq!(taken.len(), config.max_head),
                HandshakeError::IllegalByte => assert!(head.is_none()),
                HandshakeError::MissingUpgrade => assert!(head.unwrap().all("upgrade").is_empty()),
                HandshakeError::MissingConnection => assert!(!head.unwrap().says("connection", "upgrade")),
                HandshakeError::MissingAccept => assert!(head.unwrap().all("sec-websocket-accept").is_empty()),
                HandshakeError::RepeatedAccept => assert!(head.unwrap().all("sec-websocket-accept").len() > 1),
                HandshakeError::WrongAccept => assert_ne!(head.unwrap().all("sec-websocket-accept"), [derive_accept_key(key).as_bytes()]),
                HandshakeError::ProtocolNotOffered => {
                    let named = head.unwrap().all("sec-websocket-protocol");
                    assert!(named.len() == 1 && !protocols.iter().any(|protocol| protocol.as_bytes() == named[0]));
                }
                // A second header is one too many even where one of them is empty, §11.3.4.
                HandshakeError::SeveralProtocols => {
                    let (head, name) = (head.unwrap(), "sec-websocket-protocol");
                    assert!(head.all(name).len() > 1 || head.list(name).len() > 1);
                }
                HandshakeError::InvalidUpgrade => assert!(!upgrades_alone(&head.unwrap())),
                HandshakeError::HttpTooOld => assert!(head.unwrap().first.starts_with("HTTP/1.0 101")),
                HandshakeError::AnswerBody => assert!(!has_no_body(&head.unwrap())),
                HandshakeError::InvalidLength => assert!(!has_one_length(&head.unwrap())),
                HandshakeError::TooManyHeaders => assert!(taken.iter().filter(|byte| **byte == b'\n').count() > config.max_headers),
                HandshakeError::MalformedHeader => assert!(head.is_none()),
                HandshakeError::MalformedStartLine => assert!(!head.is_some_and(|head| is_status_line(&head.first))),
                HandshakeError::UnsupportedHttp => assert!(!head.is_some_and(|head| head.first.starts_with("HTTP/1.1 "))),
                // What the lists of extensions may hold is not said again here: see the target `offers`.
                HandshakeError::ExtensionNotOffered
                | HandshakeError::RepeatedExtension
                | HandshakeError::InvalidExtensions
                | HandshakeError::InvalidParameters
                | HandshakeError::ParametersNotOffered => assert!(!head.unwrap().all("sec-websocket-extensions").is_empty()),
                other => panic!("{other:?}: a server is not told that"),
            },
        }
    }

    /// RFC 6455 §4.1, the rules on an answer.
    fn open(&self, opened: &Opened, head: &Head<'_>) {
        let Self { key, protocols, deflate, .. } = *self;
        assert!(head.first.starts_with("HTTP/1.1 101") && head.rest.is_empty());
        assert!(upgrades_alone(head));
        assert!(head.says("connection", "upgrade"));
        assert_eq!(head.all("sec-websocket-accept"), [derive_accept_key(key).as_bytes()]);
        assert!(has_no_body(head));
        let named: Vec<&[u8]> = opened.protocol().map(str::as_bytes).into_iter().collect();
        assert_eq!(head.all("sec-websocket-protocol"), named);
        assert!(opened.protocol().is_none_or(|protocol| protocols.contains(&protocol)));
        let extensions = head.list("sec-websocket-extensions");
        assert_eq!(extensions.len(), usize::from(opened.agreement().deflate.is_some()));
        assert!(extensions.is_empty() || deflate && extensions[0].starts_with(b"permessage-deflate"));
        assert!(opened.headers().iter().map(|(name, value)| (name.to_lowercase(), value)).eq(head.fields.clone()));
    }

    /// The body of a refusal, RFC 9112 §6.3.
    fn refused(&self, response: &Response, head: &Head<'_>, behind: &[u8]) {
        let Self { config, end, .. } = *self;
        assert!(response.body().len() <= config.max_body);
        let length = head.list("content-length").first().and_then(|len| std::str::from_utf8(len).ok()?.parse::<usize>().ok());
        let coding = head.list("transfer-encoding").last().map(|coding| coding.to_ascii_lowercase());
        let codes = !head.all("transfer-encoding").is_empty();
        let (body, whole) = match () {
            () if matches!(response.status(), 204 | 304) => (vec![], true),
            () if coding.as_deref() == Some(b"chunked") && head.first.starts_with("HTTP/1.1") => dechunk(behind),
            () if codes || head.all("content-length").is_empty() => (behind.to_vec(), end == End::Stream),
            () => match length {
                Some(length) => (behind[..length.min(behind.len())].to_vec(), behind.len() >= length),
                // More than there is memory for.
                None => (behind.to_vec(), false),
            },
        };
        let kept = body.len().min(config.max_body);
        assert_eq!(response.body(), &body[..kept]);
        assert_eq!(response.is_cut(), !whole || body.len() > kept);
    }
}

fn upgrades_alone(head: &Head<'_>) -> bool {
    matches!(head.all("upgrade")[..], [value] if value.eq_ignore_ascii_case(b"websocket"))
}

fn has_no_body(head: &Head<'_>) -> bool {
    head.all("transfer-encoding").is_empty() && lengths(head).iter().all(|len| !len.is_empty() && len.iter().all(|digit| *digit == b'0'))
}

/// All that is said of a length, nothing too.
fn lengths<'a>(head: &Head<'a>) -> Vec<&'a [u8]> {
    let elements = head.all("content-length").into_iter().flat_map(|value| value.split(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii).collect()
}

/// Digits, not too many, and the same in all lines and elements. RFC 9110 §8.6.
fn has_one_length(head: &Head<'_>) -> bool {
    let lengths = lengths(head);
    let first = lengths.first().filter(|first| (1..20).contains(&first.len()) && first.iter().all(u8::is_ascii_digit));
    first.is_some_and(|first| lengths.iter().all(|len| len == first))
}

/// RFC 9112 §4, of the versions that there are.
fn is_status_line(line: &str) -> bool {
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.strip_prefix(['0', '1'])?.strip_prefix(' '));
    status.is_some_and(|status| match status.as_bytes() {
        [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9', rest @ ..] => rest.is_empty() || rest[0] == b' ',
        _ => false,
    })
}

/// The body in chunks, as far as it goes, and whether it is whole. RFC 9112 §7.1.
fn dechunk(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else { return (body, false) };
        let (line, rest) = (&bytes[..end], &bytes[end + 2..]);
        let (size, extension) = match line.iter().position(|byte| *byte == b';') {
            Some(at) => (&line[..at], &line[at..]),
            None => (line, &b""[..]),
        };
        let digits = std::str::from_utf8(size).unwrap_or_default().trim_end_matches([' ', '\t']);
        let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let Some(size) = u64::from_str_radix(digits, 16).ok().filter(|_| plain && is_value(extension)) else { return (body, false) };
        if size == 0 {
            return (body, true);
        }
        let come = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
        body.extend_from_slice(&rest[..come]);
        bytes = match rest[come..].strip_prefix(b"\r\n") {
            Some(behind) if come as u64 == size => behind,
            _ => return (body, false),
        };
    }
}
