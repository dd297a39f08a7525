use bytes::Bytes;
use sockless::server::{Config, Handshake, Incoming, Replying};
use sockless::{Connection, Deadline, Endpoint, Event, Heartbeat, Input, Step, Timeouts};
use std::io;
use std::mem;
use std::time::{Duration, Instant};

const HANDSHAKE: Duration = Duration::from_secs(10);

/// What is asked of the kernel. It owns a buffer from the call to the completion.
pub trait Ring {
    fn read(&mut self, to: Vec<u8>);
    fn write(&mut self, from: Bytes);
    /// Shuts down the write side.
    fn shutdown(&mut self);
    /// The next completion; `None`: none came in this time.
    fn wait(&mut self, time: Option<Duration>) -> Option<Completion>;
}

pub enum Completion {
    /// The buffer comes back, with so many bytes at its front.
    Read(Vec<u8>, io::Result<usize>),
    /// So many of these bytes were written.
    Written(Bytes, io::Result<usize>),
}

/// Serves one transport from its first byte to its last.
pub fn serve(ring: &mut impl Ring, mut on_event: impl FnMut(&mut Connection, Event<'_>)) {
    let (mut handshake, mut incoming) = (Handshake::new(Config::default()), None);
    let mut deadline = Deadline::after(HANDSHAKE);
    let time = |now, handshake: &mut Handshake| deadline.poll(now, handshake);
    // The outcome takes what is left of the input.
    drive(ring, &mut handshake, time, |handshake, input| {
        if incoming.is_none() {
            incoming = handshake.poll(input);
        }
    });
    let mut replying = match incoming {
        Some(Incoming::Upgrade(request)) => {
            let mut connection = request.accept().open(sockless::Config::default());
            let mut heartbeat = Heartbeat::new(Timeouts::default());
            let time = |now, connection: &mut Connection| heartbeat.poll(now, connection);
            return drive(ring, &mut connection, time, |connection, input| {
                // Above the mark nothing more is taken: what is left of the input comes again.
                while !connection.above_high_water() {
                    let Some(event) = connection.poll(input) else { break };
                    on_event(connection, event);
                }
            });
        }
        Some(Incoming::Http(plain)) => plain.reply(404).into_replying(),
        Some(Incoming::Failed(replying)) => replying,
        None => return, // The client left before its request was whole.
    };
    let mut deadline = Deadline::after(HANDSHAKE);
    let time = |now, replying: &mut Replying| deadline.poll(now, replying);
    drive(ring, &mut replying, time, |replying, input| _ = replying.poll(input));
}

/// Any endpoint, until it is done. At most one read and one write are under way.
fn drive<E: Endpoint>(
    ring: &mut impl Ring,
    endpoint: &mut E,
    mut time: impl FnMut(Duration, &mut E) -> Option<Duration>,
    mut polls: impl FnMut(&mut E, &mut Input<'_>),
) {
    let begin = Instant::now();
    let (mut bytes, mut unpolled) = (vec![0; 64 << 10], 0..0);
    let (mut is_reading, mut is_writing) = (false, false);
    loop {
        let due = time(begin.elapsed(), endpoint);
        if !unpolled.is_empty() {
            let mut input = Input::new(&mut bytes[unpolled.clone()]);
            polls(endpoint, &mut input);
            // Dropped, the input would take what is left with it.
            unpolled.start = unpolled.end - input.into_rest().len();
        }
        // While a write is under way nothing else is popped, and nothing is shut down.
        match endpoint.step(!is_writing) {
            Step::Write => {
                if let Some(bytes) = endpoint.transmit().pop() {
                    ring.write(bytes);
                    is_writing = true;
                }
                continue;
            }
            Step::Poll => {
                polls(endpoint, &mut Input::empty());
                continue;
            }
            Step::Shutdown => {
                ring.shutdown();
                endpoint.shutdown_done();
                continue;
            }
            Step::Read if !is_reading && unpolled.is_empty() => {
                ring.read(mem::take(&mut bytes));
                is_reading = true;
                continue;
            }
            Step::Read | Step::Wait => {}
            Step::Done => return,
        }
        match ring.wait(due.map(|due| due.saturating_sub(begin.elapsed()))) {
            Some(Completion::Read(buffer, read)) => {
                (bytes, is_reading) = (buffer, false);
                match read {
                    Ok(0) => endpoint.handle_eof(),
                    Ok(n) => unpolled = 0..n,
                    Err(_) => endpoint.handle_error(),
                }
            }
            Some(Completion::Written(bytes, written)) => match written {
                Ok(n) if 0 < n && n < bytes.len() => ring.write(bytes.slice(n..)),
                Ok(1..) => is_writing = false,
                _ => {
                    is_writing = false;
                    endpoint.handle_write_error();
                }
            },
            None => {} // Something is due.
        }
    }
}
