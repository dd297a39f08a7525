//! What each kind does.

use super::Number;
use crate::session::Step;
use crate::wire::{
    CLOSE, COMPRESSED, CONTINUATION, MORE, PING, TEXT, declared, deflated, frame, head, request,
};
use bytes::Bytes;
use fastrand::Rng;
use std::iter::repeat_n;
use std::time::Duration;

/// What the sessions send, made once.
#[derive(Debug)]
pub(crate) struct Arsenal {
    head: Bytes,
    /// Agrees to compress.
    deflate: Bytes,
    header_flood: Bytes,
    /// One after the other, each more than a request or none at all.
    wrong_heads: Vec<Bytes>,
    pings: Bytes,
    tiny_fragments: Bytes,
    empty_fragments: Bytes,
    bombs: Vec<Bytes>,
    bad_deflate: Vec<Bytes>,
    chatter: Bytes,
    asking: Bytes,
    noise: Bytes,
}

/// Just above 64 KiB, the longest message that the chat takes, and the most fragments that anyone
/// may send.
const TOO_MANY_BYTES: usize = (64 << 10) + 10;
const TOO_MANY_FRAGMENTS: usize = (128 << 10) + 10;
const PINGS: usize = 10_000;
/// Each is answered with 14 bytes: 6.3 MB, of which the kernel takes at most 4 MB or so for a
/// socket that is not read.
const QUESTIONS: usize = 450_000;
const CHATTER: usize = 60;
/// What a bomb makes of a few KB.
const BOMB: usize = 16 << 20;

impl Arsenal {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let fragments = |count, payload: &[u8]| -> Bytes {
            let rest = repeat_n(frame(CONTINUATION & MORE, payload), count).flatten();
            [frame(TEXT & MORE, payload)].into_iter().flatten().chain(rest).collect()
        };
        let many = |count, frame: Vec<u8>| -> Bytes { repeat_n(frame, count).flatten().collect() };
        let zeros = deflated(&vec![0; BOMB]);
        // A bomb in one frame, and in many small ones.
        let (first, rest) = zeros.split_at(100);
        let pieces = rest.chunks(50).map(|piece| frame(CONTINUATION & MORE, piece));
        let cut = [frame(TEXT & MORE | COMPRESSED, first)]
            .into_iter()
            .chain(pieces)
            .chain([frame(CONTINUATION, b"")])
            .flatten()
            .collect();
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        Self {
            head: head("").into(),
            deflate: head("Sec-WebSocket-Extensions: permessage-deflate\r\n").into(),
            header_flood: request(
                &(0..10_000).map(|i| format!("X-{i}: {i}\r\n")).collect::<String>(),
            )
            .into(),
            wrong_heads: [
                head("Origin: https://elsewhere.example\r\n"),
                request(&format!("{upgrade}Sec-WebSocket-Version: 12\r\n{key}")),
                request(&format!("{upgrade}Sec-WebSocket-Version: 13\r\n")),
                request(&format!(
                    "{upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"
                )),
                request(&format!("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{key}")),
            ]
            // Behind each, a request that must not be answered and a frame that must not be heard.
            .map(|wrong| [wrong, request(""), say("I was not let in")].concat().into())
            .into(),
            pings: many(PINGS, frame(PING, &[b'?'; 125])),
            tiny_fragments: fragments(TOO_MANY_BYTES, b"x"),
            empty_fragments: fragments(TOO_MANY_FRAGMENTS, b""),
            bombs: vec![frame(TEXT | COMPRESSED, &zeros).into(), cut],
            // A block of a type that there is not, a stored block whose lengths disagree, and
            // noise.
            bad_deflate: [&[0x07][..], &[0x00, 5, 0, 5, 0, 1, 2, 3, 4, 5], &[0xff; 200]]
                .map(|bad| frame(TEXT | COMPRESSED, bad).into())
                .into(),
            chatter: (0..CHATTER).flat_map(|i| say(&format!("{i} and more of it"))).collect(),
            asking: many(QUESTIONS, frame(TEXT, b"?")),
            noise: (0..20_000).map(|_| dice.u8(..)).collect(),
        }
    }

    /// In, and in the room.
    fn joined(&self, number: &Number) -> Vec<Step> {
        vec![Step::Send(self.head.clone()), Step::Upgraded, Step::Send(join(number)), Step::Joined]
    }

    fn upgraded(&self) -> Vec<Step> {
        vec![Step::Send(self.head.clone()), Step::Upgraded]
    }

    /// A session with something of everything.
    fn script(&self, number: &Number) -> Vec<u8> {
        let mut script = self.head.to_vec();
        script.extend(join(number));
        script.extend(say("something"));
        script.extend(frame(PING, b"are you there?"));
        script.extend(frame(TEXT & MORE, b"say in two"));
        script.extend(frame(CONTINUATION, b" parts"));
        script.extend(frame(TEXT, &[b'x'; 40_000]).into_iter().take(60));
        script
    }
}

pub(super) fn silence(_: &Arsenal, _: &Number) -> Vec<Step> {
    vec![Step::End]
}

pub(super) fn slow_head(arsenal: &Arsenal, _: &Number) -> Vec<Step> {
    vec![Step::Trickle(arsenal.head.clone(), Duration::from_millis(100)), Step::End]
}

pub(super) fn garbage_head(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    // Whatever comes, no method has a NUL in it, and a line's end is not far.
    let noise = &arsenal.noise[number.session % 1000..][..1000 + number.session * 7 % 1000];
    vec![Step::Send([b"\0\r\n", noise, b"\r\n\r\n"].concat().into()), Step::End]
}

pub(super) fn header_flood(arsenal: &Arsenal, _: &Number) -> Vec<Step> {
    vec![Step::Send(arsenal.header_flood.clone()), Step::End]
}

pub(super) fn wrong_heads(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    vec![
        Step::Send(arsenal.wrong_heads[number.session % arsenal.wrong_heads.len()].clone()),
        Step::End,
    ]
}

pub(super) fn garbage(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    // Every second one first says half of something true. A bit is set that nobody defined, and
    // what follows is noise.
    let mut steps = arsenal.joined(number);
    if number.session % 2 == 0 {
        steps.push(Step::Send(frame(TEXT & MORE, b"say half of").into()));
    }
    steps.extend([
        Step::Send(Bytes::from_static(b"\xf1")),
        Step::Send(arsenal.noise.slice(number.session * 13 % 10_000..)),
        Step::End,
    ]);
    steps
}

pub(super) fn bad_text(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let bad: [&[u8]; 4] = [b"say \xff", b"say \xc0\xaf", b"say \xed\xa0\x80", b"say \xf0\x9f\x8e"];
    let mut steps = arsenal.joined(number);
    steps.extend([Step::Send(frame(TEXT, bad[number.session % bad.len()]).into()), Step::End]);
    steps
}

pub(super) fn giants(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let lens = [
        (64 << 10) + 1,
        16 << 20,
        u64::from(u32::MAX),
        1 << 32,
        i64::MAX as u64,
        1 << 63,
        u64::MAX,
    ];
    let mut steps = arsenal.joined(number);
    // All of it comes that fits in a MiB, and is thrown away.
    let header = declared(TEXT, lens[number.session % lens.len()]);
    steps.push(Step::Send(header.into()));
    steps.extend(repeat_n(Step::Send(arsenal.noise.clone()), 50));
    steps.push(Step::End);
    steps
}

pub(super) fn slow_body(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    let body = frame(TEXT, &[b'x'; 60_000]).into_iter().take(100).collect();
    steps.extend([Step::Trickle(body, Duration::from_millis(40)), Step::Reset]);
    steps
}

pub(super) fn pings(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    steps.extend([
        Step::Send(arsenal.pings.clone()),
        Step::Send(frame(CLOSE, &1000_u16.to_be_bytes()).into()),
        Step::End,
    ]);
    steps
}

pub(super) fn blind_pings(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    steps.extend([
        Step::Reads(false),
        Step::Send(arsenal.pings.clone()),
        Step::Pause(Duration::from_millis(200)),
        Step::Reset,
    ]);
    steps
}

pub(super) fn tiny_fragments(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    steps.extend([Step::Send(arsenal.tiny_fragments.clone()), Step::End]);
    steps
}

pub(super) fn empty_fragments(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    steps.extend([Step::Send(arsenal.empty_fragments.clone()), Step::End]);
    steps
}

pub(super) fn bombs(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let bomb = &arsenal.bombs[number.session % arsenal.bombs.len()];
    vec![
        Step::Send(arsenal.deflate.clone()),
        Step::Upgraded,
        Step::Send(join(number)),
        Step::Send(bomb.clone()),
        Step::End,
    ]
}

pub(super) fn bad_deflate(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let bad = &arsenal.bad_deflate[number.session % arsenal.bad_deflate.len()];
    vec![
        Step::Send(arsenal.deflate.clone()),
        Step::Upgraded,
        Step::Send(join(number)),
        Step::Send(bad.clone()),
        Step::End,
    ]
}

pub(super) fn chatter(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    steps.extend([
        Step::Send(arsenal.chatter.clone()),
        Step::Pause(Duration::from_millis(500)),
        Step::Reset,
    ]);
    steps
}

pub(super) fn blind(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    steps.extend([Step::Reads(false), Step::Pause(Duration::from_secs(8)), Step::Reset]);
    steps
}

/// It reads at last, and finds the end.
pub(super) fn blind_asking(arsenal: &Arsenal, _: &Number) -> Vec<Step> {
    let mut steps = arsenal.upgraded();
    let wait = Step::Pause(Duration::from_secs(6));
    steps.extend([
        Step::Reads(false),
        Step::Send(arsenal.asking.clone()),
        wait,
        Step::Reads(true),
        Step::End,
    ]);
    steps
}

/// Of all points of a session, a different one each time until each was; some before the chat has
/// read it, others when it has answered.
pub(super) fn resets(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut script = arsenal.script(number);
    let points = script.len() + 1;
    script.truncate(number.session * STRIDE % points);
    let pause = Duration::from_millis([0, 60, 200][(number.session + number.session / points) % 3]);
    vec![Step::Send(script.into()), Step::Pause(pause), Step::Reset]
}

/// From one point to the next: no multiple of it is one of their number.
const STRIDE: usize = 97;

pub(super) fn half_closed(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.joined(number);
    // In the middle of a message, and of a frame.
    steps.extend([
        Step::Send(frame(TEXT & MORE, b"say half").into()),
        Step::Send(declared(CONTINUATION, 100).into()),
        Step::Shutdown,
        Step::End,
    ]);
    steps
}

/// As after the cable was cut: it neither says nor takes anything any more, and no reset comes. The
/// chat's ping is not answered.
pub(super) fn half_open(arsenal: &Arsenal, number: &Number) -> Vec<Step> {
    let mut steps = arsenal.upgraded();
    if number.slot % 2 == 0 {
        steps = arsenal.joined(number);
    }
    steps.extend([
        Step::Reads(false),
        Step::Pause(Duration::from_secs(46)),
        Step::Reads(true),
        Step::End,
    ]);
    steps
}

fn join(number: &Number) -> Bytes {
    frame(TEXT, format!("join key hostile-{:03}-{:05}", number.slot, number.session).as_bytes())
        .into()
}

fn say(text: &str) -> Vec<u8> {
    frame(TEXT, format!("say {text}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_session_is_reset_at_every_point() {
        let arsenal = Arsenal::new(1);
        let points = arsenal.script(&Number { slot: 0, session: 0 }).len() + 1;
        let cut = |session| match &resets(&arsenal, &Number { slot: 3, session })[0] {
            Step::Send(bytes) => bytes.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((0..points).map(cut).collect::<BTreeSet<_>>(), (0..points).collect());
    }

    #[test]
    fn a_bomb_makes_much_of_little() {
        let arsenal = Arsenal::new(1);
        assert!(arsenal.bombs.iter().all(|bomb| bomb.len() * 100 < BOMB));
    }
}
