//! What only Qt's server can be asked: its frames, its limits, its codes, and how it takes its
//! connections. The paths are in `peers/qt/src/server.h`.

use crate::Failure;
use crate::checks::{echo_binary, echo_text, same, seen};
use crate::program::PeerServer;
use crate::report::Group;
use crate::sample;
use crate::session::{self, Answer, Session};
use serde_json::Value;
use sockless::client::Request;
use sockless::deflate::Offer;
use sockless::handshake::Header;
use sockless::{Cause, CloseCode, CloseFrame, Config, Event, MessageKind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Far more than any of it takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn all(group: &mut Group<'_>, server: &PeerServer) {
    frames(group, server);
    pings(group, server);
    codes(group, server);
    frame_limit(group, server);
    requests(group, server);
    compression(group, server);
    drain(group, server);
    accepting(group, server);
}

/// As which frames our messages arrive.
fn frames(group: &mut Group<'_>, server: &PeerServer) {
    group.check("it tells our frames as they were sent", || {
        let mut config = Config::default();
        config.fragment_above = 100;
        let mut session = Session::with(Request::new(&server.url("/frames"))?, config)?;
        for (size, frames) in [
            (0, "binary 0 last"),
            (100, "binary 100 last"),
            (250, "binary 100, binary 100, binary 50 last"),
        ] {
            session.send(|connection| connection.send_binary(sample::binary(size)))?;
            same(session.text()?.as_str(), frames)?;
        }
        // Ten bytes hold whole characters, and so do a hundred.
        for (size, frames) in [(0, "text 0 last"), (250, "text 100, text 100, text 50 last")] {
            session.send(|connection| connection.send_text(sample::text(size)))?;
            same(session.text()?.as_str(), frames)?;
        }
        Ok(())
    });
    group.check("it tells our text in parts as frames of whole characters", || {
        let mut session = Session::open(&server.url("/frames"))?;
        session.send(|connection| connection.begin_message(MessageKind::Text))?;
        for part in sample::text(20).as_bytes().chunks(4) {
            session.send(|connection| connection.write_fragment(part))?;
        }
        session.send(|connection| connection.finish_message())?;
        let told = session.text()?;
        let sizes = told
            .split(", ")
            .map(|frame| frame.split(' ').nth(1).and_then(|size| size.parse::<usize>().ok()));
        same(sizes.sum::<Option<usize>>(), Some(20))?;
        same(told.matches("last").count(), 1)
    });
}

fn pings(group: &mut Group<'_>, server: &PeerServer) {
    group.check("it tells how long our pong took", || {
        let mut session = Session::open(&server.url("/ping?data=hello"))?;
        same(session.text()?.as_str(), "hello")?;
        let elapsed: u64 = session.text()?.parse()?;
        same(u128::from(elapsed) < PATIENCE.as_millis(), true)
    });
}

fn codes(group: &mut Group<'_>, server: &PeerServer) {
    for code in [1002, 1003, 1007, 1008, 1009, 1010, 3000] {
        group.check(&format!("it closes with {code}, and sees the same of ours"), || {
            let close_event =
                Session::open(&server.url(&format!("/close?code={code}&reason=rule")))?
                    .close_event()?;
            same(
                (
                    close_event.code,
                    close_event.reason.as_str(),
                    close_event.clean,
                    close_event.cause,
                ),
                (code, "rule", true, Cause::Peer),
            )?;
            let id = format!("qt-{code}");
            let close_event = close(server, &id, code)?;
            same(close_event, (code, true, Cause::Local))?;
            same(seen(server, &id)?, (code, "rule".to_owned()))
        });
    }
    // Registered at IANA after RFC 6455, and unknown to Qt, which answers that they break the
    // protocol.
    for code in [1012, 1013, 1014] {
        group.check(&format!("{code}, which it does not know, is answered with 1002"), || {
            let id = format!("qt-{code}");
            same(close(server, &id, code)?, (1002, true, Cause::Local))?;
            same(seen(server, &id)?.0, 1002)
        });
    }
}

/// We close with this code: how it ended.
fn close(server: &PeerServer, id: &str, code: u16) -> Result<(u16, bool, Cause), Failure> {
    let mut session = Session::open(&server.url(&format!("/echo?id={id}")))?;
    let frame = CloseFrame::new(CloseCode::new(code).ok_or("no such code")?, "rule")?;
    session.send(|connection| connection.close(Some(frame)))?;
    let close_event = session.close_event()?;
    Ok((close_event.code, close_event.clean, close_event.cause))
}

fn frame_limit(group: &mut Group<'_>, server: &PeerServer) {
    group.check("a frame at its limit is echoed, one above it answered with 1009", || {
        let mut config = Config::default();
        config.fragment_above = 1000;
        let limited = || Request::new(&server.url("/limit?frame=1000"));
        echo_binary(&mut Session::with(limited()?, config)?, &sample::binary(10_000))?;
        let mut session = Session::with(limited()?, Config::default())?;
        echo_binary(&mut session, &sample::binary(1000))?;
        session.send(|connection| connection.send_binary(sample::binary(1001)))?;
        let close_event = session.close_event()?;
        same((close_event.code, close_event.clean, close_event.cause), (1009, true, Cause::Peer))
    });
}

fn requests(group: &mut Group<'_>, server: &PeerServer) {
    group.check("it tells our request as it was sent", || {
        let url = server.url("/request?a=%20b&c");
        let request = Request::new(&url)?
            .header(Header::new("X-Sent", "one, two")?)
            .protocol("chat.v1")?
            .origin("http://127.0.0.1")?;
        let mut session = Session::with(request, Config::default())?;
        let told: Value = serde_json::from_str(&session.text()?)?;
        let expected = [
            ("target", "/request?a=%20b&c"),
            ("origin", "http://127.0.0.1"),
            ("protocol", "chat.v1"),
            ("peer", "127.0.0.1"),
        ];
        for (name, value) in expected {
            same((name, &told[name]), (name, &Value::from(value)))?;
        }
        same(&told["version"], &Value::from(13))?;
        let headers = told["headers"].as_array().ok_or("no headers")?;
        let sent = headers.iter().find(|header| {
            header[0].as_str().is_some_and(|name| name.eq_ignore_ascii_case("x-sent"))
        });
        same(sent.map(|header| &header[1]), Some(&Value::from("one, two")))
    });
}

/// It has no extensions.
fn compression(group: &mut Group<'_>, server: &PeerServer) {
    group.check("our offer of compression is declined, and nothing is compressed", || {
        let request = server.request("/echo")?.deflate(Offer::default());
        let mut session = Session::with(request, Config::default())?;
        same((session.extension_lines().len(), session.extensions().deflate), (0, None))?;
        echo_text(&mut session, &sample::text(65_536))?;
        session.finish()
    });
}

/// A server that counts what it has still to write, and a client that takes it.
fn drain(group: &mut Group<'_>, server: &PeerServer) {
    group.check("what it had to write is written", || {
        let size = 8 << 20;
        let mut session = Session::open(&server.url(&format!("/drain?bytes={size}")))?;
        same(session.message()?, Event::Binary(sample::binary(size).into()))?;
        let most: usize = session.text()?.parse()?;
        same(most > 0, true)
    });
}

fn accepting(group: &mut Group<'_>, server: &PeerServer) {
    group.check("while it accepts nobody we wait, and then get in", || {
        let mut session = Session::open(&server.url("/pause"))?;
        same(session.text()?.as_str(), "paused")?;
        let (tell, told) = mpsc::channel();
        let url = server.url("/echo");
        thread::spawn(move || {
            tell.send(
                Session::open(&url).and_then(|mut session| echo_text(&mut session, "in at last")),
            )
        });
        match told.recv_timeout(Duration::from_millis(300)) {
            Err(RecvTimeoutError::Timeout) => {}
            other => return Err(format!("it was paused: {other:?}").into()),
        }
        session.send(|connection| connection.send_text("go on"))?;
        told.recv_timeout(PATIENCE)?
    });
    group.check("when it is full it hangs up, and we say so", || {
        let mut session = Session::open(&server.url("/full"))?;
        same(session.text()?.as_str(), "full")?;
        match session::ask(Request::new(&server.url("/echo"))?, Config::default())? {
            Answer::Failed(_) => {}
            other => return Err(format!("{other:?}").into()),
        }
        session.send(|connection| connection.send_text("go on"))?;
        same(session.text()?.as_str(), "open")?;
        echo_text(&mut Session::open(&server.url("/echo"))?, "in at last")
    });
}
