//! Our end of a connection, from its first byte to its last, whichever loop drives it: what the
//! application says and hears, and the time.
//!
//! An end keeps the account that the tests read when it is over: every `Closed`, how many messages
//! came, and how many turns it took.

use crate::support::Side;
use sockless::client::{self, Outcome, Request};
use sockless::server::{self, Incoming, Replying};
use sockless::{
    Cause, CloseCode, CloseEvent, CloseFrame, Config, Connection, Deadline, Endpoint, Event,
    HandshakeError, Heartbeat, Seed, Timeouts, Workspace,
};
use std::time::Duration;

/// One end, and what became of it.
pub(crate) struct End {
    stage: Stage,
    plan: Plan,
    account: Account,
}

#[allow(clippy::large_enum_variant)] // One a test.
enum Stage {
    Server(server::Handshake, Deadline),
    Client(client::Handshake, Deadline),
    Answer(Replying, Deadline),
    Open(Connection, Heartbeat),
    /// A client without a connection.
    Nothing,
}

/// What the application does, and how long it waits for what.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) timeouts: Timeouts,
    /// For a handshake, and for a refusal.
    pub(crate) deadline: Duration,
    /// What a server throws away of a client that it refuses.
    pub(crate) refusal_discard: u64,
    /// The lengths of the binary messages that are queued at once; each is filled with its number.
    pub(crate) say: Vec<usize>,
    /// What is closed with, right behind them.
    pub(crate) close: Option<CloseCode>,
    /// Whether each message is answered with itself.
    pub(crate) echo: bool,
}

/// What became of an end.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) closures: Vec<CloseEvent>,
    /// Why there is no connection: of a client.
    pub(crate) failure: Option<HandshakeError>,
    /// The status of a refusal: of a server.
    pub(crate) refused: Option<u16>,
    pub(crate) messages: usize,
    /// Turns of the loop.
    pub(crate) turns: usize,
    pub(crate) took: Duration,
}

impl Account {
    /// Code, clean, cause; of one `Closed`, and only one.
    pub(crate) fn closed(&self) -> (u16, bool, Cause) {
        match &self.closures[..] {
            [close_event] => (close_event.code, close_event.clean, close_event.cause),
            other => panic!("{other:?}"),
        }
    }
}

impl Default for Plan {
    fn default() -> Self {
        let mut timeouts = Timeouts::default();
        timeouts.close_timeout = Some(crate::NEVER);
        Self {
            config: Config::default(),
            timeouts,
            deadline: crate::NEVER,
            refusal_discard: server::Config::default().max_discard,
            say: vec![],
            close: None,
            echo: false,
        }
    }
}

impl End {
    /// A connection whose handshake is over.
    pub(crate) fn open(side: Side, mut plan: Plan) -> Self {
        plan.config.high_water_mark = u64::MAX;
        let connection = side.open(plan.config.clone());
        let mut end = Self { stage: Stage::Nothing, account: Account::default(), plan };
        end.enter(connection);
        end
    }

    /// An end that begins with the handshake.
    pub(crate) fn new(side: Side, plan: Plan) -> Self {
        let deadline = Deadline::after(plan.deadline);
        let stage = match side {
            Side::Server => {
                let mut config = server::Config::default();
                config.max_discard = plan.refusal_discard;
                Stage::Server(server::Handshake::new(config), deadline)
            }
            Side::Client => {
                let request = Request::new("ws://127.0.0.1/").expect("a URL");
                Stage::Client(client::Handshake::new(request, Seed::new([1; 32])), deadline)
            }
        };
        Self { stage, plan, account: Account::default() }
    }

    pub(crate) fn side(&mut self) -> &mut dyn Endpoint {
        match &mut self.stage {
            Stage::Server(handshake, _) => handshake,
            Stage::Client(handshake, _) => handshake,
            Stage::Answer(rejected, _) => rejected,
            Stage::Open(connection, _) => connection,
            Stage::Nothing => unreachable!("it is over"),
        }
    }

    pub(crate) fn is_over(&mut self) -> bool {
        matches!(self.stage, Stage::Nothing) || self.side().is_done()
    }

    /// Polls for what was read, which may be nothing.
    pub(crate) fn hear(&mut self, workspace: &mut Workspace) {
        match &mut self.stage {
            Stage::Server(handshake, _) => {
                let mut turn = workspace.turn(handshake);
                let (handshake, mut input) = turn.received(0);
                let incoming = handshake.poll(&mut input);
                drop(input);
                drop(turn);
                match incoming {
                    Some(Incoming::Upgrade(request)) => {
                        let connection = request.accept().open(self.plan.config.clone());
                        self.enter(connection);
                    }
                    Some(Incoming::Http(plain)) => self.refuse(plain.reply(426).into_replying()),
                    Some(Incoming::Failed(rejected)) => self.refuse(rejected),
                    None => {}
                }
            }
            Stage::Client(handshake, _) => {
                let mut turn = workspace.turn(handshake);
                let (handshake, mut input) = turn.received(0);
                let outcome = handshake.poll(&mut input);
                drop(input);
                drop(turn);
                match outcome {
                    Some(Outcome::Open(opened)) => {
                        let connection = opened.open(self.plan.config.clone());
                        self.enter(connection);
                    }
                    Some(Outcome::Failed(failure)) => {
                        self.account.failure = Some(failure.error());
                        self.stage = Stage::Nothing;
                    }
                    Some(Outcome::Refused(response)) => {
                        panic!("no test refuses our client: {response:?}")
                    }
                    None => {}
                }
            }
            Stage::Answer(..) | Stage::Open(..) | Stage::Nothing => {}
        }
        match &mut self.stage {
            Stage::Answer(rejected, _) => {
                let mut turn = workspace.turn(rejected);
                let (rejected, mut input) = turn.received(0);
                rejected.poll(&mut input);
            }
            Stage::Open(connection, _) => {
                let mut turn = workspace.turn(connection);
                let (connection, mut input) = turn.received(0);
                while let Some(event) = connection.poll(&mut input) {
                    match event {
                        Event::Closed(close_event) => self.account.closures.push(close_event),
                        Event::Binary(data) => {
                            self.account.messages += 1;
                            if self.plan.echo {
                                connection
                                    .send_binary(data)
                                    .expect("it is open, and its queue has no bound");
                            }
                        }
                        _ => {}
                    }
                }
            }
            Stage::Server(..) | Stage::Client(..) | Stage::Nothing => {}
        }
    }

    /// Does what is due, and tells when more will be.
    pub(crate) fn watch(&mut self, now: Duration, workspace: &mut Workspace) -> Option<Duration> {
        self.account.turns += 1;
        self.account.took = now;
        // What ran out of time says so; what begins thereby, a refusal, has a time of its own.
        self.look_at_the_time(now);
        self.hear(workspace);
        self.look_at_the_time(now)
    }

    pub(crate) fn into_account(self) -> Account {
        self.account
    }

    fn look_at_the_time(&mut self, now: Duration) -> Option<Duration> {
        match &mut self.stage {
            Stage::Server(handshake, deadline) => deadline.poll(now, handshake),
            Stage::Client(handshake, deadline) => deadline.poll(now, handshake),
            Stage::Answer(rejected, deadline) => deadline.poll(now, rejected),
            Stage::Open(connection, heartbeat) => heartbeat.poll(now, connection),
            Stage::Nothing => None,
        }
    }

    fn enter(&mut self, mut connection: Connection) {
        for (number, &len) in self.plan.say.iter().enumerate() {
            connection
                .send_binary(vec![number as u8; len])
                .expect("it is open, and its queue has no bound");
        }
        if let Some(code) = self.plan.close {
            connection.close(Some(CloseFrame::from(code))).expect("it is open");
        }
        self.stage = Stage::Open(connection, Heartbeat::new(self.plan.timeouts.clone()));
    }

    fn refuse(&mut self, rejected: Replying) {
        self.account.refused = Some(rejected.status());
        self.stage = Stage::Answer(rejected, Deadline::after(self.plan.deadline));
    }
}
