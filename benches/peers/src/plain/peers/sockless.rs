//! Ours: as the loop in the README drives it; and with all that a loop can do: buffers that it
//! lends, frames that wait where they were read to, and reads into their final place.

use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use bytes::Buf;
use sockless::server::{self, Incoming};
use sockless::{Buffers, Config, Endpoint, Event, Extensions, Input, Scratch, Seed, client};
use std::cell::RefCell;
use std::io::IoSlice;
use std::rc::Rc;

/// sockless.
#[derive(Debug)]
pub(crate) struct Sockless {
    /// Whether the loop lends its buffers, keeps the frames that a read has cut, and reads what is
    /// left of a larger message into its place.
    lends: bool,
    tools: Rc<RefCell<Tools>>,
}

/// Of the loop, for all its connections.
#[derive(Debug)]
struct Tools {
    scratch: Vec<u8>,
    /// What the loop that lends reads into.
    keeping: Scratch,
    buffers: Buffers,
}

impl Sockless {
    /// With all that a loop can do.
    pub(crate) fn lending() -> Self {
        Self::new(true)
    }

    /// As the README does.
    pub(crate) fn simple() -> Self {
        Self::new(false)
    }

    fn new(lends: bool) -> Self {
        let buffers = Buffers::new(8 << 20);
        let keeping = Scratch::new(128 << 10, 8 << 20);
        Self {
            lends,
            tools: Rc::new(RefCell::new(Tools { scratch: vec![0; 16 << 10], keeping, buffers })),
        }
    }
}

impl Peer for Sockless {
    fn name(&self) -> &'static str {
        if self.lends { "sockless, lent" } else { "sockless" }
    }

    fn about(&self) -> &'static str {
        if self.lends {
            "reads of 128 KiB into a `Scratch`, which keeps frames of up to 8 MiB until they are whole, and the rest of larger ones straight into its place \
             (`io`); the loop lends its `Buffers` for each turn"
        } else {
            "reads of 16 KiB into the loop's scratch; `send_binary` of a slice, or of `Bytes` where that spares a copy; \
             one write for all that is queued, of up to 128 slices"
        }
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let (extensions, config) = (Extensions::default(), Config::default());
        let connection = match setup.end {
            End::Server => sockless::Connection::server(extensions, config),
            End::Client => sockless::Connection::client(Seed::new([7; 32]), extensions, config),
        };
        Ok(Box::new(Driven {
            connection,
            pipe: pipe.clone(),
            tools: self.tools.clone(),
            lends: self.lends,
            batched: setup.batched,
            shared_from: if setup.end == End::Server { 2 << 10 } else { 64 << 10 },
        }))
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let scratch = &mut self.tools.borrow_mut().scratch;
        let mut handshake = server::Handshake::new(server::Config::default());
        let read = pipe.read_slice(scratch).ok_or("nothing to read")?;
        match handshake.poll(&mut Input::new(&mut scratch[..read])) {
            Some(Incoming::Upgrade(request)) => {
                write(&mut request.accept().open(Config::default()), pipe);
                Ok(())
            }
            _ => Err("it refuses the request"),
        }
    }

    fn request(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let scratch = &mut self.tools.borrow_mut().scratch;
        let request = client::Request::new("ws://127.0.0.1:9001/chat?room=7")
            .map_err(|_| "it refuses the address")?;
        let mut handshake = client::Handshake::new(request, Seed::new([7; 32]));
        write(&mut handshake, pipe);
        let read = pipe.read_slice(scratch).ok_or("nothing to read")?;
        match handshake.poll(&mut Input::new(&mut scratch[..read])) {
            Some(client::Outcome::Open(accepted)) => {
                drop(accepted.open(Config::default()));
                Ok(())
            }
            _ => Err("it refuses the answer"),
        }
    }
}

struct Driven {
    connection: sockless::Connection,
    pipe: Pipe,
    tools: Rc<RefCell<Tools>>,
    lends: bool,
    batched: bool,
    shared_from: usize,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let Tools { scratch, keeping, buffers } = &mut *self.tools.borrow_mut();
        let until = tally.messages + messages as u64;
        if !self.lends {
            while tally.messages < until {
                let read = self.pipe.read_slice(scratch).ok_or(Refused)?;
                let mut input = Input::new(&mut scratch[..read]);
                while let Some(event) = self.connection.poll(&mut input) {
                    deliver(event, tally)?;
                }
            }
            return Ok(());
        }
        // A turn, as long as there is something to read; at its end the connection takes over what
        // is kept.
        let mut connection = buffers.lend(&mut self.connection);
        let mut keeping = keeping.turn();
        while tally.messages < until {
            let mut input = match connection.io().0 {
                Some(into) => {
                    let room = into.limit();
                    self.pipe
                        .read_with(room, |bytes| into.into_inner().extend_from_slice(bytes))
                        .ok_or(Refused)?;
                    Input::empty()
                }
                None => {
                    let read = self.pipe.read_slice(keeping.room()).ok_or(Refused)?;
                    keeping.input(read)
                }
            };
            while let Some(event) = connection.poll(&mut input) {
                connection.reclaim(deliver(event, tally)?);
            }
            let rest = input.len();
            keeping.keep(rest);
        }
        let mut input = keeping.rest();
        while let Some(event) = connection.poll(&mut input) {
            connection.reclaim(deliver(event, tally)?);
        }
        Ok(())
    }

    fn send(&mut self, messages: &[Message]) {
        let Self { connection, pipe, tools, lends, batched, shared_from } = self;
        if *lends {
            let mut tools = tools.borrow_mut();
            send(&mut tools.buffers.lend(connection), messages, *batched, *shared_from, pipe);
        } else {
            send(connection, messages, *batched, *shared_from, pipe);
        }
    }
}

/// Gives the event back: its buffer may be wanted.
#[inline(always)]
fn deliver<'b>(event: Event<'b>, tally: &mut Tally<'_>) -> Result<Event<'b>, Refused> {
    match &event {
        Event::Text(text) => tally.deliver(true, text.as_bytes()),
        Event::Binary(data) => tally.deliver(false, data),
        Event::Closed(_) => return Err(Refused),
        _ => {}
    }
    Ok(event)
}

fn send(
    connection: &mut sockless::Connection,
    messages: &[Message],
    batched: bool,
    shared_from: usize,
    pipe: &Pipe,
) {
    for message in messages {
        // Shared where that spares a copy: a server queues it as it is from 2 KiB on, a client from
        // 64 KiB on.
        let sent = if message.bytes.len() < shared_from {
            connection.send_binary(&message.bytes[..])
        } else {
            connection.send_binary(&message.bytes)
        };
        sent.expect("it is open, and its queue not full");
        if !batched || connection.above_high_water() {
            write(connection, pipe);
        }
    }
    write(connection, pipe);
}

/// Writes all that is queued.
fn write(side: &mut impl Endpoint, pipe: &Pipe) {
    while side.wants_write() {
        let mut out = side.transmit();
        // Few slices as a rule, and many where there are more.
        let mut slices = [IoSlice::new(&[]); 4];
        let count = out.chunks_vectored(&mut slices);
        let written =
            if slices[..count].iter().map(|slice| slice.len()).sum::<usize>() == out.remaining() {
                pipe.write_parts(slices[..count].iter().map(|slice| &**slice))
            } else {
                let mut slices = [IoSlice::new(&[]); 128];
                let count = out.chunks_vectored(&mut slices);
                pipe.write_parts(slices[..count].iter().map(|slice| &**slice))
            };
        out.advance(written);
    }
}
