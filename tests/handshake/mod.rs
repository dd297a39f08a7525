//! What the tests of the handshake share: heads with one thing changed, and ways to feed them.
#![allow(dead_code, unreachable_pub)] // Each test file uses its own part.

use sockless::client::{self, Outcome};
use sockless::handshake::accept_key;
use sockless::server::{self, Incoming};
use sockless::{Endpoint, Input, Seed};

/// Of RFC 6455 §1.3.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The requests of real clients, see `tests/data/heads/README.md`.
pub const REQUESTS: [(&str, &[u8]); 6] = [
    ("chromium", include_bytes!("../data/heads/requests/chromium-156.http")),
    ("curl", include_bytes!("../data/heads/requests/curl.http")),
    ("ws", include_bytes!("../data/heads/requests/node-ws-8.23.http")),
    ("websockets", include_bytes!("../data/heads/requests/python-websockets-17.4.http")),
    ("qt", include_bytes!("../data/heads/requests/qt-6.4.2.http")),
    ("tungstenite", include_bytes!("../data/heads/requests/tungstenite-0.30.http")),
];

/// Changes to a head: a name, and the values that it has instead, a line each. None at all takes
/// the header away.
pub type Changes<'a> = &'a [(&'a str, &'a [&'a str])];

/// A good request to upgrade, but for the changes.
pub fn request(line: &str, changes: Changes<'_>) -> Vec<u8> {
    let good = [
        ("Host", "a.example"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", KEY),
    ];
    head(line, &good, changes)
}

/// A good 101 to this key, but for the changes.
pub fn answer(line: &str, key: &str, changes: Changes<'_>) -> Vec<u8> {
    let accept = accept_key(key);
    let good = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept.as_str()),
    ];
    head(line, &good, changes)
}

pub const GET: &str = "GET /chat HTTP/1.1";
pub const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols";

fn head(line: &str, good: &[(&str, &str)], changes: Changes<'_>) -> Vec<u8> {
    let mut head = format!("{line}\r\n");
    for (name, value) in good {
        if !changes.iter().any(|(changed, _)| changed == name) {
            head += &format!("{name}: {value}\r\n");
        }
    }
    for (name, values) in changes {
        for value in *values {
            head += &format!("{name}: {value}\r\n");
        }
    }
    head += "\r\n";
    head.into_bytes()
}

/// Feeds a wire in parts, each ending at one of the cuts, until there is an outcome, which takes all
/// of its part along: and how many bytes were fed until then, see [`fed_by`].
pub fn feed<T>(
    wire: &[u8],
    cuts: &[usize],
    mut poll: impl FnMut(&mut Input<'_>) -> Option<T>,
) -> (Option<T>, usize) {
    let mut wire = wire.to_vec();
    let (mut start, len) = (0, wire.len());
    for end in cuts.iter().copied().chain([len]) {
        let mut input = Input::new(&mut wire[start..end]);
        let outcome = poll(&mut input);
        assert!(input.is_empty(), "all was taken, whatever came of it");
        if outcome.is_some() {
            return (outcome, end);
        }
        start = end;
    }
    (None, len)
}

/// How many bytes of `len` are fed when the first `at` of them are, in parts that end at these cuts.
pub fn fed_by(at: usize, cuts: &[usize], len: usize) -> usize {
    cuts.iter().copied().find(|cut| *cut >= at).unwrap_or(len)
}

/// What a server makes of a wire. Once there is an outcome the handshake is done, wants nothing,
/// and does not touch the input any more.
pub fn serve(config: &server::Config, wire: &[u8], cuts: &[usize]) -> (Option<Incoming>, usize) {
    let mut handshake = server::Handshake::new(config.clone());
    assert!(handshake.wants_read() && !handshake.is_done());
    let (outcome, fed) = feed(wire, cuts, |input| handshake.poll(input));
    assert!(!handshake.wants_write() && !handshake.wants_shutdown() && !handshake.wants_poll());
    assert_eq!(
        (handshake.wants_read(), handshake.is_done()),
        (outcome.is_none(), outcome.is_some())
    );
    if outcome.is_some() {
        let mut more = *b"GET";
        let mut input = Input::new(&mut more);
        assert!(handshake.poll(&mut input).is_none() && input.len() == 3);
    }
    (outcome, fed)
}

/// A client that has sent its request, and the key that it sent.
pub fn client(request: client::Request, config: client::Config) -> (client::Handshake, String) {
    let mut handshake = client::Handshake::with_config(request, Seed::new([7; 32]), config);
    assert!(handshake.wants_write() && handshake.wants_read());
    let sent = handshake.transmit().pop().expect("the request");
    let sent = core::str::from_utf8(&sent).expect("ASCII");
    let key = sent
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .expect("a key")
        .to_owned();
    assert!(!handshake.wants_write());
    (handshake, key)
}

/// What a client that offers `x` and `y` makes of an answer; then of the end of the stream. With
/// the feature it offers a compression too, one that not all answers meet.
pub fn ask(config: &client::Config, wire: &[u8], cuts: &[usize]) -> (Outcome, usize) {
    let request = client::Request::new("ws://a.example/chat").expect("an address");
    let request = request.protocol("x").and_then(|request| request.protocol("y")).expect("tokens");
    #[cfg(feature = "deflate")]
    let request = request.deflate({
        let mut offer = sockless::deflate::Offer::default();
        offer.server_no_context_takeover = true;
        offer.server_max_window_bits = sockless::deflate::WindowBits::new(10);
        offer.client_max_window_bits = sockless::deflate::ClientWindow::Fixed;
        offer
    });
    let (mut handshake, _) = client(request, config.clone());
    let (outcome, fed) = feed(wire, cuts, |input| handshake.poll(input));
    assert!(!handshake.wants_shutdown() && !handshake.wants_poll());
    assert_eq!(
        (handshake.wants_read(), handshake.is_done()),
        (outcome.is_none(), outcome.is_some())
    );
    let outcome = outcome.unwrap_or_else(|| {
        handshake.handle_eof();
        assert!(!handshake.wants_read() && !handshake.is_done(), "the outcome is still to come");
        assert!(handshake.wants_poll(), "and it comes without a read");
        handshake.poll(&mut Input::empty()).expect("at the end there is an outcome")
    });
    assert!(!handshake.wants_write() && !handshake.wants_read() && !handshake.wants_poll());
    assert!(handshake.is_done() && handshake.poll(&mut Input::empty()).is_none());
    (outcome, fed)
}

/// The key of the client of [`ask`].
pub fn asked_key() -> String {
    client(client::Request::new("ws://a.example").expect("an address"), client::Config::default()).1
}

/// All ways in which the tests cut a wire: whole, in single bytes, and in two parts at every place.
pub fn cuttings(wire: &[u8]) -> Vec<Vec<usize>> {
    // Long wires are long in one respect only: their ends and a grid stand for all places.
    let step = 1 + wire.len() / 2000;
    let places = (0..wire.len()).filter(|at| at % step == 0 || *at < 40 || wire.len() - at < 40);
    [vec![], (1..wire.len()).collect()].into_iter().chain(places.map(|at| vec![at])).collect()
}

/// All that a side has to send, taken in small steps.
pub fn sent(side: &mut dyn Endpoint) -> Vec<u8> {
    let mut sent = Vec::new();
    while side.wants_write() {
        sent.extend(write(side, 7));
    }
    sent
}

/// What a transport takes that has room for `most` bytes.
pub fn write(side: &mut dyn Endpoint, most: usize) -> Vec<u8> {
    let mut taken = Vec::new();
    while side.wants_write() && taken.len() < most {
        let written = side.transmit().write_slice_with(|bytes| {
            let n = bytes.len().min(most - taken.len());
            taken.extend_from_slice(&bytes[..n]);
            Ok::<_, ()>(n)
        });
        assert!(written.is_ok_and(|n| n > 0));
    }
    taken
}

/// Drives an answer to its end, and gives it taken apart: the status line, the header lines and the
/// body.
pub fn answered(mut rejected: server::Replying) -> (String, Vec<String>, Vec<u8>) {
    assert!(
        rejected.wants_write()
            && rejected.wants_read()
            && !rejected.wants_shutdown()
            && !rejected.is_done()
    );
    let bytes = sent(&mut rejected);
    assert!(rejected.wants_shutdown() && rejected.wants_read() && !rejected.is_done());
    rejected.shutdown_done();
    assert!(!rejected.wants_shutdown() && rejected.wants_read() && !rejected.is_done());
    rejected.poll(&mut Input::new(&mut [0; 1000]));
    assert!(!rejected.is_done());
    rejected.handle_eof();
    assert!(rejected.is_done() && !rejected.wants_read());
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("an end of the head");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("UTF-8");
    let mut lines = head.split("\r\n").map(str::to_owned);
    (lines.next().expect("a status line"), lines.collect(), bytes[end + 4..].to_vec())
}
