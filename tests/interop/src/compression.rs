//! The checks of compression, RFC 7692, of our client against a peer's server, the same for every
//! peer that has it.
//!
//! What was agreed on is read in the 101, and told again by the bytes on the wire:
//!
//! ```text
//!   takeover:   the same message again and again, small if the sender may refer to the one before, else as large as the first
//!   window:     noise that repeats itself: smaller if it does so within the sender's window, and not smaller than it is a byte beyond it. In small
//!               windows half of what it could be, at best: below level 9, zlib-rs looks in some of the places only
//! ```

use crate::Failure;
use crate::checks::{self, echo_binary, same, seen};
use crate::program::PeerServer;
use crate::report::Group;
use crate::sample::{self, SIZES, noise};
use crate::session::Session;
use crate::wire::Carried;
use sockless::client::Request;
use sockless::deflate::{ClientWindow, Compress, Offer, Parameters, WindowBits};
use sockless::{Cause, CloseEvent, Config, Event, Payload, PreparedMessage, ProtocolError};
use std::ops::Range;

/// What is offered, what the server goes by, and what has to be agreed on.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) offers: Vec<Offer>,
    /// The server's policy, by the names of the parameters.
    pub(crate) policy: String,
    /// The parameters in the answer, in any order.
    pub(crate) answer: Vec<String>,
    pub(crate) agreed: Parameters,
}

pub(crate) fn all(group: &mut Group<'_>, server: &PeerServer) {
    checks::echoes(group, server);
    checks::fragments(group, server);
    checks::limits(group, server);
    for case in cases() {
        case.check(group, server);
    }
    incompressible(group, server);
    chat(group, server);
    bombs(group, server);
    raw(group, server);
}

/// Every takeover and every window, as we offer it and as the server has it.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (server, client) in [(false, false), (true, false), (false, true), (true, true)] {
        let name = match (server, client) {
            (false, false) => "both take their context over",
            (true, false) => "our client alone takes its context over",
            (false, true) => "the server alone takes its context over",
            (true, true) => "none takes its context over",
        };
        let agreed = parameters(server, client, 15, 15);
        cases.push(Case::offered(
            &format!("{name}, offered"),
            offer(server, client, None, ClientWindow::Negotiable),
            agreed,
        ));
        cases.push(Case::by_policy(&format!("{name}, by its policy"), agreed));
    }
    for bits in 9..=15 {
        let agreed = parameters(false, false, bits, bits);
        let window = ClientWindow::AtMost(agreed.client_max_window_bits);
        let asked = offer(false, false, Some(agreed.server_max_window_bits), window);
        cases.push(Case::offered(&format!("windows of {bits} bits, offered"), asked, agreed));
        cases.push(Case::by_policy(&format!("windows of {bits} bits, by its policy"), agreed));
    }
    for (server, client) in [(9, 15), (15, 9), (12, 10)] {
        let agreed = parameters(true, true, server, client);
        let name = format!("none takes over, windows of {server} and {client} bits");
        let window = ClientWindow::AtMost(agreed.client_max_window_bits);
        let asked = offer(true, true, Some(agreed.server_max_window_bits), window);
        cases.push(Case::offered(&format!("{name}, offered"), asked, agreed));
        cases.push(Case::by_policy(&format!("{name}, by its policy"), agreed));
    }
    cases
}

impl Case {
    /// The server agrees to what is offered, by saying it.
    pub(crate) fn offered(name: &str, offer: Offer, agreed: Parameters) -> Self {
        let answer = offer
            .to_string()
            .split("; ")
            .skip(1)
            .filter(|said| *said != "client_max_window_bits")
            .map(str::to_owned)
            .collect();
        Self { name: name.to_owned(), offers: vec![offer], policy: String::new(), answer, agreed }
    }

    /// The server is asked for what browsers ask for, and adds its own.
    fn by_policy(name: &str, agreed: Parameters) -> Self {
        let flags = [
            ("server_no_context_takeover", agreed.server_no_context_takeover),
            ("client_no_context_takeover", agreed.client_no_context_takeover),
        ];
        let windows = [
            ("server_max_window_bits", agreed.server_max_window_bits),
            ("client_max_window_bits", agreed.client_max_window_bits),
        ];
        let flags = flags.into_iter().filter(|(_, said)| *said).map(|(name, _)| name.to_owned());
        let answer: Vec<_> = flags
            // 15 is what holds where nothing is said.
            .chain(
                windows
                    .into_iter()
                    .filter(|(_, bits)| *bits < WindowBits::MAX)
                    .map(|(name, bits)| format!("{name}={bits}")),
            )
            .collect();
        Self {
            name: name.to_owned(),
            offers: vec![Offer::default()],
            policy: answer.join("&"),
            answer,
            agreed,
        }
    }

    pub(crate) fn check(&self, group: &mut Group<'_>, server: &PeerServer) {
        group.check(&self.name, || {
            let mut session = self.open(server)?;
            takeover(&mut session, &self.agreed)?;
            windows(&mut session, &self.agreed)?;
            mixture(&mut session)?;
            session.finish()
        });
    }

    /// A connection on which exactly that was agreed on.
    pub(crate) fn open(&self, server: &PeerServer) -> Result<Session, Failure> {
        let url = server.url(&format!("/echo?{}", self.policy));
        let request =
            self.offers.iter().fold(Request::new(&url)?, |request, offer| request.deflate(*offer));
        let session = Session::with(request, Config::default())?;
        let [line] = session.extension_lines() else {
            return Err(format!("it answers {:?}", session.extension_lines()).into());
        };
        let mut said: Vec<_> = line.split(';').map(|word| word.trim().to_owned()).collect();
        same(said.remove(0).as_str(), "permessage-deflate")?;
        said.sort();
        let mut should = self.answer.clone();
        should.sort();
        same(said, should)?;
        same(session.extensions().deflate, Some(self.agreed))?;
        Ok(session)
    }
}

/// Whether each end refers to its messages before.
fn takeover(session: &mut Session, agreed: &Parameters) -> Result<(), Failure> {
    let messages = vec![noise(100, 1).repeat(2); 20];
    let carried = exchange(session, &messages)?;
    let expected = |fresh| if fresh { 1600..4000 } else { 0..1000 };
    within(
        "of 4000 bytes, ours on the wire",
        carried.written,
        expected(agreed.client_no_context_takeover),
    )?;
    within(
        "of 4000 bytes, its on the wire",
        carried.read,
        expected(agreed.server_no_context_takeover),
    )
}

/// Whether each end refers as far back as its window reaches, and no farther.
fn windows(session: &mut Session, agreed: &Parameters) -> Result<(), Failure> {
    type Side = fn(Carried) -> usize;
    let sides: [(_, _, Side); 2] = [
        ("ours", agreed.client_max_window_bits, |carried| carried.written),
        ("its", agreed.server_max_window_bits, |carried| carried.read),
    ];
    for (seed, (whose, bits, count)) in (10..).zip(sides) {
        // Farther than half a window, which is the next smaller one; but zlib keeps 262 bytes of
        // the smallest to itself.
        let (near, far) = ((bits.bytes() / 2 + 1).min(bits.bytes() - 270), bits.bytes() + 1);
        // There is no window of 8 bits to compress with: what comes of it is not compressed, or
        // with 9.
        if bits > WindowBits::MIN {
            let repeated = noise(near, seed).repeat(8);
            let carried = exchange(session, &[&repeated])?;
            within(
                &format!("of 8 times {near} bytes, {whose} on the wire"),
                count(carried),
                0..repeated.len() * 6 / 10,
            )?;
        }
        let repeated = noise(far, seed + 10).repeat(4);
        let carried = exchange(session, &[&repeated])?;
        let least = repeated.len() * 9 / 10;
        within(
            &format!("of 4 times {far} bytes, {whose} on the wire"),
            count(carried),
            least..repeated.len() + 100,
        )?;
    }
    Ok(())
}

/// Compressed ones and plain ones, prepared ones, empty ones: the windows stay the same.
fn mixture(session: &mut Session) -> Result<(), Failure> {
    let prepared = PreparedMessage::binary(sample::prepared());
    for i in 0..40 {
        let compress = [Compress::Auto, Compress::Yes, Compress::No][i % 3];
        for data in [sample::own(i), noise(500, i as u32), Vec::new()] {
            session.send(|connection| {
                connection.send_binary(Payload::from(&data).compress(compress))
            })?;
            same(session.message()?, Event::Binary(data.into()))?;
        }
        session.send(|connection| connection.send_prepared(&prepared))?;
        same(session.message()?, Event::Binary(prepared.as_bytes().into()))?;
    }
    Ok(())
}

fn incompressible(group: &mut Group<'_>, server: &PeerServer) {
    for size in SIZES {
        group.check(&format!("noise of {size} bytes, echoed"), || {
            let mut session = server.open("/echo")?;
            echo_binary(&mut session, &noise(size, 1))?;
            session.finish()
        });
    }
}

/// Small texts that are much like each other, many in a row.
fn chat(group: &mut Group<'_>, server: &PeerServer) {
    group.check(
        "a thousand messages of a chat, echoed in order, in a third of their bytes",
        || {
            let mut session = server.open("/echo")?;
            let messages: Vec<_> = (0..1000).map(sample::chat).collect();
            let whole: usize = messages.iter().map(String::len).sum();
            let before = session.carried();
            session.send(|connection| {
                messages.iter().try_for_each(|message| connection.send_text(message))
            })?;
            messages.iter().try_for_each(|message| same(session.text()?, message.as_str()))?;
            let carried = since(before, session.carried());
            within(&format!("of {whole} bytes, ours on the wire"), carried.written, 0..whole / 3)?;
            within(&format!("of {whole} bytes, its on the wire"), carried.read, 0..whole / 3)?;
            session.finish()
        },
    );
}

/// A little on the wire that becomes much.
fn bombs(group: &mut Group<'_>, server: &PeerServer) {
    group.check("16 MiB of our zeros, above its limit: it answers with 1009", || {
        let mut session = server.open("/limit?bytes=1000")?;
        let before = session.carried();
        session.send(|connection| connection.send_binary(vec![0; 16 << 20]))?;
        let close_event = session.close_event()?;
        same((close_event.code, close_event.clean, close_event.cause), (1009, true, Cause::Peer))?;
        within("of 16 MiB, on the wire", since(before, session.carried()).written, 0..100_000)
    });
    for size in [(16 << 20) + 1, 64 << 20] {
        group.check(&format!("{size} of its zeros, above our limit: it sees 1009"), || {
            let mut session = server.open(&format!("/zeros?bytes={size}&id=bomb-{size}"))?;
            let close_event = session.close_event()?;
            let cause = Cause::Violation(ProtocolError::MessageTooBig);
            same(
                (close_event.code, close_event.clean, close_event.cause),
                (CloseEvent::ABNORMAL, false, cause),
            )?;
            within("on the wire", session.carried().read, 0..400_000)?;
            same(seen(server, &format!("bomb-{size}"))?.0, 1009)
        });
    }
    group.check("16 MiB of its zeros, at our limit", || {
        let mut session = server.open(&format!("/zeros?bytes={}", 16 << 20))?;
        same(session.message()?, Event::Binary(vec![0; 16 << 20].into()))?;
        session.finish()
    });
}

/// Frames that it sends as we say.
fn raw(group: &mut Group<'_>, server: &PeerServer) {
    group.check("a message that it compresses by hand", || {
        let mut session = server.open("/raw?hex=c107f248cdc9c90700")?;
        same(session.text()?.as_str(), "Hello")?;
        session.finish()
    });
    let rows = [
        ("a reserved block type", "c10106", 1007, ProtocolError::InvalidDeflate),
        ("a message that is cut short", "c104f248cdc9", 1007, ProtocolError::InvalidDeflate),
        ("a distance into nothing", "c105f200110000", 1007, ProtocolError::InvalidDeflate),
        (
            "text that inflates to no UTF-8",
            "c109000300fcffeda08000",
            1007,
            ProtocolError::InvalidUtf8,
        ),
        ("RSV1 on a continuation", "4103f248cdc004c9c90700", 1002, ProtocolError::ReservedBits),
        ("RSV1 on a ping", "c900", 1002, ProtocolError::ReservedBits),
    ];
    for (number, (what, hex, code, error)) in rows.into_iter().enumerate() {
        group.check(&format!("{what}: it sees {code}"), || {
            let mut session = server.open(&format!("/raw?hex={hex}&id=raw-{number}"))?;
            let close_event = session.close_event()?;
            same(
                (close_event.code, close_event.clean, close_event.cause),
                (CloseEvent::ABNORMAL, false, Cause::Violation(error)),
            )?;
            same(seen(server, &format!("raw-{number}"))?.0, code)
        });
    }
}

/// Sends messages, takes their echoes, and tells what that took on the wire.
pub(crate) fn exchange(
    session: &mut Session,
    messages: &[impl AsRef<[u8]>],
) -> Result<Carried, Failure> {
    let before = session.carried();
    for message in messages {
        session.send(|connection| connection.send_binary(message.as_ref()))?;
    }
    for message in messages {
        same(session.message()?, Event::Binary(message.as_ref().into()))?;
    }
    Ok(since(before, session.carried()))
}

fn since(before: Carried, now: Carried) -> Carried {
    Carried { read: now.read - before.read, written: now.written - before.written }
}

pub(crate) fn within(what: &str, bytes: usize, expected: Range<usize>) -> Result<(), Failure> {
    if expected.contains(&bytes) {
        Ok(())
    } else {
        Err(format!("{what}: {bytes} bytes, and not {expected:?}").into())
    }
}

pub(crate) fn offer(
    server_fresh: bool,
    client_fresh: bool,
    server: Option<WindowBits>,
    client: ClientWindow,
) -> Offer {
    let mut offer = Offer::default();
    offer.server_no_context_takeover = server_fresh;
    offer.client_no_context_takeover = client_fresh;
    offer.server_max_window_bits = server;
    offer.client_max_window_bits = client;
    offer
}

pub(crate) fn parameters(
    server_fresh: bool,
    client_fresh: bool,
    server: u8,
    client: u8,
) -> Parameters {
    let bits = |bits| WindowBits::new(bits).expect("8 to 15");
    let mut parameters = Parameters::default();
    parameters.server_no_context_takeover = server_fresh;
    parameters.client_no_context_takeover = client_fresh;
    parameters.server_max_window_bits = bits(server);
    parameters.client_max_window_bits = bits(client);
    parameters
}
