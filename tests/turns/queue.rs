//! The spare buffers for output change no byte of it, and what waits when a turn ends stays with
//! its connection, in a buffer of its size.

use crate::support::alloc::{counted, live};
use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, Side, TEXT, feed, output, write,
};
use crate::turns::{KIB, MIB, read};
use bytes::Bytes;
use proptest::prelude::*;
use sockless::{Config, Connection, Event, Turn, Workspace};

/// A socket that takes little.
#[test]
fn what_could_not_be_sent_stays_and_keeps_little() {
    for left in [1, 100, 10_000, 30_000] {
        let mut workspace = Workspace::new(32, 0);
        let mut slow = Side::Server.open(Config::default());
        let (before, count) = counted(|| {
            let mut turn = workspace.turn(&mut slow);
            // Many small frames.
            for i in 0..640_u32 {
                turn.endpoint().send_binary(&[i as u8; 98]).unwrap();
            }
            write(turn.endpoint(), 64_000 - left);
            live()
        });
        assert!(before >= 64_000);
        assert_eq!(slow.queued(), left);
        // What both hold now; then what the workspace alone frees.
        let ((), freed) = counted(|| drop(workspace));
        let held = count.live + freed.live + 32;
        assert!((left as i64..=2 * left as i64).contains(&held), "{held} for {left}");

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
    let mut workspace = Workspace::new(32, 0);
    let mut client = Side::Client.open(Config::default());
    let mut turn = workspace.turn(&mut client);
    turn.endpoint().send_binary(vec![7; 100_000]).unwrap();
    write(turn.endpoint(), usize::MAX);
    drop(turn);

    let payload = Bytes::from(vec![7; 3000]);
    let mut server = Side::Server.open(Config::default());
    let mut turn = workspace.turn(&mut server);
    turn.endpoint().send_binary(&payload).unwrap();
    write(turn.endpoint(), 4);
    drop(turn);
    assert_eq!(server.queued(), 3000);
    let ((), count) = counted(|| drop((server, client)));
    assert!(count.live > -1000, "{count:?}");
    let ((), count) = counted(|| drop(workspace));
    assert!(count.live <= -(32 << 10), "the workspace has it: {count:?}");
}

/// An output that has grown above 1 MiB is freed at the end of its turn; a smaller one by `shrink`.
#[test]
fn large_buffers_are_not_kept() {
    for (len, kept) in [(3 * MIB, false), (500_000, true)] {
        let ((), _) = counted(|| {
            let mut workspace = Workspace::new(KIB, MIB);
            let mut server = Side::Server.open(Config::default());
            let mut turn = workspace.turn(&mut server);
            turn.endpoint().send_binary(vec![7; len].as_slice()).unwrap();
            write(turn.endpoint(), usize::MAX);
            drop(turn);
            assert_eq!(live() > 2 * KIB as i64, kept, "{}", live());
            workspace.shrink();
            assert_eq!(live(), KIB as i64);
        });
    }
}

#[derive(Clone, Debug)]
enum Op {
    Read(usize),
    Text(usize),
    Binary(usize),
    Ping,
    Write(usize),
    Pop,
    /// The turn ends, and one of the other connection begins.
    Switch,
}

/// A connection in a turn or without one.
enum Way<'a> {
    Plain(&'a mut Connection),
    Turn(Turn<'a, Connection>),
}

impl Way<'_> {
    fn connection(&mut self) -> &mut Connection {
        match self {
            Self::Plain(connection) => connection,
            Self::Turn(turn) => turn.endpoint(),
        }
    }

    fn read(&mut self, mut bytes: &[u8]) -> Vec<Event<'static>> {
        let mut events = Vec::new();
        match self {
            Self::Plain(connection) => events = feed(connection, bytes),
            Self::Turn(turn) => {
                while !bytes.is_empty() {
                    read(turn, &mut bytes, usize::MAX, |event| events.push(event.into_owned()));
                }
            }
        }
        events
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (1..3000_usize).prop_map(Op::Read),
        (0..3000_usize).prop_map(Op::Text),
        (0..60_000_usize).prop_map(Op::Binary),
        Just(Op::Ping),
        (0..70_000_usize).prop_map(Op::Write),
        Just(Op::Pop),
        Just(Op::Switch),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Two connections share a workspace, two others have none: the same operations bring the same
    /// events and the same bytes.
    #[test]
    fn a_workspace_changes_nothing(
        side in prop::sample::select(&SIDES[..]),
        ops in prop::collection::vec(op(), 1..60),
        (size, max_frame) in prop::sample::select(vec![(32, 0), (KIB, 700), (64 * KIB, MIB)]),
    ) {
        let peer = side.other();
        let wire: Vec<u8> = (0..40_usize)
            .flat_map(|i| {
                let kind = if i % 2 == 0 { TEXT } else { BINARY };
                [
                    peer.frame(kind & MORE, &vec![b'x'; i * 37 % 1500]),
                    peer.frame(PING, &[b'p'; 30]),
                    peer.frame(CONTINUATION, &vec![b'y'; i * 91 % 900]),
                ]
            })
            .flatten()
            .chain(peer.frame(CLOSE, b""))
            .collect();
        let run = |in_turns: bool| {
            let mut config = Config::default();
            config.high_water_mark = u64::MAX;
            let mut workspace = Workspace::new(size, max_frame);
            let mut both = [side.open(config.clone()), side.open(config)];
            let (mut at, mut seen, mut sent) = ([0, 0], [vec![], vec![]], [vec![], vec![]]);
            for (i, ops) in ops.split(|op| matches!(op, Op::Switch)).enumerate() {
                let i = i % 2;
                let mut way = match in_turns {
                    true => Way::Turn(workspace.turn(&mut both[i])),
                    false => Way::Plain(&mut both[i]),
                };
                for op in ops {
                    let connection = way.connection();
                    match *op {
                        Op::Read(n) => {
                            let to = wire.len().min(at[i] + n);
                            seen[i].extend(way.read(&wire[at[i]..to]));
                            at[i] = to;
                        }
                        Op::Text(len) => _ = connection.send_text("t".repeat(len)),
                        Op::Binary(len) => _ = connection.send_binary(vec![7; len]),
                        Op::Ping => _ = connection.ping(b"!"),
                        Op::Write(most) => sent[i].extend(write(connection, most)),
                        Op::Pop => {
                            let popped = connection.transmit().pop();
                            sent[i].extend(popped.into_iter().flatten());
                        }
                        Op::Switch => {}
                    }
                }
            }
            for (sent, connection) in sent.iter_mut().zip(&mut both) {
                sent.extend(output(connection));
            }
            (seen, sent)
        };
        prop_assert!(run(true) == run(false));
    }
}
