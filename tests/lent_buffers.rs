//! Buffers that a loop lends: in steady state nothing is allocated, between its turns a connection holds nothing, and what is sent and received is the same.

mod support;

use bytes::{Buf, Bytes};
use proptest::prelude::*;
use sockless::{Buffers, Config, Connection, Event, Input, Lent, LifeCycle};
use support::alloc::{Counting, counted, live};
use support::{BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, Side, TEXT, feed, output};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Writes at most `most` bytes.
fn write(connection: &mut Connection, most: usize) {
    let mut out = connection.transmit();
    let mut left = most;
    while out.has_remaining() && left > 0 {
        let n = out.chunk().len().min(left);
        out.advance(n);
        left -= n;
    }
}

/// Polls all events, echoes them, and hands their buffers back.
fn echo(connection: &mut Lent<'_>, read: &mut [u8]) {
    let mut input = Input::new(read);
    while let Some(event) = connection.poll_event(&mut input) {
        match &event {
            Event::Text(text) => connection.send_text(text).unwrap(),
            Event::Binary(data) => connection.send_binary(data).unwrap(),
            _ => {}
        }
        connection.reclaim(event);
    }
}

/// A hundred connections, a turn each, over and over; after the first round nothing is allocated, and between two turns no connection holds anything.
#[test]
fn a_busy_loop_allocates_nothing() {
    for side in SIDES {
        let peer = side.other();
        let shared = Bytes::from(vec![7; 100_000]);
        let _so_that_a_clone_is_free = shared.clone();
        // Whole messages, and one that is cut at each third of its length.
        let wire = ([peer.frame(TEXT, &[b'x'; 500]), peer.frame(BINARY, &[1; 3000])].concat(), peer.frame(TEXT, &[b'y'; 3000]));
        let mut connections: Vec<_> = (0..100).map(|_| side.open(Config::default())).collect();
        let mut buffers = Buffers::default();
        for round in 0..4 {
            let mut wires = vec![wire.clone(); connections.len()];
            let ((), count) = counted(|| {
                for (connection, (whole, cut)) in connections.iter_mut().zip(&mut wires) {
                    let mut connection = buffers.lend(connection);
                    for _ in 0..10 {
                        connection.send_text("hello").unwrap();
                    }
                    connection.send_binary(&shared).unwrap();
                    echo(&mut connection, whole);
                    for third in cut.chunks_mut(1010) {
                        echo(&mut connection, third);
                    }
                    write(&mut connection, usize::MAX);
                }
            });
            assert!(round == 0 || count.calls == 0, "{side:?}, round {round}: {count:?}");
        }
        let ((), count) = counted(|| drop(buffers));
        assert!(count.live < 0);
        let ((), count) = counted(|| drop(connections));
        let table = 100 * size_of::<Connection>() as i64;
        assert_eq!(count.live, -table, "no connection holds anything but itself");
    }
}

/// The same message to many that are written to at once: one buffer serves all.
#[test]
fn a_broadcast_costs_one_buffer() {
    let mut connections: Vec<_> = (0..1000).map(|_| Side::Server.open(Config::default())).collect();
    let ((), count) = counted(|| {
        let mut buffers = Buffers::default();
        for connection in &mut connections {
            let mut connection = buffers.lend(connection);
            connection.send_text("news").unwrap();
            write(&mut connection, usize::MAX);
        }
    });
    assert!(count.calls == 1 && count.live == 0, "{count:?}");
}

/// A socket that takes little: what waits stays with the connection, in a buffer of its size, and the lent one comes back.
#[test]
fn what_could_not_be_sent_stays_and_keeps_little() {
    for left in [1, 100, 10_000, 30_000] {
        let mut buffers = Buffers::default();
        let mut slow = Side::Server.open(Config::default());
        let (before, count) = counted(|| {
            let mut connection = buffers.lend(&mut slow);
            // Of every kind, in many small frames.
            for i in 0..640_u32 {
                connection.send_binary(&[i as u8; 98]).unwrap();
            }
            write(&mut connection, 64_000 - left);
            live()
        });
        assert!(before >= 64_000);
        let queued = slow.queued();
        assert_eq!(queued, left);
        // What both hold now; then what the buffers alone free.
        let ((), freed) = counted(|| drop(buffers));
        let held = count.live + freed.live;
        assert!((left as i64..=2 * left as i64).contains(&held), "{held} for {left}");
        assert_eq!(freed.live == 0, left == 30_000 && held >= 60_000);

        // What stayed is what was left.
        let mut reference = Side::Server.open(Config::default());
        for i in 0..640_u32 {
            reference.send_binary(&[i as u8; 98]).unwrap();
        }
        let all = output(&mut reference);
        assert_eq!(output(&mut slow), all[64_000 - left..]);
    }
}

/// A server masks nothing, and keeps no room for that, though clients of the same loop need it.
#[test]
fn room_for_masking_stays_with_clients() {
    let mut buffers = Buffers::default();
    let mut client = Side::Client.open(Config::default());
    let mut client = buffers.lend(&mut client);
    client.send_binary(vec![7; 100_000]).unwrap();
    write(&mut client, usize::MAX);
    drop(client);

    let payload = Bytes::from(vec![7; 3000]);
    let mut server = Side::Server.open(Config::default());
    let mut lent = buffers.lend(&mut server);
    lent.send_binary(&payload).unwrap();
    write(&mut lent, 4);
    drop(lent);
    assert_eq!(server.queued(), 3000);
    let ((), count) = counted(|| drop((server, buffers.lend(&mut Side::Client.open(Config::default())))));
    assert!(count.live > -1000, "{count:?}");
    let ((), count) = counted(|| drop(buffers));
    assert!(count.live <= -(32 << 10), "the buffers have it: {count:?}");
}

/// A connection that is in the middle of a message needs no other buffer for it: the next connection does.
#[test]
fn a_message_under_way_does_not_cost_the_lent_buffer() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            let mut buffers = Buffers::default();
            let (mut slow, mut busy) = (side.open(Config::default()), side.open(Config::default()));
            let halves = |connection: &mut Connection, buffers: &mut Buffers| {
                let mut wire = side.other().frame(kind, &[b'x'; 50_000]);
                let (a, b) = wire.split_at_mut(25_000);
                counted(|| {
                    let mut lent = buffers.lend(connection);
                    echo_nothing(&mut lent, a);
                    echo_nothing(&mut lent, b);
                })
                .1
            };
            halves(&mut busy, &mut buffers);
            echo_nothing(&mut buffers.lend(&mut slow), &mut side.other().frame(kind, &[b'y'; 50_000])[..3000]);
            // A turn in which a little more of it comes.
            drop(buffers.lend(&mut slow));
            assert_eq!(halves(&mut busy, &mut buffers).calls, 0, "{side:?}");
        }
    }
}

/// A message that is under way when the buffers are taken back holds no more than nine times of what came.
#[test]
fn a_message_under_way_keeps_little() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            for come in [0, 1, 1000, 10_000, 50_000] {
                let mut buffers = Buffers::default();
                let mut connection = side.open(Config::default());
                let large = side.other().frame(first, &[b'x'; 400_000]);
                let frame = side.other().frame(first, &[b'y'; 60_000]);
                let header = frame.len() - 60_000;
                let (held, _) = counted(|| {
                    // A large one first, whose buffer is used again.
                    let mut lent = buffers.lend(&mut connection);
                    for read in large.clone().chunks_mut(100_000) {
                        echo_nothing(&mut lent, read);
                    }
                    echo_nothing(&mut lent, &mut frame[..header + come].to_vec());
                    drop(lent);
                    let both = live();
                    drop(buffers);
                    let held = live();
                    assert!(both > held || come == 50_000);
                    held
                });
                assert!(held <= 9 * come as i64, "{held} for {come}");
                let expected =
                    if first == TEXT { Event::Text("y".repeat(60_000).into()) } else { Event::Binary(vec![b'y'; 60_000].into()) };
                assert_eq!(feed(&mut connection, &frame[header + come..]), [expected]);
            }
        }
    }
}

/// A loop that sees connections come and go keeps its buffers, too.
#[test]
fn a_connection_that_ends_gives_its_buffers_back() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            for end in [&side.other().frame(CLOSE, b"")[..], b"\xff", b""] {
                let mut buffers = Buffers::default();
                for round in 0..3 {
                    let mut connection = side.open(Config::default());
                    let mut wire = side.other().frame(kind, &[b'x'; 50_000]);
                    let (a, b) = wire.split_at_mut(25_000);
                    let (mut part, mut end) = (side.other().frame(kind & MORE, &[b'y'; 3000]), end.to_vec());
                    let (c, d) = part.split_at_mut(1000);
                    let ((), count) = counted(|| {
                        let mut lent = buffers.lend(&mut connection);
                        for read in [a, b, c, d, &mut end] {
                            echo_nothing(&mut lent, read);
                        }
                        lent.handle_eof();
                        echo_nothing(&mut lent, &mut []);
                        write(&mut lent, usize::MAX);
                    });
                    assert!(round == 0 || count.calls == 0, "{side:?}, round {round}: {count:?}");
                    assert_eq!(counted(|| drop(connection)).1.live, 0, "nothing stayed behind");
                }
            }
        }
    }
}

fn echo_nothing(connection: &mut Lent<'_>, read: &mut [u8]) {
    let mut input = Input::new(read);
    while let Some(event) = connection.poll_event(&mut input) {
        connection.reclaim(event);
    }
}

/// Whoever keeps an event does not keep a large buffer with it.
#[test]
fn a_small_message_does_not_take_a_large_buffer_away() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            let mut buffers = Buffers::default();
            let mut connection = side.open(Config::default());
            let mut connection = buffers.lend(&mut connection);
            for read in side.other().frame(first, &[b'x'; 400_000]).chunks_mut(100_000) {
                echo_nothing(&mut connection, read);
            }
            let mut small = side.other().frame(first, &[b'y'; 1000]);
            let (a, b) = small.split_at_mut(500);
            let (event, count) = counted(|| {
                assert!(connection.poll_event(&mut Input::new(a)).is_none());
                connection.poll_event(&mut Input::new(b)).unwrap()
            });
            assert_eq!((count.calls, count.live), (1, 1000));
            let len = match event {
                Event::Text(text) => text.len(),
                Event::Binary(data) => data.len(),
                _ => 0,
            };
            assert_eq!(len, 1000);
        }
    }
}

/// Whatever is handed back, the larger buffer is kept.
#[test]
fn a_small_buffer_does_not_replace_a_large_one() {
    for side in SIDES {
        let mut buffers = Buffers::default();
        let mut connection = side.open(Config::default());
        let mut wire = side.other().frame(BINARY, &[1; 50_000]);
        let mut again = wire.clone();
        let mut lent = buffers.lend(&mut connection);
        let ((), count) = counted(|| wire.chunks_mut(25_000).for_each(|read| echo_nothing(&mut lent, read)));
        assert!(count.calls > 0);
        lent.reclaim(Event::Text(String::from("not of this connection").into()));
        lent.reclaim(Event::Binary(Vec::new().into()));
        let ((), count) = counted(|| again.chunks_mut(25_000).for_each(|read| echo_nothing(&mut lent, read)));
        assert_eq!(count.calls, 0);
    }
}

/// Nor does what a connection had of its own: a rest that was queued, a message that was under way.
#[test]
fn a_small_buffer_of_a_connection_does_not_replace_a_large_one() {
    for side in SIDES {
        for kind in [TEXT, BINARY] {
            let mut buffers = Buffers::default();
            let (mut busy, mut slow) = (side.open(Config::default()), side.open(Config::default()));
            let mut turn = |buffers: &mut Buffers| {
                let mut wire = side.other().frame(kind, &[b'x'; 50_000]);
                let (a, b) = wire.split_at_mut(25_000);
                counted(|| {
                    let mut lent = buffers.lend(&mut busy);
                    echo_nothing(&mut lent, a);
                    echo_nothing(&mut lent, b);
                    lent.send_binary(&[7; 50_000]).unwrap();
                    write(&mut lent, usize::MAX);
                })
                .1
            };
            turn(&mut buffers);
            let wire = side.other().frame(kind, &[b'y'; 1000]);
            slow.send_binary(&[7; 500]).unwrap();
            assert_eq!(feed(&mut slow, &wire[..500]), []);
            let mut lent = buffers.lend(&mut slow);
            echo_nothing(&mut lent, &mut wire[500..].to_vec());
            write(&mut lent, usize::MAX);
            drop(lent);
            assert_eq!(turn(&mut buffers).calls, 0, "{side:?}");
        }
    }
}

/// Buffers that have grown above the limit are freed when they come back.
#[test]
fn large_buffers_are_not_kept() {
    for most in [0, 10_000, 10 << 20] {
        let (buffers, count) = counted(|| {
            let mut buffers = Buffers::new(most);
            let mut connection = Side::Client.open(Config::default());
            let mut lent = buffers.lend(&mut connection);
            lent.send_binary(&[7; 1 << 20]).unwrap();
            for read in Side::Server.frame(BINARY, &[1; 1 << 20]).chunks_mut(65_536) {
                echo_nothing(&mut lent, read);
            }
            write(&mut lent, usize::MAX);
            drop(lent);
            buffers
        });
        assert_eq!(count.live > 0, most > 1 << 20, "{count:?}");
        // Two of them, at most twice as large as they had to be; and the room for a masked piece.
        assert!(count.live <= if most > 1 << 20 { 4 << 20 } else { 0 });
        drop(buffers);
    }
}

#[test]
fn a_kept_output_buffer_is_kept_up_to_its_size() {
    let mut config = Config::default();
    config.kept_output = 1024;
    for side in SIDES {
        let mut connection = side.open(config.clone());
        let turn = |connection: &mut Connection, len: usize| {
            connection.send_binary(&[7; 500][..len]).unwrap();
            write(connection, usize::MAX);
        };
        turn(&mut connection, 500);
        let ((), count) = counted(|| {
            for _ in 0..10 {
                connection.send_binary(&[7; 500]).unwrap();
                write(&mut connection, usize::MAX);
            }
        });
        assert_eq!(count.calls, 0, "{side:?}");
        // One that had to grow above it is not.
        let ((), count) = counted(|| {
            connection.send_binary(&[7; 3000]).unwrap();
            write(&mut connection, usize::MAX);
        });
        assert!(count.live <= 0, "{count:?}");
        let ((), count) = counted(|| drop(connection));
        assert_eq!(count.live, 0);
    }
}

#[derive(Clone, Debug)]
enum Turn {
    Read(usize),
    Text(usize),
    Binary(usize),
    Ping,
    Write(usize),
    Pop,
    /// The turn ends: the buffers are taken back, and lent to the other connection.
    Switch,
}

/// A connection with lent buffers or without.
enum End<'a> {
    Own(&'a mut Connection),
    Lent(Lent<'a>),
}

impl End<'_> {
    fn connection(&mut self) -> &mut Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(lent) => lent,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two connections share buffers, two others have none: the same turns bring the same events and the same bytes.
    #[test]
    fn lent_buffers_change_nothing(
        side in prop::sample::select(&SIDES[..]),
        most in prop::sample::select(vec![0, 500, 1 << 20]),
        kept in prop::sample::select(vec![0_u16, 300, u16::MAX]),
        turns in prop::collection::vec(prop_oneof![
            (1..3000_usize).prop_map(Turn::Read),
            (0..3000_usize).prop_map(Turn::Text),
            (0..60_000_usize).prop_map(Turn::Binary),
            Just(Turn::Ping),
            (0..70_000_usize).prop_map(Turn::Write),
            Just(Turn::Pop),
            Just(Turn::Switch),
        ], 1..60),
    ) {
        let peer = side.other();
        let wire: Vec<u8> = (0..40_usize)
            .flat_map(|i| [
                peer.frame(if i % 2 == 0 { TEXT } else { BINARY } & MORE, &vec![b'x'; i * 37 % 1500]),
                peer.frame(PING, &[b'p'; 30]),
                peer.frame(CONTINUATION, &vec![b'y'; i * 91 % 900]),
            ])
            .flatten()
            .chain(peer.frame(CLOSE, b""))
            .collect();
        let run = |mut buffers: Option<Buffers>| {
            let mut config = Config::default();
            config.kept_output = kept;
            config.upper_mark = u32::MAX;
            let mut both = [side.open(config.clone()), side.open(config)];
            let (mut at, mut seen, mut sent) = ([0, 0], [vec![], vec![]], [vec![], vec![]]);
            for (i, turns) in turns.split(|turn| matches!(turn, Turn::Switch)).enumerate() {
                let i = i % 2;
                let mut end = match &mut buffers {
                    Some(buffers) => End::Lent(buffers.lend(&mut both[i])),
                    None => End::Own(&mut both[i]),
                };
                for turn in turns {
                    let connection = end.connection();
                    match *turn {
                        Turn::Read(n) => {
                            let to = wire.len().min(at[i] + n);
                            let mut read = wire[at[i]..to].to_vec();
                            at[i] = to;
                            let mut input = Input::new(&mut read);
                            while let Some(event) = end.connection().poll_event(&mut input) {
                                seen[i].push(event.clone().into_owned());
                                if let End::Lent(lent) = &mut end {
                                    lent.reclaim(event);
                                }
                            }
                        }
                        Turn::Text(len) => _ = connection.send_text("t".repeat(len)),
                        Turn::Binary(len) => _ = connection.send_binary(vec![7; len]),
                        Turn::Ping => _ = connection.ping(b"!"),
                        Turn::Write(mut most) => {
                            let mut out = connection.transmit();
                            while most > 0 && out.has_remaining() {
                                let chunk = out.chunk();
                                let n = most.min(chunk.len());
                                sent[i].extend_from_slice(&chunk[..n]);
                                out.advance(n);
                                most -= n;
                            }
                        }
                        Turn::Pop => sent[i].extend(connection.transmit().pop().into_iter().flatten()),
                        Turn::Switch => {}
                    }
                }
            }
            for (sent, connection) in sent.iter_mut().zip(&mut both) {
                sent.extend(output(connection));
            }
            (seen, sent)
        };
        prop_assert!(run(Some(Buffers::new(most))) == run(None));
    }
}
