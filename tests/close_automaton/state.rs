//! What makes two states one: a digest of all that can make a difference later.
//!
//! It takes in both models, the frames on both lines and how far they were read, and of both
//! connections and heartbeats what `Debug` shows, which is every field but the key stream. Left
//! out, or told otherwise, is what makes no difference to what follows:
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
//! - how much may still be thrown away: nothing here comes near the default of 64 MiB, and less
//!   than nothing is none;
//! - an end that is done: its transport is dropped, and nothing happens to it any more.
//!
//! So what two states with one digest do next is the same, step for step, and one of them need not
//! be followed: of each state's second way, one step is compared with the first's.

use crate::end::End;
use crate::pair::Pair;
use crate::queue::Frame;
use crate::support::{PING, PONG};
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hash, Hasher};

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
        connection(near).hash(&mut hasher);
        heartbeat(near).hash(&mut hasher);
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

/// What `Debug` shows, but for some fields. It comes in pieces: the name of a field is one of its
/// own, and in the values that are left out nothing begins with a small letter.
struct Fields<'a> {
    kept: String,
    left_out: &'a [&'a str],
    skips: bool,
}

impl Write for Fields<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        match piece.as_bytes() {
            [b'a'..=b'z', ..] => self.skips = self.left_out.contains(&piece),
            [b'}', ..] | [b' ', b'}', ..] => self.skips = false,
            _ => {}
        }
        if !self.skips {
            self.kept.push_str(piece);
        }
        Ok(())
    }
}

fn fields(value: &dyn fmt::Debug, left_out: &[&str]) -> String {
    let mut fields = Fields { kept: String::with_capacity(1024), left_out, skips: false };
    write!(fields, "{value:?}").expect("it has room");
    fields.kept
}

fn connection(end: &End) -> String {
    let mut left_out = vec!["tail", "at", "frames", "bytes", "mask", "sent"];
    left_out.extend(["last_pong", "last_batch", "discard", "pace", "last", "later"]);
    if !end.model.heart.waiting {
        left_out.push("answered");
    }
    if !end.connection.is_open() {
        left_out.extend(["seen", "pong", "answered"]);
    }
    fields(&end.connection, &left_out)
}

/// What is kept depends on what it can still be asked for.
fn heartbeat(end: &End) -> String {
    let all = format!("{:?}", end.heartbeat);
    let (_, fields) = all.split_once("now: ").expect("a heartbeat has a clock");
    let timeouts = end.model.heart.patience.timeouts();
    let (open, heart) = (end.connection.is_open(), &end.model.heart);
    let mut now = None;
    let mut kept = String::new();
    for field in fields.split(", ") {
        let mut digits = field.split(|char: char| !char.is_ascii_digit());
        let seconds = digits.find(|digits| !digits.is_empty());
        let seconds = seconds.map(|seconds| seconds.parse::<i64>().expect("seconds"));
        let now = *now.get_or_insert_with(|| seconds.expect("what time it is comes first"));
        // The name of the first field says what each is.
        let counts = match field.split_once(": ").map_or("now", |(name, _)| name) {
            "now" | "number" | "round_trip" | "paused" | "ping" => false,
            "left" => open && heart.waiting,
            "alive" => open && heart.alive_if_asked_for().is_some(),
            "pinged" | "waiting" | "full" | "held" => open,
            "filled" => heart.written.is_none(),
            "output" => heart.written.is_none() && timeouts.drain_timeout.is_some(),
            "moved" => heart.written.is_none() && timeouts.write_timeout.is_some(),
            _ => true,
        };
        match seconds {
            _ if !counts => {}
            Some(seconds) => write!(kept, "{}, ", seconds - now).expect("it has room"),
            None => kept.push_str(field),
        }
    }
    kept
}
