//! One round: a few pairs that share a pool, a workspace and prepared messages, what happens to them,
//! and their end. All of it comes from the seed, and all of it is dropped.

use crate::counts::{Counts, Fault};
use crate::pipe::Pipe;
use crate::station::{Station, Tools};
use crate::talk::{Speech, compress};
use fastrand::Rng;
use sockless::deflate::{ClientWindow, Compress, Level, Offer, Policy, Pool, WindowBits};
use sockless::{Config, Delivery, Payload, PreparedMessage, Seed, Text, Workspace, client, server};
use std::time::Duration;

const PAIRS: usize = 4;
const OPERATIONS: usize = 150;
/// What one says takes no more than about so many turns, so that those who read little at a time
/// say as much as the others.
const TURNS_EACH: usize = 500;
/// The longest message that is prepared for all.
const PREPARED: usize = 5000;
/// How often both ends have a turn until a pair is done, at most: more by far than the bytes that
/// wait take in the smallest reads.
const TURNS: usize = 1_000_000;
/// How long a pair may take to find out that it is alone: a ping's time, a pong's, and a goodbye's,
/// and as much again.
const ALONE: Duration = Duration::from_secs(100);

struct Pair {
    /// The server and the client.
    stations: [Station; 2],
    /// To the server and to the client.
    pipes: [Pipe; 2],
    now: Duration,
    fault: Option<Fault>,
    /// Who has no turns.
    still: Option<usize>,
    /// The longest read and write.
    most: usize,
}

/// Lives through all of it, and panics where something is not as it has to be.
pub(crate) fn run(seed: u64) -> Counts {
    let mut dice = Rng::with_seed(seed);
    let pool =
        [None, Some(Pool::new(0)), Some(Pool::new(1)), Some(Pool::new(3))][dice.usize(..4)].clone();
    let prepared: Vec<PreparedMessage> = (0..3).map(|_| prepare(&mut dice)).collect();
    let workspace = match dice.bool() {
        true => Workspace::default(),
        false => Workspace::new(dice.usize(..20_000), dice.usize(..200_000)),
    };
    let mut pairs: Vec<Pair> = (0..PAIRS).map(|_| Pair::new(pool.as_ref(), &mut dice)).collect();
    let mut tools = Tools {
        dice,
        workspace,
        counts: Counts { rounds: 1, pairs: PAIRS as u64, ..Counts::default() },
    };
    for _ in 0..OPERATIONS {
        let which = tools.dice.usize(..PAIRS);
        match tools.dice.u8(..100) {
            0 => pool.iter().for_each(Pool::clear),
            1..6 => {
                // To all who are on the same side: the message is encoded once.
                let (message, side) =
                    (&prepared[tools.dice.usize(..prepared.len())], tools.dice.usize(..2));
                pairs.iter_mut().for_each(|pair| {
                    pair.both(side, |from, to| from.say_prepared(message, to, &mut tools))
                });
            }
            _ => pairs[which].operate(&mut tools),
        }
    }
    pairs.iter_mut().for_each(|pair| pair.end(&mut tools));
    tools.counts
}

fn prepare(dice: &mut Rng) -> PreparedMessage {
    let mut speech = Speech::new(PREPARED);
    let compress = compress(dice).unwrap_or(Compress::Auto);
    match dice.bool() {
        true => PreparedMessage::text(Text::from(speech.text(dice)).compress(compress)),
        false => PreparedMessage::binary(Payload::from(speech.binary(dice)).compress(compress)),
    }
}

impl Pair {
    fn new(pool: Option<&Pool>, dice: &mut Rng) -> Self {
        let mut request = client::Request::new("ws://soak.example/").expect("an address");
        let mut serve = server::Config::default();
        if dice.u8(..5) > 0 {
            request = request.deflate(offer(dice));
        }
        if dice.u8(..5) > 0 {
            serve.deflate = Some(policy(dice));
        }
        let seed = Seed::new(std::array::from_fn(|_| dice.u8(..)));
        let room = [100, 1000, 10_000, 300_000][dice.usize(..4)];
        // A few bytes at a time take their time.
        let most =
            [4, 50, 1000, 10_000, 100_000, usize::MAX, usize::MAX, usize::MAX][dice.usize(..8)];
        let longest = most.min(room).saturating_mul(TURNS_EACH);
        let server = Station::server(server::Handshake::new(serve), config(pool, dice), longest);
        let client =
            Station::client(client::Handshake::new(request, seed), config(pool, dice), longest);
        Self {
            stations: [server, client],
            pipes: [Pipe::new(room), Pipe::new(room)],
            now: Duration::ZERO,
            fault: None,
            still: None,
            most,
        }
    }

    fn operate(&mut self, tools: &mut Tools) {
        let side = tools.dice.usize(..2);
        match tools.dice.u8(..100) {
            0..25 => self.both(side, |from, to| from.say(to, tools)),
            25..40 => self.both(side, |from, to| from.say_in_parts(to, tools)),
            40..43 => self.stations[side].ping(tools),
            43 if self.fault.is_none() => self.break_down(tools),
            44 => self.stations[side].close(tools),
            _ => {
                for _ in 0..tools.dice.usize(1..20) {
                    self.turn(tools);
                }
                // A heart beats now and then, and nobody is late.
                self.now += Duration::from_millis(tools.dice.u64(..300));
            }
        }
    }

    /// Both ends have a turn; whether anything moved.
    fn turn(&mut self, tools: &mut Tools) -> bool {
        let Self {
            stations: [server, client],
            pipes: [to_server, to_client],
            now,
            still,
            most,
            ..
        } = self;
        let most = if tools.dice.bool() { *most } else { tools.dice.usize(1..=*most) };
        let mut moved = false;
        if *still != Some(0) {
            moved |= server.turn(to_client, to_server, most, *now, tools);
        }
        if *still != Some(1) {
            moved |= client.turn(to_server, to_client, most, *now, tools);
        }
        moved
    }

    /// Unless it is over already.
    fn break_down(&mut self, tools: &mut Tools) {
        if self.stations.iter().any(|station| station.done) {
            return;
        }
        let fault = Fault::ALL[tools.dice.usize(..Fault::ALL.len())];
        let side = tools.dice.usize(..2);
        let pipe = &mut self.pipes[side];
        match fault {
            Fault::Cut => self.pipes.iter_mut().for_each(Pipe::reset),
            Fault::End | Fault::Write => (pipe.ended, pipe.refused) = (true, true),
            Fault::Read => pipe.reset(),
            Fault::Lost => {
                pipe.lost = true;
                self.pipes[1 - side].lost = tools.dice.bool();
            }
            Fault::Stall => self.still = Some(side),
            Fault::TimeOut => self.stations[side].time_out(tools),
        }
        self.fault = Some(fault);
    }

    /// Comes to its end: a clean one, if nothing went wrong.
    fn end(&mut self, tools: &mut Tools) {
        match self.fault {
            None => self.end_well(tools),
            Some(_) => self.end_alone(tools),
        }
        tools.counts.end(self.fault);
        tools.counts.compressed +=
            u64::from(self.stations.iter().all(|station| station.compresses == Some(true)));
        for station in &self.stations {
            assert_eq!(
                station.ears.closed.is_some(),
                station.was_open(),
                "who was open is told of the end"
            );
        }
    }

    fn end_well(&mut self, tools: &mut Tools) {
        // Whoever closes does so when both are open, so that both have to end well.
        self.drive("both are open", tools, |pair| pair.stations.iter().all(Station::was_open));
        self.stations[tools.dice.usize(..2)].close(tools);
        self.drive("both are done", tools, |pair| pair.stations.iter().all(|station| station.done));
        assert_eq!(self.stations[0].compresses, self.stations[1].compresses);
        let unsent = |station: &Station| {
            station.ears.closed.as_ref().map_or(0, |close_event| close_event.unsent)
        };
        let [one, other] = &self.stations;
        for (station, far) in [(one, other), (other, one)] {
            assert!(
                station.ears.closed.as_ref().is_some_and(|close_event| close_event.clean),
                "it ends cleanly: {:?}",
                station.ears.closed
            );
            // Who closed first is answered at once, and what it would not have read is dropped.
            let all = station.ears.expected.is_empty() || unsent(far) > 0;
            assert!(all, "what was sent has arrived: {} have not", station.ears.expected.len());
        }
    }

    /// Something went wrong: both find out, with time if need be. What arrived was what was sent.
    fn end_alone(&mut self, tools: &mut Tools) {
        let until = self.now + ALONE;
        while self.stations.iter().any(|station| !station.done) {
            let mut turns = 0;
            while self.turn(tools) {
                turns += 1;
                assert!(turns < TURNS, "it does not come to rest: {:?}", self.fault);
            }
            self.now += Duration::from_secs(1);
            // Who stood still goes on when the other has given up.
            if self.still.is_some_and(|still| self.stations[1 - still].done) {
                self.still = None;
            }
            assert!(
                self.now < until,
                "it does not end: {:?}; {}",
                self.fault,
                self.stations.each_mut().map(Station::state).join("; ")
            );
        }
    }

    fn drive(&mut self, what: &str, tools: &mut Tools, until: impl Fn(&Self) -> bool) {
        let mut turns = 0;
        while !until(self) {
            let moved = self.turn(tools);
            turns += 1;
            let state = |pair: &mut Self| pair.stations.each_mut().map(Station::state).join("; ");
            assert!(moved && turns < TURNS, "after {turns} turns: not yet {what}; {}", state(self));
        }
    }

    fn both(&mut self, side: usize, act: impl FnOnce(&mut Station, &mut Station)) {
        let [server, client] = &mut self.stations;
        if side == 0 { act(server, client) } else { act(client, server) }
    }
}

fn config(pool: Option<&Pool>, dice: &mut Rng) -> Config {
    let mut config = Config::default();
    config.delivery = if dice.bool() { Delivery::Whole } else { Delivery::Chunks };
    // What one end sends in the smallest fragments, the other has to take.
    config.limits.max_fragments = u32::MAX;
    config.fragment_above = [u64::MAX, u64::MAX, 7, 100, 2000, 100_000][dice.usize(..6)];
    (config.low_water_mark, config.high_water_mark) =
        [(256 << 10, 1 << 20), (1000, 5000), (0, 100)][dice.usize(..3)];
    config.deflate.pool = pool.cloned();
    config.deflate.level = Level::new(dice.u8(1..=9)).expect("1 to 9");
    config.deflate.threshold = if dice.bool() { 64 } else { 0 };
    config.deflate.compress =
        [Compress::Auto, Compress::Auto, Compress::Yes, Compress::No][dice.usize(..4)];
    config
}

fn window(dice: &mut Rng) -> WindowBits {
    WindowBits::new(if dice.bool() { 15 } else { dice.u8(8..=15) }).expect("8 to 15")
}

fn offer(dice: &mut Rng) -> Offer {
    let mut offer = Offer::default();
    (offer.server_no_context_takeover, offer.client_no_context_takeover) =
        (dice.bool(), dice.bool());
    offer.server_max_window_bits = dice.bool().then(|| window(dice));
    offer.client_max_window_bits =
        [ClientWindow::Fixed, ClientWindow::Negotiable, ClientWindow::AtMost(window(dice))]
            [dice.usize(..3)];
    offer
}

fn policy(dice: &mut Rng) -> Policy {
    let mut policy = Policy::default();
    (policy.server_no_context_takeover, policy.client_no_context_takeover) =
        (dice.bool(), dice.bool());
    (policy.server_max_window_bits, policy.client_max_window_bits) = (window(dice), window(dice));
    policy
}
