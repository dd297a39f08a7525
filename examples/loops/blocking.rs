use sockless::server::{Config, Handshake, Incoming, Replying};
use sockless::{Connection, Deadline, Endpoint, Event, Heartbeat, Step, Timeouts, Turn, Workspace};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves one transport from its first byte to its last. Call it in a thread of its own.
pub fn serve(stream: &TcpStream, on_event: impl FnMut(&mut Connection, Event<'_>)) {
    // A header and its payload may leave in two writes; the second shall not wait.
    let _ = stream.set_nodelay(true);
    let mut workspace = Workspace::default();
    match handshake(stream, &mut workspace) {
        Some(Incoming::Upgrade(request)) => {
            let connection = request.accept().open(sockless::Config::default());
            run(stream, &mut workspace, connection, on_event);
        }
        Some(Incoming::Http(plain)) => {
            answer(stream, &mut workspace, plain.reply(404).into_replying());
        }
        Some(Incoming::Failed(replying)) => answer(stream, &mut workspace, replying),
        None => {} // The client left before its request was whole.
    }
}

fn handshake(stream: &TcpStream, workspace: &mut Workspace) -> Option<Incoming> {
    let mut handshake = Handshake::new(Config::default());
    let mut deadline = Deadline::after(HANDSHAKE);
    let mut time = clock(|now, handshake: &mut Handshake| deadline.poll(now, handshake));
    let mut turn = workspace.turn(&mut handshake);
    while next(stream, &mut turn, &mut time) {
        let (handshake, mut input) = turn.received(0);
        if let Some(incoming) = handshake.poll(&mut input) {
            return Some(incoming);
        }
    }
    None
}

/// Messages, until the connection is over: a server's or a client's.
pub fn run(
    stream: &TcpStream,
    workspace: &mut Workspace,
    mut connection: Connection,
    mut on_event: impl FnMut(&mut Connection, Event<'_>),
) {
    let mut heartbeat = Heartbeat::new(Timeouts::default());
    let mut time = clock(|now, connection: &mut Connection| heartbeat.poll(now, connection));
    let mut turn = workspace.turn(&mut connection);
    while next(stream, &mut turn, &mut time) {
        let (connection, mut input) = turn.received(0);
        // Above the mark nothing more is taken: what is left of the input comes again.
        while !connection.above_high_water() {
            let Some(event) = connection.poll(&mut input) else { break };
            on_event(connection, event);
        }
    }
}

/// An answer to a client that gets no connection.
fn answer(stream: &TcpStream, workspace: &mut Workspace, mut replying: Replying) {
    let mut deadline = Deadline::after(HANDSHAKE);
    let mut time = clock(|now, replying: &mut Replying| deadline.poll(now, replying));
    let mut turn = workspace.turn(&mut replying);
    while next(stream, &mut turn, &mut time) {
        let (replying, mut input) = turn.received(0);
        replying.poll(&mut input);
    }
}

/// Does what is due, and tells how long the transport may block.
fn clock<E>(
    mut poll: impl FnMut(Duration, &mut E) -> Option<Duration>,
) -> impl FnMut(&mut E) -> Option<Duration> {
    let begin = Instant::now();
    move |endpoint| {
        let due = poll(begin.elapsed(), endpoint)?;
        // Zero would be an error, and not mean "at once".
        Some(due.saturating_sub(begin.elapsed()).max(Duration::from_millis(1)))
    }
}

/// The loop, the same for all endpoints: up to where there is something to poll. `false`: it is
/// over, drop the transport.
pub fn next<E: Endpoint>(
    mut stream: &TcpStream,
    turn: &mut Turn<'_, E>,
    time: &mut impl FnMut(&mut E) -> Option<Duration>,
) -> bool {
    loop {
        let wait = time(turn.endpoint());
        match turn.step(true) {
            Step::Write => {
                let _ = stream.set_write_timeout(wait);
                let _ = turn.write(|slices| stream.write_vectored(slices));
            }
            Step::Read => {
                let _ = stream.set_read_timeout(wait);
                let _ = turn.read(|to| stream.read(to));
            }
            // If it fails, the next read tells why.
            Step::Shutdown => drop(turn.shutdown(|| stream.shutdown(Shutdown::Write))),
            Step::Poll => return true,
            // `Wait` is for transports that do not block.
            Step::Wait | Step::Done => return false,
        }
    }
}
