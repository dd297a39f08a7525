//! Lent buffers change nothing: the same random turns, with them and without, bring the same events
//! and the same bytes.

use crate::support::random::cases;
use crate::support::{BINARY, CLOSE, CONTINUATION, MORE, PING, SIDES, TEXT, output};
use bytes::Buf;
use proptest::prelude::*;
use sockless::{Buffers, Config, Connection, Endpoint, Input, Lent};

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
    #![proptest_config(cases(300))]

    /// Two connections share buffers, two others have none: the same turns bring the same events
    /// and the same bytes.
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
            config.high_water_mark = u32::MAX;
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
                            while let Some(event) = end.connection().poll(&mut input) {
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
