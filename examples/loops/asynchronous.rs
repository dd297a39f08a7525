use sockless::server::{Config, Handshake, Incoming, Replying};
use sockless::{Connection, Deadline, Endpoint, Event, Heartbeat, Step, Timeouts, Turn, Workspace};
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

const HANDSHAKE: Duration = Duration::from_secs(10);

thread_local! {
    /// A call of `poll` is a turn, and a thread runs one at a time.
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

/// What is asked of a transport, and of a timer. Each method gives `Pending` where it would block,
/// and wakes the task later.
pub trait Io {
    fn poll_read(&mut self, context: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write_vectored(
        &mut self,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_sleep_until(&mut self, context: &mut Context<'_>, moment: Instant) -> Poll<()>;
}

/// Serves one transport from its first byte to its last, in a task of its own.
pub async fn serve(mut io: impl Io, mut on_event: impl FnMut(&mut Connection, Event<'_>)) {
    let (mut handshake, mut incoming) = (Handshake::new(Config::default()), None);
    let mut deadline = Deadline::after(HANDSHAKE);
    let time = |now, handshake: &mut Handshake| deadline.poll(now, handshake);
    drive(&mut io, &mut handshake, time, |turn, read| {
        let (handshake, mut input) = turn.received(read);
        incoming = handshake.poll(&mut input);
    })
    .await;
    let replying = match incoming {
        Some(Incoming::Upgrade(request)) => {
            let mut connection = request.accept().open(sockless::Config::default());
            let mut heartbeat = Heartbeat::new(Timeouts::default());
            let time = |now, connection: &mut Connection| heartbeat.poll(now, connection);
            drive(&mut io, &mut connection, time, |turn, read| {
                let (connection, mut input) = turn.received(read);
                // Above the mark nothing more is taken: what is left of the input comes again.
                while !connection.above_high_water() {
                    let Some(event) = connection.poll(&mut input) else { break };
                    on_event(connection, event);
                }
            })
            .await;
            return;
        }
        Some(Incoming::Http(plain)) => plain.reply(404).into_replying(),
        Some(Incoming::Failed(replying)) => replying,
        None => return, // The client left before its request was whole.
    };
    answer(&mut io, replying).await;
}

/// An answer to a client that gets no connection.
async fn answer(io: &mut impl Io, mut replying: Replying) {
    let mut deadline = Deadline::after(HANDSHAKE);
    let time = |now, replying: &mut Replying| deadline.poll(now, replying);
    drive(io, &mut replying, time, |turn, read| {
        let (replying, mut input) = turn.received(read);
        replying.poll(&mut input);
    })
    .await;
}

/// Any endpoint, until it is done. `polls` takes what was read, and what was left.
async fn drive<E: Endpoint>(
    io: &mut impl Io,
    endpoint: &mut E,
    mut time: impl FnMut(Duration, &mut E) -> Option<Duration>,
    mut polls: impl FnMut(&mut Turn<'_, E>, usize),
) {
    let (begin, mut is_flushed) = (Instant::now(), true);
    poll_fn(|context| {
        WORKSPACE.with_borrow_mut(|workspace| {
            let mut turn = workspace.turn(endpoint);
            // A transport that is still full says so once more, and then wakes this task.
            let mut writable = true;
            loop {
                let due = time(begin.elapsed(), turn.endpoint());
                let step = turn.step(writable);
                // What TLS keeps back leaves before the task waits.
                if step != Step::Write && !is_flushed {
                    match io.poll_flush(context) {
                        Poll::Ready(Ok(())) => is_flushed = true,
                        Poll::Ready(Err(_)) => {
                            is_flushed = true;
                            turn.endpoint().handle_write_error();
                            continue;
                        }
                        Poll::Pending => {}
                    }
                }
                match step {
                    Step::Write => match turn.write_with(|slices| {
                        let written = io.poll_write_vectored(context, slices);
                        if let Poll::Ready(result) = written {
                            return result;
                        }
                        Err(ErrorKind::WouldBlock.into())
                    }) {
                        Ok(1..) => is_flushed = false,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => writable = false,
                        _ => turn.endpoint().handle_write_error(),
                    },
                    Step::Poll => polls(&mut turn, 0),
                    Step::Shutdown => match io.poll_shutdown(context) {
                        Poll::Ready(_) => turn.endpoint().shutdown_done(),
                        Poll::Pending => writable = false,
                    },
                    Step::Read => match io.poll_read(context, turn.read_buf()) {
                        Poll::Ready(Ok(0)) => turn.endpoint().handle_eof(),
                        Poll::Ready(Ok(n)) => polls(&mut turn, n),
                        Poll::Ready(Err(_)) => turn.endpoint().handle_error(),
                        Poll::Pending => ready!(sleep(io, context, begin, due)),
                    },
                    Step::Wait => ready!(sleep(io, context, begin, due)),
                    Step::Done => return Poll::Ready(()),
                }
            }
        })
    })
    .await;
}

/// Until the moment that is due; without one, for ever.
fn sleep(
    io: &mut impl Io,
    context: &mut Context<'_>,
    begin: Instant,
    due: Option<Duration>,
) -> Poll<()> {
    due.map_or(Poll::Pending, |due| io.poll_sleep_until(context, begin + due))
}
