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
    drive(&mut io, &mut handshake, time, |turn| {
        let (handshake, mut input) = turn.received(0);
        incoming = handshake.poll(&mut input);
    })
    .await;
    let replying = match incoming {
        Some(Incoming::Upgrade(request)) => {
            let mut connection = request.accept().open(sockless::Config::default());
            let mut heartbeat = Heartbeat::new(Timeouts::default());
            let time = |now, connection: &mut Connection| heartbeat.poll(now, connection);
            drive(&mut io, &mut connection, time, |turn| {
                let (connection, mut input) = turn.received(0);
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
    drive(io, &mut replying, time, |turn| {
        let (replying, mut input) = turn.received(0);
        replying.poll(&mut input);
    })
    .await;
}

/// Any endpoint, until it is done. `polls` takes what there is.
async fn drive<E: Endpoint>(
    io: &mut impl Io,
    endpoint: &mut E,
    mut time: impl FnMut(Duration, &mut E) -> Option<Duration>,
    mut polls: impl FnMut(&mut Turn<'_, E>),
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
                    Step::Write => {
                        let written = turn.write(|slices| {
                            unless_pending(io.poll_write_vectored(context, slices))
                        });
                        (writable, is_flushed) = (!would_block(&written), false);
                    }
                    Step::Read => {
                        let read = turn.read(|to| unless_pending(io.poll_read(context, to)));
                        if would_block(&read) {
                            ready!(sleep(io, context, begin, due));
                        }
                    }
                    Step::Shutdown => match io.poll_shutdown(context) {
                        Poll::Ready(_) => turn.endpoint().shutdown_done(),
                        Poll::Pending => writable = false,
                    },
                    Step::Poll => polls(&mut turn),
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

/// As a call of the system that does not block says it.
fn unless_pending(poll: Poll<io::Result<usize>>) -> io::Result<usize> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

fn would_block(result: &io::Result<usize>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}
