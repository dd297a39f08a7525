//! A server's side of the opening handshake: any bytes as a request, and any strings in the answer.

use crate::choices::{Choices, cut};
use crate::heads::{Fields, Head, is_reserved, is_token, is_value};
use crate::wire::{feed, output};
use sockless::deflate::Policy;
use sockless::handshake::Header;
use sockless::server::{
    Config, Handshake, Incoming, Origin, OriginPolicy, OriginRefusal, Replying, Request, Scheme,
};
use sockless::{Connection, HandshakeError, Input};
use std::net::Ipv6Addr;
use tungstenite::handshake::derive_accept_key;

/// Arbitrary bytes as a request, cut anywhere, and arbitrary strings in the answer to it:
///
/// - the outcome is the same however the request is cut, and so are the bytes of the answer; no more
///   than a head is taken, and the outcome has all that came behind it;
/// - what is accepted keeps the rules of RFC 6455 §4.2.1 and those on heads, as they are said again
///   here; what is refused by one of these rules breaks it;
/// - a plain request is one that does not ask for a WebSocket;
/// - who is asked has one answer, whatever the form of the target, and `Origin` is compared with
///   it;
/// - a refusal keeps what was asked as far as it can be read, and nothing that is not there;
/// - an HTTP stack that sends the 101 is given the fields of the one that is sent here;
/// - every outcome ends in bytes to send, and these are the answer that was asked for: its headers
///   and its body are those that the caller set, and that the handshake writes itself, whatever
///   strings are tried, and none besides;
/// - without an outcome more is asked for, the end of the stream ends it without an answer, and a
///   time-out with a 408, if anything came.
///
/// Of `data`, the first byte chooses what is accepted and how many cuts there are, the bytes behind
/// it where they are; then come the strings for the answer, with their length before them, and its
/// status; the rest is the request.
pub fn server_head(data: &[u8]) {
    let mut choices = Choices::new(data);
    let flags = choices.byte();
    let cuts = choices.bytes(usize::from(flags >> 5));
    let said = String::from_utf8_lossy(choices.counted());
    let status = choices.number() as u16;
    let mut config = Config::default();
    (config.max_head, config.max_headers) = if flags & 1 == 0 { (16 << 10, 100) } else { (250, 6) };
    config.origin = match flags >> 1 & 3 {
        0 => OriginPolicy::SameHost,
        1 => OriginPolicy::SameOrigin(Scheme::Https)
            .or(OriginPolicy::custom(|asked| asked.origin() == Some("http://c.example"))),
        2 => {
            let sites =
                ["https://a.example", "http://[::1]:9001"].map(|site| Origin::new(site).unwrap());
            OriginPolicy::origins(
                sites
                    .into_iter()
                    .chain([Origin::text("null").unwrap(), Origin::text("app/1").unwrap()]),
            )
        }
        _ => OriginPolicy::Any,
    };
    config.deflate = (flags & 8 != 0).then(Policy::default);
    config.max_discard = 20_000;
    let accepts = flags & 16 == 0;
    let wire = choices.rest();

    // Byte by byte no more comes than is taken.
    let single: Vec<&[u8]> = wire.chunks(1).collect();
    let (outcome, taken) = read(&config, &single);
    assert!(taken as u64 <= config.max_head);
    let (head, behind) = wire.split_at(taken);
    let head = behind_empty_line(head);
    let told = outcome.as_ref().map(told);
    judge(outcome.as_ref(), head, &config);
    for how in 0..4 {
        if let (Some(Incoming::Failed(replying)), _) = read(&config, &[wire]) {
            end(replying, how, usize::from(status));
        }
    }
    let answered = outcome.map(|outcome| answer(outcome, accepts, &said, status, head));
    for parts in [&[wire][..], &cut(wire, cuts)] {
        let (outcome, come) = read(&config, parts);
        assert_eq!(outcome.as_ref().map(self::told), told);
        assert_eq!(outcome.map(|outcome| answer(outcome, accepts, &said, status, head)), answered);
        if let (Some(outcome), _) = read(&config, parts) {
            has_rest(outcome, &behind[..come - taken], config.max_discard);
        }
    }
}

/// A request without the empty line that may stand in front of it. RFC 9112 §2.2.
fn behind_empty_line(wire: &[u8]) -> &[u8] {
    wire.strip_prefix(b"\r\n").unwrap_or(wire)
}

/// Whether an outcome has what came behind its head.
fn has_rest(outcome: Incoming, rest: &[u8], max_discard: u64) {
    match outcome {
        Incoming::Upgrade(request) => {
            let (agreed, config) = (request.extensions(), sockless::Config::default());
            let expected = feed(&mut Connection::server(agreed, config.clone()), &[rest]);
            let mut connection = request.accept().open(config);
            assert_eq!(connection.wants_poll(), !rest.is_empty());
            assert_eq!(feed(&mut connection, &[b""]), expected);
        }
        Incoming::Http(plain) => {
            assert_eq!(plain.rest(), rest);
            let all = [plain.head(), rest].concat();
            assert_eq!(plain.into_bytes(), all);
        }
        // What it still throws away, to the byte.
        Incoming::Failed(mut replying) => {
            output(&mut replying);
            replying.shutdown_done();
            let more = (max_discard as usize).saturating_sub(rest.len());
            assert_eq!(replying.is_done(), more == 0);
            if let Some(fewer) = more.checked_sub(1) {
                replying.poll(&mut Input::new(&mut vec![0; fewer]));
                assert!(!replying.is_done());
                replying.poll(&mut Input::new(&mut [0]));
                assert!(replying.is_done());
            }
        }
    }
}

/// Feeds a request: what came of it, and how many bytes had come then.
fn read(config: &Config, parts: &[&[u8]]) -> (Option<Incoming>, usize) {
    let mut handshake = Handshake::new(config.clone());
    let mut come = 0;
    for part in parts {
        assert!(
            handshake.wants_read()
                && !handshake.wants_write()
                && !handshake.wants_shutdown()
                && !handshake.is_done()
        );
        let mut scratch = part.to_vec();
        let mut input = Input::new(&mut scratch);
        come += part.len();
        if let Some(incoming) = handshake.poll(&mut input) {
            assert!(
                !handshake.wants_read()
                    && handshake.is_done()
                    && handshake.poll(&mut Input::empty()).is_none(),
                "given once"
            );
            assert!(input.is_empty(), "the outcome has the rest");
            return (Some(incoming), come);
        }
        assert!(input.is_empty(), "None means that all was consumed");
    }
    let mut late = Handshake::new(config.clone());
    for part in parts {
        assert!(late.poll(&mut Input::new(&mut part.to_vec())).is_none());
    }
    late.handle_timeout();
    let timed_out = late.poll(&mut Input::empty());
    let all = parts.concat();
    assert_eq!(timed_out.is_some(), !behind_empty_line(&all).is_empty());
    if let Some(outcome) = timed_out {
        assert!(matches!(&outcome, Incoming::Failed(replying) if replying.status() == 408));
        answer(outcome, true, "", 0, behind_empty_line(&all));
    }
    handshake.handle_eof();
    assert!(handshake.is_done() && handshake.poll(&mut Input::empty()).is_none());
    (None, come)
}

/// All that an outcome tells.
fn told(outcome: &Incoming) -> String {
    match outcome {
        Incoming::Upgrade(request) => {
            let (key, protocols) = (request.accept_key(), request.protocols().collect::<Vec<_>>());
            format!(
                "{request:?} {:?} {key} {protocols:?}",
                request.headers().iter().collect::<Vec<_>>()
            )
        }
        Incoming::Http(plain) => format!("{plain:?} {:?}", plain.head()),
        Incoming::Failed(replying) => {
            // What it still throws away hangs on the read.
            let shown = format!("{replying:?}");
            let (shown, _) = shown.split_once("linger").expect("it is shown");
            format!("{shown} {:?}", replying.headers().iter().collect::<Vec<_>>())
        }
    }
}

/// Whether the outcome is right.
fn judge(outcome: Option<&Incoming>, taken: &[u8], config: &Config) {
    let head = Head::read(taken);
    let broken = head.as_ref().map(broken);
    let asks = |head: &Head<'_>| head.says("upgrade", "websocket");
    match outcome {
        None => assert!(head.is_none()),
        Some(Incoming::Upgrade(request)) => {
            let head = head.expect("it can be read");
            assert!(
                asks(&head)
                    && head.rest.is_empty()
                    && head.fields.len() <= config.max_headers as usize
            );
            assert_eq!(broken, Some(vec![]));
            let (authority, target) = asked(&head).expect("it says who is asked");
            assert!(is_welcome(&head, &authority, &config.origin), "{head:?}");
            assert_eq!((request.authority(), request.target()), (&authority[..], &target[..]));
            assert_eq!(
                request.accept_key().as_str(),
                derive_accept_key(head.all("sec-websocket-key")[0])
            );
            assert!(request.protocols().map(str::as_bytes).eq(head.list("sec-websocket-protocol")));
            // One answer to who is asked.
            let fields = head.fields.iter().map(|(name, value)| {
                (name.clone(), if name == "host" { authority.as_bytes() } else { value })
            });
            assert!(
                request
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_lowercase(), value))
                    .eq(fields)
            );
            assert!(request.extensions().deflate.is_none() || config.deflate.is_some());
            // Written anew, with a space behind each colon, it may be too large.
            if taken.len() + request.headers().iter().count() <= config.max_head as usize {
                let parts = Request::from_parts(
                    "GET",
                    request.target(),
                    (1, 1),
                    request.headers().iter(),
                    config,
                )
                .map(Incoming::Upgrade);
                assert_eq!(
                    parts.as_ref().map(told),
                    Ok(told(outcome.unwrap())),
                    "for who has an HTTP stack of their own it is the same"
                );
            }
        }
        Some(Incoming::Http(plain)) => {
            let head = head.expect("it can be read");
            assert!(
                !asks(&head)
                    && head.rest.is_empty()
                    && head.fields.len() <= config.max_headers as usize
            );
            assert_eq!(plain.head(), taken);
            assert!(head.first.starts_with(&format!(
                "{} {} HTTP/1.",
                plain.method(),
                plain.target()
            )));
        }
        Some(Incoming::Failed(replying)) => {
            logs(replying, taken, head.as_ref());
            failed(replying, taken, head, config);
        }
    }
}

/// Whether a refusal is right.
fn failed(replying: &Replying, taken: &[u8], head: Option<Head<'_>>, config: &Config) {
    let broken = head.as_ref().map(broken);
    let asks = |head: &Head<'_>| head.says("upgrade", "websocket");
    match replying.error().expect("it has its reason") {
        HandshakeError::IllegalByte => assert!(head.is_none()),
        HandshakeError::HeadTooLarge => {
            assert!([config.max_head, config.max_head - 2].contains(&(taken.len() as u64)))
        }
        HandshakeError::TooManyHeaders => {
            assert!(
                taken.iter().filter(|byte| **byte == b'\n').count() > config.max_headers as usize
            )
        }
        HandshakeError::ForbiddenOrigin => {
            let head = head.unwrap();
            let (authority, _) = asked(&head).expect("it says who is asked");
            assert!(!is_welcome(&head, &authority, &config.origin));
            let is_custom = replying.origin_refusal() == Some(OriginRefusal::Custom);
            assert!(
                replying.origin_refusal().is_some() && !is_custom,
                "the first of several says why"
            );
        }
        HandshakeError::InvalidHost => {
            let head = head.unwrap();
            assert!(asks(&head) && !is_host(&String::from_utf8_lossy(head.all("host")[0])));
        }
        HandshakeError::InvalidTarget => {
            assert!(asks(head.as_ref().unwrap()) && asked(&head.unwrap()).is_none())
        }
        // What the lists of extensions may hold is not said again here: see the target `offers`.
        HandshakeError::InvalidExtensions => assert!(asks(&head.unwrap())),
        HandshakeError::MalformedHeader => assert!(head.is_none()),
        HandshakeError::MalformedStartLine => {
            assert!(!head.is_some_and(|head| is_request_line(&head.first)))
        }
        HandshakeError::UnsupportedHttp => {
            assert!(!head.is_some_and(|head| is_request_line(&head.first)))
        }
        error => assert!(asks(&head.unwrap()) && broken.unwrap().contains(&error), "{error:?}"),
    }
}

/// Whether a refusal says what was asked.
fn logs(replying: &Replying, taken: &[u8], head: Option<&Head<'_>>) {
    let (method, target) =
        (replying.method().unwrap_or_default(), replying.target().unwrap_or_default());
    assert!(method.is_empty() || is_token(method));
    assert!(target.chars().all(|c| c > ' ' && c != '\x7f'), "{target:?}");
    let headers: Vec<(String, &[u8])> =
        replying.headers().iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    match head {
        Some(head) if is_request_line(&head.first) => {
            let [first, second, _] = head.first.split(' ').collect::<Vec<_>>()[..] else {
                unreachable!()
            };
            assert_eq!(method, first);
            if target == second {
                assert_eq!(headers, head.fields);
            } else {
                // As the application would have had it.
                assert_eq!(asked(head).map(|(_, target)| target).as_deref(), Some(target));
                assert_eq!(headers.len(), head.fields.len());
            }
        }
        // As far as it can be read, it stands there.
        _ => {
            let start = format!("{method} {target}");
            let text = taken.strip_prefix(b"\r\n").unwrap_or(taken);
            assert!(method.is_empty() || text.starts_with(start.as_bytes()));
            assert!(headers.len() <= taken.iter().filter(|byte| **byte == b'\n').count());
            for (name, value) in headers {
                assert!(is_token(&name) && is_value(value));
                assert!(
                    value.is_empty() || taken.windows(value.len()).any(|window| window == value)
                );
            }
        }
    }
}

/// Who is asked, and for what: RFC 9112 §3.2.2, §3.3. `None` for a target that is of no WebSocket.
fn asked(head: &Head<'_>) -> Option<(String, String)> {
    let target = head.first.split(' ').nth(1)?;
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>".contains(&byte)) {
        return None;
    }
    let host = String::from_utf8_lossy(head.all("host").first()?).into_owned();
    if target.starts_with('/') {
        return Some((host, target.into()));
    }
    let (scheme, rest) = target.split_once("://")?;
    if !["ws", "wss", "http", "https"].contains(&&scheme.to_lowercase()[..]) {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.is_empty() || !is_host(authority) {
        return None;
    }
    Some((authority.into(), if path.starts_with('/') { path.into() } else { format!("/{path}") }))
}

/// A host and perhaps a port, or nothing. RFC 3986 §3.2.2, §3.2.3.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    let is_port = port.is_empty()
        || port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0);
    if let Some(address) = host.strip_prefix('[') {
        return is_port
            && address
                .strip_suffix(']')
                .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let mut encoded = host.split('%');
    let plain = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte))
    };
    let is_name = encoded.next().is_some_and(plain)
        && encoded.all(|part| {
            part.len() >= 2
                && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
                && plain(&part[2..])
        });
    is_port && is_name && (!host.is_empty() || text.is_empty())
}

/// RFC 9112 §3, of the versions that there are.
fn is_request_line(line: &str) -> bool {
    let parts: Vec<&str> = line.split(' ').collect();
    let [method, target, "HTTP/1.0" | "HTTP/1.1"] = parts[..] else { return false };
    is_token(method) && !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Which rules a request to upgrade breaks, of those of RFC 6455 §4.1 and §4.2.1 that need no other
/// grammar than a head's.
fn broken(head: &Head<'_>) -> Vec<HandshakeError> {
    let (hosts, keys, versions) =
        (head.all("host"), head.all("sec-websocket-key"), head.all("sec-websocket-version"));
    let mut protocols = head.list("sec-websocket-protocol");
    let count = protocols.len();
    let tokens = protocols.iter().all(|protocol| std::str::from_utf8(protocol).is_ok_and(is_token));
    protocols.sort();
    protocols.dedup();
    let origins = head.all("origin");
    let rules = [
        (HandshakeError::Method, head.first.starts_with("GET ")),
        (HandshakeError::HttpTooOld, head.first.ends_with(" HTTP/1.1")),
        (HandshakeError::MissingHost, !hosts.is_empty()),
        (HandshakeError::RepeatedHost, hosts.len() < 2),
        (HandshakeError::MissingConnection, head.says("connection", "upgrade")),
        (HandshakeError::MissingVersion, !versions.is_empty()),
        (HandshakeError::RepeatedVersion, versions.len() < 2),
        (HandshakeError::UnsupportedVersion, versions.iter().all(|version| version == b"13")),
        (HandshakeError::MissingKey, !keys.is_empty()),
        (HandshakeError::RepeatedKey, keys.len() < 2),
        (HandshakeError::InvalidKey, keys.iter().all(|key| is_key(key))),
        (
            HandshakeError::RequestBody,
            head.all("transfer-encoding").is_empty()
                && head.all("content-length").iter().all(|len| len == b"0"),
        ),
        (HandshakeError::InvalidProtocols, tokens && protocols.len() == count),
        (HandshakeError::TooManyProtocols, count <= 100),
        (HandshakeError::RepeatedOrigin, origins.len() < 2),
        (HandshakeError::InvalidOrigin, origins.iter().all(|origin| origin.is_ascii())),
    ];
    rules.into_iter().filter(|(_, kept)| !kept).map(|(rule, _)| rule).collect()
}

/// 16 bytes in base64, whatever the spare bits of the last digit: §4.2.1 point 5.
fn is_key(key: &[u8]) -> bool {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Option<Vec<usize>> =
        key.iter().take(22).map(|digit| alphabet.iter().position(|other| other == digit)).collect();
    digits.is_some_and(|digits| digits.len() == 22 && key[22..] == *b"==")
}

/// Whether a page of this origin may connect to this host. §4.2.2 point 4, §10.2.
fn is_welcome(head: &Head<'_>, asked: &str, policy: &OriginPolicy) -> bool {
    if *policy == OriginPolicy::Any {
        return true;
    }
    let Some(origin) = head
        .all("origin")
        .first()
        .map(|origin| String::from_utf8_lossy(origin).to_ascii_lowercase())
    else {
        return true;
    };
    let (host, written) = (asked.to_ascii_lowercase(), head.all("origin")[0]);
    if matches!(policy, OriginPolicy::List(_)) && [&b"null"[..], b"app/1"].contains(&written) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default = match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    // RFC 3986 §3.1.
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (from, to) = (apart(authority, default), apart(&host, default));
    match policy {
        OriginPolicy::OneOf(_) if written == b"http://c.example" => true,
        OriginPolicy::OneOf(_) => scheme == "https" && from == to && !host.is_empty(),
        OriginPolicy::List(_) => {
            let listed = [("https", "a.example", 443), ("http", "[::1]", 9001)];
            listed
                .map(|(scheme, host, port)| (scheme, (host.into(), Some(port))))
                .contains(&(scheme, from))
        }
        _ => is_scheme && from == to && from.1.is_some() && !host.is_empty(),
    }
}

/// A host and its port; 0, which none has, for what is no port.
fn apart(authority: &str, default: Option<u16>) -> (String, Option<u16>) {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let address =
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')?.parse::<Ipv6Addr>().ok());
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = if port.is_empty() {
        default
    } else {
        Some(port.parse().ok().filter(|_| digits).unwrap_or(0))
    };
    (address.map_or(host.into(), |address| format!("[{address}]")), port)
}

/// Answers, with strings that may be anything, and checks what is sent.
fn answer(outcome: Incoming, accepts: bool, said: &str, status: u16, taken: &[u8]) -> Vec<u8> {
    let (name, value) = said.split_once('=').unwrap_or((said, said));
    let header = Header::new(name, value);
    assert_eq!(header.is_ok(), is_token(name) && is_value(value.as_bytes()) && !is_reserved(name));
    let latin1 = Header::latin1(name, value).ok();
    assert_eq!(latin1.is_some(), header.is_ok() && value.chars().all(|c| c <= '\u{ff}'));
    // The two differ in the bytes of the value, and the status chooses between them.
    let header = match latin1 {
        Some(latin1) if status & 1 == 0 => Some((latin1, value.chars().map(|c| c as u8).collect())),
        _ => header.ok().map(|header| (header, value.as_bytes().to_vec())),
    };
    match outcome {
        Incoming::Upgrade(request) if accepts => accept(request, value, header, status & 2 != 0),
        Incoming::Failed(replying) => {
            let mut expected = Fields::default().with("Content-Type", "text/plain; charset=utf-8");
            if replying.status() == 405 {
                expected = expected.with("Allow", "GET");
            }
            let error = replying.error().expect("a reason");
            refuse(replying, expected, format!("{error}\n").as_bytes(), taken.starts_with(b"HEAD "))
        }
        Incoming::Upgrade(_) | Incoming::Http(_) => {
            let reply = match outcome {
                Incoming::Upgrade(request) => request.accept().protocol(value).reject(status),
                Incoming::Http(plain) => plain.reply(status),
                Incoming::Failed(_) => unreachable!(),
            };
            let reply = header.iter().fold(reply, |reply, (header, _)| reply.header(*header));
            let replying = reply.body(said.as_bytes().to_vec()).into_replying();
            assert_eq!(replying.status(), if (200..600).contains(&status) { status } else { 500 });
            refuse(
                replying,
                with_said(Fields::default(), &header),
                said.as_bytes(),
                taken.starts_with(b"HEAD "),
            )
        }
    }
}

/// A header that can be sent, and the bytes of its value.
type Said<'a> = Option<(Header<'a>, Vec<u8>)>;

fn with_said(fields: Fields, said: &Said<'_>) -> Fields {
    said.iter().fold(fields, |fields, (header, value)| fields.with_bytes(header.name(), value))
}

/// Accepts, and sends the 101 as the connection does, or as an HTTP stack would.
fn accept(request: Request, protocol: &str, header: Said<'_>, by_stack: bool) -> Vec<u8> {
    let mut expected = with_said(
        Fields::default().with("Upgrade", "websocket").with("Connection", "Upgrade"),
        &header,
    );
    expected = expected.with("Sec-WebSocket-Accept", request.accept_key());
    let offered = request.protocols().any(|offered| offered == protocol);
    if offered {
        expected = expected.with("Sec-WebSocket-Protocol", protocol);
    }
    if let Some(answer) = request.deflate() {
        expected = expected.with("Sec-WebSocket-Extensions", answer);
    }
    let accept = request.accept().protocol(protocol);
    assert_eq!(accept.chosen(), offered.then_some(protocol));
    let accept = header.iter().fold(accept, |accept, (header, _)| accept.header(*header));
    let (connection, wire) = if by_stack {
        let response = accept.into_response();
        let mut wire =
            format!("HTTP/1.1 {} Switching Protocols\r\n", response.status()).into_bytes();
        for (name, value) in response.headers().iter() {
            wire.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let mut connection = response.open(sockless::Config::default());
        assert!(output(&mut connection).is_empty(), "no second 101");
        (connection, [&wire[..], b"\r\n"].concat())
    } else {
        let mut connection = accept.open(sockless::Config::default());
        let wire = output(&mut connection);
        (connection, wire)
    };
    let head = Head::read(&wire).expect("it can be read");
    assert_eq!((&head.first[..], head.rest), ("HTTP/1.1 101 Switching Protocols", &b""[..]));
    head.assert_fields(expected);
    assert!(connection.is_open() && (connection.wants_read() || connection.wants_poll()));
    wire
}

/// Ends a refusal otherwise than by its own way, when some of its answer was written.
fn end(mut replying: Replying, how: u8, written: usize) {
    // All but its last byte, or less.
    let taken =
        replying.transmit().write_slice_with(|answer| Ok::<_, ()>(written.min(answer.len() - 1)));
    assert!(taken.is_ok() && replying.wants_write());
    match how {
        0 => {
            replying.handle_eof();
            assert!(replying.wants_write() && !replying.is_done(), "the answer is still offered");
            output(&mut replying);
            assert!(replying.wants_shutdown());
            replying.shutdown_done();
        }
        1 => replying.handle_error(),
        2 => replying.handle_timeout(),
        _ => replying.handle_write_error(),
    }
    for _ in 0..2 {
        assert!(replying.is_done() && !replying.wants_write() && !replying.wants_read());
        assert!(!replying.wants_shutdown() && replying.transmit().pop().is_none());
        replying.handle_timeout();
        replying.handle_eof();
        replying.shutdown_done();
    }
}

/// Sends a refusal to its end.
fn refuse(mut replying: Replying, expected: Fields, body: &[u8], is_head: bool) -> Vec<u8> {
    let status = replying.status();
    assert!(replying.wants_write() && !replying.is_done());
    let wire = output(&mut replying);
    assert!(replying.wants_shutdown());
    replying.shutdown_done();
    assert!(replying.wants_read() && !replying.is_done());
    replying.poll(&mut Input::new(&mut [0; 10]));
    replying.handle_eof();
    assert!(replying.is_done());

    let head = Head::read(&wire).expect("it can be read");
    assert!(head.first.starts_with(&format!("HTTP/1.1 {status} ")));
    let expected = match status {
        204 | 304 => expected,
        205 => expected.with("Content-Length", 0),
        _ => expected.with("Content-Length", body.len()),
    };
    let expected = match status {
        426 => expected
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade, close")
            .with("Sec-WebSocket-Version", 13),
        _ => expected.with("Connection", "close"),
    };
    head.assert_fields(expected);
    let without = is_head || matches!(status, 204 | 205 | 304);
    assert_eq!(head.rest, if without { b"" } else { body });
    wire
}
