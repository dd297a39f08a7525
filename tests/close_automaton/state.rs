//! What makes two states one: a digest of all that can make a difference later.
//!
//! It takes in both models, the frames on both lines and how far they were read, and of both
//! connections and heartbeats what `{:?}` shows. The crate gives no digest of its own: a test sees
//! it as any user does, and code that only this test calls has no place there. What `{:?}` shows is
//! every field, for it is derived, or the compiler holds it to that (`Tail`); payloads by their
//! length, and of the key stream nothing. So a new field tells states apart without a word here,
//! and a heartbeat's has to be named here. One that is left out below has to exist, by a test.
//!
//! Left out, or told otherwise, is what makes no difference to what follows:
//!
//! - masks, and the bytes under them: what the connections are to send, and what is on its way, is
//!   told as frames, which `End::look` has compared;
//! - moments: only how long ago they were counts, so that is what is hashed;
//! - moments on which no deadline depends any more: of an end that closes, when it heard or pinged
//!   last; of a ping that was answered, when it left; of output, what no time-out asks for;
//! - what the transport did: of an open end, the model says it;
//! - the number of a heartbeat's ping: it is told as how many pings ago that was, for it is only
//!   compared;
//! - where in a buffer something lies, how large the last batch was and how long a ping took, which
//!   nothing of all this depends on;
//! - whether whole messages had a fast path, of an end to which nothing is told any more;
//! - how much may still be thrown away: nothing here comes near the default of 64 MiB, and less
//!   than nothing is none;
//! - an end that is done: its transport is dropped, and nothing happens to it any more.
//!
//! So what two states with one digest do next is the same, step for step, and one of them need not
//! be followed: of each state's second way, one step is compared with the first's.

use crate::close_automaton::end::End;
use crate::close_automaton::pair::Pair;
use crate::close_automaton::queue::Frame;
use crate::close_automaton::shown::{Field, for_each_word};
use crate::support::{BINARY, PING, PONG, SIDES};
use sockless::{Config, Connection, Input};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What makes no difference. See above for why.
const LEFT_OUT: [Field<'_>; 14] = [
    ("Header", "bytes"),
    ("Payload", "mask"),
    ("Tail", "bytes"),
    ("Tail", "sent"),
    ("Outbox", "pace"),
    ("Outbox", "last_batch"),
    ("Reference", "at"),
    ("Piece", "sent"),
    ("Waiting", "frames"),
    ("Waiting", "sent"),
    ("Waiting", "last_pong"),
    ("Linger", "discard"),
    ("Liveness", "last"),
    ("Liveness", "later"),
];
/// The same of an end that closes.
const LEFT_OUT_IF_CLOSING: [Field<'_>; 2] = [("Liveness", "seen"), ("Liveness", "pong")];

pub(crate) fn digest(pair: &Pair) -> u64 {
    let mut hasher = DefaultHasher::new();
    let [server, client] = &pair.ends;
    for (near, far) in [(server, client), (client, server)] {
        let (model, line) = (&near.model, &near.line);
        model.is_done().hash(&mut hasher);
        if model.is_done() {
            continue;
        }
        (model.closing, model.eof, model.broken, model.mute, model.shut).hash(&mut hasher);
        let open = model.is_open();
        (model.heart.digest(open), open && model.queue.full).hash(&mut hasher);
        model.close_event.as_ref().map(|close_event| close_event.clean).hash(&mut hasher);
        model.queue.full.hash(&mut hasher);
        model.queue.begun.as_ref().map(|(_, left)| left).hash(&mut hasher);
        (line.len(), line.read, line.ends, line.frames.len()).hash(&mut hasher);
        model.queue.frames().for_each(|frame| frame_of(frame, near, far).hash(&mut hasher));
        line.frames.iter().for_each(|frame| frame_of(frame, far, near).hash(&mut hasher));
        connection(near, &mut hasher);
        heartbeat(near, &mut hasher);
    }
    hasher.finish()
}

/// A frame that `from` sends; a heartbeat's by how many pings ago it was, or was asked for.
fn frame_of<'a>(frame: &'a Frame, from: &End, to: &End) -> (u8, Option<u32>, &'a [u8]) {
    let number = <[u8; 4]>::try_from(&frame.payload[..]).map(u32::from_be_bytes);
    match (frame.first, number) {
        (PING, Ok(number)) => (PING, Some(from.number - number), &[]),
        (PONG, Ok(number)) => (PONG, Some(to.number - number), &[]),
        (first, _) => (first, None, &frame.payload),
    }
}

fn connection(end: &End, hasher: &mut impl Hasher) {
    let closing = !end.connection.is_open();
    let told = end.model.close_event.is_some();
    for_each_word(&end.connection, |field, word| {
        let left_out = LEFT_OUT.contains(&field)
            || closing && LEFT_OUT_IF_CLOSING.contains(&field)
            || told && field == ("Place", "idle_below");
        if !left_out {
            (field, word).hash(hasher);
        }
    });
}

/// What is kept depends on what it can still be asked for. Each moment is told by how long ago it
/// was.
fn heartbeat(end: &End, hasher: &mut impl Hasher) {
    let timeouts = end.model.heart.patience.timeouts();
    let (open, heart) = (end.connection.is_open(), &end.model.heart);
    let mut now = None;
    for_each_word(&end.heartbeat, |field, word| {
        let counts = match field {
            ("Clock", "now") => {
                now = seconds(word);
                false
            }
            // The same for good.
            ("", "") | ("Heartbeat", "timeouts" | "clock") | ("Timeouts", _) => false,
            ("Clock", "ahead") => false,
            ("Clock", "promised") => true,
            ("Heartbeat", "number" | "round_trip" | "paused" | "ping") => false,
            ("Heartbeat", "alive") => open && heart.alive_if_asked_for().is_some(),
            ("Heartbeat", "pinged" | "waiting" | "full" | "held") => open,
            ("Heartbeat", "filled") => heart.written.is_none(),
            ("Heartbeat", "output") | ("Output", "since") => {
                heart.written.is_none() && timeouts.drain_timeout.is_some()
            }
            ("Output", "moved") => heart.written.is_none() && timeouts.write_timeout.is_some(),
            ("Ping", "waited") => false,
            ("Ping", "left") => open && heart.waiting,
            ("Heartbeat", "written" | "grace") | ("Grace", "first" | "since") => true,
            (of, name) => panic!("{of}.{name} is new: can it make a difference later?"),
        };
        if counts {
            let ago = seconds(word).map(|moment| moment - now.expect("the clock comes first"));
            (field, ago.ok_or(word)).hash(hasher);
        }
    });
}

/// A time, which is one of whole seconds here.
fn seconds(word: &str) -> Option<i64> {
    match word {
        "0ns" => Some(0),
        _ if word.starts_with(|char: char| char.is_ascii_digit()) => {
            let seconds = word.strip_suffix('s').and_then(|seconds| seconds.parse().ok());
            Some(seconds.unwrap_or_else(|| panic!("{word} are seconds")))
        }
        _ => None,
    }
}

/// Under another name, what makes no difference would tell states apart.
#[test]
fn what_is_left_out_exists() {
    let mut left_out = [&LEFT_OUT[..], &LEFT_OUT_IF_CLOSING].concat();
    let mut look = |connection: &Connection| {
        for_each_word(connection, |field, _| left_out.retain(|other| *other != field));
    };
    for side in SIDES {
        let mut connection = side.open(Config::default());
        // A payload by reference, masked in pieces if at all, and a ping beside it.
        connection.send_binary(vec![7; 256 << 10]).unwrap();
        connection.transmit().write_with(|_| Ok::<_, ()>(20)).unwrap();
        connection.ping(b"?").unwrap();
        // A frame that is cut in its header, then in its payload.
        let frame = side.other().frame(BINARY, b"some");
        let (first, rest) = frame.split_at(1);
        for part in [first, &rest[..rest.len() - 1]] {
            assert_eq!(connection.poll(&mut Input::new(&mut part.to_vec())), None);
            look(&connection);
        }
    }
    assert_eq!(left_out, [], "there are no such fields");
}
