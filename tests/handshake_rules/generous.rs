//! What is not as the RFC wants it of a sender, and is served: each row under every cut, and none
//! of it can be used to smuggle. A proxy that is strict stands in front: naive, and written without
//! the crate. Where it lets a request pass, it and we have to agree on which bytes are the head,
//! that no body follows, and who is asked.

use crate::handshake::{Changes, GET, KEY, cuttings, fed_by, request, sent, serve};
use sockless::handshake::accept_key;
use sockless::server::{Config, Incoming, OriginPolicy};

/// A request that is served: its bytes, and who is asked for what.
struct Served {
    wire: Vec<u8>,
    authority: &'static str,
    target: &'static str,
    key: &'static str,
}

/// All rows.
fn served() -> Vec<Served> {
    let mut all = Vec::new();
    // RFC 6455 §4.2.1: "when decoded, is 16 bytes". The second is the key of §4.1's own text.
    for key in ["dGhlIHNhbXBsZSBub25jZR==", "AQIDBAUGBwgJCgsMDQ4PEC==", "//////////////////////=="]
    {
        let wire = request(GET, &[("Sec-WebSocket-Key", &[key])]);
        all.push(Served { wire, authority: "a.example", target: "/chat", key });
    }
    // RFC 9110 §5.6.1.2, §5.6.6: what is empty in a list is ignored.
    let lists: [Changes<'_>; 15] = [
        &[("Sec-WebSocket-Protocol", &[""])],
        &[("Sec-WebSocket-Protocol", &[","])],
        &[("Sec-WebSocket-Protocol", &[" , ,"])],
        &[("Sec-WebSocket-Protocol", &["", ""])],
        &[("Sec-WebSocket-Protocol", &["a, b,"])],
        &[("Sec-WebSocket-Protocol", &[",,a,, b", ","])],
        &[("Sec-WebSocket-Extensions", &[""])],
        &[("Sec-WebSocket-Extensions", &[","])],
        &[("Sec-WebSocket-Extensions", &["", " ,\t,"])],
        &[("Sec-WebSocket-Extensions", &["permessage-deflate;"])],
        &[("Sec-WebSocket-Extensions", &["permessage-deflate; "])],
        &[("Sec-WebSocket-Extensions", &["foo;;bar ; ,"])],
        &[("Sec-WebSocket-Extensions", &["foo, bar;"])],
        &[("Sec-WebSocket-Protocol", &[""]), ("Sec-WebSocket-Extensions", &[""])],
        &[("Connection", &[",Upgrade,,"]), ("Upgrade", &[", websocket ,"])],
    ];
    for changes in lists {
        all.push(Served {
            wire: request(GET, changes),
            authority: "a.example",
            target: "/chat",
            key: KEY,
        });
    }
    // RFC 9112 §3.2.2: the target counts, and Host is ignored.
    for (target, authority, resource) in [
        ("ws://b.example/chat?x=y", "b.example", "/chat?x=y"),
        ("wss://b.example:8443/", "b.example:8443", "/"),
        ("http://b.example", "b.example", "/"),
        ("https://b.example?x", "b.example", "/?x"),
        ("HTTPS://B.Example:443/x", "B.Example:443", "/x"),
        ("ws://[::1]:9001//x@y:z/http://c.example/", "[::1]:9001", "//x@y:z/http://c.example/"),
        ("http://a.example:81/?@c.example", "a.example:81", "/?@c.example"),
    ] {
        for host in ["a.example:80", ""] {
            let wire = request(&format!("GET {target} HTTP/1.1"), &[("Host", &[host])]);
            all.push(Served { wire, authority, target: resource, key: KEY });
        }
    }
    // RFC 9112 §2.2: one empty line in front is ignored.
    let wire = [b"\r\n", &request(GET, &[])[..]].concat();
    all.push(Served { wire, authority: "a.example", target: "/chat", key: KEY });
    // RFC 9110 §7.2: of what has no authority, Host is empty.
    for host in ["", "  \t"] {
        all.push(Served {
            wire: request(GET, &[("Host", &[host])]),
            authority: "",
            target: "/chat",
            key: KEY,
        });
    }
    all
}

#[test]
fn what_is_served_is_the_same_in_every_split() {
    for Served { wire, authority, target, key } in served() {
        let text = wire.escape_ascii();
        // A frame behind it.
        let behind = [&wire[..], &[0x81, 0x80, 1, 2, 3, 4]].concat();
        for cuts in cuttings(&behind) {
            let (Some(Incoming::Upgrade(request)), fed) = serve(&Config::default(), &behind, &cuts)
            else {
                panic!("{text} cut at {cuts:?}")
            };
            assert_eq!(
                (request.authority(), request.target(), fed),
                (authority, target, fed_by(wire.len(), &cuts, behind.len())),
                "{text} cut at {cuts:?}"
            );
            assert_eq!(
                request.headers().get_all("host").collect::<Vec<_>>(),
                [authority.as_bytes()],
                "one answer: {text}"
            );
            assert_eq!(request.accept_key(), accept_key(key), "{text}");
            let answer =
                String::from_utf8(sent(&mut request.accept().open(sockless::Config::default())))
                    .unwrap();
            assert!(
                answer.contains(&format!("\r\nSec-WebSocket-Accept: {}\r\n", accept_key(key))),
                "{answer}"
            );
            assert!(
                !answer.contains("Protocol:") && !answer.contains("Extensions"),
                "nothing was offered, or all is declined: {answer}"
            );
        }
    }
}

#[test]
fn a_list_says_the_same_without_what_is_empty() {
    let wire = request(GET, &[("Sec-WebSocket-Protocol", &[",,a,, b", ","])]);
    let (Some(Incoming::Upgrade(request)), _) = serve(&Config::default(), &wire, &[]) else {
        panic!()
    };
    assert!(request.protocols().eq(["a", "b"]));
    #[cfg(feature = "deflate")]
    for offer in ["permessage-deflate", "permessage-deflate;", ",permessage-deflate; ;,"] {
        let mut config = Config::default();
        config.deflate = Some(sockless::deflate::Policy::default());
        let wire = self::request(GET, &[("Sec-WebSocket-Extensions", &[offer])]);
        let (Some(Incoming::Upgrade(request)), _) = serve(&config, &wire, &[]) else { panic!() };
        assert_eq!(
            request.deflate().map(|answer| answer.to_string()).as_deref(),
            Some("permessage-deflate")
        );
    }
}

/// What a strict proxy sees of a request to upgrade.
#[derive(Debug, PartialEq)]
struct Seen {
    /// Where the head ends, and the frames begin.
    head: usize,
    /// Who is asked, RFC 9112 §3.3.
    authority: String,
}

/// Reads a request as RFC 9112 has it of a sender, and refuses everything else. It speaks of
/// framing and of who is asked, and of nothing that is the WebSocket's.
fn strict(wire: &[u8]) -> Option<Seen> {
    // §2.2: one empty line in front is ignored.
    let start = if wire.starts_with(b"\r\n") { 2 } else { 0 };
    let end = start + wire[start..].windows(4).position(|four| four == b"\r\n\r\n")?;
    let text: String = wire[start..end].iter().copied().map(char::from).collect();
    let mut lines = text.split("\r\n");
    // §2.2: no CR or LF alone; RFC 9110 §5.5: no other control character.
    if lines.clone().any(|line| line.chars().any(|c| c.is_ascii_control() && c != '\t')) {
        return None;
    }
    let words: Vec<&str> = lines.next()?.split(' ').collect();
    let [method, target, "HTTP/1.1"] = words[..] else { return None };
    if !is_token(method) || target.is_empty() || target.contains('\t') {
        return None;
    }
    let mut hosts = Vec::new();
    for line in lines {
        // §5.1, §5.2: no white space in front of a colon, no folding.
        let (name, value) = line.split_once(':').filter(|(name, _)| is_token(name))?;
        let value = value.trim_matches([' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "host" => hosts.push(value.to_owned()),
            // §6.3: a body, or two opinions about it.
            "transfer-encoding" => return None,
            "content-length" if value != "0" => return None,
            _ => {}
        }
    }
    // §3.2: one Host.
    let [host] = &hosts[..] else { return None };
    let authority = match target.strip_prefix('/') {
        Some(_) => host.clone(),
        // §3.2.2.
        None => target.split_once("://")?.1.split(['/', '?', '#']).next()?.to_owned(),
    };
    Some(Seen { head: end + 4, authority })
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// What we see of it, if we take it for a request to upgrade.
fn ours(wire: &[u8]) -> Option<Seen> {
    let mut config = Config::default();
    config.origin = OriginPolicy::Any;
    let (Some(Incoming::Upgrade(_)), _) = serve(&config, wire, &[]) else { return None };
    // What is behind the head comes along with it; byte by byte, the place shows.
    let singly: Vec<usize> = (1..wire.len()).collect();
    match serve(&config, wire, &singly) {
        (Some(Incoming::Upgrade(request)), head) => {
            Some(Seen { head, authority: request.authority().into() })
        }
        other => panic!("{}: {other:?}", wire.escape_ascii()),
    }
}

#[test]
fn a_strict_proxy_sees_the_same_head() {
    let behind: [&[u8]; 5] = [
        b"",
        b"\r\n",
        b"GET /admin HTTP/1.1\r\nHost: c.example\r\n\r\n",
        b"0\r\n\r\n",
        &[0x81, 0x80, 1, 2, 3, 4],
    ];
    for Served { wire, authority, .. } in served() {
        let seen = Seen { head: wire.len(), authority: authority.into() };
        for behind in behind {
            let wire = [&wire, behind].concat();
            assert_eq!(
                (strict(&wire).as_ref(), ours(&wire).as_ref()),
                (Some(&seen), Some(&seen)),
                "{}",
                wire.escape_ascii()
            );
        }
    }
}

/// Whatever byte of such a request is another, or is one too many.
#[test]
fn what_we_take_a_strict_proxy_takes_for_the_same() {
    let (mut taken, mut refused) = (0, 0);
    // A third of them are of each kind.
    for Served { wire, .. } in served().into_iter().step_by(3) {
        let wire = [&wire, &b"GET /admin HTTP/1.1\r\nHost: c.example\r\n\r\n"[..]].concat();
        for at in 0..wire.len() {
            for byte in *b"\r\n \t:,;\"\0\x0b@/#\\?0\x80" {
                let mut other = wire.clone();
                other[at] = byte;
                let mut more = wire.clone();
                more.insert(at, byte);
                for wire in [other, more] {
                    let Some(seen) = ours(&wire) else {
                        refused += 1;
                        continue;
                    };
                    taken += 1;
                    assert_eq!(strict(&wire), Some(seen), "{}", wire.escape_ascii());
                }
            }
        }
    }
    // Both happen, or nothing was tried.
    assert!(taken > 10_000 && refused > 10_000, "{taken} {refused}");
}

/// Each of these two readers could take for another thing.
#[test]
fn what_could_smuggle_is_refused_beside_what_is_served() {
    for Served { wire, .. } in served() {
        let text = String::from_utf8(wire).unwrap();
        for (from, to) in [
            ("\r\nUpgrade:", "\nUpgrade:"),
            ("\r\nUpgrade:", "\rUpgrade:"),
            ("Host:", "Host :"),
            ("\r\nUpgrade:", "\r\n folded\r\nUpgrade:"),
            ("\r\nUpgrade:", "\r\nContent-Length: 5\r\nUpgrade:"),
            ("\r\nUpgrade:", "\r\nContent-Length: 0\r\nContent-Length: 5\r\nUpgrade:"),
            ("\r\nUpgrade:", "\r\nTransfer-Encoding: chunked\r\nUpgrade:"),
            ("\r\nUpgrade:", "\r\nHost: a.example\r\nUpgrade:"),
            ("Host:", "X-Host:"),
            ("://", "://user@"),
            (" HTTP/1.1", "#x HTTP/1.1"),
        ] {
            let wire = text.replacen(from, to, 1);
            assert!(wire == text || ours(wire.as_bytes()).is_none(), "{wire:?}");
        }
    }
}
