//! A client and a server, in any order of what they, their transport and their clock can do.

mod bodies;
mod bulk;
mod inbox;
mod reading;
mod station;
mod times;
mod transport;

use crate::choices::Choices;
use bodies::body;
use reading::{Reading, Workspaces};
use sockless::deflate::{Compress, Parameters, Pool, WindowBits};
use sockless::{Extensions, Payload, PreparedMessage, Role};
use station::{Settings, Station};
use std::time::Duration;

/// Arbitrary operations on two pairs of a client and a server, with or without compression, whose
/// compressors may come from one pool, whose which may
/// each read by turns of a workspace that others share: sends in every form, pings, closes, writes and reads
/// of any length in every way that there is, the passing of time, and the faults of a transport.
///
/// - What is sent arrives, each message once, whole and in order, however it is compressed, cut and
///   delivered; behind a fault, a beginning of it; a message that is abandoned does not. Pings
///   arrive in order, pongs answer them in order.
/// - Where the receiver closed first, and the sender says that it dropped bytes, a beginning of it
///   arrives too.
/// - A send is refused when it has to be, and only then.
/// - What is queued is what was sent and not written, and what little answers the peer; the
///   high-water and low-water marks tell of it.
/// - A connection gives no more events than bytes came and no empty write. `Closed` comes once,
///   behind it nothing; without a fault both ends find that it was clean, and when the transport
///   has ended both are done and hold nothing back.
/// - What time does is held to what `times` says.
///
/// Of `data`, the first bytes choose what was agreed on, the pool, the heartbeat and how each end
/// is set up; then come operations.
pub fn pair(data: &[u8]) {
    let mut choices = Choices::new(data);
    let flags = choices.byte();
    let mut agreed = Parameters::default();
    (agreed.server_no_context_takeover, agreed.client_no_context_takeover) =
        (flags & 1 != 0, flags & 2 != 0);
    agreed.server_max_window_bits = WindowBits::new(8 + (flags >> 2 & 7)).unwrap();
    agreed.client_max_window_bits = WindowBits::new(8 + (flags >> 5)).unwrap();
    let how = choices.byte();
    let pool = match how & 3 {
        0 => None,
        most => Some(Pool::new(usize::from(most - 1))),
    };
    let mut extensions = Extensions::default();
    extensions.deflate = (how & 0x80 == 0).then_some(agreed);
    let timeouts = (how & 0x40 != 0).then(|| times::choose(&mut choices));
    let settings = Settings { extensions, pool, timeouts, full_early: how & 0x20 != 0 };
    let shared: Vec<PreparedMessage> = [70, 700, 9000]
        .into_iter()
        .map(|len| {
            PreparedMessage::binary(
                Payload::from(body(len, 3))
                    .compress(choices.pick(&[Compress::Auto, Compress::Yes])),
            )
        })
        .collect();
    let mut pairs: Vec<Pair> = (0..2).map(|_| Pair::new(&settings, &mut choices)).collect();
    let mut workspaces = Workspaces::default();
    let mut operations = 0;
    while !choices.is_empty() && operations < 80 {
        operations += 1;
        let which = choices.byte();
        let pair = &mut pairs[usize::from(which & 1)];
        match which {
            0..0xc0 if which >> 2 & 15 == 13 && choices.byte() < 32 => {
                settings.pool.iter().for_each(Pool::clear)
            }
            0..0xc0 => pair.talk(which, &shared, &mut choices, &mut workspaces),
            _ => pair.happen(which, &mut choices, &mut workspaces),
        }
        pair.stations.iter_mut().for_each(|station| station.rest());
    }
    for pair in pairs {
        pair.end(&mut workspaces);
    }
}

struct Pair {
    stations: [Station; 2],
    now: Duration,
    /// Something went wrong that nobody said.
    faulty: bool,
}

impl Pair {
    fn new(settings: &Settings, choices: &mut Choices<'_>) -> Self {
        let mut station = |role| Station::new(role, settings, choices);
        Self {
            stations: [station(Role::Server), station(Role::Client)],
            now: Duration::ZERO,
            faulty: false,
        }
    }

    /// The end that an operation is about, and the other.
    fn both(&mut self, which: u8) -> (&mut Station, &mut Station) {
        let [server, client] = &mut self.stations;
        if which & 2 == 0 { (server, client) } else { (client, server) }
    }

    /// What an application does.
    fn talk(
        &mut self,
        which: u8,
        shared: &[PreparedMessage],
        choices: &mut Choices<'_>,
        workspaces: &mut Workspaces,
    ) {
        let (from, to) = self.both(which);
        match which >> 2 & 15 {
            0..6 => from.say(choices, to),
            6 => from.say_prepared(&shared[usize::from(choices.byte()) % 3], to),
            7 => from.begin(choices),
            8..11 => from.part(choices),
            11 => from.finish(to),
            12 if choices.byte() < 64 => from.close(0),
            14 => from.ping(b"?", to),
            _ => {
                from.write(to, usize::MAX, 0, workspaces);
                let step = match choices.byte() {
                    0 => usize::MAX,
                    n => (usize::from(n) * usize::from(n)).max(to.incoming() / 1000),
                };
                while to.read(step, Reading::Whole, workspaces) {}
            }
        }
    }

    /// What happens besides.
    fn happen(&mut self, which: u8, choices: &mut Choices<'_>, workspaces: &mut Workspaces) {
        let now = self.now;
        let (from, to) = self.both(which);
        let most = |choices: &mut Choices<'_>| choices.number() >> (choices.byte() & 15);
        match which >> 2 & 15 {
            0 => _ = from.write(to, most(choices), choices.byte(), workspaces),
            1 if choices.byte() < 64 => from.close(choices.byte()),
            2 | 3 => _ = from.read(most(choices), Reading::Whole, workspaces),
            4 => _ = from.read(most(choices), Reading::Unpolled, workspaces),
            5 => _ = from.read(most(choices), Reading::Once, workspaces),
            6 => {
                self.now = times::pass(now, choices);
                workspaces.shrink();
                for station in &mut self.stations {
                    self.faulty |= station.tick(self.now);
                }
            }
            7 => {
                let len = usize::from(choices.byte()) % 130;
                from.ping(choices.bytes(len), to);
            }
            8 => from.say_by_reference(choices, to),
            9 => _ = from.turn(to, workspaces),
            fault @ 10.. => {
                let how = choices.byte();
                if how >= 64 {
                    return from.bulk(how % 4, choices, to, workspaces);
                }
                self.faulty = true;
                let (from, to) = self.both(which);
                match fault {
                    10 => from.cut(),
                    11 => from.fail(|side| side.handle_error()),
                    12 => from.fail(|side| side.handle_timeout()),
                    13 => {
                        from.fail(|side| side.handle_write_error());
                        to.cut();
                    }
                    14 => from.fail(|side| side.handle_eof()),
                    _ => from.garble(choices, to),
                }
            }
            _ => self.besides(which, choices, workspaces),
        }
    }

    /// What the time-outs have to do with.
    fn besides(&mut self, which: u8, choices: &mut Choices<'_>, workspaces: &mut Workspaces) {
        let now = self.now;
        let (from, to) = self.both(which);
        match choices.byte() & 7 {
            0 => from.pause(),
            1 => {
                let len = usize::from(choices.byte()) % 130;
                from.pong(choices.bytes(len), to);
            }
            2..5 => {
                let (now, timed_out) = from.crawl(to, now, choices, workspaces);
                (self.now, self.faulty) = (now, self.faulty | timed_out);
            }
            // Nobody hears of it any more.
            5 if choices.byte() < 16 => {
                from.starve(now);
                to.cut();
                self.faulty = true;
            }
            _ => {}
        }
    }

    /// Turns both ends until nothing moves any more.
    fn settle(&mut self, workspaces: &mut Workspaces) {
        for _ in 0..1000 {
            let [server, client] = &mut self.stations;
            if !(server.turn(client, workspaces) | client.turn(server, workspaces)) {
                return;
            }
        }
        panic!("the pair does not come to rest");
    }

    fn end(mut self, workspaces: &mut Workspaces) {
        self.stations[0].close(0);
        self.settle(workspaces);
        if !self.faulty {
            let [server, client] = &self.stations;
            server.assert_clean(client);
            client.assert_clean(server);
        }
        for _ in 0..2 {
            // A transport that has ended for one ends for the other.
            self.stations.iter_mut().for_each(Station::cut);
            self.settle(workspaces);
        }
        self.stations.iter_mut().for_each(Station::assert_done);
    }
}
