//! The checks of our client against a peer's server, the same for every peer.
//!
//! | path | what the server does |
//! |---|---|
//! | `/echo` | echoes messages as they are; speaks `chat.v2`, `chat.v1`; takes messages of up to 16 MiB |
//! | `/limit?bytes=N` | the same, for messages of at most N bytes |
//! | `/close?code=C&reason=R` | closes as soon as it is open; without a code by an empty Close |
//! | `/abort` | drops the connection as soon as it is open, without a Close |
//! | `/ping?data=D` | pings as soon as it is open, and tells the pong's payload as a text |
//! | `/parts?kind=text\|binary&size=S&count=N` | one message in N fragments of S bytes: `sample::text` or `sample::binary` of S × N bytes |
//! | `/request` | tells the request as a JSON text: `target`, `headers` (an object, names in lower case); its 101 has `X-Interop: yes` |
//! | `/refuse?status=S` | an HTTP answer with that status, `X-Interop: yes` and the body `not you\n` |
//! | `/zeros?bytes=N` | one message of N zeros |
//! | `/raw?hex=H` | these bytes, as they are, behind its 101 |
//! | `/close_event?id=ID` | as a JSON text: `code`, `reason` that came from the client on the connection whose address had `id=ID`, once it is over |
//!
//! One that accepts compression does so as offered and, in the query, by the names of the
//! parameters of RFC 7692, as it is asked to (`compression`).
//!
//! Of an `Origin` other than `http://127.0.0.1` it lets nobody in: 403.

use crate::Failure;
use crate::program::PeerServer;
use crate::report::Group;
use crate::sample::{self, SIZES};
use crate::session::{self, Answer, Session};
use serde::Deserialize;
use sockless::handshake::Header;
use sockless::{
    Cause, Chunk, ChunkData, CloseCode, CloseEvent, CloseFrame, Config, Connection, Delivery,
    Event, MessageKind, ProtocolError,
};
use std::collections::HashMap;

/// In what peers may differ.
#[derive(Debug)]
pub(crate) struct Habits {
    /// With which code it answers a Close without one; §7.1.5 calls none 1005.
    pub(crate) answer_to_empty_close: u16,
    /// What a Close without a code is to it: what it tells of ours, and what comes when it closes
    /// without saying a code. 1005 again, for those who know such a Close at all.
    pub(crate) empty_close: u16,
}

pub(crate) fn all(group: &mut Group<'_>, server: &PeerServer, habits: &Habits) {
    echoes(group, server);
    fragments(group, server);
    pings(group, server);
    our_closes(group, server, habits);
    its_closes(group, server, habits);
    limits(group, server);
    protocols(group, server);
    requests(group, server);
    origins(group, server);
}

/// Text and binary of every size.
pub(crate) fn echoes(group: &mut Group<'_>, server: &PeerServer) {
    for size in SIZES {
        group.check(&format!("text of {size} bytes, echoed"), || {
            echo_text(&mut server.open("/echo")?, &sample::text(size))
        });
        group.check(&format!("binary of {size} bytes, echoed"), || {
            let mut session = server.open("/echo")?;
            echo_binary(&mut session, &sample::binary(size))?;
            session.finish()
        });
    }
    for size in [65_535, 65_536, 1 << 20, 16 << 20] {
        group.check(&format!("binary of {size} bytes, queued by reference, echoed"), || {
            let mut session = server.open("/echo")?;
            let data = sample::binary(size);
            session.send(|connection| connection.send_binary(data.clone()))?;
            same(session.message()?, Event::Binary(data.into()))?;
            session.finish()
        });
    }
    group.check("a thousand messages, echoed in order", || {
        let mut session = server.open("/echo")?;
        session.send(|connection| {
            (0..1000).try_for_each(|i| connection.send_text(format!("message {i}")))
        })?;
        (0..1000).try_for_each(|i| same(session.text()?, format!("message {i}")))?;
        session.finish()
    });
}

/// Messages in several frames, both ways.
pub(crate) fn fragments(group: &mut Group<'_>, server: &PeerServer) {
    for (size, above) in [(10_000, 1000), (1 << 20, 65_536), (16 << 20, 1 << 20)] {
        group.check(&format!("text of {size} bytes, sent in fragments of {above}"), || {
            let mut config = Config::default();
            config.fragment_above = above;
            let mut session = Session::with(server.request("/echo")?, config)?;
            echo_text(&mut session, &sample::text(size))?;
            session.finish()
        });
    }
    group.check("text in parts that cut characters, with pings between them", || {
        let mut session = server.open("/echo")?;
        let text = sample::text(100);
        session.send(|connection| connection.begin_message(MessageKind::Text))?;
        for part in text.as_bytes().chunks(3) {
            session.send(|connection| {
                connection.write_fragment(part).and_then(|()| connection.ping(part))
            })?;
        }
        session.send(Connection::finish_message)?;
        let mut pongs = Vec::new();
        loop {
            match session.event()? {
                Some(Event::Pong(data)) => pongs.extend(data.into_owned()),
                Some(Event::Text(echo)) => break same(echo.as_ref(), &text)?,
                other => return Err(format!("{other:?}").into()),
            }
        }
        same(String::from_utf8(pongs)?, text)?;
        session.finish()
    });
    group.check("an empty message in parts", || {
        let mut session = server.open("/echo")?;
        session.send(|connection| {
            connection.begin_message(MessageKind::Binary).and_then(|()| connection.finish_message())
        })?;
        same(session.message()?, Event::Binary(Vec::new().into()))?;
        session.finish()
    });
    for (size, count) in [(1, 50), (125, 8), (126, 8), (65_536, 16)] {
        group.check(&format!("its text in {count} fragments of {size} bytes"), || {
            let mut session =
                server.open(&format!("/parts?kind=text&size={size}&count={count}"))?;
            same(session.text()?, sample::text(size * count))?;
            session.finish()
        });
        group.check(
            &format!("its binary in {count} fragments of {size} bytes, taken in chunks"),
            || {
                let request =
                    server.request(&format!("/parts?kind=binary&size={size}&count={count}"))?;
                let mut config = Config::default();
                config.delivery = Delivery::Chunks;
                let mut session = Session::with(request, config)?;
                let mut joined = Vec::new();
                loop {
                    match session.message()? {
                        Event::Chunk(Chunk { data: ChunkData::Binary(data), last, .. }) => {
                            joined.extend_from_slice(&data);
                            if last {
                                break;
                            }
                        }
                        other => return Err(format!("{other:?}").into()),
                    }
                }
                same(joined, sample::binary(size * count))?;
                session.finish()
            },
        );
    }
}

pub(crate) fn pings(group: &mut Group<'_>, server: &PeerServer) {
    for size in [0, 4, 125] {
        group.check(&format!("our ping of {size} bytes, answered"), || {
            let mut session = server.open("/echo")?;
            let data = sample::binary(size);
            session.send(|connection| connection.ping(&data))?;
            loop {
                match session.event()? {
                    Some(Event::Pong(pong)) => break same(pong.into_owned(), data)?,
                    Some(_) => {}
                    None => return Err("over".into()),
                }
            }
            session.finish()
        });
    }
    for data in ["", "hello", &"p".repeat(125)] {
        group.check(&format!("its ping of {} bytes, answered", data.len()), || {
            let mut session = server.open(&format!("/ping?data={data}"))?;
            same(session.text()?, data)?;
            session.finish()
        });
    }
}

/// We close first.
pub(crate) fn our_closes(group: &mut Group<'_>, server: &PeerServer, habits: &Habits) {
    let long = sample::text(123);
    for (number, (code, reason)) in
        [(1000, ""), (1001, "leaving"), (3000, "né€😀"), (4999, &long)].into_iter().enumerate()
    {
        group.check(
            &format!("we close with {code} and a reason of {} bytes", reason.len()),
            || {
                let id = format!("ours-{number}");
                let mut session = server.open(&format!("/echo?id={id}"))?;
                let frame = CloseFrame::new(CloseCode::new(code).ok_or("no such code")?, reason)?;
                session.send(|connection| connection.close(Some(frame)))?;
                let close_event = session.close_event()?;
                same(
                    (close_event.code, close_event.clean, close_event.cause),
                    (code, true, Cause::Local),
                )?;
                same(seen(server, &id)?, (code, reason.to_owned()))
            },
        );
    }
    group.check("we close with an empty Close", || {
        let mut session = server.open("/echo?id=ours-empty")?;
        session.send(|connection| connection.close(None))?;
        let close_event = session.close_event()?;
        same(
            (close_event.code, close_event.clean, close_event.cause),
            (habits.answer_to_empty_close, true, Cause::Local),
        )?;
        same(seen(server, "ours-empty")?, (habits.empty_close, String::new()))
    });
    group.check("our Close right behind 1 MiB: both ends agree on the end", || {
        let mut session = server.open("/echo?id=ours-queued")?;
        let data = sample::binary(1 << 20);
        session.send(|connection| {
            connection
                .send_binary(&data)
                .and_then(|()| connection.close(Some(CloseCode::NORMAL.into())))
        })?;
        // The echo may be given up for the Close or not; the closing is in order either way.
        same(session.close_event()?.code, 1000)?;
        same(seen(server, "ours-queued")?, (1000, String::new()))
    });
}

/// The peer closes first.
pub(crate) fn its_closes(group: &mut Group<'_>, server: &PeerServer, habits: &Habits) {
    let long = sample::text(123);
    for (number, (code, reason)) in
        [(1000, ""), (1001, "leaving"), (1011, "broken"), (4999, &long)].into_iter().enumerate()
    {
        group.check(
            &format!("it closes with {code} and a reason of {} bytes", reason.len()),
            || {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("code", &code.to_string())
                    .append_pair("reason", reason)
                    .append_pair("id", &format!("its-{number}"))
                    .finish();
                let close_event = server.open(&format!("/close?{query}"))?.close_event()?;
                same(
                    (
                        close_event.code,
                        close_event.reason.as_str(),
                        close_event.clean,
                        close_event.cause,
                    ),
                    (code, reason, true, Cause::Peer),
                )?;
                // The answer has the same code (§5.5.1: "typically echos the status code").
                same(seen(server, &format!("its-{number}"))?.0, code)
            },
        );
    }
    group.check("it closes without a code", || {
        let close_event = server.open("/close?id=its-empty")?.close_event()?;
        same(
            (close_event.code, close_event.reason.as_str(), close_event.clean, close_event.cause),
            (habits.empty_close, "", true, Cause::Peer),
        )?;
        same(seen(server, "its-empty")?.0, habits.empty_close)
    });
    group.check("it drops the connection without a Close", || {
        let close_event = server.open("/abort")?.close_event()?;
        same(
            (close_event.code, close_event.clean, close_event.cause),
            (CloseEvent::ABNORMAL, false, Cause::Eof),
        )
    });
}

/// Messages that are too big, both ways.
pub(crate) fn limits(group: &mut Group<'_>, server: &PeerServer) {
    group.check("a message at its limit is echoed, one above it answered with 1009", || {
        let mut session = server.open("/limit?bytes=1000")?;
        echo_binary(&mut session, &sample::binary(1000))?;
        session.send(|connection| connection.send_binary(sample::binary(1001)))?;
        let close_event = session.close_event()?;
        same((close_event.code, close_event.clean, close_event.cause), (1009, true, Cause::Peer))
    });
    for (what, above) in [("in one frame", usize::MAX), ("in fragments", 100)] {
        group.check(&format!("a message above our limit, {what}: it sees 1009"), || {
            let id = format!("limit-{above}");
            let mut config = Config::default();
            config.limits.max_message = 1000;
            let target = if above == usize::MAX {
                format!("/echo?id={id}")
            } else {
                format!("/parts?kind=binary&size=100&count=11&id={id}")
            };
            let mut session = Session::with(server.request(&target)?, config)?;
            if above == usize::MAX {
                echo_binary(&mut session, &sample::binary(1000))?;
                session.send(|connection| connection.send_binary(sample::binary(1001)))?;
            }
            let close_event = session.close_event()?;
            let cause = Cause::Violation(ProtocolError::MessageTooBig);
            same(
                (close_event.code, close_event.clean, close_event.cause),
                (CloseEvent::ABNORMAL, false, cause),
            )?;
            same(seen(server, &id)?.0, 1009)
        });
    }
}

pub(crate) fn protocols(group: &mut Group<'_>, server: &PeerServer) {
    for (offered, chosen) in
        [(&["chat.v1"][..], Some("chat.v1")), (&["nope", "chat.v2"], Some("chat.v2")), (&[], None)]
    {
        group.check(&format!("subprotocols {offered:?}"), || {
            let mut request = server.request("/echo")?;
            for protocol in offered {
                request = request.protocol(protocol)?;
            }
            let mut session = Session::with(request, Config::default())?;
            same(session.protocol(), chosen)?;
            echo_text(&mut session, "hello")?;
            session.finish()
        });
    }
}

/// What the handshake carries beside them.
pub(crate) fn requests(group: &mut Group<'_>, server: &PeerServer) {
    group.check("our headers and our target reach it, and its header us", || {
        #[derive(Deserialize)]
        struct Told {
            target: String,
            headers: HashMap<String, String>,
        }
        let request =
            server.request("/request?a=%20b&c")?.header(Header::new("X-Sent", "one, two")?);
        let mut session = Session::with(request.origin("http://127.0.0.1")?, Config::default())?;
        same(session.mark(), Some("yes"))?;
        let told: Told = serde_json::from_str(&session.text()?)?;
        same(told.target.as_str(), "/request?a=%20b&c")?;
        let header = |name: &str| told.headers.get(name).map(String::as_str);
        same((header("x-sent"), header("origin")), (Some("one, two"), Some("http://127.0.0.1")))?;
        session.finish()
    });
    group.check("a refusal with 401, its header and its body", || {
        match session::ask(server.request("/refuse?status=401")?, Config::default())? {
            Answer::Refused(response) => {
                same(
                    (response.status(), response.headers().text("x-interop")),
                    (401, Some("yes")),
                )?;
                same((response.body(), response.is_cut()), (&b"not you\n"[..], false))
            }
            other => Err(format!("{other:?}").into()),
        }
    });
}

/// Which web pages it lets in.
pub(crate) fn origins(group: &mut Group<'_>, server: &PeerServer) {
    group.check("an Origin that it does not want is refused with 403", || {
        match session::ask(
            server.request("/echo")?.origin("http://elsewhere.example")?,
            Config::default(),
        )? {
            Answer::Refused(response) => same(response.status(), 403),
            other => Err(format!("{other:?}").into()),
        }
    });
}

pub(crate) fn echo_text(session: &mut Session, text: &str) -> Result<(), Failure> {
    session.send(|connection| connection.send_text(text))?;
    same(session.text()?.as_str(), text)
}

pub(crate) fn echo_binary(session: &mut Session, data: &[u8]) -> Result<(), Failure> {
    session.send(|connection| connection.send_binary(data))?;
    same(session.message()?, Event::Binary(data.into()))
}

/// The code and the reason that the peer's server had from us.
pub(crate) fn seen(server: &PeerServer, id: &str) -> Result<(u16, String), Failure> {
    #[derive(Deserialize)]
    struct Seen {
        code: u16,
        reason: String,
    }
    let mut session = server.open(&format!("/close_event?id={id}"))?;
    let seen: Seen = serde_json::from_str(&session.text()?)?;
    session.finish()?;
    Ok((seen.code, seen.reason))
}

/// Fails unless both are the same; of long values the beginning is told.
pub(crate) fn same<A: PartialEq<B> + std::fmt::Debug, B: std::fmt::Debug>(
    is: A,
    should: B,
) -> Result<(), Failure> {
    const LONG: usize = 200;
    let shown = |text: String| {
        if text.len() > LONG {
            format!("{} bytes: {}…", text.len(), text.chars().take(LONG).collect::<String>())
        } else {
            text
        }
    };
    if is == should {
        Ok(())
    } else {
        Err(format!("{}, not {}", shown(format!("{is:?}")), shown(format!("{should:?}"))).into())
    }
}
