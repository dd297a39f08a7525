//! Ours, as the README's loop drives it: turns of one workspace, one write for all that is queued.

use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use sockless::server::{self, Incoming};
use sockless::{Config, Endpoint, Event, Extensions, Input, Seed, Turn, Workspace, client};
use std::cell::RefCell;
use std::rc::Rc;

/// sockless.
#[derive(Debug)]
pub(crate) struct Sockless {
    /// Of the loop, for all its connections.
    workspace: Rc<RefCell<Workspace>>,
    scratch: Rc<RefCell<Vec<u8>>>,
}

impl Sockless {
    pub(crate) fn new() -> Self {
        Self {
            workspace: Rc::new(RefCell::new(Workspace::new(READ, 8 << 20))),
            scratch: Rc::new(RefCell::new(vec![0; 16 << 10])),
        }
    }
}

/// How much is read at a time, in bytes.
const READ: usize = 64 << 10;

impl Peer for Sockless {
    fn name(&self) -> &'static str {
        "sockless"
    }

    fn about(&self) -> &'static str {
        "a `Workspace` that reads 64 KiB at a time and keeps frames of up to 8 MiB until they are \
         whole; `send_binary` of a slice, or of `Bytes` where that spares a copy; one write for all \
         that is queued, of up to 16 slices"
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
            workspace: self.workspace.clone(),
            batched: setup.batched,
            shared_from: if setup.end == End::Server { 2 << 10 } else { 64 << 10 },
        }))
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let scratch = &mut *self.scratch.borrow_mut();
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
        let scratch = &mut *self.scratch.borrow_mut();
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
    workspace: Rc<RefCell<Workspace>>,
    batched: bool,
    shared_from: usize,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let workspace = &mut *self.workspace.borrow_mut();
        let until = tally.messages + messages as u64;
        // A turn, as long as there is something to read.
        let mut turn = workspace.turn(&mut self.connection);
        while tally.messages < until {
            let read = self.pipe.read_slice(turn.read_buf()).ok_or(Refused)?;
            let (connection, mut input) = turn.received(read);
            while let Some(event) = connection.poll(&mut input) {
                deliver(event, tally)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, messages: &[Message]) {
        let Self { connection, pipe, workspace, batched, shared_from } = self;
        let workspace = &mut *workspace.borrow_mut();
        send(&mut workspace.turn(connection), messages, *batched, *shared_from, pipe);
    }
}

#[inline(always)]
fn deliver(event: Event<'_>, tally: &mut Tally<'_>) -> Result<(), Refused> {
    match event {
        Event::Text(text) => tally.deliver(true, text.as_bytes()),
        Event::Binary(data) => tally.deliver(false, &data),
        Event::Closed(_) => return Err(Refused),
        _ => {}
    }
    Ok(())
}

fn send(
    turn: &mut Turn<'_, sockless::Connection>,
    messages: &[Message],
    batched: bool,
    shared_from: usize,
    pipe: &Pipe,
) {
    for message in messages {
        let connection = turn.endpoint();
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
    write(turn.endpoint(), pipe);
}

/// Writes all that is queued.
fn write(side: &mut impl Endpoint, pipe: &Pipe) {
    while side.wants_write() {
        let written = side.transmit().write_with(|slices| {
            Ok::<_, ()>(pipe.write_parts(slices.iter().map(|slice| &**slice)))
        });
        debug_assert!(written.is_ok());
    }
}
