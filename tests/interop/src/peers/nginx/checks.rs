//! What only a proxy can be asked. Whatever is said on one side of it has to be seen on the other,
//! and on both when it ends.

use super::LISTED;
use super::proxy::{IMPATIENCE, Proxy};
use crate::Failure;
use crate::checks::{echo_binary, echo_text, same};
use crate::compression;
use crate::program::PeerServer;
use crate::report::Group;
use crate::sample;
use crate::server::Server;
use crate::session::{self, Answer, Session};
use crate::transport::Transport;
use serde_json::Value;
use sockless::client::{Request, Response};
use sockless::deflate::{ClientWindow, WindowBits};
use sockless::handshake::Header;
use sockless::{Cause, CloseCode, CloseEvent, CloseFrame, Config, Event, ProtocolError};
use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

/// Close codes and reasons, seen on both sides.
pub(super) fn closes(group: &mut Group<'_>, url: &str, server: &Server) {
    // The same server stands behind every door.
    let name = |what: &str| format!("{what}-{}", url.rsplit(':').next().unwrap_or_default());
    let long = sample::text(123);
    let ends = [(1000, ""), (1001, "leaving"), (1012, "later"), (3000, "né€😀"), (4999, &long)];
    for (code, reason) in ends {
        group.check(
            &format!("our client closes with {code} and a reason of {} bytes", reason.len()),
            || {
                let id = name(&format!("client-{code}"));
                let mut session = Session::open(&format!("{url}/echo?id={id}"))?;
                let frame = CloseFrame::new(CloseCode::new(code).ok_or("no such code")?, reason)?;
                session.send(|connection| connection.close(Some(frame)))?;
                closed(&mut session, code, reason, true, Cause::Local)?;
                saw(server, &id, code, reason, true, "Peer")
            },
        );
        group.check(
            &format!("our server closes with {code} and a reason of {} bytes", reason.len()),
            || {
                let id = name(&format!("server-{code}"));
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("code", &code.to_string())
                    .append_pair("reason", reason)
                    .append_pair("id", &id)
                    .finish();
                closed(
                    &mut Session::open(&format!("{url}/close?{query}"))?,
                    code,
                    reason,
                    true,
                    Cause::Peer,
                )?;
                saw(server, &id, code, reason, true, "Local")
            },
        );
    }
    group.check("our client closes with an empty Close", || {
        let id = name("client-empty");
        let mut session = Session::open(&format!("{url}/echo?id={id}"))?;
        session.send(|connection| connection.close(None))?;
        closed(&mut session, CloseEvent::NO_STATUS, "", true, Cause::Local)?;
        saw(server, &id, CloseEvent::NO_STATUS, "", true, "Peer")
    });
    group.check("our server closes with an empty Close", || {
        let id = name("server-empty");
        closed(
            &mut Session::open(&format!("{url}/close?id={id}"))?,
            CloseEvent::NO_STATUS,
            "",
            true,
            Cause::Peer,
        )?;
        saw(server, &id, CloseEvent::NO_STATUS, "", true, "Local")
    });
    // Who fails a connection shuts down at once, and nginx then drops what is still on its way to
    // it: that the stream ends well is not for sure.
    group.check("our server answers a message above its limit with 1009", || {
        let id = name("server-limit");
        let mut session = Session::open(&format!("{url}/limit?bytes=1000&id={id}"))?;
        echo_binary(&mut session, &sample::binary(1000))?;
        session.send(|connection| connection.send_binary(sample::binary(1001)))?;
        let close_event = session.close_event()?;
        same((close_event.code, close_event.clean, close_event.cause), (1009, true, Cause::Peer))?;
        saw(server, &id, CloseEvent::ABNORMAL, "", false, "Violation(MessageTooBig)")
    });
    group.check("our client answers a message above its limit with 1009", || {
        let id = name("client-limit");
        let mut config = Config::default();
        config.limits.max_message = 1000;
        let request = Request::new(&format!("{url}/parts?kind=binary&size=1001&count=1&id={id}"))?;
        let close_event = Session::with(request, config)?.close_event()?;
        same(
            (close_event.code, close_event.clean, close_event.cause),
            (CloseEvent::ABNORMAL, false, Cause::Violation(ProtocolError::MessageTooBig)),
        )?;
        let seen = server.close_event(&id).ok_or("our server saw no end of it")?;
        same((seen.code, seen.clean, seen.cause.as_str()), (1009, true, "Peer"))
    });
    group.check("what was queued ahead of a Close arrives, and so does the Close", || {
        let id = name("queued");
        let mut session = Session::open(&format!("{url}/echo?id={id}"))?;
        let data = sample::binary(1 << 20);
        session.send(|connection| {
            connection
                .send_binary(&data)
                .and_then(|()| connection.close(Some(CloseCode::NORMAL.into())))
        })?;
        same(session.message()?, Event::Binary(data.into()))?;
        closed(&mut session, 1000, "", true, Cause::Local)?;
        saw(server, &id, 1000, "", true, "Peer")
    });
}

/// What our client sees of an end, that of the stream included: with TLS it comes as close_notify.
fn closed(
    session: &mut Session,
    code: u16,
    reason: &str,
    clean: bool,
    cause: Cause,
) -> Result<(), Failure> {
    let close_event = session.close_event()?;
    same(
        (close_event.code, close_event.reason.as_str(), close_event.clean, close_event.cause),
        (code, reason, clean, cause),
    )?;
    same(session.has_ended(), true)
}

/// What our server saw.
fn saw(
    server: &Server,
    id: &str,
    code: u16,
    reason: &str,
    clean: bool,
    cause: &str,
) -> Result<(), Failure> {
    let seen = server.close_event(id).ok_or("our server saw no end of it")?;
    same(
        (seen.code, seen.reason.as_str(), seen.clean, seen.cause.as_str()),
        (code, reason, clean, cause),
    )
}

/// What the handshake carries through.
pub(super) fn requests(group: &mut Group<'_>, url: &str) {
    group.check("our headers and our target reach our server, and its header us", || {
        let request = Request::new(&format!("{url}/request?a=%20b&c"))?
            .header(Header::new("X-Sent", "one, two")?);
        let host = request.authority().to_owned();
        let mut session = Session::with(request.protocol("chat.v1")?, Config::default())?;
        same(session.mark(), Some("yes"))?;
        let told: Value = serde_json::from_str(&session.text()?)?;
        same(&told["target"], &Value::from("/request?a=%20b&c"))?;
        same(&told["protocols"], &Value::from(vec!["chat.v1"]))?;
        let headers = told["headers"].as_array().ok_or("no headers")?;
        let sent = |name: &str| {
            headers
                .iter()
                .find(|pair| pair[0].as_str().is_some_and(|other| other.eq_ignore_ascii_case(name)))
        };
        same(sent("x-sent").map(|pair| &pair[1]), Some(&Value::from("one, two")))?;
        same(sent("host").map(|pair| &pair[1]), Some(&Value::from(host)))
    });
    for status in [401, 403, 404, 503] {
        group.check(&format!("a refusal with {status}, its header and its body"), || {
            let response = refused(Request::new(&format!("{url}/refuse?status={status}"))?)?;
            same((response.status(), response.headers().text("x-interop")), (status, Some("yes")))?;
            same((response.body(), response.is_cut()), (&b"not you\n"[..], false))
        });
    }
}

/// It passes on what is offered and what is answered, and messages as they were compressed.
pub(super) fn compression(group: &mut Group<'_>, server: &PeerServer) {
    let bits = |bits| WindowBits::new(bits).expect("8 to 15");
    let offer = compression::offer(false, true, Some(bits(12)), ClientWindow::AtMost(bits(10)));
    group.check("our offer reaches our server, and its answer us, as they are", || {
        let mut session = Session::with(
            Request::new(&server.url("/request"))?.deflate(offer),
            Config::default(),
        )?;
        same(session.extension_lines(), [offer.to_string()])?;
        same(session.extensions().deflate, Some(compression::parameters(false, true, 12, 10)))?;
        let told: Value = serde_json::from_str(&session.text()?)?;
        let headers = told["headers"].as_array().ok_or("no headers")?;
        let sent = headers.iter().find(|pair| {
            pair[0]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case("sec-websocket-extensions"))
        });
        same(sent.map(|pair| &pair[1]), Some(&Value::from(offer.to_string())))?;
        session.finish()
    });
    group.check("messages are compressed on their way, as was agreed on", || {
        let mut session = Session::with(
            Request::new(&server.url("/counted"))?.deflate(offer),
            Config::default(),
        )?;
        let data = sample::noise(200, 1).repeat(100);
        let carried = compression::exchange(&mut session, &[&data])?;
        compression::within("ours on the wire", carried.written, 0..data.len() / 5)?;
        compression::within("its on the wire", carried.read, 0..data.len() / 5)?;
        session.finish()
    });
}

/// Which pages get through which door.
pub(super) fn origins(group: &mut Group<'_>, proxy: &Proxy) {
    let of = |url: &str, scheme: &str| {
        format!("{scheme}://{}", url.split_once("://").unwrap_or_default().1)
    };
    let Proxy { plain, secure, renaming, listed, .. } = proxy;
    let cases = [
        ("Host forwarded, a page of the same host", plain, of(plain, "http"), true),
        (
            "Host forwarded, a page of the same host, whose TLS another proxy ended",
            plain,
            of(plain, "https"),
            true,
        ),
        ("Host forwarded, a page of another host", plain, LISTED.to_owned(), false),
        ("Host forwarded, a page of another port", plain, of(renaming, "http"), false),
        ("Host forwarded, a page of no site", plain, "null".to_owned(), false),
        ("Host forwarded, TLS, a page of the same host", secure, of(secure, "https"), true),
        ("Host forwarded, TLS, a page of another host", secure, LISTED.to_owned(), false),
        ("Host not forwarded, a page of the same host", renaming, of(renaming, "http"), false),
        ("Host not forwarded, a page of another host", renaming, LISTED.to_owned(), false),
        ("Host not forwarded, a list, a page in it", listed, LISTED.to_owned(), true),
        (
            "Host not forwarded, a list, a page of the same host that is not in it",
            listed,
            of(listed, "http"),
            false,
        ),
        (
            "Host not forwarded, a list, a page that is not in it",
            listed,
            "http://app.example".to_owned(),
            false,
        ),
    ];
    for (name, url, origin, welcome) in cases {
        group.check(&format!("{name}: {}", if welcome { "let in" } else { "403" }), || {
            let request =
                || Ok::<_, Failure>(Request::new(&format!("{url}/echo"))?.origin(&origin)?);
            if welcome {
                return echo_text(&mut Session::with(request()?, Config::default())?, "hello");
            }
            same(refused(request()?)?.status(), 403)
        });
    }
    group.check("Host not forwarded, no page at all: let in", || {
        echo_text(&mut Session::open(&format!("{renaming}/echo"))?, "hello")
    });
}

/// It gives up a connection on which our server says nothing.
pub(super) fn silence(group: &mut Group<'_>, proxy: &Proxy, server: &Server) {
    let url = &proxy.impatient;
    let quiet = Session::open(&format!("{url}/echo?id=quiet"));
    group.check(
        &format!("pings keep a connection alive that it would give up after {IMPATIENCE} s"),
        || {
            let mut session = Session::open(&format!("{url}/echo"))?;
            let from = Instant::now();
            while from.elapsed() < Duration::from_secs(u64::from(IMPATIENCE) + 1) {
                session.send(|connection| connection.ping(b"still here"))?;
                same(session.event()?, Some(Event::Pong(b"still here".into())))?;
                thread::sleep(Duration::from_millis(250));
            }
            echo_text(&mut session, "hello")
        },
    );
    group.check("one without was given up meanwhile: both ends say so", || {
        let close_event = quiet?.close_event()?;
        same(
            (close_event.code, close_event.clean, close_event.cause),
            (CloseEvent::ABNORMAL, false, Cause::Eof),
        )?;
        saw(server, "quiet", CloseEvent::ABNORMAL, "", false, "Eof")
    });
}

/// Our server is not there.
pub(super) fn nobody(group: &mut Group<'_>, proxy: &Proxy) {
    group.check("nobody behind it: refused with 502 and its page", || {
        let response = refused(Request::new(&format!("{}/echo", proxy.dead))?)?;
        let body = String::from_utf8_lossy(response.body());
        same(
            (response.status(), body.contains("502 Bad Gateway"), response.is_cut()),
            (502, true, false),
        )
    });
}

/// What is no WebSocket, at the same door.
pub(super) fn page(group: &mut Group<'_>, proxy: &Proxy) {
    for url in [&proxy.plain, &proxy.secure] {
        group.check(
            &format!("a page at the same port, {}", url.split(':').next().unwrap_or_default()),
            || {
                let request = Request::new(url)?;
                let mut transport =
                    Transport::connect(request.host(), request.port(), request.is_secure())?;
                transport.patience(Duration::from_secs(30))?;
                write!(
                    transport,
                    "GET /page HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                    request.authority()
                )?;
                transport.flush()?;
                let mut answer = String::new();
                transport.read_to_string(&mut answer)?;
                same(answer.lines().next(), Some("HTTP/1.1 200 OK"))?;
                same(answer.ends_with("<title>interop</title>"), true)
            },
        );
    }
}

fn refused(request: Request) -> Result<Response, Failure> {
    match session::ask(request, Config::default())? {
        Answer::Refused(response) => Ok(response),
        other => Err(format!("{other:?}").into()),
    }
}
