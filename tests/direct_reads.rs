//! `Endpoint::io`: the rest of a large binary message read straight into its place. It changes no
//! event, whatever was read which way, and whoever misuses it is told.

mod support;

use bytes::{Buf, BufMut};
use proptest::prelude::*;
use sockless::{Cause, Config, Connection, Delivery, Endpoint, Event, Heartbeat, Timeouts};
use std::io::Read;
use std::time::Duration;
use support::random::{cases, same};
use support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, Side, TEXT, eof, feed, frames, output,
};

/// How a reader reads the next bytes.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// Into a scratch of so many bytes.
    Scratch(usize),
    /// Directly if there is room, at most so many bytes, and into a scratch of as many if not.
    Direct(usize),
    /// The same, without the poll that belongs behind it.
    Hasty(usize),
}

/// All events of `wire`, read as the readers say in turn, and how many bytes were read directly.
fn read(
    connection: &mut Connection,
    mut wire: &[u8],
    readers: &[Reader],
) -> (Vec<Event<'static>>, usize) {
    let (mut events, mut direct) = (Vec::new(), 0);
    for reader in readers.iter().cycle() {
        if wire.is_empty() {
            break;
        }
        let (Reader::Scratch(most) | Reader::Direct(most) | Reader::Hasty(most)) = *reader;
        let mut read = Vec::new();
        match connection.io() {
            (Some(mut into), _) if !matches!(reader, Reader::Scratch(_)) => {
                let n = most.min(into.remaining_mut()).min(wire.len());
                into.put_slice(&wire[..n]);
                direct += n;
                wire.advance(n);
            }
            _ => {
                read.extend(&wire[..most.min(wire.len())]);
                wire.advance(read.len());
            }
        }
        if !matches!(reader, Reader::Hasty(_)) || !read.is_empty() {
            events.extend(feed(connection, &read));
        }
    }
    events.extend(feed(connection, b""));
    (events, direct)
}

fn sample(len: usize, salt: u8) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8 ^ salt).collect()
}

proptest! {
    #![proptest_config(cases(200))]

    /// Messages of all kinds and sizes, fragmented and not, pings between, a bad frame or a Close
    /// at the end.
    #[test]
    fn how_it_was_read_changes_nothing(
        side in prop::sample::select(&SIDES[..]),
        messages in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(prop_oneof![0..200_usize, 16_000..17_000_usize, 60_000..200_000_usize], 1..4), any::<bool>()),
            1..5,
        ),
        end in prop::sample::select(vec![vec![], vec![CLOSE, 0], vec![0xff]]),
        readers in prop::collection::vec(
            prop_oneof![
                (1..70_000_usize).prop_map(Reader::Scratch),
                (1..200_000_usize).prop_map(Reader::Direct),
                (1..200_000_usize).prop_map(Reader::Hasty),
            ],
            1..6,
        ),
    ) {
        let mut wire = Vec::new();
        for (i, (text, parts, ping)) in messages.iter().enumerate() {
            for (j, len) in parts.iter().enumerate() {
                let kind = if j > 0 { CONTINUATION } else if *text { TEXT } else { BINARY };
                let payload = if *text { vec![b'x'; *len] } else { sample(*len, (i + j) as u8) };
                wire.extend(side.other().frame(if j + 1 == parts.len() { kind } else { kind & MORE }, &payload));
                if *ping {
                    wire.extend(side.other().frame(PING, b"?"));
                }
            }
        }
        wire.extend(end);
        let mut whole = side.open(Config::default());
        let expected = feed(&mut whole, &wire);
        let mut connection = side.open(Config::default());
        let (events, _) = read(&mut connection, &wire, &readers);
        prop_assert!(events == expected, "{} events, not {}", events.len(), expected.len());
        // A server masks nothing; a client's keys are the same.
        same(&output(&mut connection), &output(&mut whole))?;
    }
}

#[test]
fn most_of_a_large_message_is_read_directly() {
    for side in SIDES {
        for len in [200_000, 1 << 20, 5 << 20] {
            let payload = sample(len, 0);
            let wire = side.other().frame(BINARY, &payload);
            let (events, direct) =
                read(&mut side.open(Config::default()), &wire, &[Reader::Direct(64 << 10)]);
            assert_eq!(events, [Event::Binary(payload.into())]);
            // All but the first read, and less than 16 KiB at the end.
            assert!(direct >= len - (80 << 10), "{direct} of {len}");
        }
    }
}

/// At most eight times of what has come, and not above what the frame declares.
#[test]
fn room_is_bounded_by_what_has_come() {
    for side in SIDES {
        for come in [0, 100, 1000, 2048, 5000, 60_000] {
            let mut connection = side.open(Config::default());
            let wire = side.other().frame(BINARY, &vec![7; 16 << 20]);
            let header = wire.len() - (16 << 20);
            assert_eq!(feed(&mut connection, &wire[..header + come]), []);
            let room = connection.io().0.map_or(0, |into| into.remaining_mut());
            assert!(room <= 8 * come, "{room} for {come}");
            assert!(room >= if come >= 2048 { 16 << 10 } else { 0 });
        }
        let mut connection = side.open(Config::default());
        let wire = side.other().frame(BINARY, &[7; 100_000]);
        feed(&mut connection, &wire[..wire.len() - (16 << 10)]);
        assert_eq!(connection.io().0.map(|into| into.remaining_mut()), Some(16 << 10));
        feed(&mut connection, &wire[wire.len() - (16 << 10)..][..1]);
        assert!(connection.io().0.is_none(), "what is left is better read with what follows");
    }
}

#[test]
fn there_is_room_only_in_the_middle_of_a_plain_binary_message_that_is_delivered_whole() {
    for side in SIDES {
        let wire = side.other().frame(BINARY, &[7; 200_000]);
        let text = side.other().frame(TEXT, &[b'x'; 200_000]);
        let mut chunks = Config::default();
        chunks.delivery = Delivery::Chunks;
        let has_room = |config: Config, wire: &[u8]| {
            let mut connection = side.open(config);
            feed(&mut connection, wire);
            connection.io().0.is_some()
        };
        assert!(has_room(Config::default(), &wire[..100_000]));
        assert!(!has_room(Config::default(), &text[..100_000]));
        assert!(!has_room(Config::default(), &wire));
        assert!(!has_room(Config::default(), &wire[..3]));
        assert!(!has_room(chunks, &wire[..100_000]));
        // Behind a fragment, before the next one's header.
        assert!(!has_room(Config::default(), &side.other().frame(BINARY & MORE, &[7; 200_000])));

        // After the end.
        let mut connection = side.open(Config::default());
        feed(&mut connection, &wire[..100_000]);
        assert_eq!(eof(&mut connection).len(), 1);
        assert!(connection.io().0.is_none());
    }
}

/// The payload under way may be a ping's, between two fragments.
#[test]
fn a_control_frame_that_a_read_had_cut_is_none_of_the_message() {
    for side in SIDES {
        let peer = side.other();
        let (a, b, ping) = (
            peer.frame(BINARY & MORE, &[1; 50_000]),
            peer.frame(CONTINUATION, &[2; 50_000]),
            peer.frame(PING, &[3; 100]),
        );
        for cut in 1..ping.len() {
            let mut connection = side.open(Config::default());
            feed(&mut connection, &a);
            assert_eq!(feed(&mut connection, &ping[..cut]), []);
            assert!(connection.io().0.is_none());
            assert_eq!(feed(&mut connection, &ping[cut..]), [Event::Ping(vec![3; 100].into())]);
            let [Event::Binary(data)] = &read(&mut connection, &b, &[Reader::Direct(10_000)]).0[..]
            else {
                panic!()
            };
            assert!(data[..50_000] == [1; 50_000] && data[50_000..] == [2; 50_000]);
        }
    }
}

/// While we wait for the peer's Close, and when nothing can be written any more, messages still
/// come.
#[test]
fn closing_and_mute_connections_read_directly_too() {
    for side in SIDES {
        for mute in [false, true] {
            let payload = sample(200_000, 3);
            let mut wire = side.other().frame(BINARY, &payload);
            wire.extend(side.other().frame(CLOSE, b""));
            let mut connection = side.open(Config::default());
            if mute {
                connection.handle_write_error();
            } else {
                connection.close(None).unwrap();
            }
            let (events, direct) = read(&mut connection, &wire, &[Reader::Direct(50_000)]);
            assert!(direct > 100_000);
            assert_eq!(events[0], Event::Binary(payload.into()));
            assert!(
                matches!(&events[1..], [Event::Closed(close_event)] if close_event.clean != mute)
            );
        }
    }
}

/// The output is there at the same time, as a `select!` needs it.
#[test]
fn reading_and_writing_go_together() {
    let mut connection = Side::Server.open(Config::default());
    let wire = Side::Client.frame(BINARY, &sample(200_000, 0));
    feed(&mut connection, &wire[..100_000]);
    connection.send_text("meanwhile").unwrap();
    let (into, mut out) = connection.io();
    let mut into = into.unwrap();
    into.put_slice(&wire[100_000..150_000]);
    assert_eq!(out.chunk(), b"\x81\x09meanwhile");
    out.advance(11);
    into.put_slice(&wire[150_000..]);
    let (into, out) = connection.io();
    assert!(into.is_none() && !out.has_remaining(), "the poll comes first");
    assert!(
        matches!(&feed(&mut connection, b"")[..], [Event::Binary(data)] if data.len() == 200_000)
    );
}

/// For the heartbeat a direct read is a sign of life as any other.
#[test]
fn direct_reads_are_heard() {
    let mut timeouts = Timeouts::default();
    timeouts.idle_timeout = Some(Duration::from_secs(10));
    for heard in [true, false] {
        let mut heartbeat = Heartbeat::new(timeouts.clone());
        let mut connection = Side::Server.open(Config::default());
        let wire = Side::Client.frame(BINARY, &sample(200_000, 0));
        feed(&mut connection, &wire[..100_000]);
        heartbeat.poll(Duration::from_secs(0), &mut connection);
        if heard {
            connection.io().0.unwrap().put_slice(&wire[100_000..100_001]);
        }
        feed(&mut connection, b"");
        for second in [9, 11, 12] {
            heartbeat.poll(Duration::from_secs(second), &mut connection);
        }
        assert_eq!(feed(&mut connection, b"").is_empty(), heard);
    }
}

/// A read to the limit, or until the socket has no more: what came is in the vector, whatever the
/// read says.
#[test]
fn a_read_that_fails_half_way_keeps_what_came() {
    struct Slow<'a>(&'a [u8], usize);
    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            if self.1 == 0 {
                return Err(std::io::ErrorKind::WouldBlock.into());
            }
            let n = self.1.min(to.len());
            self.1 -= n;
            self.0.read(&mut to[..n])
        }
    }
    let payload = sample(300_000, 0);
    let wire = Side::Client.frame(BINARY, &payload);
    let mut connection = Side::Server.open(Config::default());
    feed(&mut connection, &wire[..100_000]);
    let mut socket = Slow(&wire[100_000..], 70_000);
    let into = connection.io().0.unwrap();
    let limit = into.remaining_mut() as u64;
    assert!(socket.by_ref().take(limit).read_to_end(into.into_inner()).is_err());
    assert_eq!(socket.0.len(), wire.len() - 170_000);
    assert_eq!(feed(&mut connection, socket.0), [Event::Binary(payload.into())]);
}

#[test]
fn misuse_ends_the_connection_and_is_told() {
    type Misuse = fn(&mut Vec<u8>);
    let misuses: [(&str, Misuse); 4] = [
        ("emptied", |vec| vec.clear()),
        ("one byte short", |vec| vec.truncate(vec.len() - 1)),
        ("taken", |vec| drop(std::mem::take(vec))),
        ("one byte too many", |vec| vec.resize(200_001, 0)),
    ];
    for side in SIDES {
        for (what, misuse) in misuses {
            let mut connection = side.open(Config::default());
            let wire = side.other().frame(BINARY, &sample(200_000, 0));
            feed(&mut connection, &wire[..100_000]);
            misuse(connection.io().0.unwrap().into_inner());
            let events = feed(&mut connection, &wire[100_000..]);
            let [Event::Closed(close_event)] = &events[..] else { panic!("{what}: {events:?}") };
            assert_eq!(
                (close_event.cause, close_event.code, close_event.clean),
                (Cause::DirectRead, 1006, false),
                "{what}"
            );
            let answer = frames(&output(&mut connection));
            assert_eq!(
                (answer[0].first, &answer[0].payload[..2]),
                (CLOSE, &1011_u16.to_be_bytes()[..])
            );
        }
        // As many as the frame has left are not too many, though more than was lent.
        let payload = sample(5_000_000, 0);
        let wire = side.other().frame(BINARY, &payload);
        let mut connection = side.open(Config::default());
        feed(&mut connection, &wire[..100_000]);
        let into = connection.io().0.unwrap();
        assert!(into.remaining_mut() < 1_000_000);
        into.into_inner().extend(&wire[100_000..]);
        assert_eq!(feed(&mut connection, b""), [Event::Binary(payload.into())]);
    }
}
